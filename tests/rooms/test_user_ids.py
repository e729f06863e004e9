"""By Zalo user id first, where a person told the account their phone: cheaper, and never twice."""

import asyncio
import hashlib
import json
import secrets
import sys
from pathlib import Path

import pytest
from conftest import FlowingClock, add_people
from walk import counts, get, import_list, number, released, rows, sheet, twin_urls

from dispatcher.config import parse
from dispatcher.db.contacts import suppressions, user_ids
from dispatcher.db.queue import receipts
from dispatcher.domain.last_look import REPLIED
from dispatcher.domain.model import SYSTEM
from dispatcher.gateways.contract import Call
from dispatcher.simulators.drill import sign_in_to_twins
from dispatcher.usecases.context import open_app
from dispatcher.worker import receiving
from dispatcher.worker.adapters import listeners
from dispatcher.worker.serving import serve_site

POSTGRESQL_LATER = True

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateways"))
from vendors import answer, vendor

ZALO_ONLY = ("[phones]", '[routes.zalo]\nsteps = [ { gateway = "zalo" } ]\n[phones]')
PEOPLE = [("An", number(1), "Tổ 1", ""), ("Bình", number(2), "Tổ 1", ""),
          ("Cúc", number(1), "Tổ 1", "")]  # Cúc shares An's phone  # fmt: skip
UID = "6300001112223334445"


def e164(serial):
    return "+84" + number(serial)[1:]


@pytest.fixture
def site(make_site, tmp_path, database):
    app = open_app(parse(make_site(database, ZALO_ONLY)), FlowingClock())
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", PEOPLE))
    yield app, officer, leader
    app.store.close()


def told(app, event, *, secret="drill-oa_secret"):
    """An event of the Official Account arrives, signed with `secret`."""
    raw = json.dumps({"app_id": "drill", "timestamp": "1", **event}).encode()
    mac = hashlib.sha256(b"drill" + raw + b"1" + secret.encode()).hexdigest()
    call = Call("POST", "", {"x-zevent-signature": f"mac={mac}", "x-zevent-timestamp": "1"}, raw)
    with app.begin(SYSTEM)() as tx:
        receipts.put(tx, [("zalo", call)])
        tx.note("test", "receipts", "")
    with app.begin(SYSTEM)() as tx:
        receiving.match(tx, listeners(app))


def introduced(app, phone, user=UID, **more):
    told(app, {"event_name": "user_submit_info", "sender": {"id": user},
               "info": {"name": "An", "phone": phone}}, **more)  # fmt: skip


def zalo(app, replies):
    """Send with a Zalo that answers by `replies(payload)`; the payloads it saw."""
    seen = []

    def act(connection, request):
        payload = json.loads(request.partition(b"\r\n\r\n")[2])
        by_id = b"/v3.0/oa/message/template" in request.partition(b"\r\n")[0]
        assert by_id == ("user_id" in payload), "each way to its own address"
        seen.append(payload)
        code = replies(payload)
        data = {"msg_id": secrets.token_hex(8)} if code == 0 else None
        answer(json.dumps({"error": code, "message": "", "data": data}).encode())(
            connection, request
        )

    with vendor(act) as (url, _):
        asyncio.run(serve_site(app, {"zalo": url, "esms": url}, once=True, with_door=False))
    return seen


def ways(app):
    return [
        (r["kind"], r["state"], r["cost"])
        for r in rows(
            app,
            "SELECT ad.kind, a.state, a.cost FROM attempts a JOIN targets t ON t.message_id = "
            "a.message_id AND t.position = a.position JOIN addresses ad ON ad.id = t.address_id "
            "ORDER BY a.message_id, a.id",
        )
    ]


def test_who_told_the_account_their_phone_is_written_to_by_user_id_for_less(site, twins):
    app, officer, leader = site
    introduced(app, 84950000002)
    made = released(app, officer, leader, route="zalo")
    sign_in_to_twins(app, twin_urls(twins))
    seen = zalo(app, lambda p: 0)
    assert sorted(p.get("user_id") or p["phone"] for p in seen) == [UID, "84950000001"]
    assert counts(app, made) == {"accepted": 2, "skipped": 1}
    assert ways(app) == [("mobile", "accepted", 200), ("zalo", "accepted", 140)]
    reasons = rows(app, "SELECT reason FROM messages WHERE state = 'skipped'")
    assert [r["reason"] for r in reasons] == ["shared_phone"]


def test_a_user_id_that_does_not_do_is_followed_by_the_phone(site, twins):
    app, officer, leader = site
    introduced(app, "84950000001")
    made = released(app, officer, leader, route="zalo")
    sign_in_to_twins(app, twin_urls(twins))
    seen = zalo(app, lambda p: -249 if "user_id" in p else 0)
    assert len(seen) == 3
    assert counts(app, made) == {"accepted": 2, "skipped": 1}
    assert ways(app) == [("zalo", "refused", None), ("mobile", "accepted", 200),
                         ("mobile", "accepted", 200)]  # fmt: skip


def test_a_lost_answer_to_a_user_id_is_never_followed_by_the_phone(site, twins):
    app, officer, leader = site
    introduced(app, "84950000001")
    made = released(app, officer, leader, route="zalo")
    sign_in_to_twins(app, twin_urls(twins))
    seen = zalo(app, lambda p: -200 if "user_id" in p else 0)
    assert len(seen) == 2
    assert counts(app, made) == {"accepted": 1, "unconfirmed": 1, "skipped": 1}


def test_only_a_signed_call_binds_and_only_a_phone_that_is_on_a_list(site):
    app, _, _ = site
    introduced(app, "84950000001", secret="somebody else's")
    introduced(app, "84959999999")
    assert rows(app, "SELECT * FROM user_ids") == []
    introduced(app, "84950000001")
    introduced(app, "84950000002")  # the same account on another phone: it moved
    phones = rows(app, "SELECT a.tail FROM user_ids u JOIN addresses a ON a.id = u.address_id")
    assert [p["tail"] for p in phones] == ["09xx xxx 002"]
    told(app, {"event_name": "unfollow", "follower": {"id": UID}})
    assert rows(app, "SELECT * FROM user_ids") == []


def test_while_signatures_are_only_being_set_up_nobody_is_bound(make_site, tmp_path):
    zalo = '[gateways.zalo]\nadapter = "zalo"'
    app = open_app(parse(make_site("data/site.db", (zalo, f'{zalo}\nsignature = "warn"'))),
                   FlowingClock())  # fmt: skip
    import_list(app, sheet(tmp_path / "may-to.csv", PEOPLE))
    introduced(app, "84950000001", secret="somebody else's")
    assert rows(app, "SELECT * FROM user_ids") == []
    app.store.close()


def test_an_event_that_got_past_the_door_with_a_wrong_signature_is_not_believed(site, twins):
    app, officer, leader = site
    made = released(app, officer, leader, route="zalo")
    sign_in_to_twins(app, twin_urls(twins))
    zalo(app, lambda p: 0)
    [reference, *_] = [r["reference"] for r in rows(app, "SELECT reference FROM attempts")]
    event = {"event_name": "user_received_message", "message": {"tracking_id": reference}}
    told(app, event, secret="somebody else's")
    assert counts(app, made) == {"accepted": 2, "skipped": 1}
    told(app, event)
    assert counts(app, made) == {"accepted": 1, "delivered": 1, "skipped": 1}


def test_a_stop_sent_through_zalo_also_stops_the_phone(site):
    app, officer, leader = site
    introduced(app, "84950000001")
    told(app, {"event_name": "user_send_text", "sender": {"id": UID}, "message": {"text": "TC"}})
    made = released(app, officer, leader, route="zalo")
    found = {r["contact_id"]: (r["state"], r["reason"])
             for r in rows(app, "SELECT contact_id, state, reason FROM messages")}  # fmt: skip
    assert sorted(found.values()) == [("queued", None), ("skipped", "opted_out"),
                                      ("skipped", "opted_out")]  # fmt: skip
    assert get(app, made).state.value == "running"


@pytest.mark.parametrize(("by_id", "by_phone"), [("promotion", "all"), ("all", "promotion")])
def test_the_stronger_refusal_of_a_user_id_and_its_phone_counts(site, twins, by_id, by_phone):
    """Stored between release and send; the text is a warning, which one of promotion lets pass."""
    app, officer, leader = site
    introduced(app, "84950000002")
    made = released(app, officer, leader, route="zalo")
    sign_in_to_twins(app, twin_urls(twins))
    [bound] = rows(app, "SELECT address_id, user_address_id FROM user_ids")
    with app.begin(SYSTEM)() as tx:
        for address, scope in ((bound["user_address_id"], by_id), (bound["address_id"], by_phone)):
            suppressions.suppress(tx, address, REPLIED, scope=scope)
    seen = zalo(app, lambda p: 0)
    assert [p.get("user_id") or p["phone"] for p in seen] == ["84950000001"]
    assert counts(app, made) == {"accepted": 1, "skipped": 2}
    reasons = rows(app, "SELECT reason FROM messages WHERE state = 'skipped'")
    assert sorted(r["reason"] for r in reasons) == ["opted_out", "shared_phone"]


def test_who_is_forgotten_leaves_no_user_id_behind(site):
    app, _, _ = site
    introduced(app, "84950000002")
    [contact] = rows(app, "SELECT ca.contact_id FROM user_ids u JOIN contact_addresses ca "
                     "ON ca.address_id = u.address_id")  # fmt: skip
    with app.begin(SYSTEM)() as tx:
        suppressions.forget(tx, contact["contact_id"], "asked")
    assert rows(app, "SELECT * FROM user_ids") == []
    assert rows(app, "SELECT * FROM addresses WHERE kind = 'zalo' AND cipher IS NOT NULL") == []


def test_a_list_imported_again_keeps_the_user_ids(site, tmp_path):
    app, _, _ = site
    introduced(app, "84950000001")
    changed = [("An", f"{number(1)} / {number(3)}", "Tổ 1", ""), *PEOPLE[1:]]
    import_list(app, sheet(tmp_path / "may-to-moi.csv", changed))
    with app.store.read(SYSTEM) as tx:
        [bound] = tx.rows("SELECT address_id FROM user_ids")
        assert user_ids.of_phones(tx, [bound["address_id"]])
