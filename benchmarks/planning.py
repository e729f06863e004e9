"""Releasing a broadcast to a million people against a bare executemany of the same rows."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks import sites
from dispatcher.broadcasts import application
from dispatcher.config import parse
from dispatcher.db.engines import sqlite_module
from dispatcher.usecases.context import open_app

TABLES = ("messages", "targets")


def once(count: int) -> tuple[float, float]:
    """(ours, bare) in seconds: the same messages and targets with the same indexes, FULL."""
    with sites.folder() as root:
        app = sites.site(root / "site", count, shared=10)
        made = sites.approved(app)
        database = app.site.data / "site.db"
        app.store.close()
        bare = root / "bare.db"
        _copy(database, bare)
        app = open_app(parse(root / "site"))
        began = time.perf_counter()
        state = application.release_broadcast(app, sites.get(app, made))
        ours = time.perf_counter() - began
        assert state == "running"
        app.store.close()
        return ours, _bare(database, bare)


def _copy(source: Path, target: Path) -> None:
    connection = sqlite_module().connect(source)
    connection.execute("VACUUM INTO ?", (str(target),))
    connection.close()


def _bare(planned: Path, bare: Path) -> float:
    """Seconds to insert the planned rows, already in memory, with executemany."""
    reader = sqlite_module().connect(planned)
    rows = {t: reader.execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in TABLES}
    reader.close()
    writer = sqlite_module().connect(bare, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
        writer.execute(f"PRAGMA {pragma}")
    writer.execute("ATTACH ? AS planned", (str(planned),))
    writer.execute("INSERT INTO bodies SELECT * FROM planned.bodies")  # what targets point to
    began = time.perf_counter()
    writer.execute("BEGIN IMMEDIATE")
    for table, found in rows.items():
        marks = ", ".join("?" * len(found[0]))
        writer.executemany(f"INSERT INTO {table} VALUES ({marks})", found)
    writer.execute("COMMIT")
    took = time.perf_counter() - began
    writer.close()
    return took


def once_on_server(count: int, url: str) -> tuple[float, float]:
    """The same on PostgreSQL, whose driver sends executemany as one pipeline."""
    import psycopg

    with sites.folder() as root:
        app = sites.site(root / "site", count, shared=10, database=url)
        made = sites.approved(app)
        began = time.perf_counter()
        state = application.release_broadcast(app, sites.get(app, made))
        ours = time.perf_counter() - began
        assert state == "running"
        app.store.close()
    with psycopg.connect(url.replace("+psycopg", "")) as server, server.cursor() as cursor:
        rows = {}
        for table in TABLES:
            rows[table] = cursor.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
        cursor.execute("TRUNCATE messages, targets CASCADE")
        server.commit()
        began = time.perf_counter()
        for table, found in rows.items():
            marks = ", ".join(["%s"] * len(found[0]))
            cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", found)
        server.commit()
        return ours, time.perf_counter() - began


def memory(count: int) -> float:
    """Peak memory in MB of a process that releases `count` people and claims its first batches."""
    with sites.folder() as root:
        app = sites.site(root / "site", count, shared=10)
        made = sites.approved(app)
        app.store.close()
        words = [sys.executable, "-m", "benchmarks.planning", str(root / "site"), str(made)]
        return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def _child(root: str, made: str) -> None:
    from dispatcher.db.queue import messages
    from dispatcher.domain.model import SYSTEM
    from dispatcher.worker.sending.state import LEASE

    app = open_app(parse(Path(root)))
    application.release_broadcast(app, sites.get(app, int(made)))
    after = (0, 0)
    for _ in range(4):
        with app.begin(SYSTEM)() as tx:
            ids, after = messages.due(tx, int(made), "gate", 500, after)
            messages.lease(tx, "w", ids, tx.now + LEASE)
            messages.queued_messages(tx, ids)
    sys.stdout.write(str(sites.memory("VmHWM")))


if __name__ == "__main__":
    _child(*sys.argv[1:])
