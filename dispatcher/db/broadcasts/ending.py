"""When a broadcast is over: what is still open, what is too late, what is done."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.contacts import households, shared_phones, sharers_at_the_end
from dispatcher.db.database import Tx, at
from dispatcher.db.queue.outcomes import best_of_attempts
from dispatcher.db.queue.waiting import MOVABLE
from dispatcher.db.schema import moment
from dispatcher.db.words import (
    ACCEPTED,
    APPROVED,
    DONE,
    EXPIRED,
    HELD,
    PAUSED,
    QUEUED,
    RUNNING,
    SCHEDULED,
    SENDING,
    STOPPED,
)
from dispatcher.domain.model import BroadcastState, MessageState
from dispatcher.domain.periods import of_route
from dispatcher.domain.problems import Problem

BACK_FOR = timedelta(days=8)  # reports are tried for seven


class Ended(NamedTuple):
    """A broadcast that is over, and how many of it were never sent as their time was over."""

    id: int
    state: str
    expired: int


def open_work(tx: Tx, now: datetime, soon: timedelta) -> bool:
    """True while something is due soon, on the wire or in doubt.

    Schedules, closed windows and a vendor's own night or quota do not count: they are not due,
    unless another gateway of the step can take over.
    """
    if broadcasts.due_ids(tx, now):
        return True
    paused = {
        row["name"] for row in tx.rows("SELECT name FROM gateways WHERE paused_at IS NOT NULL")
    }
    closed = {
        (row["gateway"], row["broadcast_id"])
        for row in tx.rows("SELECT * FROM closures WHERE until > :soon", soon=at(now + soon))
    }
    for broadcast in broadcasts.running(tx):
        steps = [s for s in broadcast.route if s.is_open(now) and broadcast.window.is_open(now)]
        shut = {g for s in steps for g in s.gateways if g in paused or (g, broadcast.id) in closed}
        opened = {g for s in steps for g in s.gateways} - shut
        there = f"m.due_at <= :soon AND m.gateway IN ({_quoted(opened)})"
        asked = "" if opened else "m.due_at <= :soon AND "  # a repeat waits for its hours, too
        for condition in (
            f"m.state = {QUEUED} AND m.lease_owner IS NULL AND {there}",
            f"m.state = {QUEUED} AND m.lease_owner IS NOT NULL AND {there}",
            f"m.state = {SENDING} AND (m.lease_owner IS NOT NULL OR ({asked}NOT EXISTS (SELECT 1 "
            "FROM gateways g WHERE g.name = m.gateway AND g.paused_at IS NOT NULL)))",
            f"m.state = {ACCEPTED} AND m.deadline_at <= :soon",
        ):
            if tx.one(
                "SELECT 1 FROM visible_messages m "
                f"WHERE m.broadcast_id = :b AND {condition} LIMIT 1",
                b=broadcast.id,
                soon=at(now + soon),
                scope=tx.scope,
            ):
                return True
        for step in steps:
            others = [g for g in step.gateways if g in opened]
            if any(_can_move(tx, broadcast.id, g, others) for g in step.gateways if g in shut):
                return True
    return False


def due_since(tx: Tx, now: datetime) -> datetime | None:
    """Since when something has been due that only a worker does; None when nothing is."""
    first = tx.value(
        f"SELECT MIN(at) FROM visible_broadcasts WHERE state = {SCHEDULED} AND at <= :now",
        now=at(now),
        scope=tx.scope,
    )
    firing = tx.value(
        "SELECT MIN(next_fire_at) FROM schedules "
        f"WHERE state = {APPROVED} AND next_fire_at <= :now",
        now=at(now),
    )
    found = [moment(m) for m in (first, firing) if m is not None]
    if not found and open_work(tx, now, timedelta()):
        found = [b.starts_at for b in broadcasts.running(tx) if b.starts_at is not None]
    return min(found, default=None)


def silent(tx: Tx, since: datetime) -> int:
    """Messages accepted since then of which nothing was heard yet."""
    return int(
        tx.value(
            "SELECT count(*) FROM visible_messages "
            f"WHERE state = {ACCEPTED} AND changed_at > :since",
            since=at(since),
            scope=tx.scope,
        )
    )


def _quoted(names: Collection[str]) -> str:
    """Gateway names, which are plain words (see config), as a list in SQL."""
    return ", ".join(f"'{n}'" for n in sorted(names)) or "''"


def _can_move(tx: Tx, broadcast_id: int, gateway: str, others: Collection[str]) -> bool:
    """True when something that waits for a gateway may go by another one of its step."""
    for other in others:
        if tx.one(
            "SELECT 1 FROM visible_messages m "
            f"WHERE m.broadcast_id = :b AND m.gateway = :g AND {MOVABLE} LIMIT 1",
            b=broadcast_id,
            g=gateway,
            new=other,
            scope=tx.scope,
        ):
            return True
    return False


def end_queued(tx: Tx, broadcast_id: int, to: MessageState) -> int:
    """What still waits becomes `to` (cancelled, expired), or what an earlier attempt is.

    So does whoever shares a phone that nothing was accepted for: they are counted as the others.
    """
    sharers_at_the_end.end(tx, broadcast_id, to)
    return int(
        tx.run(
            "UPDATE messages SET "
            f"state = {best_of_attempts(':to')}, deadline_at = NULL, lease_owner = NULL, "
            f"lease_until = NULL, changed_at = :now WHERE broadcast_id = :b AND state = {QUEUED} "
            "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = messages.id)",
            {"to": to.value, "b": broadcast_id, "now": at(tx.now)},
            scope=tx.scope,
        ).rowcount
    )


def take_up(tx: Tx) -> None:
    """Chore: messages that came back into the queue while their broadcast ended.

    On PostgreSQL a refusal or a report may be written in the same moment as the end, and neither
    sees the other. Nobody is left in a queue that is over: a broadcast that was called done goes
    on, what was stopped or is too late is so for them too. It goes on as well where a doubt turned
    out, after it, to be an acceptance, and its step has waited long enough for word.
    """
    for row in tx.rows(
        "SELECT b.id FROM visible_broadcasts b "
        f"WHERE b.state IN ({DONE}, {STOPPED}, {EXPIRED}) AND b.released_at >= :since AND EXISTS "
        f"(SELECT 1 FROM messages m WHERE m.broadcast_id = b.id AND m.state = {QUEUED})",
        since=at(tx.now - BACK_FOR),
        scope=tx.scope,
    ):
        broadcast = broadcasts.get(tx, row["id"])
        if broadcast.state is BroadcastState.STOPPED:
            end_queued(tx, broadcast.id, MessageState.CANCELLED)
        elif (
            broadcast.state is BroadcastState.EXPIRED or (broadcast.expires_at or tx.now) <= tx.now
        ):
            end_queued(tx, broadcast.id, MessageState.EXPIRED)
        else:
            _goes_on(tx, broadcast)
    for row in tx.rows(
        "SELECT DISTINCT b.id FROM messages m "
        f"JOIN visible_broadcasts b ON b.id = m.broadcast_id AND b.state = {DONE} "
        f"AND b.expires_at > :now WHERE m.state = {ACCEPTED} AND m.deadline_at IS NOT NULL "
        "AND m.deadline_at <= :now",
        now=at(tx.now),
        scope=tx.scope,
    ):
        _goes_on(tx, broadcasts.get(tx, row["id"]))


def _goes_on(tx: Tx, broadcast: Broadcast) -> None:
    """A broadcast that was called done was not over after all."""
    with suppress(Problem):  # another worker said so first
        broadcasts.move(tx, broadcast, BroadcastState.RUNNING, reason="receipt")


def finish(tx: Tx) -> list[Ended]:
    """Chore: expire what is too late, and call done what has nothing left to wait for."""
    take_up(tx)
    over = tx.rows(
        "SELECT id, state FROM visible_broadcasts WHERE state "
        f"IN ({RUNNING}, {PAUSED}, {HELD}) AND expires_at <= :now",
        now=at(tx.now),
        scope=tx.scope,
    )
    for row in over:
        end_queued(tx, row["id"], MessageState.EXPIRED)
    waiting = [row["id"] for row in over if row["state"] != "running"]
    done = tx.rows(
        "SELECT b.id FROM visible_broadcasts b "
        f"WHERE b.state = {RUNNING} AND NOT EXISTS (SELECT 1 FROM messages m WHERE "
        f"m.broadcast_id = b.id AND m.state IN ({QUEUED}, {SENDING})) "
        "AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.broadcast_id = b.id "
        f"AND m.state = {ACCEPTED} AND m.deadline_at IS NOT NULL)",
        scope=tx.scope,
    )
    moved = []
    # somebody's turn with a shared phone, or for a household, may come only when all else is over
    through = [
        r["id"]
        for r in done
        if not shared_phones.hand_over(tx, r["id"]) + households.hand_over(tx, r["id"])
    ]
    for number in through + waiting + _never_released(tx):
        broadcast = broadcasts.get(tx, number)
        counted = broadcasts.counts(tx, number)
        states, is_open = set(counted), "sending" in counted
        # what may have left of a paused one is settled by name after it has ended, like a stop
        expired = is_open or (states <= {"expired", "skipped"} and "expired" in states)
        never = broadcast.released_at is None
        to = BroadcastState.EXPIRED if expired or never else BroadcastState.DONE
        try:
            broadcasts.move(tx, broadcast, to, done_at=tx.now)
        except Problem:  # another worker said so first
            continue
        _close_deadlines(tx, broadcast)
        moved.append(Ended(number, to.value, counted.get("expired", 0)))
    return moved


def _never_released(tx: Tx) -> list[int]:
    """Paused or held before anything of them was let go, and too late by now."""
    rows = tx.rows(
        "SELECT id FROM visible_broadcasts WHERE state "
        f"IN ({PAUSED}, {HELD}) AND expires_at IS NULL AND at IS NOT NULL "
        "AND at + expires_after * CAST(1000000 AS BIGINT) <= :now",
        now=at(tx.now),
        scope=tx.scope,
    )
    found = []
    for row in rows:
        b = broadcasts.get(tx, row["id"])
        assert b.at is not None
        if of_route(b.at, b.expires_after, b.window, b.route).until <= tx.now:
            end_queued(tx, b.id, MessageState.EXPIRED)
            found.append(b.id)
    return found


def _close_deadlines(tx: Tx, broadcast: Broadcast) -> None:
    """After an end from a pause no step waits for word any more: there is no time for the next."""
    if broadcast.state is BroadcastState.RUNNING:
        return
    tx.run(
        "UPDATE messages SET deadline_at = NULL "
        f"WHERE broadcast_id = :b AND state = {ACCEPTED} AND deadline_at IS NOT NULL "
        "AND id IN (SELECT id FROM visible_messages)",
        {"b": broadcast.id},
        scope=tx.scope,
    )
