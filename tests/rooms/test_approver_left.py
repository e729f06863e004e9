"""The right to approve is asked again before anything leaves: at release, and at a firing."""

from datetime import timedelta

import pytest
from conftest import add_people
from walk import approve_now, counts, crowd, get, import_list, rows, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher import scheduling
from dispatcher.broadcasts import application
from dispatcher.config import DEFAULT_WINDOW
from dispatcher.db.broadcasts import schedules
from dispatcher.db.contacts import areas
from dispatcher.db.staff import delegations, people
from dispatcher.domain.model import SYSTEM, Role
from dispatcher.domain.problems import Problem
from dispatcher.worker import adapters
from dispatcher.worker.notifications import detect
from dispatcher.worker.process import Worker

POSTGRESQL_LATER = True


@pytest.fixture
def ward(app, tmp_path):
    """A list, an officer, the leader who approves, and another one."""
    officer, leader = add_people(app)
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "mai", "Lê Thị Mai", Role.LEADER, [])
        people.add(tx, "ad", "Lê Quản Trị", Role.ADMIN, [])
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(2)))
    return app, officer, leader


def disabled(tx, person):
    people.disable(tx, person.person_id)


def another_role(tx, person):
    people.set_role(tx, person.person_id, Role.OFFICER, None)


def another_ward(tx, person):
    people.set_role(tx, person.person_id, Role.LEADER, [areas.ward(tx, "Cầu Đất").id])


LOSSES = [disabled, another_role, another_ward]


def approved_for_later(app, officer, leader, clock, **more):
    made = write_broadcast(app, officer, **more)
    approve_now(app, officer, leader, made, clock() + timedelta(hours=2))
    return made


def loses(app, person, how):
    with app.begin(SYSTEM)() as tx:
        how(tx, person)


def told(app):
    """(who, code, sentence) of every notice."""
    with app.begin(SYSTEM)() as tx:
        detect.keep_notices(tx, [], [])
    return [(r["name"], r["code"], r["vi"]) for r in rows(
        app, "SELECT p.name, n.code, n.vi FROM notices n JOIN people p ON p.id = n.person_id")]  # fmt: skip


@pytest.mark.parametrize("how", LOSSES)
def test_what_was_approved_by_somebody_without_the_right_is_held(ward, clock, how):
    app, officer, leader = ward
    made = approved_for_later(app, officer, leader, clock)
    loses(app, leader, how)
    clock.advance(hours=2, seconds=1)
    assert application.release_broadcast(app, get(app, made)) == "held"
    assert get(app, made).reason == "approver_left"
    assert counts(app, made) == {}
    heard = [(who, say) for who, code, say in told(app) if code == "held"]
    assert {"mai", "ad", "lan"} <= {who for who, _ in heard}
    assert "người duyệt không còn quyền phê duyệt" in heard[0][1]


def test_a_leader_lets_it_go_on_by_approving_it_in_their_place(ward, clock):
    app, officer, leader = ward
    made = approved_for_later(app, officer, leader, clock)
    loses(app, leader, another_role)
    clock.advance(hours=2, seconds=1)
    application.release_broadcast(app, get(app, made))
    for name in ("lan", "ad", "minh"):
        with pytest.raises(Problem), app.begin(app.actor(name))() as tx:
            planning.resume(tx, get(app, made))
    with app.begin(app.actor("mai"))() as tx:
        planning.resume(tx, get(app, made))
    assert application.release_broadcast(app, get(app, made)) == "running"
    assert get(app, made).approved_by == app.actor("mai").person_id
    assert counts(app, made) == {"queued": 2}


def test_an_approver_who_keeps_the_right_is_asked_nothing(ward, clock):
    app, officer, leader = ward
    made = approved_for_later(app, officer, leader, clock)
    loses(app, leader, lambda tx, p: people.set_role(
        tx, p.person_id, Role.LEADER, [areas.ward(tx, "Máy Tơ").id]))  # fmt: skip
    clock.advance(hours=2, seconds=1)
    assert application.release_broadcast(app, get(app, made)) == "running"


@pytest.mark.parametrize("how", LOSSES)
def test_an_urgent_text_leaves_and_leaders_are_told(ward, clock, how):
    app, officer, leader = ward
    made = approved_for_later(app, officer, leader, clock, urgent=True)
    loses(app, leader, how)
    clock.advance(hours=2, seconds=1)
    assert application.release_broadcast(app, get(app, made)) == "running"
    assert counts(app, made) == {"queued": 2}
    heard = {who: say for who, code, say in told(app) if code == "approver"}
    assert {"mai", "ad"} <= set(heard)
    assert "Trần Văn Minh không còn quyền phê duyệt" in heard["mai"]
    noted = rows(app, "SELECT act FROM trail WHERE act = 'approver_left'")
    assert len(noted) == 1


def ended(tx, delegation, leader):
    delegations.end(tx, delegation)


def principal_left(tx, delegation, leader):
    people.disable(tx, leader.person_id)


@pytest.mark.parametrize("how", [ended, principal_left, None])
def test_a_delegation_that_ended_before_the_hour_holds_it(ward, clock, how):
    app, officer, leader = ward
    today = clock().date()
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "hoa", "Phạm Thị Hoa", Role.OFFICER, [])
        hoa = people.actor(tx, "hoa")
        under = delegations.add(
            tx, leader.person_id, hoa.person_id, prefix="KT.", document="15/QĐ",
            valid_from=today, valid_to=today + timedelta(days=9),
        )  # fmt: skip
    made = approved_for_later(app, officer, hoa, clock)
    if how is not None:
        with app.begin(SYSTEM)() as tx:
            how(tx, under, leader)
    clock.advance(hours=2, seconds=1)
    assert application.release_broadcast(app, get(app, made)) == (
        "running" if how is None else "held"
    )


def test_a_test_to_a_phone_of_ours_needs_no_leader(ward, clock):
    app, officer, _ = ward
    made = write_broadcast(app, officer)
    contact = rows(app, "SELECT id FROM contacts ORDER BY id LIMIT 1")[0]["id"]
    with app.begin(officer)() as tx:
        tried = planning.test(tx, get(app, made), contact)
    assert application.release_broadcast(app, get(app, tried)) == "running"


WEEKLY = """title = "Sáng thứ tư"
template = "canh-bao"
route = "sms"
cron = "0 9 * * wed"
[audience]
wards = ["Máy Tơ"]
"""


@pytest.mark.parametrize("how", LOSSES)
def test_a_schedule_ends_with_the_right_of_whoever_approved_it(ward, clock, how):
    app, officer, leader = ward
    (app.schedules / "thu-tu.toml").write_text(WEEKLY, encoding="utf-8")
    schedule = scheduling.load(app.schedules, "thu-tu", DEFAULT_WINDOW)
    with app.begin(officer)() as tx:
        scheduling.submit(tx, schedule, 1000, 10**6)
    with app.begin(leader)() as tx:
        scheduling.approve(tx, schedule)
    loses(app, leader, how)
    clock.advance(days=1, seconds=1)
    Worker(app, adapters.Doors({}))._release_due()
    with app.store.read(SYSTEM) as tx:
        row = schedules.get(tx, "thu-tu")
    assert (row["state"], row["reason"]) == ("ended", "approver_left")
    assert rows(app, "SELECT 1 FROM messages") == []
    heard = {who: say for who, code, say in told(app) if code == "ended"}
    assert {"mai", "ad"} <= set(heard)
    assert "không còn quyền" in heard["mai"]
