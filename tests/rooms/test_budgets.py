"""How often, how many, how much: caps per person and ward, money set aside and settled."""

import threading
from datetime import timedelta

import pytest
from conftest import add_people
from patience import PATIENCE
from walk import (
    approve_now,
    counts,
    crowd,
    get,
    import_list,
    released,
    rows,
    sheet,
    work,
    write_broadcast,
)

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts, budgets
from dispatcher.db.contacts import groups
from dispatcher.domain.model import SYSTEM, Audience, BroadcastState, Mode
from dispatcher.domain.problems import Problem
from dispatcher.usecases.context import open_app

POSTGRESQL_LATER = True

LIMITS = '[budgets.to]\nwards = ["Máy Tơ"]\nmonth = 10000\ncontract = 12000\n' \
         'contract_number = "12/HĐ"\n[phones]'  # fmt: skip


def site_with(make_site, database, clock, more):
    opened = open_app(parse(make_site(database, ("[phones]", more))), clock)
    return opened


@pytest.fixture
def purse(make_site, database, clock, tmp_path):
    """Ten people of Máy Tơ at 500 đồng each; 10,000 đồng a month, 12,000 by contract."""
    app = site_with(make_site, database, clock, LIMITS)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(10)))
    yield app, *add_people(app)
    app.store.close()


def standing(app, period="2026-12"):
    with app.store.read(SYSTEM) as tx:
        found = budgets.budget_use(
            tx, application.budgets_of(app.site, tx), app.site.mode, app.clock()
        )
    return found["to", period].used


def test_money_is_set_aside_at_release_and_settled_with_what_it_really_cost(purse, twins):
    app, officer, leader = purse
    first = released(app, officer, leader)
    assert standing(app) == standing(app, "contract 12/HĐ") == 5_000
    work(app, twins)
    assert get(app, first).state is BroadcastState.DONE
    [cost] = [r["c"] for r in rows(app, "SELECT SUM(cost) AS c FROM attempts")]
    with app.begin(SYSTEM)() as tx:
        budgets.give_back_unspent(tx)
        tx.note("test", "budgets", "")
    assert standing(app) == int(cost)
    second = released(app, officer, leader)
    with app.begin(officer)() as tx:
        planning.stop(tx, broadcasts.get(tx, second))
    with app.begin(SYSTEM)() as tx:
        budgets.give_back_unspent(tx)
        assert budgets.give_back_unspent(tx) == []  # once
        tx.note("test", "budgets", "")
    assert standing(app) == int(cost)


def test_more_than_is_left_is_refused_at_submission_and_held_at_release(purse):
    app, officer, leader = purse
    released(app, officer, leader)
    released(app, officer, leader)  # 10,000 of 10,000
    third = write_broadcast(app, officer)
    found = application.preview_broadcast(app, officer, get(app, third))
    assert (found.over_budget.budget, found.over_budget.left) == ("to", 0)
    with pytest.raises(Problem) as told, app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, third), found, again="thử")
    assert (told.value.code, told.value.exit_code) == ("over-budget", 3)
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, third), found, again="thử", over_budget="bão số 9")
    with app.begin(leader)() as tx:
        planning.approve(tx, broadcasts.get(tx, third))
    with app.begin(officer)() as tx:
        planning.schedule(tx, broadcasts.get(tx, third), app.clock())
    assert application.release_broadcast(app, get(app, third)) == BroadcastState.HELD.value
    held = get(app, third)
    assert held.reason == "ward_budget"
    assert standing(app) == 10_000  # not taken while it is held
    with pytest.raises(Problem), app.begin(officer)() as tx:
        planning.resume(tx, held)
    with app.begin(leader)() as tx:
        planning.resume(tx, held)
    assert get(app, third).state is BroadcastState.RUNNING
    assert standing(app) == 15_000


def test_sixteen_releases_at_once_never_take_more_than_there_is(purse):
    app, officer, leader = purse
    made = [write_broadcast(app, officer) for _ in range(8)]
    for number in made:
        approve_now(app, officer, leader, number)
    barrier, ends = threading.Barrier(8), []

    def release(number):
        barrier.wait()
        ends.append(application.release_broadcast(app, get(app, number)))

    threads = [threading.Thread(target=release, args=(n,)) for n in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(ends) == ["held"] * 6 + ["running"] * 2
    assert standing(app) == 10_000


def test_a_drill_spends_nothing_real(purse):
    app, officer, leader = purse
    released(app, officer, leader)
    with app.store.read(SYSTEM) as tx:
        real = budgets.budget_use(tx, application.budgets_of(app.site, tx), Mode.LIVE, app.clock())
    assert real["to", "2026-12"].used == 0


def test_other_wards_are_not_charged(purse, tmp_path):
    app, officer, leader = purse
    import_list(app, sheet(tmp_path / "cau-dat.csv", crowd(4)))
    released(app, officer, leader, ward="Cầu Đất")
    assert standing(app) == 0


# --- how often ----------------------------------------------------------------------------------


@pytest.fixture
def capped(make_site, database, clock, tmp_path):
    """Two messages a person in two days; two broadcasts a ward a day."""
    more = '[limits]\nper_person = 2\nwithin = "2d"\nper_ward_day = 2\n[phones]'
    app = site_with(make_site, database, clock, more)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(5)))
    yield app, *add_people(app)
    app.store.close()


def test_nobody_gets_more_than_the_site_allows_and_each_is_named(capped, clock):
    app, officer, leader = capped
    for _ in range(2):
        released(app, officer, leader)
    third = write_broadcast(app, officer)
    found = application.preview_broadcast(app, officer, get(app, third))
    assert (found.queued, found.skipped) == (0, {"too_often": 5})
    urgent = released(app, officer, leader, urgent=True)
    assert counts(app, urgent) == {"queued": 5}
    clock.advance(days=2, hours=1)
    assert counts(app, released(app, officer, leader)) == {"queued": 5}


def test_a_group_called_contacts_counts_like_any_other(capped):
    """Only a test to one's own phone does not: it names `contacts` in its audience."""
    app, officer, leader = capped
    with app.begin(officer)() as tx:
        [group] = groups.ensure(tx, ["contacts"]).values()
        contacts = tx.rows("SELECT id FROM visible_contacts", scope=tx.scope)
        groups.join(tx, [(group, row["id"]) for row in contacts])
        tx.note("joined", "group", group)
    theirs = Audience(wards=("Máy Tơ",), groups=("contacts",))
    for _ in range(2):
        released(app, officer, leader, audience=theirs)
    third = write_broadcast(app, officer, audience=theirs)
    found = application.preview_broadcast(app, officer, get(app, third))
    assert (found.queued, found.skipped) == (0, {"too_often": 5})


def test_a_ward_gets_so_many_broadcasts_a_day_unless_it_is_said_why(capped, clock):
    app, officer, leader = capped

    def scheduled(despite="", urgent=False):
        made = write_broadcast(app, officer, urgent=urgent)
        found = application.preview_broadcast(app, officer, get(app, made))
        with app.begin(officer)() as tx:
            planning.submit(tx, broadcasts.get(tx, made), found, again="thử")
        with app.begin(leader)() as tx:
            planning.approve(tx, broadcasts.get(tx, made))
        rules = planning.Courtesy(False, app.site.limits.per_ward_day, despite)
        with app.begin(officer)() as tx:
            return planning.schedule(tx, broadcasts.get(tx, made), clock(), rules)

    scheduled()
    scheduled()
    with pytest.raises(Problem) as told:
        scheduled()
    assert told.value.code == "ward-cap"
    assert "Máy Tơ" in told.value.to("vi")
    scheduled(urgent=True)
    scheduled(despite="mất nước đột xuất")
    clock.now += timedelta(days=1)
    scheduled()


@pytest.mark.parametrize(
    "line",
    ["[budgets.to]\nmonth = 5", '[budgets.to]\nwards = "all"', "[limits]\nper_person = 0",
     '[budgets.to]\nwards = "all"\nmonth = -1', '[limits]\nper_persona = 3'],
)  # fmt: skip
def test_wrong_limits_are_problems_with_a_line(make_site, line):
    with pytest.raises(Problem) as told:
        parse(make_site("data/site.db", ("[phones]", f"{line}\n[phones]")))
    assert told.value.where.startswith("dispatcher.toml:")
