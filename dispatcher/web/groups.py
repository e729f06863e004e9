"""Groups, and who is in them."""

from __future__ import annotations

from dispatcher.usecases import groups
from dispatcher.web.ask import Answer, Ask, Go, Shown, whole
from dispatcher.web.guard import Page, changes, reads


def listed(ask: Ask) -> Answer:
    return Shown("groups.html", {"found": groups.listed(ask.context)})


def add(ask: Ask) -> Answer:
    groups.add(ask.context, ask.one("name"))
    return Go("/groups")


def remove(ask: Ask) -> Answer:
    """A group goes, its people stay; not while people of other wards are in it."""
    groups.remove(ask.context, ask.number())
    return Go("/groups")


def join(ask: Ask) -> Answer:
    """Somebody comes into a group: one that is there, or a new one."""
    number = ask.number()
    groups.join(ask.context, ask.one("name") or ask.one("group"), [number])
    return Go(f"/contacts/{number}")


def leave(ask: Ask) -> Answer:
    number = ask.number()
    groups.leave(ask.context, whole(ask.one("group")) or 0, [number])
    return Go(f"/contacts/{number}")


PAGES: list[Page] = [
    reads("/groups", listed),
    changes("/groups", add),
    changes("/groups/{number}/remove", remove),
    changes("/contacts/{number}/join", join),
    changes("/contacts/{number}/leave", leave),
]
