"""What pages, commands and programs show of the list of people; numbers are masked.

Comes from: contacts.   Goes to: a person who looks.
Never: shows people of wards that are not one's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.db.contacts import areas, contact_lists, contacts, groups, reachability
from dispatcher.db.contacts.contact_lists import Within
from dispatcher.db.database import Tx
from dispatcher.db.schema import moment
from dispatcher.domain import phone
from dispatcher.domain.model import HANOI
from dispatcher.usecases import suppressions, why
from dispatcher.usecases.areas import Area
from dispatcher.usecases.contacts import Narrowed, narrowed
from dispatcher.usecases.context import Context
from dispatcher.usecases.finding import Who, contacts_meant

MOST_FOUND = 50
EVERYWHERE = Narrowed()


def list_contacts(
    context: Context, within: Narrowed = EVERYWHERE, *, search: str = "", most: int = 100
) -> list[dict[str, Any]]:
    """People as lists show them. Raises `unknown-name`, `groups-without-ward`."""
    with context.read() as tx:
        return contact_lists.list_contacts(
            tx, within=narrowed(tx, within), search=search, limit=most
        )


@dataclass(frozen=True)
class ContactsPage:
    """People, and what they can be filtered by; `ward`, `group`: what they are filtered by."""

    found: Sequence[dict[str, Any]]
    wards: Sequence[Area]
    groups: Mapping[int, str]
    ward: Area | None
    group: int | None


def page(
    context: Context, *, ward: int | None, group: int | None, search: str, most: int
) -> ContactsPage:
    """People by ward, group and name; what is not one's own to choose is not chosen."""
    with context.read() as tx:
        wards = areas.seen_wards(tx)
        known = {g["id"]: g["name"] for g in groups.list_groups(tx)}
        chosen = next((w for w in wards if w.id == ward), None)
        group = group if group in known else None
        within = Within(ward=chosen.id if chosen else None, group=group)
        found = contact_lists.list_contacts(tx, within=within, search=search, limit=most)
    return ContactsPage(found, wards, known, chosen, group)


def blank(context: Context) -> tuple[list[Area], list[dict[str, Any]]]:
    """What the form for a new person offers: wards, groups."""
    with context.read() as tx:
        return areas.seen_wards(tx), groups.list_groups(tx)


def one(context: Context, number: int) -> dict[str, Any]:
    """One person as lists show them. Raises `unknown-contact`."""
    with context.read() as tx:
        return contact_lists.list_contacts(
            tx, ids=contacts_meant(tx, context.app, number), limit=1
        )[0]


def looked_up(context: Context, words: str) -> list[dict[str, Any]]:
    """People by last digits, a name, a number or a code, while a resident is on the line."""
    with context.read() as tx:
        digits = "".join(c for c in words if c.isdigit())
        if not words:
            return []
        if 3 <= len(digits) <= 6 and len(words) <= len(digits) + 2:
            return _some(tx, contact_lists.ending_with(tx, digits))
        is_code = words[:1] in "cm" and words[1:].isdigit()
        if len(digits) >= 8 or is_code or phone.looks_masked(words):
            return _some(tx, why.find(tx, words, context.app.site.sample_heads))
        return contact_lists.list_contacts(tx, search=words, limit=MOST_FOUND)


def _some(tx: Tx, ids: Sequence[int]) -> list[dict[str, Any]]:
    return contact_lists.list_contacts(tx, ids=ids, limit=MOST_FOUND) if ids else []


@dataclass(frozen=True)
class ContactShown:
    """A person with what stood beside their numbers, what the networks said of these, and what is
    not sent to them."""

    contact: Mapping[str, Any]
    beside: Mapping[str, Any]
    reach: Sequence[Mapping[str, Any]]
    stopped: Mapping[str, Any]


def get_contacts(context: Context, which: Who) -> list[ContactShown]:
    """Whoever is meant: several people where they share a phone. Raises `unknown-contact`."""
    with context.read() as tx:
        ids = contacts_meant(tx, context.app, which)
        known = reachability.of_contacts(tx, ids)
        beside = contacts.beside(tx, ids)
        return [
            ContactShown(
                c,
                beside[c["id"]],
                [_reach(row) for row in known.get(c["id"], [])],
                suppressions.of_contact(tx, c["id"]),
            )
            for c in contact_lists.list_contacts(tx, ids=ids, limit=len(ids))
        ]


def _reach(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of one phone on one channel; moments in Hanoi time."""
    told = {"phone": row["tail"], "channel": row["channel"], "code": row["code"]}
    moments = {k: row[k] for k in ("reached_at", "refused_at", "until")}
    return told | {k: moment(v).astimezone(HANOI) if v else None for k, v in moments.items()}


@dataclass(frozen=True)
class PersonPage:
    """A person, their story, and what may be done about them."""

    contact: Mapping[str, Any]
    story: Mapping[str, Any]
    beside: Mapping[str, Any]
    stopped: Mapping[str, Any]
    joined: Mapping[int, str]
    groups: Sequence[dict[str, Any]]
    wards: Sequence[Area]


def person(context: Context, number: int, language: str) -> PersonPage:
    """What was sent to somebody and why, what to say to them. Raises `unknown-contact`."""
    with context.read() as tx:
        ids = contacts_meant(tx, context.app, number)
        return PersonPage(
            contact_lists.list_contacts(tx, ids=ids, limit=1)[0],
            why.story(tx, number, language),
            contacts.beside(tx, ids)[number],
            suppressions.of_contact(tx, number),
            groups.of_contact(tx, number),
            groups.list_groups(tx),
            areas.seen_wards(tx),
        )
