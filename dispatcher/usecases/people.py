"""People who act: added, given another role, told of what waits, handed over, disabled.

Comes from: an admin, with their own second step.   Goes to: who may do what from now on.
Never: lets somebody change their own role, or has a say over people of other wards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.db.broadcasts import schedules
from dispatcher.db.contacts import areas, contacts
from dispatcher.db.database import Row, Tx
from dispatcher.db.staff import handover, people
from dispatcher.db.staff.handover import InHand
from dispatcher.domain import rights
from dispatcher.domain.model import Actor, Role
from dispatcher.domain.problems import Problem, refused, unknown
from dispatcher.i18n import Say
from dispatcher.usecases import finding, signing_in
from dispatcher.usecases.context import Context

Who = str | int  # somebody by the name that --as takes, or by number


@dataclass(frozen=True)
class NewPerson:
    """Somebody to add. `wards`: by name, none for the whole site; `phone`, `email`: where they are
    told what waits; `password`: a first one for the console, or none."""

    name: str
    role: str
    full_name: str = ""
    position: str = ""
    wards: Sequence[str] = ()
    email: str = ""
    phone: str = ""
    namesake: bool = False
    password: str = ""


def add(context: Context, wanted: NewPerson) -> int:
    """Somebody new; their number. The first person on an empty site needs nobody's right."""
    with context.act("add", "person", proved=need_admin) as tx:
        need_admin(tx)
        role = _role(wanted.role)
        ids = [w.id for w in areas.wards_named(tx, list(wanted.wards))] if wanted.wards else []
        rights.need_people(tx.actor, ids)
        made = people.add(
            tx,
            wanted.name,
            wanted.full_name,
            role,
            ids,
            wanted.position,
            email=wanted.email,
            address_id=_address(context, tx, wanted.phone),
            namesake=wanted.namesake,
        )
        if wanted.password:
            person = Actor(wanted.name, role, made, frozenset(ids) if ids else None)
            signing_in.set_password(tx, person, wanted.password)
        return made


def set_role(
    context: Context, who: Who, role: str, wards: Sequence[str] | None = None
) -> tuple[Actor, Role]:
    """Another role and, where named, other wards; (who it was, the role)."""
    with context.act(
        "role", "person", number_of(context, who), proved=lambda tx: somebody(tx, who)
    ) as tx:
        person = somebody(tx, who)
        if person.person_id == tx.actor.person_id:
            raise refused(
                "own-role",
                Say("Nobody changes their own role; another admin must."),
            )
        wanted = _role(role)
        ids = [w.id for w in areas.wards_named(tx, list(wards))] if wards else None
        if ids is not None:
            rights.need_people(tx.actor, ids)
        assert person.person_id is not None
        people.set_role(tx, person.person_id, wanted, ids)
        return person, wanted


def reach(
    context: Context, who: Who, *, email: str | None = None, phone: str | None = None
) -> Actor:
    """Where somebody, or oneself, is told what waits for them."""
    with context.remembering("reach", "person", number_of(context, who)):
        with context.begin() as tx:
            person = somebody_or_oneself(tx, who)
            assert person.person_id is not None
            address = _address(context, tx, phone)
            people.reach(tx, person.person_id, email=email, address_id=address)
            return person


# --- leaving ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DepartingPerson:
    """Somebody who is to be disabled, what they still have in hand, and who could take it."""

    person: Actor
    work: InHand
    others: Sequence[Row]


def leaving(context: Context, who: Who) -> DepartingPerson:
    """What somebody would leave behind, asked before they are disabled."""
    with context.act(
        "disable", "person", number_of(context, who), proved=lambda tx: _another(tx, who)
    ) as tx:  # for the time, by which duties are over
        person = _another(tx, who)
        others = [
            p
            for p in people.visible_people(tx)
            if p["id"] != person.person_id
            and p["disabled_at"] is None
            and p["role"] != Role.AUDITOR.value
        ]
        return DepartingPerson(person, handover.in_hand(tx, person), others)


def disable(context: Context, who: Who, *, to: str = "") -> Actor:
    """Nothing more is done under somebody's name. `to`: who gets their open work first."""
    with context.act(
        "disable", "person", number_of(context, who), proved=lambda tx: _another(tx, who)
    ) as tx:
        person = _another(tx, who)
        if to:
            _give(tx, person, somebody(tx, to))
        assert person.person_id is not None
        people.disable(tx, person.person_id)
        schedules.end_of(tx, person.person_id)
        return person


@dataclass(frozen=True)
class HandedOver:
    """What went from one to the other. `keys`: of vendors, which whoever leaves may know."""

    giver: Actor
    taker: Actor
    work: InHand
    keys: Sequence[str]


def hand_over(context: Context, giver: Who, taker: Who) -> HandedOver:
    """All open work of one person goes to another."""
    with context.act(
        "handover", "person", number_of(context, giver), proved=lambda tx: somebody(tx, giver)
    ) as tx:
        old, new = somebody(tx, giver), somebody(tx, taker)
        work = _give(tx, old, new)
    return HandedOver(old, new, work, context.app.site.secrets())


def _give(tx: Tx, giver: Actor, taker: Actor) -> InHand:
    """Refused to the same person, to auditors and to people of other wards."""
    if giver.person_id == taker.person_id:
        raise refused("same-person", Say("The two are the same person."))
    if taker.role is Role.AUDITOR:
        raise refused(
            "role",
            Say("{name} is an auditor and takes no work.", name=taker.name),
        )
    foreign = ", ".join(handover.out_of_reach(tx, giver, taker))
    if foreign:
        raise refused(
            "not-their-ward",
            Say("{name} is not in charge of: {foreign}.", name=taker.name, foreign=foreign),
        )
    return handover.hand_over(tx, giver, taker)


# --- who it is about ----------------------------------------------------------------------------


def need_admin(tx: Tx) -> None:
    """Refuse to all but admins; the first person on an empty site needs nobody."""
    actor = tx.actor
    if people.count(tx) and (actor.person_id is None or actor.role is not Role.ADMIN):
        raise refused(
            "role",
            Say("Only an admin may add people or change roles."),
            step="admins-only",
        )


def find(tx: Tx, who: Who) -> Actor:
    """Somebody who may act; a problem where nobody is called that, or they were disabled."""
    if isinstance(who, str):
        return people.actor(tx, who)
    name = next((p["name"] for p in people.list_people(tx) if p["id"] == who), None)
    if name is None:
        known = [p["name"] for p in people.visible_people(tx)]
        raise unknown(Say("person"), str(who), known)
    return people.actor(tx, str(name))


def somebody(tx: Tx, who: Who) -> Actor:
    """Somebody whom the acting admin has a say over."""
    need_admin(tx)
    found = find(tx, who)
    rights.need_people(tx.actor, found.wards)
    return found


def somebody_or_oneself(tx: Tx, who: Who) -> Actor:
    """The acting person, or somebody whom the acting admin has a say over."""
    if tx.actor.person_id is not None and number_in(tx, who) == tx.actor.person_id:
        return find(tx, who)
    return somebody(tx, who)


def number_of(context: Context, who: Who) -> object:
    """What the trail calls somebody: their number, or what was typed where nobody has it."""
    with context.read() as tx:
        return number_in(tx, who)


def number_in(tx: Tx, who: Who) -> Who:
    if isinstance(who, int):
        return who
    try:
        return people.actor(tx, who).person_id or who
    except Problem:
        return who


def _another(tx: Tx, who: Who) -> Actor:
    found = somebody(tx, who)
    if found.person_id == tx.actor.person_id:
        raise refused("yourself", Say("You cannot disable yourself."))
    return found


def _role(word: str) -> Role:
    if word not in set(Role):
        names = ", ".join(role.value for role in Role)
        raise Problem("bad-role", Say("Choose a role: {names}.", names=names))
    return Role(word)


def _address(context: Context, tx: Tx, phone: str | None) -> int | None:
    """The address of a phone of staff."""
    if not phone:
        return None
    heads = context.app.site.sample_heads
    return next(iter(contacts.put_addresses(tx, finding.numbers([phone], heads), heads).values()))


# --- views --------------------------------------------------------------------------------------


def visible_people(context: Context) -> Sequence[Row]:
    """Everybody the acting person works with, with the names of their wards."""
    with context.read() as tx:
        return people.visible_people(tx)


@dataclass(frozen=True)
class Staff:
    """Everybody the acting person works with, and the wards a new one may get."""

    people: Sequence[Row]
    wards: Sequence[areas.Area]


def staff(context: Context) -> Staff:
    with context.read() as tx:
        return Staff(people.visible_people(tx), areas.seen_wards(tx))
