"""One message a household: the next member is told when the one who was to be may not be any more."""

import asyncio
import json
import sys
from pathlib import Path
from threading import Thread

import pytest
from conftest import FlowingClock, add_people
from patience import PATIENCE
from walk import counts, import_list, number, released, rows, sheet

from dispatcher.config import parse
from dispatcher.db.contacts import households, suppressions, undoing
from dispatcher.db.ops import maintenance
from dispatcher.domain.model import SYSTEM, Audience, Receipt, ReceiptFlags
from dispatcher.gateways.contract import Reply
from dispatcher.reports import reporting
from dispatcher.usecases.context import open_app
from dispatcher.worker import receiving
from dispatcher.worker.serving import serve_site

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateways"))
from vendors import answer, vendor

POSTGRESQL_LATER = True
HOME = [("Bé", "", "Tổ 1", "An"), ("An", number(1), "Tổ 1", "An"),
        ("Bình", number(2), "Tổ 1", "An"), ("Chi", number(3), "Tổ 1", "An")]  # fmt: skip
NEXT_DOOR = [("Dung", number(4), "Tổ 1", "Dung"), ("Em", number(5), "Tổ 1", "Dung")]


@pytest.fixture
def site(make_site, tmp_path, database):
    """Opens a site with a list and a broadcast released with one message a household."""
    opened = []

    def make(people, **more):
        app = open_app(parse(make_site(database)), FlowingClock())
        opened.append(app)
        officer, leader = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", people))
        audience = Audience(wards=("Máy Tơ",), one_per="household")
        return app, released(app, officer, leader, audience=audience, **more)

    yield make
    for app in opened:
        app.store.close()


def send(app):
    """Run a worker until nothing is due; the numbers that calls named."""

    def takes(connection, request):
        reference = json.loads(request.partition(b"\r\n\r\n")[2]).get("RequestId", "")
        said = {"CodeResult": "100", "SMSID": reference[::-1]}
        answer(json.dumps(said).encode())(connection, request)

    async def work(url):
        async with asyncio.timeout(PATIENCE):
            urls = {"esms": url, "zalo": url}
            return await serve_site(app, urls, once=True, with_door=False)

    with vendor(takes) as (url, seen):
        assert not asyncio.run(work(url))["problems"]
    return [json.loads(r.partition(b"\r\n\r\n")[2])["Phone"] for r in seen]


def phone(serial):
    return "84" + number(serial)[1:]


def act(app, what):
    with app.begin(SYSTEM)() as tx:
        found = what(tx)
        tx.note("test", "messages", "")
        return found


def people(app):
    """Name → (contact, state, reason)."""
    found = rows(app, "SELECT m.contact_id, m.state, m.reason, c.name_sealed FROM messages m "
                      "JOIN contacts c ON c.id = m.contact_id")  # fmt: skip
    with app.store.read(SYSTEM) as tx:
        return {tx.sealer.open(r["name_sealed"]): (r["contact_id"], r["state"], r["reason"])
                for r in found}  # fmt: skip


def leave(app, name, how):
    contact = people(app)[name][0]

    def go(tx):
        if how == "forgotten":
            suppressions.forget(tx, contact, "asked")
        elif how == "removed":
            undoing.retire(tx, [contact])
        else:
            for address in suppressions.addresses_of(tx, [contact]):
                suppressions.suppress(tx, address, "asked")

    act(app, go)


def sound(app):
    with app.store.read(SYSTEM) as tx:
        return [name for name, good, _ in maintenance.check(tx) if not good]


def columns(app, broadcast_id):
    with app.store.read(SYSTEM) as tx:
        return {k: n for k, n in reporting.report(tx, broadcast_id).total.counts.items() if n}


@pytest.mark.parametrize("how", ["refused", "removed", "forgotten"])
def test_the_next_member_of_a_household_is_told_and_nobody_else(site, how):
    app, broadcast_id = site(HOME + NEXT_DOOR)
    leave(app, "An", how)
    assert sorted(send(app)) == [phone(2), phone(4)]
    assert people(app)["Bình"][1:] == ("accepted", None)
    assert people(app)["Chi"][1:] == ("skipped", "same_household")
    assert counts(app, broadcast_id) == {"accepted": 2, "skipped": 4}
    assert send(app) == []
    assert sound(app) == []
    for row in rows(app, "SELECT provider_id FROM attempts"):
        heard = "esms", Receipt(None, row["provider_id"], None, ReceiptFlags.DELIVERED, "x")
        act(app, lambda tx, h=heard: receiving.believe(tx, [h]))
    found = columns(app, broadcast_id)
    assert (found["reached"], found["through"]) == (2, 2), "Chi by Bình's, Em by Dung's"


def test_one_after_the_other_until_somebody_may_be_told(site):
    app, broadcast_id = site(HOME)
    leave(app, "An", "forgotten")
    leave(app, "Bình", "refused")
    assert send(app) == [phone(3)]
    assert people(app)["Bình"][1:] == ("skipped", "opted_out")
    assert counts(app, broadcast_id) == {"accepted": 1, "skipped": 3}


def test_who_was_told_already_is_not_followed_by_another_member(site):
    app, broadcast_id = site(HOME)
    assert send(app) == [phone(1)]
    act(app, lambda tx: receiving.answer_back(tx, "esms", Reply("+" + phone(1), "TC")))
    leave(app, "An", "removed")
    act(app, lambda tx: tx.run("UPDATE broadcasts SET state = 'running'"))
    assert send(app) == []
    assert act(app, lambda tx: households.hand_over(tx, broadcast_id)) == 0
    assert counts(app, broadcast_id) == {"accepted": 1, "skipped": 3}


def test_the_next_member_by_a_phone_of_their_neighbours_hangs_on_that_phone(site):
    """Bình has only Dung's phone: no second text to it; where Dung refuses too, nobody's."""
    home = [HOME[1], ("Bình", number(4), "Tổ 1", "An")]
    app, _ = site(home + NEXT_DOOR)
    leave(app, "An", "removed")
    assert send(app) == [phone(4)]
    assert people(app)["Bình"][1:] == ("skipped", "shared_phone")
    assert sound(app) == []


def test_two_households_whose_next_members_share_one_phone_send_to_it_once(site):
    homes = [("An", number(1), "Tổ 1", "An"), ("Bình", number(9), "Tổ 1", "An"),
             ("Dung", number(4), "Tổ 1", "Dung"), ("Em", number(9), "Tổ 1", "Dung")]  # fmt: skip
    app, _ = site(homes)
    leave(app, "An", "removed")
    leave(app, "Dung", "forgotten")
    assert send(app) == [phone(9)]
    assert people(app)["Em"][1:] == ("skipped", "shared_phone")


def test_two_workers_hand_a_household_over_once(site):
    app, broadcast_id = site(HOME)
    if app.store.is_sqlite:
        pytest.skip("SQLite has one writer")
    leave(app, "An", "removed")

    def withdraw(tx):
        tx.run("UPDATE messages SET state = 'skipped', reason = 'removed' WHERE state = 'queued'")

    act(app, withdraw)
    moved = []

    def as_well():
        moved.append(act(app, lambda tx: households.hand_over(tx, broadcast_id)))

    with app.begin(SYSTEM)() as tx:
        assert households.hand_over(tx, broadcast_id) == 1
        other = Thread(target=as_well)
        other.start()
        other.join(1.0)  # in which it looks, and waits
        tx.note("test", "messages", "")
    other.join()
    assert moved == [0]
    assert counts(app, broadcast_id) == {"queued": 1, "skipped": 3}
