"""Cells a person set right after a look at the findings; the file itself stays as it came."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from dispatcher.importing.columns import letter
from dispatcher.importing.listing import Listing
from dispatcher.importing.sheets import Row, Sheet

Cell = tuple[str, int, str]  # sheet, row as Excel shows it, column as a finding names it


def mended(sheets: Iterable[Sheet], listing: Listing, cells: Mapping[Cell, str]) -> Iterator[Sheet]:
    """`sheets` with some cells as a person set them right; `listing`: how they were understood.

    A cell in a column that is not there is left alone.
    """
    columns = {
        (table.sheet, column.heading or letter(column.index)): column.index
        for table in listing.tables
        for column in table.header.columns
    }
    for sheet in sheets:
        mine: dict[int, dict[int, str]] = {}
        for (name, row, heading), text in cells.items():
            index = columns.get((name, heading))
            if name == sheet.name and index is not None:
                mine.setdefault(row, {})[index] = unicodedata.normalize("NFC", text.strip())
        yield replace(sheet, rows=_rows(sheet.rows, mine)) if mine else sheet


def _rows(rows: Iterable[Row], mine: Mapping[int, Mapping[int, str]]) -> Iterator[Row]:
    for number, cells in rows:
        changed = list(cells)
        for index, text in mine.get(number, {}).items():
            changed += [""] * (index + 1 - len(changed))
            changed[index] = text
        yield number, changed
