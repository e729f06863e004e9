"""What a world is about: events that belong together happen close to each other, in a site and with
vendors in which they matter. A third of all worlds are about nothing in particular.

Comes from: a seed.   Goes to: its plan, its script, and what people of it wish to send.
Without themes an order of three or four things that leads to harm is met once in thousands of
worlds; what nobody thought of is found in the others, and in what is drawn beside.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from dispatcher.model import Audience
from dispatcher.simulators.events import Event
from dispatcher.simulators.gateway_plans import (
    DAY,
    GatewayPlan,
    Prices,
    StepPlan,
    draw_gateway,
)
from dispatcher.simulators.residents import WARDS, Residents
from dispatcher.simulators.rules import Rules
from dispatcher.simulators.site import SitePlan

Shape = Callable[[SitePlan, random.Random], SitePlan]
NOTHING = 0.3  # of worlds have no theme
BESIDE = 0.3  # of worlds with a theme have ordinary events as well

DEATHS = ("a worker dies", "a worker is killed", "deaths in a row")
TROUBLE = (*DEATHS, "a worker freezes", "one more worker", "a worker is told to stop")
NOES = ("opt out", "opt out", "opt out", "remove", "remove", "erase", "another number")


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

    def script(self, draw: random.Random) -> list[Event]:
        """Its events, in order."""
        script = [
            Event(round(draw.uniform(b.low, b.high), 3), draw.choice(b.names), draw.getrandbits(32))
            for b in self.beats
            if draw.random() < b.share
        ]
        return sorted(script)


def draw_theme(draw: random.Random) -> Theme | None:
    """What a world is about; None: nothing in particular."""
    if draw.random() < NOTHING:
        return None
    return THEMES[draw.choice(sorted(THEMES))]


# --- sites --------------------------------------------------------------------------------------


def gateway(
    draw: random.Random, kind: str, name: str = "g0", *, habits: Mapping[str, float], **what: Any
) -> GatewayPlan:
    """One whose vendor has these habits; the rest is drawn."""
    found = draw_gateway(name, kind, False, Prices(), draw)
    chosen: dict[str, Any] = dict(habits)
    return replace(found, habits=found.habits._replace(**chosen), **what)


def site(
    plan: SitePlan, people: int, gateways: Sequence[GatewayPlan], deadline: str = "", **more: Any
) -> SitePlan:
    """A site with these gateways, each channel one step in their order; ordinary rules."""
    channels = list(dict.fromkeys(g.channel for g in gateways))
    steps = [
        StepPlan(
            tuple((g.name, 1) for g in gateways if g.channel == channel),
            deadline if channel != channels[-1] else "",
        )
        for channel in channels
    ]
    said = {"rules": Rules(), "prices": Prices(), **more}
    return replace(plan, gateways=tuple(gateways), people=people, route=tuple(steps), **said)


CALM = {
    "never_left": 0.0, "lost_out": 0.0, "lost_back": 0.0, "odd": 0.0, "refuses": 0.0,
    "instead": 0.0, "slow": 0.0, "late": 0.0, "again": 0.0, "minds": 0.0,
}  # fmt: skip
SLOW = {**CALM, "latency": 1.0}


def look_ups(plan: SitePlan, draw: random.Random) -> SitePlan:
    """A vendor that can be asked: late to know, and hard to understand."""
    habits = {
        **CALM, "lost_back": 0.3, "lost_out": 0.1, "odd": draw.choice((0.1, 0.4)), "broken": 0.8,
        "settles": 1.0, "latency": draw.choice((0.1, 1.0)),
    }  # fmt: skip
    g = gateway(draw, "lab", capability="lookup", in_flight=4, habits=habits, per_second=None)
    return site(plan, draw.randint(4, 8), [g])


def remembering(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Answers are lost at a vendor that remembers, or at one that does not; often it is too busy
    to say anything about what it took before."""
    kind = draw.choice(("lab", "esms", "json", "text"))
    habits = {
        **CALM, "lost_back": 0.3, "late": 0.1, "refuses": 0.3, "broken": 0.8, "slow": 0.05,
        "latency": draw.choice((0.1, 1.0)), "reports": draw.choice((0.0, 0.5)),
    }  # fmt: skip
    capability = draw.choice(("dedup", "dedup", "neither")) if kind != "esms" else "dedup"
    g = gateway(draw, kind, capability=capability, habits=habits, per_second=None)
    return site(plan, draw.randint(4, 8), [g])


def queues(plan: SitePlan, draw: random.Random) -> SitePlan:
    """A long queue at a gateway that takes one message after another."""
    kind = draw.choice(("lab", "esms", "json", "zalo"))
    g = gateway(draw, kind, in_flight=1, batch=1, habits=SLOW, per_second=None, per_day=None,
                dong_per_day=None)  # fmt: skip
    return site(plan, draw.randint(8, 25), [g], residents=replace(plan.residents, without=0.0))


def too_late(plan: SitePlan, draw: random.Random) -> SitePlan:
    """The queue is longer than there is time."""
    longer = queues(plan, draw)
    g = longer.gateways[0]
    busy = {"refuses": draw.choice((0.0, 0.3)), "lost_back": draw.choice((0.0, 0.2))}
    return replace(
        longer, people=draw.randint(30, 60), gateways=(replace(g, habits=g.habits._replace(**busy)),)
    )


def two_steps(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Zalo or a described vendor first, SMS where no word came in time; reports of every kind."""
    habits = {
        **CALM, "reports": 0.95, "report_early": 0.3, "report_late": 0.1, "report_stale": 0.3,
        "report_against": 0.3, "report_apart": 0.4, "report_forged": 0.1, "fails": 0.4,
        "lost_back": draw.choice((0.0, 0.2)), "latency": draw.choice((0.1, 1.0)),
    }  # fmt: skip
    first = gateway(draw, draw.choice(("zalo", "json", "text")), "g0", channel="zalo", habits=habits,
                    per_second=None, per_day=None, dong_per_day=None)  # fmt: skip
    second = gateway(draw, draw.choice(("lab", "esms", "json", "text")), "g1", channel="sms",
                     habits=habits, per_second=None, per_day=None, dong_per_day=None)  # fmt: skip
    return site(plan, draw.randint(4, 10), [first, second], draw.choice(("5s", "30s", "5m")))


def shared(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Families with one phone, and with several; many numbers are refused."""
    habits = {
        **CALM, "minds": draw.choice((0.0, 0.4)), "fails": 0.5, "reports": 0.9, "refuses": 0.1,
        "latency": draw.choice((0.1, 1.0)),
    }  # fmt: skip
    kinds = draw.choice((("lab",), ("esms",), ("json",), ("zalo", "esms"), ("zalo", "json")))
    channels = ("sms",) if len(kinds) == 1 else ("zalo", "sms")
    found = [
        gateway(draw, k, f"g{n}", channel=c, in_flight=1, habits=habits, per_second=None,
                per_day=None, dong_per_day=None)
        for n, (k, c) in enumerate(zip(kinds, channels, strict=True))
    ]  # fmt: skip
    people = Residents(shares=0.6, second=0.5, crossed=0.5, agreed=1.0)
    return site(plan, draw.randint(4, 10), found, "30s", residents=people)


def calls(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Many numbers in one call: some are not wanted, some calls are refused in one word."""
    habits = {
        **CALM, "refuses": 0.2, "minds": draw.choice((0.0, 0.2)), "lost_back": 0.2, "lost_out": 0.1,
        "broken": 0.8, "latency": 1.0, "reports": draw.choice((0.0, 0.9)),
    }  # fmt: skip
    g = gateway(draw, draw.choice(("json", "text")), batch=draw.choice((3, 10)), channel="sms",
                capability=draw.choice(("dedup", "dedup", "neither")), window=draw.choice((300, DAY)),
                in_flight=1, habits=habits, per_second=None, per_day=None,
                dong_per_day=None)  # fmt: skip
    return site(plan, draw.randint(8, 20), [g], residents=replace(plan.residents, without=0.0))


def odd_words(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Answers and reports full of what no database takes."""
    habits = {**CALM, "odd": 0.6, "reports": 0.9, "latency": 0.1}
    found = [
        gateway(draw, k, f"g{n}", channel=c, habits=habits, per_second=None, per_day=None,
                dong_per_day=None)
        for n, (k, c) in enumerate(((draw.choice(("json", "zalo")), "zalo"),
                                    (draw.choice(("esms", "lab", "json")), "sms")))
    ]  # fmt: skip
    return site(plan, draw.randint(4, 10), found, "30s")


def little_money(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Paces, quotas and budgets that are met at once."""
    people = draw.randint(12, 30)
    g = gateway(
        draw, draw.choice(("lab", "esms", "json", "text")), channel="sms", in_flight=16, batch=1,
        habits={**CALM, "latency": 0.1, "refuses": 0.1}, per_second=draw.choice((1, 5)),
        per_day=draw.choice((None, people // 2)),
        dong_per_day=draw.choice((None, 500 * (people // 3))), price=500,
    )  # fmt: skip
    rules = Rules(month=draw.choice((None, 500 * people)))
    found = site(plan, people, [g], rules=rules, live=True)
    if draw.random() < 0.4:
        found = replace(found, route=(replace(found.route[0], budget=500 * (people // 2)),))
    return found


def closing_time(plan: SitePlan, draw: random.Random) -> SitePlan:
    """The window or the lunch hour comes while a queue is long."""
    longer = queues(plan, draw)
    g = longer.gateways[0]
    g = replace(g, habits=g.habits._replace(latency=10.0), timeout=25)
    window, lunch = draw.choice((("09:00-09:05", ""), ("07:00-22:00", "09:02-09:04")))
    return replace(
        longer, people=draw.randint(30, 50), gateways=(g,), rules=Rules(window=window, lunch=lunch)
    )


_BROADCAST = Beat(("broadcast",), 0.0, 2.0)
_ALL_OF_THEM = {"audience": Audience(WARDS), "urgent": False}
_NOW = {**_ALL_OF_THEM, "upto": "scheduled", "later": 0.0}


def _again(beat: Beat, times: int) -> tuple[Beat, ...]:
    return (beat,) * times


_ALL = (
    Theme("doubts looked up", look_ups, (
        _BROADCAST, Beat(TROUBLE, 1.0, 20.0, 0.6), Beat(("pause", "stop", "broadcast"), 1.0, 30.0, 0.3),
    ), {**_NOW, "rather_twice": False, "life": 6 * 3600.0}),
    Theme("doubts repeated", remembering, (
        _BROADCAST, Beat(TROUBLE, 1.0, 20.0, 0.6),
        Beat(("opt out", "pause", "stop", "broadcast", "a vendor is down"), 1.0, 30.0, 0.5),
        Beat(("a vendor forgets",), 300.0, 2000.0, 0.3),
    ), {**_NOW, "rather_twice": False, "life": 6 * 3600.0}),
    Theme("who is gone by then", queues, (
        _BROADCAST, *_again(Beat(NOES, 2.0, 12.0), 4), Beat(TROUBLE, 1.0, 15.0, 0.2),
    ), {**_NOW, "life": 6 * 3600.0}),
    Theme("stopped on the way", queues, (
        _BROADCAST, Beat(("stop", "pause", "stop everything"), 2.0, 10.0),
        Beat(("resume", "stop", "pause", "one more worker"), 4.0, 15.0, 0.6),
        Beat(("a worker freezes", "one more worker", "pause a gateway"), 1.0, 10.0, 0.4),
    ), {**_NOW, "life": 6 * 3600.0}),
    Theme("too late", too_late, (
        _BROADCAST, Beat(("pause", "a worker freezes", "one more worker", "a worker dies"), 2.0, 25.0, 0.5),
    ), {**_NOW, "life": 30.0, "rather_twice": False}),
    Theme("word in time", two_steps, (
        _BROADCAST, Beat(("a vendor contradicts itself", "a vendor counts anew"), 5.0, 60.0, 0.6),
        Beat(("the door dies", "a worker dies", "opt out", "erase", "stop"), 1.0, 30.0, 0.6),
        Beat(("broadcast",), 20.0, 90.0, 0.4),
    ), {**_NOW, "life": 6 * 3600.0}),
    Theme("one phone for several", shared, (
        _BROADCAST, *_again(Beat((*NOES, "a worker dies"), 1.0, 20.0, 0.4), 3),
        Beat(("stop", "correction", "resend"), 30.0, 300.0, 0.3),
    ), {**_NOW, "life": 6 * 3600.0}),
    Theme("many in one call", calls, (
        _BROADCAST, *_again(Beat(NOES, 0.5, 12.0, 0.5), 3), Beat(TROUBLE, 0.5, 10.0, 0.4),
        Beat(("a vendor changes its mind", "broadcast"), 0.0, 10.0, 0.3),
    ), {**_NOW, "rather_twice": False, "life": 6 * 3600.0}),
    Theme("odd words", odd_words, (_BROADCAST, Beat(TROUBLE, 1.0, 20.0, 0.2)), _NOW),
    Theme("little money", little_money, (
        _BROADCAST, Beat(("one more worker",), 0.0, 5.0, 0.5),
        Beat(("broadcast", "a worker dies"), 1.0, 20.0, 0.4),
        Beat(("settle", "resend", "a worker freezes"), 20.0, 60.0, 0.3),
    ), _NOW),
    Theme("closing time", closing_time, (_BROADCAST, Beat(TROUBLE, 10.0, 200.0, 0.5)),
          {**_NOW, "life": 86_400.0, "window": ""}),
    Theme("taken over", queues, (
        _BROADCAST, Beat(("a worker freezes",), 1.0, 8.0), Beat(("one more worker",), 2.0, 20.0),
        Beat(("a worker freezes", "a worker dies"), 4.0, 150.0, 0.5),
    ), {**_NOW, "life": 6 * 3600.0}),
    Theme("a backup comes back", queues, (
        _BROADCAST, Beat(("a backup is made",), 0.0, 8.0),
        *_again(Beat((*NOES, "broadcast", "stop", "pause"), 3.0, 20.0, 0.6), 3),
        Beat(("a backup is restored",), 8.0, 40.0),
        Beat(("broadcast", "a backup is restored"), 40.0, 120.0, 0.5),
    ), {**_NOW, "life": 6 * 3600.0}),
    Theme("second thoughts", queues, (
        _BROADCAST, Beat(("edit", "reword", "test"), 1.0, 30.0),
        *_again(Beat(("edit", "go on", "send back", "a worker dies", "pause"), 1.0, 60.0, 0.5), 3),
    ), {**_ALL_OF_THEM, "later": 40.0, "life": 6 * 3600.0}),
)  # fmt: skip
THEMES = {theme.name: theme for theme in _ALL}
