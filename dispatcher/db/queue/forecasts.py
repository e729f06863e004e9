"""What a forecast counts: what still waits at each gateway, and how it ended."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from dispatcher.db.broadcasts.release_sums import STRETCH
from dispatcher.db.database import Tx
from dispatcher.db.schema import moment
from dispatcher.db.words import QUEUED, REFUSED


class WaitingMessages(NamedTuple):
    """Messages of one step that wait for one gateway, with their billed parts."""

    gateway: str
    step: int
    channel: str
    carrier: str | None
    messages: int
    parts: int


def waiting_messages(tx: Tx, broadcast_id: int) -> list[WaitingMessages]:
    """What waits in a broadcast, added up a stretch of messages at a time."""
    ends = tx.one(
        "SELECT MIN(id) AS low, MAX(id) AS high FROM visible_messages WHERE broadcast_id = :b",
        b=broadcast_id,
        scope=tx.scope,
    )
    if ends is None or ends["low"] is None:
        return []
    messages: Counter[tuple[str, int, str, str | None]] = Counter()
    parts: Counter[tuple[str, int, str, str | None]] = Counter()
    for low in range(ends["low"], ends["high"] + 1, STRETCH):
        for row in tx.rows(
            "SELECT m.gateway, t.step, t.channel, a.carrier, "
            "count(*) AS n, SUM(b.parts) AS parts FROM visible_messages m JOIN targets t "
            "ON t.message_id = m.id AND t.position = m.position JOIN bodies b ON b.id = t.body_id "
            "JOIN addresses a ON a.id = t.address_id WHERE m.broadcast_id = :b AND m.id >= :low "
            f"AND m.id < :high AND m.state = {QUEUED} "
            "GROUP BY m.gateway, t.step, t.channel, a.carrier",
            b=broadcast_id,
            low=low,
            high=low + STRETCH,
            scope=tx.scope,
        ):
            key = (row["gateway"], row["step"], row["channel"], row["carrier"])
            messages[key] += row["n"]
            parts[key] += int(row["parts"])
    return [WaitingMessages(*key, n, parts[key]) for key, n in messages.items()]


def foreseen(tx: Tx, broadcast_id: int) -> dict[str, Any] | None:
    """The forecast made at release, as `planning.Forecast.as_json` wrote it."""
    found = tx.value(
        "SELECT forecast FROM visible_broadcasts WHERE id = :b", b=broadcast_id, scope=tx.scope
    )
    return json.loads(found) if found else None


def outcome(tx: Tx, broadcast_id: int) -> tuple[datetime | None, int]:
    """(when the last answer of a gateway came, đồng by the prices of that day)."""
    row = tx.one(
        "SELECT MAX(a.answered_at) AS last, "
        f"SUM(CASE WHEN a.state <> {REFUSED} THEN a.cost END) AS cost FROM attempts a "
        "JOIN visible_messages m ON m.id = a.message_id WHERE m.broadcast_id = :b",
        b=broadcast_id,
        scope=tx.scope,
    )
    assert row is not None
    return (moment(row["last"]) if row["last"] else None), int(row["cost"] or 0)
