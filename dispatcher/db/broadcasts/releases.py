"""The set-based SQL of a release: an audience becomes messages and targets, in resumable chunks.

A chunk is planned once, in one transaction that also says how far the release has come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.compiling import Among
from dispatcher.db.contacts.eligible import IS_MOBILE, NUMBERS, Eligible
from dispatcher.db.contacts.reach import Reach
from dispatcher.db.database import Tx, at
from dispatcher.db.rows import by_ids, on_rows
from dispatcher.db.words import (
    LANDLINE,
    NO_CHANNEL,
    NO_NUMBER,
    NO_TEXT,
    QUEUED,
    SAME_HOUSEHOLD,
    SHARED_PHONE,
    SKIPPED,
    WARD,
)
from dispatcher.domain.model import Step, chunks

STRETCH = 50_000  # messages added up at once
TARGETS_PER_STEP = 16  # position = step * 16 + BY_ID, or + BY_PHONE and which of the numbers
BY_ID = 0  # the first number's user id at the gateway of the step, which costs less
BY_PHONE = 1
Shares = Mapping[str, int]  # gateways of one step → how much of it each carries


_NEXT = "nextval(pg_get_serial_sequence('messages', 'id'))"
# The contacts of one chunk with the number each is written to; messages and targets come from it.
_PLAN_ROWS = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS plan_rows (n {key}, contact_id BIGINT, ward_id BIGINT, "
    "residential_group_id BIGINT, household_id BIGINT, reason VARCHAR, address_id BIGINT, "
    "carrier VARCHAR)"
)


def last_contact(tx: Tx) -> int:
    return int(tx.value("SELECT MAX(id) FROM visible_contacts", scope=tx.scope) or 0)


def take_stock(tx: Tx) -> None:
    """PostgreSQL plans by statistics: tables it has none of yet (a list just imported, a site just
    moved, the first broadcast) get them now, or statements would walk whole tables for each row.

    A preview that is thrown away takes its statistics with it, but not the count of rows.
    """
    if tx.is_sqlite:
        return
    tables = ", ".join(f"'{name}'" for name in _PLANNED_BY)
    for row in tx.rows(f"SELECT relname FROM pg_class WHERE relname IN ({tables}) "
                       "AND relkind = 'r' AND pg_relation_size(oid) > 0 AND NOT EXISTS (SELECT 1 "
                       "FROM pg_stats s WHERE s.tablename = relname AND s.schemaname = "
                       "current_schema()) "
                       "AND relnamespace = current_schema()::regnamespace"):  # fmt: skip
        tx.run(f"ANALYZE {row['relname']}")


_PLANNED_BY = (
    "contacts",
    "contact_addresses",
    "addresses",
    "households",
    "messages",
    "targets",
    "bodies",
    "plan_bodies",
)


def any_further(tx: Tx, low: int, high: int) -> bool:
    """True when contacts with id in (low, high] have further numbers."""
    found = tx.one(
        "SELECT 1 FROM contact_addresses x WHERE x.contact_id > :low AND x.contact_id <= :high "
        "AND x.position > 0 LIMIT 1",
        low=low,
        high=high,
    )
    return found is not None


def scope_ids(tx: Tx, reach: Reach, scope: str) -> list[int]:
    """Distinct wards or residential groups in an audience; a ward's people without a group are
    minus their ward."""
    if scope == "ward":  # a look in the index for each ward instead of a walk over everybody
        return [
            int(row["scope"])
            for row in tx.rows(
                "SELECT w.id AS scope "
                f"FROM areas w WHERE w.kind = {WARD} AND EXISTS (SELECT 1 FROM visible_contacts c "
                f"WHERE c.ward_id = w.id AND {reach.condition()}) ORDER BY w.id",
                scope=tx.scope,
            )
        ]
    return [
        int(row["scope"])
        for row in tx.rows(
            "SELECT DISTINCT "
            f"{scope_id(scope, 'c')} AS scope "
            f"FROM visible_contacts c WHERE {reach.condition()}",
            scope=tx.scope,
        )
    ]


def people(tx: Tx, reach: Reach, low: int, high: int) -> list[Any]:
    """What a text that names a person may need: contacts with id in (low, high]."""
    return tx.rows(
        "SELECT c.id, c.name_sealed, "
        "c.title, c.row_sealed, "
        "c.ward_id, c.residential_group_id FROM visible_contacts c "
        f"WHERE c.id > :low AND c.id <= :high AND {reach.condition()}",
        low=low,
        high=high,
        scope=tx.scope,
    )


def put_bodies(tx: Tx, broadcast_id: int, step: int, bodies: dict[int, int]) -> None:
    """The text for each ward, residential group or contact of one step."""
    on_rows(
        tx,
        "INSERT INTO plan_bodies (broadcast_id, step, scope_id, body_id) "
        "SELECT :b, :s, r.scope, r.body FROM :rows r "
        "WHERE 1 = 1 ON CONFLICT DO NOTHING",
        {"scope": "bigint", "body": "bigint"},
        [[scope, body] for scope, body in bodies.items()],
        b=broadcast_id,
        s=step,
    )


def add_messages(
    tx: Tx,
    broadcast: Broadcast,
    reach: Reach,
    may: Eligible,
    first: tuple[int, Shares],
    due: int,
    low: int,
    high: int,
) -> int:
    """One message per contact with id in (low, high]; who cannot be reached is skipped by name.

    `first`: position and gateways nearly everyone starts at; `settle_targets` corrects the others.
    Fills `plan_rows`, from which `add_first_targets` and `settle_targets` go on. Answers `base`:
    the id of the message of row n is base + n.
    """
    by_household = broadcast.audience.one_per == "household"
    base = choose_numbers(tx, reach, may, by_household, low, high)
    tx.run(
        "INSERT INTO messages (id, broadcast_id, contact_id, state, reason, ward_id, "
        "residential_group_id, household_id, carrier, kind, mode, priority, position, gateway, "
        "due_at, changed_at) SELECT :base + p.n, :b, p.contact_id, "
        f"CASE WHEN p.reason IS NULL THEN {QUEUED} ELSE {SKIPPED} END, p.reason, p.ward_id, "
        "p.residential_group_id, p.household_id, p.carrier, :kind, :mode, :priority, :position, "
        f"CASE WHEN p.reason IS NULL THEN {drawn(first[1], ':base + p.n')} END, :due, :now "
        "FROM plan_rows p ORDER BY p.n",
        {
            "base": base,
            "b": broadcast.id,
            "kind": broadcast.kind.value,
            "mode": broadcast.mode.value,
            "priority": broadcast.priority,
            "position": first[0],
            "due": due,
            "now": at(tx.now),
        },
    )
    if by_household:
        _through_household(tx, broadcast.id, base)
    return base


def choose_numbers(
    tx: Tx, reach: Reach, may: Eligible, by_household: bool, low: int, high: int
) -> int:
    """Fill `plan_rows` with the audience among contacts with id in (low, high]; answers base."""
    tx.run(_PLAN_ROWS.format(key="INTEGER PRIMARY KEY" if tx.is_sqlite else "BIGINT"))
    tx.run("DELETE FROM plan_rows")
    # somebody of the same household, earlier in the list, who can be written to
    elder = (
        "FROM visible_contacts o WHERE o.household_id = c.household_id AND o.id < c.id AND "
        f"{reach.condition('o')} AND {may.first('o.id')} IS NOT NULL"
    )
    skipped = f"WHEN EXISTS (SELECT 1 {elder}) THEN {SAME_HOUSEHOLD} " if by_household else ""
    tx.run(
        "WITH told AS (SELECT c.*, "
        f"(SELECT x.address_id {NUMBERS}c.id AND {IS_MOBILE} AND {may.free()} ORDER BY x.position "
        "LIMIT 1) AS own FROM visible_contacts c WHERE c.id > :low AND c.id <= :high "
        f"AND {reach.condition()}) INSERT INTO plan_rows (n, contact_id, ward_id, "
        "residential_group_id, household_id, reason, address_id, carrier) "
        f"SELECT {'NULL' if tx.is_sqlite else _NEXT}, c.id, c.ward_id, c.residential_group_id, "
        f"c.household_id, CASE {may.consented()}WHEN t.id IS NULL THEN CASE {may.why_not()}"
        f"WHEN EXISTS (SELECT 1 {NUMBERS}c.id AND a.kind = {LANDLINE} AND a.cipher IS NOT NULL) "
        f"THEN {LANDLINE} ELSE {NO_NUMBER} END {skipped}END, t.id, t.carrier "
        "FROM told c LEFT JOIN addresses t ON t.id = c.own ORDER BY c.id",
        {"low": low, "high": high},
        scope=tx.scope,
    )
    if not tx.is_sqlite:
        tx.run("ANALYZE plan_rows")  # it is temporary: nobody else keeps statistics of it
        return 0  # the sequence gave the ids
    return int(tx.value("SELECT MAX(id) FROM visible_messages", scope=tx.scope) or 0)


def _through_household(tx: Tx, broadcast_id: int, base: int) -> None:
    """Whoever is skipped for their household: name the message that reaches it, not that of
    somebody earlier in the list who has no number."""
    tx.run(
        "UPDATE messages SET through_id = (SELECT h.id "
        "FROM visible_contacts o JOIN visible_messages h ON h.contact_id = o.id "
        f"AND h.broadcast_id = :b AND (h.reason IS NULL OR h.reason <> {SAME_HOUSEHOLD}) "
        "WHERE o.household_id = messages.household_id ORDER BY CASE WHEN h.reason IS NULL "
        f"OR h.reason = {SHARED_PHONE} THEN 0 ELSE 1 END, h.id LIMIT 1) "
        "WHERE id IN (SELECT :base + p.n "
        f"FROM plan_rows p WHERE p.reason = {SAME_HOUSEHOLD}) "
        "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = messages.id)",
        {"b": broadcast_id, "base": base},
        scope=tx.scope,
    )


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
    tx: Tx, broadcast_id: int, may: Eligible, index: int, step: Step, base: int
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
    may: Eligible,
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


def wanted(tx: Tx) -> int:
    """Rows of this chunk that want a target."""
    return int(tx.value("SELECT count(*) FROM plan_rows WHERE reason IS NULL"))


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
        "carrier = COALESCE(told.carrier, messages.carrier) FROM told WHERE told.id = messages.id",
        {"b": broadcast_id, "base": base, "position": position},
        scope=tx.scope,
    )


def name_those_without_text(
    tx: Tx, broadcast_id: int, low: int, high: int, lacking: Collection[int],
    shared: Sequence[tuple[int, str]],
) -> None:  # fmt: skip
    """Contacts with id in (low, high] that no step has a target for, because no text could be
    written: the `lacking` ones, and those whose ward or group has none on a `shared` step."""
    gone = (
        f"UPDATE messages SET reason = {NO_TEXT} "
        f"WHERE broadcast_id = :b AND reason = {NO_CHANNEL} AND contact_id > :low "
        "AND contact_id <= :high AND EXISTS (SELECT 1 FROM visible_messages v "
        "WHERE v.id = messages.id) AND "
    )
    known = {"b": broadcast_id, "low": low, "high": high}
    for step, scope in shared:
        tx.run(
            f"{gone} NOT EXISTS (SELECT 1 FROM plan_bodies pb WHERE pb.broadcast_id = :b "
            f"AND pb.step = :step AND pb.scope_id = {scope_id(scope, 'messages')})",
            {**known, "step": step},
            scope=tx.scope,
        )
    ids = sorted(lacking)
    for start in range(0, len(ids), 500):
        some = {"ids": Among(ids[start : start + 500])}
        tx.run(f"{gone} contact_id IN (:ids)", {**known, **some}, scope=tx.scope)


def people_in(tx: Tx, broadcast_id: int, scope: str, ids: Sequence[int]) -> int:
    """People of a broadcast who could be written to, in some wards, groups or by name."""
    count = (
        "SELECT count(*) FROM visible_messages "
        f"WHERE broadcast_id = :b AND (state = {QUEUED} OR reason = {NO_TEXT})"
    )
    within = scope_id(scope, "visible_messages")
    return sum(
        int(
            tx.value(
                f"{count} AND {within} IN (:ids)", b=broadcast_id, ids=Among(some), scope=tx.scope
            )
        )
        for some in chunks(ids, 5_000)
    )


def clean_up(tx: Tx, broadcast_id: int) -> None:
    tx.run("DELETE FROM plan_bodies WHERE broadcast_id = :b", {"b": broadcast_id})


def planned_upto(tx: Tx, broadcast_id: int) -> int:
    """The last contact a release has planned."""
    found = tx.value(
        "SELECT planned_upto FROM visible_broadcasts WHERE id = :b", b=broadcast_id, scope=tx.scope
    )
    return int(found or 0)


def planned(tx: Tx, broadcast_id: int, upto: int) -> None:
    """Remember how far a release has come."""
    tx.run(
        "UPDATE broadcasts SET planned_upto = :upto "
        "WHERE id = :b AND id IN (SELECT id FROM visible_broadcasts)",
        {"upto": upto, "b": broadcast_id},
        scope=tx.scope,
    )
    tx.note("planned", "broadcast", broadcast_id, upto=upto)


def sums(tx: Tx, broadcast_id: int) -> dict[str, Any]:
    """What is planned: people to write to, people skipped by reason, parts by step and carrier."""
    queued = tx.value(
        f"SELECT count(*) FROM visible_messages WHERE broadcast_id = :b AND state = {QUEUED}",
        b=broadcast_id,
        scope=tx.scope,
    )
    skipped = tx.rows(
        "SELECT reason, count(*) AS n FROM visible_messages "
        f"WHERE broadcast_id = :b AND state = {SKIPPED} GROUP BY reason",
        b=broadcast_id,
        scope=tx.scope,
    )
    reasons = {row["reason"]: row["n"] for row in skipped}
    return {"queued": int(queued), "skipped": reasons, "parts": _parts(tx, broadcast_id)}


def _parts(tx: Tx, broadcast_id: int) -> list[dict[str, Any]]:
    """By step, carrier and parts of each: messages.

    Added up a stretch of messages at a time: grouping a million rows at once would sort them.
    """
    ends = tx.one(
        "SELECT MIN(id) AS low, MAX(id) AS high FROM visible_messages WHERE broadcast_id = :b",
        b=broadcast_id,
        scope=tx.scope,
    )
    found: dict[tuple[int, str, str | None, int], dict[str, Any]] = {}
    if ends is None or ends["low"] is None:
        return []
    for low in range(ends["low"], ends["high"] + 1, STRETCH):
        for row in tx.rows(
            "SELECT t.step, t.channel, a.carrier, b.parts, count(*) AS messages "
            "FROM targets t JOIN bodies b ON b.id = t.body_id "
            "JOIN addresses a ON a.id = t.address_id WHERE t.message_id >= :low "
            "AND t.message_id < :high AND +t.broadcast_id = :b "
            f"AND t.position = t.step * {TARGETS_PER_STEP} + {BY_PHONE} "
            "GROUP BY t.step, t.channel, a.carrier, b.parts",
            low=low,
            high=low + STRETCH,
            b=broadcast_id,
        ):
            key = row["step"], row["channel"], row["carrier"], row["parts"]
            so_far = found.setdefault(key, {**row, "messages": 0})
            so_far["messages"] += row["messages"]
    return sorted(found.values(), key=lambda r: (r["step"], r["carrier"] or "", r["parts"]))


def households(tx: Tx, broadcast_id: int) -> int:
    """Households in an audience; a person without one counts as one."""
    return int(
        tx.value(
            "SELECT count(DISTINCT household_id) + "
            "SUM(CASE WHEN household_id IS NULL THEN 1 ELSE 0 END) FROM visible_messages "
            "WHERE broadcast_id = :b",
            b=broadcast_id,
            scope=tx.scope,
        )
        or 0
    )
