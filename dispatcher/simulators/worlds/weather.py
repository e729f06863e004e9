"""What befalls processes and clocks: they die, freeze, are told to stop, are more than one; a clock
is set, and those of two machines differ.

Comes from: a script.   Goes to: a world.   See also: weather_disk, weather_replaced.
"""

from __future__ import annotations

import random

from dispatcher.broadcasts.application import App
from dispatcher.simulators.worlds.events import happens
from dispatcher.simulators.worlds.processes import Process
from dispatcher.simulators.worlds.residents import LEADER
from dispatcher.simulators.worlds.world import World
from dispatcher.worker import timekeeping

MOST_WORKERS = 3
STEPS = (-120.0, -59.0, -5.0, 5.0, 59.0, 120.0, 1800.0, -1800.0, 4 * 3600.0, -4 * 3600.0)


# --- processes ----------------------------------------------------------------------------------


@happens("a worker dies", weight=3)
def a_worker_dies(world: World, draw: random.Random) -> str | None:
    """At one of its next failpoints; another starts a while later."""
    process = a_worker(world, draw)
    if process is None:
        return None
    process.dies_at = draw.randint(0, 40)
    world.after(draw.choice((0.5, 5.0, 60.0)), lambda: start_another(world))
    return f"{process.name} will"


@happens("a worker is killed", weight=1)
def a_worker_is_killed(world: World, draw: random.Random) -> str | None:
    """Between two steps, whatever it waits for; another starts a while later."""
    process = a_worker(world, draw)
    if process is None:
        return None
    process.kill()
    world.after(draw.choice((0.1, 5.0, 60.0)), lambda: start_another(world))
    return process.name


@happens("deaths in a row", weight=1)
def deaths_in_a_row(world: World, draw: random.Random) -> str | None:
    """All workers are killed, and those that take over die of it, each a little later."""
    for process, _ in list(world.workers.values()):
        process.kill()
    deaths = [draw.randint(0, 12) for _ in range(draw.randint(1, 4))]
    seconds = draw.choice((0.1, 2.0))
    for dies_at in deaths:
        world.after(seconds, lambda dies_at=dies_at: start_another(world, dies_at=dies_at))  # type: ignore[misc]
        seconds += draw.choice((1.0, 5.0))
    for late in (0.0, 60.0):
        world.after(seconds + late, lambda: start_another(world))
    return f"{len(deaths)} more"


@happens("nobody works", weight=0.5)
def nobody_works(world: World, draw: random.Random) -> str | None:
    """All workers are killed, and it takes a while until somebody starts one."""
    for process, _ in list(world.workers.values()):
        process.kill()
    seconds = draw.choice((10.0, 60.0, 400.0))
    world.after(seconds, lambda: start_another(world))
    return f"for {seconds:.0f} s"


@happens("a worker freezes", weight=1)
def a_worker_freezes(world: World, draw: random.Random) -> str | None:
    """As with SIGSTOP: for a moment, or beyond its lease; another may start meanwhile. Half of the
    times just before what it was about to send leaves."""
    process = a_worker(world, draw)
    if process is None:
        return None
    seconds = draw.choice((1.0, 30.0, 200.0, 900.0))
    if draw.random() < 0.5:
        process.freezes_for = seconds
    else:
        process.frozen_until = world.seconds + seconds
    if draw.random() < 0.5:
        world.after(seconds / 4, lambda: start_another(world))
    return f"{process.name} for {seconds:.0f} s"


@happens("one more worker", weight=1)
def one_more_worker(world: World, draw: random.Random) -> str | None:
    """A second or third one, beside those that live; perhaps on a machine whose clock is off."""
    if len(living(world)) >= MOST_WORKERS:
        return None
    off = draw.choice((0.0, 0.0, -120.0, -20.0, 20.0, 120.0))
    process = start_worker(world, off)
    return f"{process.name}{f', its clock {off:+.0f} s' if off else ''}"


@happens("a worker is told to stop", weight=1)
def a_worker_is_told_to_stop(world: World, draw: random.Random) -> str | None:
    """As with SIGTERM: it settles what is on the wire and ends; another starts before or after."""
    process = a_worker(world, draw)
    if process is None:
        return None
    stop(world, process)
    world.after(draw.choice((0.0, 1.0, 60.0)), lambda: start_another(world, process))
    return process.name


@happens("the door dies", weight=1)
def the_door_dies(world: World, draw: random.Random) -> str | None:
    """At one of its next failpoints or at once; it comes back a while later."""
    if world.door is None or not world.door[0].lives:
        return None
    process = world.door[0]
    if draw.random() < 0.5:
        process.kill()
    else:
        process.dies_at = draw.randint(0, 3)

    def back() -> None:
        if not process.lives and (world.door is None or not world.door[0].lives):
            world.open_door()

    for seconds in (draw.choice((0.2, 5.0, 120.0)), 600.0):
        world.after(seconds, back)
    return process.name


# --- clocks -------------------------------------------------------------------------------------


@happens("the clock is set", weight=1)
def the_clock_is_set(world: World, draw: random.Random) -> str | None:
    """Forward or back, by seconds or hours; mostly somebody sets it right a while later."""
    step = draw.choice(STEPS)
    set_clock(world, world.off + step)
    if draw.random() < 0.7:
        world.after(draw.choice((2.0, 30.0, 600.0)), lambda: set_clock(world, 0.0))
    return f"by {step:+.0f} s"


@happens("a machine's clock is off", weight=0.5)
def a_clock_is_off(world: World, draw: random.Random) -> str | None:
    """That of one worker, while it runs: what its machine says and what it counts differ."""
    process = a_worker(world, draw)
    if process is None:
        return None
    process.machine.off = draw.choice((-120.0, -45.0, 45.0, 120.0))
    world.facts.clocks.append((world.seconds, world.off + process.machine.off))
    return f"{process.name} by {process.machine.off:+.0f} s"


def set_clock(world: World, off: float) -> None:
    """The clock of the site's machine says so many seconds more than it should."""
    if off != world.off:
        world.off = off
        world.facts.clocks.append((world.seconds, off))
        world.tell(f"the clock is {off:+.0f} s off")


# --- in common ----------------------------------------------------------------------------------


def living(world: World) -> list[Process]:
    """Workers that live, if only frozen, in the order in which they started."""
    return [p for p, _ in world.workers.values() if p.lives]


def a_worker(world: World, draw: random.Random) -> Process | None:
    """One that lives."""
    found = living(world)
    return draw.choice(found) if found else None


def start_worker(world: World, off: float = 0.0) -> Process:
    """One more, on a machine whose clock is so far off."""
    if off:
        world.facts.clocks.append((world.seconds, world.off + off))
    return world.start_worker(off)


def start_another(world: World, but: Process | None = None, dies_at: int | None = None) -> None:
    """One more unless there is one that works, other than `but`."""
    if not any(p is not but and p.frozen_until <= world.seconds for p in living(world)):
        world.start_worker(dies_at=dies_at)


def stop(world: World, process: Process) -> None:
    """Tell a worker to stop, as SIGTERM does; before it has begun to send, that kills it."""
    worker = next(w for p, w in world.workers.values() if p is process)
    if worker.engine is None:
        process.kill()
    else:
        process.run(worker.engine.stop)


def clear_up(world: World) -> None:
    """Clocks are right again, and a leader says so."""
    set_clock(world, 0.0)
    for process in world.processes:
        process.machine.off = 0.0

    def confirm(app: App) -> None:
        with app.store.read(app.actor(LEADER)) as tx:
            doubtful = timekeeping.doubt(tx, app.clock) is not None
        if doubtful:
            with app.begin(app.actor(LEADER))() as tx:
                timekeeping.confirm(tx, app.clock)

    for seconds in (0.0, 5.0, 300.0):  # a worker may notice later than a person
        world.after(seconds, lambda: world.as_person(confirm))
