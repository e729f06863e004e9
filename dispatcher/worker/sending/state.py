"""What one worker knows while it sends: its gateways, what runs, what is shut, what things cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dispatcher.config.pace import Pace
from dispatcher.db.broadcasts import broadcasts, texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.queue import allowances, gateways, health, messages, workers
from dispatcher.db.queue.messages import QueuedMessage
from dispatcher.domain.model import HANOI, Mode
from dispatcher.gateways.contract import Gateway
from dispatcher.worker.sending.gateway_queue import GatewayCall, GatewayQueue
from dispatcher.worker.sending.settlement import cost_of

LEASE = timedelta(seconds=90)  # at least three times the longest call


def queues_of(gates: Iterable[tuple[Gateway, Pace]]) -> dict[str, GatewayQueue]:
    """A queue for each gateway, by name."""
    return {
        g.name: GatewayQueue(g, pace, pace.in_flight or g.limits.in_flight) for g, pace in gates
    }


@dataclass
class WorkerState:
    """Looked up again every moment; nothing here is true for longer than a transaction."""

    name: str  # of the worker
    mode: Mode
    queues: Mapping[str, GatewayQueue]
    awake: Callable[[], float] = time.monotonic  # seconds, also while the machine sleeps
    remember: timedelta = timedelta(days=30)  # how long, that an address could not be reached
    urgent_despite_refusal: bool = True  # see config.site
    running: dict[int, Broadcast] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()  # gateways
    known: dict[int, Broadcast] = field(default_factory=dict)  # released: only the state changes
    prices: texts.Prices = field(default_factory=dict)

    def look(self, tx: Tx) -> None:
        """See what runs, what is paused or closed, and how many calls are ours."""
        self.running = {b.id: b for b in broadcasts.running(tx) if b.mode is self.mode}
        self.prices = texts.price_list(tx, tx.now.astimezone(HANOI).date())
        states = gateways.states(tx)
        self.paused = frozenset(n for n, row in states.items() if row["paused_at"] is not None)
        closed = gateways.closed(tx, tx.now)
        for queue in self.queues.values():
            queue.health_tracker.see(states[queue.name]["health"] if queue.name in states else None)
            queue.closed = {
                b: until for (name, b), (until, _) in closed.items() if name == queue.name
            }
        shared = [queue for queue in self.queues.values() if queue.pace.in_flight is not None]
        if shared:
            self._share_calls(tx, shared)

    def _share_calls(self, tx: Tx, queues: Sequence[GatewayQueue]) -> None:
        """How many calls this worker may have open, so that all workers together keep to what
        the settings allow. One gives up its part as its calls end, then others take it."""
        alive = workers.alive(tx, tx.now - LEASE) or [self.name]
        if self.name not in alive:  # before the first sign of life, or after a long sleep
            alive = sorted([*alive, self.name])
        held = {k: n for k, n in gateways.slots(tx).items() if k[1] in alive}
        wanted: dict[str, int] = {}
        for queue in queues:
            most, rank = queue.pace.in_flight or 0, alive.index(self.name)
            fair = most // len(alive) + (rank < most % len(alive))
            mine = held.get((queue.name, self.name), 0)
            others = sum(n for (g, w), n in held.items() if g == queue.name and w != self.name)
            part = max(fair, min(mine, queue.flying)) if mine > fair else min(fair, most - others)
            queue.in_flight = max(0, part)
            if queue.in_flight != mine:
                wanted[queue.name] = queue.in_flight
        if not wanted:
            return
        allowances.one_at_a_time(tx)
        held = {k: n for k, n in gateways.slots(tx).items() if k[1] in alive}
        for queue in queues:
            if queue.name not in wanted:
                continue
            others = sum(n for (g, w), n in held.items() if g == queue.name and w != self.name)
            queue.in_flight = max(0, min(wanted[queue.name], (queue.pace.in_flight or 0) - others))
            gateways.set_slots(tx, queue.name, self.name, queue.in_flight)

    def measure(self, tx: Tx, back: Sequence[GatewayCall], monotonic: float) -> None:
        """How fast each gateway takes messages, for forecasts: all workers together."""
        rates: dict[str, float] = {}
        for queue in self.queues.values():
            answered = sum(len(call.queued_messages) for call in back if call.queue is queue)
            rate = queue.count(answered, monotonic)
            if rate is not None:
                rates[queue.name] = rate * max(1, len(workers.alive(tx, tx.now - LEASE)))
        if rates:
            gateways.measured(tx, rates)

    def write_down(self, tx: Tx, *, at_once: bool = False) -> None:
        """How each gateway is, where that has changed."""
        for queue in self.queues.values():
            found = queue.health_tracker.to_write(tx.now, at_once)
            if found is not None:
                health.write(tx, queue.name, *found)

    def broadcasts_of(self, tx: Tx, ids: set[int], *, now: bool) -> dict[int, Broadcast]:
        """Broadcasts by id; what is frozen is read once, the state only when `now` matters."""
        for broadcast_id in ids - self.known.keys():
            self.known[broadcast_id] = broadcasts.get(tx, broadcast_id)
        if not now:
            return self.known
        states = broadcasts.states(tx, ids)
        return {i: replace(self.known[i], state=states[i]) for i in sorted(ids)}

    def elsewhere(
        self,
        tx: Tx,
        queued_messages: Sequence[QueuedMessage],
        known: Mapping[int, Broadcast],
        together: int | None = None,
    ) -> dict[int, str]:
        """For messages a gateway does not take: another gateway of the step, where there is one.

        `together`: how many there are alike; None: that is no matter.
        """
        shared = [
            p
            for p in queued_messages
            if known[p.broadcast_id].route[p.step].weights and p.to[:1] == "+"
        ]
        if not shared:
            return {}
        tried = messages.refused_by(tx, [p.message_id for p in shared])
        found: dict[int, str] = {}
        for p in shared:
            shut = self.paused | tried.get(p.message_id, set()) | {p.gateway}
            for name, _ in known[p.broadcast_id].route[p.step].weights:
                queue = self.queues.get(name)
                if name in shut or queue is None or (together or queue.least) < queue.least:
                    continue
                if queue.closed.get(p.broadcast_id, tx.now) <= tx.now:
                    found[p.message_id] = name
                    break
        return found

    def cost(self, queued_message: QueuedMessage) -> int:
        """Whole đồng a message of a running broadcast costs by the price list."""
        return cost_of(queued_message, self.running[queued_message.broadcast_id], self.prices)

    def close(
        self, tx: Tx, queue: GatewayQueue, broadcast_id: int, until: datetime, code: str
    ) -> None:
        """A gateway takes nothing more of a broadcast until then."""
        if until > queue.closed.get(broadcast_id, tx.now):
            gateways.close(tx, queue.name, broadcast_id, until, code)
            queue.closed[broadcast_id] = until
