"""Messages on their way: found due, leased, and all that the send loop asks about them.

The intents are written in intents.py, the answers in outcomes.py; one statement per set.

A worker's statements are fenced: they touch a row only while that worker holds its lease. The
fence is written `COALESCE(lease_owner, '') = :w` and `state || '' = …`, so that the row is found by
its id and only then checked: through an index on those each statement would walk everything that
this worker has claimed, or that is on the wire.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from dispatcher.db.broadcasts import texts
from dispatcher.db.compiling import Among
from dispatcher.db.database import Tx, at
from dispatcher.db.queue import outcomes, references
from dispatcher.db.rows import chosen, locking, on_ids, on_rows, tuples
from dispatcher.db.schema import moment
from dispatcher.db.words import (
    ACCEPTED,
    CARRIER,
    CONTENT,
    DOUBTFUL,
    FAILED,
    HELD,
    LATER,
    PAUSED,
    QUEUED,
    SENDING,
    UNCONFIRMED,
)
from dispatcher.domain.model import AttemptState, Kind, Text

IDS_ARE_NEW_FOR = timedelta(days=1)  # a cache on the way forgets sooner, a counter lasts longer


class QueuedMessage(NamedTuple):
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
    refused_with_others: bool = False  # the next call it travels in is smaller than the last
    too_few: bool = False  # it waited for others alike, as its call was smaller than is taken


def due(
    tx: Tx, broadcast_id: int, gateway: str, most: int, after: tuple[int, int] = (0, 0)
) -> tuple[list[int], tuple[int, int]]:
    """Due messages of one broadcast for one gateway, held until this transaction ends.

    By then they are leased or their intent is written, or they are in the queue as before.
    `after` is the cursor (due_at, id) behind which to look; the new cursor comes back.
    """
    rows = tx.taken(
        "SELECT due_at, id FROM messages WHERE broadcast_id = :b AND gateway = :g "
        f"AND state = {QUEUED} AND lease_owner IS NULL AND due_at <= :now "
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
    on_ids(
        tx,
        "UPDATE messages SET lease_owner = :w, lease_until = :until WHERE id IN (:ids) "
        f"AND state || '' = {QUEUED} AND COALESCE(lease_owner, '') = ''",
        ids,
        w=worker,
        until=at(until),
    )


def claim_doubts(tx: Tx, worker: str, gateway: str, most: int, until: datetime) -> list[int]:
    """Lease messages whose doubt is due to be asked again or looked up: whole calls."""
    select = (
        f"SELECT id FROM messages WHERE gateway = :g AND state = {SENDING} AND lease_owner IS NULL "
        "AND due_at <= :now AND broadcast_id NOT IN (SELECT id FROM broadcasts WHERE state IN "
        f"({PAUSED}, {HELD})) ORDER BY due_at LIMIT :n{locking(tx)}"
    )
    # mostly there is none; where nobody else writes, to look costs less than to change nothing
    if tx.is_sqlite and tx.one(select, g=gateway, now=at(tx.now), n=1) is None:
        return []
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
    siblings = on_ids(
        tx,
        f"UPDATE messages SET lease_owner = :w, lease_until = :until WHERE state = {SENDING} "
        "AND lease_owner IS NULL AND id IN (SELECT o.message_id FROM attempts a JOIN attempts o "
        "ON o.call_ref = a.call_ref AND o.call_ref <> o.reference WHERE a.message_id IN (:ids) "
        f"AND a.state = {DOUBTFUL} AND a.call_ref <> a.reference) RETURNING id",
        ids,
        w=worker,
        until=at(until),
    )
    return sorted({*ids, *(i for (i,) in siblings)})


def queued_messages(tx: Tx, ids: Sequence[int], *, doubtful: bool = False) -> list[QueuedMessage]:
    """Everything a gateway may know about some leased messages, in the order of `ids`."""
    rows = on_ids(
        tx,
        "SELECT m.id, m.broadcast_id, m.contact_id, m.position, m.tries, m.kind, m.ward_id, "
        "t.step, t.channel, m.gateway, t.body_id, a.kind AS address_kind, a.cipher, a.carrier, "
        "m.reason, (SELECT count(*) FROM attempts x WHERE x.message_id = m.id) AS generation, "
        f"{references.EPOCH} AS epoch "
        "FROM messages m JOIN targets t ON t.message_id = m.id AND t.position = m.position "
        "JOIN addresses a ON a.id = t.address_id WHERE m.id IN (:ids)",
        ids,
    )
    bodies = texts.bodies(tx, {row[10] for row in rows})
    asked = _asked(tx, ids) if doubtful else {}
    kinds = {kind.value: kind for kind in Kind}
    found = {}
    for (
        message,
        broadcast,
        contact,
        position,
        tries,
        kind,
        ward,
        step,
        channel,
        gateway,
        body,
        address_kind,
        cipher,
        carrier,
        reason,
        generation,
        epoch,
    ) in rows:
        text, encoding, parts = bodies[body]
        before = asked.get(message)
        if before is None:
            own = references.of_message(tx.sealer, message, generation, int(epoch or 0))
            before = (own, own)
        found[message] = QueuedMessage(
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
            *before,
        )
        if reason == outcomes.REFUSED_WITH_OTHERS:
            found[message] = found[message]._replace(refused_with_others=True)
        elif reason == outcomes.TOO_FEW:
            found[message] = found[message]._replace(too_few=True)
    return [found[i] for i in ids if i in found]


def _asked(tx: Tx, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    """For messages that were on the wire before, the last fields of each, in order."""
    rows = on_ids(
        tx,
        "SELECT message_id, reference, call_ref, asked_at, asks, cost FROM attempts "
        f"WHERE message_id IN (:ids) AND state IN ({SENDING}, {DOUBTFUL}) ORDER BY id",
        ids,
    )
    return {
        message: (reference, call_ref, moment(asked_at), asks, cost)
        for message, reference, call_ref, asked_at, asks, cost in rows
    }


def sizes_of_calls(tx: Tx, call_refs: Collection[str]) -> dict[str, tuple[int, int]]:
    """For calls of several: how many messages each carried, and of how many the answer is open."""
    found = on_rows(
        tx,
        "SELECT a.call_ref AS ref, count(*) AS n, "
        f"SUM(CASE WHEN a.state IN ({SENDING}, {DOUBTFUL}) AND m.state = {SENDING} THEN 1 ELSE 0 "
        "END) AS open FROM :rows r JOIN attempts a ON a.call_ref = r.ref "
        "AND a.call_ref <> a.reference JOIN messages m ON m.id = a.message_id GROUP BY a.call_ref",
        {"ref": "text"},
        [[ref] for ref in sorted(call_refs)],
    )
    return {row["ref"]: (int(row["n"]), int(row["open"])) for row in found}


def other_attempts(
    tx: Tx, messages: Sequence[tuple[int, str]]
) -> dict[int, list[tuple[str, str, int]]]:
    """What receipts and earlier attempts say per message: (reference, state, heard)."""
    own = {reference for _, reference in messages}
    found: dict[int, list[tuple[str, str, int]]] = {}
    for message, reference, state, heard in on_ids(
        tx,
        "SELECT message_id, reference, state, heard FROM attempts WHERE message_id IN (:ids) "
        f"AND (heard > 0 OR state IN ({ACCEPTED}, {UNCONFIRMED}, {DOUBTFUL}))",
        [message for message, _ in messages],
    ):
        if heard or state == AttemptState.ACCEPTED or reference not in own:
            found.setdefault(message, []).append((reference, state, heard))
    return found


def ids_of_other_calls(
    tx: Tx, answered: Sequence[tuple[str, str, str]]
) -> set[tuple[str, str, str]]:
    """Which of these (gateway, vendor's id, call_ref) name an id that another call of late was
    given. A counter that starts again, as a modem's, gives old ids to new calls."""
    columns = {"g": "text", "pid": "text", "call": "text"}
    return {
        tuple(row)
        for row in tuples(
            tx,
            "SELECT r.g, r.pid, r.call FROM :rows r WHERE EXISTS (SELECT 1 FROM attempts a "
            "WHERE a.gateway = r.g AND a.provider_id = r.pid AND a.call_ref <> r.call "
            "AND a.asked_at > :since)",
            columns,
            answered,
            since=at(tx.now - IDS_ARE_NEW_FOR),
        )
    }


def later_targets(tx: Tx, ids: Sequence[int]) -> dict[int, list[tuple[int, int, str]]]:
    """For each message the targets after its current one: (position, step, gateway)."""
    found: dict[int, list[tuple[int, int, str]]] = {}
    for message, position, step, gateway in on_ids(
        tx,
        "SELECT t.message_id, t.position, t.step, t.gateway FROM messages m JOIN targets t "
        "ON t.message_id = m.id AND t.position > m.position WHERE m.id IN (:ids) "
        "ORDER BY t.position",
        ids,
    ):
        found.setdefault(message, []).append((position, step, gateway))
    return found


def refused_by(tx: Tx, ids: Sequence[int]) -> dict[int, set[str]]:
    """For each message the gateways that do not take it where it stands, whatever the reason."""
    found: dict[int, set[str]] = {}
    for message, gateway in on_ids(
        tx,
        "SELECT m.id, a.gateway FROM messages m JOIN attempts a ON a.message_id = m.id "
        f"AND a.position = m.position WHERE m.id IN (:ids) AND a.fault IN ({CARRIER}, {LATER})",
        ids,
    ):
        found.setdefault(message, set()).add(gateway)
    return found


def refusals_by_text(tx: Tx, broadcast_ids: Sequence[int]) -> dict[int, int]:
    """For each broadcast the most people refused one text on one network."""
    if not broadcast_ids:
        return {}
    rows = tx.rows(
        "SELECT m.broadcast_id, count(DISTINCT m.contact_id) AS n FROM messages m "
        "JOIN targets t ON t.message_id = m.id AND t.position = m.position "
        f"WHERE m.state = {FAILED} AND m.reason = {CONTENT} AND m.broadcast_id IN (:of) "
        "GROUP BY m.broadcast_id, t.body_id, m.carrier",
        of=Among(broadcast_ids),
    )
    worst: dict[int, int] = {}
    for row in rows:
        worst[row["broadcast_id"]] = max(worst.get(row["broadcast_id"], 0), row["n"])
    return worst
