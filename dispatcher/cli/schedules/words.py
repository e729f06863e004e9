"""What the states of schedules are called, and moments for programs."""

from __future__ import annotations

from datetime import datetime

from dispatcher.domain.model import HANOI

STATES = {
    "draft": "nháp",
    "submitted": "trình duyệt",
    "approved": "đã duyệt",
    "returned": "trả lại",
    "paused": "tạm dừng",
    "ended": "đã hết",
}


def iso(moment: datetime | None) -> str | None:
    """A moment of Hanoi to the minute."""
    return moment.astimezone(HANOI).isoformat(timespec="minutes") if moment else None
