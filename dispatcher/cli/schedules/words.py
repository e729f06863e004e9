"""What the states of schedules are called, and moments for programs."""

from __future__ import annotations

from datetime import datetime

from dispatcher.domain.model import HANOI

STATES = {
    "draft": Say("nháp", "draft"),
    "submitted": Say("trình duyệt", "submitted"),
    "approved": Say("đã duyệt", "approved"),
    "returned": Say("trả lại", "returned"),
    "paused": Say("tạm dừng", "paused"),
    "ended": Say("đã hết", "ended"),
}
BROKEN = Say("tệp hỏng", "broken file")


def iso(moment: datetime | None) -> str | None:
    """A moment of Hanoi to the minute."""
    return moment.astimezone(HANOI).isoformat(timespec="minutes") if moment else None
