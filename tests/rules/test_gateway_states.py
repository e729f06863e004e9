"""How a gateway is: one rule from facts, what is said of it by its age, what a worker hears."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from conftest import NINE

from dispatcher.config.pace import Pace
from dispatcher.domain import outages
from dispatcher.domain.model import Fault
from dispatcher.domain.outages import Attendance, Health, Level, Noted, Sign, State
from dispatcher.gateways.contract import Limits, NoAnswer, Refused, http_trouble
from dispatcher.worker.sending.gateway_queue import GatewayQueue
from dispatcher.worker.sending.health_tracker import (
    CALM,
    IN_A_ROW,
    QUIET,
    TOO_LATE,
    HealthTracker,
)

SOON, LATER = NINE + timedelta(seconds=5), NINE + timedelta(minutes=20)


@pytest.mark.parametrize(
    "facts, state, since",
    [
        (Noted(), State.UNKNOWN, None),
        (Noted(heard="ok", heard_at=NINE), State.OK, NINE),
        (Noted(heard="unreachable", heard_at=NINE), State.UNREACHABLE, NINE),
        (Noted(heard="throttled", heard_at=NINE), State.THROTTLED, NINE),
        (Noted(heard="unreadable", heard_at=NINE), State.UNREADABLE, NINE),
        (Noted(SOON, "person", "", "unreachable", NINE), State.PAUSED, SOON),
        (Noted(SOON, "account", "103", "ok", NINE), State.ACCOUNT, SOON),
        (Noted(sign_in="reconsent_required", signed_in_until=NINE), State.ACCOUNT, NINE),
        (Noted(sign_in="reconsent_required", signed_in_until=LATER), State.UNKNOWN, None),
    ],
)
def test_a_pause_wins_then_an_account_nobody_can_use_then_what_was_heard(facts, state, since):
    found = outages.health_of("esms", facts, SOON)
    assert (found.state, found.since) == (state, since)


@pytest.mark.parametrize(
    "state, soon, later",
    [
        (State.OK, Level.OK, Level.OK),
        (State.UNKNOWN, Level.OK, Level.OK),
        (State.PAUSED, Level.WARN, Level.WARN),
        (State.THROTTLED, Level.WARN, Level.ALARM),
        (State.UNREACHABLE, Level.ALARM, Level.ALARM),
        (State.UNREADABLE, Level.ALARM, Level.ALARM),
        (State.ACCOUNT, Level.ALARM, Level.ALARM),
    ],
)
def test_a_busy_gateway_becomes_an_alarm_with_time_the_others_are_one_at_once(state, soon, later):
    health = Health("esms", state, NINE)
    assert (outages.level(health, SOON), outages.level(health, LATER)) == (soon, later)
    assert outages.stops(health, LATER) is (state not in (State.OK, State.UNKNOWN))


def test_nothing_to_do_is_said_only_of_what_passes_by_itself():
    for state in State:
        for now in (SOON, LATER):
            health = Health("esms", state, NINE, outages.NO_NAME if state == "unreachable" else "")
            said = outages.alarm_sentence(health, outages.remedy(health, now))
            passes = state is State.THROTTLED and now is SOON
            assert ("phải làm gì" in said.vi) is passes, said
            assert ("nothing yet" in said.en) is passes, said
    unknown_host = Health("esms", State.UNREACHABLE, NINE, outages.NO_NAME)
    assert "không có máy chủ tên này" in outages.described(unknown_host).vi
    assert "base_url" in outages.remedy(unknown_host, SOON).vi


def test_staff_are_told_of_what_lasts_and_of_an_account_at_once():
    told = {s: (outages.is_told(Health("esms", s, NINE), SOON),
                outages.is_told(Health("esms", s, NINE), LATER)) for s in State}  # fmt: skip
    assert told == {
        State.OK: (False, False), State.UNKNOWN: (False, False), State.PAUSED: (False, False),
        State.ACCOUNT: (True, True), State.UNREACHABLE: (False, True),
        State.UNREADABLE: (False, True), State.THROTTLED: (False, True),
    }  # fmt: skip


# --- what a worker hears ------------------------------------------------------------------------

GONE = http_trouble(NoAnswer(False, outages.NO_NAME))
BUSY, GARBAGE = Refused(Fault.BUSY, "429"), Refused(Fault.UNKNOWN, "200")


def at(seconds):
    return NINE + timedelta(seconds=seconds)


def heard(*calls):
    """A gateway after these calls: (second, what it said or None for a plain acceptance)."""
    health_tracker = HealthTracker()
    for second, send_result in calls:
        health_tracker.hear(at(second), at(second), [] if send_result is None else [send_result])
    return health_tracker


def test_a_connection_that_was_never_made_is_told_from_a_gateway_that_is_busy():
    assert heard((0, GONE)).to_write(at(0), False) == ("unreachable", NINE, outages.NO_NAME)
    assert heard((0, BUSY)).to_write(at(0), False) == ("throttled", NINE, "429")


def test_one_refusal_among_good_answers_says_nothing_several_in_a_row_do():
    assert heard((0, None), (1, BUSY), (2, None)).state is State.OK
    some = heard((0, None), *((1 + i, BUSY) for i in range(IN_A_ROW)))
    assert (some.state, some.since) == (State.THROTTLED, at(1))
    assert heard((0, None), (QUIET.seconds + 1, BUSY)).state is State.THROTTLED


def test_one_lost_answer_is_no_outage():
    assert heard((0, GARBAGE)).state is None
    assert heard(*((i, GARBAGE) for i in range(IN_A_ROW))).state is State.UNREADABLE
    assert heard((0, None), *((1 + i, GARBAGE) for i in range(IN_A_ROW))).state is State.OK
    assert heard((0, None), *((1 + i, GARBAGE) for i in range(5))).state is State.UNREADABLE


def test_a_good_answer_ends_a_trouble_unless_it_was_asked_before():
    health_tracker = heard((5, GONE))
    health_tracker.hear(at(4), at(6), [])
    assert health_tracker.state is State.UNREACHABLE
    health_tracker.hear(at(7), at(8), [Refused(Fault.RECIPIENT, "104")])
    assert (health_tracker.state, health_tracker.since) == (State.OK, at(8))


def test_what_says_nothing_of_the_gateway_changes_nothing():
    health_tracker = heard((0, GONE))
    for send_result in (Refused(Fault.ACCOUNT, "101"), Refused(Fault.BUSY, TOO_LATE)):
        health_tracker.hear(at(1), at(1), [send_result])
        assert health_tracker.state is State.UNREACHABLE


def test_a_gateway_that_says_yes_and_no_in_turn_does_not_fill_the_trail():
    health_tracker = heard((0, None))
    assert health_tracker.to_write(at(0), False) == ("ok", NINE, "")
    for second in (1, 2, 3):
        health_tracker.hear(at(second), at(second), [GONE])
    assert health_tracker.to_write(at(3), False) is None
    assert health_tracker.to_write(at(3), True) == ("unreachable", at(1), outages.NO_NAME)
    health_tracker.hear(at(4), at(4), [])
    assert health_tracker.to_write(at(4), False) is None
    assert health_tracker.to_write(at(3) + CALM, False) == ("ok", at(4), "")
    assert health_tracker.to_write(at(99), True) is None, "nothing has changed since"


def test_after_somebody_else_wrote_only_what_comes_later_counts():
    health_tracker = heard((0, GONE))
    health_tracker.to_write(at(0), False)
    health_tracker.see("unreachable")
    assert health_tracker.state is State.UNREACHABLE, "what it wrote itself"
    health_tracker.see(None)
    assert health_tracker.to_write(at(60), True) is None
    health_tracker.hear(at(61), at(61), [GONE])
    assert health_tracker.to_write(at(61), True) == ("unreachable", NINE, outages.NO_NAME)


def test_what_a_failed_commit_did_not_keep_is_written_again():
    queue = GatewayQueue(SimpleNamespace(name="g", limits=Limits()), Pace(), 1)
    before = queue.learnt
    queue.health_tracker.hear(NINE, NINE, [GONE])
    assert queue.health_tracker.to_write(NINE, False) is not None
    queue.learnt = before
    assert (queue.health_tracker.in_a_row, queue.health_tracker.written) == (0, None)
    queue.health_tracker.hear(NINE, NINE, [GONE])
    assert queue.health_tracker.to_write(NINE, False) == ("unreachable", NINE, outages.NO_NAME)


# --- does anybody send? -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signs, found",
    [
        ([], Attendance.NOBODY),
        ([Sign(True, SOON, SOON)], Attendance.SENDS),
        ([Sign(True, SOON, None)], Attendance.SENDS),  # a release that says nothing of its loop
        ([Sign(False, SOON, SOON)], Attendance.NOBODY),  # killed: its lock is free
        ([Sign(True, NINE - timedelta(minutes=5), NINE)], Attendance.NOBODY),  # frozen
        ([Sign(True, SOON, NINE - timedelta(minutes=5))], Attendance.STANDS),
        ([Sign(False, SOON, SOON), Sign(True, SOON, SOON)], Attendance.SENDS),
    ],
)
def test_a_worker_counts_while_it_lives_and_its_loop_turns(signs, found):
    assert outages.attendance(signs, SOON) is found
    idle, due = outages.work(signs, None, SOON), outages.work(signs, NINE, SOON)
    assert idle.since is None
    fine = found is Attendance.SENDS
    assert due.level is (Level.OK if fine else Level.ALARM)
    assert (due.since is None) is fine
    assert bool(outages.work_sentence(due).vi) is not fine


def test_the_alarm_counts_from_the_last_sign_or_from_when_something_became_due():
    died = Sign(False, NINE, NINE)
    assert outages.work([died], SOON, LATER).since == SOON
    assert outages.work([died], NINE - timedelta(hours=1), LATER).since == NINE
