"""Which messages a gateway gets next: taken from the queue, put in order, gathered into calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from itertools import groupby, zip_longest

from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.queue import messages
from dispatcher.db.queue.messages import QueuedMessage
from dispatcher.domain.model import BroadcastState
from dispatcher.worker.sending.gateway_queue import GatewayQueue, alike, in_batches, spread

POLL = 0.2  # seconds between looks at an empty queue
Groups = list[tuple[int, list[Broadcast]]]  # priority → broadcasts that share alike
Running = Mapping[int, Broadcast]


def claim(tx: Tx, queue: GatewayQueue, running: Running, groups: Groups, monotonic: float) -> bool:
    """Put the next messages into a queue, held until this transaction ends; False: none was due.

    Urgent broadcasts first, and ahead of what waits here already; equal ones share alike.
    """
    head = running.get(queue.waiting[0].broadcast_id) if queue.waiting else None
    for priority, group in groups:
        if head is not None and priority > head.priority:
            return False
        share = max(1, queue.most_claimed // len(group))
        turns: list[list[int]] = []
        for broadcast in group:
            after = queue.cursors.get(broadcast.id, (0, 0))
            ids, last = messages.due(tx, broadcast.id, queue.name, share, after)
            queue.cursors[broadcast.id] = last if len(ids) == share else (0, 0)
            if not ids:
                queue.rests[broadcast.id] = monotonic + POLL
            turns.append(ids)
        fair = [i for turn in zip_longest(*turns) for i in turn if i is not None]
        if not fair:
            continue
        queue.fresh.update(fair)
        found = in_batches(queue.gateway.limits, spread(messages.queued_messages(tx, fair)))
        if head is not None and priority < head.priority:
            queue.waiting.extendleft(reversed(found))
        else:
            queue.waiting.extend(found)
        return True
    return False


def lease_waiting(tx: Tx, worker: str, queue: GatewayQueue, until: datetime) -> None:
    """Lease what was put into a queue just now and stays there."""
    if queue.fresh:
        staying = [p.message_id for p in queue.waiting if p.message_id in queue.fresh]
        messages.lease(tx, worker, staying, until)
        queue.fresh.clear()


def by_priority(running: Running, queue: GatewayQueue, now: datetime, monotonic: float) -> Groups:
    """Broadcasts that may have something for a queue, the most urgent together first."""
    found = [
        b
        for b in running.values()
        if b.state is BroadcastState.RUNNING
        and queue.takes(b, now)
        and b.expires_at is not None
        and b.expires_at > now
        and queue.rests.get(b.id, 0.0) <= monotonic
    ]
    return [(p, list(group)) for p, group in groupby(found, key=lambda b: b.priority)]


def overtaken(running: Running, queue: GatewayQueue, groups: Groups) -> bool:
    """True when something more urgent than what waits here may be due."""
    head = running.get(queue.waiting[0].broadcast_id) if queue.waiting else None
    return head is not None and bool(groups) and groups[0][0] < head.priority


def next_batch(queue: GatewayQueue) -> list[QueuedMessage]:
    """The next call: one message, or as many alike as the gateway takes at once."""
    limits = queue.gateway.limits
    batch = [queue.waiting.popleft()]
    most = queue.most_with(batch[0])
    while queue.waiting and len(batch) < most:
        head = queue.waiting[0]
        if not alike(limits, batch[0], head):
            break
        batch.append(queue.waiting.popleft())
    return _with_enough(queue, batch, most) if limits.at_least > 1 else batch


def _with_enough(queue: GatewayQueue, batch: list[QueuedMessage], most: int) -> list[QueuedMessage]:
    """The call as it goes, so that neither it nor the next of its kind is smaller than the vendor
    takes, as far as what waits here allows: whoever is alike joins it; some of it stay for the
    last call, or all of that come along."""
    limits = queue.gateway.limits
    together = batch + [p for p in queue.waiting if alike(limits, batch[0], p)]
    size, left = most, len(together) - most
    if 0 < left < limits.at_least:
        if most - (limits.at_least - left) >= limits.at_least:
            size -= limits.at_least - left
        elif len(together) <= limits.batch and not batch[0].refused_with_others:
            size = len(together)
    going = {p.message_id for p in together[:size]}
    queue.waiting.extendleft(reversed(batch))
    queue.waiting = deque(p for p in queue.waiting if p.message_id not in going)
    return together[:size]
