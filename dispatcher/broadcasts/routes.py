"""The ways of sending a site has: those it wrote down, and the shipped ones its gateways allow.

Comes from: [routes] and [gateways] of the settings.   Goes to: the steps of a broadcast.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from dispatcher.config import GatewaySettings, RouteSettings, Site, StepSettings
from dispatcher.domain.model import Channel, Step
from dispatcher.domain.problems import settings, unknown
from dispatcher.domain.spelled import Duration
from dispatcher.gateways import adapter_module
from dispatcher.i18n import Say, pgettext

WAIT_FOR_WORD = Duration(minutes=30)  # of a first step before the next, in the shipped routes


def known(site: Site) -> dict[str, RouteSettings]:
    """Every route of a site by name; one that is written down replaces a shipped one."""
    return {**site.routes, **{k: v for k, v in shipped(site).items() if k not in site.routes}}


def shipped(site: Site) -> dict[str, RouteSettings]:
    """What every site gets from the gateways it has: SMS, Zalo then SMS, free ones, urgent."""
    by_channel: dict[Channel, list[str]] = {channel: [] for channel in Channel}
    for name, gateway in site.gateways.items():
        if gateway.adapter != "outbox":
            by_channel[adapter_channel(gateway)].append(name)
    zalo, sms = by_channel[Channel.ZALO], by_channel[Channel.SMS]
    free = [[n for n in names if site.gateways[n].free] for names in (zalo, sms)]
    both = _steps(zalo, sms)
    found = {
        "free": RouteSettings(_steps(*free), "Chỉ kênh miễn phí"),
        "household": RouteSettings(both, "Một tin mỗi hộ", one_per="household"),
        "sms": RouteSettings(_steps(sms), "SMS"),
        "zalo-then-sms": RouteSettings(both if zalo and sms else [], "Zalo rồi SMS"),
        "urgent": RouteSettings(_steps(sms), "Khẩn: SMS ngay, cả ban đêm", urgent=True),
    }
    return {name: route for name, route in found.items() if route.steps}


def _steps(*channels: list[str]) -> list[StepSettings]:
    """One step for each channel that has gateways: the first of them, the others in reserve."""
    steps = [{g: 0 if i else 1 for i, g in enumerate(names)} for names in channels if names]
    last = len(steps) - 1
    return [
        StepSettings(gateways=dict(weights), deadline=WAIT_FOR_WORD if index < last else None)
        for index, weights in enumerate(steps)
    ]


def usual(site: Site) -> str | None:
    """The route of a broadcast for which none is named: the first that is written down."""
    return next(iter(site.routes), None)


def find(site: Site, name: str | None) -> tuple[RouteSettings, tuple[Step, ...]]:
    """A route by name, or the usual one, with its steps."""
    name = usual(site) if name is None else name
    routes = known(site)
    if name is None or name not in routes:
        names = ", ".join(f"{n} ({r.title})" if r.title else n for n, r in routes.items())
        hint = Say("Routes: {names}.", names=names)
        raise unknown(pgettext("channels", "route"), name or "", routes, hint=hint)
    return routes[name], _joined(name, [_step(site, name, s) for s in routes[name].steps])


def _step(site: Site, route: str, step: StepSettings) -> Step:
    channels = {adapter_channel(site.gateways[g]) for g, _ in step.weights}
    if len(channels) > 1:
        raise settings(
            "mixed-step",
            Say(
                "Route “{route}”: a step has one channel; give Zalo and SMS a step each.",
                route=route,
            ),
        )
    return Step(
        step.weights[0][0],
        channels.pop(),
        step.deadline,
        step.accented,
        step.later == "next",
        step.weights if len(step.weights) > 1 else (),
        step.window.window if step.window else None,
        step.budget,
        tuple(g for g, _ in step.weights if site.gateways[g].free),
    )


def _joined(route: str, steps: list[Step]) -> tuple[Step, ...]:
    """A step after another of the same channel is its reserve: nobody gets one channel twice."""
    found: list[Step] = []
    for step in steps:
        if not found or found[-1].channel is not step.channel:
            found.append(step)
            continue
        before = found.pop()
        weights = _weights(before) + tuple((g, 0) for g, _ in _weights(step))
        free = before.free + step.free
        found.append(replace(before, weights=weights, free=free, deadline=step.deadline))
    if len({s.channel for s in found}) < len(found):
        raise settings(
            "channel-twice",
            Say(
                "Route “{route}” uses one channel in two steps; a person gets one "
                "message a channel.",
                route=route,
            ),
        )
    return tuple(found)


def _weights(step: Step) -> tuple[tuple[str, int], ...]:
    return step.weights or ((step.gateway, 1),)


@lru_cache(maxsize=32)
def _channel(adapter: str) -> Channel:
    module = adapter_module(adapter)
    found = next(
        v.channel
        for v in vars(module).values()
        if isinstance(v, type) and v.__module__ == module.__name__ and hasattr(v, "channel")
    )
    return Channel(found)


def adapter_channel(gateway: GatewaySettings) -> Channel:
    """The channel of a gateway; some adapters serve several, by their settings."""
    by_settings = getattr(adapter_module(gateway.adapter), "channel", None)
    return Channel(by_settings(gateway.options)) if by_settings else _channel(gateway.adapter)
