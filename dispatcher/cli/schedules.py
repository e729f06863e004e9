"""schedules: list, check, next, submit, approve, return, pause."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dispatcher import rights, routes, scheduling, targeting, templating, wording
from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.model import HANOI, Role
from dispatcher.problems import OK, USAGE, Problem, Say, refused, unknown
from dispatcher.scheduling import Schedule
from dispatcher.store import areas
from dispatcher.store import schedules as rows
from dispatcher.store.database import Tx

schedules = Group(Say("Lịch gửi.", "Schedules."))
STATES = {
    "draft": "nháp",
    "submitted": "trình duyệt",
    "approved": "đã duyệt",
    "returned": "trả lại",
    "paused": "tạm dừng",
    "ended": "đã hết",
}


def _load(surface: Surface, name: str) -> Schedule:
    app = surface.open_app()
    return scheduling.load(app.schedules, name, app.site.window)


@schedules.verb("list", "Liệt kê lịch gửi.", "List schedules.", "dispatcher schedules list")
def list_schedules(surface: Surface) -> None:
    app = surface.open_app()
    with app.begin(surface.actor())() as tx:
        known = scheduling.keep_all(tx, app.schedules, app.site.window)
        held = rows.listed(tx)
        mine = {name for name, schedule in known.items() if _mine(tx, schedule)}
        if tx.connection.info["touched"]:
            tx.note("read", "schedules", "files")
    found: list[dict[str, Any]] = []
    for name in scheduling.files(app.schedules):
        schedule = known.get(name)
        if schedule is not None and name not in mine:
            continue
        upcoming = schedule.next_after(app.clock()) if schedule else None
        found.append(
            {
                "name": name,
                "title": schedule.title if schedule else None,
                "state": held[name]["state"] if name in held else "broken",
                "next": _when(upcoming),
            }
        )
    if surface.json:
        surface.emit(found)
        return
    surface.table(
        [
            Say("tên", "name"),
            Say("tiêu đề", "title"),
            Say("trạng thái", "state"),
            Say("lần tới", "next"),
        ],
        [
            [
                f["name"],
                f["title"],
                surface.text(STATES.get(f["state"], "tệp hỏng"), f["state"]),
                f["next"],
            ]
            for f in found
        ],
    )


def _when(moment: Any) -> str | None:
    return moment.astimezone(HANOI).isoformat(timespec="minutes") if moment else None


@schedules.verb(
    "check", "Kiểm tra các tệp lịch.", "Check schedule files.", "dispatcher schedules check"
)
@argument("names", nargs=-1)
def check(surface: Surface, names: tuple[str, ...]) -> int:
    app = surface.open_app()
    today = app.clock().astimezone(HANOI).date()
    found: list[dict[str, Any]] = []
    for name in names or tuple(scheduling.files(app.schedules)):
        try:
            schedule = scheduling.load(app.schedules, name, app.site.window)
            template = templating.load(app.templates, schedule.template)
            wording.check_words(app.site, template, schedule.fields, today)
            routes.find(app.site, schedule.route)
            with app.store.read(surface.actor()) as tx:
                targeting.resolve(tx, schedule.audience)
        except Problem as problem:
            found.append(
                {"schedule": name, "code": problem.code, "message": problem.to(surface.language)}
            )
    if surface.json:
        surface.emit(found)
    else:
        for f in found:
            surface.say(f"{f['schedule']}: {f['message']}")
        surface.say(f"{len(found)} lịch có vấn đề.", f"{len(found)} schedules have problems.")
    return USAGE if found else OK


@schedules.verb(
    "next",
    "Các lần gửi sắp tới của một lịch.",
    "The next firings of a schedule.",
    "dispatcher schedules next canh-bao-thu-hai",
)
@argument("name", complete="schedule")
@option("--count", default=10, vi="bao nhiêu lần", en="how many")
def upcoming(surface: Surface, name: str, count: int) -> None:
    schedule = _load(surface, name)
    with surface.open_app().store.read(surface.actor()) as tx:
        if not _mine(tx, schedule):
            raise unknown(Say("lịch gửi", "schedule"), name, ())
    moment, found = surface.open_app().clock(), []
    for _ in range(min(count, 100)):
        following = schedule.next_after(moment)
        if following is None:
            break
        found.append(_when(following))
        moment = following
    if surface.json:
        surface.emit(found)
        return
    for when in found:
        surface.say(str(when))
    if not found:
        surface.say("Không còn lần gửi nào.", "Nothing left to fire.")


def _mine(tx: Tx, schedule: Schedule) -> bool:
    """True when everyone a schedule writes to is of the actor's wards."""
    if tx.actor.wards is None:
        return True
    chosen = schedule.audience
    if not chosen.wards or chosen.groups:
        return False
    return {w.id for w in areas.wards_named(tx, chosen.wards)} <= tx.actor.wards


def touches(tx: Tx, schedule: Schedule) -> bool:
    """True when a schedule writes to anybody of the actor's wards, or may."""
    if tx.actor.wards is None or not schedule.audience.wards or schedule.audience.groups:
        return True
    return bool({w.id for w in areas.wards_named(tx, schedule.audience.wards)} & tx.actor.wards)


def _decide(tx: Tx, schedule: Schedule, roles: Collection[Role]) -> None:
    """Refuse to those in another role, and for people of other wards."""
    rights.need(tx.actor, roles, "quyết định lịch gửi", "decide on schedules")
    if not _mine(tx, schedule):
        raise refused(
            "not-your-ward",
            f"Lịch «{schedule.name}» gửi ra ngoài phường của {tx.actor.name}.",
            f"“{schedule.name}” writes to people outside the wards of {tx.actor.name}.",
        )


@schedules.verb(
    "submit",
    "Trình duyệt một lịch.",
    "Submit a schedule.",
    "dispatcher schedules submit canh-bao-thu-hai --as lan",
)
@argument("name", complete="schedule")
def submit(surface: Surface, name: str) -> None:
    schedule, actor = _load(surface, name), surface.actor()
    app = surface.open_app()
    today = app.clock().astimezone(HANOI).date()
    template = templating.load(app.templates, schedule.template)
    wording.check_words(app.site, template, schedule.fields, today)
    with app.begin(actor)() as tx:
        _decide(tx, schedule, rights.WRITERS)
        scheduling.submit(tx, schedule)
    _told(surface, schedule, "submitted")


@schedules.verb(
    "approve",
    "Duyệt một lịch đúng như tệp hiện nay.",
    "Approve a schedule as it stands.",
    "dispatcher schedules approve canh-bao-thu-hai --as minh",
)
@argument("name", complete="schedule")
def approve(surface: Surface, name: str) -> None:
    schedule, actor = _load(surface, name), surface.actor()
    with surface.open_app().begin(actor)() as tx:
        _decide(tx, schedule, {Role.LEADER})
        scheduling.approve(tx, schedule)
    _told(surface, schedule, "approved")


@schedules.verb(
    "return",
    "Trả lại một lịch kèm lý do.",
    "Return a schedule with a reason.",
    "dispatcher schedules return canh-bao-thu-hai --reason 'Đổi giờ' --as minh",
)
@argument("name", complete="schedule")
@option("--reason", required=True, vi="lý do", en="reason")
def send_back(surface: Surface, name: str, reason: str) -> None:
    schedule, actor = _load(surface, name), surface.actor()
    with surface.open_app().begin(actor)() as tx:
        _decide(tx, schedule, {Role.LEADER})
        _known(tx, schedule)
        rows.move(tx, schedule.name, "returned", reason=reason)
    _told(surface, schedule, "returned")


@schedules.verb(
    "pause",
    "Tạm dừng một lịch đã duyệt.",
    "Pause an approved schedule.",
    "dispatcher schedules pause canh-bao-thu-hai",
)
@argument("name", complete="schedule")
def pause(surface: Surface, name: str) -> None:
    schedule, actor = _load(surface, name), surface.actor()
    with surface.open_app().begin(actor)() as tx:
        _decide(tx, schedule, rights.WRITERS)
        _known(tx, schedule)
        rows.move(tx, schedule.name, "paused")
    _told(surface, schedule, "paused")


def _known(tx: Tx, schedule: Schedule) -> None:
    if rows.get(tx, schedule.name) is None:
        raise refused(
            "not-submitted",
            f"Lịch «{schedule.name}» chưa được trình duyệt.",
            f"Schedule “{schedule.name}” has not been submitted.",
        )


def _told(surface: Surface, schedule: Schedule, state: str) -> None:
    if surface.json:
        surface.emit({"name": schedule.name, "state": state})
    surface.say(
        f"Lịch «{schedule.name}»: {STATES[state]}.", f"Schedule “{schedule.name}”: {state}."
    )
    surface.hint(
        f"Các lần gửi tới: dispatcher schedules next {schedule.name}",
        f"Next firings: dispatcher schedules next {schedule.name}",
    )
