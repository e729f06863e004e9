"""The table of a message's life, tried in every combination."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest

from dispatcher.domain import lifecycle
from dispatcher.domain.lifecycle import (
    BROADCAST_MOVES,
    MOVES,
    Decision,
    Doubt,
    Effect,
    MessageContext,
    Move,
)
from dispatcher.domain.model import (
    AttemptState,
    BroadcastState,
    Fault,
    MessageState,
    Opens,
    ReceiptFlags,
)

NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DOUBTS = (Doubt(), Doubt(dedup_window=timedelta(hours=24)), Doubt(settle=timedelta(minutes=10)))
M = MessageState


def standings():
    """Every standing that makes a difference."""
    for doubt, target, step, other, later, twice, stopped, earlier, heard, expired in product(
        DOUBTS, (False, True), (False, True), (False, True), (False, True), (False, True),
        (False, True),
        (None, M.ACCEPTED), (ReceiptFlags.NOTHING, ReceiptFlags.FAILED, ReceiptFlags.DELIVERED), (False, True),
    ):  # fmt: skip
        if step and not target:
            continue  # the next step's first target is a next target too
        yield MessageContext(
            first_asked_at=NOW - timedelta(minutes=1), expires_at=NOW + (-HOUR if expired else HOUR),
            doubt=doubt, has_next_target=target, has_next_step=step,
            has_next_gateway=other, later_goes_on=later, rather_twice=twice, stopped=stopped, earlier=earlier, heard=heard,
        )  # fmt: skip


def test_every_answer_in_every_standing_follows_an_allowed_arrow():
    seen = set()
    for standing, fault in product(standings(), (None, *Fault)):
        decision = lifecycle.settle(standing, fault, None, NOW)
        assert decision.message in MOVES[M.SENDING], (standing, fault, decision)
        if decision.message is M.QUEUED:
            assert decision.due_at is not None
            assert not standing.stopped, "nothing may leave after stop"
            assert standing.expires_at > NOW, "never late"
        if decision.move is Move.NEXT_STEP:
            assert standing.has_next_step
        if decision.move is Move.NEXT_TARGET:
            assert standing.has_next_target
        if decision.move is Move.NEXT_GATEWAY:
            assert standing.has_next_gateway
            assert fault in (Fault.CARRIER, Fault.LATER), "only for what was never handed over"
        seen.add((fault, decision.message))
    assert {fault for fault, _ in seen} == {None, *Fault}


def test_a_doubt_is_never_queued_again_unless_rather_twice_was_approved():
    for standing in standings():
        if standing.rather_twice or standing.heard & ReceiptFlags.FAILED:
            continue
        decision = lifecycle.settle(standing, Fault.UNKNOWN, None, NOW)
        assert decision.message is not M.QUEUED
        assert decision.move is Move.STAY, "a doubt never fails over"


def test_a_doubt_is_asked_again_only_inside_the_window_of_a_gateway_that_remembers():
    remembers = Doubt(dedup_window=timedelta(hours=24))
    fresh = MessageContext(NOW, NOW + 30 * HOUR, doubt=remembers)
    decision = lifecycle.in_doubt(fresh, NOW)
    assert (decision.message, decision.attempt) == (M.SENDING, AttemptState.DOUBTFUL)
    late = lifecycle.in_doubt(fresh, NOW + timedelta(hours=22))
    assert (late.message, late.attempt) == (M.UNCONFIRMED, AttemptState.UNCONFIRMED)


@pytest.mark.parametrize(
    "window, last",  # seconds; the repeat waits 30 for its turn and 25 for its bytes
    [(86_400, 77_760), (600, 540), (300, 245), (120, 65), (55, 0), (10, 0)],
)
def test_a_repeat_still_arrives_inside_the_memory_however_short_that_is(window, last):
    remembers = Doubt(dedup_window=timedelta(seconds=window))
    standing = MessageContext(NOW, NOW + 30 * HOUR, doubt=remembers, seed="x")
    asked_again = [
        decided
        for decided in range(0, window, max(1, window // 600))
        if lifecycle.in_doubt(standing, NOW + timedelta(seconds=decided)).message is M.SENDING
    ]
    assert not [s for s in asked_again if s >= last]
    assert not last or max(asked_again) >= last - max(2, window // 600)
    ends = lifecycle.remembered_until(NOW, timedelta(seconds=window)) - NOW
    assert max(timedelta(), ends) == timedelta(seconds=last)


def test_a_call_that_left_long_after_its_intent_is_looked_up_after_the_settling_time_all_the_same():
    standing = MessageContext(NOW, NOW + HOUR, doubt=Doubt(settle=timedelta(seconds=2)))
    broke = NOW + timedelta(seconds=30)
    assert lifecycle.in_doubt(standing, broke).due_at == broke + timedelta(seconds=2)


@pytest.mark.parametrize("doubt", DOUBTS)
def test_whoever_has_it_by_an_earlier_attempt_has_it_and_the_later_one_is_what_it_was_answered(
    doubt,
):
    standing = MessageContext(
        NOW, NOW + HOUR, doubt=doubt, has_next_target=True, reached=ReceiptFlags.READ
    )
    for fault in (None, *Fault):
        decision = lifecycle.settle(standing, fault, None, NOW)
        known = {None: AttemptState.ACCEPTED, Fault.UNKNOWN: AttemptState.UNCONFIRMED}
        assert decision.attempt is known.get(fault, AttemptState.REFUSED), fault
        assert (decision.message, decision.due_at) == (M.READ, None)
    again = lifecycle.settle(replace(standing, repeat=True), Fault.BUSY, None, NOW)
    assert (again.message, again.attempt) == (M.READ, AttemptState.UNCONFIRMED)
    for found, attempt in (True, "accepted"), (None, "unconfirmed"), (False, "refused"):
        looked = lifecycle.looked_up(standing, found, NOW)
        assert (looked.message, looked.attempt) == (M.READ, attempt)


def test_a_look_up_says_no_only_after_the_settling_time():
    standing = MessageContext(NOW, NOW + HOUR, doubt=Doubt(settle=timedelta(minutes=10)))
    assert lifecycle.in_doubt(standing, NOW).due_at == NOW + timedelta(minutes=10)
    assert lifecycle.looked_up(standing, True, NOW).message is M.ACCEPTED
    assert lifecycle.looked_up(standing, False, NOW).message is M.QUEUED
    assert lifecycle.looked_up(standing, None, NOW).message is M.SENDING


@pytest.mark.parametrize(
    "fault, message, move, effect",
    [
        (None, M.ACCEPTED, Move.STAY, Effect.NONE),
        (Fault.BUSY, M.QUEUED, Move.STAY, Effect.SLOW),
        (Fault.UNKNOWN, M.UNCONFIRMED, Move.STAY, Effect.DOUBT),
        (Fault.RECIPIENT, M.QUEUED, Move.NEXT_TARGET, Effect.NONE),
        (Fault.CARRIER, M.QUEUED, Move.NEXT_STEP, Effect.NONE),
        (Fault.CONTENT, M.FAILED, Move.STAY, Effect.NONE),
        (Fault.ACCOUNT, M.QUEUED, Move.STAY, Effect.PAUSE),
        (Fault.LATER, M.QUEUED, Move.STAY, Effect.CLOSE),
    ],
)
def test_each_fault_has_the_consequence_its_name_says(fault, message, move, effect):
    standing = MessageContext(NOW, NOW + HOUR, has_next_target=True, has_next_step=True)
    decision = lifecycle.settle(standing, fault, None, NOW)
    assert (decision.message, decision.move, decision.effect) == (message, move, effect)


def test_every_order_of_receipts_gives_the_same_end():
    events = [
        ReceiptFlags.ACCEPTED,
        ReceiptFlags.FAILED,
        ReceiptFlags.DELIVERED,
        ReceiptFlags.READ,
        ReceiptFlags.DELIVERED,
    ]
    for size in range(1, len(events) + 1):
        ends = {}
        for order in permutations(events, size):
            heard = ReceiptFlags.NOTHING
            for event in order:
                heard |= event
            ends.setdefault(frozenset(order), set()).add((heard, heard.contradicts))
        assert all(len(found) == 1 for found in ends.values())


def test_every_receipt_in_every_state_follows_an_allowed_arrow_and_delivered_stays():
    for message, bits, current, leased, standing in product(
        M, range(16), (False, True), (False, True), list(standings())[::37]
    ):
        found = lifecycle.receipt(
            message, ReceiptFlags(bits), current=current, leased=leased, standing=standing, now=NOW
        )
        if found is None:
            continue
        assert found.message in MOVES[message], (message, bits, found)
        if message in (M.DELIVERED, M.READ):
            assert found.message in (M.DELIVERED, M.READ)
        if bits & (ReceiptFlags.DELIVERED | ReceiptFlags.READ):
            assert found.message in (M.DELIVERED, M.READ)


def test_a_receipt_that_overtakes_the_answer_waits_for_the_worker_that_holds_the_row():
    standing = MessageContext(NOW, NOW + HOUR, heard=ReceiptFlags.DELIVERED)
    early = lifecycle.receipt(
        M.SENDING, ReceiptFlags.DELIVERED, current=True, leased=True, standing=standing, now=NOW
    )
    assert early is None
    assert lifecycle.settle(standing, None, None, NOW).message is M.DELIVERED
    assert lifecycle.settle(standing, Fault.UNKNOWN, None, NOW).message is M.DELIVERED


def test_a_deadline_goes_to_the_next_step_while_there_is_time():
    silent = MessageContext(NOW, NOW + HOUR, has_next_step=True)
    assert lifecycle.deadline(silent, NOW) == Decision(
        M.QUEUED, AttemptState.ACCEPTED, Move.NEXT_STEP, NOW
    )
    assert lifecycle.deadline(silent, NOW + 2 * HOUR).message is M.ACCEPTED


def test_backoff_doubles_stays_within_its_bounds_and_needs_no_dice():
    for tries in range(1, 40):
        wait = lifecycle.backoff(tries, "m1")
        assert timedelta(seconds=1) <= wait <= timedelta(seconds=900)
        assert wait == lifecycle.backoff(tries, "m1")
    assert lifecycle.backoff(3, "a") != lifecycle.backoff(3, "b")


def test_every_state_has_its_row_and_ended_broadcasts_stay_ended():
    assert set(MOVES) == set(MessageState)
    assert set(BROADCAST_MOVES) == set(BroadcastState)
    for over in (BroadcastState.STOPPED, BroadcastState.EXPIRED, BroadcastState.REJECTED):
        assert not BROADCAST_MOVES[over]


@pytest.mark.parametrize(
    "opens, at, until",
    [
        (Opens.MORNING, "2026-12-01T23:30+07:00", "2026-12-02T06:00+07:00"),
        (Opens.MORNING, "2026-12-02T02:00+07:00", "2026-12-02T06:00+07:00"),
        (Opens.TOMORROW, "2026-12-31T23:59+07:00", "2027-01-01T00:00+07:00"),
        (Opens.TOMORROW, "2026-12-01T00:00+07:00", "2026-12-02T00:00+07:00"),
        (Opens.NEXT_MONTH, "2026-12-31T10:00+07:00", "2027-01-01T00:00+07:00"),
        (Opens.NEXT_MONTH, "2027-01-31T10:00+07:00", "2027-02-01T00:00+07:00"),
    ],
)
def test_a_vendor_that_says_why_but_not_until_when_opens_at_the_next_such_hour(opens, at, until):
    found = lifecycle.opening(opens, datetime.fromisoformat(at).astimezone(UTC))
    assert found == datetime.fromisoformat(until)


def test_what_opens_after_the_expiry_goes_on_to_the_next_step_where_there_is_one():
    waits = timedelta(hours=2)
    with_step = MessageContext(NOW, NOW + HOUR, has_next_target=True, has_next_step=True)
    assert lifecycle.settle(with_step, Fault.LATER, waits, NOW).move is Move.NEXT_STEP
    alone = lifecycle.settle(MessageContext(NOW, NOW + HOUR), Fault.LATER, waits, NOW)
    assert (alone.message, alone.due_at) == (M.QUEUED, NOW + waits)


def test_a_refusal_of_the_moment_to_a_repeat_never_ends_the_doubt_about_the_first_call():
    for standing, fault in product(standings(), (Fault.BUSY, Fault.ACCOUNT, Fault.LATER)):
        if standing.rather_twice or standing.heard:
            continue
        repeat = replace(standing, repeat=True)
        decision = lifecycle.settle(repeat, fault, timedelta(minutes=3), NOW)
        assert decision.message is not M.QUEUED, "a new reference could text a person twice"
        assert decision.attempt in (AttemptState.DOUBTFUL, AttemptState.UNCONFIRMED)
        assert decision.move is Move.STAY
        if decision.due_at is not None:
            assert decision.due_at >= NOW + timedelta(minutes=3), "as the vendor asked"


def test_what_is_known_to_be_accepted_is_never_sent_again_whatever_a_repeat_answers():
    for standing, fault in product(standings(), Fault):
        if standing.heard & ReceiptFlags.FAILED:
            continue
        proved = replace(standing, heard=standing.heard | ReceiptFlags.ACCEPTED, repeat=True)
        decision = lifecycle.settle(proved, fault, None, NOW)
        assert decision.attempt is AttemptState.ACCEPTED
        assert decision.message in (M.ACCEPTED, M.DELIVERED)


def test_another_gateway_of_the_step_comes_before_the_next_step():
    ways = {"has_next_gateway": True, "has_next_step": True, "has_next_target": True}
    standing = MessageContext(NOW, NOW + HOUR, **ways)
    assert lifecycle.settle(standing, Fault.CARRIER, None, NOW).move is Move.NEXT_GATEWAY
    closed = lifecycle.settle(standing, Fault.LATER, HOUR, NOW)
    assert (closed.move, closed.opens_at) == (Move.NEXT_GATEWAY, NOW + HOUR)
    assert lifecycle.settle(standing, Fault.RECIPIENT, None, NOW).move is Move.NEXT_TARGET
