"""people: passwords, one-time codes, and keys for programs. Nothing secret is ever in argv."""

from __future__ import annotations

import getpass
import sys
from datetime import timedelta

import click

from dispatcher.cli.people import known, may_change, people
from dispatcher.cli.spoken import argument, option
from dispatcher.cli.surface import Surface
from dispatcher.db.database import Tx
from dispatcher.db.staff import api_keys
from dispatcher.db.staff import people as rows
from dispatcher.domain.model import HANOI, SYSTEM, Actor, Role
from dispatcher.domain.problems import Problem, Say
from dispatcher.usecases import signing_in

__all__ = ["people"]


def _oneself_or(tx: Tx, actor: Actor, name: str) -> Actor:
    """The person called `name`: the acting one, or one of those an admin looks after."""
    person = rows.actor(tx, name)
    if person.person_id == actor.person_id:
        return person
    may_change(actor, tx)
    return known(tx, name)


def _writing(actor: Actor, person: Actor) -> Actor:
    """Who writes it down: an auditor changes nothing, but has a password of their own."""
    return SYSTEM if actor.role is Role.AUDITOR and actor == person else actor


def _read_password(surface: Surface) -> str:
    """Typed twice at a terminal, else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(surface.text("Mật khẩu mới: ", "New password: "))
    if first != getpass.getpass(surface.text("Nhập lại: ", "Again: ")):
        raise Problem("not-the-same", "Hai lần nhập không giống nhau.", "The two differ.")
    return first


@people.verb(
    "password",
    "Đặt mật khẩu vào trang quản trị (gõ vào, hoặc đọc từ đầu vào; không bao giờ trên dòng lệnh).",
    "Set the password for the console (typed, or from standard input; never in the command).",
    "dispatcher people password lan --as lan",
)
@argument("name", complete="person")
def password(surface: Surface, name: str) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        person = _oneself_or(tx, actor, name)
    given = _read_password(surface)
    with app.begin(_writing(actor, person))() as tx:
        signing_in.set_password(tx, person, given)
    if surface.json:
        surface.emit({"name": person.name, "password": True})
    surface.say(
        f"Đã đặt mật khẩu cho {person.name}; các phiên đang mở đã kết thúc.",
        f"{person.name} has a new password; open sessions have ended.",
    )


@people.verb(
    "totp",
    "Tạo mã xác thực hai lớp; địa chỉ để quét chỉ hiện một lần.",
    "Make a two-step secret; the address for the app is shown once.",
    "dispatcher people totp minh --as minh",
)
@argument("name", complete="person")
def totp(surface: Surface, name: str) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.store.read(actor) as tx:
        person = _oneself_or(tx, actor, name)
    with app.begin(_writing(actor, person))() as tx:
        address = signing_in.new_totp(tx, person, app.site.name)
    if surface.json:
        surface.emit({"name": person.name, "otpauth": address})
    else:
        surface.line(address + "\n")
    surface.hint(
        "Thêm vào ứng dụng mã xác thực trên điện thoại; địa chỉ này không hiện lại.",
        "Add it to an authenticator on the phone; it is not shown again.",
    )


@people.verb(
    "key-add",
    "Tạo khóa API cho một chương trình; khóa chỉ hiện một lần.",
    "Make an API key for a program; it is shown once.",
    "dispatcher people key-add lan --name phan-mem-mot-cua --days 90 --as quan-tri",
)
@argument("name", complete="person")
@option("--name", "key", required=True, vi="tên khóa", en="what the key is called")
@option(
    "--may", type=click.Choice(["read", "write"]), default="read", vi="được làm gì", en="may do"
)
@option("--days", default=90, vi="dùng được bao nhiêu ngày", en="how many days it lasts")
def key_add(surface: Surface, name: str, key: str, may: str, days: int) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        person = _oneself_or(tx, actor, name)
        token = signing_in.new_key(tx, person, key, may, timedelta(days=days))
    if surface.json:
        surface.emit({"name": key, "person": person.name, "may": may, "key": token})
    else:
        surface.line(token + "\n")
    surface.hint(
        f"Cất khóa vào chỗ giữ bí mật; không hiện lại. Thu hồi: dispatcher people key-revoke {key}",
        f"Keep it secret; it is not shown again. End it: dispatcher people key-revoke {key}",
    )


def _whose(tx: Tx, actor: Actor) -> set[int]:
    """Whose keys a person may look at: their own; an admin those of the people they see."""
    if actor.role is Role.ADMIN:
        return {p["id"] for p in rows.seen(tx)}
    return {actor.person_id or 0}


@people.verb("keys", "Liệt kê khóa API.", "List API keys.", "dispatcher people keys --as quan-tri")
def keys(surface: Surface) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.store.read(actor) as tx:
        found = api_keys.listed(tx, _whose(tx, actor))
    if surface.json:
        surface.emit(found)
        return
    surface.table(
        [
            Say("khóa", "key"),
            Say("của", "person"),
            Say("quyền", "may"),
            Say("hết hạn", "ends"),
            Say("dùng lần cuối", "last used"),
        ],
        [
            [
                k["name"],
                k["person"],
                surface.text("đọc" if k["may"] == "read" else "đọc và ghi", k["may"]),
                surface.text("đã thu hồi", "revoked")
                if k["revoked"]
                else f"{k['expires_at'].astimezone(HANOI):%d/%m/%Y}",
                f"{k['used_at'].astimezone(HANOI):%H:%M %d/%m/%Y}" if k["used_at"] else "",
            ]
            for k in found
        ],
    )


@people.verb(
    "key-revoke",
    "Thu hồi một khóa API ngay.",
    "End an API key at once.",
    "dispatcher people key-revoke phan-mem-mot-cua --as quan-tri",
)
@argument("key")
def key_revoke(surface: Surface, key: str) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        api_keys.revoke(tx, key, _whose(tx, actor))
    if surface.json:
        surface.emit({"name": key, "revoked": True})
    surface.say(f"Đã thu hồi khóa {key}.", f"The key {key} has ended.")
