"""Groups, and who is in them."""

from __future__ import annotations

from msgspec import Struct

from dispatcher.usecases import groups
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.forms import NameForm
from dispatcher.web.guard import Page, button, changes, reads


def listed(ask: Ask) -> Answer:
    return Shown("groups.html", {"found": groups.listed(ask.context)})


def add(ask: Ask, form: NameForm) -> Answer:
    groups.add(ask.context, form.name)
    return Go("/groups")


def remove(ask: Ask) -> Answer:
    """A group goes, its people stay; not while people of other wards are in it."""
    groups.remove(ask.context, ask.number())
    return Go("/groups")


class JoinForm(Struct, frozen=True):
    """A new group by its `name`, or one that is there."""

    name: str
    group: str


def join(ask: Ask, form: JoinForm) -> Answer:
    """Somebody comes into a group: one that is there, or a new one."""
    number = ask.number()
    groups.join(ask.context, form.name or form.group, [number])
    return Go(f"/contacts/{number}")


class LeaveForm(Struct, frozen=True):
    group: int


def leave(ask: Ask, form: LeaveForm) -> Answer:
    number = ask.number()
    groups.leave(ask.context, form.group, [number])
    return Go(f"/contacts/{number}")


PAGES: list[Page] = [
    reads("/groups", listed),
    changes("/groups", add, NameForm),
    button("/groups/{number}/remove", remove),
    changes("/contacts/{number}/join", join, JoinForm),
    changes("/contacts/{number}/leave", leave, LeaveForm),
]
