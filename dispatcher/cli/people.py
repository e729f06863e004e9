"""people: who may act, and in which role."""

from __future__ import annotations

import click

from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.model import Actor, Role
from dispatcher.problems import Say, refused
from dispatcher.store import areas
from dispatcher.store import people as rows
from dispatcher.store.database import Tx

people = Group(Say("Người dùng và vai trò.", "People and roles."))
ROLES = {
    Role.OFFICER: "cán bộ",
    Role.LEADER: "lãnh đạo",
    Role.ADMIN: "quản trị",
    Role.AUDITOR: "kiểm tra",
}


def _may_change(actor: Actor, tx: Tx) -> None:
    """The first person on an empty site needs nobody; later ones are an admin's work."""
    if rows.count(tx) and (actor.person_id is None or actor.role is not Role.ADMIN):
        raise refused(
            "role",
            "Chỉ người quản trị được thêm người hoặc đổi vai trò (--as TÊN).",
            "Only an admin may add people or change roles (--as NAME).",
        )


@people.verb(
    "add",
    "Thêm một người. Tên này dùng cho --as.",
    "Add a person. --as takes this name.",
    "dispatcher people add lan --role officer --ward 'Máy Tơ' --full-name 'Nguyễn Thị Lan'",
)
@argument("name", complete="person")
@option(
    "--role", type=click.Choice([r.value for r in Role]), required=True, vi="vai trò", en="role"
)
@option("--full-name", default="", vi="họ và tên", en="full name")
@option("--position", default="", vi="chức vụ", en="position")
@option(
    "--ward",
    "wards",
    multiple=True,
    vi="phường phụ trách (bỏ trống: toàn trang)",
    en="ward in charge of (none: the whole site)",
)
def add(
    surface: Surface, name: str, role: str, full_name: str, position: str, wards: tuple[str, ...]
) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        _may_change(actor, tx)
        ids = [w.id for w in areas.wards_named(tx, list(wards))] if wards else []
        made = rows.add(tx, name, full_name, Role(role), ids, position)
    if surface.json:
        surface.emit({"id": made, "name": name, "role": role, "wards": list(wards)})
    surface.say(f"Đã thêm {name} ({ROLES[Role(role)]}).", f"Added {name} ({role}).")
    surface.hint("Xem mọi người: dispatcher people list", "See everyone: dispatcher people list")


@people.verb("list", "Liệt kê mọi người.", "List everyone.", "dispatcher people list")
def list_people(surface: Surface) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        found = rows.listed(tx)
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
                surface.text(ROLES[Role(p["role"])], p["role"]),
                ", ".join(p["wards"]) or surface.text("toàn trang", "whole site"),
            ]
            for p in found
        ],
    )


@people.verb(
    "role",
    "Đổi vai trò hoặc phường của một người.",
    "Change a person's role or wards.",
    "dispatcher people role lan --role leader --as quan-tri",
)
@argument("name", complete="person")
@option(
    "--role", type=click.Choice([r.value for r in Role]), required=True, vi="vai trò", en="role"
)
@option("--ward", "wards", multiple=True, vi="phường phụ trách mới", en="new wards")
def set_role(surface: Surface, name: str, role: str, wards: tuple[str, ...]) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        _may_change(actor, tx)
        person = rows.actor(tx, name)
        if person.person_id == actor.person_id:
            raise refused(
                "own-role",
                "Không tự đổi vai trò của mình được; cần người quản trị khác.",
                "Nobody changes their own role; another admin must.",
            )
        assert person.person_id is not None
        ids = [w.id for w in areas.wards_named(tx, list(wards))] if wards else None
        rows.set_role(tx, person.person_id, Role(role), ids)
    if surface.json:
        surface.emit({"name": name, "role": role})
    surface.say(f"{name} nay là {ROLES[Role(role)]}.", f"{name} is now {role}.")


@people.verb(
    "disable",
    "Khóa một người: không thao tác được nữa, việc đã làm vẫn còn tên.",
    "Disable a person: no more acts; what was done keeps their name.",
    "dispatcher people disable hoa --as quan-tri",
)
@argument("name", complete="person")
def disable(surface: Surface, name: str) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        _may_change(actor, tx)
        found = rows.actor(tx, name)
        if found.person_id == actor.person_id:
            raise refused(
                "yourself", "Không thể tự khóa chính mình.", "You cannot disable yourself."
            )
        assert found.person_id is not None
        rows.disable(tx, found.person_id)
    if surface.json:
        surface.emit({"name": found.name, "disabled": True})
    surface.say(f"Đã khóa {found.name}.", f"{found.name} is disabled.")
    surface.hint("Xem mọi người: dispatcher people list", "See: dispatcher people list")
