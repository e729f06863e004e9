"""An event loop of one simulated process: nothing waits, nothing runs by itself.

The world steps it, in an order drawn from the seed; time passes between steps only.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import itertools
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any


class Loop(asyncio.AbstractEventLoop):
    """`seconds()` is the time of the process; `later(act)` runs a thread's work, now or after a
    while."""

    def __init__(
        self, seconds: Callable[[], float], later: Callable[[Callable[[], None]], None]
    ) -> None:
        self._seconds, self._later = seconds, later
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._count = itertools.count()
        self.tasks: dict[asyncio.Task[Any], None] = {}  # in the order in which they began
        self.troubles: list[BaseException] = []  # what no task took
        self.ended = False

    # --- stepping ---------------------------------------------------------------------------

    def due(self) -> float | None:
        """When something is to be done here, in seconds of this process; None: nothing ever."""
        if self.ended:
            return None
        if self._ready:
            return self._seconds()
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def step(self) -> None:
        """All that is due now, once. What that makes due waits for the next step."""
        now = self._seconds()
        while self._timers and (self._timers[0][0] <= now or self._timers[0][2].cancelled()):
            handle = heapq.heappop(self._timers)[2]
            if not handle.cancelled():
                self._ready.append(handle)
        asyncio._set_running_loop(self)
        try:
            for _ in range(len(self._ready)):
                handle_ = self._ready.popleft()
                if not handle_.cancelled():
                    handle_._run()
                if self.ended:
                    return
        finally:
            asyncio._set_running_loop(None)

    def kill(self, how: BaseException) -> None:
        """The process is gone: no `finally` of it does anything to the world any more."""
        self.ended = True
        self._ready.clear()
        self._timers.clear()
        for task in list(self.tasks):
            coroutine: Any = task.get_coro()
            for _ in range(20):  # each await inside a `finally` takes one more
                try:
                    coroutine.throw(how)
                except BaseException:
                    break
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        self.tasks.clear()

    # --- what tasks ask of a loop --------------------------------------------------------------

    def time(self) -> float:
        return self._seconds()

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._seconds() + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._count), handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Thrown away when its time comes."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Any, *, name: str | None = None, context: contextvars.Context | None = None
    ) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name, context=context)
        self.tasks[task] = None
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[Any]) -> None:
        self.tasks.pop(task, None)

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """A thread's work is done in one piece, when the world lets it."""
        future = self.create_future()

        def work() -> None:
            if future.cancelled() or self.ended:
                return
            try:
                found = func(*args)
            except Exception as error:
                if not future.cancelled():
                    future.set_exception(error)
            else:
                if not future.cancelled():
                    future.set_result(found)

        self._later(work)
        return future

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.troubles.append(error)

    def add_signal_handler(  # type: ignore[override]
        self, sig: int, callback: Any, *args: Any
    ) -> None:
        """Nobody sends signals here: the world calls `stop`."""

    def remove_signal_handler(self, sig: int) -> bool:
        return False

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return not self.ended

    def is_closed(self) -> bool:
        return self.ended
