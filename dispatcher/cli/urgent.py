"""urgent: texts approved before the season, sent alone by the officer on duty; duty: the roster."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dispatcher import scheduling, templating
from dispatcher.broadcasts import Preview, targeting
from dispatcher.cli.broadcasts import as_json, broadcast_id, money
from dispatcher.cli.days import read_day
from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.tables import write_page
from dispatcher.cli.templates import pairs
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts import emergencies as rows
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.emergencies import Emergency
from dispatcher.db.staff import people
from dispatcher.domain import rights
from dispatcher.domain.model import HANOI, SYSTEM, Audience, Mode
from dispatcher.domain.problems import Problem, Say
from dispatcher.reports.reporting import number
from dispatcher.usecases import emergencies, handouts
from dispatcher.usecases.context import refusals
from dispatcher.worker import timekeeping

urgent = Group(Say("Tin khẩn soạn và duyệt sẵn.", "Urgent texts prepared and approved."))
duty = Group(Say("Lịch trực.", "The roster."))
STATES = {
    "draft": Say("nháp", "draft"),
    "submitted": Say("trình duyệt", "submitted"),
    "returned": Say("trả lại", "returned"),
    "approved": Say("đã duyệt", "approved"),
    "ended": Say("đã kết thúc", "ended"),
}


def _as_json(e: Emergency) -> dict[str, Any]:
    return {
        "name": e.name,
        "title": e.title,
        "state": e.state,
        "fields": dict(e.fields),
        "audience": e.audience.as_json(),
        "route": e.route,
        "people": e.people,
        "dong": e.dong,
        "until": e.until.isoformat(),
        "rather_twice": e.rather_twice,
        "all_clear": e.all_clear_version_id is not None,
        "reason": e.reason,
    }


@urgent.verb(
    "prepare",
    "Soạn sẵn một tin khẩn: ô nào để trống thì cán bộ trực điền lúc gửi.",
    "Prepare an urgent text: blanks left open are filled when it is sent.",
    "dispatcher urgent prepare bao --template bao-lu --all-clear bao-tan --ward all "
    "--most-people 9000 --most-dong 9000000 --until 31/12/2026 --as lan",
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
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        emergencies.prepare(
            app,
            tx,
            name,
            template=templating.load(app.templates, template),
            all_clear=templating.load(app.templates, all_clear) if all_clear else None,
            fields=pairs(fields),
            audience=Audience(wards, tdp, groups),
            route=route,
            most=(most_people, most_dong),
            until=read_day(until),
            rather_twice=rather_twice,
        )
        found = rows.get(tx, name)
    _told(surface, found, f"urgent submit {name}")


def _told(surface: Surface, found: Emergency, following: str) -> None:
    if surface.json:
        surface.emit(_as_json(found))
    state = STATES[found.state]
    surface.say(f"Tin khẩn «{found.name}»: {state.vi}.", f"“{found.name}”: {state.en}.")
    surface.hint(f"Tiếp theo: dispatcher {following}", f"Next: dispatcher {following}")


def _decide(surface: Surface, name: str, act: str, following: str, **more: Any) -> None:
    app, actor = surface.open_app(), surface.actor()
    with refusals(app.begin(SYSTEM), actor, act, "emergency", name):
        with app.begin(actor)() as tx:
            found = rows.get(tx, name)
            match act:
                case "submit":
                    emergencies.submit(tx, found)
                case "approve":
                    emergencies.approve(app, tx, found)
                case "return":
                    emergencies.send_back(tx, found, more["reason"])
                case "end":
                    emergencies.end(tx, found)
            found = rows.of_id(tx, found.id)
    _told(surface, found, following)


@urgent.verb(
    "submit",
    "Trình duyệt tin khẩn.",
    "Submit it for approval.",
    "dispatcher urgent submit bao --as lan",
)
@argument("name")
def submit(surface: Surface, name: str) -> None:
    _decide(surface, name, "submit", f"urgent approve {name} --as …")


@urgent.verb(
    "approve",
    "Duyệt trước: cán bộ trực được gửi tin này một mình tới hết hạn.",
    "Approve beforehand: the officer on duty may send it alone until its last day.",
    "dispatcher urgent approve bao --as minh",
)
@argument("name")
def approve(surface: Surface, name: str) -> None:
    app = surface.open_app()
    with app.store.read(surface.actor()) as tx:
        timekeeping.trust(tx, app.clock)
    _decide(surface, name, "approve", f"urgent send {name} --as …")


@urgent.verb(
    "return", "Trả lại kèm lý do.", "Return with a reason.",
    "dispatcher urgent return bao --reason 'Thêm điểm sơ tán' --as minh",
)  # fmt: skip
@argument("name")
@option("--reason", required=True, vi="lý do", en="reason")
def send_back(surface: Surface, name: str, reason: str) -> None:
    _decide(surface, name, "return", "urgent list", reason=reason)


@urgent.verb(
    "end", "Thôi dùng một tin khẩn.", "Use a text no more.", "dispatcher urgent end bao --as lan"
)
@argument("name")
def end(surface: Surface, name: str) -> None:
    _decide(surface, name, "end", "urgent list")


@urgent.verb("list", "Các tin khẩn soạn sẵn.", "Prepared texts.", "dispatcher urgent list")
def list_urgent(surface: Surface) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        found = [e for e in rows.listed(tx) if emergencies.is_mine(tx, e)]
    if surface.json:
        surface.emit([_as_json(e) for e in found])
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


@urgent.verb(
    "send",
    "Cán bộ trực gửi tin khẩn, một mình, cả ban đêm; lãnh đạo được báo ngay.",
    "The officer on duty sends it, alone, at night too; leaders are told at once.",
    "dispatcher urgent send bao --set so_bao=3 --set gio=18h --set ngay=2026-12-01 --as lan",
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
    app, actor = surface.open_app(), surface.actor()
    if app.site.mode is Mode.LIVE:
        surface.confirm(
            f"Gửi THẬT tin khẩn «{name}» ngay bây giờ.", f"Send “{name}” for REAL, now."
        )
    area = Audience(wards, tdp) if wards else None
    with refusals(app.begin(SYSTEM), actor, "send", "emergency", name):
        done, found = emergencies.send(app, actor, name, pairs(fields), area)
    _sent(surface, done, found)


def _sent(surface: Surface, done: Broadcast, found: Preview) -> None:
    if surface.json:
        surface.emit({**as_json(done), "people": found.people, "queued": found.queued,
                      "cost": found.total,
                      "despite_refusal": found.despite_refusal})  # fmt: skip
    surface.say(
        f"Đợt gửi {done.id} «{done.title}»: đi ngay tới {number(found.queued)} người, nhiều nhất "
        f"{money(found.total)}.",
        f"Broadcast {done.id} “{done.title}”: leaves now to {found.queued} people, at most "
        f"{found.total} đồng.",
    )
    if found.despite_refusal:
        surface.say(
            f"  Trong đó {number(found.despite_refusal)} người đã từ chối tin thường.",
            f"  Among them {found.despite_refusal} people who refused ordinary texts.",
        )
    surface.hint(
        f"Bộ gửi tin: dispatcher run · Theo dõi: dispatcher broadcasts watch {done.id} · Hết "
        f"cảnh báo: dispatcher urgent all-clear {done.id}",
        f"The worker: dispatcher run · Watch: dispatcher broadcasts watch {done.id} · All clear: "
        f"dispatcher urgent all-clear {done.id}",
    )


@urgent.verb(
    "all-clear",
    "Hết cảnh báo: dừng phần chưa gửi và báo đúng những người có thể đã nhận tin khẩn.",
    "All clear: stop what was not sent, and tell exactly those who may have got the warning.",
    "dispatcher urgent all-clear 12 --set gio=5h --set ngay=2026-12-02 --as lan",
)
@argument("number_", complete="broadcast")
@option("--set", "fields", multiple=True, vi="điền một ô: tên=giá trị", en="fill a blank")
def all_clear(surface: Surface, number_: str, fields: tuple[str, ...]) -> None:
    app, actor = surface.open_app(), surface.actor()
    wanted = broadcast_id(number_)
    with app.store.read(actor) as tx:
        original = broadcasts.get(tx, wanted)
    with refusals(app.begin(SYSTEM), actor, "all-clear", "broadcast", wanted):
        done, found = emergencies.all_clear(app, actor, original, pairs(fields))
    _sent(surface, done, found)


@urgent.verb(
    "sheet",
    "Bản in dự phòng khi mất mạng: bài đọc loa và điện thoại các tổ trưởng.",
    "A sheet for when the network is down: what is read out, and the heads' phones.",
    "dispatcher urgent sheet bao --html du-phong.html --as lan",
)
@argument("name")
@option("--html", required=True, vi="ghi thành trang HTML để in", en="the page to write and print")
def sheet(surface: Surface, name: str, html: str) -> None:
    app, actor = surface.open_app(), surface.actor()
    rights.need(actor, rights.WRITERS, "in số điện thoại", "print phone numbers")
    with app.store.read(actor) as tx:
        found = rows.get(tx, name)
        wards = [w.id for w in targeting.wards_of(tx, found.audience)]
    write_page(surface, html, handouts.fallback(app, actor, found, wards))
    if surface.json:
        surface.emit({"name": name, "html": html, "wards": len(wards)})
    surface.hint(
        "Mở bằng trình duyệt rồi in; để ở phòng trực.",
        "Open it in a browser and print it; keep it in the duty room.",
    )


# --- the roster ---------------------------------------------------------------------------------


@duty.verb("list", "Ai trực khi nào.", "Who is on duty when.", "dispatcher duty list")
def list_duty(surface: Surface) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.store.read(actor) as tx:
        seen = {p["id"] for p in people.seen(tx)}
        found = [d for d in rows.roster(tx, app.clock()) if d["person_id"] in seen]
    if surface.json:
        surface.emit(
            [
                {**d, "starts": d["starts"].astimezone(HANOI).isoformat(),
                 "ends": d["ends"].astimezone(HANOI).isoformat()}
                for d in found
            ]
        )  # fmt: skip
        return
    surface.table(
        [Say("số", "id"), Say("ai", "who"), Say("từ", "from"), Say("đến", "until"), Say("", "")],
        [
            [
                d["id"],
                d["full_name"],
                f"{d['starts'].astimezone(HANOI):%H:%M %d/%m/%Y}",
                f"{d['ends'].astimezone(HANOI):%H:%M %d/%m/%Y}",
                surface.text("đang trực", "now") if d["starts"] <= app.clock() else "",
            ]
            for d in found
        ],
        numbers=(0,),
    )
    surface.hint(
        "Xếp ca: dispatcher duty add lan --from '18:00' --hours 12",
        "Add one: dispatcher duty add lan --from 18:00 --hours 12",
    )


@duty.verb(
    "add",
    "Xếp một ca trực.",
    "Put somebody on duty.",
    "dispatcher duty add lan --from '2026-12-01 18:00' --hours 12 --as quan-tri",
)
@argument("name", complete="person")
@option("--from", "start", default="now", vi="từ lúc", en="from")
@option("--hours", type=int, default=12, vi="bao nhiêu giờ", en="for how many hours")
def add(surface: Surface, name: str, start: str, hours: int) -> None:
    app, actor = surface.open_app(), surface.actor()
    starts: datetime = scheduling.ask_moment(start, app.clock())
    if not 0 < hours <= 24 * 14:
        raise Problem("bad-duty", "Ca trực dài từ 1 giờ tới 14 ngày.", "1 hour to 14 days.")
    with app.begin(actor)() as tx:
        rights.need(actor, rights.DECIDERS, "xếp lịch trực", "arrange the roster")
        person = people.actor(tx, name)
        rights.need_people(tx.actor, person.wards)
        rights.need(person, rights.WRITERS, "trực", "be on duty")
        assert person.person_id is not None
        made = rows.set_duty(tx, person.person_id, starts, starts + timedelta(hours=hours))
    if surface.json:
        surface.emit({"id": made, "name": person.name})
    until = (starts + timedelta(hours=hours)).astimezone(HANOI)
    surface.say(
        f"{person.name} trực từ {starts.astimezone(HANOI):%H:%M %d/%m} đến {until:%H:%M %d/%m}.",
        f"{person.name} is on duty from {starts.astimezone(HANOI):%H:%M %d/%m} to "
        f"{until:%H:%M %d/%m}.",
    )
    surface.hint("Xem: dispatcher duty list", "See: dispatcher duty list")


@duty.verb("remove", "Bỏ một ca trực.", "Take a duty away.", "dispatcher duty remove 3 --as minh")
@argument("number_", type=int)
def remove(surface: Surface, number_: int) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        rights.need(actor, rights.DECIDERS, "xếp lịch trực", "arrange the roster")
        found = next((d for d in rows.roster(tx, tx.now) if d["id"] == number_), None)
        if found is not None:
            rights.need_people(
                tx.actor, people.as_actor(tx, people.by_id(tx, found["person_id"])).wards
            )
        rows.end_duty(tx, number_)
    if surface.json:
        surface.emit({"id": number_, "removed": True})
    surface.say(f"Đã bỏ ca trực {number_}.", f"Duty {number_} is gone.")
    surface.hint("Xem: dispatcher duty list", "See: dispatcher duty list")
