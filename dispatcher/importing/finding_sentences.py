"""What the doctor says about a cell, a row or a sheet: one sentence, two languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dispatcher.i18n import Say, Spoken
from dispatcher.importing.columns import letter
from dispatcher.importing.listing import Finding

if TYPE_CHECKING:
    from dispatcher.importing.sheets import Sheet

NO_NAME = Say("the row has a phone but no name")
UNKNOWN_WARD = Say("there is no such ward here")
# Stands above the rows of our own report: who imports the report again means its rows to mend.
DATA_MARK = Say("List import report: the rows that were read")
SOME_ROWS = 10  # row numbers that a sentence names

REPAIRS: dict[str, Spoken] = {
    "leading_zero": Say("put the lost 0 back"),
    "decimal_zero": Say("dropped the .0"),
    "scientific": Say("wrote 9.1E+08 out"),
    "letters": Say("read O and l as digits"),
    "old_prefix": Say("changed the pre-2018 head"),
    "trunk_zero": Say("dropped the 0 after +84"),
}
_CLEANED: dict[str, Spoken] = {
    "tcvn3": Say("text in a TCVN3 font (.VnTime), changed to Unicode"),
    "vni": Say("text in a VNI font, changed to Unicode"),
    "viqr": Say("text in VIQR, changed to Unicode"),
    "cp1258": Say("the file was in windows-1258, changed to Unicode"),
    "utf8_as_cp1252": Say("text once read in the wrong encoding (cp1252), restored"),
    "utf8_as_mac_roman": Say("text once read in the wrong encoding (Mac Roman), restored"),
    "invisible": Say("there were invisible characters, removed"),
}


def instead(receiver: str) -> str:
    """The note at a number of somebody who takes messages for a person."""
    return f"nhận thay: {receiver}" if receiver else "nhận thay"


def hidden_sheet(sheet: Sheet) -> Finding:
    return _about(
        sheet,
        0,
        "",
        "",
        "hidden_sheet",
        Say(
            "this sheet is hidden; its rows were read all the same, please check",
        ),
    )


def hidden_rows(sheet: Sheet) -> Finding:
    """Rows nobody sees in the file were read like the others."""
    rows = sheet.hidden_rows
    some = ", ".join(str(r) for r in rows[:SOME_ROWS]) + ("…" if len(rows) > SOME_ROWS else "")
    return _about(
        sheet,
        rows[0],
        "",
        some,
        "hidden_rows",
        Say(
            "{count} rows are hidden or filtered away; they were read all the same, please check",
            count=len(rows),
        ),
    )


def comment(sheet: Sheet, row: int, column: int, text: str) -> Finding:
    return _about(
        sheet,
        row,
        letter(column),
        text,
        "comment",
        Say(
            "a comment holds a number that was not imported; copy it into the cell if it is wanted",
        ),
    )


def cleaned(sheet: Sheet, note: Mapping[str, Any]) -> Finding:
    """What was done to the text of a sheet; the first cell stands for all."""
    say, cells = _CLEANED[note["code"]], note["cells"]
    counted = Say("{say} ({cells} cells)", say=say, cells=cells) if cells else say
    return _about(sheet, note["row"], letter(note["column"]), note["value"], note["code"], counted)


def _about(sheet: Sheet, row: int, column: str, value: str, code: str, message: Spoken) -> Finding:
    return Finding(sheet.file, sheet.name, row, column, value, code, message)
