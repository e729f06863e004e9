"""What may happen in a world, by name: acts of people and weather.

A seed draws a script of events before anything runs. Each has a seed of its own for what it
chooses, so that a script from which events were taken still tells the same of the others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.world import World

Does = Callable[["World", random.Random], "str | None"]


class EventKind(NamedTuple):
    """One kind of event. `does` answers what happened in words; None: there was nothing to do."""

    name: str
    weight: float
    does: Does


class Event(NamedTuple):
    """One event of a script: at so many seconds."""

    at: float
    name: str
    seed: int


KINDS: dict[str, EventKind] = {}
_ON_THE_WAY = (
    "opt out",
    "erase",
    "remove",
    "move",
    "another number",
    "pause",
    "stop",
    "stop everything",
    "a worker dies",
    "a worker freezes",
    "one more worker",
    "a backup is made",
    "settings",
)
# What often follows an event, within so many seconds: while it is on its way.
CLOSE_BEHIND: dict[str, tuple[tuple[str, ...], float]] = {
    "broadcast": (_ON_THE_WAY, 90.0),
    "schedule": (_ON_THE_WAY, 2000.0),
    "send urgent": (_ON_THE_WAY, 30.0),
    "resume": (_ON_THE_WAY, 30.0),
    "a backup is made": (("a backup is restored", "opt out", "broadcast"), 300.0),
    "opt out": (("a backup is restored", "opt out is lifted", "resend"), 200.0),
}


def happens(name: str, weight: float = 1.0) -> Callable[[Does], Does]:
    """Register a kind of event; `weight`: how often it is drawn, beside the others."""

    def keep(does: Does) -> Does:
        assert name not in KINDS, name
        KINDS[name] = EventKind(name, weight, does)
        return does

    return keep


def draw_script(draw: random.Random, length: float, count: int) -> list[Event]:
    """`count` events within `length` seconds, in order. The first is always a broadcast."""
    kinds = sorted(KINDS)
    weights = [KINDS[k].weight for k in kinds]
    chosen = ["broadcast", *draw.choices(kinds, weights, k=count - 1)]
    times = sorted(length * draw.random() ** 2 for _ in range(count))
    script = [
        Event(round(at, 3), name, draw.getrandbits(32))
        for at, name in zip(times, chosen, strict=True)
    ]
    for event in list(script):
        if event.name in CLOSE_BEHIND and draw.random() < 0.6:
            names, within = CLOSE_BEHIND[event.name]
            at = event.at + within * draw.random() ** 2
            script.append(Event(round(at, 3), draw.choice(names), draw.getrandbits(32)))
    return sorted(script)


def play(world: World, script: Sequence[Event]) -> None:
    """Let a script happen in a world."""
    for event in script:
        world.after(event.at, _turn(world, event))


def _turn(world: World, event: Event) -> Callable[[], None]:
    def go() -> None:
        world.stir()
        world.playing = event.name
        said = KINDS[event.name].does(world, random.Random(event.seed))
        if said is not None:
            world.tell(f"{event.name}: {said}" if said else event.name)

    return go
