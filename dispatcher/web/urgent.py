"""Tin khẩn: texts prepared and approved beforehand, the roster, sending alone, the all-clear."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from dispatcher.domain.model import Audience
from dispatcher.usecases import urgent as urgent_acts
from dispatcher.usecases import urgent_duty, urgent_views
from dispatcher.usecases.urgent import NewUrgent
from dispatcher.web.forms import BlanksForm
from dispatcher.web.middleware import PageRoute, button, changes, reads
from dispatcher.web.request import Answer, Page, PageRequest, Redirect


def urgent(request: PageRequest) -> Answer:
    """Prepared texts and the roster."""
    return Page("urgent.html", {"desk": urgent_views.desk(request.context)})


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


def prepare(request: PageRequest, form: PrepareForm) -> Answer:
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
    urgent_acts.prepare(request.context, wanted)
    if form.then == "submit":
        urgent_acts.submit(request.context, wanted.name)
    return Redirect("/urgent")


def submit(request: PageRequest) -> Answer:
    urgent_acts.submit(request.context, request.path["name"])
    return Redirect("/urgent")


def approve(request: PageRequest) -> Answer:
    urgent_acts.approve(request.context, request.path["name"])
    return Redirect("/urgent")


def end(request: PageRequest) -> Answer:
    urgent_acts.end(request.context, request.path["name"])
    return Redirect("/urgent")


def send(request: PageRequest, form: BlanksForm) -> Answer:
    done, _ = urgent_acts.send(request.context, request.path["name"], form.filled)
    return Redirect(f"/broadcasts/{done.id}")


def all_clear(request: PageRequest, form: BlanksForm) -> Answer:
    done, _ = urgent_acts.all_clear(request.context, request.number(), form.filled)
    return Redirect(f"/broadcasts/{done.id}")


class DutyForm(Struct, frozen=True):
    """`who`: a person by number; `start`: empty for now; `hours`: how long."""

    who: int
    start: str
    hours: int


def arrange(request: PageRequest, form: DutyForm) -> Answer:
    """Somebody is on duty for so many hours."""
    urgent_duty.add(request.context, form.who, form.start, form.hours)
    return Redirect("/urgent")


PAGES: list[PageRoute] = [
    reads("/urgent", urgent),
    changes("/urgent", prepare, PrepareForm),
    changes("/duty", arrange, DutyForm),
    button("/urgent/{name}/submit", submit),
    changes("/urgent/{name}/send", send, BlanksForm),
    button("/urgent/{name}/approve", approve),
    button("/urgent/{name}/end", end),
    changes("/broadcasts/{number}/all-clear", all_clear, BlanksForm),
]
