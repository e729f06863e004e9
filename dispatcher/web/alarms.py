"""Gateways in trouble and due messages that nobody sends, as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from dispatcher.domain import outages
from dispatcher.domain.model import Fault
from dispatcher.domain.outages import Health, Level, Work
from dispatcher.domain.words import REMEDIES
from dispatcher.i18n import Say, Spoken
from dispatcher.usecases.broadcasts_progress import Live
from dispatcher.usecases.broadcasts_views import ALIVE
from dispatcher.web import steps

TROUBLES = frozenset({Fault.BUSY, Fault.UNKNOWN, Fault.ACCOUNT})  # of the gateway itself


def gateway_lines(found: Iterable[Health], now: datetime) -> list[dict[str, Any]]:
    """Each gateway with its state in words, how much to mind it and what to do."""
    return [
        {
            "name": s.gateway,
            "state": s.state.value,
            "level": outages.level(s, now).value,
            "how": outages.described(s),
            "todo": steps.remedy(s, now),
        }
        for s in found
    ]


def of_work(found: Work) -> dict[str, Any] | None:
    """That nobody sends; None while somebody does, or where nothing is due and none was started."""
    if found.level is Level.OK or (found.since is None and found.seen_at is None):
        return None
    look = "problem" if found.level is Level.ALARM else "warn"
    return {"look": look, "say": steps.work(found)}


OVER = Say(
    "this broadcast is over: see in the report who was not reached, then send again to those",
)


def of_broadcast(found: Live, now: datetime) -> dict[str, Any]:
    """For the page of a broadcast: nobody who sends, gateways in trouble, whether nobody can say
    when it is through, and its faults with what to do about each."""
    goes_on = found.broadcast.state in ALIVE
    return {
        "alarm": of_work(found.work) if found.work is not None else None,
        "troubled": [g for g in gateway_lines(found.gateways, now) if g["level"] != Level.OK.value],
        "shut": any(outages.stops(s, now) for s in found.gateways),
        "faults": [
            {**f, "todo": _remedy(f, found.gateways, now, goes_on=goes_on)} for f in found.faults
        ],
    }


def _remedy(
    fault: Mapping[str, Any], found: Iterable[Health], now: datetime, *, goes_on: bool
) -> Spoken:
    """What to do about a fault: by how its gateway is now, where that is in trouble."""
    if fault["fault"] in TROUBLES:
        for health in found:
            troubled = outages.level(health, now) is not Level.OK and not health.by_reports
            if health.gateway == fault["gateway"] and troubled:
                return steps.remedy(health, now)
        if fault["fault"] == Fault.BUSY and not goes_on:
            return OVER
    return REMEDIES[fault["fault"]]
