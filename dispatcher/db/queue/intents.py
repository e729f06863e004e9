"""Intents to send: in the database before a byte leaves.

Fenced like everything a worker writes about its messages: see messages.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from dispatcher.db.broadcasts import withdrawals
from dispatcher.db.database import Tx, at
from dispatcher.db.queue.messages import QueuedMessage
from dispatcher.db.rows import on_ids, on_rows, tuples
from dispatcher.db.words import QUEUED, RUNNING, SENDING

_INTENT = {
    "m": "bigint",
    "b": "bigint",
    "p": "int",
    "g": "text",
    "c": "text",
    "ref": "text",
    "call": "text",
    "cost": "int",
}
_ASKED = {"id": "bigint", "ref": "text"}


def write(
    tx: Tx,
    worker: str,
    intents: Sequence[tuple[QueuedMessage, str]],
    until: datetime,
    fresh: Collection[int] = (),
    *,
    urgent_despite_refusal: bool = True,
) -> set[int]:
    """Write the intent to send: (queued message, call_ref). Which messages may now leave.

    A message whose broadcast was stopped, or whose lease was lost, is not among them; nor one whose
    person refused, was removed or forgotten since. That is asked once the rows are held, so that
    whatever was stored before counts. The lease
    begins anew, to `until`: however long a message waited here, its call is over before another
    worker may take it for lost. `fresh`: found due in this very transaction, so not leased yet.
    """
    now = at(tx.now)
    due = [p.message_id for p, _ in intents if p.message_id in fresh]
    held = [p.message_id for p, _ in intents if p.message_id not in fresh]
    going: set[int] = set()
    for owner, ids in ("", due), (worker, held):
        rows = on_ids(
            tx,
            f"UPDATE messages SET state = {SENDING}, tries = tries + 1, changed_at = :now, "
            "lease_owner = :w, lease_until = :until WHERE id IN (:ids) "
            f"AND COALESCE(lease_owner, '') = :owner AND state || '' = {QUEUED} "
            f"AND broadcast_id + 0 IN (SELECT b.id FROM broadcasts b WHERE b.state = {RUNNING} "
            "AND b.expires_at > :now) RETURNING id",
            ids,
            w=worker,
            owner=owner,
            now=now,
            until=at(until),
        )
        going.update(i for (i,) in rows)
    stops = withdrawals.stopped(tx, sorted(going), urgent_despite_refusal=urgent_despite_refusal)
    going -= stops.keys()
    withdrawals.withdraw(tx, stops, worker=worker)
    on_rows(
        tx,
        "INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, reference, "
        "call_ref, state, asked_at, cost) SELECT r.m, r.b, r.p, r.g, r.c, r.ref, "
        "COALESCE(r.call, r.ref), "
        f"{SENDING}, :now, r.cost FROM :rows r WHERE 1 = 1",
        _INTENT,
        [
            (
                p.message_id,
                p.broadcast_id,
                p.position,
                p.gateway,
                p.channel,
                p.reference,
                call if call != p.reference else None,
                p.reserved,
            )
            for p, call in intents
            if p.message_id in going
        ],
        often_alike=_INTENT.keys() - {"m", "ref"},
        now=now,
    )
    return going


def take_back(tx: Tx, worker: str, queued_messages: Sequence[QueuedMessage]) -> None:
    """Intents written in this very transaction that must not leave after all: they never were, and
    their messages wait in the queue for anybody."""
    rows = [(p.message_id, p.reference) for p in queued_messages]
    on_rows(
        tx,
        f"UPDATE messages SET state = {QUEUED}, tries = tries - 1, lease_owner = NULL, "
        "lease_until = NULL, changed_at = :now FROM :rows r WHERE messages.id = r.id "
        f"AND COALESCE(lease_owner, '') = :w AND state || '' = {SENDING}",
        _ASKED,
        rows,
        w=worker,
        now=at(tx.now),
    )
    on_rows(
        tx,
        f"DELETE FROM attempts WHERE state || '' = {SENDING} "
        "AND reference IN (SELECT r.ref FROM :rows r)",
        _ASKED,
        rows,
    )


def repeat(tx: Tx, worker: str, asked: Sequence[QueuedMessage]) -> set[int]:
    """The same references go on the wire once more; which messages are still ours to ask about."""
    rows = [(p.message_id, p.reference) for p in asked]
    going = {
        i
        for (i,) in tuples(
            tx,
            "UPDATE messages SET tries = tries + 1, changed_at = :now FROM :rows r "
            "WHERE messages.id = r.id AND COALESCE(lease_owner, '') = :w "
            f"AND state || '' = {SENDING} RETURNING messages.id AS id",
            _ASKED,
            rows,
            w=worker,
            now=at(tx.now),
        )
    }
    on_rows(
        tx,
        f"UPDATE attempts SET state = {SENDING}, asks = asks + 1 FROM :rows r "
        "WHERE attempts.reference = r.ref",
        _ASKED,
        [r for r in rows if r[0] in going],
    )
    return going
