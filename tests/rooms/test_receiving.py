"""Receipts: stored first, matched by reference or id, believed only about the number we wrote to."""

import asyncio
from itertools import permutations
from threading import Thread

import httpx
import pytest
from conftest import add_people
from patience import PATIENCE
from walk import claimed, counts, import_list, number, released, rows, sheet

from dispatcher.db.queue import intents, messages, outcomes, receipts
from dispatcher.db.queue.outcomes import Outcome
from dispatcher.domain.model import SYSTEM, AttemptState, MessageState, Receipt, ReceiptFlags
from dispatcher.gateways.contract import Call, Reply
from dispatcher.gateways.contract import Heard as HeardCall
from dispatcher.worker import receiving
from dispatcher.worker.adapters import callback_path, listeners
from dispatcher.worker.receipt_door import door
from dispatcher.worker.sending.state import LEASE

POSTGRESQL_LATER = True


@pytest.fixture
def sent(app, tmp_path):
    """One accepted SMS: reference R1, provider id P1, to number(1)."""
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", [("An", number(1), "Tổ 1", "")]))
    broadcast_id = released(app, officer, leader)
    with app.begin(SYSTEM)() as tx:
        ids = claimed(tx, "w", broadcast_id, 1, tx.now.replace(hour=3))
        intents.write(
            tx,
            "w",
            [(messages.queued_messages(tx, ids)[0]._replace(reference="R1"), "R1")],
            tx.now + LEASE,
        )
        tx.note("test", "messages", "")
    return app, broadcast_id, ids[0]


def settle(app, message_id):
    with app.begin(SYSTEM)() as tx:
        outcomes.write_outcomes(tx, "w", [Outcome(message_id, "R1", AttemptState.ACCEPTED,
                                          MessageState.ACCEPTED, provider_id="P1")])  # fmt: skip


def report(status="5", good=1, bad=0, reference="R1", provider="P1", phone=None) -> Call:
    phone = phone or number(1)
    return Call("GET", f"SMSID={provider}&RequestId={reference}&SendStatus={status}"
                f"&SendSuccess={good}&SendFailed={bad}&phonenumber={phone}", {}, b"")  # fmt: skip


def hear(app, *calls):
    with app.begin(SYSTEM)() as tx:
        receipts.put(tx, [("esms", c) for c in calls])
        tx.note("test", "receipts", "")
    with app.begin(SYSTEM)() as tx:
        return receiving.match(tx, listeners(app))


def test_a_receipt_is_matched_by_our_reference_or_by_their_id(sent):
    app, broadcast_id, message_id = sent
    settle(app, message_id)
    hear(app, report(reference=""))
    assert counts(app, broadcast_id) == {"delivered": 1}


def test_every_order_of_receipts_ends_the_same(sent):
    app, broadcast_id, message_id = sent
    settle(app, message_id)
    ends = set()
    for order in permutations([report(), report(good=0, bad=1), report(status="7")]):
        with app.begin(SYSTEM)() as tx:
            tx.run("UPDATE attempts SET heard = 0")
            tx.run("UPDATE messages SET state = 'accepted'")
            tx.run("DELETE FROM receipts")
        for call in order:
            hear(app, call)
        found = rows(app, "SELECT m.state, a.heard FROM messages m, attempts a")[0]
        ends.add((found["state"], found["heard"]))
    assert ends == {("delivered", 7)}, "delivered stays, and the contradiction is kept"


def test_the_same_call_again_is_one_receipt(sent):
    app, broadcast_id, message_id = sent
    settle(app, message_id)
    for _ in range(3):
        hear(app, report())
    assert rows(app, "SELECT count(*) AS n FROM receipts")[0]["n"] == 1


def test_the_same_words_long_after_are_news(app, clock):
    """Who refuses, comes back and refuses again writes the same words from the same number."""
    add_people(app)
    heard, reply = [], Call("GET", "from=%2B84912345678&text=TC", {}, b"")

    def listen(call):
        heard.append(call)
        return HeardCall((), replies=(Reply("+84912345678", "TC"),))

    def write_back():
        with app.begin(SYSTEM)() as tx:
            receipts.put(tx, [("esms", reply)])
            tx.note("test", "receipts", "")
        with app.begin(SYSTEM)() as tx:
            receiving.match(tx, {"esms": listen})

    write_back()
    clock.advance(minutes=59)
    write_back()
    assert len(heard) == 1, "a vendor may repeat a call"
    clock.advance(minutes=2)
    write_back()
    assert len(heard) == 2
    assert rows(app, "SELECT count(*) AS n FROM replies")[0]["n"] == 2


def test_a_receipt_that_comes_before_the_accept_is_stored_is_not_lost(sent):
    app, broadcast_id, message_id = sent
    hear(app, report(provider="P1"))  # matched by reference while the call is still open
    assert counts(app, broadcast_id) == {"sending": 1}
    with app.store.read(SYSTEM) as tx:
        assert messages.other_attempts(tx, [(message_id, "R1")])[message_id][0][2] == 4


def test_an_unknown_receipt_waits_for_its_attempt(sent, clock):
    app, broadcast_id, message_id = sent
    hear(app, report(reference="", provider="P1"))
    assert rows(app, "SELECT state FROM receipts")[0]["state"] == "unmatched"
    settle(app, message_id)
    clock.advance(minutes=1)
    hear(app)
    assert counts(app, broadcast_id) == {"delivered": 1}


def test_a_receipt_about_another_number_is_refused(sent):
    app, broadcast_id, message_id = sent
    settle(app, message_id)
    hear(app, report(phone=number(2)))
    assert counts(app, broadcast_id) == {"accepted": 1}
    assert rows(app, "SELECT state FROM receipts")[0]["state"] == "refused"


def test_a_report_under_an_id_that_was_another_numbers_long_ago_waits_for_its_call(sent, clock):
    """A vendor that counts from the start again reports a call whose answer is still to come."""
    app, _, message_id = sent
    settle(app, message_id)
    clock.advance(hours=25)
    hear(app, report(phone=number(2), reference=""))
    assert rows(app, "SELECT state FROM receipts")[0]["state"] == "unmatched"


def test_a_late_receipt_settles_what_was_unconfirmed(sent):
    app, broadcast_id, message_id = sent
    with app.begin(SYSTEM)() as tx:
        outcomes.write_outcomes(tx, "w", [Outcome(message_id, "R1", AttemptState.UNCONFIRMED,
                                          MessageState.UNCONFIRMED, "unknown")])  # fmt: skip
    hear(app, report(provider="P9"))
    assert counts(app, broadcast_id) == {"delivered": 1}
    assert rows(app, "SELECT state FROM attempts")[0]["state"] == "accepted"


def test_a_no_from_the_network_ends_the_message_when_there_is_no_other_way(sent):
    app, broadcast_id, message_id = sent
    settle(app, message_id)
    hear(app, report(good=0, bad=1))
    assert counts(app, broadcast_id) == {"failed": 1}


@pytest.mark.parametrize("first_reads", [1, 2])
def test_two_workers_at_one_inbox_look_at_each_call_once(app, first_reads):
    """A reply read twice would stand in the inbox twice."""
    with app.begin(SYSTEM)() as tx:
        receipts.put(tx, [("esms", report(reference=f"R{n}")) for n in (1, 2)])
        tx.note("test", "receipts", "")
    found = []

    def other():
        with app.begin(SYSTEM)() as tx:
            found.append(receiving.match(tx, listeners(app)))

    thread = Thread(target=other)
    with app.begin(SYSTEM)() as tx:
        found.append(receiving.match(tx, listeners(app), most=first_reads))
        thread.start()
        if not app.store.is_sqlite:
            thread.join(PATIENCE)  # nothing to wait for: it takes what is left
    thread.join()
    assert found == [first_reads, 2 - first_reads]


def test_a_call_with_a_report_that_is_early_is_looked_at_again(sent):
    """Of several reports in one call the others are matched; none of them is dropped."""
    app, broadcast_id, message_id = sent
    settle(app, message_id)
    several = tuple(Receipt(r, None, None, ReceiptFlags.DELIVERED, "0") for r in ("R0", "R1", "R2"))
    with app.begin(SYSTEM)() as tx:
        receipts.put(tx, [("esms", report())])
        receiving.match(tx, {"esms": lambda call: HeardCall(several)})
    assert counts(app, broadcast_id) == {"delivered": 1}
    assert [r["state"] for r in rows(app, "SELECT state FROM receipts")] == ["unmatched"]


def test_a_receipt_that_comes_while_the_answer_is_written_is_not_lost(sent):
    """Between what the settling looks at and its end: neither transaction sees the other."""
    app, broadcast_id, message_id = sent
    if app.store.is_sqlite:
        pytest.skip("SQLite has one writer")
    with app.begin(SYSTEM)() as answer:
        assert messages.other_attempts(answer, [(message_id, "R1")]) == {}
        assert hear(app, report()) == 1
        outcomes.write_outcomes(answer, "w", [Outcome(message_id, "R1", AttemptState.ACCEPTED,
                                              MessageState.ACCEPTED, provider_id="P1")])  # fmt: skip
        answer.note("test", "messages", "")
    assert counts(app, broadcast_id) == {"accepted": 1}
    app.clock.advance(seconds=1)
    hear(app)
    assert counts(app, broadcast_id) == {"delivered": 1}


def test_two_reports_at_once_add_up_whoever_is_first(sent):
    app, broadcast_id, message_id = sent
    if app.store.is_sqlite:
        pytest.skip("SQLite has one writer")
    settle(app, message_id)

    def believe(tx, state):
        receiving.believe(tx, [("esms", Receipt("R1", None, None, state, "x"))])

    def good_news():
        with app.begin(SYSTEM)() as tx:
            believe(tx, ReceiptFlags.DELIVERED)

    thread = Thread(target=good_news)
    with app.begin(SYSTEM)() as tx:
        believe(tx, ReceiptFlags.FAILED)
        thread.start()
        while not rows(app, "SELECT 1 FROM pg_locks WHERE NOT granted"):
            assert thread.is_alive()
    thread.join()
    assert counts(app, broadcast_id) == {"delivered": 1}


# --- the door -----------------------------------------------------------------------------------


def knock(app, method, path, **more):
    """Call the door the way a vendor does, through its ASGI face."""
    paths = {n: callback_path(app, n) for n in app.site.gateways}
    asgi = door(app.store, app.clock, paths, listeners(app))

    async def go():
        transport = httpx.ASGITransport(app=asgi)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            return await client.request(method, path, **more)

    return asyncio.run(go())


def test_the_door_stores_before_it_answers(app):
    path = callback_path(app, "esms")
    found = knock(app, "GET", f"{path}?SMSID=1&RequestId=R1&phonenumber={number(1)}")
    assert found.status_code == 200
    stored = rows(app, "SELECT state, sealed FROM receipts")
    assert [r["state"] for r in stored] == ["new"]
    assert number(1).encode() not in bytes(stored[0]["sealed"])


def test_the_door_says_that_it_is_there_and_takes_only_what_vendors_send(app):
    path = callback_path(app, "esms")
    assert knock(app, "GET", "/health").text == "ok"
    assert knock(app, "GET", f"{path}?hub.challenge=1234").text == "1234"
    assert knock(app, "DELETE", path).status_code == 405
    assert knock(app, "GET", "/").status_code == 404
    assert rows(app, "SELECT 1 FROM receipts") == []


def test_a_call_that_breaks_off_is_not_stored_as_if_it_were_whole(app):
    """The vendor hears no yes, so it calls again."""
    asgi = door(app.store, app.clock, {"esms": callback_path(app, "esms")}, listeners(app))
    parts = [{"type": "http.request", "body": b'{"SMSID":"1"', "more_body": True},
             {"type": "http.disconnect"}]  # fmt: skip
    scope = {"type": "http", "method": "POST", "path": callback_path(app, "esms"),
             "query_string": b"", "headers": []}  # fmt: skip
    said = []

    async def receive():
        return parts.pop(0)

    async def send(message):
        said.append(message)

    asyncio.run(asgi(scope, receive, send))
    assert said[0]["status"] == 400
    assert rows(app, "SELECT 1 FROM receipts") == []


def test_the_door_opens_only_to_its_secret_path(app):
    good = callback_path(app, "esms")
    for path in ("/hooks/esms/guess", good[:-1] + ("0" if good[-1] != "0" else "1"), "/hooks/nobody/x",
                 good.replace("esms", "zalo")):  # fmt: skip
        assert knock(app, "GET", path).status_code == 404
    assert rows(app, "SELECT 1 FROM receipts") == []


def test_the_door_refuses_a_forged_event_and_lets_the_probe_in(app):
    path = callback_path(app, "zalo")
    event = {"event_name": "user_received_message", "app_id": "drill", "timestamp": "1",
             "message": {"msg_id": "m", "tracking_id": "R1"}}  # fmt: skip
    forged = knock(app, "POST", path, json=event, headers={"X-ZEvent-Signature": "mac=00"})
    assert forged.status_code == 401
    assert knock(app, "POST", path, content=b"{}").status_code == 200
    assert knock(app, "POST", path, content=b"x" * 300_000).status_code == 413
    assert rows(app, "SELECT 1 FROM receipts") == []


def test_a_leaked_callback_address_is_replaced_by_counting_up(make_site):
    from dispatcher.config import parse
    from dispatcher.usecases.context import open_app

    adapter = '[gateways.esms]\nadapter = "esms"'
    root = make_site("data/site.db")
    paths = []
    for turn in ("", "\ncallback = 1", "\ncallback = 2"):
        settings = root / "dispatcher.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace(adapter, adapter + turn), encoding="utf-8")
        app = open_app(parse(root))
        paths.append(callback_path(app, "esms"))
        app.store.close()
        settings.write_text(text, encoding="utf-8")
    assert paths[0] == paths[1]
    assert paths[2] != paths[0]
    assert paths[2].startswith("/hooks/esms/")
