"""Odd words from vendors, in front of both databases: nobody's message and no report is held up.

The door itself is `storable` (see rules/test_storable.py); here stand answers, reports and the loop.
"""

import asyncio
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import FlowingClock, add_people
from patience import PATIENCE
from walk import counts, crowd, import_list, number, released, rows, sheet

from dispatcher.config import parse
from dispatcher.config.pace import Pace
from dispatcher.db.contacts import replies
from dispatcher.db.database import at
from dispatcher.db.engines import engine_for
from dispatcher.db.queue import receipts
from dispatcher.db.staff import notices, people
from dispatcher.domain.model import SYSTEM, Channel, Fault, Receipt, ReceiptFlags, Role
from dispatcher.domain.opting_out import Wish
from dispatcher.gateways import ADAPTERS, adapter_module
from dispatcher.gateways.contract import (
    Accepted,
    Answer,
    Asks,
    Call,
    Heard,
    Introduced,
    Limits,
    Refused,
    Reply,
)
from dispatcher.usecases import alarms
from dispatcher.usecases.context import open_app
from dispatcher.worker import receiving
from dispatcher.worker.adapters import listeners
from dispatcher.worker.notifications import deliver
from dispatcher.worker.sending import Engine
from dispatcher.worker.sending.engine import REST
from dispatcher.worker.sending.polling import poll

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateways"))
from descriptions import described

ODD = {"nul": "a\0b", "half": "a\ud800b", "long": "x" * 100_000}
# adapter → what it is answered, with the odd word as its code, its words or its id
ANSWERS = {
    "esms": {"code": {"CodeResult": "?"}, "detail": {"CodeResult": "99", "ErrorMessage": "?"},
             "id": {"CodeResult": "100", "SMSID": "?"}},
    "zalo": {"code": {"error": "?"}, "detail": {"error": "-108", "message": "?"},
             "id": {"error": "0", "data": {"msg_id": "?"}}},
    "speedsms": {"code": {"status": "error", "code": "?"},
                 "detail": {"status": "error", "code": "105", "message": "?"},
                 "id": {"status": "success", "code": "00", "data": {"tranId": "?"}}},
    "http": {"code": {"status": "error", "code": "?"},
             "detail": {"status": "error", "code": "105", "message": "?"},
             "id": {"status": "success", "code": "00", "data": {"tranId": "?"}}},
    "vnpt": {"code": {"RPLY": {"ERROR": "?"}}, "detail": {"RPLY": {"ERROR": "23", "ERROR_DESC": "?"}},
             "id": {"RPLY": {"ERROR": "0", "ERROR_DESC": "?"}}},
    "lab": {"code": {"code": "?"}, "detail": {"code": "bad", "detail": "?"},
            "id": {"code": "ok", "id": "?"}},
    "kannel": {"code": "9: ?", "detail": "Not routable ?", "id": "0: ?"},
    "viettel": {
        part: "<r><return><message>{}</message><result>{}</result></return></r>".format(*words)
        for part, words in {"code": ("x", "?"), "detail": ("?", "0"), "id": ("?", "1")}.items()
    },
}  # fmt: skip
CASES = [(a, part, kind) for a in ANSWERS for part in ANSWERS[a] for kind in ODD]


def said(adapter, part, kind):
    """What the adapter makes of such an answer of its vendor."""
    body, odd = ANSWERS[adapter][part], adapter + ODD[kind]
    if isinstance(body, str):
        raw = body.replace("?", odd).encode("utf-8", "surrogatepass")
    else:
        raw = json.dumps(body).replace("?", json.dumps(odd)[1:-1]).encode()
    more = {"options": described("speedsms-described")} if adapter == "http" else {}
    [send_result] = adapter_module(adapter).read_answer(
        Answer(202 if adapter == "kannel" else 200, {}, raw), **more
    )
    return send_result


class Scripted:
    """A gateway that answers by a script, as an adapter from outside might."""

    channel, limits = Channel.SMS, Limits(in_flight=100)

    def __init__(self, script, name="esms"):
        self.name, self.script, self.asked = name, iter(script), []

    async def send(self, call_ref, batch):
        self.asked += [m.to for m in batch]
        return [next(self.script) for _ in batch]


@pytest.fixture
def site(make_site, database, tmp_path):
    """A flowing site on either database; call it with how many people it writes to."""
    opened = []

    def make(count, *changes):
        app = open_app(parse(make_site(database, *changes)), FlowingClock())
        opened.append(app)
        officer, leader = add_people(app)
        with app.begin(SYSTEM)() as tx:
            people.add(tx, "hoa", "Lê Thị Hoa", Role.ADMIN, [])
        import_list(app, sheet(tmp_path / "may-to.csv", crowd(count)))
        return app, released(app, officer, leader)

    yield make
    for app in opened:
        app.store.close()


def waits(app, until=()):
    """Whether anything but `until` is queued or on the wire."""
    return bool(
        rows(
            app,
            "SELECT 1 FROM messages WHERE state IN ('queued', 'sending') "
            f"AND id NOT IN ({', '.join(map(str, until)) or 0})",
        )
    )


def settled(app, *gateways, until=(), awake=time.monotonic, in_flight=100, go_on=lambda: False):
    """Run the send loop until nothing but `until` is queued or on the wire, and while `go_on`."""

    async def go(database):
        queues = [(g, Pace(in_flight=in_flight)) for g in gateways]
        engine = Engine(app.store, "w", app.clock, app.site.mode, queues, database, awake)
        running = asyncio.create_task(engine.run())
        async with asyncio.timeout(PATIENCE):
            while go_on() or waits(app, until):
                await asyncio.sleep(0.02)
        engine.stop()
        await running
        return engine

    with ThreadPoolExecutor(1) as database:
        return asyncio.run(go(database))


def told(app, name="hoa"):
    with app.store.read(SYSTEM) as tx:
        person = people.actor(tx, name)
        return [n["code"] for n in notices.unread(tx, person.person_id)]


# --- answers ------------------------------------------------------------------------------------


def test_every_odd_answer_of_every_adapter_is_stored_and_its_report_found(site):
    """{every adapter} × {code, words, id} × {NUL, half a character, 100 kB}, one message each."""
    assert set(ANSWERS) == set(ADAPTERS) - {"outbox"}
    app, broadcast_id = site(len(CASES))
    send_results = [said(*case) for case in CASES]
    gate = Scripted(send_results)
    settled(app, gate)
    assert len(gate.asked) == len(CASES)
    found = rows(app, "SELECT * FROM attempts")
    assert len(found) == len(CASES)
    for row in found:
        for value in row.values():
            if isinstance(value, str):
                value.encode()
                assert "\0" not in value
                assert len(value) <= 500
    ids = [v.provider_id for v in send_results if isinstance(v, Accepted) and v.provider_id]
    assert ids, "some of these answers are a yes"
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE messages SET state = 'accepted' WHERE state = 'unconfirmed'")
        reports = [Receipt(None, i, None, ReceiptFlags.DELIVERED, i) for i in ids]
        answers = receiving.believe_apart(tx, [("esms", r) for r in reports])
        tx.note("test", "messages", "")
    assert {state for state, _ in answers} == {"matched"}


def test_an_answer_no_database_takes_stands_alone_and_becomes_a_doubt(site, database, caplog):
    """The others of its group commit are settled, nobody is asked twice, an admin is told."""
    app, broadcast_id = site(40, ("[gateways.esms]", "[gateways.esms]\nin_flight = 100"))
    refuse(app, "attempts", "provider_id", "poison")
    script = [Accepted("poison" if n == 17 else f"p{n}") for n in range(40)]
    gate = Scripted(script)
    settled(app, gate)
    assert counts(app, broadcast_id) == {"accepted": 39, "unconfirmed": 1}
    assert len(gate.asked) == len(set(gate.asked)) == 40
    [odd] = rows(app, "SELECT * FROM attempts WHERE state <> 'accepted'")
    assert (odd["fault"], odd["code"]) == (Fault.UNKNOWN, "unwritable")
    assert told(app) == ["odd-answer"]
    assert "set aside: answer" in caplog.text
    assert "951" not in "".join(r.getMessage() for r in caplog.records)


def test_an_answer_that_cannot_even_be_a_doubt_holds_up_nobody(site, database):
    """Its intent is on disk: when its lease lapses it is a doubt like that of a dead worker."""
    app, broadcast_id = site(12)
    refuse(app, "attempts", "state", "unconfirmed")
    gate = Scripted([Accepted() if n else None for n in range(12)])
    lost = rows(app, "SELECT id FROM messages ORDER BY due_at, id")[0]["id"]
    settled(app, gate, until=[lost])
    assert counts(app, broadcast_id) == {"accepted": 11, "sending": 1}
    assert len(gate.asked) == 12


TWO_GATEWAYS = (
    ('[gateways.zalo]\nadapter = "zalo"\n',
     '[gateways.esms-2]\nadapter = "esms"\n[gateways.zalo]\nadapter = "zalo"\n'),
    ('sms]\nsteps = [ { gateway = "esms" } ]',
     'sms]\nsteps = [ { gateways = { esms = 1, "esms-2" = 1 } } ]'),
)  # fmt: skip


def test_what_cannot_leave_by_one_gateway_rests_it_and_holds_up_no_other(site, caplog):
    """An intent that cannot be written: the other gateway's calls start alone, and from then on
    together with whatever else may start, until the rest is over. Time stands still meanwhile."""
    app, broadcast_id = site(24, *TWO_GATEWAYS)
    refuse(app, "attempts", "gateway", "esms-2")
    mine = [r["id"] for r in rows(app, "SELECT id FROM messages WHERE gateway = 'esms-2'")]
    assert 0 < len(mine) < 24
    good, bad = Scripted([Accepted()] * 24), Scripted([Accepted()] * 24, "esms-2")
    now = [1000.0]

    def stumbles():
        said = [r.getMessage() for r in caplog.records]
        return sum("cannot write together" in s for s in said), sum(": turn" in s for s in said)

    def not_yet():
        if now[0] == 1000.0 and not waits(app, mine):
            assert stumbles() == (1, 1), "it was not tried again"
            now[0] += REST + 1
        return stumbles() < (2, 2)

    settled(app, bad, good, until=mine, awake=lambda: now[0], in_flight=2, go_on=not_yet)
    assert counts(app, broadcast_id) == {"accepted": 24 - len(mine), "queued": len(mine)}
    assert bad.asked == []
    assert len(good.asked) == len(set(good.asked)) == 24 - len(mine)
    assert told(app) == ["odd-turn"]


def test_what_answers_taught_about_a_gateway_is_not_counted_again_when_it_is_written_again(site):
    """A busy answer that cannot be written is tried together, alone, and then taken for a doubt."""
    app, broadcast_id = site(1)
    refuse(app, "attempts", "state", "refused")
    engine = settled(app, Scripted([Refused(Fault.BUSY, "429")]))
    assert counts(app, broadcast_id) == {"unconfirmed": 1}
    queue = engine.queues["esms"]
    assert (queue.busy, queue.unknowns) == (0, 1)


def refuse(app, table, column, value):
    """The database refuses one value of one column, as if no driver could write it."""
    engine = engine_for(app.site.database)
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(
                f"ALTER TABLE {table} ADD CONSTRAINT odd CHECK ({column} <> '{value}')"
            )
        else:
            for act in ("INSERT", "UPDATE"):
                connection.exec_driver_sql(
                    f"CREATE TRIGGER odd_{act} BEFORE {act} ON {table} WHEN NEW.{column} = "
                    f"'{value}' BEGIN SELECT RAISE(ABORT, 'odd'); END"
                )
    engine.dispose()


# --- the inbox ----------------------------------------------------------------------------------


@pytest.fixture
def accepted(site):
    """One accepted message: reference R1, the vendor's id P1."""
    app, broadcast_id = site(1)
    with app.begin(SYSTEM)() as tx:
        message = tx.one("SELECT * FROM messages")
        tx.run("UPDATE messages SET state = 'accepted'")
        tx.run(
            "INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, reference,"
            " call_ref, state, asked_at, provider_id) VALUES (:m, :b, :p, 'esms', 'sms', 'R1', "
            "'R1', 'accepted', :n, 'P1')",
            {"m": message["id"], "b": broadcast_id, "p": message["position"], "n": at(tx.now)},
        )
        tx.note("test", "messages", "")
    return app, broadcast_id


GOOD = Call("GET", "SMSID=P1&SendStatus=5&SendSuccess=1&SendFailed=0", {}, b"")


def match(app, *calls, listens=None):
    with app.begin(SYSTEM)() as tx:
        receipts.put(tx, [("esms", c) for c in calls])
        tx.note("test", "receipts", "")
    with app.begin(SYSTEM)() as tx:
        return receiving.match(tx, listens or listeners(app))


def states(app):
    return [r["state"] for r in rows(app, "SELECT state FROM receipts ORDER BY id")]


@pytest.mark.parametrize(
    "query",
    ["SMSID=x%00y&SendStatus=5", "SMSID=%ED%A0%80&SendStatus=5", "RequestId=R9&SendStatus=5%00",
     "SMSID=" + "x" * 100_000 + "&SendStatus=5", "SMSID=\ud800&SendStatus=5"],
    ids=["NUL", "half", "NUL in the state", "long", "half as text"],
)  # fmt: skip
def test_an_odd_report_waits_for_its_message_like_any_other_and_holds_up_none(accepted, query):
    app, broadcast_id = accepted
    assert match(app, Call("GET", query, {}, b""), GOOD) == 2
    assert counts(app, broadcast_id) == {"delivered": 1}
    assert states(app) == ["unmatched", "matched"]


def test_a_call_its_adapter_cannot_read_is_set_aside_and_named(accepted, caplog):
    app, broadcast_id = accepted
    read = listeners(app)["esms"]

    def fragile(call):
        if b"poison" in call.body:
            raise KeyError(number(1))
        return read(call)

    odd = Call("POST", "", {}, b"poison")
    assert match(app, odd, GOOD, listens={"esms": fragile}) == 2
    assert counts(app, broadcast_id) == {"delivered": 1}
    assert states(app) == ["unreadable", "matched"]
    assert told(app) == ["odd-report"]
    assert "gateway=esms set aside: report" in caplog.text
    assert number(1) not in caplog.text


def test_reports_no_database_takes_are_set_aside_one_by_one(accepted, database):
    """Among many, and also where one call carries several."""
    app, broadcast_id = accepted
    refuse(app, "attempts", "heard_code", "poison")
    with app.begin(SYSTEM)() as tx:
        for n in range(2, 30):
            columns = (
                "message_id, broadcast_id, position, gateway, channel, state, asked_at, call_ref"
            )
            tx.run(
                f"INSERT INTO attempts ({columns}, reference, provider_id) "
                f"SELECT {columns}, :r, :p FROM attempts WHERE reference = 'R1'",
                {"r": f"R{n}", "p": f"P{n}"},
            )
        tx.note("test", "messages", "")

    def read(call):
        return Heard(tuple(
            Receipt(f"R{n}", None, None, ReceiptFlags.DELIVERED, "poison" if n in (7, 13) else "ok")
            for n in map(int, call.query.split(","))
        ))  # fmt: skip

    calls = [Call("GET", str(n), {}, b"") for n in range(2, 20)]
    together = Call("GET", "12,13,14", {}, b"")
    assert match(app, *calls, together, Call("GET", "1", {}, b""), listens={"esms": read}) == 20
    assert counts(app, broadcast_id) == {"delivered": 1}
    found = states(app)
    assert [n for n, s in enumerate(found, 2) if s == "unreadable" and n < 20] == [7, 13]
    assert found.count("matched") >= 17
    heard = rows(app, "SELECT reference FROM attempts WHERE heard_code = 'ok'")
    assert {r["reference"] for r in heard} == {f"R{n}" for n in range(1, 20)} - {"R7", "R13"}
    assert told(app) == ["odd-report"]
    with app.begin(SYSTEM)() as tx:
        assert receiving.match(tx, {"esms": read}) == 0, "what was set aside is not read for ever"


def test_a_call_that_was_stored_otherwise_is_set_aside(accepted):
    app, broadcast_id = accepted
    with app.begin(SYSTEM)() as tx:
        receipts.put(tx, [("esms", GOOD), ("esms", Call("GET", "x", {}, b""))])
        sealed = tx.sealer.seal("[1]")
        tx.run("UPDATE receipts SET sealed = :s WHERE id = (SELECT MAX(id) FROM receipts)",
               {"s": sealed})  # fmt: skip
        receiving.match(tx, listeners(app))
    assert counts(app, broadcast_id) == {"delivered": 1}
    assert states(app) == ["matched", "unreadable"]


def test_what_people_write_back_is_kept_whatever_it_holds(accepted):
    app, _ = accepted
    words = ["cảm ơn\0", "ok \ud83d", "x" * 100_000]
    heard = Heard((), True, tuple(Reply("+84951234567\0", w) for w in words),
                  (Introduced("u\0", "+84951234\ud800"),))  # fmt: skip
    match(app, Call("POST", "", {}, b"1"), GOOD, listens={
        "esms": lambda c: heard if c.body else listeners(app)["esms"](c)
    })  # fmt: skip
    with app.store.read(SYSTEM) as tx:
        kept = [r["text"] for r in replies.list_replies(tx)]
    assert sorted(map(len, kept)) == [4, 7, 2000]
    with app.begin(SYSTEM)() as tx:
        replies.put(tx, "esms", None, "x\0\ud800", wish=Wish.ORDINARY, look=False, confirm=False)


def test_a_page_of_pulled_reports_with_an_odd_row_is_believed_but_for_that_row(accepted):
    app, broadcast_id = accepted
    refuse(app, "attempts", "heard_code", "poison")
    app.clock.advance(hours=1)

    class Pulled:
        asks = Asks(timedelta(minutes=1), timedelta(days=1), 10)

        async def ask(self, sent):
            return [
                Receipt("R1", None, None, ReceiptFlags.DELIVERED, "ok\0"),
                Receipt(5, "\0", None, ReceiptFlags.DELIVERED, None),
                Receipt("R1", None, None, ReceiptFlags.ACCEPTED, "poison"),
            ]

    async def in_thread(act):
        return act()

    found = poll(app.store, app.clock, "esms", Pulled(), receiving.believe_apart, in_thread)
    assert asyncio.run(found) == 3
    assert counts(app, broadcast_id) == {"delivered": 1}
    assert told(app) == ["odd-report"]


# --- too many of them ---------------------------------------------------------------------------


def arrive(app, gateway, state, count, start=0):
    with app.begin(SYSTEM)() as tx:
        receipts.put(tx, [(gateway, Call("GET", f"{state}{n}", {}, b""))
                          for n in range(start, start + count)])  # fmt: skip
        tx.run("UPDATE receipts SET state = :s, at = :n WHERE state = 'new'",
               {"s": state, "n": at(tx.now)})  # fmt: skip
        tx.note("test", "receipts", "")


def test_reports_of_no_use_above_a_share_are_an_alarm_once_each_time_it_begins(app, clock):
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "hoa", "Lê Thị Hoa", Role.ADMIN, [])
    arrive(app, "esms", "matched", 100)
    arrive(app, "esms", "unreadable", 10)
    arrive(app, "zalo", "matched", 1)
    arrive(app, "zalo", "refused", 15)
    deliver.detect_notices(app)
    assert told(app) == [], "a tenth, and fifteen, are no alarm"
    arrive(app, "esms", "refused", 10, 50)
    arrive(app, "esms", "unmatched", 10)
    deliver.detect_notices(app)
    assert told(app) == [], "one that came just now may be earlier than its answer"
    clock.advance(minutes=2)
    for _ in range(3):
        deliver.detect_notices(app)
    assert told(app) == ["odd-reports"]
    with app.store.read(SYSTEM) as tx:
        assert receipts.unmatched_share(tx, clock()) == {"esms": (130, 30), "zalo": (16, 15)}
    clock.advance(hours=2)
    arrive(app, "esms", "matched", 30, 500)
    deliver.detect_notices(app)
    arrive(app, "esms", "unreadable", 40, 500)
    deliver.detect_notices(app)
    assert told(app) == ["odd-reports", "odd-reports"], "it had ended, and began anew"


def test_an_alarm_about_reports_ends_when_none_come_any_more_and_begins_anew(app, clock):
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "hoa", "Lê Thị Hoa", Role.ADMIN, [])
    arrive(app, "esms", "unreadable", 40)
    clock.advance(minutes=2)
    deliver.detect_notices(app)
    with app.store.read(SYSTEM) as tx:
        [began] = [a["since"] for a in alarms.odd_reports(app, tx).values()]
    clock.advance(hours=2)
    deliver.detect_notices(app)
    with app.store.read(SYSTEM) as tx:
        assert alarms.odd_reports(app, tx) == {}
        assert receipts.episodes(tx) == {}
    arrive(app, "esms", "unreadable", 40, 500)
    deliver.detect_notices(app)
    with app.store.read(SYSTEM) as tx:
        [again] = [a["since"] for a in alarms.odd_reports(app, tx).values()]
    assert again > began
    assert told(app) == ["odd-reports", "odd-reports"]


def test_the_share_is_a_setting_of_each_gateway(make_site):
    changed = ('[gateways.esms]\nadapter = "esms"',
               '[gateways.esms]\nadapter = "esms"\nodd_reports = 60')  # fmt: skip
    site = parse(make_site("data/site.db", changed))
    assert site.gateways["esms"].odd_reports == 60
    assert site.gateways["zalo"].odd_reports == 20
