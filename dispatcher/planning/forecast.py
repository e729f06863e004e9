"""When a broadcast will be through and what it will cost: by measured rates, hours and quotas.

A forecast, not a promise: messages that a later step must carry are counted in the cost only, and
their deadlines in the latest finish.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from dispatcher.model import HANOI, Window
from dispatcher.periods import opening
from dispatcher.store import forecasts, texts
from dispatcher.store.broadcasts import Broadcast
from dispatcher.store.database import Tx
from dispatcher.store.forecasts import Waiting


class Speed(NamedTuple):
    """How fast a gateway takes messages, or parts, and how many a day."""

    per_second: float
    measured: bool = False  # else what the settings allow, or a guess
    in_parts: bool = False
    per_day: int | None = None


@dataclass(frozen=True)
class Forecast:
    """Moments are aware; money is whole đồng."""

    start: datetime
    finish: datetime  # the first step of everybody
    latest: datetime  # if every step must wait out its deadline
    left: int  # messages that will not leave before the broadcast expires
    low: int  # everybody is reached at once
    high: int  # every step for everybody
    measured: bool  # by rates seen here, not by the settings
    expires: datetime
    of: int  # messages that wait for a gateway we know

    def as_json(self) -> dict[str, Any]:
        moments = ("start", "finish", "latest", "expires")
        cost = {"low": self.low, "high": self.high}
        return {
            **{k: getattr(self, k).isoformat() for k in moments},
            "left": self.left,
            "cost": cost,
            "measured": self.measured,
        }


class Place(NamedTuple):
    """What waits for one gateway at one step, and how it may leave there."""

    amount: int  # in what the speed counts
    messages: int
    speed: Speed
    windows: tuple[Window, ...]

    def late(self, start: datetime, expires: datetime) -> int:
        """How many of the messages do not leave between the two."""
        _, rest = drain(self.amount, self.speed, self.windows, start, expires)
        return -(-self.messages * rest // self.amount)


def places(
    broadcast: Broadcast, speeds: Mapping[str, Speed], found: Sequence[Waiting]
) -> list[Place]:
    """Everything that waits, by where it leaves."""
    return [
        Place(
            amount,
            messages,
            speeds[gateway],
            tuple(w for w in (broadcast.window, broadcast.route[step].window) if w is not None),
        )
        for (gateway, step), amount, messages in _by_place(found, speeds)
    ]


def forecast(
    tx: Tx,
    broadcast: Broadcast,
    speeds: Mapping[str, Speed],
    start: datetime,
    expires: datetime,
    most: int,
    found: Sequence[Waiting] | None = None,
) -> Forecast:
    """From what waits now, or would (`found`). `most`: đồng if everybody needs every step."""
    found = forecasts.waiting(tx, broadcast.id) if found is None else found
    prices = texts.price_list(tx, start.astimezone(HANOI).date())
    low = sum(
        (w.messages if w.channel == "zalo" else w.parts)
        * texts.price(prices, w.channel, w.carrier, broadcast.kind)
        for w in found
    )
    ends, left, of, measured = [start], 0, 0, True
    for place in places(broadcast, speeds, found):
        finish, rest = drain(place.amount, place.speed, place.windows, start, expires)
        ends.append(finish)
        left += -(-place.messages * rest // place.amount)
        of += place.messages
        measured = measured and place.speed.measured
    deadlines = [s.deadline for s in broadcast.route[:-1] if s.deadline is not None]
    finish = max(ends)
    latest = min(expires, finish + sum(deadlines, timedelta()))
    latest = max(finish, latest)
    return Forecast(start, finish, latest, left, low, max(low, most), measured, expires, of)


def _by_place(
    found: Sequence[Waiting], speeds: Mapping[str, Speed]
) -> list[tuple[tuple[str, int], int, int]]:
    """((gateway, step), amount in what its speed counts, messages)."""
    amounts: dict[tuple[str, int], int] = defaultdict(int)
    messages: dict[tuple[str, int], int] = defaultdict(int)
    for w in found:
        if w.gateway in speeds:
            in_parts = speeds[w.gateway].in_parts
            amounts[w.gateway, w.step] += w.parts if in_parts else w.messages
            messages[w.gateway, w.step] += w.messages
    return [(key, n, messages[key]) for key, n in amounts.items() if n]


def drain(
    amount: int, speed: Speed, windows: Sequence[Window], start: datetime, expires: datetime
) -> tuple[datetime, int]:
    """(when the last one leaves, how many do not before `expires`) within open hours and quotas."""
    at, today = start, 0
    while amount > 0:
        opened = opening(windows, at)
        if opened is None or opened >= expires:
            return expires, amount
        at = opened
        midnight = at.astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
        tomorrow = midnight + timedelta(days=1)
        end = min([expires, tomorrow, *(w.next_closing(at) for w in windows)])
        fits = int((end - at).total_seconds() * speed.per_second)
        if speed.per_day is not None:
            fits = min(fits, speed.per_day - today)
        if amount <= fits:
            return at + timedelta(seconds=amount / speed.per_second), 0
        amount -= fits
        today += fits
        if speed.per_day is not None and today >= speed.per_day:
            end = tomorrow
        today = 0 if end == tomorrow else today
        at = end
    return at, 0
