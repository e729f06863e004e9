"""The clock of a site is moved: nothing starts by itself until it is back or a person says so."""

import asyncio
from datetime import timedelta

import pytest
from conftest import NINE, add_people, run_cli
from walk import approve_now, counts, crowd, get, import_list, released, sheet, write_broadcast

from dispatcher.cli import steps
from dispatcher.config import parse
from dispatcher.db import trail
from dispatcher.db.ops import settings
from dispatcher.domain.clock import Watch, real_clock
from dispatcher.domain.model import SYSTEM, BroadcastState
from dispatcher.domain.problems import Problem
from dispatcher.usecases import broadcasts_sending
from dispatcher.usecases.context import Context, open_app
from dispatcher.worker import timekeeping
from dispatcher.worker.process import Worker
from dispatcher.worker.serving import serve_site
from dispatcher.worker.timekeeping import Timekeeper


class Hands:
    """The machine's clock, which can be set, and its seconds, which cannot."""

    def __init__(self):
        self.set, self.ran = NINE, 0.0

    def wall(self):
        return self.set + timedelta(seconds=self.ran)

    def seconds(self):
        return self.ran


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def site(make_site, tmp_path, hands, database):
    app = open_app(parse(make_site(database)), Watch(hands.wall, hands.seconds))
    add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(3)))
    yield app
    app.store.close()


def scheduled(app, minutes):
    """A broadcast approved to start so many minutes from now."""
    officer, leader = app.actor("lan"), app.actor("minh")
    made = write_broadcast(app, officer)
    approve_now(app, officer, leader, made, app.clock() + timedelta(minutes=minutes))
    return made


def worker_of(app):
    worker = Worker(app, doors=None)
    worker.timekeeper = Timekeeper(app.store, app.clock)
    return worker


JUMPS = [timedelta(hours=1), timedelta(days=1), timedelta(days=3653)]


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_put_forward_starts_nothing_early_and_expires_nothing(site, hands, jump):
    made, worker = scheduled(site, 30), worker_of(site)
    worker._release_due()
    hands.set += jump
    worker._release_due()
    assert get(site, made).state is BroadcastState.SCHEDULED
    assert site.clock() == NINE, "time goes on by the seconds that passed"
    hands.set -= jump  # somebody sets it right
    worker._release_due()
    assert get(site, made).state is BroadcastState.SCHEDULED, "it is not time yet"
    hands.ran += 31 * 60
    worker._release_due()
    assert get(site, made).state is BroadcastState.RUNNING
    assert counts(site, made) == {"queued": 3}


@pytest.mark.parametrize("jump", [-timedelta(hours=1), -timedelta(days=1)])
def test_a_clock_put_back_waits_for_a_person(site, hands, jump):
    made, worker = scheduled(site, 30), worker_of(site)
    hands.set += jump
    worker._release_due()
    hands.ran += 31 * 60
    worker._release_due()
    assert get(site, made).state is BroadcastState.SCHEDULED, "due by our count, but who knows?"
    with site.begin(SYSTEM)() as tx:
        timekeeping.confirm(tx, site.clock)
    worker._release_due()
    assert get(site, made).state is BroadcastState.SCHEDULED, "the clock is right: it is early yet"
    hands.ran += abs(jump).total_seconds()
    worker._release_due()
    assert get(site, made).state is BroadcastState.RUNNING


@pytest.mark.parametrize("written_meanwhile", [False, True])
@pytest.mark.parametrize("jump", [-timedelta(seconds=70), -timedelta(hours=1)])
def test_a_clock_put_back_is_believed_once_it_has_passed_all_that_was_written(
    site, hands, jump, written_meanwhile
):
    """The worker waits as long as the doctor says so, no longer; and starts nothing early."""
    made, worker = scheduled(site, 30), worker_of(site)
    worker._release_due()
    hands.set += jump
    waited = []
    for minute in range(200):
        doctors = Watch(hands.wall, hands.seconds)  # as in a process that starts now
        worker._release_due()  # at first it notes that the clock was moved
        with site.store.read(SYSTEM) as tx:
            waited.append(timekeeping.doubt(tx, doctors) is not None)
        assert worker.timekeeper.may_start() is not waited[-1], minute
        if get(site, made).state is BroadcastState.RUNNING:
            break
        if written_meanwhile and minute == 0:  # by a running broadcast, at the time as counted
            hands.ran += 30
            with site.begin(SYSTEM)() as tx:
                tx.note("test", "clock", "")
        hands.ran += 60
    assert waited[0]
    assert not waited[-1]
    assert hands.wall() >= NINE + timedelta(minutes=30), "not early by what the clock says"
    assert hands.wall() < NINE + timedelta(minutes=32)
    with site.store.read(SYSTEM) as tx:
        assert not settings.get(tx, timekeeping.MOVED)


def test_a_clock_put_forward_is_not_believed_by_waiting(site, hands):
    keeper = Timekeeper(site.store, site.clock)
    hands.set += timedelta(hours=1)
    for _ in range(3):
        assert not keeper.may_start()
        hands.ran += 3600
        with site.store.read(SYSTEM) as tx:
            found = timekeeping.doubt(tx, Watch(hands.wall, hands.seconds))
        assert found is not None, "the doctor keeps saying so"


def test_small_corrections_are_followed_in_silence(site, hands):
    keeper = Timekeeper(site.store, site.clock)
    for seconds in (59, -59, 30):
        hands.set += timedelta(seconds=seconds)
        assert keeper.may_start()
        assert site.clock() == hands.wall()
    with site.store.read(SYSTEM) as tx:
        assert not [e for e in trail.entries(tx) if e["noun"] == "clock"]


def test_all_workers_wait_and_one_confirmation_is_enough(site, hands):
    first = Timekeeper(site.store, site.clock)
    other_clock = Watch(hands.wall, hands.seconds)
    second = Timekeeper(site.store, other_clock)
    hands.set += timedelta(hours=2)
    assert [k.may_start() for k in (first, second)] == [False, False]
    with site.begin(SYSTEM)() as tx:
        timekeeping.confirm(tx, site.clock)
    assert [k.may_start() for k in (first, second)] == [True, True]
    assert site.clock() == other_clock() == hands.wall()


@pytest.mark.parametrize("jump", [timedelta(days=3653), -timedelta(hours=1)])
def test_a_worker_does_not_begin_with_a_clock_that_cannot_be_right(site, hands, jump):
    scheduled(site, 30)
    hands.set += jump
    site.clock.follow()  # as in a process that starts now
    with pytest.raises(Problem) as found:
        asyncio.run(serve_site(site, {}, once=True, with_door=False))
    assert found.value.code == "clock-doubtful"
    assert "--clock-is-right" in steps.sentence_and_step(found.value).vi
    with site.begin(SYSTEM)() as tx:
        timekeeping.confirm(tx, site.clock)
    with site.store.read(SYSTEM) as tx:
        timekeeping.trust(tx, site.clock)


@pytest.mark.parametrize("jump", [timedelta(hours=1), -timedelta(hours=1)])
def test_the_doubt_outlives_the_worker_until_the_clock_is_set_back(site, hands, jump):
    keeper = Timekeeper(site.store, site.clock)
    hands.set += jump
    assert not keeper.may_start()
    site.clock.follow()
    with site.store.read(SYSTEM) as tx:
        assert timekeeping.doubt(tx, site.clock) is not None
    hands.set -= jump
    hands.ran += 5
    site.clock.follow()
    with site.store.read(SYSTEM) as tx:
        assert timekeeping.doubt(tx, site.clock) is None
    assert Timekeeper(site.store, site.clock).may_start()
    with site.store.read(SYSTEM) as tx:
        assert not settings.get(tx, timekeeping.MOVED), "settled for the doctor too"


def test_hosts_minutes_apart_all_tell_the_time_of_the_database_server(
    make_site, database, monkeypatch
):
    if not database.startswith("postgresql"):
        pytest.skip("one machine has one clock")
    true = real_clock()
    monkeypatch.setattr(
        "dispatcher.usecases.context.real_clock", lambda: real_clock() + timedelta(minutes=5)
    )
    app = open_app(parse(make_site(database)))
    try:
        assert abs(app.clock() - true) < timedelta(minutes=1)
        assert Timekeeper(app.store, app.clock).may_start()
    finally:
        app.store.close()


def test_the_doctor_says_what_is_wrong_with_the_clock_and_takes_a_word_for_it(make_site):
    root = make_site("data/site.db")

    def doctor(clock, *words):
        found = run_cli("--site", str(root), "doctor", *words, env={"DISPATCHER_CLOCK": clock})
        return found.returncode, found.stdout

    nine, eight = "2026-12-01T09:00:00+07:00", "2026-12-01T08:00:00+07:00"
    assert run_cli("--site", str(root), "people", "add", "lan", "--role", "officer",
                   env={"DISPATCHER_CLOCK": nine}).returncode == 0  # fmt: skip
    code, words = doctor(eight)
    assert code == 4
    assert "✗ Đồng hồ máy chỉ 08:00 01/12/2026" in words
    code, words = doctor(eight, "--clock-is-right")
    assert "✓ Đồng hồ máy: 08:00 01/12/2026" in words
    assert "✓ Đồng hồ máy: 08:0" in doctor(eight)[1], "once is enough"


def test_only_an_urgent_broadcast_goes_on_while_the_clock_is_in_doubt(site, hands):
    """Rules tell an urgent text, they do not block it."""
    officer, leader = site.actor("lan"), site.actor("minh")
    made = {urgent: released(site, officer, leader, urgent=urgent) for urgent in (False, True)}
    who = Context(site, officer)
    for number in made.values():
        broadcasts_sending.pause(who, number)
    worker_of(site)._release_due()
    hands.set += timedelta(hours=1)
    worker_of(site)._release_due()  # a worker notices, and writes it down
    with pytest.raises(Problem, match="The clock says"):
        broadcasts_sending.resume(who, made[False])
    assert broadcasts_sending.resume(who, made[True]).state is BroadcastState.RUNNING
