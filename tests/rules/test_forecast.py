"""When the last message leaves: rates, hours of several windows, quotas of a day, an expiry."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.broadcasts.forecast import Speed, drain
from dispatcher.domain.model import Window

NINE = datetime(2026, 12, 1, 2, tzinfo=UTC)  # 09:00 in Hanoi
WEEK = NINE + timedelta(days=7)


def hours(*texts):
    return [Window.read(t) for t in texts]


@pytest.mark.parametrize(
    "amount, speed, windows, minutes",
    [
        (600, Speed(10), [], 1),
        (36_000, Speed(10), hours("07:00-22:00"), 60),
        # 13 hours today, then from seven the next day
        (10 * 3600 * 14, Speed(10), hours("07:00-22:00"), 13 * 60 + 9 * 60 + 60),
        # both windows must be open: 10 to 11
        (36_000, Speed(10), hours("07:00-22:00", "10:00-11:00"), 120),
        (36_001, Speed(10), hours("07:00-22:00", "10:00-11:00"), 25 * 60 + 1 / 600),
        # a night window goes past midnight
        (36_000, Speed(10), hours("23:30-00:30"), 15 * 60 + 30),
        # 500 a day: at once, then after midnight
        (1200, Speed(10, per_day=500), [], 39 * 60 + 20 / 60),
        (1, Speed(0.5), [], 1 / 30),
    ],
)
def test_the_last_one_leaves(amount, speed, windows, minutes):
    finish, left = drain(amount, speed, windows, NINE, WEEK)
    assert left == 0
    assert abs(finish - (NINE + timedelta(minutes=minutes))) < timedelta(seconds=1)


def test_what_does_not_leave_before_the_expiry_is_counted():
    six = NINE + timedelta(hours=6)
    assert drain(10 * 3600 * 7, Speed(10), [], NINE, six) == (six, 36_000)
    assert drain(5, Speed(10), hours("16:00-17:00"), NINE, six) == (six, 5)
    assert drain(1000, Speed(100, per_day=300), [], NINE, six) == (six, 700)


def test_windows_that_never_open_together_end_at_the_expiry():
    never = hours("08:00-09:00", "10:00-11:00")
    assert drain(1, Speed(1), never, NINE, WEEK) == (WEEK, 1)
