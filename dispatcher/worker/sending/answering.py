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
from dispatcher.db.queue.messages import Parcel
from dispatcher.db.queue.outcomes import Outcome
from dispatcher.domain import lifecycle
from dispatcher.domain.lifecycle import HELD_AFTER_REFUSALS, PROBE_AFTER_UNKNOWNS, Decision, Effect
from dispatcher.domain.model import AttemptState, BroadcastState, Fault, HeldReason
from dispatcher.gateways.contract import Accepted, Refused, Verdict
from dispatcher.worker.sending import allowing
from dispatcher.worker.sending.lanes import Asked, Lane
from dispatcher.worker.sending.settling import (
    NOWHERE,
    Onward,
    decide,
    outcome_of,
    speaks_of_a_whole_call,
)
from dispatcher.worker.sending.view import View

log = logging.getLogger("dispatcher.worker.sending")

# Refusals after which another gateway of the step may take the message.
MOVES_ON = frozenset({Fault.CARRIER, Fault.LATER})


class Told(NamedTuple):
    """What the answers of one call say about its gateway; plain acceptances are not listed."""

    asked_at: datetime
    said: Sequence[tuple[Decision, Verdict | None, int]]  # with the broadcast


def settle(view: View, tx: Tx, back: list[Asked], now: datetime) -> list[Outcome]:
    """What became of finished calls, written; and what it means for gateways and broadcasts."""
    doubt_borrowed_ids(tx, back)
    pairs = [
        (call, parcel, verdict)
        for call in back
        for parcel, verdict in zip(call.parcels, call.verdicts, strict=True)
    ]
    others = messages.other_attempts(tx, [(p.message_id, p.reference) for _, p, _ in pairs])
    refused = [p.message_id for _, p, v in pairs if not isinstance(v, Accepted)]
    refused += [m for m, seen in others.items() if any(h for _, _, h in seen)]
    later = messages.later_targets(tx, refused)
    known = view.broadcasts_of(tx, {p.broadcast_id for _, p, _ in pairs}, now=bool(refused))
    elsewhere = view.elsewhere(
        tx, [p for _, p, v in pairs if isinstance(v, Refused) and v.fault in MOVES_ON], known
    )
    decided: list[Outcome] = []
    for call in back:
        said: list[tuple[Decision, Verdict | None, int]] = []
        for parcel, verdict in zip(call.parcels, call.verdicts, strict=True):
            message, broadcast = parcel.message_id, known[parcel.broadcast_id]
            onward = NOWHERE
            if message in later or message in elsewhere:
                onward = Onward(later.get(message, ()), elsewhere.get(message))
            decision = decide(
                call, parcel, verdict, others.get(message, ()), onward, broadcast, now
            )
            decided.append(
                outcome_of(parcel, verdict, decision, onward, broadcast, view.prices, now)
            )
            if decision is not lifecycle.TAKEN:
                said.append((decision, verdict, broadcast.id))
        affect(view, tx, call.lane, Told(call.asked_at, said), now)
    ours = outcomes.settle(tx, view.name, decided)
    lost = [o for o in decided if o.message_id not in ours]
    if lost:
        outcomes.late_proof(tx, lost)
    account(view, tx, decided, pairs, ours, known)
    unreachable = [
        (p.message_id, p.position, o.code or "")
        for o, (call, p, _) in zip(decided, pairs, strict=True)
        if o.fault == Fault.RECIPIENT and not speaks_of_a_whole_call(call)
    ]
    reachability.refused(tx, unreachable, now + view.remember)
    hold(view, tx, decided, pairs)
    return decided


def doubt_borrowed_ids(tx: Tx, back: list[Asked]) -> None:
    """A yes under the id of another call proves nothing about ours: a cache in between that gives
    everybody the answer of the first says the same. It is taken for an answer nobody can read."""
    named: dict[tuple[str, str, str], Asked] = {}
    first: dict[tuple[str, str], str] = {}
    borrowed = set()
    for call in back:
        for verdict in call.verdicts:
            if isinstance(verdict, Accepted) and verdict.provider_id:
                key = (call.lane.name, verdict.provider_id, call.call_ref)
                named[key] = call
                if first.setdefault(key[:2], call.call_ref) != call.call_ref:
                    borrowed.add(key)
    borrowed |= messages.ids_of_other_calls(tx, list(named))
    for key in borrowed:
        call = named[key]
        log.error("gateway=%s gave call=%s the id of another call", key[0], call.call_ref)
        call.verdicts = [
            Refused(Fault.UNKNOWN, "id of another message")
            if isinstance(v, Accepted) and v.provider_id == key[1]
            else v
            for v in call.verdicts
        ]


def account(
    view: View,
    tx: Tx,
    decided: Sequence[Outcome],
    pairs: Sequence[tuple[Asked, Parcel, Verdict | None]],
    ours: set[int],
    known: Mapping[int, Broadcast],
) -> None:
    """Give back what was reserved for nothing, and what cost less than the price list says."""
    allowing.give_back(
        tx,
        [
            (
                call.lane,
                parcel,
                known[parcel.broadcast_id],
                parcel.asked_at or call.asked_at,
                None if outcome.attempt is AttemptState.REFUSED else outcome.cost,
            )
            for outcome, (call, parcel, _) in zip(decided, pairs, strict=True)
            if parcel.reserved is not None
            and outcome.message_id in ours
            and (outcome.attempt is AttemptState.REFUSED or outcome.cost is not None)
        ],
    )


def affect(view: View, tx: Tx, lane: Lane, told: Told, now: datetime) -> None:
    """What the answers of one call say about the gateway itself: the worst of each kind."""
    before = lane.unknowns
    effects = {decision.effect for decision, _, _ in told.said}
    if Effect.SLOW in effects:
        refusals = [v for d, v, _ in told.said if d.effect is Effect.SLOW]
        waits = [v.retry_after for v in refusals if isinstance(v, Refused) and v.retry_after]
        lane.was_busy(told.asked_at, now, max(waits, default=None))
    if Effect.DOUBT in effects:
        lane.was_unreadable(now)
    if effects <= {Effect.NONE, Effect.CLOSE}:
        lane.went_well(told.asked_at)
    lane.hearing.hear(told.asked_at, now, [v for _, v, _ in told.said])
    for decision, verdict, broadcast_id in told.said:
        code = verdict.code if isinstance(verdict, Refused) else ""
        if decision.effect is Effect.CLOSE and decision.opens_at is not None:
            view.close(tx, lane, broadcast_id, decision.opens_at, code)
        elif decision.effect is Effect.PAUSE and lane.name not in view.paused:
            log.error("gateway=%s paused code=%s", lane.name, code)
            gateways.pause(tx, lane.name, "account", code)
            view.paused |= {lane.name}
    crossed = (before >= PROBE_AFTER_UNKNOWNS) != (lane.unknowns >= PROBE_AFTER_UNKNOWNS)
    if crossed:
        gateways.set_unknowns(tx, lane.name, lane.unknowns)


def hold(
    view: View,
    tx: Tx,
    decided: list[Outcome],
    pairs: Sequence[tuple[Asked, Parcel, Verdict | None]],
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
            view.running.pop(broadcast_id, None)
