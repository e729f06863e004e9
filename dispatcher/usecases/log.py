"""The delivery log, what people wrote back, and the trail, read by people.

Comes from: messages, attempts, receipts, replies, the trail.   Goes to: tables, files, pages.
Never: shows a full number, or answers a misspelt filter with an empty list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from dispatcher.db import trail as trail_rows
from dispatcher.db.broadcasts import broadcasts, logbook
from dispatcher.db.broadcasts.logbook import Filters
from dispatcher.db.contacts import areas, replies
from dispatcher.db.database import Tx
from dispatcher.db.schema import micros, moment
from dispatcher.db.staff import people
from dispatcher.domain import rights
from dispatcher.domain.cells import rows_as_csv
from dispatcher.domain.model import HANOI, SYSTEM, AttemptState, Channel, MessageState, Role
from dispatcher.domain.problems import Problem, not_among
from dispatcher.domain.words import REASONS
from dispatcher.i18n import Say, Spoken
from dispatcher.scheduling import ask_moment
from dispatcher.usecases.areas import group_named
from dispatcher.usecases.context import Context
from dispatcher.usecases.why import find

KINDS: dict[str, tuple[str, ...]] = {kind: tuple(log.columns) for kind, log in logbook.LOGS.items()}
STATES = {
    "messages": [s.value for s in MessageState],
    "attempts": [s.value for s in AttemptState],
    "receipts": ["new", "matched", "unmatched", "refused", "unreadable", "empty", "reply"],
}
READ_THE_TRAIL = frozenset({Role.AUDITOR, Role.ADMIN, Role.LEADER})


@dataclass(frozen=True)
class LogFilters:
    """What narrows the log; None narrows nothing. `ward`: a name, or a number. `person`: a phone
    number, a contact (c12) or a message (m34). `before`: the row to go on after, like m120."""

    broadcast: int | None = None
    ward: str | int | None = None
    residential_group: str | None = None
    state: str | None = None
    fault: str | None = None
    gateway: str | None = None
    channel: str | None = None
    carrier: str | None = None
    person: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None


def typed_moment(context: Context, text: str) -> datetime:
    """What a person types for a time: "2026-12-01 08:00", "08:00", "now"."""
    return ask_moment(text, context.app.clock())


@contextmanager
def rows(
    context: Context,
    kind: str,
    filters: LogFilters,
    *,
    limit: int | None = None,
    is_export: bool = False,
) -> Iterator[Iterator[list[Any]]]:
    """Rows of "messages", "attempts" or "receipts", newest first, with the columns of `KINDS` and
    moments in Hanoi time; read while they are taken, so that memory stays flat.

    An auditor's look and anybody's export are noted in the trail.
    """
    which = logbook.LOGS[kind]
    with context.read() as tx:
        chosen, after = _chosen(context, tx, kind, filters), _before(tx, kind, filters.before)
        yield in_hanoi_time(which.rows(tx, chosen, before=after, limit=limit), KINDS[kind])
    if is_export:
        with context.app.begin(SYSTEM)() as tx:
            tx.note("exported", "log", kind, person=context.actor.person_id)
    else:
        context.noted("read", "log", kind)


def _chosen(context: Context, tx: Tx, kind: str, given: LogFilters) -> Filters:
    """The filters, checked: a misspelt one is a problem, never an empty answer."""
    ward = given.ward if isinstance(given.ward, int) else None
    if isinstance(given.ward, str):
        ward = areas.ward(tx, given.ward).id
    if given.broadcast is not None:
        broadcasts.get(tx, given.broadcast)
    site = context.app.site
    group = given.residential_group
    return Filters(
        given.broadcast,
        ward,
        group_named(tx, given.ward, group).id if group else None,
        _one_of(given.state, STATES[kind], Say("state")),
        _one_of(given.fault, list(REASONS), Say("fault")),
        _one_of(given.gateway, site.gateways, Say("gateway")),
        _one_of(given.channel, [c.value for c in Channel], Say("channel")),
        given.carrier,
        contact=_person(tx, given.person, site.sample_heads) if given.person else None,
        since=micros(given.since) if given.since else None,
        until=micros(given.until) if given.until else None,
    )


def _one_of(word: str | None, known: Iterable[str], what: Spoken) -> str | None:
    if word is not None and word not in (names := list(known)):
        raise not_among(what, word, names)
    return word


def _person(tx: Tx, text: str, sample_heads: tuple[str, ...]) -> int:
    found = find(tx, text, sample_heads)
    if len(found) != 1:
        codes = ", ".join(f"c{i}" for i in found)
        why = Say("There is no such person.")
        if found:
            why = Say(
                "Several people: {codes}. Choose one.",
                codes=codes,
            )
        raise Problem("unknown-contact", why)
    return found[0]


def _before(tx: Tx, kind: str, text: str | None) -> tuple[int, int] | None:
    """Where the next page begins: (broadcast, id) of the last row of this one."""
    if text is None:
        return None
    digits = text.strip().lstrip("mar#")
    if digits.isdigit():
        if kind == "receipts":
            return 0, int(digits)
        found = logbook.place(tx, kind, int(digits))
        if found is not None:
            return found, int(digits)
    raise Problem("unknown-row", Say("The log has no row “{text}”.", text=text))


def in_hanoi_time(found: Iterable[Sequence[Any]], columns: Sequence[str]) -> Iterator[list[Any]]:
    """Rows for people: moments in Hanoi time."""
    moments = [i for i, c in enumerate(columns) if c.endswith("_at") or c == "at"]
    for row in found:
        shown = list(row)
        for i in moments:
            if shown[i] is not None:
                shown[i] = in_hanoi(shown[i] // 1_000_000)
        yield shown


@lru_cache(maxsize=10_000)
def in_hanoi(seconds: int) -> str:
    """A moment as a file has it: 2026-12-01T09:00:00+07:00."""
    return datetime.fromtimestamp(seconds, HANOI).isoformat()


def as_csv(found: Iterable[Sequence[Any]], kind: str) -> Iterable[str]:
    """Rows of a log as CSV, a few hundred a piece."""
    return rows_as_csv(found, list(KINDS[kind]))


def wards(context: Context) -> list[areas.Area]:
    """The wards whose messages this person may see."""
    with context.read() as tx:
        return areas.seen_wards(tx)


def replied(context: Context, limit: int, *, waiting: bool = False) -> list[dict[str, Any]]:
    """What people wrote back, newest first; `waiting`: only what needs a look."""
    with context.read() as tx:
        found = replies.list_replies(tx, limit, waiting=waiting)
    for row in found:
        row.pop("address")
        for name in ("at", "looked_at"):
            row[name] = in_hanoi(row[name] // 1_000_000) if row[name] else None
    return found


# --- the trail ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrailEntry:
    """One act of the trail. `who` and `on`: the person by name, also where the system wrote down
    what they did."""

    id: int
    seq: int | None
    at: datetime
    actor: str
    act: str
    noun: str
    noun_id: str
    facts: dict[str, Any]
    who: str
    on: str

    @property
    def facts_shown(self) -> dict[str, Any]:
        """The facts that `who` does not say already."""
        by_system = self.who != self.actor
        return {k: v for k, v in self.facts.items() if not (by_system and k == "person")}

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "seq": self.seq,
            "actor": self.actor,
            "act": self.act,
            "noun": self.noun,
            "noun_id": self.noun_id,
            "facts": self.facts,
            "at": self.at.astimezone(HANOI).isoformat(),
        }


def trail(
    context: Context, noun: str | None = None, noun_id: str | None = None, limit: int = 200
) -> list[TrailEntry]:
    """Acts of the whole site, newest first, or those on one thing; an auditor's look is noted."""
    with context.remembering("read", "log", "trail"):
        rights.need_site(context.actor, Say("read the trail"), READ_THE_TRAIL)
    with context.read() as tx:
        found = trail_rows.entries(tx, noun=noun, noun_id=noun_id, limit=limit)
        names = people.names(tx)
    context.noted("read", "log", "trail")
    return [_entry(row, names) for row in found]


def _entry(row: dict[str, Any], names: dict[int, str]) -> TrailEntry:
    mine = row["noun_id"] if row["noun"] == "person" else row["facts"].get("person", "")
    person = names.get(int(mine), "") if str(mine).isdigit() else ""
    return TrailEntry(
        row["id"],
        row["seq"],
        moment(row["at"]),
        row["actor"],
        row["act"],
        row["noun"],
        row["noun_id"],
        row["facts"],
        person if row["actor"] == SYSTEM.name and person else row["actor"],
        person if person and row["noun"] == "person" else row["noun_id"],
    )
