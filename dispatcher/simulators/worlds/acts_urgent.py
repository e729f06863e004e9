"""Urgent texts: prepared and approved before, sent by the officer on duty, and called off."""

from __future__ import annotations

import random
from datetime import timedelta

from dispatcher.broadcasts.application import App
from dispatcher.db.broadcasts import broadcasts
from dispatcher.domain.model import HANOI, SYSTEM, Audience, BroadcastState
from dispatcher.simulators.worlds.acts import ROUTE
from dispatcher.simulators.worlds.acts_after import stopped
from dispatcher.simulators.worlds.doing import OPEN, OVER, acting, death, one_of, timed
from dispatcher.simulators.worlds.events import happens
from dispatcher.simulators.worlds.facts import BroadcastFacts
from dispatcher.simulators.worlds.residents import AUTHOR, LEADER, WARDS
from dispatcher.simulators.worlds.world import World
from dispatcher.usecases import urgent, urgent_duty
from dispatcher.usecases.urgent import NewUrgent

B = BroadcastState


@happens("prepare urgent", weight=1)
def prepare(world: World, draw: random.Random) -> str | None:
    """A text for later, approved beforehand; somebody is on duty."""
    name = f"khan-{len(world.facts.prepared) + 1}-{draw.randrange(1000)}"
    wards = draw.choice((WARDS, WARDS[:1], ("all",)))
    most = draw.choice((2, 10_000, 10_000))
    rather_twice, hours = draw.random() < 0.3, draw.choice((1, 12, 48))
    dies_at = death(draw)

    def act(app: App) -> bool:
        until = app.clock().astimezone(HANOI).date() + timedelta(days=30)
        wanted = NewUrgent(
            name,
            "khan",
            Audience(wards),
            most,
            most * 5000,
            until,
            all_clear="het",
            route=ROUTE,
            rather_twice=rather_twice,
        )
        with acting(world, app, AUTHOR) as author:
            urgent.prepare(author, wanted)
            urgent.submit(author, name)
        with acting(world, app, LEADER, lambda: world.facts.prepared.append(name)) as leader:
            urgent.approve(leader, name)
        with acting(world, app, LEADER) as leader:
            urgent_duty.add(leader, AUTHOR, "now", hours)
        return True

    return f"{name} for {', '.join(wards)}" if world.as_person(act, dies_at) else None


@happens("send urgent", weight=2)
def send(world: World, draw: random.Random) -> str | None:
    """The officer on duty sends a prepared text, alone."""
    if not world.facts.prepared:
        return None
    name = draw.choice(world.facts.prepared)
    area = Audience(draw.choice((WARDS[:1], WARDS[1:]))) if draw.random() < 0.2 else None
    told = BroadcastFacts(world.facts.new_code(), 0, True, kind="warning")

    def act(app: App) -> bool:
        with acting(world, app, AUTHOR, lambda: _look(world, app, told)) as author:
            urgent.send(author, name, {"code": told.code}, area)
        return True

    return f"{name} as {told.code}" if world.as_person(act, death(draw)) else None


def _look(world: World, app: App, told: BroadcastFacts) -> None:
    """What a command that commits several times has come to."""
    with app.store.read(SYSTEM) as tx:
        mine = next(
            (
                b
                for b in broadcasts.list_broadcasts(tx, limit=5)
                if b.fields.get("code") == told.code
            ),
            None,
        )
        if mine is None:
            return
        told.id, told.kind, told.rather_twice = mine.id, mine.kind.value, mine.rather_twice
        told.wards = mine.audience.wards or told.wards
        world.facts.told[told.code] = told
    if mine.approved_by is not None and mine.at is not None and not told.approved:
        told.approved, told.ceiling = True, mine.ceiling_dong
        timed(world, app, told)


@happens("all clear", weight=1)
def all_clear(world: World, draw: random.Random) -> str | None:
    """The danger is over: the rest stops, and whoever may have got the warning is told."""
    old = one_of(world, draw, *OPEN, *OVER, where=lambda t: t.urgent and not t.corrects)
    if old is None:
        return None
    told = BroadcastFacts(world.facts.new_code(), 0, True, wards=old.wards, corrects=old.code)

    def act(app: App) -> bool:
        def look() -> None:
            with app.store.read(SYSTEM) as tx:
                state = broadcasts.get(tx, old.id).state
            if state is B.STOPPED:
                stopped(world, app, old)
            _look(world, app, told)

        with acting(world, app, AUTHOR, look) as author:
            urgent.all_clear(author, old.id, {"code": told.code})
        return True

    return f"{told.code} after {old.code}" if world.as_person(act, death(draw)) else None


@happens("end urgent", weight=0.3)
def end(world: World, draw: random.Random) -> str | None:
    """A prepared text is used no more."""
    if not world.facts.prepared:
        return None
    name = draw.choice(world.facts.prepared)

    def act(app: App) -> bool:
        with acting(world, app, AUTHOR) as author:
            urgent.end(author, name)
        return True

    return name if world.as_person(act, death(draw)) else None
