"""schedules/*.toml: what is sent to whom, when, and what a day off does to it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from dispatcher.config import Section, read_text, read_toml, take_duration, take_window
from dispatcher.domain.model import HANOI, Audience, Window
from dispatcher.domain.periods import check_life
from dispatcher.domain.problems import USAGE, Problem, unknown
from dispatcher.domain.workdays import Calendar
from dispatcher.i18n import NOTHING, Both, Say, Spoken
from dispatcher.scheduling.days import never_comes
from dispatcher.scheduling.times import read_moment, within_reason

_WEEKDAY_DIGIT = re.compile(r"\d")
NO_DAYS_OFF = Calendar()
AROUND = timedelta(days=20)  # how far a day off can move a firing: Tết is shorter
MOST_LOOKED_AT = 20_000  # firings, where days off skip nearly all of them
DAYS = ("first-working-day", "last-working-day")
HOLIDAYS = ("send", "skip", "before", "after")


@dataclass(frozen=True)
class Schedule:
    """One file, read and checked."""

    name: str
    title: str
    template: str
    route: str
    cron: str | None
    at: datetime | None
    window: Window
    expires_after: timedelta
    fields: Mapping[str, str]
    audience: Audience
    accented: bool
    digest: str
    source: str
    day: str = ""  # first-working-day | last-working-day of each month
    clock: time = time(9)
    holidays: str = "send"  # send | skip | before | after: what happens on a day off
    despite: str = ""  # why it goes out whatever courtesy says
    again: str = ""  # why the same words go to the same people within a day

    def occurrences(
        self, after: datetime, calendar: Calendar, *, tet: bool = True
    ) -> Iterator[Occurrence]:
        """Every firing after `after` in order, those that are skipped with their reason.

        `tet`: whether nothing starts from the eve to the third day of Tết.
        """
        moved = self.holidays in ("before", "after")
        start = after - AROUND if moved else after
        waiting: list[Occurrence] = []
        for nominal in self._nominal(start, calendar):
            ready = [o for o in waiting if o.at < nominal - AROUND] if moved else waiting
            waiting = [o for o in waiting if o not in ready]
            yield from sorted(ready, key=lambda o: o.at)
            found = self._settled(nominal, calendar, tet)
            if found.at > after and all(found.at != o.at for o in waiting):
                waiting.append(found)
        yield from sorted(waiting, key=lambda o: o.at)

    def _nominal(self, after: datetime, calendar: Calendar) -> Iterator[datetime]:
        """What the file says, days off or not."""
        if self.at is not None:
            if self.at > after:
                yield self.at
            return
        if self.day:
            local = after.astimezone(HANOI)
            year, month = local.year, local.month
            for step in range(-1, 121):
                y, m = divmod(year * 12 + month - 1 + step, 12)
                pick = calendar.first_working if self.day.startswith("f") else calendar.last_working
                found = datetime.combine(pick(y, m + 1), self.clock, HANOI)
                if found > after:
                    yield found
            return
        from apscheduler.triggers.cron import CronTrigger

        trigger = CronTrigger.from_crontab(self.cron, timezone=HANOI)
        moment: datetime | None = after
        for _ in range(MOST_LOOKED_AT):
            assert moment is not None
            moment = trigger.get_next_fire_time(None, moment + timedelta(microseconds=1))
            if moment is None:
                return
            yield moment

    def _settled(self, nominal: datetime, calendar: Calendar, tet: bool) -> Occurrence:
        """One nominal firing as it will be: sent, moved or skipped."""
        day = nominal.astimezone(HANOI).date()
        goes_out = self.window.next_opening(nominal).astimezone(HANOI).date()
        if self.holidays in ("before", "after") and not calendar.is_working(day):
            other = calendar.next_working(day, 1 if self.holidays == "after" else -1)
            why = calendar.closed(day)
            nominal = datetime.combine(other, nominal.astimezone(HANOI).time(), HANOI)
            return Occurrence(nominal, True, why, day)
        if self.holidays == "skip" and not calendar.is_working(day):
            return Occurrence(nominal, False, calendar.closed(day))
        if tet and not self.despite and goes_out in calendar.tet:
            name = calendar.tet[goes_out]
            return Occurrence(nominal, False, Both(name, name))
        return Occurrence(nominal, True)

    def next_after(
        self, after: datetime, calendar: Calendar = NO_DAYS_OFF, *, tet: bool = True
    ) -> datetime | None:
        """The first firing after `after` that is not skipped; None when there is none left."""
        return next((o.at for o in self.occurrences(after, calendar, tet=tet) if o.sends), None)


@dataclass(frozen=True)
class Occurrence:
    """One firing of a schedule. `why`: what is in the way; `was`: the day it was moved from."""

    at: datetime
    sends: bool
    why: Spoken | None = None
    was: date | None = None


def files(folder: Path) -> dict[str, Path]:
    return {p.stem: p for p in sorted(folder.glob("*.toml"))}


def load(folder: Path, name: str, default: Window) -> Schedule:
    """The schedule called `name`."""
    known = files(folder)
    if name.removesuffix(".toml") not in known:
        raise unknown(Say("schedule"), name, known)
    return parse(known[name.removesuffix(".toml")], default)


def parse(path: Path, default: Window) -> Schedule:
    """A schedule file. Trouble names file and line."""
    source = read_text(path)
    top = Section(read_toml(path, source), "", path, source)
    title, template = top.required("title", str), top.required("template", str)
    route = top.required("route", str)
    cron = top.take("cron", str)
    when = top.take("at", (datetime, date, str))
    day, hour = top.take("day", str, ""), top.take("time", str, "")
    if [cron is not None, when is not None, bool(day)].count(True) != 1:
        raise top.problem(
            "cron",
            Say("give one of cron, at and day."),
        )
    if day and (day not in DAYS or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", hour)):
        raise top.problem(
            "day",
            Say('“day” is first-working-day or last-working-day, with time = "09:00".'),
        )
    on_days_off = top.take("holidays", str, "send")
    if on_days_off not in HOLIDAYS:
        raise top.problem(
            "holidays",
            Say("“holidays” is send, skip, before (the working day before) or after."),
        )
    if cron is not None:
        check_cron(top, cron)
    audience = _audience(Section(top.take("audience", dict, {}), "audience", path, source))
    values = top.take("fields", dict, {})
    life = take_duration(top, "expires_after", None)
    fields = {str(k): str(v) for k, v in values.items()}
    found = Schedule(
        path.stem,
        title,
        template,
        route,
        cron,
        None if when is None else _moment(top, when),
        take_window(top, "window", default),
        timedelta(hours=6) if life is None else life,
        fields,
        audience,
        top.take("accented", bool, False),
        hashlib.sha256(source.encode()).hexdigest(),
        source,
        day,
        time.fromisoformat(hour) if day else time(9),
        on_days_off,
        top.take("despite", str, "").strip(),
        top.take("again", str, "").strip(),
    )
    top.close()
    check_life(found.expires_after)
    return found


def _audience(section: Section) -> Audience:
    one_per = section.take("one_per", str, "phone")
    if one_per not in ("phone", "household"):
        raise section.problem(
            "one_per",
            Say('“one_per” is "phone" or "household".'),
        )
    audience = Audience(
        section.strings("wards"),
        section.strings("residential_groups"),
        section.strings("groups"),
        section.strings("exclude_groups"),
        one_per,
    )
    section.close()
    if not audience.wards and not audience.groups:
        raise section.problem(
            None,
            Say("[audience] names nobody: give wards or groups."),
        )
    return audience


def check_cron(section: Section, cron: str) -> None:
    """Five fields; weekdays by name only, because digits mean different days to different tools."""
    parts = cron.split()
    problem = None
    if len(parts) != 5:
        problem = Say(
            'cron needs 5 fields, like "0 9 * * mon".',
        )
    elif _WEEKDAY_DIGIT.search(parts[4]):
        problem = Say(
            "weekdays are written by name: mon, tue, wed, thu, fri, sat, sun.",
        )
    else:
        from apscheduler.triggers.cron import CronTrigger

        try:
            CronTrigger.from_crontab(cron, timezone=HANOI)
        except ValueError:
            problem = Say(
                'cannot read cron "{cron}"; a good one: "0 9 * * mon".',
                cron=cron,
            )
    if problem:
        raise section.problem("cron", problem)
    if never_comes(cron):
        raise Problem(
            "never-fires",
            Say('cron "{cron}" names days that no month of it has: it never fires.', cron=cron),
            exit_code=USAGE,
            where=section.problem("cron", NOTHING).where,
        )


def _moment(section: Section, value: Any) -> datetime:
    try:
        return within_reason(read_moment(value))
    except ValueError:
        raise section.problem(
            "at",
            Say("“at” needs date and time, like 2026-12-01T08:00:00+07:00."),
        ) from None
