"""Lending the right to approve: by a document, between days, up to so many people and đồng."""

from __future__ import annotations

from datetime import date

from dispatcher.db.database import Tx
from dispatcher.db.staff import delegations, people
from dispatcher.domain import rights
from dispatcher.domain.model import Actor, Role
from dispatcher.domain.problems import refused


def lend(
    tx: Tx,
    principal: str,
    deputy: str,
    *,
    prefix: str,
    document: str,
    days: tuple[date, date],
    most: tuple[int | None, int | None] = (None, None),
) -> int:
    """`deputy` signs for `principal` (both by name); the delegation's id. `most`: people, đồng."""
    head = _principal(tx, principal)
    standing_in = people.actor(tx, deputy)
    if standing_in.role is Role.AUDITOR:
        raise refused(
            "role",
            f"{standing_in.name} là người kiểm tra, không ký thay được.",
            f"{standing_in.name} is an auditor and cannot sign.",
        )
    if head.wards is not None or tx.actor.wards is not None:
        rights.need_people(tx.actor, standing_in.wards)
    assert head.person_id is not None
    assert standing_in.person_id is not None
    return delegations.add(
        tx,
        head.person_id,
        standing_in.person_id,
        prefix=prefix,
        document=document,
        valid_from=days[0],
        valid_to=days[1],
        most_people=most[0],
        most_dong=most[1],
    )


def take_back(tx: Tx, delegation_id: int) -> None:
    """End a delegation at once."""
    found = next((d for d in delegations.listed(tx) if d.id == delegation_id), None)
    if found is not None:
        _principal(tx, people.by_id(tx, found.principal_id)["name"])
    delegations.end(tx, delegation_id)


def seen(tx: Tx) -> list[tuple[delegations.Delegation, str, str]]:
    """Delegations that were not ended, of people one sees: with principal's and deputy's names."""
    mine = {p["id"] for p in people.seen(tx)}
    names = {p["id"]: p["name"] for p in people.listed(tx)}
    return [
        (d, names[d.principal_id], names[d.deputy_id])
        for d in delegations.listed(tx)
        if d.principal_id in mine
    ]


def _principal(tx: Tx, name: str) -> Actor:
    """Whose right is lent: one's own, or (for an admin with the document) a leader's."""
    actor = tx.actor
    rights.need(actor, rights.DECIDERS, "ghi ủy quyền", "note a delegation")
    person = people.actor(tx, name)
    if person.person_id != actor.person_id:
        rights.need(actor, {Role.ADMIN}, "ghi ủy quyền của người khác", "delegate for others")
        rights.need_people(actor, person.wards)
    if person.role is not Role.LEADER:
        raise refused(
            "role",
            f"{person.name} không phải lãnh đạo nên không ủy quyền phê duyệt được.",
            f"{person.name} is no leader and has nothing to delegate.",
        )
    return person
