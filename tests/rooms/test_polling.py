"""Reports that name nobody, reports that get lost, and what people write back."""

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import FlowingClock, add_people
from walk import claimed, counts, crowd, import_list, number, released, rows, sheet, twin_urls, work

from dispatcher.config import parse
from dispatcher.db.contacts import contacts, replies
from dispatcher.db.queue import intents, messages, pulls, receipts
from dispatcher.domain.lifecycle import Doubt
from dispatcher.domain.model import SYSTEM, AddressKind
from dispatcher.gateways.contract import Call, Reply
from dispatcher.simulators.vendors.ledger import luck
from dispatcher.usecases.context import open_app
from dispatcher.worker import receiving
from dispatcher.worker.adapters import Doors, build_gateway, listeners
from dispatcher.worker.sending import polling, reclaim
from dispatcher.worker.sending.polling import poll
from dispatcher.worker.sending.state import LEASE
from dispatcher.worker.serving import serve_site

POSTGRESQL_LATER = True

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateways"))
from vendors import answer, vendor

ESMS = '[gateways.esms]\nadapter = "esms"'


@pytest.fixture
def site(make_site, database, tmp_path):
    """Makes an app whose only SMS gateway is as told, with a broadcast to `people`."""
    opened = []

    def make(people, gateway=ESMS):
        app = open_app(parse(make_site(database, (ESMS, gateway))), FlowingClock())
        opened.append(app)
        officer, leader = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", people))
        return app, released(app, officer, leader)

    yield make
    for app in opened:
        app.store.close()


async def at_once(act):
    return act()


def pull(app, urls, name="esms", in_thread=at_once):
    """One page of one gateway's round; how many reports came."""
    gateway = build_gateway(app, name, Doors(urls), None)

    async def go():
        try:
            return await poll(app.store, app.clock, name, gateway, receiving.believe, in_thread)
        finally:
            await gateway._wire.close()

    return asyncio.run(go())


def expected(people):
    """What becomes of eSMS's people by their phones."""
    delivered = sum(luck(f"84{p[1:]}", "phone") >= 5 for _, p, _, _ in people)
    failed = sum(2 <= luck(f"84{p[1:]}", "phone") < 5 for _, p, _, _ in people)
    return delivered, failed


def test_an_advertising_report_names_nobody_so_each_number_is_pulled(site, twins):
    people = crowd(90)
    app, broadcast_id = site(people, f'{ESMS}\nservice = "ads"')
    work(app, twins)
    assert twins.ask("/ledger")["calls"] == 1, "one call for all of them"
    assert rows(app, "SELECT count(*) AS n FROM receipts WHERE state = 'matched'")[0]["n"] == 1
    assert counts(app, broadcast_id) == {"accepted": 90}, "a report on a call is nobody's"
    assert pull(app, twin_urls(twins)) == 0, "too early to ask"
    app.clock.advance(minutes=11)
    assert pull(app, twin_urls(twins)) == 90
    delivered, failed = expected(people)
    found = counts(app, broadcast_id)
    assert found["delivered"] == delivered > 70
    assert found.get("failed", 0) == failed
    app.clock.advance(minutes=11)
    pull(app, twin_urls(twins))  # those the network never reported are asked about again
    assert counts(app, broadcast_id) == found


def test_lost_callbacks_are_made_up_for_by_asking(site, twins):
    people = crowd(40)
    app, broadcast_id = site(people)
    urls = twin_urls(twins)
    asyncio.run(serve_site(app, urls, once=True, with_door=False))  # no door: every callback lost
    before = counts(app, broadcast_id)
    app.clock.advance(minutes=11)
    pull(app, urls)
    after = counts(app, broadcast_id)
    blocked = before.get("failed", 0)
    assert before["accepted"] == 40 - blocked
    assert after["delivered"] >= 35
    assert sum(after.values()) == 40


def test_a_report_of_a_message_on_the_wire_is_looked_at_again(site, twins, monkeypatch):
    """On PostgreSQL whoever settles it in the same moment does not see the report."""
    app, broadcast_id = site(crowd(3))
    asyncio.run(serve_site(app, twin_urls(twins), once=True, with_door=False))
    app.clock.advance(minutes=11)
    [someone] = rows(app, "SELECT MIN(id) AS id FROM messages WHERE state = 'accepted'")
    monkeypatch.setattr(polling, "A_SECOND_LOOK", 0)
    acts = 0

    def change(words):
        with app.begin(SYSTEM)() as tx:
            tx.run(f"UPDATE messages SET {words} WHERE id = {someone['id']}")
            tx.note("test", "messages", "")

    async def in_thread(act):
        nonlocal acts
        acts += 1
        if acts == 3:  # between the question and its answer the message went on the wire
            change("state = 'sending', lease_owner = 'another'")
        if acts == 4:  # and was settled by somebody who had not seen the report
            change("state = 'accepted', lease_owner = NULL")
        return act()

    pull(app, twin_urls(twins), in_thread=in_thread)
    assert acts == 4
    assert "accepted" not in counts(app, broadcast_id)


def test_nobody_is_asked_about_beyond_what_the_vendor_remembers(site, twins):
    app, _ = site(crowd(5))
    asyncio.run(serve_site(app, twin_urls(twins), once=True, with_door=False))
    app.clock.advance(days=7)
    assert pull(app, twin_urls(twins)) == 0


def test_two_workers_do_not_ask_at_the_same_time(site):
    app, _ = site(crowd(1))
    with app.begin(SYSTEM)() as tx:
        assert pulls.take_poll(tx, "esms", timedelta(minutes=10)) == 0
    with app.begin(SYSTEM)() as tx:
        assert pulls.take_poll(tx, "esms", timedelta(minutes=10)) is None
    app.clock.advance(minutes=11)
    with app.begin(SYSTEM)() as tx:
        assert pulls.take_poll(tx, "esms", timedelta(minutes=10)) == 0


def test_a_page_looks_at_a_stretch_of_messages_however_many_were_sent(site, twins):
    app, _ = site(crowd(12))
    asyncio.run(serve_site(app, twin_urls(twins), once=True, with_door=False))
    accepted = [r["id"] for r in rows(app, "SELECT id FROM messages WHERE state = 'accepted' "
                                           "ORDER BY id")]  # fmt: skip
    now = app.clock() + timedelta(hours=1)

    def walk(most, stretch):
        pages, after = [], 0
        while True:
            with app.store.read(SYSTEM) as tx:
                found, after = pulls.silent(tx, "esms", after, now - timedelta(days=1), now, most,
                                            stretch=stretch)  # fmt: skip
            pages.append([r["message_id"] for r in found])
            if not after:
                return pages

    assert walk(50, 100) == [accepted]
    for most, stretch in ((50, 5), (3, 100), (3, 5)):
        pages = walk(most, stretch)
        assert [m for page in pages for m in page] == accepted
        assert max(len(page) for page in pages) <= min(most, stretch)
    if app.store.is_sqlite:
        with app.store.read(SYSTEM) as tx:
            plans = []
            run = tx.rows
            tx.rows = lambda sql, **v: plans.append(run(f"EXPLAIN QUERY PLAN {sql}", **v)) or []
            pulls.silent(tx, "esms", 1, now, now, 5)
        words = " ".join(step["detail"] for step in plans[0])
        assert "SEARCH m USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in words
        assert "ORDER BY" not in words


def test_a_call_to_many_numbers_is_reported_number_by_number(site, twins):
    people = crowd(120)
    app, broadcast_id = site(people, '[gateways.esms]\nadapter = "speedsms"')
    urls = {**twin_urls(twins), "esms": twins.base("speedsms")}
    asyncio.run(serve_site(app, urls, once=True, with_door=False))
    assert twins.ask("/ledger")["calls"] == 2
    [[attempt_id, call]] = [
        [r["id"], r["provider_id"]]
        for r in rows(
            app, "SELECT MIN(id) AS id, provider_id FROM attempts GROUP BY provider_id ORDER BY 1"
        )
    ][:1]
    hears = listeners(app)

    def report(phone, status):
        body = {"type": "report", "tranId": call, "phone": phone, "status": status}
        with app.begin(SYSTEM)() as tx:
            receipts.put(tx, [("esms", Call("POST", "", {}, json.dumps(body).encode()))])
            tx.note("test", "receipts", "")
        with app.begin(SYSTEM)() as tx:
            receiving.match(tx, hears)

    report(f"84{people[0][1][1:]}", 0)
    assert counts(app, broadcast_id) == {"accepted": 119, "delivered": 1}
    report("84951999999", 0)  # a number that was in no call of ours
    assert counts(app, broadcast_id) == {"accepted": 119, "delivered": 1}
    assert rows(app, "SELECT state FROM receipts ORDER BY id DESC LIMIT 1")[0]["state"] == "refused"
    app.clock.advance(minutes=11)
    while pull(app, urls):
        app.clock.advance(seconds=5)
        if counts(app, broadcast_id).get("accepted", 0) < 20:
            break
    assert counts(app, broadcast_id)["delivered"] > 90


@pytest.mark.parametrize("text", ["TC", "tc.", "Tu choi", "TỪ CHỐI", "Từ chối", "Dừng", "dung lai",
                                  "STOP", "Stop!", "  dừng  lại "])  # fmt: skip
def test_a_wish_to_be_left_alone_is_obeyed(site, text):
    app, _ = site([("An", number(1), "Tổ 1", "")])
    with app.begin(SYSTEM)() as tx:
        assert receiving.answer_back(tx, "esms", Reply("+84950000001", text))
    with app.store.read(SYSTEM) as tx:
        address = contacts.address_id(tx, AddressKind.MOBILE, "+84950000001")
        found = tx.one("SELECT * FROM suppressions WHERE lifted_at IS NULL")
        assert (found["address_id"], found["reason"]) == (address, "replied")


@pytest.mark.parametrize("text", ["Đúng", "dũng", "Huy", "Dừng xe ở đâu ạ?", "Cảm ơn phường", "",
                                  "toi khong dung zalo"])  # fmt: skip
def test_what_is_no_such_wish_is_kept_to_be_read(site, text):
    app, _ = site([("An", number(1), "Tổ 1", "")])
    with app.begin(SYSTEM)() as tx:
        assert not receiving.answer_back(tx, "esms", Reply("+84950000001", text))
    with app.store.read(SYSTEM) as tx:
        assert tx.one("SELECT * FROM suppressions") is None
        [found] = replies.list_replies(tx)
    assert (found["text"], found["opt_out"]) == (text, False)
    assert "0000001" not in found["phone"]


def test_a_reply_comes_in_by_the_door_and_a_stranger_is_no_accident(site):
    app, _ = site([("An", number(1), "Tổ 1", "")], '[gateways.esms]\nadapter = "speedsms"')
    for phone, content in (("84950000001", "TC"), ("84951234567", "TC")):
        body = json.dumps({"type": "incoming", "phone": phone, "content": content}).encode()
        with app.begin(SYSTEM)() as tx:
            receipts.put(tx, [("esms", Call("POST", "", {}, body))])
            tx.note("test", "receipts", "")
    with app.begin(SYSTEM)() as tx:
        receiving.match(tx, listeners(app))
    assert {r["state"] for r in rows(app, "SELECT state FROM receipts")} == {"reply"}
    assert len(rows(app, "SELECT 1 FROM suppressions")) == 1
    assert len(rows(app, "SELECT 1 FROM replies")) == 2


def test_a_lost_answer_is_found_in_the_vendors_log_by_number_and_text(site):
    app, broadcast_id = site(crowd(2))
    with app.begin(SYSTEM)() as tx:
        ids = claimed(tx, "dead", broadcast_id, 2, tx.now + timedelta(hours=1))
        lost = messages.queued_messages(tx, ids)
        intents.write(tx, "dead", [(p, p.reference) for p in lost], tx.now + LEASE)
        reclaim(tx, "heir", {"esms": Doubt()}, dead="dead")
        asked_at = tx.now
    assert counts(app, broadcast_id) == {"unconfirmed": 2}
    log = {
        "CodeResult": "100",
        "SentData": [{
            "Phone": lost[0].to[1:], "Content": lost[0].text.body, "ReferenceId": "s1",
            "SendResult": 2, "SentTime": f"/Date({int(asked_at.timestamp() * 1000)}+0700)/",
        }],
    }  # fmt: skip
    app.clock.advance(minutes=11)
    with vendor(answer(json.dumps(log).encode())) as (url, _):
        assert pull(app, {"esms": url}) == 1
    assert counts(app, broadcast_id) == {"accepted": 1, "unconfirmed": 1}
    proved = rows(app, "SELECT message_id FROM attempts WHERE state = 'accepted'")
    assert [r["message_id"] for r in proved] == [lost[0].message_id]
