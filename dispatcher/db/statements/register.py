"""The register of all statements, as either database gets them."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from types import FunctionType
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

import dispatcher.db
from dispatcher.db.compiling import compiled
from dispatcher.db.scope import with_walls
from dispatcher.db.statements.reading import FoundStatement, Reader
from dispatcher.db.statements.samples import SAMPLES
from dispatcher.db.statements.trees import functions
from dispatcher.db.statements.unknown import UNREAD

SQLITE, POSTGRESQL = "sqlite", "postgresql"
DIALECTS: dict[str, sa.Dialect] = {
    SQLITE: sqlite.dialect(paramstyle="named"),
    POSTGRESQL: postgresql.dialect(paramstyle="named"),  # type: ignore[no-untyped-call]
}
# They run what they are given: their callers are read instead.
GIVEN_WHOLE = frozenset(
    {
        "bulk._run",
        "compiling.compiled",
        "database.Tx.run",
        "rows._run_on_rows",
        "rows.on_ids",
    }
)
# Rows of a replaced database are taken over table by table, by SQLAlchemy's own statements.
ROW_BY_ROW = frozenset(
    {"ops.carrying._Own.ids", "ops.carrying._put", "ops.carrying._shared_phones"}
)
# Called on PostgreSQL alone: what they do, SQLite does by files of the operating system.
OF_A_SERVER = frozenset(
    {
        "database.Store.server_time",
        "ops.identity._cluster",
        "queue.workers.WorkerLock._take_on_server",
        "queue.workers._lives",
        "queue.gateways._now_there",
    }
)
_SKIPPED = ("dispatcher.db.migrations", "dispatcher.db.statements")
_PARAMETER = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
_LIST = re.compile(r" IN \(:(\w*[a-z])\)")  # names with a number stand for one value each


class Statement(NamedTuple):
    """`name`: module.function, with a number where one function has several. `sql` has named
    parameters and says what the `visible_…` mean, for somebody bound to wards."""

    name: str
    sql: str
    parameters: tuple[str, ...]
    scoped: bool

    @property
    def function(self) -> str:
        return self.name.partition("#")[0]


class Unreadable(Exception):
    """Some statement is made of what the reader does not understand: where, and how far it came."""


@cache
def statements(dialect: str) -> Sequence[Statement]:
    """All statements of the code, by the function they stand in and in the order they stand."""
    found = _read(dialect == SQLITE)
    read = {(f.function, f.line) for f in found if UNREAD not in f.sql}
    unread = [f for f in found if (f.function, f.line) not in read]
    odd = [f for f in unread if f.function not in GIVEN_WHOLE | ROW_BY_ROW]
    if odd:
        raise Unreadable("; ".join(f"{f.function}:{f.line} {f.sql!r}" for f in odd))
    left_out = OF_A_SERVER if dialect == SQLITE else frozenset()
    found = [f for f in found if f.function not in left_out]
    whole = sorted((f for f in found if UNREAD not in f.sql), key=lambda f: (f.function, f.line))
    return list(_named(whole, DIALECTS[dialect]))


def _read(on_sqlite: bool) -> list[FoundStatement]:
    reader = Reader(on_sqlite, SAMPLES)
    reader.read_all(_functions())
    return list(reader.found)


def _functions() -> Sequence[tuple[FunctionType, type | None]]:
    """Every function of the rooms that speak SQL."""
    names = [
        found.name for found in pkgutil.walk_packages(dispatcher.db.__path__, "dispatcher.db.")
    ]
    modules = [import_module(name) for name in names if not name.startswith(_SKIPPED)]
    return [pair for module in modules for pair in functions(module)]


def _named(found: Sequence[FoundStatement], dialect: sa.Dialect) -> Iterator[Statement]:
    texts: dict[str, dict[str, bool]] = {}
    for one in found:
        texts.setdefault(one.function, {}).setdefault(_for_shell(one, dialect), one.scoped)
    for function, several in texts.items():
        for number, (sql, scoped) in enumerate(several.items(), 1):
            name = function if len(several) == 1 else f"{function}#{number}"
            parameters = tuple(dict.fromkeys(_PARAMETER.findall(sql)))
            yield Statement(name, sql, parameters, scoped)


def _for_shell(found: FoundStatement, dialect: sa.Dialect) -> str:
    """A statement as the database gets it, with named parameters."""
    sql = with_walls(found.sql, whole_site=False) if found.scoped else found.sql
    names = dict.fromkeys(_LIST.findall(sql))
    lists = tuple((name, "text" if name in found.words else "bigint") for name in names)
    return compiled(sql, dialect, lists, found.kinds).words
