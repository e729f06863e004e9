"""Reports with a wrong signature are turned away, counted, and an alarm where there are many."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from conftest import add_people
from patience import PATIENCE
from walk import rows

from dispatcher.db.database import at
from dispatcher.db.queue import receipts, turned_away
from dispatcher.db.staff import notices, people
from dispatcher.domain.model import SYSTEM, Role
from dispatcher.domain.outages import State
from dispatcher.gateways.contract import Call
from dispatcher.usecases import alarms
from dispatcher.worker import receipt_door
from dispatcher.worker.adapters import callback_path, listeners
from dispatcher.worker.notifications import deliver

FORGED = {"headers": {"X-ZEvent-Signature": "mac=00"},
          "json": {"event_name": "user_received_message", "app_id": "drill", "timestamp": "1",
                   "message": {"msg_id": "m", "tracking_id": "R1"}}}  # fmt: skip


@pytest.fixture
def ward(app):
    add_people(app)
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "hoa", "Lê Thị Hoa", Role.ADMIN, [])
    return app


def knock(app, count, meanwhile=None):
    """So many forged calls at once, counted before this returns; what they were answered."""
    paths = {n: callback_path(app, n) for n in app.site.gateways}
    asgi = receipt_door.door(app.store, app.clock, paths, listeners(app))

    async def go():
        transport = httpx.ASGITransport(app=asgi)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            found = await asyncio.gather(
                *(client.post(paths["zalo"], **FORGED) for _ in range(count))
            )
            async with asyncio.timeout(PATIENCE):
                if meanwhile:
                    await meanwhile(asgi.inbox)
                await asgi.inbox._counting
        return {f.status_code for f in found}

    return asyncio.run(go())


@pytest.fixture(autouse=True)
def _counted_soon(monkeypatch):
    monkeypatch.setattr(receipt_door, "COUNT", 0.05)


def good_reports(app, count):
    with app.begin(SYSTEM)() as tx:
        receipts.put(tx, [("zalo", Call("GET", str(n), {}, b"")) for n in range(count)])
        tx.run("UPDATE receipts SET state = 'matched', at = :n", {"n": at(tx.now)})
        tx.note("test", "receipts", "")


def told(app):
    with app.store.read(SYSTEM) as tx:
        return [n["code"] for n in notices.unread(tx, people.actor(tx, "hoa").person_id)]


def test_a_vendor_whose_secret_was_changed_is_an_alarm_like_any_report_of_no_use(ward):
    assert knock(ward, 60) == {401}
    deliver.detect_notices(ward)
    deliver.detect_notices(ward)
    assert told(ward) == ["odd-reports"]
    with ward.store.read(SYSTEM) as tx:
        odd = alarms.odd_reports(ward, tx)
        health = alarms.gateways(ward, tx)["zalo"]
    [(name, found)] = odd.items()
    assert name == "zalo"
    assert (found["looked_at"], found["of_no_use"], found["bad_signature"]) == (60, 60, 60)
    assert alarms.of_no_use(found).vi == "60/60, 60 sai chữ ký"
    assert (health.state, health.by_reports) == (State.UNREADABLE, True)
    ward.clock.advance(hours=2)
    deliver.detect_notices(ward)
    with ward.store.read(SYSTEM) as tx:
        assert alarms.odd_reports(ward, tx) == {}
        assert receipts.episodes(tx) == {}


@pytest.mark.parametrize("forged, is_alarm", [(19, False), (24, False), (26, True)])
def test_only_a_share_of_them_is_an_alarm(ward, forged, is_alarm):
    good_reports(ward, 100)
    knock(ward, forged)
    deliver.detect_notices(ward)
    assert bool(told(ward)) is is_alarm


def test_a_flood_of_them_stores_nothing_but_a_number(ward):
    assert knock(ward, 400) == {401}
    assert knock(ward, 400) == {401}
    assert rows(ward, "SELECT 1 FROM receipts") == []
    counted = rows(ward, "SELECT gateway, calls FROM turned_away")
    assert [(r["gateway"], r["calls"]) for r in counted] == [("zalo", 800)]


def test_however_long_they_come_only_those_of_a_day_are_kept(ward):
    for _ in range(300):
        ward.clock.advance(minutes=7)
        with ward.begin(SYSTEM)() as tx:
            turned_away.add(tx, {"zalo": 3, "esms": 1})
    kept = rows(ward, "SELECT since FROM turned_away WHERE gateway = 'zalo'")
    assert len(kept) <= timedelta(days=1) / turned_away.STRETCH + 1
    with ward.store.read(SYSTEM) as tx:
        lately = turned_away.after(tx, ward.clock() - timedelta(hours=1))
    assert 9 * 3 <= lately["zalo"] <= 10 * 3
    assert lately["zalo"] == 3 * lately["esms"]


def test_what_cannot_be_counted_now_is_counted_later(ward):
    def rename(old, new):
        with ward.begin(SYSTEM)() as tx:
            tx.run(f"ALTER TABLE {old} RENAME TO {new}")
            tx.note("test", "receipts", "")

    rename("turned_away", "elsewhere")

    async def mended(inbox):
        for _ in range(3):  # it is tried in vain
            await asyncio.sleep(receipt_door.COUNT)
        rename("elsewhere", "turned_away")

    assert knock(ward, 30, mended) == {401}
    assert [r["calls"] for r in rows(ward, "SELECT calls FROM turned_away")] == [30]
