"""Days off and days made up for: the table schedules look at; a person has the last word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from dispatcher.db.ops import days_off
from dispatcher.db.ops.days_off import KINDS
from dispatcher.domain import rights
from dispatcher.domain.model import HANOI
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say, pgettext
from dispatcher.usecases.context import Context

__all__ = ["KINDS", "list_days", "set_day"]


def set_day(context: Context, day: date, kind: str, name: str) -> None:
    """Say what a day is: one of KINDS, by which name or document."""
    with context.act("set", "day_off", day.isoformat()) as tx:
        rights.need_site(tx.actor, pgettext("table", "change the table of days off"))
        if kind not in KINDS:
            kinds = ", ".join(KINDS)
            raise Problem("bad-kind", Say("Choose what the day is: {kinds}.", kinds=kinds))
        days_off.put(tx, day, kind, name)


def list_days(context: Context, year: int | None = None) -> Sequence[dict[str, Any]]:
    """The days of a year, else of this one and the next: day, name, kind, by."""
    this = context.app.clock().astimezone(HANOI).year
    with context.read() as tx:
        return days_off.list_days_off(tx, (year,) if year else (this, this + 1))
