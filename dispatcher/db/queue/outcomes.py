"""What became of calls: attempts answered, messages moved on. One statement per set.

Fenced like everything a worker writes about its messages: see messages.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from dispatcher.db.database import Tx, at
from dispatcher.db.rows import on_ids, on_rows, tuples
from dispatcher.db.schema import micros
from dispatcher.db.words import (
    ACCEPTED,
    DELIVERED,
    DOUBTFUL,
    QUEUED,
    READ,
    REFUSED,
    SENDING,
    UNCONFIRMED,
)
from dispatcher.domain.model import AttemptState, MessageState, ReceiptFlags

# Why a message waits: refused with a whole call, in one word; it goes on in smaller calls.
REFUSED_WITH_OTHERS = "call_refused"
# Why a message waits: there are fewer alike than its vendor takes in one call.
TOO_FEW = "too_few"


class Outcome(NamedTuple):
    """What one answer decides about one attempt and its message."""

    message_id: int
    reference: str
    attempt: AttemptState
    message: MessageState
    fault: str | None = None
    code: str | None = None
    detail: str | None = None
    provider_id: str | None = None
    parts: int | None = None
    cost: int | None = None
    position: int | None = None  # None: stays
    gateway: str | None = None
    due_at: datetime | None = None
    deadline_at: datetime | None = None
    why: str | None = None  # the message's reason, where it is not the fault

    @property
    def is_plain(self) -> bool:
        """A yes, and nothing else is said about the message. Nearly every answer."""
        return (
            self.message is MessageState.ACCEPTED
            and self.attempt is AttemptState.ACCEPTED
            and self.fault is None
            and self.code is None
            and self.position is None
            and self.gateway is None
            and self.due_at is None
        )


def write_outcomes(tx: Tx, worker: str, outcomes: Sequence[Outcome]) -> set[int]:
    """Write what became of finished calls; the messages that were still ours.

    A message somebody else has taken over meanwhile learns nothing from us but an acceptance: that
    stays true whoever holds it. What is alike for all of a set is not written out row by row, which
    takes half as long again.
    """
    plain: dict[datetime | None, list[Outcome]] = {}
    others: list[Outcome] = []
    for outcome in outcomes:
        if outcome.is_plain:
            plain.setdefault(outcome.deadline_at, []).append(outcome)
        else:
            others.append(outcome)
    ours = _moved(tx, worker, others)
    for deadline, alike in plain.items():
        ours |= _accepted(tx, worker, [o.message_id for o in alike], deadline)
        _answered_yes(tx, alike)
    _answered(tx, [o for o in others if o.message_id in ours or o.attempt is AttemptState.ACCEPTED])
    return ours


def _accepted(tx: Tx, worker: str, ids: Sequence[int], deadline: datetime | None) -> set[int]:
    rows = on_ids(
        tx,
        f"UPDATE messages SET state = {ACCEPTED}, reason = NULL, code = NULL, "
        "deadline_at = :deadline, lease_owner = NULL, lease_until = NULL, changed_at = :now "
        f"WHERE id IN (:ids) AND state || '' = {SENDING} AND COALESCE(lease_owner, '') = :w "
        "RETURNING id",
        ids,
        deadline=None if deadline is None else at(deadline),
        w=worker,
        now=at(tx.now),
    )
    return {i for (i,) in rows}


_MOVED = {
    "m": "bigint",
    "s": "text",
    "fault": "text",
    "code": "text",
    "p": "int",
    "g": "text",
    "due": "bigint",
    "deadline": "bigint",
}


def _moved(tx: Tx, worker: str, outcomes: Sequence[Outcome]) -> set[int]:
    rows = tuples(
        tx,
        "UPDATE messages SET state = r.s, reason = r.fault, code = r.code, "
        "position = COALESCE(r.p, messages.position), gateway = COALESCE(r.g, messages.gateway), "
        "due_at = COALESCE(r.due, messages.due_at), deadline_at = r.deadline, "
        "lease_owner = NULL, lease_until = NULL, changed_at = :now "
        "FROM :rows r WHERE messages.id = r.m "
        f"AND messages.state || '' = {SENDING} "
        "AND COALESCE(messages.lease_owner, '') = :w RETURNING messages.id AS id",
        _MOVED,
        [
            (
                o.message_id,
                o.message,
                o.why or o.fault,
                o.code,
                o.position,
                o.gateway,
                None if o.due_at is None else micros(o.due_at),
                None if o.deadline_at is None else micros(o.deadline_at),
            )
            for o in outcomes
        ],
        often_alike=_MOVED.keys() - {"m"},
        w=worker,
        now=at(tx.now),
    )
    return {i for (i,) in rows}


_OPEN = f"attempts.state || '' IN ({SENDING}, {DOUBTFUL}, {UNCONFIRMED})"
_YES = {"ref": "text", "pid": "text", "parts": "int", "cost": "int"}
_ANSWERED = {"s": "text", "fault": "text", "code": "text", "detail": "text", **_YES}


def _answered_yes(tx: Tx, outcomes: Sequence[Outcome]) -> None:
    on_rows(
        tx,
        f"UPDATE attempts SET state = {ACCEPTED}, fault = NULL, code = NULL, detail = NULL, "
        "provider_id = COALESCE(r.pid, provider_id), parts = COALESCE(r.parts, attempts.parts), "
        "cost = COALESCE(r.cost, attempts.cost), answered_at = :now "
        "FROM :rows r "
        f"WHERE attempts.reference = r.ref AND {_OPEN}",
        _YES,
        [(o.reference, o.provider_id, o.parts, o.cost) for o in outcomes],
        often_alike=_YES.keys() - {"ref"},
        now=at(tx.now),
    )


def _answered(tx: Tx, outcomes: Sequence[Outcome]) -> None:
    on_rows(
        tx,
        "UPDATE attempts SET state = r.s, fault = r.fault, code = r.code, detail = r.detail, "
        "provider_id = COALESCE(r.pid, provider_id), parts = COALESCE(r.parts, attempts.parts), "
        f"cost = CASE WHEN r.s = {REFUSED} THEN NULL ELSE COALESCE(r.cost, attempts.cost) END, "
        "answered_at = :now FROM :rows r "
        f"WHERE attempts.reference = r.ref AND {_OPEN}",
        _ANSWERED,
        [
            (o.attempt, o.fault, o.code, o.detail, o.reference, o.provider_id, o.parts, o.cost)
            for o in outcomes
        ],
        often_alike=_ANSWERED.keys() - {"ref"},
        now=at(tx.now),
    )


def late_proof(tx: Tx, outcomes: Sequence[Outcome]) -> int:
    """An acceptance that comes after its row was taken over: believe it, unless it is asked again.

    Then the answer to that settles it, and finds the attempt accepted.
    """
    columns = {"m": "bigint", "deadline": "bigint"}
    moved = on_rows(
        tx,
        f"UPDATE messages SET state = {ACCEPTED}, deadline_at = r.deadline, changed_at = :now "
        f"FROM :rows r WHERE messages.id = r.m AND (messages.state = {UNCONFIRMED} "
        f"OR (messages.state = {SENDING} AND messages.lease_owner IS NULL)) "
        "RETURNING messages.id AS id",
        columns,
        [
            [o.message_id, None if o.deadline_at is None else micros(o.deadline_at)]
            for o in outcomes
            if o.message is MessageState.ACCEPTED
        ],
        now=at(tx.now),
    )
    return len(moved)


def settle_proved(tx: Tx, rows: Sequence[tuple[int, datetime | None]]) -> None:
    """Doubts whose call is no longer open: what the best of their attempts is, else in doubt.

    Each: (message, when the step's wait ends if it was accepted).
    """
    columns = {"m": "bigint", "deadline": "bigint"}
    on_rows(
        tx,
        f"UPDATE messages SET state = {best_of_attempts(UNCONFIRMED)}, "
        f"deadline_at = CASE WHEN {best_of_attempts(UNCONFIRMED)} = {ACCEPTED} "
        "THEN r.deadline END, lease_owner = NULL, lease_until = NULL, changed_at = :now "
        f"FROM :rows r WHERE messages.id = r.m AND messages.state = {SENDING}",
        columns,
        [[m, None if deadline is None else micros(deadline)] for m, deadline in rows],
        now=at(tx.now),
    )


def best_of_attempts(nothing: str) -> str:
    """SQL: what the best attempt of a row of `messages` is: read, delivered, accepted, in doubt,
    else `nothing` (a word of SQL, or :name of a parameter). An attempt the network only said no to
    counts for nothing: see `lifecycle.best_of_others`."""
    one = "WHEN EXISTS (SELECT 1 FROM attempts a WHERE a.message_id = messages.id AND a.heard &"
    of = f"{one} {ReceiptFlags.FAILED.value} = 0 AND a.state IN "
    return (
        f"CASE {one} {ReceiptFlags.READ.value} > 0) THEN {READ} "
        f"{one} {ReceiptFlags.DELIVERED.value} > 0) THEN {DELIVERED} "
        f"{of} ({ACCEPTED})) THEN {ACCEPTED} "
        f"{of} ({DOUBTFUL}, {UNCONFIRMED})) THEN {UNCONFIRMED} ELSE {nothing} END"
    )


def turn_away(
    tx: Tx,
    worker: str,
    rows: Sequence[tuple[int, MessageState, int | None, str | None, datetime, str | None]],
    fresh: Collection[int] = (),
) -> None:
    """Messages that are not even asked for: (message, state, position, gateway, due, reason).

    A reason of None stays as it is, an empty one is taken away. `fresh`: as for an intent.
    """
    columns = {
        "m": "bigint",
        "held": "text",
        "s": "text",
        "p": "int",
        "g": "text",
        "due": "bigint",
        "why": "text",
    }
    on_rows(
        tx,
        "UPDATE messages SET state = r.s, position = COALESCE(r.p, messages.position), "
        "gateway = COALESCE(r.g, messages.gateway), due_at = r.due, deadline_at = NULL, "
        "reason = NULLIF(COALESCE(r.why, messages.reason), ''), "
        "lease_owner = NULL, lease_until = NULL, changed_at = :now FROM :rows r "
        "WHERE messages.id = r.m AND COALESCE(messages.lease_owner, '') = r.held "
        f"AND messages.state = {QUEUED}",
        columns,
        [[m, "" if m in fresh else worker, s, p, g, at(due), why] for m, s, p, g, due, why in rows],
        now=at(tx.now),
    )
