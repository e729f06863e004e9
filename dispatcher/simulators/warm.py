"""Workers that start at once: processes of their own, forked from one that knows the program.

Reading the program is nearly all of what a start costs; a crash test starts hundreds. Where
processes cannot be forked (Windows) each reads it for itself.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

# What a worker loads only when it needs it, too.
KNOWN = (
    "apscheduler.schedulers.asyncio",
    "dispatcher.cli.entry",
    "dispatcher.cli.run",
    "dispatcher.gateways.esms",
    "dispatcher.gateways.lab",
    "dispatcher.gateways.wire",
    "dispatcher.worker.serving",
)


def start_worker(root: Path) -> BaseProcess:
    """`dispatcher run` at a site, quiet, in the environment as it is now."""
    worker: BaseProcess = processes(KNOWN).Process(target=_work, args=(root, dict(os.environ)))
    worker.start()
    return worker


def processes(known: Sequence[str]) -> Any:
    """Processes forked from one that has these modules, where processes can be forked."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(list(known))
    return found


def _work(root: Path, environment: Mapping[str, str]) -> None:
    from dispatcher.cli import main

    os.environ.clear()
    os.environ.update(environment)
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    main(["--site", str(root), "-q", "run"])
