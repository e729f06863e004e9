"""What changed since a release is asked until the byte leaves: to whom, for whom, and what is known."""

import asyncio
import json
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Thread

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
    write_broadcast,
)

from dispatcher import broadcasts as planning
from dispatcher.config import parse
from dispatcher.db.broadcasts import ending
from dispatcher.db.contacts import sharers_at_the_end, suppressions, undoing
from dispatcher.db.database import at
from dispatcher.db.ops import maintenance
from dispatcher.db.queue import intents, messages, outcomes, receipts
from dispatcher.db.queue.outcomes import Outcome
from dispatcher.domain.model import (
    SYSTEM,
    AttemptState,
    BroadcastState,
    Fault,
    MessageState,
    Receipt,
    ReceiptFlags,
)
from dispatcher.gateways.contract import Call, Reply
from dispatcher.reports import reporting
from dispatcher.usecases.context import open_app
from dispatcher.worker import receiving
from dispatcher.worker.sending import pass_deadlines, reclaim
from dispatcher.worker.sending.state import LEASE
from dispatcher.worker.serving import serve_site

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateways"))
from vendors import answer, reset, vendor

POSTGRESQL_LATER = True
LONG_WAIT = ('deadline = "2s"', 'deadline = "30m"')
BATCHES = ('[gateways.esms]\nadapter = "esms"', '[gateways.esms]\nadapter = "speedsms"')


@pytest.fixture
def site(make_site, tmp_path, database):
    """Opens a site with a list and a released broadcast: (app, its id)."""
    opened = []

    def make(people, *changes, wording=None, **more):
        root = make_site(database, *changes)
        if wording:
            text = root / "templates" / "canh-bao.j2"
            text.write_text(text.read_text("utf-8").replace("KHONG chuyen tien", wording), "utf-8")
        app = open_app(parse(root), FlowingClock())
        opened.append(app)
        officer, leader = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", people))
        return app, released(app, officer, leader, **more)

    yield make
    for app in opened:
        app.store.close()


def takes(connection, request):
    """eSMS takes everything."""
    body = json.loads(request.partition(b"\r\n\r\n")[2])
    reference = body.get("RequestId", "")
    answer(json.dumps({"CodeResult": "100", "SMSID": reference[::-1]}).encode())(
        connection, request
    )


def send(app, act=takes):
    """Run a worker until nothing is due; the numbers that calls named."""

    async def work(url):
        urls = {"esms": url, "zalo": url}
        async with asyncio.timeout(PATIENCE):
            return await serve_site(app, urls, once=True, with_door=False)

    with vendor(act) as (url, seen):
        found = asyncio.run(work(url))
    assert not found["problems"]
    bodies = [json.loads(r.partition(b"\r\n\r\n")[2] or b"{}") for r in seen]
    return [n for b in bodies for n in ([b["Phone"]] if "Phone" in b else b.get("to", []))]


def act(app, what):
    with app.begin(SYSTEM)() as tx:
        found = what(tx)
        tx.note("test", "messages", "")
        return found


def states(app):
    return {r["id"]: (r["state"], r["reason"])
            for r in rows(app, "SELECT id, state, reason FROM messages")}  # fmt: skip


def phone_of(tx, message=None):
    """(address, E.164) of a message's current target."""
    row = tx.one(
        "SELECT a.id, a.cipher FROM messages m JOIN targets t ON t.message_id = m.id "
        "AND t.position = m.position JOIN addresses a ON a.id = t.address_id "
        "WHERE m.state <> 'skipped' AND (m.id = :m OR :m = 0) ORDER BY m.id LIMIT 1",
        m=message or 0,
    )
    return row["id"], tx.sealer.open_address("mobile", row["cipher"])


def accepted_by_zalo(app, broadcast_id, *, ago=timedelta(), due=timedelta()):
    """All that waits is accepted at the first step; its wait ends `due` from now."""

    def write(tx):
        for m in tx.rows("SELECT id, position FROM messages WHERE state = 'queued'"):
            attempt(tx, m["id"], broadcast_id, m["position"], f"R{m['id']}", ago=ago)
            tx.run(
                "UPDATE messages SET state = 'accepted', deadline_at = :d WHERE id = :m",
                {"m": m["id"], "d": at(tx.now + due)},
            )

    act(app, write)


def attempt(tx, message, broadcast, position, reference, state="accepted", *, channel="zalo",
            fault=None, ago=timedelta()):  # fmt: skip
    gateway = "zalo" if channel == "zalo" else "esms"
    tx.run(
        "INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, reference, "
        "call_ref, state, asked_at, answered_at, provider_id, fault) "
        "VALUES (:m, :b, :p, :g, :c, :r, :r, :s, :n, :n, :z, :f)",
        {"m": message, "b": broadcast, "p": position, "g": gateway, "c": channel, "r": reference,
         "s": state, "n": at(tx.now - ago), "z": f"V{reference}", "f": fault},
    )  # fmt: skip


def believe(app, *heard):
    act(app, lambda tx: receiving.believe(tx, list(heard)))


def zalo_says(reference, state):
    return "zalo", Receipt(reference, None, None, state, "x")


# --- refused, removed, forgotten since ----------------------------------------------------------


def test_whoever_refuses_after_the_release_is_skipped_by_name(site):
    app, broadcast_id = site(crowd(3))
    address, phone = act(app, phone_of)
    act(app, lambda tx: suppressions.suppress(tx, address, "asked"))
    assert phone.lstrip("+") not in send(app)
    assert counts(app, broadcast_id) == {"accepted": 2, "skipped": 1}
    assert ("skipped", "opted_out") in states(app).values()


def test_whoever_is_taken_off_the_list_is_skipped_by_name(site):
    app, broadcast_id = site(crowd(2))

    def remove(tx):
        undoing.retire(tx, [tx.value("SELECT MIN(contact_id) FROM messages")])

    act(app, remove)
    assert len(send(app)) == 1
    assert sorted(map(str, states(app).values())) == sorted(
        map(str, [("accepted", None), ("skipped", "removed")])
    )


def test_a_refusal_by_reply_to_the_first_step_stops_the_next_one(site):
    app, broadcast_id = site(crowd(2), route="zalo-then-sms")
    accepted_by_zalo(app, broadcast_id, due=timedelta(seconds=-1))
    _, phone = act(app, phone_of)
    act(app, lambda tx: receiving.answer_back(tx, "esms", Reply(phone, "TC")))
    assert phone.lstrip("+") not in send(app)
    assert counts(app, broadcast_id) == {"accepted": 2}, "the first step had been accepted"
    assert ("accepted", "opted_out") in states(app).values(), "and the log says why no more went"


def test_a_stopped_number_leaves_the_other_one_a_reply_does_not(site):
    people = [("An", f"{number(1)} / {number(2)}", "Tổ 1", ""),
              ("Bình", f"{number(3)} / {number(4)}", "Tổ 1", "")]  # fmt: skip
    app, _ = site(people)
    first, second = (m["id"] for m in rows(app, "SELECT id FROM messages ORDER BY contact_id"))
    address, _ = act(app, lambda tx: phone_of(tx, first))
    act(app, lambda tx: suppressions.suppress(tx, address, "số sai"))
    _, phone = act(app, lambda tx: phone_of(tx, second))
    act(app, lambda tx: receiving.answer_back(tx, "esms", Reply(phone, "TC")))
    assert send(app) == ["84" + number(2)[1:]]
    assert states(app)[second] == ("skipped", "opted_out")


def test_a_number_taken_off_a_person_is_not_written_to(site):
    app, _ = site([("An", f"{number(1)} / {number(2)}", "Tổ 1", "")])
    address, _ = act(app, phone_of)

    def take_off(tx):
        tx.run("DELETE FROM contact_addresses WHERE address_id = :a", {"a": address})

    act(app, take_off)
    assert send(app) == ["84" + number(2)[1:]]


def test_an_urgent_text_reaches_whoever_refused_but_not_whoever_refused_those_too(site):
    app, broadcast_id = site(crowd(3))
    act(app, lambda tx: tx.run("UPDATE messages SET priority = 0"))
    ids = sorted(states(app))
    for message, scope in zip(ids, ("all", "urgent"), strict=False):
        address, _ = act(app, lambda tx, m=message: phone_of(tx, m))
        act(app, lambda tx, a=address, s=scope: suppressions.suppress(tx, a, "x", scope=s))
    send(app)
    assert [states(app)[i][0] for i in ids] == ["accepted", "skipped", "accepted"]


def test_the_setting_of_a_site_may_let_a_refusal_stop_urgent_texts(site):
    stricter = ("[gateways.esms]", "[law]\nurgent_despite_refusal = false\n[gateways.esms]")
    app, broadcast_id = site(crowd(1), stricter)
    act(app, lambda tx: tx.run("UPDATE messages SET priority = 0"))
    address, _ = act(app, phone_of)
    act(app, lambda tx: suppressions.suppress(tx, address, "x"))
    assert send(app) == []
    assert counts(app, broadcast_id) == {"skipped": 1}


@pytest.mark.parametrize("batch", [False, True])
def test_a_forgotten_persons_next_step_never_leaves_alone_or_in_others_call(site, batch):
    app, broadcast_id = site(crowd(3), *([BATCHES] if batch else []), LONG_WAIT,
                             route="zalo-then-sms")  # fmt: skip
    accepted_by_zalo(app, broadcast_id, due=timedelta(seconds=-1))
    act(app, lambda tx: suppressions.forget(
        tx, tx.value("SELECT MIN(contact_id) FROM messages"), "asked"))  # fmt: skip
    taken = b'{"status":"success","code":"00","data":{"tranId":"T1"}}'
    found = send(app, answer(taken) if batch else takes)
    assert len(found) == 2
    assert "" not in found
    assert counts(app, broadcast_id) == {"accepted": 3}, "Zalo had accepted all three"


def test_a_call_in_doubt_is_not_repeated_for_whoever_refused_meanwhile(site):
    app, broadcast_id = site(crowd(2))
    ids = sorted(states(app))

    def lost(tx):
        for message in ids:
            position = tx.value("SELECT position FROM messages WHERE id = :m", m=message)
            attempt(tx, message, broadcast_id, position, f"R{message}", "doubtful", channel="sms")
            tx.run("UPDATE messages SET state = 'sending', due_at = :n WHERE id = :m",
                   {"m": message, "n": at(tx.now)})  # fmt: skip

    act(app, lost)
    address, phone = act(app, lambda tx: phone_of(tx, ids[0]))
    act(app, lambda tx: suppressions.suppress(tx, address, "asked"))
    assert phone.lstrip("+") not in send(app)
    assert [states(app)[i][0] for i in ids] == ["unconfirmed", "accepted"], "asked again, and named"


def test_what_is_stored_before_the_row_is_held_counts(site):
    """Between the choice of a message and its intent, on a server with several workers."""
    app, broadcast_id = site(crowd(1))
    with app.begin(SYSTEM)() as tx:
        [message] = claimed(tx, "w", broadcast_id, 1, tx.now + LEASE)
        tx.note("test", "messages", "")
    address, _ = act(app, phone_of)
    with app.begin(SYSTEM)() as tx:
        queued_messages = messages.queued_messages(tx, [message])
        other = Thread(target=act, args=(app, lambda t: suppressions.suppress(t, address, "x")))
        if app.store.is_sqlite:  # it has one writer: the refusal is in this transaction
            suppressions.suppress(tx, address, "x")
        else:
            other.start()
            other.join()
        assert (
            intents.write(tx, "w", [(p, p.reference) for p in queued_messages], tx.now + LEASE)
            == set()
        )
        tx.note("test", "messages", "")
    assert states(app)[message] == ("skipped", "opted_out")
    found = rows(app, "SELECT tries, lease_owner FROM messages")[0]
    assert (found["tries"], found["lease_owner"]) == (0, None), "an intent that never was"


def test_the_preview_of_an_urgent_text_counts_those_who_refused(site):
    from dispatcher.broadcasts import application

    app, _ = site(crowd(4))
    for message, scope in zip(sorted(states(app)), ("all", "urgent", "promotion"), strict=False):
        address, _ = act(app, lambda tx, m=message: phone_of(tx, m))
        act(app, lambda tx, a=address, s=scope: suppressions.suppress(tx, a, "x", scope=s))
    officer = app.actor("lan")
    made = write_broadcast(app, officer)
    ordinary = application.preview_broadcast(app, officer, get(app, made))
    assert (ordinary.despite_refusal, ordinary.queued) == (0, 2)
    act(app, lambda tx: tx.run("UPDATE broadcasts SET priority = 0"))
    found = application.preview_broadcast(app, officer, get(app, made))
    assert found.despite_refusal == 1
    assert found.as_json()["despite_refusal"] == 1
    assert found.queued == 3
    assert found.skipped == {"opted_out": 1}


# --- what networks say, and the end -------------------------------------------------------------


@pytest.mark.parametrize("crowd_of", [3, 250])
def test_reports_that_wait_in_the_inbox_are_read_before_a_deadline_passes(site, crowd_of):
    signed = ('[gateways.zalo]\nadapter = "zalo"',
              '[gateways.zalo]\nadapter = "zalo"\nsignature = "warn"')  # fmt: skip
    app, broadcast_id = site(crowd(crowd_of), LONG_WAIT, signed, route="zalo-then-sms")
    hour, past = timedelta(hours=1), timedelta(minutes=-30)
    accepted_by_zalo(app, broadcast_id, ago=hour, due=past)

    def arrive(tx):
        for message in states(app):
            said = {"event_name": "user_received_message",
                    "message": {"msg_id": f"VR{message}", "tracking_id": f"R{message}"}}  # fmt: skip
            receipts.put(tx, [("zalo", Call("POST", "", {}, json.dumps(said).encode()))])

    act(app, arrive)
    assert send(app) == []
    assert counts(app, broadcast_id) == {"delivered": crowd_of}


def test_a_deadline_waits_for_what_lies_unread_at_its_gateway_only(site):
    app, broadcast_id = site(crowd(1), LONG_WAIT, route="zalo-then-sms")
    accepted_by_zalo(app, broadcast_id, due=timedelta(seconds=-1))
    act(app, lambda tx: receipts.put(tx, [("zalo", Call("GET", "a=1", {}, b""))]))
    assert act(app, pass_deadlines) == 0
    act(app, lambda tx: tx.run("UPDATE receipts SET gateway = 'esms'"))
    assert act(app, pass_deadlines) == 1


def test_after_the_networks_no_neither_stop_nor_expiry_claims_acceptance(site):
    app, broadcast_id = site(crowd(2), LONG_WAIT, route="zalo-then-sms")
    accepted_by_zalo(app, broadcast_id, due=timedelta(hours=1))
    first, second = sorted(states(app))
    believe(app, zalo_says(f"R{first}", ReceiptFlags.FAILED))
    assert counts(app, broadcast_id) == {"accepted": 1, "queued": 1}
    act(app, lambda tx: ending.end_queued(tx, broadcast_id, MessageState.EXPIRED))
    assert states(app)[first][0] == "expired"
    believe(app, zalo_says(f"R{second}", ReceiptFlags.FAILED))
    with app.begin(app.actor("minh"))() as tx:
        planning.stop(tx, get(app, broadcast_id))
    assert states(app)[second][0] == "cancelled"


def test_a_doubt_is_never_called_cancelled_or_failed(site):
    app, broadcast_id = site(crowd(2))
    first, second = sorted(states(app))

    def doubt(tx):
        for message in (first, second):
            position = tx.value("SELECT position FROM messages WHERE id = :m", m=message)
            attempt(tx, message, broadcast_id, position, f"R{message}", "unconfirmed",
                    channel="sms", fault="unknown")  # fmt: skip

    act(app, doubt)
    with app.begin(app.actor("minh"))() as tx:
        planning.stop(tx, get(app, broadcast_id))
    assert {s for s, _ in states(app).values()} == {"unconfirmed"}


def test_a_late_no_for_an_older_attempt_leaves_the_newer_one_alone(site):
    app, broadcast_id = site(crowd(1), LONG_WAIT, route="zalo-then-sms")
    [message] = states(app)

    def write(tx):
        position = tx.value("SELECT position FROM messages")
        attempt(tx, message, broadcast_id, position, "R1", "refused", fault="busy")
        attempt(tx, message, broadcast_id, position, "R2")
        tx.run("UPDATE messages SET state = 'accepted', deadline_at = :d",
               {"d": at(tx.now + timedelta(minutes=30))})  # fmt: skip

    act(app, write)
    believe(app, zalo_says("R1", ReceiptFlags.FAILED))
    assert counts(app, broadcast_id) == {"accepted": 1}
    believe(app, zalo_says("R2", ReceiptFlags.FAILED))
    assert counts(app, broadcast_id) == {"queued": 1}, "the no about the newer one counts"


def test_an_acceptance_keeps_the_deadline_of_its_step_whoever_says_it(site):
    app, broadcast_id = site(crowd(3), LONG_WAIT, route="zalo-then-sms")
    told, proved, died = sorted(states(app))

    def doubt(tx):
        for message in (told, proved, died):
            position = tx.value("SELECT position FROM messages WHERE id = :m", m=message)
            attempt(tx, message, broadcast_id, position, f"R{message}", "doubtful")
            owner = "gone" if message == died else None
            tx.run("UPDATE messages SET state = 'sending', due_at = :d, lease_owner = :o "
                   "WHERE id = :m", {"m": message, "d": at(tx.now) + 300_000_000, "o": owner})  # fmt: skip
        tx.run("UPDATE attempts SET heard = 1 WHERE message_id = :m", {"m": died})

    act(app, doubt)
    believe(app, zalo_says(f"R{told}", ReceiptFlags.ACCEPTED))

    def late(tx):
        yes = Outcome(proved, f"R{proved}", AttemptState.ACCEPTED, MessageState.ACCEPTED,
                      deadline_at=tx.now + timedelta(minutes=30))  # fmt: skip
        assert outcomes.write_outcomes(tx, "w", [yes]) == set()
        outcomes.late_proof(tx, [yes])

    act(app, late)
    act(app, lambda tx: reclaim(tx, "w", {}, dead="gone"))
    found = rows(app, "SELECT state, deadline_at FROM messages")
    assert [r["state"] for r in found] == ["accepted"] * 3
    assert all(r["deadline_at"] for r in found)


def test_who_was_withdrawn_after_a_no_is_delivered_where_the_network_says_so_at_last(site):
    app, broadcast_id = site(crowd(1), LONG_WAIT, route="zalo-then-sms")
    [message] = states(app)

    def withdrawn(tx):
        position = tx.value("SELECT position FROM messages")
        attempt(tx, message, broadcast_id, position, "R1")
        tx.run("UPDATE messages SET state = 'skipped', reason = 'opted_out'")

    act(app, withdrawn)
    believe(app, zalo_says("R1", ReceiptFlags.FAILED))
    assert counts(app, broadcast_id) == {"skipped": 1}
    believe(app, zalo_says("R1", ReceiptFlags.DELIVERED))
    assert counts(app, broadcast_id) == {"delivered": 1}


def test_an_acceptance_heard_after_the_end_goes_on_to_the_next_step(site):
    app, broadcast_id = site(crowd(1), LONG_WAIT, route="zalo-then-sms")
    [message] = states(app)

    def doubt(tx):
        position = tx.value("SELECT position FROM messages")
        attempt(tx, message, broadcast_id, position, "R1", "unconfirmed")
        tx.run("UPDATE messages SET state = 'unconfirmed'")

    act(app, doubt)
    act(app, ending.finish)
    assert get(app, broadcast_id).state is BroadcastState.DONE
    believe(app, zalo_says("R1", ReceiptFlags.ACCEPTED))
    act(app, ending.finish)
    assert counts(app, broadcast_id) == {"accepted": 1}
    assert get(app, broadcast_id).state is BroadcastState.DONE, "the step still waits for word"
    app.clock.advance(minutes=31)
    act(app, ending.finish)
    act(app, pass_deadlines)
    assert counts(app, broadcast_id) == {"queued": 1}
    assert get(app, broadcast_id).state is BroadcastState.RUNNING


@pytest.mark.parametrize("why", ["paused gateway", "held broadcast", "gateway gone"])
def test_a_doubt_nobody_asks_about_is_named_at_the_expiry(site, why):
    from dispatcher.db.queue import gateways
    from dispatcher.worker.sending import end_doubts

    app, broadcast_id = site(crowd(1))
    [message] = states(app)

    def doubt(tx):
        position = tx.value("SELECT position FROM messages")
        attempt(tx, message, broadcast_id, position, "R1", "doubtful", channel="sms")
        tx.run("UPDATE messages SET state = 'sending'")
        if why == "paused gateway":
            gateways.pause(tx, "esms", "account", "103")
        elif why == "held broadcast":
            tx.run("UPDATE broadcasts SET state = 'held'")

    act(app, doubt)
    names = [] if why == "gateway gone" else ["esms", "zalo"]
    assert act(app, lambda tx: end_doubts(tx, names)) == 0, "its time is not over"
    app.clock.advance(days=2)
    assert act(app, lambda tx: end_doubts(tx, names)) == 1
    assert counts(app, broadcast_id) == {"unconfirmed": 1}
    assert rows(app, "SELECT state FROM attempts")[0]["state"] == "unconfirmed"
    contact = rows(app, "SELECT contact_id FROM messages")[0]["contact_id"]
    act(app, lambda tx: suppressions.forget(tx, contact, "asked"))


def test_a_vendor_that_counts_its_ids_from_the_start_again_is_believed(site):
    app, broadcast_id = site(crowd(2))
    [first, second] = sorted(states(app))
    act(app, lambda tx: attempt(tx, first, broadcast_id, 1, "OLD", channel="sms",
                                ago=timedelta(days=400)))  # fmt: skip
    act(app, lambda tx: tx.run("UPDATE attempts SET provider_id = '1'"))
    ids = iter("12")

    def counts_anew(connection, request):
        said = {"CodeResult": "100", "SMSID": next(ids)}
        answer(json.dumps(said).encode())(connection, request)

    send(app, counts_anew)
    assert counts(app, broadcast_id) == {"accepted": 2}
    believe(app, ("esms", Receipt(None, "1", None, ReceiptFlags.DELIVERED, "x")))
    old = rows(app, "SELECT heard FROM attempts WHERE reference = 'OLD'")[0]["heard"]
    assert old == 0, "a report under that id is about the call that was given it last"
    assert counts(app, broadcast_id) == {"accepted": 1, "delivered": 1}


# --- calls of several ---------------------------------------------------------------------------


def test_a_word_about_a_whole_call_is_no_fact_about_its_numbers(site):
    """One bad number of eight: the call is refused, then smaller ones, until it stands alone."""
    app, broadcast_id = site(crowd(8), BATCHES)
    bad = "84" + number(1000 + 3 * 37)[1:]
    calls = []

    def refuses(connection, request):
        to = json.loads(request.partition(b"\r\n\r\n")[2])["to"]
        calls.append(to)
        said = b'{"status":"error","code":"105","message":"phone number invalid"}'
        if bad not in to:
            said = b'{"status":"success","code":"00","data":{"tranId":"T%d"}}' % len(calls)
        answer(said)(connection, request)

    send(app, refuses)
    assert counts(app, broadcast_id) == {"accepted": 7, "failed": 1}
    assert [bad] in calls
    remembered = rows(app, "SELECT count(*) AS n FROM reachability WHERE until IS NOT NULL")
    assert remembered[0]["n"] == 1, "only the one it was said of alone"


def test_a_call_of_several_is_looked_up_by_the_name_it_left_with(site):
    vnpt = ('[gateways.esms]\nadapter = "esms"',
            '[gateways.esms]\nadapter = "vnpt"\nagent_id = "1"\nusername = "u"\n'
            'contract_id = "1"\ntemplate_id = "1"\nbatch = 5\nlabels = { "*" = "1" }')  # fmt: skip
    people = [(f"Mẫu {i}", f"0950{i:06d}", "Tổ 1", "") for i in range(5)]
    app, broadcast_id = site(people, vnpt)
    known, asked = set(), []

    def loses(connection, request):
        body = json.loads(request.partition(b"\r\n\r\n")[2])["RQST"]
        if body["name"] == "send_sms_list":
            known.add(body["REQID"])
            return reset(connection, request)
        asked.append(body["REQID"])
        status = "1" if body["REQID"] in known else ""
        said = {"RPLY": {"name": "x", "ERROR": "0", "STATUS": status}}
        return answer(json.dumps(said).encode())(connection, request)

    async def work(url, over):
        """A worker until `over`."""
        urls = {"esms": url, "zalo": url}
        working = asyncio.create_task(serve_site(app, urls, once=True, with_door=False))
        async with asyncio.timeout(PATIENCE):
            while not over() and not working.done():
                await asyncio.sleep(0.1)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working

    def are_doubtful():
        found = rows(app, "SELECT state, count(*) AS n FROM attempts GROUP BY state")
        return [tuple(r.values()) for r in found] == [("doubtful", 5)]

    with vendor(loses) as (url, _):
        asyncio.run(work(url, are_doubtful))
        app.clock.advance(minutes=30)
        asyncio.run(work(url, lambda: counts(app, broadcast_id) == {"accepted": 5}))
    assert known
    assert asked
    assert set(asked) <= known
    assert counts(app, broadcast_id) == {"accepted": 5}


def test_a_call_of_several_is_repeated_whole_or_not_at_all(site):
    """One of its messages was reported meanwhile: the rest is no longer the call that left."""
    app, broadcast_id = site(crowd(3))
    ids = sorted(states(app))

    def lost(tx):
        for message in ids:
            position = tx.value("SELECT position FROM messages WHERE id = :m", m=message)
            attempt(tx, message, broadcast_id, position, f"R{message}", "doubtful", channel="sms")
            tx.run("UPDATE messages SET state = 'sending', due_at = :n WHERE id = :m",
                   {"m": message, "n": at(tx.now)})  # fmt: skip
        tx.run("UPDATE attempts SET call_ref = 'CALL'")

    act(app, lost)
    believe(app, ("esms", Receipt(f"R{ids[0]}", None, None, ReceiptFlags.DELIVERED, "x")))
    assert send(app) == []
    assert [states(app)[i][0] for i in ids] == ["delivered", "unconfirmed", "unconfirmed"]


# --- shared phones ------------------------------------------------------------------------------


def shared():
    """An has P and Q, Bình has only P."""
    return [("An", f"{number(1)} / {number(2)}", "Tổ 1", ""), ("Bình", number(1), "Tổ 2", "")]


def by_name(app):
    found = rows(app, "SELECT m.state, m.reason, c.name_sealed FROM messages m "
                      "JOIN contacts c ON c.id = m.contact_id")  # fmt: skip
    with app.store.read(SYSTEM) as tx:
        return {tx.sealer.open(r["name_sealed"]): (r["state"], r["reason"]) for r in found}


def columns(app, broadcast_id):
    with app.store.read(SYSTEM) as tx:
        found = reporting.report(tx, broadcast_id)
    return {name: n for name, n in found.total.counts.items() if n}


def sound(app):
    with app.store.read(SYSTEM) as tx:
        return [name for name, good, _ in maintenance.check(tx) if not good]


def test_whoever_shares_a_phone_gets_it_when_its_holder_was_reached_elsewhere(site):
    app, broadcast_id = site(shared(), LONG_WAIT, route="zalo-then-sms")
    assert by_name(app)["Bình"] == ("skipped", "shared_phone")
    message = next(i for i, (s, _) in states(app).items() if s == "queued")

    def by_the_other_number(tx):
        places = tx.rows("SELECT position FROM targets WHERE message_id = :m ORDER BY position",
                         m=message)  # fmt: skip
        attempt(tx, message, broadcast_id, places[0]["position"], "R0", "refused",
                fault=Fault.RECIPIENT.value)  # fmt: skip
        attempt(tx, message, broadcast_id, places[1]["position"], "R1")
        tx.run("UPDATE messages SET state = 'accepted', position = :p, deadline_at = :d "
               "WHERE id = :m", {"m": message, "p": places[1]["position"],
                                 "d": at(tx.now + timedelta(minutes=30))})  # fmt: skip

    act(app, by_the_other_number)
    believe(app, zalo_says("R1", ReceiptFlags.DELIVERED))
    assert columns(app, broadcast_id).get("through") is None, "nothing was delivered to that phone"
    assert send(app) == ["84" + number(1)[1:]]
    assert by_name(app) == {"An": ("delivered", None), "Bình": ("accepted", None)}
    assert columns(app, broadcast_id) == {"reached": 1, "handed_over": 1}
    assert sound(app) == []


@pytest.mark.parametrize("how", ["forgotten", "removed"])
def test_a_phone_goes_to_the_next_who_share_it_once(site, how):
    people = [("An", number(1), "Tổ 1", ""), ("Bình", number(1), "Tổ 2", ""),
              ("Chi", number(1), "Tổ 3", "")]  # fmt: skip
    app, broadcast_id = site(people)

    def leave(tx):
        holder = tx.value("SELECT contact_id FROM messages WHERE state = 'queued'")
        if how == "forgotten":
            suppressions.forget(tx, holder, "asked")
        else:
            undoing.retire(tx, [holder])

    act(app, leave)
    assert send(app) == ["84" + number(1)[1:]], "one call for the phone"
    found = sorted(map(str, (s for s in states(app).values())))
    assert found == sorted(
        map(str, [("skipped", how), ("accepted", None), ("skipped", "shared_phone")])
    )
    assert sound(app) == []
    believe(app, ("esms", Receipt(None, rows(app, "SELECT provider_id FROM attempts")[0][
        "provider_id"], None, ReceiptFlags.DELIVERED, "x")))  # fmt: skip
    assert columns(app, broadcast_id) == {"reached": 1, "through": 1, "not_sent": 1}


def test_a_dead_shared_phone_reached_nobody(site):
    """The holder is reached on another number; whoever has only the dead one is not."""
    app, broadcast_id = site(shared())

    def dead(connection, request):
        body = json.loads(request.partition(b"\r\n\r\n")[2])
        if body.get("Phone", "").endswith(number(1)[1:]):
            return answer(b'{"CodeResult":"99","ErrorMessage":"phone"}')(connection, request)
        return takes(connection, request)

    found = send(app, dead)
    assert found.count("84" + number(1)[1:]) == 1, "refused once, not asked for again"
    assert by_name(app)["Bình"] == ("failed", "recipient")
    assert columns(app, broadcast_id) == {"handed_over": 1, "failed": 1}


def test_a_phone_in_doubt_is_given_to_nobody(site):
    app, broadcast_id = site([("An", number(1), "Tổ 1", ""), ("Bình", number(1), "Tổ 2", "")])
    message = next(i for i, (s, _) in states(app).items() if s == "queued")

    def doubt(tx):
        position = tx.value("SELECT position FROM messages WHERE id = :m", m=message)
        attempt(tx, message, broadcast_id, position, "R1", "unconfirmed", channel="sms")
        tx.run("UPDATE messages SET state = 'unconfirmed' WHERE id = :m", {"m": message})

    act(app, doubt)
    assert send(app) == []
    assert ("skipped", "shared_phone") in states(app).values()


def test_whoever_shares_a_phone_that_refuses_is_silenced_with_it(site):
    app, broadcast_id = site([("An", number(1), "Tổ 1", ""), ("Bình", number(1), "Tổ 2", "")])
    address, _ = act(app, phone_of)
    act(app, lambda tx: suppressions.suppress(tx, address, "asked"))
    assert send(app) == []
    assert set(states(app).values()) == {("skipped", "opted_out")}


def test_at_the_end_report_and_resend_agree_about_shared_phones(site):
    app, broadcast_id = site([("An", number(1), "Tổ 1", ""), ("Bình", number(1), "Tổ 2", "")])
    with app.begin(app.actor("minh"))() as tx:
        planning.stop(tx, get(app, broadcast_id))
    assert counts(app, broadcast_id) == {"cancelled": 2}
    assert columns(app, broadcast_id) == {"late": 2}
    with app.begin(app.actor("lan"))() as tx:
        made = planning.resend(tx, get(app, broadcast_id), planning.RESENT)
    from dispatcher.broadcasts import application

    again = application.preview_broadcast(app, app.actor("lan"), get(app, made))
    assert (again.queued, again.skipped) == (1, {"shared_phone": 1})
    assert sound(app) == []


def test_what_is_refused_after_the_stop_ends_whoever_shares_its_phone_too(site):

    app, broadcast_id = site([("An", number(1), "Tổ 1", ""), ("Bình", number(1), "Tổ 2", "")])
    holder = next(i for i, (s, _) in states(app).items() if s == "queued")

    def on_the_wire(tx):
        position = tx.value("SELECT position FROM messages WHERE id = :m", m=holder)
        attempt(tx, holder, broadcast_id, position, "R1", "sending", channel="sms")
        tx.run("UPDATE messages SET state = 'sending', lease_owner = 'w' WHERE id = :m",
               {"m": holder})  # fmt: skip

    act(app, on_the_wire)
    with app.begin(app.actor("minh"))() as tx:
        planning.stop(tx, get(app, broadcast_id))

    def since(tx):
        return sharers_at_the_end.left_over(tx, tx.now - timedelta(days=1))

    assert act(app, since) == [], "what is on the wire may be taken"
    refused = Outcome(holder, "R1", AttemptState.REFUSED, MessageState.CANCELLED, "busy")
    act(app, lambda tx: outcomes.write_outcomes(tx, "w", [refused]))
    assert act(app, since) == [(broadcast_id, MessageState.CANCELLED)]
    send(app)
    assert counts(app, broadcast_id) == {"cancelled": 2}
    assert act(app, since) == []


def test_a_text_that_names_a_person_names_whoever_the_phone_goes_to(site):
    named = "Ban {{ contact.name | khong_dau }} KHONG chuyen tien"
    people = [("An", number(1), "Tổ 1", ""), ("Binh", number(1), "Tổ 2", "")]
    app, broadcast_id = site(people, wording=named)
    texts = []

    def reads(connection, request):
        body = json.loads(request.partition(b"\r\n\r\n")[2])
        texts.append(body.get("Content", ""))
        takes(connection, request)

    act(app, lambda tx: suppressions.forget(
        tx, tx.value("SELECT contact_id FROM messages WHERE state = 'queued'"), "asked"))  # fmt: skip
    send(app, reads)
    assert [t for t in texts if "Binh" in t]
    assert not [t for t in texts if "Ban An" in t]


def test_a_report_and_a_hand_over_at_once_agree(site):
    """On a server: the phone is given away while a no for its holder is being decided."""
    from dispatcher.db.contacts import shared_phones

    app, broadcast_id = site(shared(), LONG_WAIT, route="zalo-then-sms")
    if app.store.is_sqlite:
        pytest.skip("SQLite has one writer")
    message = next(i for i, (s, _) in states(app).items() if s == "queued")

    def by_the_other_number(tx):
        places = tx.rows("SELECT position FROM targets WHERE message_id = :m ORDER BY position",
                         m=message)  # fmt: skip
        attempt(tx, message, broadcast_id, places[0]["position"], "R0", "refused",
                fault=Fault.RECIPIENT.value)  # fmt: skip
        attempt(tx, message, broadcast_id, places[1]["position"], "R1")
        tx.run("UPDATE messages SET state = 'accepted', position = :p WHERE id = :m",
               {"m": message, "p": places[1]["position"]})  # fmt: skip

    act(app, by_the_other_number)
    with app.begin(SYSTEM)() as tx:
        shared_phones.hand_over(tx, broadcast_id)
        other = Thread(target=believe, args=(app, zalo_says("R1", ReceiptFlags.FAILED)))
        other.start()
        other.join(1.0)  # in which it may be first
        tx.note("test", "messages", "")
    other.join()
    assert sound(app) == [], "nobody waits for a target that somebody else has"
    waiting_now = rows(app, "SELECT m.id FROM messages m WHERE m.state = 'queued' AND NOT EXISTS "
                            "(SELECT 1 FROM targets t WHERE t.message_id = m.id "
                            "AND t.position = m.position)")  # fmt: skip
    assert waiting_now == []
