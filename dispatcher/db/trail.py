"""The append-only record: who did what, when. Each entry is salted and hashed when it is written.

A single sequencer numbers entries afterwards and chains them (auditing), so that writers never
wait for one another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dispatcher.db.schema import micros
from dispatcher.domain.machine import random_bytes

if TYPE_CHECKING:
    from dispatcher.db.database import Tx


@dataclass(frozen=True)
class Note:
    act: str
    noun: str
    noun_id: str
    facts: Mapping[str, Any]
    by: str = ""  # whose act it was, where that is not whose transaction it is


def canonical(value: Mapping[str, Any]) -> str:
    """JSON with one spelling: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def leaf(salt: bytes, entry: str) -> bytes:
    """The hash of one entry (RFC 6962 style prefix 0)."""
    return hashlib.sha256(b"\x00" + salt + entry.encode()).digest()


def write(tx: Tx, notes: Sequence[Note]) -> None:
    """Append `notes` in the transaction of the change they describe."""
    rows = []
    for note in notes:
        entry = canonical(
            {
                "at": micros(tx.now),
                "actor": note.by or tx.actor.name,
                "act": note.act,
                "noun": note.noun,
                "id": note.noun_id,
                "facts": dict(note.facts),
            }
        )
        salt = random_bytes(16)
        rows.append(
            {
                "at": micros(tx.now),
                "actor": note.by or tx.actor.name,
                "act": note.act,
                "noun": note.noun,
                "noun_id": note.noun_id,
                "entry": entry,
                "salt": salt,
                "leaf": leaf(salt, entry),
            }
        )
    tx.run(
        "INSERT INTO trail (at, actor, act, noun, noun_id, entry, salt, leaf) "
        "VALUES (:at, :actor, :act, :noun, :noun_id, :entry, :salt, :leaf)",
        rows,
    )


def sequence(tx: Tx, most: int = 10_000) -> int:
    """Number the entries that have none and extend the chain of heads; how many."""
    if not tx.is_sqlite:
        tx.run("SELECT pg_advisory_xact_lock(741852)")
    waiting = tx.rows("SELECT id, leaf FROM trail WHERE seq IS NULL ORDER BY id LIMIT :n", n=most)
    if not waiting:
        return 0
    last = tx.one("SELECT seq, head FROM checkpoints ORDER BY seq DESC LIMIT 1")
    seq, head = (last["seq"], last["head"]) if last else (0, b"\x00" * 32)
    numbers = []
    for row in waiting:
        seq += 1
        head = hashlib.sha256(b"\x01" + head + row["leaf"]).digest()
        numbers.append({"id": row["id"], "seq": seq})
    tx.run("UPDATE trail SET seq = :seq WHERE id = :id", numbers)
    tx.run(
        "INSERT INTO checkpoints (seq, head, at) VALUES (:seq, :head, :at)",
        {"seq": seq, "head": head, "at": micros(tx.now)},
    )
    return len(numbers)


def entries(
    tx: Tx, *, noun: str | None = None, noun_id: str | None = None, after: int = 0, limit: int = 100
) -> list[dict[str, Any]]:
    """Entries newest first, or those of one thing."""
    sql = "SELECT id, at, actor, act, noun, noun_id, entry, seq FROM trail WHERE id > :after"
    if noun:
        sql += " AND noun = :noun"
    if noun_id:
        sql += " AND noun_id = :noun_id"
    found = tx.rows(
        sql + " ORDER BY id DESC LIMIT :limit", after=after, noun=noun, noun_id=noun_id, limit=limit
    )
    return [{**row, "facts": json.loads(row["entry"])["facts"]} for row in found]
