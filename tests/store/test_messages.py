"""Claims, intents and settling: leases are exclusive, fences hold, intents keep to stop."""

from datetime import timedelta
from threading import Thread

import pytest
import sqlalchemy as sa
from conftest import add_people
from walk import claimed, counts, crowd, get, import_list, number, released, rows, sheet

from dispatcher import broadcasts as planning
from dispatcher.db.broadcasts import broadcasts, ending, releases
from dispatcher.db.ops import maintenance
from dispatcher.db.queue import intents, messages, outcomes, receipts
from dispatcher.db.queue.outcomes import Outcome
from dispatcher.db.queue.waiting import go_on, lapse
from dispatcher.db.rows import by_ids
from dispatcher.domain.model import SYSTEM, AttemptState, BroadcastState, MessageState
from dispatcher.worker.sending.state import LEASE

SOON = timedelta(seconds=90)


@pytest.fixture
def waiting(app, tmp_path):
    """A released broadcast of twenty messages on one SMS gateway."""
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(20)))
    return app, released(app, officer, leader)


def claim(app, worker, broadcast_id, most=10):
    with app.begin(SYSTEM)() as tx:
        return claimed(tx, worker, broadcast_id, most, tx.now + SOON)


def intend(app, worker, ids, fresh=()):
    with app.begin(SYSTEM)() as tx:
        queued_messages = messages.queued_messages(tx, ids)
        going = intents.write(tx, worker, [(p._replace(reference=f"R{p.message_id}"), f"R{p.message_id}")
                                             for p in queued_messages], tx.now + LEASE, fresh)  # fmt: skip
        tx.note("test", "messages", "")
        return going


def accepted(message_id):
    return Outcome(message_id, f"R{message_id}", AttemptState.ACCEPTED, MessageState.ACCEPTED)


def test_two_workers_never_hold_the_same_message(waiting):
    app, broadcast_id = waiting
    held: dict[str, list[int]] = {}
    threads = [Thread(target=lambda w=w: held.__setitem__(w, claim(app, w, broadcast_id, 15)))
               for w in ("a", "b")]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not set(held["a"]) & set(held["b"])
    assert len(held["a"]) + len(held["b"]) == 20


def test_a_lapsed_lease_returns_to_the_queue_and_nothing_has_left(waiting, clock):
    app, broadcast_id = waiting
    assert len(claim(app, "a", broadcast_id)) == 10
    clock.advance(minutes=2)
    with app.begin(SYSTEM)() as tx:
        assert lapse(tx) == 10
    assert len(claim(app, "b", broadcast_id, 20)) == 20


def test_an_intent_is_refused_without_the_lease_or_after_a_stop(waiting):
    app, broadcast_id = waiting
    ids = claim(app, "a", broadcast_id)
    assert intend(app, "b", ids) == set()
    assert intend(app, "a", ids[:5]) == set(ids[:5])
    with app.begin(SYSTEM)() as tx:
        planning.stop(tx, broadcasts.get(tx, broadcast_id))
    assert intend(app, "a", ids[5:]) == set()
    assert counts(app, broadcast_id) == {"sending": 5, "cancelled": 15}


def test_what_goes_out_at_once_is_not_leased_first_and_still_goes_once(waiting):
    app, broadcast_id = waiting
    with app.begin(SYSTEM)() as tx:
        ids, _ = messages.due(tx, broadcast_id, "esms", 10)
    held = claim(app, "b", broadcast_id, 5)  # between that look and the intents
    assert held == ids[:5]
    assert intend(app, "a", ids, fresh=ids) == set(ids[5:])
    assert intend(app, "c", ids, fresh=ids) == set()
    assert intend(app, "b", held) == set(held)
    assert counts(app, broadcast_id) == {"queued": 10, "sending": 10}


def test_who_lost_a_lease_sends_nothing_although_the_message_waits_again(waiting, clock):
    app, broadcast_id = waiting
    ids = claim(app, "a", broadcast_id, 3)
    clock.advance(minutes=2)
    with app.begin(SYSTEM)() as tx:
        assert lapse(tx) == 3
    assert intend(app, "a", ids) == set()
    assert counts(app, broadcast_id) == {"queued": 20}


def test_postgresql_finds_the_messages_of_a_batch_by_their_ids(app, tmp_path):
    """Whatever its statistics say: here that nothing is leased or on the wire, which is what they
    say of most sites, and would make it walk all of what is."""
    if app.store.is_sqlite:
        pytest.skip("SQLite plans by its indexes")
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(1_500)))
    broadcast_id, said = released(app, officer, leader), []

    def explained(connection, cursor, statement, parameters, context, many):
        if "[])" in statement and not statement.startswith("EXPLAIN"):
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
            said.append("\n".join(line for (line,) in plan))

    engine = app.store._engine
    with app.begin(SYSTEM)() as tx:
        for table in ("messages", "targets", "attempts"):
            tx.run(f"ANALYZE {table}")
    sa.event.listen(engine, "before_cursor_execute", explained)
    try:
        with app.begin(SYSTEM)() as tx:
            by_ids(tx)
            ids, _ = messages.due(tx, broadcast_id, "esms", 10)
            found = messages.queued_messages(tx, ids)
            intents.write(tx, "a", [(p, p.reference) for p in found], tx.now + LEASE, set(ids))
            messages.other_attempts(tx, [(p.message_id, p.reference) for p in found])
            yes = [accepted(p.message_id)._replace(reference=p.reference) for p in found]
            assert outcomes.write_outcomes(tx, "a", yes) == set(ids)
            more, _ = messages.due(tx, broadcast_id, "esms", 10)
            messages.lease(tx, "a", more, tx.now + LEASE)
            tx.note("test", "messages", "")
    finally:
        sa.event.remove(engine, "before_cursor_execute", explained)
    assert len(said) >= 7
    for plan in said:
        assert "Seq Scan" not in plan, plan
        assert "ix_messages_" not in plan.replace("ix_messages_due", ""), plan


def test_what_was_decided_of_a_message_at_one_step_does_not_move_it_at_another(waiting):
    """Another worker may have sent it at its next step meanwhile, where it is accepted again."""
    app, broadcast_id = waiting
    [message_id] = claim(app, "a", broadcast_id, 1)
    intend(app, "a", [message_id])
    with app.begin(SYSTEM)() as tx:
        outcomes.write_outcomes(tx, "a", [accepted(message_id)])
        here = tx.value("SELECT position FROM messages WHERE id = :id", id=message_id)
        before, on = here - 16, (here, "esms")
        seen = tx.value("SELECT changed_at FROM messages WHERE id = :id", id=message_id)

        def moved(place, at=seen):
            old, new = MessageState.ACCEPTED, MessageState.QUEUED
            move = receipts.MessageMove(message_id, old, place, at, new, *on, None, None)
            return receipts.apply(tx, [move])

        assert moved(before) == set()
        assert moved(here, seen - 1) == set(), "somebody wrote to it meanwhile"
        go_on(tx, [(message_id, before, MessageState.QUEUED, *on)])
        found = tx.value("SELECT state FROM messages WHERE id = :id", id=message_id)
        assert found == "accepted"
        assert moved(here) == {message_id}


def test_a_check_finds_what_points_nowhere_and_reports_that_changed_nothing(waiting):
    app, broadcast_id = waiting
    [message_id] = claim(app, "a", broadcast_id, 1)
    intend(app, "a", [message_id])
    with app.begin(SYSTEM)() as tx:
        outcomes.write_outcomes(tx, "a", [accepted(message_id)])
        assert all(sound for _, sound, _ in maintenance.check(tx))
        tx.run("UPDATE attempts SET heard = 4")
        assert [what for what, sound, _ in maintenance.check(tx) if not sound] == ["reports"]
        tx.run("UPDATE messages SET state = 'delivered' WHERE id = :id", {"id": message_id})
        if not app.store.is_sqlite:  # which looks after its links itself
            tx.run("UPDATE targets SET body_id = 0 WHERE message_id = :id", {"id": message_id})
            tx.run("UPDATE attempts SET message_id = 0")
        broken = [(what, say.en) for what, sound, say in maintenance.check(tx) if not sound]
        assert broken == ([] if app.store.is_sqlite else [("links", "2 broken links")])


def test_nobody_is_left_in_the_queue_of_a_broadcast_that_is_over(waiting):
    """Put back into it by another worker in the moment it ended."""
    app, broadcast_id = waiting

    def ended(state):
        with app.begin(SYSTEM)() as tx:
            tx.run(
                "UPDATE broadcasts SET state = :s WHERE id = :b", {"s": state, "b": broadcast_id}
            )
            tx.run("UPDATE messages SET state = 'queued' WHERE id = (SELECT MIN(id) FROM messages)")
            ending.finish(tx)
            tx.note("test", "broadcast", broadcast_id)
        return get(app, broadcast_id).state, set(counts(app, broadcast_id))

    assert ended("done") == (BroadcastState.RUNNING, {"queued"})
    assert ended("stopped") == (BroadcastState.STOPPED, {"cancelled"})
    assert ended("expired") == (BroadcastState.EXPIRED, {"cancelled", "expired"})
    app.clock.advance(days=1)
    assert ended("done") == (BroadcastState.DONE, {"cancelled", "expired"})


def test_settling_is_fenced_and_late_proof_is_believed(waiting):
    app, broadcast_id = waiting
    ids = claim(app, "a", broadcast_id, 3)
    intend(app, "a", ids)
    with app.begin(SYSTEM)() as tx:
        assert outcomes.write_outcomes(tx, "b", [accepted(ids[0])]) == set()
        tx.run("UPDATE messages SET state = 'unconfirmed', lease_owner = NULL WHERE id = :id",
               {"id": ids[1]})  # fmt: skip
        assert outcomes.late_proof(tx, [accepted(ids[1])]) == 1
        tx.note("test", "messages", "")
    assert counts(app, broadcast_id)["accepted"] == 1


def test_one_person_and_one_number_once_per_broadcast_by_constraint(waiting):
    app, broadcast_id = waiting
    with pytest.raises(sa.exc.IntegrityError), app.begin(SYSTEM)() as tx:
        tx.run("INSERT INTO messages (broadcast_id, contact_id, state, ward_id, kind, mode, "
               "priority, due_at, changed_at) SELECT broadcast_id, contact_id, state, ward_id, "
               "kind, mode, priority, due_at, changed_at FROM messages LIMIT 1")  # fmt: skip
    with pytest.raises(sa.exc.IntegrityError), app.begin(SYSTEM)() as tx:
        tx.run("UPDATE targets SET address_id = (SELECT MIN(address_id) FROM targets)")


def test_a_shared_phone_is_written_to_once_and_named(app, tmp_path):
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", [
        ("An", number(1), "Tổ 1", ""), ("Bình", number(1), "Tổ 1", ""),
        ("Cúc", f"{number(1)} / {number(2)}", "Tổ 1", ""),
    ]))  # fmt: skip
    broadcast_id = released(app, officer, leader)
    assert counts(app, broadcast_id) == {"queued": 1, "skipped": 2}
    found = rows(app, "SELECT reason, through_id FROM messages WHERE state = 'skipped'")
    assert [r["reason"] for r in found] == ["shared_phone"] * 2
    assert all(r["through_id"] is not None for r in found)


def test_a_paused_broadcast_is_not_claimed_for_and_goes_on_after_resume(waiting):
    app, broadcast_id = waiting
    with app.begin(SYSTEM)() as tx:
        planning.pause(tx, broadcasts.get(tx, broadcast_id))
    ids = claim(app, "a", broadcast_id)
    assert intend(app, "a", ids) == set()
    with app.begin(SYSTEM)() as tx:
        planning.resume(tx, broadcasts.get(tx, broadcast_id))
    assert get(app, broadcast_id).state is BroadcastState.RUNNING
    assert intend(app, "a", ids) == set(ids)


def test_a_release_gives_postgresql_statistics_of_what_it_walks(app, waiting):
    if app.store.is_sqlite:
        pytest.skip("SQLite plans by its indexes")
    walked = {"contacts", "contact_addresses", "addresses", "messages", "targets"}

    def known(tx):
        return {r["tablename"] for r in tx.rows("SELECT tablename FROM pg_stats")}

    with app.store.read(SYSTEM) as tx:
        assert walked <= known(tx)
    with app.begin(
        SYSTEM
    )() as tx:  # as after a preview: its statistics went with it, not the count
        tx.connection.exec_driver_sql(
            "DELETE FROM pg_statistic WHERE starelid = 'contacts'::regclass"
        )
        assert tx.value("SELECT reltuples FROM pg_class WHERE relname = 'contacts'") > 0
        assert "contacts" not in known(tx)
        releases.take_stock(tx)
        assert "contacts" in known(tx)


def test_reports_of_one_vendor_find_their_attempts_by_what_they_name(lite):
    """Not by the vendor, which is the same for all of them."""
    plans = []
    with lite.store.read(SYSTEM) as tx:
        run = tx.run

        def explained(sql, parameters=None, **how):
            steps = run(f"EXPLAIN QUERY PLAN {sql}", parameters, **how).mappings()
            plans.append(
                [s["detail"] for s in steps if s["detail"].startswith(("SEARCH a ", "SCAN a "))]
            )
            return run(sql, parameters, **how)

        tx.run = explained
        receipts.attempts_for(tx, [("esms", "R1", "P1"), ("esms", "R2", "P2")])
    found = [step.split("(", 1)[1] for [step] in plans]
    assert found == ["reference=?)", "call_ref=?)", "gateway=? AND provider_id=?)"]
