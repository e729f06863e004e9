"""Which days offices work: weekends, days off, days made up for, and the days of Tết.

Which days those are is a decision of each year: a table that a person corrects, see store/days_off.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from dispatcher.i18n import Both, Say, Spoken

WEEKEND = Say("a weekend")


@dataclass(frozen=True)
class Calendar:
    """Days by what they are, each with its name."""

    off: Mapping[date, str] = field(default_factory=dict)
    work: Mapping[date, str] = field(default_factory=dict)  # worked though it is a weekend
    tet: Mapping[date, str] = field(default_factory=dict)  # from the eve to the third day

    def closed(self, day: date) -> Spoken | None:
        """Why offices are closed that day; None on a working day."""
        if day in self.work:
            return None
        name = self.off.get(day) or self.tet.get(day)
        if name:
            return Both(name, name)
        return WEEKEND if day.weekday() >= 5 else None

    def is_working(self, day: date) -> bool:
        return self.closed(day) is None

    def next_working(self, day: date, step: int = 1) -> date:
        """The nearest working day from `day` on, forward or (step -1) backward."""
        while not self.is_working(day):
            day += timedelta(days=step)
        return day

    def first_working(self, year: int, month: int) -> date:
        return self.next_working(date(year, month, 1))

    def last_working(self, year: int, month: int) -> date:
        return self.next_working(date(year, month, calendar.monthrange(year, month)[1]), -1)
