"""A row becomes a person or a finding; title rows, section rows and footers become neither."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from dispatcher.domain import phone
from dispatcher.domain.areas import group_key, looks_like_group, ward_key
from dispatcher.domain.problems import Problem
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say, Spoken
from dispatcher.importing import finding_sentences
from dispatcher.importing.columns import Header, check_choices, check_found, find_header, letter
from dispatcher.importing.finding_sentences import DATA_MARK
from dispatcher.importing.headings import KNOWN
from dispatcher.importing.listing import Finding, ImportContext, ListEntry, Listing, ListTable
from dispatcher.importing.numbers import RowNumbers, read_cell
from dispatcher.importing.sheets import Row, Sheet

# No name of a person begins like this: “Tống”, “Trương”, “Tô Trường” and “Công” are names.
_FOOTER = re.compile(
    r"tong (?:cong|so|hop)\b|tong:|tong$|cong(?: so)?\s*:|cong$|nguoi lap|can bo(?: \w+){0,3}$|"
    r"t/?m\.|kt\.|tl\.|tuq\.|danh sach (?:nay|gom|co)|xac nhan|"
    r"truong (?:ban|phong|to|thon|khu|xom|ap|cong an)\b|"
    r"ghi chu:|noi nhan|(?:pho )?chu tich\b|ngay \d|.{0,30}, ngay "
)
# A residential group by its words; a bare “khu” needs a number. “Tô Quốc Khánh” is a person.
_GROUP = re.compile(r"to dan pho|tdp|khu pho|khoi pho|khu dan cu|kdc|thon|xom|ap\b|khom")
_NUMBERING = re.compile(r"^\(?\d{1,2}\)?$|^\([a-z]\)$")
_WARD_IN_TITLE = re.compile(r"\bphuong\s+([^,;:()\-–]+)")
_IDENTITY = re.compile(r"0(?:0[1-9]|[1-8]\d|9[0-6])\d{9}")  # a citizen's number: 12 digits
LAST_COLUMN = 60
HEAD = 200  # rows that tell where a table is


def read_listing(sheets: Iterable[Sheet], context: ImportContext) -> Listing:
    """Read every sheet. Raises a problem when no sheet holds a list, or no ward can be told."""
    check_choices(context.choices)
    listing = Listing()
    names: dict[str, None] = {}
    for sheet in sheets:
        names[sheet.file] = None
        _read_sheet(sheet, context, listing)
    if not listing.tables:
        files = ", ".join(names)
        raise Problem(
            "no-table",
            Say("{files}: no table with names or phone numbers found.", files=files),
        )
    check_found([t.header for t in listing.tables], context.choices, ", ".join(names))
    return listing


def _read_sheet(sheet: Sheet, context: ImportContext, listing: Listing) -> None:
    rows = iter(sheet.rows)
    head: list[Row] = list(itertools.islice(rows, HEAD))
    if head and head[0][1][:1] in ([DATA_MARK.vi], [DATA_MARK.en]):
        return
    ward = context.ward or _ward_of(sheet, head, context.wards) or _ward_beside(sheet, listing)
    header = find_header(head, context.choices, context.remembered.get(ward or "", {}))
    if not {"name", "phone"} & set(header.fields().values()):
        return
    listing.tables.append(ListTable(sheet.file, sheet.name, header, ward))
    reader = _SheetReader(sheet, context, header, ward, listing)
    reader.seen = {tuple(cells) for _, cells in head[max(0, header.last - 1) : header.last + 1]}
    if sheet.hidden:
        listing.needs_review.append(finding_sentences.hidden_sheet(sheet))
    if sheet.hidden_rows:
        listing.needs_review.append(finding_sentences.hidden_rows(sheet))
    listing.needs_review += [finding_sentences.comment(sheet, *c) for c in sheet.comments]
    take = reader.take
    first = header.last + 1
    if first < len(head) and not _is_numbering(head[first][1]):
        take(*head[first])
    for number, cells in itertools.chain(head[first + 1 :], rows):
        take(number, cells)
    listing.repaired += [finding_sentences.cleaned(sheet, note) for note in sheet.notes]


def _ward_beside(sheet: Sheet, listing: Listing) -> str | None:
    """A workbook whose first sheet names the ward means it for those after it too."""
    return next((t.ward for t in listing.tables if t.file == sheet.file and t.ward), None)


def _is_numbering(cells: Sequence[str]) -> bool:
    """The row “(1) (2) (3)” under the headings."""
    filled = [folded(c) for c in cells if c]
    return len(filled) > 1 and all(_NUMBERING.match(c) for c in filled)


def _ward_of(sheet: Sheet, head: Sequence[Row], wards: Mapping[str, str]) -> str | None:
    """Whose list this is: by the title above the table, the sheet's name, or the file's."""
    for _, cells in head[:10]:
        for cell in cells:
            if cell and (found := _WARD_IN_TITLE.search(folded(cell))):
                words = found[1].split()
                for length in range(min(4, len(words)), 0, -1):
                    if ward := wards.get(" ".join(words[:length])):
                        return ward
    for name in (sheet.name, sheet.file.rsplit(".", 1)[0]):
        plain = folded(re.sub(r"[-_.]+", " ", name))
        for key, ward in sorted(wards.items(), key=lambda kv: -len(kv[0])):
            if re.search(rf"(?:^|\s){re.escape(key)}(?:\s|$)", plain):
                return ward
    return None


def _is_footer(text: str) -> bool:
    """True for the words under a list: sums, places, dates, who signs."""
    return bool(_FOOTER.match(folded(text))) or text.lower().startswith(("tổ trưởng", "to truong"))


def _names_group(text: str) -> bool:
    """True for a section or a sheet that is called after a residential group."""
    if not looks_like_group(text):
        return False
    return bool(_GROUP.match(folded(text))) or any(c.isdigit() for c in text) or text[:2] in _TO


_TO = ("Tổ", "TỔ", "tổ")


@lru_cache(maxsize=10_000)
def _group(text: str) -> str | None:
    """A residential group as it is written, None for a cell that names none."""
    return text if group_key(text) else None


class _SheetReader:
    """Holds where we are in a sheet: its ward, the group of the section, the household."""

    def __init__(
        self,
        sheet: Sheet,
        context: ImportContext,
        header: Header,
        ward: str | None,
        listing: Listing,
    ) -> None:
        self.sheet, self.context, self.listing = sheet, context, listing
        self.ward = ward
        self.group: str | None = sheet.name if _names_group(sheet.name) else None
        self.head_of_household: str | None = None
        self.signed = False  # below “Tổng cộng” and “Người lập biểu” stand names of officials
        self.plain = phone.plain(context.sample_heads)  # the pattern of an ordinary mobile
        self.seen: set[tuple[str, ...]] = set()  # the rows its headings stand in
        self.use(header)

    def use(self, header: Header) -> None:
        """Read the rows from here on by these headings."""
        self.header = header
        self.places: dict[str, list[int]] = {}
        for index, name in header.fields().items():
            self.places.setdefault(name, []).append(index)
        self.kept = {n[4:]: i[0] for n, i in self.places.items() if n.startswith("row.")}
        if self.context.keep_birth_dates and "birth" in self.places:
            self.kept["ngay_sinh"] = self.places.pop("birth")[0]
        self.name_at = self.places.get("name", [-1])[0]
        self.phones_at = self.places.get("phone", [])
        # Nothing about a row but name, phone and place: nearly every list.
        self.simple = not (
            {
                "family_name",
                "landline",
                "receiver",
                "receiver_phone",
                "relation",
                "identity",
                "birth",
            }
            & self.places.keys()
            or self.kept
            or len(self.phones_at) != 1
        )
        self.ordinary = self.simple and not {"ward", "title", "group"} & self.places.keys()
        self.group_at = self.places.get("residential_group", [-1])[0]
        self.household_at = self.places.get("household", [-1])[0]

    def take(self, number: int, cells: Sequence[str]) -> None:
        if self.simple and self.phones_at[0] < len(cells) and self.name_at >= 0:
            mobile = self.plain(cells[self.phones_at[0]])
            if mobile and (name := cells[self.name_at]) and "\n" not in name:
                self.listing.rows += 1
                if self.ordinary and self.ward:
                    self._add_ordinary(number, cells, name, f"+84{mobile[1]}", self.ward)
                else:
                    self._add(number, cells, name, (f"+84{mobile[1]}",))
                return
        known = self._headings(cells)
        if known:
            if "name" in known and tuple(cells) not in self.seen:
                self.use(find_header([(number, cells)], self.context.choices))
        elif not _is_numbering(cells) and self._is_person(cells):
            self.listing.rows += 1
            self._person(number, cells)

    def _headings(self, cells: Sequence[str]) -> set[str | None]:
        """What the columns are, where the headings stand once more, as on each printed page, or
        where another table begins."""
        known = [KNOWN.get(folded(c)) for c in cells if c]
        return set(known) if len(known) > 1 and None not in known else set()

    def _add_ordinary(
        self, number: int, cells: Sequence[str], name: str, mobile: str, ward: str
    ) -> None:
        """The same as `_add` for a list with nothing but name, phone, group and household."""
        width, sheet = len(cells), self.sheet
        group = (cells[self.group_at] if -1 < self.group_at < width else "") or self.beside
        household = cells[self.household_at] if -1 < self.household_at < width else None
        self.listing.entries.append(
            ListEntry(
                sheet.file,
                sheet.name,
                number,
                name,
                (mobile,),
                (),
                ward,
                _group(group) if group else None,
                household or None,
            )
        )

    @property
    def beside(self) -> str | None:
        """The residential group of rows that say none themselves."""
        return self.context.group or self.group

    def _is_person(self, cells: Sequence[str]) -> bool:
        """False for a section row (which is remembered), a footer, and a row of nothing."""
        filled = [c for c in cells[:LAST_COLUMN] if c]
        if not filled:
            return False
        if len(set(filled)) == 1 and not self._digits(cells) and not _is_footer(filled[0]):
            if _names_group(filled[0]):
                self.group, self.head_of_household, self.signed = filled[0], None, False
                return False
            if self._is_ward(filled[0]):
                self.ward = self.context.wards[ward_key(filled[0])]
                return False
        said = [
            f
            for f in ("name", "phone", "landline", "receiver_phone", "family_name")
            if any(self._at(cells, f))
        ]
        if self._digits(cells):
            return True
        if _is_footer(filled[0]):
            self.signed = True
        counted = filled[0].isdigit()  # it has a number in the list
        return (counted or not self.signed) and any(f != "phone" for f in said)

    def _digits(self, cells: Sequence[str]) -> bool:
        """A phone stands in this row, good or bad."""
        return any(
            sum(c.isdigit() for c in cell) > 5
            for f in ("phone", "landline")
            for cell in self._at(cells, f)
        )

    def _at(self, cells: Sequence[str], name: str) -> list[str]:
        return [cells[i] for i in self.places.get(name, ()) if i < len(cells)]

    def _first(self, cells: Sequence[str], name: str) -> str:
        return next((c for c in self._at(cells, name) if c), "")

    def _person(self, number: int, cells: Sequence[str]) -> None:
        words = (self._first(cells, "family_name"), self._first(cells, "name"))
        name = " ".join(" ".join(words).split())
        heard = RowNumbers()
        for kind in ("phone", "landline", "receiver_phone"):
            for index in self.places.get(kind, ()):
                if index < len(cells) and (cell := cells[index]):
                    beside = self._first(cells, "receiver") if kind == "receiver_phone" else ""
                    self._hear(heard, number, index, cell, kind, beside)
        self._count_dropped(cells)
        if self._relation(cells).startswith("chu ho") or self._relation(cells) == "ch":
            self.head_of_household = name
        if heard.refused:
            return
        if not name:
            at = self.name_at if self.name_at >= 0 else self.phones_at[0]
            self._note(
                self.listing.needs_review, number, at, "", "no_name", finding_sentences.NO_NAME
            )
        self._add(number, cells, name, tuple(dict.fromkeys(heard.mobiles)), heard)

    def _hear(
        self, heard: RowNumbers, number: int, index: int, cell: str, kind: str, beside: str
    ) -> None:
        found = read_cell(cell, self.context.sample_heads, landlines=kind == "landline")
        heard.add(found, finding_sentences.instead(beside) if kind == "receiver_phone" else "")
        if found.repaired:
            self._note(self.listing.repaired, number, index, cell, *found.repaired)
        if found.doubt:
            self._note(self.listing.needs_review, number, index, cell, *found.doubt)
        if found.refusal:
            self._note(self.listing.rejected, number, index, cell, *found.refusal)

    def _count_dropped(self, cells: Sequence[str]) -> None:
        for kind in ("identity", "birth"):
            for cell in self._at(cells, kind):
                self.listing.dropped[kind] += bool(cell)

    def _relation(self, cells: Sequence[str]) -> str:
        return folded(self._first(cells, "relation"))

    def _add(
        self,
        number: int,
        cells: Sequence[str],
        name: str,
        mobiles: tuple[str, ...],
        heard: RowNumbers | None = None,
    ) -> None:
        ward = self._ward(number, cells)
        if ward is None:
            return
        household = self._first(cells, "household") or (
            self.head_of_household if "relation" in self.places else ""
        )
        group = self._first(cells, "residential_group") or self.beside
        sheet = self.sheet
        self.listing.entries.append(
            ListEntry(
                sheet.file,
                sheet.name,
                number,
                name,
                mobiles,
                tuple(dict.fromkeys(heard.landlines)) if heard else (),
                ward,
                _group(group) if group else None,
                household or None,
                self._first(cells, "title") if "title" in self.places else "",
                self._groups(cells) if "group" in self.places else (),
                heard.notes if heard and heard.notes else None,
                {n: cells[i] for n, i in self.kept.items() if i < len(cells) and cells[i]}
                if self.kept
                else None,
            )
        )

    def _groups(self, cells: Sequence[str]) -> tuple[str, ...]:
        return tuple(g.strip() for g in self._first(cells, "group").split(";") if g.strip())

    def _ward(self, number: int, cells: Sequence[str]) -> str | None:
        if "ward" in self.places and (cell := self._first(cells, "ward")):
            known = self.context.wards
            found = known.get(ward_key(cell)) or known.get(cell.strip())
            if found is None:
                index = self.places["ward"][0]
                self._note(
                    self.listing.rejected,
                    number,
                    index,
                    cell,
                    "unknown_ward",
                    finding_sentences.UNKNOWN_WARD,
                )
            return found
        if self.ward is None:
            whose = Say("{file}: whose list is this?", file=self.sheet.file)
            raise Problem("no-ward", whose, step="list-without-ward")
        return self.ward

    def _is_ward(self, text: str) -> bool:
        return folded(text).startswith("phuong") and ward_key(text) in self.context.wards

    def _note(
        self, where: list[Finding], number: int, index: int, value: str, code: str, message: Spoken
    ) -> None:
        headings = self.header.headings
        group = self.context.group or self.group
        place = (self.sheet.file, self.sheet.name, number)
        self.listing.places[place] = (self.ward or "", group or "")
        heading = headings[index] if index < len(headings) else ""
        where.append(
            Finding(
                self.sheet.file,
                self.sheet.name,
                number,
                heading or letter(index),
                value,
                code,
                message,
            )
        )
