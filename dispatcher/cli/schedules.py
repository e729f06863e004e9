"""schedules: list, check, next, submit, approve, return, pause."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dispatcher import scheduling, templating
from dispatcher.broadcasts import Preview, firing, routes, targeting, wording
from dispatcher.cli import series
from dispatcher.cli.previewed import tell_times
from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.db.broadcasts import schedules as rows
from dispatcher.db.database import Tx
from dispatcher.db.ops import days_off
from dispatcher.domain import periods, rights
from dispatcher.domain.model import HANOI, SYSTEM, Role
from dispatcher.domain.periods import clock
from dispatcher.domain.problems import OK, REFUSED, USAGE, Problem, Say, refused, unknown
from dispatcher.reports.reporting import number
from dispatcher.scheduling import Schedule, Series
from dispatcher.usecases.context import refusals
from dispatcher.worker import timekeeping

schedules = Group(Say("Lịch gửi.", "Schedules."))
STATES = {
    "draft": "nháp",
    "submitted": "trình duyệt",
    "approved": "đã duyệt",
    "returned": "trả lại",
    "paused": "tạm dừng",
    "ended": "đã hết",
}
WEEKDAYS = [
    Say(vi, en)
    for vi, en in (
        ("thứ hai", "Mon"), ("thứ ba", "Tue"), ("thứ tư", "Wed"), ("thứ năm", "Thu"),
        ("thứ sáu", "Fri"), ("thứ bảy", "Sat"), ("chủ nhật", "Sun"),
    )
]  # fmt: skip


NEXT = ("starts_at", "expires_at", "late")  # told of the next firing where it is decided


def _load(surface: Surface, name: str) -> Schedule:
    app = surface.open_app()
    return scheduling.load(app.schedules, name, app.site.window)


@schedules.verb("list", "Liệt kê lịch gửi.", "List schedules.", "dispatcher schedules list")
def list_schedules(surface: Surface) -> None:
    app = surface.open_app()
    with app.begin(surface.actor())() as tx:
        known = scheduling.keep_all(tx, app.schedules, app.site.window, tet=app.site.tet)
        calendar = days_off.calendar(tx)
        held = rows.listed(tx)
        mine = {name for name, schedule in known.items() if firing.is_mine(tx, schedule)}
        if tx.connection.info["touched"]:
            tx.note("read", "schedules", "files")
    found: list[dict[str, Any]] = []
    for name in scheduling.files(app.schedules):
        schedule = known.get(name)
        if schedule is not None and name not in mine:
            continue
        upcoming = None
        if schedule is not None:
            upcoming = schedule.next_after(app.clock(), calendar, tet=app.site.tet)
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
    broken: list[Problem] = []
    found: list[dict[str, Any]] = []
    for given in names or tuple(scheduling.files(app.schedules)):
        name = given.removesuffix(".toml")
        whose = {"schedule": name, "file": f"{name}.toml"}
        try:
            found += [{**whose, **said} for said in _looked_at(surface, name)]
        except Problem as problem:
            broken.append(problem)
            found.append(
                {
                    **whose,
                    "code": problem.code,
                    "severity": "block",
                    "message": problem.to(surface.language),
                }
            )
    refused_ = sum(f["severity"] == "block" for f in found)
    if surface.json:
        surface.emit(found)
    else:
        for f in found:
            named = f["message"].startswith(f["file"])
            surface.say(f["message"] if named else f"{f['file']}: {f['message']}")
        warned = len(found) - refused_
        vi, en = f"{refused_} lịch có vấn đề", f"{refused_} schedules have problems"
        if warned:
            vi = f"{vi}, {warned} điều cần biết" if refused_ else f"{warned} điều cần biết"
            en = f"{en}, {warned} things to know" if refused_ else f"{warned} things to know"
        surface.say(f"{vi}.", f"{en}.")
    if any(p.exit_code != REFUSED for p in broken):
        return USAGE
    return REFUSED if refused_ else OK


def _looked_at(surface: Surface, name: str) -> list[dict[str, Any]]:
    """What is to be said of a schedule that can be read; a broken one is a problem."""
    app = surface.open_app()
    schedule = scheduling.load(app.schedules, name, app.site.window)
    template = templating.load(app.templates, schedule.template)
    today = app.clock().astimezone(HANOI).date()
    wording.check_words(app.site, template, schedule.fields, today)
    routes.find(app.site, schedule.route)
    with app.store.read(surface.actor()) as tx:
        targeting.resolve(tx, schedule.audience)
        calendar = days_off.calendar(tx)
        scheduling.refuse_same_day(schedule, calendar, app.clock(), tet=app.site.tet)
        if schedule.at is not None and not rows.has_fired(tx, schedule.name):
            periods.check_moment(schedule.at, app.clock())
        found = firing.outside(app, tx, schedule)
    said: list[dict[str, Any]] = [
        {
            "code": one.code,
            "severity": "block" if one.first.is_empty else "warn",
            "fires_at": _when(one.first.asked),
            **one.first.as_json(),
            "firings": one.firings,
            "message": one.told().to(surface.language),
        }
        for one in found
    ]
    missing = scheduling.skipped(schedule.cron) if schedule.cron else {}
    if missing:
        said.append(
            {
                "code": "skips-months",
                "severity": "warn",
                "days": {str(day): months for day, months in missing.items()},
                "message": scheduling.told(missing).to(surface.language),
            }
        )
    return said


@schedules.verb(
    "next",
    "Các lần gửi sắp tới của một lịch.",
    "The next firings of a schedule.",
    "dispatcher schedules next canh-bao-thu-hai",
)
@argument("name", complete="schedule")
@option("--count", default=10, vi="bao nhiêu lần", en="how many")
def upcoming(surface: Surface, name: str, count: int) -> None:
    app, schedule = surface.open_app(), _load(surface, name)
    with app.store.read(surface.actor()) as tx:
        if not firing.is_mine(tx, schedule):
            raise unknown(Say("lịch gửi", "schedule"), name, ())
        found = firing.firings(app, tx, schedule, min(count, 100))
    if surface.json:
        surface.emit(
            [
                {
                    "at": _when(o.at),
                    "sends": o.sends,
                    "why": o.why.to(surface.language) if o.why else None,
                    "was": o.was.isoformat() if o.was else None,
                    **ahead.as_json(),
                }
                for o, ahead in found
            ]
        )
        return
    for occurrence, ahead in found:
        local = occurrence.at.astimezone(HANOI)
        line = f"{WEEKDAYS[local.weekday()].to(surface.language)} {local:%d/%m/%Y %H:%M}"
        if not occurrence.sends:
            assert occurrence.why is not None
            line += surface.text(
                f"  bỏ qua: {occurrence.why.vi}", f"  skipped: {occurrence.why.en}"
            )
        elif occurrence.was and occurrence.why:
            line += surface.text(
                f"  dời từ {occurrence.was:%d/%m}: {occurrence.why.vi}",
                f"  moved from {occurrence.was:%d/%m}: {occurrence.why.en}",
            )
        elif ahead.waits:
            line += surface.text(
                f"  ngoài khung giờ: gửi từ {clock(ahead.start)} tới {clock(ahead.until)}",
                f"  outside its hours: sent from {clock(ahead.start)} to {clock(ahead.until)}",
            )
        surface.say(line)
    if not found:
        surface.say("Không còn lần gửi nào.", "Nothing left to fire.")
        return
    with app.store.read(surface.actor()) as tx:
        people, dong = rows.ceiling_of(tx, schedule.name)
    series.tell(surface, schedule, _series(surface, schedule), people, dong)


def _decide(tx: Tx, schedule: Schedule, roles: Collection[Role]) -> None:
    """Refuse to those in another role, and for people of other wards."""
    rights.need(tx.actor, roles, "quyết định lịch gửi", "decide on schedules")
    _mine(tx, schedule)


def _mine(tx: Tx, schedule: Schedule) -> None:
    if not firing.is_mine(tx, schedule):
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
    with app.store.read(actor) as tx:
        _decide(tx, schedule, rights.WRITERS)
    found, people, dong = firing.hand_in(app, actor, schedule)
    whole = _series(surface, schedule)
    surface.say(
        f"Mỗi lần tới {number(found.queued)} người, nhiều nhất {number(found.total)} đồng; "
        f"duyệt tới mức {number(people)} người, {number(dong)} đồng, trong 6 tháng.",
        f"Each time {found.queued} people, at most {found.total} đồng; the approval covers "
        f"{people} people and {dong} đồng for six months.",
    )
    series.tell(surface, schedule, whole, people, dong)
    tell_times(surface, found)
    _told(surface, schedule, "submitted", found, series.as_json(schedule, whole, people, dong))


@schedules.verb(
    "approve",
    "Duyệt một lịch đúng như tệp hiện nay.",
    "Approve a schedule as it stands.",
    "dispatcher schedules approve canh-bao-thu-hai --as minh",
)
@argument("name", complete="schedule")
def approve(surface: Surface, name: str) -> None:
    app, schedule, actor = surface.open_app(), _load(surface, name), surface.actor()
    with app.store.read(actor) as tx:
        timekeeping.trust(tx, app.clock)
    with refusals(app.begin(SYSTEM), actor, "approve", "schedule", schedule.name):
        with app.store.read(actor) as tx:
            _decide(tx, schedule, {Role.LEADER})
        found = firing.foresee(app, actor, schedule)
        with app.begin(actor)() as tx:
            _decide(tx, schedule, {Role.LEADER})
            scheduling.approve(tx, schedule, tet=app.site.tet)
            people, dong = rows.ceiling_of(tx, schedule.name)
    whole = _series(surface, schedule)
    series.tell(surface, schedule, whole, people, dong)
    tell_times(surface, found)
    _told(surface, schedule, "approved", found, series.as_json(schedule, whole, people, dong))


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
        _mine(tx, schedule)  # like stopping, it asks no name
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


def _series(surface: Surface, schedule: Schedule) -> Series:
    """Every firing that an approval of this moment covers."""
    app = surface.open_app()
    with app.store.read(surface.actor()) as tx:
        return scheduling.whole(tx, schedule, app.clock(), tet=app.site.tet)


def _told(
    surface: Surface,
    schedule: Schedule,
    state: str,
    found: Preview | None = None,
    whole: dict[str, Any] | None = None,
) -> None:
    if surface.json:
        told: dict[str, Any] = {"series": whole} if whole else {}
        if found is not None:
            told |= {k: found.as_json()[k] for k in NEXT}
        surface.emit({"name": schedule.name, "state": state, **told})
    surface.say(
        f"Lịch «{schedule.name}»: {STATES[state]}.", f"Schedule “{schedule.name}”: {state}."
    )
    surface.hint(
        f"Các lần gửi tới: dispatcher schedules next {schedule.name}",
        f"Next firings: dispatcher schedules next {schedule.name}",
    )
