"""The targets of a release: per step the address and the text of each message, frozen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dispatcher.db.contacts.suppression_rules import IS_MOBILE, SuppressionRules
from dispatcher.db.database import Tx, at
from dispatcher.db.rows import by_ids, on_rows
from dispatcher.db.words import (
    NO_CHANNEL,
    QUEUED,
    SHARED_PHONE,
    SKIPPED,
)
from dispatcher.domain.model import Step

TARGETS_PER_STEP = 16  # position = step * 16 + BY_ID, or + BY_PHONE and which of the numbers
BY_ID = 0  # the first number's user id at the gateway of the step, which costs less
BY_PHONE = 1
Shares = Mapping[str, int]  # gateways of one step → how much of it each carries


def drawn(shares: Shares, message: str) -> str:
    """SQL: the gateway of a message, drawn by its number in the shares of a step. Names of gateways
    are plain words (see config)."""
    total, upto, cases = sum(shares.values()), 0, []
    if len(shares) == 1 or not total:
        return f"'{next(iter(shares))}'"
    for name, share in shares.items():
        upto += share
        cases.append(f"WHEN ({message}) * 617 % {total} < {upto} THEN '{name}'")
    return f"CASE {' '.join(cases)} END"


def add_first_targets(
    tx: Tx, broadcast_id: int, index: int, step: Step, shares: Shares, scope: str, base: int
) -> int:
    """Each message's own number on one step; the first to claim a shared phone keeps it.

    How many got one.
    """
    found = tx.run(
        f"{_INTO_TARGETS} SELECT :base + p.n, :by_phone, :b, :step, :channel, "
        f"{drawn(shares, ':base + p.n')}, p.address_id, pb.body_id FROM plan_rows p "
        "JOIN plan_bodies pb ON pb.broadcast_id = :b "
        f"AND pb.step = :step AND pb.scope_id = {scope_id(scope, 'p')} "
        "WHERE p.reason IS NULL ORDER BY p.n ON CONFLICT DO NOTHING",
        {**_of_step(broadcast_id, index, step), "base": base},
    )
    return found.rowcount


def add_user_ids(
    tx: Tx, broadcast_id: int, may: SuppressionRules, index: int, step: Step, base: int
) -> None:
    """Before the number of one step: its owner's user id at the gateway, where they told it.

    Only for those who got the number itself: whoever shares a phone is reached through it.
    """
    tx.run(
        f"{_INTO_TARGETS} SELECT t.message_id, :by_id, t.broadcast_id, t.step, t.channel, "
        "t.gateway, u.user_address_id, t.body_id FROM plan_rows p JOIN user_ids u "
        "ON u.address_id = p.address_id JOIN targets t "
        "ON t.message_id = :base + p.n AND t.position = :by_phone AND u.gateway = t.gateway "
        "WHERE p.reason IS NULL "
        f"AND {may.not_suppressed('u.user_address_id')} ORDER BY p.n ON CONFLICT DO NOTHING",
        {
            **_of_step(broadcast_id, index, step),
            "by_id": index * TARGETS_PER_STEP + BY_ID,
            "base": base,
        },
    )


def start_by_id(tx: Tx, position: int, base: int) -> None:
    """Messages of this chunk that have a user id before the number they would start at."""
    tx.run(
        "UPDATE messages SET position = :by_id "
        f"WHERE position = :position AND state = {QUEUED} AND id IN (SELECT t.message_id "
        "FROM plan_rows p JOIN targets t ON t.message_id = :base + p.n AND t.position = :by_id) "
        "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = messages.id)",
        {"by_id": position - BY_PHONE + BY_ID, "position": position, "base": base},
        scope=tx.scope,
    )


def any_user_ids(tx: Tx, gateway: str) -> bool:
    """True when anybody told an account their phone."""
    found = tx.one("SELECT 1 FROM user_ids WHERE gateway = :g LIMIT 1", g=gateway)
    return found is not None


def add_more_targets(
    tx: Tx,
    broadcast_id: int,
    may: SuppressionRules,
    index: int,
    step: Step,
    shares: Shares,
    scope: str,
    low: int,
    high: int,
) -> None:
    """Second and further numbers of contacts with id in (low, high], for those who may need them.

    Only once everybody has their own number: nobody's second number may take another's first.
    """
    tx.run(
        f"{_INTO_TARGETS} "
        "SELECT m.id, :by_phone + ca.position, m.broadcast_id, :step, :channel, "
        f"{drawn(shares, 'm.id')}, "
        "ca.address_id, pb.body_id FROM visible_messages m "
        "JOIN contact_addresses ca ON ca.contact_id = m.contact_id "
        f"JOIN addresses a ON a.id = ca.address_id AND {IS_MOBILE} "
        "JOIN plan_bodies pb ON pb.broadcast_id = m.broadcast_id AND pb.step = :step "
        f"AND pb.scope_id = {scope_id(scope, 'm')} WHERE m.contact_id > :low "
        f"AND m.contact_id <= :high AND m.broadcast_id = :b AND m.state = {QUEUED} "
        f"AND ca.position > {may.first('m.contact_id')} "
        f"AND ca.position < {TARGETS_PER_STEP - BY_PHONE} AND {may.free()} "
        "AND m.contact_id IN (SELECT x.contact_id FROM contact_addresses x "
        "WHERE x.contact_id > :low AND x.contact_id <= :high AND x.position > 0) "
        "ORDER BY m.id, ca.position ON CONFLICT DO NOTHING",
        {**_of_step(broadcast_id, index, step), "low": low, "high": high},
        scope=tx.scope,
    )


_INTO_TARGETS = (
    "INSERT INTO targets (message_id, position, broadcast_id, step, channel, gateway, address_id, "
    "body_id)"
)


def scope_id(scope: str, row: str) -> str:
    """SQL: which text of a step a row gets."""
    return {
        "site": "0",
        "ward": f"{row}.ward_id",
        "group": f"COALESCE({row}.residential_group_id, -{row}.ward_id)",
        "contact": f"{row}.contact_id",
    }[scope]


def _of_step(broadcast_id: int, index: int, step: Step) -> dict[str, Any]:
    return {
        "b": broadcast_id,
        "step": index,
        "channel": step.channel.value,
        "by_phone": index * TARGETS_PER_STEP + BY_PHONE,
    }


def leave_out_unreachable(tx: Tx, broadcast_id: int, low: int, high: int) -> dict[str, int]:
    """Addresses with id in (low, high] that lately could not be reached on a channel: left out
    where the message has another way, which it then starts at. How many per channel.

    Another number only where nobody else is reached through this one; and nobody is left out
    altogether: the only way is tried again.
    """
    remembered = (
        "SELECT 1 FROM reachability y WHERE y.address_id = o.address_id "
        "AND y.channel = o.channel AND y.until > :now"
    )
    gone = tx.rows(
        "DELETE FROM targets WHERE (message_id, position) IN "
        "(SELECT t.message_id, t.position FROM reachability x JOIN targets t "
        "ON t.broadcast_id = :b AND t.channel = x.channel AND t.address_id = x.address_id "
        f"JOIN visible_messages m ON m.id = t.message_id AND m.state = {QUEUED} "
        "WHERE x.address_id > :low AND x.address_id <= :high AND x.until > :now "
        "AND EXISTS (SELECT 1 FROM targets o WHERE o.message_id = t.message_id "
        f"AND o.position <> t.position AND NOT EXISTS ({remembered}) "
        "AND (o.address_id = t.address_id OR NOT EXISTS (SELECT 1 FROM contact_addresses ca "
        "WHERE ca.address_id = t.address_id AND ca.contact_id <> m.contact_id)))) "
        "RETURNING message_id, channel",
        b=broadcast_id,
        low=low,
        high=high,
        now=at(tx.now),
        scope=tx.scope,
    )
    on_rows(
        tx,
        "WITH start AS (SELECT r.m, (SELECT MIN(t.position) "
        "FROM targets t WHERE t.message_id = r.m) AS p FROM :rows r) "
        "UPDATE messages SET position = t.position, gateway = t.gateway FROM start JOIN targets t "
        "ON t.message_id = start.m AND t.position = start.p WHERE messages.id = start.m "
        "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = messages.id)",
        {"m": "bigint"},
        [[m] for m in sorted({row["message_id"] for row in gone})],
        scope=tx.scope,
    )
    return dict(Counter(row["channel"] for row in gone))


def last_address(tx: Tx) -> int:
    return int(tx.value("SELECT MAX(address_id) FROM reachability") or 0)


def settle_targets(
    tx: Tx, broadcast_id: int, channels: Sequence[str], position: int, base: int
) -> None:
    """Messages of this chunk that got no target at `position`, where they would start.

    One that has a later target starts there. One that has none shares its phone with somebody: it
    is skipped and says with whom; or no step of the route fits.
    """
    # a subquery for each number and channel is one look in the unique index; as a join, PostgreSQL
    # without statistics of targets walks all of the broadcast for each person
    names = " UNION ALL ".join(f"SELECT '{c}' AS channel" for c in channels)
    by_ids(tx)
    tx.run(
        "WITH odd AS MATERIALIZED (SELECT :base + p.n AS id, "
        "p.contact_id, "
        "(SELECT MIN(t.position) FROM targets t WHERE t.message_id = :base + p.n) AS start "
        "FROM plan_rows p WHERE p.reason IS NULL AND NOT EXISTS (SELECT 1 FROM targets t "
        "WHERE t.message_id = :base + p.n AND t.position = :position)), "
        "told AS (SELECT odd.id, odd.start, t.gateway, a.carrier, "
        "CASE WHEN odd.start IS NULL THEN (SELECT y.holder FROM (SELECT ca.position, "
        "(SELECT h.message_id FROM targets h WHERE h.broadcast_id = :b AND h.channel = k.channel "
        "AND h.address_id = ca.address_id) AS holder FROM contact_addresses ca "
        f"CROSS JOIN ({names}) k WHERE ca.contact_id = odd.contact_id) y "
        "WHERE y.holder IS NOT NULL ORDER BY y.position LIMIT 1) END AS holder FROM odd "
        "LEFT JOIN targets t ON t.message_id = odd.id AND t.position = odd.start "
        "LEFT JOIN addresses a ON a.id = t.address_id) "
        f"UPDATE messages SET state = CASE WHEN told.start IS NULL THEN {SKIPPED} "
        f"ELSE {QUEUED} END, reason = CASE WHEN told.start IS NOT NULL THEN NULL "
        f"WHEN told.holder IS NULL THEN {NO_CHANNEL} ELSE {SHARED_PHONE} END, "
        "through_id = told.holder, position = COALESCE(told.start, messages.position), "
        "gateway = told.gateway, "
        "carrier = COALESCE(told.carrier, messages.carrier) FROM told WHERE told.id = messages.id "
        "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = messages.id)",
        {"b": broadcast_id, "base": base, "position": position},
        scope=tx.scope,
    )
