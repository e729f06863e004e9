"""Places where a test may kill this process: before and after every commit, call and file write.

A crash test needs to die exactly there, not roughly there. Nothing happens unless one of two
variables was set when the process started: `DISPATCHER_FAILPOINT="before commit sent@2"` kills it
(as `kill -9` would) when that place is reached for the second time, "…@2 stop" freezes it there
(as a suspended machine would), `DISPATCHER_FAILPOINTS_SEEN`
names a file to which every place reached is added. A house test finds a commit, a call or a file
write without them.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable

_reached: Counter[str] = Counter()
_deadly: tuple[str, int] | None = None
_seen: str | None = None
_signal = "SIGKILL"
_told: Callable[[str], None] | None = None


def arm(point: str | None = None, seen: str | None = None) -> None:
    """Die at `point` ("name@which time", with " stop": freeze there).

    The names of places that are reached are added to the file `seen`.
    """
    global _deadly, _seen, _signal
    name, _, which = (point or "").removesuffix(" stop").rpartition("@")
    _signal = "SIGSTOP" if (point or "").endswith(" stop") else "SIGKILL"
    _deadly, _seen = ((name, int(which)) if name else None), seen
    _reached.clear()


def tell(told: Callable[[str], None] | None) -> None:
    """Call `told` with the name of every place that is reached; None: nobody."""
    global _told
    _told = told


def failpoint(name: str) -> None:
    """This place was reached."""
    if _told is not None:
        _told(name)
    if _deadly is None and _seen is None:
        return
    if _seen is not None:
        with open(_seen, "a", encoding="utf-8") as file:
            file.write(name + "\n")
    _reached[name] += 1
    if _deadly == (name, _reached[name]):
        if hasattr(signal, _signal):
            os.kill(os.getpid(), getattr(signal, _signal))
        else:
            os._exit(137)


arm(os.environ.get("DISPATCHER_FAILPOINT"), os.environ.get("DISPATCHER_FAILPOINTS_SEEN"))
