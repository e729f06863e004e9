"""How long the console's pages take the server, over a site of a given size."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

import httpx

from benchmarks import sites
from dispatcher import signing_in
from dispatcher.model import SYSTEM, Role
from dispatcher.store import people
from dispatcher.web.console import console
from dispatcher.web.guard import SESSION

PATHS = ("/", "/broadcasts", "/broadcasts/1", "/broadcasts/1/progress", "/inbox", "/urgent",
         "/schedules", "/contacts/1", "/why", "/log", "/log?broadcast=1", "/budgets", "/holidays",
         "/gateways", "/people", "/trail", "/me", "/broadcasts/new")  # fmt: skip


def pages(count: int, rounds: int = 7) -> dict[str, float]:
    """Milliseconds of the server per page (95th percentile), after one call to warm up."""
    with sites.folder() as root:
        app = sites.site(root / "site", count, shared=10)
        made = sites.approved(app)
        from dispatcher import app as joined

        joined.release(app, sites.get(app, made))
        with app.begin(SYSTEM)() as tx:
            people.add(tx, "ad", "Quản Trị", Role.ADMIN, [])
        with app.begin(SYSTEM)() as tx:
            word = signing_in.start_session(tx, app.actor("ad"), "bench")
        found = asyncio.run(_asked(app, word, rounds))
        app.store.close()
        return found


async def _asked(app: Any, word: str, rounds: int) -> dict[str, float]:
    transport = httpx.ASGITransport(console(app, {}, {}))
    took: dict[str, float] = {}
    async with httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1") as client:
        client.cookies.set(SESSION, word)
        for path in PATHS:
            times = []
            for _ in range(rounds + 1):
                began = time.perf_counter()
                answer = await client.get(path)
                times.append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 200, (path, answer.status_code)
            took[path] = statistics.quantiles(times[1:], n=20)[-1]
    return took
