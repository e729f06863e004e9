"""Each invariant bites: a world in which all went well is changed in one way, or the program is
broken in one way, and exactly that name is reported."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from dispatcher.config.pace import Pace
from dispatcher.db.broadcasts import ending
from dispatcher.domain import lifecycle
from dispatcher.domain.lifecycle import Decision
from dispatcher.domain.model import AttemptState, MessageState
from dispatcher.simulators.worlds import acts, fates, invariants, judging
from dispatcher.simulators.worlds.events import KINDS, Event, EventKind
from dispatcher.simulators.worlds.facts import BroadcastFacts, No
from dispatcher.simulators.worlds.gateway_plans import GatewayPlan, StepPlan
from dispatcher.simulators.worlds.lives import Life, live, workshop
from dispatcher.simulators.worlds.residents import Residents
from dispatcher.simulators.worlds.rules import Rules
from dispatcher.simulators.worlds.site import SitePlan
from dispatcher.simulators.worlds.vendors import Habits, Left, Vendor
from dispatcher.simulators.worlds.world import World

GOOD = Habits(
    latency=0.1, reports=1.0, report_late=0, report_days=0, report_twice=0, report_stale=0,
    report_against=0, report_forged=0, fails=0,
)  # fmt: skip
SCRIPT = [Event(1.0, "to everybody", 0)]
Meddle = Callable[[World], None]

# The lock file of a worker that is killed is closed when nobody remembers it any more.
pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]


class Plainest(random.Random):
    """Whatever is offered first."""

    def random(self) -> float:
        return 0.5

    def choice(self, seq: Any) -> Any:
        return seq[0]

    def choices(self, population: Any, *args: Any, **kwargs: Any) -> Any:
        return [population[0]]


def to_everybody(world: World, draw: random.Random) -> str | None:
    """A broadcast without anything special."""
    return acts.broadcast(world, Plainest())


@pytest.fixture(scope="module")
def shop() -> Iterator[Path]:
    KINDS["to everybody"] = EventKind("to everybody", 0, to_everybody)
    with workshop() as place:
        yield place
    del KINDS["to everybody"]


def plan(**habits: float) -> SitePlan:
    chosen: Any = habits
    gateway = GatewayPlan("g0", "esms", "sms", "dedup", 4, GOOD._replace(**chosen))
    people = Residents(shares=0.0, second=0.0, agreed=1.0)
    return SitePlan((gateway,), 4, (StepPlan((("g0", 1),)),), Rules(), people)


def end_of(shop: Path, meddle: Meddle | None = None, chosen: SitePlan | None = None) -> Life:
    return live(7, shop, plan=chosen or plan(), script=SCRIPT, before_verdict=meddle)


def broken_by(life: Life) -> str:
    """The name of what was broken first."""
    return life.failed[0] if life.failed else "nothing"


# --- what left and what was taken ---------------------------------------------------------------


def told_of(world: World) -> BroadcastFacts:
    return next(iter(world.facts.told.values()))


def vendor_of(world: World) -> Vendor:
    return world.vendors["g0"]


def again(world: World, **changes: Any) -> Left:
    """The first message leaves once more."""
    left = vendor_of(world).sent[0]._replace(**changes)
    vendor_of(world).sent.append(left)
    return left


def to_a_stranger(world: World) -> None:
    with pytest.raises(httpx.ConnectError):
        world.vendor_of(httpx.URL("http://10.1.2.3/g0/send"))


def never_approved(world: World) -> None:
    told_of(world).approved = False
    again(world)


def edited(world: World) -> None:
    told_of(world).void = 0.0
    again(world)


def of_nobody(world: World) -> None:
    again(world, body="hello")


def to_nobody(world: World) -> None:
    again(world, to="")


def refused(world: World) -> None:
    world.facts.noes.append(No(0.0, again(world).to, "all"))


def removed_although_urgent(world: World) -> None:
    told_of(world).urgent = True
    world.facts.noes.append(No(0.0, again(world).to, "gone"))


def at_night(world: World) -> None:
    told_of(world).window = "22:00-23:00"
    again(world)


def too_late(world: World) -> None:
    told_of(world).expires = 0.5
    again(world)


def too_early(world: World) -> None:
    told_of(world).due = 10_000.0
    again(world)


def paused(world: World) -> None:
    told_of(world).paused.append((0.0, None))
    again(world)


def stopped(world: World) -> None:
    told_of(world).stopped = 0.0
    again(world)


def held_by_nobody(world: World) -> None:
    again(world)


def without_intent(world: World) -> None:
    again(world, reference="nobody's")


def taken_twice(world: World) -> None:
    vendor_of(world).ledger.append(vendor_of(world).ledger[0])


def taken_from_nobody(world: World) -> None:
    vendor_of(world).ledger.append(vendor_of(world).ledger[0]._replace(to="84950000999"))


def too_dear(world: World) -> None:
    vendor: Any = vendor_of(world)
    vendor.price, told_of(world).ceiling = 10, 5
    taken = vendor.ledger[0]._replace(to="84950000999")
    again(world, to=taken.to, reference=taken.reference, process="somebody")
    vendor.ledger.append(taken)


# --- what the database says ---------------------------------------------------------------------


def write(*statements: str) -> Meddle:
    """Change the database behind the program's back."""

    def meddle(world: World) -> None:
        with sqlite3.connect(world.root / "data" / "site.db") as database:
            for statement in statements:
                assert database.execute(statement).rowcount > 0, statement
        database.close()

    return meddle


def never_taken(world: World) -> None:
    vendor_of(world).ledger.pop()


FIRST = "WHERE id = (SELECT MIN(id) FROM messages WHERE state = 'delivered')"
BROKEN: dict[str, tuple[str, Meddle]] = {
    "another host": ("drill stays in drill", to_a_stranger),
    "never approved": ("nothing unapproved", never_approved),
    "edited": ("nothing unapproved", edited),
    "to nobody": ("nothing to nobody", to_nobody),
    "of nobody": ("nothing unapproved", of_nobody),
    "refused": ("nobody after their no", refused),
    "removed": ("nobody after their no", removed_although_urgent),
    "at night": ("nothing outside its hours", at_night),
    "too late": ("nothing outside its hours", too_late),
    "too early": ("nothing outside its hours", too_early),
    "paused": ("nothing after pause or stop", paused),
    "stopped": ("nothing after pause or stop", stopped),
    "held by nobody": ("only whoever holds it", held_by_nobody),
    "without an intent": ("only whoever holds it", without_intent),
    "taken twice": ("nobody twice", taken_twice),
    "taken from nobody": ("nothing out of nowhere", taken_from_nobody),
    "too dear": ("nothing above its ceiling", too_dear),
    "in doubt": (
        "a doubt is named in its time", write(f"UPDATE messages SET state = 'sending' {FIRST}"),
    ),
    "queued": ("nobody lost", write(f"UPDATE messages SET state = 'queued' {FIRST}")),
    "running": ("nobody lost", write("UPDATE broadcasts SET state = 'running'")),
    "gone": ("everybody of the audience is there", write(f"DELETE FROM messages {FIRST}")),
    "never taken": ("accepted means a yes", never_taken),
    "no attempt": (
        "accepted means a yes",
        write("UPDATE attempts SET state = 'unconfirmed' WHERE id = 1"),
    ),
    "called refused": (
        "ledger and log agree",
        write("UPDATE attempts SET state = 'refused' WHERE id = 1",
              "UPDATE messages SET state = 'failed' WHERE id IN "
              "(SELECT message_id FROM attempts WHERE id = 1)"),
    ),
    "left in doubt": (
        "ledger and log agree",
        write("UPDATE attempts SET state = 'unconfirmed' WHERE id = 1",
              "UPDATE messages SET state = 'unconfirmed' WHERE id IN "
              "(SELECT message_id FROM attempts WHERE id = 1)"),
    ),
    "not delivered": (
        "receipts converge", write(f"UPDATE messages SET state = 'accepted' {FIRST}"),
    ),
    "not heard": ("receipts converge", write("UPDATE attempts SET heard = 0 WHERE heard > 0")),
    "above budget": (
        "nothing above its budget",
        write("UPDATE broadcasts SET route = json_set(route, '$[0][5].budget', 5)",
              "UPDATE attempts SET cost = 10"),
    ),
    "not noted": (
        "a trail entry for every change", write("DELETE FROM trail WHERE act = 'sent'"),
    ),
    "edited trail": (
        "the trail holds",
        write("UPDATE trail SET entry = replace(entry, '\"at\"', '\"At\"') WHERE act = 'approved'"),
    ),
    "broken link": (
        "db check finds nothing",
        write("INSERT INTO suppressions (address_id, reason, at, by) VALUES (999, 'x', 1, 'x')"),
    ),
}  # fmt: skip


def test_a_world_in_which_all_goes_well_breaks_nothing(shop: Path) -> None:
    life = end_of(shop)
    assert life.failed is None
    assert sum("takes" in words for _, words in life.trace) == 4


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_wrong_is_reported_by_its_name(shop: Path, how: str) -> None:
    name, meddle = BROKEN[how]
    assert broken_by(end_of(shop, meddle)) == name


def test_a_pace_and_a_quota_are_judged_by_the_wire_and_the_ledger(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "pace_of", lambda site, name: Pace(0.1))
    assert broken_by(end_of(shop)) == "nothing above its pace"
    monkeypatch.setattr(judging, "pace_of", lambda site, name: Pace(most={"per_day": 3}))
    assert broken_by(end_of(shop)) == "nothing above a quota"


# --- a program that is broken ---------------------------------------------------------------------


def blindly_again(standing: lifecycle.MessageContext, now: Any) -> Decision:
    due = now + timedelta(seconds=1)
    return Decision(MessageState.QUEUED, AttemptState.REFUSED, due_at=due)


def taken_on_trust(standing: lifecycle.MessageContext, now: Any) -> Decision:
    return lifecycle.TAKEN


@pytest.mark.parametrize(
    ("name", "where", "what", "instead", "habits"),
    [
        ("nobody twice", lifecycle, "in_doubt", blindly_again, {"lost_back": 0.7, "reports": 0.0}),
        ("accepted means a yes", lifecycle, "in_doubt", taken_on_trust, {"lost_out": 0.5}),
        ("nobody lost", ending, "finish", lambda tx: [], {}),
    ],
)
def test_a_broken_program_is_reported(
    shop: Path, monkeypatch: pytest.MonkeyPatch, name: str, where: Any, what: str,
    instead: Any, habits: dict[str, float],
) -> None:  # fmt: skip
    assert broken_by(end_of(shop, chosen=plan(**habits))) == "nothing"
    monkeypatch.setattr(where, what, instead)
    assert broken_by(end_of(shop, chosen=plan(**habits))) == name


def test_every_invariant_is_broken_here_once() -> None:
    shown = {name for name, _ in BROKEN.values()}
    shown |= {"nothing above its pace", "nothing above a quota"}
    kinds = (invariants.ALWAYS, invariants.LEFT, invariants.TAKEN, invariants.AT_END)
    others = {
        n for kind in kinds for n, check in kind.items() if check.__module__ == fates.__name__
    }
    assert {name for kind in kinds for name in kind} == shown | others  # test_fates shows those
    assert all(check.__doc__ for kind in kinds for check in kind.values())
