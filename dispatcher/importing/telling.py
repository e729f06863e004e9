"""What the doctor says about a cell, a row or a sheet: one sentence, two languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dispatcher.domain.problems import Say
from dispatcher.importing.columns import letter
from dispatcher.importing.listing import Finding

if TYPE_CHECKING:
    from dispatcher.importing.sheets import Sheet

NO_NAME = Say("dòng có số điện thoại nhưng không có tên", "the row has a phone but no name")
UNKNOWN_WARD = Say("không có phường này trong địa bàn", "there is no such ward here")
# Stands above the rows of our own report: who imports the report again means its rows to mend.
DATA_MARK = Say(
    "Báo cáo nhập danh bạ: các dòng đã đọc", "List import report: the rows that were read"
)
SOME_ROWS = 10  # row numbers that a sentence names

REPAIRS: dict[str, Say] = {
    "leading_zero": Say("thêm số 0 bị mất", "put the lost 0 back"),
    "decimal_zero": Say("bỏ đuôi .0", "dropped the .0"),
    "scientific": Say("đổi dạng 9.1E+08 thành số", "wrote 9.1E+08 out"),
    "letters": Say("đổi chữ O, l thành số", "read O and l as digits"),
    "old_prefix": Say("đổi đầu số 11 số sang 10 số", "changed the pre-2018 head"),
    "trunk_zero": Say("bỏ số 0 thừa sau +84", "dropped the 0 after +84"),
}
_CLEANED: dict[str, Say] = {
    "tcvn3": Say("chữ viết bằng phông TCVN3 (.VnTime), đã đổi sang Unicode",
                 "text in a TCVN3 font (.VnTime), changed to Unicode"),
    "vni": Say("chữ viết bằng phông VNI, đã đổi sang Unicode",
               "text in a VNI font, changed to Unicode"),
    "viqr": Say("chữ gõ kiểu VIQR, đã đổi sang Unicode", "text in VIQR, changed to Unicode"),
    "cp1258": Say("tệp dùng bảng mã windows-1258, đã đổi sang Unicode",
                  "the file was in windows-1258, changed to Unicode"),
    "utf8_as_cp1252": Say("chữ bị mở sai bảng mã (cp1252), đã khôi phục",
                          "text once read in the wrong encoding (cp1252), restored"),
    "utf8_as_mac_roman": Say("chữ bị mở sai bảng mã (Mac Roman), đã khôi phục",
                             "text once read in the wrong encoding (Mac Roman), restored"),
    "invisible": Say("có ký tự ẩn, đã bỏ", "there were invisible characters, removed"),
}  # fmt: skip


def instead(receiver: str) -> str:
    """The note at a number of somebody who takes messages for a person."""
    return f"nhận thay: {receiver}" if receiver else "nhận thay"


def hidden_sheet(sheet: Sheet) -> Finding:
    return _about(sheet, 0, "", "", "hidden_sheet", Say(
        "trang tính đang bị ẩn; các dòng trong đó vẫn được đọc, hãy kiểm tra",
        "this sheet is hidden; its rows were read all the same, please check",
    ))  # fmt: skip


def hidden_rows(sheet: Sheet) -> Finding:
    rows = sheet.hidden_rows
    some = ", ".join(str(r) for r in rows[:SOME_ROWS]) + ("…" if len(rows) > SOME_ROWS else "")
    return _about(sheet, rows[0], "", some, "hidden_rows", Say(
        f"{len(rows)} dòng đang bị ẩn hoặc bị lọc; vẫn được đọc, hãy kiểm tra",
        f"{len(rows)} rows are hidden or filtered away; they were read all the same, please check",
    ))  # fmt: skip


def comment(sheet: Sheet, row: int, column: int, text: str) -> Finding:
    return _about(sheet, row, letter(column), text, "comment", Say(
        "ghi chú của ô có số, chưa được nhập; nếu cần hãy chép vào ô",
        "a comment holds a number that was not imported; copy it into the cell if it is wanted",
    ))  # fmt: skip


def cleaned(sheet: Sheet, note: Mapping[str, Any]) -> Finding:
    """What was done to the text of a sheet; the first cell stands for all."""
    say, cells = _CLEANED[note["code"]], note["cells"]
    counted = Say(f"{say.vi} ({cells} ô)", f"{say.en} ({cells} cells)") if cells else say
    return _about(sheet, note["row"], letter(note["column"]), note["value"], note["code"], counted)


def _about(sheet: Sheet, row: int, column: str, value: str, code: str, message: Say) -> Finding:
    return Finding(sheet.file, sheet.name, row, column, value, code, message)
