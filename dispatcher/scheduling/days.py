"""Days of a month that a cron names and some months do not have."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Mapping, Sequence
from datetime import date

from dispatcher.i18n import Both, Joined, Say, Spoken

LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
FEBRUARY = 2


def never_comes(cron: str) -> bool:
    """True when no month that a cron names has a day that it names, like 31 February."""
    days, months = _first_days(cron), _months(cron)
    return bool(days) and all(d is not None and d > LONGEST[m - 1] for d in days for m in months)


def skipped(cron: str) -> dict[int, list[int]]:
    """Day → months that a cron names and that do not have it; 29 lacks February in most years."""
    found: dict[int, list[int]] = {}
    for day in _first_days(cron):
        for month in _months(cron) if day is not None else ():
            shortest = 28 if month == FEBRUARY else LONGEST[month - 1]
            if day is not None and day > shortest:
                found.setdefault(day, []).append(month)
    return found


def skipped_sentence(missing: Mapping[int, Sequence[int]]) -> Spoken:
    """Which months a schedule skips, in one sentence a day."""
    said: list[Spoken] = []
    for day, months in missing.items():
        if day == LONGEST[FEBRUARY - 1]:
            said.append(
                Say(
                    "29 February comes in leap years only, in others February is skipped",
                )
            )
            continue
        names = Joined(", ", [Both(str(m), month_name[m]) for m in months])
        said.append(
            Say(
                "there is no day {day} in {names}: nothing is sent in those months",
                day=day,
                names=names,
            )
        )
    return Joined("; ", said, end=".")


def _first_days(cron: str) -> list[int | None]:
    """The first day of each part of the field of days; None for one that every month has."""
    found: list[int | None] = []
    for part in cron.split()[2].split(","):
        number = re.match(r"(\d+)(?:-\d+)?(?:/\d+)?$", part)
        found.append(int(number[1]) if number else None)
    return found


def _months(cron: str) -> list[int]:
    from apscheduler.triggers.cron import CronTrigger

    field = next(f for f in CronTrigger.from_crontab(cron).fields if f.name == "month")
    return [m for m in range(1, 13) if field.get_next_value(date(2000, m, 1)) == m]
