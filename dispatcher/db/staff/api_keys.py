"""Keys for programs that act for a person: hashed, with an end, never with more rights."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dispatcher.db.database import Row, Tx, at
from dispatcher.db.schema import moment
from dispatcher.db.schema_people import api_keys as api_keys_table
from dispatcher.domain.problems import Problem, unknown
from dispatcher.i18n import Say

LONGEST = timedelta(days=365)


def add(tx: Tx, name: str, digest: bytes, person_id: int, may: str, life: timedelta) -> int:
    """Remember a new key by its digest; `may` is "read" or "write"."""
    if tx.one("SELECT 1 FROM api_keys WHERE name = :n", n=name):
        raise Problem("key-exists", Say("A key “{name}” exists.", name=name))
    made = tx.insert(
        api_keys_table,
        name=name,
        digest=digest,
        person_id=person_id,
        may=may,
        created_at=tx.now,
        expires_at=tx.now + min(life, LONGEST),
    )
    tx.note("key_added", "person", person_id, key=name, may=may)
    return made


def list_keys(tx: Tx, people: set[int]) -> list[dict[str, Any]]:
    """The keys of these people."""
    return [
        {
            **row,
            "expires_at": moment(row["expires_at"]),
            "used_at": None if row["used_at"] is None else moment(row["used_at"]),
        }
        for row in tx.rows(
            "SELECT k.id, k.name, k.may, k.expires_at, k.used_at, k.person_id, "
            "p.name AS person, k.revoked_at IS NOT NULL AS revoked "
            "FROM api_keys k JOIN people p ON p.id = k.person_id ORDER BY k.id"
        )
        if row["person_id"] in people
    ]


def find(tx: Tx, digest: bytes, now: datetime) -> Row | None:
    """The person a living key acts for, with `may`."""
    return tx.one(
        "SELECT p.*, k.may, k.id AS key_id FROM api_keys k JOIN people p ON p.id = k.person_id "
        "WHERE k.digest = :d AND k.revoked_at IS NULL AND k.expires_at > :now "
        "AND p.disabled_at IS NULL",
        d=digest,
        now=at(now),
    )


def used(tx: Tx, key_id: int) -> None:
    tx.run("UPDATE api_keys SET used_at = :now WHERE id = :k", {"now": at(tx.now), "k": key_id})
    tx.note("key_used", "api_key", key_id)


def revoke(tx: Tx, name: str, people: set[int]) -> None:
    """End a key of one of these people at once."""
    known = {k["name"]: k for k in list_keys(tx, people)}
    if name not in known:
        raise unknown(Say("key"), name, known)
    tx.run(
        "UPDATE api_keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL",
        {"now": at(tx.now), "id": known[name]["id"]},
    )
    tx.note("key_revoked", "person", known[name]["person_id"], key=name)
