"""What people see of schedules: the list, their next firings, what is wrong with their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatcher import scheduling, templating
from dispatcher.broadcasts import Preview, message_rendering, occurrences, routes, targeting
from dispatcher.broadcasts.occurrences import Outside
from dispatcher.db.broadcasts import schedules as schedule_rows
from dispatcher.db.database import Row
from dispatcher.db.ops import days_off
from dispatcher.domain import periods
from dispatcher.domain.model import HANOI, SYSTEM
from dispatcher.domain.periods import Period
from dispatcher.domain.problems import REFUSED, Problem, unknown
from dispatcher.domain.workdays import Calendar
from dispatcher.i18n import Say, Spoken
from dispatcher.scheduling import Occurrence, Schedule, Series
from dispatcher.usecases import schedules
from dispatcher.usecases.context import Context

MOST_SHOWN = 100


@dataclass(frozen=True)
class ListedSchedule:
    """One file. `schedule`: None for a broken one, whose state is `broken`."""

    name: str
    schedule: Schedule | None
    state: str
    next: datetime | None


def list_schedules(context: Context) -> list[ListedSchedule]:
    """Every schedule of the person's wards, and files that cannot be read."""
    app = context.app
    known, calendar, held = _kept(context)
    with context.read() as tx:
        mine = {name for name, schedule in known.items() if occurrences.is_mine(tx, schedule)}
    found = []
    for name in scheduling.files(app.schedules):
        schedule = known.get(name)
        if schedule is None:
            state = held[name]["state"] if name in held else "broken"
            found.append(ListedSchedule(name, None, state, None))
        elif name in mine:
            coming = schedule.next_after(app.clock(), calendar, tet=app.site.tet)
            found.append(ListedSchedule(name, schedule, held[name]["state"], coming))
    return found


def _kept(context: Context) -> tuple[dict[str, Schedule], Calendar, dict[str, Row]]:
    """The files as they are now, remembered; days off; what is known of every schedule."""
    app = context.app
    with app.begin(SYSTEM)() as tx:
        known = scheduling.keep_all(tx, app.schedules, app.site.window, tet=app.site.tet)
        return known, days_off.calendar(tx), schedule_rows.list_schedules(tx)


# --- one after another, to look at and decide ---------------------------------------------------


@dataclass(frozen=True)
class Planned:
    """A schedule of the person's wards. `preview`, `problem`: of its next firing, while it waits
    for approval; `missing`: days its cron names that some months lack."""

    name: str
    schedule: Schedule
    held: Row
    series: Series
    coming: Sequence[tuple[Occurrence, Period]]
    preview: Preview | None
    problem: Problem | None
    missing: Spoken | None


def plan(context: Context, most: int = 10) -> list[Planned]:
    """The schedules of the person's wards with their next firings."""
    app, now = context.app, context.app.clock()
    known, calendar, held = _kept(context)
    with context.read() as tx:
        mine = {n: s for n, s in known.items() if occurrences.is_mine(tx, s)}
        coming = {n: occurrences.firings(app, tx, s, most) for n, s in mine.items()}
    found = []
    for name, schedule in mine.items():
        preview, problem = None, None
        if held[name]["state"] == "submitted":
            try:
                preview = occurrences.foresee(app, context.actor, schedule)
            except Problem as raised:
                problem = raised
        until = now + scheduling.LIFE
        series = scheduling.series(schedule, calendar, now, until, tet=app.site.tet)
        found.append(
            Planned(
                name,
                schedule,
                held[name],
                series,
                coming[name],
                preview,
                problem,
                _missing(schedule),
            )
        )
    return found


def _missing(schedule: Schedule) -> Spoken | None:
    days = scheduling.skipped(schedule.cron) if schedule.cron else {}
    return scheduling.skipped_sentence(days) if days else None


@dataclass(frozen=True)
class UpcomingFirings:
    """The next firings of one schedule, its whole series, and what one firing may come to."""

    schedule: Schedule
    firings: Sequence[tuple[Occurrence, Period]]
    series: Series
    people: int | None
    dong: int | None


def upcoming(context: Context, name: str, most: int) -> UpcomingFirings:
    """The next firings of a schedule of the person's wards; another's is not there."""
    schedule = schedules.load(context, name)
    with context.read() as tx:
        if not occurrences.is_mine(tx, schedule):
            raise unknown(Say("schedule"), name, ())
        found = occurrences.firings(context.app, tx, schedule, min(most, MOST_SHOWN))
        people, dong = schedule_rows.ceiling_of(tx, schedule.name)
    return UpcomingFirings(schedule, found, schedules.whole(context, schedule), people, dong)


# --- files ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScheduleFinding:
    """What is to be said of one file. `outside`: a firing outside its hours; `days`: the months
    that lack each day; `broken`: the file cannot be used at all, for a reason no rule gave."""

    schedule: str
    code: str
    blocks: bool
    say: Spoken
    outside: Outside | None = None
    days: Mapping[int, Sequence[int]] | None = None
    broken: bool = False
    problem: Problem | None = None  # what keeps it from being used; the door adds the next step

    @property
    def file(self) -> str:
        return f"{self.schedule}.toml"


def check(context: Context, names: Sequence[str] = ()) -> list[ScheduleFinding]:
    """What is to be said of these files, or of all."""
    found: list[ScheduleFinding] = []
    for given in names or tuple(scheduling.files(context.app.schedules)):
        name = given.removesuffix(".toml")
        try:
            found += _checked(context, name)
        except Problem as problem:
            broken = problem.exit_code != REFUSED
            found.append(
                ScheduleFinding(
                    name, problem.code, True, problem.say, broken=broken, problem=problem
                )
            )
    return found


def _checked(context: Context, name: str) -> list[ScheduleFinding]:
    """What is to be said of a schedule that can be read; a broken one is a problem."""
    app = context.app
    schedule = schedules.load(context, name)
    template = templating.load(app.templates, schedule.template)
    today = app.clock().astimezone(HANOI).date()
    message_rendering.check_words(app.site, template, schedule.fields, today)
    routes.find(app.site, schedule.route)
    with context.read() as tx:
        targeting.resolve(tx, schedule.audience)
        calendar = days_off.calendar(tx)
        scheduling.refuse_same_day(schedule, calendar, app.clock(), tet=app.site.tet)
        if schedule.at is not None and not schedule_rows.has_fired(tx, schedule.name):
            periods.check_moment(schedule.at, app.clock())
        outside = occurrences.outside(app, tx, schedule)
    said = [ScheduleFinding(name, o.code, o.first.is_empty, o.told(), outside=o) for o in outside]
    missing = scheduling.skipped(schedule.cron) if schedule.cron else {}
    if missing:
        said.append(
            ScheduleFinding(
                name, "skips-months", False, scheduling.skipped_sentence(missing), days=missing
            )
        )
    return said
