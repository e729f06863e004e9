"""What becomes of a message: (message, answer, now) → decision. Pure, no clock, no database.

Comes from: sending (answers), receiving (receipts), chores (deadlines, expiry).
Goes to: the row. `docs/states.md` draws these tables; a test compares both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import assert_never

from dispatcher.domain.model import (
    HANOI,
    LONGEST_CALL,
    AttemptState,
    BroadcastState,
    Fault,
    MessageState,
    Opens,
    ReceiptFlags,
)

M, B = MessageState, BroadcastState

MOVES: dict[MessageState, frozenset[MessageState]] = {
    # lease taken or returned stays queued; sending only through an intent on disk
    M.QUEUED: frozenset(
        {M.QUEUED, M.SENDING, M.EXPIRED, M.CANCELLED, M.FAILED}
        | {M.SKIPPED}  # the last look: refused, removed or forgotten since the release
        | {M.ACCEPTED, M.DELIVERED, M.READ}  # an earlier step was accepted or answered late
        | {M.UNCONFIRMED}  # an earlier attempt is in doubt, or a restored backup cannot know
    ),
    # back to queued only after a refusal that proves nothing was accepted
    M.SENDING: frozenset(
        {M.SENDING, M.QUEUED, M.ACCEPTED, M.DELIVERED, M.READ, M.FAILED, M.UNCONFIRMED, M.EXPIRED}
        | {M.CANCELLED}
    ),
    M.ACCEPTED: frozenset({M.ACCEPTED, M.QUEUED, M.DELIVERED, M.READ, M.FAILED}),
    M.DELIVERED: frozenset({M.DELIVERED, M.READ}),
    M.READ: frozenset({M.READ}),
    M.FAILED: frozenset(
        {M.FAILED, M.DELIVERED, M.READ}
        | {M.SKIPPED}  # a phone they share was reached after all, or a further one is free
    ),
    M.UNCONFIRMED: frozenset({M.UNCONFIRMED, M.ACCEPTED, M.DELIVERED, M.READ, M.FAILED, M.QUEUED}),
    M.EXPIRED: frozenset({M.EXPIRED, M.DELIVERED, M.READ}),
    # only whoever shares a phone: it is handed over to them, or nothing reached it; and whoever was
    # withdrawn after a no of the network, which delivered it after all
    M.SKIPPED: frozenset(
        {M.SKIPPED, M.QUEUED, M.FAILED, M.EXPIRED, M.CANCELLED} | {M.DELIVERED, M.READ}
    ),
    M.CANCELLED: frozenset({M.CANCELLED, M.DELIVERED, M.READ}),
}

BROADCAST_MOVES: dict[BroadcastState, frozenset[BroadcastState]] = {
    B.DRAFT: frozenset({B.SUBMITTED, B.STOPPED}),
    B.SUBMITTED: frozenset({B.APPROVED, B.RETURNED, B.REJECTED, B.STOPPED, B.DRAFT}),
    B.RETURNED: frozenset({B.SUBMITTED, B.STOPPED, B.DRAFT}),
    B.REJECTED: frozenset(),
    B.APPROVED: frozenset({B.SCHEDULED, B.STOPPED, B.DRAFT}),
    B.SCHEDULED: frozenset({B.RUNNING, B.PAUSED, B.HELD, B.STOPPED, B.MISSED, B.DRAFT}),
    B.RUNNING: frozenset({B.PAUSED, B.HELD, B.DONE, B.STOPPED, B.EXPIRED}),
    B.PAUSED: frozenset({B.RUNNING, B.SCHEDULED, B.HELD, B.STOPPED, B.EXPIRED, B.DONE}),
    B.HELD: frozenset({B.RUNNING, B.SCHEDULED, B.STOPPED, B.EXPIRED, B.DONE}),
    B.DONE: frozenset({B.RUNNING}),  # a receipt said no while there was still time and a next step
    B.STOPPED: frozenset(),
    B.EXPIRED: frozenset(),
    B.MISSED: frozenset(),
}

OPEN_STATES = frozenset({M.QUEUED, M.SENDING})
LEAVE_WITHIN = timedelta(seconds=30)  # from a call's intent until its bytes have left, at most
RETRY_AFTER_CAP = timedelta(minutes=15)
PROBE_AFTER_UNKNOWNS = 5  # answers of `unknown` in a row before a gateway gets one probe at a time
HELD_AFTER_REFUSALS = 3  # different people refused the same text on one network


class Move(StrEnum):
    """Where the message goes on: the same target, there by another gateway, the next target, or
    the next step's first."""

    STAY = "stay"
    NEXT_GATEWAY = "next_gateway"
    NEXT_TARGET = "next_target"
    NEXT_STEP = "next_step"


class Effect(StrEnum):
    """What one answer does to the gateway it came from."""

    NONE = "none"
    SLOW = "slow"  # the pacer backs off
    PAUSE = "pause"  # nothing more until a person resumes it
    DOUBT = "doubt"  # counts towards one probe at a time
    CLOSE = "close"  # nothing more of this broadcast until the gateway takes it again


@dataclass(frozen=True)
class Doubt:
    """What a gateway offers to settle a doubt: a memory of our reference, or a look-up."""

    dedup_window: timedelta | None = None
    settle: timedelta | None = None  # a look-up says "no" only after this long


@dataclass(frozen=True)
class MessageContext:
    """What is known about a message when an answer comes."""

    first_asked_at: datetime
    expires_at: datetime
    tries: int = 1
    doubt: Doubt = Doubt()
    has_next_target: bool = False
    has_next_step: bool = False
    has_next_gateway: bool = False  # another gateway of this step has not refused it
    later_goes_on: bool = False
    rather_twice: bool = False
    repeat: bool = False  # the answer is to a repeat of a call whose own answer was lost
    can_be_split: bool = False  # it was refused with a whole call of several, in one word
    stopped: bool = False  # its broadcast was stopped meanwhile: nothing may leave any more
    earlier: MessageState | None = None  # the best that other attempts of this message reached
    heard: ReceiptFlags = ReceiptFlags.NOTHING  # receipts that overtook the answer
    reached: ReceiptFlags = (
        ReceiptFlags.NOTHING
    )  # an earlier attempt was delivered or read after all
    seed: str = ""


@dataclass(frozen=True)
class Decision:
    message: MessageState
    attempt: AttemptState
    move: Move = Move.STAY
    due_at: datetime | None = None
    effect: Effect = Effect.NONE
    opens_at: datetime | None = None  # of Effect.CLOSE: when the gateway takes messages again
    split: bool = False  # the next call it travels in must be smaller


# What a plain acceptance decides: nothing heard yet, no other attempt. Nearly every answer.
TAKEN = Decision(M.ACCEPTED, AttemptState.ACCEPTED)


_ARRIVED = ReceiptFlags.DELIVERED | ReceiptFlags.READ

# Refusals that another moment would not have brought. The others (this number, this text, this
# network) the same call would have met a moment earlier as well, so nothing of it was taken.
_OF_THE_MOMENT = {Fault.BUSY: Effect.SLOW, Fault.ACCOUNT: Effect.PAUSE, Fault.LATER: Effect.NONE}


def backoff(tries: int, seed: str = "", *, first: float = 2.0, most: float = 900.0) -> timedelta:
    """Doubling wait with jitter in [½, 1]; the jitter comes from `seed`, so tests can know it."""
    full = min(most, first * 2.0 ** max(0, min(tries - 1, 30)))
    jitter = hashlib.blake2b(f"{seed}:{tries}".encode(), digest_size=4).digest()
    return timedelta(seconds=full * (0.5 + int.from_bytes(jitter, "big") / 2**33))


def weights_now(
    weights: Sequence[tuple[str, int]], health: Mapping[str, int], shut: Collection[str] = ()
) -> dict[str, int]:
    """How the gateways of a step share it now, in per mille of the whole weight.

    `health`: per cent of its weight a gateway deserves (100 when nothing is known); `shut` takes
    nothing. What the others do not carry falls to the reserves (weight 0). Nobody left: all zero.
    """
    total = sum(w for _, w in weights)
    found = {
        name: 0 if name in shut else 1000 * weight * health.get(name, 100) // (total * 100)
        for name, weight in weights
        if weight
    }
    reserves = [name for name, weight in weights if not weight and name not in shut]
    missing = 1000 - sum(found.values())
    for index, name in enumerate(reserves):
        found[name] = missing // len(reserves) + (index < missing % len(reserves))
    return {name: found.get(name, 0) for name, _ in weights}


def opening(opens: Opens, now: datetime) -> datetime:
    """The moment a gateway takes messages again, in UTC."""
    local = now.astimezone(HANOI)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match opens:
        case Opens.MORNING:
            at = midnight + timedelta(hours=6 if local.hour < 6 else 30)
        case Opens.TOMORROW:
            at = midnight + timedelta(days=1)
        case Opens.NEXT_MONTH:
            at = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
        case _:
            assert_never(opens)
    return at.astimezone(UTC)


def gathering(now: datetime, *, again: bool = False) -> datetime:
    """When messages too few for a call are looked at once more: all of them at one moment, the next
    full minute, later the next full ten."""
    span = timedelta(minutes=10 if again else 1)
    return now + span - (now - datetime.min.replace(tzinfo=UTC)) % span


def settle(
    standing: MessageContext, fault: Fault | None, retry_after: timedelta | None, now: datetime
) -> Decision:
    """An answer came: `fault` None is acceptance. Total over every fault and standing."""
    if standing.heard & _ARRIVED:
        return Decision(_received(standing.heard | standing.reached), AttemptState.ACCEPTED)
    if standing.reached and fault is not None and not standing.heard & ReceiptFlags.ACCEPTED:
        # they have it, and of this attempt we know what its answer says
        doubtful = fault is Fault.UNKNOWN or (standing.repeat and fault in _OF_THE_MOMENT)
        attempt = AttemptState.UNCONFIRMED if doubtful else AttemptState.REFUSED
        return Decision(_received(standing.reached), attempt)
    if standing.reached:
        return Decision(_received(standing.reached), AttemptState.ACCEPTED)
    if (
        fault is not None
        and standing.heard & ReceiptFlags.ACCEPTED
        and not standing.heard & ReceiptFlags.FAILED
    ):
        return Decision(_best(M.ACCEPTED, standing.earlier), AttemptState.ACCEPTED)
    if standing.repeat and fault in _OF_THE_MOMENT:
        # it says nothing of the call before, which may have been taken: the doubt stays
        kept = in_doubt(standing, now)
        due_at = kept.due_at and max(kept.due_at, now + (retry_after or timedelta()))
        return replace(kept, due_at=due_at, effect=_OF_THE_MOMENT[fault])
    match fault:
        case None:
            if standing.heard & ReceiptFlags.FAILED:  # the network's no overtook the gateway's yes
                return _go_on(standing, AttemptState.ACCEPTED, now)
            return Decision(_best(M.ACCEPTED, standing.earlier), AttemptState.ACCEPTED)
        case Fault.BUSY:
            wait = min(retry_after or backoff(standing.tries, standing.seed), RETRY_AFTER_CAP)
            return _again(standing, AttemptState.REFUSED, now + wait, now, Effect.SLOW)
        case Fault.ACCOUNT:
            return _again(standing, AttemptState.REFUSED, now, now, Effect.PAUSE)
        case Fault.LATER:
            return _later(standing, now, retry_after)
        case Fault.RECIPIENT | Fault.CARRIER | Fault.CONTENT if standing.can_be_split:
            # a word about a whole call is no fact about its numbers: again, in smaller calls
            again = _again(standing, AttemptState.REFUSED, now, now, Effect.NONE)
            return replace(again, split=again.message is M.QUEUED)
        case Fault.RECIPIENT:
            return _go_on(standing, AttemptState.REFUSED, now)
        case Fault.CARRIER:
            if standing.has_next_gateway:
                return replace(
                    _again(standing, AttemptState.REFUSED, now, now, Effect.NONE),
                    move=Move.NEXT_GATEWAY,
                )
            return _go_on(standing, AttemptState.REFUSED, now, step=True)
        case Fault.CONTENT:
            return Decision(_best(M.FAILED, standing.earlier), AttemptState.REFUSED)
        case Fault.UNKNOWN:
            return in_doubt(standing, now)
        case _:
            assert_never(fault)


def _later(standing: MessageContext, now: datetime, wait: timedelta | None) -> Decision:
    """The vendor's night or quota: another gateway, the next step where the route or the time say
    so, else waiting until it opens."""
    opens_at = now + max(wait or timedelta(minutes=15), timedelta(seconds=1))
    if standing.has_next_gateway:
        elsewhere = _again(standing, AttemptState.REFUSED, now, now, Effect.CLOSE)
        return replace(elsewhere, move=Move.NEXT_GATEWAY, opens_at=opens_at)
    too_late = opens_at >= standing.expires_at
    if standing.has_next_step and (standing.later_goes_on or too_late):
        return _go_on(standing, AttemptState.REFUSED, now, step=True)
    waiting = _again(standing, AttemptState.REFUSED, opens_at, now, Effect.CLOSE)
    return replace(waiting, opens_at=opens_at)


def remembered_until(first_asked_at: datetime, window: timedelta) -> datetime:
    """Until when a call may be repeated at a gateway that remembers it for `window`.

    A repeat decided just before still has to wait for its turn and to arrive.
    """
    return first_asked_at + window - max(window / 10, LEAVE_WITHIN + LONGEST_CALL)


def in_doubt(standing: MessageContext, now: datetime) -> Decision:
    """No readable answer, or the worker died with the call open. Never blindly again."""
    if standing.heard & _ARRIVED:
        return Decision(_received(standing.heard | standing.reached), AttemptState.ACCEPTED)
    if standing.reached:
        return settle(standing, Fault.UNKNOWN, None, now)
    if standing.heard & ReceiptFlags.FAILED:
        return _go_on(standing, AttemptState.ACCEPTED, now)
    if standing.heard & ReceiptFlags.ACCEPTED:
        return Decision(_best(M.ACCEPTED, standing.earlier), AttemptState.ACCEPTED)
    if standing.stopped or standing.expires_at <= now:  # asking again could make it leave
        state = _best(M.UNCONFIRMED, standing.earlier)
        return Decision(state, AttemptState.UNCONFIRMED, effect=Effect.DOUBT)
    doubt = standing.doubt
    if doubt.dedup_window is not None:
        again = now + backoff(standing.tries, standing.seed, first=0.5, most=60)
        if again < remembered_until(standing.first_asked_at, doubt.dedup_window):
            return Decision(M.SENDING, AttemptState.DOUBTFUL, due_at=again, effect=Effect.DOUBT)
    if doubt.settle is not None:
        at = now + doubt.settle  # its bytes may have left just now, long after the intent
        return Decision(M.SENDING, AttemptState.DOUBTFUL, due_at=at, effect=Effect.DOUBT)
    if standing.rather_twice:
        again = now + backoff(standing.tries, standing.seed)
        return _again(standing, AttemptState.UNCONFIRMED, again, now, Effect.DOUBT)
    return Decision(
        _best(M.UNCONFIRMED, standing.earlier), AttemptState.UNCONFIRMED, effect=Effect.DOUBT
    )


def looked_up(standing: MessageContext, found: bool | None, now: datetime) -> Decision:
    """A look-up answered after the settling time: True there, False not there, None unreadable."""
    if found:
        return settle(standing, None, None, now)
    if found is None:
        if (
            standing.expires_at <= now or standing.heard | standing.reached
        ):  # its time is over: a doubt with a name
            return replace(in_doubt(standing, now), due_at=now)
        again = now + backoff(standing.tries, standing.seed)
        return Decision(M.SENDING, AttemptState.DOUBTFUL, due_at=again, effect=Effect.SLOW)
    if standing.heard:
        return in_doubt(standing, now)
    if standing.reached:
        return Decision(_received(standing.reached), AttemptState.REFUSED)
    return _again(standing, AttemptState.REFUSED, now, now, Effect.NONE)


def receipt(
    message: MessageState,
    heard: ReceiptFlags,
    *,
    current: bool,
    leased: bool,
    standing: MessageContext,
    now: datetime,
) -> Decision | None:
    """Receipts of one attempt add up to `heard`. None: the message row stays as it is.

    `current`: no newer attempt was taken or is open, at this place or a later one: a late no for an
    older attempt says nothing of the newer. `leased`: a worker holds it on the wire now; its own
    settle will take the receipt into account.
    """
    if message is M.READ or (message is M.SENDING and leased):
        return None
    if heard & _ARRIVED:
        state = _received(heard)
        if state is message or (message is M.DELIVERED and state is not M.READ):
            return None
        return Decision(state, AttemptState.ACCEPTED)
    if message is M.DELIVERED or not current:
        return None
    if standing.reached:
        return Decision(_received(standing.reached), AttemptState.ACCEPTED)
    if message in (M.ACCEPTED, M.UNCONFIRMED, M.SENDING):
        if heard & ReceiptFlags.FAILED:
            return _go_on(standing, AttemptState.ACCEPTED, now)
        if heard & ReceiptFlags.ACCEPTED and message is not M.ACCEPTED:
            return Decision(_best(M.ACCEPTED, standing.earlier), AttemptState.ACCEPTED)
    return None


def deadline(standing: MessageContext, now: datetime) -> Decision:
    """Accepted, no word in time: the next step, if there is one and there is still time."""
    if standing.reached:
        return Decision(_received(standing.reached), AttemptState.ACCEPTED)
    if standing.has_next_step and now < standing.expires_at:
        return Decision(M.QUEUED, AttemptState.ACCEPTED, Move.NEXT_STEP, now)
    return Decision(M.ACCEPTED, AttemptState.ACCEPTED)


def withdrawn(earlier: MessageState | None) -> MessageState:
    """What a message is that may not leave any more: skipped, or what an earlier attempt is."""
    return _best(M.SKIPPED, earlier)


def best_of_others(
    others: Sequence[tuple[str, str, int]], reference: str | None = None
) -> MessageState | None:
    """The best that attempts of a message but `reference` reached; None: nothing was taken.

    `others`: (reference, state, heard). One the network said no to counts for nothing.
    """
    if reached := reached_by_others(others, reference):
        return _received(reached)
    best: MessageState | None = None
    for other, state, bits in others:
        if other == reference or ReceiptFlags(bits) & ReceiptFlags.FAILED:
            continue
        if state == AttemptState.ACCEPTED:
            return M.ACCEPTED
        if state in (AttemptState.UNCONFIRMED, AttemptState.DOUBTFUL):
            best = M.UNCONFIRMED
    return best


def reached_by_others(
    others: Sequence[tuple[str, str, int]], reference: str | None = None
) -> ReceiptFlags:
    """What says that attempts of a message but `reference` were delivered or read.

    `others`: as for `best_of_others`.
    """
    found = ReceiptFlags.NOTHING
    for other, _, bits in others:
        if other != reference:
            found |= ReceiptFlags(bits) & _ARRIVED
    return found


def _received(heard: ReceiptFlags) -> MessageState:
    return M.READ if heard & ReceiptFlags.READ else M.DELIVERED


def _again(
    standing: MessageContext, attempt: AttemptState, due_at: datetime, now: datetime, effect: Effect
) -> Decision:
    """The same target once more, unless its time is over: never late."""
    if standing.stopped:
        return Decision(_best(M.CANCELLED, standing.earlier), attempt, effect=effect)
    if standing.expires_at <= now:
        return Decision(_best(M.EXPIRED, standing.earlier), attempt, effect=effect)
    return Decision(M.QUEUED, attempt, due_at=due_at, effect=effect)


def _go_on(
    standing: MessageContext, attempt: AttemptState, now: datetime, *, step: bool = False
) -> Decision:
    """This way is closed: the next number or step while there is time, else the end."""
    possible = standing.has_next_step if step else standing.has_next_target
    if not possible or standing.stopped or standing.expires_at <= now:
        return Decision(_best(M.FAILED, standing.earlier), attempt)
    return Decision(M.QUEUED, attempt, Move.NEXT_STEP if step else Move.NEXT_TARGET, now)


_RANK = (
    M.SKIPPED,
    M.EXPIRED,
    M.CANCELLED,
    M.FAILED,
    M.UNCONFIRMED,
    M.ACCEPTED,
    M.DELIVERED,
    M.READ,
)


def _best(state: MessageState, earlier: MessageState | None) -> MessageState:
    """The message is what the best of its attempts is."""
    if earlier is None or earlier not in _RANK:
        return state
    return max(state, earlier, key=_RANK.index)
