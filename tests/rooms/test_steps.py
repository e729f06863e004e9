"""Gateways that share a step, hours and money, quotas, forecasts, what is remembered of people."""

import asyncio
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import NINE, FlowingClock, SiteClock, add_people
from walk import counts, crowd, get, import_list, number, released, rows, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.cli.broadcasts import forecast as foretold
from dispatcher.config import parse
from dispatcher.config.pace import Pace
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.contacts import reachability
from dispatcher.db.queue import forecasts, gateways, workers
from dispatcher.domain.model import SYSTEM, BroadcastState, Mode
from dispatcher.gateways.esms import LIMITS
from dispatcher.simulators.drill import sign_in_to_twins
from dispatcher.usecases import preview_lines
from dispatcher.usecases.broadcasts_progress import on_its_way
from dispatcher.usecases.context import Context, open_app
from dispatcher.worker.sending import balance, dispatch
from dispatcher.worker.sending.state import LEASE, WorkerState, queues_of
from dispatcher.worker.serving import serve_site

POSTGRESQL_LATER = True

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateways"))
from vendors import answer, reset, vendor

ESMS = '[gateways.esms]\nadapter = "esms"'
SECOND = (ESMS, '[gateways.second]\nadapter = "esms"\n' + ESMS)
SMS = '[routes.sms]\nsteps = [ { gateway = "esms" } ]'


def step(text):
    """The site's SMS route with one step written like this."""
    return (SMS, f"[routes.sms]\nsteps = [ {text} ]")


@pytest.fixture
def site(make_site, tmp_path):
    opened = []

    def make(people, *changes, clock=None, database="data/site.db", **more):
        app = open_app(parse(make_site(database, *changes)), clock or FlowingClock())
        opened.append(app)
        officer, leader = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", people))
        return app, released(app, officer, leader, **more)

    yield make
    for app in opened:
        app.store.close()


def code(of):
    """An eSMS that answers with the code `of` gives for a phone and a reference."""

    def act(connection, request):
        body = json.loads(request.partition(b"\r\n\r\n")[2])
        if "Phone" not in body:  # asked what became of them: nothing is known yet
            return answer(b'{"CodeResult":"100","ReceiverList":[]}')(connection, request)
        said = of(body["Phone"], body["RequestId"])
        if said is None:
            return reset(connection, request)
        words = {"CodeResult": said, "SMSID": body["RequestId"][::-1]}
        return answer(json.dumps(words).encode())(connection, request)

    return act


def send(app, urls):
    found = asyncio.run(serve_site(app, urls, once=True, with_door=False))
    assert not found["problems"]


def by_gateway(app, where="state = 'accepted'"):
    found = rows(app, f"SELECT gateway, count(*) AS n FROM attempts WHERE {where} GROUP BY gateway")
    return {r["gateway"]: r["n"] for r in found}


# --- gateways that share a step -----------------------------------------------------------------


def test_a_step_is_shared_by_weight(site, database):
    app, _ = site(crowd(400), SECOND, step("{ gateways = { esms = 70, second = 30 } }"),
                  clock=SiteClock(), database=database)  # fmt: skip
    found = rows(app, "SELECT gateway, count(*) AS n FROM messages GROUP BY gateway")
    shares = {r["gateway"]: r["n"] for r in found}
    assert 250 <= shares["esms"] <= 310, shares
    planned = rows(app, "SELECT count(*) AS n FROM messages m JOIN targets t ON t.message_id = m.id "
                        "AND t.position = m.position WHERE t.gateway <> m.gateway")  # fmt: skip
    assert planned[0]["n"] == 0


def test_a_network_one_gateway_cannot_reach_goes_by_the_other_and_the_rest_stays(site):
    people = [(f"Mẫu {i}", f"095{i % 10}{i:06d}", "Tổ 1", "") for i in range(40)]
    app, made = site(people, SECOND, step("{ gateways = { esms = 1, second = 0 } }"))
    with vendor(code(lambda phone, _: "177" if phone[-7] in "56" else "100")) as (first, _), \
         vendor(code(lambda *_: "100")) as (second, _):  # fmt: skip
        send(app, {"esms": first, "second": second, "zalo": first})
    assert counts(app, made) == {"accepted": 40}
    assert by_gateway(app) == {"esms": 32, "second": 8}
    assert by_gateway(app, "fault = 'carrier'") == {"esms": 8}
    twice = rows(app, "SELECT message_id FROM attempts WHERE state = 'accepted' "
                      "GROUP BY message_id HAVING count(*) > 1")  # fmt: skip
    assert twice == []


def test_what_neither_gateway_can_reach_fails_and_is_not_sent_back_and_forth(site):
    app, made = site(crowd(3), SECOND, step("{ gateways = { esms = 1, second = 1 } }"))
    with vendor(code(lambda *_: "177")) as (url, seen):
        send(app, {"esms": url, "second": url, "zalo": url})
    assert counts(app, made) == {"failed": 3}
    assert len(seen) == 6, "each gateway once for each person"


@pytest.mark.long
def test_a_gateway_without_money_hands_its_queue_to_the_other_but_never_a_doubt(site):
    lab = ('[gateways.second]\nadapter = "lab"\ncapability = "neither"\ntimeout = "2s"\n', "")
    app, made = site(
        crowd(60), (ESMS, lab[0] + ESMS), step("{ gateways = { second = 1, esms = 0 } }")
    )
    calls = []

    def takes_two_silently_then_has_no_money(connection, request):
        calls.append(json.loads(request.partition(b"\r\n\r\n")[2])["to"])
        said = reset if len(calls) <= 2 else answer(b'{"code":"key"}')
        said(connection, request)

    with vendor(takes_two_silently_then_has_no_money) as (poor, _), \
         vendor(code(lambda *_: "100")) as (rich, asked):  # fmt: skip
        send(app, {"second": poor, "esms": rich, "zalo": rich})
    assert counts(app, made) == {"accepted": 58, "unconfirmed": 2}
    told = {json.loads(r.partition(b"\r\n\r\n")[2])["Phone"] for r in asked}
    assert not {c.lstrip("+") for c in calls[:2]} & {p.lstrip("+") for p in told}
    moved = rows(app, "SELECT entry FROM trail WHERE act = 'moved'")
    assert sum(json.loads(r["entry"])["facts"]["messages"] for r in moved) > 0


@pytest.mark.parametrize("batch, people", [(1, 5), (10, 30)])
def test_a_yes_under_the_id_of_another_call_is_a_doubt(site, database, batch, people):
    """A cache on the way gives everybody the answer of the first; nothing of theirs has left."""
    lab = '[gateways.second]\nadapter = "lab"\ncapability = "neither"\nin_flight = 1\n'
    lots = (
        '[gateways.second]\nadapter = "http"\nbase_url = "http://127.0.0.1:1"\nbatch = 10\n'
        'in_flight = 1\nbody = { to = ["{to}"], text = "{body}" }\n[gateways.second.answer]\n'
        'code = "code"\nid = "id"\naccepted = "ok"\nsample = \'{"code":"ok","id":"{id}"}\'\n'
    )
    app, made = site(
        crowd(people), (ESMS, (lab if batch == 1 else lots) + ESMS),
        step('{ gateway = "second" }'), database=database,
    )  # fmt: skip
    with vendor(answer(b'{"code":"ok","id":"the first"}')) as (url, seen):
        send(app, {"second": url, "esms": url, "zalo": url})
    assert counts(app, made) == {"accepted": batch, "unconfirmed": people - batch}
    assert len(seen) == people / batch, "nobody is asked for twice"
    codes = rows(app, "SELECT DISTINCT code FROM attempts WHERE state = 'unconfirmed'")
    assert [r["code"] for r in codes] == ["id of another message"]


def test_a_gateway_in_trouble_loses_its_share_step_by_step_and_gets_it_back(site, database):
    clock = SiteClock()
    app, made = site(crowd(200), SECOND, step("{ gateways = { esms = 1, second = 0 } }"),
                     clock=clock, database=database)  # fmt: skip
    ids = [r["id"] for r in rows(app, "SELECT id FROM messages ORDER BY id")]

    def answers(fault, count):
        with app.begin(SYSTEM)() as tx:
            for i in ids[:count]:
                tx.run(
                    "INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, "
                    "reference, call_ref, state, fault, asked_at, answered_at) VALUES (:m, :b, 1, "
                    "'esms', 'sms', :r, :r, 'refused', :f, :now, :now)",
                    {"m": i, "b": made, "r": f"r{clock.now.timestamp():.0f}x{i}", "f": fault,
                     "now": broadcasts.at(tx.now)},
                )  # fmt: skip

    def look():
        with app.begin(SYSTEM)() as tx:
            balance(tx, Mode.DRILL)
            tx.note("test", "gateway", "")
            share = gateways.states(tx)["esms"]["share"]
            return share, tx.value("SELECT count(*) FROM messages WHERE gateway = 'second'")

    seen = []
    for _ in range(12):
        answers("busy", 30)
        seen.append(look())
        clock.advance(seconds=6)
    shares, moved = zip(*seen, strict=True)
    assert list(shares) == [90, 80, 70, 60, 50, 40, 30, 20, 10, 10, 10, 10]
    assert 0 < moved[2] < moved[5] < moved[11] <= 180
    clock.advance(minutes=2)
    back = []
    for _ in range(10):
        back.append(look()[0])
        clock.advance(seconds=6)
    assert back == [20, 30, 40, 50, 60, 70, 80, 90, 100, 100]


def test_two_workers_do_not_balance_twice_in_one_interval(site):
    clock = SiteClock()
    app, _ = site(crowd(10), SECOND, step("{ gateways = { esms = 1, second = 1 } }"), clock=clock)
    with app.begin(SYSTEM)() as tx:
        gateways.pause(tx, "esms", "account")
        first = balance(tx, Mode.DRILL)
        second = balance(tx, Mode.DRILL)
    assert first > 0
    assert second == 0


# --- hours and money of a step -------------------------------------------------------------------


def test_a_step_keeps_its_own_hours_and_quiet_hours_are_no_reason_to_go_on(site):
    app, made = site(crowd(3), step('{ gateway = "esms", window = "10:00-11:00" }'))
    with vendor(code(lambda *_: "100")) as (url, seen):
        send(app, {"esms": url, "zalo": url})
        assert seen == []
        assert counts(app, made) == {"queued": 3}
        app.clock.advance(hours=1, minutes=5)
        send(app, {"esms": url, "zalo": url})
    assert counts(app, made) == {"accepted": 3}


BUDGET = '{ gateway = "esms", budget = 1600 }'


def test_a_budget_ends_a_step_and_a_person_decides_about_the_rest(site):
    app, made = site(crowd(10), step(BUDGET))
    with vendor(code(lambda *_: "100")) as (url, _):
        send(app, {"esms": url, "zalo": url})
        found = get(app, made)
        assert (found.state, found.reason) == (BroadcastState.HELD, "over_budget")
        assert counts(app, made) == {"queued": 7, "accepted": 3}
        leader = app.actor("minh")
        with app.begin(leader)() as tx:
            planning.resume(tx, broadcasts.get(tx, made))
        send(app, {"esms": url, "zalo": url})
    assert counts(app, made) == {"queued": 4, "accepted": 6}, "resumed, it may cost as much again"
    assert used(app) == {f"broadcast {made} 0": 3000 - 1600}


def used(app):
    return {r["name"]: r["used"] for r in rows(app, "SELECT * FROM allowances")}


def test_a_spent_budget_means_the_next_step(site, twins):
    changes = ('{ gateway = "zalo", deadline = "2s" }',
               '{ gateway = "zalo", deadline = "1s", budget = 450 }')  # fmt: skip
    app, made = site(crowd(5), changes, route="zalo-then-sms")
    sign_in_to_twins(app, {"zalo": twins.base("zalo")})
    send(app, {"zalo": twins.base("zalo"), "esms": twins.base("esms")})
    asked = rows(app, "SELECT message_id, channel FROM attempts ORDER BY id")
    assert len({r["message_id"] for r in asked if r["channel"] == "zalo"}) <= 3
    assert len({r["message_id"] for r in asked}) == 5, "nobody is left out"
    spent = rows(app, "SELECT sum(cost) AS n FROM attempts WHERE state = 'accepted' "
                      "AND channel = 'zalo'")[0]["n"]  # fmt: skip
    assert used(app)[f"broadcast {made} 0"] == (spent or 0) <= 450


def test_what_was_refused_is_given_back(site):
    app, made = site(crowd(6), step('{ gateway = "esms", budget = 100000 }'))
    with vendor(code(lambda phone, _: "99" if phone[-1] in "08" else "100")) as (url, _):
        send(app, {"esms": url, "zalo": url})
    accepted = counts(app, made)["accepted"]
    assert 0 < accepted < 6
    assert used(app) == {f"broadcast {made} 0": 500 * accepted}
    costs = rows(app, "SELECT state, cost FROM attempts")
    assert {(r["state"], r["cost"]) for r in costs} == {("accepted", 500), ("refused", None)}


def test_a_doubt_keeps_its_money_until_it_is_settled(site):
    app, made = site(crowd(4), step('{ gateway = "esms", budget = 100000 }'))
    calls = []

    def lost_at_first(phone, reference):
        calls.append(reference)
        return None if calls.count(reference) == 1 else "124"

    with vendor(code(lost_at_first)) as (url, _):
        send(app, {"esms": url, "zalo": url})
    assert counts(app, made) == {"accepted": 4}
    assert used(app) == {f"broadcast {made} 0": 2000}


def test_sixteen_workers_racing_for_the_last_dong_never_overspend(site, database):
    """Real connections, one each; a budget of fifty messages for four hundred people."""
    app, made = site(crowd(400), step('{ gateway = "esms", budget = 25000 }'), clock=SiteClock(),
                     database=database)  # fmt: skip
    gate = type("Gate", (), {"name": "esms", "limits": LIMITS})()
    barrier, asked = threading.Barrier(16), []

    def race(worker):
        mine = open_app(app.site, app.clock)
        worker_state = WorkerState(f"w{worker}", Mode.DRILL, queues_of([(gate, Pace())]))
        try:
            barrier.wait()
            for turn in range(4):
                with mine.begin(SYSTEM)() as tx:
                    worker_state.look(tx)
                    queue = worker_state.queues["esms"]
                    started = dispatch.load(worker_state, tx, queue, tx.now, float(turn))
                    tx.note("test", "messages", "")
                queue.flying = 0
                asked.extend(p.message_id for call in started for p in call.queued_messages)
        finally:
            mine.store.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(race, range(16)))
    assert len(asked) == len(set(asked)) == 50
    assert used(app) == {f"broadcast {made} 0": 25_000}
    assert get(app, made).state is BroadcastState.HELD
    reserved = rows(app, "SELECT sum(cost) AS n FROM attempts WHERE state = 'sending'")
    assert reserved[0]["n"] == 25_000


LIVE = ('mode = "drill"', 'mode = "live"')


def live(url, line):
    """A real account at a loopback address, with limits of its own."""
    return (
        LIVE,
        (ESMS, f'[senders.all]\nwards = "all"\nname = "UBND"\nbrandname = "UBND"\n{ESMS}\n'
               f'base_url = "{url}"\napi_key = {{ env = "K" }}\nsecret_key = {{ env = "K" }}\n{line}'),
        ('[gateways.zalo]\nadapter = "zalo"\ntimeout = "2s"\n', ""),
        ('[routes.zalo-then-sms]\nsteps = [ { gateway = "zalo", deadline = "2s" }, '
         '{ gateway = "esms" } ]\n', ""),
    )  # fmt: skip


@pytest.mark.parametrize("line", ["per_day = 5", "dong_per_day = 2600", "per_month = 5"])
@pytest.mark.long
def test_a_quota_of_our_own_waits_for_the_day_it_begins_anew(site, monkeypatch, line):
    monkeypatch.setenv("K", "invented")
    with vendor(code(lambda *_: "100")) as (url, seen):
        middle = FlowingClock(
            NINE + timedelta(days=14)
        )  # so that the next month is within the expiry
        app, made = site(crowd(8), *live(url, line), clock=middle, expires_after=timedelta(days=31))
        send(app, {})
        assert counts(app, made) == {"queued": 3, "accepted": 5}
        send(app, {})
        assert len(seen) == 5, "known from the database, nobody asks again"
        with app.store.read(SYSTEM) as tx:
            [(until, why)] = gateways.closed(tx, app.clock()).values()
        assert why == "quota"
        month = "month" in line
        assert until.isoformat() == (
            "2026-12-31T17:00:00+00:00" if month else "2026-12-15T17:00:00+00:00"
        )
        app.clock.advance(days=17 if month else 1)
        send(app, {})
    assert counts(app, made) == {"accepted": 8}


def test_a_pace_in_parts_counts_parts(site, monkeypatch):
    monkeypatch.setenv("K", "invented")
    with vendor(code(lambda *_: "100")) as (url, _):
        app, made = site(crowd(6), *live(url, "parts_per_second = 20"), accented=True)
        send(app, {})
    assert counts(app, made) == {"accepted": 6}
    times = sorted(r["at"] for r in rows(app, "SELECT answered_at AS at FROM attempts"))
    parts = rows(app, "SELECT max(parts) AS n FROM attempts")[0]["n"]
    assert (times[-1] - times[0]) / 1e6 >= 0.8 * 5 * parts / 20


# --- limits between workers ------------------------------------------------------------------------


def test_turns_of_many_workers_never_come_closer_than_the_pace(lite):
    clock, left = lite.clock, []
    with lite.begin(SYSTEM)() as tx:
        gateways.ensure(tx, ["esms"])
        tx.note("test", "gateway", "")
    for moment in range(400):
        with lite.begin(SYSTEM)() as tx:
            turns, _ = gateways.take_turns(tx, "esms", [1] * (moment % 7 * 4), 200.0, tx.now)
            left += [(clock.now - NINE).total_seconds() + t for t in turns]
            tx.note("test", "gateway", "")
        clock.advance(milliseconds=3 + moment % 11)
    assert left == sorted(left)
    assert len(left) > 500
    for i, at in enumerate(left):
        assert sum(at <= other < at + 1 for other in left[i : i + 300]) <= 200


def test_workers_share_the_calls_a_gateway_may_have_open(app):
    clock = app.clock
    gate = type("Gate", (), {"name": "esms", "limits": LIMITS})()
    views = [
        WorkerState(n, Mode.DRILL, queues_of([(gate, Pace(in_flight=5))])) for n in ("a", "b", "c")
    ]

    def look(worker_state, alive=True):
        with app.begin(SYSTEM)() as tx:
            workers.enrol(tx, worker_state.name, "1")
            if alive:
                workers.sign_of_life(tx, worker_state.name)
            worker_state.look(tx)
            tx.note("test", "worker", "")
            living = workers.alive(tx, tx.now - LEASE)
            held = sum(n for (_, w), n in gateways.slots(tx).items() if w in living)
        assert held <= 5
        return worker_state.queues["esms"].in_flight

    a, b, c = views
    assert look(a) == 5
    a.queues["esms"].flying = 4
    assert look(b) == 0, "nothing is free yet"
    assert look(a) == 4, "what is on the wire is kept until it is back"
    a.queues["esms"].flying = 1
    assert look(a) == 3
    assert look(b) == 2
    assert look(c) == 0
    a.queues["esms"].flying = b.queues["esms"].flying = 0
    assert [look(v) for v in (a, b, c)] == [2, 2, 1]
    clock.now += LEASE * 2  # b and c are frozen or gone
    assert look(a) == 5


# --- what is remembered ----------------------------------------------------------------------------


def zalo(refused):
    """A Zalo that knows nobody whose phone ends with one of these."""

    def act(connection, request):
        body = json.loads(request.partition(b"\r\n\r\n")[2])
        if "phone" not in body:
            words = {"CodeResult": "100", "SMSID": body["RequestId"][::-1]}
            return answer(json.dumps(words).encode())(connection, request)
        bad = body["phone"][-1] in refused
        data = None if bad else {"msg_id": body["tracking_id"][::-1]}
        said = {"error": -118 if bad else 0, "message": "", "data": data}
        return answer(json.dumps(said).encode())(connection, request)

    return act


def test_who_has_no_zalo_is_sent_an_sms_at_once_next_time_and_the_preview_says_so(
    site, twins, database
):
    people = [(f"Mẫu {i}", number(i), "Tổ 1", "") for i in range(6)]
    app, made = site(people, ('deadline = "2s"', 'deadline = "30m"'), database=database,
                     route="zalo-then-sms")  # fmt: skip
    officer, leader = app.actor("lan"), app.actor("minh")
    sign_in_to_twins(app, {"zalo": twins.base("zalo")})
    with vendor(zalo("45")) as (url, _):
        send(app, {"zalo": url, "esms": url})
    assert by_gateway(app, "channel = 'zalo' AND fault = 'recipient'") == {"zalo": 2}
    again = write_broadcast(app, officer, route="zalo-then-sms")
    found = application.preview_broadcast(app, officer, get(app, again))
    assert found.as_json()["remembered"] == {"zalo": 2}
    assert found.queued == 6
    made = released(app, officer, leader, route="zalo-then-sms")
    starts = rows(app, "SELECT gateway, count(*) AS n FROM messages WHERE broadcast_id = :b "
                       "GROUP BY gateway", b=made)  # fmt: skip
    assert {r["gateway"]: r["n"] for r in starts} == {"zalo": 4, "esms": 2}
    app.clock.advance(days=31)  # people do get Zalo
    found = application.preview_broadcast(
        app, officer, get(app, write_broadcast(app, officer, route="zalo-then-sms"))
    )
    assert found.as_json()["remembered"] == {}


def test_the_only_way_to_somebody_is_tried_again_whatever_is_remembered(site):
    people = [("An", f"{number(1)} / {number(2)}", "Tổ 1", ""), ("Bình", number(3), "Tổ 1", ""),
              ("Cúc", f"{number(4)} / {number(5)}", "Tổ 1", ""), ("Dung", number(4), "Tổ 1", "")]  # fmt: skip
    app, _ = site(people, clock=SiteClock())
    officer, leader = app.actor("lan"), app.actor("minh")
    with app.begin(SYSTEM)() as tx:
        targets = tx.rows("SELECT message_id, position FROM targets WHERE position = 1")
        reachability.refused(
            tx, [(t["message_id"], t["position"], "99") for t in targets],
            tx.now + timedelta(days=5),
        )  # fmt: skip
        tx.note("test", "messages", "")
    made = released(app, officer, leader)
    found = rows(app, "SELECT m.position, count(*) AS n FROM messages m WHERE broadcast_id = :b "
                      "AND state = 'queued' GROUP BY m.position", b=made)  # fmt: skip
    # An: her second number at once. Bình: his only one. Cúc: Dung is reached through her first.
    assert {r["position"]: r["n"] for r in found} == {2: 1, 1: 2}
    assert counts(app, made) == {"queued": 3, "skipped": 1}


def test_a_report_of_delivery_ends_what_was_remembered(site):
    app, made = site(crowd(2), clock=SiteClock())
    with app.begin(SYSTEM)() as tx:
        places = [(r["message_id"], r["position"]) for r in tx.rows("SELECT * FROM targets")]
        reachability.refused(tx, [(*p, "99") for p in places], tx.now + timedelta(days=9))
        assert reachability.any_remembered(tx, "sms")
        [[known], _] = reachability.of_contacts(tx, [1, 2]).values()
        assert (known["channel"], known["code"]) == ("sms", "99")
        assert known["until"] > known["refused_at"]
        reachability.reached(tx, places)
        assert not reachability.any_remembered(tx, "sms")
        tx.note("test", "messages", "")
    found = rows(app, "SELECT reached_at, refused_at, until FROM reachability")
    assert all(r["reached_at"] and r["refused_at"] and r["until"] is None for r in found)


# --- forecasts -------------------------------------------------------------------------------------


class Screen:
    """Collects what is told."""

    def __init__(self, app):
        self.app, self.lines = app, []

    def open_app(self):
        return self.app

    def text(self, words):
        return words if isinstance(words, str) else words.vi

    def say(self, words):
        self.lines.append(self.text(words))


def test_a_forecast_is_made_before_kept_at_release_and_compared_afterwards(site, database):
    app, made = site(crowd(40), SECOND, step("{ gateways = { esms = 3, second = 1 } }"),
                     database=database)  # fmt: skip
    with app.store.read(SYSTEM) as tx:
        foreseen = forecasts.foreseen(tx, made)
    found = on_its_way(Context(app, SYSTEM), get(app, made)).forecast
    assert foreseen["cost"] == {"low": 20_000, "high": 20_000}
    assert not foreseen["measured"]
    assert found["now"]["left"] == foreseen["left"] == 0
    with app.begin(SYSTEM)() as tx:
        gateways.measured(tx, {"esms": 0.5, "second": 2.0})
        tx.note("test", "gateway", "")
    with app.store.read(SYSTEM) as tx:
        now = app.clock()
        told = planning.forecast(tx, get(app, made), application.speeds(app.site, tx), now,
                                 now + timedelta(days=9), 0)  # fmt: skip
        mine = {w.gateway: w.messages for w in forecasts.waiting_messages(tx, made)}
    assert told.measured
    assert sum(mine.values()) == 40
    slowest = max(mine["esms"] / 0.5, mine["second"] / 2.0)
    assert abs((told.finish - now).total_seconds() - slowest) < 1, "gateways work side by side"
    with vendor(code(lambda phone, _: "99" if phone[-1] == "0" else "100")) as (url, _):
        send(app, {"esms": url, "second": url, "zalo": url})
    screen = Screen(app)
    with app.store.read(SYSTEM) as tx:
        spent = tx.value("SELECT sum(cost) FROM attempts WHERE state = 'accepted'")
    found = on_its_way(Context(app, SYSTEM), get(app, made)).forecast
    assert "now" not in found
    assert found["outcome"]["cost"] == spent < 20_000
    assert found["outcome"]["cost_error"] == spent - 20_000
    foretold.tell_forecast(screen, found)
    [line] = screen.lines
    assert "dự kiến" in line
    assert "20.000" in line


def test_a_preview_says_what_will_not_leave_in_time(site):
    app, _ = site(crowd(3))
    with app.begin(SYSTEM)() as tx:
        gateways.measured(tx, {"esms": 0.0001})
        tx.note("test", "gateway", "")
    officer = app.actor("lan")
    found = application.preview_broadcast(app, officer, get(app, write_broadcast(app, officer)))
    assert found.forecast.left == 1, "two in six hours, at one in ten thousand seconds"
    assert found.as_json()["forecast"]["measured"]
    said = [line.say.vi for line in preview_lines.ahead(found.forecast.as_json())]
    assert "không kịp gửi" in said[1]
