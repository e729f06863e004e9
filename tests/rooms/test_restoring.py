"""After a restore nobody is texted again: what left since is carried over, or named as a doubt."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from conftest import MIGRATED, FlowingClock, add_people, new_postgresql
from walk import (
    approve_now,
    counts,
    crowd,
    get,
    import_list,
    number,
    released,
    rows,
    sheet,
    work,
    write_broadcast,
)

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.broadcasts.application import database_file, second_place_of
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts, schedules
from dispatcher.db.contacts import contacts, suppressions, undoing
from dispatcher.db.database import at
from dispatcher.db.ops import identity, maintenance, restored, second_place, settings
from dispatcher.db.queue import references
from dispatcher.domain.model import SYSTEM, AddressKind, BroadcastState, Receipt, ReceiptFlags
from dispatcher.domain.problems import Problem
from dispatcher.simulators.drill import sign_in_to_twins
from dispatcher.simulators.vendors.server import start
from dispatcher.usecases import restoring
from dispatcher.usecases.context import Context, open_app, site_key
from dispatcher.worker.receiving import believe
from dispatcher.worker.serving import serve_site

LAB = ('[gateways.esms]\nadapter = "esms"', '[gateways.esms]\nadapter = "lab"\ncapability = "{}"')


class Ward:
    """A site with people on its list, whose database is backed up and restored."""

    def __init__(self, root, tmp_path, people=20):
        self.root, self.file = root, tmp_path / "noon.backup"
        self.app, self.clock = None, FlowingClock()
        self.open()
        add_people(self.app)
        import_list(self.app, sheet(tmp_path / "may-to.csv", crowd(people)))

    def open(self):
        self.app = open_app(parse(self.root), self.clock)

    def release(self, **more):
        return released(self.app, self.app.actor("lan"), self.app.actor("minh"), **more)

    def back_up(self):
        self.file.unlink(missing_ok=True)
        maintenance.backup(self.app.site.database, self.file, lambda done, total: None)

    def restore(self, *, lost=False):
        """The backup comes back; `lost`: what it replaces died with its disk."""
        site, database = self.app.site, database_file(self.app.site)
        self.app.store.close()
        if lost:
            for path in database.parent.glob("site.db*"):
                path.unlink()
        done = restoring.restore(site, database, site_key(site), self.file, self.clock())
        self.open()
        return done

    def let_go(self, *numbers, **more):
        """The operator lets the database send, a leader what was open in it."""
        restoring.release(Context(self.app, self.app.actor(None)), alone=True, **more)
        for held in numbers:
            restoring.resume(Context(self.app, self.app.actor("minh")), held)

    def outlook(self):
        return restoring.outlook(self.app)

    def refuse(self, serial, reason="asked"):
        with self.app.begin(SYSTEM)() as tx:
            phone = "+84" + number(serial)[1:]
            suppressions.suppress(tx, contacts.address_id(tx, AddressKind.MOBILE, phone), reason)


@pytest.fixture
def ward(make_site, tmp_path):
    made = []

    def make(*changes, people=20, database="data/site.db"):
        made.append(Ward(make_site(database, *changes), tmp_path, people))
        return made[-1]

    yield make
    for one in made:
        one.app.store.close()


@pytest.fixture(params=["neither", "dedup", "lookup"])
def vendor(request):
    """A vendor that keeps a ledger: (its twin, what the site's settings say)."""
    twin = start(["lab", "zalo"], "--capability", request.param, "--latency", "0.2")
    yield twin, (LAB[0], LAB[1].format(request.param))
    twin.stop()


def send(ward, twin, until=None):
    """Run a worker until nothing is due, or end it once the vendor took `until` messages."""
    urls = {"esms": twin.base("lab"), "zalo": twin.base("zalo")}
    sign_in_to_twins(ward.app, urls)

    async def run():
        work = asyncio.create_task(serve_site(ward.app, urls, once=True, with_door=False))
        while until is not None and not work.done():
            ledger = await asyncio.to_thread(twin.ask, "/ledger")
            if ledger["accepted"] >= until:
                work.cancel()
                break
            await asyncio.sleep(0.01)
        with suppress(asyncio.CancelledError):
            await work

    asyncio.run(run())


def sound(ward):
    """What `db check` finds."""
    with ward.app.store.read(SYSTEM) as tx:
        return all(ok for _, ok, _ in maintenance.check(tx))


# --- references ---------------------------------------------------------------------------------


def test_a_reference_says_what_it_names_and_nothing_else_is_taken_for_one(ward):
    sealer = ward().app.store.sealer
    for named in [(1, 0, 0), (10**12, 2**20 - 1, 2**32 - 1), (7, 3, 123456789)]:
        text = references.of_message(sealer, *named)
        assert references.decode(sealer, text) == named
        assert text == references.of_message(sealer, *named)
        assert len(text) <= 48
        assert text.isalpha()
        assert text.isascii()
        for i in range(len(text)):
            wrong = text[:i] + ("b" if text[i] == "a" else "a") + text[i + 1 :]
            assert references.decode(sealer, wrong) is None
    for text in ["", "a" * 34, "q" * 47, "0" * 47, "٠" * 47, " " + "a" * 46, "a" * 48]:
        assert references.decode(sealer, text) is None


def test_a_new_database_a_restore_and_a_release_each_begin_an_epoch(ward):
    one = ward()

    def epoch():
        with one.app.store.read(SYSTEM) as tx:
            return settings.get(tx, "epoch")

    seen = [epoch()]
    one.back_up()
    for _ in range(2):
        one.restore()
        seen.append(epoch())
        one.let_go()
        seen.append(epoch())
    assert None not in seen
    assert len(set(seen)) == len(seen)


# --- the replaced database can be read ----------------------------------------------------------


def test_a_restore_amid_a_broadcast_writes_to_nobody_again_and_loses_nobody(ward, vendor):
    twin, setting = vendor
    one = ward(setting, people=60)
    made = one.release()
    one.back_up()
    send(one, twin, until=10)
    done = one.restore()
    assert done.aside.exists()
    assert done.carried["messages"] == 60
    found = get(one.app, made)
    assert (found.state, found.reason) == (BroadcastState.HELD, "restored")
    assert sound(one)
    [waiting] = one.outlook().broadcasts
    assert (waiting.id, waiting.queued + waiting.doubtful + waiting.done) == (made, 60)
    one.let_go()
    send(one, twin)
    assert counts(one.app, made).get("queued", 0) == waiting.queued > 0, "nobody has looked yet"
    one.let_go(made)
    send(one, twin)
    ledger = twin.ask("/ledger?people=1")
    found = counts(one.app, made)
    assert ledger["twice"] == 0
    assert ledger["people"] + found.get("unconfirmed", 0) >= 60
    assert found.get("queued", 0) == 0
    assert sound(one)


def test_what_was_released_after_the_backup_comes_along_whole(ward, twins):
    one = ward()
    one.back_up()
    made = one.release()
    assert work(one.app, twins, with_door=False) == 20
    trail = rows(one.app, "SELECT count(*) AS n FROM trail")[0]["n"]
    one.restore()
    assert get(one.app, made).state is BroadcastState.DONE
    assert counts(one.app, made) == {"accepted": 20}
    assert rows(one.app, "SELECT count(*) AS n FROM trail")[0]["n"] > trail
    assert sound(one)
    one.let_go()
    again = write_broadcast(one.app, one.app.actor("lan"))
    found = application.preview_broadcast(one.app, one.app.actor("lan"), get(one.app, again))
    assert found.repeated == {made: 20}, "the same words are asked about, also after a restore"
    later = one.release()
    before = twins.ask("/ledger")["accepted"]
    work(one.app, twins, with_door=False)
    assert twins.ask("/ledger")["accepted"] - before == 20, "no memory of old references takes it"
    assert counts(one.app, later) == {"accepted": 20}


def test_a_stop_of_after_the_backup_stays_a_stop(ward):
    one = ward()
    made = one.release()
    one.back_up()
    with one.app.begin(one.app.actor("lan"))() as tx:
        planning.stop(tx, broadcasts.get(tx, made))
    one.restore()
    assert get(one.app, made).state is BroadcastState.STOPPED
    assert counts(one.app, made) == {"cancelled": 20}


def test_refusals_and_erasures_of_after_the_backup_come_along(ward):
    one = ward()
    made = one.release()
    one.refuse(1000)
    one.back_up()
    one.refuse(1037)
    with one.app.begin(SYSTEM)() as tx:
        suppressions.lift(tx, contacts.address_id(tx, AddressKind.MOBILE, "+84950001000"), "x")
        third = tx.value("SELECT MIN(id) + 2 FROM contacts")
        suppressions.forget(tx, third, "asked")
    done = one.restore()
    assert (done.carried["refusals"], done.carried["erased"]) == (2, 1)
    known = rows(one.app, "SELECT a.tail, s.lifted_at FROM suppressions s JOIN addresses a "
                 "ON a.id = s.address_id ORDER BY s.id")  # fmt: skip
    assert [r["lifted_at"] is None for r in known] == [False, True]
    [gone] = rows(one.app, "SELECT * FROM contacts WHERE id = :i", i=third)
    assert gone["removed_at"] is not None
    assert counts(one.app, made) == {"queued": 19, "skipped": 1}
    assert sound(one)


def test_whoever_was_removed_after_the_backup_gets_nothing_of_what_waited(ward, twins):
    one = ward()
    made = one.release()
    one.back_up()
    with one.app.begin(SYSTEM)() as tx:
        gone = tx.value("SELECT MIN(id) FROM contacts")
        undoing.retire(tx, [gone])
        tx.note("removed", "contacts", "", contacts=[gone])
    one.restore()
    one.let_go(made)
    work(one.app, twins, with_door=False)
    assert counts(one.app, made) == {"accepted": 19, "skipped": 1}
    [message] = rows(one.app, "SELECT reason FROM messages WHERE contact_id = :c", c=gone)
    assert message["reason"] == "removed"
    [contact] = rows(one.app, "SELECT removed_at FROM contacts WHERE id = :c", c=gone)
    assert contact["removed_at"] is None, "the list itself is the backup's again"


def test_a_firing_of_after_the_backup_is_not_fired_again(ward):
    one = ward()
    fire_at = one.clock() + timedelta(minutes=5)
    with one.app.begin(SYSTEM)() as tx:
        schedules.keep(tx, "moi-ngay", "digest", "source")
        schedules.set_next(tx, schedules.get(tx, "moi-ngay")["id"], fire_at)
    one.back_up()
    with one.app.begin(SYSTEM)() as tx:
        row = schedules.get(tx, "moi-ngay")
        assert schedules.fire(tx, row["id"], fire_at, "w") is not None
        schedules.set_next(tx, row["id"], fire_at + timedelta(days=1))
        tx.note("fired", "occurrence", "1")
    one.restore()
    with one.app.begin(SYSTEM)() as tx:
        row = schedules.get(tx, "moi-ngay")
        assert row["next_fire_at"] == at(fire_at + timedelta(days=1))
        assert schedules.fire(tx, row["id"], fire_at, "w") is None


def test_one_restore_after_another_still_knows_what_left(ward, twins, tmp_path):
    one = ward()
    first = one.release()
    one.back_up()
    noon = one.file
    work(one.app, twins, with_door=False)
    one.file = tmp_path / "evening.backup"
    one.back_up()
    evening, one.file = one.file, noon
    one.restore()
    one.let_go()
    second = one.release()
    work(one.app, twins, with_door=False)
    one.restore()
    assert [counts(one.app, b) for b in (first, second)] == [{"accepted": 20}] * 2
    one.file = evening  # of a line that was left: its numbers were given anew
    done = one.restore()
    assert "messages" not in done.carried
    assert counts(one.app, first) == {"accepted": 20}
    assert sound(one)


# --- the replaced database is lost --------------------------------------------------------------


@pytest.mark.parametrize("vendor", ["dedup"], indirect=True)
def test_what_may_have_left_a_lost_database_is_named_and_not_sent_again(ward, vendor):
    twin, setting = vendor
    one = ward(setting)
    made = one.release()
    send(one, twin, until=5)
    one.back_up()
    then = counts(one.app, made).get("accepted", 0)
    send(one, twin)
    assert twin.ask("/ledger")["people"] == 20
    done = one.restore(lost=True)
    assert done.aside is None
    found = get(one.app, made)
    assert (found.state, found.reason) == (BroadcastState.HELD, "restored")
    assert counts(one.app, made).get("unconfirmed") == 20 - then
    reasons = rows(one.app, "SELECT DISTINCT reason FROM messages WHERE state = 'unconfirmed'")
    assert [r["reason"] for r in reasons] == ["restored"]
    one.let_go(made)
    send(one, twin)
    ledger = twin.ask("/ledger?people=1")
    assert (ledger["people"], ledger["twice"]) == (20, 0)
    assert get(one.app, made).state is BroadcastState.DONE
    assert sound(one)


def test_a_phone_of_a_named_doubt_goes_to_nobody_who_shares_it(ward, tmp_path, twins):
    """Nobody knows of a try at that phone, and for all anybody knows there was one."""
    one = ward(people=2)
    import_list(one.app, sheet(tmp_path / "may-to-2.csv", [
        ("Người Mẫu 8", number(5000), "Tổ 1", ""), ("Người Mẫu 9", number(5000), "Tổ 2", ""),
    ]))  # fmt: skip
    made = one.release()
    one.back_up()
    one.restore(lost=True)
    one.let_go(made, without_refusals=True)
    before = rows(one.app, "SELECT * FROM targets ORDER BY message_id")
    work(one.app, twins, with_door=False)
    assert counts(one.app, made) == {"unconfirmed": 3, "skipped": 1}
    assert rows(one.app, "SELECT * FROM targets ORDER BY message_id") == before
    assert sound(one)
    assert twins.ask("/ledger")["accepted"] == 0


def test_no_memory_of_a_lost_databases_references_swallows_a_new_text(ward, twins):
    one = ward(people=5)
    one.back_up()
    one.release()
    work(one.app, twins, with_door=False)
    one.restore(lost=True)
    one.let_go(without_refusals=True)
    text = one.root / "templates" / "canh-bao.j2"
    text.write_text(text.read_text("utf-8").replace("KHONG chuyen tien", "DI SO TAN"), "utf-8")
    made = one.release()
    work(one.app, twins, with_door=False)
    assert counts(one.app, made) == {"accepted": 5}
    assert twins.ask("/ledger")["accepted"] == 10


def test_what_was_certain_not_to_leave_stays_in_the_queue(ward):
    one = ward()
    one.clock.now = one.clock.now.replace(hour=15)  # 22:00 in Hanoi: the window is shut
    made = one.release()
    one.back_up()
    one.clock.advance(minutes=30)
    one.restore(lost=True)
    assert counts(one.app, made) == {"queued": 20}
    assert get(one.app, made).reason == "restored"


def test_one_that_waited_for_its_hour_is_named_as_a_doubt_when_that_hour_is_past(ward, twins):
    one = ward()
    lan, minh = one.app.actor("lan"), one.app.actor("minh")
    soon, later = write_broadcast(one.app, lan), write_broadcast(one.app, lan)
    approve_now(one.app, lan, minh, soon, one.clock() + timedelta(minutes=10))
    approve_now(one.app, lan, minh, later, one.clock() + timedelta(hours=5))
    one.back_up()
    one.clock.advance(hours=1)
    one.restore(lost=True)
    assert [(b.id, b.may_have_left) for b in one.outlook().broadcasts] == [
        (soon, True), (later, False),
    ]  # fmt: skip
    one.let_go(soon, later, without_refusals=True)
    work(one.app, twins, with_door=False)
    assert counts(one.app, soon) == {"unconfirmed": 20}
    assert get(one.app, later).state is BroadcastState.SCHEDULED
    one.clock.advance(hours=4)
    work(one.app, twins, with_door=False)
    assert counts(one.app, later) == {"accepted": 20}
    assert twins.ask("/ledger")["accepted"] == 20


def test_a_late_report_settles_a_doubt_that_a_restore_named(ward):
    one = ward(people=2)
    made = one.release()
    one.back_up()
    with one.app.store.read(SYSTEM) as tx:
        epoch = int(settings.get(tx, "epoch"))
        ids = [r["id"] for r in tx.rows("SELECT id FROM messages ORDER BY id")]
    one.restore(lost=True)
    sealer = one.app.store.sealer
    reference = references.of_message(sealer, ids[0], 0, epoch)
    forged = references.of_message(sealer, ids[1], 0, epoch)[:-1] + "z"
    unknown = references.of_message(sealer, max(ids) + 1, 0, epoch)
    heard = [
        Receipt(r, None, None, ReceiptFlags.DELIVERED, "") for r in (reference, forged, unknown)
    ]
    with one.app.begin(SYSTEM)() as tx:
        told = believe(tx, [("esms", receipt) for receipt in heard])
    assert [state for state, _ in told] == ["matched", "unmatched", "unmatched"]
    assert counts(one.app, made) == {"delivered": 1, "unconfirmed": 1}


def test_refusals_and_erasures_come_back_from_the_second_place(ward):
    one = ward()
    made = one.release()
    one.back_up()
    one.clock.advance(minutes=1)
    one.refuse(1037)
    with one.app.begin(SYSTEM)() as tx:
        third = tx.value("SELECT MIN(id) + 2 FROM contacts")
        suppressions.forget(tx, third, "asked")
    place = second_place_of(one.app.site)
    with one.app.store.read(SYSTEM) as tx:
        kept = second_place.write(tx, place, one.clock())
    assert number(1037)[1:].encode() not in kept.read_bytes()
    done = one.restore(lost=True)
    assert (done.carried["refusals"], done.carried["erased"]) == (1, 1)
    assert done.carried["refusals_known_until"] is not None
    assert one.outlook().refusals_missing is None
    [gone] = rows(one.app, "SELECT * FROM contacts WHERE id = :i", i=third)
    assert gone["removed_at"] is not None
    assert counts(one.app, made) == {"unconfirmed": 20}


def test_where_nothing_was_kept_only_urgent_texts_leave_until_a_person_confirms(ward, twins):
    one = ward()
    one.back_up()
    one.restore(lost=True)
    missing = one.outlook().refusals_missing
    assert missing["from"] < missing["to"]
    one.let_go()
    ordinary = write_broadcast(one.app, one.app.actor("lan"))
    approve_now(one.app, one.app.actor("lan"), one.app.actor("minh"), ordinary)
    assert (
        application.release_broadcast(one.app, get(one.app, ordinary)) == BroadcastState.HELD.value
    )
    with pytest.raises(Problem) as told, one.app.begin(one.app.actor("minh"))() as tx:
        planning.resume(tx, broadcasts.get(tx, ordinary))
    assert told.value.code == "refusals-missing"
    urgent = one.release(urgent=True)
    work(one.app, twins, with_door=False)
    assert (counts(one.app, urgent), counts(one.app, ordinary)) == ({"accepted": 20}, {})
    one.let_go(ordinary, without_refusals=True)
    assert rows(one.app, "SELECT * FROM trail WHERE act = 'without_refusals'")
    work(one.app, twins, with_door=False)
    assert counts(one.app, ordinary) == {"accepted": 20}


def test_a_file_put_in_place_by_hand_is_treated_like_a_lost_database(ward, twins):
    one = ward()
    made = one.release()
    one.back_up()
    work(one.app, twins, with_door=False)
    database = database_file(one.app.site)
    one.app.store.close()
    for path in database.parent.glob("site.db*"):
        path.unlink()
    database.write_bytes(one.file.read_bytes())
    one.open()
    assert one.outlook().held == "older"
    assert one.outlook().broadcasts[0].doubtful == 20, "looked at before anything is released"
    assert get(one.app, made).state is BroadcastState.RUNNING
    with one.app.begin(SYSTEM)() as tx:
        identity.release(tx, database)
    assert counts(one.app, made) == {"unconfirmed": 20}


def test_paused_and_held_ones_are_held_too_and_what_held_them_still_counts(ward):
    one = ward()
    paused, spent = one.release(), one.release()
    with one.app.begin(SYSTEM)() as tx:
        planning.pause(tx, broadcasts.get(tx, paused))
        broadcasts.move(tx, broadcasts.get(tx, spent), BroadcastState.HELD, reason="ward_budget")
    one.back_up()
    one.restore()
    with one.app.store.read(SYSTEM) as tx:
        found = [broadcasts.get(tx, b) for b in (paused, spent)]
        assert {(b.state, b.reason) for b in found} == {(BroadcastState.HELD, "restored")}
        assert restored.reason_before(tx, found[1]) == "ward_budget"


def test_a_dump_restored_on_another_server_is_held_and_names_doubts(ward, postgresql_server):
    one = ward(database=new_postgresql(postgresql_server, template=MIGRATED))
    made = one.release()
    with one.app.begin(SYSTEM)() as tx:
        settings.put(tx, "identity", "another cluster")
    assert one.outlook().held == "other_server"
    one.let_go(without_refusals=True)
    assert counts(one.app, made) == {"unconfirmed": 20}
    assert get(one.app, made).reason == "restored"


# --- why it was held ------------------------------------------------------------------------------

SMS = '[routes.sms]\nsteps = [ { gateway = "esms" } ]'
BUDGET = SMS.replace('"esms"', '"esms", budget = 1600')


def test_what_once_held_a_broadcast_is_no_reason_at_the_next_restore(ward):
    """It had spent its budget and was let go on; a later restore is no reason to grant it again."""
    made = ward((SMS, BUDGET))
    number = made.release()
    with made.app.begin(SYSTEM)() as tx:
        found = broadcasts.get(tx, number)
        broadcasts.move(tx, found, BroadcastState.HELD, reason="over_budget")
    for _ in range(2):
        made.back_up()
        made.restore()
        made.let_go(number, without_refusals=True)
        assert get(made.app, number).state is BroadcastState.RUNNING
        assert len(rows(made.app, "SELECT id FROM trail WHERE act = 'granted'")) == 1
