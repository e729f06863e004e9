"""Schedules: looked at, submitted, approved, paused; and the emergency stop."""

from __future__ import annotations

from typing import Any

from dispatcher import scheduling
from dispatcher.broadcasts import firing, targeting
from dispatcher.db.broadcasts import schedules
from dispatcher.db.ops import days_off
from dispatcher.domain import rights
from dispatcher.domain.model import SYSTEM, Role
from dispatcher.domain.problems import Problem
from dispatcher.scheduling import Schedule
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.guard import Page, changes, reads
from dispatcher.web.signing import prove
from dispatcher.worker import timekeeping


def plan(ask: Ask) -> Answer:
    """Schedules with their next ten firings."""
    app, now = ask.app, ask.app.clock()
    with app.begin(SYSTEM)() as tx:
        known = scheduling.keep_all(tx, app.schedules, app.site.window, tet=app.site.tet)
        calendar, held = days_off.calendar(tx), schedules.listed(tx)
    with ask.read() as tx:
        mine = {n: s for n, s in known.items() if firing.is_mine(tx, s)}
        coming = {n: firing.firings(app, tx, s, 10) for n, s in mine.items()}
    found = [
        {
            "name": name,
            "s": schedule,
            "state": held[name]["state"],
            "reason": held[name]["reason"],
            "ends": held[name]["ends_at"],
            "people": held[name]["ceiling_people"],
            "dong": held[name]["ceiling_dong"],
            "series": scheduling.series(
                schedule, calendar, now, now + scheduling.LIFE, tet=app.site.tet
            ),
            "coming": coming[name],
            "seen": _foreseen(ask, schedule) if held[name]["state"] == "submitted" else None,
            "missing": scheduling.skipped(schedule.cron) if schedule.cron else {},
        }
        for name, schedule in mine.items()
    ]
    return Shown(
        "schedules.html",
        {"found": found, "approves": ask.person.role is Role.LEADER, "missing": scheduling.told},
    )


def _foreseen(ask: Ask, schedule: Schedule) -> dict[str, Any]:
    """What the next firing of a schedule that waits for approval would do, or why it cannot be."""
    try:
        return {"preview": firing.foresee(ask.app, ask.person, schedule), "problem": None}
    except Problem as problem:
        return {"preview": None, "problem": problem.say}


def _schedule(ask: Ask) -> Schedule:
    found = scheduling.load(ask.app.schedules, ask.path["name"], ask.app.site.window)
    with ask.read() as tx:
        if not firing.is_mine(tx, found):
            raise Problem("unknown-schedule", "Không có lịch này.", "No such schedule.")
        targeting.wards_of(tx, found.audience)
    return found


def submit_schedule(ask: Ask) -> Answer:
    schedule = _schedule(ask)
    firing.hand_in(ask.app, ask.person, schedule)
    return Go("/schedules")


def approve_schedule(ask: Ask) -> Answer:
    schedule = _schedule(ask)
    with ask.remembering("approve", "schedule", schedule.name):
        with ask.app.store.read(SYSTEM) as tx:
            timekeeping.trust(tx, ask.app.clock)
        prove(ask)
        rights.need(ask.person, {Role.LEADER}, "phê duyệt", "approve")
        firing.foresee(ask.app, ask.person, schedule)
        with ask.begin() as tx:
            rights.need(tx.actor, {Role.LEADER}, "phê duyệt", "approve")
            scheduling.approve(tx, schedule, tet=ask.app.site.tet)
    return Go("/schedules")


def pause_schedule(ask: Ask) -> Answer:
    schedule = _schedule(ask)
    with ask.begin() as tx:
        schedules.move(tx, schedule.name, "paused")
    return Go("/schedules")


def stop_all(ask: Ask) -> Answer:
    """The emergency stop, of everything the person looks after."""
    with ask.begin() as tx:
        firing.stop_everything(ask.app, tx)
    return Go("/broadcasts")


PAGES: list[Page] = [
    reads("/schedules", plan),
    changes("/schedules/{name}/submit", submit_schedule),
    changes("/schedules/{name}/approve", approve_schedule, (Role.LEADER,)),
    changes("/schedules/{name}/pause", pause_schedule),
    changes("/stop-all", stop_all),
]
