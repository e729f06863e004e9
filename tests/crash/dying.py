"""Workers that die where they are told, forked from one warm process: a death costs little time.

As a program it reads jobs, one JSON object a line, and answers each with the exit code of a worker
that ran until nothing was due: 0, or -9 where it died at its failpoint. One that froze there is
answered with its process number and goes on when told to thaw.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType


class Deaths:
    """One warm process. Use it from one thread at a time."""

    def __init__(self, package: Path | None = None) -> None:
        """`package`: the folder of another dispatcher than ours."""
        environ = {**os.environ, **({"PYTHONPATH": str(package)} if package else {})}
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
        )

    def run(self, root: Path, urls: Mapping[str, str], point: str = "", seen: str = "",
            door: bool = False, state: str = "", lease: float = 0) -> int:  # fmt: skip
        """A worker for the site at `root`, killed at `point` ("name@which time")."""
        job = {"root": str(root), "urls": dict(urls), "point": point, "seen": seen, "door": door, "lease": lease,
               "state": state or os.environ["DISPATCHER_STATE"], "clock": os.environ["DISPATCHER_CLOCK"]}  # fmt: skip
        return self._ask(job)

    def thaw(self, frozen: int) -> int:
        """Let a frozen worker go on; how it ended."""
        return self._ask({"thaw": frozen})

    def _ask(self, job: Mapping[str, object]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the warm process is gone"
        return int(line)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()


PATIENCE = 300  # seconds, then a worker that does not end is killed and told as -14


def _shorten(module: ModuleType, **times: object) -> None:
    for name, value in times.items():
        assert hasattr(module, name), f"{name} has moved away from {module.__name__}"
        setattr(module, name, value)


def _work(job: Mapping[str, str]) -> None:
    from dispatcher.config import parse
    from dispatcher.db import engines
    from dispatcher.domain import failpoints
    from dispatcher.usecases.context import open_app
    from dispatcher.worker import process as worker
    from dispatcher.worker import serving
    from dispatcher.worker.sending import dispatch, state

    os.environ["DISPATCHER_STATE"] = job["state"]
    os.environ["DISPATCHER_CLOCK"] = job["clock"]
    failpoints.arm(job["point"] or None, job["seen"] or None)
    _shorten(worker, TICK=0.1, RECEIPTS=0.05)
    if job["lease"]:
        _shorten(engines, IDLE_SECONDS=2)
        _shorten(state, LEASE=timedelta(seconds=float(job["lease"])))
        _shorten(dispatch, LEAVE_WITHIN=float(job["lease"]) / 3)
    app = open_app(parse(Path(job["root"])))
    asyncio.run(serving.serve_site(app, job["urls"], once=True, with_door=job["door"]))  # type: ignore[arg-type]
    app.store.close()


# What a worker loads only when it needs it.
KNOWN = ("apscheduler.executors.asyncio", "apscheduler.schedulers.asyncio",
         "apscheduler.triggers.interval", "dispatcher.gateways.esms", "dispatcher.gateways.lab",
         "dispatcher.gateways.wire", "dispatcher.gateways.zalo", "dispatcher.worker.serving",
         "dispatcher.worker.receipt_door", "dispatcher.worker.process", "httpx_aiohttp", "uvicorn.lifespan.off",
         "uvicorn.protocols.http.auto", "uvicorn.protocols.websockets.auto")  # fmt: skip


def main() -> None:
    for name in KNOWN:
        import_module(name)
    gc.collect()
    gc.freeze()  # else each death begins with a look at everything that is known
    for line in sys.stdin:
        job = json.loads(line)
        child = job.get("thaw")
        if child:
            os.kill(child, signal.SIGCONT)
        else:
            child = os.fork()
        if child == 0:
            signal.alarm(PATIENCE)
            code = 1
            try:
                _work(job)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, os.WUNTRACED)
        code = child if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
