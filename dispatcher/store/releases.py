"""The set-based SQL of a release: an audience becomes messages and targets, in resumable chunks.

Every statement may run again: uniqueness makes a repeat harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.model import Step
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

    def condition(self) -> str:
        """The audience as a condition on contacts `c`."""
        wards = f"c.ward_id IN ({_ids(self.wards)})"
        if self.residential_groups is not None:
            wards += f" AND c.residential_group_id IN ({_ids(self.residential_groups)})"
        parts = [f"({wards})"] if self.wards else []
        if self.groups:
            parts.append(
                "c.id IN (SELECT contact_id FROM group_members WHERE group_id IN "
                f"({_ids(self.groups)}))"
            )
        who = f"c.removed_at IS NULL AND ({' OR '.join(parts) or '1 = 0'})"
        if self.exclude_groups:
            who += (
                " AND c.id NOT IN (SELECT contact_id FROM group_members WHERE group_id IN "
                f"({_ids(self.exclude_groups)}))"
            )
        return who


def _ids(ids: Sequence[int]) -> str:
    return ", ".join(str(int(i)) for i in ids) or "-1"


_FREE = (
    "NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address_id = a.id AND s.lifted_at IS NULL)"
)
_FIRST = (
    "(SELECT MIN(x.position) FROM contact_addresses x JOIN addresses a ON a.id = x.address_id "
    f"WHERE x.contact_id = m.contact_id AND a.kind = 'mobile' AND a.cipher IS NOT NULL AND {_FREE})"
)


def last_contact(tx: Tx) -> int:
    return int(tx.value(f"WITH {tx.visible('contacts')} SELECT MAX(id) FROM visible_contacts") or 0)


def scope_ids(tx: Tx, reach: Reach, column: str) -> list[int]:
    """Distinct wards or residential groups in an audience (None, no group, becomes 0)."""
    return [
        int(row["scope"] or 0)
        for row in tx.rows(
            f"WITH {tx.visible('contacts')} SELECT DISTINCT c.{column} AS scope "
            f"FROM visible_contacts c WHERE {reach.condition()}"
        )
    ]


def people(tx: Tx, reach: Reach, low: int, high: int) -> list[Any]:
    """What a text that names a person may need: contacts with id in (low, high]."""
    return tx.rows(
        f"WITH {tx.visible('contacts')} SELECT c.id, c.name_sealed, c.title, c.row_sealed, "
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


def add_messages(tx: Tx, broadcast: Broadcast, reach: Reach, low: int, high: int) -> None:
    """One message per contact with id in (low, high]; who cannot be reached is skipped by name."""
    tx.run(
        f"WITH {tx.visible('contacts')} INSERT INTO messages (broadcast_id, contact_id, state, "
        "reason, ward_id, residential_group_id, household_id, kind, mode, priority, due_at, "
        "changed_at) SELECT :b, c.id, CASE WHEN n.free > 0 THEN 'queued' ELSE 'skipped' END, "
        "CASE WHEN n.free > 0 THEN NULL WHEN n.mobiles > 0 THEN 'opted_out' "
        "WHEN n.landlines > 0 THEN 'landline' ELSE 'no_number' END, "
        "c.ward_id, c.residential_group_id, c.household_id, :kind, :mode, :priority, :now, :now "
        "FROM visible_contacts c LEFT JOIN (SELECT ca.contact_id, "
        "SUM(CASE WHEN a.kind = 'mobile' THEN 1 ELSE 0 END) AS mobiles, "
        f"SUM(CASE WHEN a.kind = 'mobile' AND {_FREE} THEN 1 ELSE 0 END) AS free, "
        "SUM(CASE WHEN a.kind = 'landline' THEN 1 ELSE 0 END) AS landlines "
        "FROM contact_addresses ca JOIN addresses a ON a.id = ca.address_id "
        "WHERE ca.contact_id > :low AND ca.contact_id <= :high AND a.cipher IS NOT NULL "
        "GROUP BY ca.contact_id) n ON n.contact_id = c.id "
        f"WHERE c.id > :low AND c.id <= :high AND {reach.condition()} ORDER BY c.id "
        "ON CONFLICT (broadcast_id, contact_id) DO NOTHING",
        {
            "b": broadcast.id,
            "kind": broadcast.kind.value,
            "mode": broadcast.mode.value,
            "priority": broadcast.priority,
            "low": low,
            "high": high,
            "now": at(tx.now),
        },
    )


def one_per_household(tx: Tx, broadcast_id: int) -> None:
    """Keep the first of each household; the others are named as such."""
    tx.run(
        f"WITH {tx.visible('messages')}, first AS (SELECT household_id, MIN(id) AS id "
        "FROM visible_messages WHERE broadcast_id = :b AND state = 'queued' "
        "AND household_id IS NOT NULL GROUP BY household_id) "
        "UPDATE messages SET state = 'skipped', reason = 'same_household', through_id = "
        "(SELECT id FROM first WHERE first.household_id = messages.household_id) "
        "WHERE broadcast_id = :b AND state = 'queued' AND household_id IS NOT NULL "
        "AND id NOT IN (SELECT id FROM first)",
        {"b": broadcast_id},
    )


def message_range(tx: Tx, broadcast_id: int) -> tuple[int, int]:
    row = tx.one(
        f"WITH {tx.visible('messages')} SELECT MIN(id) AS low, MAX(id) AS high "
        "FROM visible_messages WHERE broadcast_id = :b",
        b=broadcast_id,
    )
    return (row["low"], row["high"]) if row and row["low"] is not None else (1, 0)


def add_first_targets(
    tx: Tx, broadcast_id: int, index: int, step: Step, scope: str, low: int, high: int
) -> None:
    """Each message's own number on one step; the first to claim a shared phone keeps it."""
    _add_targets(tx, broadcast_id, index, step, scope, low, high, f"ca.position = {_FIRST}")


def add_more_targets(
    tx: Tx, broadcast_id: int, index: int, step: Step, scope: str, low: int, high: int
) -> None:
    """Second and further numbers, for those who may need them."""
    _add_targets(
        tx,
        broadcast_id,
        index,
        step,
        scope,
        low,
        high,
        f"ca.position > {_FIRST} AND ca.position < {TARGETS_PER_STEP}",
    )


def _add_targets(
    tx: Tx, broadcast_id: int, index: int, step: Step, scope: str, low: int, high: int, which: str
) -> None:
    key = {
        "site": "0",
        "ward": "m.ward_id",
        "group": "COALESCE(m.residential_group_id, 0)",
        "contact": "m.contact_id",
    }[scope]
    offset = "0" if "ca.position =" in which else "ca.position"
    tx.run(
        f"WITH {tx.visible('messages')} INSERT INTO targets (message_id, position, broadcast_id, "
        "step, channel, gateway, address_id, body_id) "
        f"SELECT m.id, :first + {offset}, m.broadcast_id, :step, :channel, :gateway, "
        "ca.address_id, p.body_id FROM visible_messages m "
        f"JOIN contact_addresses ca ON ca.contact_id = m.contact_id AND {which} "
        "JOIN addresses a ON a.id = ca.address_id AND a.kind = 'mobile' AND a.cipher IS NOT NULL "
        f"JOIN plan_bodies p ON p.broadcast_id = m.broadcast_id AND p.step = :step "
        f"AND p.scope_id = {key} WHERE m.broadcast_id = :b AND m.state = 'queued' "
        f"AND m.id >= :low AND m.id <= :high AND {_FREE} ORDER BY m.id, ca.position "
        "ON CONFLICT DO NOTHING",
        {
            "b": broadcast_id,
            "step": index,
            "channel": step.channel.value,
            "gateway": step.gateway,
            "first": index * TARGETS_PER_STEP,
            "low": low,
            "high": high,
        },
    )


def skip_without_target(tx: Tx, broadcast_id: int) -> None:
    """A message that got no number of its own shares one: say with whom, or that no step fits."""
    holder = (
        "(SELECT t.message_id FROM contact_addresses ca JOIN targets t ON t.address_id = "
        "ca.address_id AND t.broadcast_id = m.broadcast_id WHERE ca.contact_id = m.contact_id "
        "ORDER BY ca.position LIMIT 1)"
    )
    tx.run(
        f"WITH {tx.visible('messages')}, alone AS (SELECT m.id, {holder} AS holder "
        "FROM visible_messages m WHERE m.broadcast_id = :b AND m.state = 'queued' AND NOT EXISTS "
        "(SELECT 1 FROM targets t WHERE t.message_id = m.id)) "
        "UPDATE messages SET state = 'skipped', through_id = alone.holder, reason = "
        "CASE WHEN alone.holder IS NULL THEN 'no_channel' ELSE 'shared_phone' END "
        "FROM alone WHERE alone.id = messages.id",
        {"b": broadcast_id},
    )


def aim(tx: Tx, broadcast_id: int, due: int) -> None:
    """Point each queued message at its first target."""
    tx.run(
        f"WITH {tx.visible('messages')}, first AS (SELECT t.message_id, MIN(t.position) AS "
        "position "
        "FROM targets t WHERE t.broadcast_id = :b GROUP BY t.message_id) "
        "UPDATE messages SET position = first.position, gateway = t.gateway, carrier = a.carrier, "
        "due_at = :due FROM first JOIN targets t ON t.message_id = first.message_id AND t.position "
        "= first.position JOIN addresses a ON a.id = t.address_id "
        "WHERE messages.id = first.message_id AND messages.state = 'queued'",
        {"b": broadcast_id, "due": due},
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


def summary(tx: Tx, broadcast_id: int) -> dict[str, Any]:
    """People, skips by reason, households, and parts per step and carrier, of what is planned."""
    states = tx.rows(
        f"WITH {tx.visible('messages')} SELECT state, reason, count(*) AS n, "
        "count(DISTINCT household_id) AS households FROM visible_messages "
        "WHERE broadcast_id = :b GROUP BY state, reason",
        b=broadcast_id,
    )
    parts = tx.rows(
        "SELECT t.step, t.channel, a.carrier, count(*) AS messages, SUM(b.parts) AS parts, "
        "MAX(b.parts) AS most_parts FROM targets t JOIN bodies b ON b.id = t.body_id "
        "JOIN addresses a ON a.id = t.address_id "
        "JOIN (SELECT message_id, step, MIN(position) AS position FROM targets "
        "WHERE broadcast_id = :b GROUP BY message_id, step) f ON f.message_id = t.message_id "
        "AND f.position = t.position WHERE t.broadcast_id = :b "
        "GROUP BY t.step, t.channel, a.carrier ORDER BY t.step",
        b=broadcast_id,
    )
    households = tx.value(
        f"WITH {tx.visible('messages')} SELECT count(DISTINCT household_id) + "
        "SUM(CASE WHEN household_id IS NULL THEN 1 ELSE 0 END) FROM visible_messages "
        "WHERE broadcast_id = :b",
        b=broadcast_id,
    )
    return {"states": states, "parts": parts, "households": int(households or 0)}


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
