"""The table of days off, and what wards may spend."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from dispatcher.usecases import budgets
from dispatcher.usecases import holidays as holiday_acts
from dispatcher.web.middleware import PageRoute, changes, reads
from dispatcher.web.request import Answer, Page, PageRequest, Redirect


def holidays(request: PageRequest) -> Answer:
    found = holiday_acts.list_days(request.context)
    return Page("holidays.html", {"found": found, "kinds": holiday_acts.KINDS})


class DayOffForm(Struct, frozen=True):
    day: date
    kind: str
    name: str


def set_day(request: PageRequest, form: DayOffForm) -> Answer:
    holiday_acts.set_day(request.context, form.day, form.kind, form.name)
    return Redirect("/holidays")


def money(request: PageRequest) -> Answer:
    return Page("budgets.html", {"found": budgets.budget_use(request.context)})


PAGES: list[PageRoute] = [
    reads("/holidays", holidays),
    changes("/holidays", set_day, DayOffForm),
    reads("/budgets", money),
]
