"""How either database is opened: drivers, pragmas, and connections that are noticed when lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from dispatcher.domain.machine import here
from dispatcher.domain.problems import settings
from dispatcher.i18n import Say

BUSY_SECONDS = 10
STATEMENTS = 1000  # kept ready by each connection to a file: a worker asks more than the usual 128


def sqlite_module() -> ModuleType:
    """The SQLite driver: pysqlite3 (3.51.3 or newer) where it installs, else Python's own.

    SQLite 3.7.0-3.51.2 can corrupt a WAL file when two connections checkpoint at once.
    """
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    return dbapi2


def sqlite_is_safe() -> bool:
    """True when the SQLite that runs has the WAL-reset fix (3.51.3; also 3.50.7 and 3.44.6)."""
    version = tuple(int(n) for n in sqlite_module().sqlite_version.split("."))
    return version >= (3, 51, 3) or (version[:2] in ((3, 50), (3, 44)) and version[2] >= 6)


IDLE_SECONDS = 20  # well inside a lease


def _postgresql_options() -> str:
    """A worker that is frozen, or a host that is gone, gives its row locks back: the server ends a
    transaction whose client says nothing for that long."""
    return f"-c idle_in_transaction_session_timeout={int(IDLE_SECONDS * 1000)}"


# libpq: a host whose cable was pulled is noticed within half a minute, not in two hours
_LOST_AFTER = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def engine_for(url: str) -> sa.Engine:
    """An engine for a database URL, `sqlite:///…` or `postgresql+psycopg://…`."""
    if url.startswith("postgresql"):
        try:
            engine = sa.create_engine(
                url,
                pool_size=5,
                isolation_level="READ COMMITTED",
                hide_parameters=True,  # an error in the log holds no number, name or text
                connect_args={**_LOST_AFTER, "options": _postgresql_options()},
            )
        except ModuleNotFoundError:
            raise settings("no-driver", Say("The PostgreSQL driver is missing.")) from None
        return engine
    engine = sa.create_engine(
        url,
        module=sqlite_module(),
        hide_parameters=True,
        connect_args={"timeout": here().waits(BUSY_SECONDS), "cached_statements": STATEMENTS},
    )

    @event.listens_for(engine, "connect")
    def settle_in(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={int(here().waits(BUSY_SECONDS) * 1000)}",
            "temp_store=MEMORY",
            "cache_size=-16000",
            "wal_autocheckpoint=8000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        ask_driver(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def ask_driver(
    connection: sa.Connection, words: str, bound: Sequence[Any] = (), *, first: bool = False
) -> tuple[Sequence[str], list[Any]]:
    """(columns, rows) of one statement from SQLite's driver; `first`: at most one row.

    What goes wrong is raised as SQLAlchemy raises it. SQLite answers in microseconds: the result
    objects above it take five to fifteen times as long.
    """
    columns, rows, _ = let_driver(connection, words, bound, first=first)
    return columns, rows


def let_driver(
    connection: sa.Connection, words: str, bound: Sequence[Any] = (), *, first: bool = False
) -> tuple[Sequence[str], list[Any], int]:
    """`ask_driver`, and how many rows a change has changed."""
    raw: Any = connection.connection.dbapi_connection
    try:
        cursor = raw.execute(words, bound)
        rows = cursor.fetchmany(1) if first else cursor.fetchall()
        columns = [column[0] for column in cursor.description or ()]
        changed = cursor.rowcount
        cursor.close()
        return columns, rows, changed
    except raw.Error as error:
        raise DBAPIError.instance(words, None, error, raw.Error, hide_parameters=True) from error


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"
