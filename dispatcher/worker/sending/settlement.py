"""What the answer to a call decides: pure, from what is known to what is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, assert_never

from dispatcher.db.broadcasts import texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.queue.messages import QueuedMessage
from dispatcher.db.queue.outcomes import REFUSED_WITH_OTHERS, Outcome
from dispatcher.domain import lifecycle
from dispatcher.domain.lifecycle import Decision, MessageContext, Move
from dispatcher.domain.model import (
    AttemptState,
    BroadcastState,
    Channel,
    Fault,
    MessageState,
    Mode,
    ReceiptFlags,
)
from dispatcher.gateways.contract import Accepted, Refused, SendResult
from dispatcher.worker.sending.gateway_queue import GatewayCall, GatewayQueue


class NextTarget(NamedTuple):
    """Where a message may go on from here."""

    targets: Sequence[tuple[int, int, str]] = ()  # after this one: (position, step, gateway)
    gateway: str | None = None  # of this step, that has not refused it


NOWHERE = NextTarget()


def context_of(
    queue: GatewayQueue,
    queued_message: QueuedMessage,
    others: Sequence[tuple[str, str, int]],
    next_target: NextTarget,
    broadcast: Broadcast,
    asked_at: datetime,
) -> MessageContext:
    """What is known about a message when its answer comes, or when it is not even asked.

    `others`: receipts and earlier attempts, (reference, state, heard).
    """
    heard = ReceiptFlags.NOTHING
    for reference, state, bits in others:
        if reference == queued_message.reference:
            heard |= ReceiptFlags(bits)
            if state == AttemptState.ACCEPTED:  # whoever asked before us had a yes
                heard |= ReceiptFlags.ACCEPTED
    assert broadcast.expires_at is not None
    return MessageContext(
        first_asked_at=queued_message.asked_at or asked_at,
        expires_at=broadcast.expires_at,
        tries=queued_message.asks or queued_message.tries + 1,
        doubt=queue.doubt,
        has_next_target=bool(next_target.targets),
        has_next_step=any(step > queued_message.step for _, step, _ in next_target.targets),
        has_next_gateway=next_target.gateway is not None,
        later_goes_on=broadcast.route[queued_message.step].later_goes_on,
        rather_twice=broadcast.rather_twice,
        repeat=queued_message.asks > 0,
        heard=heard,
        reached=lifecycle.reached_by_others(others, queued_message.reference),
        earlier=lifecycle.best_of_others(others, queued_message.reference),
        stopped=broadcast.state in (BroadcastState.STOPPED, BroadcastState.EXPIRED),
        seed=queued_message.call_ref,
    )


def speaks_of_a_whole_call(call: GatewayCall) -> bool:
    """True when a call of several was refused in one word: a fact about none of its numbers.

    A refused text is one about the text, where all of the call have the same.
    """
    first = call.send_results[0]
    if len(call.queued_messages) < 2 or not isinstance(first, Refused):
        return False
    if first.fault is Fault.CONTENT and len({p.text.body for p in call.queued_messages}) == 1:
        return False
    return all(send_result == first for send_result in call.send_results)


def decide(
    call: GatewayCall,
    queued_message: QueuedMessage,
    send_result: SendResult | None,
    others: Sequence[tuple[str, str, int]],
    next_target: NextTarget,
    broadcast: Broadcast,
    now: datetime,
) -> Decision:
    """What the answer to a call, or to a look-up, decides about one of its messages."""
    if isinstance(send_result, Accepted):
        if not others:
            return lifecycle.TAKEN
        standing = context_of(
            call.queue, queued_message, others, next_target, broadcast, call.asked_at
        )
        return lifecycle.settle(standing, None, None, now)
    standing = context_of(call.queue, queued_message, others, next_target, broadcast, call.asked_at)
    if call.was_look_up:
        return lifecycle.looked_up(standing, False if send_result is None else None, now)
    assert send_result is not None
    if speaks_of_a_whole_call(call):
        standing = replace(standing, can_be_split=len(call.queued_messages) > call.queue.least)
    wait = send_result.retry_after
    if wait is None and send_result.opens is not None:
        wait = lifecycle.opening(send_result.opens, now) - now
    return lifecycle.settle(standing, send_result.fault, wait, now)


def outcome_of(
    queued_message: QueuedMessage,
    send_result: SendResult | None,
    decision: Decision,
    next_target: NextTarget,
    broadcast: Broadcast,
    prices: texts.Prices,
    now: datetime,
) -> Outcome:
    """Where the message goes next, what it cost, and until when its step waits for word."""
    refusal = send_result if isinstance(send_result, Refused) else None
    accepted = send_result if isinstance(send_result, Accepted) else None
    parts = cost = position = gateway = deadline = None
    due = decision.due_at
    if decision.attempt is AttemptState.ACCEPTED:
        parts = 1 if queued_message.channel == Channel.ZALO else queued_message.parts
        parts = (accepted.parts if accepted else None) or parts
        cost = accepted.cost if accepted else None
        if cost is None:
            cost = cost_of(queued_message, broadcast, prices, parts)
    if decision.message is MessageState.ACCEPTED:
        deadline = broadcast.deadline_of(queued_message.step, now)
    elif decision.message is MessageState.QUEUED:
        due = due or now
        position, gateway = place_of(decision.move, queued_message, next_target)
    return Outcome(
        queued_message.message_id,
        queued_message.reference,
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


def place_of(
    move: Move, queued_message: QueuedMessage, next_target: NextTarget
) -> tuple[int | None, str | None]:
    """(position, gateway) a message goes on at; None: as it is."""
    match move:
        case Move.STAY:
            return None, None
        case Move.NEXT_GATEWAY:
            return None, next_target.gateway
        case Move.NEXT_TARGET:
            position, _, gateway = next_target.targets[0]
        case Move.NEXT_STEP:
            position, _, gateway = next(
                t for t in next_target.targets if t[1] > queued_message.step
            )
        case _:
            assert_never(move)
    return position, gateway


def cost_of(
    queued_message: QueuedMessage,
    broadcast: Broadcast,
    prices: texts.Prices,
    parts: int | None = None,
) -> int:
    """Whole đồng a message costs by the price list; `parts` as the vendor counted them."""
    if queued_message.gateway in broadcast.route[queued_message.step].free:
        return 0
    if queued_message.channel != Channel.ZALO:
        each = texts.price(
            prices, queued_message.channel, queued_message.carrier, queued_message.kind
        )
        return (parts or queued_message.parts) * each
    channel = queued_message.channel if queued_message.to.startswith("+") else "zalo_uid"
    return texts.price(prices, channel, queued_message.carrier, queued_message.kind)


def repeats_from(queued_message: QueuedMessage, broadcast: Broadcast, now: datetime) -> datetime:
    """When a call whose answer was lost may be repeated: now, or when its hours begin again, as it
    may leave by that; at the latest when its broadcast's time is over, and it gets its name."""
    opens = broadcast.route[queued_message.step].window
    at = broadcast.window.next_opening(now)
    if opens is not None:
        at = max(at, opens.next_opening(at))
    return min(at, broadcast.expires_at or at)


def can_ask(
    queue: GatewayQueue,
    group: list[QueuedMessage],
    known: Mapping[int, Broadcast],
    mode: Mode,
    now: datetime,
    *,
    as_it_was: bool = True,
) -> tuple[bool, bool]:
    """(may be asked about, by look-up). A repeat may leave, so it keeps to stop and expiry.

    `as_it_was`: the very same call can be made again, and all of it may still leave.
    """
    doubt = queue.doubt
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
