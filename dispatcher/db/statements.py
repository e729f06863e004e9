"""Text SQL on its way to a driver, and what came of it.

Comes from: `database.Tx`.   Goes to: the drivers.   Never: opens a connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite

Row = Mapping[str, Any]
Rows = Sequence[Row]


class Ran(NamedTuple):
    """What one statement has done in a file, in the words of SQLAlchemy's result."""

    columns: Sequence[str]
    rows: Sequence[Any]
    rowcount: int

    @property
    def returns_rows(self) -> bool:
        return bool(self.columns)

    def mappings(self) -> list[Row]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def fetchall(self) -> Sequence[Any]:
        return self.rows


def plain(result: sa.CursorResult[Any] | Ran) -> Sequence[Any]:
    """The driver's own tuples, not wrapped one by one."""
    if isinstance(result, Ran):
        return result.rows
    assert result.cursor is not None
    found: Sequence[Any] = result.cursor.fetchall()
    result.close()
    return found


@lru_cache(maxsize=4000)
def placed(sql: str, is_sqlite: bool) -> tuple[str, tuple[str, ...] | None]:
    """`sql` in the driver's own placeholders, and their names where they go by position: once,
    however often a database is opened."""
    made: Any = pysqlite.dialect if is_sqlite else psycopg.dialect
    compiled = sa.text(sql).compile(dialect=made())
    order = compiled.positiontup
    return str(compiled), tuple(order) if order is not None else None


def in_place(names: tuple[str, ...] | None, given: Mapping[str, Any] | Rows | None) -> Any:
    """Parameters as the driver takes them: by position for SQLite, by name for PostgreSQL."""
    if not given:
        return None
    if names is None:
        return given
    if isinstance(given, Mapping):
        return tuple(given[name] for name in names)
    return [tuple(row[name] for name in names) for row in given]
