"""What is wrong around one broadcast: gateways of its route in trouble, nobody who sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatcher.cli import steps
from dispatcher.cli.surface import Surface
from dispatcher.domain import outages
from dispatcher.domain.outages import Level
from dispatcher.usecases.broadcasts_progress import OnItsWay


def tell(surface: Surface, seen: OnItsWay, ahead: Mapping[str, Any] | None) -> None:
    """What of it is not as it should be, with what to do; `ahead`: a forecast that was told, with
    the gateways that messages wait for."""
    now = surface.open_app().clock()
    said = {w["gateway"] for w in (ahead or {}).get("waits", ())}
    for health in seen.gateways:
        if health.gateway not in said and outages.level(health, now) is not Level.OK:
            told = steps.gateway(health, now)
            surface.say(f"  {surface.text(told)}")
    if seen.work is not None and seen.work.since is not None:
        told = steps.work(seen.work)
        surface.warn(f"{surface.text(told)}.")
