"""A refusal stands in the trail under the name of the person who was refused, also after a race."""

import json
from threading import Barrier, Thread

import pytest
from conftest import add_people
from walk import crowd, get, import_list, rows, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, BroadcastState, Role
from dispatcher.domain.problems import Problem
from dispatcher.usecases.context import refusals

POSTGRESQL_LATER = True


def refused(app):
    """(by whom, what they tried, which rule) of every refusal in the trail."""
    found = rows(app, "SELECT actor, noun_id, entry FROM trail WHERE act = 'refused' ORDER BY id")
    entries = [json.loads(r["entry"]) for r in found]
    assert [e["actor"] for e in entries] == [r["actor"] for r in found], (
        "what is hashed says it too"
    )
    return [(e["actor"], e["facts"]["tried"], e["facts"]["rule"]) for e in entries]


@pytest.fixture
def submitted(app, tmp_path):
    officer, leader = add_people(app)
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "mai", "Lê Thị Mai", Role.LEADER, [])
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(2)))
    made = write_broadcast(app, officer)
    found = application.preview_broadcast(app, officer, get(app, made))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found)
    return app, made, leader, app.actor("mai")


def test_of_two_who_approve_at_once_the_second_is_refused_by_name(submitted):
    app, made, *leaders = submitted
    seen, ready = get(app, made), Barrier(2)

    def approve(leader):
        try:
            with refusals(app.begin(SYSTEM), leader, "approve", "broadcast", made):
                ready.wait()
                with app.begin(leader)() as tx:
                    planning.approve(tx, seen)
        except Problem:
            pass

    threads = [Thread(target=approve, args=(leader,)) for leader in leaders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    approved = get(app, made)
    assert approved.state is BroadcastState.APPROVED
    [loser] = [x for x in leaders if x.person_id != approved.approved_by]
    assert refused(app) == [(loser.name, "approve", "changed-meanwhile")]


def test_who_lost_the_right_meanwhile_is_refused_by_name(submitted):
    app, made, leader, _ = submitted
    with app.begin(SYSTEM)() as tx:
        people.disable(tx, leader.person_id)
    with pytest.raises(Problem), refusals(app.begin(SYSTEM), leader, "approve", "broadcast", made):
        with app.begin(leader)() as tx:
            planning.approve(tx, broadcasts.get(tx, made))
    assert refused(app) == [("minh", "approve", "rights-changed")]
