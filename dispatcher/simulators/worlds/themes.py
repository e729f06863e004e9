"""What a world is about: events that belong together happen close to each other, in a site and with
vendors in which they matter. A quarter of all worlds is about nothing in particular.

Comes from: a seed.   Goes to: its plan, its script, and what people of it wish to send.
Without themes an order of three or four things that leads to harm is met once in thousands of
worlds; what nobody thought of is found in the others, and in what is drawn beside.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dispatcher.domain.model import Audience
from dispatcher.simulators.worlds import theme_sites as sites
from dispatcher.simulators.worlds import theme_sites_of_lists
from dispatcher.simulators.worlds.events import Event
from dispatcher.simulators.worlds.residents import WARDS
from dispatcher.simulators.worlds.site import SitePlan

Shape = Callable[[SitePlan, random.Random], SitePlan]
NOTHING = 3  # themes for each world that has none
BESIDE = 0.3  # of worlds with a theme have ordinary events as well

DEATHS = ("a worker dies", "a worker is killed", "deaths in a row")
TROUBLE = (*DEATHS, "a worker freezes", "one more worker", "a worker is told to stop")
NOES = ("opt out", "opt out", "opt out", "remove", "remove", "erase", "another number")
STOPS = ("stop", "pause", "stop everything")


class Beat(NamedTuple):
    """One of some events happens between two moments, in so many worlds of a theme."""

    names: tuple[str, ...]
    low: float  # seconds
    high: float
    share: float = 1.0


@dataclass(frozen=True)
class Theme:
    """`wish`: fields of what people send (see acts.Wish) that are not drawn."""

    name: str
    shape: Shape
    beats: tuple[Beat, ...]
    wish: Mapping[str, Any] = field(default_factory=dict)
    weight: int = 1  # worlds in a row of all of them

    def script(self, draw: random.Random) -> list[Event]:
        """Its events, in order."""
        script = [
            Event(round(draw.uniform(b.low, b.high), 3), draw.choice(b.names), draw.getrandbits(32))
            for b in self.beats
            if draw.random() < b.share
        ]
        return sorted(script)


def theme_of(seed: int) -> Theme | None:
    """What a world is about; None: nothing in particular. Each comes round in its turn."""
    return _TURNS[seed % len(_TURNS)]


_BROADCAST = Beat(("broadcast",), 0.0, 2.0)
_ALL_OF_THEM = {"audience": Audience(WARDS), "urgent": False, "life": 6 * 3600.0}
_NOW = {**_ALL_OF_THEM, "upto": "scheduled", "later": 0.0}
_ONCE = {**_NOW, "rather_twice": False}


def _times(count: int, beat: Beat) -> tuple[Beat, ...]:
    return (beat,) * count


_ALL = (
    Theme(
        "doubts looked up",
        sites.look_ups,
        (
            _BROADCAST,
            Beat(TROUBLE, 1.0, 20.0, 0.6),
            Beat(("pause", "stop", "broadcast"), 1.0, 30.0, 0.3),
        ),
        {**_ONCE, "life": 600.0},
        2,
    ),
    Theme(
        "doubts repeated",
        sites.remembering,
        (
            _BROADCAST,
            Beat(TROUBLE, 1.0, 20.0, 0.5),
            Beat((*NOES, "pause", "stop", "broadcast"), 2.0, 20.0, 0.4),
            Beat(("a vendor forgets",), 300.0, 2000.0, 0.3),
        ),
        {**_ONCE, "life": 3600.0},
        2,
    ),
    Theme(
        "doubts for long",
        sites.long_doubts,
        (
            Beat(("broadcast",), 0.5, 1.0),
            *_times(4, Beat(NOES, 2.0, 30.0, 0.8)),
            Beat(("pause a gateway",), 3.0, 30.0),
        ),
        {**_ONCE, "life": 600.0},
        2,
    ),
    Theme(
        "who is gone by then",
        sites.queues,
        (
            _BROADCAST,
            *_times(4, Beat(NOES, 2.0, 12.0)),
            Beat(TROUBLE, 1.0, 15.0, 0.2),
        ),
        _NOW,
    ),
    Theme(
        "stopped on the way",
        sites.queues,
        (
            _BROADCAST,
            Beat(("pause", *STOPS), 2.0, 8.0),
            Beat(("resume", "stop", "pause", "one more worker"), 4.0, 15.0, 0.6),
            Beat(("a worker freezes", "one more worker", "pause a gateway"), 1.0, 10.0, 0.4),
        ),
        _NOW,
        2,
    ),
    Theme(
        "too late",
        sites.too_late,
        (
            _BROADCAST,
            Beat(("a worker freezes",), 10.0, 29.0, 0.3),
            Beat(("pause", "a worker dies"), 2.0, 29.0, 0.2),
        ),
        {**_ONCE, "life": 30.0},
        2,
    ),
    Theme(
        "word in time",
        sites.two_steps,
        (
            _BROADCAST,
            Beat(("a vendor contradicts itself",), 5.0, 60.0, 0.4),
            *_times(3, Beat((*NOES, "erase", "stop", "the door dies"), 2.0, 25.0, 0.5)),
            Beat((*DEATHS, "a worker freezes"), 1.0, 10.0, 0.4),
            Beat(("broadcast",), 20.0, 90.0, 0.3),
        ),
        {**_NOW, "template": "sim"},
        2,
    ),
    Theme(
        "nobody reads",
        sites.unread,
        (
            Beat(("broadcast",), 0.0, 0.5),
            Beat(("nobody works",), 3.0, 6.0),
            Beat(NOES, 3.0, 30.0, 0.3),
            Beat(("broadcast",), 450.0, 500.0),
        ),
        {**_ONCE, "template": "sim"},
    ),
    Theme(
        "late noes",
        sites.late_noes,
        (
            _BROADCAST,
            Beat((*DEATHS, "the door dies"), 5.0, 60.0, 0.3),
        ),
        {**_ONCE, "template": "sim"},
    ),
    Theme(
        "no further word",
        sites.no_further_word,
        (
            _BROADCAST,
            Beat(DEATHS, 1.0, 10.0, 0.4),
            *_times(2, Beat(("a worker freezes",), 1.0, 5.0, 0.6)),
            Beat(("one more worker",), 0.0, 10.0, 0.7),
            Beat(("broadcast", "opt out"), 300.0, 400.0),
        ),
        _ONCE,
        2,
    ),
    Theme(
        "many a no",
        theme_sites_of_lists.many_noes,
        (
            _BROADCAST,
            Beat(("stop", "stop", "stop everything"), 4.0, 9.0, 0.9),
            Beat(NOES, 3.0, 12.0, 0.3),
        ),
        _ONCE,
        2,
    ),
    Theme(
        "dared twice",
        theme_sites_of_lists.dared_twice,
        (
            _BROADCAST,
            Beat(STOPS, 6.0, 25.0, 0.7),
            Beat(TROUBLE, 2.0, 15.0, 0.3),
        ),
        {**_NOW, "life": 60.0, "rather_twice": True},
    ),
    Theme(
        "ids again",
        theme_sites_of_lists.ids_again,
        (
            _BROADCAST,
            Beat(("a vendor counts anew",), 90_000.0, 90_001.0),
            Beat(("broadcast",), 90_002.0, 90_005.0),
            Beat(("a vendor contradicts itself", "a worker dies"), 90_002.0, 90_030.0, 0.3),
        ),
        _ONCE,
        2,
    ),
    Theme(
        "one phone for several",
        theme_sites_of_lists.shared,
        (
            _BROADCAST,
            *_times(4, Beat((*NOES, "erase", "a worker dies"), 1.0, 10.0, 0.5)),
            Beat(("stop", "correction", "resend"), 30.0, 300.0, 0.3),
        ),
        _NOW,
        2,
    ),
    Theme(
        "many in one call",
        theme_sites_of_lists.calls,
        (
            _BROADCAST,
            *_times(3, Beat(NOES, 0.5, 12.0, 0.5)),
            Beat(TROUBLE, 0.5, 10.0, 0.4),
            Beat(("a vendor changes its mind", "broadcast"), 0.0, 10.0, 0.3),
        ),
        _ONCE,
        2,
    ),
    Theme(
        "odd words",
        theme_sites_of_lists.odd_words,
        (_BROADCAST, Beat(TROUBLE, 1.0, 20.0, 0.2)),
        _NOW,
        2,
    ),
    Theme("the answer of another", theme_sites_of_lists.of_another, (_BROADCAST,), _NOW),
    Theme(
        "little money",
        theme_sites_of_lists.little_money,
        (
            _BROADCAST,
            Beat(("one more worker",), 0.0, 5.0, 0.5),
            Beat(("broadcast", "a worker dies"), 1.0, 20.0, 0.4),
            Beat(("settle", "resend", "a worker freezes"), 20.0, 60.0, 0.3),
        ),
        _NOW,
    ),
    Theme(
        "closing time",
        theme_sites_of_lists.closing_time,
        (
            _BROADCAST,
            Beat(TROUBLE, 10.0, 200.0, 0.3),
            Beat(("a vendor is down",), 95.0, 119.0, 0.8),
            Beat(("a vendor is down",), 250.0, 295.0, 0.8),
            Beat(("broadcast", "opt out"), 330.0, 400.0),
        ),
        {**_ONCE, "life": 86_400.0, "window": ""},
        2,
    ),
    Theme(
        "taken over",
        theme_sites_of_lists.paced,
        (
            Beat(("broadcast",), 0.0, 1.0),
            Beat(("one more worker",), 0.0, 5.0),
            *_times(4, Beat(("a worker freezes",), 1.0, 6.0, 0.8)),
            Beat(("a worker freezes", "a worker dies"), 4.0, 150.0, 0.3),
            Beat(("broadcast", "opt out"), 250.0, 300.0),
        ),
        _ONCE,
        2,
    ),
    Theme(
        "a backup comes back",
        sites.queues,
        (
            _BROADCAST,
            Beat(("a backup is made",), 0.0, 4.0),
            *_times(5, Beat(("opt out", "opt out", "opt out", "opt out", "erase"), 4.0, 9.0)),
            Beat((*NOES, "broadcast", "stop", "pause"), 4.0, 9.0, 0.5),
            Beat(("a backup is restored",), 9.0, 14.0),
            Beat(("broadcast", "a backup is restored"), 40.0, 120.0, 0.4),
        ),
        _NOW,
        2,
    ),
    Theme(
        "all is lost",
        sites.queues,
        (
            Beat(("a backup is made",), 0.0, 1.0),
            Beat(("broadcast",), 1.0, 2),
            *_times(2, Beat((*NOES, "a backup is made"), 3.0, 10.0, 0.5)),
            Beat(("a backup is restored",), 6.0, 20.0),
            Beat(("broadcast",), 15.0, 60.0),
            Beat(("a backup is restored", "broadcast", "resend"), 60.0, 120.0, 0.3),
        ),
        _NOW,
        2,
    ),
    Theme(
        "second thoughts",
        sites.queues,
        (
            _BROADCAST,
            Beat(("edit", "reword", "test"), 1.0, 30.0),
            *_times(
                3, Beat(("edit", "go on", "send back", "a worker dies", "pause"), 1.0, 60.0, 0.5)
            ),
        ),
        {**_ALL_OF_THEM, "later": 40.0},
    ),
)
THEMES = {theme.name: theme for theme in _ALL}


def _turns() -> Sequence[Theme | None]:
    """Every theme as often as its weight, and worlds without one, well mixed."""
    found: list[Theme | None] = [theme for theme in _ALL for _ in range(theme.weight)]
    found += [None] * (len(found) // NOTHING)
    random.Random("themes").shuffle(found)
    return found


_TURNS = _turns()
