"""contacts: one person at a time: add, edit, move, forget."""

from __future__ import annotations

from dispatcher.cli.contacts.typed import lines, whom
from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.problems import Problem
from dispatcher.usecases import contacts, contacts_views
from dispatcher.usecases.contacts import ChangedContacts, NewContact


@command(
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
    source = surface.text("nhập tay", "by hand")
    new = NewContact(name, ward, lines(numbers), tdp or "", household, title, group, source)
    added = contacts.add(surface.context(), new)
    if surface.json:
        surface.emit({"import": added.import_id, "created": added.is_new})
    if added.is_new:
        surface.say(f"Đã thêm {name}.", f"{name} added.")
    else:
        surface.say(f"Đã cập nhật {name}.", f"{name} updated.")
    surface.hint(
        f"Hoàn tác: dispatcher contacts undo {added.import_id}",
        f"Undo: dispatcher contacts undo {added.import_id}",
    )


@command(
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
    context = surface.context()
    phones = lines(numbers) if numbers else None
    changed = contacts.edit(context, whom(contact), name=name, title=title, phones=phones)
    found = contacts_views.one(context, changed.ids[0])
    _told(surface, changed)
    surface.say(f"c{found['id']}  {found['name']}  {', '.join(found['phones'])}")


def _told(surface: Surface, changed: ChangedContacts) -> None:
    if surface.json:
        surface.emit({"import": changed.import_id, "contacts": list(changed.ids)})
    surface.hint(
        f"Hoàn tác: dispatcher contacts undo {changed.import_id}",
        f"Undo: dispatcher contacts undo {changed.import_id}",
    )


@command(
    "Chuyển người sang tổ dân phố hay phường khác.",
    "Move people to another residential group or ward.",
    "dispatcher contacts move c12 c13 --ward 'Máy Tơ' --tdp 'Tổ 5'",
)
@argument("people", nargs=-1, required=True)
@option("--ward", required=True, vi="phường", en="ward", complete="ward")
@option("--residential-group", "--tdp", "tdp", vi="tổ dân phố", en="residential group")
def move(surface: Surface, people: tuple[str, ...], ward: str, tdp: str | None) -> None:
    changed = contacts.move(surface.context(), [whom(p) for p in people], ward, tdp or "")
    _told(surface, changed)
    surface.say(f"Đã chuyển {len(changed.ids)} người.", f"{len(changed.ids)} people moved.")


@command(
    "Xóa hẳn dữ liệu của một người theo yêu cầu: tên, số riêng, tin có tên. Không hoàn tác được.",
    "Erase a person on request: name, own numbers, texts that name them. Cannot be undone.",
    "dispatcher contacts forget c12 --reason 'đơn ngày 01/12' --yes",
)
@argument("contact")
@option("--reason", required=True, vi="lý do, số đơn", en="reason, document")
def forget(surface: Surface, contact: str, reason: str) -> None:
    context = surface.context()
    one = contacts.to_forget(context, whom(contact), reason)
    surface.confirm(
        f"Xóa hẳn dữ liệu của c{one}, không lấy lại được.",
        f"Erase c{one} for good.",
    )
    found = contacts.forget(context, one, reason)
    if surface.json:
        surface.emit({"contact": one, **found})
    surface.say(
        f"Đã xóa c{one}: {found['addresses']} số, {found['texts']} tin có tên.",
        f"c{one} erased: {found['addresses']} numbers, {found['texts']} texts with the name.",
    )
    surface.hint(
        "Danh sách gốc của phường vẫn còn tên này: hãy xóa ở đó trước lần nhập sau.",
        "The ward's own list still has this name: remove it there before the next import.",
    )
