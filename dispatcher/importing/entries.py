"""A row becomes a person or a finding; title rows, section rows and footers become neither."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from dispatcher.areas import group_key, looks_like_group, ward_key
from dispatcher.importing.columns import find_header, mapped
from dispatcher.importing.sheets import Sheet
from dispatcher.phone import Reading, Type, read
from dispatcher.problems import Problem, Say
from dispatcher.sms import folded

_FOOTER = re.compile(
    r"^(?:tong(?: cong| so)?\b|cong[: ]|nguoi lap|can bo|t/?m\b|tm\.|kt\.|danh sach (?:nay|gom)|"
    r"xac nhan|truong\b|to truong\b|ghi chu:|noi nhan|chu tich|ngay \d|.{0,30}, ngay )"
)
_NUMBERING = re.compile(r"^\(?\d{1,2}\)?$|^\([a-z]\)$")
_WARD_IN_TITLE = re.compile(r"\bphuong\s+([^,;:()\-–]+)")
LAST_COLUMN = 60


@dataclass(frozen=True)
class Finding:
    """Something about one cell that a person should know. `message` says what to do."""

    file: str
    sheet: str
    row: int
    column: str
    value: str
    code: str
    message: Say

    def as_json(self, language: str) -> dict[str, object]:
        return {
            "file": self.file,
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "code": self.code,
            "message": self.message.to(language),
        }


@dataclass(frozen=True)
class Entry:
    """One person or office as the sheet has it. `ward` and `group` are as the site knows them."""

    file: str
    sheet: str
    row: int
    name: str
    phones: tuple[str, ...]  # mobiles, E.164
    landlines: tuple[str, ...]
    ward: str
    residential_group: str | None
    household: str | None = None
    title: str = ""
    groups: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return {
            "file": self.file,
            "sheet": self.sheet,
            "row": self.row,
            "name": self.name,
            "phones": list(self.phones),
            "ward": self.ward,
            "residential_group": self.residential_group,
        }


@dataclass
class Listing:
    """What a set of files says."""

    rows: int = 0
    entries: list[Entry] = field(default_factory=list)
    rejected: list[Finding] = field(default_factory=list)
    repaired: list[Finding] = field(default_factory=list)
    needs_review: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Context:
    """What the site knows before it reads a file."""

    wards: Mapping[str, str]  # normal form → name
    ward: str | None  # said by the person
    group: str | None
    sample_heads: Collection[str] = ()
    choices: Mapping[str, str] = field(default_factory=dict)


def read_listing(sheets: Sequence[Sheet], context: Context) -> Listing:
    """Read every sheet. Raises a problem when no sheet holds a list, or no ward can be told."""
    listing = Listing()
    tables = 0
    for sheet in sheets:
        tables += _read_sheet(sheet, context, listing)
    if not tables:
        names = ", ".join(dict.fromkeys(s.file for s in sheets))
        raise Problem(
            "no-table",
            f"{names}: không thấy bảng có cột họ tên hoặc số điện thoại. "
            "Chỉ cột bằng --map, ví dụ: --map phone='Số ĐT'",
            f"{names}: no table with names or phone numbers found. "
            "Point to the columns with --map, e.g. --map phone='Số ĐT'",
        )
    return listing


def _read_sheet(sheet: Sheet, context: Context, listing: Listing) -> bool:
    header_at, fields = find_header(sheet, context.choices)
    header = sheet.rows[header_at][1] if header_at >= 0 else ()
    fields = mapped(fields, header, context.choices, sheet.file)
    if not {"name", "phone"} & set(fields.values()):
        return False
    reader = _SheetReader(sheet, context, fields, header, listing)
    for index, (number, cells) in enumerate(sheet.rows[header_at + 1 :]):
        reader.take(number, cells, first=index == 0)
    return True


class _SheetReader:
    """Holds where we are in a sheet: its ward, and the group of the current section."""

    def __init__(
        self,
        sheet: Sheet,
        context: Context,
        fields: Mapping[int, str],
        header: Sequence[str],
        listing: Listing,
    ) -> None:
        self.sheet, self.context, self.fields, self.header = sheet, context, fields, header
        self.listing = listing
        self.ward = context.ward or self._ward_of_file()
        self.group: str | None = sheet.name if looks_like_group(sheet.name) else None

    def take(self, number: int, cells: tuple[str, ...], *, first: bool) -> None:
        filled = [(i, c) for i, c in enumerate(cells[:LAST_COLUMN]) if c]
        if first and len(filled) > 1 and all(_NUMBERING.match(folded(c)) for _, c in filled):
            return
        if len({c for _, c in filled}) == 1:
            alone = filled[0][1]
            if looks_like_group(alone):
                self.group = alone
                return
            if self._is_ward(alone):
                self.ward = self.context.wards[ward_key(alone)]
                return
        values: dict[str, list[tuple[int, str]]] = {}
        for i, cell in filled:
            if name := self.fields.get(i):
                values.setdefault(name, []).append((i, cell))
        if not {"name", "phone", "landline"} & values.keys():
            return
        numbered = any(c.isdigit() for _, cell in values.get("phone", ()) for c in cell)
        if not numbered and _FOOTER.match(folded(filled[0][1])):
            return
        self.listing.rows += 1
        self._person(number, values)

    def _person(self, number: int, values: Mapping[str, list[tuple[int, str]]]) -> None:
        def first(name: str) -> str:
            return values[name][0][1] if name in values else ""

        name = _name(" ".join(x for x in (first("family_name"), first("name")) if x))
        ward = self._ward(number, values)
        phones, landlines, fine = self._phones(number, values)
        if ward is None or not fine:
            return
        if not name:
            index = next(i for i, f in self.fields.items() if f)
            self._note(
                self.listing.needs_review,
                number,
                index,
                "",
                "no_name",
                Say("dòng có số điện thoại nhưng không có tên", "the row has a phone but no name"),
            )
        group = first("residential_group") or self.context.group or self.group or None
        if group is not None and not group_key(group):
            group = None
        household = first("household")
        self.listing.entries.append(
            Entry(
                self.sheet.file,
                self.sheet.name,
                number,
                name,
                tuple(phones),
                tuple(landlines),
                ward,
                group,
                household or None,
                first("title"),
                tuple(g.strip() for g in first("group").split(";") if g.strip()),
            )
        )

    def _phones(
        self,
        number: int,
        values: Mapping[str, list[tuple[int, str]]],
    ) -> tuple[list[str], list[str], bool]:
        phones: list[str] = []
        landlines: list[str] = []
        fine = True
        for name in ("phone", "landline"):
            for index, cell in values.get(name, ()):
                if not any(c.isdigit() for c in cell) and len(cell) <= 12:
                    continue  # "không", "chưa có", "-"
                reading = read(cell, self.context.sample_heads)
                phones += [n.e164 for n in reading.certain if n.e164]
                landlines += [n.e164 for n in reading.numbers if n.type is Type.LANDLINE and n.e164]
                fine &= self._judge(number, index, cell, reading)
        return list(dict.fromkeys(phones)), list(dict.fromkeys(landlines)), fine

    def _judge(self, number: int, index: int, cell: str, reading: Reading) -> bool:
        """Report what was done with a cell; False when the row cannot be kept."""
        why = reading.why()
        if reading.repairs and reading.ok:
            vi = ", ".join(_REPAIRS[r].vi for r in reading.repairs)
            en = ", ".join(_REPAIRS[r].en for r in reading.repairs)
            self._note(
                self.listing.repaired,
                number,
                index,
                cell,
                reading.repairs[0],
                Say(f"đã sửa: {vi}", f"repaired: {en}"),
            )
        if reading.needs_review and why:
            self._note(self.listing.needs_review, number, index, cell, reading.reason or "", why)
        elif not reading.ok and reading.type is not Type.LANDLINE and why:
            self._note(self.listing.rejected, number, index, cell, reading.reason or "", why)
            return False
        return True

    def _ward(self, number: int, values: Mapping[str, list[tuple[int, str]]]) -> str | None:
        if "ward" in values:
            index, cell = values["ward"][0]
            found = self.context.wards.get(ward_key(cell)) or self.context.wards.get(cell.strip())
            if found is None:
                self._note(
                    self.listing.rejected,
                    number,
                    index,
                    cell,
                    "unknown_ward",
                    Say("không có phường này trong địa bàn", "there is no such ward here"),
                )
            return found
        if self.ward is None:
            raise Problem(
                "no-ward",
                f"{self.sheet.file}: chưa biết danh sách của phường nào. Thêm --ward 'Tên phường'.",
                f"{self.sheet.file}: whose list is this? Add --ward 'Ward name'.",
            )
        return self.ward

    def _ward_of_file(self) -> str | None:
        for _, cells in self.sheet.rows[:10]:
            for cell in cells:
                if cell and (found := _WARD_IN_TITLE.search(folded(cell))):
                    words = found[1].split()
                    for length in range(min(4, len(words)), 0, -1):
                        if ward := self.context.wards.get(" ".join(words[:length])):
                            return ward
        stem = folded(re.sub(r"[-_.]+", " ", self.sheet.file.rsplit(".", 1)[0]))
        for key, ward in sorted(self.context.wards.items(), key=lambda kv: -len(kv[0])):
            if re.search(rf"(?:^|\s){re.escape(key)}(?:\s|$)", stem):
                return ward
        return None

    def _is_ward(self, text: str) -> bool:
        return folded(text).startswith("phuong") and ward_key(text) in self.context.wards

    def _note(
        self, where: list[Finding], number: int, index: int, value: str, code: str, message: Say
    ) -> None:
        heading = self.header[index] if index < len(self.header) else ""
        where.append(
            Finding(
                self.sheet.file,
                self.sheet.name,
                number,
                heading or _letter(index),
                value,
                code,
                message,
            )
        )


_REPAIRS: dict[str, Say] = {
    "leading_zero": Say("thêm số 0 bị mất", "put the lost 0 back"),
    "decimal_zero": Say("bỏ đuôi .0", "dropped the .0"),
    "scientific": Say("đổi dạng 9.1E+08 thành số", "wrote 9.1E+08 out"),
    "letters": Say("đổi chữ O, l thành số", "read O and l as digits"),
    "old_prefix": Say("đổi đầu số 11 số sang 10 số", "changed the pre-2018 head"),
    "trunk_zero": Say("bỏ số 0 thừa sau +84", "dropped the 0 after +84"),
}


def _letter(index: int) -> str:
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def _name(text: str) -> str:
    visible = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc"))
    return " ".join(visible.split())
