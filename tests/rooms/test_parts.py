"""A long text that arrived in part only is never called whole: log, why, report, resend."""

import json
from itertools import permutations, product

import pytest
from conftest import FlowingClock, add_people, run_cli
from walk import claimed, counts, crowd, get, import_list, number, released, rows, sheet, work

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.config import parse
from dispatcher.db.broadcasts import logbook, totals
from dispatcher.db.broadcasts.logbook import Filters
from dispatcher.db.queue import intents, messages, outcomes
from dispatcher.db.queue import parts as short
from dispatcher.db.queue.outcomes import Outcome
from dispatcher.domain import parts
from dispatcher.domain.model import SYSTEM, AttemptState, MessageState, Receipt, ReceiptFlags
from dispatcher.reports import reporting
from dispatcher.simulators.vendors.server import VENDORS, start
from dispatcher.usecases import why
from dispatcher.usecases.context import open_app
from dispatcher.worker import receiving
from dispatcher.worker.sending.state import LEASE

POSTGRESQL_LATER = True
YES, NO = ReceiptFlags.DELIVERED, ReceiptFlags.FAILED


@pytest.fixture
def sent(app, tmp_path):
    """One accepted SMS of three parts: reference R1, provider id P1."""
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", [("An", number(1), "Tổ 1", "")]))
    made = released(app, officer, leader)
    with app.begin(SYSTEM)() as tx:
        [message] = claimed(tx, "w", made, 1, tx.now.replace(hour=3))
        queued_message = messages.queued_messages(tx, [message])[0]._replace(reference="R1")
        intents.write(tx, "w", [(queued_message, "R1")], tx.now + LEASE)
        tx.note("test", "messages", "")
    with app.begin(SYSTEM)() as tx:
        outcomes.write_outcomes(tx, "w", [Outcome(message, "R1", AttemptState.ACCEPTED,
                                          MessageState.ACCEPTED, provider_id="P1", parts=3)])  # fmt: skip
    return app, made, officer


def told(app, *reports):
    """Reports of R1 arrive one by one: (state, part or None)."""
    for state, part in reports:
        with app.begin(SYSTEM)() as tx:
            receiving.believe(tx, [("esms", Receipt("R1", "P1", None, state, "c", part, 3))])


def seen(app, made):
    """What every reader says: (state, parts missing of the message, of the attempt, report)."""
    with app.store.read(SYSTEM) as tx:
        [message] = logbook.messages(tx, Filters(broadcast=made))
        [attempt] = logbook.attempts(tx, Filters(broadcast=made))
        counted = {k: n for k, n in reporting.report(tx, made).total.counts.items() if n}
        people = short.count(tx, made)
    assert people == counted.get("short", 0)
    return message["state"], message["parts_missing"], attempt["parts_missing"], counted


@pytest.mark.parametrize(
    ("reports", "missing"),
    [
        ([(YES, None), (NO, None), (YES, None)], "?/3"),
        ([(YES, 1), (NO, 2), (YES, 3)], "2/3"),
        ([(NO, 1), (YES, 2), (NO, 3)], "1,3/3"),
        ([(YES | NO, None), (YES, None)], "?/3"),
    ],
)
def test_a_failed_part_is_named_in_every_order_of_reports(sent, reports, missing):
    app, made, _ = sent
    ends = set()
    for order in permutations(reports):
        with app.begin(SYSTEM)() as tx:
            tx.run("UPDATE attempts SET heard = 0, parts_failed = 0, parts_received = 0")
            tx.run("UPDATE messages SET state = 'accepted', reason = NULL")
            tx.note("test", "messages", "")
        told(app, *order)
        state, of_message, of_attempt, counted = seen(app, made)
        ends.add((state, of_message, of_attempt, tuple(counted)))
    assert ends == {("delivered", missing, missing, ("short",))}


def test_a_text_of_which_every_part_failed_is_failed(sent):
    app, made, _ = sent
    told(app, (NO, 1), (NO, 2), (NO, 3))
    assert seen(app, made) == ("failed", None, None, {"failed": 1})


def test_a_text_of_which_every_part_arrived_is_whole(sent):
    app, made, _ = sent
    told(app, (YES, 3), (YES, 1), (YES, 2))
    assert seen(app, made) == ("delivered", None, None, {"reached": 1})


def test_a_text_of_one_part_told_both_ways_is_a_contradiction_and_not_short(sent):
    app, made, _ = sent
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE attempts SET parts = 1")
        tx.note("test", "messages", "")
    told(app, (NO, None), (YES, None))
    assert seen(app, made) == ("delivered", None, None, {"reached": 1})
    [attempt] = story(app)["attempts"]
    assert attempt["contradiction"] is True


def story(app):
    with app.store.read(SYSTEM) as tx:
        contact = next(iter(logbook.messages(tx, Filters())))["contact"]
        return why.story(tx, contact, "vi")["messages"][0]


def test_why_names_the_missing_part(sent):
    app, _, _ = sent
    told(app, (YES, 1), (NO, 2))
    found = story(app)
    assert found["sentence"] == "đã nhận; nhận thiếu phần 2 (trong 3)"
    assert found["attempts"][0]["parts_missing"] == "2/3"
    assert found["attempts"][0]["contradiction"] is False


def test_who_received_a_part_may_be_written_to_again_and_nobody_else(sent):
    app, made, officer = sent
    told(app, (YES, 1), (NO, 2))
    with app.begin(officer)() as tx:
        again = planning.resend(tx, get(app, made), ("short",))
    assert application.preview_broadcast(app, officer, get(app, again)).people == 1
    told(app, (YES, 2), (YES, 3))
    assert application.preview_broadcast(app, officer, get(app, again)).people == 0, (
        "all of it came after all"
    )


def test_whoever_got_it_whole_by_another_attempt_received_it_whole(sent):
    app, made, _ = sent
    told(app, (YES, 1), (NO, 2))
    with app.begin(SYSTEM)() as tx:
        tx.run(
            "INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, "
            "reference, call_ref, state, heard, asked_at) SELECT message_id, broadcast_id, "
            "position, gateway, channel, 'R2', 'R2', state, 4, asked_at FROM attempts"
        )
        tx.note("test", "messages", "")
    with app.store.read(SYSTEM) as tx:
        assert short.count(tx, made) == 0
        [message] = logbook.messages(tx, Filters(broadcast=made))
    assert message["parts_missing"] is None


def test_a_kept_sum_counts_them_apart_too(sent):
    app, made, _ = sent
    told(app, (YES, 1), (NO, 2))
    with app.begin(SYSTEM)() as tx:
        totals.keep_totals(tx, totals.add_up(tx, tx.now, made))
        tx.note("test", "tallies", "")
    with app.store.read(SYSTEM) as tx:
        totalled = totals.totals_of(tx, made)
        counted = reporting.report(tx, made, totalled).total.counts
        by_network = reporting.networks(totalled)[0]["counts"]
    assert (counted["reached"], counted["short"]) == (0, 1)
    assert (by_network["reached"], by_network["short"]) == (0, 1)


def test_the_database_and_the_rule_say_the_same_of_all_bits(sent):
    app, _, _ = sent
    for heard, failed, received, of in product(
        (2, 4, 6, 7, 10, 14, 15), (0, 1, 2, 5, 6, 8, 14), (0, 1, 2, 6, 12, 14, 15), (None, 1, 2, 3)
    ):
        with app.begin(SYSTEM)() as tx:
            tx.run(
                "UPDATE attempts SET heard = :h, parts_failed = :f, parts_received = :r, parts = :p",
                {"h": heard, "f": failed, "r": received, "p": of},
            )
            tx.note("test", "messages", "")
            found = tx.value(f"SELECT {short.missing('a')} FROM attempts a")
            condition = tx.value(f"SELECT CASE WHEN {short.is_short('a')} THEN 1 ELSE 0 END "
                                 "FROM attempts a")  # fmt: skip
        lacks = parts.missing(ReceiptFlags(heard), failed, received, of or 1)
        expected = lacks if lacks is None else f"{','.join(map(str, lacks)) or '?'}/{of or 1}"
        assert (found, condition) == (expected, int(lacks is not None)), (heard, failed, received)


# --- over HTTP ----------------------------------------------------------------------------------


@pytest.mark.long
def test_reports_part_by_part_over_http_are_in_every_command(make_site, tmp_path):
    gateway = '[gateways.esms]\nadapter = "esms"'
    root = make_site("data/site.db", (gateway, gateway.replace('"esms"', '"speedsms"')))
    text = root / "templates" / "canh-bao.j2"
    long = "KHONG chuyen tien. " + "Bao ngay cho to truong va cong an phuong. " * 6
    text.write_text(text.read_text("utf-8").replace("KHONG chuyen tien.", long), "utf-8")
    child = start(VENDORS)
    app = open_app(parse(root), FlowingClock())
    try:
        officer, leader = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", crowd(12)))
        made = released(app, officer, leader)
        child.ask("/misbehave", {"parts_apart": 1.0})
        urls = {"zalo": child.base("zalo"), "esms": child.base("speedsms")}
        work(app, type("Twins", (), {"base": lambda _, name: urls[name]})())
        delivered = counts(app, made)["delivered"]
        assert delivered > 8
        assert rows(app, "SELECT MIN(parts) AS n FROM attempts")[0]["n"] > 1
    finally:
        app.store.close()
        child.stop()

    def ask(*words):
        done = run_cli("--site", str(root), *words, "--json",
                       env={"DISPATCHER_CLOCK": "2026-12-01T09:30:00+07:00"})  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    log = [m for m in ask("log", "messages") if m["state"] == "delivered"]
    assert {m["parts_missing"] for m in log} == {"?/2"}
    assert sum(a["parts_missing"] == "?/2" for a in ask("log", "attempts")) == delivered
    assert ask("report", str(made))["counts"]["short"] == delivered
    assert ask("report", str(made))["counts"]["reached"] == 0
    assert ask("broadcasts", "show", str(made))["short"] == delivered
    assert "nhận thiếu" in ask("why", f"c{log[0]['contact']}")[0]["messages"][0]["sentence"]
    again = ask("broadcasts", "resend", str(made), "--state", "short", "--as", "lan")
    assert ask("broadcasts", "preview", str(again["id"]))["people"] == delivered
