"""Contacts, one person changed by hand, and whoever is on the line."""

from __future__ import annotations

from dataclasses import replace

from msgspec import Struct

from dispatcher.domain import words
from dispatcher.domain.problems import refused
from dispatcher.domain.rights import WRITERS
from dispatcher.i18n import Say
from dispatcher.usecases import contacts, contacts_views
from dispatcher.usecases.contacts import NewContact
from dispatcher.web.middleware import PageRoute, asks, changes, reads
from dispatcher.web.request import Answer, Page, PageRequest, Redirect

SHOWN = 200  # people of a list


class SearchForm(Struct, frozen=True):
    """Words of a name, a ward and a group by number; None for any."""

    q: str = ""
    ward: int | None = None
    group: int | None = None


def everybody(request: PageRequest) -> Answer:
    return contacts_page(request, SearchForm())


def contacts_page(request: PageRequest, form: SearchForm) -> Answer:
    """Contacts by name, ward and group: a form, for a name has no place in an address."""
    page = contacts_views.page(
        request.context, ward=form.ward, group=form.group, search=form.q, most=SHOWN
    )
    return Page(
        "contacts.html",
        {
            "found": page.found,
            "wards": page.wards,
            "groups": page.groups,
            "q": form.q,
            "ward": page.ward,
            "group": page.group,
            "most": SHOWN,
        },
    )


def person(request: PageRequest) -> Answer:
    """Somebody on a list: what was sent and why, what to say, what may be done."""
    number = request.number()
    page = contacts_views.person(request.context, number, request.language)
    request.noted("read", "contact", number)
    stopped = page.stopped
    return Page(
        "person.html",
        {
            "c": page.contact,
            "story": page.story,
            "beside": page.beside,
            "blocked": stopped["suppressed"],
            "shares": stopped["shares"],
            "others": stopped["shares_with_others"],
            "joined": page.joined,
            "sets": page.groups,
            "wards": page.wards,
            "SCOPES": words.SCOPES,
            "why_stopped": words.why_stopped,
            "short": words.short,
            "STATES": words.STATES,
            "REASONS": words.REASONS,
        },
    )


def find(request: PageRequest) -> Answer:
    return Page("why.html", {"found": None, "q": ""})


class LookUpForm(Struct, frozen=True):
    q: str


def found(request: PageRequest, form: LookUpForm) -> Answer:
    """By last digits, a name, a number or a code: never in the address."""
    people = contacts_views.looked_up(request.context, form.q)
    return Page("why.html", {"found": people, "q": form.q})


# --- one person ---------------------------------------------------------------------------------


def blank(request: PageRequest) -> Answer:
    wards, groups = contacts_views.blank(request.context)
    return Page("new-contact.html", {"wards": wards, "groups": groups})


NEW = {"residential_group": "tdp", "group": "member_of", "source": ""}


def add(request: PageRequest, new: NewContact) -> Answer:
    """One person, through the same doors as a list."""
    contacts.add(request.context, replace(new, source=request.t("by hand")))
    return Redirect("/contacts")


class RenameForm(Struct, frozen=True):
    """`title` None: as it was."""

    name: str
    title: str | None = None


def rename(request: PageRequest, form: RenameForm) -> Answer:
    number = request.number()
    contacts.edit(request.context, number, name=form.name, title=form.title)
    return Redirect(f"/contacts/{number}")


class PhonesForm(Struct, frozen=True):
    """Numbers, one a line."""

    phones: tuple[str, ...] = ()


def rephone(request: PageRequest, form: PhonesForm) -> Answer:
    """Other numbers instead of those somebody has."""
    number = request.number()
    contacts.edit(request.context, number, phones=form.phones)
    return Redirect(f"/contacts/{number}")


class MoveForm(Struct, frozen=True):
    """`ward`: by number or name; `tdp`: a residential group by name, or none."""

    ward: int | str
    tdp: str


def move(request: PageRequest, form: MoveForm) -> Answer:
    """Somebody lives in another residential group, or another ward of one's own."""
    number = request.number()
    contacts.move(request.context, [number], form.ward, form.tdp)
    return Redirect(f"/contacts/{number}")


class EraseForm(Struct, frozen=True):
    """`sure`: the code of the person, typed."""

    reason: str
    sure: str


def forget(request: PageRequest, form: EraseForm) -> Answer:
    """Erase a person on request; cannot be undone, so the code of the person is typed."""
    number, reason = request.number(), form.reason
    contacts.to_forget(request.context, number, reason)
    if form.sure.lower() != f"c{number}":
        raise refused(
            "not-confirmed",
            Say("Type c{number} to erase for good; nothing was done.", number=number),
        )
    contacts.forget(request.context, number, reason)
    return Redirect("/contacts")


PAGES: list[PageRoute] = [
    reads("/contacts", everybody),
    asks("/contacts", contacts_page, SearchForm),
    reads("/contacts/new", blank, WRITERS),
    changes("/contacts/new", add, NewContact, NEW),
    reads("/contacts/{number}", person),
    changes("/contacts/{number}/rename", rename, RenameForm),
    changes("/contacts/{number}/phones", rephone, PhonesForm),
    changes("/contacts/{number}/place", move, MoveForm),
    changes("/contacts/{number}/forget", forget, EraseForm),
    reads("/why", find),
    asks("/why", found, LookUpForm),
]
