"""What the states of schedules are called, and moments for programs."""

from __future__ import annotations

from datetime import datetime

from dispatcher.domain.model import HANOI
from dispatcher.i18n import Say

STATES = {
    "draft": Say("draft"),
    "submitted": Say("submitted"),
    "approved": Say("approved"),
    "returned": Say("returned"),
    "paused": Say("paused"),
    "ended": Say("ended"),
}
BROKEN = Say("broken file")


def iso(moment: datetime | None) -> str | None:
    """A moment of Hanoi to the minute."""
    return moment.astimezone(HANOI).isoformat(timespec="minutes") if moment else None
