"""Contacts, one person changed by hand, and whoever is on the line."""

from __future__ import annotations

from dataclasses import replace

from msgspec import Struct

from dispatcher.domain import words as told
from dispatcher.domain.problems import refused
from dispatcher.domain.rights import WRITERS
from dispatcher.i18n import Say
from dispatcher.usecases import contacts, contacts_views
from dispatcher.usecases.contacts import NewContact
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.guard import Page, asks, changes, reads

SHOWN = 200  # people of a list


class SearchForm(Struct, frozen=True):
    """Words of a name, a ward and a group by number; None for any."""

    q: str = ""
    ward: int | None = None
    group: int | None = None


def everybody(ask: Ask) -> Answer:
    return listed(ask, SearchForm())


def listed(ask: Ask, form: SearchForm) -> Answer:
    """Contacts by name, ward and group: a form, for a name has no place in an address."""
    page = contacts_views.page(
        ask.context, ward=form.ward, group=form.group, search=form.q, most=SHOWN
    )
    return Shown(
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


def person(ask: Ask) -> Answer:
    """Somebody on a list: what was sent and why, what to say, what may be done."""
    number = ask.number()
    page = contacts_views.person(ask.context, number, ask.language)
    ask.noted("read", "contact", number)
    stopped = page.stopped
    return Shown(
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
            "SCOPES": told.SCOPES,
            "why_stopped": told.why_stopped,
            "short": told.short,
            "STATES": told.STATES,
            "REASONS": told.REASONS,
        },
    )


def find(ask: Ask) -> Answer:
    return Shown("why.html", {"found": None, "q": ""})


class LookUpForm(Struct, frozen=True):
    q: str


def found(ask: Ask, form: LookUpForm) -> Answer:
    """By last digits, a name, a number or a code: never in the address."""
    people = contacts_views.looked_up(ask.context, form.q)
    return Shown("why.html", {"found": people, "q": form.q})


# --- one person ---------------------------------------------------------------------------------


def blank(ask: Ask) -> Answer:
    wards, groups = contacts_views.blank(ask.context)
    return Shown("new-contact.html", {"wards": wards, "groups": groups})


NEW = {"residential_group": "tdp", "group": "member_of", "source": ""}


def add(ask: Ask, new: NewContact) -> Answer:
    """One person, through the same doors as a list."""
    contacts.add(ask.context, replace(new, source=ask.t("by hand")))
    return Go("/contacts")


class RenameForm(Struct, frozen=True):
    """`title` None: as it was."""

    name: str
    title: str | None = None


def rename(ask: Ask, form: RenameForm) -> Answer:
    number = ask.number()
    contacts.edit(ask.context, number, name=form.name, title=form.title)
    return Go(f"/contacts/{number}")


class PhonesForm(Struct, frozen=True):
    """Numbers, one a line."""

    phones: tuple[str, ...] = ()


def rephone(ask: Ask, form: PhonesForm) -> Answer:
    """Other numbers instead of those somebody has."""
    number = ask.number()
    contacts.edit(ask.context, number, phones=form.phones)
    return Go(f"/contacts/{number}")


class MoveForm(Struct, frozen=True):
    """`ward`: by number or name; `tdp`: a residential group by name, or none."""

    ward: int | str
    tdp: str


def move(ask: Ask, form: MoveForm) -> Answer:
    """Somebody lives in another residential group, or another ward of one's own."""
    number = ask.number()
    contacts.move(ask.context, [number], form.ward, form.tdp)
    return Go(f"/contacts/{number}")


class EraseForm(Struct, frozen=True):
    """`sure`: the code of the person, typed."""

    reason: str
    sure: str


def forget(ask: Ask, form: EraseForm) -> Answer:
    """Erase a person on request; cannot be undone, so the code of the person is typed."""
    number, reason = ask.number(), form.reason
    contacts.to_forget(ask.context, number, reason)
    if form.sure.lower() != f"c{number}":
        raise refused(
            "not-confirmed",
            Say("Type c{number} to erase for good; nothing was done.", number=number),
        )
    contacts.forget(ask.context, number, reason)
    return Go("/contacts")


PAGES: list[Page] = [
    reads("/contacts", everybody),
    asks("/contacts", listed, SearchForm),
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
