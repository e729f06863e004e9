"""Large broadcasts are added up now and then: the sums are those of the messages themselves."""

from datetime import timedelta

import pytest
from conftest import add_people
from walk import crowd, import_list, number, released, rows, sheet, work

from dispatcher.db.broadcasts import totals
from dispatcher.db.contacts import areas
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Audience, Role
from dispatcher.reports import reporting


@pytest.fixture
def sent(app, twins, tmp_path, monkeypatch):
    """Two wards written to, shared phones and households among them; what counts as large is 10."""
    for ward, first in (("may-to", 0), ("cau-dat", 3000)):
        listed = [(f"Người {i}", number(first + i * 7), f"Tổ {i % 3}" if i % 3 else "", f"Hộ {i // 2}")
                  for i in range(18)]  # fmt: skip
        listed += [("Chung Máy", number(first), "Tổ 1", ""), ("Không Số", "", "Tổ 1", "")]
        import_list(app, sheet(tmp_path / f"{ward}.csv", listed))
    lan, minh = add_people(app)
    made = released(app, lan, minh, audience=Audience(("Máy Tơ", "Cầu Đất")))
    work(app, twins)
    monkeypatch.setattr(totals, "LARGE", 10)
    return app, made


def keep(app, made):
    with app.store.read(SYSTEM) as tx:
        taken = totals.add_up(tx, app.clock(), made)
    with app.begin(SYSTEM)() as tx:
        totals.keep_totals(tx, taken)


def summed(tx, made, totalled):
    found = reporting.report(tx, made, totalled)
    return (found.as_json(), reporting.networks(totalled), reporting.faults(totalled),
            reporting.reach(tx, made, totalled), totalled.states)  # fmt: skip


def test_what_was_kept_says_what_the_messages_say(sent):
    app, made = sent
    with app.store.read(SYSTEM) as tx:
        before = summed(tx, made, totals.totals_of(tx, made))
        assert totals.totals_of(tx, made).at is None
    keep(app, made)
    with app.store.read(SYSTEM) as tx:
        kept = totals.totals_of(tx, made)
        assert kept.at is not None
        assert summed(tx, made, kept) == before
        assert before[0]["people"] == 40 == sum(before[4].values())
        assert totals.states(tx, [made]) == {made: before[4]}
        coverage = reporting.coverage(tx, made, None, None).total
        assert coverage == before[3]
        assert (
            sum(line["counts"]["reached"] for line in before[1]) == before[0]["counts"]["reached"]
        )


def test_somebody_of_one_ward_sees_the_sums_of_that_ward(sent):
    app, made = sent
    keep(app, made)
    with app.begin(SYSTEM)() as tx:
        ward = areas.wards_named(tx, ["Máy Tơ"])[0].id
        people.add(tx, "hoa", "Trần Hoa", Role.AUDITOR, [ward])
    hoa = app.actor("hoa")
    with app.store.read(hoa) as tx:
        kept, direct = totals.totals_of(tx, made), totals.fresh(tx, made)
        assert {row["ward_id"] for row in kept.people} == {ward}
        assert summed(tx, made, kept) == summed(tx, made, direct)
        assert sum(kept.states.values()) == 20
        assert totals.states(tx, [made])[made] == kept.states


def test_what_is_added_up_again_and_when(sent):
    app, made = sent
    now, small = app.clock(), set()
    with app.store.read(SYSTEM) as tx:
        assert totals.due(tx, now, small) == [made]
    keep(app, made)
    assert rows(app, "SELECT state FROM broadcasts") == [{"state": "done"}]
    with app.store.read(SYSTEM) as tx:
        done = tx.value("SELECT done_at FROM broadcasts")
        due = {}
        for later in (timedelta(seconds=1), timedelta(minutes=5), timedelta(days=9)):
            due[later] = totals.due(tx, now + later, small)
    assert list(due.values()) == [[], [made], [made]]
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE tallies SET at = :at", {"at": done + totals._micros(timedelta(days=9))})
        assert totals.due(tx, now + timedelta(days=30), small) == []


def test_small_broadcasts_are_added_up_whenever_somebody_looks(sent, monkeypatch):
    app, made = sent
    monkeypatch.setattr(totals, "LARGE", 1000)
    small = set()
    with app.store.read(SYSTEM) as tx:
        assert totals.due(tx, app.clock(), small) == []
        assert small == {made}
        assert totals.totals_of(tx, made).at is None


def test_the_worker_adds_up_what_is_large(app, twins, tmp_path, monkeypatch):
    monkeypatch.setattr(totals, "LARGE", 10)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(20)))
    made = released(app, *add_people(app))
    work(app, twins)
    with app.store.read(SYSTEM) as tx:
        kept = totals.totals_of(tx, made)
        assert kept.at is not None
        assert sum(kept.states.values()) == 20
