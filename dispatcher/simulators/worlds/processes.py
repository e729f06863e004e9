"""Simulated processes: a worker, the receipt door, a person at the command line.

Each has a machine of its own (clock, randomness, threads) and may die or freeze at any failpoint.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dispatcher.domain.clock import micros
from dispatcher.domain.machine import Machine
from dispatcher.simulators.worlds.loop import Loop

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.world import World

# Commits of chores that come round whether or not there is anything to do.
IDLE = ("reclaimed", "noticed", "polled", "cleared out", "sent")
CHORES = {f"after commit {act}" for act in IDLE}
INTENDED = "after commit sent"  # calls are about to leave
# Chores on which no message waits: while nothing happens, ever so much more seldom.
SELDOM = {"_tell", "_renew", "add_up", "keep_second", "clear_out"}
QUIET_SELDOM = 120
SOME_NEWS = 10000.0  # seconds of a jump after word from a network
THREAD_TAKES = 0.02  # seconds, at most, until a thread gets its turn


class Killed(BaseException):
    """The process ends here, as with `kill -9`: nothing of it runs any more."""


class Thread(Executor):
    """A thread of a simulated process: what is handed over is done at once."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing waits here."""


class SimulatedMachine(Machine):
    """The machine of one process. `off`: seconds its clock is ahead of the others'."""

    def __init__(self, world: World, draw: random.Random, network: Callable[[], Any]) -> None:
        self._world, self._draw = world, draw
        self.off = 0.0
        self.network = network
        self.held: list[Callable[[], None]] = []  # let go when the process is gone

    def now(self) -> datetime:
        return self._world.moment() + timedelta(seconds=self._world.off + self.off)

    def of_server(self, ask: Callable[[], int]) -> int:
        return micros(self._world.moment() + timedelta(seconds=self._world.off))

    def awake(self) -> float:
        return self._world.seconds

    running = awake

    def random_bytes(self, count: int) -> bytes:
        return self._draw.randbytes(count)

    def thread(self, name: str) -> Executor:
        return Thread()

    def beside(self, name: str, act: Callable[[], None]) -> None:
        """Nobody rings: whoever waits for it looks by himself a second later."""

    def holds(self, let_go: Callable[[], None]) -> None:
        self.held.append(let_go)

    def writes_in_thread(self, is_file: bool) -> bool:
        return self._world.to_compare or not is_file

    def waits(self, seconds: float) -> float:
        return 0.0


class Process:
    """One process: steps when the world lets it, and dies where the world says."""

    def __init__(self, world: World, name: str, network: Callable[[], Any] | None = None) -> None:
        self.world, self.name = world, name
        draw = random.Random(f"{world.seed} {name}")
        self.machine = SimulatedMachine(world, draw, network or no_network)
        self.loop = Loop(self.machine.running, self._thread_work)  # type: ignore[abstract]
        self.draw = random.Random(f"{world.seed} {name} threads")
        self.on_death: dict[int, Callable[[], None]] = {}  # what others see as it is gone
        self.frozen_until = 0.0
        self.freezes_for: float | None = None  # seconds, as soon as intents are on disk
        self.dies_at: int | None = None  # so many failpoints from now
        self.at = ""  # the failpoint reached last
        self.sealed = False  # dead, or dying: no failpoint lets anything through
        self.committed: Callable[[], None] | None = None  # told of every commit, before any death

    @property
    def lives(self) -> bool:
        return not self.sealed

    def _thread_work(self, work: Callable[[], None]) -> None:
        if self.world.is_quiet:  # nobody is there to notice how long it takes
            self.loop.call_soon(work)
        else:
            self.loop.call_later(self.draw.random() ** 3 * THREAD_TAKES, work)

    def start(self, work: Awaitable[Any]) -> Any:
        """Begin something that goes on by itself."""
        return self.loop.create_task(work)

    def due(self) -> float | None:
        """When it goes on, in seconds of the world; None: never by itself."""
        found = None if self.sealed else self.loop.due()
        return None if found is None else max(found, self.frozen_until)

    def step(self) -> None:
        """Do what is due. Ends the process where it was to die."""
        self.run(self.loop.step)
        if self.sealed:
            self.bury()

    def run(self, act: Callable[[], Any]) -> Any:
        """Do something as this process; Killed comes out of whoever runs it directly."""
        return self.world.as_process(self, act)

    def reached(self, point: str) -> None:
        """A failpoint: here the process may die, and once dead it gets no further."""
        self.at = point
        if point == "after commit heard":  # mostly that there is no news yet
            self.world.stir(SOME_NEWS)
        elif point.startswith("after commit") and point not in CHORES:
            self.world.stir()
        if self.freezes_for is not None and point == INTENDED:
            self.frozen_until, self.freezes_for = self.world.seconds + self.freezes_for, None
        done = point.startswith("after commit") and point != "after commit refused"
        if self.committed is not None and done:
            self.committed()
        if not self.sealed and self.dies_at is not None:
            self.dies_at -= 1
            if self.dies_at < 0:
                self.sealed = self.loop.ended = True
                self.world.tell(f"{self.name} dies at «{point}»")
        if self.sealed:
            raise Killed(point)

    def kill(self) -> None:
        """`kill -9` between two steps."""
        if not self.sealed:
            self.sealed = True
            self.world.tell(f"{self.name} is killed")
            self.bury()

    def leave(self, why: str = "") -> None:
        """It ends by itself; whoever runs it buries it."""
        self.sealed = self.loop.ended = True
        self.world.tell(f"{self.name} ends{why}")

    def bury(self) -> None:
        """What the operating system does when a process is gone."""
        self.run(lambda: self.loop.kill(Killed("gone")))
        held, self.machine.held = self.machine.held, []
        for let_go in reversed(held):
            let_go()
        for seen in list(self.on_death.values()):
            seen()
        self.on_death.clear()


def no_network() -> Any:
    raise AssertionError("this process has no network")


class Ticks:
    """The timer of a simulated worker: its chores at their seconds, one turn each at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stopped = False
        self._chores: list[tuple[Any, float]] = []

    def every(self, chore: Any, seconds: float) -> None:
        self._chores.append((chore, seconds))

    def start(self) -> None:
        for chore, seconds in self._chores:
            self._process.start(self._turns(chore, seconds))

    async def _turns(self, chore: Any, seconds: float) -> None:
        import asyncio

        while not self._stopped:
            await chore()
            seldom = chore.__name__ in SELDOM and self._process.world.is_quiet
            await asyncio.sleep(seconds * QUIET_SELDOM if seldom else seconds)

    def at_once(self, chore: Any) -> None:
        if not self._stopped:
            self._process.start(chore())

    def stop(self) -> None:
        self._stopped = True
