"""Schedules: a file, approved once, that fires by itself; paused, edited, handed in again."""

from __future__ import annotations

import random
from datetime import timedelta

from dispatcher import scheduling
from dispatcher.broadcasts import occurrences
from dispatcher.broadcasts.application import App
from dispatcher.db.broadcasts import schedules as schedule_rows
from dispatcher.domain.model import HANOI, SYSTEM
from dispatcher.simulators.worlds.acts import ROUTE
from dispatcher.simulators.worlds.doing import acting, death, see_firings
from dispatcher.simulators.worlds.events import happens
from dispatcher.simulators.worlds.facts import BroadcastFacts
from dispatcher.simulators.worlds.residents import AUTHOR, LEADER, WARDS
from dispatcher.simulators.worlds.world import World, seconds_of
from dispatcher.usecases import schedules

FILE = """title = "{name}"
template = "sim"
route = "{route}"
{when}
expires_after = "{life}"
{more}[fields]
code = "{code}"
[audience]
wards = {wards}
"""


@happens("schedule", weight=2)
def schedule(world: World, draw: random.Random) -> str | None:
    """A file is written, handed in and approved; it fires once, or daily, or every few minutes."""
    code, life = world.facts.new_code(), draw.choice(("10m", "6h"))
    name = f"lich-{code.lower()}"
    wards = draw.choice((WARDS, WARDS[:1], WARDS[1:]))
    later = draw.choice((20.0, 300.0, 1800.0, 50_000.0))
    kind = draw.choices(("at", "daily", "often"), (12, 2, 1))[0]
    moment = (world.moment() + timedelta(seconds=later)).replace(microsecond=0)
    local = moment.astimezone(HANOI)
    when = {
        "at": f"at = {local.isoformat()}",
        "daily": f'cron = "{local.minute} {local.hour} * * *"',
        "often": 'cron = "*/20 9,10 * * *"',
    }[kind]
    more = 'again = "nhắc lại"\n' if kind == "often" else ""
    source = FILE.format(
        name=name, route=ROUTE, when=when, life=life, more=more, code=code, wards=list(wards)
    ).replace("'", '"')
    (world.root / "schedules" / f"{name}.toml").write_text(source, "utf-8")
    told = BroadcastFacts(
        code,
        0,
        False,
        wards=wards,
        schedule=name,
        repeats=kind != "at",
        life={"10m": 600.0, "6h": 21_600.0}[life],
        again=10_000 * (kind != "at"),
    )
    world.facts.told[code] = told
    done = world.as_person(lambda app: _hand_in(world, app, told), death(draw))
    return f"{name} ({when})" if done else None


def _hand_in(world: World, app: App, told: BroadcastFacts) -> bool:
    """Submitted by one, approved by another, as its file stands."""
    wanted = scheduling.load(app.schedules, told.schedule, app.site.window)
    with acting(world, app, AUTHOR) as author:
        schedules.submit(author, told.schedule)

    def remember() -> None:
        with app.store.read(SYSTEM) as tx:
            row = schedule_rows.get(tx, told.schedule)
            told.ceiling = schedule_rows.ceiling_of(tx, told.schedule)[1]
        assert row is not None
        told.approved, told.stopped, told.void = True, None, None
        told.window = str(wanted.window)
        told.due = seconds_of(wanted.at) if wanted.at else world.seconds
        if wanted.at is not None:
            world.after(told.due - world.seconds, world.stir)
            undo = timedelta(seconds=world.facts.longest_undo())
            told.expires = seconds_of(occurrences.ahead(app, wanted)(wanted.at + undo).until)

    with acting(world, app, LEADER, remember) as leader:
        schedules.approve(leader, told.schedule)
    return True


@happens("pause a schedule", weight=1)
def pause(world: World, draw: random.Random) -> str | None:
    """It fires no more until it is handed in and approved again."""
    told = _one_of(world, draw)
    if told is None:
        return None

    def act(app: App) -> bool:
        def remember() -> None:
            with app.store.read(SYSTEM) as tx:
                see_firings(world, tx)
            if told.id == 0:
                told.stopped = world.seconds

        with acting(world, app, AUTHOR, remember) as author:
            schedules.pause(author, told.schedule)
        return True

    return told.schedule if world.as_person(act, death(draw)) else None


def rest(world: World) -> None:
    """No schedule fires any more."""

    def act(app: App) -> None:
        with app.begin(SYSTEM)() as tx:
            see_firings(world, tx)
            for told in world.facts.told.values():
                found = schedule_rows.get(tx, told.schedule) if told.schedule else None
                if found is not None and found["state"] == "approved":
                    schedule_rows.move(tx, told.schedule, "paused")

    world.as_person(act)


@happens("schedule again", weight=1)
def again(world: World, draw: random.Random) -> str | None:
    """One that was paused, edited or never approved is handed in again."""
    told = _one_of(world, draw)
    if told is None:
        return None
    done = world.as_person(lambda app: _hand_in(world, app, told), death(draw))
    return told.schedule if done else None


@happens("edit a schedule", weight=1)
def edit(world: World, draw: random.Random) -> str | None:
    """Its file says other words: until somebody approves them it sends nothing."""
    told = _one_of(world, draw)
    if told is None:
        return None
    with world.look().store.read(SYSTEM) as tx:
        see_firings(world, tx)
    new = BroadcastFacts(
        world.facts.new_code(),
        0,
        False,
        wards=told.wards,
        schedule=told.schedule,
        repeats=told.repeats,
        life=told.life,
        again=told.again,
    )
    file = world.root / "schedules" / f"{told.schedule}.toml"
    file.write_text(file.read_text("utf-8").replace(told.code, new.code), "utf-8")
    if told.id == 0:  # else what was fired goes on
        told.void, told.approved = world.seconds, False
    told.schedule = ""
    world.facts.told[new.code] = new
    return f"{new.schedule}: {told.code} is {new.code} now"


def _one_of(world: World, draw: random.Random) -> BroadcastFacts | None:
    found = [t for t in world.facts.told.values() if t.schedule]
    return draw.choice(found) if found else None
