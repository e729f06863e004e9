"""Cells of a table that people open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

_FORMULA = frozenset("=+-@\t\r\n\0")


def safe_cell(value: Any) -> Any:
    """A cell no spreadsheet will run as a formula."""
    if type(value) is str and value[:1] in _FORMULA:
        return "'" + value
    return value


def rows_as_csv(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> Iterable[str]:
    """Rows as CSV, a few hundred a piece; memory stays flat."""
    yield "\ufeff" + ",".join(columns) + "\r\n"
    waiting = iter(rows)
    while piece := list(islice(waiting, 500)):
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerows([safe_cell(c) for c in r] for r in piece)
        yield out.getvalue()
