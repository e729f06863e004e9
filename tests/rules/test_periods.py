from dispatcher.i18n import Say

"""From when until when: counted from the opening of the hours, never from the click."""

from datetime import datetime, timedelta

import pytest

from dispatcher.domain.model import HANOI, Channel, Step, Window
from dispatcher.domain.periods import check_life, check_moment, of_route, opening, period
from dispatcher.domain.problems import Problem, refused
from dispatcher.scheduling import ask_moment, skipped, skipped_sentence
from dispatcher.scheduling.days import never_comes

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=HANOI)
SIX = timedelta(hours=6)


def at(text):
    """ "22:10" of today, "+1 07:00" of tomorrow."""
    days, _, clock = text.rpartition(" ")
    hour, minute = map(int, clock.split(":"))
    return NOW.replace(hour=hour, minute=minute) + timedelta(days=int(days or 0))


@pytest.mark.parametrize(
    "asked, hours, start, until",
    [
        ("22:10", ["07:00-21:00"], "+1 07:00", "+1 13:00"),
        ("09:00", ["07:00-21:00"], "09:00", "15:00"),
        ("05:30", ["07:00-22:00"], "07:00", "13:00"),
        ("21:00", ["07:00-21:00"], "+1 07:00", "+1 13:00"),  # at its closing it is closed
        ("20:59", ["07:00-21:00"], "20:59", "+1 02:59"),
        ("12:10", ["07:00-12:00 13:30-22:00"], "13:30", "19:30"),  # a rest at noon
        ("23:10", ["00:00-24:00"], "23:10", "+1 05:10"),  # the whole day
        ("23:10", ["22:00-05:00"], "23:10", "+1 05:10"),  # over midnight, before and after
        ("03:00", ["22:00-05:00"], "03:00", "09:00"),
        ("06:00", ["22:00-05:00"], "22:00", "+1 04:00"),
        ("12:00", ["07:00-22:00", "08:00-10:00"], "+1 08:00", "+1 14:00"),  # a step's own hours
        ("21:30", ["07:00-22:00", "20:00-23:00"], "21:30", "+1 03:30"),
        ("22:30", ["07:00-22:00", "20:00-23:00"], "+1 20:00", "+2 02:00"),
        ("09:00", ["22:00-02:00", "01:00-03:00"], "+1 01:00", "+1 07:00"),
    ],
)
def test_the_life_counts_from_the_opening_of_all_hours(asked, hours, start, until):
    found = period(at(asked), SIX, [Window.read(h) for h in hours])
    assert (found.start, found.until) == (at(start), at(until))
    assert found.waits == (start != asked)
    assert not found.is_empty


def test_hours_that_never_meet_and_no_life_let_nothing_out():
    never = [Window.read("07:00-09:00"), Window.read("10:00-12:00")]
    assert opening(never, NOW) is None
    assert period(NOW, SIX, never).is_empty
    assert period(NOW, timedelta(), []).is_empty


def step(*gateways, **more):
    weights = tuple((g, 1) for g in gateways)
    return Step(gateways[0], Channel.ZALO, weights=weights, **more)


def test_a_vendors_night_lets_the_life_begin_in_the_morning_where_no_step_follows():
    nights = {"zalo": Window.read("06:00-22:00")}
    day = Window.read("00:00-24:00")
    alone = of_route(at("23:00"), SIX, day, [step("zalo")], 0, nights)
    assert (alone.start, alone.until) == (at("23:00"), at("+1 12:00"))  # asked for all the same
    followed = of_route(at("23:00"), SIX, day, [step("zalo"), step("esms")], 0, nights)
    assert followed.until == at("+1 05:00")  # what Zalo refuses at night goes by the next step
    either = of_route(at("23:00"), SIX, day, [step("zalo", "other")], 0, nights)
    assert either.until == at("+1 05:00")


def test_both_times_are_told_with_their_days():
    said = period(at("22:10"), SIX, [Window.read("07:00-21:00")]).told()
    assert "07:00 02/12/2026" in said.vi
    assert "13:00 02/12/2026" in said.vi
    assert "07:00 02/12/2026" in said.en


@pytest.mark.parametrize(
    "text, code",
    [
        ("9999-12-31 23:59", "too-far"),
        ("31/12/9999 08:00", "too-far"),
        ("9999-12-31T23:59:59+00:00", "too-far"),
        ("2031-01-01 08:00", "too-far"),
        ("2020-01-01 08:00", "in-the-past"),
        ("0001-01-01 00:00", "in-the-past"),
        ("0001-01-01T00:00:00+14:00", "in-the-past"),
    ],
)
def test_a_time_that_cannot_be_is_one_sentence(text, code):
    with pytest.raises(Problem) as caught:
        check_moment(ask_moment(text, NOW), NOW)
    assert caught.value.code == code
    assert caught.value.exit_code == refused("x", Say("")).exit_code
    assert caught.value.to("vi").count("\n") == 0


def test_a_life_is_longer_than_nothing_and_shorter_than_a_month():
    check_life(timedelta(minutes=1))
    for life in (timedelta(), timedelta(days=32)):
        with pytest.raises(Problem):
            check_life(life)


@pytest.mark.parametrize(
    "cron, never, missing",
    [
        ("0 9 31 2 *", True, {31: [2]}),
        ("0 9 30 2 *", True, {30: [2]}),
        ("0 9 31 2,4,6 *", True, {31: [2, 4, 6]}),
        ("0 9 30-31 feb *", True, {30: [2]}),
        ("0 9 31 * *", False, {31: [2, 4, 6, 9, 11]}),
        ("0 9 30 * *", False, {30: [2]}),
        ("0 9 29 * *", False, {29: [2]}),
        ("0 9 29 2 *", False, {29: [2]}),
        ("0 9 15,31 */2 *", False, {31: [9, 11]}),
        ("0 9 31 jan *", False, {}),
        ("0 9 28 2 *", False, {}),
        ("0 9 last 2 *", False, {}),
        ("0 9 */10 * *", False, {}),
        ("0 9 * * mon", False, {}),
    ],
)
def test_days_that_months_do_not_have(cron, never, missing):
    assert never_comes(cron) is never
    assert skipped(cron) == missing


def test_skipped_months_are_named():
    assert "tháng 2, 4, 6, 9, 11" in skipped_sentence(skipped("0 9 31 * *")).vi
    assert "April" in skipped_sentence(skipped("0 9 31 * *")).en
    assert "năm nhuận" in skipped_sentence(skipped("0 9 29 2 *")).vi


def test_hours_are_read_strictly():
    for text in ("07:00+01:00-21:00", "07:00:30-21:00", "07:00-07:00", "7-9", ""):
        with pytest.raises(ValueError):
            Window.read(text)
