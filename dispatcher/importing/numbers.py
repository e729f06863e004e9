"""What a phone cell of a list means: numbers to keep, their notes, and what to tell a person."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from dispatcher.domain.phone import PhoneReading, Type, read
from dispatcher.i18n import Joined, Say, Spoken
from dispatcher.importing import second_opinion
from dispatcher.importing.finding_sentences import REPAIRS

_NOTHING = re.compile(r"[\s0.\-–_/x]*")
_OLD_LANDLINE = Say(
    "this column holds landlines but the number looks like a mobile; please ask",
)
_SECOND = Say(
    "the number was repaired but nobody knows its head; please ask",
)
Told = tuple[str, Spoken]  # a code and its sentence


@dataclass
class Cell:
    """What one cell says. `refusal`: the row cannot be kept. `doubt`: kept without the doubtful."""

    mobiles: list[str] = field(default_factory=list)
    landlines: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    repaired: Told | None = None
    doubt: Told | None = None
    refusal: Told | None = None


@dataclass
class RowNumbers:
    """The numbers of one row, in order, with what stood beside them."""

    mobiles: list[str] = field(default_factory=list)
    landlines: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    refused: bool = False

    def add(self, cell: Cell, note: str = "") -> None:
        self.mobiles += cell.mobiles
        self.landlines += cell.landlines
        self.refused |= cell.refusal is not None
        self.notes |= cell.notes
        if note:
            self.notes |= dict.fromkeys(cell.mobiles, note)


def read_cell(text: str, sample_heads: Collection[str], *, landlines: bool = False) -> Cell:
    """Read one cell of a phone column; `landlines`: its heading says that landlines stand there."""
    if _NOTHING.fullmatch(text) or not any(c.isdigit() for c in text):
        return Cell()  # "", "0", "-", "không", "chưa có"
    reading = read(text, sample_heads)
    cell = Cell(
        [n.e164 for n in reading.certain if n.e164],
        [n.e164 for n in reading.numbers if n.type is Type.LANDLINE and n.e164],
        dict(reading.beside),
    )
    why = reading.why()
    if landlines and cell.mobiles and any(m[3:5] in ("31", "33", "38") for m in cell.mobiles):
        return Cell(doubt=("old_landline", _OLD_LANDLINE))
    if reading.repairs and reading.certain:
        how = Joined(", ", [REPAIRS[r] for r in reading.repairs])
        cell.repaired = (reading.repairs[0], Say("repaired: {how}", how=how))
    if reading.repairs and cell.mobiles and any(second_opinion.doubts(m) for m in cell.mobiles):
        return Cell(doubt=("second_opinion", _SECOND))
    if reading.needs_review and why:
        cell.doubt = (reading.reason or "", _with_suggestion(why, reading))
    elif not reading.ok and reading.type is not Type.LANDLINE and why:
        cell.refusal = (reading.reason or "", _with_hint(why, second_opinion.finds(text)))
    return cell


def _with_suggestion(why: Spoken, reading: PhoneReading) -> Spoken:
    suggested = reading.suggested
    return _with_hint(why, "0" + suggested.removeprefix("+84") if suggested else None)


def _with_hint(why: Spoken, number: str | None) -> Spoken:
    if not number:
        return why
    return Say("{why}; is it {number}?", why=why, number=number)
