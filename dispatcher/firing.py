"""An occurrence of a schedule becomes a broadcast; and what one would reach and cost."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime

from dispatcher import planning, rights, scheduling, templating, wording
from dispatcher.app import App, beside_it, draft, resolver, speeds
from dispatcher.auditing import refusals
from dispatcher.model import HANOI, SYSTEM, Actor
from dispatcher.problems import refused
from dispatcher.scheduling import Schedule
from dispatcher.store import areas, broadcasts, days_off, repeats, schedules
from dispatcher.store.database import Tx


def drafted(app: App, tx: Tx, schedule: Schedule, schedule_id: int | None) -> int:
    """A draft as the file of a schedule says; its id."""
    return draft(
        app,
        tx,
        template=templating.load(app.templates, schedule.template),
        audience=schedule.audience,
        route_name=schedule.route,
        fields=schedule.fields,
        title=schedule.title,
        expires_after=schedule.expires_after,
        window=schedule.window,
        accented=schedule.accented,
        schedule_id=schedule_id,
    )


def fire(
    app: App, tx: Tx, schedule: Schedule, schedule_id: int, approver: int | None, fire_at: datetime
) -> int:
    """One occurrence becomes a broadcast: released under approval, else a draft to look at.

    Under approval it keeps the ceiling the schedule was approved with.
    """
    made = drafted(app, tx, schedule, schedule_id)
    again, again_of = schedule.again, schedules.again_of(tx, schedule_id)
    if again:
        repeats.explain(tx, broadcasts.get(tx, made), again, again_of)
    if approver is not None:
        people, dong = schedules.ceiling(tx, schedule_id)
        planning.system_approve(tx, broadcasts.get(tx, made), approver, people, dong)
        planning.schedule(tx, broadcasts.get(tx, made), fire_at)
    return made


class _Undone(Exception):
    pass


def foresee(app: App, actor: Actor, schedule: Schedule) -> planning.Preview:
    """What one firing would do today, by drafting and releasing it in a transaction thrown away."""
    found: list[planning.Preview] = []
    try:
        with app.begin(actor)() as tx:
            row = schedules.get(tx, schedule.name)
            made = drafted(app, tx, schedule, row["id"] if row is not None else None)
            first = schedule.next_after(tx.now, days_off.calendar(tx), tet=app.site.tet)
            broadcast = replace(broadcasts.get(tx, made), at=first)
            words = wording.words(app.site, tx, broadcast)
            rates = speeds(app.site, tx)
            found.append(
                planning.preview(
                    lambda: nullcontext(tx),
                    broadcast,
                    words,
                    resolver(app, broadcast),
                    rates,
                    beside=beside_it(app, broadcast, tx),
                )
            )
            raise _Undone
    except _Undone:
        pass
    return found[0]


def is_mine(tx: Tx, schedule: Schedule) -> bool:
    """True when everyone a schedule writes to is of the actor's wards."""
    return scheduling.covers(tx, tx.actor.wards, schedule)


def touches(tx: Tx, schedule: Schedule) -> bool:
    """True when a schedule writes to anybody of the actor's wards, or may."""
    if tx.actor.wards is None or not schedule.audience.wards or schedule.audience.groups:
        return True
    return bool({w.id for w in areas.wards_named(tx, schedule.audience.wards)} & tx.actor.wards)


@dataclass(frozen=True)
class Stopped:
    """What an emergency stop ended: broadcasts, messages cancelled, schedules that pause."""

    broadcasts: list[int]
    cancelled: int
    schedules: list[str]


def stop_everything(app: App, tx: Tx) -> Stopped:
    """End every broadcast the actor may stop, and pause every approved schedule.

    Every door stops through here. A schedule whose file is gone or broken pauses too: it would
    send again as soon as the file is mended.
    """
    ended, cancelled = planning.stop_all(tx)
    known = scheduling.keep_all(tx, app.schedules, app.site.window, tet=app.site.tet)
    paused = [
        name
        for name, row in schedules.listed(tx).items()
        if row["state"] == "approved" and (name not in known or touches(tx, known[name]))
    ]
    for name in paused:
        schedules.move(tx, name, "paused")
    tx.note("stopped_all", "site", "", broadcasts=ended, schedules=paused)
    return Stopped(ended, cancelled, paused)


def hand_in(app: App, actor: Actor, schedule: Schedule) -> tuple[planning.Preview, int, int]:
    """Submit a schedule with what one firing may reach and cost; lists grow in half a year.

    (what one firing would do today, most people, most đồng)
    """
    today = app.clock().astimezone(HANOI).date()
    template = templating.load(app.templates, schedule.template)
    wording.check_words(app.site, template, schedule.fields, today)
    with app.store.read(actor) as tx:
        calendar = days_off.calendar(tx)
    scheduling.refuse_same_day(schedule, calendar, app.clock(), tet=app.site.tet)
    found = foresee(app, actor, schedule)
    if found.unexplained and not schedule.again:
        raise planning.same_words(found.unexplained, in_file=True)
    if not found.queued:
        raise refused(
            "nobody",
            "Không có ai nhận được tin này; kiểm tra người nhận và danh bạ.",
            "Nobody would receive this; check the audience and the list.",
        )
    people = found.people + max(10, found.people // 5)
    dong = found.total + max(10_000, found.total // 5)
    with refusals(app.begin(SYSTEM), actor, "submit", "schedule", schedule.name):
        with app.begin(actor)() as tx:
            rights.need(tx.actor, rights.WRITERS, "trình lịch gửi", "submit schedules")
            scheduling.submit(tx, schedule, people, dong, again_of=found.repeated, tet=app.site.tet)
    return found, people, dong
