"""Groups, and who is in them."""

from __future__ import annotations

from msgspec import Struct

from dispatcher.usecases import groups
from dispatcher.web.forms import NameForm
from dispatcher.web.middleware import PageRoute, button, changes, reads
from dispatcher.web.request import Answer, Page, PageRequest, Redirect


def groups_page(request: PageRequest) -> Answer:
    return Page("groups.html", {"found": groups.list_groups(request.context)})


def add(request: PageRequest, form: NameForm) -> Answer:
    groups.add(request.context, form.name)
    return Redirect("/groups")


def remove(request: PageRequest) -> Answer:
    """A group goes, its people stay; not while people of other wards are in it."""
    groups.remove(request.context, request.number())
    return Redirect("/groups")


class JoinForm(Struct, frozen=True):
    """A new group by its `name`, or one that is there."""

    name: str
    group: str


def join(request: PageRequest, form: JoinForm) -> Answer:
    """Somebody comes into a group: one that is there, or a new one."""
    number = request.number()
    groups.join(request.context, form.name or form.group, [number])
    return Redirect(f"/contacts/{number}")


class LeaveForm(Struct, frozen=True):
    group: int


def leave(request: PageRequest, form: LeaveForm) -> Answer:
    number = request.number()
    groups.leave(request.context, form.group, [number])
    return Redirect(f"/contacts/{number}")


PAGES: list[PageRoute] = [
    reads("/groups", groups_page),
    changes("/groups", add, NameForm),
    button("/groups/{number}/remove", remove),
    changes("/contacts/{number}/join", join, JoinForm),
    changes("/contacts/{number}/leave", leave, LeaveForm),
]
