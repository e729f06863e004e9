"""A watch counts on when the clock is set; a jump is told apart from a correction."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.domain.clock import Watch, site_clock

NOON = datetime(2026, 12, 1, 5, tzinfo=UTC)


class Hands:
    """A clock on the wall that somebody sets, and seconds nobody can."""

    def __init__(self):
        self.says, self.ran = NOON, 0.0

    def wall(self):
        return self.says

    def seconds(self):
        return self.ran

    def pass_by(self, seconds):
        self.ran += seconds
        self.says += timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "jump",
    [
        timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1),
        timedelta(days=3653), timedelta(seconds=-5),
    ],
)  # fmt: skip
def test_a_watch_goes_on_evenly_whatever_the_wall_says(jump):
    hands = Hands()
    watch = Watch(hands.wall, hands.seconds)
    hands.pass_by(10)
    hands.says += jump
    hands.pass_by(5)
    assert watch() == NOON + timedelta(seconds=15)
    assert watch.off_by() == jump
    watch.follow()
    assert watch() == hands.says
    assert watch.off_by() == timedelta(0)


def test_a_machine_that_slept_is_not_off():
    hands = Hands()
    watch = Watch(hands.wall, hands.seconds)
    hands.pass_by(8 * 3600)  # seconds that count sleep, and the wall, went on alike
    assert watch() == NOON + timedelta(hours=8)
    assert watch.off_by() == timedelta(0)


def test_the_site_clock_is_moved_from_whatever_tells_the_time(monkeypatch):
    monkeypatch.setenv("DISPATCHER_CLOCK", "2026-12-01T09:00:00+07:00@2026-11-25T10:00:00+00:00")
    server = datetime(2026, 11, 25, 10, 0, 30, tzinfo=UTC)
    assert site_clock(lambda: server)() == datetime(2026, 12, 1, 2, 0, 30, tzinfo=UTC)
