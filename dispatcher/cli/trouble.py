"""What is wrong around one broadcast: gateways of its route in trouble, nobody who sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.cli.surface import Surface
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.domain import outages
from dispatcher.domain.model import BroadcastState
from dispatcher.domain.outages import Health, Level, Work
from dispatcher.usecases import alarms

GOES_ON = frozenset({BroadcastState.SCHEDULED, BroadcastState.RUNNING})


@dataclass(frozen=True)
class Around:
    """How the gateways of a route are; whether somebody sends, where that matters now."""

    gateways: Sequence[Health]
    work: Work | None

    def as_json(self) -> dict[str, Any]:
        return {
            "gateways": [{"name": s.gateway, **s.as_json()} for s in self.gateways],
            "worker": self.work.as_json() if self.work else None,
        }


def look(surface: Surface, tx: Tx, broadcast: Broadcast) -> Around:
    """What there is to say of a broadcast just now."""
    app = surface.open_app()
    work = alarms.work(app, tx) if broadcast.state in GOES_ON else None
    return Around(alarms.of_broadcast(app, tx, broadcast), work)


def tell(surface: Surface, seen: Around, ahead: Mapping[str, Any] | None) -> None:
    """What of it is not as it should be, with what to do; `ahead`: a forecast that was told, with
    the gateways that messages wait for."""
    now = surface.open_app().clock()
    said = {w["gateway"] for w in (ahead or {}).get("waits", ())}
    for health in seen.gateways:
        if health.gateway not in said and outages.level(health, now) is not Level.OK:
            told = outages.told(health, now)
            surface.say(f"  {told.vi}", f"  {told.en}")
    if seen.work is not None and seen.work.since is not None:
        told = outages.work_told(seen.work)
        surface.warn(told.vi + ".", told.en + ".")
