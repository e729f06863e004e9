"""The table of days off, and what wards may spend."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from dispatcher.usecases import budgets
from dispatcher.usecases import holidays as cases
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.guard import Page, changes, reads


def holidays(ask: Ask) -> Answer:
    found = cases.listed(ask.context)
    return Shown("holidays.html", {"found": found, "kinds": cases.KINDS})


class DayOffForm(Struct, frozen=True):
    day: date
    kind: str
    name: str


def set_day(ask: Ask, form: DayOffForm) -> Answer:
    cases.set_day(ask.context, form.day, form.kind, form.name)
    return Go("/holidays")


def money(ask: Ask) -> Answer:
    return Shown("budgets.html", {"found": budgets.standings(ask.context)})


PAGES: list[Page] = [
    reads("/holidays", holidays),
    changes("/holidays", set_day, DayOffForm),
    reads("/budgets", money),
]
