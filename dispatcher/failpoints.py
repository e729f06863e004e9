"""Places where a test may kill this process: before and after every commit, call and file write.

A crash test needs to die exactly there, not roughly there. Nothing happens unless one of two
variables was set when the process started: `DISPATCHER_FAILPOINT="before commit sent@2"` kills it
(as `kill -9` would) when that place is reached for the second time, `DISPATCHER_FAILPOINTS_SEEN`
names a file to which every place reached is added. A house test finds a commit, a call or a file
write without them.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_reached: Counter[str] = Counter()
_deadly: tuple[str, int] | None = None
_seen: str | None = None


def arm(point: str | None = None, seen: str | None = None) -> None:
    """Die at `point` ("name@which time"); write the names of places reached to the file `seen`."""
    global _deadly, _seen
    name, _, which = (point or "").rpartition("@")
    _deadly, _seen = ((name, int(which)) if name else None), seen
    _reached.clear()


def failpoint(name: str) -> None:
    """This place was reached."""
    if _deadly is None and _seen is None:
        return
    if _seen is not None:
        with open(_seen, "a", encoding="utf-8") as file:
            file.write(name + "\n")
    _reached[name] += 1
    if _deadly == (name, _reached[name]):
        if hasattr(signal, "SIGKILL"):
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(137)


arm(os.environ.get("DISPATCHER_FAILPOINT"), os.environ.get("DISPATCHER_FAILPOINTS_SEEN"))
