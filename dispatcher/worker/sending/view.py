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
from dispatcher.db.queue.messages import Parcel
from dispatcher.domain.model import HANOI, Mode
from dispatcher.gateways.contract import Gateway
from dispatcher.worker.sending.lanes import Asked, Lane
from dispatcher.worker.sending.settling import cost_of

LEASE = timedelta(seconds=90)  # at least three times the longest call


def lanes_of(gates: Iterable[tuple[Gateway, Pace]]) -> dict[str, Lane]:
    """A lane for each gateway, by name."""
    return {g.name: Lane(g, pace, pace.in_flight or g.limits.in_flight) for g, pace in gates}


@dataclass
class View:
    """Looked up again every moment; nothing here is true for longer than a transaction."""

    name: str  # of the worker
    mode: Mode
    lanes: Mapping[str, Lane]
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
        for lane in self.lanes.values():
            lane.hearing.see(states[lane.name]["health"] if lane.name in states else None)
            lane.closed = {
                b: until for (name, b), (until, _) in closed.items() if name == lane.name
            }
        shared = [lane for lane in self.lanes.values() if lane.pace.in_flight is not None]
        if shared:
            self._share_calls(tx, shared)

    def _share_calls(self, tx: Tx, lanes: Sequence[Lane]) -> None:
        """How many calls this worker may have open, so that all workers together keep to what
        the settings allow. One gives up its part as its calls end, then others take it."""
        alive = workers.alive(tx, tx.now - LEASE) or [self.name]
        if self.name not in alive:  # before the first sign of life, or after a long sleep
            alive = sorted([*alive, self.name])
        held = {k: n for k, n in gateways.slots(tx).items() if k[1] in alive}
        wanted: dict[str, int] = {}
        for lane in lanes:
            most, rank = lane.pace.in_flight or 0, alive.index(self.name)
            fair = most // len(alive) + (rank < most % len(alive))
            mine = held.get((lane.name, self.name), 0)
            others = sum(n for (g, w), n in held.items() if g == lane.name and w != self.name)
            part = max(fair, min(mine, lane.flying)) if mine > fair else min(fair, most - others)
            lane.in_flight = max(0, part)
            if lane.in_flight != mine:
                wanted[lane.name] = lane.in_flight
        if not wanted:
            return
        allowances.one_at_a_time(tx)
        held = {k: n for k, n in gateways.slots(tx).items() if k[1] in alive}
        for lane in lanes:
            if lane.name not in wanted:
                continue
            others = sum(n for (g, w), n in held.items() if g == lane.name and w != self.name)
            lane.in_flight = max(0, min(wanted[lane.name], (lane.pace.in_flight or 0) - others))
            gateways.set_slots(tx, lane.name, self.name, lane.in_flight)

    def measure(self, tx: Tx, back: Sequence[Asked], monotonic: float) -> None:
        """How fast each gateway takes messages, for forecasts: all workers together."""
        rates: dict[str, float] = {}
        for lane in self.lanes.values():
            answered = sum(len(call.parcels) for call in back if call.lane is lane)
            rate = lane.count(answered, monotonic)
            if rate is not None:
                rates[lane.name] = rate * max(1, len(workers.alive(tx, tx.now - LEASE)))
        if rates:
            gateways.measured(tx, rates)

    def write_down(self, tx: Tx, *, at_once: bool = False) -> None:
        """How each gateway is, where that has changed."""
        for lane in self.lanes.values():
            found = lane.hearing.to_write(tx.now, at_once)
            if found is not None:
                health.write(tx, lane.name, *found)

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
        parcels: Sequence[Parcel],
        known: Mapping[int, Broadcast],
        together: int | None = None,
    ) -> dict[int, str]:
        """For messages a gateway does not take: another gateway of the step, where there is one.

        `together`: how many there are alike; None: that is no matter.
        """
        shared = [
            p for p in parcels if known[p.broadcast_id].route[p.step].weights and p.to[:1] == "+"
        ]
        if not shared:
            return {}
        tried = messages.refused_by(tx, [p.message_id for p in shared])
        found: dict[int, str] = {}
        for p in shared:
            shut = self.paused | tried.get(p.message_id, set()) | {p.gateway}
            for name, _ in known[p.broadcast_id].route[p.step].weights:
                lane = self.lanes.get(name)
                if name in shut or lane is None or (together or lane.least) < lane.least:
                    continue
                if lane.closed.get(p.broadcast_id, tx.now) <= tx.now:
                    found[p.message_id] = name
                    break
        return found

    def cost(self, parcel: Parcel) -> int:
        """Whole đồng a message of a running broadcast costs by the price list."""
        return cost_of(parcel, self.running[parcel.broadcast_id], self.prices)

    def close(self, tx: Tx, lane: Lane, broadcast_id: int, until: datetime, code: str) -> None:
        """A gateway takes nothing more of a broadcast until then."""
        if until > lane.closed.get(broadcast_id, tx.now):
            gateways.close(tx, lane.name, broadcast_id, until, code)
            lane.closed[broadcast_id] = until
