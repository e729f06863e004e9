"""What people do with broadcasts on their way, and after them."""

from __future__ import annotations

import random

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import application
from dispatcher.broadcasts.application import App
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.contacts import contacts
from dispatcher.domain.model import AddressKind, BroadcastState, HeldReason
from dispatcher.simulators.worlds.doing import (
    OPEN,
    OVER,
    death,
    get,
    of_ids,
    one_of,
    see_firings,
    signed,
    whole_way,
)
from dispatcher.simulators.worlds.events import happens
from dispatcher.simulators.worlds.facts import BroadcastFacts
from dispatcher.simulators.worlds.residents import AUTHOR, LEADER, TESTERS, number
from dispatcher.simulators.worlds.world import World
from dispatcher.usecases.broadcasts_sending import Stopped, end_everything

B = BroadcastState
ENDED = (B.STOPPED, B.EXPIRED, B.MISSED, B.REJECTED)  # nothing leads out of these


@happens("pause", weight=2)
def pause(world: World, draw: random.Random) -> str | None:
    """Nothing more leaves for now; often it goes on after a while."""
    told = one_of(world, draw, B.SCHEDULED, B.RUNNING)
    if told is None:
        return None
    after = draw.choice((None, 2.0, 60.0, 1800.0))

    def remember() -> None:
        if not (told.also or told.repeats):  # an older one of these words may be under way
            told.paused.append((world.seconds, None))

    def act(app: App) -> bool:
        with signed(world, app, AUTHOR, remember) as tx:
            planning.pause(tx, broadcasts.get(tx, told.id))
        return True

    if not world.as_person(act, death(draw)):
        return None
    if after is not None:
        world.after(after, lambda: _go_on(world, told))
    return f"{told.code}{'' if after is None else f' for {after:.0f} s'}"


@happens("resume", weight=1)
def resume(world: World, draw: random.Random) -> str | None:
    """A paused one goes on."""
    told = one_of(world, draw, B.PAUSED)
    if told is None or not _resume(world, told, death(draw)):
        return None
    return told.code


def _go_on(world: World, told: BroadcastFacts) -> None:
    _resume(world, told, None)


def _resume(world: World, told: BroadcastFacts, dies_at: int | None) -> bool:
    """A person lets it go on, above its ceiling or budget too where it was held for that."""
    reason: list[str | None] = []

    def remember() -> None:
        goes_on(world, told, *reason)

    def act(app: App) -> bool:
        found = get(app, told.id)
        if found.state not in (B.PAUSED, B.HELD):
            return False
        reason.append(found.reason if found.state is B.HELD else None)
        with signed(world, app, LEADER, remember) as tx:
            planning.resume(tx, broadcasts.get(tx, told.id))
        return True

    return bool(world.as_person(act, dies_at))


def goes_on(world: World, told: BroadcastFacts, *reason: str | None) -> None:
    """Somebody in charge let it go on; `reason`: why it was held."""
    if told.paused and told.paused[-1][1] is None:
        told.paused[-1] = (told.paused[-1][0], world.seconds)
    if HeldReason.OVER_CEILING.value in reason:
        told.ceiling = None
    if {HeldReason.OVER_BUDGET.value, HeldReason.WARD_BUDGET.value} & set(reason):
        told.over_budget = True


@happens("settle", weight=2)
def settle(world: World, draw: random.Random) -> str | None:
    """What is held is looked at by a leader: it goes on, or is stopped."""
    told = one_of(world, draw, B.HELD)
    if told is None:
        return None
    goes_on = draw.random() < 0.7
    done = (_resume if goes_on else _stop)(world, told, death(draw))
    return f"{told.code} {'goes on' if goes_on else 'is stopped'}" if done else None


@happens("stop", weight=1)
def stop(world: World, draw: random.Random) -> str | None:
    """For good: what has not left never leaves."""
    told = one_of(world, draw, *OPEN, B.DRAFT, B.SUBMITTED, B.APPROVED)
    if told is None or not _stop(world, told, death(draw)):
        return None
    return told.code


def _stop(world: World, told: BroadcastFacts, dies_at: int | None) -> bool:
    def act(app: App) -> bool:
        with signed(world, app, AUTHOR, lambda: stopped(world, app, told)) as tx:
            planning.stop(tx, broadcasts.get(tx, told.id))
        return True

    return bool(world.as_person(act, dies_at))


def stopped(world: World, app: App, told: BroadcastFacts) -> None:
    """Nothing of it leaves any more, where nothing with these words can be under way."""
    older_ended = all(get(app, i).state in ENDED for i in told.also)
    if told.stopped is None and older_ended and not told.repeats:
        told.stopped = world.seconds


@happens("stop everything", weight=0.5)
def stop_everything(world: World, draw: random.Random) -> str | None:
    """The emergency stop: broadcasts end, schedules pause."""
    done: list[Stopped] = []

    def act(app: App) -> bool:
        def remember() -> None:
            for told in of_ids(world, app, done[0].broadcasts):
                stopped(world, app, told)
            for told in world.facts.told.values():
                if told.schedule in done[0].schedules and told.id == 0:
                    told.stopped = world.seconds

        with signed(world, app, AUTHOR, remember) as tx:
            done.append(end_everything(app, tx))
            see_firings(world, tx)
        return True

    if not world.as_person(act, death(draw)):
        return None
    return f"{len(done[0].broadcasts)} broadcasts, {len(done[0].schedules)} schedules"


# --- afterwards ---------------------------------------------------------------------------------


@happens("correction", weight=1)
def correction(world: World, draw: random.Random) -> str | None:
    """Whoever may have received it is told what is right."""
    told = one_of(world, draw, B.RUNNING, B.PAUSED, *OVER)
    if told is None:
        return None
    code = world.facts.new_code()
    new = BroadcastFacts(
        code, 0, False, kind="notice", life=86_400.0, wards=told.wards, corrects=told.code
    )

    def act(app: App) -> bool:
        template = templating.load(app.templates, "dinh-chinh")
        with signed(world, app, AUTHOR, lambda: world.facts.told.update({code: new})) as tx:
            original = broadcasts.get(tx, told.id)
            new.id = application.correct_broadcast(
                app, tx, original, template=template, fields={"code": code}
            )
        whole_way(world, app, new)
        return True

    return f"{code} corrects {told.code}" if world.as_person(act, death(draw)) else None


@happens("resend", weight=1)
def resend(world: World, draw: random.Random) -> str | None:
    """The same words once more, to those they did not reach."""
    told = one_of(world, draw, *OVER, where=lambda t: not (t.repeats or t.schedule))
    if told is None:
        return None
    states = draw.choice((planning.RESENT, ("failed",), ("cancelled", "expired")))

    def act(app: App) -> bool:
        def remember() -> None:
            told.also.append(told.id)
            told.id = made

        with signed(world, app, AUTHOR, remember) as tx:
            made = planning.resend(tx, broadcasts.get(tx, told.id), states)
        whole_way(world, app, told, again="chưa tới")
        return True

    return f"{told.code} to {', '.join(states)}" if world.as_person(act, death(draw)) else None


@happens("test", weight=1)
def test(world: World, draw: random.Random) -> str | None:
    """Exactly this, now, to a number of ours; nobody need approve it."""
    told = one_of(world, draw, B.DRAFT, B.SUBMITTED, B.APPROVED, B.SCHEDULED, B.RUNNING)
    if told is None:
        return None
    phone = number(TESTERS + draw.randrange(3))

    def remember() -> None:
        told.again += 1
        world.facts.testers.add(phone.removeprefix("+"))

    def act(app: App) -> bool:
        with signed(world, app, AUTHOR, remember) as tx:
            found = broadcasts.get(tx, told.id)
            mobile = (AddressKind.MOBILE, phone)
            address = contacts.put_addresses(tx, [mobile], app.site.sample_heads)[mobile]
            ward = next(iter(sorted(found.senders)))
            planning.test(tx, found, contacts.tester(tx, address, ward))
        return True

    return f"{told.code} to …{phone[-3:]}" if world.as_person(act, death(draw)) else None
