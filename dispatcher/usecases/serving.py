"""The worker and the console are started, and what is due is told.

Comes from: `dispatcher run`, `dispatcher web`.   Goes to: worker/serving.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dispatcher.broadcasts.application import App
from dispatcher.db.broadcasts import broadcasts
from dispatcher.domain.problems import SETTINGS, Problem
from dispatcher.i18n import Say
from dispatcher.usecases.context import Context
from dispatcher.usecases.signing_in_console import nobody_yet

Pages = Callable[[Any, str], Any]  # the receipt door, where twins answer → the console around them


def work(app: App, *, once: bool = False, pages: Pages | None = None) -> dict[str, Any]:
    """Send what is due until it is stopped, or `once`: {"accepted", "problems"}.

    `pages`: the console that is served beside it, if any.
    """
    from dispatcher.worker.serving import run_worker

    return run_worker(app, once=once, pages=pages)


def serve(app: App, listen: str, pages: Pages, announce: Callable[[str, int], None]) -> None:
    """Serve the console and the receipt door until stopped. `announce` hears host and port."""
    from dispatcher.worker.serving import serve_door

    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise Problem(
            "bad-listen",
            Say("“{listen}” is no address to listen at.", listen=listen),
            exit_code=SETTINGS,
        )

    def bound(number: int) -> None:
        announce(host, number)

    try:
        asyncio.run(serve_door(app, host, int(port), bound, pages=pages))
    except OSError as error:
        raise Problem(
            "port-taken",
            Say(
                "{host}:{port} cannot be opened ({strerror}).",
                host=host,
                port=port,
                strerror=error.strerror,
            ),
            exit_code=SETTINGS,
        ) from None


def opened_patiently(open_site: Callable[[], App], told: Callable[[Problem], None]) -> App:
    """The site, as soon as the fault that is in the way has passed; each fault is told once."""
    from dispatcher.worker.process import PASSING, TICK

    said = ""
    while True:
        try:
            return open_site()
        except Problem as problem:
            if problem.code not in PASSING:
                raise
            if problem.code != said:
                told(problem)
                said = problem.code
            time.sleep(TICK)


@dataclass(frozen=True)
class Due:
    """What the worker would start with: numbers of broadcasts, and messages that wait."""

    due: list[int]
    running: list[int]
    queued: int


def due(context: Context) -> Due:
    """What is to be sent now; nothing is."""
    with context.read() as tx:
        running = {b.id: broadcasts.counts(tx, b.id) for b in broadcasts.running(tx)}
        found = broadcasts.due_ids(tx, context.app.clock())
    waiting = sum(counts.get("queued", 0) for counts in running.values())
    return Due(list(found), list(running), waiting)


def first_code(app: App) -> str:
    """A code for the very first person; none once somebody is there."""
    return secrets.token_urlsafe(9) if nobody_yet(app) else ""
