"""What a release has planned, added up: people, those left out, parts by step and carrier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dispatcher.db.broadcasts.targets import (
    BY_PHONE,
    TARGETS_PER_STEP,
    scope_id,
)
from dispatcher.db.compiling import Among
from dispatcher.db.database import Tx
from dispatcher.db.words import (
    NO_TEXT,
    QUEUED,
    SKIPPED,
)
from dispatcher.domain.model import chunks

STRETCH = 50_000  # messages added up at once


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
