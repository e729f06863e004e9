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

    def as_json(self) -> dict[str, Any]:
        moments = {k: getattr(self, k).isoformat() for k in ("start", "finish", "latest")}
        cost = {"low": self.low, "high": self.high}
        return {**moments, "left": self.left, "cost": cost, "measured": self.measured}


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
    ends, left, measured = [start], 0, True
    for (gateway, step), amount, messages in _by_place(found, speeds):
        speed = speeds[gateway]
        windows = [w for w in (broadcast.window, broadcast.route[step].window) if w is not None]
        finish, rest = drain(amount, speed, windows, start, expires)
        ends.append(finish)
        left += round(messages * rest / amount)
        measured = measured and speed.measured
    deadlines = [s.deadline for s in broadcast.route[:-1] if s.deadline is not None]
    finish = max(ends)
    latest = min(expires, finish + sum(deadlines, timedelta()))
    return Forecast(start, finish, max(finish, latest), left, low, max(low, most), measured)


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
        at = _open(windows, at)
        if at >= expires:
            return expires, amount
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


def _open(windows: Sequence[Window], at: datetime) -> datetime:
    """The first moment from `at` on at which all windows are open; a year on, never."""
    limit = at + timedelta(days=366)
    while at < limit:
        opening = max([at, *(w.next_opening(at) for w in windows)])
        if opening == at:
            return at
        at = opening
    return limit
