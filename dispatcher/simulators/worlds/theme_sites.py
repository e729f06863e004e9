"""Sites in which the events of a theme matter: few people, a queue or vendors made for it.

Comes from: a theme.   Goes to: the plan of a world.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dispatcher.simulators.worlds.gateway_plans import (
    DAY,
    GatewayPlan,
    Prices,
    StepPlan,
    draw_gateway,
)
from dispatcher.simulators.worlds.residents import Residents
from dispatcher.simulators.worlds.rules import Rules
from dispatcher.simulators.worlds.site import SitePlan


def gateway(
    draw: random.Random, kind: str, name: str = "g0", *, habits: Mapping[str, Any], **what: Any
) -> GatewayPlan:
    """One whose vendor has these habits; the rest is drawn."""
    found = draw_gateway(name, kind, False, Prices(), draw)
    chosen: Any = habits
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


EACH = Residents(shares=0.0, second=0.2, agreed=1.0)  # with a phone of their own
UNLIMITED: Mapping[str, Any] = {"per_second": None, "per_day": None, "dong_per_day": None}
CALM = {
    "never_left": 0.0,
    "lost_out": 0.0,
    "lost_back": 0.0,
    "odd": 0.0,
    "refuses": 0.0,
    "instead": 0.0,
    "slow": 0.0,
    "late": 0.0,
    "again": 0.0,
    "minds": 0.0,
}
SLOW = {**CALM, "latency": 1.0}


def look_ups(plan: SitePlan, draw: random.Random) -> SitePlan:
    """A vendor that can be asked: late to know, and hard to understand."""
    habits = {
        **CALM,
        "lost_back": 0.3,
        "lost_out": 0.1,
        "odd": draw.choice((0.1, 0.4)),
        "broken": 0.8,
        "settles": 1.0,
        "latency": draw.choice((0.1, 1.0)),
        "mute": draw.choice((0.1, 0.4)),
    }
    g = gateway(draw, "lab", capability="lookup", in_flight=4, habits=habits, **UNLIMITED)
    return site(plan, draw.randint(4, 8), [g])


def remembering(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Answers are lost at a vendor that remembers, or at one that does not; often it is too busy
    to say anything about what it took before."""
    kind = draw.choice(("lab", "esms", "json", "text"))
    habits = {
        **CALM,
        "lost_back": 0.5,
        "lost_out": 0.1,
        "refuses": 0.4,
        "faults": ("busy", "later"),
        "broken": 0.8,
        "late": 0.05,
        "latency": draw.choice((0.1, 1.0)),
        "reports": draw.choice((0.0, 0.5)),
    }
    capability = draw.choice(("dedup", "dedup", "dedup", "neither")) if kind != "esms" else "dedup"
    g = gateway(draw, kind, capability=capability, habits=habits, **UNLIMITED)
    return site(plan, draw.randint(8, 14), [g])


def queues(plan: SitePlan, draw: random.Random) -> SitePlan:
    """A long queue at a gateway that takes one message after another."""
    kind = draw.choice(("lab", "esms", "json", "zalo"))
    g = gateway(draw, kind, in_flight=1, batch=1, habits=SLOW, **UNLIMITED)
    return site(
        plan, draw.randint(8, 25), [g], residents=replace(plan.residents, without=0.0, shares=0.1)
    )


def too_late(plan: SitePlan, draw: random.Random) -> SitePlan:
    """The queue is longer than there is time."""
    longer = queues(plan, draw)
    g = longer.gateways[0]
    refuses, lost = draw.choice((0.0, 0.0, 0.1)), draw.choice((0.0, 0.0, 0.1))
    habits = g.habits._replace(refuses=refuses, lost_back=lost, latency=0.4)
    return replace(
        longer,
        people=draw.randint(80, 110),
        gateways=(replace(g, habits=habits),),
    )


def two_steps(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Zalo or a described vendor first, SMS where no word came in time; reports of every kind."""
    habits = {
        **CALM,
        "reports": 0.95,
        "report_early": 0.3,
        "report_late": draw.choice((0.1, 0.5)),
        "report_stale": 0.3,
        "report_against": 0.3,
        "report_apart": 0.4,
        "report_forged": 0.1,
        "fails": 0.4,
        "report_stuck": 0.2,
        "lost_back": draw.choice((0.0, 0.2)),
        "latency": draw.choice((0.1, 1.0)),
    }
    first = gateway(
        draw,
        draw.choice(("zalo", "json", "text")),
        "g0",
        channel="zalo",
        habits=habits,
        **UNLIMITED,
    )
    second = gateway(
        draw,
        draw.choice(("lab", "lab", "esms", "json")),
        "g1",
        channel="sms",
        habits=habits,
        **UNLIMITED,
    )
    people = Residents(shares=0.0, second=0.5, agreed=1.0)
    return site(
        plan,
        draw.randint(4, 10),
        [first, second],
        draw.choice(("5s", "30s", "5m")),
        residents=people,
    )


def unread(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Reports come in seconds, and the second step begins soon."""
    habits = {
        **CALM,
        "reports": 1.0,
        "report_early": 0.0,
        "report_late": 0.0,
        "report_days": 0.0,
        "report_stuck": 0.0,
        "fails": 0.1,
        "latency": 0.1,
    }
    first = gateway(
        draw,
        draw.choice(("zalo", "json", "text")),
        "g0",
        channel="zalo",
        in_flight=16,
        habits=habits,
        **UNLIMITED,
    )
    second = gateway(draw, "lab", "g1", habits=CALM, **UNLIMITED)
    return site(plan, draw.randint(6, 12), [first, second], draw.choice(("5s", "30s")))


def late_noes(plan: SitePlan, draw: random.Random) -> SitePlan:
    """The network says no to the first step long after the second has begun; everybody has another
    number besides."""
    habits = {
        **CALM,
        "reports": 1.0,
        "report_early": 0.0,
        "report_late": 1.0,
        "report_stuck": 0.0,
        "report_apart": 0.0,
        "fails": 0.6,
        "latency": 0.1,
    }
    first = gateway(
        draw,
        draw.choice(("json", "text")),
        "g0",
        channel="zalo",
        batch=1,
        leaves_out="",
        habits=habits,
        **UNLIMITED,
    )
    second = gateway(draw, "lab", "g1", habits=CALM, **UNLIMITED)
    people = Residents(shares=0.0, second=1.0, agreed=1.0)
    return site(plan, draw.randint(3, 6), [first, second], "5s", residents=people)


def long_doubts(plan: SitePlan, draw: random.Random) -> SitePlan:
    """All of a broadcast is in doubt at once, at a vendor that remembers."""
    habits = {
        **CALM,
        "lost_back": draw.choice((0.5, 1.0, 1.0)),
        "broken": 0.8,
        "latency": 0.5,
        "reports": 0.0,
    }
    g = gateway(
        draw,
        draw.choice(("lab", "esms", "json")),
        channel="sms",
        capability="dedup",
        in_flight=16,
        batch=1,
        window=DAY,
        habits=habits,
        **UNLIMITED,
    )
    return site(plan, draw.randint(6, 12), [g], residents=EACH)


def no_further_word(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Answers of the first step are lost; reports say that some were taken, and no more."""
    habits = {
        **CALM,
        "reports": 1.0,
        "report_stuck": 0.7,
        "report_apart": 0.0,
        "latency": draw.choice((0.1, 1.0)),
    }
    first = gateway(
        draw,
        draw.choice(("json", "text")),
        "g0",
        channel="zalo",
        in_flight=4,
        batch=1,
        capability="neither",
        leaves_out="",
        habits={**habits, "lost_back": 0.5},
        **UNLIMITED,
    )
    second = gateway(draw, draw.choice(("lab", "esms")), "g1", habits=habits, **UNLIMITED)
    return site(plan, draw.randint(4, 8), [first, second], draw.choice(("30s", "5m")))
