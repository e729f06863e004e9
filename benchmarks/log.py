"""The delivery log at five million messages: first pages, one person's story, export."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import sites
from dispatcher.broadcasts.application import App
from dispatcher.db.broadcasts import logbook
from dispatcher.db.broadcasts.logbook import Filters
from dispatcher.domain.cells import rows_as_csv
from dispatcher.domain.model import SYSTEM
from dispatcher.usecases.log import in_hanoi_time
from dispatcher.usecases.why import find as find_people
from dispatcher.usecases.why import story as story_of

BROADCASTS = 50  # five million messages are fifty broadcasts to 100,000 people


def build(app: App, people: int, broadcasts: int) -> list[int]:
    """Released broadcasts whose messages have all kinds of ends, each with its attempts."""
    made = [sites.released(app) for _ in range(broadcasts)]
    with app.begin(SYSTEM)() as tx:
        tx.run(
            "UPDATE messages SET state = CASE WHEN id % 1000 = 1 THEN 'failed' "
            "WHEN id % 5000 = 2 THEN 'unconfirmed' WHEN id % 50 = 3 THEN 'accepted' "
            "ELSE 'delivered' END, reason = CASE WHEN id % 1000 = 1 THEN 'recipient' END "
            "WHERE state = 'queued'"
        )
        tx.run(
            "INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, "
            "reference, call_ref, state, heard, fault, asked_at, answered_at, parts, cost) "
            "SELECT id, broadcast_id, position, gateway, 'sms', 'r' || id, 'r' || id, "
            "CASE WHEN state = 'failed' THEN 'refused' ELSE 'accepted' END, 0, reason, "
            "changed_at, changed_at, 1, 500 FROM messages WHERE state <> 'skipped'"
        )
        tx.run("UPDATE broadcasts SET state = 'done', done_at = :now", {"now": 0})
        tx.note("bench", "messages", "", people=people)
    return made


def pages(app: App, broadcast: int) -> dict[str, float]:
    """Milliseconds to the first hundred rows, per filter; medians of five."""
    filters = {
        "none": Filters(),
        "broadcast": Filters(broadcast=broadcast),
        "ward": Filters(ward=1),
        "ward, state": Filters(ward=1, state="failed"),
        "state failed": Filters(state="failed"),
        "state unconfirmed": Filters(state="unconfirmed"),
        "state nobody has": Filters(state="cancelled"),
        "fault": Filters(fault="recipient"),
        "fault nobody has": Filters(fault="content"),
        "gateway": Filters(gateway="gate"),
        "carrier": Filters(carrier="viettel"),
        "channel": Filters(channel="sms"),
        "person": Filters(contact=777),
        "broadcast, ward, state": Filters(broadcast=broadcast, ward=2, state="failed"),
        "since": Filters(since=0),
    }
    found = {}
    with app.store.read(SYSTEM) as tx:
        for name, chosen in filters.items():
            found[f"messages by {name}"] = timed(lambda c=chosen: list(logbook.messages(tx, c)))
            found[f"attempts by {name}"] = timed(lambda c=chosen: list(logbook.attempts(tx, c)))
    return found


def timed(act: Callable[[], Any]) -> float:
    took = []
    for _ in range(5):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def why(app: App) -> float:
    """Milliseconds for one person's whole story, found by phone number."""
    with app.store.read(SYSTEM) as tx:

        def story() -> None:
            [person] = find_people(tx, "0950000777", app.site.sample_heads)[:1]
            assert story_of(tx, person, "vi")["messages"]

        return timed(story)


def export(app: App) -> tuple[float, float]:
    """(rows per second, MB the process grew by) of a CSV of everything."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = sites.memory("VmRSS")
    rows, began, columns = 0, time.perf_counter(), list(logbook.MESSAGES.columns)
    with app.store.read(SYSTEM) as tx, open("/dev/null", "w", encoding="utf-8") as out:
        found = logbook.MESSAGES.rows(tx, Filters(), limit=None)
        for piece in rows_as_csv(in_hanoi_time(found, columns), columns):
            out.write(piece)
            rows += piece.count("\n")
    took = time.perf_counter() - began
    return rows / took, sites.memory("VmHWM") - before


def startup() -> tuple[float, float]:
    """Milliseconds of `dispatcher --help` and of a bare `python -c pass`; medians of seven."""

    def run(*words: str) -> float:
        took = []
        for _ in range(7):
            began = time.perf_counter()
            subprocess.run([sys.executable, *words], capture_output=True, check=True)
            took.append((time.perf_counter() - began) * 1000)
        return statistics.median(took)

    return run("-m", "dispatcher", "--help"), run("-c", "pass")
