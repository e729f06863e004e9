"""The gateways of a world and its route, drawn from its seed, and how the settings say them.

Comes from: a seed.   Goes to: dispatcher.toml, and the vendors behind it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dispatcher.simulators.worlds.network import TIMEOUTS
from dispatcher.simulators.worlds.speech import EsmsAds, EsmsSpeech, LabSpeech
from dispatcher.simulators.worlds.speech_http import JSON, TEXT, DescribedInJson, DescribedInText
from dispatcher.simulators.worlds.speech_zalo import APP_ID, ZaloSpeech
from dispatcher.simulators.worlds.vendors import Habits, Speech, Vendor
from dispatcher.simulators.worlds.world import World

DAY = 86_400
# How a gateway of a world speaks, and how often one does.
KINDS = {"lab": 5, "esms": 3, "ads": 1, "zalo": 3, "json": 4, "text": 2}
ADAPTERS = {"ads": "esms", "json": "http", "text": "http"}
WINDOWS = (300, 1800, DAY)  # seconds a described vendor promises to remember
BATCHES = (1, 1, 3, 10, 50)


@dataclass(frozen=True)
class GatewayPlan:
    """One gateway as a world has it."""

    name: str
    kind: str  # of KINDS
    channel: str
    capability: str  # dedup | lookup | neither
    in_flight: int
    habits: Habits
    batch: int = 1
    window: int = DAY  # seconds, where it remembers
    timeout: int = 10  # seconds
    price: int = 0  # đồng a message
    per_second: int | None = None  # this and the quotas are kept in a live site only
    per_day: int | None = None
    dong_per_day: int | None = None
    leaves_out: str = ""  # a field that is in no report: ref, phone

    @property
    def adapter(self) -> str:
        return ADAPTERS.get(self.kind, self.kind)


@dataclass(frozen=True)
class StepPlan:
    """One step of the route."""

    gateways: tuple[tuple[str, int], ...]  # with their weights
    deadline: str = ""
    budget: int | None = None
    later: str = "wait"
    window: str = ""


@dataclass(frozen=True)
class Prices:
    """Đồng a message."""

    sms: int = 500
    zalo: int = 200
    exact: tuple[tuple[str, int], ...] = field(default=())  # SMS by network


def draw_gateways(draw: random.Random, prices: Prices) -> tuple[GatewayPlan, ...]:
    """Up to three of them; in one world of five everything works."""
    calm = draw.random() < 0.2
    count = draw.choice((1, 1, 2, 2, 3))
    kinds = draw.choices(list(KINDS), list(KINDS.values()), k=count)
    return tuple(draw_gateway(f"g{n}", k, calm, prices, draw) for n, k in enumerate(kinds))


def draw_gateway(
    name: str, kind: str, calm: bool, prices: Prices, draw: random.Random
) -> GatewayPlan:
    """One gateway of a kind, and the vendor behind it."""
    capability, channel, batch, window = "dedup", "sms", 1, DAY
    if kind == "lab":
        capability = draw.choice(("dedup", "lookup", "neither"))
    elif kind == "zalo":
        capability, channel = "neither", "zalo"
    elif kind in ("json", "text"):
        capability = draw.choice(("dedup", "neither"))
        channel = draw.choice(("sms", "sms", "zalo"))
        batch, window = draw.choice(BATCHES), draw.choice(WINDOWS)
    price = prices.zalo if channel == "zalo" else prices.sms
    return GatewayPlan(
        name,
        kind,
        channel,
        capability,
        draw.choice((1, 4, 16)),
        draw_habits(draw, calm),
        batch,
        window,
        int(draw.choice(TIMEOUTS)),
        price,
        draw.choice((None, None, 1, 5, 40)),
        draw.choice((None, None, None, 5, 30)),
        draw.choice((None, None, None, 4 * price or None, 25 * price or None)),
        draw.choice(("", "", "ref", "phone")),
    )


def draw_habits(draw: random.Random, calm: bool) -> Habits:
    """How a vendor behaves: well, now and then badly, or mostly badly."""
    worst = 0.0 if calm else draw.choice((0.0, 0.03, 0.1, 0.3))

    def share() -> float:
        return worst * draw.random()

    return Habits(
        never_left=share(),
        lost_out=share(),
        lost_back=share(),
        broken=draw.random(),
        odd=share(),
        refuses=share(),
        instead=share() / 2,
        slow=share() / 2,
        late=share() / 2,
        again=share(),
        latency=draw.choice((0.01, 0.1, 1.0)),
        settles=draw.choice((0.0, 0.3, 1.0)),
        minds=draw.choice((0.0, 0.0, 0.1)),
        reports=draw.choice((0.0, 0.5, 0.95)),
        report_days=draw.choice((0.0, 0.1)),
        report_apart=draw.choice((0.0, 0.3)),
        report_against=draw.choice((0.0, 0.1)),
        report_forged=draw.choice((0.0, 0.1)),
        fails=draw.choice((0.0, 0.1, 0.5)),
    )


def draw_route(gateways: Sequence[GatewayPlan], draw: random.Random) -> tuple[StepPlan, ...]:
    """One step for each channel, in either order; several gateways share one or wait behind."""
    channels = sorted({g.channel for g in gateways}, reverse=draw.random() < 0.8)
    steps = []
    for channel in channels:
        own = [g for g in gateways if g.channel == channel]
        weights = [draw.choice((1, 3, 7)), *(draw.choice((0, 0, 1, 3)) for _ in own[1:])]
        is_last = channel == channels[-1]
        steps.append(
            StepPlan(
                tuple((g.name, w) for g, w in zip(own, weights, strict=True)),
                "" if is_last else draw.choice(("30s", "5m", "1h")),
                draw.choice((None, None, None, own[0].price * draw.choice((2, 20)))),
                draw.choice(("wait", "next")),
                draw.choice(("", "", "", "08:00-11:30")),
            )
        )
    return tuple(steps)


# --- the settings -----------------------------------------------------------------------------


def settings_of(
    gateways: Sequence[GatewayPlan], route: Sequence[StepPlan], prices: Prices, live: bool
) -> list[str]:
    """The lines of dispatcher.toml that say all of this."""
    lines = [line for g in gateways for line in _gateway_lines(g, live)]
    steps = ", ".join("{ " + ", ".join(_step_words(s)) + " }" for s in route)
    lines += ["[routes.only]", f"steps = [ {steps} ]"]
    lines += ["[prices]", f"sms = {prices.sms}", f"zalo = {prices.zalo}"]
    for carrier, dong in prices.exact:
        lines += ["[[prices.exact]]", f'carrier = "{carrier}"', f"dong = {dong}"]
    return lines


def _gateway_lines(g: GatewayPlan, live: bool) -> Iterator[str]:
    yield f"[gateways.{g.name}]"
    yield f'adapter = "{g.adapter}"'
    yield f"in_flight = {g.in_flight}"
    yield f'timeout = "{g.timeout}s"'
    for key in ("per_second", "per_day", "dong_per_day"):
        if (most := getattr(g, key)) is not None:
            yield f"{key} = {most}"
    here = f"http://127.0.0.1:9/{g.name}"
    if live or g.adapter == "http":
        yield f'base_url = "{here}"'
    if g.adapter == "http":
        yield f'channel = "{g.channel}"'
        yield f"batch = {g.batch}"
        if g.capability == "dedup":
            yield f'dedup_window = "{g.window}s"'
        yield (JSON if g.kind == "json" else TEXT).strip()
    elif g.adapter == "lab":
        yield f'capability = "{g.capability}"'
    elif g.adapter == "esms":
        yield f'service = "{"ads" if g.kind == "ads" else "care"}"'
        yield from _secret("api_key", live)
        yield from _secret("secret_key", live)
    else:
        yield 'oa_id = "1"'
        yield f'app_id = "{APP_ID}"'
        if live:
            yield from (f'{key} = "{here}"' for key in ("oauth_url", "oa_url"))
        yield from _secret("app_secret", live)
        yield from _secret("oa_secret", live)


SECRETS = ("api_key", "secret_key", "app_secret", "oa_secret")


def _secret(key: str, live: bool) -> Iterator[str]:
    if live:
        yield f'{key} = {{ file = "keys/{key}" }}'


def _step_words(step: StepPlan) -> Iterator[str]:
    if len(step.gateways) == 1:
        yield f'gateway = "{step.gateways[0][0]}"'
    else:
        shared = ", ".join(f"{name} = {weight}" for name, weight in step.gateways)
        yield f"gateways = {{ {shared} }}"
    if step.deadline:
        yield f'deadline = "{step.deadline}"'
    if step.budget is not None:
        yield f"budget = {step.budget}"
    if step.later != "wait":
        yield f'later = "{step.later}"'
    if step.window:
        yield f'window = "{step.window}"'


# --- the vendors ------------------------------------------------------------------------------


def vendor_of(world: World, g: GatewayPlan) -> Vendor:
    """The vendor behind a gateway."""
    return Vendor(
        world,
        g.name,
        _speech(g),
        g.capability == "dedup",
        g.habits,
        str(world.seed),
        float(g.window),
        g.capability == "lookup",
        g.price,
    )


def _speech(g: GatewayPlan) -> Speech:
    match g.kind:
        case "lab":
            return LabSpeech()
        case "esms":
            return EsmsSpeech()
        case "ads":
            return EsmsAds()
        case "zalo":
            return ZaloSpeech()
        case "json":
            return DescribedInJson(g.channel, g.leaves_out)
    return DescribedInText(g.channel)
