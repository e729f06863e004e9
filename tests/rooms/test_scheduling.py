"""Schedules: read strictly, fired exactly once, never late."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from threading import Barrier, Thread

import pytest
from conftest import NINE, ROOT, add_people
from walk import crowd, get, import_list, rows, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher import scheduling
from dispatcher.broadcasts import occurrences
from dispatcher.broadcasts.application import preview_broadcast, release_broadcast
from dispatcher.cli import steps
from dispatcher.config import DEFAULT_WINDOW
from dispatcher.db.broadcasts import broadcasts, schedules
from dispatcher.db.database import at
from dispatcher.db.ops import days_off
from dispatcher.db.staff import people
from dispatcher.domain.model import HANOI, SYSTEM, BroadcastState, Role, Window
from dispatcher.domain.problems import Problem
from dispatcher.scheduling import ask_moment, read_moment
from dispatcher.worker.adapters import Doors
from dispatcher.worker.process import Worker

POSTGRESQL_LATER = True

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
        found = scheduling.run_due(tx, known, worker.name, fire or partial(occurrences.fire, app))
        tx.note("test", "schedules", "")
    return found


def approved(app, text=TOML):
    officer, leader = add_people(app)
    schedule = write(app, text)
    with app.begin(officer)() as tx:
        scheduling.submit(tx, schedule, 1000, 10**6)
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
        states = [b.state for b in broadcasts.list_broadcasts(tx)]
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
        scheduling.submit(tx, schedule, 1000, 10**6)
    with pytest.raises(Problem, match="second person"), lite.begin(leader)() as tx:
        scheduling.approve(tx, schedule)


# --- days off -----------------------------------------------------------------------------------

TET = datetime(2027, 2, 1, 2, 0, tzinfo=UTC)  # a Monday; Tết is from 5 to 9 February 2027


def coming(app, text, after=TET, count=6, tet=True):
    schedule = write(app, text, name="x")
    with app.store.read(SYSTEM) as tx:
        calendar = days_off.calendar(tx)
    return list(islice(schedule.occurrences(after, calendar, tet=tet), count))


def daily(rule):
    return TOML.replace("0 9 * * mon", "0 9 * * *").replace(
        "[audience]", f'holidays = "{rule}"\n[audience]'
    )


@pytest.fixture
def year_2027(app, clock):
    clock.now = TET
    with app.begin(SYSTEM)() as tx:
        days_off.seed(tx, 2027)
    return app


def days(found, sends=True):
    return [o.at.astimezone(HANOI).day for o in found if o.sends is sends]


def test_days_off_are_seeded_once_and_a_person_has_the_last_word(year_2027):
    app = year_2027
    with app.begin(SYSTEM)() as tx:
        calendar = days_off.calendar(tx)
        assert {d for d in calendar.tet if d.year == 2027} == {
            date(2027, 2, d) for d in (5, 6, 7, 8)
        }
        assert calendar.off[date(2026, 11, 24)]
        days_off.put(tx, date(2027, 2, 13), "work", "Làm bù theo thông báo")
        days_off.put(tx, date(2026, 11, 24), "work", "Không nghỉ")
        days_off.seed(tx, 2027)
        calendar = days_off.calendar(tx)
        assert calendar.is_working(date(2027, 2, 13))  # a Saturday
        assert calendar.is_working(date(2026, 11, 24))
        assert not calendar.is_working(date(2027, 2, 14))


@pytest.mark.parametrize(
    "rule, sent, skipped",
    [
        ("send", [2, 3, 4, 9, 10, 11], [5, 6, 7, 8]),
        ("skip", [2, 3, 11, 12, 15, 16], [4, 5, 6, 7, 8, 9, 10, 13, 14]),
        ("after", [2, 3, 11, 12, 15, 16], []),
        ("before", [2, 3, 11, 12, 15, 16], []),
    ],
)
def test_what_a_day_off_does_to_a_daily_schedule(year_2027, rule, sent, skipped):
    found = coming(year_2027, daily(rule), count=20)
    assert days(found)[:6] == sent
    until = sent[-1]
    assert [d for d in days(found, sends=False) if d < until] == skipped
    assert all(o.why for o in found if not o.sends)


def test_a_weekly_schedule_moves_around_tet_and_says_from_when(year_2027):
    weekly = TOML.replace("mon", "fri").replace("[audience]", 'holidays = "{}"\n[audience]')
    after = coming(year_2027, weekly.format("after"), count=1)[0]
    before = coming(year_2027, weekly.format("before"), count=1)[0]
    assert (after.at.astimezone(HANOI).day, after.was) == (11, date(2027, 2, 5))
    assert (before.at.astimezone(HANOI).day, before.was) == (3, date(2027, 2, 5))


def test_tet_is_a_courtesy_that_a_setting_or_a_reason_overrides(year_2027):
    app = year_2027
    text = TOML.replace("mon", "fri")
    assert not coming(app, text, count=1)[0].sends
    assert coming(app, text, count=1, tet=False)[0].sends
    despite = text.replace("[audience]", 'despite = "nước biển dâng"\n[audience]')
    assert coming(app, despite, count=1)[0].sends


def test_first_and_last_working_days_of_the_month(year_2027):
    app = year_2027
    base = TOML.replace('cron = "0 9 * * mon"', 'day = "{}"\ntime = "15:30"')
    with app.begin(SYSTEM)() as tx:
        days_off.put(tx, date(2027, 3, 1), "off", "Nghỉ")
    first = coming(app, base.format("first-working-day"), count=4)
    last = coming(app, base.format("last-working-day"), count=3)
    at = lambda o: o.at.astimezone(HANOI).strftime("%d/%m %H:%M")  # noqa: E731
    assert [at(o) for o in first] == ["01/02 15:30", "02/03 15:30", "01/04 15:30", "04/05 15:30"]
    assert [at(o) for o in last] == ["26/02 15:30", "31/03 15:30", "29/04 15:30"]


@pytest.mark.parametrize(
    "line", ['day = "first-working-day"', 'day = "payday"\ntime = "09:00"',
             'day = "last-working-day"\ntime = "9h"', 'cron = "0 9 * * mon"\nholidays = "maybe"'],
)  # fmt: skip
def test_wrong_days_are_problems_with_a_line(lite, line):
    with pytest.raises(Problem) as caught:
        write(lite, TOML.replace('cron = "0 9 * * mon"', line))
    assert caught.value.where.startswith("thu-hai.toml:")


def test_a_day_off_that_was_added_later_still_skips_the_firing(app, clock):
    approved(app, daily("skip"))
    tick(app)
    with app.begin(SYSTEM)() as tx:
        days_off.put(tx, date(2026, 12, 2), "off", "Nghỉ đột xuất")
    clock.advance(days=1)
    assert tick(app) == ["thu-hai: skipped"]
    assert rows(app, "SELECT state FROM occurrences") == [{"state": "skipped"}]
    clock.advance(days=1)
    [fired] = tick(app)
    assert get(app, int(fired.split(": ")[1])).state is BroadcastState.SCHEDULED


# --- how long an approval counts ----------------------------------------------------------------


def test_an_approval_of_a_schedule_ends_after_half_a_year(app, clock):
    approved(app)
    tick(app)
    monday = MONDAY + timedelta(weeks=26)
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE schedules SET next_fire_at = :n", {"n": at(monday - timedelta(weeks=1))})
    clock.now = monday - timedelta(weeks=1)
    [fired] = tick(app)
    assert get(app, int(fired.split(": ")[1])).state is BroadcastState.SCHEDULED
    clock.now = monday
    assert tick(app) == ["thu-hai: ended"]
    with app.store.read(SYSTEM) as tx:
        row = schedules.get(tx, "thu-hai")
    assert (row["state"], row["reason"], row["next_fire_at"]) == ("ended", "half_a_year", None)


@pytest.mark.parametrize("left", ["disabled", "demoted"])
def test_an_approval_of_a_schedule_ends_with_whoever_gave_it(app, clock, left):
    approved(app)
    tick(app)
    leader = app.actor("minh")
    with app.begin(SYSTEM)() as tx:
        if left == "disabled":
            people.disable(tx, leader.person_id)
        else:
            people.set_role(tx, leader.person_id, Role.OFFICER, None)
    clock.now = MONDAY
    assert tick(app) == ["thu-hai: ended"]
    assert rows(app, "SELECT count(*) AS n FROM broadcasts") == [{"n": 0}]


def test_an_occurrence_keeps_the_ceiling_its_schedule_was_approved_with(app, clock, tmp_path):
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(8)))
    officer, leader = add_people(app)
    schedule = write(app)
    seen = occurrences.foresee(app, officer, schedule)
    assert (seen.people, seen.queued) == (8, 8)
    assert rows(app, "SELECT count(*) AS n FROM broadcasts") == [{"n": 0}]
    with app.begin(officer)() as tx:
        scheduling.submit(tx, schedule, 8, 10**6)
    with app.begin(leader)() as tx:
        scheduling.approve(tx, schedule)
    tick(app)
    import_list(app, sheet(tmp_path / "cau-dat.csv", crowd(3)))
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(20)))
    clock.now = MONDAY
    [fired] = tick(app)
    assert release_broadcast(app, get(app, int(fired.split(": ")[1]))) == BroadcastState.HELD.value


# --- courtesy for single broadcasts -------------------------------------------------------------


def test_nothing_starts_in_tet_without_a_reason_and_urgent_texts_always_do(year_2027, tmp_path):
    app = year_2027
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(3)))
    officer, leader = add_people(app)

    def scheduled(made, despite=""):
        found = preview_broadcast(app, officer, get(app, made))
        with app.begin(officer)() as tx:
            planning.submit(tx, broadcasts.get(tx, made), found, again="thử")
        with app.begin(leader)() as tx:
            planning.approve(tx, broadcasts.get(tx, made))
        with app.begin(officer)() as tx:
            when = datetime(2027, 2, 6, 9, tzinfo=HANOI)
            return planning.schedule(
                tx, broadcasts.get(tx, made), when, planning.Courtesy(True, None, despite)
            )

    with pytest.raises(Problem) as told:
        scheduled(write_broadcast(app, officer))
    assert told.value.code == "tet"
    assert "09/02" in steps.sentence_and_step(told.value).to("vi")
    assert scheduled(write_broadcast(app, officer), despite="vỡ đê").day == 6
    assert scheduled(write_broadcast(app, officer, urgent=True)).day == 6
    noted = rows(app, "SELECT entry FROM trail WHERE act = 'despite'")
    assert "vỡ đê" in noted[0]["entry"]


def test_a_window_may_rest_at_noon():
    hours = Window.read("07:00-22:00").resting(Window.read("12:00-13:30"))
    assert str(hours) == "07:00-12:00 13:30-22:00"
    assert Window.read(str(hours)) == hours
    noon = datetime(2026, 12, 1, 12, 10, tzinfo=HANOI)
    assert not hours.is_open(noon)
    assert hours.next_opening(noon).strftime("%H:%M") == "13:30"
    assert hours.next_closing(noon.replace(hour=9)).strftime("%H:%M") == "12:00"
    assert hours.next_closing(noon.replace(hour=14)).strftime("%H:%M") == "22:00"
    assert hours.next_opening(noon.replace(hour=23)).strftime("%H:%M %d") == "07:00 02"
    for text in ("07:00-12:00 11:00-22:00", "07:00-12:00 13:00", "22:00-07:00 08:00-09:00"):
        with pytest.raises(ValueError):
            Window.read(text)
