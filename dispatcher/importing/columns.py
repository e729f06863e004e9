"""Which column is what: headings as wards write them, matched without diacritics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dispatcher.importing.sheets import Sheet
from dispatcher.phone import read
from dispatcher.problems import Problem, Say, unknown
from dispatcher.sms import folded

HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("ho va ten", "ho ten", "ho va ten nguoi nhan", "ten nguoi nhan", "nguoi nhan",
             "ho va ten nguoi dan", "ho ten nguoi dan", "ho va ten cong dan", "ten don vi",
             "don vi", "ten co quan", "co quan", "ten", "full name", "name",
             "ho va ten khai sinh", "dai dien", "nguoi dai dien"),
    "family_name": ("ho dem", "ho lot", "ho va dem", "ho va ten dem", "ho"),
    "phone": ("so dien thoai", "dien thoai", "sdt", "dt", "so dt", "dien thoai di dong",
              "so di dong", "di dong", "dtdd", "so dtdd", "dien thoai lien he", "sdt lien he",
              "so dien thoai lien he", "lien he", "mobile", "phone", "phone number", "so zalo",
              "zalo", "sdt zalo", "hotline", "tel", "so may"),
    "landline": ("dt ban", "dien thoai ban", "so ban", "co dinh", "so co dinh", "dt co dinh",
                 "dien thoai co dinh"),
    "ward": ("phuong", "xa", "phuong xa", "xa phuong", "ten phuong", "ubnd phuong", "ward"),
    "residential_group": ("to dan pho", "tdp", "to", "to so", "to dan pho so", "khu pho",
                          "khu dan cu", "to tdp", "so to", "thon", "to dan", "khoi pho",
                          "residential group"),
    "household": ("chu ho", "ho ten chu ho", "ho va ten chu ho", "ma ho", "so ho", "ho gia dinh",
                  "so so ho khau", "household"),
    "title": ("chuc vu", "chuc danh", "danh xung", "xung ho", "title"),
    "group": ("nhom", "nhom nhan tin", "ten nhom", "loai don vi", "group"),
}  # fmt: skip
# Recognised so that they count as headings; never stored.
UNUSED = frozenset(
    [
        "stt",
        "so tt",
        "tt",
        "ngay sinh",
        "nam sinh",
        "ngay thang nam sinh",
        "gioi tinh",
        "nam",
        "nu",
        "cccd",
        "so cccd",
        "cmnd",
        "so cmnd",
        "cmnd cccd",
        "dinh danh",
        "so dinh danh",
        "so dinh danh ca nhan",
        "dan toc",
        "ton giao",
        "dia chi",
        "noi o",
        "thuong tru",
        "noi thuong tru",
        "tam tru",
        "noi o hien tai",
        "so nha",
        "duong",
        "ghi chu",
        "quan he",
        "quan he voi chu ho",
        "nghe nghiep",
        "email",
    ]
)
SEARCHED_ROWS = 30
FIELDS = tuple(HEADINGS)


def heading_field(text: str) -> str | None:
    """The field a heading names, "" for a known one we do not use, None for no heading."""
    plain = re.sub(r"\(.*?\)|[^a-z0-9 ]", " ", folded(text))
    plain = re.sub(r"\s+\d+$", "", " ".join(plain.split()))
    for field, names in HEADINGS.items():
        if plain in names:
            return field
    if plain in UNUSED:
        return ""
    if re.match(r"(?:so )?(?:dien thoai|sdt|dtdd|di dong)\b", plain) and len(plain) < 40:
        return "phone"
    return None


def find_header(sheet: Sheet, choices: Mapping[str, str]) -> tuple[int, dict[int, str]]:
    """(index of the heading row, column → field). (-1, …) when columns are told by content.

    `choices`: what a person said, field → heading or column letter.
    """
    said = {folded(column): field for field, column in choices.items()}
    best: tuple[int, int, dict[int, str]] = (0, -1, {})
    for index, (_, cells) in enumerate(sheet.rows[:SEARCHED_ROWS]):
        found = {i: said.get(folded(c)) or heading_field(c) for i, c in enumerate(cells) if c}
        fields = {i: f for i, f in found.items() if f}
        known = sum(f is not None for f in found.values())
        useful = {"name", "phone", "family_name"} & set(fields.values())
        sure = any(folded(c) in said for c in cells if c)
        if useful and known > best[0] and (sure or (known >= 2 and known * 2 >= len(found))):
            best = (known, index, fields)
    if best[1] >= 0:
        return best[1], _family(best[2], sheet.rows[best[1]][1])
    return -1, _by_content(sheet)


def _family(fields: dict[int, str], cells: Sequence[str]) -> dict[int, str]:
    """“Họ” beside a plain “Tên” is the family name; alone it would be a household."""
    if "family_name" in fields.values() and "name" not in fields.values():
        return {i: ("name" if f == "family_name" else f) for i, f in fields.items()}
    return fields


def _by_content(sheet: Sheet) -> dict[int, str]:
    """No heading: the column of phones, and beside it the one with most words."""
    rows = [cells for _, cells in sheet.rows[:200]]
    width = max((len(r) for r in rows), default=0)
    phones, words = [0] * width, [0] * width
    for cells in rows:
        for i, cell in enumerate(cells):
            if not cell:
                continue
            if read(cell, ("095",)).numbers:
                phones[i] += 1
            elif not any(c.isdigit() for c in cell) and " " in cell:
                words[i] += 1
    if not rows or max(phones, default=0) < max(1, len(rows) * 0.4):
        return {}
    fields = {phones.index(max(phones)): "phone"}
    if max(words) >= len(rows) * 0.4:
        fields[words.index(max(words))] = "name"
    return fields


def mapped(fields: dict[int, str], header: Sequence[str], choices: Mapping[str, str],
           where: str) -> dict[int, str]:  # fmt: skip
    """`fields` corrected by what a person said: field → heading or column letter."""
    result = dict(fields)
    for field, column in choices.items():
        if field not in FIELDS and not field.startswith("row."):
            raise unknown(Say("trường", "field"), field, FIELDS)
        index = next((i for i, h in enumerate(header) if folded(h) == folded(column)), None)
        if index is None and re.fullmatch(r"[A-Za-z]{1,2}", column):
            index = 0
            for letter in column.upper():
                index = index * 26 + ord(letter) - 64
            index -= 1
        if index is None:
            raise Problem(
                "unknown-column", f"{where}: không có cột «{column}».",
                f"{where}: there is no column “{column}”.",
            )  # fmt: skip
        result = {i: f for i, f in result.items() if f != field}
        result[index] = field
    return result
