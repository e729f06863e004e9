"""Lists that come in: read, looked at, stored, taken back; one person goes the same way.

Comes from: files of a ward, a page, a program.   Goes to: contacts, households, residential groups.
Never: stores bad rows, or rows of wards that are not one's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dispatcher.broadcasts.application import App
from dispatcher.db.contacts import areas, imports, undoing
from dispatcher.db.database import Tx
from dispatcher.db.ops import settings
from dispatcher.db.schema import moment
from dispatcher.domain.areas import group_name, ward_key
from dispatcher.domain.model import HANOI, AreaKind, Mode
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.rights import WRITERS, need_role
from dispatcher.i18n import Joined, Say, pgettext
from dispatcher.importing import listing, report
from dispatcher.importing.basis import LABELS, Basis, basis_of
from dispatcher.importing.columns import remembered_from
from dispatcher.importing.entries import read_listing
from dispatcher.importing.listing import Finding, Listing
from dispatcher.importing.mending import Cell, mended
from dispatcher.importing.merge import Merge, merge
from dispatcher.importing.merge import store as carry_out
from dispatcher.importing.report import DROPPED
from dispatcher.importing.sheets import (
    PASTED,
    SUFFIXES,
    Row,
    Sheet,
    files_in,
    pasted,
    read_sheets,
)
from dispatcher.usecases.context import Context

__all__ = ["DROPPED", "LABELS", "Basis", "Cell", "Finding", "Listing", "Merge"]

Told = Callable[[int, int], None]  # rows read so far, of how many are known
FIELDS = {
    "name": pgettext("person", "name"),
    "phone": Say("phone"),
    "residential_group": Say("residential group"),
    "ward": Say("ward"),
    "household": Say("household"),
    "title": pgettext("person", "title"),
    "group": Say("group"),
}


@dataclass(frozen=True)
class ListFiles:
    """Files of a list and how a person wants them read.

    `name`: what people call the one file, where it lies under another name. `columns`: field →
    heading, as a person pointed to it. `cells`: cells set right; the file stays as it came.
    `said`: what the list rests on, by the names of LABELS; what was said for the ward's last list
    holds where it is silent.
    """

    paths: Sequence[Path]
    name: str = ""
    ward: str | None = None
    residential_group: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[Cell, str] = field(default_factory=dict)
    said: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadList:
    """What files say, before anything is stored. `wards`: id → name; `files`: with digests."""

    listing: Listing
    wards: Mapping[int, str]
    basis: Basis
    files: Sequence[Mapping[str, object]]

    @property
    def findings(self) -> list[Finding]:
        """Rows that are not taken as they are: bad ones, then those to look at."""
        return [*self.listing.rejected, *self.listing.needs_review]

    def places_of(self, plan: Merge) -> list[dict[str, str]]:
        """Residential groups a merge would add, as people write them."""
        return [
            {"ward": self.wards[ward], "residential_group": group_name(group)}
            for ward, group in plan.proposed
        ]


@dataclass(frozen=True)
class StoredList:
    """A list that was stored. `import_id` is what `undo` takes."""

    import_id: int
    plan: Merge


def _silent(done: int, total: int) -> None:
    """Nobody watches."""


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The lists among files and folders; "-" is what comes on standard input."""
    return files_in(paths)


def read(context: Context, given: ListFiles, told: Told = _silent) -> ReadList:
    """Read a list; nothing is stored.

    `told`: rows read so far. Raises `file-kind`, or what is wrong with a file; refused:
    whoever only reads, and `not-your-ward` for rows of somebody else's.
    """
    with context.remembering("import", "contacts"):
        may_import(context)
        for path in given.paths:
            check_kind(path)
        with context.read() as tx:
            known = known_before(
                tx, context.app, given.ward, given.residential_group, given.columns
            )
        listing = read_listing(_every_sheet(given, told), known)
        if given.cells:
            again = mended(_every_sheet(given, told), listing, given.cells)
            listing = read_listing(again, known)
        with context.read() as tx:
            check_wards(tx, listing)
            wards = wards_of(tx, listing)
            basis = basis_of(remembered_basis(tx, wards), given.said)
    files = [
        {"name": given.name or p.name, "digest": _digest(p), "mended": len(given.cells)}
        for p in given.paths
    ]
    return ReadList(listing, wards, basis, files)


def answered(seen: ReadList, said: Mapping[str, str | None]) -> ReadList:
    """The list with more said of what it rests on. Raises `bad-date`."""
    return replace(seen, basis=basis_of(seen.basis.as_json(), said))


def check_rows(seen: ReadList, *, partial: bool) -> None:
    """Refuse a list with bad rows (`bad-rows`), unless these are to be left out."""
    if seen.listing.rejected and not partial:
        count = len(seen.listing.rejected)
        raise Problem(
            "bad-rows",
            Say(
                "Nothing was stored because of {count} bad rows. Mend them, or leave them out.",
                count=count,
            ),
        )


def foresee(context: Context, seen: ReadList) -> Merge:
    """Say what storing a list would do; nothing is stored."""
    with context.read() as tx:
        return merge(tx, seen.listing.entries)


def store(
    context: Context,
    seen: ReadList,
    *,
    partial: bool = False,
    told: Callable[[int], None] = lambda done: None,
) -> StoredList:
    """Store a list that was read: its good rows, or nothing while bad ones are not left out.

    `partial`: leave bad rows out. `told`: people written so far.
    Raises `bad-rows`; refused: `basis-missing` on a live site, and what `read` refuses.
    """
    with context.remembering("import", "contacts"):
        may_import(context)
        check_rows(seen, partial=partial)
        basis = seen.basis
        if context.app.site.mode is Mode.LIVE and basis.missing():
            missing = Joined(", ", [LABELS[name] for name in basis.missing()])
            raise refused(
                "basis-missing",
                Say(
                    "What does this list rest on (asked only once)? Missing: {missing}.",
                    missing=missing,
                ),
            )
        with context.begin() as tx:
            check_wards(tx, seen.listing)
            plan = merge(tx, seen.listing.entries)
            heads = context.app.site.sample_heads
            made = carry_out(tx, plan, seen.files, heads, basis.as_json(), told)
            remember(tx, seen.listing, seen.wards, basis)
    return StoredList(made, plan)


def undo(context: Context, number: int) -> dict[str, int]:
    """Put back what an import or a change by hand did; how many people went and came back.

    Raises `unknown-import`; refused: `already-undone`, `changed-later`, `not-your-ward`. Imports of
    all wards are listed to everybody, so that one of another ward is refused as such.
    """
    with context.act("undo", "import", number) as tx:
        need_role(tx.actor, WRITERS, Say("undo imports"))
        return undoing.undo(tx, number)


def list_imports(context: Context, most: int = 20) -> list[dict[str, Any]]:
    """Imports and changes by hand, newest first; moments in Hanoi time."""
    with context.read() as tx:
        found = imports.list_imports(tx, most)
    return [{**row, "at": moment(row["at"]).astimezone(HANOI)} for row in found]


# --- its report ---------------------------------------------------------------------------------


def check_report_place(path: Path) -> None:
    """Refuse a report that could not be written, before a list is stored."""
    report.check_place(path)


def write_report(
    context: Context,
    path: Path,
    given: ListFiles,
    seen: ReadList,
    plan: Merge,
    language: str,
    *,
    stored: bool,
    told: Told = _silent,
) -> None:
    """Write the workbook about a list: every row with what was found, a page to sign.

    `plan`: what storing did, or would do where it is not `stored`.
    """
    facts = report.ReportFacts(
        context.app.site.name,
        context.actor.name,
        f"{context.app.clock().astimezone(HANOI):%H:%M %d/%m/%Y}",
        stored,
        {str(f["name"]): str(f["digest"]) for f in seen.files},
        seen.basis.told(),
    )
    report.write_report(path, _every_sheet(given, told), seen.listing, plan, facts, language)


# --- how it is read -----------------------------------------------------------------------------


def may_import(context: Context) -> None:
    """Refuse lists from whoever only reads."""
    need_role(context.actor, WRITERS, Say("import lists"))


def check_kind(path: Path) -> None:
    """Refuse a file that calls itself something else than a list; one without an ending may be."""
    if path.suffix and path.suffix.lower() not in SUFFIXES:
        raise Problem(
            "file-kind",
            Say("{name}: only {suffixes} are taken.", name=path.name, suffixes=", ".join(SUFFIXES)),
        )


def _every_sheet(given: ListFiles, told: Told) -> Iterator[Sheet]:
    done, total = 0, 0
    for path in given.paths:
        for sheet in read_sheets(path, given.name):
            total += sheet.count
            sheet.rows = _counted(sheet.rows, done, total, told)
            yield sheet
            done = total


def _counted(rows: Iterable[Row], done: int, total: int, told: Told) -> Iterator[Row]:
    for at, row in enumerate(rows, done):
        if not at % 1000:
            told(at, total)
        yield row


def _digest(path: Path) -> str:
    """The SHA-256 of a file, or of what was pasted."""
    raw = pasted().read() if path == PASTED else path.read_bytes()
    return hashlib.sha256(raw).hexdigest()


def known_before(
    tx: Tx, app: App, ward: str | None, group: str | None, choices: Mapping[str, str]
) -> listing.ImportContext:
    """What the site knows before it reads a file."""
    known = areas.list_areas(tx, AreaKind.WARD)
    names = {a.key: a.name for a in known}
    names |= {ward_key(alias): a.name for a in known for alias in a.aliases}
    names |= {a.code: a.name for a in known if a.code}
    chosen = areas.ward(tx, ward).name if ward else None
    if chosen is None and len(known) == 1:  # a ward's own site need not say whose list it is
        chosen = known[0].name
    by_id = {str(a.id): a.name for a in known}
    remembered = {
        by_id[i]: json.loads(text)
        for i, text in settings.starting(tx, "columns:").items()
        if i in by_id
    }
    return listing.ImportContext(
        names,
        chosen,
        group,
        app.site.sample_heads,
        choices,
        remembered,
        app.site.keep_birth_dates,
    )


def wards_of(tx: Tx, listing: Listing) -> dict[int, str]:
    """The wards a list is about."""
    names = {e.ward for e in listing.entries}
    return {a.id: a.name for a in areas.list_areas(tx, AreaKind.WARD) if a.name in names}


def remembered_basis(tx: Tx, wards: Collection[int]) -> dict[str, str]:
    """What was said for these wards, where it was the same for all."""
    found = settings.starting(tx, "basis:")
    told = {found.get(str(w), "{}") for w in wards}
    return dict(json.loads(told.pop())) if len(told) == 1 else {}


def remember(tx: Tx, listing: Listing, wards: Collection[int], basis: Basis) -> None:
    """Next time a ward's list is understood without a word."""
    columns = remembered_from([t.header for t in listing.tables])
    old = settings.starting(tx, "columns:")
    for ward in wards:
        if columns:
            merged = json.loads(old.get(str(ward), "{}")) | columns
            settings.put(tx, f"columns:{ward}", json.dumps(merged, ensure_ascii=False))
        if len(basis.missing()) < len(LABELS):
            settings.put(tx, f"basis:{ward}", json.dumps(basis.as_json(), ensure_ascii=False))


def check_wards(tx: Tx, listing: Listing) -> None:
    """Refuse rows of wards that are not the actor's."""
    if tx.actor.wards is None:
        return
    mine = {a.name for a in areas.list_areas(tx, AreaKind.WARD) if a.id in tx.actor.wards}
    foreign = sorted({e.ward for e in listing.entries} - mine)
    if foreign:
        raise refused(
            "not-your-ward",
            Say(
                "{name} is not in charge of {foreign}.",
                name=tx.actor.name,
                foreign=", ".join(foreign),
            ),
        )


# --- one person ---------------------------------------------------------------------------------

_HEADS = ("Họ và tên", "Số điện thoại", "Tổ dân phố", "Chủ hộ", "Chức danh", "Nhóm")


@dataclass(frozen=True)
class NewContact:
    """Somebody who comes onto the list. `ward`: its number or any of its names. `source`: where
    the row is said to come from."""

    name: str
    ward: int | str
    phones: tuple[str, ...] = ()
    residential_group: str = ""
    household: str = ""
    title: str = ""
    group: str = ""
    source: str = ""


def put_one(tx: Tx, app: App, ward: str, new: NewContact) -> tuple[int, bool]:
    """One person, read as a row of a list would be: (import, whether they are new).

    What a list would reject or want looked at is a problem; somebody who is there is refused.
    """
    cells = (new.residential_group, new.household, new.title, new.group)
    row = (new.name, " ; ".join(new.phones), *cells)
    sheet = Sheet(new.source, "", ((1, _HEADS), (2, row)))
    listing = read_listing([sheet], known_before(tx, app, ward, None, {}))
    for finding in [*listing.rejected, *listing.needs_review]:
        raise Problem(finding.code, finding.message)
    plan = merge(tx, listing.entries)
    if not (plan.created or plan.updated):
        raise refused("already-there", Say("{name} is there.", name=new.name))
    return carry_out(tx, plan, [], app.site.sample_heads), bool(plan.created)
