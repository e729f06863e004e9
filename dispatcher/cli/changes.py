"""contacts: one person at a time: add, edit, move, suppress, unsuppress, forget."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from dispatcher.cli.contacts import residential_group as group_in
from dispatcher.cli.contacts import who
from dispatcher.cli.lists import contacts
from dispatcher.cli.spoken import argument, option
from dispatcher.cli.surface import Surface
from dispatcher.config import read_text
from dispatcher.db.contacts import areas, imports, suppressions
from dispatcher.db.contacts import contacts as rows
from dispatcher.db.database import Tx
from dispatcher.domain import phone
from dispatcher.domain.model import AddressKind
from dispatcher.domain.opting_out import Wish
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.words import LOOKS, SCOPES
from dispatcher.usecases.intake import add_one, numbers
from dispatcher.worker import receiving

__all__ = ["contacts"]


def typed(words: tuple[str, ...]) -> list[str]:
    """Numbers as given; - stands for lines of standard input, so that none is in argv."""
    found: list[str] = []
    for word in words:
        found += sys.stdin.read().split("\n") if word == "-" else [word]
    return [w.strip() for w in found if w.strip()]


@contacts.verb(
    "add",
    "Thêm một người. Số điện thoại - thì đọc từ đầu vào.",
    "Add one person. A phone of - is read from standard input.",
    "dispatcher contacts add --name 'Nguyễn Văn Mẫu' --phone - --ward 'Máy Tơ' --tdp 'Tổ 3'",
)
@option("--name", required=True, vi="họ và tên", en="full name")
@option("--phone", "numbers", multiple=True, vi="số điện thoại, hoặc -", en="phone, or -")
@option("--ward", required=True, vi="phường", en="ward", complete="ward")
@option("--residential-group", "--tdp", "tdp", vi="tổ dân phố", en="residential group")
@option("--household", default="", vi="chủ hộ", en="head of the household")
@option("--title", default="", vi="chức danh, ví dụ ông, bà", en="title")
@option("--group", default="", vi="nhóm", en="group", complete="group")
def add(
    surface: Surface,
    name: str,
    numbers: tuple[str, ...],
    ward: str,
    tdp: str | None,
    household: str,
    title: str,
    group: str,
) -> None:
    app, actor = surface.open_app(), surface.actor()
    words = tuple(typed(numbers))
    with app.begin(actor)() as tx:
        group_of(tx, surface, ward)
        read_numbers(tx, surface, words)
        import_id, created = add_one(
            tx,
            app,
            ward,
            name=name,
            phones=words,
            group=tdp or "",
            household=household,
            title=title,
            member_of=group,
            source=surface.text("nhập tay", "by hand"),
        )
    if surface.json:
        surface.emit({"import": import_id, "created": created})
    surface.say(
        f"Đã {'thêm' if created else 'cập nhật'} {name}.",
        f"{name} {'added' if created else 'updated'}.",
    )
    surface.hint(
        f"Hoàn tác: dispatcher contacts undo {import_id}",
        f"Undo: dispatcher contacts undo {import_id}",
    )


def group_of(tx: Tx, surface: Surface, ward: str) -> None:
    """Refuse a ward that is not the actor's."""
    found = areas.ward(tx, ward)
    if tx.actor.wards is not None and found.id not in tx.actor.wards:
        raise refused(
            "not-your-ward",
            f"{tx.actor.name} không phụ trách phường {found.name}.",
            f"{tx.actor.name} is not in charge of {found.name}.",
        )


def read_numbers(tx: Tx, surface: Surface, words: tuple[str, ...]) -> list[tuple[AddressKind, str]]:
    return numbers(typed(words), surface.open_site().sample_heads)


@contacts.verb(
    "edit",
    "Sửa tên, chức danh hoặc số điện thoại của một người.",
    "Change the name, title or phones of one person.",
    "dispatcher contacts edit c12 --phone -",
)
@argument("contact")
@option("--name", vi="họ và tên", en="full name")
@option("--title", vi="chức danh", en="title")
@option("--phone", "numbers", multiple=True, vi="thay bằng các số này, hoặc -", en="instead, or -")
def edit(
    surface: Surface, contact: str, name: str | None, title: str | None, numbers: tuple[str, ...]
) -> None:
    if name is None and title is None and not numbers:
        raise Problem(
            "nothing-to-change",
            "Chưa nói sửa gì: thêm --name, --title hoặc --phone.",
            "Nothing to change: add --name, --title or --phone.",
        )
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        ids = one(surface, tx, contact)
        addresses = None
        if numbers:
            wanted = read_numbers(tx, surface, numbers)
            made = rows.put_addresses(tx, wanted, app.site.sample_heads)
            addresses = [made[a] for a in dict.fromkeys(wanted)]
        import_id = imports.change(tx, ids, name=name, title=title, addresses=addresses)
        found = rows.listed(tx, ids=ids, limit=1)[0]
    told(surface, import_id, ids)
    surface.say(f"c{found['id']}  {found['name']}  {', '.join(found['phones'])}")


def one(surface: Surface, tx: Tx, text: str) -> list[int]:
    """Exactly one contact; several people on one phone must be told apart."""
    ids = who(surface, tx, text)
    if len(ids) > 1:
        codes = ", ".join(f"c{i}" for i in ids)
        raise Problem(
            "several",
            f"Nhiều người dùng số này: {codes}. Chọn một.",
            f"Several people use this number: {codes}. Choose one.",
        )
    return ids


def told(surface: Surface, import_id: int, ids: list[int]) -> None:
    if surface.json:
        surface.emit({"import": import_id, "contacts": ids})
    surface.hint(
        f"Hoàn tác: dispatcher contacts undo {import_id}",
        f"Undo: dispatcher contacts undo {import_id}",
    )


@contacts.verb(
    "move",
    "Chuyển người sang tổ dân phố hay phường khác.",
    "Move people to another residential group or ward.",
    "dispatcher contacts move c12 c13 --ward 'Máy Tơ' --tdp 'Tổ 5'",
)
@argument("people", nargs=-1, required=True)
@option("--ward", required=True, vi="phường", en="ward", complete="ward")
@option("--residential-group", "--tdp", "tdp", vi="tổ dân phố", en="residential group")
def move(surface: Surface, people: tuple[str, ...], ward: str, tdp: str | None) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        group_of(tx, surface, ward)
        ids = list(dict.fromkeys(i for text in people for i in who(surface, tx, text)))
        ward_id = areas.ward(tx, ward).id
        group_id = group_in(tx, ward, ward_id, tdp) if tdp else None
        key = next((a.key for a in areas.groups_of(tx, ward_id).values() if a.id == group_id), "")
        import_id = imports.change(tx, ids, place=(ward_id, group_id, key))
    told(surface, import_id, ids)
    surface.say(f"Đã chuyển {len(ids)} người.", f"{len(ids)} people moved.")


@contacts.verb(
    "suppress",
    "Không gửi tới người hoặc số này nữa (kèm lý do).",
    "Never write to this person or number again (with a reason).",
    "dispatcher contacts suppress c12 --reason 'người dân yêu cầu'",
)
@argument("contact")
@option("--reason", required=True, vi="lý do", en="reason")
@option("--promotion", is_flag=True, vi="chỉ với tin quảng cáo", en="only advertising")
@option("--urgent-too", is_flag=True, vi="cả tin khẩn cũng không gửi", en="urgent texts neither")
def suppress(
    surface: Surface, contact: str, reason: str, promotion: bool, urgent_too: bool
) -> None:
    if promotion and urgent_too:
        raise Problem(
            "one-scope",
            "Chọn một: --promotion (chỉ quảng cáo) hoặc --urgent-too (cả tin khẩn).",
            "Choose one: --promotion (only advertising) or --urgent-too (urgent texts too).",
        )
    app, actor = surface.open_app(), surface.actor()
    scope = "promotion" if promotion else "urgent" if urgent_too else "all"
    words = _words(contact)
    with app.begin(actor)() as tx:
        numbers = _addresses(tx, surface, words, new=True)
        done = sum(suppressions.suppress(tx, a, reason, scope=scope) for a in numbers)
        one = [int(words[1:])] if _is_code(words) else []
        also, others = suppressions.silenced(tx, numbers, but=one)
    if surface.json:
        surface.emit({"suppressed": done, "scope": scope, "also": also, "others": others})
    surface.say(
        f"Ghi cho {done} số: {SCOPES[scope].vi}.",
        f"{done} numbers: {SCOPES[scope].en}.",
    )
    told_silenced(surface, also, others)
    surface.hint(
        "Xem: dispatcher contacts list --suppressed · Bỏ: dispatcher contacts unsuppress",
        "See: dispatcher contacts list --suppressed · Lift: dispatcher contacts unsuppress",
    )


@contacts.verb(
    "do-not-call",
    "Nạp danh sách không quảng cáo (mỗi dòng một số): chỉ chặn tin quảng cáo, không chặn cảnh báo.",
    "Load a do-not-call list (a number a line): it stops advertising, never warnings.",
    "dispatcher contacts do-not-call danh-sach.txt",
)
@argument("file")
def do_not_call(surface: Surface, file: str) -> None:
    app, actor = surface.open_app(), surface.actor()
    text = sys.stdin.read() if file == "-" else read_text(Path(file))
    heads = app.site.sample_heads
    numbers = [phone.read(line.split(",")[0], heads) for line in text.splitlines() if line.strip()]
    good = list(dict.fromkeys(n.e164 for n in numbers if n.ok and n.e164))
    with app.begin(actor)() as tx:
        found = rows.put_addresses(tx, [(AddressKind.MOBILE, n) for n in good], heads)
        done = suppressions.do_not_call(tx, list(found.values()))
    unread = sum(1 for n in numbers if not n.ok)
    if surface.json:
        surface.emit({"numbers": len(good), "new": done, "unread": unread})
    surface.say(
        f"{len(good)} số trong danh sách, {done} số mới; {unread} dòng không đọc được.",
        f"{len(good)} numbers on the list, {done} new; {unread} lines could not be read.",
    )
    surface.hint(
        "Cảnh báo và thông báo vẫn tới những số này. Xem: dispatcher contacts list --suppressed",
        "Warnings and notices still reach them. See: dispatcher contacts list --suppressed",
    )


@contacts.verb(
    "unsuppress",
    "Cho gửi lại tới người hoặc số này (kèm lý do).",
    "Write to this person or number again (with a reason).",
    "dispatcher contacts unsuppress c12 --reason 'người dân đồng ý lại'",
)
@argument("contact")
@option("--reason", required=True, vi="lý do", en="reason")
def unsuppress(surface: Surface, contact: str, reason: str) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        done = sum(suppressions.lift(tx, a, reason) for a in _addresses(tx, surface, contact))
    if surface.json:
        surface.emit({"unsuppressed": done})
    surface.say(f"Cho gửi lại tới {done} số.", f"{done} numbers may be written to again.")


@contacts.verb(
    "reply",
    "Xử lý một tin trả lời cần người xem (xem: dispatcher log replies --waiting).",
    "Decide about a reply that needs a look (see: dispatcher log replies --waiting).",
    "dispatcher contacts reply 12 --stop --as lan",
)
@argument("reply")
@option("--stop", is_flag=True, vi="đúng là từ chối: không gửi nữa", en="a refusal: write no more")
@option("--stop-urgent", is_flag=True, vi="từ chối cả tin khẩn", en="urgent texts are refused too")
@option("--dismiss", is_flag=True, vi="không phải từ chối", en="it is no refusal")
def reply(surface: Surface, reply: str, stop: bool, stop_urgent: bool, dismiss: bool) -> None:
    if stop + stop_urgent + dismiss != 1:
        raise Problem(
            "one-decision",
            "Chọn một: --stop (không gửi nữa), --stop-urgent (cả tin khẩn) hoặc --dismiss.",
            "Choose one: --stop, --stop-urgent (urgent texts too) or --dismiss.",
        )
    if not reply.isascii() or not reply.isdigit() or len(reply) > 15:
        raise Problem("unknown-reply", "Không có tin trả lời này.", "No such reply.")
    wish = Wish.URGENT if stop_urgent else Wish.ALL if stop else Wish.ORDINARY
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        found = receiving.look_at(tx, int(reply), wish)
    done = "dismissed" if dismiss else "obeyed"
    if surface.json:
        surface.emit({"reply": int(reply), "look": done, "contact": found["contact"]})
    surface.say(
        f"Tin trả lời {reply}: {LOOKS[done].vi}.",
        f"Reply {reply}: {LOOKS[done].en}.",
    )


def told_silenced(surface: Surface, also: list[dict[str, Any]], others: int) -> None:
    """Who gets nothing any more because they have the same number."""
    names = ", ".join(f"c{c['contact']} {c['name']}" for c in also)
    more = surface.text(f"và {others} người ngoài phường mình", f"and {others} of other wards")
    if also or others:
        named = " ".join(n for n in (names, more if others else "") if n)
        surface.say(f"Dùng chung số, cũng không nhận: {named}.", f"Share the number: {named}.")


def _words(text: str) -> str:
    return sys.stdin.read().strip() if text == "-" else text.strip()


def _is_code(words: str) -> bool:
    return words[:1].lower() == "c" and words[1:].isdigit()


def _addresses(tx: Tx, surface: Surface, text: str, *, new: bool = False) -> list[int]:
    """Addresses of a contact, or the one address of a number (made when `new`)."""
    words = _words(text)
    if _is_code(words):
        found = suppressions.addresses_of(tx, who(surface, tx, words))
        if not found:
            raise Problem(
                "no-number",
                f"{words} không có số điện thoại nào.",
                f"{words} has no phone number.",
            )
        return found
    numbers = read_numbers(tx, surface, (words,))
    if not numbers:
        raise Problem("bad-phone", "Chưa có số điện thoại.", "No phone number was given.")
    kind, value = numbers[0]
    if new:
        heads = surface.open_site().sample_heads
        return list(rows.put_addresses(tx, [(kind, value)], heads).values())
    known = rows.address_id(tx, kind, value)
    return [known] if known is not None else []


@contacts.verb(
    "forget",
    "Xóa hẳn dữ liệu của một người theo yêu cầu: tên, số riêng, tin có tên. Không hoàn tác được.",
    "Erase a person on request: name, own numbers, texts that name them. Cannot be undone.",
    "dispatcher contacts forget c12 --reason 'đơn ngày 01/12' --yes",
)
@argument("contact")
@option("--reason", required=True, vi="lý do, số đơn", en="reason, document")
def forget(surface: Surface, contact: str, reason: str) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.store.read(actor) as tx:
        ids = one(surface, tx, contact)
    surface.confirm(
        f"Xóa hẳn dữ liệu của c{ids[0]}, không lấy lại được.",
        f"Erase c{ids[0]} for good.",
    )
    with app.begin(actor)() as tx:
        found = suppressions.forget(tx, ids[0], reason)
    if surface.json:
        surface.emit({"contact": ids[0], **found})
    surface.say(
        f"Đã xóa c{ids[0]}: {found['addresses']} số, {found['texts']} tin có tên.",
        f"c{ids[0]} erased: {found['addresses']} numbers, {found['texts']} texts with the name.",
    )
    surface.hint(
        "Danh sách gốc của phường vẫn còn tên này: hãy xóa ở đó trước lần nhập sau.",
        "The ward's own list still has this name: remove it there before the next import.",
    )
