"""Nobody is asked, told or believed beyond what is known: the mistakes that would text twice.

Each test is the first to fail when one guard is taken away: tests/crash/test_planted.py does that.
"""

import asyncio
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from conftest import FlowingClock, add_people
from patience import until
from walk import claimed, counts, crowd, import_list, released, rows, sheet

from dispatcher import broadcasts as planning
from dispatcher.config import parse
from dispatcher.config.pace import Pace
from dispatcher.db.broadcasts.broadcasts import get as get_in
from dispatcher.db.queue import gateways, intents, messages, receipts
from dispatcher.domain.lifecycle import Doubt
from dispatcher.domain.model import SYSTEM
from dispatcher.gateways.contract import Call
from dispatcher.usecases.context import open_app
from dispatcher.worker import receiving
from dispatcher.worker.adapters import Doors, build_gateway, listeners
from dispatcher.worker.sending import Engine, reclaim
from dispatcher.worker.sending.state import LEASE
from dispatcher.worker.serving import serve_site

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateways"))
from vendors import answer, reset, vendor

ESMS = '[gateways.esms]\nadapter = "esms"'
LAB = '[gateways.esms]\nadapter = "lab"\ncapability = "{}"'
# five numbers a call, remembered by the name of the call; one call at a time
BATCHES = """[gateways.esms]
adapter = "http"
in_flight = 1
base_url = "http://127.0.0.1:1"
batch = 5
dedup_window = "1h"
body = { call = "{call_ref}", to = ["{to}"], text = "{body}" }
answer = { code = "code", accepted = "ok", id = "id", sample = '{"code":"ok","id":"{id}"}' }
receipt = { id = "id", to = "to", state = "state", delivered = "delivered", failed = "failed" }
"""
REMEMBERS = {"esms": Doubt(dedup_window=timedelta(hours=1))}


@pytest.fixture
def site(make_site, database, tmp_path):
    """A flowing site, once per database: makes (app, broadcast) for so many people."""
    opened = []

    def make(count, gateway=ESMS, **more):
        app = open_app(parse(make_site(database, (ESMS, gateway))), FlowingClock())
        opened.append(app)
        officer, leader = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", crowd(count)))
        return app, released(app, officer, leader, **more)

    yield make
    for app in opened:
        app.store.close()


def send(app, url):
    """A worker until nothing is due."""
    urls = {"esms": url, "zalo": url}
    return asyncio.run(serve_site(app, urls, once=True, with_door=False))


def body_of(request):
    return json.loads(request.partition(b"\r\n\r\n")[2])


def takes(connection, request):
    """Takes every message under an id of its own."""
    said = json.dumps({"CodeResult": "100", "SMSID": body_of(request).get("RequestId", "")[::-1]})
    answer(said.encode())(connection, request)


def die_with_calls(app, broadcast_id, sizes):
    """A worker died with calls of these sizes on the wire; their names, in order."""
    names = []
    with app.begin(SYSTEM)() as tx:
        ids = claimed(tx, "dead", broadcast_id, sum(sizes), tx.now + LEASE)
        for n, size in enumerate(sizes):
            call = f"C{n}" if size > 1 else ""
            lost = messages.queued_messages(tx, ids[:size])
            intents.write(tx, "dead", [(p, call or p.reference) for p in lost], tx.now + LEASE)
            names.append(call or lost[0].reference)
            del ids[:size]
        reclaim(tx, "heir", REMEMBERS, dead="dead")
        tx.note("test", "messages", "")
    return names


# --- a call is repeated whole or not at all -----------------------------------------------------


def test_a_doubtful_call_is_repeated_with_everybody_it_had(site):
    """A worker with room for one call of five finds two doubtful ones of three."""
    app, broadcast_id = site(6, BATCHES)
    names = die_with_calls(app, broadcast_id, [3, 3])
    asked = []

    def remembers(connection, request):
        asked.append(body_of(request))
        said = json.dumps({"code": "ok", "id": f"id of {asked[-1]['call']}"})
        answer(said.encode())(connection, request)

    with vendor(remembers) as (url, _):
        send(app, url)
    assert sorted((a["call"], len(a["to"])) for a in asked) == [(n, 3) for n in names]
    assert len({number for a in asked for number in a["to"]}) == 6
    assert counts(app, broadcast_id) == {"accepted": 6}


def test_whoever_claims_one_doubt_of_a_call_claims_all_of_them(site):
    app, broadcast_id = site(4, BATCHES)
    die_with_calls(app, broadcast_id, [3])
    app.clock.advance(minutes=5)
    with app.begin(SYSTEM)() as tx:
        ids = messages.claim_doubts(tx, "w", "esms", 1, tx.now + LEASE)
        tx.note("test", "messages", "")
    doubtful = rows(app, "SELECT message_id FROM attempts WHERE state = 'doubtful'")
    assert sorted(ids) == sorted(r["message_id"] for r in doubtful)
    assert len(ids) == 3


# --- what comes too late stays ------------------------------------------------------------------


class Suspended:
    """A clock that runs on while the machine sleeps: for an hour, once an intent is on disk."""

    def __init__(self, app):
        self.app, self.slept = app, False

    def __call__(self):
        self.slept = self.slept or bool(rows(self.app, "SELECT 1 FROM attempts"))
        return 3600.0 if self.slept else 0.0


def run_engine(app, url, enough, awake=time.monotonic, names=("esms",), meanwhile=None):
    """The send loop of a worker with one call at a time in front of `url`, until `enough()`."""
    gates = [build_gateway(app, name, Doors(dict.fromkeys(names, url)), None) for name in names]

    async def go():
        with ThreadPoolExecutor(1) as database:
            queues = [(gate, Pace(in_flight=1)) for gate in gates]
            engine = Engine(app.store, "w", app.clock, app.site.mode, queues, database, awake)
            running = asyncio.create_task(engine.run())
            try:
                if meanwhile:
                    await asyncio.to_thread(meanwhile, engine)
                await asyncio.to_thread(until, enough)
            finally:
                engine.stop()
                await running
                for gate in gates:
                    await gate._wire.close()

    asyncio.run(go())


def test_a_call_that_comes_back_from_a_suspended_machine_leaves_no_more(site):
    """Its lease may be over and its people asked by another worker meanwhile."""
    app, broadcast_id = site(1)

    def asked_again():
        return counts(app, broadcast_id) == {"accepted": 1}

    with vendor(answer(b'{"CodeResult":"100","SMSID":"1"}')) as (url, seen):
        run_engine(app, url, asked_again, awake=Suspended(app))
    first, second = rows(app, "SELECT state, reference FROM attempts ORDER BY id")
    assert (first["state"], second["state"]) == ("refused", "accepted")
    [request] = seen
    assert body_of(request)["RequestId"] == second["reference"], "the first never left"


@pytest.mark.parametrize("late, ends", [(200, "accepted"), (250, "unconfirmed")])
def test_a_repeat_that_could_arrive_after_the_memory_is_over_does_not_leave(site, late, ends):
    """It may wait half a minute for its turn and a call's time for its bytes."""
    app, broadcast_id = site(2, BATCHES.replace('"1h"', '"300s"'))
    die_with_calls(app, broadcast_id, [2])
    app.clock.advance(seconds=late)
    with vendor(answer(b'{"code":"ok","id":"1"}')) as (url, seen):
        send(app, url)
    assert len(seen) == (ends == "accepted")
    assert counts(app, broadcast_id) == {ends: 2}


def test_a_repeat_keeps_the_hours_of_its_broadcast(site):
    """It may be the first of its calls that reaches the vendor."""
    app, broadcast_id = site(1, expires_after=timedelta(hours=24))
    app.clock.advance(hours=12, minutes=54)  # six minutes before the window closes
    die_with_calls(app, broadcast_id, [1])
    with vendor(takes) as (url, seen):
        app.clock.advance(minutes=30)
        send(app, url)
        assert (len(seen), counts(app, broadcast_id)) == (0, {"sending": 1})
        app.clock.advance(hours=9)
        send(app, url)
    assert (len(seen), counts(app, broadcast_id)) == (1, {"accepted": 1})


# --- a look-up says no only when the vendor must know -------------------------------------------


def test_a_call_that_waited_for_its_turn_and_broke_is_not_looked_up_at_once(site):
    """The vendor's list is as far behind as it says it may be, counted from when bytes left."""
    from dispatcher.gateways import lab

    app, broadcast_id = site(1, LAB.format("lookup"))
    taken, looks = {}, []

    def takes_and_breaks(connection, request):
        if request.startswith(b"POST"):
            app.clock.advance(seconds=20)  # so long it waited with its intent written
            taken[body_of(request)["reference"]] = app.clock()
            reset(connection, request)
            return
        looks.append(app.clock())
        if any(app.clock() >= at + lab.SETTLE for at in taken.values()):
            answer(b'{"code":"ok","id":"i"}')(connection, request)
        else:
            answer(b"", "404 Not Found")(connection, request)

    with vendor(takes_and_breaks) as (url, _):
        send(app, url)
    assert len(taken) == 1, "sent once"
    assert len(looks) == 1
    assert counts(app, broadcast_id) == {"accepted": 1}


# --- a look-up nobody can read proves nothing ---------------------------------------------------


@pytest.mark.parametrize("unreadable", [answer(b"<html>", "200 OK"), answer(b"", "502 X"), reset],
                         ids=["no JSON", "a proxy", "broken off"])  # fmt: skip
def test_a_look_up_that_cannot_be_read_sends_nothing_again(site, unreadable, monkeypatch):
    from dispatcher.gateways import lab

    monkeypatch.setattr(lab, "SETTLE", timedelta(seconds=0.1))
    app, broadcast_id = site(2, LAB.format("lookup"))
    sent, looks = [], []

    def takes_and_says_nothing(connection, request):
        if request.startswith(b"POST"):
            sent.append(body_of(request)["reference"])
            reset(connection, request)
            return
        looks.append(request)
        there = answer(b'{"code":"ok","id":"i%d"}' % len(looks))
        (unreadable if len(looks) <= 3 else there)(connection, request)

    with vendor(takes_and_says_nothing) as (url, _):
        send(app, url)
    assert len(sent) == len(set(sent)) == 2, "each person is sent to once"
    assert len(looks) >= 5
    assert counts(app, broadcast_id) == {"accepted": 2}


# --- what waited in a worker when its commit failed ---------------------------------------------

NO_INTENTS = {
    True: [
        "CREATE TRIGGER no_intents BEFORE UPDATE ON messages WHEN NEW.state = 'sending' "
        "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    ],
    False: [
        "CREATE FUNCTION no_intent() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$",
        "CREATE TRIGGER no_intents BEFORE UPDATE ON messages FOR EACH ROW "
        "WHEN (NEW.state = 'sending') EXECUTE FUNCTION no_intent()",
    ],
}


def test_after_a_commit_that_failed_nothing_leaves_as_it_was_prepared(site):
    """Meanwhile everybody went on to the next step: nobody is asked at the first any more."""
    app, broadcast_id = site(3, route="zalo-then-sms")
    with app.begin(SYSTEM)() as tx:
        gateways.put_tokens(tx, "zalo", "a", "r", 90_000)
        for statement in NO_INTENTS[app.store.is_sqlite]:
            tx.run(statement)
        tx.note("test", "messages", "")

    def everybody_moves_on(engine):
        until(lambda: engine.queues["zalo"].waiting, every=0.01)
        with app.begin(SYSTEM)() as tx:
            on = "" if app.store.is_sqlite else " ON messages"
            tx.run(f"DROP TRIGGER no_intents{on}")
            tx.run("UPDATE messages SET gateway = 'esms', position = (SELECT MIN(t.position) FROM "
                   "targets t WHERE t.message_id = messages.id AND t.gateway = 'esms')")  # fmt: skip
            tx.note("test", "messages", "")

    with vendor(takes) as (url, seen):
        run_engine(
            app,
            url,
            lambda: not {"queued", "sending"} & counts(app, broadcast_id).keys(),
            names=("zalo", "esms"),
            meanwhile=everybody_moves_on,
        )
    assert [r["gateway"] for r in rows(app, "SELECT gateway FROM attempts")] == ["esms"] * 3
    assert counts(app, broadcast_id) == {"accepted": 3}
    assert len(seen) == 3


# --- what is accepted and what is only a doubt --------------------------------------------------


@pytest.mark.parametrize("known, ends", [("unconfirmed", "unconfirmed"), ("accepted", "accepted")])
def test_a_message_whose_call_is_over_is_accepted_only_where_somebody_said_yes(site, known, ends):
    """A worker took the row over and died; its attempt had been given an end by then."""
    app, broadcast_id = site(2)
    die_with_calls(app, broadcast_id, [1, 1])
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE attempts SET state = :s", {"s": known})
        tx.note("test", "messages", "")
    app.clock.advance(minutes=5)
    with vendor(answer(b'{"CodeResult":"124"}')) as (url, seen):
        send(app, url)
    assert seen == [], "nobody is asked about a call that is over"
    assert counts(app, broadcast_id) == {ends: 2}


def test_a_call_nobody_answered_is_no_acceptance_because_an_earlier_one_arrived(site):
    """The report on the earlier attempt comes while the later one is on the wire."""
    app, broadcast_id = site(1)

    def breaks(connection, request):
        with app.begin(SYSTEM)() as tx:
            tx.run(
                "INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, "
                "reference, call_ref, state, asked_at, heard) SELECT message_id, broadcast_id, "
                "position, gateway, channel, 'earlier', 'earlier', 'accepted', asked_at, 4 "
                "FROM attempts"
            )
            tx.note("test", "messages", "")
        reset(connection, request)

    with vendor(breaks) as (url, seen):
        send(app, url)
    assert len(seen) == 1, "they have it: nobody asks again"
    assert counts(app, broadcast_id) == {"delivered": 1}
    later = rows(app, "SELECT state, cost FROM attempts WHERE reference <> 'earlier'")
    assert [r["state"] for r in later] == ["unconfirmed"]


# --- a pause holds repeats as well --------------------------------------------------------------


def test_a_doubt_of_a_paused_broadcast_is_not_asked_again_until_it_goes_on(site):
    """A repeat may be what makes a text leave."""
    app, broadcast_id = site(2)
    die_with_calls(app, broadcast_id, [1, 1])
    app.clock.advance(minutes=5)
    leader = app.actor("minh")
    with app.begin(leader)() as tx:
        planning.pause(tx, get_in(tx, broadcast_id))
    with vendor(answer(b'{"CodeResult":"124"}')) as (url, seen):
        send(app, url)
        assert seen == []
        assert counts(app, broadcast_id) == {"sending": 2}
        with app.begin(leader)() as tx:
            planning.resume(tx, get_in(tx, broadcast_id))
        send(app, url)
        assert len(seen) == 2
    assert counts(app, broadcast_id) == {"accepted": 2}


# --- a word about a whole call is no word about its people --------------------------------------


@pytest.mark.parametrize("state", ["delivered", "failed"])
def test_a_report_that_names_only_the_call_says_nothing_about_its_people(site, state):
    app, broadcast_id = site(3, BATCHES)
    calls = []

    def takes_all(connection, request):
        calls.append(body_of(request))
        answer(b'{"code":"ok","id":"K1"}')(connection, request)

    with vendor(takes_all) as (url, _):
        send(app, url)
    assert [len(c["to"]) for c in calls] == [3]

    def report(**words):
        hear(app, urlencode({"id": "K1", "state": state, **words}))
        return counts(app, broadcast_id)

    assert report() == {"accepted": 3}
    assert rows(app, "SELECT 1 FROM messages WHERE reason IS NOT NULL") == []
    assert report(to=calls[0]["to"][0]) == {"accepted": 2, state: 1}


def names_our_reference(gateway):
    """The description of a vendor that leaves out numbers it refuses, and reports by our name."""
    gateway = gateway.replace('id = "id", sample', 'id = "id", refused_numbers = "bad", sample')
    return gateway.replace('receipt = { id = "id"', 'receipt = { reference = "ref"')


@pytest.mark.parametrize("state", ["delivered", "failed"])
def test_a_report_on_a_call_on_the_wire_waits_for_its_answer(site, state):
    """Found by world 30000007: it was taken for a yes to a number that the answer then refused."""
    app, broadcast_id = site(3, names_our_reference(BATCHES))
    calls = []

    def reports_first(connection, request):
        calls.append(body_of(request))
        hear(app, urlencode({"ref": calls[0]["call"], "state": state}))
        bad = json.dumps(calls[-1]["to"][1:])
        answer(b'{"code":"ok","id":"K1","bad":%s}' % bad.encode())(connection, request)

    with vendor(reports_first) as (url, _):
        send(app, url)
    assert len(calls[0]["to"]) == 3
    refused = rows(app, "SELECT state, heard FROM attempts WHERE state = 'refused'")
    assert {(a["state"], a["heard"]) for a in refused} == {("refused", 0)}
    app.clock.advance(hours=1)
    with app.begin(SYSTEM)() as tx:
        receiving.match(tx, listeners(app))
    assert counts(app, broadcast_id)[state] >= 1
    assert "accepted" not in counts(app, broadcast_id)


@pytest.mark.parametrize("state", ["delivered", "failed"])
def test_a_report_on_a_call_of_which_one_number_was_taken_is_about_that_one(site, state):
    """Found by world 30000007: the answer had left out all other numbers of the call."""
    app, broadcast_id = site(3, names_our_reference(BATCHES))
    calls = []

    def takes_one(connection, request):
        calls.append(body_of(request))
        bad = json.dumps(calls[-1]["to"][1:])
        answer(b'{"code":"ok","id":"K1","bad":%s}' % bad.encode())(connection, request)

    with vendor(takes_one) as (url, _):
        send(app, url)
    assert [len(call["to"]) for call in calls] == [3]
    before = counts(app, broadcast_id)
    assert before["accepted"] == 1
    hear(app, urlencode({"ref": calls[0]["call"], "state": state}))
    after = counts(app, broadcast_id)
    assert "accepted" not in after
    assert after[state] == before.get(state, 0) + 1


def hear(app, query):
    with app.begin(SYSTEM)() as tx:
        receipts.put(tx, [("esms", Call("GET", query, {}, b""))])
        tx.note("test", "receipts", "")
    with app.begin(SYSTEM)() as tx:
        receiving.match(tx, listeners(app))
