"""people: who may act, and in which role."""

from __future__ import annotations

import click

from dispatcher.cli.contacts.typed import lines
from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.db.broadcasts import schedules
from dispatcher.db.contacts import areas, contacts
from dispatcher.db.database import Tx
from dispatcher.db.staff import people as rows
from dispatcher.db.staff.handover import InHand, hand_over, in_hand
from dispatcher.domain import rights
from dispatcher.domain.model import Actor, Role
from dispatcher.domain.problems import Say, refused
from dispatcher.usecases.finding import numbers as numbers_of

people = Group(Say("Người dùng và vai trò.", "People and roles."))
ROLES = {
    Role.OFFICER: "cán bộ",
    Role.LEADER: "lãnh đạo",
    Role.ADMIN: "quản trị",
    Role.AUDITOR: "kiểm tra",
}


def may_change(actor: Actor, tx: Tx) -> None:
    """The first person on an empty site needs nobody; later ones are an admin's work."""
    if rows.count(tx) and (actor.person_id is None or actor.role is not Role.ADMIN):
        raise refused(
            "role",
            "Chỉ người quản trị được thêm người hoặc đổi vai trò (--as TÊN).",
            "Only an admin may add people or change roles (--as NAME).",
        )


def known(tx: Tx, name: str) -> Actor:
    """Somebody else whom the acting person has a say over."""
    found = rows.actor(tx, name)
    rights.need_people(tx.actor, found.wards)
    return found


def staff_phone(surface: Surface, tx: Tx, words: str) -> int | None:
    """The address of a staff phone; - is read from standard input."""
    numbers = numbers_of(lines((words,)), surface.open_site().sample_heads)
    heads = surface.open_site().sample_heads
    return next(iter(contacts.put_addresses(tx, numbers[:1], heads).values()), None)


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
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        may_change(actor, tx)
        ids = [w.id for w in areas.wards_named(tx, list(wards))] if wards else []
        rights.need_people(tx.actor, ids)
        made = rows.add(
            tx,
            name,
            full_name,
            Role(role),
            ids,
            position,
            email=email,
            address_id=staff_phone(surface, tx, phone) if phone else None,
            namesake=namesake,
        )
    if surface.json:
        surface.emit({"id": made, "name": name, "role": role, "wards": list(wards)})
    surface.say(f"Đã thêm {name} ({ROLES[Role(role)]}).", f"Added {name} ({role}).")
    surface.hint("Xem mọi người: dispatcher people list", "See everyone: dispatcher people list")


@people.verb("list", "Liệt kê mọi người.", "List everyone.", "dispatcher people list")
def list_people(surface: Surface) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        found = rows.seen(tx)
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
        may_change(actor, tx)
        person = known(tx, name)
        if person.person_id == actor.person_id:
            raise refused(
                "own-role",
                "Không tự đổi vai trò của mình được; cần người quản trị khác.",
                "Nobody changes their own role; another admin must.",
            )
        assert person.person_id is not None
        ids = [w.id for w in areas.wards_named(tx, list(wards))] if wards else None
        if ids is not None:
            rights.need_people(tx.actor, ids)
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
        may_change(actor, tx)
        found = known(tx, name)
        if found.person_id == actor.person_id:
            raise refused(
                "yourself", "Không thể tự khóa chính mình.", "You cannot disable yourself."
            )
        open_work = in_hand(tx, found)
    if open_work:
        surface.confirm(
            f"{found.name} còn: {_told(surface, open_work)}. Nên giao trước: "
            f"dispatcher people handover {found.name} NGƯỜI_NHẬN.",
            f"{found.name} still has: {_told(surface, open_work)}. Better first: "
            f"dispatcher people handover {found.name} SOMEBODY.",
        )
    with app.begin(actor)() as tx:
        assert found.person_id is not None
        rows.disable(tx, found.person_id)
        schedules.end_of(tx, found.person_id)
    if surface.json:
        surface.emit({"name": found.name, "disabled": True, "open": open_work.__dict__})
    surface.say(f"Đã khóa {found.name}.", f"{found.name} is disabled.")
    surface.hint("Xem mọi người: dispatcher people list", "See: dispatcher people list")


def _told(surface: Surface, work: InHand) -> str:
    """Open work in words."""
    counted = (
        (len(work.broadcasts), "đợt đang soạn hoặc chờ duyệt", "drafts or submitted broadcasts"),
        (len(work.waiting), "đợt đã duyệt hoặc đang gửi", "approved or running broadcasts"),
        (len(work.schedules), "lịch đã trình", "submitted schedules"),
        (len(work.approved_schedules), "lịch chạy theo phê duyệt của người này",
         "schedules under their approval"),
        (len(work.lists), "danh bạ phụ trách", "lists they answer for"),
        (work.duties, "ca trực", "duties"),
    )  # fmt: skip
    return ", ".join(f"{n} {surface.text(vi, en)}" for n, vi, en in counted if n)


@people.verb(
    "handover",
    "Giao hết việc đang dở của một người cho người khác.",
    "Give all open work of one person to another.",
    "dispatcher people handover hoa lan --as quan-tri",
)
@argument("old", complete="person")
@argument("new", complete="person")
def handover(surface: Surface, old: str, new: str) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        may_change(actor, tx)
        giver, taker = known(tx, old), known(tx, new)
        if giver.person_id == taker.person_id:
            raise refused(
                "same-person",
                "Người giao và người nhận là một.",
                "The two are the same person.",
            )
        if taker.role is Role.AUDITOR:
            raise refused(
                "role",
                f"{taker.name} là người kiểm tra, không nhận việc được.",
                f"{taker.name} is an auditor and takes no work.",
            )
        moved = hand_over(tx, giver, taker)
    keys = app.site.secrets()
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
