"""By what right an approval counts: asked when it is given, and once more before anything leaves.

Comes from: people, their roles, wards and delegations as they are now.   Goes to: approving,
resuming, releasing.   Never: blocks an urgent text at its release; that one is told of.
"""

from __future__ import annotations

from dispatcher.db.broadcasts import approvals, broadcasts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.staff import delegations, notices, people
from dispatcher.db.staff.delegations import Delegation
from dispatcher.domain.model import HANOI, Role
from dispatcher.domain.problems import refused
from dispatcher.domain.rights import WRITERS
from dispatcher.i18n import Say


def delegated(tx: Tx, broadcast: Broadcast, principal: int | None) -> Delegation:
    """The delegation under which the actor may approve this today; refused without one.

    `principal`: for whom, where the actor names one.
    """
    assert tx.actor.person_id is not None
    given = [
        d
        for d in delegations.of_deputy(tx, tx.actor.person_id)
        if principal in (None, d.principal_id)
    ]
    if not given:
        raise refused(
            "role",
            Say("{name} may not approve, and nobody delegated it to them.", name=tx.actor.name),
        )
    for delegation in given:
        if _covers(tx, delegation, broadcast):
            return delegation
    today = tx.now.astimezone(HANOI).date()
    people_, dong = broadcast.ceiling_people or 0, broadcast.ceiling_dong or 0
    last = given[-1]
    limits = " ".join(
        [f"{last.valid_from:%d/%m/%Y}-{last.valid_to:%d/%m/%Y}"]
        + [f"≤ {last.most_people} người"] * (last.most_people is not None)
        + [f"≤ {last.most_dong} đồng"] * (last.most_dong is not None)
    )
    raise refused(
        "outside-delegation",
        Say(
            "The delegation {document} ({limits}) does not cover this ({people} "
            "people, {dong} đồng, today {today:%Y-%m-%d}).",
            document=last.document,
            limits=limits,
            people=people_,
            dong=dong,
            today=today,
        ),
    )


def _covers(tx: Tx, delegation: Delegation, broadcast: Broadcast) -> bool:
    today = tx.now.astimezone(HANOI).date()
    return delegation.covers(today, broadcast.ceiling_people or 0, broadcast.ceiling_dong or 0)


def still_counts(tx: Tx, broadcast: Broadcast) -> bool:
    """True while whoever approved it could approve it now: a leader of its wards who may act, or
    somebody whose delegation is in force.

    A test to a phone of ours was approved by nobody but its sender, who must still be there.
    """
    if broadcast.approved_by is None:
        return False
    row = people.by_id(tx, broadcast.approved_by)
    if row["disabled_at"] is not None:
        return False
    person = people.as_actor(tx, row)
    if person.wards is not None and not set(broadcast.senders) <= person.wards:
        return False
    given = approvals.last_manner(tx, broadcast.id)
    if given is None and broadcast.schedule_id is None:
        return True
    if given is not None and given[1] is not None:
        in_force = delegations.of_deputy(tx, broadcast.approved_by)
        found = next((d for d in in_force if d.id == given[1]), None)
        return person.role in WRITERS and found is not None and _covers(tx, found, broadcast)
    return person.role is Role.LEADER


def tell_that_it_left(tx: Tx, broadcast: Broadcast) -> None:
    """Leaders and admins are told that an urgent text went out under a right that has ended."""
    assert broadcast.approved_by is not None
    name = people.by_id(tx, broadcast.approved_by)["full_name"]
    title, number = broadcast.title, broadcast.id
    say = Say(
        "The urgent text “{title}” (broadcast {number}) was sent, but {name}, "
        "who approved it, may approve no longer: a leader must look, and stop "
        "it if it is wrong.",
        title=title,
        number=number,
        name=name,
    )
    author = (broadcast.created_by,) if broadcast.created_by else ()
    event = notices.NoticeEvent(
        "approver",
        "broadcast",
        str(number),
        say,
        (Role.LEADER.value, Role.ADMIN.value),
        frozenset(broadcast.senders),
        author,
        by_text=True,
    )
    notices.put(tx, [event])
    tx.note("approver_left", "broadcast", number, approver=broadcast.approved_by)


def not_by_own_hands(tx: Tx, broadcast: Broadcast, person_id: int) -> None:
    """Refuse an approval of somebody who wrote, edited or submitted, by whatever account."""
    same = people.same_person(tx, person_id, broadcasts.hands(tx, broadcast.id))
    if same is not None:
        raise refused(
            "own-work",
            Say(
                "Whoever wrote or submitted it ({same}) cannot approve it; a second person must.",
                same=same,
            ),
        )
