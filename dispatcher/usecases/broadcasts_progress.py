"""How far a broadcast has come, and what became of it.

Comes from: messages, their sums, the gateways' health.   Goes to: live pages, `show`, `watch`,
reports.   Never: changes anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.db.broadcasts import broadcasts, totals
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.queue import forecasts, gateways
from dispatcher.domain.model import HANOI, BroadcastState
from dispatcher.domain.outages import Health, Work
from dispatcher.reports import reporting
from dispatcher.usecases import alarms
from dispatcher.usecases.broadcasts_views import ALIVE
from dispatcher.usecases.context import Context

B = BroadcastState
GOES_ON = (B.SCHEDULED, B.RUNNING)


@dataclass(frozen=True)
class OnItsWay:
    """What there is to say of a broadcast just now.

    `forecast`: {"now": of what waits, "foreseen": at release, "outcome": what it became};
    `closed`: gateways that take no more of it until a moment, with their code.
    """

    forecast: Mapping[str, Any]
    gateways: Sequence[Health]
    work: Work | None  # None: nothing of it is to be sent
    closed: Mapping[str, tuple[datetime, str]]

    def as_json(self) -> dict[str, Any]:
        waits = {
            name: {"until": until.isoformat(), "code": code}
            for name, (until, code) in self.closed.items()
        }
        return {
            "closed": waits,
            "forecast": self.forecast,
            "gateways": [{"name": s.gateway, **s.as_json()} for s in self.gateways],
            "worker": self.work.as_json() if self.work else None,
        }


def on_its_way(context: Context, broadcast: Broadcast) -> OnItsWay:
    """When it will be through, how its gateways are, whether somebody sends."""
    app = context.app
    with context.read() as tx:
        closed = {
            gateway: (until.astimezone(HANOI), code)
            for (gateway, of), (until, code) in gateways.closed(tx, app.clock()).items()
            if of == broadcast.id
        }
        work = alarms.work(app, tx) if broadcast.state in GOES_ON else None
        around = alarms.of_broadcast(app, tx, broadcast)
        return OnItsWay(_forecast(context, tx, broadcast), around, work, closed)


def _forecast(context: Context, tx: Tx, broadcast: Broadcast) -> dict[str, Any]:
    app = context.app
    found: dict[str, Any] = {"foreseen": forecasts.foreseen(tx, broadcast.id)}
    goes_on = broadcast.state in (B.RUNNING, B.PAUSED, B.HELD)
    if goes_on and broadcast.expires_at is not None:
        start = max(app.clock(), broadcast.starts_at or app.clock())
        speeds = application.speeds(app.site, tx)
        ahead = planning.forecast(
            tx, broadcast, speeds, start, broadcast.expires_at, 0, now=app.clock()
        )
        found["now"] = ahead.as_json()
    if found["foreseen"] and broadcast.released_at is not None and not goes_on:
        finish, cost = forecasts.outcome(tx, broadcast.id)
        if finish is not None:
            found["outcome"] = _outcome(found["foreseen"], finish, cost)
    return found


def _outcome(foreseen: Mapping[str, Any], finish: datetime, cost: int) -> dict[str, Any]:
    hoped = foreseen["finish"]  # None: a gateway let nothing out when it was released
    late = (finish - datetime.fromisoformat(hoped)).total_seconds() if hoped else None
    low, high = foreseen["cost"]["low"], foreseen["cost"]["high"]
    off = cost - high if cost > high else min(0, cost - low)
    return {
        "finish": finish.isoformat(),
        "late_s": None if late is None else round(late, 1),
        "cost": cost,
        "cost_error": off,  # outside what was foreseen; 0 inside
    }


@dataclass(frozen=True)
class Watched:
    """How far a broadcast is: messages by state."""

    broadcast: Broadcast
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        return self.counts.get("queued", 0) + self.counts.get("sending", 0)


def watch(context: Context, number: int) -> Watched:
    """How far a broadcast is, in few words."""
    with context.read() as tx:
        return Watched(broadcasts.get(tx, number), broadcasts.counts(tx, number))


@dataclass(frozen=True)
class Live(Watched):
    """How far a released broadcast is, for its page. `taken_at`: when a large one was added up."""

    networks: Sequence[Mapping[str, Any]]
    faults: Sequence[Mapping[str, Any]]
    gateways: Sequence[Health]
    work: Work | None  # None: nothing of it is to be sent
    taken_at: datetime | None


def live(context: Context, broadcast: Broadcast) -> Live:
    """How far a released broadcast is, by network, and what is wrong around it."""
    app = context.app
    with context.read() as tx:
        totalled = totals.totals_of(tx, broadcast.id, ("people", "faults"))
        return Live(
            broadcast,
            totalled.states,
            reporting.networks(totalled),
            reporting.faults(totalled)[:20],
            alarms.of_broadcast(app, tx, broadcast),
            alarms.work(app, tx) if broadcast.state in ALIVE else None,
            totalled.at,
        )


def work(context: Context) -> Work:
    """Whether somebody sends what is due."""
    with context.read() as tx:
        return alarms.work(context.app, tx)
