"""What a set of files says: people, findings, how each table was understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dispatcher.i18n import Spoken
from dispatcher.importing.columns import Header


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one cell that a person should know. `message` says what to do."""

    file: str
    sheet: str
    row: int
    column: str
    value: str
    code: str
    message: Spoken

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


class ListEntry(NamedTuple):
    """One person or office as the sheet has it. `ward` and `group` are as the site knows them.

    `notes`: number → what stood beside it. `kept`: columns for `row.<column>`.
    """

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
    notes: Mapping[str, str] | None = None
    kept: Mapping[str, str] | None = None

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
    """What a set of files says. `dropped`: what was left out because nobody needs it → cells.

    `places`: (file, sheet, row) of a row with a finding → its ward and residential group.
    """

    rows: int = 0
    entries: list[ListEntry] = field(default_factory=list)
    rejected: list[Finding] = field(default_factory=list)
    repaired: list[Finding] = field(default_factory=list)
    needs_review: list[Finding] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    tables: list[ListTable] = field(default_factory=list)
    places: dict[tuple[str, str, int], tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ListTable:
    """How one sheet was understood. `ward`: whose list it is, None where rows say it."""

    file: str
    sheet: str
    header: Header
    ward: str | None

    def as_json(self) -> dict[str, object]:
        return {
            "file": self.file,
            "sheet": self.sheet,
            "ward": self.ward,
            "columns": [c.as_json() for c in self.header.columns],
        }


@dataclass(frozen=True)
class ImportContext:
    """What the site knows before it reads a file.

    `remembered`: ward → (folded heading → field), as people said it for earlier lists.
    """

    wards: Mapping[str, str]  # normal form → name
    ward: str | None  # said by the person
    group: str | None
    sample_heads: Collection[str] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    remembered: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    keep_birth_dates: str = ""  # why, if they are kept at all (as row.ngay_sinh)
