"""What is done beside the send loop: taking back what the dead held, passing deadlines."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from dispatcher.db.broadcasts import broadcasts, withdrawals
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.targets import TARGETS_PER_STEP
from dispatcher.db.database import Tx
from dispatcher.db.queue import aside, messages, outcomes, receipts, waiting
from dispatcher.db.queue.outcomes import Outcome
from dispatcher.db.schema import moment
from dispatcher.domain import lifecycle
from dispatcher.domain.lifecycle import Doubt, MessageContext, Move
from dispatcher.domain.model import BroadcastState, Fault, MessageState, ReceiptFlags

# A death says nothing about the vendor: its calls are asked about again within seconds, however
# often it happens. Not at once for ever, though: a call may be what kills its worker.
AFTER_DEATHS = 4


def reclaim(tx: Tx, worker: str, doubts: Mapping[str, Doubt], dead: str | None = None) -> int:
    """Take back what a dead worker held, or whatever outlived its lease; how many were in doubt.

    What never left returns to the queue. What may have left is in doubt, and settled as such.
    """
    freed = waiting.lapse(tx) if dead is None else waiting.release_leases(tx, dead)
    rows = waiting.orphans(tx, worker=dead)
    waiting.seize(tx, worker, rows)
    later = messages.later_targets(tx, [r["id"] for r in rows])
    others = messages.other_attempts(tx, [(r["id"], r["reference"]) for r in rows])
    decided = []
    for row in rows:
        broadcast = broadcasts.get(tx, row["broadcast_id"])
        next_target, seen = later.get(row["id"], []), others.get(row["id"], ())
        standing = MessageContext(
            first_asked_at=moment(row["asked_at"]),
            expires_at=broadcast.expires_at or tx.now,
            tries=min(row["tries"], AFTER_DEATHS),
            doubt=doubts.get(row["gateway"], Doubt()),
            rather_twice=broadcast.rather_twice,
            heard=ReceiptFlags(row["heard"]),
            seed=row["call_ref"],
            stopped=broadcast.state in (BroadcastState.STOPPED, BroadcastState.EXPIRED),
            has_next_target=bool(next_target),
            earlier=lifecycle.best_of_others(seen, row["reference"]),
            reached=lifecycle.reached_by_others(seen, row["reference"]),
        )
        decision = lifecycle.in_doubt(standing, tx.now)
        goes_on = decision.move is Move.NEXT_TARGET  # the network has said no meanwhile
        decided.append(
            Outcome(
                row["id"],
                row["reference"],
                decision.attempt,
                decision.message,
                Fault.UNKNOWN.value,
                "worker died",
                position=next_target[0][0] if goes_on else None,
                gateway=next_target[0][2] if goes_on else None,
                due_at=decision.due_at,
                deadline_at=deadline_of(broadcast, row["position"], decision.message, tx.now),
            )
        )
    # one that cannot be written keeps its lapsed lease, and nobody else theirs
    aside.each_alone(
        tx, decided, lambda some: [outcomes.write_outcomes(tx, worker, some)] * len(some)
    )
    back = [o.message_id for o in decided if o.message is MessageState.QUEUED]
    withdrawals.look_again(tx, back)
    if dead is not None or freed or decided:
        doubts_found = [[o.message_id, o.message.value] for o in decided]
        tx.note("reclaimed", "worker", dead or "lapsed", doubts=doubts_found)
    return len(decided)


def deadline_of(
    broadcast: Broadcast, position: int, state: MessageState, now: datetime
) -> datetime | None:
    """Until when a message that is accepted now waits for word; None: nothing to wait for."""
    if state is not MessageState.ACCEPTED:
        return None
    return broadcast.deadline_of(position // TARGETS_PER_STEP, now)


def pass_deadlines(tx: Tx, read_upto: datetime | None = None) -> int:
    """Accepted but silent past the step's deadline: on to the next step.

    Not where a report may lie unread: a gateway that has calls in the inbox from before `read_upto`
    (now, where it is None) is waited for.
    """
    if not waiting.any_past_deadline(tx, tx.now):
        return 0
    rows = waiting.past_deadline(tx, receipts.unread(tx, read_upto or tx.now))
    later = messages.later_targets(tx, [r["id"] for r in rows])
    others = messages.other_attempts(tx, [(r["id"], "") for r in rows])
    moves: list[tuple[int, int, MessageState, int | None, str | None]] = []
    for row in rows:
        step = row["position"] // TARGETS_PER_STEP
        next_target = [t for t in later.get(row["id"], []) if t[1] > step]
        standing = MessageContext(
            tx.now,
            moment(row["expires_at"]),
            has_next_step=bool(next_target),
            reached=lifecycle.reached_by_others(others.get(row["id"], ())),
        )
        decision = lifecycle.deadline(standing, tx.now)
        if decision.message is MessageState.QUEUED:
            to: tuple[int | None, str | None] = next_target[0][0], next_target[0][2]
        else:
            to = None, None
        moves.append((row["id"], row["position"], decision.message, *to))
    waiting.go_on(tx, moves)
    withdrawals.look_again(tx, [m[0] for m in moves if m[2] is MessageState.QUEUED])
    if moves:
        tx.note("deadlines", "messages", "", moved=[[m[0], m[4]] for m in moves])
    return len(moves)


def end_doubts(tx: Tx, reachable: Collection[str]) -> int:
    """Doubts whose time is over and that nobody asks about any more get their name: unconfirmed.

    `reachable`: gateways this worker has. A gateway that is paused is asked nothing, nor is one
    about a broadcast that a person or the system holds; the others settle theirs in the send loop.
    """
    ids = waiting.end_doubts(tx, waiting.doubts_over(tx, reachable))
    if ids:
        tx.note("doubts_ended", "messages", "", messages=ids)
    return len(ids)
