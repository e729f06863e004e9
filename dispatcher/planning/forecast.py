"""When a broadcast will be through and what it will cost: by measured rates, hours and quotas.

A forecast, not a promise: messages that a later step must carry are counted in the cost only, and
their deadlines in the latest finish.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from dispatcher import outages
from dispatcher.model import HANOI, Window
from dispatcher.outages import Health
from dispatcher.problems import Say
from dispatcher.store import forecasts, health, texts
from dispatcher.store.broadcasts import Broadcast
from dispatcher.store.database import Tx
from dispatcher.store.forecasts import Waiting


class Speed(NamedTuple):
    """How fast a gateway takes messages, or parts, and how many a day."""

    per_second: float
    measured: bool = False  # else what the settings allow, or a guess
    in_parts: bool = False
    per_day: int | None = None


class Waits(NamedTuple):
    """Messages of which nobody can say when they leave, since their gateway is in trouble."""

    health: Health
    messages: int
    todo: Say

    @property
    def how(self) -> Say:
        return outages.described(self.health)

    def as_json(self) -> dict[str, Any]:
        found = self.health
        told = {"gateway": found.gateway, **found.as_json(), "messages": self.messages}
        return {**told, "code": found.code, "todo": {"vi": self.todo.vi, "en": self.todo.en}}


@dataclass(frozen=True)
class Forecast:
    """Moments are aware; money is whole đồng. Nobody can say when it will be through (`finish` and
    `latest` are None) while messages wait for a gateway that lets nothing out."""

    start: datetime
    finish: datetime | None  # the first step of everybody
    latest: datetime | None  # if every step must wait out its deadline
    left: int  # messages that will not leave before the broadcast expires
    low: int  # everybody is reached at once
    high: int  # every step for everybody
    measured: bool  # by rates seen here, not by the settings
    waits: tuple[Waits, ...] = ()  # for gateways that let nothing out, and how many

    def as_json(self) -> dict[str, Any]:
        return {
            "start": self.start.isoformat(),
            "finish": self.finish.isoformat() if self.finish else None,
            "latest": self.latest.isoformat() if self.latest else None,
            "left": self.left,
            "cost": {"low": self.low, "high": self.high},
            "measured": self.measured,
            "waits": [w.as_json() for w in self.waits],
        }


def forecast(
    tx: Tx,
    broadcast: Broadcast,
    speeds: Mapping[str, Speed],
    start: datetime,
    expires: datetime,
    most: int,
    found: Sequence[Waiting] | None = None,
    *,
    now: datetime | None = None,
) -> Forecast:
    """From what waits now, or would (`found`), and how gateways are `now` (None: at `start`).
    `most`: đồng if everybody needs every step."""
    found = forecasts.waiting(tx, broadcast.id) if found is None else found
    prices = texts.price_list(tx, start.astimezone(HANOI).date())
    low = sum(
        (w.messages if w.channel == "zalo" else w.parts)
        * texts.price(prices, w.channel, w.carrier, broadcast.kind)
        for w in found
    )
    ends, left, measured = [start], 0, True
    now = now or start
    shut = {n: s for n, s in health.read(tx, now).items() if outages.stops(s, now)}
    waits: Counter[str] = Counter()
    for (gateway, step), amount, messages in _by_place(found, speeds, shut, broadcast):
        if gateway in shut:
            waits[gateway] += messages
            continue
        speed = speeds[gateway]
        windows = [w for w in (broadcast.window, broadcast.route[step].window) if w is not None]
        finish, rest = drain(amount, speed, windows, start, expires)
        ends.append(finish)
        left += round(messages * rest / amount)
        measured = measured and speed.measured
    told = tuple(Waits(shut[n], m, outages.remedy(shut[n], now)) for n, m in waits.items())
    if told:
        return Forecast(start, None, None, left, low, max(low, most), measured, told)
    deadlines = [s.deadline for s in broadcast.route[:-1] if s.deadline is not None]
    finish = max(ends)
    latest = max(finish, min(expires, finish + sum(deadlines, timedelta())))
    return Forecast(start, finish, latest, left, low, max(low, most), measured)


def _by_place(
    found: Sequence[Waiting],
    speeds: Mapping[str, Speed],
    shut: Collection[str],
    broadcast: Broadcast,
) -> list[tuple[tuple[str, int], int, int]]:
    """((gateway, step), amount in what its speed counts, messages). What waits for a gateway that
    is `shut` moves to another one of its step."""
    amounts: dict[tuple[str, int], int] = defaultdict(int)
    messages: dict[tuple[str, int], int] = defaultdict(int)
    for w in found:
        if w.gateway not in speeds:
            continue
        gateway = w.gateway
        if gateway in shut:
            others = (g for g in broadcast.route[w.step].gateways if g in speeds and g not in shut)
            gateway = next(others, gateway)
        in_parts = speeds[gateway].in_parts
        amounts[gateway, w.step] += w.parts if in_parts else w.messages
        messages[gateway, w.step] += w.messages
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
