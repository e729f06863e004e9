"""What acts of people have in common: transactions that are remembered, the usual way of a
broadcast from a draft to its time, and a choice among what there is."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application, hours, repeating
from dispatcher.broadcasts.application import App
from dispatcher.broadcasts.message_rendering import release_words
from dispatcher.broadcasts.releasing import first_step
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.domain import periods
from dispatcher.domain.model import SYSTEM, URGENT, BroadcastState
from dispatcher.domain.periods import Period
from dispatcher.simulators.worlds.facts import BroadcastFacts
from dispatcher.simulators.worlds.residents import AUTHOR, LEADER
from dispatcher.simulators.worlds.world import World, seconds_of
from dispatcher.usecases.context import Context
from dispatcher.worker import timekeeping

B = BroadcastState
OPEN = (B.SCHEDULED, B.RUNNING, B.PAUSED, B.HELD)
OVER = (B.DONE, B.STOPPED, B.EXPIRED, B.MISSED)
DEATHS = 0.06  # of acts in which the program dies


def nothing() -> None:
    """There is nothing to remember."""


def death(draw: random.Random) -> int | None:
    """After how many failpoints a command dies; mostly it lives."""
    return draw.randint(0, 7) if draw.random() < DEATHS else None


@contextmanager
def signed(
    world: World, app: App, name: str, remember: Callable[[], None] = nothing
) -> Iterator[Tx]:
    """A transaction of one person. `remember` is called exactly when it is committed, even where
    the program dies right then."""
    actor = app.actor(name)
    with watched(world, remember), app.begin(actor)() as tx:
        yield tx


@contextmanager
def acting(
    world: World, app: App, name: str, remember: Callable[[], None] = nothing
) -> Iterator[Context]:
    """One person with an act that opens its own transaction; `remember` as for `signed`."""
    with watched(world, remember):
        yield Context(app, app.actor(name))


@contextmanager
def watched(world: World, look: Callable[[], None]) -> Iterator[None]:
    """`look` is called after every commit of the acting person meanwhile but that of a refusal."""
    assert world.person is not None
    world.person.committed = look
    try:
        yield
    finally:
        world.person.committed = None


def get(app: App, broadcast_id: int) -> Broadcast:
    """A broadcast as it is now."""
    with app.store.read(SYSTEM) as tx:
        return broadcasts.get(tx, broadcast_id)


# --- the usual way ------------------------------------------------------------------------------


def submit(
    world: World,
    app: App,
    told: BroadcastFacts,
    *,
    again: str = "",
    over_budget: str = "",
    leave_out: bool = True,
) -> None:
    """Looked at, and handed in."""
    author = app.actor(AUTHOR)
    found = application.preview_broadcast(app, author, get(app, told.id))
    with signed(world, app, AUTHOR) as tx:
        planning.submit(
            tx,
            broadcasts.get(tx, told.id),
            found,
            leave_out=leave_out,
            again=again,
            over_budget=over_budget,
        )


def approve(world: World, app: App, told: BroadcastFacts) -> None:
    """A second person says yes."""

    def remember() -> None:
        told.approved = True
        told.ceiling = get(app, told.id).ceiling_dong
        if told.also:  # words that went out before may do so again
            told.again += 1
            told.stopped = None
            told.paused = [(since, until or world.seconds) for since, until in told.paused]

    with app.store.read(SYSTEM) as tx:
        timekeeping.trust(tx, app.clock)
    with signed(world, app, LEADER, remember) as tx:
        planning.approve(tx, broadcasts.get(tx, told.id))


def schedule(world: World, app: App, told: BroadcastFacts, later: float, despite: str = "") -> None:
    """Its time is set: in so many seconds."""
    author, site = app.actor(AUTHOR), app.site
    when = app.clock() + timedelta(seconds=later)
    repeated = repeating.unexplained(app, author, get(app, told.id), when)
    with app.store.read(SYSTEM) as tx:
        timekeeping.trust(tx, app.clock)
    with signed(world, app, AUTHOR, lambda: timed(world, app, told)) as tx:
        rules = planning.Courtesy(site.tet, site.limits.per_ward_day, despite)
        planning.schedule(tx, broadcasts.get(tx, told.id), when, rules, repeated=repeated)


def timed(world: World, app: App, told: BroadcastFacts) -> None:
    """Remember of a broadcast what was decided with its time."""
    found = get(app, told.id)
    assert found.at is not None
    due = seconds_of(found.at)
    told.due = due if told.due is None or not told.also else min(told.due, due)
    told.window, told.life = str(found.window), found.expires_after.total_seconds()
    ahead = period(world, app, found)
    told.expires = max(seconds_of(ahead.until), told.expires or 0.0)
    for moment in (found.at, ahead.start):  # nobody sleeps then
        world.after(seconds_of(moment) - world.seconds, world.stir)


def period(world: World, app: App, found: Broadcast) -> Period:
    """From when until when a broadcast may leave, with the longest undo time there was."""
    assert found.at is not None
    with app.store.read(SYSTEM) as tx:
        first = first_step(release_words(app.site, tx, found))
    undo = 0.0 if found.priority == URGENT else world.facts.longest_undo()
    return periods.of_route(
        found.at + timedelta(seconds=undo),
        found.expires_after,
        found.window,
        found.route,
        first,
        hours.vendor_hours(app.site, found.priority),
    )


def whole_way(
    world: World, app: App, told: BroadcastFacts, later: float = 0.0, again: str = ""
) -> BroadcastFacts:
    """From a draft to its time."""
    submit(world, app, told, again=again, over_budget="cần gửi")
    approve(world, app, told)
    schedule(world, app, told, later)
    return told


# --- choosing -----------------------------------------------------------------------------------


def states(world: World) -> dict[str, BroadcastState]:
    """The state of every broadcast somebody told of, by code, as a person sees it on the screen."""
    facts = world.facts
    with world.look().store.read(SYSTEM) as tx:
        see_firings(world, tx)
        found = broadcasts.states(tx, [t.id for t in facts.told.values() if t.id])
    return {t.code: found[t.id] for t in facts.told.values() if t.void is None and t.id in found}


def see_firings(world: World, tx: Tx) -> None:
    """A person looks which broadcasts the schedules have made so far."""
    mine = {t.code: t for t in world.facts.told.values() if t.schedule}
    if not mine:
        return
    for found in reversed(broadcasts.list_broadcasts(tx, limit=1000)):
        told = mine.get(str(found.fields.get("code")))
        if told is not None and found.schedule_id is not None:
            told.id = found.id


def one_of(
    world: World,
    draw: random.Random,
    *wanted: BroadcastState,
    where: Callable[[BroadcastFacts], bool] = lambda told: True,
) -> BroadcastFacts | None:
    """One of the broadcasts in some states."""
    now = states(world)
    found = [world.facts.told[c] for c, s in now.items() if s in wanted]
    found = [t for t in found if where(t)]
    return draw.choice(found) if found else None


def of_ids(world: World, app: App, ids: Collection[int]) -> list[BroadcastFacts]:
    """What people told of, by the numbers of broadcasts; firings of schedules by their code. Not
    the tests of a text: they have its code, and are over or stopped by themselves."""
    found = []
    for broadcast_id in ids:
        told = world.facts.told.get(str(get(app, broadcast_id).fields.get("code")))
        if told is None:
            continue
        if told.schedule:
            told.id = broadcast_id
        if broadcast_id in (told.id, *told.also):
            found.append(told)
    return found
