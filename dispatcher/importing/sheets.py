"""A file becomes sheets of text cells, with the row numbers Excel itself shows."""

from __future__ import annotations

import csv
import datetime
import io
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dispatcher.problems import Problem

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".tsv", ".txt")
MOST_UNPACKED = 64 * 1024 * 1024  # bytes in all entries of a workbook
MOST_ENTRIES = 200


@dataclass(frozen=True)
class Sheet:
    """`rows`: (number as Excel shows it, cells as NFC text). `name` is empty for text files."""

    file: str
    name: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def files_in(paths: Sequence[Path]) -> list[Path]:
    """Files and the lists inside folders, in name order."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found.extend(sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES))
        else:
            found.append(path)
    if not found:
        raise Problem(
            "no-files",
            "Không thấy tệp danh bạ nào (xlsx, xls, ods, csv).",
            "No list found (xlsx, xls, ods, csv).",
        )
    return found


def read_sheets(path: Path) -> list[Sheet]:
    """Every sheet of a file. A file that cannot be read is a problem that says what to do."""
    if not path.is_file():
        raise Problem(
            "no-file",
            f"Không thấy tệp {path}. Kiểm tra tên và thư mục.",
            f"There is no file {path}. Check the name and the folder.",
        )
    try:
        head = path.read_bytes()[:8]
        if not head:
            raise _unreadable(path, "tệp rỗng", "the file is empty")
        if head.startswith(b"PK\x03\x04"):
            _check_archive(path)
        if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            return list(_workbook(path))
        return [_text(path)]
    except OSError as error:
        raise _unreadable(path, str(error.strerror), str(error.strerror)) from None


def _unreadable(path: Path, vi: str, en: str) -> Problem:
    return Problem(
        "unreadable-file",
        f"{path.name}: {vi}. Mở bằng Excel, lưu lại dạng .xlsx rồi thử lại.",
        f"{path.name}: {en}. Open it in Excel, save it as .xlsx and try again.",
    )


def _check_archive(path: Path) -> None:
    """Refuse a workbook that would unpack to more than an office list ever does."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES or sum(e.file_size for e in entries) > MOST_UNPACKED:
                raise _unreadable(
                    path,
                    "tệp lớn bất thường sau khi giải nén",
                    "the file unpacks to an unusual size",
                )
    except (zipfile.BadZipFile, NotImplementedError):
        raise _unreadable(path, "tệp Excel bị hỏng", "the workbook is damaged") from None


def _workbook(path: Path) -> Iterator[Sheet]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            for name in book.sheet_names:
                cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                rows = [(i, tuple(_cell(c) for c in row)) for i, row in enumerate(cells, 1)]
                yield Sheet(path.name, name, tuple(r for r in rows if any(r[1])))
    except PasswordError:
        raise _unreadable(path, "tệp có mật khẩu; hãy bỏ mật khẩu", "it has a password") from None
    except (CalamineError, ValueError):
        raise _unreadable(path, "không đọc được tệp Excel", "the workbook cannot be read") from None


def _cell(value: Any) -> str:
    match value:
        case bool():
            return "x" if value else ""
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime.datetime() | datetime.date():
            return value.strftime("%d/%m/%Y")
        case _:
            return " ".join(unicodedata.normalize("NFC", str(value)).split(" ")).strip()


def _text(path: Path) -> Sheet:
    text = _decoded(path)
    sample = text[:20_000]
    delimiter = max(",;\t|", key=lambda d: _regularity(sample, d))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, tuple[str, ...]]] = []
    number = 1
    try:
        for cells in reader:  # a quoted cell may span lines, Excel still shows one row
            cleaned = tuple(_cell(c) for c in cells)
            if any(cleaned):
                rows.append((number, cleaned))
            number += 1
    except csv.Error:
        raise _unreadable(
            path, f"dòng {number} sai định dạng CSV", f"row {number} is not valid CSV"
        ) from None
    return Sheet(path.name, "", tuple(rows))


def _regularity(sample: str, delimiter: str) -> float:
    counts = [line.count(delimiter) for line in sample.splitlines() if line.strip()][:50]
    if not counts or max(counts) == 0:
        return 0.0
    usual = max(set(counts), key=counts.count)
    return counts.count(usual) / len(counts) * min(usual, 20)


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if raw.startswith(mark):
            try:
                return raw.decode(encoding)
            except UnicodeDecodeError:
                raise _unreadable(path, "bảng mã bị lỗi", "its encoding is damaged") from None
    if b"\x00" in raw:
        raise _unreadable(path, "không phải tệp danh bạ", "this is not a list")
    for encoding in ("utf-8", "cp1258"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable(path, "không nhận ra bảng mã", "its encoding is unknown")
