"""What people do in a world: with the product's own functions, as at the command line."""

from __future__ import annotations

import random
from datetime import datetime

from dispatcher import app as joined
from dispatcher import planning, templating
from dispatcher.app import App
from dispatcher.model import SYSTEM, Audience
from dispatcher.simulators.events import happens
from dispatcher.simulators.facts import Told
from dispatcher.simulators.site import AUTHOR, LEADER, WARDS
from dispatcher.simulators.world import World, seconds_of
from dispatcher.store import broadcasts


@happens("broadcast", weight=4)
def broadcast(world: World, draw: random.Random) -> str | None:
    """Somebody writes, somebody else approves, it is due at once or later."""
    code = world.facts.new_code()
    wards = draw.choice((WARDS, WARDS[:1], WARDS[1:]))
    later = draw.choice((0.0, 0.0, 5.0, 600.0))

    def act(app: App) -> Told:
        author, leader = app.actor(AUTHOR), app.actor(LEADER)
        template = templating.load(app.templates, "sim")
        with app.begin(author)() as tx:
            made = joined.draft(
                app, tx, template=template, audience=Audience(wards=wards), route_name="only",
                fields={"code": code},
            )  # fmt: skip
        told = Told(code, made, urgent=False)
        world.facts.told[code] = told
        found = joined.preview(app, author, get(app, made))
        with app.begin(author)() as tx:
            planning.submit(tx, broadcasts.get(tx, made), found)
        with app.begin(leader)() as tx:
            planning.approve(tx, broadcasts.get(tx, made))
        told.approved = True
        with app.begin(author)() as tx:
            planning.schedule(tx, broadcasts.get(tx, made), _in(app, later))
        after = get(app, made)
        told.due = world.seconds + later
        told.expires = None if after.expires_at is None else seconds_of(after.expires_at)
        return told

    told = world.as_person(act)
    return None if told is None else f"{code} (broadcast {told.id}) to {', '.join(wards)}"


@happens("pause", weight=1)
def pause(world: World, draw: random.Random) -> str | None:
    """A running broadcast is paused."""
    told = one_of(world, draw)
    if told is None:
        return None

    def act(app: App) -> bool:
        with app.begin(app.actor(LEADER))() as tx:
            planning.pause(tx, broadcasts.get(tx, told.id))
        return True

    if world.as_person(act) is None:
        return None
    told.paused.append((world.seconds, None))
    return told.code


def get(app: App, broadcast_id: int) -> broadcasts.Broadcast:
    with app.store.read(SYSTEM) as tx:
        return broadcasts.get(tx, broadcast_id)


def one_of(world: World, draw: random.Random) -> Told | None:
    """One of the broadcasts that were approved."""
    found = [t for t in world.facts.told.values() if t.approved]
    return draw.choice(found) if found else None


def _in(app: App, seconds: float) -> datetime:
    from datetime import timedelta

    return app.clock() + timedelta(seconds=seconds)
