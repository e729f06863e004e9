"""An occurrence of a schedule becomes a broadcast; and what one would reach and cost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from dispatcher import broadcasts as planning
from dispatcher import scheduling, templating
from dispatcher.broadcasts import message_rendering, routes
from dispatcher.broadcasts.application import App, beside_it, draft_broadcast, resolver, speeds
from dispatcher.broadcasts.hours import other_routes, vendor_hours
from dispatcher.db.broadcasts import broadcasts, repeats, schedules
from dispatcher.db.contacts import areas
from dispatcher.db.database import Tx
from dispatcher.db.ops import days_off
from dispatcher.domain import periods
from dispatcher.domain.model import HANOI, ORDINARY, URGENT, Actor
from dispatcher.domain.periods import Period, clock
from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import NOTHING, Say, Spoken
from dispatcher.scheduling import Occurrence, Schedule

LOOKS_AHEAD = timedelta(days=366)  # for firings outside their hours
MOST_FIRINGS = 400


def drafted(app: App, tx: Tx, schedule: Schedule, schedule_id: int | None) -> int:
    """A draft as the file of a schedule says; its id."""
    new = planning.NewBroadcast(
        template=schedule.template,
        audience=schedule.audience,
        route=schedule.route,
        fields=schedule.fields,
        title=schedule.title,
        expires_after=schedule.expires_after,
        window=schedule.window,
        accented=schedule.accented,
    )
    return draft_broadcast(
        app, tx, templating.load(app.templates, schedule.template), new, schedule_id
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


def ahead(app: App, schedule: Schedule) -> Callable[[datetime], Period]:
    """From when until when each firing of a schedule is sent, by its hours and its route's."""
    try:
        chosen, steps = routes.find(app.site, schedule.route)
        text = templating.load(app.templates, schedule.template)
    except Problem:  # `schedules check` says what is wrong; its own hours are known
        return lambda at: periods.period(at, schedule.expires_after, [schedule.window])
    if chosen.urgent:
        steps = tuple(replace(s, window=None) for s in steps)
    accented = schedule.accented
    has_text = [i for i, s in enumerate(steps) if text.block_for(s.channel, accented or s.accented)]
    first = has_text[0] if has_text else 0
    nights = vendor_hours(app.site, URGENT if chosen.urgent else ORDINARY)
    return lambda at: periods.of_route(
        at, schedule.expires_after, schedule.window, steps, first, nights
    )


class _Undone(Exception):
    pass


def foresee(app: App, actor: Actor, schedule: Schedule) -> planning.Preview:
    """What the next firing would do, by drafting and releasing it in a transaction thrown away.

    Refused where nothing is left to fire, and what nobody could receive before it expires.
    """
    found: list[planning.Preview] = []
    with app.store.read(actor) as tx:
        at = _next(app, tx, schedule)
    try:
        with app.begin(actor)() as tx:
            row = schedules.get(tx, schedule.name)
            made = drafted(app, tx, schedule, row["id"] if row is not None else None)
            broadcast = replace(broadcasts.get(tx, made), at=at)
            words = message_rendering.release_words(app.site, tx, broadcast)
            rates = speeds(app.site, tx)
            seen = planning.preview(
                lambda: nullcontext(tx),
                broadcast,
                words,
                resolver(app, broadcast),
                rates,
                beside=beside_it(app, broadcast, tx),
                undo=app.site.undo,
                vendor_hours=vendor_hours(app.site, broadcast.priority),
            )
            late = seen.late and planning.with_routes(
                seen.late, other_routes(app.site, tx, broadcast), rates, broadcast.window
            )
            found.append(replace(seen, late=late))
            planning.in_time(broadcast, found[0])
            raise _Undone
    except _Undone:
        pass
    return found[0]


def _next(app: App, tx: Tx, schedule: Schedule) -> datetime:
    """The next firing that is not skipped; a problem where there is none."""
    now = app.clock()
    if schedule.at is not None:
        periods.check_moment(schedule.at, now)
    coming = schedule.next_after(now, days_off.calendar(tx), tet=app.site.tet)
    if coming is None:
        raise refused(
            "never-fires",
            Say("Schedule “{name}” has nothing left to fire.", name=schedule.name),
        )
    return coming


# --- firings outside their hours ----------------------------------------------------------------


@dataclass(frozen=True)
class Outside:
    """Firings at one time of day that lie outside the hours, or that nobody could receive."""

    first: Period
    firings: int  # of them within a year, as far as we look
    window: str

    @property
    def code(self) -> str:
        return "nobody-in-time" if self.first.is_empty else "outside-hours"

    def told(self) -> Spoken:
        """When it fires, from when and until when it is sent."""
        fires, p = clock(self.first.asked), self.first
        if p.is_empty:
            said = p.told()
            return Say("the firing at {fires} reaches nobody: {said}", fires=fires, said=said)
        more = NOTHING
        if self.firings > 1:
            more = Say(" ({firings} such firings)", firings=self.firings)
        return Say(
            "the firing at {fires} is outside its hours {window}: sent from "
            "{start}, expires at {until}{more}.",
            fires=fires,
            window=self.window,
            start=clock(p.start),
            until=clock(p.until),
            more=more,
        )


def firings(app: App, tx: Tx, schedule: Schedule, most: int) -> list[tuple[Occurrence, Period]]:
    """The next firings with their periods."""
    when = ahead(app, schedule)
    coming = schedule.occurrences(app.clock(), days_off.calendar(tx), tet=app.site.tet)
    return [(o, when(o.at)) for o in islice(coming, most)]


def outside(app: App, tx: Tx, schedule: Schedule) -> list[Outside]:
    """Firings outside their hours, one entry for each pair of times of day."""
    kinds: dict[tuple[object, ...], list[Period]] = {}
    end = app.clock() + LOOKS_AHEAD
    for found, p in takewhile(lambda f: f[0].at < end, firings(app, tx, schedule, MOST_FIRINGS)):
        if found.sends and (p.waits or p.is_empty):
            kind = (p.asked.astimezone(HANOI).time(), p.start.astimezone(HANOI).time(), p.is_empty)
            kinds.setdefault(kind, []).append(p)
    return [Outside(p[0], len(p), str(schedule.window)) for p in kinds.values()]


def is_mine(tx: Tx, schedule: Schedule) -> bool:
    """True when everyone a schedule writes to is of the actor's wards."""
    return scheduling.covers(tx, tx.actor.wards, schedule)


def touches(tx: Tx, schedule: Schedule) -> bool:
    """True when a schedule writes to anybody of the actor's wards, or may."""
    if tx.actor.wards is None or not schedule.audience.wards or schedule.audience.groups:
        return True
    return bool({w.id for w in areas.wards_named(tx, schedule.audience.wards)} & tx.actor.wards)
