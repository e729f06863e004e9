"""The inbox of receipts: stored sealed as they came, then matched to attempts."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from dispatcher.db.database import Row, Tx, at
from dispatcher.db.ops import settings
from dispatcher.db.queue import turned_away
from dispatcher.db.rows import locking, on_rows
from dispatcher.db.schema import micros, moment
from dispatcher.db.words import ACCEPTED, DOUBTFUL, REFUSED, SENDING, UNCONFIRMED
from dispatcher.domain.model import MessageState, ReceiptFlags
from dispatcher.gateways.contract import Call


class MessageMove(NamedTuple):
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
REPEATED_FOR = timedelta(hours=1)  # a vendor calls again with what was not answered


@dataclass(frozen=True)
class WaitingReceipt:
    id: int
    gateway: str
    call: Call | None  # None: what was stored cannot be read back
    tries: int
    age: timedelta


def put(tx: Tx, arrivals: Sequence[tuple[str, Call]]) -> None:
    """Store calls as they came; a repetition of the same call is the same row. So long after it
    that no vendor repeats a call, the same words are news: another reply, or an id given anew."""
    if not arrivals:
        return
    tx.run(
        "INSERT INTO receipts (gateway, at, digest, sealed, state, again_at) VALUES "
        "(:g, :now, :d, :s, 'new', :now) ON CONFLICT (gateway, digest) DO UPDATE SET at = :now, "
        "sealed = :s, state = 'new', again_at = :now, tries = 0 WHERE receipts.at < :before "
        "AND receipts.state NOT IN ('new', 'unmatched')",
        [
            {
                "g": gateway,
                "now": at(tx.now),
                "d": _digest(call),
                "s": tx.sealer.seal(_text(call)),
                "before": at(tx.now - REPEATED_FOR),
            }
            for gateway, call in arrivals
        ],
    )


def _digest(call: Call) -> bytes:
    """What makes two calls one. A signature counts: a forgery must not hide the original."""
    signed = "\n".join(f"{k}:{v}" for k, v in sorted(call.headers.items()) if "signature" in k)
    head = f"{call.method}\n{call.query}\n{signed and signed + chr(10)}"
    return hashlib.sha256(head.encode("utf-8", "surrogatepass") + call.body).digest()


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


def waiting(tx: Tx, most: int) -> list[WaitingReceipt]:
    """New receipts, and unmatched ones whose turn it is again; not those another worker is at."""
    rows = tx.rows(
        "SELECT id, gateway, sealed, tries, at FROM receipts WHERE state IN "
        f"('new', 'unmatched') AND again_at <= :now ORDER BY again_at LIMIT :n{locking(tx)}",
        now=at(tx.now),
        n=most,
    )
    found = []
    for row in rows:
        age = timedelta(microseconds=at(tx.now) - row["at"])
        call = _call(tx.sealer.open(row["sealed"]))
        found.append(WaitingReceipt(row["id"], row["gateway"], call, row["tries"], age))
    return found


def _call(text: str) -> Call | None:
    try:
        method, query, headers, body = json.loads(text)
        return Call(method, query, headers, base64.b64decode(body))
    except (ValueError, TypeError):
        return None


# --- reports nobody can use ---------------------------------------------------------------------

WATCHED = timedelta(hours=1)
NEWEST = 5_000  # calls of the last hour that are looked at, at most
PATIENT = timedelta(minutes=1)  # a report may be earlier than the answer it belongs to
AT_LEAST = 20  # reports nobody can use, before anybody is told
_EPISODE = "odd_reports:"


def unmatched_share(tx: Tx, now: datetime) -> dict[str, tuple[int, int]]:
    """For each gateway of the last hour: (calls looked at, those that match nothing, cannot be read
    or were turned away at the door). A call that still waits for its message counts from its second
    minute on."""
    rows = tx.rows(
        f"SELECT gateway, count(*) AS looked, SUM(CASE WHEN state IN ({REFUSED}, 'unreadable') OR "
        "(state = 'unmatched' AND at < :early) THEN 1 ELSE 0 END) AS odd FROM receipts "
        "WHERE id > (SELECT MAX(id) FROM receipts) - :newest AND at > :since AND state <> 'new' "
        "GROUP BY gateway",
        newest=NEWEST,
        since=at(now - WATCHED),
        early=at(now - PATIENT),
    )
    found = {row["gateway"]: (int(row["looked"]), int(row["odd"])) for row in rows}
    for name, calls in turned_away.after(tx, now - WATCHED).items():
        looked, odd = found.get(name, (0, 0))
        found[name] = looked + calls, odd + calls
    return found


def is_alarm(looked: int, odd: int, per_cent: int) -> bool:
    """True when so many reports of a gateway are of no use that a person must look."""
    return odd >= AT_LEAST and odd * 100 >= looked * per_cent


def alarms(tx: Tx, now: datetime, per_cent: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Gateways of whose reports too many are of no use: (looked at, of no use).

    `per_cent`: the share from which on, by gateway.
    """
    return {
        name: share
        for name, share in unmatched_share(tx, now).items()
        if name in per_cent and is_alarm(*share, per_cent[name])
    }


def episodes(tx: Tx) -> dict[str, datetime]:
    """Since when reports of a gateway have been of no use, as `watch` has seen it."""
    return {
        name: moment(int(since)) for name, since in settings.starting(tx, _EPISODE).items() if since
    }


def watch(tx: Tx, per_cent: Mapping[str, int]) -> dict[str, datetime]:
    """See which gateways are in such an episode now, and since when: it ends when the share has
    fallen under half of what began it."""
    shares, known = unmatched_share(tx, tx.now), episodes(tx)
    for name, limit in per_cent.items():
        looked, odd = shares.get(name, (0, 0))
        if name not in known and is_alarm(looked, odd, limit):
            known[name] = tx.now
            settings.put(tx, _EPISODE + name, str(at(tx.now)))
        elif name in known and odd * 200 < looked * limit + (not looked):
            del known[name]
            settings.put(tx, _EPISODE + name, "")
    return known


def attempts_for(tx: Tx, wanted: Sequence[tuple[str, str | None, str | None]]) -> list[list[Row]]:
    """For each (gateway, reference, provider id) the attempts it may speak of, with their messages.

    Our reference outranks the vendor's id; the reference of a call, or an id given to a whole call,
    means all its attempts.
    """
    kinds = {"g": "text", "ref": "text", "pid": "text"}
    select = (
        "SELECT r.g, r.ref, r.pid, a.id, a.message_id, a.reference, a.position, a.heard, a.state, "
        "a.call_ref, a.asked_at, m.state AS message_state, m.position AS message_position, "
        "m.changed_at, m.lease_owner, EXISTS (SELECT 1 FROM attempts n "
        "WHERE n.message_id = a.message_id AND n.id > a.id "
        f"AND n.state <> {REFUSED} AND n.heard & {ReceiptFlags.FAILED.value} = 0) AS overtaken, "
        "m.broadcast_id, t.address_id, ad.kind AS address_kind, ad.cipher "
        "FROM :rows r JOIN attempts a ON "
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
        keys = {
            (g, None if name == "pid" else ref, pid if name == "pid" else None)
            for g, ref, pid in wanted
        }
        rows = [list(k) for k in sorted(keys, key=str) if k[1] or k[2]]
        for row in on_rows(tx, select + on + rest, kinds, rows):
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
    columns = {"a": "bigint", "bits": "int", "code": "text", "failed": "int", "received": "int"}
    on_rows(
        tx,
        "UPDATE attempts SET heard = attempts.heard | r.bits, heard_at = :now, "
        "heard_code = r.code, parts_failed = attempts.parts_failed | r.failed, "
        "parts_received = attempts.parts_received | r.received FROM :rows r "
        "WHERE attempts.id = r.a",
        columns,
        [list(h) for h in heard],
        now=at(tx.now),
    )


def write_settled(tx: Tx, done: Sequence[Settled]) -> None:
    """What became of receipts."""
    columns = {"id": "bigint", "s": "text", "a": "bigint", "h": "int", "c": "text"}
    on_rows(
        tx,
        "UPDATE receipts SET state = r.s, attempt_id = r.a, heard = r.h, code = r.c, "
        "tries = receipts.tries + 1 FROM :rows r WHERE receipts.id = r.id",
        columns,
        [list(d) for d in done],
    )


def again(tx: Tx, rows: Sequence[tuple[int, timedelta]]) -> None:
    """Unmatched receipts wait for their attempt: (receipt, how long)."""
    on_rows(
        tx,
        "UPDATE receipts SET state = 'unmatched', tries = receipts.tries + 1, "
        "again_at = r.due FROM :rows r "
        "WHERE receipts.id = r.id",
        {"id": "bigint", "due": "bigint"},
        [[receipt, micros(tx.now + wait)] for receipt, wait in rows],
    )


def apply(tx: Tx, moves: Sequence[MessageMove]) -> set[int]:
    """Move the messages that receipts speak of.

    Conditional on the row it was decided from, and never while a worker holds it on the wire: its
    own settle takes the receipt into account. Which messages moved.
    """
    columns = {
        "m": "bigint",
        "old": "text",
        "at": "int",
        "seen": "bigint",
        "s": "text",
        "p": "int",
        "g": "text",
        "why": "text",
        "deadline": "bigint",
    }
    return {
        row["id"]
        for row in on_rows(
            tx,
            "UPDATE messages SET state = r.s, position = COALESCE(r.p, messages.position), "
            "gateway = COALESCE(r.g, messages.gateway), reason = r.why, "
            "deadline_at = r.deadline, "
            "lease_owner = NULL, lease_until = NULL, due_at = :now, changed_at = :now "
            "FROM :rows r WHERE messages.id = r.m AND messages.state = r.old "
            "AND messages.position = r.at AND messages.changed_at = r.seen "
            f"AND (messages.state <> {SENDING} OR messages.lease_owner IS NULL) "
            "RETURNING messages.id AS id",
            columns,
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
        f"UPDATE attempts SET state = {ACCEPTED} FROM :rows r "
        f"WHERE attempts.id = r.a AND attempts.state IN ({DOUBTFUL}, {UNCONFIRMED})",
        {"a": "bigint"},
        [[i] for i in ids],
    )
