"""Broadcasts on their way: their time is set, they pause, go on and stop; and all stop at once.

Comes from: doors.   Goes to: the rules of `dispatcher.broadcasts`, in a transaction each.
Pausing and stopping need no second person, no code and no clock that can be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher import broadcasts as planning
from dispatcher import scheduling
from dispatcher.broadcasts import application, repeating
from dispatcher.broadcasts.application import App
from dispatcher.broadcasts.occurrences import touches
from dispatcher.db.broadcasts import broadcasts, schedules
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.domain.model import URGENT, Mode
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.rights import WRITERS, need_role
from dispatcher.i18n import Money, Say, SpelledNumber, Spoken
from dispatcher.usecases.broadcasts import NOUN, act_on, get_broadcast
from dispatcher.usecases.context import Context
from dispatcher.worker import timekeeping


@dataclass(frozen=True)
class Confirmation:
    """What a person confirms before a live release. `typed`: the number of people is typed.

    `first`: no live broadcast was released before.
    """

    people: int
    dong: int
    typed: bool
    first: bool

    @property
    def said(self) -> Spoken:
        """Whom it reaches and what it costs."""
        return Say(
            "Send for REAL to {people} people, at most {dong}.",
            people=SpelledNumber(self.people),
            dong=Money(self.dong),
        )

    @property
    def why(self) -> Spoken:
        """Why the number of people is to be typed."""
        if self.first:
            return Say("This is the first live broadcast.")
        return Say("This is a large broadcast.")


def to_confirm(context: Context, number: int, when: str = "now") -> Confirmation | None:
    """What setting the time of a broadcast is confirmed by; None in a drill or a dry run.

    The first live one of a site, and a large one, want the number of people typed: no habit of
    saying yes gets around it. `when`: as for `schedule`; what is no moment is told first.
    """
    scheduling.ask_moment(when, context.app.clock())
    with context.read() as tx:
        broadcast = broadcasts.get(tx, number)
        first = not broadcasts.any_released(tx, Mode.LIVE)
    if broadcast.mode is not Mode.LIVE or context.app.store.dry:
        return None
    found = application.preview_broadcast(context.app, context.actor, broadcast)
    typed = first or found.queued > context.app.site.limits.typed_above
    return Confirmation(found.queued, found.total, typed, first)


def schedule(
    context: Context,
    number: int,
    when: str = "now",
    *,
    despite: str = "",
    again: str = "",
    people: int | None = None,
) -> Broadcast:
    """Set the time of an approved broadcast; "now", or a moment as people write it.

    `people`: the number somebody typed, where `to_confirm` wants it. `despite`, `again`: reasons.
    """
    site = context.app.site
    with context.remembering("schedule", NOUN, number):
        context.trust_the_clock()
        need_role(context.actor, WRITERS, Say("set its time"))
        at = scheduling.ask_moment(when, context.app.clock())
        wanted = to_confirm(context, number)
        if wanted is not None and wanted.typed and people != wanted.people:
            raise _not_confirmed(wanted)
        repeated = repeating.unexplained(
            context.app, context.actor, get_broadcast(context, number), at
        )
        with context.begin() as tx:
            rules = planning.Courtesy(site.tet, site.limits.per_ward_day, despite)
            planning.schedule(
                tx, broadcasts.get(tx, number), at, rules, repeated=repeated, again=again
            )
            return broadcasts.get(tx, number)


def _not_confirmed(wanted: Confirmation) -> Problem:
    """Nobody typed how many people a live release reaches."""
    n, said, why = wanted.people, wanted.said, wanted.why
    return refused(
        "not-confirmed",
        Say(
            "{said} {why} Nothing was done: type the number of people ({n}) to confirm.",
            said=said,
            why=why,
            n=n,
        ),
    )


def pause(context: Context, number: int) -> Broadcast:
    """Nothing leaves after this beyond what is on the wire."""
    with act_on(context, "pause", number) as tx:
        need_role(tx.actor, WRITERS, Say("pause a broadcast"))
        planning.pause(tx, broadcasts.get(tx, number))
        return broadcasts.get(tx, number)


def resume(context: Context, number: int) -> Broadcast:
    """Go on with a paused or held broadcast; while the clock is in doubt only an urgent one."""
    with act_on(context, "resume", number) as tx:
        need_role(tx.actor, WRITERS, Say("let a broadcast go on"))
        broadcast = broadcasts.get(tx, number)
        if broadcast.priority != URGENT:
            timekeeping.trust(tx, context.app.clock)
        planning.resume(tx, broadcast)
        return broadcasts.get(tx, number)


@dataclass(frozen=True)
class Stopped:
    """What a stop ended: broadcasts, messages cancelled, schedules that pause."""

    broadcasts: tuple[int, ...]
    cancelled: int
    schedules: tuple[str, ...] = ()


def stop(context: Context, number: int) -> Stopped:
    """End one broadcast for good; what has not left is cancelled."""
    with act_on(context, "stop", number) as tx:
        need_role(tx.actor, WRITERS, Say("stop a broadcast"))
        return Stopped((number,), planning.stop(tx, broadcasts.get(tx, number)))


def stop_everything(context: Context) -> Stopped:
    """End every broadcast the actor may stop, and pause every approved schedule.

    A schedule whose file is gone or broken pauses too: it would send again as soon as the file is
    mended.
    """
    with context.act("stop-all", "site") as tx:
        return end_everything(context.app, tx)


def end_everything(app: App, tx: Tx) -> Stopped:
    """The same inside a transaction of the actor."""
    ended, cancelled = planning.stop_all(tx)
    known = scheduling.keep_all(tx, app.schedules, app.site.window, tet=app.site.tet)
    paused = [
        name
        for name, row in schedules.list_schedules(tx).items()
        if row["state"] == "approved" and (name not in known or touches(tx, known[name]))
    ]
    for name in paused:
        schedules.move(tx, name, "paused")
    tx.note("stopped_all", "site", "", broadcasts=ended, schedules=paused)
    return Stopped(tuple(ended), cancelled, tuple(paused))
