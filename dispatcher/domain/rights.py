"""Who may do what: each act asks here. Which wards somebody sees is the store's business.

Only four acts need a second person: sending to residents, changing an approved thing, people's
roles, gateway credentials. Tests, drafts, imports, stopping and pausing never do.
"""

from __future__ import annotations

from collections.abc import Collection

from dispatcher.domain.model import Actor, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import Say, Spoken

DECIDERS = frozenset({Role.ADMIN, Role.LEADER})
WRITERS = frozenset({Role.OFFICER, Role.ADMIN, Role.LEADER})


def need(actor: Actor, roles: Collection[Role], what: Spoken) -> None:
    """Refuse an act to anybody but people in one of `roles`; it needs a name."""
    if actor.person_id is None:
        raise Problem(
            "who-acts",
            Say("Who is it that wants to {what}?", what=what),
            exit_code=4,
        )
    need_role(actor, roles, what)


def need_role(actor: Actor, roles: Collection[Role], what: Spoken) -> None:
    """Refuse an act to other roles; this machine's operator, who has no name, may prepare."""
    if actor.role not in roles:
        raise refused("role", Say("{name} may not {what}.", name=actor.name, what=what))


def need_wards(actor: Actor, wards: Collection[int], what: Spoken) -> None:
    """Refuse an act that touches wards outside the actor's."""
    if actor.wards is not None and not set(wards) <= actor.wards:
        raise refused(
            "not-your-ward",
            Say(
                "{name} is not in charge of all these wards and cannot {what}.",
                name=actor.name,
                what=what,
            ),
        )


def need_people(actor: Actor, wards: Collection[int] | None) -> None:
    """An admin of some wards has a say over people of those wards alone; None: the whole site."""
    if actor.wards is not None and (not wards or not set(wards) <= actor.wards):
        raise refused(
            "not-your-ward",
            Say("{name} may only manage people of their own wards.", name=actor.name),
            step="people-of-a-ward",
        )


def need_site(
    actor: Actor, what: Spoken, roles: Collection[Role] = frozenset({Role.ADMIN})
) -> None:
    """Refuse what concerns the whole site to people of some wards; this machine's operator may."""
    if actor.role not in roles:
        raise refused("role", Say("{name} may not {what}.", name=actor.name, what=what))
    if actor.wards is not None:
        raise refused(
            "whole-site",
            Say("To {what} is up to an admin of the whole site.", what=what),
        )
