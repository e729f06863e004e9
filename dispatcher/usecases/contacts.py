"""Contacts: one person added, changed, moved, erased; the list as a file.

Comes from: a page, a command, a program.   Goes to: contacts, their numbers and households.
Never: tells anything about a person of somebody else's ward: they are answered as nobody is
(`unknown-contact`). Wards are no secret: whoever names one that is not theirs is told so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.db.contacts import contact_lists, contacts, imports, suppressions
from dispatcher.db.contacts import groups as group_rows
from dispatcher.db.contacts.contact_lists import Within
from dispatcher.db.database import Tx
from dispatcher.domain.problems import Problem
from dispatcher.domain.rights import WRITERS, need_role
from dispatcher.i18n import Say
from dispatcher.usecases import areas
from dispatcher.usecases.context import Context
from dispatcher.usecases.finding import (
    Who,
    code_of,
    contact_meant,
    numbers,
    people_meant,
)
from dispatcher.usecases.imports import NewContact, put_one

__all__ = ["NewContact", "Who"]

MAY = Say("change the list")


@dataclass(frozen=True)
class AddedContact:
    """`is_new`: nobody like them was there; else somebody was completed. `import_id`: for undo."""

    import_id: int
    is_new: bool


@dataclass(frozen=True)
class ChangedContacts:
    """`import_id`: what undo takes."""

    import_id: int
    ids: Sequence[int]


@dataclass(frozen=True)
class Narrowed:
    """Where a list is narrowed to, as people name it; None means anywhere."""

    ward: str | None = None
    residential_group: str | None = None
    group: str | None = None


def add(context: Context, new: NewContact) -> AddedContact:
    """Add one person, or complete one who is there.

    Raises `bad-name`, `bad-phone`, `unknown-name`, and what a list would have looked at; refused:
    `role`, `not-your-ward`, `already-there`.
    """
    with context.act("add", "contact") as tx:
        need_role(tx.actor, WRITERS, Say("add contacts"))
        ward = areas.own_ward(tx, new.ward)
        if not new.name.strip():
            raise Problem("bad-name", Say("The name is empty."))
        numbers(new.phones, context.app.site.sample_heads)
        return AddedContact(*put_one(tx, context.app, ward.name, new))


def edit(
    context: Context,
    which: Who,
    *,
    name: str | None = None,
    title: str | None = None,
    phones: Sequence[str] | None = None,
) -> ChangedContacts:
    """Change the name, the title or the numbers of one person; None leaves it as it is.

    `phones` stand instead of all they had. Raises `unknown-contact`, `several`, `bad-phone`,
    `nothing-to-change`; refused: `role`.
    """
    heads = context.app.site.sample_heads
    with context.act("edit", "contact", code_of(which) or "") as tx:
        need_role(tx.actor, WRITERS, MAY)
        one = contact_meant(tx, context.app, which)
        [now] = contact_lists.list_contacts(tx, ids=[one], limit=1)
        name = None if not name or name.strip() in ("", now["name"]) else name.strip()
        title = None if title is None or title.strip() == now["title"] else title.strip()
        if name is None and title is None and phones is None:
            raise Problem("nothing-to-change", Say("Nothing is changed."))
        addresses = None
        if phones is not None:
            wanted = numbers(phones, heads)
            made = contacts.put_addresses(tx, wanted, heads)
            addresses = [made[a] for a in wanted]
        change = imports.change(tx, [one], name=name, title=title, addresses=addresses)
    return ChangedContacts(change, [one])


def move(
    context: Context, people: Sequence[Who], ward: int | str, residential_group: str = ""
) -> ChangedContacts:
    """Move people to a ward of one's own, into a residential group of it or into none.

    Raises `unknown-contact`, `unknown-name`; refused: `role`, `not-your-ward`.
    """
    with context.act("move", "contact", code_of(people[0]) or "" if people else "") as tx:
        need_role(tx.actor, WRITERS, MAY)
        ids = people_meant(tx, context.app, people)
        place = areas.own_ward(tx, ward)
        group = areas.group_in(tx, place, residential_group) if residential_group.strip() else None
        there = (place.id, group.id if group else None, group.key if group else "")
        change = imports.change(tx, ids, place=there)
    return ChangedContacts(change, ids)


def to_forget(context: Context, which: Who, reason: str) -> int:
    """Say who would be erased, before a person confirms it; refused as `forget` is."""
    with context.remembering("forget", "contact", code_of(which) or ""), context.read() as tx:
        return _to_forget(tx, context, which, reason)


def forget(context: Context, which: Who, reason: str) -> dict[str, int]:
    """Erase one person on request, for good: `texts`, `addresses`, `cancelled` messages.

    Raises `unknown-contact`, `several`, `no-reason`; refused: `role`, `on-its-way`.
    """
    with context.act("forget", "contact", code_of(which) or "") as tx:
        return suppressions.forget(tx, _to_forget(tx, context, which, reason), reason.strip())


def _to_forget(tx: Tx, context: Context, which: Who, reason: str) -> int:
    need_role(tx.actor, WRITERS, Say("erase contacts"))
    one = contact_meant(tx, context.app, which)
    if not reason.strip():
        raise Problem("no-reason", Say("Give a reason, such as the request."))
    return one


# --- the list as a file -------------------------------------------------------------------------


@dataclass(frozen=True)
class ExportedContacts:
    """`people`: as lists show them. `has_numbers`: whole numbers, not masked ones."""

    people: list[dict[str, Any]]
    has_numbers: bool


def export(context: Context, within: Narrowed, *, kind: str, reason: str = "") -> ExportedContacts:
    """Take the list out, which the trail keeps; numbers are masked unless a reason is given.

    `kind`: the file's ending. Whole numbers are for those who write to people: an auditor checks
    masked ones, with a reason too. Raises `unknown-name`; refused: `role`.
    """
    reason = reason.strip()
    with context.act("export", "contacts") as tx:
        if reason:
            need_role(tx.actor, WRITERS, Say("take whole phone numbers"))
        found = contact_lists.list_contacts(
            tx, within=narrowed(tx, within), limit=10**9, numbers=bool(reason)
        )
        tx.note("exported", "contacts", kind, people=len(found), reason=reason or None)
    return ExportedContacts(found, bool(reason))


def narrowed(tx: Tx, within: Narrowed) -> Within:
    """Names as the ids a list is narrowed by. Raises `unknown-name`, `groups-without-ward`."""
    ward = areas.ward_of(tx, within.ward).id if within.ward else None
    place = within.residential_group
    return Within(
        ward,
        areas.group_named(tx, ward, place).id if place else None,
        group_rows.find(tx, within.group) if within.group else None,
    )
