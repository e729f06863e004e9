"""What a database is in the way of: held by another program, full, read-only, failing, gone.

Comes from: weather.   Goes to: every process of a world, through its own connections.
Never: sleeps; who would wait for it has waited in vain.
"""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event

from dispatcher.db.engines import sqlite_module

NO_LIMIT = 1_073_741_823  # pages
GONE, FAILS = "unable to open database file", "disk I/O error"
FULL = "could not extend file: No space left on device"  # as PostgreSQL says it


class DiskPragmas(NamedTuple):
    """How the connections of a SQLite file are set: asked before every transaction."""

    full: bool = False
    read_only: bool = False


class Disk:
    """The place of one world's database, as all its processes meet it."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.kept = DiskPragmas()
        self.gone = False  # nothing can be opened, nothing that is open answers
        self.fails = 0.0  # share of statements that fail
        self.loses = 0.0  # share of commits that are done and not answered
        self._holder: Any = None  # another program that writes

    # --- weather ----------------------------------------------------------------------------

    def hold(self, path: str) -> bool:
        """Another program begins to write and does not end; False when somebody holds it."""
        self.let_go()
        holder = sqlite_module().connect(path, timeout=0, isolation_level=None)
        try:
            holder.execute("BEGIN IMMEDIATE")
        except sqlite_module().OperationalError:
            holder.close()
            return False
        self._holder = holder
        return True

    def let_go(self) -> None:
        if self._holder is not None:
            with suppress(Exception):
                self._holder.execute("ROLLBACK")
            self._holder.close()
        self._holder = None

    def lift(self) -> None:
        """All is well again."""
        self.let_go()
        self.kept, self.gone, self.fails, self.loses = DiskPragmas(), False, 0.0, 0.0

    # --- what processes meet ------------------------------------------------------------------

    def look(self) -> None:
        """Before a database is opened."""
        if self.gone:
            raise trouble("connect", GONE)

    def watch(self, engine: sa.Engine, *, loses: bool) -> None:
        """Be in the way of all that goes through this engine. `loses`: also after a commit."""
        event.listen(engine, "begin", self._begins)
        event.listen(engine, "before_cursor_execute", self._runs)
        if loses:
            event.listen(engine, "commit", self._commits)

    def _begins(self, connection: sa.Connection) -> None:
        self.look()
        if connection.info.get("kept", DiskPragmas()) == self.kept:
            return
        connection.info["kept"] = self.kept
        raw: Any = connection.connection.dbapi_connection
        if self._is_file(connection):  # no smaller than it is: whatever grows, fails
            raw.execute(f"PRAGMA max_page_count={1 if self.kept.full else NO_LIMIT}")
            raw.execute(f"PRAGMA query_only={int(self.kept.read_only)}")
        else:
            raw.execute("SET default_transaction_read_only TO " + str(self.kept.read_only))
            raw.execute("SET TRANSACTION " + ("READ ONLY" if self.kept.read_only else "READ WRITE"))

    def _runs(self, connection: sa.Connection, _: Any, statement: str, *__: Any) -> None:
        if self.kept.full and not self._is_file(connection) and statement.startswith("INSERT"):
            raise trouble("statement", FULL)
        if self.fails and self.draw.random() < self.fails:
            raise trouble("statement", FAILS)

    def _commits(self, connection: sa.Connection) -> None:
        if not connection.get_execution_options().get("writes"):
            return
        if self.fails and self.draw.random() < self.fails:
            raise trouble("commit", FAILS)
        if self.loses and self.draw.random() < self.loses:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("COMMIT")
            raise trouble("commit", FAILS)

    @staticmethod
    def _is_file(connection: sa.Connection) -> bool:
        return connection.dialect.name == "sqlite"


def trouble(what: str, words: str) -> sa.exc.OperationalError:
    """What comes out of the driver."""
    return sa.exc.OperationalError(what, {}, sqlite_module().OperationalError(words))
