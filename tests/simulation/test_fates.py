"""What is said of each message and person at the end is judged: each of these promises is broken
once, in a world in which all went well."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dispatcher.simulators.worlds import acts, fates, invariants
from dispatcher.simulators.worlds.events import KINDS, Event, EventKind
from dispatcher.simulators.worlds.gateway_plans import GatewayPlan, StepPlan
from dispatcher.simulators.worlds.lives import live, workshop
from dispatcher.simulators.worlds.residents import Residents
from dispatcher.simulators.worlds.rules import Rules
from dispatcher.simulators.worlds.site import SitePlan
from dispatcher.simulators.worlds.vendors import Habits, TakenMessage
from dispatcher.simulators.worlds.world import World

pytestmark = pytest.mark.long

QUIET = Habits(latency=0.1, reports=0.0, fails=0.0)
ONE = (GatewayPlan("g0", "json", "sms", "dedup", 4, QUIET),)
TWO = (GatewayPlan("g0", "json", "zalo", "dedup", 4, QUIET),
       GatewayPlan("g1", "lab", "sms", "dedup", 4, QUIET))  # fmt: skip
CALLS = (GatewayPlan("g0", "text", "sms", "dedup", 4, QUIET, batch=10),)
ALONE = Residents(shares=0.0, second=0.0, agreed=1.0)
Meddle = Callable[[World], None]


def plan(gateways: tuple[GatewayPlan, ...], people: Residents = ALONE) -> SitePlan:
    steps = [StepPlan(((g.name, 1),), "30s") for g in gateways[:-1]]
    steps.append(StepPlan(((gateways[-1].name, 1),)))
    return SitePlan(gateways, 4, tuple(steps), Rules(), people)


def to_everybody(world: World, draw: random.Random) -> str | None:
    told = acts.send(world, acts.BroadcastWish())
    return told and told.code


@pytest.fixture(scope="module")
def shop() -> Iterator[Path]:
    KINDS["to all for long"] = EventKind("to all for long", 0, to_everybody)
    with workshop() as place:
        yield place
    del KINDS["to all for long"]


def broken_by(shop: Path, chosen: SitePlan, meddle: Meddle | None = None) -> str:
    script = [Event(1.0, "to all for long", 0)]
    life = live(7, shop, plan=chosen, script=script, before_verdict=meddle)
    return life.failed[0] if life.failed else "nothing"


def write(world: World, *statements: str) -> None:
    """Change the database behind the program's back."""
    with sqlite3.connect(world.root / "data" / "site.db") as database:
        for statement in statements:
            assert database.execute(statement).rowcount > 0, statement
    database.close()


def first_of(world: World, gateway: str = "g0") -> TakenMessage:
    """The first acceptance there, which is that of message 1."""
    return next(t for t in world.vendors[gateway].ledger if t.to.endswith("0000"))


def hears(world: World, *calls: object) -> None:
    """The door takes these a moment after the first answer, and the log of message 1 says so."""
    world.took += [(8.0, "g0", call) for call in calls]
    world.offered += world.took


def not_taken(world: World, state: str) -> None:
    """No vendor has message 1, which is in a state."""
    for vendor in world.vendors.values():
        vendor.ledger[:] = [t for t in vendor.ledger if not t.to.endswith("0000")]
    write(
        world,
        f"UPDATE messages SET state = '{state}', reason = 'recipient' WHERE id = 1",
        "UPDATE attempts SET state = 'refused', fault = 'recipient' WHERE message_id = 1",
    )


def called_unsent(world: World) -> None:
    write(world, "UPDATE messages SET state = 'cancelled' WHERE id = 1")


def waits_for_ever(world: World) -> None:
    write(
        world,
        "UPDATE messages SET state = 'accepted', position = 1, gateway = 'g0' WHERE id = 1",
    )


def unread(world: World) -> None:
    hears(world, world.vendors["g0"].speech.report(first_of(world), "delivered"))
    write(
        world,
        "UPDATE messages SET state = 'delivered' WHERE id = 1",
        "UPDATE attempts SET heard = 4 WHERE message_id = 1 AND gateway = 'g0'",
    )


def nobodys_phone(world: World) -> None:
    not_taken(world, "failed")


def one_word(world: World) -> None:
    not_taken(world, "failed")


def a_part(world: World) -> None:
    hears(world, *world.vendors["g0"].speech.apart(first_of(world), "failed", 2))
    write(
        world,
        "UPDATE messages SET state = 'delivered' WHERE id = 1",
        "UPDATE attempts SET heard = 6 WHERE message_id = 1",
    )


def too_soon(world: World) -> None:
    write(
        world,
        "UPDATE attempts SET asked_at = (SELECT a.answered_at + 1000000 FROM attempts a "
        "WHERE a.message_id = 1 AND a.gateway = 'g0') "
        "WHERE message_id = 1 AND gateway = 'g1'",
    )


def out_of_time(world: World) -> None:
    not_taken(world, "expired")


FATES: dict[str, tuple[SitePlan, Meddle]] = {
    "what may have left is not called unsent": (plan(ONE), called_unsent),
    "a step that is over goes on": (plan(TWO), waits_for_ever),
    "no step begins although word is here": (plan(TWO), unread),
    "who shares a phone is reached through it": (
        plan(ONE, Residents(shares=1.0, second=0.0, agreed=1.0)), nobodys_phone,
    ),
    "a word about a call is no fact about its numbers": (plan(CALLS), one_word),
    "a part that failed is not forgotten": (plan(ONE), a_part),
    "nobody is tried further without a reason": (plan(TWO), too_soon),
    "nobody expires who could be sent to": (plan(ONE), out_of_time),
}  # fmt: skip


@pytest.mark.parametrize("name", FATES)
def test_a_fate_that_is_told_wrongly_is_reported_by_its_name(shop: Path, name: str) -> None:
    chosen, meddle = FATES[name]
    assert broken_by(shop, chosen) == "nothing"
    assert broken_by(shop, chosen, meddle) == name


def test_each_of_these_promises_is_broken_here_once() -> None:
    kinds = (invariants.ALWAYS, invariants.LEFT, invariants.TAKEN, invariants.AT_END)
    known = {n for kind in kinds for n, check in kind.items() if check.__module__ == fates.__name__}
    assert known == set(FATES)
