"""Days as people type them."""

from __future__ import annotations

from datetime import date

from dispatcher.domain.problems import Problem, Say

WEEKDAYS = [
    Say("thứ hai", "Mon"),
    Say("thứ ba", "Tue"),
    Say("thứ tư", "Wed"),
    Say("thứ năm", "Thu"),
    Say("thứ sáu", "Fri"),
    Say("thứ bảy", "Sat"),
    Say("chủ nhật", "Sun"),
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
            f"«{text}» không phải ngày. Viết dạng 31/12/2026.",
            f"“{text}” is no date. Write 31/12/2026.",
        ) from None
