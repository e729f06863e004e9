"""People who act, and who stands in for whom."""

from __future__ import annotations

from dispatcher.db.broadcasts import schedules
from dispatcher.db.contacts import areas
from dispatcher.db.database import Tx
from dispatcher.db.staff import delegations, people
from dispatcher.db.staff.handover import hand_over, in_hand
from dispatcher.domain import rights
from dispatcher.domain.model import HANOI, Actor, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.usecases import deputizing, signing_in
from dispatcher.web.ask import Answer, Ask, Go, Shown, read_date, whole
from dispatcher.web.guard import Page, changes, reads
from dispatcher.web.pages import ROLES
from dispatcher.web.signing import prove

ADMINS = (Role.ADMIN,)


# --- people -------------------------------------------------------------------------------------


def staff(ask: Ask) -> Answer:
    with ask.read() as tx:
        found = people.seen(tx)
        wards = areas.seen_wards(tx)
    return Shown("people.html", {"found": found, "wards": wards, "ROLES": ROLES, "Role": Role})


def add_person(ask: Ask) -> Answer:
    """A new person, perhaps with a first password."""
    prove(ask)
    with ask.begin() as tx:
        ids = [n for v in ask.many("ward") if (n := whole(v)) is not None]
        rights.need_people(tx.actor, ids)
        if ask.one("role") not in set(Role):
            raise Problem("bad-role", "Chọn vai trò.", "Choose a role.")
        made = people.add(
            tx, ask.one("name"), ask.one("full_name"), Role(ask.one("role")), ids,
            ask.one("position"), email=ask.one("email"), namesake=bool(ask.one("namesake")),
        )  # fmt: skip
        if ask.one("password"):
            wards = frozenset(ids) if ids else None
            person = Actor(ask.one("name"), Role(ask.one("role")), made, wards)
            signing_in.set_password(tx, person, ask.one("password"))
    return Go("/people")


def _other(ask: Ask, tx: Tx) -> Actor:
    row = next((p for p in people.listed(tx) if p["id"] == ask.number()), None)
    if row is None or row["disabled_at"] is not None:
        raise Problem("unknown-person", "Không có người này.", "No such person.")
    found = people.as_actor(tx, row)
    rights.need_people(tx.actor, found.wards)
    if found.person_id == ask.person.person_id:
        raise refused("yourself", "Không tự làm việc này với mình.", "Not to yourself.")
    return found


def change_role(ask: Ask) -> Answer:
    prove(ask)
    with ask.begin() as tx:
        found = _other(ask, tx)
        if ask.one("role") not in set(Role):
            raise Problem("bad-role", "Chọn vai trò.", "Choose a role.")
        assert found.person_id is not None
        people.set_role(tx, found.person_id, Role(ask.one("role")), None)
    return Go("/people")


def new_password(ask: Ask) -> Answer:
    prove(ask)
    with ask.begin() as tx:
        signing_in.set_password(tx, _other(ask, tx), ask.one("password"))
    return Go("/people")


def disable(ask: Ask) -> Answer:
    """Asks first while work is open."""
    prove(ask)
    with ask.begin() as tx:
        found = _other(ask, tx)
        open_work = in_hand(tx, found)
        if open_work and not ask.one("anyway"):
            others = [p for p in people.seen(tx) if p["id"] != found.person_id
                      and p["disabled_at"] is None and p["role"] != Role.AUDITOR.value]  # fmt: skip
            return Shown("disable.html", {"p": found, "work": open_work, "others": others})
        to = ask.one("to")
        if to:
            hand_over(tx, found, people.actor(tx, to))
        assert found.person_id is not None
        people.disable(tx, found.person_id)
        schedules.end_of(tx, found.person_id)
    return Go("/people")


# --- delegations --------------------------------------------------------------------------------


def deputies(ask: Ask) -> Answer:
    """Who signs for whom; a leader lends their own right, an admin notes anybody's."""
    with ask.read() as tx:
        found = deputizing.seen(tx)
        working = [p for p in people.seen(tx) if p["disabled_at"] is None]
    leaders = [p for p in working if p["role"] == Role.LEADER.value
               and (ask.person.role is Role.ADMIN or p["id"] == ask.person.person_id)]  # fmt: skip
    others = [p for p in working if p["role"] != Role.AUDITOR.value]
    return Shown(
        "deputies.html",
        {"found": found, "leaders": leaders, "others": others,
         "prefixes": delegations.PREFIXES, "today": ask.app.clock().astimezone(HANOI).date()},
    )  # fmt: skip


def lend(ask: Ask) -> Answer:
    """Somebody signs for a leader from now on, or in days to come."""
    prove(ask)
    days = read_date(ask.one("from")), read_date(ask.one("until"))
    prefix = ask.one("prefix")
    if prefix not in delegations.PREFIXES or not ask.one("document"):
        raise Problem(
            "bad-delegation", "Cần số văn bản và cách ký.", "A document and a prefix are needed."
        )
    with ask.begin() as tx:
        deputizing.lend(
            tx, ask.one("principal"), ask.one("deputy"), prefix=prefix,
            document=ask.one("document"), days=days,
            most=(whole(ask.one("most_people")), whole(ask.one("most_dong"))),
        )  # fmt: skip
    return Go("/deputies")


def take_back(ask: Ask) -> Answer:
    number = ask.number()
    with ask.begin() as tx:
        if number not in {d.id for d, _, _ in deputizing.seen(tx)}:
            raise Problem("unknown-delegation", "Không có ủy quyền này.", "No such delegation.")
        deputizing.take_back(tx, number)
    return Go("/deputies")


PAGES: list[Page] = [
    reads("/people", staff, ADMINS),
    changes("/people", add_person, ADMINS),
    changes("/people/{number}/role", change_role, ADMINS),
    changes("/people/{number}/password", new_password, ADMINS),
    changes("/people/{number}/disable", disable, ADMINS),
    reads("/deputies", deputies, tuple(rights.DECIDERS)),
    changes("/deputies", lend, tuple(rights.DECIDERS)),
    changes("/deputies/{number}/end", take_back, tuple(rights.DECIDERS)),
]
