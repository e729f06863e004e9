"""What is still allowed: how many of the next messages a gateway's quotas and a step's budget bear.

Comes from: what was taken so far.   Goes to: the intents, in the same transaction.
Never: lets several workers together take more than a limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.queue import allowances
from dispatcher.db.queue.allowances import Allowance
from dispatcher.db.queue.messages import QueuedMessage
from dispatcher.domain.model import HANOI
from dispatcher.worker.sending.gateway_queue import GatewayQueue

Amounts = Counter[tuple[str, str]]


def limits_of(
    queue: GatewayQueue, broadcast: Broadcast, step: int, now: datetime
) -> list[Allowance]:
    """Every limit that counts a message of a step at a gateway."""
    found = allowances.of_gateway(queue.name, queue.pace.most, now)
    budget = broadcast.route[step].budget
    if budget is not None:
        found.append(allowances.of_step(broadcast.id, step, budget))
    return found


def reserve(
    tx: Tx,
    queue: GatewayQueue,
    batches: Sequence[list[QueuedMessage]],
    known: Mapping[int, Broadcast],
    cost: Callable[[QueuedMessage], int],
    now: datetime,
) -> tuple[list[list[QueuedMessage]], list[tuple[list[QueuedMessage], Allowance]]]:
    """(the calls that may go, with what each message reserves; those that may not, and why).

    A call that fits in part goes in part, where that is enough for a call. Once a limit is met,
    later calls under it wait.
    """
    limits = {
        (p.broadcast_id, p.step): limits_of(queue, known[p.broadcast_id], p.step, now)
        for batch in batches
        for p in batch[:1]
    }
    if not any(limits.values()):
        return list(batches), []
    allowances.one_at_a_time(tx)
    everything = {(a.name, a.period): a for found in limits.values() for a in found}
    taken = Counter(allowances.used(tx, list(everything.values())))
    wanted: Amounts = Counter()
    going: list[list[QueuedMessage]] = []
    refused: list[tuple[list[QueuedMessage], Allowance]] = []
    for batch in batches:
        mine = limits[batch[0].broadcast_id, batch[0].step]
        fits: list[QueuedMessage] = []
        met: Allowance | None = None
        for queued_message in batch:
            price = cost(queued_message)
            for a in mine:
                amount = price if a.in_dong else 1
                if taken[a.name, a.period] + amount > a.most:
                    met = a
                    break
            if met:
                break
            for a in mine:
                amount = price if a.in_dong else 1
                taken[a.name, a.period] += amount
                wanted[a.name, a.period] += amount
            fits.append(queued_message._replace(reserved=price))
        if met:
            size = as_calls(len(fits), len(batch) - len(fits), queue.least)
            for queued_message in fits[size:]:
                for a in mine:
                    amount = cost(queued_message) if a.in_dong else 1
                    taken[a.name, a.period] -= amount
                    wanted[a.name, a.period] -= amount
            del fits[size:]
            refused.append((batch[size:], met))
        if fits:
            going.append(fits)
    allowances.take(tx, wanted)
    return going, refused


def as_calls(fit: int, left: int, least: int) -> int:
    """How many of a call go where only so many fit: none where that is fewer than the vendor takes,
    and a few less where those left would be."""
    short = least - left if 0 < left < least else 0
    if fit - short >= least:
        return fit - short
    return fit if fit >= least else 0


def give_back(
    tx: Tx,
    queued_messages: Iterable[tuple[GatewayQueue, QueuedMessage, Broadcast, datetime, int | None]],
) -> None:
    """What was proved not to have been taken, or cost something else than expected.

    Each: (gateway, message, its broadcast, when it was asked, what it really cost; None: nothing
    was taken).
    """
    amounts: Amounts = Counter()
    for queue, queued_message, broadcast, asked_at, cost in queued_messages:
        if queued_message.reserved is None:
            continue
        for a in limits_of(queue, broadcast, queued_message.step, asked_at):
            if a.in_dong:
                amounts[a.name, a.period] += (cost or 0) - queued_message.reserved
            elif cost is None:
                amounts[a.name, a.period] -= 1
    if amounts:
        allowances.one_at_a_time(tx)
        allowances.take(tx, amounts)


def opens_again(limit: Allowance, now: datetime) -> timedelta | None:
    """How long until a quota begins anew; None for a budget, which never does."""
    local = now.astimezone(HANOI)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match len(limit.period):
        case 10:
            return midnight + timedelta(days=1) - local
        case 7:
            return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1) - local
        case _:
            return None
