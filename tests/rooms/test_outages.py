"""A gateway in trouble is the same trouble everywhere: what a worker hears in front of real sockets."""

import asyncio
import json
import socket
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from browser import free_port
from conftest import FlowingClock, add_people
from patience import PATIENCE, until
from walk import (
    approve_now,
    counts,
    crowd,
    get,
    import_list,
    released,
    rows,
    sheet,
    write_broadcast,
)

from dispatcher import broadcasts as planning
from dispatcher import scheduling
from dispatcher.broadcasts import application
from dispatcher.cli import steps
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.queue import gateways, health, receipts, workers
from dispatcher.db.staff import notices, people
from dispatcher.domain import outages
from dispatcher.domain.model import HANOI, SYSTEM, BroadcastState, Role
from dispatcher.domain.outages import Attendance, Level, State
from dispatcher.gateways.contract import Call
from dispatcher.gateways.wire import Wire
from dispatcher.usecases import alarms
from dispatcher.usecases.context import open_app
from dispatcher.worker.adapters import Doors
from dispatcher.worker.notifications import detect
from dispatcher.worker.process import Worker

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateways"))
from vendors import answer, vendor


@pytest.fixture
def ward(make_site, database, tmp_path):
    """A flowing site with officer, leader, admin and twelve people."""
    app = open_app(parse(make_site(database)), FlowingClock())
    officer, leader = add_people(app)
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "ad", "Lê Quản Trị", Role.ADMIN, [])
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(12)))
    yield app, officer, leader
    app.store.close()


def health_of(app, name="esms"):
    with app.store.read(SYSTEM) as tx:
        return alarms.gateways(app, tx)[name]


def ahead(app, number):
    with app.store.read(SYSTEM) as tx:
        broadcast, now = broadcasts.get(tx, number), app.clock()
        speeds = application.speeds(app.site, tx)
        return planning.forecast(tx, broadcast, speeds, now, broadcast.expires_at, 0, now=now)


def work_until(app, url, happened, seconds=PATIENCE):
    """Run a worker with eSMS at `url` until something has happened."""

    async def go():
        worker = Worker(app, Doors({"esms": url, "zalo": url}))
        running = asyncio.create_task(worker.run())
        try:
            async with asyncio.timeout(seconds):
                while not await asyncio.to_thread(happened):
                    await asyncio.sleep(0.02)
                    assert not running.done(), running
        finally:
            worker.engine.stop()
            await running

    asyncio.run(go())


def taken(connection, request):
    body = json.loads(request.partition(b"\r\n\r\n")[2])
    answer(json.dumps({"CodeResult": "100", "SMSID": body["RequestId"][::-1]}).encode())(
        connection, request
    )


def refused_account(connection, request):
    answer(b'{"CodeResult":"103","ErrorMessage":"Balance not enough"}')(connection, request)


@contextmanager
def nobody_listens(act=None):
    yield f"http://127.0.0.1:{free_port()}", []


BAD = [
    (nobody_listens, None, State.UNREACHABLE, "ClientConnectorError"),
    (vendor, answer(b"", "429 Too Many Requests"), State.THROTTLED, "429"),
    (vendor, answer(b"<html>hello</html>"), State.UNREADABLE, "200"),
    (vendor, refused_account, State.ACCOUNT, "103"),
]


@pytest.mark.parametrize("place, act, state, code", BAD, ids=[s.value for _, _, s, _ in BAD])
def test_what_a_worker_hears_is_the_state_of_the_gateway_until_it_is_well(
    ward, place, act, state, code
):
    app, officer, leader = ward
    number = released(app, officer, leader)
    before = app.clock()
    assert health_of(app).state is State.UNKNOWN
    with place(act) as (url, _):
        work_until(app, url, lambda: health_of(app).state is state)
    found = health_of(app)
    assert found.code == code
    assert before <= found.since <= app.clock()
    if state is not State.UNREADABLE:  # what may have been taken does not wait in the queue
        assert counts(app, number) == {"queued": 12}
    if state is State.ACCOUNT:
        with app.begin(SYSTEM)() as tx:
            gateways.resume(tx, "esms")
        assert health_of(app).state is State.UNKNOWN, "nobody knows until it is tried"
    with vendor(taken) as (url, _):
        work_until(app, url, lambda: health_of(app).state is State.OK)
    assert health_of(app).since > found.since


def test_one_row_is_written_for_an_outage_however_many_messages_meet_it(ward):
    app, officer, leader = ward
    released(app, officer, leader)
    with nobody_listens() as (url, _):
        tried = "SELECT count(*) AS n FROM attempts"
        work_until(app, url, lambda: rows(app, tried)[0]["n"] >= 12)
    told = "SELECT count(*) AS n FROM trail WHERE act = 'health' AND noun_id = 'esms'"
    assert rows(app, told)[0]["n"] == 1


def written(app, state, ago, code="x", name="esms"):
    with app.begin(SYSTEM)() as tx:
        health.write(tx, name, state.value, tx.now - ago, code)


def test_a_forecast_promises_nothing_of_a_gateway_that_lets_nothing_out(ward):
    app, officer, leader = ward
    number = released(app, officer, leader)
    assert ahead(app, number).finish is not None
    for state in (State.UNREACHABLE, State.UNREADABLE, State.THROTTLED):
        written(app, state, timedelta(minutes=11))
        found = ahead(app, number)
        assert (found.finish, found.latest, found.left) == (None, None, 0)
        [waits] = found.as_json()["waits"]
        assert (waits["gateway"], waits["state"], waits["messages"]) == ("esms", state.value, 12)
        assert waits["todo"]["vi"]
    written(app, State.THROTTLED, timedelta(minutes=1))
    assert ahead(app, number).finish is not None, "a gateway may be busy for a while"
    with app.begin(SYSTEM)() as tx:
        gateways.pause(tx, "esms", "person")
    assert ahead(app, number).finish is None


def test_a_preview_and_the_forecast_kept_at_release_say_it_too(ward):
    app, officer, leader = ward
    written(app, State.UNREACHABLE, timedelta(minutes=1))
    made = write_broadcast(app, officer)
    seen = application.preview_broadcast(app, officer, get(app, made)).as_json()["forecast"]
    assert seen["finish"] is None
    assert seen["waits"][0]["messages"] == 12
    number = released(app, officer, leader)
    kept = json.loads(
        rows(app, "SELECT forecast FROM broadcasts WHERE id = :b", b=number)[0]["forecast"]
    )
    assert kept["finish"] is None


def test_an_outage_alone_makes_nobody_late_and_refuses_nothing(ward):
    app, officer, _ = ward
    made = write_broadcast(app, officer)
    with app.begin(SYSTEM)() as tx:
        gateways.pause(tx, "esms", "person")
        health.write(tx, "zalo", "unreachable", tx.now, "x")
    seen = application.preview_broadcast(app, officer, get(app, made))
    assert (seen.forecast.finish, seen.late) == (None, None)
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), seen)
    assert get(app, made).state is BroadcastState.SUBMITTED


def test_reports_of_no_use_make_a_gateway_unreadable_where_nothing_worse_is_known(ward):
    app, officer, leader = ward
    number = released(app, officer, leader)
    with app.begin(SYSTEM)() as tx:
        receipts.put(tx, [("esms", Call("GET", str(n), {}, b"")) for n in range(25)])
        tx.run("UPDATE receipts SET state = 'unreadable'")
        receipts.watch(tx, {"esms": 20})
        began = tx.now
        tx.note("test", "receipts", "")
    found = health_of(app)
    assert (found.state, found.since, found.by_reports) == (State.UNREADABLE, began, True)
    assert outages.level(found, app.clock()) is Level.ALARM
    assert "log receipts" in steps.remedy(found, app.clock()).vi
    assert ahead(app, number).finish is not None, "messages leave all the same"
    written(app, State.UNREACHABLE, timedelta(minutes=1))
    assert health_of(app).state is State.UNREACHABLE


def test_what_another_gateway_of_the_step_can_carry_has_a_finish(make_site, tmp_path):
    more = (
        '[gateways.zalo]\nadapter = "zalo"\n',
        '[gateways.esms-2]\nadapter = "esms"\n[gateways.zalo]\nadapter = "zalo"\n',
    )
    both = (
        'sms]\nsteps = [ {{ gateway = "esms" }} ]'.replace("{{", "{").replace("}}", "}"),
        'sms]\nsteps = [ { gateways = { esms = 9, "esms-2" = 1 } } ]',
    )
    app = open_app(parse(make_site("data/site.db", more, both)), FlowingClock())
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(12)))
    number = released(app, officer, leader)
    written(app, State.UNREACHABLE, timedelta(minutes=1))
    assert ahead(app, number).finish is not None
    written(app, State.UNREACHABLE, timedelta(minutes=1), name="esms-2")
    assert ahead(app, number).finish is None
    app.store.close()


def test_an_admin_is_told_once_of_a_trouble_that_lasts_and_once_that_it_is_over(ward):
    app, *_ = ward
    admin = app.actor("ad").person_id

    def told():
        with app.begin(SYSTEM)() as tx:
            tx.act = "noticed"
            detect.keep_notices(tx, [], [])
            return [n["code"] for n in reversed(notices.unread(tx, admin))]

    written(app, State.UNREACHABLE, timedelta(seconds=20))
    assert told() == [], "it may pass"
    app.clock.advance(minutes=1)
    assert told() == told() == ["gateway"]
    written(app, State.OK, timedelta())
    assert told() == told() == ["gateway", "gateway-well"]
    written(app, State.THROTTLED, timedelta(minutes=9))
    assert len(told()) == 2, "busy for nine minutes is not told yet"
    app.clock.advance(minutes=2)
    assert told() == told() == ["gateway", "gateway-well", "gateway"], "a new trouble"
    written(app, State.OK, timedelta())
    assert told()[3:] == ["gateway-well"]
    with app.begin(SYSTEM)() as tx:
        gateways.pause(tx, "esms", "person")
    assert len(told()) == 4, "who paused it knows"
    with app.store.read(SYSTEM) as tx:
        seen = notices.unread(tx, admin)
        assert not any("phải làm gì" in n["vi"] for n in seen)
        assert notices.unread(tx, app.actor("lan").person_id) == []


# --- does anybody send? -------------------------------------------------------------------------


def work(app):
    with app.store.read(SYSTEM) as tx:
        return alarms.work(app, tx)


def test_nobody_who_sends_is_an_alarm_once_something_is_due(ward):
    app, officer, leader = ward
    assert work(app).level is Level.WARN, "nothing is due"
    released(app, officer, leader)
    found = work(app)
    assert (found.attendance, found.level) == (Attendance.NOBODY, Level.ALARM)
    assert found.since is not None
    seen = []
    with vendor(taken) as (url, _):
        work_until(app, url, lambda: seen.append(work(app)) or seen[-1].level is Level.OK)
    assert seen[-1].attendance is Attendance.SENDS
    assert work(app).attendance is Attendance.NOBODY, "it ended"


def test_a_scheduled_broadcast_is_due_at_its_time(ward):
    app, officer, leader = ward
    number = write_broadcast(app, officer)
    approve_now(app, officer, leader, number, app.clock() + timedelta(hours=1))
    assert work(app).since is None
    app.clock.advance(hours=2)
    assert work(app).since == get(app, number).at
    with app.begin(officer)() as tx:
        planning.stop(tx, broadcasts.get(tx, number))
    assert work(app).since is None


SCHEDULE = """title = "Nhắc thứ hai"
template = "canh-bao"
route = "sms"
cron = "0 9 * * mon"
expires_after = "6h"
[audience]
wards = ["Máy Tơ"]
"""


def test_an_approved_schedule_is_due_at_its_time_a_draft_never(ward):
    app, officer, leader = ward
    (app.schedules / "nhac.toml").write_text(SCHEDULE, encoding="utf-8")
    schedule = scheduling.load(app.schedules, "nhac", app.site.window)
    with app.begin(SYSTEM)() as tx:
        scheduling.keep_all(tx, app.schedules, app.site.window)
    app.clock.advance(days=7)
    assert work(app).since is None, "only a draft would come of it"
    with app.begin(officer)() as tx:
        scheduling.submit(tx, schedule, 1000, 10**6)
    with app.begin(leader)() as tx:
        scheduling.approve(tx, schedule)
    assert work(app).since is None
    app.clock.advance(days=7)
    found = work(app)
    assert found.level is Level.ALARM
    assert found.since.astimezone(HANOI).strftime("%a %H:%M") == "Mon 09:00"


def test_a_worker_whose_loop_stands_still_does_not_count(ward):
    app, officer, leader = ward
    released(app, officer, leader)
    lock = workers.WorkerLock("w1", app.site.data / "workers", app.site.database)
    assert lock.take()
    with app.begin(SYSTEM)() as tx:
        workers.enrol(tx, "w1", "0")
        workers.sign_of_life(tx, "w1", tx.now)
    assert work(app).attendance is Attendance.SENDS
    app.clock.advance(minutes=2)
    with app.begin(SYSTEM)() as tx:
        workers.sign_of_life(tx, "w1", tx.now - timedelta(minutes=2))
    found = work(app)
    assert (found.attendance, found.level) == (Attendance.STANDS, Level.ALARM)
    assert "đứng yên" in outages.work_sentence(found).vi
    with app.begin(SYSTEM)() as tx:
        workers.sign_of_life(tx, "w1", tx.now)
    assert work(app).attendance is Attendance.SENDS
    lock.drop()
    # a moment after it was killed its lock is free; a server hears of that a little later
    until(lambda: work(app).attendance is Attendance.NOBODY)


def test_a_worker_says_when_its_loop_last_turned(ward):
    app, *_ = ward
    turned = "SELECT turned_at FROM workers WHERE turned_at IS NOT NULL"
    with vendor(taken) as (url, _):
        work_until(app, url, lambda: rows(app, turned))


# --- connecting ---------------------------------------------------------------------------------


def reach(url):
    async def go():
        wire = Wire(deadline=PATIENCE)
        try:
            return await wire.reach(url)
        finally:
            await wire.close()

    return asyncio.run(go())


def test_connecting_tells_a_host_that_is_there_from_one_that_is_not():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert reach(f"http://127.0.0.1:{server.getsockname()[1]}/x") is None
    assert reach(f"http://127.0.0.1:{free_port()}").what == "ClientConnectorError"
    assert reach("http://-/x").what == outages.NO_NAME  # no resolver is asked for such a name
    with vendor(answer(b"")) as (url, _):
        told = reach(url.replace("http:", "https:"))
    assert told.what in outages.CODES
    assert not told.left
