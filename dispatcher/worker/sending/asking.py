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
from dispatcher.db.queue.messages import Parcel
from dispatcher.db.queue.outcomes import Outcome
from dispatcher.domain import lifecycle
from dispatcher.domain.machine import here
from dispatcher.domain.model import AttemptState, BroadcastState, Fault, HeldReason, MessageState
from dispatcher.worker.sending import allowing, claiming
from dispatcher.worker.sending import view as views
from dispatcher.worker.sending.claiming import POLL
from dispatcher.worker.sending.lanes import Asked, Lane, outgoing
from dispatcher.worker.sending.settling import Onward, can_ask, place_of, repeats_from, standing_of
from dispatcher.worker.sending.view import View

LEAVE_WITHIN = lifecycle.LEAVE_WITHIN.total_seconds()  # with the longest call inside the lease


def load(view: View, tx: Tx, lane: Lane, now: datetime, monotonic: float) -> list[Asked]:
    """The calls that may start now, their intents written."""
    shut(view, tx, lane, now)
    room = lane.room(now)
    if room <= 0 or lane.name in view.paused:
        return []
    calls: list[Asked] = []
    if monotonic >= lane.empty_until:
        if monotonic >= lane.doubts_at:
            calls = doubts(view, tx, lane, room, now)
            lane.doubts_at = 0.0 if calls else monotonic + POLL / 2
        short = len(lane.waiting) < room * lane.batch
        groups = claiming.by_priority(view.running, lane, now, monotonic)
        look = short or claiming.overtaken(view.running, lane, groups)
        found = look and claiming.claim(tx, lane, view.running, groups, monotonic)
        if look and not found and not calls and not lane.waiting:
            lane.empty_until = monotonic + POLL
    batches: list[list[Parcel]] = []
    few: list[list[Parcel]] = []
    room -= len(calls)
    while room > 0 and lane.waiting:
        batch = claiming.next_batch(lane)
        if len(batch) < lane.least:
            few.append(batch)
        else:
            batches.append(batch)
            room -= 1
    too_few(view, tx, lane, few, view.running, now)
    started = in_turn(view, tx, lane, calls, batches, now, monotonic)
    claiming.keep(tx, view.name, lane, now + views.LEASE)
    return started


def in_turn(
    view: View,
    tx: Tx,
    lane: Lane,
    calls: list[Asked],
    batches: list[list[Parcel]],
    now: datetime,
    monotonic: float,
) -> list[Asked]:
    """The calls that have their turn at this gateway's pace; the others wait for theirs.

    Repeats of doubts come first: they are few, and the vendor's memory is short.
    """
    pace = lane.pace.per_second
    if pace is None or not (calls or batches):
        return calls + intend(view, tx, lane, batches, now)
    weights = [lane.weight(c.parcels) for c in calls] + [lane.weight(b) for b in batches]
    present = here().running()  # this transaction may have waited for others
    at = now + timedelta(seconds=max(0.0, present - monotonic))
    turns, again_at = gateways.take_turns(tx, lane.name, weights, pace, at, lane.overdue())
    if len(turns) < len(weights):
        lane.hold_until = again_at
    for call in calls[len(turns) :]:
        put_back(view, tx, call)
    kept = calls[: len(turns)]
    going = max(0, len(turns) - len(kept))
    for batch in reversed(batches[going:]):
        lane.waiting.extendleft(reversed(batch))
    kept += intend(view, tx, lane, batches[:going], now)
    for call, turn in zip(kept, turns, strict=False):
        call.turn, call.lag = present + turn, lane.lag
    return kept


def shut(view: View, tx: Tx, lane: Lane, now: datetime) -> None:
    """A window closed, a broadcast was stopped or the gateway is paused, while messages waited
    here: let go of them, another gateway may take them."""
    is_paused = lane.name in view.paused
    going = frozenset(b.id for b in view.running.values() if not is_paused and lane.takes(b, now))
    if going >= lane.going:  # nothing ended since the last look
        lane.going = going
        return
    lane.going = going
    left = [p.message_id for p in lane.waiting if p.broadcast_id not in going]
    lane.waiting = deque(p for p in lane.waiting if p.broadcast_id in going)
    waiting.let_go(tx, view.name, left)


def put_back(view: View, tx: Tx, call: Asked, due_at: datetime | None = None) -> None:
    """A doubt is asked about later: at the next look, where no time is given."""
    kept = [
        Outcome(
            p.message_id,
            p.reference,
            AttemptState.DOUBTFUL,
            MessageState.SENDING,
            due_at=due_at or tx.now,
        )
        for p in call.parcels
    ]
    outcomes.settle(tx, view.name, kept)


def intend(
    view: View,
    tx: Tx,
    lane: Lane,
    batches: list[list[Parcel]],
    now: datetime,
) -> list[Asked]:
    """Calls with their intents written, as far as quotas and budgets bear them."""
    known = dict(view.running)  # one that is held for its budget still has calls that go
    batches, refused = allowing.reserve(tx, lane, batches, known, view.cost, now)
    leaving: list[tuple[Parcel, str]] = []
    calls = []
    for batch in batches:
        call_ref = references.of_call(tx.sealer, [(p.message_id, p.reference) for p in batch])
        leaving += [(p, call_ref) for p in batch]
        calls.append(Asked(lane, call_ref, batch, now, leave_by=view.awake() + LEAVE_WITHIN))
    until = now + views.LEASE
    going = intents.write(
        tx,
        view.name,
        leaving,
        until,
        lane.fresh,
        urgent_despite_refusal=view.urgent_despite_refusal,
    )
    if len(going) < len(leaving):
        staying = [p for p, _ in leaving if p.message_id not in going]
        allowing.give_back(tx, [(lane, p, known[p.broadcast_id], now, None) for p in staying])
    for parcels, limit in refused:
        turn_away(view, tx, lane, parcels, known[parcels[0].broadcast_id], limit, now)
    for call in calls:
        call.parcels = [p for p in call.parcels if p.message_id in going]
        call.outgoing = [outgoing(p, known[p.broadcast_id]) for p in call.parcels]
    few = [call.parcels for call in calls if 0 < len(call.parcels) < lane.least]
    for batch in few:
        intents.take_back(tx, view.name, batch)
        allowing.give_back(tx, [(lane, p, known[p.broadcast_id], now, None) for p in batch])
        lane.fresh.update(p.message_id for p in batch)  # in the queue, held by nobody
    too_few(view, tx, lane, few, known, now)
    return [call for call in calls if len(call.parcels) >= lane.least]


def too_few(
    view: View,
    tx: Tx,
    lane: Lane,
    batches: Sequence[list[Parcel]],
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
        elsewhere = view.elsewhere(tx, batch, {broadcast.id: broadcast}, together=len(batch))
        for p in batch:
            onward = Onward(later.get(p.message_id, ()), elsewhere.get(p.message_id))
            standing = standing_of(lane, p, (), onward, broadcast, asked_at=now)
            decision = lifecycle.settle(standing, Fault.CARRIER, None, now)
            why: str | None = None
            waited = p.too_few or p.refused_with_others
            if waited and decision.message is MessageState.QUEUED:  # there is another way
                place, due, why = place_of(decision.move, p, onward), now, ""
            else:
                place, due = (None, None), lifecycle.gathering(now, again=waited)
                why = None if p.refused_with_others else outcomes.TOO_FEW
            rows.append((p.message_id, MessageState.QUEUED, *place, due, why))
    outcomes.turn_away(tx, view.name, rows, lane.fresh)


def turn_away(
    view: View,
    tx: Tx,
    lane: Lane,
    parcels: Sequence[Parcel],
    broadcast: Broadcast,
    limit: Allowance,
    now: datetime,
) -> None:
    """A limit is met: our own quota is like the vendor's, a budget means the next step.

    Nobody was asked about these messages. Where nothing else is left a person must look.
    """
    ids = [p.message_id for p in parcels]
    later = messages.later_targets(tx, ids)
    elsewhere = view.elsewhere(tx, parcels, {broadcast.id: broadcast})
    seen = messages.other_attempts(tx, [(p.message_id, p.reference) for p in parcels])
    wait = allowing.opens_again(limit, now)
    fault = Fault.LATER if wait is not None else Fault.CARRIER
    rows = []
    for p in parcels:
        onward = Onward(later.get(p.message_id, ()), elsewhere.get(p.message_id) if wait else None)
        standing = standing_of(lane, p, seen.get(p.message_id, ()), onward, broadcast, asked_at=now)
        decision = lifecycle.settle(standing, fault, wait, now)
        if decision.opens_at is not None:
            view.close(tx, lane, broadcast.id, decision.opens_at, "quota")
        state, place = decision.message, place_of(decision.move, p, onward)
        if wait is None and state is MessageState.FAILED:  # the budget was the last way
            state, place = MessageState.QUEUED, (None, None)
        waits = state is MessageState.QUEUED and wait is not None and not p.refused_with_others
        why = Fault.LATER.value if waits else None
        rows.append((p.message_id, state, *place, decision.due_at or now, why))
    outcomes.turn_away(tx, view.name, rows, lane.fresh)
    if wait is None and any(r[1] is MessageState.QUEUED and r[3] is None for r in rows):
        held = broadcasts.get(tx, broadcast.id)
        if held.state is BroadcastState.RUNNING:
            broadcasts.move(tx, held, BroadcastState.HELD, reason=HeldReason.OVER_BUDGET.value)
        view.running.pop(broadcast.id, None)
    tx.note(
        "limit",
        "broadcast",
        broadcast.id,
        of=limit.name,
        period=limit.period,
        messages=[[r[0], r[1].value] for r in rows],
    )


def doubts(view: View, tx: Tx, lane: Lane, room: int, now: datetime) -> list[Asked]:
    """Calls to repeat with the same reference, or to look up; what cannot be is unconfirmed."""
    ids = messages.claim_doubts(
        tx, view.name, lane.name, room * lane.gateway.limits.batch, now + views.LEASE
    )
    if not ids:
        return []
    parcels = messages.parcels(tx, ids, doubtful=True)
    known = view.broadcasts_of(tx, {p.broadcast_id for p in parcels}, now=True)
    outcomes.settle_proved(
        tx,
        [
            (p.message_id, known[p.broadcast_id].deadline_of(p.step, now))
            for p in parcels
            if p.asked_at is None
        ],
    )
    parcels = [p for p in parcels if p.asked_at is not None]
    stops = withdrawals.stopped(
        tx, [p.message_id for p in parcels], urgent_despite_refusal=view.urgent_despite_refusal
    )
    others = messages.other_attempts(tx, [(p.message_id, p.reference) for p in parcels])
    staying = stops.keys() | {
        p.message_id
        for p in parcels
        if lifecycle.reached_by_others(others.get(p.message_id, ()), p.reference)
    }
    sizes = messages.sizes_of_calls(tx, {p.call_ref for p in parcels if p.call_ref != p.reference})
    by_call: dict[str, list[Parcel]] = {}
    for parcel in parcels:
        by_call.setdefault(parcel.call_ref, []).append(parcel)
    again: list[Asked] = []
    over: list[Parcel] = []
    for call_ref, group in by_call.items():
        size, still_open = sizes.get(call_ref, (1, 1))
        if len(group) < still_open:  # another worker has the others of this call just now
            put_back(view, tx, Asked(lane, call_ref, group, now, 0.0))
            continue
        as_it_was = len(group) == size and not any(p.message_id in staying for p in group)
        may_ask, look_up = can_ask(lane, group, known, view.mode, now, as_it_was=as_it_was)
        opens_at = repeats_from(group[0], known[group[0].broadcast_id], now)
        if may_ask and not look_up and opens_at > now:  # its hours are over: it could leave now
            put_back(view, tx, Asked(lane, call_ref, group, now, 0.0), opens_at)
        elif may_ask:
            leave_by = view.awake() + LEAVE_WITHIN
            again.append(Asked(lane, call_ref, group, now, leave_by, was_look_up=look_up))
        else:
            over += group
    give_up(view, tx, over)
    asked = [p for call in again for p in call.parcels]
    going = intents.repeat(tx, view.name, asked)
    for call in again:
        ours = [p for p in call.parcels if p.message_id in going]
        lost = len(ours) < len(call.parcels)
        call.parcels = [p._replace(asks=p.asks + 1) for p in ours]
        if lost and not call.was_look_up:  # a call is repeated as it was or not at all
            put_back(view, tx, call)
            call.parcels = []
        call.outgoing = [outgoing(p, known[p.broadcast_id]) for p in call.parcels]
    return [call for call in again if call.parcels]


def give_up(view: View, tx: Tx, parcels: Sequence[Parcel]) -> None:
    """Doubts that nobody can be asked about any more: what the best other attempt is, else in
    doubt for good."""
    others = messages.other_attempts(tx, [(p.message_id, p.reference) for p in parcels])
    best = {
        p.message_id: lifecycle.best_of_others(others.get(p.message_id, ()), p.reference)
        for p in parcels
    }
    outcomes.settle(
        tx,
        view.name,
        [
            Outcome(
                p.message_id,
                p.reference,
                AttemptState.UNCONFIRMED,
                best[p.message_id] or MessageState.UNCONFIRMED,
                Fault.UNKNOWN.value,
            )
            for p in parcels
        ],
    )
