"""Limits that hold over several workers, urgent broadcasts that overtake, equal ones that share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import sites
from dispatcher.broadcasts.application import App
from dispatcher.broadcasts.application import release_broadcast as release_now
from dispatcher.db.broadcasts import broadcasts
from dispatcher.domain.model import SYSTEM, BroadcastState
from dispatcher.simulators.vendors.esms import DRILL_KEY
from dispatcher.simulators.vendors.server import start


@contextmanager
def workers(root: Path, count: int, twins: dict[str, str], *words: str) -> Iterator[None]:
    """So many `dispatcher run`, told to end afterwards."""
    command = [sys.executable, "-m", "dispatcher", "-q", "--site", str(root), "run", *words]
    told = {"DISPATCHER_TWINS": json.dumps(twins)} if twins else {}
    found = [subprocess.Popen(command, env={**os.environ, **told}) for _ in range(count)]
    try:
        yield
    finally:
        for child in found:
            child.terminate()
        for child in found:
            child.wait(40)


def limit(database: str, per_second: int, seconds: int, processes: int) -> tuple[int, float]:
    """(most messages in any second as the vendor saw them, messages per second on average)."""
    os.environ["BENCH_KEY"] = DRILL_KEY
    twin = start(["esms"], "--no-receipts")
    lines = (
        f'per_second = {per_second}\nbase_url = "{twin.base("esms")}"\n'
        'api_key = { env = "BENCH_KEY" }\nsecret_key = { env = "BENCH_KEY" }\n'
    )
    count = per_second * seconds
    try:
        with sites.folder() as root:
            app = sites.site(root / "site", count, database=database, live=lines)
            made = sites.released(app)
            with workers(root / "site", processes, {}):
                _wait(app, made, 20 * seconds)
            average = sites.rate(app)
            app.store.close()
            return twin.ask("/ledger")["most_in_a_second"], average
    finally:
        twin.stop()


def overtaking(database: str, bulk: int) -> float:
    """Seconds from the release of an urgent broadcast to a sixth of the people until its first
    message was answered, while `bulk` others are being sent."""
    twin = start(["esms"], "--no-receipts")
    try:
        with sites.folder() as root:
            app = sites.site(root / "site", bulk, database=database)
            sites.released(app)
            urgent = sites.approved(app, urgent=True, groups=("Tổ dân phố số 1",))
            with workers(root / "site", 1, {"gate": twin.base("esms")}):
                _until(lambda: twin.ask("/ledger")["calls"] > 500)
                release_now(app, sites.get(app, urgent))
                released = broadcasts.at(app.clock())
                _until(lambda: _first(app, urgent) is not None)
            first = _first(app, urgent)
            assert first is not None
            app.store.close()
            return max(0.0, (first - released) / 1e6)
    finally:
        twin.stop()


def _first(app: App, broadcast: int) -> int | None:
    """When its first answer came, in microseconds."""
    with app.store.read(SYSTEM) as tx:
        found = tx.value(
            "SELECT MIN(answered_at) FROM attempts WHERE broadcast_id = :b", b=broadcast
        )
    return None if found is None else int(found)


def fairness(database: str, people: int) -> float:
    """Of two equal broadcasts: messages of the one behind per message of the one ahead, after half
    of all were asked."""
    twin = start(["esms"], "--no-receipts")
    try:
        with sites.folder() as root:
            app = sites.site(root / "site", people, database=database)
            made = [sites.released(app), sites.released(app)]
            with workers(root / "site", 1, {"gate": twin.base("esms")}):
                for broadcast in made:
                    _wait(app, broadcast, 300)
            with app.store.read(SYSTEM) as tx:
                rows = tx.rows(
                    "SELECT broadcast_id, count(*) AS n FROM (SELECT broadcast_id FROM attempts "
                    "ORDER BY id LIMIT :half) AS early GROUP BY broadcast_id", half=people,
                )  # fmt: skip
            app.store.close()
            shares = sorted(r["n"] for r in rows)
            return shares[0] / shares[-1] if len(shares) == 2 else 0.0
    finally:
        twin.stop()


def _wait(app: App, broadcast: int, seconds: float) -> None:
    _until(lambda: sites.get(app, broadcast).state is BroadcastState.DONE, seconds)


def _until(happened, seconds: float = 120) -> None:  # type: ignore[no-untyped-def]
    began = time.monotonic()
    while not happened():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.05)
