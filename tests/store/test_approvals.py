"""Approvals hold in the database itself: direct SQL, random sequences and races."""

import threading

import pytest
from conftest import add_people
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from walk import get, import_list, number, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.database import at
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Actor, BroadcastState, Role
from dispatcher.domain.problems import Problem

CHANGES = {
    "fields": "'{\"x\": \"y\"}'", "audience": "'{\"wards\": [\"all\"], \"residential_groups\": [], "
    "\"groups\": [], \"exclude_groups\": [], \"one_per\": \"phone\"}'", "document": "'12/UBND'",
    '"window"': "'00:00-24:00'", "kind": "'promotion'", "mode": "'live'", "priority": "0",
    "expires_after": "999999", "ceiling_people": "999999", "ceiling_dong": "999999999",
    "senders": "'{}'",
}  # fmt: skip


@pytest.fixture
def ward(app, tmp_path):
    officer, leader = add_people(app)
    listed = [("A", number(1), "Tổ 1", ""), ("B", number(2), "Tổ 1", "")]
    import_list(app, sheet(tmp_path / "may-to.csv", listed))
    return app, officer, leader


def submitted(app, officer):
    made = write_broadcast(app, officer)
    found = application.preview_broadcast(app, officer, get(app, made))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found)
    return made


def approved(app, officer, leader):
    made = submitted(app, officer)
    with app.begin(leader)() as tx:
        planning.approve(tx, broadcasts.get(tx, made))
    return made


def sql(app, statement, **values):
    with app.begin(SYSTEM)() as tx:
        tx.run(statement, values)
        tx.note("test", "broadcast", 0)


def test_direct_sql_cannot_approve_with_the_authors_own_hands(ward):
    app, officer, _ = ward
    made = submitted(app, officer)
    with pytest.raises(DBAPIError, match="cannot approve"):
        sql(app, "UPDATE broadcasts SET state = 'approved', approved_by = :p, approved_digest = 'x' "
                 "WHERE id = :b", p=officer.person_id, b=made)  # fmt: skip
    assert get(app, made).state is BroadcastState.SUBMITTED


@pytest.mark.parametrize(
    "values",
    ["approved_by = NULL, approved_digest = 'x'", "approved_by = 2, approved_digest = NULL"],
)
def test_direct_sql_cannot_approve_by_nobody_or_for_nothing(ward, values):
    app, officer, _ = ward
    made = submitted(app, officer)
    with pytest.raises(DBAPIError, match="from submitted"):
        sql(app, f"UPDATE broadcasts SET state = 'approved', {values} WHERE id = :b", b=made)


def test_direct_sql_cannot_skip_the_submission_or_rewrite_an_approval(ward):
    app, officer, leader = ward
    draft = write_broadcast(app, officer)
    with pytest.raises(DBAPIError, match="from submitted"):
        sql(app, "UPDATE broadcasts SET state = 'approved', approved_by = :p, approved_digest = 'x' "
                 "WHERE id = :b", p=leader.person_id, b=draft)  # fmt: skip
    made = approved(app, officer, leader)
    with pytest.raises(DBAPIError, match="rewritten"):
        sql(app, "UPDATE broadcasts SET approved_digest = 'forged' WHERE id = :b", b=made)


@pytest.mark.parametrize("column", CHANGES)
def test_any_change_after_the_approval_voids_it(ward, column):
    app, officer, leader = ward
    made = approved(app, officer, leader)
    sql(app, f"UPDATE broadcasts SET {column} = {CHANGES[column]} WHERE id = :b", b=made)
    assert get(app, made).approved_digest == ""
    with app.begin(officer)() as tx:
        planning.schedule(tx, broadcasts.get(tx, made), app.clock())
    assert application.release_broadcast(app, get(app, made)) == "held"
    with app.store.read(SYSTEM) as tx:
        assert tx.value("SELECT count(*) FROM messages") == 0
    with pytest.raises(DBAPIError, match="rewritten"):
        sql(app, "UPDATE broadcasts SET approved_digest = 'x' WHERE id = :b", b=made)


def test_times_and_states_change_without_voiding_anything(ward):
    app, officer, leader = ward
    made = approved(app, officer, leader)
    digest = get(app, made).approved_digest
    sql(app, "UPDATE broadcasts SET at = :t, title = 'x' WHERE id = :b", t=at(app.clock()), b=made)
    assert get(app, made).approved_digest == digest


def test_of_fifty_approvals_at_once_one_counts(ward):
    app, officer, _ = ward
    made = submitted(app, officer)
    leaders = []
    with app.begin(SYSTEM)() as tx:
        for i in range(50):
            person = people.add(tx, f"lanh-dao-{i}", f"Lãnh đạo {i}", Role.LEADER, [])
            leaders.append(Actor(f"lanh-dao-{i}", Role.LEADER, person))
    outcomes = []
    start = threading.Barrier(50)

    def decide(leader):
        start.wait()
        try:
            with app.begin(leader)() as tx:
                planning.approve(tx, broadcasts.get(tx, made))
            outcomes.append("approved")
        except Problem as problem:
            outcomes.append(problem.code)

    threads = [threading.Thread(target=decide, args=(leader,)) for leader in leaders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("approved") == 1
    assert set(outcomes) <= {"approved", "wrong-state", "changed-meanwhile"}
    with app.store.read(SYSTEM) as tx:
        assert tx.value("SELECT count(*) FROM trail WHERE act = 'approved'") == 1


ACTS = st.lists(
    st.sampled_from(["submit", "approve-own", "approve", "edit", "return", "schedule", "release"]),
    min_size=3, max_size=12,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTS)
def test_whatever_the_order_nothing_is_released_that_nobody_else_approved(ward, acts):
    app, _, leader = ward
    with app.begin(SYSTEM)() as tx:  # the author may approve, but not their own work
        known = [p for p in people.list_people(tx) if p["name"] == "truong"]
        person = known[0]["id"] if known else people.add(tx, "truong", "Trưởng", Role.LEADER, [])
    officer = Actor("truong", Role.LEADER, person)
    made = write_broadcast(app, officer)
    sound = False  # approved by another person, and not changed since
    for act in acts:
        broadcast = get(app, made)
        try:
            if act == "submit":
                found = application.preview_broadcast(app, officer, broadcast)
                with app.begin(officer)() as tx:
                    planning.submit(tx, broadcasts.get(tx, made), found)
            elif act == "approve-own":
                with app.begin(officer)() as tx:
                    planning.approve(tx, broadcasts.get(tx, made))
                raise AssertionError("approved by its author")
            elif act == "approve":
                with app.begin(leader)() as tx:
                    planning.approve(tx, broadcasts.get(tx, made))
                sound = True
            elif act == "edit":
                sql(
                    app,
                    "UPDATE broadcasts SET expires_after = expires_after + 1 WHERE id = :b",
                    b=made,
                )
                sound = sound and broadcast.released_at is not None
            elif act == "return":
                with app.begin(leader)() as tx:
                    planning.send_back(tx, broadcasts.get(tx, made), "lý do")
                sound = False
            elif act == "schedule":
                with app.begin(officer)() as tx:
                    planning.schedule(tx, broadcasts.get(tx, made), app.clock())
            elif broadcast.state is BroadcastState.SCHEDULED:
                state = application.release_broadcast(app, broadcast)
                assert state == ("running" if sound else "held")
        except Problem:
            pass
    if get(app, made).released_at is not None:
        assert sound
