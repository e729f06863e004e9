"""From when until when a text may leave: from the opening of its hours until it expires.

Comes from: a moment, hours, a life.   Goes to: release, preview, schedules and every door.
Never: counts a life from the click; what nobody could have been sent does not grow old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.domain.model import HANOI, Step, Window
from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import Say, Spoken

FAR = timedelta(days=732)  # nothing is planned further ahead
LONGEST_LIFE = timedelta(days=31)
WITHIN = timedelta(days=4)  # hours that have not been open together by then never are


@dataclass(frozen=True)
class Period:
    """When sending begins, and until when. All moments are aware.

    `asked`: the moment that was asked for; `until` = `start` where it is open never.
    """

    asked: datetime
    start: datetime
    until: datetime

    @property
    def is_empty(self) -> bool:
        """True when nothing can leave: hours that are never open together, or no life."""
        return self.until <= self.start

    @property
    def waits(self) -> bool:
        """True when sending begins later than was asked for, as the hours are closed."""
        return self.start > self.asked

    def as_json(self) -> dict[str, str]:
        return {"starts_at": _iso(self.start), "expires_at": _iso(self.until)}

    def told(self) -> Spoken:
        """Both times in one sentence."""
        start, until = clock(self.start), clock(self.until)
        if self.is_empty:
            return Say(
                "The hours and those of the first step are never open together: nothing is sent.",
            )
        why = Say("Sent")
        if self.waits:
            why = Say("Outside its hours: sent")
        return Say(
            "{why} from {start}; what has not left by {until} expires.",
            why=why,
            start=start,
            until=until,
        )


def opening(windows: Sequence[Window], at: datetime) -> datetime | None:
    """The first moment from `at` on at which all windows are open; None: never."""
    limit = at + WITHIN
    while at < limit:
        later = max([at, *(w.next_opening(at) for w in windows)])
        if later == at:
            return at
        at = later
    return None


def period(
    at: datetime, life: timedelta, hours: Sequence[Window], vendor: Sequence[Window] = ()
) -> Period:
    """From the first moment at which all `hours` are open, for `life`.

    `vendor`: hours outside which a vendor may say no. We ask all the same, but the life counts
    from their opening.
    """
    start = opening(hours, at)
    if start is None or life <= timedelta():
        return Period(at, at, at)
    counted = opening([*hours, *vendor], start) or start
    return Period(at, start, counted + life)


def of_route(
    at: datetime,
    life: timedelta,
    window: Window,
    route: Sequence[Step],
    first: int = 0,
    vendor_hours: Mapping[str, Window] | None = None,
) -> Period:
    """The period of a broadcast: its hours, those of its first step, and of the vendors there.

    `first`: the first step that has a text. `vendor_hours`, by gateway: they count only where no
    other step can take over what the vendors refuse at night.
    """
    step = route[first]
    hours = [w for w in (window, step.window) if w is not None]
    known = [(vendor_hours or {}).get(g) for g in step.gateways]
    is_last = first + 1 == len(route)
    vendor = [w for w in known if w is not None] if is_last and None not in known else []
    return period(at, life, hours, vendor[:1])


def clock(at: datetime) -> str:
    """A moment as people read it."""
    return f"{at.astimezone(HANOI):%H:%M %d/%m/%Y}"


def _iso(at: datetime) -> str:
    return at.astimezone(HANOI).isoformat(timespec="seconds")


# --- times that cannot be -----------------------------------------------------------------------


def check_moment(at: datetime, now: datetime) -> None:
    """Refuse a time that has passed, and one so far ahead that it can only be a slip."""
    if at.year < now.year - 1 or at < now - timedelta(minutes=5):
        raise in_the_past(at)
    if at.year > now.year + 3 or at > now + FAR:
        raise too_far(at)


def in_the_past(at: datetime) -> Problem:
    return refused(
        "in-the-past",
        Say("The time {at} has passed. Choose another.", at=_spelled(at)),
    )


def too_far(at: datetime) -> Problem:
    return refused(
        "too-far",
        Say("The time {at} is too far ahead. Choose one within two years.", at=_spelled(at)),
    )


def _spelled(at: datetime) -> str:
    """A moment as it was written: one at the end of time has no other zone."""
    return f"{at:%H:%M} {at.day:02}/{at.month:02}/{at.year:04}"


def check_life(life: timedelta) -> None:
    """Refuse a life that is none, and one longer than anybody means."""
    if not timedelta() < life <= LONGEST_LIFE:
        raise Problem(
            "bad-life",
            Say("The expiry is between a second and 31 days, like 90m, 6h or 2d."),
        )
