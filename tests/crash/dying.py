"""Workers that die where they are told, forked from one warm process: a death costs little time.

As a program it reads jobs, one JSON object a line, and answers each with the exit code of a worker
that ran until nothing was due: 0, or -9 where it died at its failpoint.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


class Deaths:
    """One warm process. Use it from one thread at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, root: Path, urls: Mapping[str, str], point: str = "", seen: str = "",
            door: bool = False, state: str = "") -> int:  # fmt: skip
        """A worker for the site at `root`, killed at `point` ("name@which time")."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"root": str(root), "urls": dict(urls), "point": point, "seen": seen, "door": door,
               "state": state or os.environ["DISPATCHER_STATE"], "clock": os.environ["DISPATCHER_CLOCK"]}  # fmt: skip
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the warm process is gone"
        return int(line)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


PATIENCE = 60  # seconds, then a worker that does not end is killed and told as -14


def _work(job: Mapping[str, str]) -> None:
    from dispatcher import failpoints, worker
    from dispatcher.app import open_app
    from dispatcher.config import parse

    os.environ["DISPATCHER_STATE"] = job["state"]
    os.environ["DISPATCHER_CLOCK"] = job["clock"]
    failpoints.arm(job["point"] or None, job["seen"] or None)
    worker.TICK, worker.RECEIPTS = 0.1, 0.05
    app = open_app(parse(Path(job["root"])))
    asyncio.run(worker.serve_site(app, job["urls"], once=True, with_door=job["door"]))  # type: ignore[arg-type]
    app.store.close()


def main() -> None:
    import apscheduler.schedulers.asyncio
    import httpx_aiohttp
    import uvicorn

    import dispatcher.web.hooks
    import dispatcher.worker

    warm = (dispatcher.worker, dispatcher.web.hooks, uvicorn, apscheduler, httpx_aiohttp)
    assert all(warm)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.alarm(PATIENCE)
            code = 1
            try:
                _work(json.loads(line))
                code = 0
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
