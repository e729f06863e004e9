"""Answers that are back: decided one by one, written in one go."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.contacts import reachability
from dispatcher.db.database import Tx
from dispatcher.db.queue import gateways, messages, outcomes
from dispatcher.db.queue.messages import QueuedMessage
from dispatcher.db.queue.outcomes import Outcome
from dispatcher.domain import lifecycle
from dispatcher.domain.lifecycle import HELD_AFTER_REFUSALS, PROBE_AFTER_UNKNOWNS, Decision, Effect
from dispatcher.domain.model import AttemptState, BroadcastState, Fault, HeldReason
from dispatcher.gateways.contract import Accepted, Refused, SendResult
from dispatcher.worker.sending import quotas
from dispatcher.worker.sending.gateway_queue import GatewayCall, GatewayQueue
from dispatcher.worker.sending.settlement import (
    NOWHERE,
    NextTarget,
    decide,
    outcome_of,
    speaks_of_a_whole_call,
)
from dispatcher.worker.sending.state import WorkerState

log = logging.getLogger("dispatcher.worker.sending")

# Refusals after which another gateway of the step may take the message.
MOVES_ON = frozenset({Fault.CARRIER, Fault.LATER})


class GatewaySignals(NamedTuple):
    """What the answers of one call say about its gateway; plain acceptances are not listed."""

    asked_at: datetime
    said: Sequence[tuple[Decision, SendResult | None, int]]  # with the broadcast


def settle(
    worker_state: WorkerState, tx: Tx, back: list[GatewayCall], now: datetime
) -> list[Outcome]:
    """What became of finished calls, written; and what it means for gateways and broadcasts."""
    doubt_borrowed_ids(tx, back)
    pairs = [
        (call, queued_message, send_result)
        for call in back
        for queued_message, send_result in zip(call.queued_messages, call.send_results, strict=True)
    ]
    others = messages.other_attempts(tx, [(p.message_id, p.reference) for _, p, _ in pairs])
    refused = [p.message_id for _, p, v in pairs if not isinstance(v, Accepted)]
    refused += [m for m, seen in others.items() if any(h for _, _, h in seen)]
    later = messages.later_targets(tx, refused)
    known = worker_state.broadcasts_of(tx, {p.broadcast_id for _, p, _ in pairs}, now=bool(refused))
    elsewhere = worker_state.elsewhere(
        tx, [p for _, p, v in pairs if isinstance(v, Refused) and v.fault in MOVES_ON], known
    )
    decided: list[Outcome] = []
    for call in back:
        said: list[tuple[Decision, SendResult | None, int]] = []
        for queued_message, send_result in zip(
            call.queued_messages, call.send_results, strict=True
        ):
            message, broadcast = queued_message.message_id, known[queued_message.broadcast_id]
            next_target = NOWHERE
            if message in later or message in elsewhere:
                next_target = NextTarget(later.get(message, ()), elsewhere.get(message))
            decision = decide(
                call,
                queued_message,
                send_result,
                others.get(message, ()),
                next_target,
                broadcast,
                now,
            )
            decided.append(
                outcome_of(
                    queued_message,
                    send_result,
                    decision,
                    next_target,
                    broadcast,
                    worker_state.prices,
                    now,
                )
            )
            if decision is not lifecycle.TAKEN:
                said.append((decision, send_result, broadcast.id))
        affect(worker_state, tx, call.queue, GatewaySignals(call.asked_at, said), now)
    ours = outcomes.write_outcomes(tx, worker_state.name, decided)
    lost = [o for o in decided if o.message_id not in ours]
    if lost:
        outcomes.late_proof(tx, lost)
    account(worker_state, tx, decided, pairs, ours, known)
    unreachable = [
        (p.message_id, p.position, o.code or "")
        for o, (call, p, _) in zip(decided, pairs, strict=True)
        if o.fault == Fault.RECIPIENT and not speaks_of_a_whole_call(call)
    ]
    reachability.refused(tx, unreachable, now + worker_state.remember)
    hold(worker_state, tx, decided, pairs)
    return decided


def doubt_borrowed_ids(tx: Tx, back: list[GatewayCall]) -> None:
    """A yes under the id of another call proves nothing about ours: a cache in between that gives
    everybody the answer of the first says the same. It is taken for an answer nobody can read."""
    named: dict[tuple[str, str, str], GatewayCall] = {}
    first: dict[tuple[str, str], str] = {}
    borrowed = set()
    for call in back:
        for send_result in call.send_results:
            if isinstance(send_result, Accepted) and send_result.provider_id:
                key = (call.queue.name, send_result.provider_id, call.call_ref)
                named[key] = call
                if first.setdefault(key[:2], call.call_ref) != call.call_ref:
                    borrowed.add(key)
    borrowed |= messages.ids_of_other_calls(tx, list(named))
    for key in borrowed:
        call = named[key]
        log.error("gateway=%s gave call=%s the id of another call", key[0], call.call_ref)
        call.send_results = [
            Refused(Fault.UNKNOWN, "id of another message")
            if isinstance(v, Accepted) and v.provider_id == key[1]
            else v
            for v in call.send_results
        ]


def account(
    worker_state: WorkerState,
    tx: Tx,
    decided: Sequence[Outcome],
    pairs: Sequence[tuple[GatewayCall, QueuedMessage, SendResult | None]],
    ours: set[int],
    known: Mapping[int, Broadcast],
) -> None:
    """Give back what was reserved for nothing, and what cost less than the price list says."""
    quotas.give_back(
        tx,
        [
            (
                call.queue,
                queued_message,
                known[queued_message.broadcast_id],
                queued_message.asked_at or call.asked_at,
                None if outcome.attempt is AttemptState.REFUSED else outcome.cost,
            )
            for outcome, (call, queued_message, _) in zip(decided, pairs, strict=True)
            if queued_message.reserved is not None
            and outcome.message_id in ours
            and (outcome.attempt is AttemptState.REFUSED or outcome.cost is not None)
        ],
    )


def affect(
    worker_state: WorkerState, tx: Tx, queue: GatewayQueue, signals: GatewaySignals, now: datetime
) -> None:
    """What the answers of one call say about the gateway itself: the worst of each kind."""
    before = queue.unknowns
    effects = {decision.effect for decision, _, _ in signals.said}
    if Effect.SLOW in effects:
        refusals = [v for d, v, _ in signals.said if d.effect is Effect.SLOW]
        waits = [v.retry_after for v in refusals if isinstance(v, Refused) and v.retry_after]
        queue.was_busy(signals.asked_at, now, max(waits, default=None))
    if Effect.DOUBT in effects:
        queue.was_unreadable(now)
    if effects <= {Effect.NONE, Effect.CLOSE}:
        queue.went_well(signals.asked_at)
    queue.health_tracker.hear(signals.asked_at, now, [v for _, v, _ in signals.said])
    for decision, send_result, broadcast_id in signals.said:
        code = send_result.code if isinstance(send_result, Refused) else ""
        if decision.effect is Effect.CLOSE and decision.opens_at is not None:
            worker_state.close(tx, queue, broadcast_id, decision.opens_at, code)
        elif decision.effect is Effect.PAUSE and queue.name not in worker_state.paused:
            log.error("gateway=%s paused code=%s", queue.name, code)
            gateways.pause(tx, queue.name, "account", code)
            worker_state.paused |= {queue.name}
    crossed = (before >= PROBE_AFTER_UNKNOWNS) != (queue.unknowns >= PROBE_AFTER_UNKNOWNS)
    if crossed:
        gateways.set_unknowns(tx, queue.name, queue.unknowns)


def hold(
    worker_state: WorkerState,
    tx: Tx,
    decided: list[Outcome],
    pairs: Sequence[tuple[GatewayCall, QueuedMessage, SendResult | None]],
) -> None:
    """Three people refused one text on one network: a person must look at that text."""
    touched = {
        p.broadcast_id
        for o, (_, p, _) in zip(decided, pairs, strict=True)
        if o.fault == Fault.CONTENT
    }
    for broadcast_id, people in messages.refusals_by_text(tx, sorted(touched)).items():
        broadcast = broadcasts.get(tx, broadcast_id)
        if people >= HELD_AFTER_REFUSALS and broadcast.state is BroadcastState.RUNNING:
            broadcasts.move(
                tx, broadcast, BroadcastState.HELD, reason=HeldReason.CONTENT_REFUSED.value
            )
            worker_state.running.pop(broadcast_id, None)
