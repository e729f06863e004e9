"""broadcasts: from a draft to a finished or stopped one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from dispatcher import broadcasts as planning
from dispatcher import scheduling, templating
from dispatcher.broadcasts import app as joined
from dispatcher.broadcasts import repeating, routes
from dispatcher.cli.contacts.typed import whom
from dispatcher.cli.days import read_day
from dispatcher.cli.gateways.account import tell_findings
from dispatcher.cli.previewed import tell_preview, tell_times
from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.tables import write_page
from dispatcher.cli.templates import pairs
from dispatcher.config import duration, window
from dispatcher.db.broadcasts import broadcasts as rows
from dispatcher.db.broadcasts.broadcasts import Broadcast, state_vi
from dispatcher.db.broadcasts.samples import Look
from dispatcher.db.database import Tx
from dispatcher.domain.model import HANOI, SYSTEM, Audience, BroadcastState, Mode
from dispatcher.domain.problems import Problem, Say, refused
from dispatcher.reports import reporting
from dispatcher.reports.reporting import number
from dispatcher.usecases.context import refusals
from dispatcher.usecases.finding import contacts_meant
from dispatcher.usecases.vendor_templates import findings, refuse_what_vendors_refuse
from dispatcher.worker import timekeeping

broadcasts = Group(Say("Đợt gửi.", "Broadcasts."))
OVER = {
    BroadcastState.DONE,
    BroadcastState.STOPPED,
    BroadcastState.EXPIRED,
    BroadcastState.MISSED,
    BroadcastState.REJECTED,
}


def broadcast_id(text: str) -> int:
    """A broadcast's number as typed: 12 or #12 or b12."""
    digits = text.strip().lstrip("#b")
    if not digits.isdigit() or len(digits) > 18:
        raise Problem(
            "unknown-broadcast",
            f"«{text}» không phải số đợt gửi. Xem: dispatcher broadcasts list",
            f"“{text}” is no broadcast number. See: dispatcher broadcasts list",
        )
    return int(digits)


@broadcasts.verb(
    "create",
    "Soạn một đợt gửi (nháp).",
    "Write a broadcast (a draft).",
    "dispatcher broadcasts create --template gia-danh-cong-an --ward 'Máy Tơ'",
)
@option("--template", required=True, vi="mẫu tin", en="template", complete="template")
@option("--ward", "wards", multiple=True, vi="phường, hoặc all", en="ward, or all", complete="ward")
@option(
    "--residential-group", "--tdp", "tdp", multiple=True, vi="tổ dân phố", en="residential group"
)
@option("--group", "groups", multiple=True, vi="nhóm", en="group", complete="group")
@option("--exclude-group", "excluded", multiple=True, vi="trừ nhóm này", en="but not this group")
@option(
    "--one-per",
    type=click.Choice(["phone", "household"]),
    default="phone",
    vi="mỗi máy hay mỗi hộ một tin",
    en="one message per",
)
@option("--route", vi="thứ tự kênh gửi; không ghi: thứ tự đầu tiên trong [routes]",
        en="route; by default the first of [routes]", complete="route")  # fmt: skip
@option(
    "--set", "fields", multiple=True, vi="điền một ô: tên=giá trị", en="fill a blank: name=value"
)
@option("--title", default="", vi="tên đợt gửi", en="title")
@option("--document", default="", vi="số văn bản", en="document number")
@option("--document-day", default="", vi="ngày văn bản", en="day of the document")
@option("--document-about", default="", vi="trích yếu", en="what it is about")
@option("--document-agency", default="", vi="cơ quan ban hành", en="who issued it")
@option("--document-signer", default="", vi="người ký", en="who signed it")
@option("--expires-after", default="6h", vi="quá bao lâu thì thôi gửi", en="give up after")
@option("--window", "hours", vi="khung giờ, ví dụ 07:00-21:00", en="hours, like 07:00-21:00")
@option("--despite", default="", vi="lý do gửi cả giờ nghỉ trưa", en="why it goes out at noon too")
@option("--accented", is_flag=True, vi="SMS có dấu", en="SMS with diacritics")
@option(
    "--rather-twice",
    is_flag=True,
    vi="thà hai lần còn hơn không (thiên tai)",
    en="rather twice than never (disasters)",
)
@option(
    "--urgent",
    is_flag=True,
    vi="khẩn: đi trước mọi đợt khác, không chờ hủy, cả ban đêm",
    en="urgent: ahead of all others, no undo time, also at night",
)
def create(
    surface: Surface,
    template: str,
    wards: tuple[str, ...],
    tdp: tuple[str, ...],
    groups: tuple[str, ...],
    excluded: tuple[str, ...],
    one_per: str,
    route: str | None,
    fields: tuple[str, ...],
    title: str,
    document: str,
    document_day: str,
    document_about: str,
    document_agency: str,
    document_signer: str,
    expires_after: str,
    hours: str | None,
    despite: str,
    accented: bool,
    rather_twice: bool,
    urgent: bool,
) -> None:
    app, actor = surface.open_app(), surface.actor()
    try:
        life = duration(expires_after)
        chosen = window(hours) if hours else None
        if chosen is not None and not despite.strip():
            chosen = chosen.resting(app.site.lunch)
        elif chosen is None and despite.strip():
            chosen = replace(app.site.window, rest=None)
    except ValueError:
        raise Problem(
            "bad-time",
            "--expires-after ghi như 6h, --window ghi như 07:00-21:00.",
            "--expires-after looks like 6h, --window like 07:00-21:00.",
        ) from None
    loaded = templating.load(app.templates, template)
    audience = Audience(wards, tdp, groups, excluded, one_per)
    with app.begin(actor)() as tx:
        made = joined.draft(
            app,
            tx,
            template=loaded,
            audience=audience,
            route_name=route,
            fields=pairs(fields),
            title=title,
            document=document,
            paper=paper_facts(document_day, document_about, document_agency, document_signer),
            expires_after=life,
            window=chosen,
            accented=accented,
            rather_twice=rather_twice,
            urgent=urgent,
        )
        if despite.strip():
            tx.note("despite", "broadcast", made, reason=despite.strip())
        found = rows.get(tx, made)
    if surface.json:
        surface.emit(as_json(found))
    surface.say(f"Đã soạn đợt gửi {made} (nháp): {found.title}", f"Draft {made}: {found.title}")
    if route is None:
        taken = routes.usual(app.site)
        surface.say(f"Thứ tự kênh gửi: {taken}", f"Route: {taken}")
    surface.hint(
        f"Xem trước: dispatcher broadcasts preview {made}",
        f"Preview: dispatcher broadcasts preview {made}",
    )


@broadcasts.verb(
    "preview",
    "Xem trước: bao nhiêu người, bao nhiêu tin, bao nhiêu tiền, ai bị bỏ qua.",
    "Preview: how many people, parts and đồng, and who is skipped.",
    "dispatcher broadcasts preview 1",
)
@argument("number_", complete="broadcast")
@option(
    "--recipient",
    vi="xem tin của một người: c12, số điện thoại, hoặc - (đọc từ đầu vào)",
    en="see one person's message: c12, a phone, or - (stdin)",
)
@option("--from", "first", default=1, vi="xem từ tin đắt thứ mấy", en="start at the n-th dearest")
@option("--html", vi="ghi thành trang HTML", en="write an HTML page")
def preview(
    surface: Surface, number_: str, recipient: str | None, first: int, html: str | None
) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.store.read(actor) as tx:
        broadcast = rows.get(tx, broadcast_id(number_))
        chosen = contacts_meant(tx, app, whom(recipient)) if recipient else ()
    look = Look(tuple(chosen), max(0, first - 1), 20 if html else 3)
    found = joined.preview(app, actor, broadcast, look)
    if html:
        shown = [{**s, "to": f"{s['contact']} {s['to']}"} for s in found.samples]
        page = reporting.phones(
            broadcast.title, app.site.name, shown, drill=broadcast.mode is Mode.DRILL
        )
        write_page(surface, html, page)
    told_by_vendors = _in_words(surface, findings(app, broadcast, found))
    if surface.json:
        said = {"vendors": told_by_vendors} if told_by_vendors else {}
        surface.emit({"broadcast": broadcast.id, **found.as_json(), **said})
        return
    tell_preview(surface, broadcast, found)
    tell_findings(surface, told_by_vendors)
    surface.hint(
        f"Trình duyệt: dispatcher broadcasts submit {broadcast.id} --as TÊN",
        f"Submit: dispatcher broadcasts submit {broadcast.id} --as NAME",
    )


def _in_words(surface: Surface, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The findings of vendors with their problems as sentences."""
    return [
        {**f, "problem": f["problem"].to(surface.language)} if "problem" in f else f for f in found
    ]


def paper_facts(day: str, about: str, agency: str, signer: str) -> dict[str, str]:
    """What is known of the document a broadcast rests on; its number is kept apart."""
    facts = {
        "day": read_day(day).isoformat() if day else "",
        "about": about.strip(),
        "agency": agency.strip(),
        "signer": signer.strip(),
    }
    return {name: value for name, value in facts.items() if value}


def acting(
    surface: Surface,
    number_: str,
    name: str,
    act: Callable[[Tx, Broadcast], Any],
    *,
    by_the_clock: bool = False,
) -> Broadcast:
    """Do one thing to one broadcast in a transaction of the acting person; as it is afterwards.

    A refusal is kept in the trail under `name`. `by_the_clock`: not while the clock is in doubt.
    """
    app, actor, wanted = surface.open_app(), surface.actor(), broadcast_id(number_)
    with refusals(app.begin(SYSTEM), actor, name, "broadcast", wanted):
        if by_the_clock:
            with app.store.read(SYSTEM) as tx:
                timekeeping.trust(tx, app.clock)
        with app.begin(actor)() as tx:
            act(tx, rows.get(tx, wanted))
            return rows.get(tx, wanted)


def told(surface: Surface, broadcast: Broadcast, hint: Say | None = None) -> None:
    if surface.json:
        surface.emit(as_json(broadcast))
    surface.say(
        f"Đợt gửi {broadcast.id}: {state_vi(broadcast.state)}.",
        f"Broadcast {broadcast.id}: {broadcast.state.value}.",
    )
    if hint:
        surface.hint(hint.vi, hint.en)


@broadcasts.verb(
    "submit", "Trình duyệt.", "Submit for approval.", "dispatcher broadcasts submit 1 --as lan"
)
@argument("number_", complete="broadcast")
@option(
    "--leave-out",
    is_flag=True,
    vi="bỏ qua những người không viết được tin (thiếu dữ liệu, tin quá dài)",
    en="leave out whoever cannot be given a text",
)
@option(
    "--again", default="", vi="lý do gửi lại đúng tin này trong 24 giờ", en="why it goes out again"
)
@option("--over-budget", default="", vi="lý do vượt ngân sách", en="why the budget is exceeded")
def submit(surface: Surface, number_: str, leave_out: bool, again: str, over_budget: str) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.store.read(actor) as tx:
        broadcast = rows.get(tx, broadcast_id(number_))
    found = joined.preview(app, actor, broadcast)
    if not surface.json:
        tell_times(surface, found)
    if not leave_out:
        refuse_what_vendors_refuse(app, broadcast, found)
    done = acting(
        surface,
        number_,
        "submit",
        lambda tx, b: planning.submit(
            tx, b, found, leave_out=leave_out, again=again, over_budget=over_budget
        ),
    )
    told(
        surface,
        done,
        Say(
            f"Người thứ hai duyệt: dispatcher broadcasts approve {done.id} --as TÊN",
            f"A second person: dispatcher broadcasts approve {done.id} --as NAME",
        ),
    )


@broadcasts.verb(
    "schedule",
    "Đặt giờ gửi cho đợt đã duyệt (bỏ --at: gửi ngay).",
    "Set the time of an approved broadcast (without --at: now).",
    "dispatcher broadcasts schedule 1 --at '2026-12-01 08:00'",
)
@argument("number_", complete="broadcast")
@option("--at", "when", default="now", vi="thời điểm", en="when")
@option(
    "--despite",
    default="",
    vi="lý do gửi dù là Tết, dù đã nhiều đợt",
    en="why it goes out in Tết, or once more",
)
@option(
    "--people", "people_", type=int, vi="xác nhận số người (gửi thật)", en="confirms the number"
)
@option(
    "--again", default="", vi="lý do gửi lại đúng tin này trong 24 giờ", en="why it goes out again"
)
def schedule(
    surface: Surface, number_: str, when: str, despite: str, people_: int | None, again: str
) -> None:
    app, actor = surface.open_app(), surface.actor()
    at = scheduling.ask_moment(when, app.clock())
    confirm_live(surface, number_, people_)
    with app.store.read(actor) as tx:
        chosen = rows.get(tx, broadcast_id(number_))
    repeated = repeating.unexplained(app, actor, chosen, at)

    def act(tx: Tx, broadcast: Broadcast) -> None:
        site = surface.open_site()
        rules = planning.Courtesy(site.tet, site.limits.per_ward_day, despite)
        planning.schedule(tx, broadcast, at, rules, repeated=repeated, again=again)

    done = acting(surface, number_, "schedule", act, by_the_clock=True)
    if surface.json:
        surface.emit(as_json(done))
    surface.say(f"Đợt gửi {done.id} đã có giờ.", f"Broadcast {done.id} has its time.")
    if not surface.json:
        tell_times(surface, joined.preview(surface.open_app(), surface.actor(), done))
    surface.hint(
        f"Bộ gửi tin: dispatcher run · Theo dõi: dispatcher broadcasts watch {done.id}",
        f"The worker: dispatcher run · Watch: dispatcher broadcasts watch {done.id}",
    )


def confirm_live(surface: Surface, number_: str, typed: int | None) -> None:
    """A live send is confirmed by a sentence that says whom it reaches and what it costs.

    The first one of a site, and a large one, want the number of people typed: no habit of saying
    yes gets around it, and nor does --yes.
    """
    app, actor = surface.open_app(), surface.actor()
    with app.store.read(actor) as tx:
        broadcast = rows.get(tx, broadcast_id(number_))
        first = not rows.any_released(tx, Mode.LIVE)
    if broadcast.mode is not Mode.LIVE or surface.dry_run:
        return
    found = joined.preview(app, actor, broadcast)
    vi = f"Gửi THẬT tới {number(found.queued)} người, nhiều nhất {money(found.total)}."
    en = f"Send for REAL to {found.queued} people, at most {found.total} đồng."
    if not first and found.queued <= app.site.limits.typed_above:
        surface.confirm(vi, en)
        return
    why = Say("Đây là đợt gửi thật đầu tiên.", "This is the first live broadcast.")
    if not first:
        why = Say("Đây là đợt gửi lớn.", "This is a large broadcast.")
    if typed is None:
        typed = surface.ask_number(
            f"{vi} {why.vi} Gõ lại số người để xác nhận",
            f"{en} {why.en} Type the number of people to confirm",
        )
    if typed != found.queued:
        raise refused(
            "not-confirmed",
            f"{vi} {why.vi} Chưa làm gì: cần gõ đúng số người, hoặc thêm --people {found.queued}.",
            f"{en} {why.en} Nothing was done: type the number of people, or add "
            f"--people {found.queued}.",
        )


def money(dong: int) -> str:
    """1.900.000 → "khoảng 1,9 triệu đồng"; small sums to the đồng."""
    if dong < 1_000_000:
        return f"{number(dong)} đồng"
    return f"khoảng {dong / 1_000_000:.1f} triệu đồng".replace(".", ",")


@broadcasts.verb(
    "pause",
    "Tạm dừng: ngoài các tin đang trên đường, không tin nào đi nữa.",
    "Pause: nothing leaves beyond what is on the wire.",
    "dispatcher broadcasts pause 1",
)
@argument("number_", complete="broadcast")
def pause(surface: Surface, number_: str) -> None:
    done = acting(surface, number_, "pause", planning.pause)
    told(
        surface,
        done,
        Say(
            f"Gửi tiếp: dispatcher broadcasts resume {done.id}",
            f"Go on: dispatcher broadcasts resume {done.id}",
        ),
    )


@broadcasts.verb(
    "resume",
    "Gửi tiếp đợt đang tạm dừng hoặc bị giữ.",
    "Go on with a paused or held one.",
    "dispatcher broadcasts resume 1",
)
@argument("number_", complete="broadcast")
def resume(surface: Surface, number_: str) -> None:
    told(surface, acting(surface, number_, "resume", planning.resume))


@broadcasts.verb(
    "stop",
    "Dừng hẳn: phần chưa gửi bị hủy.",
    "Stop for good: the rest is cancelled.",
    "dispatcher broadcasts stop 1",
)
@argument("number_", complete="broadcast")
def stop(surface: Surface, number_: str) -> None:
    cancelled = 0

    def act(tx: Tx, broadcast: Broadcast) -> None:
        nonlocal cancelled
        cancelled = planning.stop(tx, broadcast)

    done = acting(surface, number_, "stop", act)
    if surface.json:
        surface.emit({**as_json(done), "cancelled": cancelled})
    surface.say(
        f"Đã dừng đợt gửi {done.id}; {number(cancelled)} tin không gửi nữa.",
        f"Broadcast {done.id} stopped; {cancelled} messages cancelled.",
    )


def as_json(b: Broadcast) -> dict[str, Any]:
    """A broadcast for programs; times are Hanoi's, with their offset."""
    return {
        "id": b.id,
        "title": b.title,
        "state": b.state.value,
        "reason": b.reason,
        "mode": b.mode.value,
        "kind": b.kind.value,
        "document": {"number": b.document, **b.paper},
        "fields": dict(b.fields),
        "audience": b.audience.as_json(),
        "route": [
            {
                "gateway": s.gateway,
                "channel": s.channel.value,
                "deadline_s": s.deadline.total_seconds() if s.deadline else None,
                "accented": s.accented,
            }
            for s in b.route
        ],
        "window": str(b.window),
        "at": _iso(b.at),
        "starts_at": _iso(b.starts_at),
        "expires_at": _iso(b.expires_at),
        "created_by": b.created_by,
        "approved_by": b.approved_by,
        "ceiling_people": b.ceiling_people,
        "ceiling_dong": b.ceiling_dong,
        "again": b.again,
    }


def _iso(at: Any) -> str | None:
    return at.astimezone(HANOI).isoformat(timespec="seconds") if at else None
