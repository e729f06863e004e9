"""What a person proves themselves with: a password's hash, a sealed secret for one-time codes."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatcher.db.database import Row, Tx, at
from dispatcher.db.schema import moment

FAILURES, LOCKED = 5, timedelta(minutes=15)


def set_password(tx: Tx, person_id: int, hashed: str) -> None:
    tx.run(
        "UPDATE people SET password_hash = :h, failures = 0, locked_until = NULL WHERE id = :id",
        {"h": hashed, "id": person_id},
    )
    tx.note("password", "person", person_id)


def locked(row: Row, now: datetime) -> bool:
    """True while a person of the table `people` may not try again."""
    return row["locked_until"] is not None and moment(row["locked_until"]) > now


def right(tx: Tx, person_id: int) -> None:
    tx.run("UPDATE people SET failures = 0 WHERE id = :id", {"id": person_id})
    tx.note("password_right", "person", person_id)


def wrong(tx: Tx, person_id: int) -> None:
    """Count a wrong password or code; the fifth in a row locks the account for a while."""
    tx.run(
        "UPDATE people SET locked_until = CASE WHEN failures + 1 >= :most THEN :until "
        "ELSE locked_until END, failures = CASE WHEN failures + 1 >= :most THEN 0 "
        "ELSE failures + 1 END WHERE id = :id",
        {"most": FAILURES, "until": at(tx.now + LOCKED), "id": person_id},
    )
    tx.note("password_wrong", "person", person_id)


def set_totp(tx: Tx, person_id: int, secret: str) -> None:
    """A new secret for one-time codes; those of the old one end."""
    tx.run(
        "UPDATE people SET totp_sealed = :s, totp_step = NULL WHERE id = :id",
        {"s": tx.sealer.seal(secret), "id": person_id},
    )
    tx.note("totp", "person", person_id)


def use_step(tx: Tx, person_id: int, step: int) -> bool:
    """Use up the code of one half minute; False when it, or a later one, was used."""
    done = tx.run(
        "UPDATE people SET totp_step = :s, failures = 0 WHERE id = :id "
        "AND (totp_step IS NULL OR totp_step < :s)",
        {"s": step, "id": person_id},
    ).rowcount
    if done:
        tx.note("totp_right", "person", person_id)
    return bool(done)
