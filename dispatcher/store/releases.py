"""The set-based SQL of a release: an audience becomes messages and targets, in resumable chunks.

Every statement may run again: uniqueness makes a repeat harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.model import MessageState, Step
from dispatcher.store.broadcasts import Broadcast
from dispatcher.store.database import Tx, at, json_rows, on_rows

TARGETS_PER_STEP = 16  # position = step * 16 + which of the contact's addresses


@dataclass(frozen=True)
class Reach:
    """An audience as ids. No wards and no groups at all is refused before it gets here."""

    wards: tuple[int, ...] = ()
    residential_groups: tuple[int, ...] | None = None  # None: not narrowed
    groups: tuple[int, ...] = ()
    exclude_groups: tuple[int, ...] = ()
    of: int | None = None
    states: tuple[str, ...] = ()
    contacts: tuple[int, ...] = ()

    def condition(self, c: str = "c") -> str:
        """The audience as a condition on contacts under the alias `c`.

        Needs `visible_messages` beside it: a follow-up goes to people of an earlier broadcast.
        """
        if self.contacts:
            return f"{c}.removed_at IS NULL AND {c}.id IN ({_ids(self.contacts)})"
        if self.of is not None:
            states = ", ".join(f"'{MessageState(s).value}'" for s in self.states)
            return (
                f"{c}.removed_at IS NULL AND {c}.id IN (SELECT f.contact_id FROM visible_messages "
                f"f WHERE f.broadcast_id = {int(self.of)} AND f.state IN ({states}))"
            )
        wards = f"{c}.ward_id IN ({_ids(self.wards)})"
        if self.residential_groups is not None:
            wards += f" AND {c}.residential_group_id IN ({_ids(self.residential_groups)})"
        parts = [f"({wards})"] if self.wards else []
        if self.groups:
            parts.append(f"{c}.id IN ({_members(self.groups)})")
        who = (
            f"{c}.removed_at IS NULL AND {c}.kind <> 'tester' AND ({' OR '.join(parts) or '1 = 0'})"
        )
        if self.exclude_groups:
            who += f" AND {c}.id NOT IN ({_members(self.exclude_groups)})"
        return who


def _members(groups: Sequence[int]) -> str:
    return f"SELECT contact_id FROM group_members WHERE group_id IN ({_ids(groups)})"


def _ids(ids: Sequence[int]) -> str:
    return ", ".join(str(int(i)) for i in ids) or "-1"


_FREE = (
    "NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address_id = a.id AND s.lifted_at IS NULL)"
)
_FIRST = (
    "(SELECT MIN(x.position) FROM contact_addresses x JOIN addresses a ON a.id = x.address_id "
    "WHERE x.contact_id = {contact} AND a.kind = 'mobile' AND a.cipher IS NOT NULL "
    f"AND {_FREE})"
)
# A chunk is found by its ids alone: through another index each chunk would walk the whole release.
_IN_CHUNK = "m.id > :after AND m.id <= :upto AND +m.broadcast_id = :b AND m.state || '' = 'queued'"


def last_contact(tx: Tx) -> int:
    return int(tx.value(f"WITH {tx.visible('contacts')} SELECT MAX(id) FROM visible_contacts") or 0)


def scope_ids(tx: Tx, reach: Reach, column: str) -> list[int]:
    """Distinct wards or residential groups in an audience (None, no group, becomes 0)."""
    return [
        int(row["scope"] or 0)
        for row in tx.rows(
            f"WITH {tx.visible('contacts')}, {tx.visible('messages')} SELECT DISTINCT "
            f"c.{column} AS scope "
            f"FROM visible_contacts c WHERE {reach.condition()}"
        )
    ]


def people(tx: Tx, reach: Reach, low: int, high: int) -> list[Any]:
    """What a text that names a person may need: contacts with id in (low, high]."""
    return tx.rows(
        f"WITH {tx.visible('contacts')}, {tx.visible('messages')} SELECT c.id, c.name_sealed, "
        "c.title, c.row_sealed, "
        "c.ward_id, c.residential_group_id FROM visible_contacts c "
        f"WHERE c.id > :low AND c.id <= :high AND {reach.condition()}",
        low=low,
        high=high,
    )


def put_bodies(tx: Tx, broadcast_id: int, step: int, bodies: dict[int, int]) -> None:
    """The text for each ward, residential group or contact of one step."""
    on_rows(
        tx,
        "INSERT INTO plan_bodies (broadcast_id, step, scope_id, body_id) "
        f"SELECT :b, :s, r.scope, r.body FROM {json_rows({'scope': 'bigint', 'body': 'bigint'})} r "
        "WHERE 1 = 1 ON CONFLICT DO NOTHING",
        [[scope, body] for scope, body in bodies.items()],
        b=broadcast_id,
        s=step,
    )


def add_messages(
    tx: Tx,
    broadcast: Broadcast,
    reach: Reach,
    first: tuple[int, str],
    due: int,
    low: int,
    high: int,
) -> tuple[int, int]:
    """One message per contact with id in (low, high]; who cannot be reached is skipped by name.

    `first`: position and gateway nearly everyone starts at; `settle_targets` corrects the others.
    Answers the ids (after, up to) between which the new messages lie.
    """
    before = _last_message(tx)
    by_household = broadcast.audience.one_per == "household"
    # somebody of the same household, earlier in the list, who can be written to
    elder = (
        "FROM visible_contacts o WHERE o.household_id = c.household_id AND o.id < c.id AND "
        f"{reach.condition('o')} AND {_FIRST.format(contact='o.id')} IS NOT NULL"
    )
    skipped = f"WHEN EXISTS (SELECT 1 {elder}) THEN 'same_household' " if by_household else ""
    tx.run(
        f"WITH {tx.visible('contacts')}, {tx.visible('messages')}, n AS (SELECT ca.contact_id, "
        "SUM(CASE WHEN a.kind = 'mobile' THEN 1 ELSE 0 END) AS mobiles, "
        "SUM(CASE WHEN a.kind = 'landline' THEN 1 ELSE 0 END) AS landlines, "
        f"MIN(CASE WHEN a.kind = 'mobile' AND {_FREE} THEN ca.position END) AS own "
        "FROM contact_addresses ca JOIN addresses a ON a.id = ca.address_id "
        "WHERE ca.contact_id > :low AND ca.contact_id <= :high AND a.cipher IS NOT NULL "
        "GROUP BY ca.contact_id), told AS (SELECT c.id, c.ward_id, c.residential_group_id, "
        "c.household_id, n.own, CASE WHEN n.own IS NULL THEN CASE WHEN n.mobiles > 0 "
        "THEN 'opted_out' WHEN n.landlines > 0 THEN 'landline' ELSE 'no_number' END "
        f"{skipped} END AS reason FROM visible_contacts c LEFT JOIN n ON n.contact_id = c.id "
        f"WHERE c.id > :low AND c.id <= :high AND {reach.condition()}) "
        "INSERT INTO messages (broadcast_id, contact_id, state, reason, ward_id, "
        "residential_group_id, household_id, carrier, kind, mode, priority, position, gateway, "
        "due_at, changed_at) SELECT :b, c.id, "
        "CASE WHEN c.reason IS NULL THEN 'queued' ELSE 'skipped' END, c.reason, c.ward_id, "
        "c.residential_group_id, c.household_id, a.carrier, :kind, :mode, :priority, :position, "
        "CASE WHEN c.reason IS NULL THEN :gateway END, :due, :now FROM told c "
        "LEFT JOIN contact_addresses f ON f.contact_id = c.id AND f.position = c.own "
        "LEFT JOIN addresses a ON a.id = f.address_id WHERE 1 = 1 ORDER BY c.id "
        "ON CONFLICT (broadcast_id, contact_id) DO NOTHING",
        {
            "b": broadcast.id,
            "kind": broadcast.kind.value,
            "mode": broadcast.mode.value,
            "priority": broadcast.priority,
            "position": first[0],
            "gateway": first[1],
            "due": due,
            "low": low,
            "high": high,
            "now": at(tx.now),
        },
    )
    made = before, _last_message(tx)
    if by_household:
        _through_household(tx, broadcast.id, *made)
    return made


def _last_message(tx: Tx) -> int:
    return int(tx.value(f"WITH {tx.visible('messages')} SELECT MAX(id) FROM visible_messages") or 0)


def _through_household(tx: Tx, broadcast_id: int, after: int, upto: int) -> None:
    """Whoever is skipped for their household: name the message that reaches it."""
    tx.run(
        f"WITH {tx.visible('messages')} UPDATE messages SET through_id = (SELECT MIN(h.id) "
        "FROM visible_contacts o JOIN visible_messages h ON h.contact_id = o.id "
        "AND h.broadcast_id = :b AND (h.reason IS NULL OR h.reason <> 'same_household') "
        "WHERE o.household_id = messages.household_id) WHERE id > :after AND id <= :upto "
        "AND +broadcast_id = :b AND reason = 'same_household' "
        "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = messages.id)".replace(
            "WITH ", f"WITH {tx.visible('contacts')}, ", 1
        ),
        {"b": broadcast_id, "after": after, "upto": upto},
    )


def add_first_targets(
    tx: Tx, broadcast_id: int, index: int, step: Step, scope: str, after: int, upto: int
) -> None:
    """Each message's own number on one step; the first to claim a shared phone keeps it.

    `after`, `upto`: message ids, as `add_messages` answers them.
    """
    which = (
        f"{_IN_CHUNK} AND {_FREE} AND (ca.position = 0 OR ca.position = "
        f"{_FIRST.format(contact='m.contact_id')})"
    )
    _add_targets(tx, broadcast_id, index, step, scope, "0", which, after, upto)


def add_more_targets(
    tx: Tx, broadcast_id: int, index: int, step: Step, scope: str, low: int, high: int
) -> None:
    """Second and further numbers of contacts with id in (low, high], for those who may need them.

    Only once everybody has their own number: nobody's second number may take another's first.
    """
    which = (
        "m.contact_id > :after AND m.contact_id <= :upto AND m.broadcast_id = :b "
        "AND m.state = 'queued' AND ca.position > "
        f"{_FIRST.format(contact='m.contact_id')} AND ca.position < {TARGETS_PER_STEP} AND {_FREE} "
        "AND m.contact_id IN (SELECT x.contact_id FROM contact_addresses x "
        "WHERE x.contact_id > :after AND x.contact_id <= :upto AND x.position > 0)"
    )
    _add_targets(tx, broadcast_id, index, step, scope, "ca.position", which, low, high)


def _add_targets(
    tx: Tx,
    broadcast_id: int,
    index: int,
    step: Step,
    scope: str,
    offset: str,
    which: str,
    after: int,
    upto: int,
) -> None:
    key = {
        "site": "0",
        "ward": "m.ward_id",
        "group": "COALESCE(m.residential_group_id, 0)",
        "contact": "m.contact_id",
    }[scope]
    tx.run(
        f"WITH {tx.visible('messages')} INSERT INTO targets (message_id, position, broadcast_id, "
        "step, channel, gateway, address_id, body_id) "
        f"SELECT m.id, :first + {offset}, m.broadcast_id, :step, :channel, :gateway, "
        "ca.address_id, p.body_id FROM visible_messages m "
        "JOIN contact_addresses ca ON ca.contact_id = m.contact_id "
        "JOIN addresses a ON a.id = ca.address_id AND a.kind = 'mobile' AND a.cipher IS NOT NULL "
        f"JOIN plan_bodies p ON p.broadcast_id = m.broadcast_id AND p.step = :step "
        f"AND p.scope_id = {key} WHERE {which} ORDER BY m.id, ca.position ON CONFLICT DO NOTHING",
        {
            "b": broadcast_id,
            "step": index,
            "channel": step.channel.value,
            "gateway": step.gateway,
            "first": index * TARGETS_PER_STEP,
            "after": after,
            "upto": upto,
        },
    )


def settle_targets(
    tx: Tx, broadcast_id: int, channels: Sequence[str], after: int, upto: int
) -> None:
    """Messages with id in (after, upto] that got no target where they start.

    One that has a later target starts there. One that has none shares its phone with somebody: it
    is skipped and says with whom; or no step of the route fits.
    """
    names = ", ".join(f"'{c}'" for c in channels)
    tx.run(
        f"WITH {tx.visible('messages')}, odd AS (SELECT m.id, m.contact_id, (SELECT MIN(t.position)"
        " FROM targets t WHERE t.message_id = m.id) AS start FROM visible_messages m "
        f"WHERE {_IN_CHUNK} AND NOT EXISTS (SELECT 1 FROM targets t WHERE t.message_id = m.id "
        "AND t.position = m.position)), told AS (SELECT odd.id, odd.start, t.gateway, a.carrier, "
        "CASE WHEN odd.start IS NULL THEN (SELECT h.message_id FROM contact_addresses ca "
        f"JOIN targets h ON h.broadcast_id = :b AND h.channel IN ({names}) "
        "AND h.address_id = ca.address_id WHERE ca.contact_id = odd.contact_id "
        "ORDER BY ca.position LIMIT 1) END AS holder FROM odd "
        "LEFT JOIN targets t ON t.message_id = odd.id AND t.position = odd.start "
        "LEFT JOIN addresses a ON a.id = t.address_id) "
        "UPDATE messages SET state = CASE WHEN told.start IS NULL THEN 'skipped' ELSE 'queued' END,"
        " reason = CASE WHEN told.start IS NOT NULL THEN NULL WHEN told.holder IS NULL "
        "THEN 'no_channel' ELSE 'shared_phone' END, through_id = told.holder, "
        "position = COALESCE(told.start, messages.position), gateway = told.gateway, "
        "carrier = COALESCE(told.carrier, messages.carrier) FROM told WHERE told.id = messages.id",
        {"b": broadcast_id, "after": after, "upto": upto},
    )


def clean_up(tx: Tx, broadcast_id: int) -> None:
    tx.run("DELETE FROM plan_bodies WHERE broadcast_id = :b", {"b": broadcast_id})


def planned(tx: Tx, broadcast_id: int, upto: int) -> None:
    """Remember how far a release has come."""
    tx.run(
        f"WITH {tx.visible('broadcasts')} UPDATE broadcasts SET planned_upto = :upto "
        "WHERE id = :b AND id IN (SELECT id FROM visible_broadcasts)",
        {"upto": upto, "b": broadcast_id},
    )
    tx.note("planned", "broadcast", broadcast_id, upto=upto)


def sums(tx: Tx, broadcast_id: int) -> dict[str, Any]:
    """What is planned: people to write to, people skipped by reason, parts by step and carrier."""
    queued = tx.value(
        f"WITH {tx.visible('messages')} SELECT count(*) FROM visible_messages "
        "WHERE broadcast_id = :b AND state = 'queued'",
        b=broadcast_id,
    )
    skipped = tx.rows(
        f"WITH {tx.visible('messages')} SELECT reason, count(*) AS n FROM visible_messages "
        "WHERE broadcast_id = :b AND state = 'skipped' GROUP BY reason",
        b=broadcast_id,
    )
    parts = tx.rows(
        "SELECT t.step, t.channel, a.carrier, count(*) AS messages, SUM(b.parts) AS parts, "
        "MAX(b.parts) AS most_parts FROM targets t JOIN bodies b ON b.id = t.body_id "
        "JOIN addresses a ON a.id = t.address_id WHERE t.broadcast_id = :b "
        f"AND t.position = t.step * {TARGETS_PER_STEP} GROUP BY t.step, t.channel, a.carrier "
        "ORDER BY t.step",
        b=broadcast_id,
    )
    reasons = {row["reason"]: row["n"] for row in skipped}
    return {"queued": int(queued), "skipped": reasons, "parts": parts}


def households(tx: Tx, broadcast_id: int) -> int:
    """Households in an audience; a person without one counts as one."""
    return int(
        tx.value(
            f"WITH {tx.visible('messages')} SELECT count(DISTINCT household_id) + "
            "SUM(CASE WHEN household_id IS NULL THEN 1 ELSE 0 END) FROM visible_messages "
            "WHERE broadcast_id = :b",
            b=broadcast_id,
        )
        or 0
    )


def samples(tx: Tx, broadcast_id: int, limit: int = 3) -> list[Any]:
    """A few messages as they would be sent, dearest first."""
    return tx.rows(
        f"WITH {tx.visible('messages')} SELECT m.id, m.contact_id, t.channel, a.tail, a.carrier, "
        "b.text, b.sealed, b.params, b.template_id, b.encoding, b.parts FROM visible_messages m "
        "JOIN targets t ON t.message_id = m.id AND t.position = m.position "
        "JOIN addresses a ON a.id = t.address_id JOIN bodies b ON b.id = t.body_id "
        "WHERE m.broadcast_id = :b AND m.state = 'queued' "
        "ORDER BY b.parts DESC, m.id LIMIT :n",
        b=broadcast_id,
        n=limit,
    )
