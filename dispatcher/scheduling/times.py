"""Moments as people and files write them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from dispatcher.domain.model import HANOI
from dispatcher.domain.periods import in_the_past, too_far
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say

YEARS = (1990, 2199)  # what lies outside is a slip of the hand, and the end of time has no zone


def read_moment(value: datetime | date | str) -> datetime:
    """A moment; without an offset it is Hanoi time. A date alone raises ValueError."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) <= 10:
            raise ValueError(text)
        value = datetime.fromisoformat(text)
    if not isinstance(value, datetime):
        raise ValueError(value)
    return value if value.tzinfo else value.replace(tzinfo=HANOI)


def ask_moment(text: str, now: datetime) -> datetime:
    """What a person types for a time: "2026-12-01 08:00", "08:00" (today or tomorrow), "now"."""
    return within_reason(_asked(text.strip(), now))


def within_reason(at: datetime) -> datetime:
    """`at` itself, unless its year is nobody's."""
    if at.year < YEARS[0]:
        raise in_the_past(at)
    if at.year > YEARS[1]:
        raise too_far(at)
    return at


def _asked(text: str, now: datetime) -> datetime:
    if text.lower() in ("now", "ngay", "bây giờ"):
        return now
    try:
        if found := re.fullmatch(r"(\d{1,2})[:h](\d{2})", text):
            local = now.astimezone(HANOI).replace(
                hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0
            )
            return local if local >= now else local + timedelta(days=1)
        if found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})\s+(\d{1,2})[:h](\d{2})", text):
            day, month, year, hour, minute = map(int, found.groups())
            return datetime(year, month, day, hour, minute, tzinfo=HANOI)
        return read_moment(text)
    except ValueError:
        raise Problem(
            "bad-time",
            Say(
                "Cannot read the time “{text}”. Examples: '2026-12-01 08:00' or '08:00'.", text=text
            ),
        ) from None
