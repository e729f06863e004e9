"""The worker: joins schedules, sending, receipts and chores into one process.

A timer wakes it; everything that is woken reads the truth from the database.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import dispatcher
from dispatcher import scheduling
from dispatcher.broadcasts import occurrences
from dispatcher.broadcasts.application import App, database_file, release_broadcast
from dispatcher.config.pace import pace_of
from dispatcher.db import trail
from dispatcher.db.broadcasts import broadcasts, budgets, ending
from dispatcher.db.ops import identity
from dispatcher.db.queue import gateways, receipts, waiting, workers
from dispatcher.db.queue.notify import listen
from dispatcher.db.queue.workers import WorkerLock
from dispatcher.domain.clock import awake
from dispatcher.domain.lifecycle import Doubt
from dispatcher.domain.machine import here, random_word
from dispatcher.domain.model import SYSTEM
from dispatcher.domain.problems import Problem, shortage
from dispatcher.gateways.contract import AsksReceipts, Gateway, RenewsToken
from dispatcher.worker import confirming, receiving, timekeeping
from dispatcher.worker.adapters import Doors, build_gateway, listeners
from dispatcher.worker.background import Background
from dispatcher.worker.notifications import deliver, detect
from dispatcher.worker.sending import Engine, balance, end_doubts, pass_deadlines, reclaim
from dispatcher.worker.sending.polling import poll
from dispatcher.worker.timekeeping import Timekeeper
from dispatcher.worker.timer import Scheduled, Timer

log = logging.getLogger("dispatcher.worker.process")
T = TypeVar("T")

PASSING = frozenset(  # faults that end
    {
        "clock-doubtful",
        "data-folder",
        "database-locked",
        "database-readonly",
        "database-unreachable",
        "disk-error",
        "disk-full",
        "no-descriptor",
        "no-thread",
    }
)
TICK = 1.0  # seconds
TELL = 5.0  # seconds between looks for what staff must know
RECEIPTS = 0.3  # seconds between looks into the inbox
REFRESH_AFTER = timedelta(hours=12)  # tokens live 25 hours
A_SECOND_LOOK = timedelta(seconds=1)  # what a receipt waits that came too early, at first
INBOX_FIRST = 2.0  # seconds for unread reports before deadlines pass; then those wait a second more
SOON = timedelta(minutes=2)  # what `--once` still waits for: undo windows and doubts


@dataclass
class Worker:
    """One `dispatcher run`."""

    app: App
    doors: Doors
    name: str = field(default_factory=lambda: f"w{random_word(6)}")
    timer: Callable[[], Timer] = Scheduled
    database: Executor = field(default_factory=lambda: here().thread("database"))
    engine: Engine | None = None
    lock: WorkerLock | None = None
    gateways: dict[str, Gateway] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    listeners: Mapping[str, Any] = field(default_factory=dict)
    timekeeper: Timekeeper | None = None
    beside: dict[str, Executor] = field(default_factory=dict)  # chore → its own thread
    said: dict[str, str] = field(default_factory=dict)  # chore → the trouble it is in, told once

    def __post_init__(self) -> None:
        self.background = Background(self.app, self._safely)

    def _lock(self, name: str) -> WorkerLock:
        return WorkerLock(name, self.app.site.data / "workers", self.app.site.database)

    async def run(self, *, once: bool = False) -> int:
        """Work until stopped, or with `once` until nothing is due; how many were accepted."""
        app = self.app
        await self._patiently(self._stand, once=once)
        lock = self.lock = self._lock(self.name)
        await self._patiently(partial(_enter, lock), once=once)
        try:
            await self._patiently(self._start_thread, once=once)
            await self._patiently(self._enrol, once=once)
        except BaseException:
            lock.drop()
            self.database.shutdown()
            raise
        self.timekeeper = Timekeeper(app.store, app.clock)
        for name in app.site.gateways:
            self.gateways[name] = build_gateway(app, name, self.doors, self.database)
        self.listeners = listeners(app)
        queues = [(g, pace_of(app.site, n)) for n, g in self.gateways.items()]
        self.engine = Engine(
            app.store,
            self.name,
            app.clock,
            app.site.mode,
            queues,
            self.database,
            awake,
            app.site.remember,
            urgent_despite_refusal=app.site.urgent_despite_refusal,
        )
        await self._patiently(self._recover, once=once)
        timer = self._timer()
        loop = asyncio.get_running_loop()
        self._hear_signals(loop)
        sending = asyncio.create_task(self.engine.run())
        timer.start()
        no_more = self._listen_for_changes(loop, timer)
        try:
            if once:
                await self._until_idle()
                await self._safely(self._tidy)  # what is finished is called so before we go
                await self._tell()
                await self.background.keep_second()
                self.engine.stop()
            await sending
        finally:
            no_more.set()
            timer.stop()
            await asyncio.sleep(0)
            for gateway in self.gateways.values():
                wire = getattr(gateway, "_wire", None)
                if wire is not None:
                    await wire.close()
            with suppress(Exception), app.store.begin(SYSTEM, app.clock(), patience=1) as tx:
                workers.leave(tx, self.name)
            lock.drop()
            self.database.shutdown()
            for thread in self.beside.values():
                thread.shutdown()
        return self.engine.sent

    async def _patiently(self, act: Callable[[], None], *, once: bool) -> None:
        """Do this as soon as the fault that is in the way has passed."""
        while True:
            try:
                act()
                self.said.pop("start", None)
                return
            except (Problem, OSError, RuntimeError) as error:
                problem = error if isinstance(error, Problem) else shortage(error)
                if problem is None:
                    raise
                if problem.code not in PASSING or (once and problem.code == "clock-doubtful"):
                    raise problem from error
                self._trouble("start", problem)
            await asyncio.sleep(TICK)

    def _start_thread(self) -> None:
        """The database's one thread, before anything is written in it: what is handed over while
        no thread can be had would be done later, with nobody waiting for it."""
        try:
            self.database.submit(int).result()
        except RuntimeError:
            self.database = here().thread("database")
            raise

    def _enrol(self) -> None:
        with self.app.store.read(SYSTEM) as tx:
            timekeeping.trust(tx, self.app.clock)
        with self.app.store.begin(SYSTEM, self.app.clock(), patience=1) as tx:
            workers.enrol(tx, self.name, dispatcher.__version__)

    def _hear_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ctrl-C and SIGTERM drain; Windows has no handlers on its loop."""
        assert self.engine is not None
        stop = self.engine.stop
        ctrl_break = getattr(signal, "SIGBREAK", signal.SIGINT)  # Windows
        for number in {signal.SIGINT, signal.SIGTERM, ctrl_break}:
            try:
                loop.add_signal_handler(number, stop)
            except NotImplementedError:
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))

    def _timer(self) -> Timer:
        timer = self.timer()
        for chore, seconds in (
            (self._tick, TICK),
            (self._chores, TICK),
            (self._hear, RECEIPTS),
            (self._poll, 2.0),
            (self._renew, 300.0),
            (self._tell, TELL),
            *self.background.chores(),
        ):
            timer.every(chore, seconds)
        return timer

    def _listen_for_changes(self, loop: asyncio.AbstractEventLoop, timer: Timer) -> threading.Event:
        """Be woken at once by what others write; without a server we look every moment."""
        engine, stop = self.engine, threading.Event()
        assert engine is not None

        def woken(table: str) -> None:
            chore = self._hear if table == "receipts" else self._tick
            if not engine.stopping:
                timer.at_once(chore)
                if table != "receipts":
                    engine.wake()

        def hear(table: str) -> None:
            with suppress(RuntimeError):  # the loop is gone: we are shutting down
                loop.call_soon_threadsafe(woken, table)

        if not self.app.store.is_sqlite:
            url = self.app.site.database
            try:
                here().beside("notify", lambda: listen(url, hear, stop))
            except RuntimeError:  # we look every second all the same
                log.warning("worker=%s has no thread to be woken by", self.name)
        return stop

    # --- what is due ------------------------------------------------------------------------

    async def _tick(self) -> None:
        await self._safely(self._release_due, own_thread=True)

    async def _chores(self) -> None:
        await self._safely(self._tidy)

    async def _hear(self) -> None:
        while await self._safely(self._match) == receiving.AT_ONCE:
            log.debug("worker=%s more receipts wait", self.name)

    async def _renew(self) -> None:
        with self.app.store.read(SYSTEM) as tx:
            stale = gateways.stale_tokens(tx, self.app.clock() - REFRESH_AFTER)
        for name in stale:
            gateway: Any = self.gateways.get(name)
            if isinstance(gateway, RenewsToken) and await gateway.renew() is not None:
                log.error("gateway=%s tokens could not be renewed", name)

    async def _in_thread(self, act: Callable[[], Any]) -> Any:
        """Something to do with the database, in its one thread."""
        assert self.engine is not None
        loop = asyncio.get_running_loop()
        async with self.engine.pen:
            return await loop.run_in_executor(self.database, act)

    async def _tell(self) -> None:
        """Staff are told what waits for them."""
        if self.engine is None or self.engine.stopping:
            return
        try:
            await self._in_thread(lambda: deliver.detect_notices(self.app))
            await deliver.deliver(self.app, self.gateways, self._in_thread)
            await confirming.confirm(self.app, self.gateways, self._in_thread)
            self.said.pop("tell", None)
        except asyncio.CancelledError:  # we are shutting down
            return
        except Exception as error:
            self._failed("tell", error)

    async def _poll(self) -> None:
        """Pull reports where callbacks may have been lost."""
        assert self.engine is not None
        for name, gateway in self.gateways.items():
            if isinstance(gateway, AsksReceipts) and not self.engine.stopping:
                try:
                    await poll(
                        self.app.store,
                        self.app.clock,
                        name,
                        gateway,
                        receiving.believe_apart,
                        self._in_thread,
                    )
                except asyncio.CancelledError:
                    return
                except Exception:
                    log.exception("gateway=%s polling", name)

    async def _safely(self, act: Callable[[], T], *, own_thread: bool = False) -> T | None:
        """A chore's answer; None when it failed, which is logged: the worker lives on. One that is
        told to end begins no more of them: each may wait long for a database that is held."""
        loop = asyncio.get_running_loop()
        assert self.engine is not None
        name = act.__name__
        try:
            async with nullcontext() if own_thread else self.engine.pen:
                if self.engine.stopping:
                    return None
                thread = self._thread(name) if own_thread else self.database
                done = await loop.run_in_executor(thread, act)
        except asyncio.CancelledError:  # we are shutting down
            log.debug("chore=%s cancelled", name)
        except Exception as error:
            self._failed(name, error)
        else:
            if self.said.pop(name, None):
                log.warning("worker=%s chore=%s goes on", self.name, name)
            return done
        return None

    def _thread(self, chore: str) -> Executor:
        """The thread of a chore that runs beside the others; one at a time."""
        if chore not in self.beside:
            self.beside[chore] = here().thread(chore)
        return self.beside[chore]

    def _failed(self, chore: str, error: Exception) -> None:
        """A chore failed: what a person can mend is told once, and it is tried again."""
        problem = error if isinstance(error, Problem) else shortage(error)
        if problem is not None:
            if problem.code == "no-thread":  # what was handed over must not be done later
                self.beside.pop(chore, None)
            self._trouble(chore, problem)
        elif isinstance(error, RuntimeError) and str(error).endswith(("shutdown", "closed")):
            log.debug("chore=%s after shutdown", chore)
        else:
            log.error("chore=%s", chore, exc_info=error)

    def _trouble(self, chore: str, problem: Problem) -> None:
        """Say once what stands in the way of a chore, until it goes on or it is something else."""
        if self.said.get(chore) != problem.code:
            self.said[chore] = problem.code
            log.error("worker=%s chore=%s waits problem=%s", self.name, chore, problem.code)
            self.problems.append(problem.to("vi"))

    def _release_due(self) -> None:
        app = self.app
        if self.timekeeper is not None and not self.timekeeper.may_start():
            return
        with app.store.begin(SYSTEM, app.clock()) as tx:
            known = scheduling.keep_all(tx, app.schedules, app.site.window, tet=app.site.tet)
            fire = partial(occurrences.fire, app)
            fired = scheduling.run_due(
                tx, known, self.name, fire, tet=app.site.tet, ahead=partial(occurrences.ahead, app)
            )
            if tx.connection.info["touched"]:
                tx.note("tick", "schedules", self.name, fired=fired)
        with app.store.read(SYSTEM) as tx:
            due = broadcasts.due_ids(tx, app.clock())
        failed: Exception | None = None
        for broadcast_id in due:
            try:
                with app.store.read(SYSTEM) as tx:
                    broadcast = broadcasts.get(tx, broadcast_id)
                release_broadcast(app, broadcast)
            except Exception as error:  # one that cannot be released holds up no other
                log.error("broadcast=%d not released: %s", broadcast_id, type(error).__name__)
                failed = failed or error
            if self.engine is not None:
                self.engine.wake()
        if failed is not None:
            raise failed

    def _stand(self) -> None:
        """A copied or restored database sends nothing."""
        with self.app.store.read(SYSTEM) as tx:
            identity.stand(tx, database_file(self.app.site))

    def _tidy(self) -> None:
        app = self.app
        try:
            self._stand()
        except Problem as problem:
            assert self.engine is not None
            if problem.code == "database-held":  # anything else passes
                self.engine.stop()
            raise
        self._hold_on()
        read_upto = app.clock()
        self._read_inbox()
        with app.store.begin(SYSTEM, app.clock()) as tx:
            tx.act = "reclaimed"
            workers.sign_of_life(tx, self.name, self._turned_at(tx.now))
            pass_deadlines(tx, read_upto)
            reclaim(tx, self.name, self._doubts())
            end_doubts(tx, self.gateways)
            detect.tell_ended(tx, ending.finish(tx))
            budgets.give_back_unspent(tx)
            moved = balance(tx, app.site.mode)
            trail.sequence(tx)
        if moved and self.engine is not None:
            self.engine.wake()
        self._recover()

    def _read_inbox(self) -> None:
        """What is said of messages whose deadline passes now is read first, as far as it goes."""
        with self.app.store.read(SYSTEM) as tx:
            if not waiting.any_past_deadline(tx, self.app.clock()):
                return
        until = awake() + INBOX_FIRST
        while self._match() == receiving.AT_ONCE and awake() < until:
            pass

    def _turned_at(self, now: datetime) -> datetime | None:
        """When the send loop last took its turn, by the clock of the site."""
        if self.engine is None:
            return None
        return now - timedelta(seconds=max(0.0, awake() - self.engine.turned))

    def _hold_on(self) -> None:
        """The database was restarted and our lock with it: others may have taken us for dead."""
        if self.lock is None or self.lock.held():
            return
        self.lock.drop()
        if self.lock.take():
            log.warning("worker=%s lost its lock and has it again", self.name)
            self._enrol()
        else:  # somebody takes back what we held at this moment
            self.lock.drop()

    def _recover(self) -> None:
        """Take back what workers held whose locks were released by their death."""
        app = self.app
        with app.store.read(SYSTEM) as tx:
            others = workers.others(tx, self.name)
        for other in others:
            lock = self._lock(other)
            if not lock.take():
                lock.drop()
                continue
            with app.store.begin(SYSTEM, app.clock()) as tx:
                doubts = reclaim(tx, self.name, self._doubts(), dead=other)
                workers.leave(tx, other)
            lock.drop()
            log.warning("worker=%s died, doubts=%d", other, doubts)

    def _doubts(self) -> Mapping[str, Doubt]:
        return {
            n: Doubt(g.limits.dedup_window, g.limits.looks_up) for n, g in self.gateways.items()
        }

    def _match(self) -> int:
        app = self.app
        with app.store.read(SYSTEM) as tx:
            if not receipts.any_waiting(tx, app.clock()):
                return 0
        with app.store.begin(SYSTEM, app.clock()) as tx:
            return receiving.match(tx, self.listeners)

    async def _until_idle(self) -> None:
        """Wait until nothing is due, on the wire, in doubt, or about to be reported."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(TICK / 2)
        quiet, last = 0, -1
        while quiet < 3:
            await asyncio.sleep(RECEIPTS)
            try:
                busy, silent = await loop.run_in_executor(self.database, self._open_work)
            except Problem as problem:  # it passes, or the chores end the worker
                log.warning("worker=%s cannot look problem=%s", self.name, problem.code)
                busy, silent = True, 0
            if self.engine is not None and self.engine.stopping:
                return
            heard = silent != last  # a few more looks for receipts that take their time
            quiet = 0 if busy or (silent > 0 and heard) else quiet + 1
            last = silent

    def _open_work(self) -> tuple[bool, int]:
        """(is anything open; if not, of how many messages nothing was heard yet)."""
        now = self.app.clock()
        with self.app.store.read(SYSTEM) as tx:
            if ending.open_work(tx, now, SOON) or receipts.any_waiting(tx, now + A_SECOND_LOOK):
                return True, 0
            return False, ending.silent(tx, now - SOON)


def _enter(lock: WorkerLock) -> None:
    """Take the lock that is ours as long as we live."""
    if not lock.take():
        raise RuntimeError("a worker name was used twice")
