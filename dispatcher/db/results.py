"""What statements have done and found.

Comes from: the drivers.   Goes to: whoever asked, through `database.Tx`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

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
