"""Who may approve for whom: by which document, between which days, up to how many people and đồng.

Signing prefixes are those of Decree 30/2020/NĐ-CP on records: KT. (a deputy for the head), TL.,
TUQ.; "thay" where a document says only that somebody stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from dispatcher.db.database import Tx, at
from dispatcher.db.schema_people import delegations as delegations_table
from dispatcher.db.words import LEADER
from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import Say

PREFIXES = ("KT.", "TUQ.", "TL.", "thay")


@dataclass(frozen=True)
class Delegation:
    id: int
    principal_id: int
    deputy_id: int
    prefix: str
    document: str
    valid_from: date
    valid_to: date
    most_people: int | None
    most_dong: int | None

    def covers(self, day: date, people: int, dong: int) -> bool:
        """True on a day inside its dates, for something inside its limits."""
        return (
            self.valid_from <= day <= self.valid_to
            and (self.most_people is None or people <= self.most_people)
            and (self.most_dong is None or dong <= self.most_dong)
        )


def add(
    tx: Tx,
    principal: int,
    deputy: int,
    *,
    prefix: str,
    document: str,
    valid_from: date,
    valid_to: date,
    most_people: int | None = None,
    most_dong: int | None = None,
) -> int:
    """Remember a delegation; its id. It needs a document and an end."""
    if principal == deputy or not document.strip() or valid_to < valid_from:
        raise Problem(
            "bad-delegation",
            Say("A delegation needs two people, a document number, a first and a last day."),
        )
    made = tx.insert(
        delegations_table,
        principal_id=principal,
        deputy_id=deputy,
        prefix=prefix,
        document=document.strip(),
        valid_from=valid_from,
        valid_to=valid_to,
        most_people=most_people,
        most_dong=most_dong,
        created_at=tx.now,
    )
    tx.note("delegated", "person", principal, to=deputy, document=document, until=str(valid_to))
    return made


def end(tx: Tx, delegation_id: int) -> None:
    """It counts no longer; approvals given under it stay."""
    done = tx.run(
        "UPDATE delegations SET ended_at = :now WHERE id = :id AND ended_at IS NULL",
        {"now": at(tx.now), "id": delegation_id},
    ).rowcount
    if not done:
        raise refused(
            "no-delegation",
            Say("There is no delegation {delegation_id} in force.", delegation_id=delegation_id),
        )
    tx.note("ended", "delegation", delegation_id)


def list_delegations(tx: Tx) -> list[Delegation]:
    """Those that were not ended, the oldest first."""
    return [_read(r) for r in tx.rows("SELECT * FROM delegations WHERE ended_at IS NULL")]


def of_deputy(tx: Tx, deputy: int) -> list[Delegation]:
    """What somebody may sign for others: their principals are leaders who may still act."""
    return [
        _read(row)
        for row in tx.rows(
            "SELECT d.* FROM delegations d JOIN people p ON p.id = d.principal_id "
            "WHERE d.deputy_id = :d AND d.ended_at IS NULL AND p.disabled_at IS NULL "
            f"AND p.role = {LEADER} ORDER BY d.id",
            d=deputy,
        )
    ]


def get(tx: Tx, delegation_id: int) -> Delegation:
    row = tx.one("SELECT * FROM delegations WHERE id = :id", id=delegation_id)
    assert row is not None
    return _read(row)


def _read(row: Any) -> Delegation:
    def day(value: Any) -> date:
        return value if isinstance(value, date) else date.fromisoformat(value)

    return Delegation(
        row["id"],
        row["principal_id"],
        row["deputy_id"],
        row["prefix"],
        row["document"],
        day(row["valid_from"]),
        day(row["valid_to"]),
        row["most_people"],
        row["most_dong"],
    )
