"""The two ways to a connection, and that nobody gets around their rules."""

import time

import pytest
import sqlalchemy as sa
from conftest import NINE, add_people
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from walk import crowd, import_list, sheet

from dispatcher.db import schema
from dispatcher.db.contacts import areas
from dispatcher.db.rows import tuples
from dispatcher.db.scope import Scope
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Actor, Role
from dispatcher.domain.problems import Bug, Problem

STRANGER = Actor("lạ", Role.OFFICER, 99, frozenset({-1}))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE areas SET name = name",
        "DELETE FROM people_wards",
        "INSERT INTO groups (name, key) VALUES ('x', 'x')",
        "update gateways set paused_reason = 'x'",
        "WITH x AS (SELECT 1) UPDATE people SET name = name",
        sa.update(schema.areas).values(name="x"),
        sa.insert(schema.groups).values(name="x", key="x"),
    ],
)
def test_a_change_without_a_note_does_not_commit(app, change):
    with pytest.raises(Bug, match="without a note"), app.begin(SYSTEM)() as tx:
        tx.run(change)
    with app.store.read(SYSTEM) as tx:
        assert tx.value("SELECT count(*) FROM groups") == 0
        assert tx.value("SELECT count(*) FROM areas WHERE name = 'x'") == 0


def test_a_note_is_written_with_its_change_or_not_at_all(app):
    before = _trail(app)
    with pytest.raises(RuntimeError), app.begin(SYSTEM)() as tx:
        tx.note("tried", "area", 1)
        raise RuntimeError
    assert _trail(app) == before
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE areas SET name = name WHERE id = -1")
        tx.note("touched", "area", 1)
    assert _trail(app) == before + 1


def _trail(app) -> int:
    with app.store.read(SYSTEM) as tx:
        return tx.value("SELECT count(*) FROM trail")


@pytest.mark.parametrize("table", ["contacts", "messages", "households", "broadcasts"])
@pytest.mark.parametrize(
    "attempt",
    ["SELECT * FROM {t}", "select count(*) from {t}", "SELECT 1 FROM areas a JOIN {t} x ON 1 = 1",
     "SELECT 1 FROM areas, {t} WHERE 1 = 1", "UPDATE {t} SET id = id", "DELETE FROM {t}",
     'SELECT * FROM "{t}"'],
)  # fmt: skip
def test_a_person_cannot_reach_a_scoped_table_except_through_visible(app, table, attempt):
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "lạ", "Người Lạ", Role.OFFICER, [areas.ward(tx, "Cầu Đất").id])
    with pytest.raises(Bug, match="visible"), app.begin(app.actor("lạ"))() as tx:
        tx.run(attempt.format(t=table))


def test_core_and_driver_statements_do_not_get_around_it_either(app):
    with pytest.raises(Bug, match="visible"), app.store.read(STRANGER) as tx:
        tx.run(sa.select(schema.contacts))
    with pytest.raises(Bug, match="visible"), app.store.read(STRANGER) as tx:
        tx.connection.exec_driver_sql("SELECT * FROM contacts")


def test_visible_shows_the_wards_of_the_actor_and_nothing_else(app, tmp_path):
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(5)))
    import_list(app, sheet(tmp_path / "cau-tre.csv", crowd(3)))
    with app.store.read(SYSTEM) as tx:
        ward = areas.ward(tx, "Cầu Tre").id
    mine = Actor("tre", Role.OFFICER, 7, frozenset({ward}))
    for actor, count in ((mine, 3), (STRANGER, 0), (Actor("all", Role.ADMIN, 8), 8)):
        with app.store.read(actor) as tx:
            found = tx.value("SELECT count(*) FROM visible_contacts", scope=tx.scope)
            assert found == count


def test_without_a_scope_the_database_knows_nothing_visible(app):
    with pytest.raises(sa.exc.DBAPIError, match="visible_contacts"), app.store.read(SYSTEM) as tx:
        tx.value("SELECT count(*) FROM visible_contacts")
    with app.store.read(SYSTEM) as tx:
        assert tx.value("SELECT count(*) FROM visible_contacts", scope=Scope(frozenset())) == 0


def test_a_reading_transaction_changes_nothing(app):
    with pytest.raises(Bug, match="reading"), app.store.read(SYSTEM) as tx:
        tx.run("UPDATE areas SET name = 'x'")


@pytest.mark.parametrize("last", ["a statement", "the commit"])
def test_a_transaction_that_the_server_ended_is_a_trouble_that_passes(app, last):
    """As after a suspended machine. The driver calls it an internal error."""
    if app.store.is_sqlite:
        pytest.skip("no server ends transactions")
    with pytest.raises(Problem) as found, app.store.read(SYSTEM) as tx:
        tx.run("SET idle_in_transaction_session_timeout = 50")
        time.sleep(0.3)
        if last == "a statement":
            tx.value("SELECT 1")
    assert found.value.code == "database-unreachable"
    with app.store.read(SYSTEM) as tx:
        assert tx.value("SELECT 1") == 1


def test_writes_are_immediate_full_and_keep_foreign_keys(lite):
    with lite.store.begin(SYSTEM, NINE) as tx:
        assert tx.value("PRAGMA journal_mode") == "wal"
        assert tx.value("PRAGMA synchronous") == 2  # FULL
        assert tx.value("PRAGMA foreign_keys") == 1
    with pytest.raises(sa.exc.IntegrityError), lite.store.begin(SYSTEM, NINE) as tx:
        tx.run("INSERT INTO group_members (group_id, contact_id) VALUES (1, 1)")


def test_people_see_only_what_their_role_lets_them(app):
    officer, leader = add_people(app)
    assert officer.wards is None
    assert (officer.role, leader.role) == (Role.OFFICER, Role.LEADER)


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-(2**62), 2**62)),
            st.one_of(
                st.none(),
                st.sampled_from(["", "NULL", "null", '"', "\\", '\\"', "{}", "a,b", " x ", "\n"]),
                st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
            ),
        ),
        min_size=1,
        max_size=20,
    )
)
@example([(1, "a")])  # what is alike in all rows is given once
@example([(1, "a"), (1, "a")])
@example([(1, "a"), (2, "a"), (2, "a")])
@example([(None, "a"), (None, None), (None, "b")])
@settings(max_examples=200, suppress_health_check=list(HealthCheck))
def test_rows_of_any_values_arrive_as_they_were_given(app, given_rows):
    kinds = {"n": "bigint", "t": "text"}
    with app.store.read(SYSTEM) as tx:
        found = tuples(tx, "SELECT r.n, r.t FROM :rows r", kinds, given_rows, often_alike=("t",))
    assert [tuple(row) for row in found] == given_rows
