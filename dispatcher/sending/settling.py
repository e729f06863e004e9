"""What the answer to a call decides: pure, from what is known to what is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from dispatcher import lifecycle
from dispatcher.gateways.contract import Accepted, Refused, Verdict
from dispatcher.lifecycle import Decision, Move, Standing
from dispatcher.model import AttemptState, BroadcastState, Channel, MessageState, Mode
from dispatcher.model import Heard as HeardBits
from dispatcher.sending.lanes import Asked, Lane
from dispatcher.store import texts
from dispatcher.store.broadcasts import Broadcast
from dispatcher.store.messages import Outcome, Parcel


def standing_of(
    call: Asked,
    parcel: Parcel,
    others: list[tuple[str, str, int]],
    later: list[tuple[int, int, str]],
    broadcast: Broadcast,
) -> Standing:
    """What is known about a message when its answer comes.

    `others`: receipts and earlier attempts, (reference, state, heard). `later`: targets after this.
    """
    heard, earlier = HeardBits.NOTHING, None
    for reference, state, bits in others:
        if reference == parcel.reference:
            heard |= HeardBits(bits)
            if state == AttemptState.ACCEPTED:  # whoever asked before us had a yes
                heard |= HeardBits.ACCEPTED
        elif bits & (HeardBits.DELIVERED | HeardBits.READ):
            heard |= HeardBits(bits)  # an earlier step reached the person after all
        elif state == AttemptState.ACCEPTED and not bits & HeardBits.FAILED:
            earlier = MessageState.ACCEPTED
    assert broadcast.expires_at is not None
    return Standing(
        first_asked_at=parcel.asked_at or call.asked_at,
        expires_at=broadcast.expires_at,
        tries=parcel.asks or parcel.tries + 1,
        doubt=call.lane.doubt,
        has_next_target=bool(later),
        has_next_step=any(step > parcel.step for _, step, _ in later),
        later_goes_on=broadcast.route[parcel.step].later_goes_on,
        rather_twice=broadcast.rather_twice,
        repeat=parcel.asks > 0,
        heard=heard,
        earlier=earlier,
        stopped=broadcast.state in (BroadcastState.STOPPED, BroadcastState.EXPIRED),
        seed=call.call_ref,
    )


def decide(
    call: Asked,
    parcel: Parcel,
    verdict: Verdict | None,
    others: list[tuple[str, str, int]],
    later: list[tuple[int, int, str]],
    broadcast: Broadcast,
    now: datetime,
) -> Decision:
    """What the answer to a call, or to a look-up, decides about one of its messages."""
    if isinstance(verdict, Accepted):
        if not others:
            return lifecycle.TAKEN
        return lifecycle.settle(
            standing_of(call, parcel, others, later, broadcast), None, None, now
        )
    standing = standing_of(call, parcel, others, later, broadcast)
    if call.was_look_up:
        return lifecycle.looked_up(standing, False if verdict is None else None, now)
    assert verdict is not None
    wait = verdict.retry_after
    if wait is None and verdict.opens is not None:
        wait = lifecycle.opening(verdict.opens, now) - now
    return lifecycle.settle(standing, verdict.fault, wait, now)


def outcome_of(
    parcel: Parcel,
    verdict: Verdict | None,
    decision: Decision,
    later: list[tuple[int, int, str]],
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
        parts = 1 if parcel.channel == Channel.ZALO.value else parcel.parts
        parts = (accepted.parts if accepted else None) or parts
        cost = accepted.cost if accepted else None
        if cost is None:
            by_id = parcel.channel == Channel.ZALO.value and not parcel.to.startswith("+")
            channel = "zalo_uid" if by_id else parcel.channel
            cost = parts * texts.price(prices, channel, parcel.carrier, parcel.kind)
    if decision.message is MessageState.ACCEPTED:
        step = broadcast.route[parcel.step]
        if step.deadline is not None and parcel.step + 1 < len(broadcast.route):
            deadline = now + step.deadline
    elif decision.message is MessageState.QUEUED:
        due = due or now
        if decision.move is not Move.STAY:
            position, _, gateway = next(
                t for t in later if decision.move is Move.NEXT_TARGET or t[1] > parcel.step
            )
    return Outcome(
        parcel.message_id,
        parcel.reference,
        decision.attempt,
        decision.message,
        refusal.fault.value if refusal else None,
        refusal.code if refusal else None,
        refusal.detail if refusal else None,
        accepted.provider_id if accepted else None,
        parts,
        cost,
        position,
        gateway,
        due,
        deadline,
    )


def can_ask(
    lane: Lane, group: list[Parcel], known: Mapping[int, Broadcast], mode: Mode, now: datetime
) -> tuple[bool, bool]:
    """(may be asked about, by look-up). A repeat may leave, so it keeps to stop and expiry."""
    doubt = lane.doubt
    first = min(p.asked_at for p in group if p.asked_at is not None)
    alive = all(
        known[p.broadcast_id].state is BroadcastState.RUNNING
        and known[p.broadcast_id].mode is mode
        and (known[p.broadcast_id].expires_at or now) > now
        for p in group
    )
    window = doubt.dedup_window
    if alive and window is not None and now < first + window * lifecycle.SETTLE_MARGIN:
        return True, False
    return doubt.settle is not None, True
