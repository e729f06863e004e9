"""Tin khẩn: texts prepared and approved beforehand, the roster, sending alone, the all-clear."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from dispatcher.domain.model import Audience
from dispatcher.usecases import urgent as cases
from dispatcher.usecases import urgent_duty, urgent_views
from dispatcher.usecases.urgent import NewUrgent
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.forms import BlanksForm
from dispatcher.web.guard import Page, button, changes, reads


def urgent(ask: Ask) -> Answer:
    """Prepared texts and the roster."""
    return Shown("urgent.html", {"desk": urgent_views.desk(ask.context)})


class PrepareForm(Struct, frozen=True, kw_only=True):
    """A text for later. `then`: "submit" where it is handed in at once."""

    name: str
    template: str
    ward: tuple[str, ...] = ()
    most_people: int
    most_dong: int
    until: date
    all_clear: str
    rather_twice: bool = False
    then: str = ""


def prepare(ask: Ask, form: PrepareForm) -> Answer:
    """A text for later: whom it may reach at most, at what cost, until when."""
    wanted = NewUrgent(
        form.name,
        form.template,
        Audience(form.ward),
        form.most_people,
        form.most_dong,
        form.until,
        all_clear=form.all_clear,
        rather_twice=form.rather_twice,
    )
    cases.prepare(ask.context, wanted)
    if form.then == "submit":
        cases.submit(ask.context, wanted.name)
    return Go("/urgent")


def submit(ask: Ask) -> Answer:
    cases.submit(ask.context, ask.path["name"])
    return Go("/urgent")


def approve(ask: Ask) -> Answer:
    cases.approve(ask.context, ask.path["name"])
    return Go("/urgent")


def end(ask: Ask) -> Answer:
    cases.end(ask.context, ask.path["name"])
    return Go("/urgent")


def send(ask: Ask, form: BlanksForm) -> Answer:
    done, _ = cases.send(ask.context, ask.path["name"], form.filled)
    return Go(f"/broadcasts/{done.id}")


def all_clear(ask: Ask, form: BlanksForm) -> Answer:
    done, _ = cases.all_clear(ask.context, ask.number(), form.filled)
    return Go(f"/broadcasts/{done.id}")


class DutyForm(Struct, frozen=True):
    """`who`: a person by number; `start`: empty for now; `hours`: how long."""

    who: int
    start: str
    hours: int


def arrange(ask: Ask, form: DutyForm) -> Answer:
    """Somebody is on duty for so many hours."""
    urgent_duty.add(ask.context, form.who, form.start, form.hours)
    return Go("/urgent")


PAGES: list[Page] = [
    reads("/urgent", urgent),
    changes("/urgent", prepare, PrepareForm),
    changes("/duty", arrange, DutyForm),
    button("/urgent/{name}/submit", submit),
    changes("/urgent/{name}/send", send, BlanksForm),
    button("/urgent/{name}/approve", approve),
    button("/urgent/{name}/end", end),
    changes("/broadcasts/{number}/all-clear", all_clear, BlanksForm),
]
