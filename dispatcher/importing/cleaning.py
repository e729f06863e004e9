"""Raw cells become clean ones: Unicode (NFC), single spaces, nothing invisible; and what was done.

Legacy encodings are undone before anything is cleaned: TCVN3 writes “ư” as a soft hyphen.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from dispatcher.domain import storable
from dispatcher.importing import letters
from dispatcher.importing.formats import RawSheet, Row
from dispatcher.importing.letters import Legacy

SAMPLE = 2_000  # rows that tell what a sheet is written in
_SPACES = re.compile(r"[^\S\n]+")
_TAB = "\t"
_WORD = f"[!-~{''.join(sorted(letters.LETTERS | {c.upper() for c in letters.LETTERS}))}]+"
_FINE = re.compile(f"(?:{_WORD}(?: {_WORD})*)?(?:\t(?:{_WORD}(?: {_WORD})*)?)*")  # cells of a row
_BROKEN_LINES = re.compile(r"\s*[\r\n\u2028\u2029\v\f]+\s*")


def _never(_text: str) -> None:
    return None


@dataclass
class CleaningNote:
    """What was done to `cells` cells of a sheet, with the first of them."""

    code: str
    cells: int
    row: int
    column: int
    value: str


class Cleaner:
    """Cleans one sheet; `notes` is complete when its rows were read."""

    def __init__(self, sheet: RawSheet) -> None:
        self._sheet = sheet
        self.notes: dict[str, CleaningNote] = {}
        self._legacy: Legacy | None = None
        self._row = 0
        if sheet.encoding:
            self.notes[sheet.encoding] = CleaningNote(sheet.encoding, 0, 1, 0, "")

    def rows(self) -> Iterator[Row]:
        """The rows that hold anything, cells cleaned."""
        head = list(itertools.islice(self._sheet.rows, SAMPLE))
        marked = [c for _, cells in head for c in cells if not c.isascii()]
        plain = [c for _, cells in head for c in cells if "^" in c or "dd" in c.lower() or "+" in c]
        self._legacy = letters.guess([*marked, *plain])
        clean = self._cell
        fine = _FINE.fullmatch if self._legacy is None and not self._sheet.fonts else _never
        for number, cells in itertools.chain(head, self._sheet.rows):
            if not fine(_TAB.join(cells)):  # nearly every row is
                self._row = number
                cells = [clean(i, c) for i, c in enumerate(cells)]
                if not any(cells):
                    continue
            yield number, cells

    def _cell(self, column: int, cell: str) -> str:
        if not cell:
            return ""
        if not cell.isascii() or self._legacy is Legacy.VIQR:
            cell = self._unicode(column, cell)
        if cell.isprintable():
            return (
                " ".join(cell.split())
                if "  " in cell or cell[0] == " " or cell[-1] == " "
                else cell
            )
        return self._visible(column, cell)

    def _unicode(self, column: int, cell: str) -> str:
        font = self._sheet.fonts.get((self._row, column), "").lower()
        if font.startswith(".vn"):
            return self._noted(
                Legacy.TCVN3, column, cell, letters.from_tcvn3(cell, capitals=font.endswith("h"))
            )
        if font.startswith("vni"):
            return self._noted(Legacy.VNI, column, cell, letters.from_vni(cell))
        if (misread := letters.from_misread(cell)) is not None:
            found, legacy = misread
            return self._noted(legacy, column, cell, found)
        if self._legacy is not None:
            return self._noted(
                self._legacy, column, cell, letters.nfc(letters.convert(cell, self._legacy))
            )
        return letters.nfc(cell)

    def _noted(self, code: str, column: int, was: str, now: str) -> str:
        if was != now:
            note = self.notes.get(code)
            if note is None:
                self.notes[code] = CleaningNote(
                    str(code), 1, self._row, column, storable.words(was, storable.NAME)
                )
            else:
                note.cells += 1
        return now

    def _visible(self, column: int, cell: str) -> str:
        """Without what nobody sees; a broken line stays, it may part two numbers."""
        cell = _BROKEN_LINES.sub("\n", cell.strip())
        kept = "".join(
            c
            for c in cell
            if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc", "Co", "Cn", "Cs")
        )
        if kept != cell:
            self._noted("invisible", column, cell, kept)
        return _SPACES.sub(" ", kept).strip()
