"""urgent: list, send, all-clear, sheet: what the officer on duty does."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.broadcasts.told import as_json as broadcast_as_json
from dispatcher.cli.broadcasts.told import broadcast_id
from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface, shown
from dispatcher.cli.tables import write_page
from dispatcher.cli.templates import pairs
from dispatcher.cli.urgent.words import STATES, as_json
from dispatcher.domain.amounts import money
from dispatcher.domain.model import Audience, Mode
from dispatcher.domain.problems import Say
from dispatcher.usecases import urgent as cases
from dispatcher.usecases import urgent_views


@command("Các tin khẩn soạn sẵn.", "Prepared texts.", "dispatcher urgent list", "list")
def list_urgent(surface: Surface) -> None:
    found = urgent_views.listed(surface.context())
    if surface.json:
        surface.emit([as_json(e) for e in found])
        return
    surface.table(
        [
            Say("tên", "name"),
            Say("tiêu đề", "title"),
            Say("trạng thái", "state"),
            Say("người", "people"),
            Say("đồng", "đồng"),
            Say("đến hết", "until"),
        ],
        [
            [e.name, e.title, STATES[e.state].to(surface.language), e.people, e.dong,
             f"{e.until:%d/%m/%Y}"]
            for e in found
        ],
        numbers=(3, 4),
    )  # fmt: skip
    surface.hint(
        "Gửi (người trong ca trực): dispatcher urgent send TÊN --set ô=giá trị",
        "Send (whoever is on duty): dispatcher urgent send NAME --set blank=value",
    )


@command(
    "Cán bộ trực gửi tin khẩn, một mình, cả ban đêm; lãnh đạo được báo ngay.",
    "The officer on duty sends it, alone, at night too; leaders are told at once.",
    "dispatcher urgent send bao --set so_bao=3 --set gio=18h --set ngay=2026-12-01 --as lan",
    "send",
)
@argument("name")
@option("--set", "fields", multiple=True, vi="điền một ô: tên=giá trị", en="fill a blank")
@option("--ward", "wards", multiple=True, vi="chỉ các phường này", en="only these wards",
        complete="ward")  # fmt: skip
@option("--residential-group", "--tdp", "tdp", multiple=True, vi="chỉ các tổ này", en="only these")
def send(
    surface: Surface,
    name: str,
    fields: tuple[str, ...],
    wards: tuple[str, ...],
    tdp: tuple[str, ...],
) -> None:
    if surface.open_site().mode is Mode.LIVE:
        surface.confirm(
            f"Gửi THẬT tin khẩn «{name}» ngay bây giờ.", f"Send “{name}” for REAL, now."
        )
    area = Audience(wards, tdp) if wards else None
    _sent(surface, *cases.send(surface.context(), name, pairs(fields), area))


def _sent(surface: Surface, done: Any, found: Any) -> None:
    if surface.json:
        surface.emit(
            {
                **broadcast_as_json(done),
                "people": found.people,
                "queued": found.queued,
                "cost": found.total,
                "despite_refusal": found.despite_refusal,
            }
        )
    surface.say(
        f"Đợt gửi {done.id} «{done.title}»: đi ngay tới {shown(found.queued)} người, nhiều nhất "
        f"{money(found.total)}.",
        f"Broadcast {done.id} “{done.title}”: leaves now to {found.queued} people, at most "
        f"{found.total} đồng.",
    )
    if found.despite_refusal:
        surface.say(
            f"  Trong đó {shown(found.despite_refusal)} người đã từ chối tin thường.",
            f"  Among them {found.despite_refusal} people who refused ordinary texts.",
        )
    surface.hint(
        f"Bộ gửi tin: dispatcher run · Theo dõi: dispatcher broadcasts watch {done.id} · Hết "
        f"cảnh báo: dispatcher urgent all-clear {done.id}",
        f"The worker: dispatcher run · Watch: dispatcher broadcasts watch {done.id} · All clear: "
        f"dispatcher urgent all-clear {done.id}",
    )


@command(
    "Hết cảnh báo: dừng phần chưa gửi và báo đúng những người có thể đã nhận tin khẩn.",
    "All clear: stop what was not sent, and tell exactly those who may have got the warning.",
    "dispatcher urgent all-clear 12 --set gio=5h --set ngay=2026-12-02 --as lan",
    "all-clear",
)
@argument("number_", complete="broadcast")
@option("--set", "fields", multiple=True, vi="điền một ô: tên=giá trị", en="fill a blank")
def all_clear(surface: Surface, number_: str, fields: tuple[str, ...]) -> None:
    number = broadcast_id(number_)
    _sent(surface, *cases.all_clear(surface.context(), number, pairs(fields)))


@command(
    "Bản in dự phòng khi mất mạng: bài đọc loa và điện thoại các tổ trưởng.",
    "A sheet for when the network is down: what is read out, and the heads' phones.",
    "dispatcher urgent sheet bao --html du-phong.html --as lan",
    "sheet",
)
@argument("name")
@option("--html", required=True, vi="ghi thành trang HTML để in", en="the page to write and print")
def sheet(surface: Surface, name: str, html: str) -> None:
    page, wards = urgent_views.sheet(surface.context(), name)
    write_page(surface, html, page)
    if surface.json:
        surface.emit({"name": name, "html": html, "wards": wards})
    surface.hint(
        "Mở bằng trình duyệt rồi in; để ở phòng trực.",
        "Open it in a browser and print it; keep it in the duty room.",
    )
