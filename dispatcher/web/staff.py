"""People who act, and who stands in for whom."""

from __future__ import annotations

from msgspec import Struct

from dispatcher.domain import rights
from dispatcher.domain.model import Role
from dispatcher.domain.words import ROLES
from dispatcher.usecases import delegations, people, people_secrets
from dispatcher.usecases.delegations import PREFIXES, Lending
from dispatcher.usecases.people import NewPerson
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.guard import Page, button, changes, reads

ADMINS = (Role.ADMIN,)


# --- people -------------------------------------------------------------------------------------


def staff(ask: Ask) -> Answer:
    return Shown("people.html", {"staff": people.staff(ask.context), "ROLES": ROLES})


def add_person(ask: Ask, wanted: NewPerson) -> Answer:
    """A new person, perhaps with a first password."""
    people.add(ask.context, wanted)
    return Go("/people")


class RoleForm(Struct, frozen=True):
    role: str


def change_role(ask: Ask, form: RoleForm) -> Answer:
    people.set_role(ask.context, ask.number(), form.role)
    return Go("/people")


class PasswordForm(Struct, frozen=True):
    password: str


def new_password(ask: Ask, form: PasswordForm) -> Answer:
    people_secrets.set_password(ask.context, ask.number(), form.password)
    return Go("/people")


class DisableForm(Struct, frozen=True):
    """`to`: who takes over open work, by name; `anyway`: it was asked already."""

    to: str
    anyway: bool = False


def disable(ask: Ask, form: DisableForm) -> Answer:
    """Asks first while work is open."""
    if not form.anyway:
        leaving = people.leaving(ask.context, ask.number())
        if leaving.work:
            return Shown("disable.html", {"leaving": leaving})
    people.disable(ask.context, ask.number(), to=form.to)
    return Go("/people")


class HandoverForm(Struct, frozen=True):
    to: str


def hand_over(ask: Ask, form: HandoverForm) -> Answer:
    people.hand_over(ask.context, ask.number(), form.to)
    return Go("/people")


# --- delegations --------------------------------------------------------------------------------


def deputies(ask: Ask) -> Answer:
    """Who signs for whom; a leader lends their own right, an admin notes anybody's."""
    choices = delegations.lending(ask.context)
    return Shown("deputies.html", {"choices": choices, "prefixes": PREFIXES})


def lend(ask: Ask, wanted: Lending) -> Answer:
    """Somebody signs for a leader from now on, or in days to come."""
    delegations.lend(ask.context, wanted)
    return Go("/deputies")


def take_back(ask: Ask) -> Answer:
    delegations.take_back(ask.context, ask.number())
    return Go("/deputies")


PAGES: list[Page] = [
    reads("/people", staff, ADMINS),
    changes("/people", add_person, NewPerson, {"wards": "ward", "phone": ""}),
    changes("/people/{number}/role", change_role, RoleForm),
    changes("/people/{number}/password", new_password, PasswordForm),
    changes("/people/{number}/disable", disable, DisableForm),
    changes("/people/{number}/handover", hand_over, HandoverForm),
    reads("/deputies", deputies, tuple(rights.DECIDERS)),
    changes("/deputies", lend, Lending, {"first": "from", "last": "until"}),
    button("/deputies/{number}/end", take_back),
]
