"""The network answers.

Comes from: the inbox, where the receipt door put calls as they came.   Goes to: attempts, messages.
Never: believes a call it cannot match, lets `delivered` go back, drops a receipt that came early.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from dispatcher import lifecycle
from dispatcher.gateways.contract import Call, Heard
from dispatcher.lifecycle import Move, Standing
from dispatcher.model import AddressKind, AttemptState, BroadcastState, Fault, MessageState, Receipt
from dispatcher.model import Heard as Bits
from dispatcher.store import broadcasts, messages, receipts
from dispatcher.store.database import Tx
from dispatcher.store.releases import TARGETS_PER_STEP

Listens = Mapping[str, Callable[[Call], Heard]]  # gateway → its `hear`


def match(tx: Tx, listens: Listens) -> int:
    """Match what waits in the inbox; how many receipts were looked at."""
    arrived = receipts.waiting(tx)
    if not arrived:
        return 0
    wanted: list[tuple[receipts.Waiting, Receipt]] = []
    settled: list[tuple[int, str, int | None, int | None, str | None]] = []
    for row in arrived:
        heard = _read(listens, row)
        if heard is None or heard.verified is False:
            settled.append((row.id, "refused", None, None, None))
        elif not heard.receipts:
            settled.append((row.id, "empty", None, None, None))
        else:
            wanted += [(row, receipt) for receipt in heard.receipts]
    found = receipts.attempts_for(
        tx, [(k, row.gateway, r.reference, r.provider_id) for k, (row, r) in enumerate(wanted)]
    )
    bits: dict[int, tuple[int, Bits, str]] = {}  # attempt → (key of the row that names it, bits)
    waits: list[tuple[int, timedelta]] = []
    for key, (row, receipt) in enumerate(wanted):
        attempt = found.get(key)
        if attempt is None:
            if row.age > receipts.REMATCH_FOR:
                settled.append((row.id, "refused", None, None, receipt.code))
            else:
                wait = lifecycle.backoff(row.tries + 1, str(row.id), first=0.5, most=3600)
                waits.append((row.id, wait))
            continue
        if not _same_number(tx, attempt, receipt):
            settled.append((row.id, "refused", attempt["id"], None, receipt.code))
            continue
        _, so_far, _ = bits.get(attempt["id"], (key, Bits(attempt["heard"]), ""))
        bits[attempt["id"]] = (key, so_far | receipt.state, receipt.code)
        settled.append((row.id, "matched", attempt["id"], receipt.state.value, receipt.code))
    receipts.again(tx, waits)
    receipts.hear(tx, [(attempt, b.value, code) for attempt, (_, b, code) in bits.items()])
    receipts.settle(tx, settled)
    moved = _move(tx, [(found[key], b) for key, b, _ in bits.values()])
    tx.note("heard", "receipts", "", matched=len(bits), waiting=len(waits), moved=moved)
    return len(arrived)


def _read(listens: Listens, row: receipts.Waiting) -> Heard | None:
    listen = listens.get(row.gateway)
    return listen(row.call) if listen else None


def _same_number(tx: Tx, attempt: Mapping[str, Any], receipt: Receipt) -> bool:
    """A receipt that names a number must name the one we wrote to."""
    kind, cipher = attempt["address_kind"], attempt["cipher"]
    if receipt.to is None or kind != AddressKind.MOBILE or cipher is None:
        return True
    return tx.sealer.address(str(kind), receipt.to) == bytes(cipher)


def _move(tx: Tx, heard: list[tuple[Mapping[str, Any], Bits]]) -> list[list[object]]:
    """Decide, per message, what its receipts change; good news outranks bad."""
    ids = sorted({a["message_id"] for a, _ in heard})
    later = messages.later_targets(tx, ids)
    others = messages.other_attempts(tx, [(a["message_id"], a["reference"]) for a, _ in heard])
    known = {b: broadcasts.get(tx, b) for b in {a["broadcast_id"] for a, _ in heard}}
    moves: dict[int, receipts.Move] = {}
    for attempt, bits in heard:
        message_id, broadcast = attempt["message_id"], known[attempt["broadcast_id"]]
        step = attempt["message_position"] // TARGETS_PER_STEP
        onward = later.get(message_id, [])
        standing = Standing(
            tx.now,
            broadcast.expires_at or tx.now,
            has_next_target=bool(onward),
            has_next_step=any(t[1] > step for t in onward),
            heard=bits,
            stopped=broadcast.state in (BroadcastState.STOPPED, BroadcastState.EXPIRED),
            earlier=_earlier(others.get(message_id, []), attempt["reference"]),
        )
        old = MessageState(attempt["message_state"])
        decision = lifecycle.receipt(
            old,
            bits,
            current=attempt["position"] == attempt["message_position"],
            leased=attempt["lease_owner"] is not None,
            standing=standing,
            now=tx.now,
        )
        if decision is None or _received(moves.get(message_id)):
            continue
        position = gateway = None
        if decision.message is MessageState.QUEUED:
            position, _, gateway = next(
                t for t in onward if decision.move is Move.NEXT_TARGET or t[1] > step
            )
            if broadcast.state is BroadcastState.DONE:  # it was not over after all
                broadcasts.move(tx, broadcast, BroadcastState.RUNNING, reason="receipt")
                known[broadcast.id] = broadcasts.get(tx, broadcast.id)
        why = Fault.RECIPIENT.value if decision.message is MessageState.FAILED else None
        moves[message_id] = (message_id, old.value, decision.message.value, position, gateway, why)
    proved = [
        a["id"] for a, _ in heard if a["state"] in (AttemptState.DOUBTFUL, AttemptState.UNCONFIRMED)
    ]
    receipts.accept_attempts(tx, proved)
    receipts.apply(tx, list(moves.values()))
    return [[m[0], m[2]] for m in moves.values()]


def _received(move: receipts.Move | None) -> bool:
    return move is not None and move[2] in (MessageState.DELIVERED, MessageState.READ)


def _earlier(others: list[tuple[str, str, int]], reference: str) -> MessageState | None:
    """The best that other attempts of this message reached."""
    for other, state, bits in others:
        if other != reference and state == AttemptState.ACCEPTED and not Bits(bits) & Bits.FAILED:
            return MessageState.ACCEPTED
    return None
