"""People who act, and who stands in for whom."""

from __future__ import annotations

from msgspec import Struct

from dispatcher.domain import rights
from dispatcher.domain.model import Role
from dispatcher.domain.words import ROLES
from dispatcher.usecases import delegations, people, people_secrets
from dispatcher.usecases.delegations import PREFIXES, Lending
from dispatcher.usecases.people import NewPerson
from dispatcher.web.middleware import PageRoute, button, changes, reads
from dispatcher.web.request import Answer, Page, PageRequest, Redirect

ADMINS = (Role.ADMIN,)


# --- people -------------------------------------------------------------------------------------


def staff(request: PageRequest) -> Answer:
    return Page("people.html", {"staff": people.staff(request.context), "ROLES": ROLES})


def add_person(request: PageRequest, wanted: NewPerson) -> Answer:
    """A new person, perhaps with a first password."""
    people.add(request.context, wanted)
    return Redirect("/people")


class RoleForm(Struct, frozen=True):
    role: str


def change_role(request: PageRequest, form: RoleForm) -> Answer:
    people.set_role(request.context, request.number(), form.role)
    return Redirect("/people")


class PasswordForm(Struct, frozen=True):
    password: str


def new_password(request: PageRequest, form: PasswordForm) -> Answer:
    people_secrets.set_password(request.context, request.number(), form.password)
    return Redirect("/people")


class DisableForm(Struct, frozen=True):
    """`to`: who takes over open work, by name; `anyway`: it was asked already."""

    to: str
    anyway: bool = False


def disable(request: PageRequest, form: DisableForm) -> Answer:
    """Asks first while work is open."""
    if not form.anyway:
        leaving = people.leaving(request.context, request.number())
        if leaving.work:
            return Page("disable.html", {"leaving": leaving})
    people.disable(request.context, request.number(), to=form.to)
    return Redirect("/people")


class HandoverForm(Struct, frozen=True):
    to: str


def hand_over(request: PageRequest, form: HandoverForm) -> Answer:
    people.hand_over(request.context, request.number(), form.to)
    return Redirect("/people")


# --- delegations --------------------------------------------------------------------------------


def deputies(request: PageRequest) -> Answer:
    """Who signs for whom; a leader lends their own right, an admin notes anybody's."""
    choices = delegations.lending(request.context)
    return Page("deputies.html", {"choices": choices, "prefixes": PREFIXES})


def lend(request: PageRequest, wanted: Lending) -> Answer:
    """Somebody signs for a leader from now on, or in days to come."""
    delegations.lend(request.context, wanted)
    return Redirect("/deputies")


def take_back(request: PageRequest) -> Answer:
    delegations.take_back(request.context, request.number())
    return Redirect("/deputies")


PAGES: list[PageRoute] = [
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
