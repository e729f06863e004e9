"""How one worker treats a gateway by its answers; how gateways of a step share it. Pure."""

import itertools
from datetime import timedelta
from types import SimpleNamespace

import pytest
from conftest import NINE
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.config.pace import Pace
from dispatcher.domain.lifecycle import weights_now
from dispatcher.gateways.contract import Limits
from dispatcher.worker.sending.gateway_queue import (
    REPEATS,
    TROUBLED,
    GatewayCall,
    GatewayQueue,
    spread,
)


def queue(in_flight=16, **limits):
    gateway = SimpleNamespace(name="g", limits=Limits(**limits))
    return GatewayQueue(gateway, Pace(in_flight=in_flight), in_flight)


def test_a_gateway_out_of_breath_gets_half_as_many_calls_once_a_round():
    ours, now = queue(), NINE
    for _ in range(8):  # one round of calls, all asked at the same moment
        ours.was_busy(now, now + timedelta(seconds=1), timedelta(seconds=2))
    assert ours.threshold == 8
    assert ours.room(now + timedelta(seconds=2)) == 0, "not before the vendor said so"
    assert ours.room(now + timedelta(seconds=4)) == 1, "three in a row: one probe"


def test_a_single_refusal_slows_down_without_stopping():
    ours = queue()
    ours.was_busy(NINE, NINE + timedelta(seconds=1), None)
    assert ours.room(NINE + timedelta(seconds=1)) == 8


def test_after_a_breakdown_the_pace_comes_back_step_by_step_without_a_herd():
    ours, now = queue(64), NINE
    for _ in range(TROUBLED + 5):
        ours.was_busy(now, now, None)
    waits = ours.hold_until - now
    assert timedelta(seconds=1) < waits <= timedelta(seconds=60)
    later = ours.hold_until + timedelta(seconds=1)
    assert ours.room(later) == 1
    rooms = []
    for _ in range(400):
        ours.went_well(later)
        rooms.append(ours.room(later))
    steps = [b - a for a, b in itertools.pairwise(rooms)]
    assert max(steps) <= 1
    assert rooms[-1] > 30
    assert rooms[0] == 2


def test_an_answer_from_before_the_trouble_does_not_end_it():
    ours = queue()
    for _ in range(TROUBLED):
        ours.was_busy(NINE, NINE + timedelta(seconds=5), timedelta(seconds=30))
    ours.went_well(NINE)
    assert ours.room(NINE + timedelta(seconds=6)) == 0


def test_five_unreadable_answers_leave_one_probe_later_and_later():
    ours, waits = queue(), []
    for _ in range(9):
        ours.was_unreadable(NINE)
        waits.append(ours.hold_until and (ours.hold_until - NINE).total_seconds())
    assert waits[:4] == [None] * 4
    assert waits[8] > 2 * waits[4]
    assert ours.room(NINE + timedelta(minutes=1)) == 1


def test_repeats_never_crowd_out_fresh_messages():
    fresh = [SimpleNamespace(tries=0, n=i) for i in range(90)]
    again = [SimpleNamespace(tries=2, n=i) for i in range(40)]
    order = spread(again + fresh)
    assert sorted(map(id, order)) == sorted(map(id, again + fresh)), "nobody is lost"
    with_fresh = order[: max(i for i, p in enumerate(order) if p.tries == 0)]
    for start in range(len(with_fresh) - REPEATS):
        assert sum(p.tries > 0 for p in with_fresh[start : start + REPEATS]) <= 1
    assert spread(again) == again, "without fresh ones nothing holds them back"


def test_at_a_pace_a_call_holds_no_more_than_a_second_bears():
    ours = GatewayQueue(
        SimpleNamespace(name="g", limits=Limits(batch=1000)), Pace(per_second=10), 4
    )
    assert ours.batch == 10
    advertising = GatewayQueue(
        SimpleNamespace(name="g", limits=Limits(batch=5000, at_least=30)), Pace(per_second=10), 4
    )
    assert advertising.batch == 30


@pytest.mark.parametrize(
    "weights, health, shut, expected",
    [
        ({"a": 1}, {}, (), {"a": 1000}),
        ({"a": 70, "b": 30}, {}, (), {"a": 700, "b": 300}),
        ({"a": 70, "b": 30}, {}, ("a",), {"a": 0, "b": 300}),
        ({"a": 100, "spare": 0}, {}, (), {"a": 1000, "spare": 0}),
        ({"a": 100, "spare": 0}, {"a": 60}, (), {"a": 600, "spare": 400}),
        ({"a": 100, "spare": 0}, {}, ("a",), {"a": 0, "spare": 1000}),
        ({"a": 1, "b": 1, "c": 0}, {}, ("a", "b", "c"), {"a": 0, "b": 0, "c": 0}),
    ],
)
def test_reserves_carry_what_the_others_cannot(weights, health, shut, expected):
    assert weights_now(tuple(weights.items()), health, shut) == expected


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=5).filter(any),
    st.lists(st.integers(10, 100), min_size=5, max_size=5),
)
def test_shares_never_exceed_the_whole(weights, health):
    named = tuple((f"g{i}", w) for i, w in enumerate(weights))
    found = weights_now(named, {f"g{i}": h for i, h in enumerate(health)})
    assert 0 < sum(found.values()) <= 1000
    assert all(v >= 0 for v in found.values())


def test_calls_never_leave_closer_together_than_their_turns():
    queue = GatewayQueue(None, Pace(per_second=200), 8)

    def asked(turn):
        return GatewayCall(queue, "c", [], NINE, 0.0, turn=turn, lag=queue.lag)

    first, second, third, fourth = (asked(10 + n / 200) for n in range(4))
    assert queue.wait(first, 9.990) == pytest.approx(0.010)
    assert queue.wait(first, 10.000) == 0
    assert queue.wait(second, 10.045) == 0, "the process was busy for a moment"
    assert queue.wait(third, 10.045) == pytest.approx(0.005), "the next ones keep their distance"
    assert queue.wait(fourth, 10.045) == pytest.approx(0.010)
    assert queue.overdue() == pytest.approx(0.040), "all turns after these are later by as much"
    assert queue.overdue() == 0
    later = asked(10.100)
    assert queue.wait(later, 10.095) == pytest.approx(0.005), "its turn knows of it already"
