"""Lists that come in: uploaded or pasted, looked at, mended, stored, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from dispatcher.domain.cells import rows_as_csv
from dispatcher.domain.model import Mode
from dispatcher.domain.problems import Problem
from dispatcher.domain.rights import WRITERS
from dispatcher.i18n import Say
from dispatcher.usecases import areas, imports, uploads
from dispatcher.usecases.imports import FIELDS, LABELS, Cell, Finding, ListFiles, Listing, ReadList
from dispatcher.usecases.inputs import whole
from dispatcher.web.forms import Upload
from dispatcher.web.middleware import PageRoute, button, changes, reads
from dispatcher.web.request import Answer, Download, Page, PageRequest, Redirect

MOST_SHOWN, PAST = 100, 20  # findings of a list; earlier imports


def bring(request: PageRequest) -> Answer:
    wards, past = areas.own_wards(request.context), imports.list_imports(request.context, PAST)
    return Page("import.html", {"wards": wards, "past": past, "labels": LABELS, "checked": None})


class ReadListForm(Struct, frozen=True, kw_only=True):
    """How a list is to be read: whose ward, which columns, which cells set right (from fields
    called cell|sheet|row|column), what it rests on."""

    ward: str = ""
    columns: Mapping[str, str] = field(name="map.", default_factory=dict)
    cells: Mapping[str, str] = field(name="cell|", default_factory=dict)
    basis: Mapping[str, str] = field(name="basis.", default_factory=dict)

    def mended(self) -> dict[Cell, str]:
        """Cells set right, by sheet, row and column."""
        found: dict[Cell, str] = {}
        for name, text in self.cells.items():
            parts = name.split("|")
            row = whole(parts[1]) if len(parts) == 3 else None
            if row is not None and text:
                found[parts[0], row, parts[2]] = text
        return found


class NewListForm(ReadListForm, frozen=True, kw_only=True):
    """A list as a file, or pasted."""

    file: Upload | None = None
    pasted: str = ""


class KeptListForm(ReadListForm, frozen=True, kw_only=True):
    """A list that was looked at. `again`: only look once more; `bad`: only what was not taken;
    `partial`: store the good rows."""

    key: str
    name: str
    again: bool = False
    bad: bool = False
    partial: bool = False


def check(request: PageRequest, form: NewListForm) -> Answer:
    """Look at what was uploaded or pasted; nothing is stored yet."""
    upload = form.file
    if upload is None and not form.pasted:
        raise Problem("no-file", Say("Choose a file or paste a list."))
    name = uploads.shown_name(upload.name if upload else "dan-vao.csv")
    key = uploads.keep(request.context, name, upload.content if upload else form.pasted.encode())
    return _looked(request, key, name, form)


def _given(request: PageRequest, key: str, name: str, how: ReadListForm) -> ListFiles:
    """A list as the form wants it read."""
    path = uploads.kept(request.context, key)
    return ListFiles(
        [path],
        name if name.lower().endswith(path.suffix) else path.name,
        how.ward or None,
        columns={name: how.columns[name] for name in FIELDS if how.columns.get(name)},
        cells=how.mended(),
        said={name: how.basis.get(name, "") for name in LABELS},
    )


def _looked(request: PageRequest, key: str, name: str, how: ReadListForm) -> Answer:
    given = _given(request, key, name, how)
    read = imports.read(request.context, given)
    shown = {(f.sheet, f.row, f.column) for f in _shown(read.listing)}
    values: dict[str, Any] = {
        "listing": read.listing,
        "plan": imports.foresee(request.context, read),
        "key": key,
        "name": name,
        "ward": given.ward or "",
        "mapped": given.columns,
        "basis": read.basis.as_json(),
        "labels": LABELS,
        "wards": read.wards,
        "live": request.app.site.mode is Mode.LIVE,
        "most": MOST_SHOWN,
        "cells": given.cells,
        "settled": {c: text for c, text in given.cells.items() if c not in shown},
        "FIELDS": FIELDS,
    }
    return Page("imported.html", values)


def _shown(listing: Listing) -> list[Finding]:
    return listing.rejected[:MOST_SHOWN] + listing.needs_review[:MOST_SHOWN]


def store(request: PageRequest, form: KeptListForm) -> Answer:
    """Store what was looked at: good rows, or nothing where bad ones were not left out."""
    key, name = form.key, uploads.shown_name(form.name)
    if form.again:
        return _looked(request, key, name, form)
    read = imports.read(request.context, _given(request, key, name, form))
    if form.bad:
        return _bad_rows(request, read)
    imports.store(request.context, read, partial=form.partial)
    uploads.drop(request.context, key)
    return Redirect("/contacts")


def _bad_rows(request: PageRequest, read: ReadList) -> Answer:
    """Only the rows that were not taken, with why, as CSV for Excel."""
    rows = [
        [f.sheet, f.row, f.column, f.value, f.message.to(request.language)] for f in read.findings
    ]
    heads = [
        request.t("Sheet"),
        request.t("Row"),
        request.t("Column"),
        request.t("Value"),
        request.t("Why"),
    ]
    return Download("".join(rows_as_csv(rows, heads)), "text/csv; charset=utf-8", "dong-hong.csv")


def undo(request: PageRequest) -> Answer:
    imports.undo(request.context, request.number())
    return Redirect("/contacts/import")


PAGES: list[PageRoute] = [
    reads("/contacts/import", bring, WRITERS),
    changes("/contacts/import", check, NewListForm),
    changes("/contacts/import/store", store, KeptListForm),
    button("/imports/{number}/undo", undo),
]
