"""A world: one site, its workers, vendors and people, and what happens to them, by seed."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from sqlalchemy.exc import DBAPIError

from dispatcher.broadcasts.application import App
from dispatcher.config import parse
from dispatcher.db.database_problems import as_problem
from dispatcher.domain import failpoints
from dispatcher.domain.clock import Watch
from dispatcher.domain.machine import standing_on
from dispatcher.domain.problems import Problem
from dispatcher.gateways.contract import Call
from dispatcher.simulators.worlds import numbering
from dispatcher.simulators.worlds.disks import Disk
from dispatcher.simulators.worlds.facts import Facts
from dispatcher.simulators.worlds.network import Transport
from dispatcher.simulators.worlds.processes import THREAD_TAKES, Killed, Process, Ticks
from dispatcher.simulators.worlds.vendors import Vendor
from dispatcher.usecases.context import open_app
from dispatcher.worker.adapters import Doors, callback_path, listeners
from dispatcher.worker.process import Worker
from dispatcher.worker.receipt_door import Door, door

T = TypeVar("T")
START = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)  # nine o'clock in Hà Nội
EYE = "eye"  # the process of whoever looks and does nothing
QUIET = 20.0  # seconds of a jump
GROWTH = 8  # times as long as the jump before
LAPSE = 0.3  # seconds the world jumps when nothing happens, at first


class World:
    """Everything there is, and the order in which it happens."""

    def __init__(self, seed: int, root: Path) -> None:
        self.seed, self.root = seed, root
        self.draw = random.Random(seed)
        self.seconds = 0.0
        self.off = 0.0  # seconds the clock of the site's machine is ahead of the world
        self.to_compare = False  # with the same seed on the other database: see lives.live
        self.places: list[str] = []  # databases that were made for this world, by URL
        self.disk = Disk(random.Random(f"{seed} disk"))
        self.trace: list[tuple[float, str]] = []
        self.steps = 0
        self.vendors: dict[str, Vendor] = {}
        self.workers: dict[str, tuple[Process, Worker]] = {}
        self.processes: list[Process] = []
        self.door: tuple[Process, Door] | None = None
        self.person: Process | None = None  # who acts, or acted last
        self.acts = 0  # of people
        self._at_console: tuple[object, Process, App] | None = None
        self.playing = ""  # the event that happens, by name
        self.wish: Mapping[str, Any] = {}  # what is alike in all that people wish to send
        self.facts = Facts()
        self.strangers: list[str] = []  # hosts of other machines that were asked for
        self.took: list[tuple[float, str, Call]] = []  # receipts the door has taken
        self.offered: list[tuple[float, str, Call]] = []  # and those it may have taken as it died
        self.failed: tuple[str, str] | None = None  # the invariant that broke, and how
        self._eye: tuple[Process, App] | None = None
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._lapse = LAPSE
        self._names = itertools.count(1)
        self.watch: Callable[[World], tuple[str, str] | None] | None = None

    # --- time -------------------------------------------------------------------------------

    def moment(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Let something happen in so many seconds."""
        at = self.seconds + max(0.0, seconds)
        heapq.heappush(self._events, (at, next(self._count), act))

    def tell(self, words: str) -> None:
        self.trace.append((self.seconds, words))

    def stir(self, seconds: float = LAPSE) -> None:
        """Something happened: the world goes on in steps of so many seconds."""
        self._lapse = min(self._lapse, seconds)

    @property
    def is_quiet(self) -> bool:
        """Nothing but looks happened for a while."""
        return self._lapse > QUIET

    @property
    def is_busy(self) -> bool:
        """Something is still going to happen, or just has."""
        return bool(self._events) or not self.is_quiet

    def run(self, until: float) -> None:
        """Let everything happen until so many seconds have passed.

        While nobody does anything but look whether there is something to do, time goes by in
        jumps that grow: whoever looks is a little late, as on a machine that sleeps.
        """
        while True:
            due = [(at, p) for p in self.processes if (at := p.due()) is not None]
            event = self._events[0][0] if self._events else None
            first = min(
                [at for at, _ in due] + ([event] if event is not None else []), default=until
            )
            if first > self.seconds + THREAD_TAKES:  # a thread at work is no idleness
                jump = min(self.seconds + self._lapse, event if event is not None else until)
                self._lapse *= GROWTH
                first = max(first, jump)
            if first >= until:
                self.seconds = until
                return
            self.seconds = max(self.seconds, first)
            ready: list[Any] = [p for at, p in due if at <= self.seconds]
            if event is not None and event <= self.seconds:
                ready.append(None)
            chosen = ready[0] if len(ready) == 1 else self.draw.choice(ready)
            self.steps += 1
            if chosen is None:
                heapq.heappop(self._events)[2]()
            else:
                chosen.step()
            if self.watch is not None and self.failed is None:
                self.failed = self.watch(self)
                if self.failed is not None:
                    return

    def end(self) -> None:
        """All processes are gone."""
        self.disk.lift()
        for process in self.processes:
            process.kill()
        self.database_changed()

    def as_process(self, process: Process, act: Callable[[], Any]) -> Any:
        with standing_on(process.machine):
            failpoints.tell(process.reached)
            try:
                return act()
            finally:
                failpoints.tell(None)

    # --- processes --------------------------------------------------------------------------

    def open(self, process: Process) -> App:
        """The site as this process sees it, by the clock of its machine."""
        looks_on = process.name == EYE
        if not looks_on:
            self._disk_is_there()
        app = open_app(parse(self.root), Watch(process.machine.now, process.machine.awake))
        process.machine.holds(app.store.close)
        if self.to_compare and not app.store.is_sqlite:
            numbering.as_in_a_file(app.store._engine)
        if not looks_on:
            runs_on = not process.name.startswith("person")  # who must know what became of it
            self.disk.watch(app.store._engine, loses=runs_on)
        return app

    def _disk_is_there(self) -> None:
        try:
            self.disk.look()
        except DBAPIError as error:
            raise as_problem(error) from error

    def start_worker(self, off: float = 0.0, dies_at: int | None = None, tries: int = 8) -> Process:
        """One more `dispatcher run`; where it cannot start, it is tried again, as a service is.

        `off`: seconds its clock is ahead of the others'; `dies_at`: so many failpoints from now.
        """
        name = f"worker {next(self._names)}"
        process = Process(self, name)
        process.machine.network = lambda: Transport(self, process)
        process.machine.off, process.dies_at = off, dies_at
        self.processes.append(process)

        def begin() -> None:
            app = self.open(process)
            twins = {n: f"http://127.0.0.1:9/{n}" for n in app.site.gateways}
            worker = Worker(app, Doors(twins, "http://127.0.0.1:8"), timer=lambda: Ticks(process))
            self.workers[name] = (process, worker)
            process.start(worker.run()).add_done_callback(over)

        def over(main: Any) -> None:
            if process.lives:
                error = main.exception()
                process.leave(f": {_words(error)}" if error else "")

        def again() -> None:
            if not self.any_worker():
                self.start_worker(off, None, tries - 1)

        self.tell(f"{name} starts")
        self.facts.started[name] = self.seconds
        self._service(process, begin, again if tries > 1 else None, 5.0 * 2 ** (8 - tries))
        return process

    def _service(
        self, process: Process, begin: Callable[[], None], again: Any, seconds: float
    ) -> None:
        """Start what runs for long; where something is in the way, later."""
        try:
            self.attempt(process, begin)
        except Problem as problem:
            process.leave(f", cannot start: {problem.code}")
            process.bury()
            if again is not None:
                self.after(seconds, again)

    def any_worker(self) -> bool:
        """True while one lives, if only frozen."""
        return any(p.lives for p, _ in self.workers.values())

    def open_door(self, tries: int = 8) -> None:
        """The receipt door; tried again where it cannot start."""
        process = Process(self, f"door {next(self._names)}")
        self.processes.append(process)

        def begin() -> None:
            app = self.open(process)
            paths = {n: callback_path(app, n) for n in app.site.gateways}
            self.door = (process, door(app.store, app.clock, paths, listeners(app)))

        def again() -> None:
            if self.door is None or not self.door[0].lives:
                self.open_door(tries - 1)

        self._service(process, begin, again if tries > 1 else None, 5.0 * 2 ** (8 - tries))

    def attempt(self, process: Process, act: Callable[[], Any]) -> Any:
        """Do something as a process that may die of it."""
        try:
            return process.run(act)
        except Killed:
            process.bury()
            return None

    def receive(self, gateway: str, call: Call, again: Callable[[], None]) -> None:
        """A vendor calls back; `again` when nobody took it."""
        if self.door is None or not self.door[0].lives:
            again()
            return
        process, served = self.door
        path = served.paths[gateway]
        headers = [(k.encode(), v.encode()) for k, v in call.headers.items()]
        scope = {
            "type": "http",
            "path": path,
            "method": call.method,
            "query_string": call.query.encode(),
            "headers": headers,
        }
        status: list[int] = []
        number = next(self._count)

        async def receive() -> Any:
            return {"type": "http.request", "body": call.body}

        async def send(message: Any) -> None:
            status.append(message.get("status", 0))

        async def answer() -> None:
            await served(scope, receive, send)
            process.on_death.pop(number, None)
            if status[0] >= 500:
                again()
            elif status[0] < 300:
                self.took.append((self.seconds, gateway, call))

        process.on_death[number] = again  # the connection breaks
        self.offered.append((self.seconds, gateway, call))
        self.run_on(process, answer)

    # --- people -----------------------------------------------------------------------------

    def as_person(self, act: Callable[[App], T], dies_at: int | None = None) -> T | None:
        """Somebody does something: what it came to; None where it was refused or the program died
        of it. `dies_at`: after so many failpoints; then it is a command of its own, else one of
        many acts at the console."""
        process, app = self._console() if dies_at is None else (self._somebody(), None)
        process.dies_at = dies_at
        self.person, self.acts = process, self.acts + 1

        def go() -> T | None:
            nonlocal app
            try:
                if app is None:
                    app = self.open(process)
                else:
                    self._disk_is_there()
                if dies_at is None:
                    self._at_console = (self._stands_as(), process, app)
                return act(app)
            except Problem as problem:
                self.tell(f"{self.playing} refused: {problem.code}")
                return None

        try:
            found: T | None = self.attempt(process, go)
            return found
        finally:
            if dies_at is not None and app is not None:
                app.store.close()

    def _somebody(self) -> Process:
        return Process(self, f"person {next(self._names)}")

    def _console(self) -> tuple[Process, App | None]:
        """Who acts at the console, opened anew where settings or database are others now."""
        if self._at_console is not None:
            stands, process, app = self._at_console
            if process.lives and stands == self._stands_as():
                return process, app
            app.store.close()
            self._at_console = None
        return self._somebody(), None

    def _stands_as(self) -> object:
        """What an opened site was made of."""
        return (self.root / "dispatcher.toml").read_bytes()

    def look(self) -> App:
        """The site as somebody sees it who does nothing."""
        if self._eye is None:
            process = Process(self, EYE)
            self._eye = (process, process.run(lambda: self.open(process)))
        return self._eye[1]

    def database_changed(self) -> None:
        """The file is another one now: whoever looks or acts opens it anew."""
        if self._eye is not None:
            self._eye[1].store.close()
        if self._at_console is not None:
            self._at_console[2].store.close()
        self._eye = self._at_console = None

    def run_on(self, process: Process, act: Callable[[], Any]) -> None:
        self.as_process(process, lambda: process.start(act()))

    # --- vendors ----------------------------------------------------------------------------

    def vendor_of(self, url: httpx.URL) -> Vendor:
        if url.host != "127.0.0.1":
            self.strangers.append(url.host)
            raise httpx.ConnectError(f"a drill leaves this machine for {url.host}")
        return self.vendors[url.path.split("/")[1]]


def _words(error: BaseException) -> str:
    return error.code if isinstance(error, Problem) else type(error).__name__


def seconds_of(moment: datetime) -> float:
    """A moment in seconds of the world."""
    return (moment - START).total_seconds()
