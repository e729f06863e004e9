"""Sites of themes that are about lists, words and money: see theme_sites."""

from __future__ import annotations

import random
from dataclasses import replace

from dispatcher.simulators.worlds.gateway_plans import (
    DAY,
)
from dispatcher.simulators.worlds.residents import Residents
from dispatcher.simulators.worlds.rules import Rules
from dispatcher.simulators.worlds.site import SitePlan
from dispatcher.simulators.worlds.theme_sites import CALM, EACH, UNLIMITED, gateway, site


def many_noes(plan: SitePlan, draw: random.Random) -> SitePlan:
    """The network says no to most of the first step; the second is slow, and refuses some."""
    first = {**CALM, "reports": 1.0, "fails": 0.8, "report_late": 0.0, "latency": 0.1}
    second = {**CALM, "latency": 2.0, "minds": draw.choice((0.0, 0.5)), "reports": 0.0}
    found = [
        gateway(
            draw,
            draw.choice(("json", "text")),
            "g0",
            channel="zalo",
            batch=1,
            in_flight=16,
            leaves_out="",
            habits=first,
            **UNLIMITED,
        ),
        gateway(draw, draw.choice(("lab", "esms")), "g1", in_flight=1, habits=second, **UNLIMITED),
    ]
    return site(plan, draw.randint(8, 14), found, "5m", residents=EACH)


def dared_twice(plan: SitePlan, draw: random.Random) -> SitePlan:
    """A vendor that remembers nothing; who sends would rather be read twice than not at all."""
    habits = {**CALM, "lost_back": 0.3, "lost_out": 0.3, "latency": 1.0, "reports": 0.0}
    g = gateway(
        draw,
        draw.choice(("lab", "json", "text")),
        channel="sms",
        capability="neither",
        in_flight=1,
        batch=1,
        habits=habits,
        **UNLIMITED,
    )
    return site(plan, draw.randint(6, 12), [g])


def ids_again(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Reports name nothing but an id, and ids begin again."""
    habits = {**CALM, "reports": 0.5, "report_late": 0.0, "report_early": 0.2, "latency": 1.0}
    g = gateway(
        draw,
        "json",
        channel="sms",
        leaves_out="ref",
        batch=1,
        in_flight=1,
        habits=habits,
        **UNLIMITED,
    )
    return site(plan, draw.randint(8, 12), [g], residents=EACH)


def shared(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Families with one phone, and with several; many numbers are refused."""
    habits = {
        **CALM,
        "minds": draw.choice((0.3, 0.5)),
        "fails": 0.3,
        "reports": 0.9,
        "latency": 1.0,
    }
    kinds = draw.choice((("lab",), ("esms",), ("json",), ("json", "esms")))
    channels = ("sms",) if len(kinds) == 1 else ("zalo", "sms")
    found = [
        gateway(draw, k, f"g{n}", channel=c, in_flight=1, habits=habits, **UNLIMITED)
        for n, (k, c) in enumerate(zip(kinds, channels, strict=True))
    ]
    people = Residents(shares=0.5, second=0.8, crossed=draw.choice((0.0, 0.5)), agreed=1.0)
    return site(plan, draw.randint(8, 14), found, "30s", residents=people)


def calls(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Many numbers in one call: some are not wanted, some calls are refused in one word."""
    habits = {
        **CALM,
        "refuses": 0.1,
        "minds": draw.choice((0.0, 0.2, 0.2)),
        "lost_back": 0.2,
        "lost_out": 0.1,
        "broken": 0.8,
        "latency": 1.0,
        "reports": 0.9,
    }
    g = gateway(
        draw,
        draw.choice(("json", "text")),
        batch=draw.choice((3, 10)),
        channel="sms",
        capability=draw.choice(("dedup", "dedup", "neither")),
        window=draw.choice((300, DAY)),
        in_flight=1,
        habits=habits,
        leaves_out=draw.choice(("phone", "")),
        **UNLIMITED,
    )
    return site(plan, draw.randint(8, 20), [g], residents=replace(plan.residents, without=0.0))


def odd_words(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Answers and reports full of what no database takes."""
    habits = {
        **CALM,
        "odd": 0.4,
        "odd_ways": ("surrogate",),
        "reports": 0.9,
        "report_odd": 0.5,
        "latency": 0.1,
    }
    g = gateway(
        draw,
        draw.choice(("lab", "esms", "json")),
        channel="sms",
        habits=habits,
        in_flight=2,
        batch=1,
        **UNLIMITED,
    )
    return site(plan, draw.randint(10, 16), [g], residents=EACH)


def of_another(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Something on the way gives many calls the answer of one, whatever the vendor says."""
    habits = {**CALM, "odd": 0.5, "odd_ways": ("another call",), "minds": 0.4, "latency": 0.1}
    g = gateway(draw, draw.choice(("lab", "esms", "zalo")), habits=habits, in_flight=2, **UNLIMITED)
    return site(plan, draw.randint(6, 12), [g], residents=replace(plan.residents, without=0.0))


def little_money(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Paces, quotas and budgets that are met at once."""
    people = draw.randint(12, 30)
    g = gateway(
        draw,
        draw.choice(("lab", "esms", "json", "text")),
        channel="sms",
        in_flight=16,
        batch=1,
        habits={**CALM, "latency": 0.1, "refuses": 0.1},
        per_second=draw.choice((1, 5)),
        per_day=draw.choice((None, people // 2)),
        dong_per_day=draw.choice((None, 500 * (people // 3))),
        price=500,
    )
    rules = Rules(month=draw.choice((None, 500 * people)))
    found = site(plan, people, [g], rules=rules, live=True)
    if draw.random() < 0.4:
        found = replace(found, route=(replace(found.route[0], budget=500 * (people // 2)),))
    return found


def paced(plan: SitePlan, draw: random.Random) -> SitePlan:
    """Calls wait for their turn with their intents written: a second each."""
    g = gateway(
        draw,
        draw.choice(("lab", "esms", "json")),
        channel="sms",
        in_flight=16,
        batch=1,
        habits={**CALM, "latency": 0.1, "lost_back": 0.1},
        per_second=1,
        per_day=None,
        dong_per_day=None,
    )
    return site(plan, draw.randint(8, 20), [g], live=True)


def closing_time(plan: SitePlan, draw: random.Random) -> SitePlan:
    """The window or the lunch hour comes while a queue is long, and calls are in doubt."""
    habits = {**CALM, "latency": 8.0, "lost_back": 0.2, "lost_out": 0.1, "broken": 0.5}
    g = gateway(
        draw,
        draw.choice(("lab", "esms", "json")),
        channel="sms",
        in_flight=1,
        batch=1,
        capability="dedup",
        habits=habits,
        timeout=25,
        **UNLIMITED,
    )
    window, lunch = draw.choice((("09:00-09:05", ""), ("07:00-22:00", "09:02-09:04")))
    return site(plan, draw.randint(22, 30), [g], rules=Rules(window=window, lunch=lunch))
