"""What people do with broadcasts before they leave: with the product's own functions, in the order
the command line calls them."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import NewBroadcast, application, message_rendering
from dispatcher.broadcasts.application import App
from dispatcher.config import window as read_window
from dispatcher.db.broadcasts import broadcasts
from dispatcher.domain.model import Audience, BroadcastState
from dispatcher.simulators.worlds.doing import (
    approve,
    death,
    get,
    one_of,
    schedule,
    signed,
    submit,
    whole_way,
)
from dispatcher.simulators.worlds.events import happens
from dispatcher.simulators.worlds.facts import BroadcastFacts
from dispatcher.simulators.worlds.residents import AUTHOR, GROUPS, LEADER, WARDS
from dispatcher.simulators.worlds.rules import CONSENT, WINDOWS
from dispatcher.simulators.worlds.world import World

B = BroadcastState
ROUTE = "only"
EVERYBODY = Audience(wards=WARDS)
KINDS = {"sim": "warning", "sim-ten": "notice", "qc": "promotion"}


@dataclass(frozen=True)
class BroadcastWish:
    """What somebody wants to send."""

    template: str = "sim"
    audience: Audience = EVERYBODY
    life: float = 6 * 3600.0
    window: str = ""  # empty: that of the site
    urgent: bool = False
    rather_twice: bool = False
    upto: str = "scheduled"  # how far it gets now: draft | submitted | approved | scheduled
    later: float = 0.0  # seconds until it is due


def draw_wish(draw: random.Random) -> BroadcastWish:
    """Mostly the ordinary."""
    wards: tuple[str, ...] = draw.choice((WARDS, WARDS, WARDS[:1], WARDS[1:], ("all",)))
    template = draw.choices(("sim", "sim-ten", "qc"), (6, 2, 1))[0]
    return BroadcastWish(
        template=template,
        audience=Audience(
            wards,
            GROUPS[: draw.randint(1, 2)] if draw.random() < 0.1 else (),
            (CONSENT,) if draw.random() < 0.1 else (),
            (CONSENT,) if draw.random() < 0.1 else (),
            draw.choice(("phone", "phone", "household")),
        ),
        life=draw.choice((60.0, 600.0, 6 * 3600.0, 6 * 3600.0, 86_400.0)),
        window=draw.choice((*WINDOWS, "09:00-10:00")) if draw.random() < 0.2 else "",
        urgent=draw.random() < 0.08,
        rather_twice=draw.random() < 0.08,
        upto=draw.choices(("scheduled", "approved", "submitted", "draft"), (85, 5, 5, 5))[0],
        later=draw.choice((0.0, 0.0, 5.0, 600.0, 7200.0)),
    )


@happens("broadcast", weight=7)
def broadcast(world: World, draw: random.Random) -> str | None:
    """Somebody writes, somebody else approves, it is due at once or later."""
    wish = replace(draw_wish(draw), **world.wish)
    told = send(world, wish, death(draw))
    if told is None:
        return None
    place = ", ".join(wish.audience.wards)
    return f"{told.code} ({wish.template} {told.id}) to {place}, {wish.upto}, {wish.later:.0f} s"


def send(world: World, wish: BroadcastWish, dies_at: int | None = None) -> BroadcastFacts | None:
    """As far on its way as is wished; None where it was refused, or the program died."""
    code = world.facts.new_code()

    def act(app: App) -> BroadcastFacts:
        told = write(world, app, code, wish)
        if wish.upto == "scheduled":
            return whole_way(world, app, told, wish.later)
        if wish.upto != "draft":
            submit(world, app, told, over_budget="cần gửi")
        if wish.upto == "approved":
            approve(world, app, told)
        return told

    return world.as_person(act, dies_at)


def write(world: World, app: App, code: str, wish: BroadcastWish) -> BroadcastFacts:
    """A draft."""
    told = BroadcastFacts(
        code,
        0,
        wish.urgent,
        kind=KINDS[wish.template],
        wards=wish.audience.wards,
        life=wish.life,
        one_per=wish.audience.one_per,
        rather_twice=wish.rather_twice,
    )
    template = templating.load(app.templates, wish.template)
    chosen = read_window(wish.window).resting(app.site.lunch) if wish.window else None
    with signed(world, app, AUTHOR, lambda: world.facts.told.update({code: told})) as tx:
        told.id = application.draft_broadcast(
            app,
            tx,
            template,
            NewBroadcast(
                wish.template,
                wish.audience,
                ROUTE,
                {"code": code},
                expires_after=timedelta(seconds=wish.life),
                window=chosen,
                rather_twice=wish.rather_twice,
                urgent=wish.urgent,
            ),
        )
    return told


@happens("go on", weight=1)
def go_on(world: World, draw: random.Random) -> str | None:
    """What somebody left lying goes on its way."""
    told = one_of(
        world, draw, B.DRAFT, B.SUBMITTED, B.APPROVED, B.RETURNED, where=lambda t: not t.schedule
    )
    if told is None:
        return None

    def act(app: App) -> BroadcastFacts:
        if get(app, told.id).state in (B.DRAFT, B.RETURNED):
            submit(world, app, told, over_budget="cần gửi")
        if get(app, told.id).state is B.SUBMITTED:
            approve(world, app, told)
        schedule(world, app, told, 0.0)
        return told

    return told.code if world.as_person(act, death(draw)) else None


@happens("send back", weight=1)
def send_back(world: World, draw: random.Random) -> str | None:
    """A leader returns what was handed in, or rejects it for good."""
    told = one_of(world, draw, B.SUBMITTED)
    if told is None:
        return None
    for_good = draw.random() < 0.2

    def act(app: App) -> bool:
        with signed(world, app, LEADER) as tx:
            planning.send_back(tx, broadcasts.get(tx, told.id), "xem lại", for_good=for_good)
        return True

    done = world.as_person(act, death(draw))
    return f"{told.code}{' for good' if for_good else ''}" if done else None


@happens("edit", weight=2)
def edit(world: World, draw: random.Random) -> str | None:
    """Other words in what was not released yet: whatever was approved of it is void."""
    told = one_of(
        world,
        draw,
        B.DRAFT,
        B.SUBMITTED,
        B.RETURNED,
        B.APPROVED,
        B.SCHEDULED,
        where=lambda t: not (t.schedule or t.also or t.again),
    )
    if told is None:
        return None
    goes_on = draw.random() < 0.5
    new = other_words(world, told)

    def act(app: App) -> bool:
        def changes(tx: Any, found: broadcasts.Broadcast) -> dict[str, Any]:
            filled, version = message_rendering.reworded(
                app.site, tx, found, {"code": new.code}, ()
            )
            return {"fields": filled, "template_version_id": version}

        with signed(world, app, AUTHOR, lambda: replaced(world, told, new)) as tx:
            found = broadcasts.get(tx, told.id)
            planning.edit(tx, found, **changes(tx, found))
        if goes_on:
            whole_way(world, app, new)
        return True

    done = world.as_person(act, death(draw))
    return f"{told.code} is {new.code} now{', and goes on' if goes_on else ''}" if done else None


def other_words(world: World, told: BroadcastFacts) -> BroadcastFacts:
    """The same broadcast with another code in its text."""
    return BroadcastFacts(
        world.facts.new_code(),
        told.id,
        told.urgent,
        kind=told.kind,
        window=told.window,
        life=told.life,
        wards=told.wards,
        one_per=told.one_per,
        rather_twice=told.rather_twice,
        corrects=told.corrects,
    )


def replaced(world: World, old: BroadcastFacts, new: BroadcastFacts) -> None:
    """From now on nobody may get the old words."""
    old.void, old.approved = world.seconds, False
    world.facts.told[new.code] = new


@happens("reword", weight=1)
def reword(world: World, draw: random.Random) -> str | None:
    """A leader corrects what was handed in; it counts once its author confirms it."""
    told = one_of(world, draw, B.SUBMITTED)
    if told is None:
        return None
    new = other_words(world, told)
    confirms = draw.random() < 0.7

    def act(app: App) -> bool:
        with signed(world, app, LEADER) as tx:
            found = broadcasts.get(tx, told.id)
            filled, version = message_rendering.reworded(
                app.site, tx, found, {"code": new.code}, ()
            )
            planning.offer(tx, found, filled, version, "xin sửa mã")
        if not confirms:
            return True

        def remember() -> None:
            replaced(world, told, new)
            new.approved, new.ceiling = True, get(app, told.id).ceiling_dong

        author = app.actor(AUTHOR)
        with app.store.read(author) as tx:
            offered = application.as_offered(tx, broadcasts.get(tx, told.id))
        seen = application.preview_broadcast(app, author, offered)
        with signed(world, app, AUTHOR, remember) as tx:
            planning.confirm(tx, broadcasts.get(tx, told.id), seen)
        schedule(world, app, new, 0.0)
        return True

    if not world.as_person(act, death(draw)):
        return None
    return f"{told.code} becomes {new.code}{'' if confirms else ', if its author wants'}"
