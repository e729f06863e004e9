"""What the send loop does with each kind of answer, in front of real HTTP."""

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import FlowingClock, add_people
from patience import PATIENCE
from walk import (
    claimed,
    counts,
    crowd,
    get,
    import_list,
    number,
    released,
    rows,
    sheet,
    twin_urls,
    work,
)

from dispatcher import broadcasts as planning
from dispatcher.config import parse
from dispatcher.config.pace import Pace
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.ops import maintenance
from dispatcher.db.queue import gateways, intents, messages, outcomes
from dispatcher.db.queue.outcomes import Outcome
from dispatcher.db.schema import micros, moment
from dispatcher.domain.lifecycle import Doubt
from dispatcher.domain.model import HANOI, SYSTEM, AttemptState, BroadcastState, MessageState
from dispatcher.gateways.zalo import LIMITS
from dispatcher.reports import reporting
from dispatcher.simulators.drill import sign_in_to_twins
from dispatcher.simulators.vendors.server import start
from dispatcher.usecases.context import open_app
from dispatcher.worker.adapters import Doors, build_gateway
from dispatcher.worker.sending import Engine, dispatch, reclaim
from dispatcher.worker.sending.state import LEASE
from dispatcher.worker.serving import serve_door, serve_site

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateways"))
from vendors import answer, reset, vendor


@pytest.fixture
def site(make_site, tmp_path):
    """A flowing site with officer and leader; call it with a list of people."""
    opened = []

    def make(people, *changes, **more):
        app = open_app(parse(make_site("data/site.db", *changes)), FlowingClock())
        opened.append(app)
        officer, leader = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", people))
        return app, released(app, officer, leader, **more)

    yield make
    for app in opened:
        app.store.close()


def send(app, url):
    """Run a worker once with every gateway at `url`."""
    return asyncio.run(serve_site(app, {"esms": url, "zalo": url}, once=True, with_door=False))


def ok(connection, request):
    body = json.loads(request.partition(b"\r\n\r\n")[2])
    answer(json.dumps({"CodeResult": "100", "SMSID": body["RequestId"][::-1]}).encode())(
        connection, request
    )


def test_answers_in_doubt_are_asked_again_with_the_same_reference_and_taken_once(site):
    app, broadcast_id = site(crowd(4))
    taken: dict[str, int] = {}

    def forgetful(connection, request):
        """Takes every message; the first answer about each is lost."""
        reference = json.loads(request.partition(b"\r\n\r\n")[2])["RequestId"]
        taken[reference] = taken.get(reference, 0) + 1
        if taken[reference] == 1:
            reset(connection, request)
        else:
            answer(b'{"CodeResult":"124"}')(connection, request)

    with vendor(forgetful) as (url, _):
        send(app, url)
    assert counts(app, broadcast_id) == {"accepted": 4}
    assert len(taken) == 4
    assert all(n == 2 for n in taken.values())
    assert {r["asks"] for r in rows(app, "SELECT asks FROM attempts")} == {2}


@pytest.mark.long
@pytest.mark.parametrize(
    "refusal",
    [answer(b"{}", "429 X", "Retry-After: 1\r\n"), answer(b'{"CodeResult":"160"}'),
     answer(b'{"CodeResult":"103"}')],
    ids=["too many", "too fast", "no money"],
)  # fmt: skip
def test_a_refusal_of_the_moment_to_a_repeat_does_not_send_under_a_new_reference(site, refusal):
    app, broadcast_id = site(crowd(3))
    seen: dict[str, int] = {}

    def takes_then_refuses_then_remembers(connection, request):
        reference = json.loads(request.partition(b"\r\n\r\n")[2])["RequestId"]
        seen[reference] = seen.get(reference, 0) + 1
        say = {1: reset, 2: refusal}.get(seen[reference], answer(b'{"CodeResult":"124"}'))
        say(connection, request)

    with vendor(takes_then_refuses_then_remembers) as (url, _):
        for _ in range(4):  # without money each of the three may pause the gateway once
            send(app, url)
            with app.begin(SYSTEM)() as tx:
                gateways.resume(tx, "esms")
    assert counts(app, broadcast_id) == {"accepted": 3}
    assert len(seen) == 3, "each person under one reference only"


@pytest.mark.long
def test_five_doubts_in_a_row_pause_the_gateway_to_one_probe_at_a_time(site):
    app, broadcast_id = site(crowd(30))

    def sick_until_noticed(connection, request):
        noticed = rows(app, "SELECT 1 FROM trail WHERE act = 'doubts'")
        (ok if noticed else reset)(connection, request)

    with vendor(sick_until_noticed) as (url, _):
        send(app, url)
    assert counts(app, broadcast_id) == {"accepted": 30}
    noted = rows(app, "SELECT entry FROM trail WHERE act = 'doubts' ORDER BY id")
    in_a_row = [json.loads(r["entry"])["facts"]["in_a_row"] for r in noted]
    assert in_a_row[0] >= 5
    assert in_a_row[-1] == 0


def test_an_account_in_trouble_pauses_the_gateway_and_loses_nobody(site):
    app, broadcast_id = site(crowd(8))
    with vendor(answer(b'{"CodeResult":"103"}')) as (url, _):
        send(app, url)
    assert counts(app, broadcast_id) == {"queued": 8}
    with app.store.read(SYSTEM) as tx:
        state = gateways.states(tx)["esms"]
    assert (state["paused_reason"], state["paused_code"]) == ("account", "103")
    with app.begin(SYSTEM)() as tx:
        gateways.resume(tx, "esms")
    with vendor(ok) as (url, _):
        send(app, url)
    assert counts(app, broadcast_id) == {"accepted": 8}


def test_three_people_refused_the_same_text_hold_the_broadcast(site):
    app, broadcast_id = site(crowd(40))
    with vendor(answer(b'{"CodeResult":"146"}')) as (url, seen):
        send(app, url)
    assert get(app, broadcast_id).state is BroadcastState.HELD
    assert get(app, broadcast_id).reason == "content_refused"
    found = counts(app, broadcast_id)
    assert found["failed"] + found["queued"] == 40
    assert found["failed"] < 40, "the others were spared"


def test_a_busy_gateway_is_tried_again_and_nothing_is_lost(site):
    app, broadcast_id = site(crowd(5))
    calls = []

    def full_at_first(connection, request):
        calls.append(request)
        (answer(b"{}", "429 X", "Retry-After: 1\r\n") if len(calls) <= 3 else ok)(
            connection, request
        )

    with vendor(full_at_first) as (url, _):
        send(app, url)
    assert counts(app, broadcast_id) == {"accepted": 5}


def test_a_second_number_is_used_only_after_the_first_was_refused(site):
    app, broadcast_id = site([("An", f"{number(1)} / {number(2)}", "Tổ 1", ""),
                              ("Bình", f"{number(3)} / {number(4)}", "Tổ 1", "")])  # fmt: skip
    asked = []

    def one_is_blocked(connection, request):
        phone = json.loads(request.partition(b"\r\n\r\n")[2])["Phone"]
        asked.append(phone[-1])
        (answer(b'{"CodeResult":"99"}') if phone[-1] == "1" else ok)(connection, request)

    with vendor(one_is_blocked) as (url, _):
        send(app, url)
    assert counts(app, broadcast_id) == {"accepted": 2}
    assert sorted(asked) == ["1", "2", "3"]


NO_MORE_TODAY = answer(b'{"error":-144,"message":"OA has reached the daily quota","data":null}')


@pytest.mark.long
def test_a_used_up_quota_waits_for_midnight_and_is_asked_about_once_not_by_everybody(site, twins):
    app, broadcast_id = site(
        crowd(60),
        ("[phones]", '[routes.zalo]\nsteps = [ { gateway = "zalo" } ]\n[phones]'),
        route="zalo",
        expires_after=timedelta(hours=40),
    )
    sign_in_to_twins(app, twin_urls(twins))
    with vendor(NO_MORE_TODAY) as (url, seen):
        send(app, url)
        send(app, url)  # another worker knows it from the database
    assert counts(app, broadcast_id) == {"queued": 60}
    asked = len([s for s in seen if b"message/template" in s])
    assert asked <= LIMITS.in_flight, "the others wait without asking"
    with app.store.read(SYSTEM) as tx:
        [(until, code)] = gateways.closed(tx, app.clock()).values()
    assert code == "-144"
    assert until.astimezone(HANOI).isoformat() == "2026-12-02T00:00:00+07:00"
    app.clock.advance(hours=23)  # 08:00 the next day
    work(app, twins)
    found = counts(app, broadcast_id)
    assert set(found) <= {"accepted", "delivered", "failed"}
    assert sum(found.values()) == 60


@pytest.mark.parametrize("hours, later", [(6, ""), (40, 'later = "next", ')])
def test_a_vendors_night_means_the_next_step_past_the_expiry_or_where_the_route_says_so(
    site, twins, hours, later
):
    step = '{ gateway = "zalo", deadline'
    app, broadcast_id = site(
        crowd(5),
        (step, step.replace("deadline", f"{later}deadline")),
        route="zalo-then-sms",
        expires_after=timedelta(hours=hours),
    )

    def night_for_zalo(connection, request):
        night = b'{"error":-133,"message":"night","data":null}'
        (answer(night) if b"message/template" in request.partition(b"\r\n")[0] else ok)(
            connection, request
        )

    sign_in_to_twins(app, twin_urls(twins))
    with vendor(night_for_zalo) as (url, _):
        send(app, url)
    assert counts(app, broadcast_id) == {"accepted": 5}
    assert {r["channel"] for r in rows(app, "SELECT channel FROM attempts WHERE state = 'accepted'")
            } == {"sms"}  # fmt: skip


def test_silence_past_the_deadline_goes_on_to_the_next_step(site, twins):
    from dispatcher.simulators.vendors.ledger import luck

    silent = [n for n in range(3000) if luck("84" + number(n)[1:], "zalo") >= 35
              and luck("84" + number(n)[1:], "opens") < 8
              and luck("84" + number(n)[1:], "phone") >= 5
              and luck("84" + number(n)[1:], "blocked") >= 1][:3]  # fmt: skip
    people = [(f"Mẫu {n}", number(n), "Tổ 1", "") for n in silent]
    app, broadcast_id = site(people, ('deadline = "2s"', 'deadline = "1s"'), route="zalo-then-sms")
    work(app, twins)
    assert counts(app, broadcast_id) == {"delivered": 3}
    channels = [r["channel"] for r in rows(app, "SELECT channel FROM attempts ORDER BY id")]
    assert sorted(channels) == ["sms"] * 3 + ["zalo"] * 3
    with app.begin(SYSTEM)() as tx:  # the phone of one of them comes back: Zalo reports it too
        tx.run("UPDATE attempts SET heard = 4 WHERE id = (SELECT MIN(id) FROM attempts "
               "WHERE channel = 'zalo')")  # fmt: skip
        tx.note("test", "messages", "")
        costs = tx.rows("SELECT DISTINCT channel, cost FROM attempts")
        dearer = max(r["cost"] for r in costs)
        found = reporting.report(tx, broadcast_id).as_json()
    assert (found["reached_twice"], found["reached_twice_cost"]) == (1, dearer)


def test_nothing_leaves_outside_the_window_and_nothing_late(site, twins):
    from dispatcher.config import window

    app, broadcast_id = site(crowd(4), window=window("20:00-21:00"))
    work(app, twins)
    assert counts(app, broadcast_id) == {"queued": 4}
    app.clock.advance(hours=7)  # its six hours count from 20:00, not from the click at nine
    work(app, twins)
    assert counts(app, broadcast_id) == {"queued": 4}
    app.clock.advance(hours=11)  # past its expiry at two, and nothing was late
    work(app, twins)
    assert counts(app, broadcast_id) == {"expired": 4}
    assert get(app, broadcast_id).state is BroadcastState.EXPIRED
    assert twins.ask("/ledger")["accepted"] == 0


def test_the_pace_of_a_gateway_is_kept_between_workers(app):
    with app.begin(SYSTEM)() as tx:
        gateways.ensure(tx, ["esms"])
        first, _ = gateways.take_turns(tx, "esms", [1] * 10, 2.0, tx.now)
        second, _ = gateways.take_turns(tx, "esms", [1] * 10, 2.0, tx.now)
        tx.note("test", "gateway", "esms")
    assert first == [gateways.LEAD / 1e6], "a hard limit has no burst"
    assert second == []


def test_what_a_dead_worker_held_is_taken_back(app, tmp_path):
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(6)))
    broadcast_id = released(app, officer, leader)
    with app.begin(SYSTEM)() as tx:
        ids = claimed(tx, "dead", broadcast_id, 6, tx.now.replace(hour=3))
        queued_messages = messages.queued_messages(tx, ids[:4])
        intents.write(
            tx,
            "dead",
            [
                (p._replace(reference=f"R{p.message_id}"), f"R{p.message_id}")
                for p in queued_messages
            ],
            tx.now + LEASE,
        )
        tx.note("test", "messages", "")
    remembers = {"esms": Doubt(dedup_window=broadcasts.timedelta(hours=24))}
    with app.begin(SYSTEM)() as tx:  # its calls are asked about soon, however many workers died
        tx.run("UPDATE messages SET tries = 30 WHERE state = 'sending'")
        assert reclaim(tx, "heir", remembers, dead="dead") == 4
    [last] = rows(app, "SELECT MAX(due_at) AS due FROM messages WHERE state = 'sending'")
    assert last["due"] <= micros(app.clock() + timedelta(seconds=4))
    held = rows(app, "SELECT count(*) AS n FROM messages WHERE lease_owner IS NOT NULL")
    assert held[0]["n"] == 0
    assert counts(app, broadcast_id) == {"queued": 2, "sending": 4}
    doubts = rows(app, "SELECT state FROM attempts")
    assert [r["state"] for r in doubts] == ["doubtful"] * 4


def test_without_memory_or_look_up_a_dead_workers_calls_are_unconfirmed(app, tmp_path):
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(3)))
    broadcast_id = released(app, officer, leader)
    with app.begin(SYSTEM)() as tx:
        ids = claimed(tx, "dead", broadcast_id, 3, tx.now.replace(hour=3))
        queued_messages = messages.queued_messages(tx, ids)
        intents.write(
            tx,
            "dead",
            [
                (p._replace(reference=f"R{p.message_id}"), f"R{p.message_id}")
                for p in queued_messages
            ],
            tx.now + LEASE,
        )
        reclaim(tx, "heir", {"esms": Doubt()}, dead="dead")
    assert counts(app, broadcast_id) == {"unconfirmed": 3}


def test_messages_released_in_a_drill_stay_when_the_site_goes_live(site):
    from dispatcher.domain.model import Mode

    app, broadcast_id = site(crowd(3))
    with ThreadPoolExecutor(1) as database:
        engine = Engine(app.store, "w", app.clock, Mode.LIVE, [], database)
        with app.begin(SYSTEM)() as tx:
            engine.worker_state.look(tx)
        assert engine.worker_state.running == {}
        engine = Engine(app.store, "w", app.clock, Mode.DRILL, [], database)
        with app.begin(SYSTEM)() as tx:
            engine.worker_state.look(tx)
        assert set(engine.worker_state.running) == {broadcast_id}


def test_messages_that_wait_in_a_worker_when_the_window_closes_are_let_go(lite, clock, tmp_path):
    officer, leader = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(5)))
    broadcast_id = released(lite, officer, leader)
    gate = build_gateway(lite, "esms", Doors({"esms": "http://127.0.0.1:1"}), None)
    with ThreadPoolExecutor(1) as database:
        engine = Engine(
            lite.store, "w", lite.clock, lite.site.mode, [(gate, Pace(in_flight=2))], database
        )
        queue = engine.queues["esms"]
        with lite.begin(SYSTEM)() as tx:
            engine.worker_state.look(tx)
            assert len(dispatch.load(engine.worker_state, tx, queue, tx.now, 1.0)) == 2
            assert len(queue.waiting) == 3
            tx.note("test", "messages", "")
        clock.advance(hours=14)  # 23:00
        with lite.begin(SYSTEM)() as tx:
            assert dispatch.load(engine.worker_state, tx, queue, tx.now, 2.0) == []
            tx.note("test", "messages", "")
    assert len(queue.waiting) == 0
    assert counts(lite, broadcast_id) == {"queued": 3, "sending": 2}
    held = rows(lite, "SELECT count(*) AS n FROM messages WHERE lease_owner IS NOT NULL")
    assert held[0]["n"] == 2


def test_stop_leaves_nothing_queued_and_nothing_more_goes(site):
    app, broadcast_id = site(crowd(10))
    with app.begin(SYSTEM)() as tx:
        assert planning.stop(tx, broadcasts.get(tx, broadcast_id)) == 10
    with vendor(ok) as (url, seen):
        send(app, url)
    assert seen == []
    assert counts(app, broadcast_id) == {"cancelled": 10}


def test_two_workers_together_send_each_message_once(
    make_site, database, twins, tmp_path, monkeypatch
):
    app = open_app(parse(make_site(database)), FlowingClock())
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(300)))
    broadcast_id = released(app, officer, leader)
    urls = twin_urls(twins)

    async def both():
        port = asyncio.get_running_loop().create_future()
        door = asyncio.create_task(serve_door(app, "127.0.0.1", 0, port.set_result))
        monkeypatch.setenv("DISPATCHER_CALLBACKS", f"http://127.0.0.1:{await port}")
        try:
            return await asyncio.gather(
                *(serve_site(app, urls, once=True, with_door=False) for _ in range(2))
            )
        finally:
            door.cancel()
            await asyncio.gather(door, return_exceptions=True)

    found = asyncio.run(both())
    ledger = twins.ask("/ledger")
    assert sum(f["accepted"] for f in found) == ledger["accepted"]
    assert ledger["twice"] == 0
    states = counts(app, broadcast_id)
    assert sum(states.get(s, 0) for s in ("accepted", "delivered", "failed")) == 300
    assert states["delivered"] > 200
    with app.store.read(SYSTEM) as tx:  # what the network said is in the books, whoever heard it
        assert [what for what, sound, _ in maintenance.check(tx) if not sound] == []
    app.store.close()


@pytest.mark.long
def test_a_database_held_by_another_program_costs_time_and_nobody(make_site, tmp_path, twins):
    import subprocess
    import sys
    import threading

    app = open_app(parse(make_site()), FlowingClock())
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(400)))
    broadcast_id = released(app, officer, leader)
    # another process: two SQLite libraries in one process would undo each other's locks
    program = (
        "import sqlite3, sys, time\n"
        "holder = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=300)\n"
        "holder.execute('BEGIN IMMEDIATE')\n"
        "time.sleep(13)  # longer than the busy timeout\n"
        "holder.execute('ROLLBACK')\n"
    )
    free = threading.Event()

    def hold():
        while not twins.ask("/ledger")["accepted"]:
            free.wait(0.01)
        words = [sys.executable, "-c", program, str(app.site.data / "site.db")]
        subprocess.run(words, check=True, timeout=PATIENCE)

    thread = threading.Thread(target=hold)
    thread.start()
    urls = twin_urls(twins)
    asyncio.run(serve_site(app, urls, once=True, with_door=False))
    thread.join()
    asyncio.run(serve_site(app, urls, once=True, with_door=False))
    ledger = twins.ask("/ledger")
    states = counts(app, broadcast_id)
    assert ledger["twice"] == 0
    assert states["accepted"] == ledger["accepted"]
    assert states["accepted"] + states.get("failed", 0) == 400
    app.store.close()


@contextmanager
def engine_on(app):
    """An engine with room for two calls that never come back: (engine, lane, load(monotonic))."""
    gate = build_gateway(app, "esms", Doors({"esms": "http://127.0.0.1:1"}), None)
    with ThreadPoolExecutor(1) as database:
        engine = Engine(
            app.store, "w", app.clock, app.site.mode, [(gate, Pace(in_flight=2))], database
        )
        queue = engine.queues["esms"]

        def load(monotonic):
            with app.begin(SYSTEM)() as tx:
                engine.worker_state.look(tx)
                tx.note("test", "messages", "")
                return dispatch.load(engine.worker_state, tx, queue, tx.now, monotonic)

        yield engine, queue, load


def test_an_urgent_broadcast_overtakes_what_waits_already(lite, clock, tmp_path):
    """Its first message is in the very next calls, whatever was leased before it."""
    officer, leader = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(40)))
    bulk = released(lite, officer, leader)
    with engine_on(lite) as (engine, queue, load):
        assert {p.broadcast_id for c in load(1.0) for p in c.queued_messages} == {bulk}
        assert len(queue.waiting) == 38
        clock.advance(seconds=1)
        urgent = released(lite, officer, leader, urgent=True)
        queue.flying = 0
        ids = [p.broadcast_id for n in range(20) for c in load(2.0 + n) for p in c.queued_messages]
    assert ids == [urgent] * 40
    assert len(queue.waiting) == 38, "the others go on waiting here"


def test_equal_broadcasts_share_a_gateway_alike(lite, tmp_path):
    officer, leader = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(40)))
    one, other = (released(lite, officer, leader) for _ in range(2))
    with engine_on(lite) as (_, _, load):
        ids = [p.broadcast_id for n in range(10) for c in load(1.0 + n) for p in c.queued_messages]
    assert ids.count(one) == ids.count(other) == 10


def test_a_worker_that_waits_for_an_answer_sleeps_although_a_hold_is_over(lite, clock, tmp_path):
    """A vendor said "later" and then lets a call wait: nothing may leave, so nobody looks."""
    officer, leader = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(5)))
    released(lite, officer, leader)
    with engine_on(lite) as (engine, queue, load):
        load(1.0)
        assert queue.waiting
        queue.hold_until = lite.clock() + timedelta(seconds=0.1)
        assert engine._nap() == pytest.approx(0.1), "until it may go on"
        clock.advance(seconds=1)
        assert engine._nap() == 0.001, "it has become over since the last commit"
        engine._transact([], ())
        assert engine._nap() > 0.1, "it was over at the last commit: only an answer makes room"


def test_what_waited_long_in_a_worker_still_has_a_whole_lease_for_its_call(lite, clock, tmp_path):
    officer, leader = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(5)))
    released(lite, officer, leader)
    with engine_on(lite) as (_, _, load):
        load(1.0)
        clock.advance(seconds=80)  # nearly over for those that wait
        load(2.0)
        leases = rows(lite, "SELECT lease_until FROM messages WHERE state = 'sending' ORDER BY id")
        left = [moment(r["lease_until"]) - lite.clock() for r in leases]
    assert left == [timedelta(seconds=10)] * 2 + [LEASE] * 2


def test_the_leases_of_a_frozen_worker_lapse_without_its_death(lite, clock, tmp_path):
    officer, leader = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(5)))
    broadcast_id = released(lite, officer, leader)
    with lite.begin(SYSTEM)() as tx:
        claimed(tx, "frozen", broadcast_id, 5, tx.now + LEASE)
        tx.note("test", "messages", "")
    clock.advance(seconds=91)
    with lite.begin(SYSTEM)() as tx:
        reclaim(tx, "heir", {})
        ids = claimed(tx, "heir", broadcast_id, 5, tx.now + LEASE)
    assert len(ids) == 5


@pytest.mark.parametrize("asked_again", [False, True])
def test_an_acceptance_that_comes_after_its_worker_was_taken_for_dead_is_believed(
    make_site, database, tmp_path, asked_again
):
    """PostgreSQL was restarted, and the lock of a living worker was gone with it."""
    app = open_app(parse(make_site(database)), FlowingClock())
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(1)))
    broadcast_id = released(app, officer, leader)
    with app.begin(SYSTEM)() as tx:
        ids = claimed(tx, "a", broadcast_id, 1, tx.now + LEASE)
        [sent] = messages.queued_messages(tx, ids)
        intents.write(tx, "a", [(sent, sent.reference)], tx.now + LEASE)
        reclaim(tx, "b", {"esms": Doubt(dedup_window=timedelta(hours=24))}, dead="a")
    app.clock.advance(seconds=5)
    if asked_again:
        with app.begin(SYSTEM)() as tx:
            again = messages.queued_messages(tx, messages.claim_doubts(tx, "b", "esms", 1, tx.now + LEASE),
                                     doubtful=True)  # fmt: skip
            intents.repeat(tx, "b", again)
            tx.note("test", "messages", "")
    no = Outcome(ids[0], sent.reference, AttemptState.REFUSED, MessageState.QUEUED)
    with app.begin(SYSTEM)() as tx:  # what a stale worker says otherwise changes nothing
        assert outcomes.write_outcomes(tx, "a", [no]) == set()
        tx.note("test", "messages", "")
    still = "sending" if asked_again else "doubtful"
    assert [r["state"] for r in rows(app, "SELECT state FROM attempts")] == [still]
    yes = Outcome(ids[0], sent.reference, AttemptState.ACCEPTED, MessageState.ACCEPTED,
                  provider_id="p1")  # fmt: skip
    with app.begin(SYSTEM)() as tx:
        assert outcomes.write_outcomes(tx, "a", [yes]) == set()
        outcomes.late_proof(tx, [yes])
        tx.note("test", "messages", "")
    states = {"sending": 1} if asked_again else {"accepted": 1}
    assert counts(app, broadcast_id) == states
    with app.begin(SYSTEM)() as tx:
        known = messages.other_attempts(tx, [(ids[0], sent.reference)])
        assert known[ids[0]] == [(sent.reference, "accepted", 0)], "b's settle will see it"
    assert [r["state"] for r in rows(app, "SELECT state FROM attempts")] == ["accepted"]
    app.store.close()


def test_a_vendor_of_a_drill_that_was_started_anew_gives_no_id_a_second_time(lite, tmp_path):
    """Each `run` of a drill starts its own: an id of another call would be taken for a doubt."""
    officer, leader = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(5)))
    ends = []
    for _ in range(2):
        made = released(lite, officer, leader)
        twins = start(["esms", "zalo"], "--no-receipts")
        try:
            work(lite, twins, with_door=False)
        finally:
            twins.stop()
        ends.append(counts(lite, made))
    assert ends == [{"accepted": 5}] * 2
