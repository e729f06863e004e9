"""Whoever has the text by an earlier attempt is not written to again, whatever the later one met."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product

import pytest
from conftest import FlowingClock, add_people
from patience import until
from walk import claimed, counts, crowd, import_list, released, rows, sheet

from dispatcher.config import parse
from dispatcher.config.pace import Pace
from dispatcher.db.broadcasts import ending
from dispatcher.db.queue import intents, messages, outcomes
from dispatcher.db.queue.outcomes import Outcome
from dispatcher.domain import lifecycle
from dispatcher.domain.lifecycle import Doubt
from dispatcher.domain.model import (
    SYSTEM,
    AttemptState,
    Channel,
    MessageState,
    Receipt,
    ReceiptFlags,
)
from dispatcher.gateways.contract import Accepted, Limits
from dispatcher.usecases.context import open_app
from dispatcher.worker import receiving
from dispatcher.worker.sending import Engine, pass_deadlines, reclaim
from dispatcher.worker.sending.state import LEASE

DAY = timedelta(hours=24)
DOUBTS = {
    "dedup": Doubt(dedup_window=DAY),
    "look-up": Doubt(settle=timedelta(seconds=1)),
    "neither": Doubt(),
}


@pytest.fixture
def site(make_site, database, tmp_path):
    """A site with a broadcast, once per database."""
    opened = []

    def make(count=1, **more):
        app = open_app(parse(make_site(database)), FlowingClock())
        opened.append(app)
        officer, leader = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", crowd(count)))
        return app, released(app, officer, leader, **more)

    yield make
    for app in opened:
        app.store.close()


def write(app, act):
    with app.begin(SYSTEM)() as tx:
        found = act(tx)
        tx.note("test", "messages", "")
    return found


def attempted(tx, message, number, state, heard=ReceiptFlags.NOTHING, gateway="esms"):
    """An attempt as it stands in the database."""
    tx.run(
        "INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, reference, "
        "call_ref, state, asked_at, heard) SELECT id, broadcast_id, position, :g, 'sms', :r, :r, "
        ":s, due_at, :h FROM messages WHERE id = :m",
        {"m": message, "g": gateway, "r": f"R{number}", "s": state, "h": int(heard)},
    )


def on_the_wire_again(app, broadcast, worker="dead"):
    """A first attempt was in doubt for good; a second one is on the wire."""

    def act(tx):
        [message] = claimed(tx, worker, broadcast, 1, tx.now + LEASE)
        attempted(tx, message, 1, AttemptState.UNCONFIRMED)
        [queued_message] = messages.queued_messages(tx, [message])
        intents.write(tx, worker, [(queued_message, queued_message.reference)], tx.now + LEASE)
        return message

    return write(app, act)


def delivered(app, number=1, gateway="esms"):
    report = Receipt(f"R{number}", None, None, ReceiptFlags.DELIVERED, "5")
    return write(app, lambda tx: receiving.believe(tx, [(gateway, report)]))


@pytest.mark.parametrize("rather_twice", [False, True])
@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_dead_workers_call_is_not_asked_again_about_somebody_who_has_the_text(
    site, doubt, rather_twice
):
    app, broadcast = site()
    write(app, lambda tx: tx.run("UPDATE broadcasts SET rather_twice = :r", {"r": rather_twice}))
    message = on_the_wire_again(app, broadcast)
    [(state, _)] = delivered(app)
    assert state == "early", "its worker is to take notice, and dies"
    assert counts(app, broadcast) == {"sending": 1}
    write(app, lambda tx: reclaim(tx, "heir", {"esms": DOUBTS[doubt]}, dead="dead"))
    assert counts(app, broadcast) == {"delivered": 1}
    found = rows(app, "SELECT state FROM attempts WHERE message_id = :m ORDER BY id", m=message)
    assert [r["state"] for r in found] == ["accepted", "unconfirmed"]


class Remembers:
    """A gateway that knows its references for a day; `calls`: what it was asked."""

    name, channel, limits = "esms", Channel.SMS, Limits(dedup_window=DAY)

    def __init__(self):
        self.calls = []

    async def send(self, call_ref, batch):
        self.calls.append(call_ref)
        return [Accepted() for _ in batch]


def run_engine(app, gateway, enough):
    async def go(database):
        engine = Engine(app.store, "w", app.clock, app.site.mode, [(gateway, Pace())], database)
        running = asyncio.create_task(engine.run())
        try:
            await asyncio.to_thread(until, enough)
        finally:
            engine.stop()
            await running

    with ThreadPoolExecutor(1) as database:
        asyncio.run(go(database))


def test_a_doubt_about_somebody_who_has_the_text_is_not_repeated(site):
    """The report came while another worker had the doubt, and gave it back unasked."""
    app, broadcast = site()
    on_the_wire_again(app, broadcast)
    write(app, lambda tx: reclaim(tx, "heir", {"esms": DOUBTS["dedup"]}, dead="dead"))
    app.clock.advance(minutes=5)

    def taken(tx):
        [message] = messages.claim_doubts(tx, "heir", "esms", 1, tx.now + LEASE)
        [queued_message] = messages.queued_messages(tx, [message], doubtful=True)
        return queued_message

    queued_message = write(app, taken)
    assert delivered(app)[0][0] == "early"
    back = Outcome(queued_message.message_id, queued_message.reference, AttemptState.DOUBTFUL,
                   MessageState.SENDING, due_at=app.clock())  # fmt: skip
    write(app, lambda tx: outcomes.write_outcomes(tx, "heir", [back]))
    gateway = Remembers()
    run_engine(app, gateway, lambda: counts(app, broadcast) != {"sending": 1})
    assert counts(app, broadcast) == {"delivered": 1}
    assert gateway.calls == []


def accepted_twice(app, heard):
    """A message accepted by its second attempt, while its first one was heard of like this."""

    def act(tx):
        message = tx.value("SELECT id FROM messages")
        attempted(tx, message, 1, AttemptState.ACCEPTED, heard, gateway="zalo")
        attempted(tx, message, 2, AttemptState.ACCEPTED, gateway="zalo")
        tx.run("UPDATE messages SET state = 'accepted', deadline_at = due_at, gateway = 'zalo'")

    write(app, act)


@pytest.mark.parametrize("heard, ends", [(ReceiptFlags.DELIVERED, "delivered"), (ReceiptFlags.READ, "read"),
                                         (ReceiptFlags.NOTHING, "queued")])  # fmt: skip
def test_silence_about_the_second_attempt_is_no_silence_where_the_first_arrived(site, heard, ends):
    app, broadcast = site(route="zalo-then-sms")
    accepted_twice(app, heard)
    app.clock.advance(minutes=1)
    write(app, pass_deadlines)
    assert counts(app, broadcast) == {ends: 1}


@pytest.mark.parametrize("heard, ends", [(ReceiptFlags.DELIVERED, "delivered"),
                                         (ReceiptFlags.NOTHING, "queued")])  # fmt: skip
def test_a_no_to_the_second_attempt_sends_nothing_more_where_the_first_arrived(site, heard, ends):
    app, broadcast = site(route="zalo-then-sms")
    accepted_twice(app, heard)
    no = Receipt("R2", None, None, ReceiptFlags.FAILED, "x")
    write(app, lambda tx: receiving.believe(tx, [("zalo", no)]))
    assert counts(app, broadcast) == {ends: 1}


def test_the_database_and_the_rules_agree_on_the_best_of_all_attempts(site):
    """Every pair of attempts, as SQL sees it at the end of a broadcast and as the rules see it."""
    states = [s.value for s in AttemptState]
    kinds = list(product(states, [0, 1, 2, 4, 6, 8, 12]))
    pairs = [(a, b) for a in kinds for b in kinds if a <= b]
    app, broadcast = site(len(pairs))

    def act(tx):
        ids = [r["id"] for r in tx.rows("SELECT id FROM messages ORDER BY id")]
        for message, pair in zip(ids, pairs, strict=True):
            for n, (state, heard) in enumerate(pair):
                attempted(tx, message, f"{message}x{n}", state, heard)
        ending.end_queued(tx, broadcast, MessageState.CANCELLED)
        return ids

    ids = write(app, act)
    found = {r["id"]: r["state"] for r in rows(app, "SELECT id, state FROM messages")}
    for message, pair in zip(ids, pairs, strict=True):
        best = lifecycle.best_of_others([("r", state, heard) for state, heard in pair])
        assert found[message] == (best or MessageState.CANCELLED), pair
