"""Lending the right to approve: by a document, between days, up to so many people and đồng."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dispatcher.db.database import Row, Tx
from dispatcher.db.staff import delegations, people
from dispatcher.db.staff.delegations import PREFIXES, Delegation
from dispatcher.domain import rights
from dispatcher.domain.model import HANOI, Actor, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import Say
from dispatcher.usecases.context import Context
from dispatcher.usecases.people import number_of

__all__ = [
    "PREFIXES",
    "Delegation",
    "Lending",
    "lend",
    "lending",
    "take_back",
    "visible_delegations",
]


@dataclass(frozen=True)
class Lending:
    """`deputy` signs for `principal`, both by name. No first day: from today; no limit: None."""

    principal: str
    deputy: str
    document: str
    last: date
    first: date | None = None
    prefix: str = PREFIXES[0]
    most_people: int | None = None
    most_dong: int | None = None


def lend(context: Context, wanted: Lending) -> int:
    """Somebody signs for a leader; the number of the delegation."""
    with context.act(
        "delegate",
        "person",
        number_of(context, wanted.principal),
        proved=lambda tx: _principal(tx, wanted.principal),
    ) as tx:
        head = _principal(tx, wanted.principal)
        deputy = people.actor(tx, wanted.deputy)
        if deputy.role is Role.AUDITOR:
            raise refused(
                "role",
                Say("{name} is an auditor and cannot sign.", name=deputy.name),
            )
        if head.wards is not None or tx.actor.wards is not None:
            rights.need_people(tx.actor, deputy.wards)
        if wanted.prefix not in PREFIXES:
            raise Problem(
                "bad-delegation",
                Say("The prefix is one of: {prefixes}", prefixes=", ".join(PREFIXES)),
            )
        assert head.person_id is not None
        assert deputy.person_id is not None
        return delegations.add(
            tx,
            head.person_id,
            deputy.person_id,
            prefix=wanted.prefix,
            document=wanted.document,
            valid_from=wanted.first or tx.now.astimezone(HANOI).date(),
            valid_to=wanted.last,
            most_people=wanted.most_people,
            most_dong=wanted.most_dong,
        )


def take_back(context: Context, number: int) -> None:
    """End a delegation at once."""
    with context.act("end-delegation", "delegation", number) as tx:
        rights.need(tx.actor, rights.DECIDERS, Say("note a delegation"))
        found = next((d for d in delegations.list_delegations(tx) if d.id == number), None)
        if found is not None:
            _principal(tx, people.by_id(tx, found.principal_id)["name"])
        delegations.end(tx, number)


def visible_delegations(context: Context) -> list[tuple[Delegation, str, str]]:
    """Delegations that were not ended, of people one sees: with principal's and deputy's names."""
    with context.read() as tx:
        return _seen(tx)


@dataclass(frozen=True)
class Choices:
    """The delegations there are, and for a new one: whose right, to whom, from which day."""

    found: Sequence[tuple[Delegation, str, str]]
    leaders: Sequence[Row]
    others: Sequence[Row]
    today: date


def lending(context: Context) -> Choices:
    """A leader lends their own right, an admin notes anybody's."""
    actor = context.actor
    with context.read() as tx:
        found = _seen(tx)
        working = [p for p in people.visible_people(tx) if p["disabled_at"] is None]
    leaders = [
        p
        for p in working
        if p["role"] == Role.LEADER.value
        and (actor.role is Role.ADMIN or p["id"] == actor.person_id)
    ]
    others = [p for p in working if p["role"] != Role.AUDITOR.value]
    return Choices(found, leaders, others, context.app.clock().astimezone(HANOI).date())


def _seen(tx: Tx) -> list[tuple[Delegation, str, str]]:
    mine = {p["id"] for p in people.visible_people(tx)}
    names = {p["id"]: p["name"] for p in people.list_people(tx)}
    return [
        (d, names[d.principal_id], names[d.deputy_id])
        for d in delegations.list_delegations(tx)
        if d.principal_id in mine
    ]


def _principal(tx: Tx, name: str) -> Actor:
    """Whose right is lent: one's own, or (for an admin with the document) a leader's."""
    actor = tx.actor
    rights.need(actor, rights.DECIDERS, Say("note a delegation"))
    person = people.actor(tx, name)
    if person.person_id != actor.person_id:
        rights.need(actor, {Role.ADMIN}, Say("delegate for others"))
        rights.need_people(actor, person.wards)
    if person.role is not Role.LEADER:
        raise refused(
            "role",
            Say("{name} is no leader and has nothing to delegate.", name=person.name),
        )
    return person
