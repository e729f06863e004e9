"""The send loop: claim, intend, ask, settle."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from datetime import timedelta
from typing import Any, TypeVar

from dispatcher.config.pace import Pace
from dispatcher.db.database import Store, Tx
from dispatcher.db.database_problems import is_passing
from dispatcher.db.queue import aside, waiting
from dispatcher.db.rows import by_ids
from dispatcher.domain.clock import Clock
from dispatcher.domain.machine import here
from dispatcher.domain.model import SYSTEM, AttemptState, Fault, Mode
from dispatcher.domain.problems import Problem
from dispatcher.gateways import cleaned
from dispatcher.gateways.contract import Gateway, LooksUp, Refused, SendResult
from dispatcher.worker.sending.claim import POLL
from dispatcher.worker.sending.dispatch import load
from dispatcher.worker.sending.gateway_queue import GatewayCall, GatewayQueue
from dispatcher.worker.sending.health_tracker import TOO_LATE
from dispatcher.worker.sending.results import settle
from dispatcher.worker.sending.state import WorkerState, queues_of

log = logging.getLogger("dispatcher.worker.sending")

GIVE_UP = 10.0  # seconds after `stop` in which the database must take what came back
IDLE = 0.01  # seconds without an answer after which the first few go into a commit of their own
FEW = 8
AGAIN = 0.5  # seconds before the database is tried again
PATIENCE = 0.25  # seconds a commit waits for another program's lock before it is tried again later
REST = 30.0  # seconds a gateway starts nothing, after what would go there could not be written
UNWRITABLE = "unwritable"  # the code of an answer that no database takes
T = TypeVar("T")


class Engine:
    """The send loop of one worker. `run` returns when `stop` was called and all is settled."""

    def __init__(
        self,
        store: Store,
        name: str,
        clock: Clock,
        mode: Mode,
        queues: Iterable[tuple[Gateway, Pace]],
        database: Executor,
        awake: Callable[[], float] = time.monotonic,
        remember: timedelta = timedelta(days=30),
        *,
        urgent_despite_refusal: bool = True,
    ) -> None:
        self.store, self.name, self.clock, self.mode = store, name, clock, mode
        self.queues = queues_of(queues)
        self.worker_state = WorkerState(
            name, mode, self.queues, awake, remember, urgent_despite_refusal
        )
        self.writes_in_thread = here().writes_in_thread(store.is_sqlite)
        self.awake = awake  # seconds, also while the machine sleeps
        self.sent = 0
        self.turned = awake()  # when the database last took a turn of this loop
        self.pen = asyncio.Lock()  # one writer per process: chores take it too
        self._database = database
        self._back: list[GatewayCall] = []
        self._wake = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._give_up_at = 0.0
        self._looked_at = 0.0
        self._read_at = clock()  # the moment of the last commit's looks
        self._stumbled = False  # the last commit failed
        self._resting: dict[str, float] = {}  # gateways that start nothing, until when (awake)

    @property
    def stopping(self) -> bool:
        return self._stopping

    def stop(self) -> None:
        """Start nothing new; what is on the wire is settled before `run` returns.

        Unless the database takes nothing for GIVE_UP: what it does not know then is a doubt for
        the next worker.
        """
        if not self._stopping:
            self._give_up_at = self.awake() + GIVE_UP
        self._stopping = True
        self._wake.set()

    def wake(self) -> None:
        """Something may have become due."""
        for queue in self.queues.values():
            queue.empty_until = 0.0
            queue.rests.clear()
        self._looked_at = 0.0
        self._wake.set()

    async def run(self) -> None:
        """Claim, intend, ask, settle, until stopped and drained."""
        clock = asyncio.get_running_loop().time
        idle = 0.0
        while not (self._stopping and not self._calls and not self._back):
            await self._gather(FEW if idle > IDLE else None)
            self._wake.clear()
            back, self._back = self._back, []
            try:
                async with self.pen:
                    started = await self._written(back)
            except Exception as trouble:  # nothing was written, nothing dropped
                if not is_passing(trouble):
                    back = await self._apart(back, trouble)
                    if not back:
                        continue
                await self._keep(back, trouble)
                if self._stopping and self.awake() > self._give_up_at:
                    log.error("worker=%s ends, answers_lost=%d", self.name, len(self._back))
                    break
                continue
            self._launch(started)
            idle = 0.0
            if not self._back:
                began = clock()
                try:
                    async with asyncio.timeout(self._nap()):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                idle = clock() - began
        async with self.pen:
            try:
                await self._in_thread(self._let_go)
            except Exception:  # what waited here comes back when its lease lapses
                log.exception("worker=%s could not let go", self.name)

    def _launch(self, started: Sequence[GatewayCall]) -> None:
        for call in started:
            call.queue.flying += 1
            task = asyncio.create_task(self._ask(call))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)

    async def _gather(self, most: int | None) -> None:
        """Answers that are here already go into one commit: two passes of the loop without a new
        one end it, no timer. A commit costs the same for one answer as for sixty.

        `most`: after a pause no more than so many, so that calls that all left together do not come
        back together for ever, to wait for each other at both ends.
        """
        seen = -1
        while seen < len(self._back) and (most is None or len(self._back) < most):
            seen = len(self._back)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def _written(
        self, back: list[GatewayCall], queues: Sequence[GatewayQueue] | None = None
    ) -> list[GatewayCall]:
        """One group commit. SQLite is written from the loop itself, where nothing has to wait for
        the interpreter lock between statements; a server's answers are awaited in a thread.

        `queues`: those that may start calls; None: all.
        """
        if not self.writes_in_thread:
            return self._commit(back, queues)
        return await self._in_thread(self._commit, back, queues)

    async def _in_thread(self, act: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._database, act, *arguments)

    async def _keep(self, back: list[GatewayCall], trouble: Exception) -> None:
        """The database took nothing: hold on to the answers and try again a little later.

        Nothing of what was about to leave has left: the next commit gives it back to the queue.
        """
        if isinstance(trouble, Problem):
            told = (self.name, trouble.code, len(back))
            log.warning("worker=%s waits problem=%s answers_kept=%d", *told)
        else:
            log.error("worker=%s answers_kept=%d", self.name, len(back), exc_info=trouble)
        self._back = back + self._back
        await asyncio.sleep(AGAIN)

    # --- what cannot be written ---------------------------------------------------------------

    async def _apart(self, back: list[GatewayCall], trouble: Exception) -> list[GatewayCall]:
        """A group commit holds what no database takes: settle its answers by halves, and where
        there were none start calls gateway by gateway. The answers that are still to be written:
        the database itself is in the way.
        """
        log.error("worker=%s cannot write together: %s", self.name, type(trouble).__name__)
        if back:
            return await self._answers_apart(back)
        for queue in self._awake_lanes():
            try:
                async with self.pen:
                    started = await self._written([], (queue,))
            except Exception as error:
                if is_passing(error):
                    break
                await self._rest(queue, error)
            else:
                self._launch(started)
        return []

    async def _answers_apart(self, back: list[GatewayCall]) -> list[GatewayCall]:
        """Settle answers by halves, so that one that cannot be written stands alone: it proves
        nothing to anybody who reads the database later, so its call becomes a doubt."""
        groups = [back]
        while groups:
            group = groups.pop()
            try:
                async with self.pen:
                    await self._written(group, ())
            except Exception as trouble:
                if is_passing(trouble):
                    return [call for left in (group, *groups) for call in left]
                half, call = len(group) // 2, group[0]
                if half:
                    groups += [group[half:], group[:half]]
                elif not call.odd:
                    call.odd = type(trouble).__name__
                    call.send_results = [
                        Refused(Fault.UNKNOWN, UNWRITABLE) for _ in call.queued_messages
                    ]
                    groups.append(group)
                else:  # not even that: the intent is on disk, and a doubt once its lease lapses
                    log.error(
                        "gateway=%s call=%s cannot be settled", call.queue.name, call.call_ref
                    )
                    call.queue.flying -= 1
                    await self._rest(call.queue, trouble)
        return []

    async def _rest(self, queue: GatewayQueue, trouble: Exception) -> None:
        """Nothing new goes to a gateway for a while: what would go there cannot be written."""
        self._resting[queue.name] = self.awake() + REST

        def tell() -> None:
            with self.store.begin(SYSTEM, self.clock(), patience=1) as tx:
                aside.name(tx, queue.name, "turn", type(trouble).__name__)

        try:
            async with self.pen:
                await self._in_thread(tell)
        except Exception as error:
            log.error("gateway=%s rests, untold: %s", queue.name, type(error).__name__)

    def _awake_lanes(self) -> list[GatewayQueue]:
        if not self._resting:
            return list(self.queues.values())
        now = self.awake()
        self._resting = {name: until for name, until in self._resting.items() if until > now}
        return [queue for name, queue in self.queues.items() if name not in self._resting]

    def _nap(self) -> float:
        """Seconds until a queue may go on by itself, at most POLL. A hold that was over at the last
        commit holds nothing: its queue waits for an answer."""
        now = self.clock()
        holds = [
            (queue.hold_until - now).total_seconds()
            for queue in self.queues.values()
            if queue.hold_until is not None and queue.waiting and queue.hold_until > self._read_at
        ]
        return max(0.001, min([POLL, *holds]))

    def _let_go(self) -> None:
        with self.store.begin(SYSTEM, self.clock(), patience=1) as tx:
            released = waiting.release_leases(tx, self.name)
            self.worker_state.write_down(tx, at_once=True)
            tx.note("drained", "worker", self.name, released=released)
        for queue in self.queues.values():
            queue.waiting.clear()

    # --- ask ------------------------------------------------------------------------------

    async def _ask(self, call: GatewayCall) -> None:
        if call.turn is not None:
            clock = asyncio.get_running_loop().time
            while (seconds := call.queue.wait(call, clock())) > 0:
                await asyncio.sleep(seconds)
        try:
            call.send_results = await self._send_results(call)
        except Exception:  # rule 2: an exception is our bug, and proves nothing about the vendor
            log.exception("gateway=%s call=%s", call.queue.name, call.call_ref)
            call.send_results = [Refused(Fault.UNKNOWN, "bug") for _ in call.queued_messages]
        self._back.append(call)
        self._wake.set()

    async def _send_results(self, call: GatewayCall) -> Sequence[SendResult | None]:
        gateway = call.queue.gateway
        if self.awake() > call.leave_by:  # frozen or suspended: somebody else may ask by now
            log.warning("gateway=%s call=%s came too late to leave", call.queue.name, call.call_ref)
            return [Refused(Fault.BUSY, TOO_LATE) for _ in call.queued_messages]
        if call.was_look_up:
            assert isinstance(gateway, LooksUp)
            said = await gateway.look_up(call.call_ref)  # of one message, it is its reference
            found = cleaned.looked_up(said)
            return [found for _ in call.queued_messages]
        send_results = await gateway.send(call.call_ref, call.outgoing)
        if len(send_results) != len(call.queued_messages):
            return [Refused(Fault.UNKNOWN, "answers missing") for _ in call.queued_messages]
        return [cleaned.send_result(said) for said in send_results]

    # --- the group commit -------------------------------------------------------------------

    def _commit(
        self, back: list[GatewayCall], queues: Sequence[GatewayQueue] | None
    ) -> list[GatewayCall]:
        """Settle what is back, claim, and write the intents of what goes out next.

        Where that fails, what it taught about the gateways is forgotten: it is learned once more.
        """
        known = [(queue, queue.learnt) for queue in self.queues.values()]
        for call in back:  # their room is free as soon as this transaction settles them
            call.queue.flying -= 1
        try:
            started = self._transact(back, queues)
        except BaseException:
            for call in back:
                call.queue.flying += 1
            for queue, learnt in known:
                queue.learnt = learnt
            self._stumbled, self._looked_at = True, 0.0
            raise
        self._stumbled, self.turned = False, self.awake()
        return started

    def _transact(
        self, back: list[GatewayCall], queues: Sequence[GatewayQueue] | None
    ) -> list[GatewayCall]:
        now = self._read_at = self.clock()
        monotonic = here().running()  # the same moment
        with self.store.begin(SYSTEM, now, patience=PATIENCE) as tx:
            by_ids(tx)
            if monotonic - self._looked_at > POLL:
                self.worker_state.look(tx)
                self._looked_at = monotonic
            if self._stumbled:
                self._start_over(tx)
            facts: dict[str, object] = {}
            accepted = 0
            if back:
                outcomes = settle(self.worker_state, tx, back, now)
                accepted = sum(o.attempt is AttemptState.ACCEPTED for o in outcomes)
                facts["settled"] = [
                    [o.message_id, o.reference, o.message, o.code] for o in outcomes
                ]
                for call in back:
                    if call.odd:
                        ids = [p.message_id for p in call.queued_messages]
                        aside.name(tx, call.queue.name, "answer", call.odd, ids)
            started: list[GatewayCall] = []
            for queue in self._awake_lanes() if queues is None else queues:
                if not self._stopping:
                    started += load(self.worker_state, tx, queue, now, monotonic)
            self.worker_state.measure(tx, back, monotonic)
            self.worker_state.write_down(tx)
            if started:
                facts["asked"] = [
                    [p.message_id, p.reference] for c in started for p in c.queued_messages
                ]
            if facts or tx.connection.info["touched"]:
                tx.note("sent", "messages", self.name, **facts)
        self.sent += accepted
        return started

    def _start_over(self, tx: Tx) -> None:
        """After a commit that failed: what waited here may no longer be what the database says."""
        waiting.release_leases(tx, self.name)
        for queue in self.queues.values():
            queue.waiting.clear()
            queue.fresh.clear()
            queue.cursors.clear()
            queue.rests.clear()
            queue.empty_until = 0.0
