"""The set-based SQL of a release: an audience becomes messages and targets, in resumable chunks.

A chunk is planned once, in one transaction that also says how far the release has come.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.targets import (
    Shares,
    drawn,
    scope_id,
)
from dispatcher.db.compiling import Among
from dispatcher.db.contacts.audience_filter import AudienceFilter
from dispatcher.db.contacts.suppression_rules import IS_MOBILE, NUMBERS, SuppressionRules
from dispatcher.db.database import Tx, at
from dispatcher.db.rows import on_rows
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
    for row in tx.rows(
        f"SELECT relname FROM pg_class WHERE relname IN ({tables}) "
        "AND relkind = 'r' AND pg_relation_size(oid) > 0 AND NOT EXISTS (SELECT 1 "
        "FROM pg_stats s WHERE s.tablename = relname AND s.schemaname = "
        "current_schema()) "
        "AND relnamespace = current_schema()::regnamespace"
    ):
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


def scope_ids(tx: Tx, reach: AudienceFilter, scope: str) -> list[int]:
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


def people(tx: Tx, reach: AudienceFilter, low: int, high: int) -> list[Any]:
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
    reach: AudienceFilter,
    may: SuppressionRules,
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
    tx: Tx, reach: AudienceFilter, may: SuppressionRules, by_household: bool, low: int, high: int
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


def wanted(tx: Tx) -> int:
    """Rows of this chunk that want a target."""
    return int(tx.value("SELECT count(*) FROM plan_rows WHERE reason IS NULL"))


def name_those_without_text(
    tx: Tx,
    broadcast_id: int,
    low: int,
    high: int,
    lacking: Collection[int],
    shared: Sequence[tuple[int, str]],
) -> None:
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
