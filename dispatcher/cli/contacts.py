"""contacts: import, list, show."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from dispatcher import importing
from dispatcher.areas import ward_key
from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.templates import pairs
from dispatcher.importing.entries import Context, Finding, Listing
from dispatcher.importing.sheets import files_in
from dispatcher.model import AreaKind
from dispatcher.problems import OK, PARTLY, USAGE, Problem, Say, refused
from dispatcher.store import areas
from dispatcher.store import contacts as rows
from dispatcher.store.database import Tx

contacts = Group(Say("Danh bạ người nhận.", "The list of contacts."))


@contacts.verb(
    "import",
    "Nhập danh bạ từ tệp Excel hoặc CSV của phường.",
    "Import lists from a ward's Excel or CSV files.",
    "dispatcher contacts import contacts/ --dry-run",
)
@argument("files", nargs=-1, required=True)
@option("--ward", vi="danh sách của phường nào", en="whose list it is")
@option("--group", vi="mọi dòng thuộc tổ dân phố này", en="every row is of this residential group")
@option("--map", "choices", multiple=True, vi="chỉ cột: phone='Số ĐT'", en="phone='Column'")
@option("--dry-run", is_flag=True, vi="chỉ xem, không lưu gì", en="look, store nothing")
@option(
    "--partial", is_flag=True, vi="lưu các dòng tốt, bỏ dòng hỏng", en="store the good rows only"
)
@option("--report", vi="ghi báo cáo nhập ra tệp XLSX", en="write a report to an XLSX file")
@option(
    "--rows", is_flag=True, vi="thêm các dòng được nhận vào JSON", en="add accepted rows to JSON"
)
def import_files(
    surface: Surface,
    files: tuple[str, ...],
    ward: str | None,
    group: str | None,
    choices: tuple[str, ...],
    dry_run: bool,
    partial: bool,
    report: str | None,
    rows: bool,
) -> int:
    app, actor = surface.open_app(), surface.actor()
    paths = files_in([Path(f) for f in files])
    sheets = []
    with surface.progress("Đang đọc", "Reading", len(paths)) as update:
        for done, path in enumerate(paths, 1):
            sheets += importing.read_sheets(path)
            update(done)
    with app.store.read(actor) as tx:
        listing = importing.read_listing(sheets, context(tx, app, ward, group, choices))
        _check_wards(tx, listing)
        plan = importing.merge(tx, listing.entries)
    if report:
        importing.write_report(Path(report), listing, surface.language)
    stop = bool(listing.rejected) and not partial
    import_id = None
    if not dry_run and not stop:
        names = [
            {"name": p.name, "digest": hashlib.sha256(p.read_bytes()).hexdigest()} for p in paths
        ]
        with app.begin(actor)() as tx:
            plan = importing.merge(tx, listing.entries)
            import_id = importing.store(tx, plan, names, app.site.sample_heads)
    found = _summary(surface, len(paths), listing, plan, rows)
    if import_id is not None:
        found["import"] = import_id
    if surface.json:
        surface.emit(found)
    else:
        _tell(surface, listing, plan, dry_run=dry_run, stop=stop)
    if stop:
        return USAGE
    return PARTLY if listing.rejected else OK


def context(
    tx: Tx, app: Any, ward: str | None, group: str | None, choices: tuple[str, ...]
) -> Context:
    """What the site knows before it reads a file."""
    known = areas.listed(tx, AreaKind.WARD)
    names = {a.key: a.name for a in known}
    names |= {ward_key(alias): a.name for a in known for alias in a.aliases}
    names |= {a.code: a.name for a in known if a.code}
    chosen = areas.ward(tx, ward).name if ward else None
    return Context(names, chosen, group, app.site.sample_heads, pairs(choices))


def _check_wards(tx: Tx, listing: Listing) -> None:
    if tx.actor.wards is None:
        return
    mine = {a.name for a in areas.listed(tx, AreaKind.WARD) if a.id in tx.actor.wards}
    foreign = sorted({e.ward for e in listing.entries} - mine)
    if foreign:
        raise refused(
            "not-your-ward",
            f"{tx.actor.name} không phụ trách phường {', '.join(foreign)}.",
            f"{tx.actor.name} is not in charge of {', '.join(foreign)}.",
        )


def _summary(
    surface: Surface, files: int, listing: Listing, plan: importing.Merge, with_rows: bool
) -> dict[str, Any]:
    def told(findings: list[Finding]) -> list[dict[str, object]]:
        return [f.as_json(surface.language) for f in findings]

    found: dict[str, Any] = {
        "files": files,
        "rows": listing.rows,
        "created": len(plan.created),
        "updated": len(plan.updated),
        "unchanged": plan.unchanged,
        "rejected": told(listing.rejected),
        "repaired": told(listing.repaired),
        "needs_review": told(listing.needs_review),
        "proposed_groups": len(plan.proposed),
    }
    if with_rows:
        found["accepted"] = [e.as_json() for e in listing.entries]
    return found


def _tell(
    surface: Surface, listing: Listing, plan: importing.Merge, *, dry_run: bool, stop: bool
) -> None:
    n = f"{listing.rows:,}".replace(",", ".")
    surface.say(
        f"{n} dòng: {len(plan.created)} người mới, {len(plan.updated)} thay đổi, "
        f"{plan.unchanged} đã có; sửa {len(listing.repaired)} số, "
        f"{len(listing.needs_review)} dòng cần xem, {len(listing.rejected)} dòng hỏng.",
        f"{n} rows: {len(plan.created)} new, {len(plan.updated)} changed, {plan.unchanged} known; "
        f"{len(listing.repaired)} numbers repaired, {len(listing.needs_review)} to look at, "
        f"{len(listing.rejected)} bad.",
    )
    for findings, head in (
        (listing.rejected, Say("Dòng hỏng", "Bad rows")),
        (listing.needs_review, Say("Cần xem", "To look at")),
    ):
        if findings:
            surface.say("")
            surface.table(
                [
                    head,
                    Say("dòng", "row"),
                    Say("cột", "column"),
                    Say("giá trị", "value"),
                    Say("vì sao", "why"),
                ],
                [
                    [
                        f"{f.file} {f.sheet}".strip(),
                        str(f.row),
                        f.column,
                        f.value,
                        f.message.to(surface.language),
                    ]
                    for f in findings[:20]
                ],
            )
    if stop:
        surface.warn(
            "Chưa lưu gì vì có dòng hỏng. Sửa các dòng trên, hoặc thêm --partial để lưu phần tốt.",
            "Nothing was stored because of bad rows. Fix them, or add --partial for the good ones.",
        )
    elif dry_run:
        surface.hint(
            "Đây mới là xem trước, chưa lưu gì. Bỏ --dry-run để nhập.",
            "This was a dry run, nothing was stored. Leave out --dry-run to import.",
        )
    else:
        surface.hint(
            "Soạn đợt gửi: dispatcher broadcasts create --template TÊN --ward all",
            "Write a broadcast: dispatcher broadcasts create --template NAME --ward all",
        )


@contacts.verb(
    "list",
    "Liệt kê người nhận (số điện thoại được che).",
    "List contacts (numbers masked).",
    "dispatcher contacts list --ward 'Máy Tơ'",
)
@option("--ward", vi="phường", en="ward")
@option("--group", vi="nhóm", en="group")
@option("--search", default="", vi="tìm theo tên, không cần dấu", en="by name, marks not needed")
@option("--limit", default=50, vi="nhiều nhất", en="at most")
def list_contacts(
    surface: Surface, ward: str | None, group: str | None, search: str, limit: int
) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        ward_id = areas.ward(tx, ward).id if ward else None
        group_id = None
        if group:
            from dispatcher.sms import folded

            known = rows.group_ids(tx)
            if folded(group) not in known:
                from dispatcher.problems import unknown

                raise unknown(Say("nhóm", "group"), group, [n for _, n in known.values()])
            group_id = known[folded(group)][0]
        found = rows.listed(tx, ward_id=ward_id, group_id=group_id, search=search, limit=limit)
    if surface.json:
        surface.emit(found)
        return
    surface.table(
        [
            Say("mã", "id"),
            Say("họ và tên", "name"),
            Say("điện thoại", "phone"),
            Say("phường", "ward"),
            Say("tổ dân phố", "residential group"),
        ],
        [
            [f"c{c['id']}", c["name"], ", ".join(c["phones"]), c["ward"], c["residential_group"]]
            for c in found
        ],
    )


@contacts.verb(
    "show",
    "Hiện một người nhận và nguồn gốc của dòng này.",
    "Show a contact and where it came from.",
    "dispatcher contacts show c12",
)
@argument("contact")
def show(surface: Surface, contact: str) -> None:
    import sys

    from dispatcher import auditing

    text = sys.stdin.read() if contact == "-" else contact
    app = surface.open_app()
    with app.store.read(surface.actor()) as tx:
        ids = auditing.find(tx, text, app.site.sample_heads)
        found = [c for c in rows.listed(tx, limit=1_000_000) if c["id"] in set(ids)] if ids else []
    if not found:
        raise Problem(
            "unknown-contact",
            "Không thấy người nhận này trong danh bạ.",
            "This contact is not in the list.",
        )
    if surface.json:
        surface.emit(found)
        return
    for c in found:
        surface.say(f"c{c['id']}  {c['name']}  {', '.join(c['phones'])}")
        surface.say(f"   {c['ward']}, {c['residential_group'] or '—'}  ({c['source']}:{c['row']})")
