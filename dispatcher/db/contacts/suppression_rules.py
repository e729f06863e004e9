"""Which numbers a broadcast may be sent to: not those who asked not to be written to; for
advertising also not those on the do-not-call list, without consent, or written to three times.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.compiling import Among
from dispatcher.db.contacts.audience_filter import AudienceFilter
from dispatcher.db.database import Tx, at
from dispatcher.db.rows import has_key
from dispatcher.db.words import (
    CANCELLED,
    DO_NOT_CALL,
    EXPIRED,
    FAILED,
    MOBILE,
    NO_CONSENT,
    OPTED_OUT,
    SKIPPED,
    SMS,
    TOO_OFTEN,
    ZALO,
    one_of,
)
from dispatcher.domain import law
from dispatcher.domain.last_look import SuppressionScope, stopped_by
from dispatcher.domain.model import URGENT

IS_MOBILE = f"a.kind = {MOBILE} AND a.cipher IS NOT NULL"
NUMBERS = "FROM contact_addresses x JOIN addresses a ON a.id = x.address_id WHERE x.contact_id = "


@dataclass(frozen=True)
class SuppressionRules:
    """SQL conditions on an address under the alias `a`; they need `visible_messages` beside them.

    `consent`: the group of people who agreed to advertising; `lately`: broadcasts that count
    towards the `most` one person may get: advertising of the last day, or by the site's own cap.
    """

    advertising: bool = False
    consent: int | None = None
    lately: tuple[int, ...] = ()
    most: int = law.MOST_A_DAY
    stopped_by: frozenset[SuppressionScope] = frozenset(
        {SuppressionScope.ALL, SuppressionScope.URGENT}
    )

    def not_suppressed(self, address: str = "a.id") -> str:
        return (
            f"NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address_id = {address} "
            f"AND s.lifted_at IS NULL AND s.scope IN ({one_of(sorted(self.stopped_by))}))"
        )

    def free(self) -> str:
        """True for a number that may be written to."""
        if not self.lately:
            return self.not_suppressed()
        ids = ", ".join(map(str, self.lately))
        return (
            f"{self.not_suppressed()} AND (SELECT count(*) FROM targets lt "
            f"JOIN visible_messages lm ON lm.id = lt.message_id WHERE lt.broadcast_id IN ({ids}) "
            f"AND lt.channel IN ({SMS}, {ZALO}) AND lt.address_id = a.id AND lm.state NOT IN "
            f"({FAILED}, {EXPIRED}, {SKIPPED}, {CANCELLED})) < {self.most}"
        )

    def first(self, contact: str) -> str:
        """The position of the first number of a contact that may be written to, or NULL."""
        return f"(SELECT MIN(x.position) {NUMBERS}{contact} AND {IS_MOBILE} AND {self.free()})"

    def why_not(self) -> str:
        """CASE branches for a contact `c` with mobiles, none of which may be written to."""
        everyday = SuppressionRules().not_suppressed()
        found = f"WHEN EXISTS (SELECT 1 {NUMBERS}c.id AND {IS_MOBILE}"
        if not self.advertising:
            often = f"{found} AND {everyday}) THEN {TOO_OFTEN} " if self.lately else ""
            return f"{often}{found}) THEN {OPTED_OUT} "
        return (
            f"{found} AND {self.not_suppressed()}) THEN {TOO_OFTEN} "
            f"{found} AND {everyday}) THEN {DO_NOT_CALL} {found}) THEN {OPTED_OUT} "
        )

    def consented(self) -> str:
        """CASE branch for a contact `c` who never agreed; empty where nobody has to."""
        if not self.advertising or self.consent is None:
            return ""
        return (
            "WHEN NOT EXISTS (SELECT 1 FROM group_members gm WHERE gm.contact_id = c.id "
            f"AND gm.group_id = {int(self.consent)}) THEN {NO_CONSENT} "
        )


def suppression_rules(tx: Tx, broadcast: Broadcast, reach: AudienceFilter) -> SuppressionRules:
    """The conditions for one broadcast now."""
    stops = frozenset(
        stopped_by(
            broadcast.kind,
            broadcast.priority,
            urgent_despite_refusal=reach.urgent_despite_refusal,
        )
    )
    if law.is_advertising(broadcast.kind):
        found = _lately(tx, broadcast, law.DAY, "kind = :k")
        return SuppressionRules(True, reach.consent, found, stopped_by=stops)
    follows = broadcast.correction_of is not None or reach.of is not None or reach.contacts
    if reach.per_person is None or follows or broadcast.priority == URGENT:
        return SuppressionRules(stopped_by=stops)
    most, within = reach.per_person
    to_own_phone = has_key(tx, "audience", "contacts")
    found = _lately(tx, broadcast, within, f"mode = :m AND NOT ({to_own_phone})")
    return SuppressionRules(lately=found, most=most)


def despite_refusal(tx: Tx, reach: AudienceFilter, may: SuppressionRules) -> int:
    """People of an audience who asked for no messages and get this one all the same."""
    ignored = sorted(scope.value for scope in {SuppressionScope.ALL} - may.stopped_by)
    if may.advertising or not ignored:
        return 0
    return int(
        tx.value(
            "SELECT count(*) "
            "FROM visible_contacts c WHERE c.id IN (SELECT x.contact_id FROM suppressions s "
            "JOIN contact_addresses x ON x.address_id = s.address_id "
            "WHERE s.lifted_at IS NULL AND s.scope IN (:ignored)) "
            f"AND {may.first('c.id')} IS NOT NULL AND {reach.condition()}",
            ignored=Among(ignored, "text"),
            scope=tx.scope,
        )
    )


def _lately(tx: Tx, broadcast: Broadcast, within: timedelta, which: str) -> tuple[int, ...]:
    """Broadcasts released within a time that count towards what one person may get."""
    rows = tx.rows(
        f"SELECT id FROM visible_broadcasts WHERE {which} AND id <> :b AND released_at >= :since",
        b=broadcast.id,
        since=at(tx.now - within),
        **({"k": broadcast.kind.value} if ":k" in which else {"m": broadcast.mode.value}),
        scope=tx.scope,
    )
    return tuple(row["id"] for row in rows)
