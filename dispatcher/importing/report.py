"""The import report, a workbook: every row with what was found, the rows to mend, one page to sign.

The same after a dry run and after the import. The files are read a second time for it, so that
nobody holds a hundred thousand rows in memory for a report that may not be wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dispatcher.domain.problems import Problem, settings
from dispatcher.i18n import Say, Spoken
from dispatcher.importing.finding_sentences import DATA_MARK
from dispatcher.importing.listing import Finding, Listing
from dispatcher.importing.merge import DOUBLES, Merge
from dispatcher.importing.sheets import Sheet

MOST_ROWS = 1_000_000  # in one sheet of the workbook
_TO_MEND = Say("Rows to mend")
_FIX = Say("To mend")
Place = tuple[str, str, int]  # file, sheet, row


@dataclass(frozen=True)
class ReportFacts:
    """What the page to sign says besides the counts. `basis`: label → text."""

    site: str
    by: str
    at: str
    stored: bool
    digests: Mapping[str, str] = field(default_factory=dict)  # file → its SHA-256
    basis: Sequence[tuple[Spoken, str]] = ()


def write_report(
    path: Path,
    sheets: Iterable[Sheet],
    listing: Listing,
    plan: Merge,
    facts: ReportFacts,
    language: str,
) -> None:
    """Write the workbook: text cells only, so that nothing runs as a formula."""
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    book = xlsxwriter.Workbook(
        str(path),
        {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "constant_memory": True,
        },
    )
    found = _by_place(listing, plan)
    check_place(path)
    try:
        path.touch(0o600)  # it is full of other people's numbers
        path.chmod(0o600)
        mend = _write_rows(book, sheets, found, listing, language)
        _write_mend(book, mend, listing, found, language)
        _write_summary(book, listing, plan, facts, language)
        book.close()
    except (FileCreateError, OSError):
        raise _cannot_write(path) from None


def check_place(path: Path) -> None:
    """A problem where the report cannot be written: told before a list is stored, not after."""
    new = not path.exists()
    try:
        path.open("ab").close()
        if new:
            path.unlink()
    except OSError:
        raise _cannot_write(path) from None


def _cannot_write(path: Path) -> Problem:
    return settings(
        "cannot-write",
        Say(
            "{path} cannot be written. Check the folder and its rights; close it if it is open.",
            path=path,
        ),
    )


def _by_place(listing: Listing, plan: Merge) -> dict[Place, list[tuple[str, Spoken]]]:
    """Row → (how bad, what was found)."""
    found: dict[Place, list[tuple[str, Spoken]]] = {}
    for kind, findings in (
        ("bad", listing.rejected),
        ("look", listing.needs_review),
        ("fine", listing.repaired),
    ):
        for f in findings:
            found.setdefault((f.file, f.sheet, f.row), []).append((kind, _sentence(f)))
    for double in plan.doubles:
        e = double.entry
        say, row = DOUBLES[double.code], double.earlier.row
        found.setdefault((e.file, e.sheet, e.row), []).append(
            ("fine", Say("{say} (row {row})", say=say, row=row))
        )
    return found


def _sentence(finding: Finding) -> Spoken:
    say, column = finding.message, finding.column
    return Say("{column}: {say}", column=column, say=say) if column else say


def _write_rows(
    book: Any,
    sheets: Iterable[Sheet],
    found: Mapping[Place, list[tuple[str, Spoken]]],
    listing: Listing,
    language: str,
) -> dict[Place, list[str]]:
    """All rows as they stand in the files; the cells of those to mend are handed back."""
    bold, bad, look = (
        book.add_format(f)
        for f in ({"bold": True}, {"bg_color": "#F8D7DA"}, {"bg_color": "#FFF3CD"})
    )
    heads = [Say("File"), Say("Sheet"), Say("Row"), Say("Finding"), Say("As it stands")]
    mend: dict[Place, list[str]] = {}
    sheet, at, part = None, 0, 0
    for source in sheets:
        for number, cells in source.rows:
            if sheet is None or at > MOST_ROWS:
                part += 1
                sheet, at = book.add_worksheet(_named(Say("Data"), part, language)), 2
                _printed_wide(sheet, 1)
                sheet.set_column(0, 2, 12)
                sheet.set_column(3, 3, 50)
                sheet.set_column(4, 20, 18)
                sheet.write_string(0, 0, DATA_MARK.to(language), bold)
                sheet.write_row(1, 0, [h.to(language) for h in heads], bold)
                sheet.freeze_panes(2, 4)
            place = (source.file, source.name, number)
            told = found.get(place, [])
            kinds = {kind for kind, _ in told}
            colour = bad if "bad" in kinds else look if "look" in kinds else None
            sheet.write_string(at, 0, source.file)
            sheet.write_string(at, 1, source.name)
            sheet.write_number(at, 2, number)
            sheet.write_string(at, 3, "; ".join(say.to(language) for _, say in told), colour)
            for i, cell in enumerate(cells):
                if cell:
                    sheet.write_string(at, 4 + i, cell[:32_000], colour)
            at += 1
            if kinds & {"bad", "look"} and place in listing.places:
                mend[place] = list(cells)
    return mend


def _printed_wide(sheet: Any, heads: int) -> None:
    """A4 across, as wide as the page, the headings (rows 0 to `heads`) on each."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, heads)


def _write_mend(
    book: Any,
    mend: Mapping[Place, list[str]],
    listing: Listing,
    found: Mapping[Place, list[tuple[str, Spoken]]],
    language: str,
) -> None:
    """Only the rows to mend, under their own headings: to be put right and imported again."""
    tables = {(t.file, t.sheet): t.header for t in listing.tables}
    alike: dict[tuple[str, ...], list[Place]] = {}
    for place in mend:
        header = tables[place[:2]]
        names = tuple(header.headings) or tuple(
            _CONTENT.get(f, "") for f in _filled(header.fields())
        )
        alike.setdefault(names, []).append(place)
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    for part, (names, places) in enumerate(alike.items(), 1):
        sheet = book.add_worksheet(_named(_TO_MEND, part, language))
        width = max(len(names), *(len(mend[p]) for p in places))
        heads = [*names, *[""] * (width - len(names)), "Phường", "Tổ dân phố", _FIX.to(language)]
        _printed_wide(sheet, 0)
        sheet.set_column(0, width + 1, 18, text)
        sheet.set_column(width + 2, width + 2, 60)
        sheet.write_row(0, 0, heads, bold)
        sheet.freeze_panes(1, 0)
        for at, place in enumerate(places, 1):
            for i, cell in enumerate(mend[place]):
                sheet.write_string(at, i, cell, text)
            ward, group = listing.places[place]
            sheet.write_string(at, width, ward, text)
            sheet.write_string(at, width + 1, group, text)
            told = "; ".join(s.to(language) for _, s in found[place])
            sheet.write_string(at, width + 2, told)


_CONTENT = {"name": "Họ và tên", "phone": "Số điện thoại", "residential_group": "Tổ dân phố"}


def _filled(fields: Mapping[int, str]) -> list[str]:
    return [fields.get(i, "") for i in range(max(fields, default=-1) + 1)]


def _named(what: Spoken, part: int, language: str) -> str:
    name = what.to(language)
    return name if part == 1 else f"{name} {part}"


def _write_summary(
    book: Any, listing: Listing, plan: Merge, facts: ReportFacts, language: str
) -> None:
    """One page: what came in, what was changed, what was left out, who answers for it."""
    sheet = book.add_worksheet(Say("Summary").to(language))
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 1)
    sheet.set_margins(0.8, 0.6, 0.7, 0.7)
    sheet.set_column(0, 0, 64)
    sheet.set_column(1, 1, 28)
    large = book.add_format({"bold": True, "font_size": 14, "align": "center"})
    bold = book.add_format({"bold": True, "bottom": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    right = book.add_format({"align": "right", "num_format": "#,##0", "text_wrap": True})
    at = 0

    def line(left: str, value: object = "", style: Any = wrap) -> None:
        nonlocal at
        sheet.write_string(at, 0, left, style)
        if isinstance(value, int):
            sheet.write_number(at, 1, value, right)
        elif value:
            sheet.write_string(at, 1, str(value), right)
        at += 1

    def told(say: Spoken) -> str:
        return say.to(language)

    line(facts.site)
    line(told(Say("LIST IMPORT REPORT")), style=large)
    state = Say("stored") if facts.stored else Say("a dry run, nothing stored")
    line(told(Say("{at}, by {by}; {state}", at=facts.at, by=facts.by, state=state)))
    at += 1
    line(told(Say("File")), told(Say("SHA-256 (first 12)")), bold)
    for name in dict.fromkeys(t.file for t in listing.tables):
        line(name, facts.digests.get(name, "")[:12])
    at += 1
    line(told(Say("Result")), told(Say("count")), bold)
    for say, count in (
        (Say("Rows read"), listing.rows),
        (Say("New people"), len(plan.created)),
        (Say("Changed people"), len(plan.updated)),
        (Say("Known, unchanged"), plan.unchanged),
        (Say("Bad rows, not imported"), len(listing.rejected)),
        (Say("For a person to look at"), len(listing.needs_review)),
        (Say("Residential groups not known yet"), len(plan.proposed)),
    ):
        line(told(say), count)
    at += 1
    line(
        told(Say("Repaired or found")),
        told(Say("count")),
        bold,
    )
    for text, count in _counts(listing, plan, language):
        line(text, count)
    if listing.dropped:
        at += 1
        line(told(Say("Columns not stored")), told(Say("cells")), bold)
        for kind, count in sorted(listing.dropped.items()):
            line(told(DROPPED[kind]), count)
    at += 1
    line(told(Say("What the list rests on")), style=bold)
    for label, text in facts.basis:
        line(told(label), text or told(Say("not said")))
    at += 2
    line(
        told(Say("Imported by (signature, name)")),
        told(Say("Checked by (signature, name)")),
        bold,
    )


DROPPED = {
    "identity": Say("Citizens' identity numbers"),
    "birth": Say("Dates of birth"),
}


def _counts(listing: Listing, plan: Merge, language: str) -> list[tuple[str, int]]:
    """What was found, by kind, the most frequent first."""
    found: Counter[str] = Counter()
    for findings in (listing.rejected, listing.needs_review, listing.repaired):
        found.update(f.message.to(language) for f in findings)
    found.update(DOUBLES[d.code].to(language) for d in plan.doubles)
    return found.most_common(25)
