"""Shared phones, deaths and late reports beside the last look: what was found by attacking it."""

from datetime import timedelta
from threading import Thread

import pytest
from conftest import FlowingClock, add_people
from walk import get, import_list, number, released, rows, sheet

from dispatcher.config import parse
from dispatcher.db.broadcasts import withdrawals
from dispatcher.db.contacts import shared_phones, sharers_at_the_end, undoing, user_ids
from dispatcher.db.database import at
from dispatcher.db.ops import maintenance
from dispatcher.db.queue import messages, waiting
from dispatcher.domain.model import SYSTEM, Fault, MessageState, Receipt, ReceiptFlags
from dispatcher.reports import reporting
from dispatcher.usecases.context import open_app
from dispatcher.worker import receiving
from dispatcher.worker.sending import reclaim
from dispatcher.worker.sending.dispatch import give_up
from dispatcher.worker.sending.state import WorkerState

POSTGRESQL_LATER = True
LONG_WAIT = ('deadline = "2s"', 'deadline = "30m"')
P, Q = number(1), number(2)


@pytest.fixture
def site(make_site, tmp_path, database):
    """Opens a site with a list and a released broadcast: (app, its id)."""
    opened = []

    def make(people, *changes, before=None, **more):
        app = open_app(parse(make_site(database, LONG_WAIT, *changes)), FlowingClock())
        opened.append(app)
        officer, leader = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", people))
        if before:
            act(app, before)
        return app, released(app, officer, leader, **more)

    yield make
    for app in opened:
        app.store.close()


def act(app, what):
    with app.begin(SYSTEM)() as tx:
        found = what(tx)
        tx.note("test", "messages", "")
        return found


def people(app):
    """Name → (message, state, reason)."""
    found = rows(app, "SELECT m.id, m.state, m.reason, c.name_sealed FROM messages m "
                      "JOIN contacts c ON c.id = m.contact_id")  # fmt: skip
    with app.store.read(SYSTEM) as tx:
        return {tx.sealer.open(r["name_sealed"]): (r["id"], r["state"], r["reason"]) for r in found}


def states(app):
    return {name: (state, reason) for name, (_, state, reason) in people(app).items()}


def targets(app, name):
    """[(position, which number)] of somebody's message."""
    message = people(app)[name][0]
    found = rows(app, "SELECT t.position, a.cipher, a.kind FROM targets t JOIN addresses a "
                      "ON a.id = t.address_id WHERE t.message_id = :m ORDER BY t.position",
                 m=message)  # fmt: skip
    with app.store.read(SYSTEM) as tx:
        return [(r["position"], tx.sealer.open_address(r["kind"], r["cipher"])) for r in found]


def asked(app, name, position, reference, state="accepted", *, message="accepted", deadline=None,
          heard=0):  # fmt: skip
    """Somebody's message was asked for at a position; what became of both."""
    channel = "zalo" if position < 16 and len(get(app, 1).route) > 1 else "sms"
    if channel == "zalo" or get(app, 1).route[0].channel.value == "zalo":
        channel = get(app, 1).route[position // 16].channel.value

    def write(tx):
        ids = {"m": people(app)[name][0], "p": position, "r": reference, "s": state, "c": channel,
               "g": "zalo" if channel == "zalo" else "esms", "n": at(tx.now), "h": heard,
               "f": Fault.RECIPIENT.value if state == "refused" else None}  # fmt: skip
        tx.run("INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, "
               "reference, call_ref, state, asked_at, answered_at, provider_id, fault, heard) "
               "VALUES (:m, 1, :p, :g, :c, :r, :r, :s, :n, :n, :r, :f, :h)", ids)  # fmt: skip
        tx.run("UPDATE messages SET state = :t, position = :p, gateway = :g, deadline_at = :d, "
               "lease_owner = NULL WHERE id = :m",
               {**ids, "t": message, "d": deadline and at(tx.now + deadline)})  # fmt: skip

    act(app, write)


def hand_over(app, broadcast_id):
    act(app, lambda tx: shared_phones.hand_over(tx, broadcast_id))


def hear(app, reference, state, gateway="zalo"):
    act(app, lambda tx: receiving.believe(tx, [(gateway, Receipt(reference, None, None, state,
                                                                 "x"))]))  # fmt: skip


def couple():
    return [("An", P, "Tổ 1", ""), ("Bình", P, "Tổ 2", "")]


# --- a shared phone is texted once --------------------------------------------------------------


@pytest.mark.parametrize("how", ["accepted", "unconfirmed"])
def test_a_phone_reached_by_its_owners_user_id_is_given_to_nobody(site, how):
    def told(tx):
        user_ids.bind(tx, "zalo", "6300001112223334445", "+84" + P[1:])

    app, broadcast_id = site(couple(), before=told, route="zalo-then-sms")
    assert [p for p, _ in targets(app, "An")] == [0, 1, 17]
    asked(app, "An", 0, "R0", how, message=how)
    if how == "accepted":
        hear(app, "R0", ReceiptFlags.DELIVERED)
    hand_over(app, broadcast_id)
    assert states(app)["Bình"] == ("skipped", "shared_phone")
    if how == "accepted":
        assert columns(app, broadcast_id) == {"reached": 1, "through": 1}


def columns(app, broadcast_id):
    with app.store.read(SYSTEM) as tx:
        found = reporting.report(tx, broadcast_id)
    return {name: n for name, n in found.total.counts.items() if n}


@pytest.mark.parametrize("state", ["accepted", "refused"])
def test_a_phone_of_which_networks_said_no_and_then_yes_is_given_to_nobody(site, state):
    app, broadcast_id = site(couple(), route="zalo-then-sms")
    asked(app, "An", 1, "R0", state, deadline=timedelta(minutes=30))
    hear(app, "R0", ReceiptFlags.FAILED)
    hear(app, "R0", ReceiptFlags.DELIVERED)
    assert states(app)["An"][0] == "delivered"
    hand_over(app, broadcast_id)
    assert states(app)["Bình"] == ("skipped", "shared_phone")
    assert columns(app, broadcast_id) == {"reached": 1, "through": 1}


# --- whoever shares a phone and has another number ----------------------------------------------


def test_another_number_of_whoever_shares_a_phone_waits_for_the_shared_one(site):
    app, broadcast_id = site([("An", P, "Tổ 1", ""), ("Bình", f"{P} / {Q}", "Tổ 2", "")])
    assert states(app)["Bình"] == ("skipped", "shared_phone")
    hand_over(app, broadcast_id)
    assert states(app)["Bình"] == ("skipped", "shared_phone"), "as the preview said"
    asked(app, "An", 1, "R0")
    hand_over(app, broadcast_id)
    assert states(app)["Bình"] == ("skipped", "shared_phone")


def test_a_shared_phone_that_refuses_is_followed_by_the_next_number(site):
    app, broadcast_id = site([("An", P, "Tổ 1", ""), ("Bình", f"{P} / {Q}", "Tổ 2", "")])
    asked(app, "An", 1, "R0", "refused", message="failed")
    hand_over(app, broadcast_id)
    assert states(app)["Bình"] == ("queued", None)
    assert targets(app, "Bình") == [(2, "+84" + Q[1:])]


def test_whoever_gets_a_phone_gets_their_further_ones_with_it(site):
    """Chi shares both phones with two people who are gone."""
    app, broadcast_id = site([("An", P, "Tổ 1", ""), ("Bình", Q, "Tổ 2", ""),
                              ("Chi", f"{P} / {Q}", "Tổ 3", ""), ("Dũng", Q, "Tổ 4", "")])  # fmt: skip
    assert states(app)["Dũng"] == ("skipped", "shared_phone")
    gone = [people(app)[name][0] for name in ("An", "Bình")]

    def remove(tx):
        tx.run(f"UPDATE messages SET state = 'skipped', reason = 'removed' WHERE id IN "
               f"({gone[0]}, {gone[1]})")  # fmt: skip

    act(app, remove)
    hand_over(app, broadcast_id)
    assert targets(app, "Chi") == [(1, "+84" + P[1:])], "a first number is nobody's second"
    assert targets(app, "Dũng") == [(1, "+84" + Q[1:])]


def test_two_phones_that_nobody_else_wants_go_to_whoever_shares_both(site):
    app, broadcast_id = site([("An", P, "Tổ 1", ""), ("Bình", Q, "Tổ 2", ""),
                              ("Chi", f"{P} / {Q}", "Tổ 3", ""),
                              ("Dũng", f"{P} / {Q}", "Tổ 3", "")])  # fmt: skip
    gone = [people(app)[name][0] for name in ("An", "Bình")]

    def remove(tx, message):
        tx.run("UPDATE messages SET state = 'skipped', reason = 'removed' WHERE id = :m",
               {"m": message})  # fmt: skip

    act(app, lambda tx: remove(tx, gone[0]))
    hand_over(app, broadcast_id)
    assert states(app)["Chi"] == ("skipped", "shared_phone"), "the other one is still on its way"
    act(app, lambda tx: remove(tx, gone[1]))
    hand_over(app, broadcast_id)
    assert [n for _, n in targets(app, "Chi")] == ["+84" + P[1:], "+84" + Q[1:]]
    assert states(app)["Dũng"] == ("skipped", "shared_phone")


def test_whoever_held_a_phone_that_is_passed_on_stands_where_it_was_asked_for_last(site):
    """An was reached at Q by Zalo; the SMS to P, next in turn, was taken back."""
    people_ = [("An", f"{P} / {Q}", "Tổ 1", ""), ("Bình", P, "Tổ 2", "")]
    app, broadcast_id = site(people_, route="zalo-then-sms")
    asked(app, "An", 1, "R0", "refused")
    asked(app, "An", 2, "R1")
    act(app, lambda tx: tx.run("UPDATE messages SET position = 17, gateway = 'esms', "
                               "reason = 'opted_out' WHERE state = 'accepted'"))  # fmt: skip
    hand_over(app, broadcast_id)
    assert targets(app, "Bình") == [(17, "+84" + P[1:])]
    [an] = rows(app, "SELECT position, gateway FROM messages WHERE state = 'accepted'")
    assert an == {"position": 2, "gateway": "zalo"}
    with app.store.read(SYSTEM) as tx:
        assert [name for name, good, _ in maintenance.check(tx) if not good] == []
    hear(app, "R1", ReceiptFlags.FAILED)
    assert rows(app, "SELECT position FROM messages WHERE id = :m", m=people(app)["An"][0]) == [
        {"position": 18}
    ]


# --- what a death and late reports leave --------------------------------------------------------


def on_the_wire(app, name, position, reference, heard=0):
    asked(app, name, position, reference, "sending", message="sending", heard=heard)
    act(app, lambda tx: tx.run("UPDATE messages SET lease_owner = 'gone' WHERE id = :m",
                               {"m": people(app)[name][0]}))  # fmt: skip


def test_a_no_of_the_network_before_a_death_is_followed_by_the_next_step(site):
    app, _ = site([("An", P, "Tổ 1", "")], route="zalo-then-sms")
    on_the_wire(app, "An", 1, "R0", heard=ReceiptFlags.FAILED)
    act(app, lambda tx: reclaim(tx, "w", {}, dead="gone"))
    assert states(app)["An"][0] == "queued"
    assert rows(app, "SELECT position, gateway FROM messages") == [
        {"position": 17, "gateway": "esms"}
    ]


def test_a_death_at_the_second_step_keeps_what_the_first_one_reached(site):
    app, _ = site([("An", P, "Tổ 1", "")], route="zalo-then-sms")
    asked(app, "An", 1, "R0")
    on_the_wire(app, "An", 17, "R1")
    act(app, lambda tx: reclaim(tx, "w", {}, dead="gone"))
    assert states(app)["An"][0] == "accepted"


def test_a_doubt_nobody_can_be_asked_about_keeps_what_an_earlier_step_reached(site):
    app, _ = site([("An", P, "Tổ 1", "")], route="zalo-then-sms")
    asked(app, "An", 1, "R0")
    asked(app, "An", 17, "R1", "doubtful", message="sending")
    message = people(app)["An"][0]

    def over(tx):
        tx.run("UPDATE messages SET lease_owner = 'w' WHERE id = :m", {"m": message})
        give_up(WorkerState("w", get(app, 1).mode, {}), tx,
                messages.queued_messages(tx, [message], doubtful=True))  # fmt: skip

    act(app, over)
    assert states(app)["An"][0] == "accepted"


def test_the_last_no_of_all_is_no_acceptance(site):
    """The next step was refused, what Zalo had accepted is reported undeliverable later."""
    app, _ = site([("An", P, "Tổ 1", "")], route="zalo-then-sms")
    asked(app, "An", 1, "R0")
    asked(app, "An", 17, "R1", "refused")
    hear(app, "R0", ReceiptFlags.FAILED)
    assert states(app)["An"][0] == "failed"


def test_a_doubt_somebody_asks_about_now_stays_open_should_they_die(site):
    app, _ = site([("An", P, "Tổ 1", "")])
    on_the_wire(app, "An", 1, "R0")
    message = people(app)["An"][0]
    assert act(app, lambda tx: waiting.end_doubts(tx, [message])) == []
    assert act(app, lambda tx: reclaim(tx, "w", {}, dead="gone")) == 1
    assert states(app)["An"][0] == "unconfirmed"


# --- failed for sharing a phone, and then not -----------------------------------------------------


@pytest.mark.parametrize("state", ["running", "done"])
def test_whoever_failed_for_sharing_a_phone_is_reached_when_it_was_after_all(site, state):
    app, broadcast_id = site(couple())
    [holder] = [n for n, (s, _) in states(app).items() if s == "queued"]
    [other] = states(app).keys() - {holder}
    asked(app, holder, targets(app, holder)[0][0], "R1")
    hear(app, "R1", ReceiptFlags.FAILED, "esms")
    hand_over(app, broadcast_id)
    assert states(app) == {holder: ("failed", "recipient"), other: ("failed", "recipient")}
    act(app, lambda tx: tx.run(f"UPDATE broadcasts SET state = '{state}'"))
    hear(app, "R1", ReceiptFlags.DELIVERED, "esms")
    hand_over(app, broadcast_id)
    assert states(app) == {holder: ("delivered", None), other: ("skipped", "shared_phone")}
    assert columns(app, broadcast_id) == {"reached": 1, "through": 1}


def test_whoever_failed_at_one_shared_phone_is_asked_for_at_the_next_that_is_free(site):
    """Bình's second phone went to Em, who left before it was asked: it is Bình's turn then."""
    listed = [("An", P, "Tổ 1", ""), ("Dung", Q, "Tổ 1", ""),
              ("Bình", f"{P} / {Q}", "Tổ 1", ""), ("Em", Q, "Tổ 1", "")]  # fmt: skip
    app, broadcast_id = site(listed)
    leave(app, "An")
    leave(app, "Dung")
    act(app, lambda tx: withdrawals.look_again(tx, [people(app)[n][0] for n in ("An", "Dung")]))
    hand_over(app, broadcast_id)
    assert {states(app)[n][0] for n in ("Bình", "Em")} == {"queued"}
    [(at_p, _)] = targets(app, "Bình")
    asked(app, "Bình", at_p, "R1", "refused", message="failed")
    act(app, lambda tx: tx.run("UPDATE messages SET reason = 'recipient' WHERE state = 'failed'"))
    hand_over(app, broadcast_id)
    assert states(app)["Bình"] == ("failed", "recipient"), "Em has it"
    leave(app, "Em")
    act(app, lambda tx: withdrawals.look_again(tx, [people(app)["Em"][0]]))
    hand_over(app, broadcast_id)
    assert states(app)["Bình"] == ("queued", None)
    assert [p for p, _ in targets(app, "Bình")] == [at_p, at_p + 1]
    asked(app, "Bình", at_p + 1, "R2", "refused", message="failed")
    act(app, lambda tx: tx.run("UPDATE messages SET reason = 'recipient' WHERE state = 'failed'"))
    hand_over(app, broadcast_id)
    assert states(app)["Bình"] == ("failed", "recipient"), "and that is the end"
    assert not [n for n, good, _ in checked(app) if not good]


def leave(app, name):
    [row] = rows(app, "SELECT contact_id FROM messages WHERE id = :m", m=people(app)[name][0])
    act(app, lambda tx: undoing.retire(tx, [row["contact_id"]]))


def checked(app):
    with app.store.read(SYSTEM) as tx:
        return maintenance.check(tx)


def test_an_end_and_a_hand_over_at_once_never_hold_each_other_up(site):
    """On a server: one of them has begun, and the other would begin with the rows it wants last."""
    app, broadcast_id = site([*couple(), ("Chi", P, "Tổ 3", ""), ("Dung", P, "Tổ 3", "")])
    if app.store.is_sqlite:
        pytest.skip("SQLite has one writer")
    [holder] = [n for n, (s, _) in states(app).items() if s == "queued"]
    leave(app, holder)
    act(app, lambda tx: withdrawals.look_again(tx, [people(app)[holder][0]]))
    first = min(i for i, s, why in people(app).values() if why == "shared_phone")

    def lies_last(tx):  # in the table, and in the index of states
        for state in ("failed", "skipped"):
            tx.run("UPDATE messages SET state = :s WHERE id = :m", {"s": state, "m": first})

    act(app, lies_last)
    ended = []

    def end(tx):
        sharers_at_the_end.end(tx, broadcast_id, MessageState.CANCELLED)
        ended.append(True)

    with app.begin(SYSTEM)() as tx:
        shared_phones.one_at_a_time(tx)
        tx.rows("SELECT id FROM messages WHERE id = :m FOR UPDATE", m=first)
        other = Thread(target=act, args=(app, end))
        other.start()
        other.join(1.0)  # in which it waits, and holds nothing
        shared_phones.hand_over(tx, broadcast_id)
    other.join()
    assert ended == [True]
    assert sorted(s for s, _ in states(app).values()) == ["cancelled", "cancelled", "queued",
                                                          "skipped"]  # fmt: skip
