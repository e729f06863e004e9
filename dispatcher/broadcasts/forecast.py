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

from dispatcher.db.broadcasts import texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.queue import forecasts, health
from dispatcher.db.queue.forecasts import WaitingMessages
from dispatcher.domain import outages
from dispatcher.domain.model import HANOI, Window
from dispatcher.domain.outages import Health
from dispatcher.domain.periods import opening
from dispatcher.i18n import Spoken


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
    todo: Spoken

    @property
    def how(self) -> Spoken:
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
    expires: datetime
    of: int  # messages that wait for a gateway we know
    waits: tuple[Waits, ...] = ()  # for gateways that let nothing out, and how many

    def as_json(self) -> dict[str, Any]:
        moments = {k: getattr(self, k) for k in ("start", "finish", "latest", "expires")}
        return {
            **{k: at.isoformat() if at is not None else None for k, at in moments.items()},
            "left": self.left,
            "cost": {"low": self.low, "high": self.high},
            "measured": self.measured,
            "waits": [w.as_json() for w in self.waits],
        }


class StepLoad(NamedTuple):
    """What waits for one gateway at one step, and how it may leave there."""

    gateway: str
    amount: int  # in what the speed counts
    messages: int
    speed: Speed
    windows: tuple[Window, ...]

    def late(self, start: datetime, expires: datetime) -> int:
        """How many of the messages do not leave between the two."""
        _, rest = drain(self.amount, self.speed, self.windows, start, expires)
        return -(-self.messages * rest // self.amount)


def step_loads(
    broadcast: Broadcast,
    speeds: Mapping[str, Speed],
    found: Sequence[WaitingMessages],
    shut: Collection[str] = (),
) -> list[StepLoad]:
    """Everything that waits, by where it leaves. `shut`: gateways that let nothing out just now,
    for a forecast; whether somebody is late at all does not hang on an outage that may pass."""
    return [
        StepLoad(
            gateway,
            amount,
            messages,
            speeds[gateway],
            tuple(w for w in (broadcast.window, broadcast.route[step].window) if w is not None),
        )
        for (gateway, step), amount, messages in _by_place(found, speeds, shut, broadcast)
    ]


def forecast(
    tx: Tx,
    broadcast: Broadcast,
    speeds: Mapping[str, Speed],
    start: datetime,
    expires: datetime,
    most: int,
    found: Sequence[WaitingMessages] | None = None,
    *,
    now: datetime | None = None,
) -> Forecast:
    """From what waits now, or would (`found`), and how gateways are `now` (None: at `start`).
    `most`: đồng if everybody needs every step."""
    found = forecasts.waiting_messages(tx, broadcast.id) if found is None else found
    prices = texts.price_list(tx, start.astimezone(HANOI).date())
    low = sum(
        (w.messages if w.channel == "zalo" else w.parts)
        * texts.price(prices, w.channel, w.carrier, broadcast.kind)
        for w in found
    )
    now = now or start
    shut = {n: s for n, s in health.read(tx, now).items() if outages.stops(s, now)}
    ends, left, of, measured = [start], 0, 0, True
    waits: Counter[str] = Counter()
    for place in step_loads(broadcast, speeds, found, shut):
        of += place.messages
        if place.gateway in shut:
            waits[place.gateway] += place.messages
            continue
        finish, rest = drain(place.amount, place.speed, place.windows, start, expires)
        ends.append(finish)
        left += -(-place.messages * rest // place.amount)
        measured = measured and place.speed.measured
    told = tuple(Waits(shut[n], m, outages.remedy(shut[n], now)) for n, m in waits.items())
    high = max(low, most)
    if told:
        return Forecast(start, None, None, left, low, high, measured, expires, of, told)
    deadlines = [s.deadline for s in broadcast.route[:-1] if s.deadline is not None]
    finish = max(ends)
    latest = max(finish, min(expires, finish + sum(deadlines, timedelta())))
    return Forecast(start, finish, latest, left, low, high, measured, expires, of)


def _by_place(
    found: Sequence[WaitingMessages],
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
