"""A route as a broadcast stores it: JSON that names what is rare only where it says something."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from dispatcher.domain.model import (
    Channel,
    Step,
    Window,
)


def route_json(route: Iterable[Step]) -> str:
    """Steps as they are kept."""
    return json.dumps(
        [
            [
                s.gateway,
                s.channel.value,
                s.deadline.total_seconds() if s.deadline else None,
                s.accented,
                s.later_goes_on,
                rare_of(s),
            ]
            for s in route
        ]
    )


def rare_of(step: Step) -> dict[str, Any]:
    """What most steps do not have, only where it says something."""
    found = {
        "weights": [list(w) for w in step.weights],
        "window": str(step.window) if step.window else None,
        "budget": step.budget,
        "free": list(step.free),
    }
    return {name: value for name, value in found.items() if value or value == 0}


@lru_cache(maxsize=500)
def read_route(text: str) -> tuple[Step, ...]:
    return tuple(_read_step(*step) for step in json.loads(text))


def _read_step(
    gateway: str,
    channel: str,
    deadline: float | None,
    accented: bool,
    later_goes_on: bool = False,
    rare: Mapping[str, Any] = MappingProxyType({}),
) -> Step:
    return Step(
        gateway,
        Channel(channel),
        timedelta(seconds=deadline) if deadline is not None else None,
        accented,
        later_goes_on,
        tuple((name, weight) for name, weight in rare.get("weights", ())),
        Window.read(rare["window"]) if "window" in rare else None,
        rare.get("budget"),
        tuple(rare.get("free", ())),
    )
