"""urgent: prepare, submit, approve, return, end."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.days import read_day
from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.templates import pairs
from dispatcher.cli.urgent.words import STATES, as_json
from dispatcher.domain.model import Audience
from dispatcher.usecases import urgent as cases
from dispatcher.usecases.urgent import NewUrgent


@command(
    "Soạn sẵn một tin khẩn: ô nào để trống thì cán bộ trực điền lúc gửi.",
    "Prepare an urgent text: blanks left open are filled when it is sent.",
    "dispatcher urgent prepare bao --template bao-lu --all-clear bao-tan --ward all "
    "--most-people 9000 --most-dong 9000000 --until 31/12/2026 --as lan",
    "prepare",
)
@argument("name")
@option("--template", required=True, vi="mẫu tin", en="template", complete="template")
@option("--all-clear", vi="mẫu tin hết cảnh báo", en="template of the all-clear",
        complete="template")  # fmt: skip
@option("--ward", "wards", multiple=True, vi="địa bàn lớn nhất: phường, hoặc all",
        en="largest area: wards, or all", complete="ward")  # fmt: skip
@option("--residential-group", "--tdp", "tdp", multiple=True, vi="tổ dân phố", en="group of a ward")
@option("--group", "groups", multiple=True, vi="nhóm", en="group", complete="group")
@option("--set", "fields", multiple=True, vi="điền trước một ô", en="fill a blank beforehand")
@option("--route", default="urgent", vi="thứ tự kênh", en="route", complete="route")
@option("--most-people", type=int, required=True, vi="nhiều nhất bao nhiêu người", en="at most")
@option("--most-dong", type=int, required=True, vi="nhiều nhất bao nhiêu đồng", en="at most đồng")
@option("--until", required=True, vi="dùng đến hết ngày", en="last day")
@option(
    "--rather-twice", is_flag=True, vi="thà hai lần còn hơn không", en="rather twice than never"
)
def prepare(
    surface: Surface,
    name: str,
    template: str,
    all_clear: str | None,
    wards: tuple[str, ...],
    tdp: tuple[str, ...],
    groups: tuple[str, ...],
    fields: tuple[str, ...],
    route: str,
    most_people: int,
    most_dong: int,
    until: str,
    rather_twice: bool,
) -> None:
    wanted = NewUrgent(
        name,
        template,
        Audience(wards, tdp, groups),
        most_people,
        most_dong,
        read_day(until),
        all_clear=all_clear or "",
        fields=pairs(fields),
        route=route,
        rather_twice=rather_twice,
    )
    _told(surface, cases.prepare(surface.context(), wanted), f"urgent submit {name}")


def _told(surface: Surface, found: Any, following: str) -> None:
    if surface.json:
        surface.emit(as_json(found))
    state = STATES[found.state]
    surface.say(f"Tin khẩn «{found.name}»: {state.vi}.", f"“{found.name}”: {state.en}.")
    surface.hint(f"Tiếp theo: dispatcher {following}", f"Next: dispatcher {following}")


@command(
    "Trình duyệt tin khẩn.",
    "Submit it for approval.",
    "dispatcher urgent submit bao --as lan",
    "submit",
)
@argument("name")
def submit(surface: Surface, name: str) -> None:
    _told(surface, cases.submit(surface.context(), name), f"urgent approve {name} --as …")


@command(
    "Duyệt trước: cán bộ trực được gửi tin này một mình tới hết hạn.",
    "Approve beforehand: the officer on duty may send it alone until its last day.",
    "dispatcher urgent approve bao --as minh",
    "approve",
)
@argument("name")
def approve(surface: Surface, name: str) -> None:
    _told(surface, cases.approve(surface.context(), name), f"urgent send {name} --as …")


@command("Trả lại kèm lý do.", "Return with a reason.",
    "dispatcher urgent return bao --reason 'Thêm điểm sơ tán' --as minh", "return")  # fmt: skip
@argument("name")
@option("--reason", required=True, vi="lý do", en="reason")
def send_back(surface: Surface, name: str, reason: str) -> None:
    _told(surface, cases.send_back(surface.context(), name, reason), "urgent list")


@command(
    "Thôi dùng một tin khẩn.", "Use a text no more.", "dispatcher urgent end bao --as lan", "end"
)
@argument("name")
def end(surface: Surface, name: str) -> None:
    _told(surface, cases.end(surface.context(), name), "urgent list")
