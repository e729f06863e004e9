"""people: who may act, and in which role."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.people.words import ROLES, typed_phone
from dispatcher.cli.spoken import OneOf, argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.model import Role
from dispatcher.domain.problems import Say
from dispatcher.usecases import people as cases
from dispatcher.usecases.people import NewPerson


@command(
    "Thêm một người. Tên này dùng cho --as.",
    "Add a person. --as takes this name.",
    "dispatcher people add lan --role officer --ward 'Máy Tơ' --full-name 'Nguyễn Thị Lan'",
    "add",
)
@argument("name", complete="person")
@option(
    "--role",
    type=OneOf([r.value for r in Role], "bad-role"),
    required=True,
    vi="vai trò",
    en="role",
)
@option("--full-name", default="", vi="họ và tên", en="full name")
@option("--position", default="", vi="chức vụ", en="position")
@option("--email", default="", vi="email để báo việc", en="e-mail to be told by")
@option("--phone", default="", vi="di động để báo việc, hoặc -", en="mobile to be told by, or -")
@option("--namesake", is_flag=True, vi="người khác cùng họ tên", en="somebody else of that name")
@option(
    "--ward",
    "wards",
    multiple=True,
    vi="phường phụ trách (bỏ trống: toàn trang)",
    en="ward in charge of (none: the whole site)",
)
def add(
    surface: Surface,
    name: str,
    role: str,
    full_name: str,
    position: str,
    email: str,
    phone: str,
    namesake: bool,
    wards: tuple[str, ...],
) -> None:
    made = cases.add(
        surface.context(),
        NewPerson(
            name,
            role,
            full_name,
            position,
            wards,
            email=email,
            phone=typed_phone(phone),
            namesake=namesake,
        ),
    )
    if surface.json:
        surface.emit({"id": made, "name": name, "role": role, "wards": list(wards)})
    surface.say(f"Đã thêm {name} ({ROLES[Role(role)].vi}).", f"Added {name} ({ROLES[Role(role)].en}).")
    surface.hint("Xem mọi người: dispatcher people list", "See everyone: dispatcher people list")


@command(
    "Đổi vai trò hoặc phường của một người.",
    "Change a person's role or wards.",
    "dispatcher people role lan --role leader --as quan-tri",
    "role",
)
@argument("name", complete="person")
@option(
    "--role",
    type=OneOf([r.value for r in Role], "bad-role"),
    required=True,
    vi="vai trò",
    en="role",
)
@option("--ward", "wards", multiple=True, vi="phường phụ trách mới", en="new wards")
def set_role(surface: Surface, name: str, role: str, wards: tuple[str, ...]) -> None:
    cases.set_role(surface.context(), name, role, wards or None)
    if surface.json:
        surface.emit({"name": name, "role": role})
    surface.say(f"{name} nay là {ROLES[Role(role)].vi}.", f"{name} is now {ROLES[Role(role)].en}.")


@command(
    "Khóa một người: không thao tác được nữa, việc đã làm vẫn còn tên.",
    "Disable a person: no more acts; what was done keeps their name.",
    "dispatcher people disable hoa --as quan-tri",
    "disable",
)
@argument("name", complete="person")
def disable(surface: Surface, name: str) -> None:
    context = surface.context()
    leaving = cases.leaving(context, name)
    found, open_work = leaving.person, leaving.work
    if open_work:
        surface.confirm(
            f"{found.name} còn: {_told(surface, open_work)}. Nên giao trước: "
            f"dispatcher people handover {found.name} NGƯỜI_NHẬN.",
            f"{found.name} still has: {_told(surface, open_work)}. Better first: "
            f"dispatcher people handover {found.name} SOMEBODY.",
        )
    cases.disable(context, name)
    if surface.json:
        surface.emit({"name": found.name, "disabled": True, "open": open_work.__dict__})
    surface.say(f"Đã khóa {found.name}.", f"{found.name} is disabled.")
    surface.hint("Xem mọi người: dispatcher people list", "See: dispatcher people list")


def _told(surface: Surface, work: Any) -> str:
    """Open work in words."""
    counted = (
        (
            len(work.broadcasts),
            Say("đợt đang soạn hoặc chờ duyệt", "drafts or submitted broadcasts"),
        ),
        (len(work.waiting), Say("đợt đã duyệt hoặc đang gửi", "approved or running broadcasts")),
        (len(work.schedules), Say("lịch đã trình", "submitted schedules")),
        (
            len(work.approved_schedules),
            Say("lịch chạy theo phê duyệt của người này", "schedules under their approval"),
        ),
        (len(work.lists), Say("danh bạ phụ trách", "lists they answer for")),
        (work.duties, Say("ca trực", "duties")),
    )
    return ", ".join(f"{n} {surface.text(what)}" for n, what in counted if n)


@command(
    "Giao hết việc đang dở của một người cho người khác.",
    "Give all open work of one person to another.",
    "dispatcher people handover hoa lan --as quan-tri",
    "handover",
)
@argument("old", complete="person")
@argument("new", complete="person")
def handover(surface: Surface, old: str, new: str) -> None:
    done = cases.hand_over(surface.context(), old, new)
    giver, taker, moved, keys = done.giver, done.taker, done.work, done.keys
    if surface.json:
        surface.emit({"from": giver.name, "to": taker.name, **moved.__dict__, "keys": keys})
    told = _told(surface, moved) or surface.text("không có việc đang dở", "nothing was open")
    surface.say(
        f"{giver.name} giao cho {taker.name}: {told}.",
        f"{giver.name} to {taker.name}: {told}.",
    )
    if moved.approved_schedules:
        names = ", ".join(moved.approved_schedules)
        surface.say(
            f"Cần lãnh đạo khác duyệt lại các lịch: {names}.",
            f"Another leader must approve these schedules again: {names}.",
        )
    if keys:
        surface.say(
            f"{giver.name} có thể biết các khóa này; hãy đổi ở nhà cung cấp: {', '.join(keys)}.",
            f"{giver.name} may know these keys; change them at the vendors: {', '.join(keys)}.",
        )
    surface.hint(
        f"Khóa tài khoản: dispatcher people disable {giver.name}",
        f"Then: dispatcher people disable {giver.name}",
    )


@command("Liệt kê mọi người.", "List everyone.", "dispatcher people list", "list")
def list_people(surface: Surface) -> None:
    found = cases.seen(surface.context())
    if surface.json:
        surface.emit(
            [
                {
                    "id": p["id"],
                    "name": p["name"],
                    "full_name": p["full_name"],
                    "role": p["role"],
                    "wards": p["wards"] or "all",
                    "disabled": p["disabled_at"] is not None,
                }
                for p in found
            ]
        )
        return
    surface.table(
        [
            Say("tên", "name"),
            Say("họ và tên", "full name"),
            Say("vai trò", "role"),
            Say("phường", "wards"),
        ],
        [
            [
                p["name"],
                p["full_name"],
                surface.text(ROLES[Role(p["role"])]),
                ", ".join(p["wards"]) or surface.text("toàn trang", "whole site"),
            ]
            for p in found
        ],
    )
