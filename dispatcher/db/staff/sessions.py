"""Who is signed in at the console, and on which devices a one-time code need not be given again.

Only digests are kept: a stolen database signs nobody in.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatcher.db.database import Row, Tx, at
from dispatcher.db.schema import moment
from dispatcher.db.schema_people import devices, sessions

IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
REMEMBERED = timedelta(days=30)


def start(
    tx: Tx, digest: bytes, person_id: int, label: str, *, proved: datetime | None = None
) -> None:
    """A person has signed in."""
    tx.insert(
        sessions,
        digest=digest,
        person_id=person_id,
        created_at=tx.now,
        seen_at=tx.now,
        ends_at=tx.now + ABSOLUTE,
        proved_at=proved,
        label=label[:100],
    )
    tx.note("signed_in", "person", person_id)


def person_of(tx: Tx, digest: bytes, now: datetime) -> Row | None:
    """The person of a session that is neither idle nor over, and who may still act."""
    return tx.one(
        "SELECT p.*, s.proved_at, s.seen_at, s.created_at AS signed_in_at FROM sessions s "
        "JOIN people p ON p.id = s.person_id WHERE s.digest = :d AND s.ends_at > :now "
        "AND s.seen_at > :idle AND p.disabled_at IS NULL",
        d=digest,
        now=at(now),
        idle=at(now - IDLE),
    )


def keep_alive(tx: Tx, digest: bytes) -> None:
    tx.run("UPDATE sessions SET seen_at = :now WHERE digest = :d", {"now": at(tx.now), "d": digest})


def prove(tx: Tx, digest: bytes) -> None:
    """A one-time code was given in this session."""
    tx.run(
        "UPDATE sessions SET proved_at = :now WHERE digest = :d", {"now": at(tx.now), "d": digest}
    )


def end(tx: Tx, digest: bytes) -> None:
    tx.run("DELETE FROM sessions WHERE digest = :d", {"d": digest})


def end_all(tx: Tx, person_id: int, *, but: bytes = b"") -> int:
    """Sign a person out everywhere, and forget their devices."""
    tx.run("DELETE FROM devices WHERE person_id = :p", {"p": person_id})
    return tx.run(
        "DELETE FROM sessions WHERE person_id = :p AND digest <> :d", {"p": person_id, "d": but}
    ).rowcount


def clean_up(tx: Tx) -> None:
    """Chore: what is over is forgotten."""
    tx.run(
        "DELETE FROM sessions WHERE ends_at <= :now OR seen_at <= :idle",
        {"now": at(tx.now), "idle": at(tx.now - IDLE)},
    )
    tx.run("DELETE FROM devices WHERE until <= :now", {"now": at(tx.now)})


def remember(tx: Tx, digest: bytes, person_id: int, label: str) -> None:
    """This device gave a one-time code."""
    until = tx.now + REMEMBERED
    tx.insert(devices, digest=digest, person_id=person_id, until=until, label=label[:100])


def remembered(tx: Tx, digest: bytes, person_id: int, now: datetime) -> bool:
    """True when a device of this person is still remembered."""
    found = tx.value(
        "SELECT until FROM devices WHERE digest = :d AND person_id = :p", d=digest, p=person_id
    )
    return found is not None and moment(found) > now
