"""A broadcast added up per ward, for pages and reports.

Small broadcasts are added up whenever somebody looks. Large ones are added up by the worker now and
then (`add_up`), while they run and as long as receipts may still come; pages read what lies there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dispatcher.db.broadcasts.log_people import REACH
from dispatcher.db.compiling import Among
from dispatcher.db.contacts import phone_conditions
from dispatcher.db.database import Tx
from dispatcher.db.queue import parts
from dispatcher.db.schema import micros as at
from dispatcher.db.schema import moment
from dispatcher.db.words import ACCEPTED
from dispatcher.domain.model import MessageState

LARGE = 20_000  # people; a page adds up fewer itself
SELDOM = timedelta(seconds=5)  # at the earliest so long after the last time
SHARE = 30  # and after so many times as long as it took
RECEIPTS_COME = timedelta(days=8)

QUERIES: Mapping[str, str] = {
    "people": "SELECT ward_id, place, state, reason, gateway, carrier, through, count(*) AS n "
    "FROM (SELECT m.ward_id, m.residential_group_id AS place, m.state, m.reason, m.gateway, "
    f"m.carrier, CASE WHEN {phone_conditions.REACHED} THEN 1 ELSE 0 END AS through "
    "FROM visible_messages m LEFT JOIN visible_messages h ON h.id = m.through_id "
    "WHERE m.broadcast_id = :b) people "
    "GROUP BY ward_id, place, state, reason, gateway, carrier, through",
    "spent": "SELECT m.ward_id, a.channel, a.gateway, count(*) AS accepted, "
    "SUM(CASE WHEN a.heard >= 4 THEN 1 ELSE 0 END) AS delivered, "
    "COALESCE(SUM(a.parts), 0) AS parts, COALESCE(SUM(a.cost), 0) AS cost FROM attempts a "
    "JOIN visible_messages m ON m.id = a.message_id WHERE a.broadcast_id = :b "
    f"AND a.state = {ACCEPTED} GROUP BY m.ward_id, a.channel, a.gateway",
    "twice": "SELECT ward_id, count(*) AS people, SUM(extra) AS cost FROM (SELECT m.ward_id, "
    "SUM(COALESCE(a.cost, 0)) - MIN(COALESCE(a.cost, 0)) AS extra FROM attempts a "
    "JOIN visible_messages m ON m.id = a.message_id WHERE a.broadcast_id = :b "
    "AND a.heard >= 4 GROUP BY m.ward_id, a.message_id HAVING count(*) > 1) twice "
    "GROUP BY ward_id",
    "faults": "SELECT m.ward_id, a.gateway, a.fault, a.code, count(*) AS n FROM attempts a "
    "JOIN visible_messages m ON m.id = a.message_id WHERE a.broadcast_id = :b "
    "AND a.fault IS NOT NULL GROUP BY m.ward_id, a.gateway, a.fault, a.code",
    "short": "SELECT m.ward_id, m.residential_group_id AS place, m.gateway, m.carrier, "
    f"count(*) AS n FROM visible_messages m WHERE m.id IN ({parts.messages(':b')}) "
    "GROUP BY m.ward_id, m.residential_group_id, m.gateway, m.carrier",
    "homes": "SELECT ward_id, place, reach, count(*) AS n FROM (SELECT m.ward_id, "
    f"m.residential_group_id AS place, {REACH} AS reach "
    "FROM visible_messages m LEFT JOIN visible_messages h ON h.id = m.through_id "
    "WHERE m.broadcast_id = :b GROUP BY m.ward_id, m.residential_group_id, m.household_id, "
    "CASE WHEN m.household_id IS NULL THEN m.contact_id END) homes "
    "GROUP BY ward_id, place, reach",
}


@dataclass(frozen=True)
class Totals:
    """Sums of a broadcast over the wards that are seen. Each row says how many (`n`) are alike.

    `people`: ward_id, place (a residential group's id or None), state, reason, gateway, carrier,
    through (1: reached on a shared phone); `spent`: channel, gateway, accepted, delivered, parts,
    cost in đồng; `short`: ward_id, place, gateway, carrier of people whose text arrived in part
    only (among those who were reached); `twice`: people, cost; `faults`: gateway, fault, code;
    `homes`: ward_id, place, reach (3 reached, 2 maybe, 1 not, 0 no contact; somebody without
    a household is one).
    """

    people: Sequence[Mapping[str, Any]] = ()
    spent: Sequence[Mapping[str, Any]] = ()
    twice: Sequence[Mapping[str, Any]] = ()
    faults: Sequence[Mapping[str, Any]] = ()
    homes: Sequence[Mapping[str, Any]] = ()
    short: Sequence[Mapping[str, Any]] = ()
    at: datetime | None = None  # when it was taken, where that was a while ago

    @property
    def states(self) -> dict[str, int]:
        """Messages by state; only states that occur."""
        return _ordered((row["state"], row["n"]) for row in self.people)


def fresh(tx: Tx, broadcast_id: int, whats: Collection[str] = tuple(QUERIES)) -> Totals:
    """Added up at this moment."""
    sums: dict[str, Any] = {
        what: [
            {name: _plain(value) for name, value in row.items()}
            for row in tx.rows(QUERIES[what], b=broadcast_id, scope=tx.scope)
        ]
        for what in whats
    }
    return Totals(**sums)


def totals_of(tx: Tx, broadcast_id: int, whats: Collection[str] = tuple(QUERIES)) -> Totals:
    """What the worker added up last, of a large broadcast; else added up now. `whats`: which."""
    rows = _kept(tx, "at, sums", [broadcast_id])
    if not rows:
        return fresh(tx, broadcast_id, whats)
    sums: dict[str, Any] = {what: [] for what in QUERIES}
    for row in rows:
        for what, (columns, lines) in json.loads(row["sums"]).items():
            if what not in whats:
                continue
            sums[what] += [
                {**dict(zip(columns, values, strict=True)), "ward_id": row["ward_id"]}
                for values in lines
            ]
    return Totals(**sums, at=moment(min(row["at"] for row in rows)))


def states(tx: Tx, broadcast_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Messages by state of some broadcasts, as `totals_of` would have them."""
    found: dict[int, list[tuple[str, int]]] = {b: [] for b in broadcast_ids}
    kept = _kept(tx, "states", broadcast_ids)
    for row in kept:
        found[row["broadcast_id"]] += json.loads(row["states"]).items()
    fresh = set(broadcast_ids) - {row["broadcast_id"] for row in kept}
    if fresh:
        for row in tx.rows(
            "SELECT broadcast_id, state, count(*) AS n "
            "FROM visible_messages WHERE broadcast_id IN (:ids) GROUP BY broadcast_id, state",
            ids=Among(sorted(fresh)),
            scope=tx.scope,
        ):
            found[row["broadcast_id"]].append((row["state"], row["n"]))
    return {b: _ordered(counted) for b, counted in found.items()}


def due(tx: Tx, now: datetime, small: set[int]) -> list[int]:
    """Large broadcasts that should be added up again: under way, or where receipts still come.

    The older the end, the less often; a last time when no more receipts are believed. `small`:
    finished ones known to be small, kept by the caller from one call to the next.
    """
    found = []
    for row in tx.rows(
        "SELECT b.id, b.done_at, t.at, t.took FROM "
        "visible_broadcasts b LEFT JOIN (SELECT broadcast_id, MIN(at) AS at, MAX(took) AS took "
        "FROM tallies GROUP BY broadcast_id) t ON t.broadcast_id = b.id "
        "WHERE b.released_at IS NOT NULL AND (b.done_at IS NULL OR t.at IS NULL "
        "OR t.at < b.done_at + :receipts)",
        receipts=_micros(RECEIPTS_COME),
        scope=tx.scope,
    ):
        if row["id"] in small:
            continue
        if row["at"] is None and not _is_large(tx, row["id"]):
            if row["done_at"] is not None:
                small.add(row["id"])
        elif row["at"] is None or at(now) - row["at"] > _wait(now, row):
            found.append(row["id"])
    return found


def _is_large(tx: Tx, broadcast_id: int) -> bool:
    many = tx.value(
        "SELECT count(*) FROM (SELECT 1 FROM visible_messages "
        "WHERE broadcast_id = :b LIMIT :large) few",
        b=broadcast_id,
        large=LARGE,
        scope=tx.scope,
    )
    return int(many or 0) >= LARGE


def _wait(now: datetime, row: Mapping[str, Any]) -> int:
    """Microseconds from one time to the next."""
    wait = max(_micros(SELDOM), SHARE * int(row["took"]))
    if row["done_at"] is not None:
        wait = max(wait, min(at(now) - row["done_at"], _micros(RECEIPTS_COME)) // 10)
    return wait


def add_up(tx: Tx, when: datetime, broadcast_id: int) -> list[dict[str, Any]]:
    """Add up, in a transaction that only reads: rows for `keep_totals`, one per ward."""
    began = time.perf_counter()
    found = fresh(tx, broadcast_id)
    took = round((time.perf_counter() - began) * 1_000_000)
    wards: dict[int, dict[str, Any]] = {}
    for what in QUERIES:
        for row in getattr(found, what):
            columns = [name for name in row if name != "ward_id"]
            held = wards.setdefault(row["ward_id"], {}).setdefault(what, (columns, []))
            held[1].append([_plain(row[name]) for name in columns])
    return [
        {
            "b": broadcast_id,
            "w": ward,
            "at": at(when),
            "took": took,
            "states": json.dumps(
                _ordered((r["state"], r["n"]) for r in found.people if r["ward_id"] == ward)
            ),
            "sums": json.dumps(sums, ensure_ascii=False, separators=(",", ":")),
        }
        for ward, sums in wards.items()
    ]


def keep_totals(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Remember what `add_up` found, for whoever looks."""
    tx.run(
        "INSERT INTO tallies (broadcast_id, ward_id, at, took, states, sums) "
        "VALUES (:b, :w, :at, :took, :states, :sums) ON CONFLICT (broadcast_id, ward_id) DO "
        "UPDATE SET at = excluded.at, took = excluded.took, states = excluded.states, "
        "sums = excluded.sums",
        list(rows),
    )


def _kept(tx: Tx, columns: str, broadcast_ids: Sequence[int]) -> Sequence[Mapping[str, Any]]:
    return tx.rows(
        f"SELECT broadcast_id, ward_id, {columns} "
        "FROM visible_tallies WHERE broadcast_id IN (:ids)",
        ids=Among(broadcast_ids),
        scope=tx.scope,
    )


def _ordered(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for state, n in pairs:
        sums[state] = sums.get(state, 0) + n
    return {s.value: sums[s.value] for s in MessageState if s.value in sums}


def _plain(value: Any) -> Any:
    """PostgreSQL sums as Decimal."""
    return value if value is None or isinstance(value, str) else int(value)


def _micros(span: timedelta) -> int:
    return round(span.total_seconds() * 1_000_000)
