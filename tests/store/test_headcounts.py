"""People are counted once after lists change; what was kept is read only while it is true."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from walk import import_list, number, sheet

from dispatcher.db.contacts import areas, headcounts, undoing
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Role


@pytest.fixture
def listed(app, tmp_path):
    for ward, first, count in (("may-to", 0, 12), ("cau-dat", 3000, 5)):
        rows = [(f"Người {i}", number(first + i), f"Tổ {i % 2}" if i % 3 else "", "")
                for i in range(count)]  # fmt: skip
        import_list(app, sheet(tmp_path / f"{ward}.csv", rows))
    return app


def one_by_one(tx):
    """What the lists say, person by person."""
    found = {}
    for row in tx.rows(
        "SELECT ward_id, residential_group_id FROM visible_contacts "
        "WHERE removed_at IS NULL AND kind <> 'tester'",
        scope=tx.scope,
    ):
        ward = found.setdefault(row["ward_id"], {})
        ward[row["residential_group_id"]] = ward.get(row["residential_group_id"], 0) + 1
    return found


def counted(app):
    with app.begin(SYSTEM)() as tx:
        tx.act = "added up"
        headcounts.count(tx)
    with app.store.read(SYSTEM) as tx:
        assert not headcounts.is_stale(tx)
        return headcounts.people_by_place(tx)


def test_kept_and_counted_now_are_the_same(listed):
    with listed.store.read(SYSTEM) as tx:
        assert headcounts.is_stale(tx)
        now = headcounts.people_by_place(tx)
        assert now == one_by_one(tx)
        assert sorted(sum(ward.values()) for ward in now.values()) == [5, 12]
    assert counted(listed) == now


def test_somebody_of_one_ward_sees_that_ward(listed):
    with listed.begin(SYSTEM)() as tx:
        people.add(
            tx, "hoa", "Trần Thị Hoa", Role.OFFICER, [areas.wards_named(tx, ["Máy Tơ"])[0].id]
        )
    hoa = listed.actor("hoa")
    for _ in range(2):  # counted now, then kept
        with listed.store.read(hoa) as tx:
            assert [sum(ward.values()) for ward in headcounts.people_by_place(tx).values()] == [12]
        counted(listed)


CHANGES = {
    "taken back": lambda tx: undoing.undo(tx, 2),
    "forgotten": lambda tx: (
        tx.run("DELETE FROM contact_addresses WHERE contact_id = 1")
        and tx.run("DELETE FROM contacts WHERE id = 1")
    ),
    "moved": lambda tx: tx.run("UPDATE contacts SET residential_group_id = NULL WHERE id <= 4"),
    "removed": lambda tx: tx.run("UPDATE contacts SET removed_at = 1 WHERE id = 3"),
    "came": lambda tx: tx.run(
        "INSERT INTO contacts (ward_id, name_key, name_sealed, created_at, updated_at) "
        "SELECT ward_id, :k, name_sealed, created_at, updated_at FROM contacts WHERE id = 1",
        {"k": b"another"},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_list_is_noticed(listed, change):
    before = counted(listed)
    with listed.begin(SYSTEM)() as tx:
        if change != "taken back":
            tx.run("DELETE FROM import_changes")
        CHANGES[change](tx)
        tx.note("changed", "contacts", "")
    with listed.store.read(SYSTEM) as tx:
        assert headcounts.is_stale(tx)
        now = headcounts.people_by_place(tx)
        assert now != before
        assert now == one_by_one(tx)
    assert counted(listed) == now


def test_another_name_changes_no_count(listed):
    before = counted(listed)
    with listed.begin(SYSTEM)() as tx:
        tx.run("UPDATE contacts SET title = 'Ông'")
        tx.note("changed", "contacts", "")
    with listed.store.read(SYSTEM) as tx:
        assert not headcounts.is_stale(tx)
        assert headcounts.people_by_place(tx) == before


def test_a_change_that_is_stored_while_people_are_counted_is_not_missed(listed, database):
    if database.startswith("data"):
        pytest.skip("SQLite has one writer: nothing is stored meanwhile")
    with listed.begin(SYSTEM)() as other:
        other.run("UPDATE contacts SET removed_at = 1 WHERE id = 3")
        other.note("changed", "contacts", "")
        counted(listed)
    with listed.store.read(SYSTEM) as tx:
        assert headcounts.is_stale(tx)
        assert headcounts.people_by_place(tx) == one_by_one(tx)


def test_two_workers_may_count_at_once(listed):
    with listed.store.read(SYSTEM) as tx:
        before = headcounts.people_by_place(tx)
    with ThreadPoolExecutor(4) as pool:
        found = [task.result() for task in [pool.submit(counted, listed) for _ in range(8)]]
    assert found == [before] * 8
