"""Messages on their way: claimed, intended, settled, reclaimed. One statement per set.

A worker's statements are fenced: they touch a row only while that worker holds its lease. The
fence is written `COALESCE(lease_owner, '') = :w` and `state || '' = …`, so that the row is found by
its id and only then checked: through an index on those each statement would walk everything that
this worker has claimed, or that is on the wire.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from dispatcher.model import AttemptState, Kind, MessageState, Text
from dispatcher.store import texts
from dispatcher.store.database import Tx, at, json_rows, on_rows, tuples
from dispatcher.store.schema import micros, moment


class Parcel(NamedTuple):
    """A message ready for the wire, with what its lifecycle needs to know."""

    message_id: int
    broadcast_id: int
    contact_id: int
    position: int
    step: int
    channel: str
    gateway: str
    to: str  # E.164
    carrier: str | None
    text: Text
    encoding: str
    parts: int
    kind: Kind
    ward_id: int
    tries: int
    generation: int  # attempts made before this one
    reference: str  # ours: fixed before the first byte, new only after a proved refusal
    call_ref: str
    asked_at: datetime | None = None  # set when it was on the wire before
    asks: int = 0
    reserved: int | None = None  # đồng taken from what is allowed; None: nothing is counted


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


def locking(tx: Tx) -> str:
    """For rows taken from a queue: PostgreSQL skips what another worker is taking just now."""
    return "" if tx.is_sqlite else " FOR UPDATE SKIP LOCKED"


def chosen(tx: Tx, select: str) -> str:
    """`id` among the chosen rows; on PostgreSQL as an array, so that it is evaluated once."""
    return f"id IN ({select})" if tx.is_sqlite else f"id = ANY(ARRAY({select}))"


def due(
    tx: Tx, broadcast_id: int, gateway: str, most: int, after: tuple[int, int] = (0, 0)
) -> tuple[list[int], tuple[int, int]]:
    """Due messages of one broadcast for one gateway, held until this transaction ends.

    By then they are leased or their intent is written, or they are in the queue as before.
    `after` is the cursor (due_at, id) behind which to look; the new cursor comes back.
    """
    rows = tx.taken(
        "SELECT due_at, id FROM messages WHERE broadcast_id = :b AND gateway = :g "
        "AND state = 'queued' AND lease_owner IS NULL AND due_at <= :now "
        f"AND (due_at, id) > (:ad, :ai) ORDER BY due_at, id LIMIT :n{locking(tx)}",
        b=broadcast_id,
        g=gateway,
        now=at(tx.now),
        n=most,
        ad=after[0],
        ai=after[1],
    )
    return [i for _, i in rows], tuple(rows[-1]) if rows else (0, 0)


def lease(tx: Tx, worker: str, ids: Sequence[int], until: datetime) -> None:
    """Keep what `due` found for a worker. Nothing has left yet: a lapsed lease is queued again."""
    on_rows(
        tx,
        "UPDATE messages SET lease_owner = :w, lease_until = :until FROM "
        f"{json_rows({'id': 'bigint'})} r WHERE messages.id = r.id AND messages.state = 'queued' "
        "AND messages.lease_owner IS NULL",
        [[i] for i in ids],
        w=worker,
        until=at(until),
    )


def claim_doubts(tx: Tx, worker: str, gateway: str, most: int, until: datetime) -> list[int]:
    """Lease messages whose doubt is due to be asked again or looked up: whole calls."""
    select = (
        "SELECT id FROM messages WHERE gateway = :g AND state = 'sending' AND lease_owner IS NULL "
        "AND due_at <= :now AND broadcast_id NOT IN (SELECT id FROM broadcasts WHERE state IN "
        f"('paused', 'held')) ORDER BY due_at LIMIT :n{locking(tx)}"
    )
    rows = tx.rows(
        f"UPDATE messages SET lease_owner = :w, lease_until = :until WHERE {chosen(tx, select)} "
        "RETURNING id",
        g=gateway,
        w=worker,
        until=at(until),
        now=at(tx.now),
        n=most,
    )
    ids = [r["id"] for r in rows]
    siblings = on_rows(
        tx,
        "UPDATE messages SET lease_owner = :w, lease_until = :until WHERE state = 'sending' "
        "AND lease_owner IS NULL AND id IN (SELECT o.message_id FROM "
        f"{json_rows({'id': 'bigint'})} r JOIN attempts a ON a.message_id = r.id "
        "AND a.state = 'doubtful' AND a.call_ref <> a.reference JOIN attempts o "
        "ON o.call_ref = a.call_ref AND o.call_ref <> o.reference) RETURNING id",
        [[i] for i in ids],
        w=worker,
        until=at(until),
    )
    return sorted({*ids, *(r["id"] for r in siblings)})


def parcels(tx: Tx, ids: Sequence[int], *, doubtful: bool = False) -> list[Parcel]:
    """Everything a gateway may know about some leased messages, in the order of `ids`."""
    rows = tuples(
        tx,
        "SELECT m.id, m.broadcast_id, m.contact_id, m.position, m.tries, m.kind, m.ward_id, "
        "t.step, t.channel, m.gateway, t.body_id, a.kind AS address_kind, a.cipher, a.carrier, "
        "(SELECT count(*) FROM attempts x WHERE x.message_id = m.id) AS generation "
        f"FROM {json_rows({'id': 'bigint'})} r JOIN messages m ON m.id = r.id "
        "JOIN targets t ON t.message_id = m.id AND t.position = m.position "
        "JOIN addresses a ON a.id = t.address_id",
        [[i] for i in ids],
    )
    bodies = texts.bodies(tx, {row[10] for row in rows})
    asked: dict[int, Any] = {}
    if doubtful:
        for before in on_rows(
            tx,
            "SELECT a.message_id, a.reference, a.call_ref, a.asked_at, a.asks, a.cost "
            f"FROM {json_rows({'id': 'bigint'})} r JOIN attempts a ON a.message_id = r.id "
            "AND a.state IN ('sending', 'doubtful') ORDER BY a.id",
            [[i] for i in ids],
        ):
            asked[before["message_id"]] = before
    kinds = {kind.value: kind for kind in Kind}
    found = {}
    for (
        message, broadcast, contact, position, tries, kind, ward, step, channel, gateway, body,
        address_kind, cipher, carrier, generation,
    ) in rows:  # fmt: skip
        text, encoding, parts = bodies[body]
        known = asked.get(message)
        reference = (
            known["reference"]
            if known
            else _reference(tx, message, (broadcast, contact, position, generation))
        )
        found[message] = Parcel(
            message,
            broadcast,
            contact,
            position,
            step,
            channel,
            gateway,
            tx.sealer.open_address(address_kind, cipher) if cipher else "",
            carrier,
            text,
            encoding,
            parts,
            kinds[kind],
            ward,
            tries,
            generation,
            reference,
            known["call_ref"] if known else reference,
            moment(known["asked_at"]) if known else None,
            known["asks"] if known else 0,
            known["cost"] if known else None,
        )
    return [found[i] for i in ids if i in found]


def _reference(tx: Tx, message: int, parts: tuple[int, ...]) -> str:
    """34 letters that tell nobody a number.

    They begin with the message's own number, so that neighbours lie together in the index.
    """
    return f"{message:010x}{tx.sealer.mark(f'reference {parts}')}".translate(_LETTERS)


# Sixteen letters in the order of the hexadecimal digits: no reference can look like a number.
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def call_reference(tx: Tx, batch: Sequence[Parcel]) -> str:
    """The name of one call: its message's reference, or one for all of a batch."""
    if len(batch) == 1:
        return batch[0].reference
    mark = tx.sealer.mark(" ".join(["call", *(p.reference for p in batch)]))
    return f"{batch[0].message_id:010x}{mark}".translate(_LETTERS)


def intend(
    tx: Tx,
    worker: str,
    intents: Sequence[tuple[Parcel, str]],
    until: datetime,
    fresh: Collection[int] = (),
) -> set[int]:
    """Write the intent to send: (parcel, call_ref). Which messages may now leave.

    A message whose broadcast was stopped, or whose lease was lost, is not among them. The lease
    begins anew, to `until`: however long a message waited here, its call is over before another
    worker may take it for lost. `fresh`: found due in this very transaction, so not leased yet.
    """
    rows = [[p.message_id, "" if p.message_id in fresh else worker] for p, _ in intents]
    now = at(tx.now)
    going = {
        row[0]
        for row in tuples(
            tx,
            "UPDATE messages SET state = 'sending', tries = tries + 1, changed_at = :now, "
            f"lease_owner = :w, lease_until = :until FROM {_HELD} r WHERE messages.id = r.id "
            "AND COALESCE(lease_owner, '') = r.held "
            "AND state || '' = 'queued' AND EXISTS (SELECT 1 FROM broadcasts b WHERE "
            "b.id = messages.broadcast_id AND b.state = 'running' AND b.expires_at > :now) "
            "RETURNING messages.id AS id",
            rows,
            w=worker,
            now=now,
            until=at(until),
        )
    }
    on_rows(
        tx,
        "INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, reference, "
        "call_ref, state, asked_at, cost) SELECT r.m, r.b, r.p, r.g, r.c, r.ref, r.call, "
        f"'sending', :now, r.cost FROM {json_rows(_INTENT)} r WHERE 1 = 1",
        [
            [
                p.message_id,
                p.broadcast_id,
                p.position,
                p.gateway,
                p.channel,
                p.reference,
                call,
                p.reserved,
            ]
            for p, call in intents
            if p.message_id in going
        ],
        now=now,
    )
    return going


_HELD = json_rows({"id": "bigint", "held": "text"})  # by whom; empty: found due just now
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


def ask_again(tx: Tx, worker: str, asked: Sequence[Parcel]) -> set[int]:
    """The same references go on the wire once more; which messages are still ours to ask about."""
    rows = [[p.message_id, p.reference] for p in asked]
    columns = json_rows({"id": "bigint", "ref": "text"})
    going = {
        row["id"]
        for row in on_rows(
            tx,
            f"UPDATE messages SET tries = tries + 1, changed_at = :now FROM {columns} r "
            "WHERE messages.id = r.id AND COALESCE(lease_owner, '') = :w "
            "AND state || '' = 'sending' "
            "RETURNING messages.id AS id",
            rows,
            w=worker,
            now=at(tx.now),
        )
    }
    on_rows(
        tx,
        f"UPDATE attempts SET state = 'sending', asks = asks + 1 FROM {columns} r "
        "WHERE attempts.reference = r.ref",
        [r for r in rows if r[0] in going],
    )
    return going


def other_attempts(
    tx: Tx, messages: Sequence[tuple[int, str]]
) -> dict[int, list[tuple[str, str, int]]]:
    """What receipts and earlier attempts say per message: (reference, state, heard)."""
    found: dict[int, list[tuple[str, str, int]]] = {}
    for row in on_rows(
        tx,
        "SELECT a.message_id, a.reference, a.state, a.heard "
        f"FROM {json_rows({'id': 'bigint', 'ref': 'text'})} r JOIN attempts a "
        "ON a.message_id = r.id AND (a.heard > 0 OR a.state = 'accepted' "
        "OR (a.reference <> r.ref AND a.state = 'unconfirmed'))",
        [list(m) for m in messages],
    ):
        found.setdefault(row["message_id"], []).append(
            (row["reference"], row["state"], row["heard"])
        )
    return found


def ids_of_other_calls(
    tx: Tx, answered: Sequence[tuple[str, str, str]]
) -> set[tuple[str, str, str]]:
    """Which of these (gateway, vendor's id, call_ref) name an id that another call was given."""
    columns = json_rows({"g": "text", "pid": "text", "call": "text"})
    return {
        tuple(row)
        for row in tuples(
            tx,
            f"SELECT r.g, r.pid, r.call FROM {columns} r WHERE EXISTS (SELECT 1 FROM attempts a "
            "WHERE a.gateway = r.g AND a.provider_id = r.pid AND a.call_ref <> r.call)",
            answered,
        )
    }


def later_targets(tx: Tx, ids: Sequence[int]) -> dict[int, list[tuple[int, int, str]]]:
    """For each message the targets after its current one: (position, step, gateway)."""
    found: dict[int, list[tuple[int, int, str]]] = {}
    for row in on_rows(
        tx,
        "SELECT t.message_id, t.position, t.step, t.gateway "
        f"FROM {json_rows({'id': 'bigint'})} r JOIN messages m ON m.id = r.id "
        "JOIN targets t ON t.message_id = m.id AND t.position > m.position ORDER BY t.position",
        [[i] for i in ids],
    ):
        found.setdefault(row["message_id"], []).append(
            (row["position"], row["step"], row["gateway"])
        )
    return found


_ATTEMPT = {
    "m": "bigint",
    "ref": "text",
    "s": "text",
    "fault": "text",
    "code": "text",
    "detail": "text",
    "pid": "text",
    "parts": "int",
    "cost": "int",
}
_MESSAGE = {
    "m": "bigint",
    "s": "text",
    "fault": "text",
    "code": "text",
    "p": "int",
    "g": "text",
    "due": "bigint",
    "deadline": "bigint",
}


def settle(tx: Tx, worker: str, outcomes: Sequence[Outcome]) -> set[int]:
    """Write what became of finished calls; the messages that were still ours.

    A message somebody else has taken over meanwhile learns nothing from us but an acceptance: that
    stays true whoever holds it.
    """
    ours = {
        row[0]
        for row in tuples(
            tx,
            "UPDATE messages SET state = r.s, reason = r.fault, code = r.code, "
            "position = COALESCE(r.p, messages.position), gateway = COALESCE(r.g, "
            "messages.gateway), "
            "due_at = COALESCE(r.due, messages.due_at), deadline_at = r.deadline, "
            "lease_owner = NULL, lease_until = NULL, changed_at = :now "
            f"FROM {json_rows(_MESSAGE)} r WHERE messages.id = r.m "
            "AND messages.state || '' = 'sending' "
            "AND COALESCE(messages.lease_owner, '') = :w RETURNING messages.id AS id",
            [
                [
                    o.message_id,
                    o.message.value,
                    o.fault,
                    o.code,
                    o.position,
                    o.gateway,
                    None if o.due_at is None else micros(o.due_at),
                    None if o.deadline_at is None else micros(o.deadline_at),
                ]
                for o in outcomes
            ],
            w=worker,
            now=at(tx.now),
        )
    }
    on_rows(
        tx,
        "UPDATE attempts SET state = r.s, fault = r.fault, code = r.code, detail = r.detail, "
        "provider_id = COALESCE(r.pid, provider_id), parts = COALESCE(r.parts, attempts.parts), "
        "cost = CASE WHEN r.s = 'refused' THEN NULL ELSE COALESCE(r.cost, attempts.cost) END, "
        "answered_at = :now "
        f"FROM {json_rows(_ATTEMPT)} r WHERE attempts.reference = r.ref "
        "AND attempts.state || '' IN ('sending', 'doubtful', 'unconfirmed')",
        [
            [
                o.message_id,
                o.reference,
                o.attempt.value,
                o.fault,
                o.code,
                o.detail,
                o.provider_id,
                o.parts,
                o.cost,
            ]
            for o in outcomes
            if o.message_id in ours or o.attempt is AttemptState.ACCEPTED
        ],
        now=at(tx.now),
    )
    return ours


def late_proof(tx: Tx, outcomes: Sequence[Outcome]) -> int:
    """An acceptance that comes after its row was taken over: believe it, unless it is asked again.

    Then the answer to that settles it, and finds the attempt accepted.
    """
    rows = [[o.message_id] for o in outcomes if o.message is MessageState.ACCEPTED]
    return len(
        on_rows(
            tx,
            "UPDATE messages SET state = 'accepted', changed_at = :now "
            f"FROM {json_rows({'id': 'bigint'})} r WHERE messages.id = r.id AND "
            "(messages.state = 'unconfirmed' OR (messages.state = 'sending' "
            "AND messages.lease_owner IS NULL)) RETURNING messages.id AS id",
            rows,
            now=at(tx.now),
        )
    )


def settle_proved(tx: Tx, ids: Sequence[int]) -> None:
    """Doubts whose call is no longer open: accepted where an attempt was, else named as a doubt."""
    on_rows(
        tx,
        "UPDATE messages SET state = CASE WHEN EXISTS (SELECT 1 FROM attempts a WHERE "
        "a.message_id = messages.id AND a.state = 'accepted') THEN 'accepted' ELSE 'unconfirmed' "
        "END, lease_owner = NULL, lease_until = NULL, changed_at = :now "
        f"FROM {json_rows({'id': 'bigint'})} r WHERE messages.id = r.id "
        "AND messages.state = 'sending'",
        [[i] for i in ids],
        now=at(tx.now),
    )


def turn_away(
    tx: Tx,
    worker: str,
    rows: Sequence[tuple[int, MessageState, int | None, str | None, datetime]],
    fresh: Collection[int] = (),
) -> None:
    """Messages that are not even asked for: (message, state, position, gateway, due).

    `fresh`: as for `intend`.
    """
    columns = {"m": "bigint", "held": "text", "s": "text", "p": "int", "g": "text", "due": "bigint"}
    on_rows(
        tx,
        "UPDATE messages SET state = r.s, position = COALESCE(r.p, messages.position), "
        "gateway = COALESCE(r.g, messages.gateway), due_at = r.due, deadline_at = NULL, "
        f"lease_owner = NULL, lease_until = NULL, changed_at = :now FROM {json_rows(columns)} r "
        "WHERE messages.id = r.m AND COALESCE(messages.lease_owner, '') = r.held "
        "AND messages.state = 'queued'",
        [[m, "" if m in fresh else worker, s.value, p, g, at(due)] for m, s, p, g, due in rows],
        now=at(tx.now),
    )


def refused_by(tx: Tx, ids: Sequence[int]) -> dict[int, set[str]]:
    """For each message the gateways that do not take it where it stands, whatever the reason."""
    found: dict[int, set[str]] = {}
    for row in on_rows(
        tx,
        f"SELECT m.id, a.gateway FROM {json_rows({'id': 'bigint'})} r JOIN messages m "
        "ON m.id = r.id JOIN attempts a ON a.message_id = m.id AND a.position = m.position "
        "WHERE a.fault IN ('carrier', 'later')",
        [[i] for i in ids],
    ):
        found.setdefault(row["id"], set()).add(row["gateway"])
    return found


def refusals_by_text(tx: Tx, broadcast_ids: Sequence[int]) -> dict[int, int]:
    """For each broadcast the most people refused one text on one network."""
    if not broadcast_ids:
        return {}
    rows = tx.rows(
        "SELECT m.broadcast_id, count(DISTINCT m.contact_id) AS n FROM messages m "
        "JOIN targets t ON t.message_id = m.id AND t.position = m.position "
        "WHERE m.state = 'failed' AND m.reason = 'content' AND m.broadcast_id IN "
        f"({', '.join(str(int(b)) for b in broadcast_ids)}) "
        "GROUP BY m.broadcast_id, t.body_id, m.carrier"
    )
    worst: dict[int, int] = {}
    for row in rows:
        worst[row["broadcast_id"]] = max(worst.get(row["broadcast_id"], 0), row["n"])
    return worst
