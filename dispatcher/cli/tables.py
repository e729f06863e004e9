"""Rows to the terminal or to a file: table, JSON, JSON lines, CSV, XLSX. Memory stays flat."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.cells import safe_cell
from dispatcher.domain.problems import Problem, settings
from dispatcher.i18n import Say

MOST_XLSX = 1_048_575  # rows of a sheet below its heading


def writes(path: Path, suffixes: Sequence[str]) -> None:
    """Refuse a file we could not write, before any work is done."""
    if path.suffix.lower() not in suffixes:
        names = ", ".join(suffixes)
        raise Problem(
            "file-type",
            Say("The file name must end in {names}: {name}", names=names, name=path.name),
        )
    if not path.parent.is_dir():
        raise settings(
            "cannot-write",
            Say("There is no folder {parent}.", parent=path.parent),
        )


def cannot_write(path: Path, error: OSError) -> Problem:
    return settings(
        "cannot-write",
        Say("{path} cannot be written: {strerror}.", path=path, strerror=error.strerror),
    )


def write_text(path: Path, text: str) -> None:
    """Write a text file, or a problem."""
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise cannot_write(path, error) from None


def write_page(terminal: TerminalContext, file: str, page: str) -> None:
    """A page for a browser, for its owner only: it may name people."""
    path = Path(file)
    if terminal.dry_run:
        return
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as out:
            out.write(page)
    except OSError as error:
        raise cannot_write(path, error) from None
    terminal.say(f"→ {file}")


def write_table(
    path: Path, heads: Sequence[str], rows: Iterable[Sequence[Any]], *, private: bool = False
) -> None:
    """A CSV (BOM, formulas disarmed) or XLSX file by its suffix; `private`: for the owner only."""
    try:
        if private:
            path.unlink(missing_ok=True)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        if path.suffix.lower() == ".csv":
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                sheet = csv.writer(file, lineterminator="\r\n")
                sheet.writerow(heads)
                sheet.writerows([safe_cell(c) for c in row] for row in rows)
        else:
            _xlsx(path, heads, rows)
    except OSError as error:
        raise cannot_write(path, error) from None


def _xlsx(path: Path, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold, number, sheet = book.add_format({"bold": True}), 0, None
    for row in rows:
        if sheet is None or number >= MOST_XLSX:
            sheet, number = _headed(book, heads, bold), 0
        number += 1
        for column, cell in enumerate(row):
            if cell is not None and cell != "":
                sheet.write(number, column, cell)
    if sheet is None:
        _headed(book, heads, bold)
    book.close()


def _headed(book: Any, heads: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, heads, bold)
    sheet.freeze_panes(1, 0)
    for column, head in enumerate(heads):
        sheet.set_column(column, column, max(12, len(head) + 2))
    return sheet
