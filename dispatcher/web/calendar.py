"""The table of days off, and what wards may spend."""

from __future__ import annotations

from dispatcher.usecases import budgets
from dispatcher.usecases import holidays as cases
from dispatcher.web.ask import Answer, Ask, Go, Shown, read_date
from dispatcher.web.guard import Page, changes, reads


def holidays(ask: Ask) -> Answer:
    found = cases.listed(ask.context)
    return Shown("holidays.html", {"found": found, "kinds": cases.KINDS})


def set_day(ask: Ask) -> Answer:
    cases.set_day(ask.context, read_date(ask.one("day")), ask.one("kind"), ask.one("name"))
    return Go("/holidays")


def money(ask: Ask) -> Answer:
    return Shown("budgets.html", {"found": budgets.standings(ask.context)})


PAGES: list[Page] = [
    reads("/holidays", holidays),
    changes("/holidays", set_day),
    reads("/budgets", money),
]
