"""People who act, and who stands in for whom."""

from __future__ import annotations

from dispatcher.domain import rights
from dispatcher.domain.model import Role
from dispatcher.domain.words import ROLES
from dispatcher.usecases import delegations, people, people_secrets
from dispatcher.usecases.delegations import PREFIXES, Lending
from dispatcher.usecases.people import NewPerson
from dispatcher.web.ask import Answer, Ask, Go, Shown, read_date, whole
from dispatcher.web.guard import Page, changes, reads

ADMINS = (Role.ADMIN,)


# --- people -------------------------------------------------------------------------------------


def staff(ask: Ask) -> Answer:
    return Shown("people.html", {"staff": people.staff(ask.context), "ROLES": ROLES})


def add_person(ask: Ask) -> Answer:
    """A new person, perhaps with a first password."""
    wanted = NewPerson(
        ask.one("name"),
        ask.one("role"),
        ask.one("full_name"),
        ask.one("position"),
        ask.many("ward"),
        email=ask.one("email"),
        namesake=bool(ask.one("namesake")),
        password=ask.one("password"),
    )
    people.add(ask.context, wanted)
    return Go("/people")


def change_role(ask: Ask) -> Answer:
    people.set_role(ask.context, ask.number(), ask.one("role"))
    return Go("/people")


def new_password(ask: Ask) -> Answer:
    people_secrets.set_password(ask.context, ask.number(), ask.one("password"))
    return Go("/people")


def disable(ask: Ask) -> Answer:
    """Asks first while work is open."""
    if not ask.one("anyway"):
        leaving = people.leaving(ask.context, ask.number())
        if leaving.work:
            return Shown("disable.html", {"leaving": leaving})
    people.disable(ask.context, ask.number(), to=ask.one("to"))
    return Go("/people")


def hand_over(ask: Ask) -> Answer:
    people.hand_over(ask.context, ask.number(), ask.one("to"))
    return Go("/people")


# --- delegations --------------------------------------------------------------------------------


def deputies(ask: Ask) -> Answer:
    """Who signs for whom; a leader lends their own right, an admin notes anybody's."""
    choices = delegations.lending(ask.context)
    return Shown("deputies.html", {"choices": choices, "prefixes": PREFIXES})


def lend(ask: Ask) -> Answer:
    """Somebody signs for a leader from now on, or in days to come."""
    wanted = Lending(
        ask.one("principal"),
        ask.one("deputy"),
        ask.one("document"),
        read_date(ask.one("until")),
        first=read_date(ask.one("from")),
        prefix=ask.one("prefix"),
        most_people=whole(ask.one("most_people")),
        most_dong=whole(ask.one("most_dong")),
    )
    delegations.lend(ask.context, wanted)
    return Go("/deputies")


def take_back(ask: Ask) -> Answer:
    delegations.take_back(ask.context, ask.number())
    return Go("/deputies")


PAGES: list[Page] = [
    reads("/people", staff, ADMINS),
    changes("/people", add_person),
    changes("/people/{number}/role", change_role),
    changes("/people/{number}/password", new_password),
    changes("/people/{number}/disable", disable),
    changes("/people/{number}/handover", hand_over),
    reads("/deputies", deputies, tuple(rights.DECIDERS)),
    changes("/deputies", lend),
    changes("/deputies/{number}/end", take_back),
]
