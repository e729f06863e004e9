"""Tin khẩn: texts prepared and approved beforehand, the roster, sending alone, the all-clear."""

from __future__ import annotations

from dispatcher.domain.model import Audience
from dispatcher.usecases import urgent as cases
from dispatcher.usecases import urgent_duty, urgent_views
from dispatcher.usecases.urgent import NewUrgent
from dispatcher.web.ask import Answer, Ask, Go, Shown, read_date, whole
from dispatcher.web.guard import Page, changes, reads


def urgent(ask: Ask) -> Answer:
    """Prepared texts and the roster."""
    return Shown("urgent.html", {"desk": urgent_views.desk(ask.context)})


def prepare(ask: Ask) -> Answer:
    """A text for later: whom it may reach at most, at what cost, until when."""
    wanted = NewUrgent(
        ask.one("name"),
        ask.one("template"),
        Audience(ask.many("ward")),
        whole(ask.one("most_people")) or 0,
        whole(ask.one("most_dong")) or 0,
        read_date(ask.one("until")),
        all_clear=ask.one("all_clear"),
        rather_twice=bool(ask.one("rather_twice")),
    )
    cases.prepare(ask.context, wanted)
    if ask.one("then") == "submit":
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


def send(ask: Ask) -> Answer:
    done, _ = cases.send(ask.context, ask.path["name"], ask.fields())
    return Go(f"/broadcasts/{done.id}")


def all_clear(ask: Ask) -> Answer:
    done, _ = cases.all_clear(ask.context, ask.number(), ask.fields())
    return Go(f"/broadcasts/{done.id}")


def arrange(ask: Ask) -> Answer:
    """Somebody is on duty for so many hours."""
    who, hours = whole(ask.one("who")) or 0, whole(ask.one("hours")) or 0
    urgent_duty.add(ask.context, who, ask.one("start"), hours)
    return Go("/urgent")


PAGES: list[Page] = [
    reads("/urgent", urgent),
    changes("/urgent", prepare),
    changes("/duty", arrange),
    changes("/urgent/{name}/submit", submit),
    changes("/urgent/{name}/send", send),
    changes("/urgent/{name}/approve", approve),
    changes("/urgent/{name}/end", end),
    changes("/broadcasts/{number}/all-clear", all_clear),
]
