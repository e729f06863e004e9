"""The console over a large site: what pages take the server, what officers take from sending."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks import log, sites
from dispatcher.broadcasts.application import App
from dispatcher.db.broadcasts import totals
from dispatcher.db.contacts import headcounts
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Role
from dispatcher.simulators.vendors.server import start
from dispatcher.usecases import signing_in
from dispatcher.web.console import console
from dispatcher.web.middleware import SESSION
from dispatcher.worker.receipt_door import door

PATHS = ("/", "/broadcasts", "/broadcasts/1", "/broadcasts/1/progress", "/broadcasts/1/report",
         "/inbox", "/urgent", "/schedules", "/contacts", "/contacts/1", "/contacts/import", "/why",
         "/log", "/log?broadcast=1", "/log?state=failed", "/budgets", "/areas", "/holidays",
         "/groups", "/suppressions", "/gateways", "/gateways/gate", "/people", "/deputies",
         "/settings", "/trail", "/me",
         "/broadcasts/new", "/broadcasts/new/bench")  # fmt: skip
FORMS = {
    "/why": {"q": "Trần Thị Hương"},
    "/why ": {"q": "0777"},
    "/contacts": {"q": "hương", "ward": "3"},
    "/broadcasts/new/bench/along": {"title": "x", "ward": "Máy Tơ"},
}


def pages(count: int, many: int, rounds: int = 20) -> tuple[dict[str, float], float]:
    """({page: milliseconds of the server, 95th percentile after one call}, seconds to add up one
    broadcast) with `count` people and `many` broadcasts to all of them."""
    with sites.folder() as root:
        app = sites.site(root / "site", count, shared=10)
        made = log.build(app, count, many)
        with app.begin(SYSTEM)() as tx:
            people.add(tx, "ad", "Quản Trị", Role.ADMIN, [])
            tx.run("UPDATE broadcasts SET state = 'running', done_at = NULL WHERE id = 1")
            tx.note("bench", "broadcast", 1)
        began = time.perf_counter()
        for broadcast in made:  # as the worker does
            with app.store.read(SYSTEM) as tx:
                taken = totals.add_up(tx, app.clock(), broadcast)
            with app.begin(SYSTEM)() as tx:
                totals.keep_totals(tx, taken)
        each = (time.perf_counter() - began) / len(made)
        with app.begin(SYSTEM)() as tx:
            headcounts.count(tx)
            word = signing_in.start_session(tx, app.actor("ad"), "bench")
        found = asyncio.run(_asked(app, word, rounds))
        app.store.close()
        return found, each


async def _asked(app: App, word: str, rounds: int) -> dict[str, float]:
    transport = httpx.ASGITransport(console(app, door(app.store, app.clock, {}, {}), ()))
    took: dict[str, float] = {}
    csrf = app.store.sealer.digest("csrf", word).hex()
    asks: list[tuple[str, Any]] = [(path, None) for path in PATHS]
    asks += [(path, {**form, "csrf": csrf}) for path, form in FORMS.items()]
    async with httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1") as client:
        client.cookies.set(SESSION, word)
        for path, form in asks:
            times = []
            for _ in range(rounds + 1):
                began = time.perf_counter()
                if form is None:
                    answer = await client.get(path)
                else:
                    answer = await client.post(path.strip(), data=form)
                times.append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 200, (path, answer.status_code)
            kind = "GET" if form is None else "POST"
            took[f"{kind} {path.strip()}"] = statistics.quantiles(times[1:], n=20)[-1]
    return took


# --- officers beside a running broadcast --------------------------------------------------------

OFFICERS, THINKS = 50, 4.0  # seconds between two pages of one of them
LOOKED_AT = ("/", "/broadcasts", "/broadcasts/1", *["/broadcasts/1/progress"] * 2,
             "/contacts", "/log?broadcast=1", "/broadcasts/new/bench")  # fmt: skip


def beside(count: int, *, officers: int) -> tuple[float, int]:
    """(messages a second, pages served) of a broadcast sent while officers use the console."""
    with sites.folder() as root, _twin() as twin:
        app = sites.site(root / "site", count)
        words = []
        for index in range(officers):
            with app.begin(SYSTEM)() as tx:
                people.add(tx, f"o{index}", f"Cán Bộ {index}", Role.OFFICER, [])
            with app.begin(SYSTEM)() as tx:
                words.append(signing_in.start_session(tx, app.actor(f"o{index}"), "bench"))
        sites.released(app)
        with _served(root / "site") as port, _at_work(port, words) as crowd:
            rate = sites.send(app, twin)
            served = int(crowd.communicate("stop\n")[0]) if crowd else 0
        app.store.close()
        return rate, served


@contextmanager
def _twin() -> Iterator[Any]:
    child = start(["esms"], "--latency", "0.1", "--no-receipts")
    try:
        yield child
    finally:
        child.stop()


@contextmanager
def _served(root: Path) -> Iterator[int]:
    """The console in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "dispatcher", "--site", str(root), "-q", "web", "--listen",
         f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def _at_work(port: int, words: list[str]) -> Iterator[Any]:
    """The officers in a third process, until it is told to stop."""
    if not words:
        yield None
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.console", str(port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "OFFICERS": " ".join(words)},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


async def _crowd(port: int, words: list[str]) -> int:
    """Each officer opens one page after another until told to stop; how many were served."""
    served = 0
    draw = random.Random(7)

    async def officer(word: str) -> None:
        nonlocal served
        cookies = {SESSION: word}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as asks:
            await asyncio.sleep(draw.random() * THINKS)
            while True:
                head = {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
                answer = await asks.get(draw.choice(LOOKED_AT), headers=head, timeout=60)
                assert answer.status_code == 200, answer.status_code
                served += 1
                await asyncio.sleep(THINKS * (0.5 + draw.random()))

    at_work = [asyncio.create_task(officer(word)) for word in words]
    told = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await asyncio.wait([told, *at_work], return_when=asyncio.FIRST_COMPLETED)
    for task in at_work:
        task.cancel()
    for outcome in await asyncio.gather(*at_work, return_exceptions=True):
        if not isinstance(outcome, asyncio.CancelledError):
            raise outcome if isinstance(outcome, Exception) else RuntimeError("went home early")
    return served


if __name__ == "__main__":
    print(asyncio.run(_crowd(int(sys.argv[1]), os.environ["OFFICERS"].split())))  # noqa: T201
