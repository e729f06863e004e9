"""Schedules: submitted, approved, returned, paused.

Comes from: a file of the site and a person.   Goes to: an approval for half a year, or none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dispatcher import broadcasts as planning
from dispatcher import scheduling, templating
from dispatcher.broadcasts import Preview, message_rendering, occurrences
from dispatcher.db.broadcasts import schedules
from dispatcher.db.database import Tx
from dispatcher.db.ops import days_off
from dispatcher.domain import rights
from dispatcher.domain.model import HANOI, Role
from dispatcher.domain.problems import refused
from dispatcher.i18n import Say
from dispatcher.scheduling import Schedule, Series
from dispatcher.usecases.context import Context

__all__ = [
    "Decided",
    "Schedule",
    "Series",
    "approve",
    "load",
    "pause",
    "send_back",
    "submit",
    "whole",
]
MORE_PEOPLE, MORE_DONG = 10, 10_000  # what one firing may reach and cost beyond the next one's


@dataclass(frozen=True)
class Decided:
    """A schedule after an act. `preview`: what its next firing would do; `series`: every firing of
    its approval; `people`, `dong`: of one firing at most. None after a return or a pause."""

    schedule: Schedule
    state: str
    preview: Preview | None = None
    series: Series | None = None
    people: int | None = None
    dong: int | None = None


def submit(context: Context, name: str) -> Decided:
    """Hand a schedule in with what one firing may reach and cost; lists grow in half a year."""
    app, schedule = context.app, load(context, name)
    with context.remembering("submit", "schedule", schedule.name):
        with context.read() as tx:
            _in_charge(tx, schedule, rights.WRITERS)
            calendar = days_off.calendar(tx)
        today = app.clock().astimezone(HANOI).date()
        template = templating.load(app.templates, schedule.template)
        message_rendering.check_words(app.site, template, schedule.fields, today)
        scheduling.refuse_same_day(schedule, calendar, app.clock(), tet=app.site.tet)
        found = occurrences.foresee(app, context.actor, schedule)
        if found.unexplained and not schedule.again:
            raise planning.same_words(found.unexplained, in_file=True)
        if not found.queued:
            raise refused(
                "nobody",
                Say("Nobody would receive this; check the audience and the list."),
            )
        people = found.people + max(MORE_PEOPLE, found.people // 5)
        dong = found.total + max(MORE_DONG, found.total // 5)
        with context.begin() as tx:
            _in_charge(tx, schedule, rights.WRITERS)
            scheduling.submit(tx, schedule, people, dong, again_of=found.repeated, tet=app.site.tet)
    return Decided(schedule, "submitted", found, whole(context, schedule), people, dong)


def approve(context: Context, name: str) -> Decided:
    """Approve a schedule as its file stands now, for half a year."""
    app, schedule = context.app, load(context, name)
    with context.remembering("approve", "schedule", schedule.name):
        context.trust_the_clock()
        with context.read() as tx:
            _in_charge(tx, schedule, {Role.LEADER})
        context.prove()
        found = occurrences.foresee(app, context.actor, schedule)
        with context.begin() as tx:
            _in_charge(tx, schedule, {Role.LEADER})
            scheduling.approve(tx, schedule, tet=app.site.tet)
            people, dong = schedules.ceiling_of(tx, schedule.name)
    return Decided(schedule, "approved", found, whole(context, schedule), people, dong)


def send_back(context: Context, name: str, reason: str) -> Decided:
    """Return a schedule with a reason."""
    schedule = load(context, name)
    with context.act("return", "schedule", schedule.name) as tx:
        _in_charge(tx, schedule, {Role.LEADER})
        _submitted_before(tx, schedule)
        schedules.move(tx, schedule.name, "returned", reason=reason)
    return Decided(schedule, "returned")


def pause(context: Context, name: str) -> Decided:
    """Pause an approved schedule. Like stopping, it asks no name."""
    schedule = load(context, name)
    with context.act("pause", "schedule", schedule.name) as tx:
        rights.need_role(tx.actor, rights.WRITERS, Say("pause schedules"))
        _mine(tx, schedule)
        _submitted_before(tx, schedule)
        schedules.move(tx, schedule.name, "paused")
    return Decided(schedule, "paused")


def load(context: Context, name: str) -> Schedule:
    """The file of a schedule as it is now."""
    return scheduling.load(context.app.schedules, name, context.app.site.window)


def whole(context: Context, schedule: Schedule) -> Series:
    """Every firing that an approval of this moment covers."""
    with context.read() as tx:
        return scheduling.whole(tx, schedule, context.app.clock(), tet=context.app.site.tet)


def _in_charge(tx: Tx, schedule: Schedule, roles: Collection[Role]) -> None:
    """Refuse to those in another role, and for people of other wards."""
    rights.need(tx.actor, roles, Say("decide on schedules"))
    _mine(tx, schedule)


def _mine(tx: Tx, schedule: Schedule) -> None:
    if not occurrences.is_mine(tx, schedule):
        raise refused(
            "not-your-ward",
            Say(
                "“{name}” writes to people outside the wards of {name2}.",
                name=schedule.name,
                name2=tx.actor.name,
            ),
        )


def _submitted_before(tx: Tx, schedule: Schedule) -> None:
    if schedules.get(tx, schedule.name) is None:
        raise refused(
            "not-submitted",
            Say("Schedule “{name}” has not been submitted.", name=schedule.name),
        )
