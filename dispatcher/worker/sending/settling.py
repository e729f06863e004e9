"""What the answer to a call decides: pure, from what is known to what is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, assert_never

from dispatcher.db.broadcasts import texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.queue.messages import Parcel
from dispatcher.db.queue.outcomes import REFUSED_WITH_OTHERS, Outcome
from dispatcher.domain import lifecycle
from dispatcher.domain.lifecycle import Decision, Move, Standing
from dispatcher.domain.model import AttemptState, BroadcastState, Channel, Fault, MessageState, Mode
from dispatcher.domain.model import Heard as HeardBits
from dispatcher.gateways.contract import Accepted, Refused, Verdict
from dispatcher.worker.sending.lanes import Asked, Lane


class Onward(NamedTuple):
    """Where a message may go on from here."""

    targets: Sequence[tuple[int, int, str]] = ()  # after this one: (position, step, gateway)
    gateway: str | None = None  # of this step, that has not refused it


NOWHERE = Onward()


def standing_of(
    lane: Lane,
    parcel: Parcel,
    others: Sequence[tuple[str, str, int]],
    onward: Onward,
    broadcast: Broadcast,
    asked_at: datetime,
) -> Standing:
    """What is known about a message when its answer comes, or when it is not even asked.

    `others`: receipts and earlier attempts, (reference, state, heard).
    """
    heard = HeardBits.NOTHING
    for reference, state, bits in others:
        if reference == parcel.reference:
            heard |= HeardBits(bits)
            if state == AttemptState.ACCEPTED:  # whoever asked before us had a yes
                heard |= HeardBits.ACCEPTED
    assert broadcast.expires_at is not None
    return Standing(
        first_asked_at=parcel.asked_at or asked_at,
        expires_at=broadcast.expires_at,
        tries=parcel.asks or parcel.tries + 1,
        doubt=lane.doubt,
        has_next_target=bool(onward.targets),
        has_next_step=any(step > parcel.step for _, step, _ in onward.targets),
        has_next_gateway=onward.gateway is not None,
        later_goes_on=broadcast.route[parcel.step].later_goes_on,
        rather_twice=broadcast.rather_twice,
        repeat=parcel.asks > 0,
        heard=heard,
        reached=lifecycle.reached_by_others(others, parcel.reference),
        earlier=lifecycle.best_of_others(others, parcel.reference),
        stopped=broadcast.state in (BroadcastState.STOPPED, BroadcastState.EXPIRED),
        seed=parcel.call_ref,
    )


def speaks_of_a_whole_call(call: Asked) -> bool:
    """True when a call of several was refused in one word: a fact about none of its numbers.

    A refused text is one about the text, where all of the call have the same.
    """
    first = call.verdicts[0]
    if len(call.parcels) < 2 or not isinstance(first, Refused):
        return False
    if first.fault is Fault.CONTENT and len({p.text.body for p in call.parcels}) == 1:
        return False
    return all(verdict == first for verdict in call.verdicts)


def decide(
    call: Asked,
    parcel: Parcel,
    verdict: Verdict | None,
    others: Sequence[tuple[str, str, int]],
    onward: Onward,
    broadcast: Broadcast,
    now: datetime,
) -> Decision:
    """What the answer to a call, or to a look-up, decides about one of its messages."""
    if isinstance(verdict, Accepted):
        if not others:
            return lifecycle.TAKEN
        standing = standing_of(call.lane, parcel, others, onward, broadcast, call.asked_at)
        return lifecycle.settle(standing, None, None, now)
    standing = standing_of(call.lane, parcel, others, onward, broadcast, call.asked_at)
    if call.was_look_up:
        return lifecycle.looked_up(standing, False if verdict is None else None, now)
    assert verdict is not None
    if speaks_of_a_whole_call(call):
        standing = replace(standing, can_be_split=len(call.parcels) > call.lane.least)
    wait = verdict.retry_after
    if wait is None and verdict.opens is not None:
        wait = lifecycle.opening(verdict.opens, now) - now
    return lifecycle.settle(standing, verdict.fault, wait, now)


def outcome_of(
    parcel: Parcel,
    verdict: Verdict | None,
    decision: Decision,
    onward: Onward,
    broadcast: Broadcast,
    prices: texts.Prices,
    now: datetime,
) -> Outcome:
    """Where the message goes next, what it cost, and until when its step waits for word."""
    refusal = verdict if isinstance(verdict, Refused) else None
    accepted = verdict if isinstance(verdict, Accepted) else None
    parts = cost = position = gateway = deadline = None
    due = decision.due_at
    if decision.attempt is AttemptState.ACCEPTED:
        parts = 1 if parcel.channel == Channel.ZALO else parcel.parts
        parts = (accepted.parts if accepted else None) or parts
        cost = accepted.cost if accepted else None
        if cost is None:
            cost = cost_of(parcel, broadcast, prices, parts)
    if decision.message is MessageState.ACCEPTED:
        deadline = broadcast.deadline_of(parcel.step, now)
    elif decision.message is MessageState.QUEUED:
        due = due or now
        position, gateway = place_of(decision.move, parcel, onward)
    return Outcome(
        parcel.message_id,
        parcel.reference,
        decision.attempt,
        decision.message,
        Fault.BUSY if decision.split else refusal.fault if refusal else None,
        refusal.code if refusal else None,
        refusal.detail if refusal else None,
        accepted.provider_id if accepted else None,
        parts,
        cost,
        position,
        gateway,
        due,
        deadline,
        REFUSED_WITH_OTHERS if decision.split else None,
    )


def place_of(move: Move, parcel: Parcel, onward: Onward) -> tuple[int | None, str | None]:
    """(position, gateway) a message goes on at; None: as it is."""
    match move:
        case Move.STAY:
            return None, None
        case Move.NEXT_GATEWAY:
            return None, onward.gateway
        case Move.NEXT_TARGET:
            position, _, gateway = onward.targets[0]
        case Move.NEXT_STEP:
            position, _, gateway = next(t for t in onward.targets if t[1] > parcel.step)
        case _:
            assert_never(move)
    return position, gateway


def cost_of(
    parcel: Parcel, broadcast: Broadcast, prices: texts.Prices, parts: int | None = None
) -> int:
    """Whole đồng a message costs by the price list; `parts` as the vendor counted them."""
    if parcel.gateway in broadcast.route[parcel.step].free:
        return 0
    if parcel.channel != Channel.ZALO:
        each = texts.price(prices, parcel.channel, parcel.carrier, parcel.kind)
        return (parts or parcel.parts) * each
    channel = parcel.channel if parcel.to.startswith("+") else "zalo_uid"
    return texts.price(prices, channel, parcel.carrier, parcel.kind)


def repeats_from(parcel: Parcel, broadcast: Broadcast, now: datetime) -> datetime:
    """When a call whose answer was lost may be repeated: now, or when its hours begin again, as it
    may leave by that; at the latest when its broadcast's time is over, and it gets its name."""
    opens = broadcast.route[parcel.step].window
    at = broadcast.window.next_opening(now)
    if opens is not None:
        at = max(at, opens.next_opening(at))
    return min(at, broadcast.expires_at or at)


def can_ask(
    lane: Lane,
    group: list[Parcel],
    known: Mapping[int, Broadcast],
    mode: Mode,
    now: datetime,
    *,
    as_it_was: bool = True,
) -> tuple[bool, bool]:
    """(may be asked about, by look-up). A repeat may leave, so it keeps to stop and expiry.

    `as_it_was`: the very same call can be made again, and all of it may still leave.
    """
    doubt = lane.doubt
    first = min(p.asked_at for p in group if p.asked_at is not None)
    alive = all(
        known[p.broadcast_id].state is BroadcastState.RUNNING
        and known[p.broadcast_id].mode is mode
        and (known[p.broadcast_id].expires_at or now) > now
        for p in group
    )
    window = doubt.dedup_window
    if (
        alive
        and as_it_was
        and window is not None
        and now < lifecycle.remembered_until(first, window)
    ):
        return True, False
    return doubt.settle is not None, True
