"""Reports that are pulled: whose turn it is, how far a round has come, who is still silent."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatcher.db.broadcasts import texts
from dispatcher.db.database import Row, Tx, at
from dispatcher.db.words import ACCEPTED, UNCONFIRMED

STRETCH = 20_000  # messages looked at for a page, so that no page takes long
RUNS_FOR = timedelta(days=7)  # a broadcast may

_DUE = (
    "name = :g AND (polled_at IS NULL OR polled_at <= CASE WHEN poll_after > 0 "
    "THEN :now - 1000000 ELSE :before END)"
)


def poll_due(tx: Tx, gateway: str, now: datetime, every: timedelta) -> bool:
    """True when it is time to ask a gateway for reports.

    A round that is not through goes on at once; a new one begins `every` so often.
    """
    found = tx.value(
        f"SELECT 1 FROM gateways WHERE {_DUE}", g=gateway, now=at(now), before=at(now - every)
    )
    return found is not None


def take_poll(tx: Tx, gateway: str, every: timedelta) -> int | None:
    """The message to go on after; None when another worker was faster."""
    row = tx.one(
        f"UPDATE gateways SET polled_at = :now WHERE {_DUE} RETURNING poll_after",
        g=gateway,
        now=at(tx.now),
        before=at(tx.now - every),
    )
    tx.note("polled", "gateway", gateway)
    return None if row is None else int(row["poll_after"] or 0)


def polled(tx: Tx, gateway: str, after: int) -> None:
    """Remember how far the round has come; 0 begins the next one."""
    tx.run("UPDATE gateways SET poll_after = :a WHERE name = :g", {"a": after, "g": gateway})
    tx.note("polled", "gateway", gateway, after=after)


def silent(
    tx: Tx,
    gateway: str,
    after: int,
    oldest: datetime,
    youngest: datetime,
    most: int,
    *,
    doubts: bool = False,
    stretch: int = STRETCH,
) -> tuple[list[Row], int]:
    """(accepted attempts nothing final was heard of, the message the round has come to).

    Each: reference, provider_id, asked_at, to, body. 0: the round is through. With `doubts` also
    those whose outcome nobody knows, with their text. Looks at a stretch of messages by their ids:
    whatever was sent, a page costs the same.
    """
    states = f"({ACCEPTED}, {UNCONFIRMED})" if doubts else f"({ACCEPTED})"
    released = at(oldest - RUNS_FOR)
    low = after or _first(tx, released) - 1
    seen = tx.one(
        "SELECT count(*) AS n, MAX(id) AS high FROM "
        "(SELECT id FROM messages WHERE id > :low ORDER BY id LIMIT :n) ahead",
        low=low,
        n=stretch,
    )
    if seen is None or not seen["n"]:
        return [], 0
    rows = tx.rows(
        "SELECT a.message_id, a.reference, a.provider_id, a.asked_at, a.state, t.body_id, "
        "ad.kind AS address_kind, ad.cipher "
        "FROM messages m CROSS JOIN attempts a CROSS JOIN targets t CROSS JOIN addresses ad "
        f"WHERE m.id > :low AND m.id <= :high AND m.state || '' IN {states} "
        "AND m.broadcast_id + 0 IN (SELECT id FROM broadcasts WHERE released_at >= :released) "
        f"AND a.message_id = m.id AND a.state || '' IN {states} AND a.heard < 2 "
        "AND a.gateway || '' = :g AND a.asked_at >= :oldest AND a.asked_at <= :youngest "
        "AND t.message_id = a.message_id AND t.position = a.position "
        "AND ad.id = t.address_id AND ad.cipher IS NOT NULL ORDER BY m.id, a.id LIMIT :n",
        low=low,
        high=seen["high"],
        g=gateway,
        released=released,
        oldest=at(oldest),
        youngest=at(youngest),
        n=most,
    )
    lost = {row["body_id"] for row in rows if row["state"] == "unconfirmed"}
    bodies = texts.bodies(tx, lost) if lost else {}
    found: list[Row] = [
        {
            **row,
            "to": tx.sealer.open_address(row["address_kind"], row["cipher"]),
            "body": bodies[row["body_id"]][0].body if row["state"] == "unconfirmed" else "",
        }
        for row in rows
    ]
    if len(rows) == most:
        return found, int(rows[-1]["message_id"])
    return found, int(seen["high"]) if seen["n"] == stretch else 0


def _first(tx: Tx, released: int) -> int:
    """The first message a vendor may still know of."""
    return int(
        tx.value(
            "SELECT MIN(m.id) FROM broadcasts b JOIN messages m ON m.broadcast_id = b.id "
            "WHERE b.released_at >= :released",
            released=released,
        )
        or 1
    )
