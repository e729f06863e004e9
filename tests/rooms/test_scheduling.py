"""Schedules: read strictly, fired exactly once, never late."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from conftest import NINE, ROOT, add_people
from walk import crowd, get, import_list, rows, sheet

from dispatcher import scheduling
from dispatcher.app import Doors
from dispatcher.config import DEFAULT_WINDOW
from dispatcher.model import HANOI, SYSTEM, BroadcastState
from dispatcher.problems import Problem
from dispatcher.scheduling import ask_moment, read_moment
from dispatcher.store import broadcasts, schedules
from dispatcher.worker import Worker

TOML = """title = "Sáng thứ hai"
template = "canh-bao"
route = "sms"
cron = "0 9 * * mon"
expires_after = "6h"
[audience]
wards = ["Máy Tơ"]
"""
MONDAY = datetime(2026, 12, 7, 2, 0, tzinfo=UTC)


def write(app, text=TOML, name="thu-hai"):
    (app.schedules / f"{name}.toml").write_text(text, encoding="utf-8")
    return scheduling.load(app.schedules, name, DEFAULT_WINDOW)


def tick(app, fire=None):
    worker = Worker(app, Doors({}))
    with app.begin(SYSTEM)() as tx:
        known = scheduling.keep_all(tx, app.schedules, app.site.window)
        found = scheduling.tick(tx, known, worker.name, fire or worker._fire)
        tx.note("test", "schedules", "")
    return found


def approved(app, text=TOML):
    officer, leader = add_people(app)
    schedule = write(app, text)
    with app.begin(officer)() as tx:
        scheduling.submit(tx, schedule)
    with app.begin(leader)() as tx:
        scheduling.approve(tx, schedule)
    return schedule


def test_the_sample_schedules_are_good():
    for name in scheduling.files(ROOT / "schedules"):
        assert scheduling.load(ROOT / "schedules", name, DEFAULT_WINDOW).next_after(NINE)


@pytest.mark.parametrize(
    "old, new, line",
    [
        ('cron = "0 9 * * mon"', 'cron = "0 9 * * 1"', 4),
        ('cron = "0 9 * * mon"', 'cron = "0 9 * *"', 4),
        ('cron = "0 9 * * mon"', 'cron = "0 99 * * mon"', 4),
        ('cron = "0 9 * * mon"', "at = 2026-12-01", 4),
        ('cron = "0 9 * * mon"', 'at = "tomorrow"', 4),
        ('cron = "0 9 * * mon"', 'cron = "0 9 * * mon"\nat = 2026-12-01T08:00:00', 4),
        ('expires_after = "6h"', 'expires_after = "soon"', 5),
        ('wards = ["Máy Tơ"]', 'one_per = "person"\nwards = ["Máy Tơ"]', 7),
        ('wards = ["Máy Tơ"]', "", 6),
        ('title = "Sáng thứ hai"', 'titel = "x"', 1),
    ],
)
def test_a_wrong_schedule_names_its_line(lite, old, new, line):
    with pytest.raises(Problem) as caught:
        write(lite, TOML.replace(old, new))
    assert caught.value.where == f"thu-hai.toml:{line}"


def test_times_without_an_offset_are_hanoi_time_and_a_date_alone_is_an_error():
    assert read_moment("2026-12-01T08:00:00").utcoffset() == timedelta(hours=7)
    assert read_moment(datetime(2026, 12, 1, 8, tzinfo=UTC)).hour == 8
    with pytest.raises(ValueError):
        read_moment("2026-12-01")
    assert ask_moment("08:00", NINE) == NINE + timedelta(hours=23)
    assert ask_moment("1/12/2026 14:30", NINE).astimezone(HANOI).hour == 14
    with pytest.raises(Problem):
        ask_moment("31/02/2026 08:00", NINE)


def test_an_approved_schedule_fires_once_however_many_workers_tick(app, clock, tmp_path):
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(3)))
    approved(app)
    assert tick(app) == []
    clock.now = MONDAY + timedelta(seconds=5)
    fired = [f for _ in range(3) for f in tick(app)]
    assert len(fired) == 1
    made = rows(app, "SELECT id FROM broadcasts")
    assert len(made) == 1
    assert get(app, made[0]["id"]).state is BroadcastState.SCHEDULED
    clock.now = MONDAY + timedelta(days=7, seconds=5)
    assert len(tick(app)) == 1


def test_workers_ticking_at_the_same_moment_fire_once(app, clock, tmp_path):
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(3)))
    approved(app)
    tick(app)
    clock.now = MONDAY + timedelta(seconds=5)
    ready, fired = Barrier(4), []

    def work():
        ready.wait()
        fired.extend(tick(app))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fired) == 1
    assert rows(app, "SELECT count(*) AS n FROM broadcasts")[0]["n"] == 1


def test_the_occurrence_itself_is_unique(app, clock):
    approved(app)
    with app.begin(SYSTEM)() as tx:
        row = schedules.get(tx, "thu-hai")
        assert schedules.fire(tx, row["id"], MONDAY, "a") is not None
        assert schedules.fire(tx, row["id"], MONDAY, "b") is None


def test_an_unapproved_or_edited_schedule_makes_a_draft_and_sends_nothing(lite, clock):
    approved(lite)
    write(lite, TOML.replace("Sáng thứ hai", "Sửa sau khi duyệt"))
    clock.now = MONDAY - timedelta(minutes=1)
    tick(lite)
    clock.now = MONDAY + timedelta(seconds=5)
    assert len(tick(lite)) == 1
    with lite.store.read(SYSTEM) as tx:
        states = [b.state for b in broadcasts.listed(tx)]
    assert states == [BroadcastState.DRAFT]


def test_too_late_is_missed_and_never_sent_late(lite, clock):
    approved(lite)
    tick(lite)
    clock.now = MONDAY + timedelta(hours=7)
    assert tick(lite) == ["thu-hai: missed"]
    assert rows(lite, "SELECT state FROM occurrences")[0]["state"] == "missed"
    assert rows(lite, "SELECT 1 FROM broadcasts") == []


def test_after_a_gap_what_is_still_in_time_goes_out_once(lite, clock):
    approved(lite)
    tick(lite)
    clock.now = MONDAY + timedelta(days=7, hours=1)  # two Mondays passed; the second is in time
    fired = [f for _ in range(4) for f in tick(lite)]
    assert fired[0] == "thu-hai: missed"
    assert len(fired) == 2


def test_whoever_submits_a_schedule_cannot_approve_it(lite):
    officer, leader = add_people(lite)
    schedule = write(lite)
    with lite.begin(leader)() as tx:
        scheduling.submit(tx, schedule)
    with pytest.raises(Problem, match="second person"), lite.begin(leader)() as tx:
        scheduling.approve(tx, schedule)
