"""The inbox of receipts: stored sealed as they came, then matched to attempts."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from dispatcher.gateways.contract import Call
from dispatcher.model import Heard, MessageState
from dispatcher.store.database import Row, Tx, at
from dispatcher.store.rows import json_rows, locking, on_rows
from dispatcher.store.schema import micros


class Move(NamedTuple):
    """Where a receipt moves a message, and the row it was decided from."""

    message_id: int
    old: MessageState
    old_position: int
    changed_at: int  # of that row: whatever was written to it meanwhile is looked at again
    new: MessageState
    position: int | None  # None: stays
    gateway: str | None
    reason: str | None
    deadline_at: datetime | None


# (receipt, state, attempt, bits, code)
Settled = tuple[int, str, int | None, int | None, str | None]
REMATCH_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Waiting:
    id: int
    gateway: str
    call: Call
    tries: int
    age: timedelta


def put(tx: Tx, arrivals: Sequence[tuple[str, Call]]) -> None:
    """Store calls as they came; a repetition of the same call is the same row."""
    if not arrivals:
        return
    tx.run(
        "INSERT INTO receipts (gateway, at, digest, sealed, state, again_at) VALUES "
        "(:g, :now, :d, :s, 'new', :now) ON CONFLICT (gateway, digest) DO NOTHING",
        [
            {"g": gateway, "now": at(tx.now), "d": _digest(call), "s": tx.sealer.seal(_text(call))}
            for gateway, call in arrivals
        ],
    )


def _digest(call: Call) -> bytes:
    """What makes two calls one. A signature counts: a forgery must not hide the original."""
    signed = "\n".join(f"{k}:{v}" for k, v in sorted(call.headers.items()) if "signature" in k)
    head = f"{call.method}\n{call.query}\n{signed and signed + chr(10)}"
    return hashlib.sha256(head.encode() + call.body).digest()


def _text(call: Call) -> str:
    return json.dumps(
        [call.method, call.query, dict(call.headers), base64.b64encode(call.body).decode()]
    )


def any_waiting(tx: Tx, now: datetime) -> bool:
    """True when something in the inbox wants matching now."""
    return (
        tx.one(
            "SELECT 1 FROM receipts WHERE state IN ('new', 'unmatched') "
            "AND again_at <= :now LIMIT 1",
            now=at(now),
        )
        is not None
    )


def unread(tx: Tx, upto: datetime) -> set[str]:
    """Gateways that have calls in the inbox, from before `upto`, that nobody has looked at yet."""
    rows = tx.rows(
        "SELECT DISTINCT gateway FROM receipts WHERE state = 'new' AND at <= :upto", upto=at(upto)
    )
    return {row["gateway"] for row in rows}


def waiting(tx: Tx, most: int) -> list[Waiting]:
    """New receipts, and unmatched ones whose turn it is again; not those another worker is at."""
    rows = tx.rows(
        "SELECT id, gateway, sealed, tries, at FROM receipts WHERE state IN "
        f"('new', 'unmatched') AND again_at <= :now ORDER BY again_at LIMIT :n{locking(tx)}",
        now=at(tx.now),
        n=most,
    )
    found = []
    for row in rows:
        method, query, headers, body = json.loads(tx.sealer.open(row["sealed"]))
        age = timedelta(microseconds=at(tx.now) - row["at"])
        call = Call(method, query, headers, base64.b64decode(body))
        found.append(Waiting(row["id"], row["gateway"], call, row["tries"], age))
    return found


def attempts_for(tx: Tx, wanted: Sequence[tuple[str, str | None, str | None]]) -> list[list[Row]]:
    """For each (gateway, reference, provider id) the attempts it may speak of, with their messages.

    Our reference outranks the vendor's id; the reference of a call, or an id given to a whole call,
    means all its attempts.
    """
    select = (
        "SELECT r.g, r.ref, r.pid, a.id, a.message_id, a.reference, a.position, a.heard, a.state, "
        "a.call_ref, a.asked_at, m.state AS message_state, m.position AS message_position, "
        "m.changed_at, m.lease_owner, EXISTS (SELECT 1 FROM attempts n "
        "WHERE n.message_id = a.message_id AND n.id > a.id AND n.position = a.position "
        f"AND n.state <> 'refused' AND n.heard & {Heard.FAILED.value} = 0) AS overtaken, "
        "m.broadcast_id, t.address_id, ad.kind AS address_kind, ad.cipher "
        f"FROM {json_rows({'g': 'text', 'ref': 'text', 'pid': 'text'})} r JOIN attempts a ON "
    )
    rest = (
        " AND a.gateway = r.g JOIN messages m ON m.id = a.message_id JOIN targets t "
        "ON t.message_id = a.message_id AND t.position = a.position "
        "JOIN addresses ad ON ad.id = t.address_id"
    )
    found: dict[tuple[str, ...], list[Row]] = {}
    for name, on in (
        ("ref", "a.reference = r.ref"),
        ("call", "a.call_ref = r.ref AND a.call_ref <> a.reference"),
        ("pid", "a.provider_id = r.pid"),
    ):
        keys = {(g, None if name == "pid" else ref, pid if name == "pid" else None)
                for g, ref, pid in wanted}  # fmt: skip
        rows = [list(k) for k in sorted(keys, key=str) if k[1] or k[2]]
        for row in on_rows(tx, select + on + rest, rows):
            found.setdefault((name, row["g"], row["pid" if name == "pid" else "ref"]), []).append(
                row
            )
    return [
        found.get(("ref", g, ref or ""))
        or found.get(("call", g, ref or ""))
        or found.get(("pid", g, pid or ""))
        or []
        for g, ref, pid in wanted
    ]


def hear(tx: Tx, heard: Sequence[tuple[int, int, str, int, int]]) -> None:
    """Add what was heard to attempts: (attempt, bits, code, parts failed, parts received)."""
    columns = json_rows(
        {"a": "bigint", "bits": "int", "code": "text", "failed": "int", "received": "int"}
    )
    on_rows(
        tx,
        "UPDATE attempts SET heard = attempts.heard | r.bits, heard_at = :now, "
        "heard_code = r.code, parts_failed = attempts.parts_failed | r.failed, "
        f"parts_received = attempts.parts_received | r.received FROM {columns} r "
        "WHERE attempts.id = r.a",
        [list(h) for h in heard],
        now=at(tx.now),
    )


def settle(tx: Tx, done: Sequence[Settled]) -> None:
    """What became of receipts."""
    columns = json_rows({"id": "bigint", "s": "text", "a": "bigint", "h": "int", "c": "text"})
    on_rows(
        tx,
        "UPDATE receipts SET state = r.s, attempt_id = r.a, heard = r.h, code = r.c, "
        f"tries = receipts.tries + 1 FROM {columns} r WHERE receipts.id = r.id",
        [list(d) for d in done],
    )


def again(tx: Tx, rows: Sequence[tuple[int, timedelta]]) -> None:
    """Unmatched receipts wait for their attempt: (receipt, how long)."""
    on_rows(
        tx,
        "UPDATE receipts SET state = 'unmatched', tries = receipts.tries + 1, "
        f"again_at = r.due FROM {json_rows({'id': 'bigint', 'due': 'bigint'})} r "
        "WHERE receipts.id = r.id",
        [[receipt, micros(tx.now + wait)] for receipt, wait in rows],
    )


def apply(tx: Tx, moves: Sequence[Move]) -> set[int]:
    """Move the messages that receipts speak of.

    Conditional on the row it was decided from, and never while a worker holds it on the wire: its
    own settle takes the receipt into account. Which messages moved.
    """
    columns = json_rows(
        {"m": "bigint", "old": "text", "at": "int", "seen": "bigint", "s": "text", "p": "int",
         "g": "text", "why": "text", "deadline": "bigint"}
    )  # fmt: skip
    return {
        row["id"]
        for row in on_rows(
            tx,
            "UPDATE messages SET state = r.s, position = COALESCE(r.p, messages.position), "
            "gateway = COALESCE(r.g, messages.gateway), reason = r.why, "
            "deadline_at = r.deadline, "
            "lease_owner = NULL, lease_until = NULL, due_at = :now, changed_at = :now "
            f"FROM {columns} r WHERE messages.id = r.m AND messages.state = r.old "
            "AND messages.position = r.at AND messages.changed_at = r.seen "
            "AND (messages.state <> 'sending' OR messages.lease_owner IS NULL) "
            "RETURNING messages.id AS id",
            [
                [*move[:-1], None if move.deadline_at is None else micros(move.deadline_at)]
                for move in moves
            ],
            now=at(tx.now),
        )
    }


def accept_attempts(tx: Tx, ids: Sequence[int]) -> None:
    """A receipt proves that a doubtful attempt was accepted."""
    on_rows(
        tx,
        f"UPDATE attempts SET state = 'accepted' FROM {json_rows({'a': 'bigint'})} r "
        "WHERE attempts.id = r.a AND attempts.state IN ('doubtful', 'unconfirmed')",
        [[i] for i in ids],
    )
