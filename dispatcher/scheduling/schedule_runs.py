"""One firing exactly once, whoever ticks, as long as its approval counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dispatcher.db.broadcasts import schedules
from dispatcher.db.contacts import areas
from dispatcher.db.database import Tx
from dispatcher.db.ops import days_off
from dispatcher.db.schema import moment
from dispatcher.db.staff import people
from dispatcher.domain import periods
from dispatcher.domain.model import Window
from dispatcher.domain.periods import Period
from dispatcher.domain.problems import Problem
from dispatcher.domain.workdays import Calendar
from dispatcher.scheduling.files import NO_DAYS_OFF, Schedule, files, load

BACK = timedelta(days=3)  # how long before its life begins something may have been due
Fire = Callable[[Tx, Schedule, int, int | None, datetime], int]
Ahead = Callable[[Schedule], Callable[[datetime], Period]]  # the period of each firing


def by_own_hours(schedule: Schedule) -> Callable[[datetime], Period]:
    """Periods by the hours of the file alone; a route may have hours of its own."""
    return lambda at: periods.period(at, schedule.expires_after, [schedule.window])


def keep_all(tx: Tx, folder: Path, default: Window, *, tet: bool = True) -> dict[str, Schedule]:
    """Every schedule file, remembered with its next moment; broken ones are left out."""
    found = {}
    for name in files(folder):
        try:
            found[name] = load(folder, name, default)
        except Problem:
            continue  # `schedules check` says what is wrong; a broken file sends nothing
    held, calendar = schedules.list_schedules(tx), days_off.calendar(tx)
    for name, schedule in found.items():
        row = held.get(name)
        if row is None or row["digest"] != schedule.digest:
            schedules.keep(tx, name, schedule.digest, schedule.source)
            row = schedules.get(tx, name)
        assert row is not None
        if row["next_fire_at"] is None and row["state"] != "ended":
            upcoming = schedule.next_after(tx.now, calendar, tet=tet)
            if upcoming is not None:
                schedules.set_next(tx, row["id"], upcoming)
    return found


def run_due(
    tx: Tx,
    known: Mapping[str, Schedule],
    worker: str,
    fire: Fire,
    *,
    tet: bool = True,
    ahead: Ahead = by_own_hours,
) -> list[str]:
    """Fire what is due: each (schedule, moment) once, however many workers tick.

    An approved and unedited schedule releases; any other makes a draft and sends nothing. Too late
    is `missed`, never late; after a gap what is still in time goes out once. An approval ends
    after half a year, and with whoever gave it.
    """
    fired = []
    due = schedules.due(tx)
    calendar = days_off.calendar(tx) if due else NO_DAYS_OFF
    for row in due:
        schedule = known.get(row["name"])
        if schedule is None or schedule.digest != row["digest"]:
            continue
        fire_at = moment(row["next_fire_at"])
        if row["state"] == "approved" and (why := _over(tx, row, schedule, fire_at)):
            schedules.end(tx, row["name"], why)
            fired.append(f"{row['name']}: ended")
            continue
        # the table of days off may have changed since this moment was chosen
        just_before = fire_at - timedelta(microseconds=1)
        today = next(schedule.occurrences(just_before, calendar, tet=tet), None)
        skipped = today is None or today.at != fire_at or not today.sends
        occurrence = schedules.fire(tx, row["id"], fire_at, worker)
        when = ahead(schedule)
        late = when(fire_at).until <= tx.now
        schedules.set_next(tx, row["id"], _next(schedule, fire_at, tx.now, when, calendar, tet))
        if occurrence is None:
            continue
        approved = row["state"] == "approved" and row["approved_digest"] == schedule.digest
        if late or skipped:
            state = "skipped" if skipped else "missed"
            schedules.note_occurrence(tx, occurrence, state, None)
            fired.append(f"{row['name']}: {state}")
            continue
        approver = row["approved_by"] if approved else None
        broadcast = fire(tx, schedule, row["id"], approver, fire_at)
        schedules.note_occurrence(tx, occurrence, "released" if approved else "draft", broadcast)
        fired.append(f"{row['name']}: {broadcast}")
    return fired


def _next(
    schedule: Schedule,
    fired: datetime,
    now: datetime,
    when: Callable[[datetime], Period],
    calendar: Calendar,
    tet: bool,
) -> datetime | None:
    """After a firing in time the first in the future; after a gap the first not too late yet."""
    if fired > now or when(fired).until > now or when(fired).is_empty:
        return schedule.next_after(max(fired, now), calendar, tet=tet)
    since = max(fired, now - schedule.expires_after - BACK)
    coming = schedule.occurrences(since, calendar, tet=tet)
    return next((o.at for o in coming if o.sends and when(o.at).until > now), None)


def _over(tx: Tx, row: Mapping[str, Any], schedule: Schedule, fire_at: datetime) -> str:
    """Why an approval counts no longer; empty while it does."""
    if row["ends_at"] is not None and moment(row["ends_at"]) <= fire_at:
        return "half_a_year"
    if not schedules.approver_acts(tx, row["approved_by"]):
        return "approver_left"
    approver = people.as_actor(tx, people.by_id(tx, row["approved_by"]))
    return "" if covers(tx, approver.wards, schedule) else "approver_left"


def covers(tx: Tx, wards: Collection[int] | None, schedule: Schedule) -> bool:
    """True when everyone a schedule writes to is of these wards; None: the whole site."""
    if wards is None:
        return True
    chosen = schedule.audience
    if not chosen.wards or chosen.groups:
        return False
    return {w.id for w in areas.wards_named(tx, chosen.wards)} <= set(wards)
