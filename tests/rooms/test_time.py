"""Time: from the opening of the hours, told before anybody decides, and ended when it is over."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from conftest import NINE, add_people
from walk import (
    approve_now,
    claimed,
    counts,
    crowd,
    get,
    import_list,
    released,
    rows,
    sheet,
    work,
    write_broadcast,
)

from dispatcher import broadcasts as planning
from dispatcher import scheduling
from dispatcher.broadcasts import Speed, application, hours, occurrences
from dispatcher.config import DEFAULT_WINDOW
from dispatcher.db.broadcasts import broadcasts, ending
from dispatcher.db.database import at
from dispatcher.db.queue import gateways, intents, messages
from dispatcher.db.staff import notices, people
from dispatcher.domain.model import HANOI, SYSTEM, BroadcastState, Window
from dispatcher.domain.problems import Problem
from dispatcher.usecases import schedules
from dispatcher.usecases.context import Context
from dispatcher.worker.adapters import Doors
from dispatcher.worker.notifications import deliver, detect
from dispatcher.worker.process import Worker

DAY = Window.read("07:00-21:00")
TEN_PAST_TEN = NINE + timedelta(hours=13, minutes=10)  # 22:10 in Hanoi
SEVEN = NINE + timedelta(hours=22)  # 07:00 of the next day


@pytest.fixture
def ward(lite, tmp_path):
    return peopled(lite, tmp_path)


@pytest.fixture
def both(app, tmp_path):
    """The same on each database, where SQL is new."""
    return peopled(app, tmp_path)


def peopled(app, folder):
    import_list(app, sheet(folder / "may-to.csv", crowd(6)))
    officer, leader = add_people(app)
    return app, officer, leader


def later(app, broadcast_id, **changes):
    """The broadcast with its row changed, as if written long ago."""
    with app.begin(SYSTEM)() as tx:
        for name, value in changes.items():
            tx.run(f"UPDATE broadcasts SET {name} = :v WHERE id = :b",
                   {"v": value, "b": broadcast_id})  # fmt: skip
        tx.note("test", "broadcast", broadcast_id)


# --- counted from the opening -------------------------------------------------------------------


def test_a_click_at_night_goes_out_from_seven_and_expires_six_hours_after(ward, clock):
    app, officer, leader = ward
    clock.now = TEN_PAST_TEN
    made = write_broadcast(app, officer, window=DAY)
    found = application.preview_broadcast(app, officer, get(app, made))
    assert (found.period.start, found.period.until) == (SEVEN, SEVEN + timedelta(hours=6))
    assert found.as_json()["starts_at"] == "2026-12-02T07:00:00+07:00"
    assert found.as_json()["expires_at"] == "2026-12-02T13:00:00+07:00"
    assert found.late is None
    approve_now(app, officer, leader, made)
    assert hours.period_of(app.site, get(app, made), clock()).until == found.period.until
    assert application.release_broadcast(app, get(app, made)) == "running"
    kept = get(app, made)
    assert (kept.starts_at, kept.expires_at) == (SEVEN, SEVEN + timedelta(hours=6))
    assert {r["due_at"] for r in rows(app, "SELECT due_at FROM messages")} == {at(SEVEN)}


def test_what_went_out_at_night_leaves_in_the_morning_and_not_before(ward, clock, twins):
    app, officer, leader = ward
    clock.now = TEN_PAST_TEN
    made = released(app, officer, leader, window=DAY)
    work(app, twins)
    assert counts(app, made) == {"queued": 6}
    clock.now = SEVEN + timedelta(hours=5)
    work(app, twins)
    assert not {"queued", "expired"} & set(counts(app, made))


def test_a_release_that_comes_late_is_missed_only_where_no_hour_is_left(ward, clock):
    app, officer, leader = ward
    clock.now = NINE + timedelta(hours=11)  # 20:00
    made = write_broadcast(app, officer, window=DAY)
    approve_now(app, officer, leader, made)
    clock.now = NINE + timedelta(hours=12, minutes=30)  # 21:30: closed, and over at two
    assert application.release_broadcast(app, get(app, made)) == "missed"
    clock.now = TEN_PAST_TEN
    made = write_broadcast(app, officer, window=DAY)
    approve_now(app, officer, leader, made)
    clock.now = SEVEN + timedelta(hours=5)
    assert application.release_broadcast(app, get(app, made)) == "running"
    assert get(app, made).expires_at == SEVEN + timedelta(hours=6)


def test_the_undo_time_may_push_a_start_into_the_next_day(make_site, tmp_path, clock):
    from dispatcher.config import parse
    from dispatcher.usecases.context import open_app

    app = open_app(parse(make_site("data/site.db", ('undo = "0s"', 'undo = "10s"'))), clock)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(2)))
    officer, leader = add_people(app)
    clock.now = NINE + timedelta(hours=11, minutes=59, seconds=55)  # 20:59:55
    made = write_broadcast(app, officer, window=DAY)
    found = application.preview_broadcast(app, officer, get(app, made))
    approve_now(app, officer, leader, made)
    assert application.release_broadcast(app, get(app, made)) == "running"
    assert get(app, made).expires_at == found.period.until == SEVEN + timedelta(hours=6)
    app.store.close()


def test_a_correction_at_night_expires_by_its_opening_too(ward, clock, twins):
    app, officer, leader = ward
    made = released(app, officer, leader)
    work(app, twins)
    clock.now = NINE + timedelta(hours=14)  # 23:00
    with app.begin(officer)() as tx:
        again = application.correct_broadcast(
            app, tx, broadcasts.get(tx, made), template=_warning(app), fields={},
            expires_after=timedelta(hours=2),
        )  # fmt: skip
    found = hours.period_of(app.site, get(app, again), clock())
    assert (found.start, found.until) == (SEVEN, SEVEN + timedelta(hours=2))


def _warning(app):
    from dispatcher import templating

    return templating.load(app.templates, "canh-bao")


# --- late for some, late for all ----------------------------------------------------------------


def seen_with(app, officer, made, per_second):
    """A preview with gateways of this speed."""
    from contextlib import nullcontext

    from dispatcher.broadcasts import message_rendering

    broadcast = get(app, made)
    with app.begin(officer)() as tx:
        words = message_rendering.release_words(app.site, tx, broadcast)
    with app.begin(SYSTEM)() as tx:
        return planning.preview(lambda: nullcontext(tx), broadcast, words,
                                application.resolver(app, broadcast), {"esms": Speed(per_second)})  # fmt: skip


def test_who_would_be_late_is_counted_with_the_ways_out(ward):
    app, officer, _ = ward
    made = write_broadcast(app, officer, window=DAY, expires_after=timedelta(hours=2))
    found = seen_with(app, officer, made, 1.5 / 3600)  # three in two hours
    assert (found.late.people, found.late.of) == (3, 6)
    ways = {w.code: w.as_json() for w in found.late.ways}
    assert set(ways) == {"longer-expiry", "faster-route", "fewer-people"}
    assert ways["longer-expiry"]["expires_after"] == "5h"
    assert ways["fewer-people"]["people"] == 3
    assert "--" not in " ".join(w.say.vi + w.say.en for w in found.late.ways)
    with app.begin(officer)() as tx:  # some are late: said, and not refused
        planning.submit(tx, broadcasts.get(tx, made), found)
    longer = write_broadcast(app, officer, window=DAY, expires_after=timedelta(hours=5))
    assert seen_with(app, officer, longer, 1.5 / 3600).late is None


def test_the_next_day_is_offered_where_the_evening_is_too_short(ward, clock):
    app, officer, _ = ward
    clock.now = NINE + timedelta(hours=11, minutes=30)  # 20:30, half an hour before the end
    made = write_broadcast(app, officer, window=DAY)
    late = seen_with(app, officer, made, 2 / 3600).late
    assert (late.people, late.of) == (5, 6)
    ways = {w.code: w.as_json() for w in late.ways}
    assert ways["next-day"]["at"] == "2026-12-02T07:00:00+07:00"
    assert ways["next-day"]["late"] == 0


def test_routes_that_are_faster_are_named(ward):
    app, officer, _ = ward
    made = write_broadcast(app, officer, window=DAY, expires_after=timedelta(hours=2))
    late = seen_with(app, officer, made, 1.5 / 3600).late
    routes = {"zalo": get(app, made).route, "cham": get(app, made).route}
    routes["zalo"] = (replace(routes["zalo"][0], gateway="zalo"),)
    speeds = {"esms": Speed(1.5 / 3600), "zalo": Speed(10)}
    found = planning.with_routes(late, routes, speeds, DAY)
    named = next(w for w in found.ways if w.code == "faster-route")
    assert named.fields == {"routes": ["zalo"]}
    assert "zalo" in named.say.vi


def test_what_nobody_could_receive_is_refused_before_it_is_submitted(ward, clock):
    app, officer, _ = ward
    made = write_broadcast(app, officer, window=DAY, expires_after=timedelta(minutes=1))
    found = seen_with(app, officer, made, 1 / 3600)
    assert found.late.is_everybody
    with pytest.raises(Problem) as caught, app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found)
    assert (caught.value.code, caught.value.exit_code) == ("nobody-in-time", 3)
    assert "--" not in caught.value.to("vi")
    assert get(app, made).state is BroadcastState.DRAFT


def test_no_forecast_refuses_an_urgent_text(ward):
    app, officer, _ = ward
    made = write_broadcast(app, officer, urgent=True, expires_after=timedelta(minutes=1))
    found = seen_with(app, officer, made, 1 / 3600)
    assert found.late.is_everybody
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found)
    assert get(app, made).state is BroadcastState.SUBMITTED


def test_hours_that_never_meet_are_refused_when_the_time_is_set(ward):
    app, officer, leader = ward
    made = write_broadcast(app, officer)
    approve = application.preview_broadcast(app, officer, get(app, made))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), approve)
    with app.begin(leader)() as tx:
        planning.approve(tx, broadcasts.get(tx, made))
    step = replace(get(app, made).route[0], window=Window.read("05:00-06:00"))
    with pytest.raises(Problem) as caught, app.begin(officer)() as tx:
        planning.schedule(tx, replace(broadcasts.get(tx, made), route=(step,)), tx.now)
    assert caught.value.code == "nobody-in-time"


# --- the end of what waits ----------------------------------------------------------------------


def finish(app):
    with app.begin(SYSTEM)() as tx:
        tx.act = "reclaimed"
        over = ending.finish(tx)
        detect.tell_ended(tx, over)
        return [(e.state, e.expired) for e in over]


@pytest.mark.parametrize("state", ["paused", "held"])
def test_what_is_paused_or_held_beyond_its_expiry_ends(both, clock, state):
    app, officer, leader = both
    made = released(app, officer, leader)
    later(app, made, state=state)
    clock.advance(hours=5)
    assert finish(app) == []
    clock.advance(hours=2)
    assert finish(app) == [("expired", 6)]
    assert get(app, made).state is BroadcastState.EXPIRED
    assert counts(app, made) == {"expired": 6}
    assert finish(app) == []


def test_what_was_sent_before_the_pause_makes_it_done(both, clock):
    app, officer, leader = both
    made = released(app, officer, leader)
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE messages SET state = 'accepted', deadline_at = :d WHERE id IN "
               "(SELECT MIN(id) FROM messages)", {"d": at(tx.now)})  # fmt: skip
        planning.pause(tx, broadcasts.get(tx, made))
    clock.advance(hours=7)
    assert finish(app) == [("done", 5)]
    assert counts(app, made) == {"accepted": 1, "expired": 5}
    assert rows(app, "SELECT 1 FROM messages WHERE deadline_at IS NOT NULL") == []


def test_a_doubt_in_a_paused_broadcast_is_named_after_its_end(ward, clock, twins):
    app, officer, leader = ward
    made = released(app, officer, leader)
    with app.begin(SYSTEM)() as tx:
        ids = claimed(tx, "dead", made, 2, tx.now + timedelta(seconds=1))
        queued_messages = messages.queued_messages(tx, ids)
        intents.write(
            tx, "dead", [(p, p.reference) for p in queued_messages], tx.now + timedelta(minutes=2)
        )
        planning.pause(tx, broadcasts.get(tx, made))
    clock.advance(hours=7)
    assert finish(app) == [("expired", 4)]
    assert counts(app, made) == {"sending": 2, "expired": 4}
    work(app, twins)  # the dead worker's calls are taken back: named, and nothing leaves
    assert counts(app, made) == {"unconfirmed": 2, "expired": 4}


def test_paused_before_its_release_it_ends_by_its_own_period(both, clock):
    app, officer, leader = both
    clock.now = TEN_PAST_TEN
    made = write_broadcast(app, officer, window=DAY)
    approve_now(app, officer, leader, made)
    with app.begin(officer)() as tx:
        planning.pause(tx, broadcasts.get(tx, made))
    clock.now = SEVEN + timedelta(hours=5)  # six hours after the click, not after the opening
    assert finish(app) == []
    clock.now = SEVEN + timedelta(hours=6)
    assert finish(app) == [("expired", 0)]
    with app.store.read(SYSTEM) as tx:
        told = notices.unread(tx, officer.person_id)
    assert "chưa gửi cho ai" in told[0]["vi"]


def test_author_and_approver_are_told_once_how_many_were_not_sent(both, clock):
    app, officer, leader = both
    with app.begin(SYSTEM)() as tx:
        other = people.add(tx, "hoa", "Người Khác", people.Role.LEADER, [])
    made = released(app, officer, leader)
    clock.advance(hours=7)
    assert finish(app) == [("expired", 6)]
    finish(app)
    deliver.detect_notices(app)
    with app.store.read(SYSTEM) as tx:
        for person in (officer.person_id, leader.person_id):
            told = [n for n in notices.unread(tx, person) if n["code"] == "expired"]
            assert [n["noun_id"] for n in told] == [str(made)]
            assert "6 người chưa được gửi" in told[0]["vi"]
        assert [n for n in notices.unread(tx, other) if n["code"] == "expired"] == []
        assert len(notices.unsent(tx, clock() - timedelta(hours=1))) == 1


def test_a_broadcast_that_reached_everybody_tells_nobody(ward, twins):
    app, officer, leader = ward
    released(app, officer, leader)
    work(app, twins)
    assert rows(app, "SELECT 1 FROM notices WHERE code = 'expired'") == []


# --- schedules ----------------------------------------------------------------------------------

TOML = """title = "Sớm"
template = "canh-bao"
route = "sms"
cron = "30 5 * * *"
window = "07:00-21:00"
expires_after = "1h"
[audience]
wards = ["Máy Tơ"]
"""


def schedule(app, *changes, name="som"):
    text = TOML
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (app.schedules / f"{name}.toml").write_text(text, encoding="utf-8")
    return scheduling.load(app.schedules, name, DEFAULT_WINDOW)


def tick(app):
    worker = Worker(app, Doors({}))
    with app.begin(SYSTEM)() as tx:
        known = scheduling.keep_all(tx, app.schedules, app.site.window)
        fire = partial(occurrences.fire, app)
        fired = scheduling.run_due(
            tx, known, worker.name, fire, ahead=partial(occurrences.ahead, app)
        )
        tx.note("test", "schedules", "")
    return fired


def approved(app, officer, leader, found):
    schedules.submit(Context(app, officer), found.name)
    with app.begin(leader)() as tx:
        scheduling.approve(tx, found)


def test_a_firing_before_its_hours_goes_out_when_they_open(both, clock):
    app, officer, leader = both
    approved(app, officer, leader, schedule(app))
    tick(app)
    clock.now = SEVEN - timedelta(minutes=89, seconds=55)  # 05:30:05
    (fired,) = tick(app)
    made = int(fired.removeprefix("som: "))
    clock.now = SEVEN + timedelta(minutes=30)  # the worker was off for two hours
    assert application.release_broadcast(app, get(app, made)) == "running"
    kept = get(app, made)
    assert (kept.starts_at, kept.expires_at) == (clock.now, SEVEN + timedelta(hours=1))


def test_after_a_gap_what_is_in_time_by_its_opening_goes_out_once(ward, clock):
    app, officer, leader = ward
    approved(app, officer, leader, schedule(app))
    tick(app)
    clock.now = SEVEN + timedelta(days=3, minutes=30)
    fired = tick(app) + tick(app) + tick(app)
    assert fired == ["som: missed", "som: 1"]
    assert get(app, 1).at == SEVEN + timedelta(days=3, hours=-1, minutes=-30)


def test_a_step_with_hours_of_its_own_decides_when_a_firing_is_too_late(make_site, tmp_path, clock):
    from dispatcher.config import parse
    from dispatcher.usecases.context import open_app

    app = open_app(
        parse(make_site("data/site.db", ('[routes.sms]\nsteps = [ { gateway = "esms" } ]',
              '[routes.sms]\nsteps = [ { gateway = "esms", window = "16:00-18:00" } ]'))), clock,
    )  # fmt: skip
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(2)))
    officer, leader = add_people(app)
    approved(app, officer, leader, schedule(app, ("30 5", "0 10")))
    tick(app)
    clock.now = NINE + timedelta(hours=3)  # noon: an hour after the click, before the opening
    assert tick(app) == ["som: 1"]
    assert application.release_broadcast(app, get(app, 1)) == "running"
    assert get(app, 1).starts_at == NINE + timedelta(hours=7)
    app.store.close()


def test_a_firing_that_goes_out_in_tet_is_skipped(ward, clock):
    app, *_ = ward
    found = schedule(app, ("30 5 * * *", "30 22 * * *"))
    clock.now = NINE.replace(year=2027, month=2, day=3)
    with app.store.read(SYSTEM) as tx:
        from dispatcher.db.ops import days_off

        calendar = days_off.calendar(tx)
    eve = min(day for day in calendar.tet if day.year == 2027)
    coming = {o.at.astimezone(HANOI).date(): o.sends
              for o in firing_list(found, clock(), calendar)}  # fmt: skip
    assert coming[eve - timedelta(days=2)]
    assert not coming[eve - timedelta(days=1)]  # fired the evening before, sent on the eve


def firing_list(found, after, calendar):
    from itertools import islice

    return list(islice(found.occurrences(after, calendar), 10))


@pytest.mark.parametrize(
    "change, code",
    [
        (('cron = "30 5 * * *"', 'at = "2020-01-01 08:00"'), "in-the-past"),
        (('cron = "30 5 * * *"', 'at = "2031-01-01 08:00"'), "too-far"),
    ],
)
def test_a_schedule_with_nothing_left_to_fire_is_refused_before_it_is_submitted(ward, change, code):
    app, officer, _ = ward
    found = schedule(app, change)
    with pytest.raises(Problem) as caught:
        schedules.submit(Context(app, officer), found.name)
    assert (caught.value.code, caught.value.exit_code) == (code, 3)


@pytest.mark.parametrize(
    "change, code, exit_code",
    [
        (("30 5 * * *", "0 9 31 2 *"), "never-fires", 2),
        (("30 5 * * *", "0 9 30 2 *"), "never-fires", 2),
        (('cron = "30 5 * * *"', "at = 9999-12-31T23:59:59Z"), "too-far", 3),
        (('"1h"', '"0s"'), "bad-life", 2),
        (('"1h"', '"999999999999d"'), "bad-setting", 4),
    ],
)
def test_times_that_cannot_be_are_a_sentence_when_the_file_is_read(ward, change, code, exit_code):
    with pytest.raises(Problem) as caught:
        schedule(ward[0], change)
    assert (caught.value.code, caught.value.exit_code) == (code, exit_code)


def test_a_firing_nobody_could_receive_is_refused_before_submit_and_before_approval(ward, clock):
    app, officer, leader = ward
    found = schedule(app)
    schedules.submit(Context(app, officer), found.name)
    with app.begin(SYSTEM)() as tx:
        gateways.measured(tx, {"esms": 1 / 36_000})
    for act, person in ((schedules.approve, leader), (schedules.submit, officer)):
        with pytest.raises(Problem) as caught:
            act(Context(app, person), found.name)
        assert (caught.value.code, caught.value.exit_code) == ("nobody-in-time", 3)


def test_firings_outside_their_hours_are_listed_once_for_each_time_of_day(ward):
    app, *_ = ward
    found = schedule(app, ("30 5 * * *", "30 5,12,22 * * *"))
    with app.store.read(SYSTEM) as tx:
        said = occurrences.outside(app, tx, found)
    assert [(p.first.asked.astimezone(HANOI).hour, p.first.start.astimezone(HANOI).hour)
            for p in said] == [(22, 7), (5, 7)]  # fmt: skip
    assert all(p.code == "outside-hours" for p in said)
    assert "05:30 02/12/2026" in said[1].told().vi
    assert "07:00 02/12/2026" in said[1].told().vi
    assert "08:00 02/12/2026" in said[1].told().vi
