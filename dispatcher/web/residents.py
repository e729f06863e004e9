"""Contacts, lists that come in, and whoever is on the line."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from dispatcher.db.contacts import areas, contacts, groups, imports, suppressions
from dispatcher.db.contacts.contacts import Within
from dispatcher.domain import phone
from dispatcher.domain.cells import rows_as_csv
from dispatcher.domain.model import Mode, Role
from dispatcher.domain.problems import Problem, Say, refused
from dispatcher.domain.words import REASONS, SCOPES, STATES, short, why_stopped
from dispatcher.importing.basis import LABELS, basis_of
from dispatcher.importing.entries import read_listing
from dispatcher.importing.listing import Finding, Listing
from dispatcher.importing.mending import Cell, mended
from dispatcher.importing.merge import merge, store
from dispatcher.importing.sheets import read_sheets
from dispatcher.usecases.intake import check_wards, context, remember, remembered_basis, wards_of
from dispatcher.usecases.why import find as find_people
from dispatcher.usecases.why import story as story_of
from dispatcher.web.ask import Answer, Ask, Go, Sent, Shown, whole
from dispatcher.web.guard import Page, changes, reads

WRITING = (Role.OFFICER, Role.LEADER, Role.ADMIN)
SHOWN, MOST_SHOWN = 200, 100  # contacts, findings of a list
KINDS = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".tsv", ".txt")


def listed(ask: Ask) -> Answer:
    """Contacts by name, ward and group: a form, for a name has no place in an address."""
    with ask.read() as tx:
        wards = areas.seen_wards(tx)
        chosen = next((w for w in wards if str(w.id) == ask.one("ward")), None)
        group = whole(ask.one("group"))
        known = {g["id"]: g["name"] for g in groups.listed(tx)}
        within = Within(
            ward=chosen.id if chosen else None,
            group=group if group in known else None,
        )
        search = ask.one("q")
        found = contacts.listed(tx, within=within, search=search, limit=SHOWN)
    return Shown(
        "contacts.html",
        {"found": found, "wards": wards, "groups": known, "q": search, "ward": chosen,
         "group": within.group, "most": SHOWN},
    )  # fmt: skip


def person(ask: Ask) -> Answer:
    """Somebody on a list: what was sent and why, what to say, what may be done."""
    number = ask.number()
    with ask.read() as tx:
        found = contacts.listed(tx, ids=[number], limit=1)
        if not found:
            raise Problem("unknown-contact", "Không thấy người này.", "No such person.")
        story = story_of(tx, number, ask.language)
        member = contacts.beside(tx, [number])[number]
        blocked = suppressions.of_contact(tx, number)
        shares, others = suppressions.silenced(
            tx, suppressions.addresses_of(tx, [number]), but=[number]
        )
        joined, sets = groups.of_contact(tx, number), groups.listed(tx)
        wards = areas.seen_wards(tx)
    ask.noted("read", "contact", number)
    return Shown("person.html", {"c": found[0], "story": story, "beside": member,
                                 "blocked": blocked, "shares": shares, "others": others,
                                 "SCOPES": SCOPES, "why_stopped": why_stopped,
                                 "short": short,
                                 "joined": joined, "sets": sets,
                                 "wards": wards, "STATES": STATES,
                                 "REASONS": REASONS})  # fmt: skip


def find(ask: Ask) -> Answer:
    return Shown("why.html", {"found": None, "q": ""})


def found(ask: Ask) -> Answer:
    """By last digits, a name, a number or a code: never in the address."""
    words = ask.one("q")
    with ask.read() as tx:
        digits = "".join(c for c in words if c.isdigit())
        if not words:
            people: list[dict[str, Any]] = []
        elif 3 <= len(digits) <= 6 and len(words) <= len(digits) + 2:
            ids = contacts.ending_with(tx, digits)
            people = contacts.listed(tx, ids=ids, limit=50) if ids else []
        elif (
            len(digits) >= 8
            or (words[:1] in "cm" and words[1:].isdigit())
            or phone.looks_masked(words)
        ):
            ids = find_people(tx, words, ask.app.site.sample_heads)
            people = contacts.listed(tx, ids=ids, limit=50) if ids else []
        else:
            people = contacts.listed(tx, search=words, limit=50)
    return Shown("why.html", {"found": people, "q": words})


def suppress(ask: Ask) -> Answer:
    """One step on the line: stop writing, wrong number."""
    number, reason = ask.number(), ask.one("reason") or "người dân yêu cầu"
    scope = scope_of(ask)
    with ask.begin() as tx:
        known(ask, number)
        for address in suppressions.addresses_of(tx, [number]):
            suppressions.suppress(tx, address, reason, scope=scope)
    return Go(f"/contacts/{number}")


def scope_of(ask: Ask) -> str:
    """What a form asks to stop: notices and campaigns, or everything."""
    scope = ask.one("scope") or "all"
    if scope not in suppressions.SCOPES:
        raise Problem("one-scope", "Không có mức này.", "No such scope.")
    return scope


def unsuppress(ask: Ask) -> Answer:
    number = ask.number()
    with ask.begin() as tx:
        known(ask, number)
        for address in suppressions.addresses_of(tx, [number]):
            suppressions.lift(tx, address, ask.one("reason") or "người dân đồng ý lại")
    return Go(f"/contacts/{number}")


def rename(ask: Ask) -> Answer:
    number = ask.number()
    with ask.begin() as tx:
        known(ask, number)
        imports.change(tx, [number], name=ask.one("name") or None, title=ask.one("title") or None)
    return Go(f"/contacts/{number}")


def moved_away(ask: Ask) -> Answer:
    """They live elsewhere now: nothing more is sent; the row stays for the log."""
    number = ask.number()
    with ask.begin() as tx:
        known(ask, number)
        for address in suppressions.addresses_of(tx, [number]):
            suppressions.suppress(tx, address, "đã chuyển đi")
    return Go(f"/contacts/{number}")


def known(ask: Ask, number: int) -> None:
    """Refuse whoever is not on a list of one's own."""
    with ask.read() as tx:
        if not contacts.listed(tx, ids=[number], limit=1):
            raise Problem("unknown-contact", "Không thấy người này.", "No such person.")


# --- lists --------------------------------------------------------------------------------------


def bring(ask: Ask) -> Answer:
    with ask.read() as tx:
        wards = areas.seen_wards(tx)
        past = imports.listed(tx, 20)
    return Shown("import.html", {"wards": wards, "past": past, "labels": LABELS, "checked": None})


def _place(ask: Ask, key: str) -> Path:
    folder = ask.app.site.data / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / key


def check(ask: Ask) -> Answer:
    """Look at what was uploaded or pasted; nothing is stored yet."""
    upload = ask.files.get("file")
    pasted = ask.one("pasted")
    if upload is None and not pasted:
        raise Problem("no-file", "Chọn tệp hoặc dán danh sách.", "Choose a file or paste a list.")
    name = _called(upload.name if upload else "dan-vao.csv")
    content = upload.content if upload else pasted.encode()
    if Path(name).suffix.lower() not in KINDS:
        raise refused("file-kind", f"Chỉ nhận: {', '.join(KINDS)}.", f"Only {', '.join(KINDS)}.")
    digest = hashlib.sha256(content).hexdigest()
    key = f"{digest[:32]}{Path(name).suffix.lower()}"
    path = _place(ask, key)
    path.write_bytes(content)
    path.chmod(0o600)
    return _looked(ask, key, name)


def _called(name: str) -> str:
    """A file's name as people will read it again: no folders, nothing that cannot be seen."""
    return "".join(c for c in Path(name.replace("\\", "/")).name if c.isprintable())[-100:]


def _read(ask: Ask, path: Path) -> Listing:
    """A list as the form wants it read: whose ward, which columns, which cells set right."""
    name = _called(ask.one("name"))
    upload = ask.files.get("file")
    if upload is not None:
        name = _called(upload.name)
    if Path(name).suffix.lower() != path.suffix:
        name = path.name
    with ask.read() as tx:
        known = context(tx, ask.app, ask.one("ward") or None, None, _map(ask))
    listing, cells = read_listing(read_sheets(path, name), known), _cells(ask)
    if not cells:
        return listing
    return read_listing(mended(read_sheets(path, name), listing, cells), known)


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
    ward, mapped = ask.one("ward") or None, _map(ask)
    listing, cells = _read(ask, _place(ask, key)), _cells(ask)
    shown = {(f.sheet, f.row, f.column) for f in _shown(listing)}
    with ask.read() as tx:
        check_wards(tx, listing)
        plan = merge(tx, listing.entries)
        wards = wards_of(tx, listing)
        basis = basis_of(remembered_basis(tx, wards), {})
    return Shown(
        "imported.html",
        {"listing": listing, "plan": plan, "key": key, "name": name, "ward": ward or "",
         "mapped": mapped, "basis": basis, "labels": LABELS, "wards": wards,
         "live": ask.app.site.mode is Mode.LIVE, "most": MOST_SHOWN, "cells": cells,
         "settled": {c: text for c, text in cells.items() if c not in shown}, "FIELDS": FIELDS},
    )  # fmt: skip


def _shown(listing: Listing) -> list[Finding]:
    return listing.rejected[:MOST_SHOWN] + listing.needs_review[:MOST_SHOWN]


FIELDS = {
    "name": Say("họ và tên", "name"), "phone": Say("điện thoại", "phone"),
    "residential_group": Say("tổ dân phố", "residential group"), "ward": Say("phường", "ward"),
    "household": Say("chủ hộ", "household"), "title": Say("chức danh", "title"),
    "group": Say("nhóm", "group"),
}  # fmt: skip


def _map(ask: Ask) -> dict[str, str]:
    return {name: ask.one(f"map.{name}") for name in FIELDS if ask.one(f"map.{name}")}


def store_list(ask: Ask) -> Answer:
    """Store what was looked at: good rows, or nothing where bad ones were not left out."""
    key, name = ask.one("key"), _called(ask.one("name"))
    path = _place(ask, Path(key).name)
    if not path.is_file() or path.name != key:
        raise Problem("unknown-upload", "Tệp đã cũ; tải lên lại.", "Upload the file again.")
    if ask.one("again"):
        return _looked(ask, key, name)
    if ask.one("bad"):
        return _bad_rows(ask, path)
    listing = _read(ask, path)
    if listing.rejected and not ask.one("partial"):
        raise refused(
            "bad-rows",
            f"Còn {len(listing.rejected)} dòng hỏng. Sửa tệp, hoặc chọn bỏ qua các dòng này.",
            f"{len(listing.rejected)} rows are bad. Mend the file, or leave them out.",
        )
    with ask.begin() as tx:
        check_wards(tx, listing)
        wards = wards_of(tx, listing)
        said = {n: ask.one(f"basis.{n}") for n in LABELS}
        basis = basis_of(remembered_basis(tx, wards), said)
        if ask.app.site.mode is Mode.LIVE and basis.missing():
            raise refused(
                "basis-missing",
                "Ghi căn cứ của danh sách trước khi lưu.",
                "Say what the list rests on first.",
            )
        plan = merge(tx, listing.entries)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files = [{"name": name, "digest": digest, "mended": len(_cells(ask))}]
        store(tx, plan, files, ask.app.site.sample_heads, basis.as_json())
        remember(tx, listing, list(wards), basis)
    path.unlink(missing_ok=True)
    return Go("/contacts")


def _bad_rows(ask: Ask, path: Path) -> Answer:
    """Only the rows that were not taken, with why, as CSV for Excel."""
    listing = _read(ask, path)
    with ask.read() as tx:
        check_wards(tx, listing)
    rows = [
        [f.sheet, f.row, f.column, f.value, f.message.to(ask.language)]
        for f in [*listing.rejected, *listing.needs_review]
    ]
    heads = [ask.t(vi, en) for vi, en in (("Trang", "Sheet"), ("Dòng", "Row"), ("Cột", "Column"),
                                          ("Giá trị", "Value"), ("Vì sao", "Why"))]  # fmt: skip
    text = "".join(rows_as_csv(rows, heads))
    return Sent(text, "text/csv; charset=utf-8", "dong-hong.csv")


def undo(ask: Ask) -> Answer:
    with ask.begin() as tx:
        imports.undo(tx, ask.number())
    return Go("/contacts/import")


PAGES: list[Page] = [
    reads("/contacts", listed),
    Page("/contacts", listed, "POST"),
    reads("/contacts/import", bring, WRITING),
    changes("/contacts/import", check),
    changes("/contacts/import/store", store_list),
    changes("/imports/{number}/undo", undo),
    reads("/contacts/{number}", person),
    changes("/contacts/{number}/suppress", suppress),
    changes("/contacts/{number}/unsuppress", unsuppress),
    changes("/contacts/{number}/rename", rename),
    changes("/contacts/{number}/moved", moved_away),
    reads("/why", find),
    Page("/why", found, "POST"),
]
