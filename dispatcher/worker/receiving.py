"""The network answers.

Comes from: the inbox, where the receipt door put calls as they came.   Goes to: attempts, messages.
Never: believes a call it cannot match, lets `delivered` go back, drops a receipt that came early.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from dispatcher.db.broadcasts import broadcasts, withdrawals
from dispatcher.db.broadcasts.targets import TARGETS_PER_STEP
from dispatcher.db.contacts import (
    contacts,
    reachability,
    replies,
    shared_phones,
    suppressions,
    user_ids,
)
from dispatcher.db.database import Row, Tx, at
from dispatcher.db.ops import restored
from dispatcher.db.queue import aside, messages, receipts
from dispatcher.domain import lifecycle, opting_out, parts
from dispatcher.domain.last_look import REPLIED
from dispatcher.domain.lifecycle import MessageContext, Move
from dispatcher.domain.model import (
    AddressKind,
    AttemptState,
    BroadcastState,
    Fault,
    MessageState,
    Receipt,
    ReceiptFlags,
)
from dispatcher.domain.opting_out import Wish
from dispatcher.gateways import cleaned
from dispatcher.gateways.contract import Call, Heard, Introduced, Reply

Listens = Mapping[str, Callable[[Call], Heard]]  # gateway → its `hear`
Believing = Callable[[Tx, Sequence[tuple[str, Receipt]]], list[tuple[str, int | None]]]
AT_ONCE = 100  # calls: neither the send loop nor a vendor's next call waits for many of them
FAILED_FOR = timedelta(days=7)  # a phone that was off is tried as usual a week later


def match(tx: Tx, listens: Listens, most: int = AT_ONCE) -> int:
    """Match what waits in the inbox; how many calls were looked at."""
    arrived = receipts.waiting(tx, most)
    if not arrived:
        return 0
    settled: list[receipts.Settled] = []
    waits: list[tuple[int, timedelta]] = []
    odd: list[tuple[receipts.WaitingReceipt, Exception]] = []
    good: list[tuple[receipts.WaitingReceipt, Heard]] = []
    for row in arrived:
        heard = _read(listens, row)
        if isinstance(heard, Exception):
            odd.append((row, heard))
        elif heard is None or heard.verified is False:
            settled.append((row.id, "refused", None, None, None))
        else:
            good.append((row, heard))
    found = aside.each_alone(tx, good, lambda calls: _take(tx, calls, believe))
    for (row, heard), taken in zip(good, found, strict=True):
        if isinstance(taken, Exception) and len(heard.receipts) > 1:  # perhaps only one of them
            call = [(row, heard)]
            [taken] = aside.each_alone(tx, call, lambda calls: _take(tx, calls, believe_apart))
        if isinstance(taken, Exception):
            odd.append((row, taken))
        else:
            settled += taken.settled
            waits += taken.waits
    settled += _set_aside(tx, odd)
    receipts.write_settled(tx, settled)
    receipts.again(tx, waits)  # of a call with several reports one may be too early
    tx.note("received", "receipts", "", looked_at=len(arrived), waiting=len(waits))
    return len(arrived)


class InboxResult(NamedTuple):
    """What one call of the inbox came to."""

    settled: list[receipts.Settled]
    waits: list[tuple[int, timedelta]]


def _take(
    tx: Tx, calls: Sequence[tuple[receipts.WaitingReceipt, Heard]], believing: Believing
) -> list[InboxResult]:
    """Obey and believe what some calls say; per call what it came to."""
    taken: list[InboxResult] = []
    wanted: list[tuple[receipts.WaitingReceipt, Receipt, InboxResult]] = []
    for row, heard in calls:
        taken.append(InboxResult([], []))
        once = heard.replies if not row.tries else ()
        replies = [answer_back(tx, row.gateway, reply) for reply in once]
        for person in heard.introduced if heard.verified else ():
            introduce(tx, row.gateway, person)
        if heard.receipts:
            wanted += [(row, receipt, taken[-1]) for receipt in heard.receipts]
        else:
            state = "reply" if replies else "empty"
            taken[-1].settled.append((row.id, state, None, None, None))
    found = believing(tx, [(row.gateway, receipt) for row, receipt, _ in wanted])
    for (row, receipt, own), (state, attempt) in zip(wanted, found, strict=True):
        over = row.age > receipts.REMATCH_FOR
        if state in ("unmatched", "early") and not over:
            wait = lifecycle.backoff(row.tries + 1, str(row.id), first=0.5, most=3600)
            own.waits.append((row.id, wait))
        elif state in ("matched", "early"):
            own.settled.append((row.id, "matched", attempt, receipt.state.value, receipt.code))
        else:
            kept = "unreadable" if state == "unreadable" else "refused"
            own.settled.append((row.id, kept, attempt, None, receipt.code))
    return taken


def _set_aside(
    tx: Tx, odd: Sequence[tuple[receipts.WaitingReceipt, Exception]]
) -> list[receipts.Settled]:
    """Calls nobody can read or store: kept as they came, and named."""
    by_gateway: dict[tuple[str, str], list[int]] = {}
    for row, error in odd:
        by_gateway.setdefault((row.gateway, type(error).__name__), []).append(row.id)
    for (gateway, why), ids in by_gateway.items():
        aside.name(tx, gateway, "report", why, ids)
    return [(row.id, "unreadable", None, None, None) for row, _ in odd]


def believe_apart(tx: Tx, heard: Sequence[tuple[str, Receipt]]) -> list[tuple[str, int | None]]:
    """`believe`, but a report that cannot be read or stored is set aside: ("unreadable", None)."""
    told = aside.each_alone(tx, heard, lambda reports: believe(tx, reports))
    odd = [(g, t) for (g, _), t in zip(heard, told, strict=True) if isinstance(t, Exception)]
    for gateway, why in sorted({(g, type(error).__name__) for g, error in odd}):
        aside.name(tx, gateway, "report", why)
    return [("unreadable", None) if isinstance(t, Exception) else t for t in told]


def believe(tx: Tx, heard: Sequence[tuple[str, Receipt]]) -> list[tuple[str, int | None]]:
    """Apply reports that came from (gateway, receipt); per report what it was and its attempt.

    "matched", "unmatched" (nobody known yet), "refused" (it names a number we did not write to), or
    "early": its message is on the wire just now, so one more look has to see that whoever settles
    it has taken notice. Where two transactions run at once the one may not see the other.
    """
    if not heard:
        return []
    heard = [(gateway, cleaned.receipt(receipt)) for gateway, receipt in heard]
    wanted = [(g, r.reference, r.provider_id) for g, r in heard]
    calls = receipts.attempts_for(tx, wanted)
    unknown = [(g, ref) for (g, ref, _), c in zip(wanted, calls, strict=True) if ref and not c]
    if unknown and restored.recall(tx, unknown):
        calls = receipts.attempts_for(tx, wanted)
    bits: dict[int, tuple[Row, ReceiptFlags, str]] = {}
    apart: dict[int, tuple[int, int]] = {}
    answers: list[tuple[str, Sequence[Row]]] = []
    for (_, receipt), candidates in zip(heard, calls, strict=True):
        chosen = _of_last_call(_meant(tx, candidates, receipt))
        if not chosen:
            about = _of_late(tx, candidates, receipt)  # an id given anew may be of an open call
            answers.append(("refused" if about else "unmatched", about))
            continue
        if receipt.to is None:  # not about numbers that the answer to the call left out
            chosen = [a for a in chosen if a["state"] != AttemptState.REFUSED] or chosen
        # a report on a whole call names nobody: it proves no more than that the call was taken
        whole = len(chosen) > 1 and receipt.to is None
        if whole and any(_on_the_wire(a) for a in chosen):  # its answer tells each number apart
            answers.append(("early", chosen))
            continue
        state = ReceiptFlags.ACCEPTED if whole else receipt.state
        for attempt in chosen:
            _, so_far, _ = bits.get(attempt["id"], (attempt, ReceiptFlags(attempt["heard"]), ""))
            bits[attempt["id"]] = (attempt, so_far | state, receipt.code)
            failed, received = apart.get(attempt["id"], (0, 0))
            more = parts.bits(receipt, state)
            apart[attempt["id"]] = (failed | more[0], received | more[1])
        answers.append(("matched", chosen))
    receipts.hear(tx, [(a, b.value, code, *apart[a]) for a, (_, b, code) in bits.items()])
    moved, early = _move(tx, [(attempt, b) for attempt, b, _ in bits.values()])
    shared_phones.reached_after_all(tx, [i for i, (a, b, _) in bits.items() if _turned(a, b)])
    _remember(tx, list(bits.values()))
    tx.note("heard", "receipts", "", matched=len(bits), moved=moved)
    return [
        (
            "early"
            if any(a["message_id"] in early for a in about) and state == "matched"
            else state,
            about[0]["id"] if about else None,
        )
        for state, about in answers
    ]


def _on_the_wire(attempt: Row) -> bool:
    return attempt["lease_owner"] is not None and attempt["message_state"] == MessageState.SENDING


def _turned(attempt: Row, bits: ReceiptFlags) -> bool:
    """True when something was delivered after a no."""
    no = (
        attempt["state"] == AttemptState.REFUSED
        or ReceiptFlags(attempt["heard"]) & ReceiptFlags.FAILED
    )
    return bool(no and bits & (ReceiptFlags.DELIVERED | ReceiptFlags.READ))


def _remember(tx: Tx, heard: Sequence[tuple[Row, ReceiptFlags, str]]) -> None:
    """What reports say about the addresses themselves, for the next plan."""
    places = [((a["message_id"], a["position"]), b, code) for a, b, code in heard]
    good = ReceiptFlags.DELIVERED | ReceiptFlags.READ
    reachability.reached(tx, [place for place, b, _ in places if b & good])
    silent = [
        (*place, code) for place, b, code in places if b & ReceiptFlags.FAILED and not b & good
    ]
    reachability.refused(tx, silent, tx.now + FAILED_FOR)


def _read(listens: Listens, row: receipts.WaitingReceipt) -> Heard | Exception | None:
    """What a call says, cleaned; None where nobody here reads that gateway; else what was wrong."""
    if row.call is None:
        return ValueError("stored otherwise")
    listen = listens.get(row.gateway)
    try:
        return cleaned.heard(listen(row.call)) if listen else None
    except Exception as error:  # of an adapter, which may be anybody's
        return error


def _meant(tx: Tx, candidates: Sequence[Row], receipt: Receipt) -> list[Row]:
    """Which attempts of a call a report speaks of. One that names a number must name ours."""
    if receipt.to is None or not candidates:
        return list(candidates)
    cipher = tx.sealer.address(AddressKind.MOBILE.value, receipt.to)
    return [
        a
        for a in candidates
        if a["cipher"] is None
        or bytes(a["cipher"]) == cipher
        or a["address_kind"] != AddressKind.MOBILE
    ]


def _of_late(tx: Tx, candidates: Sequence[Row], receipt: Receipt) -> list[Row]:
    """Of attempts a report names those it must mean: by our own name, or by an id given lately."""
    since = at(tx.now - messages.IDS_ARE_NEW_FOR)
    own = receipt.reference
    return [
        a
        for a in candidates
        if a["asked_at"] > since or (own is not None and own in (a["reference"], a["call_ref"]))
    ]


def _of_last_call(candidates: Sequence[Row]) -> list[Row]:
    """Of attempts under one id of a vendor those of the call it was given last: one that counts
    from the start again gives the same id to many."""
    last = max(candidates, key=lambda a: (a["asked_at"], a["id"]), default=None)
    return [a for a in candidates if last is not None and a["call_ref"] == last["call_ref"]]


def introduce(tx: Tx, gateway: str, person: Introduced) -> None:
    """A person told the account their phone, so they can be written to for less; or left it."""
    if person.phone is None:
        user_ids.unbind(tx, gateway, person.user_id)
    else:
        user_ids.bind(tx, gateway, person.user_id, person.phone)


# --- what people write back ---------------------------------------------------------------------


def answer_back(tx: Tx, gateway: str, reply: Reply) -> bool:
    """A reply: a clear wish not to be written to is obeyed at once, the rest is kept to be read.

    What may be a wish, or is one of somebody on no list, waits for a person to look at it. True
    when it was an opt-out.
    """
    kind = AddressKind.MOBILE if reply.sender.startswith("+") else AddressKind.ZALO
    address = contacts.address_id(tx, kind, reply.sender)
    wish = opting_out.read(reply.text)
    obeyed = wish.is_clear and address is not None
    new = obeyed and address is not None and obey(tx, address, wish)
    look = wish is Wish.UNCLEAR or (wish.is_clear and not obeyed)
    replies.put(tx, gateway, address, reply.text, wish=wish, look=look, confirm=new)
    return wish.is_clear


def obey(tx: Tx, address: int, wish: Wish) -> bool:
    """Nothing more to whoever wrote from an address; False when that was so before."""
    own = (address, *user_ids.phones_of(tx, address))
    return sum(suppressions.suppress(tx, a, REPLIED, scope=wish.value) for a in own) > 0


def _move(
    tx: Tx, heard: list[tuple[Row, ReceiptFlags]], looks: int = 3
) -> tuple[list[list[object]], set[int]]:
    """Decide, per message, what its receipts change; good news outranks bad.

    (What moved, messages that are on the wire.) A message that somebody else moved meanwhile is
    looked at once more, as it is then.
    """
    ids = sorted({a["message_id"] for a, _ in heard})
    later = messages.later_targets(tx, ids)
    others = messages.other_attempts(tx, [(a["message_id"], a["reference"]) for a, _ in heard])
    known = {b: broadcasts.get(tx, b) for b in {a["broadcast_id"] for a, _ in heard}}
    moves: dict[int, receipts.MessageMove] = {}
    early: set[int] = set()
    for attempt, bits in heard:
        message_id, broadcast = attempt["message_id"], known[attempt["broadcast_id"]]
        step = attempt["message_position"] // TARGETS_PER_STEP
        leased = attempt["lease_owner"] is not None
        if _on_the_wire(attempt):
            early.add(message_id)
        next_target, seen = later.get(message_id, []), others.get(message_id, ())
        standing = MessageContext(
            tx.now,
            broadcast.expires_at or tx.now,
            has_next_target=bool(next_target),
            has_next_step=any(t[1] > step for t in next_target),
            heard=bits,
            stopped=broadcast.state in (BroadcastState.STOPPED, BroadcastState.EXPIRED),
            earlier=lifecycle.best_of_others(seen, attempt["reference"]),
            reached=lifecycle.reached_by_others(seen, attempt["reference"]),
        )
        old = MessageState(attempt["message_state"])
        decision = lifecycle.receipt(
            old,
            bits,
            current=not attempt["overtaken"],
            leased=leased,
            standing=standing,
            now=tx.now,
        )
        if decision is None or _received(moves.get(message_id)):
            continue
        position = gateway = None
        if decision.message is MessageState.QUEUED:
            position, _, gateway = next(
                t for t in next_target if decision.move is Move.NEXT_TARGET or t[1] > step
            )
            if broadcast.state is BroadcastState.DONE:  # it was not over after all
                broadcasts.move(tx, broadcast, BroadcastState.RUNNING, reason="receipt")
                known[broadcast.id] = broadcasts.get(tx, broadcast.id)
        why = Fault.RECIPIENT.value if decision.message is MessageState.FAILED else None
        moves[message_id] = receipts.MessageMove(
            message_id,
            old,
            attempt["message_position"],
            attempt["changed_at"],
            decision.message,
            position,
            gateway,
            why,
            broadcast.deadline_of(step, tx.now)
            if decision.message is MessageState.ACCEPTED
            else None,
        )
    proved = [
        a["id"] for a, _ in heard if a["state"] in (AttemptState.DOUBTFUL, AttemptState.UNCONFIRMED)
    ]
    receipts.accept_attempts(tx, proved)
    done = receipts.apply(tx, list(moves.values()))
    withdrawals.look_again(
        tx, [i for i, m in moves.items() if i in done and m.new is MessageState.QUEUED]
    )
    moved: list[list[object]] = [[i, m.new] for i, m in moves.items() if i in done]
    passed = [a for a, _ in heard if a["message_id"] in moves.keys() - done]
    if passed and looks:
        now = receipts.attempts_for(tx, [(a["g"], a["reference"], None) for a in passed])
        found = [(a, ReceiptFlags(a["heard"])) for candidates in now for a in candidates[:1]]
        more, on_the_wire = _move(tx, found, looks - 1)
        return moved + more, early | on_the_wire
    return moved, early


def _received(move: receipts.MessageMove | None) -> bool:
    return move is not None and move.new in (MessageState.DELIVERED, MessageState.READ)
