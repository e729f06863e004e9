"""Contacts, one person changed by hand, and whoever is on the line."""

from __future__ import annotations

from dispatcher.domain import words as told
from dispatcher.domain.problems import refused
from dispatcher.domain.rights import WRITERS
from dispatcher.i18n import Say
from dispatcher.usecases import contacts, contacts_views
from dispatcher.usecases.contacts import NewContact
from dispatcher.web.ask import Answer, Ask, Go, Shown, whole
from dispatcher.web.guard import Page, changes, reads

SHOWN = 200  # people of a list


def listed(ask: Ask) -> Answer:
    """Contacts by name, ward and group: a form, for a name has no place in an address."""
    search = ask.one("q")
    page = contacts_views.page(
        ask.context,
        ward=whole(ask.one("ward")),
        group=whole(ask.one("group")),
        search=search,
        most=SHOWN,
    )
    return Shown(
        "contacts.html",
        {
            "found": page.found,
            "wards": page.wards,
            "groups": page.groups,
            "q": search,
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


def found(ask: Ask) -> Answer:
    """By last digits, a name, a number or a code: never in the address."""
    words = ask.one("q")
    return Shown("why.html", {"found": contacts_views.looked_up(ask.context, words), "q": words})


# --- one person ---------------------------------------------------------------------------------


def blank(ask: Ask) -> Answer:
    wards, groups = contacts_views.blank(ask.context)
    return Shown("new-contact.html", {"wards": wards, "groups": groups})


def add(ask: Ask) -> Answer:
    """One person, through the same doors as a list."""
    new = NewContact(
        ask.one("name"),
        ward(ask),
        _phones(ask),
        ask.one("tdp"),
        ask.one("household"),
        ask.one("title"),
        ask.one("member_of"),
        ask.t("by hand"),
    )
    contacts.add(ask.context, new)
    return Go("/contacts")


def ward(ask: Ask) -> int | str:
    """The ward that was chosen: its number, or nothing."""
    found = whole(ask.one("ward"))
    return ask.one("ward") if found is None else found


def _phones(ask: Ask) -> tuple[str, ...]:
    return tuple(line.strip() for line in ask.one("phones").splitlines() if line.strip())


def rename(ask: Ask) -> Answer:
    number = ask.number()
    title = ask.one("title") if "title" in ask.form else None
    contacts.edit(ask.context, number, name=ask.one("name"), title=title)
    return Go(f"/contacts/{number}")


def rephone(ask: Ask) -> Answer:
    """Other numbers instead of those somebody has."""
    number = ask.number()
    contacts.edit(ask.context, number, phones=_phones(ask))
    return Go(f"/contacts/{number}")


def move(ask: Ask) -> Answer:
    """Somebody lives in another residential group, or another ward of one's own."""
    number = ask.number()
    contacts.move(ask.context, [number], ward(ask), ask.one("tdp"))
    return Go(f"/contacts/{number}")


def forget(ask: Ask) -> Answer:
    """Erase a person on request; cannot be undone, so the code of the person is typed."""
    number, reason = ask.number(), ask.one("reason")
    contacts.to_forget(ask.context, number, reason)
    if ask.one("sure").lower() != f"c{number}":
        raise refused(
            "not-confirmed",
            Say("Type c{number} to erase for good; nothing was done.", number=number),
        )
    contacts.forget(ask.context, number, reason)
    return Go("/contacts")


PAGES: list[Page] = [
    reads("/contacts", listed),
    Page("/contacts", listed, "POST"),
    reads("/contacts/new", blank, WRITERS),
    changes("/contacts/new", add),
    reads("/contacts/{number}", person),
    changes("/contacts/{number}/rename", rename),
    changes("/contacts/{number}/phones", rephone),
    changes("/contacts/{number}/place", move),
    changes("/contacts/{number}/forget", forget),
    reads("/why", find),
    Page("/why", found, "POST"),
]
