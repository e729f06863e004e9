"""May a message still leave? What a release decided is asked again until the byte leaves.

Comes from: what is known of the person and the address at this moment.   Goes to: intents, repeats,
deadlines, next steps, the end of a broadcast.   Never: reads a database or a clock.

Whom a refusal stops: Decree 91/2020 art. 11 and 16 speak of advertising only. That a refusal also
stops warnings and notices, and not an urgent text, is a courtesy of the site ([law] in
dispatcher.toml).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dispatcher.domain.model import URGENT, Kind, SkipReason


class SuppressionScope(StrEnum):
    """How much a suppression stops; each stops what those before it stop."""

    PROMOTION = "promotion"  # advertising
    ALL = "all"  # advertising, notices and warnings; an urgent text still reaches
    URGENT = "urgent"  # everything


REPLIED = "replied"  # the reason of a suppression that a person asked for by a reply


@dataclass(frozen=True)
class MessageFacts:
    """What is known about a message, its person and its address now.

    `refused`: scopes of the suppressions in force; `replied`: one of them came as a reply, so the
    person wants nothing more at any number. `removed`: no longer on the lists. `forgotten`: the
    address was erased. `not_theirs`: the number was taken off the person.
    """

    kind: Kind
    priority: int
    refused: frozenset[SuppressionScope] = frozenset()
    replied: bool = False
    removed: bool = False
    forgotten: bool = False
    not_theirs: bool = False


@dataclass(frozen=True)
class Stop:
    """A message may not leave where it stands. `whole`: nor to another number of the person."""

    reason: SkipReason
    whole: bool


def stopped_by(
    kind: Kind, priority: int, *, urgent_despite_refusal: bool = True
) -> set[SuppressionScope]:
    """The scopes of suppressions that stop a text of this kind and priority."""
    if kind is Kind.PROMOTION:
        return {SuppressionScope.PROMOTION, SuppressionScope.ALL, SuppressionScope.URGENT}
    if priority == URGENT and urgent_despite_refusal:
        return {SuppressionScope.URGENT}
    return {SuppressionScope.ALL, SuppressionScope.URGENT}


def last_look(known: MessageFacts, *, urgent_despite_refusal: bool = True) -> Stop | None:
    """Why a message may not leave to its current address; None when it may."""
    if known.forgotten:
        return Stop(SkipReason.FORGOTTEN, whole=known.removed)
    if known.removed:
        return Stop(SkipReason.REMOVED, whole=True)
    scopes = stopped_by(known.kind, known.priority, urgent_despite_refusal=urgent_despite_refusal)
    if scopes & known.refused:
        only = known.kind is Kind.PROMOTION and known.refused == {SuppressionScope.PROMOTION}
        reason = SkipReason.DO_NOT_CALL if only else SkipReason.OPTED_OUT
        return Stop(reason, whole=known.replied)
    if known.not_theirs:
        return Stop(SkipReason.REMOVED, whole=False)
    return None
