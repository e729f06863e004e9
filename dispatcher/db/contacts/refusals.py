"""Refusals and erasures that another copy of this database knows, brought over to this one.

Comes from: the replaced database (carrying), or what is kept at a second place (second_place).
Goes to: suppressions, contacts.   Never: takes back a refusal that stands here.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from dispatcher.db.contacts import suppressions
from dispatcher.db.database import Tx, at
from dispatcher.db.rows import on_ids
from dispatcher.db.schema import addresses, moment
from dispatcher.db.schema import suppressions as suppressions_table
from dispatcher.db.words import FORGOTTEN, RESTORED, SENDING, UNCONFIRMED
from dispatcher.domain.problems import Problem


class Refusal(NamedTuple):
    """One suppression with the address it stands for; times in microseconds."""

    cipher: bytes
    kind: str
    carrier: str | None
    tail: str
    reason: str
    at: int
    by: str
    lifted_at: int | None
    scope: str


class Erased(NamedTuple):
    """Somebody who was forgotten: the contact, told by when it was made, and when."""

    contact: int
    created_at: int
    at: int


# Every suppression as the fields of a Refusal.
ALL = (
    "SELECT a.cipher, a.kind, a.carrier, a.tail, s.reason, s.at, s.by, s.lifted_at, s.scope "
    "FROM suppressions s JOIN addresses a ON a.id = s.address_id WHERE a.cipher IS NOT NULL"
)


def forgotten(tx: Tx) -> list[Erased]:
    """Everybody whom this database was told to forget."""
    told = {
        int(row["noun_id"]): row["at"]
        for row in tx.rows(
            "SELECT noun_id, at FROM trail "
            f"WHERE noun = 'contact' AND act = {FORGOTTEN} ORDER BY id"
        )
    }
    made = on_ids(
        tx,
        "SELECT id, created_at FROM visible_contacts WHERE id IN (:ids)",
        sorted(told),
        scope=tx.scope,
    )
    return [Erased(contact, created, told[contact]) for contact, created in made]


def bring(tx: Tx, found: Iterable[Refusal]) -> int:
    """Let every refusal that `found` knows stand here too, lifted where it was lifted; how many
    were news."""
    known = {
        (bytes(row["cipher"]), row["reason"], row["at"], row["scope"]): row
        for row in tx.rows(
            "SELECT s.id, a.cipher, s.reason, s.at, s.scope, s.lifted_at FROM suppressions s "
            "JOIN addresses a ON a.id = s.address_id WHERE a.cipher IS NOT NULL"
        )
    }
    places: dict[bytes, int] = {}
    news, lifted = [], []
    for refusal in found:
        row = known.get((refusal.cipher, refusal.reason, refusal.at, refusal.scope))
        if row is None:
            place = places.get(refusal.cipher) or _place(tx, refusal)
            places[refusal.cipher] = place
            news.append(
                {
                    "address_id": place,
                    "reason": refusal.reason,
                    "at": moment(refusal.at),
                    "by": refusal.by,
                    "lifted_at": refusal.lifted_at and moment(refusal.lifted_at),
                    "scope": refusal.scope,
                }
            )
        elif refusal.lifted_at is not None and row["lifted_at"] is None:
            lifted.append({"id": row["id"], "at": refusal.lifted_at})
    if news:
        tx.run(suppressions_table.insert(), news)
    if lifted:
        tx.run("UPDATE suppressions SET lifted_at = :at WHERE id = :id", lifted)
    tx.note("brought_over", "database", "", new=len(news), lifted=len(lifted))
    return len(news) + len(lifted)


def _place(tx: Tx, refusal: Refusal) -> int:
    """The row of an address, made where it is not known yet."""
    found = tx.value("SELECT id FROM addresses WHERE cipher = :c", c=refusal.cipher)
    if found is not None:
        return int(found)
    return tx.insert(
        addresses,
        cipher=refusal.cipher,
        kind=refusal.kind,
        carrier=refusal.carrier,
        tail=refusal.tail,
    )


def erase(tx: Tx, found: Iterable[Erased]) -> int:
    """Forget here whoever was forgotten there; how many that were.

    A message to them that may have left is named as a doubt first: an erasure does not wait.
    """
    before = {e.contact for e in forgotten(tx)}
    wanted = {e.contact: e.created_at for e in found if e.contact not in before}
    known = on_ids(
        tx,
        "SELECT id, created_at FROM visible_contacts WHERE id IN (:ids)",
        sorted(wanted),
        scope=tx.scope,
    )
    gone = [contact for contact, created in known if wanted[contact] == created]
    for contact in gone:
        tx.run(
            f"UPDATE messages SET state = {UNCONFIRMED}, "
            f"reason = {RESTORED}, lease_owner = NULL, lease_until = NULL, changed_at = :now "
            f"WHERE contact_id = :c AND state = {SENDING} AND id IN (SELECT id FROM "
            "visible_messages)",
            {"c": contact, "now": at(tx.now)},
            scope=tx.scope,
        )
        with suppress(Problem):
            suppressions.forget(tx, contact, "restored")
    return len(gone)
