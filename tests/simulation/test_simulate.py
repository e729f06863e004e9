"""`dispatcher simulate`: the same seed is the same world, what fails is told, mistakes are found."""

import json

import pytest
from conftest import run_cli

from dispatcher.db.contacts import phone_conditions
from dispatcher.simulators.worlds.events import KINDS
from dispatcher.simulators.worlds.invariants import ALWAYS
from dispatcher.simulators.worlds.lives import live, plan_of, workshop
from dispatcher.simulators.worlds.mistakes import MUTANTS
from dispatcher.simulators.worlds.mutants import function_at
from dispatcher.simulators.worlds.shrinking import shrink

BUSY = 2  # a seed in which vendors take messages


@pytest.mark.long
def test_the_command_lives_seeds_and_says_so():
    found = run_cli("simulate", "--seeds", "2", "--from", "1", "--json")
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert told.keys() == {"seeds", "steps", "failed", "database"}
    assert (told["seeds"], told["failed"], told["database"]) == (2, [], "sqlite")
    assert told["steps"] > 50


@pytest.mark.long
def test_the_same_seed_is_the_same_world():
    with workshop() as shop:
        first, again, other = (live(seed, shop) for seed in (BUSY, BUSY, BUSY + 1))
    assert first.trace == again.trace
    assert first.trace != other.trace
    assert any("takes" in words for _, words in first.trace), "a vendor took something"


@pytest.mark.long
def test_what_fails_is_told_with_the_fewest_events_and_a_command_that_lives_them_again(monkeypatch):
    def no_pause(world):
        paused = [t.code for t in world.facts.told.values() if t.paused]
        return f"{paused[0]} was paused" if paused else None

    monkeypatch.setitem(ALWAYS, "nobody pauses", no_pause)
    with workshop() as shop:
        seed = next(s for s in range(1, 200)
                    if "pause" in [e.name for e in plan_of(s)[1][2:]] and live(s, shop).failed)  # fmt: skip
        found = live(seed, shop)
        kept = shrink(found, shop)
        names = [found.script[i].name for i in kept]
        few = live(seed, shop, script=[found.script[i] for i in kept])
    assert found.failed[0] == few.failed[0] == "nobody pauses"
    assert names[-1] == "pause"
    assert len(kept) <= 3


def test_a_mistake_is_gone_once_it_is_not_planted_any_more():
    mutant = MUTANTS["resend on unknown"]
    function = function_at(mutant.changes[0].where)
    before = function.__code__
    with mutant.planted():
        assert function.__code__ is not before
    assert function.__code__ is before


def test_a_mistake_in_a_constant_reaches_what_is_made_of_it_and_is_gone_afterwards():
    before = phone_conditions.FREE
    with MUTANTS["a phone stays with who is gone"].planted():
        assert before.replace("'failed', 'skipped', ", "'failed', ") == phone_conditions.FREE
        assert before != phone_conditions.FREE
    assert phone_conditions.FREE is before


def test_there_are_twenty_mistakes_to_plant_and_each_line_is_still_there():
    assert len(MUTANTS) >= 20
    for mutant in MUTANTS.values():
        with mutant.planted():
            pass


@pytest.mark.long
@pytest.mark.parametrize("name", ["resend on unknown", "a doubt fails over"])
def test_a_planted_mistake_is_found(name):
    found = json.loads(run_cli("simulate", "--mutant", name, "--seeds", "100", "--json").stdout)
    assert found == {name: "found"}


@pytest.mark.night
def test_every_planted_mistake_is_found():
    found = json.loads(run_cli("simulate", "--mutant", "all", "--seeds", "200", "--json").stdout)
    assert set(found.values()) == {"found"}, found


def test_every_kind_of_event_is_drawn():
    drawn = {event.name for seed in range(2_000) for event in plan_of(seed)[1]}
    assert drawn == set(KINDS)
