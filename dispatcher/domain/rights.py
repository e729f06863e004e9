"""Who may do what: each act asks here. Which wards somebody sees is the store's business.

Only four acts need a second person: sending to residents, changing an approved thing, people's
roles, gateway credentials. Tests, drafts, imports, stopping and pausing never do.
"""

from __future__ import annotations

from collections.abc import Collection

from dispatcher.domain.model import Actor, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import Say

DECIDERS = frozenset({Role.ADMIN, Role.LEADER})
WRITERS = frozenset({Role.OFFICER, Role.ADMIN, Role.LEADER})


def need(actor: Actor, roles: Collection[Role], vi: str, en: str) -> None:
    """Refuse an act to anybody but people in one of `roles`; it needs a name."""
    if actor.person_id is None:
        raise Problem(
            "who-acts",
            f"Cần biết ai {vi}: thêm --as TÊN (xem: dispatcher people list).",
            f"Who is it that wants to {en}? Add --as NAME (see: dispatcher people list).",
            exit_code=4,
        )
    need_role(actor, roles, vi, en)


def need_role(actor: Actor, roles: Collection[Role], vi: str, en: str) -> None:
    """Refuse an act to other roles; this machine's operator, who has no name, may prepare."""
    if actor.role not in roles:
        raise refused("role", f"{actor.name} không có quyền {vi}.", f"{actor.name} may not {en}.")


def need_wards(actor: Actor, wards: Collection[int], vi: str, en: str) -> None:
    """Refuse an act that touches wards outside the actor's."""
    if actor.wards is not None and not set(wards) <= actor.wards:
        raise refused(
            "not-your-ward",
            f"{actor.name} không phụ trách hết các phường này nên không {vi} được.",
            f"{actor.name} is not in charge of all these wards and cannot {en}.",
        )


def need_people(actor: Actor, wards: Collection[int] | None) -> None:
    """An admin of some wards has a say over people of those wards alone; None: the whole site."""
    if actor.wards is not None and (not wards or not set(wards) <= actor.wards):
        raise refused(
            "not-your-ward",
            Say(
                "{name} may only manage people of their own wards; name one: --ward.",
                name=actor.name,
            ),
        )


def need_site(
    actor: Actor, vi: str, en: str, roles: Collection[Role] = frozenset({Role.ADMIN})
) -> None:
    """Refuse what concerns the whole site to people of some wards; this machine's operator may."""
    if actor.role not in roles:
        raise refused("role", f"{actor.name} không có quyền {vi}.", f"{actor.name} may not {en}.")
    if actor.wards is not None:
        raise refused(
            "whole-site",
            f"{vi[:1].upper()}{vi[1:]} là việc của người quản trị toàn trang.",
            f"To {en} is up to an admin of the whole site.",
        )
