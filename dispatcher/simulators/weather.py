"""What befalls a world: processes die and freeze, clocks are set, the database is in the way."""

from __future__ import annotations

import random

from dispatcher.simulators.events import happens
from dispatcher.simulators.processes import Process
from dispatcher.simulators.world import World


@happens("a worker dies", weight=3)
def a_worker_dies(world: World, draw: random.Random) -> str | None:
    """At one of its next failpoints; another starts a while later."""
    process = _a_worker(world, draw)
    if process is None:
        return None
    process.dies_at = draw.randint(0, 40)
    world.after(draw.choice((0.5, 5.0, 60.0)), lambda: _start_another(world))
    return f"{process.name} will"


@happens("a worker freezes", weight=1)
def a_worker_freezes(world: World, draw: random.Random) -> str | None:
    """As with SIGSTOP: for a moment, or beyond its lease; another may start meanwhile."""
    process = _a_worker(world, draw)
    if process is None:
        return None
    seconds = draw.choice((1.0, 30.0, 200.0, 900.0))
    process.frozen_until = world.seconds + seconds
    if draw.random() < 0.5:
        world.after(seconds / 4, lambda: _start_another(world))
    return f"{process.name} for {seconds:.0f} s"


def _a_worker(world: World, draw: random.Random) -> Process | None:
    found = [p for p, _ in world.workers.values() if p.lives]
    return draw.choice(found) if found else None


def _start_another(world: World) -> None:
    if not any(p.lives and p.frozen_until <= world.seconds for p, _ in world.workers.values()):
        world.start_worker()
