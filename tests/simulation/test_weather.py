"""Weather in small worlds: each kind happens, and nobody is lost or texted twice for it."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from conftest import ROOT, new_postgresql
from patience import PATIENCE

from dispatcher.domain.model import SYSTEM
from dispatcher.simulators.worlds import lives
from dispatcher.simulators.worlds.events import KINDS, Event
from dispatcher.simulators.worlds.gateway_plans import GatewayPlan, StepPlan
from dispatcher.simulators.worlds.lives import live, workshop
from dispatcher.simulators.worlds.residents import Residents
from dispatcher.simulators.worlds.rules import Rules
from dispatcher.simulators.worlds.site import SitePlan
from dispatcher.simulators.worlds.vendors import Habits
from dispatcher.simulators.worlds.world import World

pytestmark = pytest.mark.long
PLAN = SitePlan(
    (GatewayPlan("g0", "lab", "sms", "dedup", 4, Habits(reports=0.0, latency=0.3), price=500),),
    people=8, route=(StepPlan((("g0", 1),)),),
    rules=Rules(), residents=Residents(),
)  # fmt: skip
WEATHER = sorted(k for k, kind in KINDS.items() if ".weather" in kind.does.__module__)
ON_A_SERVER = ("the database starts again",)
IN_A_FILE = ("the database is held", "a backup is made", "a backup is restored")


@pytest.fixture(scope="module")
def shop():
    with workshop() as folder:
        yield folder


@pytest.fixture(scope="module")
def server(postgresql_server):
    url = new_postgresql(postgresql_server)
    with workshop(url) as folder:
        yield folder, url


def script(kind, seed):
    """Two broadcasts, with three of a kind while the first of them is sent and after it."""
    others = [Event(1.2, "a backup is made", 1)] if kind == "a backup is restored" else []
    times = (1.5 + seed % 7 / 10, 3.0, 11.0 + seed)
    return sorted([
        Event(1.0, "broadcast", 4), Event(10.0, "broadcast", 5), *others,
        *(Event(at, kind, 10 * seed + n) for n, at in enumerate(times)),
    ])  # fmt: skip


def survived(found, kind):
    assert found.failed is None, found.trace
    return sum(words.startswith(kind) for _, words in found.trace)


@pytest.mark.parametrize("kind", [
    pytest.param(k, marks=[pytest.mark.long] if k == "the site is copied" else [])
    for k in WEATHER if k not in ON_A_SERVER
])  # fmt: skip
def test_each_weather_happens_and_is_survived(kind, shop):
    assert survived(live(3, shop, plan=PLAN, script=script(kind, 3)), kind)


@pytest.mark.parametrize("broadcast", [3, 6])
def test_what_a_lost_database_knew_is_named_and_not_sent_again(broadcast, shop):
    """The backup is of a moment in which it was being sent; 6: of one before, with shared phones."""
    slow = replace(PLAN.gateways[0], in_flight=1, habits=Habits(reports=0.0, latency=1.0))
    story = [Event(1.0, "broadcast", broadcast), Event(5.0, "a backup is made", 1),
             Event(16.0, "a backup is restored", 2)]  # fmt: skip
    found = live(1, shop, plan=replace(PLAN, gateways=(slow,), people=20), script=story)
    assert survived(found, "a backup is restored: backup-1, what it replaces is lost")


@pytest.mark.parametrize("kind", [
    pytest.param(k, marks=pytest.mark.long if k in ON_A_SERVER else pytest.mark.night)
    for k in WEATHER if k not in IN_A_FILE
])  # fmt: skip
def test_each_weather_is_survived_on_a_server(kind, server):
    folder, url = server
    found = live(3, folder, plan=PLAN, script=script(kind, 3), database=url)
    assert survived(found, kind)


def test_a_killed_worker_leaves_a_free_lock_and_its_file(shop, tmp_path):
    """As the operating system does it: what it held can be taken back at once."""
    world = lives_of(shop, tmp_path)
    process = world.start_worker()
    world.run(2.0)
    worker = world.workers[process.name][1]
    lock = worker._lock(worker.name)
    assert not lock.take()
    process.kill()
    assert (lock._folder / f"{worker.name}.lock").exists()
    assert lock.take()
    lock.drop()
    world.end()


def test_what_is_killed_does_nothing_more(shop, tmp_path):
    """No `finally` of a dead process writes, and none of its timers goes off."""
    world = lives_of(shop, tmp_path)
    process = world.start_worker()
    world.run(5.0)
    with world.look().store.read(SYSTEM) as tx:
        before = tx.value("SELECT COUNT(*) FROM trail")
    process.kill()
    world.run(60.0)
    with world.look().store.read(SYSTEM) as tx:
        assert tx.value("SELECT COUNT(*) FROM trail") == before
        assert tx.value("SELECT COUNT(*) FROM workers") == 1, "it has not said good-bye"
    assert process.due() is None
    world.end()


def lives_of(shop, folder):
    world = World(1, folder)
    lives.write_site(world, PLAN, lives.migrated(shop))
    world.as_person(lambda app: lives.fill(world, app, PLAN, world.draw))
    return world


# --- the same again -----------------------------------------------------------------------------

TWICE = """
import sys
from dispatcher.simulators.worlds.lives import live, workshop
from dispatcher.simulators.worlds.world import World
ledger, end = [], World.end
def look(world):
    ledger.append([v.ledger for v in world.vendors.values()])
    end(world)
World.end = look
with workshop() as shop:
    for seed in map(int, sys.argv[1:]):
        print(seed, live(seed, shop).trace, ledger.pop())
"""


@pytest.mark.long
def test_a_seed_is_the_same_world_in_every_process(tmp_path):
    """Whatever hashes, addresses and times a process has: trace and ledgers, word by word."""
    seeds = [str(n) for n in (4, 7, 8, 10, 12, 13, 16, 18, 19, 24)]
    said = []
    for hashes in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", TWICE, *seeds], cwd=ROOT, check=True, capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": hashes}, timeout=PATIENCE,
        )  # fmt: skip
        said.append(done.stdout.splitlines())
    assert len(said[0]) == len(seeds)
    for one, other in zip(*said, strict=True):
        assert hashlib.sha256(one).digest() == hashlib.sha256(other).digest(), one[:20]


# --- the same on both databases -----------------------------------------------------------------

# Deaths count places, of which a file has some more; disks fail by statement.
OWN = {"a worker dies", "deaths in a row", "the door dies", "the database is held", "the disk is full",
       "the disk fails", "the disk is read-only", "commits are not answered", "the database starts again",
       "a backup is made", "a backup is restored", "the site is copied"}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("seed", [*range(4, 14), 19, 24])  # 8, 19, 24: with a pace
def test_a_seed_is_the_same_world_on_both_databases(seed, server):
    folder, url = server
    chosen = [e for e in lives.plan_of(seed)[1] if e.name not in OWN]
    one = live(seed, folder, script=chosen, to_compare=True)
    other = live(seed, folder, script=chosen, to_compare=True, database=url)
    assert one.trace == other.trace
    assert replace(one, database=url) == other
