"""Days as people type them."""

from __future__ import annotations

from datetime import date

from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say

WEEKDAYS = [
    Say("Mon"),
    Say("Tue"),
    Say("Wed"),
    Say("Thu"),
    Say("Fri"),
    Say("Sat"),
    Say("Sun"),
]


def read_day(text: str) -> date:
    """dd/mm/yyyy or an ISO date; anything else is a problem."""
    try:
        if "/" in text:
            day, month, year = (int(part) for part in text.split("/"))
            return date(year, month, day)
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Problem(
            "bad-date",
            Say("“{text}” is no date. Write 31/12/2026.", text=text),
        ) from None
