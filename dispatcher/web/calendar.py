"""The table of days off, and what wards may spend."""

from __future__ import annotations

from dispatcher.broadcasts.app import budgets_of
from dispatcher.db.broadcasts import budgets
from dispatcher.db.ops import days_off
from dispatcher.domain import rights
from dispatcher.domain.model import HANOI, Role
from dispatcher.domain.problems import Problem
from dispatcher.web.ask import Answer, Ask, Go, Shown, read_date
from dispatcher.web.guard import Page, changes, reads

ADMINS = (Role.ADMIN,)


def holidays(ask: Ask) -> Answer:
    year = ask.app.clock().astimezone(HANOI).year
    with ask.read() as tx:
        found = days_off.listed(tx, (year, year + 1))
    return Shown("holidays.html", {"found": found, "kinds": days_off.KINDS})


def set_day(ask: Ask) -> Answer:
    rights.need_site(ask.person, "sửa bảng ngày nghỉ", "change the table of days off")
    chosen = read_date(ask.one("day"))
    if ask.one("kind") not in days_off.KINDS:
        raise Problem("bad-kind", "Chọn loại ngày.", "Choose what the day is.")
    with ask.begin() as tx:
        days_off.put(tx, chosen, ask.one("kind"), ask.one("name"))
    return Go("/holidays")


def money(ask: Ask) -> Answer:
    with ask.read() as tx:
        mine = [b for b in budgets_of(ask.app.site, tx)
                if ask.person.wards is None or b.wards & ask.person.wards]  # fmt: skip
        found = budgets.standings(tx, mine, ask.app.site.mode, ask.app.clock())
    return Shown("budgets.html", {"found": list(found.values())})


PAGES: list[Page] = [
    reads("/holidays", holidays),
    changes("/holidays", set_day, ADMINS),
    reads("/budgets", money),
]
