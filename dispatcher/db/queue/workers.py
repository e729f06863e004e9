"""Workers: a lock that dies with the process tells a dead worker from a slow one within seconds.

SQLite: an OS lock on a file beside the database. PostgreSQL: an advisory lock on a connection of
its own. A frozen worker keeps its lock; leases are for that case.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sys
from datetime import datetime
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from dispatcher.db.database import Tx, at
from dispatcher.db.database_problems import as_problem
from dispatcher.db.engines import engine_for
from dispatcher.db.schema import moment
from dispatcher.domain.machine import here
from dispatcher.domain.outages import Sign


class WorkerLock:
    """Held for as long as the process lives. `folder` or `url` by database."""

    def __init__(self, name: str, folder: Path, url: str) -> None:
        self.name, self._folder, self._url = name, folder, url
        self._file: IO[bytes] | None = None
        self._connection: sa.Connection | None = None

    def take(self) -> bool:
        """True when the lock is ours now; False when a living process holds it."""
        if self._url.startswith("postgresql"):
            try:
                return self._take_on_server()
            except sa.exc.DBAPIError as error:
                raise as_problem(error) from error
        self._folder.mkdir(parents=True, exist_ok=True)
        file = (self._folder / f"{self.name}.lock").open("ab")
        if not _lock_file(file):
            file.close()
            return False
        self._file = file
        here().holds(self.let_go)
        return True

    def _take_on_server(self) -> bool:
        if self._connection is None:
            self._connection = engine_for(self._url).connect()
        taken = self._connection.exec_driver_sql(
            f"SELECT pg_try_advisory_lock({_key(self.name)})"
        ).scalar()
        self._connection.commit()
        if taken:
            here().holds(self.let_go)
        return bool(taken)

    def held(self) -> bool:
        """False when the server that kept it for us went away."""
        if self._connection is None:
            return self._file is not None
        try:
            self._connection.exec_driver_sql("SELECT 1")
            self._connection.rollback()
        except sa.exc.DBAPIError:
            return False
        return True

    def drop(self) -> None:
        """Give the lock back and leave no file behind."""
        in_file = self._file is not None
        self.let_go()
        if in_file:
            (self._folder / f"{self.name}.lock").unlink(missing_ok=True)

    def let_go(self) -> None:
        """Give the lock back, as the operating system does for a process that died."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.engine.dispose()
            self._connection = None


def _lock_file(file: IO[bytes]) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def enrol(tx: Tx, name: str, version: str) -> None:
    tx.run(
        "INSERT INTO workers (name, host, pid, started_at, seen_at, version) "
        "VALUES (:n, :h, :p, :now, :now, :v) ON CONFLICT (name) DO UPDATE SET seen_at = "
        "excluded.seen_at",
        {"n": name, "h": socket.gethostname(), "p": os.getpid(), "now": at(tx.now), "v": version},
    )
    tx.note("started", "worker", name, version=version)


def leave(tx: Tx, name: str) -> None:
    tx.run("DELETE FROM workers WHERE name = :n", {"n": name})
    tx.run("DELETE FROM slots WHERE worker = :n", {"n": name})
    tx.note("left", "worker", name)


def sign_of_life(tx: Tx, name: str, turned_at: datetime | None = None) -> None:
    """A sign of life; `turned_at`: when the send loop last took its turn."""
    tx.run(
        "UPDATE workers SET seen_at = :now, turned_at = COALESCE(:t, turned_at) WHERE name = :n",
        {"now": at(tx.now), "t": None if turned_at is None else at(turned_at), "n": name},
    )


def others(tx: Tx, name: str) -> list[str]:
    return [row["name"] for row in tx.rows("SELECT name FROM workers WHERE name <> :n", n=name)]


def alive(tx: Tx, since: datetime) -> list[str]:
    """Workers that showed a sign of life since then, by name."""
    rows = tx.rows("SELECT name FROM workers WHERE seen_at >= :s ORDER BY name", s=at(since))
    return [row["name"] for row in rows]


def last_seen(tx: Tx) -> int | None:
    """When any worker last showed a sign of life (microseconds since 1970)."""
    found = tx.value("SELECT MAX(seen_at) FROM workers")
    return None if found is None else int(found)


def signs(tx: Tx, folder: Path) -> list[Sign]:
    """What each worker showed of itself; `folder`: where locks lie beside a SQLite file."""
    found = []
    for row in tx.rows("SELECT name, seen_at, turned_at FROM workers"):
        name, turned = row["name"], row["turned_at"]
        lives = _lives_here(folder / f"{name}.lock") if tx.is_sqlite else _lives(tx, name)
        turned_at = None if turned is None else moment(turned)
        found.append(Sign(lives, moment(row["seen_at"]), turned_at))
    return found


def _lives(tx: Tx, name: str) -> bool:
    """True while some connection to this server holds the worker's lock."""
    key = _key(name) % 2**64
    return bool(
        tx.value(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 "
            "AND granted AND CAST(classid AS bigint) = :high AND CAST(objid AS bigint) = :low",
            high=key >> 32,
            low=key % 2**32,
        )
    )


def _lives_here(path: Path) -> bool:
    """True while a process holds the lock file. Whoever may not look takes it for alive."""
    try:
        file = path.open("rb+")
    except FileNotFoundError:
        return False
    except OSError:
        return True
    with file:
        return not _lock_file(file)
