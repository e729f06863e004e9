"""What the reader of cells does not tell: hidden rows, and the fonts that draw other alphabets.

Looked up in the parts of the file themselves, and only where they say that there is something.
"""

from __future__ import annotations

import html
import io
import posixpath
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_HIDDEN_ROW = re.compile(rb"<row\s(?=[^>]*\shidden=\"(?:1|true)\")[^>]*?\br=\"(\d+)\"")
_STYLED = re.compile(rb"<c\s[^>]*?\br=\"([A-Z]{1,3})(\d{1,7})\"[^>]*?\bs=\"(\d+)\"")
_FAR = re.compile(rb'r="[A-Z]*(\d{7,})"')
LAST_ROW = 1_048_576
_LEGACY_FONT = re.compile(rb"\.Vn|VNI", re.IGNORECASE)


@dataclass(frozen=True)
class SheetDetails:
    """`hidden_rows`: numbers as Excel shows them. `fonts`: (row, column from 0) → font name.

    `comments`: (row, column from 0, text) of those that a number stands in.
    """

    hidden_rows: Sequence[int] = ()
    fonts: Mapping[tuple[int, int], str] = field(default_factory=dict)
    comments: Sequence[tuple[int, int, str]] = ()


def hidden_rows(piece: bytes) -> list[int]:
    """Numbers of the hidden rows in a piece of a sheet. ValueError for a row that Excel has not."""
    for number in _FAR.findall(piece):
        if int(number) > LAST_ROW:
            raise ValueError("a row that Excel does not have")
    return [int(n) for n in _HIDDEN_ROW.findall(piece)] if b"hidden=" in piece else []


def of_workbook(
    raw: bytes, names: Sequence[str], hidden: Mapping[str, Sequence[int]]
) -> dict[str, SheetDetails]:
    """Sheet name → how it looks; `hidden`: part of the archive → its hidden rows.

    A part that is not as expected has nothing to tell.
    """
    if not raw.startswith(b"PK"):
        return _of_xls(raw)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = set(archive.namelist())
        if "content.xml" in parts:
            return _of_ods(archive.read("content.xml"))
        if "xl/workbook.xml" not in parts:
            return {}
        places = _places(archive)
        styles = archive.read("xl/styles.xml") if "xl/styles.xml" in parts else b""
        legacy = _legacy_styles(styles)
        found = {}
        for name in names:
            place = places.get(name, "")
            if place in parts:
                fonts = _fonts(archive.read(place), legacy) if legacy else {}
                found[name] = SheetDetails(hidden.get(place, ()), fonts, _comments(archive, place))
        return found


_COMMENT = re.compile(
    r'<comment\s[^>]*?ref="([A-Z]{1,3})(\d{1,7})"[^>]*>(.*?)</comment>', re.DOTALL
)
_NUMBER = re.compile(r"(?:\d[\s.\-]?){9,}")


def _comments(archive: zipfile.ZipFile, place: str) -> list[tuple[int, int, str]]:
    """Comments of a sheet that a number stands in: nobody reads them, so somebody is told."""
    folder, _, name = place.rpartition("/")
    found = []
    for link in _links(archive, f"{folder}/_rels/{name}.rels"):
        target = posixpath.normpath(posixpath.join(f"/{folder}", link.get("Target", "")))[1:]
        if not link.get("Type", "").endswith("/comments") or target not in archive.namelist():
            continue
        part = archive.read(target).decode("utf-8", "replace")
        for column, row, inner in _COMMENT.findall(part):
            text = html.unescape(" ".join(re.findall(r"<t(?:\s[^>]*)?>([^<]*)</t>", inner)))
            if _NUMBER.search(text):
                found.append((int(row), _index(column), " ".join(text.split())[:200]))
    return found


def _links(archive: zipfile.ZipFile, part: str) -> list[dict[str, str]]:
    """The relationships that a part of a workbook has."""
    try:
        text = archive.read(part).decode("utf-8", "replace")
    except KeyError:
        return []
    return [
        dict(re.findall(r'(\w+)="([^"]*)"', tag))
        for tag in re.findall(r"<Relationship\s[^>]*>", text)
    ]


def _fonts(part: bytes, legacy: Mapping[int, str]) -> dict[tuple[int, int], str]:
    """(row, column) → the font of a cell, where it draws another alphabet."""
    return {
        (int(row), _index(column.decode())): legacy[int(style)]
        for column, row, style in _STYLED.findall(part)
        if int(style) in legacy
    }


def _index(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _places(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name → its part."""
    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    targets: dict[str, str] = {}
    for link in _links(archive, "xl/_rels/workbook.xml.rels"):
        target = link.get("Target", "")
        targets[link.get("Id", "")] = target[1:] if target.startswith("/") else f"xl/{target}"
    places = {}
    for tag in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", book):
        known = dict(re.findall(r'([\w:]+)="([^"]*)"', tag))
        wanted = next((v for k, v in known.items() if k.endswith(":id")), "")
        places[html.unescape(known.get("name", ""))] = targets.get(wanted, "")
    return places


def _legacy_styles(styles: bytes) -> dict[int, str]:
    """Index of a cell format → its font, where that draws TCVN3 or VNI."""
    if not _LEGACY_FONT.search(styles):
        return {}
    text = styles.decode("utf-8", "replace")
    block = re.search(r"<fonts\b.*?</fonts>", text, re.DOTALL)
    formats = re.search(r"<cellXfs\b.*?</cellXfs>", text, re.DOTALL)
    if not block or not formats:
        return {}
    names = [
        m[1] if (m := re.search(r'<name\s+val="([^"]*)"', font)) else ""
        for font in re.findall(
            r"<font(?:\s[^>]*)?/>|<font(?:\s[^>]*)?>.*?</font>", block[0], re.DOTALL
        )
    ]
    found = {}
    for index, tag in enumerate(re.findall(r"<xf\s[^>]*>", formats[0])):
        font = re.search(r'fontId="(\d+)"', tag)
        name = names[int(font[1])] if font and int(font[1]) < len(names) else ""
        if name.lower().startswith((".vn", "vni")):
            found[index] = name
    return found


def _of_ods(content: bytes) -> dict[str, SheetDetails]:
    """Rows that are collapsed or filtered away; a row may stand for many."""
    if b"table:visibility=" not in content:
        return {}
    found = {}
    tables = re.compile(
        rb"<table:table\s[^>]*?table:name=\"([^\"]*)\"[^>]*>(.*?)</table:table>", re.DOTALL
    )
    for name, body in tables.findall(content):
        number = 1
        hidden: list[int] = []
        for tag in re.findall(rb"<table:table-row\b[^>]*>", body):
            repeated = re.search(rb'table:number-rows-repeated="(\d+)"', tag)
            times = int(repeated[1]) if repeated else 1
            if b'table:visibility="collapse"' in tag or b'table:visibility="filter"' in tag:
                hidden += range(number, number + min(times, 1000))
            number += times
        found[html.unescape(name.decode("utf-8", "replace"))] = SheetDetails(hidden)
    return found


def _of_xls(raw: bytes) -> dict[str, SheetDetails]:
    """The old binary format, by the one library that reads its formats."""
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=raw, formatting_info=True, logfile=io.StringIO())
    except Exception:  # what it cannot read has nothing to tell; the cells are read elsewhere
        return {}
    legacy = {
        i: book.font_list[xf.font_index].name
        for i, xf in enumerate(book.xf_list)
        if book.font_list[xf.font_index].name.lower().startswith((".vn", "vni"))
    }
    found = {}
    for sheet in book.sheets():
        hidden = sorted(n + 1 for n, row in sheet.rowinfo_map.items() if row.hidden)
        fonts = {}
        for row in range(sheet.nrows) if legacy else ():
            for column in range(sheet.row_len(row)):
                if font := legacy.get(sheet.cell_xf_index(row, column)):
                    fonts[row + 1, column] = font
        found[sheet.name] = SheetDetails(hidden, fonts)
    return found
