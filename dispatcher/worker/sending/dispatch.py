"""The calls that start now: doubts first, then what waits, as far as pace and limits bear it.

Their intents are in the database before a byte leaves, in the transaction they are chosen in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dispatcher.db.broadcasts import broadcasts, withdrawals
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.queue import gateways, intents, messages, outcomes, references, waiting
from dispatcher.db.queue.allowances import Allowance
from dispatcher.db.queue.messages import QueuedMessage
from dispatcher.db.queue.outcomes import Outcome
from dispatcher.domain import lifecycle
from dispatcher.domain.machine import here
from dispatcher.domain.model import AttemptState, BroadcastState, Fault, HeldReason, MessageState
from dispatcher.worker.sending import claim, quotas, state
from dispatcher.worker.sending.claim import POLL
from dispatcher.worker.sending.gateway_queue import GatewayCall, GatewayQueue, outgoing
from dispatcher.worker.sending.settlement import (
    NextTarget,
    can_ask,
    context_of,
    place_of,
    repeats_from,
)
from dispatcher.worker.sending.state import WorkerState

LEAVE_WITHIN = lifecycle.LEAVE_WITHIN.total_seconds()  # with the longest call inside the lease


def load(
    worker_state: WorkerState, tx: Tx, queue: GatewayQueue, now: datetime, monotonic: float
) -> list[GatewayCall]:
    """The calls that may start now, their intents written."""
    shut(worker_state, tx, queue, now)
    room = queue.room(now)
    if room <= 0 or queue.name in worker_state.paused:
        return []
    calls: list[GatewayCall] = []
    if monotonic >= queue.empty_until:
        if monotonic >= queue.doubts_at:
            calls = doubts(worker_state, tx, queue, room, now)
            queue.doubts_at = 0.0 if calls else monotonic + POLL / 2
        short = len(queue.waiting) < room * queue.batch
        groups = claim.by_priority(worker_state.running, queue, now, monotonic)
        look = short or claim.overtaken(worker_state.running, queue, groups)
        found = look and claim.claim(tx, queue, worker_state.running, groups, monotonic)
        if look and not found and not calls and not queue.waiting:
            queue.empty_until = monotonic + POLL
    batches: list[list[QueuedMessage]] = []
    few: list[list[QueuedMessage]] = []
    room -= len(calls)
    while room > 0 and queue.waiting:
        batch = claim.next_batch(queue)
        if len(batch) < queue.least:
            few.append(batch)
        else:
            batches.append(batch)
            room -= 1
    too_few(worker_state, tx, queue, few, worker_state.running, now)
    started = in_turn(worker_state, tx, queue, calls, batches, now, monotonic)
    claim.lease_waiting(tx, worker_state.name, queue, now + state.LEASE)
    return started


def in_turn(
    worker_state: WorkerState,
    tx: Tx,
    queue: GatewayQueue,
    calls: list[GatewayCall],
    batches: list[list[QueuedMessage]],
    now: datetime,
    monotonic: float,
) -> list[GatewayCall]:
    """The calls that have their turn at this gateway's pace; the others wait for theirs.

    Repeats of doubts come first: they are few, and the vendor's memory is short.
    """
    pace = queue.pace.per_second
    if pace is None or not (calls or batches):
        return calls + intend(worker_state, tx, queue, batches, now)
    weights = [queue.weight(c.queued_messages) for c in calls] + [queue.weight(b) for b in batches]
    present = here().running()  # this transaction may have waited for others
    at = now + timedelta(seconds=max(0.0, present - monotonic))
    turns, again_at = gateways.take_turns(tx, queue.name, weights, pace, at, queue.overdue())
    if len(turns) < len(weights):
        queue.hold_until = again_at
    for call in calls[len(turns) :]:
        put_back(worker_state, tx, call)
    kept = calls[: len(turns)]
    going = max(0, len(turns) - len(kept))
    for batch in reversed(batches[going:]):
        queue.waiting.extendleft(reversed(batch))
    kept += intend(worker_state, tx, queue, batches[:going], now)
    for call, turn in zip(kept, turns, strict=False):
        call.turn, call.lag = present + turn, queue.lag
    return kept


def shut(worker_state: WorkerState, tx: Tx, queue: GatewayQueue, now: datetime) -> None:
    """A window closed, a broadcast was stopped or the gateway is paused, while messages waited
    here: let go of them, another gateway may take them."""
    is_paused = queue.name in worker_state.paused
    going = frozenset(
        b.id for b in worker_state.running.values() if not is_paused and queue.takes(b, now)
    )
    if going >= queue.going:  # nothing ended since the last look
        queue.going = going
        return
    queue.going = going
    left = [p.message_id for p in queue.waiting if p.broadcast_id not in going]
    queue.waiting = deque(p for p in queue.waiting if p.broadcast_id in going)
    waiting.let_go(tx, worker_state.name, left)


def put_back(
    worker_state: WorkerState, tx: Tx, call: GatewayCall, due_at: datetime | None = None
) -> None:
    """A doubt is asked about later: at the next look, where no time is given."""
    kept = [
        Outcome(
            p.message_id,
            p.reference,
            AttemptState.DOUBTFUL,
            MessageState.SENDING,
            due_at=due_at or tx.now,
        )
        for p in call.queued_messages
    ]
    outcomes.write_outcomes(tx, worker_state.name, kept)


def intend(
    worker_state: WorkerState,
    tx: Tx,
    queue: GatewayQueue,
    batches: list[list[QueuedMessage]],
    now: datetime,
) -> list[GatewayCall]:
    """Calls with their intents written, as far as quotas and budgets bear them."""
    known = dict(worker_state.running)  # one that is held for its budget still has calls that go
    batches, refused = quotas.reserve(tx, queue, batches, known, worker_state.cost, now)
    leaving: list[tuple[QueuedMessage, str]] = []
    calls = []
    for batch in batches:
        call_ref = references.of_call(tx.sealer, [(p.message_id, p.reference) for p in batch])
        leaving += [(p, call_ref) for p in batch]
        calls.append(
            GatewayCall(queue, call_ref, batch, now, leave_by=worker_state.awake() + LEAVE_WITHIN)
        )
    until = now + state.LEASE
    going = intents.write(
        tx,
        worker_state.name,
        leaving,
        until,
        queue.fresh,
        urgent_despite_refusal=worker_state.urgent_despite_refusal,
    )
    if len(going) < len(leaving):
        staying = [p for p, _ in leaving if p.message_id not in going]
        quotas.give_back(tx, [(queue, p, known[p.broadcast_id], now, None) for p in staying])
    for queued_messages, limit in refused:
        turn_away(
            worker_state,
            tx,
            queue,
            queued_messages,
            known[queued_messages[0].broadcast_id],
            limit,
            now,
        )
    for call in calls:
        call.queued_messages = [p for p in call.queued_messages if p.message_id in going]
        call.outgoing = [outgoing(p, known[p.broadcast_id]) for p in call.queued_messages]
    few = [call.queued_messages for call in calls if 0 < len(call.queued_messages) < queue.least]
    for batch in few:
        intents.take_back(tx, worker_state.name, batch)
        quotas.give_back(tx, [(queue, p, known[p.broadcast_id], now, None) for p in batch])
        queue.fresh.update(p.message_id for p in batch)  # in the queue, held by nobody
    too_few(worker_state, tx, queue, few, known, now)
    return [call for call in calls if len(call.queued_messages) >= queue.least]


def too_few(
    worker_state: WorkerState,
    tx: Tx,
    queue: GatewayQueue,
    batches: Sequence[list[QueuedMessage]],
    known: Mapping[int, Broadcast],
    now: datetime,
) -> None:
    """Calls of fewer messages than the vendor takes do not leave: it would refuse them whole.

    They wait a moment for others alike. Then they go on by another gateway of the step or at the
    next step; where there is none they wait on, until their broadcast's time is over, with that
    reason.
    """
    rows: list[tuple[int, MessageState, int | None, str | None, datetime, str | None]] = []
    for batch in batches:
        broadcast = known[batch[0].broadcast_id]
        later = messages.later_targets(tx, [p.message_id for p in batch])
        elsewhere = worker_state.elsewhere(
            tx, batch, {broadcast.id: broadcast}, together=len(batch)
        )
        for p in batch:
            next_target = NextTarget(later.get(p.message_id, ()), elsewhere.get(p.message_id))
            standing = context_of(queue, p, (), next_target, broadcast, asked_at=now)
            decision = lifecycle.settle(standing, Fault.CARRIER, None, now)
            why: str | None = None
            waited = p.too_few or p.refused_with_others
            if waited and decision.message is MessageState.QUEUED:  # there is another way
                place, due, why = place_of(decision.move, p, next_target), now, ""
            else:
                place, due = (None, None), lifecycle.gathering(now, again=waited)
                why = None if p.refused_with_others else outcomes.TOO_FEW
            rows.append((p.message_id, MessageState.QUEUED, *place, due, why))
    outcomes.turn_away(tx, worker_state.name, rows, queue.fresh)


def turn_away(
    worker_state: WorkerState,
    tx: Tx,
    queue: GatewayQueue,
    queued_messages: Sequence[QueuedMessage],
    broadcast: Broadcast,
    limit: Allowance,
    now: datetime,
) -> None:
    """A limit is met: our own quota is like the vendor's, a budget means the next step.

    Nobody was asked about these messages. Where nothing else is left a person must look.
    """
    ids = [p.message_id for p in queued_messages]
    later = messages.later_targets(tx, ids)
    elsewhere = worker_state.elsewhere(tx, queued_messages, {broadcast.id: broadcast})
    seen = messages.other_attempts(tx, [(p.message_id, p.reference) for p in queued_messages])
    wait = quotas.opens_again(limit, now)
    fault = Fault.LATER if wait is not None else Fault.CARRIER
    rows = []
    for p in queued_messages:
        next_target = NextTarget(
            later.get(p.message_id, ()), elsewhere.get(p.message_id) if wait else None
        )
        standing = context_of(
            queue, p, seen.get(p.message_id, ()), next_target, broadcast, asked_at=now
        )
        decision = lifecycle.settle(standing, fault, wait, now)
        if decision.opens_at is not None:
            worker_state.close(tx, queue, broadcast.id, decision.opens_at, "quota")
        state, place = decision.message, place_of(decision.move, p, next_target)
        if wait is None and state is MessageState.FAILED:  # the budget was the last way
            state, place = MessageState.QUEUED, (None, None)
        waits = state is MessageState.QUEUED and wait is not None and not p.refused_with_others
        why = Fault.LATER.value if waits else None
        rows.append((p.message_id, state, *place, decision.due_at or now, why))
    outcomes.turn_away(tx, worker_state.name, rows, queue.fresh)
    if wait is None and any(r[1] is MessageState.QUEUED and r[3] is None for r in rows):
        held = broadcasts.get(tx, broadcast.id)
        if held.state is BroadcastState.RUNNING:
            broadcasts.move(tx, held, BroadcastState.HELD, reason=HeldReason.OVER_BUDGET.value)
        worker_state.running.pop(broadcast.id, None)
    tx.note(
        "limit",
        "broadcast",
        broadcast.id,
        of=limit.name,
        period=limit.period,
        messages=[[r[0], r[1].value] for r in rows],
    )


def doubts(
    worker_state: WorkerState, tx: Tx, queue: GatewayQueue, room: int, now: datetime
) -> list[GatewayCall]:
    """Calls to repeat with the same reference, or to look up; what cannot be is unconfirmed."""
    ids = messages.claim_doubts(
        tx, worker_state.name, queue.name, room * queue.gateway.limits.batch, now + state.LEASE
    )
    if not ids:
        return []
    queued_messages = messages.queued_messages(tx, ids, doubtful=True)
    known = worker_state.broadcasts_of(tx, {p.broadcast_id for p in queued_messages}, now=True)
    outcomes.settle_proved(
        tx,
        [
            (p.message_id, known[p.broadcast_id].deadline_of(p.step, now))
            for p in queued_messages
            if p.asked_at is None
        ],
    )
    queued_messages = [p for p in queued_messages if p.asked_at is not None]
    stops = withdrawals.stopped(
        tx,
        [p.message_id for p in queued_messages],
        urgent_despite_refusal=worker_state.urgent_despite_refusal,
    )
    others = messages.other_attempts(tx, [(p.message_id, p.reference) for p in queued_messages])
    staying = stops.keys() | {
        p.message_id
        for p in queued_messages
        if lifecycle.reached_by_others(others.get(p.message_id, ()), p.reference)
    }
    sizes = messages.sizes_of_calls(
        tx, {p.call_ref for p in queued_messages if p.call_ref != p.reference}
    )
    by_call: dict[str, list[QueuedMessage]] = {}
    for queued_message in queued_messages:
        by_call.setdefault(queued_message.call_ref, []).append(queued_message)
    again: list[GatewayCall] = []
    over: list[QueuedMessage] = []
    for call_ref, group in by_call.items():
        size, still_open = sizes.get(call_ref, (1, 1))
        if len(group) < still_open:  # another worker has the others of this call just now
            put_back(worker_state, tx, GatewayCall(queue, call_ref, group, now, 0.0))
            continue
        as_it_was = len(group) == size and not any(p.message_id in staying for p in group)
        may_ask, look_up = can_ask(queue, group, known, worker_state.mode, now, as_it_was=as_it_was)
        opens_at = repeats_from(group[0], known[group[0].broadcast_id], now)
        if may_ask and not look_up and opens_at > now:  # its hours are over: it could leave now
            put_back(worker_state, tx, GatewayCall(queue, call_ref, group, now, 0.0), opens_at)
        elif may_ask:
            leave_by = worker_state.awake() + LEAVE_WITHIN
            again.append(GatewayCall(queue, call_ref, group, now, leave_by, was_look_up=look_up))
        else:
            over += group
    give_up(worker_state, tx, over)
    asked = [p for call in again for p in call.queued_messages]
    going = intents.repeat(tx, worker_state.name, asked)
    for call in again:
        ours = [p for p in call.queued_messages if p.message_id in going]
        lost = len(ours) < len(call.queued_messages)
        call.queued_messages = [p._replace(asks=p.asks + 1) for p in ours]
        if lost and not call.was_look_up:  # a call is repeated as it was or not at all
            put_back(worker_state, tx, call)
            call.queued_messages = []
        call.outgoing = [outgoing(p, known[p.broadcast_id]) for p in call.queued_messages]
    return [call for call in again if call.queued_messages]


def give_up(worker_state: WorkerState, tx: Tx, queued_messages: Sequence[QueuedMessage]) -> None:
    """Doubts that nobody can be asked about any more: what the best other attempt is, else in
    doubt for good."""
    others = messages.other_attempts(tx, [(p.message_id, p.reference) for p in queued_messages])
    best = {
        p.message_id: lifecycle.best_of_others(others.get(p.message_id, ()), p.reference)
        for p in queued_messages
    }
    outcomes.write_outcomes(
        tx,
        worker_state.name,
        [
            Outcome(
                p.message_id,
                p.reference,
                AttemptState.UNCONFIRMED,
                best[p.message_id] or MessageState.UNCONFIRMED,
                Fault.UNKNOWN.value,
            )
            for p in queued_messages
        ],
    )
