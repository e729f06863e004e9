"""What is wrong around one broadcast: gateways of its route in trouble, nobody who sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatcher.cli import steps
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain import outages
from dispatcher.domain.outages import Level
from dispatcher.usecases.broadcasts_progress import OnItsWay


def tell_alarms(terminal: TerminalContext, seen: OnItsWay, ahead: Mapping[str, Any] | None) -> None:
    """What of it is not as it should be, with what to do; `ahead`: a forecast that was told, with
    the gateways that messages wait for."""
    now = terminal.open_app().clock()
    said = {w["gateway"] for w in (ahead or {}).get("waits", ())}
    for health in seen.gateways:
        if health.gateway not in said and outages.level(health, now) is not Level.OK:
            told = steps.gateway(health, now)
            terminal.say(f"  {terminal.text(told)}")
    if seen.work is not None and seen.work.since is not None:
        told = steps.work(seen.work)
        terminal.warn(f"{terminal.text(told)}.")
