"""Wards and their residential groups: who may change them, and what pages show of them.

Comes from: a page, a command.   Goes to: areas, and the people of a group that becomes another's.
Never: changes a ward that is not one's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dispatcher.db.contacts import areas, contact_lists, headcounts, imports
from dispatcher.db.contacts.areas import Area
from dispatcher.db.database import Tx
from dispatcher.domain.areas import find
from dispatcher.domain.model import AreaKind, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.rights import need_role
from dispatcher.i18n import Say
from dispatcher.usecases.context import Context

__all__ = ["Area"]

ADMINS = frozenset({Role.ADMIN})


# --- which one is meant -------------------------------------------------------------------------


def ward_of(tx: Tx, which: int | str) -> Area:
    """A ward by its number, any of its names or its code. Raises `unknown-name`, `no-ward`."""
    if isinstance(which, str):
        if not which.strip():
            raise Problem("no-ward", Say("Choose a ward."))
        return areas.ward(tx, which)
    found = next((a for a in areas.list_areas(tx, AreaKind.WARD) if a.id == which), None)
    if found is None:
        raise Problem("unknown-name", Say("No such ward."))
    return found


def own_ward(tx: Tx, which: int | str) -> Area:
    """The same, refused (`not-your-ward`) where it is not the actor's.

    Everybody knows which wards there are, so that one of somebody else's is refused as such. A
    person, a reply or an entry of a list there is answered exactly as one that is not there.
    """
    found = ward_of(tx, which)
    if tx.actor.wards is not None and found.id not in tx.actor.wards:
        raise refused(
            "not-your-ward",
            Say("{name} is not in charge of {name2}.", name=tx.actor.name, name2=found.name),
        )
    return found


def group_in(tx: Tx, ward: Area, name: str) -> Area:
    """A residential group of a ward by any of its names. Raises `unknown-name`."""
    known = areas.groups_of(tx, ward.id)
    what = Say("residential group in {name}", name=ward.name)
    return find(what, name, known, [a.name for a in known.values()])


def group_named(tx: Tx, ward: int | str | None, name: str) -> Area:
    """The same, for a list that is narrowed: without its ward a group means nothing."""
    if not ward:
        raise Problem("groups-without-ward", Say("Residential groups need their ward."))
    return group_in(tx, ward_of(tx, ward), name)


def _own_group(tx: Tx, ward: int | str, which: int | str) -> Area:
    """A residential group by its number, or by any of its names in a ward; of one's own ward."""
    if isinstance(which, str):
        return group_in(tx, own_ward(tx, ward), which)
    found = next(iter(areas.by_ids(tx, [which])), None)
    known = {} if found is None else areas.groups_of(tx, found.parent_id or 0)
    if found is None or which not in {a.id for a in known.values()}:
        raise Problem("unknown-name", Say("No such residential group."))
    own_ward(tx, found.parent_id or 0)
    return found


# --- acts ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MergedGroups:
    """`change`: the import that `undo` takes; None where nobody had to move."""

    old: Area
    new: Area
    people: int
    change: int | None


def rename(context: Context, ward: int | str, group: int | str, name: str) -> Area:
    """Call a residential group by another name; the group as it was called before.

    `group`: its number, or a name within `ward`. Lists that say the old name still mean it.
    Raises `no-name`, `unknown-name`; refused: `role`, `not-your-ward`, `name-taken`.
    """
    with context.act("rename", "area") as tx:
        need_role(tx.actor, ADMINS, Say("rename residential groups"))
        if not name.strip():
            raise Problem("no-name", Say("Give the new name of the group."))
        found = _own_group(tx, ward, group)
        areas.rename_group(tx, found, name.strip())
    return found


def merge(context: Context, ward: int | str, group: int | str, into: int | str) -> MergedGroups:
    """Make one residential group part of another of its ward; its people move along.

    Raises `same-group`, `unknown-name`; refused: `role`, `not-your-ward`.
    """
    with context.act("merge", "area") as tx:
        need_role(tx.actor, ADMINS, Say("merge residential groups"))
        old, new = _own_group(tx, ward, group), _own_group(tx, ward, into)
        if old.id == new.id or old.parent_id != new.parent_id:
            raise Problem(
                "same-group",
                Say(
                    "Choose two groups of one ward (“{name}”, “{name2}”).",
                    name=old.name,
                    name2=new.name,
                ),
            )
        within = contact_lists.Within(residential_group=old.id)
        people = [c["id"] for c in contact_lists.list_contacts(tx, within=within, limit=10**9)]
        change = None
        if people:
            change = imports.change(tx, people, place=(new.parent_id or 0, new.id, new.key))
        areas.close_group(tx, old, new)
    return MergedGroups(old, new, len(people), change)


# --- what is shown ------------------------------------------------------------------------------


@dataclass(frozen=True)
class WardShown:
    """A ward, its residential groups, and people by group (None: in none)."""

    ward: Area
    groups: Sequence[Area]
    people: Mapping[int | None, int]


def list_areas(context: Context, ward: str | None = None) -> list[Area]:
    """The wards there are, or the residential groups of one."""
    with context.read() as tx:
        if ward:
            return areas.list_areas(tx, AreaKind.RESIDENTIAL_GROUP, areas.ward(tx, ward).id)
        return areas.list_areas(tx, AreaKind.WARD)


def get_ward(context: Context, ward: str) -> WardShown:
    """One ward with the people one sees of it."""
    with context.read() as tx:
        place = areas.ward(tx, ward)
        groups = areas.list_areas(tx, AreaKind.RESIDENTIAL_GROUP, place.id)
        return WardShown(place, groups, headcounts.people_by_place(tx).get(place.id, {}))


def own_wards(context: Context) -> list[Area]:
    """The wards somebody looks after."""
    with context.read() as tx:
        return areas.seen_wards(tx)


def own(context: Context) -> list[WardShown]:
    """One's own wards, each with its residential groups and people."""
    with context.read() as tx:
        people = headcounts.people_by_place(tx)
        return [
            WardShown(
                ward,
                list({a.id: a for a in areas.groups_of(tx, ward.id).values()}.values()),
                people.get(ward.id, {}),
            )
            for ward in areas.seen_wards(tx)
        ]
