"""Reading the delivery log: messages, attempts, one person's story, and sums for reports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from dispatcher.db.database import Tx
from dispatcher.db.queue import parts
from dispatcher.domain.model import AttemptState, MessageState


@dataclass(frozen=True)
class Filters:
    """Each one narrows; None means any. Moments are microseconds, as they lie in the database."""

    broadcast: int | None = None
    ward: int | None = None
    residential_group: int | None = None
    state: str | None = None
    fault: str | None = None
    gateway: str | None = None
    channel: str | None = None
    carrier: str | None = None
    contact: int | None = None
    message: int | None = None
    since: int | None = None
    until: int | None = None

    def sql(self, columns: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        """`AND …` for the filters that are set, with their values."""
        parts, values = "", {}
        for name, column in columns.items():
            value = getattr(self, name)
            if value is not None:
                sign = {"since": ">=", "until": "<"}.get(name, "=")
                parts += f" AND {column} {sign} :{name}"
                values[name] = value
        return parts, values


def _broadcasts(tx: Tx, filters: Filters, before: int | None) -> list[int]:
    """Broadcasts that may hold what is asked for, newest first: the log is read one by one.

    So every filter works on the index of one broadcast, however many millions the others have.
    """
    sql = "SELECT b.id FROM visible_broadcasts b WHERE 1 = 1"
    for condition, chosen in (
        ("b.id = :broadcast", filters.broadcast),
        ("b.id <= :before", before),
        ("b.created_at < :until", filters.until),
        ("(b.done_at IS NULL OR b.done_at >= :since)", filters.since),
        (
            "EXISTS (SELECT 1 FROM broadcast_wards w WHERE w.broadcast_id = b.id "
            "AND w.ward_id = :ward)",
            filters.ward,
        ),
    ):
        if chosen is not None:
            sql += f" AND {condition}"
    rows = tx.rows(
        f"{sql} ORDER BY b.id DESC",
        broadcast=filters.broadcast,
        before=before,
        until=filters.until,
        since=filters.since,
        ward=filters.ward,
        scope=tx.scope,
    )
    return [row["id"] for row in rows]


@dataclass(frozen=True)
class Log:
    """One of the three logs: what a row shows, by what it is found, and where it comes from."""

    row: str  # the alias of the table a row stands for
    table: str
    columns: Mapping[str, str]
    filters: Mapping[str, str]
    source: str
    states: Collection[str] = ()

    def select(self, tx: Tx) -> str:
        columns = ", ".join(f"{sql} AS {name}" for name, sql in self.columns.items())
        return f"SELECT {columns} FROM {self.source} WHERE"

    def rows(
        self,
        tx: Tx,
        filters: Filters,
        *,
        before: tuple[int, int] | None = None,
        limit: int | None = 100,
    ) -> Iterator[tuple[Any, ...]]:
        """Rows as tuples in the order of `columns`: one person's as they happened, else newest
        broadcast first. Numbers are masked. `before`: (broadcast, id) of the last row before."""
        where, values = filters.sql(self.filters)
        if filters.contact is not None or filters.message is not None:
            sql = (
                f"{self.select(tx)} ({self.row}.broadcast_id = :b OR :b = 0){where} "
                f"ORDER BY {self.row}.id LIMIT :n"
            )
            yield from _fetched(tx, sql, b=filters.broadcast or 0, n=limit or 2**31, **values)
            return
        for broadcast in _broadcasts(tx, filters, before[0] if before else None):
            last = before[1] if before and before[0] == broadcast else 2**62
            if limit is None:
                yield from self._whole(tx, broadcast, last, where, values)
                continue
            of, newest = f"{self.row}.broadcast_id = :b", last
            if tx.is_sqlite and filters.state is None and filters.fault is None:
                of, newest = f"+{of}", min(last, self._newest(tx, broadcast) + 1)
            sql = (
                f"{self.select(tx)} {of} AND {self.row}.id < :last{where} "
                f"ORDER BY {self.row}.id DESC LIMIT :n"
            )
            found = _fetched(tx, sql, b=broadcast, last=newest, n=limit, **values)
            yield from found
            limit -= len(found)
            if limit <= 0:
                return

    def _newest(self, tx: Tx, broadcast: int) -> int:
        """The last row of a broadcast, by a step into its index for each state: reading on from
        there beats sorting all of it, which is what SQLite would do."""
        each = " UNION ALL ".join(
            f"SELECT MAX(id) AS id FROM {self.table} WHERE broadcast_id = :b AND state = '{state}'"
            for state in self.states
        )
        sql = f"SELECT MAX(id) FROM ({each}) each_state"
        return int(tx.value(sql, b=broadcast, scope=tx.scope) or 0)

    def _whole(
        self, tx: Tx, broadcast: int, last: int, where: str, values: Mapping[str, Any]
    ) -> Iterator[tuple[Any, ...]]:
        """Everything of one broadcast, a stretch of ids at a time: no sorting, flat memory."""
        ends = tx.one(
            f"SELECT MIN(id) AS low, MAX(id) AS high FROM {self.table} WHERE broadcast_id = :b",
            b=broadcast,
            scope=tx.scope,
        )
        if ends is None or ends["low"] is None:
            return
        sql = (
            f"{self.select(tx)} +{self.row}.broadcast_id = :b AND {self.row}.id > :low "
            f"AND {self.row}.id <= :high{where} ORDER BY {self.row}.id DESC"
        )
        for high in range(min(ends["high"], last - 1), ends["low"] - 1, -PAGE):
            yield from _fetched(tx, sql, b=broadcast, low=high - PAGE, high=high, **values)


def _fetched(tx: Tx, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
    return cast(Sequence[tuple[Any, ...]], tx.run(sql, values, scope=tx.scope).fetchall())


def place(tx: Tx, kind: str, row_id: int) -> int | None:
    """The broadcast a message or an attempt belongs to, where the actor sees it."""
    of, join = "m.id", ""
    if kind != "messages":
        of, join = "a.id", " JOIN attempts a ON a.message_id = m.id"
    found = tx.value(
        f"SELECT m.broadcast_id FROM visible_messages m{join} WHERE {of} = :id",
        id=row_id,
        scope=tx.scope,
    )
    return None if found is None else int(found)


PAGE = 5_000  # rows read at once: memory stays flat however long the log is
MESSAGES = Log(
    row="m",
    table="visible_messages",
    columns={
        "id": "m.id",
        "broadcast": "m.broadcast_id",
        "contact": "m.contact_id",
        "ward": "w.name",
        "residential_group": "g.name",
        "state": "m.state",
        "reason": "m.reason",
        "code": "m.code",
        "gateway": "m.gateway",
        "channel": "t.channel",
        "phone": "a.tail",
        "carrier": "m.carrier",
        "through": "m.through_id",
        "tries": "m.tries",
        "changed_at": "m.changed_at",
        "parts_missing": parts.of_message("m"),
    },
    filters={
        "ward": "m.ward_id",
        "state": "m.state",
        "residential_group": "m.residential_group_id",
        "fault": "m.reason",
        "gateway": "m.gateway",
        "carrier": "m.carrier",
        "channel": "t.channel",
        "contact": "m.contact_id",
        "message": "m.id",
        "since": "m.changed_at",
        "until": "m.changed_at",
    },
    source="visible_messages m JOIN areas w ON w.id = m.ward_id "
    "LEFT JOIN areas g ON g.id = m.residential_group_id "
    "LEFT JOIN targets t ON t.message_id = m.id AND t.position = m.position "
    "LEFT JOIN addresses a ON a.id = t.address_id",
    states=[state.value for state in MessageState],
)
ATTEMPTS = Log(
    row="a",
    table="attempts",
    columns={
        "id": "a.id",
        "message": "a.message_id",
        "broadcast": "a.broadcast_id",
        "gateway": "a.gateway",
        "channel": "a.channel",
        "phone": "ad.tail",
        "reference": "a.reference",
        "state": "a.state",
        "heard": "a.heard",
        "fault": "a.fault",
        "code": "a.code",
        "detail": "a.detail",
        "provider_id": "a.provider_id",
        "parts": "a.parts",
        "cost": "a.cost",
        "asks": "a.asks",
        "asked_at": "a.asked_at",
        "answered_at": "a.answered_at",
        "heard_at": "a.heard_at",
        "heard_code": "a.heard_code",
        "parts_missing": parts.missing("a"),
    },
    filters={
        "ward": "m.ward_id",
        "fault": "a.fault",
        "residential_group": "m.residential_group_id",
        "gateway": "a.gateway",
        "channel": "a.channel",
        "carrier": "m.carrier",
        "contact": "m.contact_id",
        "message": "a.message_id",
        "state": "a.state",
        "since": "a.asked_at",
        "until": "a.asked_at",
    },
    source="attempts a JOIN visible_messages m ON m.id = a.message_id "
    "JOIN targets t ON t.message_id = a.message_id AND t.position = a.position "
    "JOIN addresses ad ON ad.id = t.address_id",
    states=[state.value for state in AttemptState],
)


class _Inbox(Log):
    """Receipts belong to no broadcast until they are matched: read by their own ids."""

    def rows(
        self,
        tx: Tx,
        filters: Filters,
        *,
        before: tuple[int, int] | None = None,
        limit: int | None = 100,
    ) -> Iterator[tuple[Any, ...]]:
        """Newest first; a person bound to wards sees receipts of their own messages only."""
        where, values = filters.sql(self.filters)
        mine = "" if tx.actor.wards is None else " AND m.id IS NOT NULL"
        sql = f"{self.select(tx)} r.id < :last{where}{mine} ORDER BY r.id DESC LIMIT :n"
        last, left = (before[1] if before else 2**62), limit
        while left is None or left > 0:
            chunk = PAGE if left is None else min(left, PAGE)
            found = _fetched(tx, sql, last=last, n=chunk, **values)
            yield from found
            if left is not None:
                left -= len(found)
            if len(found) < chunk:
                return
            last = found[-1][0]


RECEIPTS = _Inbox(
    row="r",
    table="receipts",
    columns={
        "id": "r.id",
        "gateway": "r.gateway",
        "at": "r.at",
        "state": "r.state",
        "heard": "r.heard",
        "code": "r.code",
        "tries": "r.tries",
        "message": "a.message_id",
        "broadcast": "a.broadcast_id",
        "reference": "a.reference",
        "provider_id": "a.provider_id",
    },
    filters={
        "ward": "m.ward_id",
        "residential_group": "m.residential_group_id",
        "gateway": "r.gateway",
        "state": "r.state",
        "carrier": "m.carrier",
        "channel": "a.channel",
        "broadcast": "a.broadcast_id",
        "contact": "m.contact_id",
        "message": "a.message_id",
        "since": "r.at",
        "until": "r.at",
    },
    source="receipts r LEFT JOIN attempts a ON a.id = r.attempt_id "
    "LEFT JOIN visible_messages m ON m.id = a.message_id",
)
LOGS: Mapping[str, Log] = {"messages": MESSAGES, "attempts": ATTEMPTS, "receipts": RECEIPTS}


def messages(tx: Tx, filters: Filters, *, limit: int | None = 100) -> Iterator[dict[str, Any]]:
    """Messages as mappings."""
    return (
        dict(zip(MESSAGES.columns, row, strict=True))
        for row in MESSAGES.rows(tx, filters, limit=limit)
    )


def attempts(tx: Tx, filters: Filters, *, limit: int | None = 100) -> Iterator[dict[str, Any]]:
    """Attempts as mappings."""
    return (
        dict(zip(ATTEMPTS.columns, row, strict=True))
        for row in ATTEMPTS.rows(tx, filters, limit=limit)
    )
