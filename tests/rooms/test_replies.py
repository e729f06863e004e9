"""What is done about a reply: obeyed and confirmed once, put before a person, or only kept."""

import asyncio
import hashlib
import json
import sys
from pathlib import Path

import pytest
from conftest import add_people
from walk import import_list, number, rows, sheet, twin_urls

from dispatcher.config import parse
from dispatcher.db.contacts import contacts, replies, suppressions, user_ids
from dispatcher.db.queue import receipts
from dispatcher.db.staff import notices, people
from dispatcher.domain.model import SYSTEM, Actor, AddressKind, Fault, Role
from dispatcher.domain.opting_out import Wish
from dispatcher.domain.problems import Problem
from dispatcher.gateways.contract import Accepted, Call, Refused, Reply
from dispatcher.simulators.drill import sign_in_to_twins
from dispatcher.usecases import replies as acts
from dispatcher.usecases.context import Context, open_app
from dispatcher.worker import confirming, receiving
from dispatcher.worker.adapters import Doors, build_gateway, listeners
from dispatcher.worker.notifications import deliver

POSTGRESQL_LATER = True

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateways"))
UID = "6300001112223334445"
FIRST = "+84" + number(1)[1:]


@pytest.fixture
def site(make_site, database, tmp_path, clock):
    """Máy Tơ with An and Cúc on one phone, Bình on another."""
    app = open_app(parse(make_site(database)), clock)
    officer, leader = add_people(app)
    told = [("An", number(1), "Tổ 1", ""), ("Bình", number(2), "Tổ 1", ""),
            ("Cúc", number(1), "Tổ 2", "")]  # fmt: skip
    import_list(app, sheet(tmp_path / "may-to.csv", told))
    yield app, officer
    app.store.close()


def says(app, text, sender=FIRST, gateway="esms"):
    with app.begin(SYSTEM)() as tx:
        return receiving.answer_back(tx, gateway, Reply(sender, text))


def stopped(app):
    """Scopes in force."""
    return [r["scope"] for r in rows(app, "SELECT scope FROM suppressions WHERE lifted_at IS NULL "
                                          "ORDER BY scope")]  # fmt: skip


def newest(app):
    with app.store.read(SYSTEM) as tx:
        return replies.list_replies(tx, 1)[0]


@pytest.mark.parametrize(
    ("text", "scope"), [("Từ chối nhận tin ạ", "all"), ("TC cả tin khẩn", "urgent")]
)
def test_a_clear_refusal_is_obeyed_at_once_with_its_scope(site, text, scope):
    app, _ = site
    assert says(app, text)
    assert stopped(app) == [scope]
    assert (newest(app)["wish"], newest(app)["look"]) == (scope, "none")


def test_a_stronger_wish_replaces_a_weaker_and_a_weaker_changes_nothing(site):
    app, _ = site
    says(app, "TC")
    says(app, "từ chối cả tin khẩn")
    assert stopped(app) == ["urgent"]
    says(app, "TC")
    assert stopped(app) == ["urgent"]
    with app.begin(SYSTEM)() as tx:
        address = contacts.address_id(tx, AddressKind.MOBILE, FIRST)
        assert not suppressions.suppress(tx, address, "x", scope="promotion")
        assert suppressions.lift(tx, address, "đồng ý lại")
    assert stopped(app) == []


def test_the_do_not_call_list_stays_beside_a_wish(site):
    app, _ = site
    with app.begin(SYSTEM)() as tx:
        suppressions.do_not_call(tx, [contacts.address_id(tx, AddressKind.MOBILE, FIRST)])
    says(app, "TC")
    assert stopped(app) == ["all", "promotion"]


def test_what_may_be_a_refusal_is_put_before_the_officers_of_the_ward(site):
    app, officer = site
    assert not says(app, "Huy")
    assert not says(app, "cảm ơn, đã nhận")
    assert stopped(app) == []
    deliver.detect_notices(app)
    with app.store.read(SYSTEM) as tx:
        told = [n for n in notices.unread(tx, officer.person_id) if n["code"] == "reply"]
        assert replies.list_replies(tx, waiting=True)[0]["text"] == "Huy"
    assert len(told) == 1
    assert "Huy" not in told[0]["vi"]
    assert FIRST not in told[0]["vi"]
    with app.store.read(SYSTEM) as tx:
        waiting = newest_waiting(tx)
    look_at(app, "lan", waiting, Wish.ALL)
    assert stopped(app) == ["all"]
    deliver.detect_notices(app)
    with app.store.read(SYSTEM) as tx:
        assert [n for n in notices.unread(tx, officer.person_id) if n["code"] == "reply"] == []


def look_at(app, who, reply, wish):
    acts.look_at(Context(app, app.actor(who)), reply, wish)


def newest_waiting(tx):
    return replies.list_replies(tx, waiting=True)[0]["id"]


def test_a_reply_is_decided_about_once_and_by_whoever_sees_the_person(site):
    app, _ = site
    says(app, "Huy")
    with app.store.read(SYSTEM) as tx:
        reply = newest_waiting(tx)
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "xa", "Người Xa", Role.OFFICER, [ward(tx, "Cầu Đất")])
        people.add(tx, "kt", "Kiểm Tra", Role.AUDITOR, [])
    for who, code in (("xa", "unknown-reply"), ("kt", "role")):
        with pytest.raises(Problem) as refused:
            look_at(app, who, reply, Wish.ALL)
        assert refused.value.code == code
    look_at(app, "lan", reply, Wish.ORDINARY)
    with pytest.raises(Problem) as refused:
        look_at(app, "lan", reply, Wish.ALL)
    assert refused.value.code == "looked-at-before"
    assert stopped(app) == []
    assert (newest(app)["look"], newest(app)["looked_by"]) == ("dismissed", "lan")


def ward(tx, name):
    return tx.value("SELECT id FROM areas WHERE name = :n AND kind = 'ward'", n=name)


def test_a_refusal_of_somebody_on_no_list_is_put_before_a_person_of_the_whole_site(site):
    app, _ = site
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "ad", "Quản Trị", Role.ADMIN, [])
        people.add(tx, "hoa", "Cán Bộ Hoa", Role.OFFICER, [ward(tx, "Máy Tơ")])
    assert says(app, "STOP", sender=UID, gateway="zalo")
    deliver.detect_notices(app)
    with app.store.read(SYSTEM) as tx:
        told = {
            name: [n for n in notices.unread(tx, id_of(tx, name)) if n["code"] == "reply"]
            for name in ("ad", "hoa")
        }
    assert (len(told["ad"]), len(told["hoa"])) == (1, 0)
    with app.store.read(SYSTEM) as tx:
        reply = newest_waiting(tx)
    with pytest.raises(Problem) as refused:
        look_at(app, "ad", reply, Wish.ALL)
    assert refused.value.code == "reply-of-a-stranger"


def id_of(tx, name):
    return tx.value("SELECT id FROM people WHERE name = :n", n=name)


def test_who_shares_a_silenced_phone_is_named_to_whoever_may_see_them(site):
    app, _ = site
    says(app, "TC")
    with app.store.read(SYSTEM) as tx:
        address = contacts.address_id(tx, AddressKind.MOBILE, FIRST)
        seen, others = suppressions.silenced(tx, [address])
        assert ([s["name"] for s in seen], others) == (["An", "Cúc"], 0)
        assert [s["name"] for s in suppressions.silenced(
            tx, [address], but=[seen[0]["contact"]])[0]] == ["Cúc"]  # fmt: skip
    with app.store.read(Actor("xa", Role.OFFICER, 99, frozenset({-5}))) as tx:
        assert suppressions.silenced(tx, [address]) == ([], 2)


# --- confirming ---------------------------------------------------------------------------------


class Answering:
    """A gateway that answers replies as it is told, and remembers what left."""

    def __init__(self, *send_results):
        self.send_results, self.sent = list(send_results), []

    async def answer(self, to, text):
        self.sent.append((to, text))
        return self.send_results.pop(0) if self.send_results else Accepted("m")


async def at_once(act):
    return act()


def confirm(app, gateway, name="zalo"):
    return asyncio.run(confirming.confirm(app, {name: gateway}, at_once))


@pytest.fixture
def follower(site):
    """An told the Official Account their phone."""
    app, officer = site
    with app.begin(SYSTEM)() as tx:
        user_ids.bind(tx, "zalo", UID, FIRST)
    return app, officer


def test_a_refusal_is_confirmed_once_however_often_it_is_said(follower):
    app, _ = follower
    gateway = Answering()
    for text in ("TC", "tc ạ", "Từ chối nhận tin"):
        says(app, text, UID, "zalo")
        confirm(app, gateway)
    assert stopped(app) == ["all", "all"], "the user id and the phone"
    [(to, text)] = gateway.sent
    assert to == UID
    assert "09:00 ngày" in text
    assert "Tin khẩn" in text
    says(app, "từ chối cả tin khẩn", UID, "zalo")
    confirm(app, gateway)
    assert len(gateway.sent) == 2, "another wish"
    assert "cả tin khẩn." in gateway.sent[1][1]
    assert newest(app)["confirmation"] == "sent"


def test_what_was_not_taken_is_tried_again_and_what_may_have_been_never(follower, clock):
    app, _ = follower
    gateway = Answering(Refused(Fault.BUSY, "429"), Refused(Fault.UNKNOWN, "cut"))
    says(app, "TC", UID, "zalo")
    confirm(app, gateway)
    assert newest(app)["confirmation"] == "waiting"
    confirm(app, gateway)
    assert len(gateway.sent) == 1, "not at once"
    for _ in range(3):
        clock.advance(minutes=11)
        confirm(app, gateway)
    assert len(gateway.sent) == 2
    assert newest(app)["confirmation"] == "unsure"


def test_a_worker_that_died_while_confirming_leaves_it_unsure(follower, clock):
    app, _ = follower
    says(app, "TC", UID, "zalo")
    with app.begin(SYSTEM)() as tx:
        assert len(replies.take(tx, {"zalo"}, tx.now)) == 1
        tx.note("test", "replies", "")
    clock.advance(minutes=6)
    gateway = Answering()
    confirm(app, gateway)
    assert gateway.sent == []
    assert newest(app)["confirmation"] == "unsure"


def test_a_channel_without_a_way_back_confirms_nothing_and_says_so(site):
    app, _ = site
    says(app, "TC")
    confirm(app, Answering())
    assert newest(app)["confirmation"] == "cannot"


def test_a_signed_no_through_zalo_is_confirmed_over_http(follower, twins):
    app, _ = follower
    urls = twin_urls(twins)
    sign_in_to_twins(app, urls)
    raw = json.dumps({"app_id": "drill", "timestamp": "1", "event_name": "user_send_text",
                      "sender": {"id": UID}, "message": {"text": "Đừng gửi nữa ạ"}}).encode()  # fmt: skip
    mac = hashlib.sha256(b"drill" + raw + b"1" + b"drill-oa_secret").hexdigest()
    call = Call("POST", "", {"x-zevent-signature": f"mac={mac}", "x-zevent-timestamp": "1"}, raw)
    with app.begin(SYSTEM)() as tx:
        receipts.put(tx, [("zalo", call)])
        tx.note("test", "receipts", "")
    with app.begin(SYSTEM)() as tx:
        receiving.match(tx, listeners(app))
    gateway = build_gateway(app, "zalo", Doors(urls), None)

    async def go():
        try:
            await confirming.confirm(app, {"zalo": gateway}, at_once)
            await confirming.confirm(app, {"zalo": gateway}, at_once)
        finally:
            await gateway._wire.close()

    asyncio.run(go())
    [(user, text)] = twins.ask("/zalo/_twin/answers")
    assert user == UID
    assert "đã nhận lời từ chối" in text
