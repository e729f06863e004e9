"""Who would be too late, and the ways out: longer, another day, another way, fewer people.

Comes from: what would wait, speeds, the period.   Goes to: previews and refusals of every door.
Never: names an option or a button; a door says what to press.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dispatcher.broadcasts.forecast import Speed, StepLoad, drain
from dispatcher.domain.model import HANOI, Step, Window
from dispatcher.domain.periods import LONGEST_LIFE, Period, clock, opening
from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import NOTHING, Joined, Say, SpelledNumber, Spoken

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class WayOut:
    """One thing that can be done: longer-expiry, next-day, faster-route or fewer-people."""

    code: str
    say: Spoken
    fields: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, **self.fields, "message": self.say.vi}


@dataclass(frozen=True)
class Late:
    """How many would not be sent their text in time, of how many, and what can be done."""

    people: int
    of: int
    period: Period
    ways: tuple[WayOut, ...] = ()

    @property
    def is_everybody(self) -> bool:
        """True when nobody could receive it."""
        return self.people >= self.of

    def as_json(self) -> dict[str, Any]:
        return {
            "people": self.people,
            "of": self.of,
            **self.period.as_json(),
            "ways": [w.as_json() for w in self.ways],
        }

    def told(self) -> Spoken:
        """How many, of how many, in one sentence."""
        until = clock(self.period.until)
        return Say(
            "{people} of {of} people would not receive it before it expires at {until}.",
            people=SpelledNumber(self.people),
            of=SpelledNumber(self.of),
            until=until,
        )


def late(places: Sequence[StepLoad], period: Period, life: timedelta) -> Late | None:
    """Who would be late; None while everybody is in time."""
    of = sum(p.messages for p in places)
    if not of:
        return None
    people = of if period.is_empty else _late(places, period.start, period.until)
    if not people:
        return None
    ways = [_longer(places, period, life), _next_day(places, period, people), _faster(())]
    if 0 < people < of:
        ways.append(_fewer(of - people))
    return Late(people, of, period, tuple(w for w in ways if w is not None))


def with_routes(
    found: Late,
    routes: Mapping[str, Sequence[Step]],
    speeds: Mapping[str, Speed],
    window: Window,
) -> Late:
    """Name the `routes` of the site by which fewer would be late."""
    better = []
    for name, steps in routes.items():
        rate = sum(speeds[g].per_second for g in steps[0].gateways if g in speeds)
        own = steps[0].window
        hours = (window, own) if own else (window,)
        place = StepLoad(name, found.of, found.of, Speed(rate), hours)
        if rate and place.late(found.period.start, found.period.until) < found.people:
            better.append(name)
    ways = tuple(_faster(better) if w.code == "faster-route" else w for w in found.ways)
    return replace(found, ways=ways)


def nobody(found: Late) -> Problem:
    """The refusal, at every door alike, of what nobody could receive in time."""
    told = found.period.told()
    ways = Joined("; ", [w.say for w in found.ways])
    return no_one(told, Say(" Ways out: {ways}.", ways=ways) if found.ways else NOTHING)


def no_one(told: Spoken, ways: Spoken) -> Problem:
    """Nobody could receive it: its times, then what can be done."""
    return refused(
        "nobody-in-time",
        Say("Nobody could receive this before it expires. {told}{ways}", told=told, ways=ways),
    )


def never(period: Period) -> Problem:
    """The refusal of hours that never let anything out, whoever it is for."""
    return no_one(
        period.told(),
        Say(" Change the hours or the route."),
    )


def _late(places: Sequence[StepLoad], start: datetime, until: datetime) -> int:
    return sum(p.late(start, until) for p in places)


def _longer(places: Sequence[StepLoad], period: Period, life: timedelta) -> WayOut | None:
    """How long it would have to live for everybody to be in time, in whole hours."""
    if period.is_empty:
        return None
    counted = period.until - life  # later than the start where a vendor opens later
    last = period.start
    for place in places:
        finish, rest = drain(
            place.amount, place.speed, place.windows, period.start, counted + LONGEST_LIFE
        )
        if rest:
            return None
        last = max(last, finish)
    hours = (last - counted) // HOUR + 1
    until = counted + hours * HOUR
    if until > counted + LONGEST_LIFE:
        return None
    return WayOut(
        "longer-expiry",
        Say(
            "let it expire after {hours} hours (at {until})",
            hours=hours,
            until=clock(until),
        ),
        {"expires_after": f"{hours}h", "expires_at": until.astimezone(HANOI).isoformat()},
    )


def _next_day(places: Sequence[StepLoad], period: Period, people: int) -> WayOut | None:
    """The next day's opening, where fewer would be late then."""
    if period.is_empty:
        return None
    today = period.start.astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
    midnight = today + timedelta(days=1)
    opened = [opening(p.windows, midnight) for p in places]
    at = min((o for o in opened if o is not None), default=None)
    if at is None:
        return None
    left = _late(places, at, at + (period.until - period.start))
    if left >= people:
        return None
    rest = Say("everybody in time")
    if left:
        rest = Say("{left} people late", left=SpelledNumber(left))
    return WayOut(
        "next-day",
        Say("send from {at} ({rest})", at=clock(at), rest=rest),
        {"at": at.astimezone(HANOI).isoformat(), "late": left},
    )


def _faster(routes: Sequence[str]) -> WayOut:
    """Other routes by name; without one that helps, one more gateway."""
    names = ", ".join(routes)
    say = Say("add a gateway to this route")
    if names:
        say = Say("choose a faster route: {names}", names=names)
    return WayOut("faster-route", say, {"routes": list(routes)})


def _fewer(fit: int) -> WayOut:
    return WayOut(
        "fewer-people",
        Say("write to fewer people: about {fit} are in time", fit=SpelledNumber(fit)),
        {"people": fit},
    )


def _dots(n: int) -> str:
    return f"{n:,}".replace(",", ".")
