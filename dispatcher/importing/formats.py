"""The bytes of a file become sheets of raw text cells. Runs in `sandbox_process`.

Comes from: bytes nobody has looked at.   Goes to: `cleaning`, row by row.
Never: runs a formula, follows a link, unpacks more than a ward's list can be.
"""

from __future__ import annotations

import codecs
import csv
import datetime
import io
import itertools
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say, Spoken
from dispatcher.importing import hidden_rows_and_fonts, letters

MOST_BYTES = 256 * 1024 * 1024  # of a file
MOST_UNPACKED = 256 * 1024 * 1024  # bytes in all entries of a workbook
MOST_ENTRIES = 200
MOST_RATIO = 100  # unpacked to packed, of an entry worth looking at
SMALL = 1024 * 1024  # bytes; what stays below cannot hurt
Row = tuple[int, list[str]]


@dataclass
class RawSheet:
    """`rows`: (number as Excel shows it, cells as they stand in the file), read once.

    `fonts`: (row, column) → font, of cells written in a font that draws another alphabet.
    """

    name: str
    rows: Iterator[Row]
    hidden: bool = False
    hidden_rows: Sequence[int] = ()
    fonts: Mapping[tuple[int, int], str] = field(default_factory=dict)
    encoding: str = ""  # of a text file, where it is not UTF-8
    count: int = 0  # rows there are about
    comments: Sequence[tuple[int, int, str]] = ()  # (row, column, text) with a number in it


def unreadable(name: str, why: Spoken) -> Problem:
    """The sentence for a file that cannot be read."""
    return Problem(
        "unreadable-file",
        Say("{name}: {why}. Open it in Excel, save it as .xlsx and try again.", name=name, why=why),
    )


def sheets(name: str, raw: bytes) -> Iterator[RawSheet]:
    """Every sheet of a file called `name`."""
    if not raw.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise unreadable(name, Say("the file is empty"))
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _workbook(name, raw, _check_archive(name, raw) if raw.startswith(b"PK") else {})
    head = raw[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml", b"<meta", b"<style")):
        raise unreadable(
            name,
            Say("this is a web page renamed to a workbook"),
        )
    if head.startswith(
        (b"%pdf", b"{\\rtf", b"\x89png", b"\xff\xd8\xff", b"gif8", b"rar!", b"7z\xbc")
    ):
        raise unreadable(name, Say("this is no spreadsheet"))
    return iter([_text(name, raw)])


# --- workbooks ----------------------------------------------------------------------------------


def _check_archive(name: str, raw: bytes) -> dict[str, list[int]]:
    """Refuse a workbook that would unpack to more than an office list ever does.

    The directory says how many entries there are before any of them is looked at. Every part is
    unpacked once; what was seen on the way comes back: part → its hidden rows.
    """
    huge = Problem(
        "unreadable-file",
        Say(
            "{name}: the file unpacks to an unusual size. If it is a real list, "
            "save it as CSV or split it and try again.",
            name=name,
        ),
    )
    damaged = unreadable(name, Say("the workbook is damaged"))
    end = raw.rfind(b"PK\x05\x06")
    if end < 0 or len(raw) < end + 22:
        raise damaged
    count, size = struct.unpack_from("<HI", raw, end + 10)
    if count > MOST_ENTRIES or size > SMALL:
        raise huge
    hidden = {}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
            spans = sorted((e.header_offset, e.header_offset + e.compress_size) for e in entries)
            if any(a[1] > b[0] for a, b in itertools.pairwise(spans)):
                raise huge  # entries that share their bytes
            if len(entries) > MOST_ENTRIES or sum(e.file_size for e in entries) > MOST_UNPACKED:
                raise huge
            for entry in entries:
                if entry.flag_bits & 1:
                    raise unreadable(name, Say("it has a password"))
                if entry.file_size > max(SMALL, MOST_RATIO * entry.compress_size):
                    raise huge
                hidden[entry.filename] = _check_part(name, raw, entry, huge)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        ValueError,
        OSError,
        EOFError,
        struct.error,
    ):
        raise damaged from None
    return hidden


def _check_part(name: str, raw: bytes, entry: zipfile.ZipInfo, huge: Problem) -> list[int]:
    """A part may not unpack to more than the directory says, nor declare entities; hidden rows."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    at = entry.header_offset
    at += 30 + sum(struct.unpack_from("<HH", raw, at + 26))  # past its own header
    packed = raw[at : at + entry.compress_size]
    hidden: list[int] = []
    length, rest = 0, b""
    for piece in _pieces(packed, entry.compress_type):
        if not length:
            plain = piece[:4096].replace(b"\x00", b"")
            if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
                raise unreadable(name, Say("the workbook declares a DTD"))
        length += len(piece)
        if length > entry.file_size:
            raise huge
        if entry.filename.startswith("xl/worksheets/"):
            cut = piece.rfind(b"<row")
            hidden += hidden_rows_and_fonts.hidden_rows(
                rest + piece[:cut] if cut >= 0 else rest + piece
            )
            rest = piece[cut:] if cut >= 0 else b""
    return hidden + hidden_rows_and_fonts.hidden_rows(rest)


def _pieces(packed: bytes, how: int) -> Iterator[bytes]:
    """A part of an archive in pieces of a megabyte."""
    if how == zipfile.ZIP_STORED:
        yield from (packed[i : i + SMALL] for i in range(0, len(packed), SMALL))
        return
    unpack = zlib.decompressobj(-15)
    while packed and not unpack.eof:
        yield unpack.decompress(packed, SMALL)
        packed = unpack.unconsumed_tail


def _workbook(name: str, raw: bytes, hidden: Mapping[str, list[int]]) -> Iterator[RawSheet]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(raw)) as book:
            if not book.sheet_names:
                raise unreadable(name, Say("it has no sheets"))
            shown = hidden_rows_and_fonts.of_workbook(raw, book.sheet_names, hidden)
            for meta in book.sheets_metadata:
                sheet = book.get_sheet_by_name(meta.name)
                look = shown.get(meta.name, hidden_rows_and_fonts.SheetDetails())
                yield RawSheet(
                    meta.name,
                    _cells(sheet),
                    meta.visible is not SheetVisibleEnum.Visible,
                    look.hidden_rows,
                    look.fonts,
                    count=sheet.total_height,
                    comments=look.comments,
                )
    except PasswordError:
        raise unreadable(name, Say("it has a password")) from None
    except (CalamineError, ValueError, KeyError, IndexError):
        raise unreadable(name, Say("the workbook cannot be read")) from None


def _cells(sheet: Any) -> Iterator[Row]:
    start = sheet.start
    if start is None:
        return
    before = [""] * start[1]
    falls = _merged_down(sheet)
    hanging: dict[int, tuple[int, str]] = {}  # column → (last row, what is merged down to it)
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = [
            c
            if type(c) is str
            else str(int(c))
            if type(c) is float and c.is_integer()
            else _worded(c)
            for c in row
        ]
        if before:
            cells = before + cells
        for column, (last, text) in list(hanging.items()):
            if number > last:
                del hanging[column]
            elif column < len(cells) and not cells[column]:
                cells[column] = text
        for column, last in falls.get(number, ()):
            hanging[column] = (last, cells[column] if column < len(cells) else "")
        if any(cells):
            yield number, cells


def _merged_down(sheet: Any) -> dict[int, list[tuple[int, int]]]:
    """Row → (column, last row) of cells that are merged with those below: one text for all."""
    found: dict[int, list[tuple[int, int]]] = {}
    for (top, left), (bottom, _) in getattr(sheet, "merged_cell_ranges", None) or ():
        if bottom > top:
            found.setdefault(top + 1, []).append((left, bottom + 1))
    return found


def _worded(value: object) -> str:
    """A cell as Excel shows it; a number as all its digits."""
    match value:
        case bool():
            return "x" if value else ""
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime.datetime() | datetime.date():
            return value.strftime("%d/%m/%Y")
        case _:
            return str(value)


# --- text ---------------------------------------------------------------------------------------


def _text(name: str, raw: bytes) -> RawSheet:
    encoding, repair = _encoding(name, raw)
    sample = raw[:200_000].decode(encoding, "ignore").replace("\x00", "")[:20_000]
    delimiter = max(",;\t|", key=lambda d: _usual(sample, d)[1])
    lines = io.TextIOWrapper(io.BytesIO(raw), encoding, newline="")
    return RawSheet(
        "",
        _records(name, lines, delimiter, _usual(sample, delimiter)[0]),
        encoding=repair,
        count=raw.count(b"\n"),
    )


def _records(name: str, lines: io.TextIOWrapper, delimiter: str, usual: int) -> Iterator[Row]:
    """A quoted cell may span lines, Excel still shows one row."""
    number, line = 1, 0
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for cells in reader:
            if len(cells) > 16_384:
                raise unreadable(name, Say("row {number} has too many columns", number=number))
            if any(cells):
                if usual and reader.line_num - line > 1:  # a cell of several lines
                    _check_quotes(name, number, cells, delimiter, usual)
                yield number, cells
            number, line = number + 1, reader.line_num
    except (csv.Error, UnicodeError):
        raise unreadable(name, Say("row {number} is not valid CSV", number=number)) from None


def _check_quotes(name: str, number: int, cells: Sequence[str], delimiter: str, usual: int) -> None:
    """A quotation mark that nobody closed swallows the rows after it: nobody may be lost so."""
    if any(line.count(delimiter) >= usual for c in cells if "\n" in c for line in c.split("\n")):
        raise unreadable(
            name,
            Say(
                "row {number} has a quotation mark that is not closed and swallows the next rows",
                number=number,
            ),
        )


def _usual(sample: str, delimiter: str) -> tuple[int, float]:
    """(how often it stands in a line, how regular that is)."""
    counts = [line.count(delimiter) for line in sample.splitlines() if line.strip()][:50]
    if not counts or max(counts) == 0:
        return 0, 0.0
    usual = max(set(counts), key=counts.count)
    return usual, counts.count(usual) / len(counts) * min(usual, 20)


_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # in no list of people


def _encoding(name: str, raw: bytes) -> tuple[str, str]:
    """(the codec that reads these bytes, its name where a person should hear of it).

    A file that is neither Unicode nor cp1258 is read as Latin letters; `letters` finds out which.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _proved(name, raw, encoding), ""
    zeros = raw[:4000].count(0)
    if zeros:
        for encoding, at in (("utf-16-le", 1), ("utf-16-be", 0)):
            if raw[at:4000:2].count(0) * 2 >= zeros and zeros * 8 > min(len(raw), 4000):
                return _proved(name, raw, encoding), ""
        if _CONTROL.search(raw[:4000]) or zeros * 20 > len(raw[:4000]):
            raise unreadable(name, Say("this is not a list"))
        # a few stray ones in a text: their cells are cleaned and named like any other
    error = _first_error(raw)
    if error is None:
        return "utf-8", ""
    candidates = []
    for encoding in ("cp1258", "latin-1"):
        words = letters.nfc(raw.decode(encoding, "replace")).split()
        marked = [w for w in words if not w.isascii()][:5_000]
        legacy = letters.guess(marked) if encoding == "latin-1" else None
        good, bad = letters.score(
            " ".join(letters.convert(w, legacy) for w in marked) if legacy else " ".join(marked)
        )
        candidates.append((good - bad, encoding, good, bad))
    _, encoding, good, bad = max(candidates)
    mixed = re.search(rb"(?:[\xc3-\xc6][\x80-\xbf]|\xe1[\xba\xbb][\x80-\xbf])", raw)
    if bad > good and mixed:
        number = raw.count(b"\n", 0, error) + 1
        raise unreadable(
            name,
            Say("row {number} is written in another encoding than the rest", number=number),
        )
    return encoding, encoding if encoding == "cp1258" else ""


def _first_error(raw: bytes) -> int | None:
    """Where these bytes stop being UTF-8."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return None


def _proved(name: str, raw: bytes, encoding: str) -> str:
    reader = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(raw), 1 << 20):
            reader.decode(raw[start : start + (1 << 20)], start + (1 << 20) >= len(raw))
    except UnicodeError:
        raise unreadable(name, Say("its encoding is damaged")) from None
    return encoding
