"""Which column is what: headings as wards write them, matched without diacritics, with how sure.

Headings may stand in two rows, be doubled, or be missing; then the cells themselves tell. What a
person said with --map wins, and what the ward's last list said comes next.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dispatcher.domain.areas import looks_like_group
from dispatcher.domain.phone import read
from dispatcher.domain.problems import Problem, unknown
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say
from dispatcher.importing.headings import FIELDS, KNOWN
from dispatcher.importing.letters import is_syllable

SEARCHED_ROWS = 30


@dataclass(frozen=True)
class Column:
    """`index` from 0. `sure`: 0 to 1. `how`: said | remembered | heading | content."""

    index: int
    heading: str
    field: str
    sure: float
    how: str

    def as_json(self) -> dict[str, object]:
        return {
            "column": letter(self.index),
            "heading": self.heading,
            "field": self.field,
            "confidence": self.sure,
            "by": self.how,
        }


@dataclass(frozen=True)
class Header:
    """Where a table starts: `last` is the index of its last heading row, -1 where there is none."""

    last: int
    columns: tuple[Column, ...]
    headings: tuple[str, ...] = ()

    def fields(self) -> dict[int, str]:
        """Column → field, of the columns that are used."""
        return {c.index: c.field for c in self.columns if c.field}


def letter(index: int) -> str:
    """The name Excel gives a column: 0 is A."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


@lru_cache(maxsize=5_000)
def meaning(text: str) -> tuple[str | None, float]:
    """(the field a heading names, how sure). "" is a known one we do not use, None is none."""
    if len(text) > 60:
        return None, 0.0
    whole = folded(text)
    plain = re.sub(r"\(.*?\)|\[.*?\]|[^a-z0-9 ]", " ", whole)
    plain = re.sub(r"\s+\d+$", "", " ".join(plain.split()))
    if plain in KNOWN:
        return KNOWN[plain], 1.0 if "(" not in whole else 0.95
    if not plain or len(plain) > 45:
        return None, 0.0
    inside = " ".join(re.sub(r"[^a-z0-9 ]", " ", whole).split())
    if inside in KNOWN:
        return KNOWN[inside], 0.95
    for pattern, field in _PATTERNS:
        if pattern.search(plain):
            return field, 0.8
    close = [k for k in _LONG if k[0] == plain[0] and abs(len(k) - len(plain)) <= 2]
    if len(plain) >= 5 and (near := difflib.get_close_matches(plain, close, 1, 0.86)):
        return KNOWN[near[0]], 0.7
    return None, 0.0


_LONG = [k for k in KNOWN if len(k) >= 5]
_PATTERNS = [
    (re.compile(pattern), field)
    for pattern, field in (
        (
            r"\b(?:sdt|dien thoai|dt|so may|di dong)\b.*\b(?:than|nhan thay|nhan ho|giam ho|con)\b",
            "receiver_phone",
        ),
        (r"\b(?:ban|co dinh)$", "landline"),
        (r"^(?:so )?(?:dien thoai|sdt|dtdd|di dong|dt)\b", "phone"),
        (r"\b(?:dien thoai|sdt|dtdd|mobile|phone|zalo)$", "phone"),
        (r"\b(?:cccd|cmnd|can cuoc|dinh danh|chung minh)\b", "identity"),
        (r"\b(?:ngay|nam|thang) sinh\b", "birth"),
        (r"^(?:ho va ten|ho ten) (?!chu ho|cha|me|bo|vo|chong|con)", "name"),
        (r"\bquan he\b", "relation"),
        (r"\bchu ho\b", "household"),
        (r"\bto dan pho\b|\btdp\b|\bkhu pho\b", "residential_group"),
        (r"\bdia chi\b|\bthuong tru\b|\btam tru\b|\bghi chu\b", ""),
    )
]


def find_header(
    rows: Sequence[tuple[int, Sequence[str]]],
    choices: Mapping[str, str],
    remembered: Mapping[str, str] = {},
) -> Header:
    """Where the headings of a sheet are, by its first rows.

    `choices`: what a person said, field → heading or column letter; one that is not in this sheet
    changes nothing. `remembered`: folded heading → field, from earlier lists.
    """
    said = {folded(column): field for field, column in choices.items()}
    best = Header(-1, ())
    best_known = 0
    for at in range(min(SEARCHED_ROWS, len(rows))):
        for headings, last in _readings(rows, at):
            columns, known = _columns(headings, said, remembered)
            fields = {c.field for c in columns}
            texts = sum(bool(h) for h in headings)
            sure = any(c.how == "said" for c in columns)
            if not fields & {"name", "phone", "family_name"} or known <= best_known:
                continue
            if sure or (known >= 2 and known * 2 >= texts):
                best, best_known = Header(last, tuple(columns), tuple(headings)), known
    if best.last < 0:
        best = Header(-1, tuple(_by_content(rows)))
    return _mapped(_settled(best), choices)


def _readings(rows: Sequence[tuple[int, Sequence[str]]], at: int) -> list[tuple[list[str], int]]:
    """The row as it stands, and joined with the next one where that holds headings too."""
    upper = [" ".join(c.split()) for c in rows[at][1]]
    found = [(upper, at)]
    if at + 1 < len(rows) and rows[at + 1][0] - rows[at][0] <= 2:
        lower = [" ".join(c.split()) for c in rows[at + 1][1]]
        filled = [c for c in lower if c]
        if filled and all(meaning(c)[0] is not None for c in filled):
            found.append((_joined(upper, lower), at + 1))
    return found


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Two heading rows as one: a heading below wins, with the one above it where that says more."""
    headings = []
    above = ""
    for i in range(max(len(upper), len(lower))):
        top = upper[i] if i < len(upper) else ""
        below = lower[i] if i < len(lower) else ""
        above = top or (above if below else "")
        if below and above and below != above and meaning(f"{above} {below}")[1] == 1.0:
            headings.append(f"{above} {below}")
        elif below and meaning(above)[0] in ("birth", "identity"):
            headings.append(above)  # “Năm sinh: Nam | Nữ”
        else:
            headings.append(below or top)
    return headings


def _columns(
    headings: Sequence[str], said: Mapping[str, str], remembered: Mapping[str, str]
) -> tuple[list[Column], int]:
    """The columns these headings make, and how many of them are known."""
    columns, known = [], 0
    for index, heading in enumerate(headings):
        if not heading:
            continue
        plain = folded(heading)
        field, sure, how = *meaning(heading), "heading"
        if plain in said:
            field, sure, how = said[plain], 1.0, "said"
        elif plain in remembered:
            field, sure, how = remembered[plain], 1.0, "remembered"
        if field is not None:
            known += 1
        columns.append(Column(index, heading, field or "", sure, how))
    return columns, known


def _settled(header: Header) -> Header:
    """What the columns mean together: “Họ” beside “Tên” is the family name, alone a whole name."""
    fields = [c.field for c in header.columns]
    columns = []
    for column in header.columns:
        field = column.field
        if field == "family_name" and "name" not in fields:
            field = "name"
        if field == "receiver_phone" and "phone" not in fields:
            field = "phone"
        columns.append(Column(column.index, column.heading, field, column.sure, column.how))
    return Header(header.last, tuple(columns), header.headings)


def _by_content(rows: Sequence[tuple[int, Sequence[str]]]) -> list[Column]:
    """No headings: phones, names and residential groups are told by what stands there."""
    some = [cells for _, cells in rows[:200]]
    width = min(max((len(r) for r in some), default=0), 60)
    filled, phones, names, groups = ([0] * width for _ in range(4))
    for cells in some:
        for i, cell in enumerate(cells[:width]):
            if not cell:
                continue
            filled[i] += 1
            if any(n.type == "mobile" for n in read(cell, ("095",)).numbers):
                phones[i] += 1
            elif looks_like_group(cell):
                groups[i] += 1
            elif _is_name(cell):
                names[i] += 1
    least = max(1.0, len(some) * 0.4)
    columns = [
        Column(i, "", "phone", round(phones[i] / filled[i], 2), "content")
        for i in range(width)
        if phones[i] >= least
    ]
    if not columns:
        return []
    for counts, field in ((names, "name"), (groups, "residential_group")):
        most = max(counts, default=0)
        if most >= least:
            at = counts.index(most)
            columns.append(Column(at, "", field, round(most / filled[at], 2), "content"))
    return sorted(columns, key=lambda c: c.index)


def _is_name(text: str) -> bool:
    words = text.split()
    return 2 <= len(words) <= 7 and all(is_syllable(w) for w in words) and text[:1].isupper()


def _mapped(header: Header, choices: Mapping[str, str]) -> Header:
    """Corrected by what a person said: field → heading or column letter."""
    columns = list(header.columns)
    for field, column in choices.items():
        index = next(
            (i for i, h in enumerate(header.headings) if folded(h) == folded(column)), None
        )
        if index is None and re.fullmatch(r"[A-Za-z]{1,3}", column):
            index = 0
            for char in column.upper():
                index = index * 26 + ord(char) - 64
            index -= 1
        if index is None:
            continue
        heading = header.headings[index] if index < len(header.headings) else ""
        columns = [
            c for c in columns if c.index != index and (c.field != field or c.how == "said")
        ] + [Column(index, heading, field, 1.0, "said")]
    return Header(header.last, tuple(sorted(columns, key=lambda c: c.index)), header.headings)


def remembered_from(headers: Sequence[Header]) -> dict[str, str]:
    """Folded heading → field, of the columns a person pointed to."""
    return {
        folded(c.heading): c.field
        for header in headers
        for c in header.columns
        if c.how == "said" and c.heading
    }


def check_choices(choices: Mapping[str, str]) -> None:
    """Raises a problem for a field that there is none of."""
    for field in choices:
        if field not in FIELDS and not re.fullmatch(r"row\.[^\W\d]\w*", field):
            raise unknown(Say("field"), field, [*FIELDS, "row.…"])


def check_found(headers: Sequence[Header], choices: Mapping[str, str], where: str) -> None:
    """Raises a problem for a column that a person pointed to and no table has."""
    said = {c.field for header in headers for c in header.columns if c.how == "said"}
    for field, column in choices.items():
        if field not in said:
            raise Problem(
                "unknown-column",
                Say("{where}: there is no column “{column}”.", where=where, column=column),
            )
