"""Groups: named sets of people that are not areas (schools, offices, volunteers).

Comes from: a page, a command.   Goes to: groups and who is in them.
Never: takes a group away from people of somebody else's ward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.db.contacts import groups
from dispatcher.db.database import Tx
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.rights import WRITERS, need_role
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say
from dispatcher.usecases.context import Context
from dispatcher.usecases.finding import Who, people_meant

MAY = Say("change groups")


@dataclass(frozen=True)
class GroupChange:
    """`people`: how many came in, or went. `is_new`: the group was not there before."""

    group: int
    people: int = 0
    is_new: bool = False


@dataclass(frozen=True)
class NamedGroup:
    """A group, with how many people one sees in it."""

    id: int
    name: str
    people: int


def list_groups(context: Context) -> list[dict[str, Any]]:
    """Groups with how many people of one's wards are in each: `id`, `name`, `people`."""
    with context.read() as tx:
        return groups.list_groups(tx)


def add(context: Context, name: str) -> GroupChange:
    """Add a group; one that is there stays as it is. Raises `bad-name`; refused: `role`."""
    with context.act("add", "group") as tx:
        need_role(tx.actor, WRITERS, MAY)
        group, is_new = _made(tx, name)
        tx.note("added", "group", group, people=0)
    return GroupChange(group, 0, is_new)


def join(context: Context, name: str, people: Sequence[Who]) -> GroupChange:
    """Put people into a group: one that is there, or a new one.

    Raises `bad-name`, `unknown-contact`; refused: `role`.
    """
    with context.act("join", "group") as tx:
        need_role(tx.actor, WRITERS, MAY)
        ids = people_meant(tx, context.app, people)
        group, is_new = _made(tx, name)
        joined = groups.join(tx, [(group, i) for i in ids])
        tx.note("joined", "group", group, people=joined)
    return GroupChange(group, joined, is_new)


def _made(tx: Tx, name: str) -> tuple[int, bool]:
    if not folded(name):
        raise Problem("bad-name", Say("The name of the group is empty."))
    is_new = folded(name) not in groups.by_key(tx)
    return groups.ensure(tx, [name])[folded(name)], is_new


def leave(context: Context, group: int | str, people: Sequence[Who]) -> GroupChange:
    """Take people out of a group, by its number or name.

    Raises `unknown-name`, `unknown-contact`; refused: `role`.
    """
    with context.act("leave", "group") as tx:
        need_role(tx.actor, WRITERS, MAY)
        ids = people_meant(tx, context.app, people)
        found = _meant(tx, group)
        left = groups.leave(tx, found, ids)
        tx.note("left", "group", found, people=left)
    return GroupChange(found, left)


def to_remove(context: Context, group: int | str) -> NamedGroup:
    """Say which group would go and how many people are in it; refused as `remove` is."""
    with context.remembering("remove", "group"), context.read() as tx:
        return _removable(tx, group)


def remove(context: Context, group: int | str) -> NamedGroup:
    """Remove a group; its people stay on the list.

    Raises `unknown-name`; refused: `role`, and `not-your-ward` while people of other wards are in
    it. Names of groups are the whole site's, so that such a group is refused as what it is.
    """
    with context.act("remove", "group") as tx:
        found = _removable(tx, group)
        groups.remove(tx, found.id)
        tx.note("removed", "group", found.id, people=found.people)
    return found


def _removable(tx: Tx, group: int | str) -> NamedGroup:
    need_role(tx.actor, WRITERS, MAY)
    found = _meant(tx, group)
    name = next(name for number, name in groups.by_key(tx).values() if number == found)
    if groups.foreign(tx, found):
        raise refused(
            "not-your-ward",
            Say("{name} has people of other wards; only your own can be taken out.", name=name),
        )
    people = next((g["people"] for g in groups.list_groups(tx) if g["id"] == found), 0)
    return NamedGroup(found, name, people)


def _meant(tx: Tx, group: int | str) -> int:
    if isinstance(group, str):
        return groups.find(tx, group)
    if group not in {number for number, _ in groups.by_key(tx).values()}:
        raise Problem("unknown-name", Say("No such group."))
    return group
