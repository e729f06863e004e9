"""A schedule as a whole: how often it fires until its approval ends, and never twice on one day
without a reason.

Firings of one schedule are compared by their days in Hanoi: a daily 09:00 repeats nothing, by
however many minutes one of them was late.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import Any

from dispatcher.domain.model import HANOI
from dispatcher.domain.problems import refused
from dispatcher.domain.workdays import Calendar
from dispatcher.i18n import Say
from dispatcher.scheduling.files import Occurrence, Schedule

YEAR = timedelta(days=366)
MOST_COUNTED = 10_000  # firings; a schedule that has more says "more than"


@dataclass(frozen=True)
class Series:
    """Every firing until `until`, when the approval ends. `more`: there are more than counted."""

    firings: int
    more: bool
    first: datetime | None
    last: datetime | None
    until: datetime

    def as_json(self) -> dict[str, Any]:
        moments = {"first": self.first, "last": self.last, "until": self.until}
        told = {
            k: v and v.astimezone(HANOI).isoformat(timespec="minutes") for k, v in moments.items()
        }
        return {"firings": self.firings, "more": self.more, **told}


def series(
    schedule: Schedule, calendar: Calendar, now: datetime, until: datetime, *, tet: bool = True
) -> Series:
    """The firings after `now` and before `until`, those left out not counted."""
    found = 0
    first = last = None
    coming = _sent(schedule, calendar, now, until, tet=tet)
    for occurrence in islice(coming, MOST_COUNTED):
        first, last, found = first or occurrence.at, occurrence.at, found + 1
    more = next(coming, None) is not None
    return Series(found, more, first, last, until)


def same_day(
    schedule: Schedule, calendar: Calendar, now: datetime, *, tet: bool = True
) -> tuple[datetime, datetime] | None:
    """The first two firings of the next year that fall on one day; None where no two do."""
    moments = (o.at for o in _sent(schedule, calendar, now, now + YEAR, tet=tet))
    return next((pair for pair in pairwise(moments) if _day(pair[0]) == _day(pair[1])), None)


def _sent(
    schedule: Schedule, calendar: Calendar, now: datetime, until: datetime, *, tet: bool
) -> Iterator[Occurrence]:
    for occurrence in schedule.occurrences(now, calendar, tet=tet):
        if occurrence.at >= until:
            return
        if occurrence.sends:
            yield occurrence


def _day(moment: datetime) -> Any:
    return moment.astimezone(HANOI).date()


def refuse_same_day(
    schedule: Schedule, calendar: Calendar, now: datetime, *, tet: bool = True
) -> None:
    """Refuse a schedule that writes the same words to the same people twice on a day and does not
    say why."""
    if schedule.again:
        return
    pair = same_day(schedule, calendar, now, tet=tet)
    if pair is None:
        return
    one, two = (moment.astimezone(HANOI) for moment in pair)
    raise refused(
        "same_words",
        Say(
            "“{name}” sends the same words to the same people more than once a day "
            "({one:%H:%M} and {two:%H:%M} on {one:%Y-%m-%d}).",
            name=schedule.name,
            one=one,
            two=two,
        ),
        step="same-words-each-day",
    )
