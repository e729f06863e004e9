"""Messages that wait: handed back to the queue, handed over to another gateway, or overdue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from dispatcher.db.compiling import Among
from dispatcher.db.database import Tx, at
from dispatcher.db.queue.outcomes import best_of_attempts
from dispatcher.db.rows import chosen, locking, on_ids, on_rows
from dispatcher.db.words import (
    ACCEPTED,
    CARRIER,
    DOUBTFUL,
    HELD,
    LATER,
    PAUSED,
    QUEUED,
    REFUSED,
    RUNNING,
    SENDING,
    UNCONFIRMED,
    UNKNOWN,
)
from dispatcher.domain.model import MessageState

# A message `m` that the gateway :new may take over: nobody may have taken it where it stands, the
# new gateway has not refused it, and it is not written to a user id, which one account knows.
MOVABLE = (
    f"m.state = {QUEUED} AND m.lease_owner IS NULL AND m.position % 16 <> 0 AND NOT EXISTS "
    "(SELECT 1 FROM attempts a WHERE a.message_id = m.id AND a.position = m.position "
    f"AND (a.state <> {REFUSED} OR (a.gateway = :new AND a.fault IN ({CARRIER}, {LATER}))))"
)


def at_gateway(
    tx: Tx, broadcast_id: int, gateway: str, positions: tuple[int, int], most: int
) -> int:
    """Messages of one step that wait for a gateway and no worker holds; counted up to `most`."""
    return int(
        tx.value(
            "SELECT count(*) FROM (SELECT 1 FROM visible_messages "
            "WHERE broadcast_id = :b AND gateway = :g "
            f"AND state = {QUEUED} AND lease_owner IS NULL "
            "AND position > :low AND position < :high LIMIT :n) found",
            b=broadcast_id,
            g=gateway,
            low=positions[0],
            high=positions[1],
            n=most,
            scope=tx.scope,
        )
    )


def move_over(
    tx: Tx, broadcast_id: int, old: str, new: str, positions: tuple[int, int], most: int
) -> int:
    """Let another gateway of a step carry some of what waits, the last in line first; how many.

    Only what was never taken by anybody and what the new gateway has not refused; a user id is
    known to its own account alone.
    """
    select = (
        "SELECT m.id FROM messages m WHERE m.broadcast_id = :b AND m.gateway = :old "
        f"AND {MOVABLE} AND m.position > :low AND m.position < :high "
        f"ORDER BY m.due_at DESC, m.id DESC LIMIT :n{locking(tx)}"
    )
    return int(
        tx.run(
            "UPDATE messages SET gateway = :new, due_at = CASE WHEN due_at > :now AND tries > 0 "
            f"THEN :now ELSE due_at END, changed_at = :now WHERE {chosen(tx, select)}",
            {
                "b": broadcast_id,
                "old": old,
                "new": new,
                "low": positions[0],
                "high": positions[1],
                "n": most,
                "now": at(tx.now),
            },
        ).rowcount
    )


def release_leases(tx: Tx, worker: str) -> int:
    """A worker lets go of what it never put on the wire."""
    return int(
        tx.run(
            "UPDATE messages SET lease_owner = NULL, lease_until = NULL "
            f"WHERE lease_owner = :w AND state = {QUEUED}",
            {"w": worker},
        ).rowcount
    )


def let_go(tx: Tx, worker: str, ids: Sequence[int]) -> None:
    """Give some leased messages back to the queue; nothing of them has left."""
    on_ids(
        tx,
        "UPDATE messages SET lease_owner = NULL, lease_until = NULL WHERE id IN (:ids) "
        f"AND COALESCE(lease_owner, '') = :w AND state || '' = {QUEUED}",
        ids,
        w=worker,
    )


def lapse(tx: Tx) -> int:
    """Leases that ran out before anything left go back to the queue."""
    return int(
        tx.run(
            "UPDATE messages SET lease_owner = NULL, lease_until = NULL WHERE "
            f"lease_owner IS NOT NULL AND state = {QUEUED} AND lease_until < :now",
            {"now": at(tx.now)},
        ).rowcount
    )


def orphans(tx: Tx, *, worker: str | None = None) -> list[Any]:
    """Open calls of a dead worker, or of anyone whose lease ran out: their outcome is unknown."""
    which = "m.lease_owner = :w" if worker else "m.lease_owner IS NOT NULL AND m.lease_until < :now"
    return tx.rows(
        "SELECT m.id, m.broadcast_id, m.gateway, m.position, m.tries, m.lease_owner, "
        "a.reference, a.call_ref, "
        "a.asked_at, a.heard, b.expires_at, b.rather_twice FROM messages m "
        f"JOIN attempts a ON a.message_id = m.id AND a.state IN ({SENDING}, {DOUBTFUL}) "
        f"JOIN broadcasts b ON b.id = m.broadcast_id WHERE {which} AND m.state = {SENDING}",
        w=worker,
        now=at(tx.now),
    )


def seize(tx: Tx, worker: str, rows: Sequence[Any]) -> None:
    """Take over orphaned rows, so that their settling is fenced like any other."""
    on_rows(
        tx,
        "UPDATE messages SET lease_owner = :w FROM "
        ":rows r WHERE messages.id = r.id "
        "AND messages.lease_owner = r.old",
        {"id": "bigint", "old": "text"},
        [[r["id"], r["lease_owner"]] for r in rows],
        w=worker,
    )


_PAST_DEADLINE = (
    f"FROM messages m JOIN broadcasts b ON b.id = m.broadcast_id AND b.state = {RUNNING} "
    f"WHERE m.state = {ACCEPTED} AND m.deadline_at IS NOT NULL AND m.deadline_at <= :now"
)


def any_past_deadline(tx: Tx, now: datetime) -> bool:
    """True when a step has waited long enough for word of some message."""
    return tx.one(f"SELECT 1 {_PAST_DEADLINE} LIMIT 1", now=at(now)) is not None


def past_deadline(tx: Tx, unread: Collection[str] = (), most: int = 2_000) -> list[Any]:
    """Accepted messages whose step has waited long enough for word.

    Not those where an attempt went by a gateway in `unread`: its report may be here already.
    """
    but = (
        " AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.message_id = m.id "
        "AND a.gateway IN (:unread))"
    )
    return tx.rows(
        f"SELECT m.id, m.position, m.gateway, b.expires_at {_PAST_DEADLINE}"
        f"{but if unread else ''} ORDER BY m.deadline_at LIMIT :n",
        now=at(tx.now),
        n=most,
        unread=Among(sorted(unread), "text"),
    )


def doubts_over(tx: Tx, reachable: Collection[str]) -> list[int]:
    """Messages in doubt that no call is open for, past their broadcast's expiry, which nobody asks
    about: their gateway is paused or gone, or their broadcast is paused or held."""
    rows = on_rows(
        tx,
        "SELECT m.id FROM messages m JOIN broadcasts b ON b.id = m.broadcast_id "
        f"AND b.expires_at <= :now WHERE m.state = {SENDING} AND m.lease_owner IS NULL "
        f"AND (b.state IN ({PAUSED}, {HELD}) "
        "OR NOT EXISTS (SELECT 1 FROM :rows r WHERE r.name = m.gateway) "
        "OR EXISTS (SELECT 1 FROM gateways g WHERE g.name = m.gateway "
        "AND g.paused_at IS NOT NULL))",
        {"name": "text"},
        [[name] for name in sorted(reachable)] or [[""]],
        now=at(tx.now),
    )
    return [row["id"] for row in rows]


def end_doubts(tx: Tx, ids: Sequence[int]) -> list[int]:
    """Name these doubts: what the best of their attempts is, else unconfirmed; which were named.

    Not those another worker asks about at this moment: their calls stay open, should it die.
    """
    named = [
        i
        for (i,) in on_ids(
            tx,
            f"UPDATE messages SET state = {best_of_attempts(UNCONFIRMED)}, reason = {UNKNOWN}, "
            f"deadline_at = NULL, changed_at = :now WHERE id IN (:ids) AND state = {SENDING} "
            "AND lease_owner IS NULL RETURNING id",
            ids,
            now=at(tx.now),
        )
    ]
    on_ids(
        tx,
        f"UPDATE attempts SET state = {UNCONFIRMED}, fault = {UNKNOWN} WHERE message_id IN (:ids) "
        f"AND state IN ({DOUBTFUL}, {SENDING})",
        named,
    )
    return named


def go_on(tx: Tx, rows: Sequence[tuple[int, int, MessageState, int | None, str | None]]) -> None:
    """After a deadline: (message, its position, state, new position, new gateway).

    One that another worker moved meanwhile may be accepted again, at its next step: it stays.
    """
    on_rows(
        tx,
        "UPDATE messages SET state = r.s, position = COALESCE(r.p, messages.position), "
        "gateway = COALESCE(r.g, messages.gateway), deadline_at = NULL, tries = 0, due_at = :now, "
        "changed_at = :now FROM "
        ":rows r "
        f"WHERE messages.id = r.m AND messages.state = {ACCEPTED} AND messages.position = r.at",
        {"m": "bigint", "at": "int", "s": "text", "p": "int", "g": "text"},
        rows,
        now=at(tx.now),
    )
