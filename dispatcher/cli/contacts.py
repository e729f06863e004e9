"""contacts: import, list, show, export, undo."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.tables import write_table, writes
from dispatcher.db.contacts import areas, groups, imports, reachability, suppressions
from dispatcher.db.contacts import contacts as rows
from dispatcher.db.database import Tx
from dispatcher.db.schema import moment
from dispatcher.domain.areas import group_key
from dispatcher.domain.model import HANOI
from dispatcher.domain.problems import Problem, Say, unknown
from dispatcher.domain.words import SCOPES, why_stopped
from dispatcher.reports.reporting import number
from dispatcher.usecases.why import find as find_people

contacts = Group(Say("Danh bạ người nhận.", "The list of contacts."))


@contacts.verb(
    "list",
    "Liệt kê người nhận (số điện thoại được che).",
    "List contacts (numbers masked).",
    "dispatcher contacts list --ward 'Máy Tơ'",
)
@option("--ward", vi="phường", en="ward", complete="ward")
@option("--residential-group", "--tdp", "tdp", vi="tổ dân phố", en="residential group")
@option("--group", vi="nhóm", en="group", complete="group")
@option("--search", default="", vi="tìm theo tên, không cần dấu", en="by name, marks not needed")
@option("--suppressed", is_flag=True, vi="danh sách không gửi", en="who must not be written to")
@option("--limit", default=50, vi="nhiều nhất", en="at most")
def list_contacts(
    surface: Surface,
    ward: str | None,
    tdp: str | None,
    group: str | None,
    search: str,
    suppressed: bool,
    limit: int,
) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        if suppressed:
            _tell_suppressed(surface, suppressions.listed(tx))
            return
        found = rows.listed(tx, within=chosen(tx, ward, tdp, group), search=search, limit=limit + 1)
    if surface.json:
        surface.emit(found[:limit])
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
            for c in found[:limit]
        ],
    )
    if len(found) > limit:
        surface.hint(
            f"Còn nữa: thêm --limit {limit * 10}, hoặc lọc bằng --ward, --search.",
            f"There are more: add --limit {limit * 10}, or narrow with --ward, --search.",
        )


def _tell_suppressed(surface: Surface, found: list[dict[str, Any]]) -> None:
    told = [{**s, "at": moment(s["at"]).astimezone(HANOI).isoformat()} for s in found]
    if surface.json:
        surface.emit(told)
        return
    surface.table(
        [
            Say("điện thoại", "phone"),
            Say("không gửi gì", "what"),
            Say("lý do", "reason"),
            Say("từ", "since"),
            Say("ai", "who"),
        ],
        [
            [
                s["phone"],
                SCOPES[s["scope"]].to(surface.language),
                why_stopped(s["reason"]).to(surface.language),
                s["at"][:16].replace("T", " "),
                s["by"],
            ]
            for s in told
        ],
    )


def chosen(tx: Tx, ward: str | None, tdp: str | None, group: str | None) -> rows.Within:
    """Names on the command line as the ids a list is narrowed by."""
    ward_id = areas.ward(tx, ward).id if ward else None
    return rows.Within(
        ward_id,
        residential_group(tx, ward, ward_id, tdp) if tdp else None,
        groups.find(tx, group) if group else None,
    )


def residential_group(tx: Tx, ward: str | None, ward_id: int | None, name: str) -> int:
    """A residential group by its name, inside a ward."""
    if ward is None or ward_id is None:
        raise Problem(
            "groups-without-ward",
            "Chọn tổ dân phố thì phải kèm --ward.",
            "Residential groups need --ward.",
        )
    known = areas.groups_of(tx, ward_id)
    if group_key(name) not in known:
        raise unknown(
            Say(f"tổ dân phố trong {ward}", f"residential group in {ward}"),
            name,
            [a.name for a in known.values()],
        )
    return known[group_key(name)].id


def who(surface: Surface, tx: Tx, text: str) -> list[int]:
    """Contacts meant by c12, a phone number or - (standard input); nobody is a problem."""
    words = sys.stdin.read() if text == "-" else text
    found = find_people(tx, words, surface.open_site().sample_heads)
    known = [c["id"] for c in rows.listed(tx, ids=found, limit=len(found) + 1)]
    if not known:
        raise Problem(
            "unknown-contact",
            "Không thấy người nhận này trong danh bạ.",
            "This contact is not in the list.",
        )
    return known


@contacts.verb(
    "show",
    "Hiện một người nhận và nguồn gốc của dòng này.",
    "Show a contact and where it came from.",
    "dispatcher contacts show c12",
)
@argument("contact")
def show(surface: Surface, contact: str) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        ids = who(surface, tx, contact)
        found = rows.listed(tx, ids=ids, limit=len(ids))
        known = reachability.of_contacts(tx, [c["id"] for c in found])
        beside = rows.beside(tx, [c["id"] for c in found])
        stopped = {c["id"]: _stopped(tx, c["id"]) for c in found}
    reach = {c: [_reach(row) for row in lines] for c, lines in known.items()}
    if surface.json:
        surface.emit(
            [
                {**c, **beside[c["id"]], "reach": reach.get(c["id"], []), **stopped[c["id"]]}
                for c in found
            ]
        )
        return
    for c in found:
        surface.say(f"c{c['id']}  {c['name']}  {', '.join(c['phones'])}")
        surface.say(f"   {c['ward']}, {c['residential_group'] or '—'}  ({c['source']}:{c['row']})")
        more = [*beside[c["id"]]["notes"].items(), *beside[c["id"]]["columns"].items()]
        for label, text in more:
            surface.say(f"   {label}: {text}")
        for line in reach.get(c["id"], []):
            _tell_reach(surface, line)
        for s in stopped[c["id"]]["suppressed"]:
            scope, why = SCOPES[s["scope"]], why_stopped(s["reason"])
            surface.say(f"   {scope.vi} ({why.vi}, {s['at'][:10]})",
                        f"   {scope.en} ({why.en}, {s['at'][:10]})")  # fmt: skip
        names = ", ".join(f"c{o['contact']} {o['name']}" for o in stopped[c["id"]]["shares"])
        if names:
            surface.say(f"   dùng chung số: {names}", f"   shares the number: {names}")


def _stopped(tx: Tx, contact: int) -> dict[str, Any]:
    """What is not sent to a person, and who else has their numbers."""
    shares, others = suppressions.silenced(
        tx, suppressions.addresses_of(tx, [contact]), but=[contact]
    )
    stopped = [
        {**s, "at": moment(s["at"]).astimezone(HANOI).isoformat()}
        for s in suppressions.of_contact(tx, contact)
    ]
    return {"suppressed": stopped, "shares": shares, "shares_with_others": others}


def _reach(row: dict[str, Any]) -> dict[str, Any]:
    """What is known of one phone on one channel, moments as ISO text."""
    told = {"phone": row["tail"], "channel": row["channel"], "code": row["code"]}
    moments = {k: row[k] for k in ("reached_at", "refused_at", "until")}
    return told | {
        k: moment(v).astimezone(HANOI).isoformat() if v else None for k, v in moments.items()
    }


def _tell_reach(surface: Surface, line: dict[str, Any]) -> None:
    day = {
        k: f"{datetime.fromisoformat(line[k]):%d/%m/%Y}" if line[k] else ""
        for k in ("reached_at", "refused_at", "until")
    }
    where = f"   {line['phone']} {line['channel']}"
    if line["until"]:
        surface.say(
            f"{where}: không nhận được ngày {day['refused_at']} (mã {line['code']}), thử lại sau "
            f"{day['until']}",
            f"{where}: not reached on {day['refused_at']} (code {line['code']}), tried again after "
            f"{day['until']}",
        )
    elif line["reached_at"]:
        surface.say(
            f"{where}: nhận được ngày {day['reached_at']}", f"{where}: reached {day['reached_at']}"
        )


@contacts.verb(
    "export",
    "Ghi danh bạ ra tệp CSV hoặc XLSX. Số đầy đủ cần --reason và được ghi vào nhật ký.",
    "Write the list to a CSV or XLSX file. Full numbers need --reason, which is recorded.",
    "dispatcher contacts export danh-ba.xlsx --ward 'Máy Tơ' --reason 'đối chiếu hộ khẩu'",
)
@argument("file")
@option("--ward", vi="phường", en="ward", complete="ward")
@option("--residential-group", "--tdp", "tdp", vi="tổ dân phố", en="residential group")
@option("--group", vi="nhóm", en="group", complete="group")
@option("--reason", default="", vi="vì sao cần số đầy đủ", en="why full numbers are needed")
def export(
    surface: Surface, file: str, ward: str | None, tdp: str | None, group: str | None, reason: str
) -> None:
    path = Path(file)
    writes(path, (".csv", ".xlsx"))
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        found = rows.listed(
            tx, within=chosen(tx, ward, tdp, group), limit=10**9, numbers=bool(reason.strip())
        )
        tx.note(
            "exported", "contacts", path.suffix, people=len(found), reason=reason.strip() or None
        )
    heads = ["Họ và tên", "Số điện thoại", "Phường", "Tổ dân phố", "Danh xưng"]
    sheet = [
        [c["name"], " ; ".join(c["phones"]), c["ward"], c["residential_group"] or "", c["title"]]
        for c in found
    ]
    if not surface.dry_run:
        write_table(path, heads, sheet, private=True)
    if surface.json:
        surface.emit({"file": file, "people": len(found), "numbers": bool(reason.strip())})
    surface.say(f"{number(len(found))} người → {file}", f"{len(found)} people → {file}")
    if not reason.strip():
        surface.hint(
            "Số điện thoại được che. Cần số đầy đủ: thêm --reason 'vì sao'.",
            "Numbers are masked. For full ones add --reason 'why'.",
        )


@contacts.verb(
    "undo",
    "Hoàn tác một lần nhập hay sửa: danh bạ trở lại đúng như trước.",
    "Undo an import or a change: the list is exactly as before.",
    "dispatcher contacts undo 3",
)
@argument("import_", required=False)
@option("--list", "listing", is_flag=True, vi="các lần nhập gần đây", en="recent imports")
def undo(surface: Surface, import_: str | None, listing: bool) -> None:
    app, actor = surface.open_app(), surface.actor()
    if listing or import_ is None:
        with app.store.read(actor) as tx:
            _tell_imports(surface, imports.listed(tx))
        return
    if not import_.isdigit():
        raise Problem(
            "unknown-import",
            f"«{import_}» không phải số lần nhập. Xem: dispatcher contacts undo --list",
            f"“{import_}” is no import. See: dispatcher contacts undo --list",
        )
    with app.begin(actor)() as tx:
        found = imports.undo(tx, int(import_))
    if surface.json:
        surface.emit({"import": int(import_), **found})
    surface.say(
        f"Đã hoàn tác lần nhập {import_}: bỏ {number(found['removed'])} người, trả lại như cũ "
        f"{number(found['restored'])} người.",
        f"Import {import_} undone: {found['removed']} removed, {found['restored']} put back.",
    )


def _tell_imports(surface: Surface, found: list[dict[str, Any]]) -> None:
    told = [
        {
            "id": i["id"],
            "at": moment(i["at"]).astimezone(HANOI).isoformat(timespec="minutes"),
            "by": i["by"],
            "files": [f["name"] for f in i["files"]],
            **{k: i["counts"].get(k, 0) for k in ("created", "updated")},
            "undone": i["undone_at"] is not None,
        }
        for i in found
    ]
    if surface.json:
        surface.emit(told)
        return
    surface.table(
        [
            Say("số", "id"),
            Say("lúc", "at"),
            Say("ai", "who"),
            Say("tệp", "files"),
            Say("mới", "new"),
            Say("sửa", "changed"),
            Say("đã hoàn tác", "undone"),
        ],
        [
            [
                str(t["id"]),
                t["at"][:16].replace("T", " "),
                t["by"],
                ", ".join(t["files"]) or surface.text("sửa tay", "by hand"),
                t["created"],
                t["updated"],
                t["undone"],
            ]
            for t in told
        ],
        numbers=(4, 5),
    )
