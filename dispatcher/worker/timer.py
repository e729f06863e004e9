"""What wakes a worker: each of its chores every so many seconds, or at once where something came.

APScheduler (memory store only) is the clock; missing a tick costs a second, never a broadcast.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol

Chore = Callable[[], Awaitable[None]]


class Timer(Protocol):
    """One per worker. A chore never runs twice at once; its turns that were missed are one."""

    def every(self, chore: Chore, seconds: float) -> None:
        """Do `chore` now and then every so many seconds."""

    def start(self) -> None:
        """Begin; before that nothing is done."""

    def at_once(self, chore: Chore) -> None:
        """Do `chore` now, not only when its seconds are over."""

    def stop(self) -> None:
        """Begin nothing more."""


class Scheduled:
    """The timer of production, on the running event loop."""

    def __init__(self) -> None:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler: Any = AsyncIOScheduler()  # its default store is memory

    def every(self, chore: Chore, seconds: float) -> None:
        self._scheduler.add_job(
            chore,
            "interval",
            seconds=seconds,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=datetime.now().astimezone(),
            id=chore.__name__,
        )

    def start(self) -> None:
        self._scheduler.start()

    def at_once(self, chore: Chore) -> None:
        if self._scheduler.running:
            name = chore.__name__
            self._scheduler.modify_job(name, next_run_time=datetime.now().astimezone())

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)
