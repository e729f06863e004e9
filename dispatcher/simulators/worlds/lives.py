"""One seed from beginning to end: a site, a script, an end in which all must have become quiet."""

from __future__ import annotations

import logging
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dispatcher.db.ops import fresh
from dispatcher.simulators.worlds import (  # noqa: F401  (they register what may happen)
    acts,
    acts_after,
    acts_calls,
    acts_lists,
    acts_schedules,
    acts_site,
    acts_urgent,
    fates,
    judging,
    reckoning,
    weather,
    weather_disk,
    weather_replaced,
)
from dispatcher.simulators.worlds.books import is_at_rest, leave
from dispatcher.simulators.worlds.events import Event, draw_script, play
from dispatcher.simulators.worlds.invariants import verdict, watch
from dispatcher.simulators.worlds.site import (
    SitePlan,
    beside,
    draw_plan,
    fill,
    forget_server,
    migrated,
    write_site,
)
from dispatcher.simulators.worlds.themes import BESIDE, THEMES, theme_of
from dispatcher.simulators.worlds.vendor_events import mend_all, sign_in_all
from dispatcher.simulators.worlds.world import World

MEMORY = "/dev/shm"  # noqa: S108  (folders in it have names nobody can guess)
EVENTS = (2, 4, 6, 10, 20)  # of a script; many small worlds find more than a few large ones
LENGTHS = (120.0, 600.0, 3600.0)  # seconds in which a script happens
# Seconds of peace at the end, in which everything comes to rest: at least, at most, and so long
# after the last expiry.
CALM, LONGEST_CALM, AFTER_EXPIRY = 6 * 3600.0, 3 * 86_400.0, 3600.0
PIECE = 1800.0  # seconds of it after which somebody looks whether everything has
PATIENT = 8  # of so many worlds one lives until nothing could come any more
LAST_LOOK = 30.0  # seconds after it in which whoever looks does so without haste


@dataclass(frozen=True)
class Life:
    """What became of one seed."""

    seed: int
    steps: int
    failed: tuple[str, str] | None  # (invariant, how)
    script: Sequence[Event]
    trace: Sequence[tuple[float, str]]
    seconds: float
    database: str = ""


@contextmanager
def workshop(database: str = "") -> Iterator[Path]:
    """A folder for many worlds, in memory where the machine has such a place."""
    memory = Path(MEMORY)
    root = Path(
        tempfile.mkdtemp(prefix="dispatcher-worlds-", dir=memory if memory.is_dir() else None)
    )
    kept = os.environ.get("DISPATCHER_STATE")
    os.environ["DISPATCHER_STATE"] = str(root / "state")
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield root
    finally:
        forget_server(root, database)
        logging.disable(before)
        os.environ.pop("DISPATCHER_STATE")
        if kept is not None:
            os.environ["DISPATCHER_STATE"] = kept
        shutil.rmtree(root, ignore_errors=True)


def plan_of(seed: int) -> tuple[SitePlan, list[Event]]:
    """What a seed says, before anything runs."""
    draw = random.Random(f"plan {seed}")
    theme, plan = theme_of(seed), draw_plan(draw)
    length, count = draw.choice(LENGTHS), draw.choices(EVENTS, (20, 30, 30, 15, 5))[0]
    if theme is None:
        return plan, draw_script(draw, length, count)
    beside = draw_script(draw, length, count) if draw.random() < BESIDE else []
    plan = replace(theme.shape(plan, draw), theme=theme.name)
    return plan, sorted([*theme.script(draw), *beside])


def live(
    seed: int,
    shop: Path,
    *,
    plan: SitePlan | None = None,
    script: Sequence[Event] | None = None,
    database: str = "",
    to_compare: bool = False,
    before_verdict: Callable[[World], None] | None = None,
) -> Life:
    """Live one seed; `plan` and `script` instead of the seed's own (for shrinking).

    `to_compare`: with the same seed on the other database. Send loops commit in a thread, as on
    PostgreSQL, and rows get the ids they would have in a file.
    `before_verdict` may change what has become of the world: so a check shows that it bites.
    """
    own_plan, own_script = plan_of(seed)
    plan, script = plan or own_plan, own_script if script is None else script
    root = Path(tempfile.mkdtemp(prefix=f"w{seed}-", dir=shop))
    before = random.getstate()
    random.seed(seed)  # libraries that draw for themselves
    world = World(seed, root)
    world.to_compare = to_compare
    os.environ["DISPATCHER_STATE"] = str(root / "state")  # nothing is there of an earlier life
    try:
        if database:
            world.places.append(beside(shop, database))
        world.wish = THEMES[plan.theme].wish if plan.theme else {}
        write_site(world, plan, migrated(shop), world.places[0] if database else "")
        fill_draw = random.Random(f"people {seed}")
        world.as_person(lambda app: fill(world, app, plan, fill_draw))
        world.as_person(lambda app: sign_in_all(world, app))
        world.open_door()
        world.start_worker()
        play(world, script)
        world.watch = watch
        world.run(max((e.at for e in script), default=0.0) + 60.0)
        if world.failed is None:
            calm(world)
            come_to_rest(world)
            world.stir()
            world.run(world.seconds + LAST_LOOK)
        if world.failed is None:
            if before_verdict is not None:
                before_verdict(world)
            world.failed = verdict(world)
    except Exception as error:  # of the program, or of whoever looks: it is told like any other
        world.failed = "nothing breaks down", f"{type(error).__name__}: {error}"[:300]
    finally:
        random.setstate(before)
        leave(world)
        world.end()
        for place in world.places if database else ():
            fresh.drop(place, database)
        shutil.rmtree(root, ignore_errors=True)
    return Life(seed, world.steps, world.failed, script, world.trace, world.seconds, database)


def come_to_rest(world: World) -> None:
    """Live until nothing is open any more; some worlds until nothing could come any more."""
    latest = rest_of(world)
    if world.seed % PATIENT == 0:
        world.run(latest)
    while world.failed is None and world.seconds < latest:
        world.run(min(latest, world.seconds + PIECE))
        if is_at_rest(world):
            return


def rest_of(world: World) -> float:
    """When everything must have come to rest, in seconds of the world."""
    told = world.facts.told.values()
    last = max((t.expires for t in told if t.expires is not None), default=0.0) + AFTER_EXPIRY
    if any(t.repeats or (t.due is not None and t.expires is None) for t in told):
        last = world.seconds + LONGEST_CALM
    return min(max(world.seconds + CALM, last), world.seconds + LONGEST_CALM)


def calm(world: World) -> None:
    """Nothing goes wrong any more, and somebody works."""
    world.tell("calm")
    world.facts.calm_at = world.seconds
    acts_schedules.rest(world)
    for vendor in world.vendors.values():
        vendor.calm()
    for process in world.processes:
        process.frozen_until, process.freezes_for = 0.0, None
        process.dies_at = None
    for sky in (weather_disk, weather, weather_replaced):
        sky.clear_up(world)
    if world.door is None or not world.door[0].lives:
        world.open_door()
    mend_all(world)
    if not any(p.lives for p, _ in world.workers.values()):
        world.start_worker()
