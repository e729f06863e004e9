"""Lists that come in: uploaded or pasted, looked at, mended, stored, taken back."""

from __future__ import annotations

from typing import Any

from dispatcher.domain.cells import rows_as_csv
from dispatcher.domain.model import Mode
from dispatcher.domain.problems import Problem
from dispatcher.domain.rights import WRITERS
from dispatcher.i18n import Say
from dispatcher.usecases import areas, imports, uploads
from dispatcher.usecases.imports import FIELDS, LABELS, Cell, Finding, ListFiles, Listing, ReadList
from dispatcher.web.ask import Answer, Ask, Go, Sent, Shown, whole
from dispatcher.web.guard import Page, changes, reads

MOST_SHOWN, PAST = 100, 20  # findings of a list; earlier imports


def bring(ask: Ask) -> Answer:
    wards, past = areas.own_wards(ask.context), imports.listed(ask.context, PAST)
    return Shown("import.html", {"wards": wards, "past": past, "labels": LABELS, "checked": None})


def check(ask: Ask) -> Answer:
    """Look at what was uploaded or pasted; nothing is stored yet."""
    upload, words = ask.files.get("file"), ask.one("pasted")
    if upload is None and not words:
        raise Problem("no-file", Say("Choose a file or paste a list."))
    name = uploads.shown_name(upload.name if upload else "dan-vao.csv")
    key = uploads.keep(ask.context, name, upload.content if upload else words.encode())
    return _looked(ask, key, name)


def _given(ask: Ask, key: str, name: str) -> ListFiles:
    """A list as the form wants it read: whose ward, which columns, which cells set right."""
    path = uploads.kept(ask.context, key)
    return ListFiles(
        [path],
        name if name.lower().endswith(path.suffix) else path.name,
        ask.one("ward") or None,
        columns=_columns(ask),
        cells=_cells(ask),
        said={name: ask.one(f"basis.{name}") for name in LABELS},
    )


def _columns(ask: Ask) -> dict[str, str]:
    return {name: ask.one(f"map.{name}") for name in FIELDS if ask.one(f"map.{name}")}


def _cells(ask: Ask) -> dict[Cell, str]:
    """Cells set right, from fields called `cell|sheet|row|column`."""
    found: dict[Cell, str] = {}
    for name in ask.form:
        parts = name.split("|")
        row = whole(parts[2]) if len(parts) == 4 and parts[0] == "cell" else None
        if row is not None and ask.one(name):
            found[parts[1], row, parts[3]] = ask.one(name)
    return found


def _looked(ask: Ask, key: str, name: str) -> Answer:
    given = _given(ask, key, name)
    read = imports.read(ask.context, given)
    shown = {(f.sheet, f.row, f.column) for f in _shown(read.listing)}
    values: dict[str, Any] = {
        "listing": read.listing,
        "plan": imports.foresee(ask.context, read),
        "key": key,
        "name": name,
        "ward": given.ward or "",
        "mapped": given.columns,
        "basis": read.basis.as_json(),
        "labels": LABELS,
        "wards": read.wards,
        "live": ask.app.site.mode is Mode.LIVE,
        "most": MOST_SHOWN,
        "cells": given.cells,
        "settled": {c: text for c, text in given.cells.items() if c not in shown},
        "FIELDS": FIELDS,
    }
    return Shown("imported.html", values)


def _shown(listing: Listing) -> list[Finding]:
    return listing.rejected[:MOST_SHOWN] + listing.needs_review[:MOST_SHOWN]


def store(ask: Ask) -> Answer:
    """Store what was looked at: good rows, or nothing where bad ones were not left out."""
    key, name = ask.one("key"), uploads.shown_name(ask.one("name"))
    if ask.one("again"):
        return _looked(ask, key, name)
    read = imports.read(ask.context, _given(ask, key, name))
    if ask.one("bad"):
        return _bad_rows(ask, read)
    imports.store(ask.context, read, partial=bool(ask.one("partial")))
    uploads.drop(ask.context, key)
    return Go("/contacts")


def _bad_rows(ask: Ask, read: ReadList) -> Answer:
    """Only the rows that were not taken, with why, as CSV for Excel."""
    rows = [[f.sheet, f.row, f.column, f.value, f.message.to(ask.language)] for f in read.findings]
    heads = [
        ask.t("Sheet"),
        ask.t("Row"),
        ask.t("Column"),
        ask.t("Value"),
        ask.t("Why"),
    ]
    return Sent("".join(rows_as_csv(rows, heads)), "text/csv; charset=utf-8", "dong-hong.csv")


def undo(ask: Ask) -> Answer:
    imports.undo(ask.context, ask.number())
    return Go("/contacts/import")


PAGES: list[Page] = [
    reads("/contacts/import", bring, WRITERS),
    changes("/contacts/import", check),
    changes("/contacts/import/store", store),
    changes("/imports/{number}/undo", undo),
]
