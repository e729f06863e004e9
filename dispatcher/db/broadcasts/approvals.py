"""How each approval was given, and the wording leaders offered back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx, at
from dispatcher.db.schema import moment
from dispatcher.db.schema_people import approvals as approvals_table
from dispatcher.db.schema_people import offers
from dispatcher.db.staff import delegations, people
from dispatcher.db.words import LEADER
from dispatcher.domain.problems import refused
from dispatcher.i18n import Say


@dataclass(frozen=True)
class Paper:
    """An approval that was signed on paper: its number, its day, its scan."""

    document: str
    day: date
    file_id: int | None
    recorded_by: int


def record(
    tx: Tx,
    broadcast_id: int,
    person_id: int,
    digest: str,
    manner: str,
    *,
    delegation_id: int | None = None,
    paper: Paper | None = None,
) -> None:
    """Keep how an approval was given: own, delegated, paper or corrected."""
    tx.insert(
        approvals_table,
        broadcast_id=broadcast_id,
        person_id=person_id,
        at=tx.now,
        digest=digest,
        manner=manner,
        delegation_id=delegation_id,
        recorded_by=paper.recorded_by if paper else None,
        document=paper.document if paper else "",
        day=paper.day if paper else None,
        file_id=paper.file_id if paper else None,
    )


def latest(tx: Tx, broadcast: Broadcast) -> dict[str, Any] | None:
    """The approval in force: who, how, for whom, as it is shown to people; None without one."""
    if broadcast.approved_by is None:
        return None
    row = tx.one(
        "SELECT * FROM approvals WHERE broadcast_id = :b ORDER BY id DESC LIMIT 1", b=broadcast.id
    )
    signer = people.by_id(tx, broadcast.approved_by)
    shown = {
        "by": signer["full_name"],
        "position": signer["position"],
        "at": broadcast.approved_at,
        "manner": row["manner"] if row else "own",
        "signature": [*filter(None, [signer["position"].upper()]), signer["full_name"]],
        "document": row["document"] if row else "",
        "day": str(row["day"]) if row and row["day"] else None,
        "recorded_by": None,
    }
    if row and row["delegation_id"]:
        delegation = delegations.get(tx, row["delegation_id"])
        principal = people.by_id(tx, delegation.principal_id)
        shown["for"] = principal["full_name"]
        shown["document"] = delegation.document
        head = (principal["position"] or principal["full_name"]).upper()
        if delegation.prefix == "thay":
            shown["signature"] = [signer["full_name"], f"(thay {principal['full_name']})"]
        else:
            shown["signature"] = [f"{delegation.prefix} {head}", *shown["signature"]]
    if row and row["recorded_by"]:
        shown["recorded_by"] = people.by_id(tx, row["recorded_by"])["full_name"]
    return shown


def last_manner(tx: Tx, broadcast_id: int) -> tuple[str, int | None] | None:
    """(how, under which delegation) it was approved last; None where nobody approved by hand."""
    row = tx.one(
        "SELECT manner, delegation_id FROM approvals WHERE broadcast_id = :b "
        "ORDER BY id DESC LIMIT 1",
        b=broadcast_id,
    )
    return None if row is None else (row["manner"], row["delegation_id"])


# --- wording a leader corrected -----------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    id: int
    person_id: int
    fields: Mapping[str, str]
    template_version_id: int
    digest: str
    note: str


def offer(
    tx: Tx, broadcast_id: int, fields: Mapping[str, str], version: int, digest: str, note: str
) -> None:
    """Keep what a leader would approve; an older offer counts no longer."""
    withdraw(tx, broadcast_id)
    tx.insert(
        offers,
        broadcast_id=broadcast_id,
        person_id=tx.actor.person_id,
        at=tx.now,
        fields=json.dumps(dict(fields), ensure_ascii=False),
        template_version_id=version,
        digest=digest,
        note=note,
    )


def offered(tx: Tx, broadcast_id: int) -> Offer | None:
    """The offer that waits for the author; None without one, or when its leader may act no more."""
    row = tx.one(
        "SELECT o.* FROM offers o JOIN people p ON p.id = o.person_id WHERE o.broadcast_id = :b "
        f"AND o.taken_at IS NULL AND p.disabled_at IS NULL AND p.role = {LEADER} "
        "ORDER BY o.id DESC LIMIT 1",
        b=broadcast_id,
    )
    if row is None:
        return None
    fields = json.loads(row["fields"])
    return Offer(
        row["id"], row["person_id"], fields, row["template_version_id"], row["digest"], row["note"]
    )


def withdraw(tx: Tx, broadcast_id: int) -> None:
    """No offer waits any more."""
    tx.run(
        "UPDATE offers SET taken_at = :now WHERE broadcast_id = :b AND taken_at IS NULL",
        {"now": at(tx.now), "b": broadcast_id},
    )


def take(tx: Tx, offer_id: int) -> None:
    """The author said yes; exactly once."""
    done = tx.run(
        "UPDATE offers SET taken_at = :now WHERE id = :id AND taken_at IS NULL",
        {"now": at(tx.now), "id": offer_id},
    ).rowcount
    if not done:
        raise refused("no-offer", Say("That correction was used already."))


def last_at(tx: Tx, broadcast_id: int) -> Any:
    """When the last approval was given; None without one."""
    found = tx.value("SELECT MAX(at) FROM approvals WHERE broadcast_id = :b", b=broadcast_id)
    return None if found is None else moment(found)
