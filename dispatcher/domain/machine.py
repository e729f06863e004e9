"""What the program takes from the machine it runs on: time, randomness, threads, the network.

Comes from: the operating system.   Goes to: everything that waits, measures or draws.
A simulation puts a machine of its own in its place, so that a run can be had again.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any


class Machine:
    """The real one."""

    network: Callable[[], Any] | None = None  # makes an HTTP transport; None: over real sockets

    def now(self) -> datetime:
        """What the clock of the machine says, in UTC."""
        return datetime.now(UTC)

    def of_server(self, ask: Callable[[], int]) -> int:
        """What the clock of a database server says, which all hosts share: microseconds since 1970.
        `ask` asks it."""
        return ask()

    def awake(self) -> float:
        """Seconds that go on while the machine is suspended, where it can tell."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.monotonic()

    def running(self) -> float:
        """Seconds that nobody can set; an event loop counts the same ones."""
        return time.monotonic()

    def random_bytes(self, count: int) -> bytes:
        """Bytes nobody can foresee."""
        return os.urandom(count)

    def thread(self, name: str) -> Executor:
        """A thread that does one thing after another."""
        return ThreadPoolExecutor(1, name)

    def beside(self, name: str, act: Callable[[], None]) -> None:
        """A thread that does one thing for as long as the process lives, and dies with it."""
        threading.Thread(target=act, name=name, daemon=True).start()

    def holds(self, let_go: Callable[[], None]) -> None:
        """Something is ours as long as we live: the operating system does `let_go` when we die."""

    def writes_in_thread(self, is_file: bool) -> bool:
        """Where a send loop commits: in its own thread when the database is a file."""
        return not is_file

    def waits(self, seconds: float) -> float:
        """Seconds a database driver may really sleep, of those the program would wait."""
        return seconds


_here = Machine()


def here() -> Machine:
    """The machine this program runs on."""
    return _here


@contextmanager
def standing_on(machine: Machine) -> Iterator[None]:
    """Run a part of the program on another machine. Not for two threads at once."""
    global _here
    before, _here = _here, machine
    try:
        yield
    finally:
        _here = before


def random_bytes(count: int) -> bytes:
    """Bytes nobody can foresee, from this machine."""
    return _here.random_bytes(count)


def random_word(count: int = 16) -> str:
    """A word of 2 × `count` hexadecimal digits nobody can foresee."""
    return _here.random_bytes(count).hex()
