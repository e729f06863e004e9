"""The send loop: claim, intend, ask, settle."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby, zip_longest
from typing import Any, TypeVar

from dispatcher import lifecycle
from dispatcher.gateways.contract import Accepted, Gateway, LooksUp, Refused, Verdict
from dispatcher.lifecycle import (
    HELD_AFTER_REFUSALS,
    PROBE_AFTER_UNKNOWNS,
    Decision,
    Effect,
)
from dispatcher.model import (
    SYSTEM,
    AttemptState,
    BroadcastState,
    Fault,
    HeldReason,
    MessageState,
    Mode,
)
from dispatcher.sending.lanes import Asked, Lane, alike, in_batches, outgoing
from dispatcher.sending.settling import can_ask, decide, outcome_of
from dispatcher.store import broadcasts, gateways, messages, texts
from dispatcher.store.broadcasts import Broadcast
from dispatcher.store.database import Store, Tx
from dispatcher.store.messages import Outcome, Parcel

log = logging.getLogger("dispatcher.sending")

LEASE = timedelta(seconds=90)  # at least three times the longest call
LEAVE_WITHIN = 30.0  # seconds from the intent; with the longest call well inside the lease
POLL = 0.2  # seconds between looks at an empty queue
AGAIN = 0.5  # seconds before the database is tried again
PATIENCE = 0.25  # seconds a commit waits for another program's lock before it is tried again later
T = TypeVar("T")
Clock = Callable[[], datetime]


class Engine:
    """The send loop of one worker. `run` returns when `stop` was called and all is settled."""

    def __init__(
        self,
        store: Store,
        name: str,
        clock: Clock,
        mode: Mode,
        lanes: Iterable[tuple[Gateway, float | None, int]],
        database: ThreadPoolExecutor,
        awake: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store, self.name, self.clock, self.mode = store, name, clock, mode
        self.lanes = {g.name: Lane(g, pace, flight) for g, pace, flight in lanes}
        self.awake = awake  # seconds, also while the machine sleeps
        self.sent = 0
        self.pen = asyncio.Lock()  # one writer per process: chores take it too
        self._database = database
        self._back: list[Asked] = []
        self._wake = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._running: dict[int, Broadcast] = {}
        self._paused: frozenset[str] = frozenset()
        self._known: dict[int, Broadcast] = {}  # released, so nothing but the state changes
        self._prices: texts.Prices = {}
        self._looked_at = 0.0
        self._stumbled = False  # the last commit failed

    @property
    def stopping(self) -> bool:
        return self._stopping

    def stop(self) -> None:
        """Start nothing new; what is on the wire is settled before `run` returns."""
        self._stopping = True
        self._wake.set()

    def wake(self) -> None:
        """Something may have become due."""
        for lane in self.lanes.values():
            lane.empty_until = 0.0
            lane.rests.clear()
        self._looked_at = 0.0
        self._wake.set()

    async def run(self) -> None:
        """Claim, intend, ask, settle, until stopped and drained."""
        while not (self._stopping and not self._calls and not self._back):
            await self._gather()
            self._wake.clear()
            back, self._back = self._back, []
            try:
                async with self.pen:
                    started = await self._written(back)
            except Exception:  # locked, full, gone: nothing was written, so nothing may be dropped
                self._stumbled = True
                await self._keep(back)
                continue
            self._stumbled = False
            for call in started:
                call.lane.flying += 1
                task = asyncio.create_task(self._ask(call))
                self._calls.add(task)
                task.add_done_callback(self._calls.discard)
            if not self._back:
                try:
                    async with asyncio.timeout(self._nap()):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        async with self.pen:
            try:
                await self._in_thread(self._let_go)
            except Exception:  # what waited here comes back when its lease lapses
                log.exception("worker=%s could not let go", self.name)

    async def _gather(self) -> None:
        """Answers that are here already go into one commit: two passes of the loop without a new
        one end it, no timer. A commit costs the same for one answer as for sixty."""
        seen = -1
        while seen < len(self._back):
            seen = len(self._back)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def _written(self, back: list[Asked]) -> list[Asked]:
        """One group commit. SQLite is written from the loop itself, where nothing has to wait for
        the interpreter lock between statements; a server's answers are awaited in a thread."""
        now = asyncio.get_running_loop().time()
        if self.store.is_sqlite:
            return self._commit(back, now)
        return await self._in_thread(self._commit, back, now)

    async def _in_thread(self, act: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._database, act, *arguments)

    async def _keep(self, back: list[Asked]) -> None:
        """The database took nothing: hold on to the answers and try again a little later.

        Nothing of what was about to leave has left: the next commit gives it back to the queue.
        """
        log.exception("worker=%s answers_kept=%d", self.name, len(back))
        self._back = back + self._back
        for call in back:
            call.lane.flying += 1
        await asyncio.sleep(AGAIN)

    def _nap(self) -> float:
        """Seconds until a lane may go on by itself, at most POLL."""
        now = self.clock()
        holds = [
            (lane.hold_until - now).total_seconds()
            for lane in self.lanes.values()
            if lane.hold_until is not None and lane.waiting
        ]
        return max(0.001, min([POLL, *holds]))

    def _let_go(self) -> None:
        with self.store.begin(SYSTEM, self.clock()) as tx:
            released = messages.release_leases(tx, self.name)
            tx.note("drained", "worker", self.name, released=released)
        for lane in self.lanes.values():
            lane.waiting.clear()

    # --- ask ------------------------------------------------------------------------------

    async def _ask(self, call: Asked) -> None:
        try:
            call.verdicts = await self._verdicts(call)
        except Exception:  # rule 2: an exception is our bug, and proves nothing about the vendor
            log.exception("gateway=%s call=%s", call.lane.name, call.call_ref)
            call.verdicts = [Refused(Fault.UNKNOWN, "bug") for _ in call.parcels]
        self._back.append(call)
        self._wake.set()

    async def _verdicts(self, call: Asked) -> Sequence[Verdict | None]:
        gateway = call.lane.gateway
        if self.awake() > call.leave_by:  # frozen or suspended: somebody else may ask by now
            log.warning("gateway=%s call=%s came too late to leave", call.lane.name, call.call_ref)
            return [Refused(Fault.BUSY, "too late") for _ in call.parcels]
        if call.was_look_up:
            assert isinstance(gateway, LooksUp)
            return [await gateway.look_up(p.reference) for p in call.parcels]
        verdicts = await gateway.send(call.call_ref, call.outgoing)
        if len(verdicts) != len(call.parcels):
            return [Refused(Fault.UNKNOWN, "answers missing") for _ in call.parcels]
        return verdicts

    # --- the group commit -------------------------------------------------------------------

    def _commit(self, back: list[Asked], monotonic: float) -> list[Asked]:
        """Settle what is back, claim, and write the intents of what goes out next."""
        now = self.clock()
        for call in back:  # their room is free as soon as this transaction settles them
            call.lane.flying -= 1
        with self.store.begin(SYSTEM, now, patience=PATIENCE) as tx:
            if monotonic - self._looked_at > POLL:
                self._look(tx)
                self._looked_at = monotonic
            if self._stumbled:
                self._start_over(tx)
            facts: dict[str, object] = {}
            if back:
                facts["settled"] = self._settle(tx, back, now)
            started: list[Asked] = []
            for lane in self.lanes.values():
                if not self._stopping and lane.name not in self._paused:
                    started += self._load(tx, lane, now, monotonic)
            if started:
                facts["asked"] = [[p.message_id, p.reference] for c in started for p in c.parcels]
            if facts or tx.connection.info["touched"]:
                tx.note("sent", "messages", self.name, **facts)
        return started

    def _start_over(self, tx: Tx) -> None:
        """After a commit that failed: what waited here may no longer be what the database says."""
        messages.release_leases(tx, self.name)
        for lane in self.lanes.values():
            lane.waiting.clear()
            lane.cursors.clear()
            lane.rests.clear()
            lane.empty_until = 0.0

    def _look(self, tx: Tx) -> None:
        self._running = {b.id: b for b in broadcasts.running(tx) if b.mode is self.mode}
        self._prices = texts.price_list(tx)
        states = gateways.states(tx)
        self._paused = frozenset(n for n, row in states.items() if row["paused_at"] is not None)
        closed = gateways.closed(tx, self.clock())
        for lane in self.lanes.values():
            lane.closed = {
                b: until for (name, b), (until, _) in closed.items() if name == lane.name
            }

    # --- settle -----------------------------------------------------------------------------

    def _settle(self, tx: Tx, back: list[Asked], now: datetime) -> list[list[object]]:
        pairs = [
            (call, parcel, verdict)
            for call in back
            for parcel, verdict in zip(call.parcels, call.verdicts, strict=True)
        ]
        others = messages.other_attempts(tx, [(p.message_id, p.reference) for _, p, _ in pairs])
        refused = [p.message_id for _, p, v in pairs if not isinstance(v, Accepted)]
        refused += [m for m, seen in others.items() if any(h for _, _, h in seen)]
        later = messages.later_targets(tx, refused)
        told = self._broadcasts_of(tx, {p.broadcast_id for _, p, _ in pairs}, now=bool(refused))
        outcomes: list[Outcome] = []
        for call, parcel, verdict in pairs:
            onward, broadcast = later.get(parcel.message_id, []), told[parcel.broadcast_id]
            seen = others.get(parcel.message_id, [])
            decision = decide(call, parcel, verdict, seen, onward, broadcast, now)
            outcomes.append(
                outcome_of(parcel, verdict, decision, onward, broadcast, self._prices, now)
            )
            self._affect(tx, call.lane, parcel.broadcast_id, decision, verdict, now)
        ours = messages.settle(tx, self.name, outcomes)
        lost = [o for o in outcomes if o.message_id not in ours]
        if lost:
            messages.late_proof(tx, lost)
        self.sent += sum(o.attempt is AttemptState.ACCEPTED for o in outcomes)
        self._hold(tx, outcomes, pairs)
        return [[o.message_id, o.reference, o.message.value, o.code] for o in outcomes]

    def _broadcasts_of(self, tx: Tx, ids: set[int], *, now: bool) -> dict[int, Broadcast]:
        """Broadcasts by id; what is frozen is read once, the state only when `now` matters."""
        for broadcast_id in ids - self._known.keys():
            self._known[broadcast_id] = broadcasts.get(tx, broadcast_id)
        if not now:
            return self._known
        states = broadcasts.states(tx, ids)
        return {i: replace(self._known[i], state=states[i]) for i in sorted(ids)}

    def _affect(
        self,
        tx: Tx,
        lane: Lane,
        broadcast_id: int,
        decision: Decision,
        verdict: Verdict | None,
        now: datetime,
    ) -> None:
        """What an answer says about the gateway itself."""
        before = lane.unknowns
        match decision.effect:
            case Effect.NONE:
                lane.busy = lane.unknowns = 0
                lane.hold_until = None
            case Effect.SLOW:
                lane.busy += 1
                wait = verdict.retry_after if isinstance(verdict, Refused) else None
                wait = wait or lifecycle.backoff(lane.busy, lane.name, first=0.5, most=60)
                lane.hold_until = now + min(wait, lifecycle.RETRY_AFTER_CAP)
            case Effect.DOUBT:
                lane.unknowns += 1
                if lane.unknowns >= PROBE_AFTER_UNKNOWNS:
                    over = lane.unknowns - PROBE_AFTER_UNKNOWNS + 1
                    lane.hold_until = now + lifecycle.backoff(over, lane.name, first=0.2, most=30)
            case Effect.CLOSE:
                lane.busy = lane.unknowns = 0
                until, code = decision.due_at, verdict.code if isinstance(verdict, Refused) else ""
                if until is not None and until > lane.closed.get(broadcast_id, now):
                    gateways.close(tx, lane.name, broadcast_id, until, code)
                    lane.closed[broadcast_id] = until
            case Effect.PAUSE:
                code = verdict.code if isinstance(verdict, Refused) else ""
                if lane.name not in self._paused:
                    log.error("gateway=%s paused code=%s", lane.name, code)
                    gateways.pause(tx, lane.name, "account", code)
                    self._paused |= {lane.name}
        crossed = (before >= PROBE_AFTER_UNKNOWNS) != (lane.unknowns >= PROBE_AFTER_UNKNOWNS)
        if crossed:
            gateways.set_unknowns(tx, lane.name, lane.unknowns)

    def _hold(
        self, tx: Tx, outcomes: list[Outcome], pairs: Sequence[tuple[Asked, Parcel, Verdict | None]]
    ) -> None:
        """Three people refused one text on one network: a person must look at that text."""
        touched = {
            p.broadcast_id
            for o, (_, p, _) in zip(outcomes, pairs, strict=True)
            if o.fault == Fault.CONTENT.value
        }
        for broadcast_id, people in messages.refusals_by_text(tx, sorted(touched)).items():
            broadcast = broadcasts.get(tx, broadcast_id)
            if people >= HELD_AFTER_REFUSALS and broadcast.state is BroadcastState.RUNNING:
                broadcasts.move(
                    tx, broadcast, BroadcastState.HELD, reason=HeldReason.CONTENT_REFUSED.value
                )
                self._running.pop(broadcast_id, None)

    # --- claim and intend -------------------------------------------------------------------

    def _load(self, tx: Tx, lane: Lane, now: datetime, monotonic: float) -> list[Asked]:
        """The calls that may start now, their intents written."""
        self._shut(tx, lane, now)
        room = lane.room(now)
        if room <= 0:
            return []
        limits = lane.gateway.limits
        calls: list[Asked] = []
        if monotonic >= lane.empty_until:
            if monotonic >= lane.doubts_at:
                calls = self._doubts(tx, lane, room, now)
                lane.doubts_at = 0.0 if calls else monotonic + POLL / 2
            short = len(lane.waiting) < room * limits.batch
            groups = self._by_priority(lane, now, monotonic)
            look = short or self._overtaken(lane, groups)
            found = look and self._claim(tx, lane, groups, now, monotonic)
            if look and not found and not calls and not lane.waiting:
                lane.empty_until = monotonic + POLL
        batches: list[list[Parcel]] = []
        room -= len(calls)
        while room > 0 and lane.waiting:
            batches.append(self._batch(lane))
            room -= 1
        if lane.per_second is not None and (batches or calls):
            wanted = sum(map(len, batches)) + sum(len(c.parcels) for c in calls)
            allowed, next_at = gateways.take_turns(tx, lane.name, wanted, lane.per_second, now)
            batches, calls = self._within(tx, lane, batches, calls, allowed)
            if allowed < wanted:
                lane.hold_until = next_at
        return calls + self._intend(tx, lane, batches, now)

    def _shut(self, tx: Tx, lane: Lane, now: datetime) -> None:
        """A window closed, or a broadcast was stopped, while its messages waited here: let go."""
        going = frozenset(b.id for b in self._running.values() if lane.takes(b, now))
        if going >= lane.going:  # nothing ended since the last look
            lane.going = going
            return
        lane.going = going
        left = [p.message_id for p in lane.waiting if p.broadcast_id not in going]
        lane.waiting = deque(p for p in lane.waiting if p.broadcast_id in going)
        messages.let_go(tx, self.name, left)

    def _within(
        self, tx: Tx, lane: Lane, batches: list[list[Parcel]], calls: list[Asked], allowed: int
    ) -> tuple[list[list[Parcel]], list[Asked]]:
        """Keep to the pace: what is too much goes back to the head of the line."""
        kept_calls: list[Asked] = []
        kept: list[list[Parcel]] = []
        for call in calls:
            if allowed >= len(call.parcels):
                kept_calls.append(call)
                allowed -= len(call.parcels)
            else:
                self._put_back(tx, call)
        for batch in batches:
            if allowed >= len(batch) or (kept == [] and allowed > 0 and len(batch) > allowed):
                kept.append(batch)
                allowed -= len(batch)
            else:
                lane.waiting.extendleft(reversed(batch))
        return kept, kept_calls

    def _put_back(self, tx: Tx, call: Asked) -> None:
        outcomes = [
            Outcome(
                p.message_id,
                p.reference,
                AttemptState.DOUBTFUL,
                MessageState.SENDING,
                due_at=self.clock(),
            )
            for p in call.parcels
        ]
        messages.settle(tx, self.name, outcomes)

    def _claim(
        self,
        tx: Tx,
        lane: Lane,
        groups: list[tuple[int, list[Broadcast]]],
        now: datetime,
        monotonic: float,
    ) -> bool:
        """Lease the next messages for a lane; False when none was due.

        Urgent broadcasts first, and ahead of what waits here already; equal ones share alike.
        """
        head = self._running.get(lane.waiting[0].broadcast_id) if lane.waiting else None
        for priority, group in groups:
            if head is not None and priority > head.priority:
                return False
            share = max(1, lane.most_claimed // len(group))
            turns: list[list[int]] = []
            for broadcast in group:
                after = lane.cursors.get(broadcast.id, (0, 0))
                ids, last = messages.claim(
                    tx, self.name, broadcast.id, lane.name, share, now + LEASE, after
                )
                lane.cursors[broadcast.id] = last if len(ids) == share else (0, 0)
                if not ids:
                    lane.rests[broadcast.id] = monotonic + POLL
                turns.append(ids)
            fair = [i for turn in zip_longest(*turns) for i in turn if i is not None]
            if not fair:
                continue
            found = in_batches(lane.gateway.limits, messages.parcels(tx, fair))
            if head is not None and priority < head.priority:
                lane.waiting.extendleft(reversed(found))
            else:
                lane.waiting.extend(found)
            return True
        return False

    def _by_priority(
        self, lane: Lane, now: datetime, monotonic: float
    ) -> list[tuple[int, list[Broadcast]]]:
        """Broadcasts that may have something for a lane, the most urgent together first."""
        found = [
            b
            for b in self._running.values()
            if b.state is BroadcastState.RUNNING
            and lane.takes(b, now)
            and b.expires_at is not None
            and b.expires_at > now
            and lane.rests.get(b.id, 0.0) <= monotonic
            and any(step.gateway == lane.name for step in b.route)
        ]
        return [(p, list(group)) for p, group in groupby(found, key=lambda b: b.priority)]

    def _overtaken(self, lane: Lane, groups: list[tuple[int, list[Broadcast]]]) -> bool:
        """True when something more urgent than what waits here may be due."""
        head = self._running.get(lane.waiting[0].broadcast_id) if lane.waiting else None
        return head is not None and bool(groups) and groups[0][0] < head.priority

    def _batch(self, lane: Lane) -> list[Parcel]:
        """The next call: one message, or as many alike as the gateway takes at once."""
        limits = lane.gateway.limits
        batch = [lane.waiting.popleft()]
        while lane.waiting and len(batch) < limits.batch:
            head = lane.waiting[0]
            if not alike(limits, batch[0], head):
                break
            batch.append(lane.waiting.popleft())
        short = limits.at_least - len(lane.waiting)
        if 0 < short < limits.at_least and len(batch) - short >= limits.at_least:
            for parcel in reversed(batch[-short:]):  # so that the last call is not too small
                lane.waiting.appendleft(parcel)
            del batch[-short:]
        return batch

    def _intend(
        self,
        tx: Tx,
        lane: Lane,
        batches: list[list[Parcel]],
        now: datetime,
    ) -> list[Asked]:
        intents: list[tuple[Parcel, str]] = []
        calls = []
        for batch in batches:
            call_ref = messages.call_reference(tx, batch)
            intents += [(p, call_ref) for p in batch]
            calls.append(Asked(lane, call_ref, batch, now, leave_by=self.awake() + LEAVE_WITHIN))
        going = messages.intend(tx, self.name, intents, now + LEASE) if intents else set()
        for call in calls:
            call.parcels = [p for p in call.parcels if p.message_id in going]
            call.outgoing = [outgoing(p, self._running[p.broadcast_id]) for p in call.parcels]
        return [call for call in calls if call.parcels]

    def _doubts(self, tx: Tx, lane: Lane, room: int, now: datetime) -> list[Asked]:
        """Calls to repeat with the same reference, or to look up; what cannot be is unconfirmed."""
        ids = messages.claim_doubts(
            tx, self.name, lane.name, room * lane.gateway.limits.batch, now + LEASE
        )
        if not ids:
            return []
        parcels = messages.parcels(tx, ids, doubtful=True)
        messages.settle_proved(tx, [p.message_id for p in parcels if p.asked_at is None])
        parcels = [p for p in parcels if p.asked_at is not None]
        known = self._broadcasts_of(tx, {p.broadcast_id for p in parcels}, now=True)
        by_call: dict[str, list[Parcel]] = {}
        for parcel in parcels:
            by_call.setdefault(parcel.call_ref, []).append(parcel)
        again: list[Asked] = []
        over: list[Outcome] = []
        for call_ref, group in by_call.items():
            may_ask, look_up = can_ask(lane, group, known, self.mode, now)
            if may_ask:
                leave_by = self.awake() + LEAVE_WITHIN
                again.append(Asked(lane, call_ref, group, now, leave_by, was_look_up=look_up))
            else:
                over += [
                    Outcome(
                        p.message_id,
                        p.reference,
                        AttemptState.UNCONFIRMED,
                        MessageState.UNCONFIRMED,
                        Fault.UNKNOWN.value,
                    )
                    for p in group
                ]
        messages.settle(tx, self.name, over)
        asked = [p for call in again for p in call.parcels]
        going = messages.ask_again(tx, self.name, asked) if asked else set()
        for call in again:
            call.parcels = [
                p._replace(asks=p.asks + 1) for p in call.parcels if p.message_id in going
            ]
            call.outgoing = [outgoing(p, known[p.broadcast_id]) for p in call.parcels]
        return [call for call in again if call.parcels]
