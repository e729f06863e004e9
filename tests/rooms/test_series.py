"""A schedule's series is decided once: how often, to how many, for how much, and why again."""

import json
from datetime import timedelta
from functools import partial

import pytest
from conftest import NINE, add_people
from walk import counts, crowd, get, import_list, released, rows, sheet

from dispatcher import broadcasts as planning
from dispatcher import scheduling
from dispatcher.broadcasts import application, occurrences
from dispatcher.cli import steps
from dispatcher.config import DEFAULT_WINDOW
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts import schedules as kept
from dispatcher.domain.model import SYSTEM, BroadcastState
from dispatcher.domain.problems import Problem
from dispatcher.domain.workdays import Calendar
from dispatcher.scheduling.series import MOST_COUNTED, same_day, series
from dispatcher.usecases import schedules
from dispatcher.usecases.context import Context
from dispatcher.worker.adapters import Doors
from dispatcher.worker.process import Worker

POSTGRESQL_LATER = True

TOML = """title = "Nhắc"
template = "canh-bao"
route = "sms"
cron = "0 9 * * *"
expires_after = "6h"
[audience]
wards = ["Máy Tơ"]
"""
WHY = 'again = "nhắc theo Kế hoạch 12"\n'


def write(app, cron="0 9 * * *", why="", name="nhac"):
    text = why + TOML.replace("0 9 * * *", cron)
    (app.schedules / f"{name}.toml").write_text(text, encoding="utf-8")
    return scheduling.load(app.schedules, name, DEFAULT_WINDOW)


@pytest.fixture
def ward(app, tmp_path):
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(4)))
    return app, officer, leader


def approved(app, officer, leader, **more):
    """A schedule handed in and approved, with its next moment chosen."""
    schedule = write(app, **more)
    schedules.submit(Context(app, officer), schedule.name)
    with app.begin(leader)() as tx:
        scheduling.approve(tx, schedule)
    return schedule


def fire(app):
    """Tick, and release whatever became due; the broadcasts it made."""
    worker = Worker(app, Doors({}))
    before = {row["id"] for row in rows(app, "SELECT id FROM broadcasts")}
    with app.begin(SYSTEM)() as tx:
        known = scheduling.keep_all(tx, app.schedules, app.site.window)
        scheduling.run_due(tx, known, worker.name, partial(occurrences.fire, app))
        tx.note("test", "schedules", "")
    made = [row["id"] for row in rows(app, "SELECT id FROM broadcasts ORDER BY id")
            if row["id"] not in before]  # fmt: skip
    for number in made:
        if get(app, number).state is BroadcastState.SCHEDULED:
            assert application.release_broadcast(app, get(app, number)) == "running"
    return made


def skipped(app, made):
    found = rows(app, "SELECT reason FROM messages WHERE broadcast_id = :b AND state = 'skipped'",
                 b=made)  # fmt: skip
    return [row["reason"] for row in found]


# --- twice on one day -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cron", ["* * * * *", "0 * * * mon", "*/5 9 * * *", "0 9,15 * * *", "0,30 9 1 * *"]
)
def test_the_same_words_twice_on_a_day_need_a_reason(ward, cron):
    app, officer, leader = ward
    with pytest.raises(Problem) as caught:
        schedules.submit(Context(app, officer), write(app, cron).name)
    assert (caught.value.code, caught.value.exit_code) == ("same_words", 3)
    assert "again = " in steps.sentence_and_step(caught.value).to("vi")
    schedule = write(app, cron, WHY)
    schedules.submit(Context(app, officer), schedule.name)
    with app.begin(leader)() as tx:
        scheduling.approve(tx, schedule)


@pytest.mark.parametrize("cron", ["0 9 * * *", "59 23 * * *", "0 9 * * mon", "30 8 1 * *"])
def test_a_firing_a_day_repeats_nothing(ward, cron):
    app, officer, leader = ward
    approved(app, officer, leader, cron=cron)


def test_the_file_that_was_handed_in_is_asked_again_at_the_approval(ward):
    app, officer, leader = ward
    schedule = write(app)
    schedules.submit(Context(app, officer), schedule.name)
    with app.begin(SYSTEM)() as tx:  # as one handed in to a version before this one
        hourly = write(app, "0 * * * *")
        tx.run("UPDATE schedules SET digest = :d", {"d": hourly.digest})
        tx.note("test", "schedule", "nhac")
    with pytest.raises(Problem) as caught, app.begin(leader)() as tx:
        scheduling.approve(tx, hourly)
    assert caught.value.code == "same_words"


def test_days_are_those_of_hanoi(ward):
    app, _, _ = ward
    found = same_day(write(app, "0 6,7 * * *"), Calendar(), NINE)  # 23:00 and 00:00 in Greenwich
    assert found is not None
    assert found[1] - found[0] == timedelta(hours=1)


def test_a_reason_is_part_of_what_was_approved(ward):
    app, officer, leader = ward
    approved(app, officer, leader, cron="0 9,15 * * *", why=WHY)
    write(app, "0 9,15 * * *", 'again = "lý do khác"\n')
    with app.begin(SYSTEM)() as tx:
        scheduling.keep_all(tx, app.schedules, app.site.window)
        assert kept.get(tx, "nhac")["state"] == "draft"


# --- the series ---------------------------------------------------------------------------------


def test_a_series_counts_what_an_approval_covers(ward):
    app, officer, leader = ward
    weekly, until = write(app, "0 9 * * mon"), NINE + scheduling.LIFE
    found = series(weekly, Calendar(), NINE, until)
    assert (found.firings, found.more) == (26, False)
    assert found.first == NINE + timedelta(days=6)
    assert found.last < until
    every_minute = series(write(app, "* * * * *", WHY), Calendar(), NINE, until)
    assert (every_minute.firings, every_minute.more) == (MOST_COUNTED, True)


def test_the_series_stands_in_the_trail_as_it_was_handed_in_and_approved(ward):
    app, officer, leader = ward
    approved(app, officer, leader, cron="0 9 * * mon", why=WHY)
    found = rows(app, "SELECT entry FROM trail WHERE act = 'series' ORDER BY id")
    assert len(found) == 2
    for row in found:
        facts = json.loads(row["entry"])["facts"]
        assert (facts["firings"], facts["people"], facts["again"]) == (
            25, 14, "nhắc theo Kế hoạch 12",
        )  # fmt: skip


# --- fired ----------------------------------------------------------------------------------------


def test_a_daily_schedule_is_no_repeat_of_itself_by_a_minute(ward, clock):
    app, officer, leader = ward
    approved(app, officer, leader)
    for seconds in (300, 5):  # the worker was late the first day, and not the second
        clock.now = clock.now.replace(hour=2, minute=0, second=0) + timedelta(days=1)
        clock.advance(seconds=seconds)
        (made,) = fire(app)
        assert counts(app, made) == {"queued": 4}


def test_two_firings_on_a_day_go_out_for_the_reason_that_was_approved(ward, clock):
    app, officer, leader = ward
    approved(app, officer, leader, cron="0 10,15 * * *", why=WHY)
    for hours in (1, 5):
        clock.advance(hours=hours)
        (made,) = fire(app)
        assert counts(app, made) == {"queued": 4}
        assert get(app, made).again == "nhắc theo Kế hoạch 12"


@pytest.mark.parametrize("why", ["", WHY])
def test_the_same_words_sent_by_hand_before_a_firing_leave_those_people_out_by_name(
    ward, clock, tmp_path, why
):
    app, officer, leader = ward
    approved(app, officer, leader, cron="0 15 * * *", why=why)
    clock.advance(hours=3)
    by_hand = released(app, officer, leader)
    import_list(app, sheet(tmp_path / "may-to.csv", [("Mới", "0950077777", "Tổ 1", "")]))
    clock.advance(hours=3)
    (made,) = fire(app)
    assert counts(app, made) == {"queued": 1, "skipped": 4}
    assert skipped(app, made) == ["same_words"] * 4
    assert get(app, by_hand).state is BroadcastState.RUNNING


def test_a_first_firing_that_repeats_what_was_sent_needs_the_reason_in_the_file(ward, clock):
    app, officer, leader = ward
    by_hand = released(app, officer, leader)
    with pytest.raises(Problem) as caught:
        schedules.submit(Context(app, officer), write(app, "0 15 * * *").name)
    assert caught.value.code == "same_words"
    assert "again = " in steps.sentence_and_step(caught.value).to("vi")
    approved(app, officer, leader, cron="0 15 * * *", why=WHY)
    clock.advance(hours=6)
    (made,) = fire(app)
    assert counts(app, made) == {"queued": 4}
    assert get(app, made).again_of == (by_hand,)


def test_a_first_firing_more_than_a_day_later_needs_none(ward):
    app, officer, leader = ward
    released(app, officer, leader)
    approved(app, officer, leader, cron="0 9 * * mon")


def test_two_schedules_with_the_same_words_do_not_reach_the_same_people_twice(ward, clock):
    app, officer, leader = ward
    approved(app, officer, leader, cron="0 10 * * *", name="mot")
    approved(app, officer, leader, cron="0 15 * * *", name="hai")
    clock.advance(hours=1)
    (first,) = fire(app)
    clock.advance(hours=5)
    (second,) = fire(app)
    assert counts(app, first) == {"queued": 4}
    assert skipped(app, second) == ["same_words"] * 4


def test_a_draft_of_an_unapproved_schedule_brings_its_reason_along(ward, clock):
    app, officer, leader = ward
    released(app, officer, leader)
    write(app, "0 15 * * *", WHY)
    fire(app)  # seen
    clock.advance(hours=6)
    (made,) = fire(app)
    assert get(app, made).state is BroadcastState.DRAFT
    found = application.preview_broadcast(app, officer, get(app, made))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found)
    assert get(app, made).again == "nhắc theo Kế hoạch 12"
