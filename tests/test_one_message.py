"""The walk of one message through the whole house. Read this first.

A ward's spreadsheet goes in; an officer writes, a leader approves; the worker sends by Zalo and
then by SMS over real HTTP to the vendors' twins; receipts come back over HTTP; the log adds up.
"""

from pathlib import Path

from conftest import FlowingClock, add_people
from walk import counts, get, import_list, number, sheet, work, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts
from dispatcher.domain.model import SYSTEM, BroadcastState
from dispatcher.domain.problems import Problem
from dispatcher.reports import reporting
from dispatcher.simulators.vendors.ledger import luck
from dispatcher.usecases import why
from dispatcher.usecases.context import open_app

ON_ZALO = next(n for n in range(1000) if luck("84" + number(n)[1:], "zalo") >= 35
               and luck("84" + number(n)[1:], "opens") >= 8)  # fmt: skip
NOT_ON_ZALO = next(n for n in range(1000) if luck("84" + number(n)[1:], "zalo") < 35
                   and luck("84" + number(n)[1:], "phone") >= 5
                   and luck("84" + number(n)[1:], "blocked") >= 1)  # fmt: skip


def test_one_message_walks_through_the_whole_house(make_site, database, twins, tmp_path: Path):
    app = open_app(parse(make_site(database)), FlowingClock())
    officer, leader = add_people(app)

    # a list from a ward: a zero was lost, a phone is shared, one person has none
    path = sheet(tmp_path / "may-to.csv", [
        ("Nguyễn Văn An", number(ON_ZALO)[1:], "TDP số 3", "Nguyễn Văn An"),
        ("Trần Thị Bình", number(NOT_ON_ZALO), "Tổ 3", "Trần Thị Bình"),
        ("Nguyễn Gia Bảo", number(ON_ZALO), "Tổ dân phố 3", "Nguyễn Văn An"),
        ("Lê Thị Cúc", "", "Tổ 5", ""),
    ])  # fmt: skip
    assert len(import_list(app, path).created) == 4

    # a broadcast is written, previewed, and approved by a second person
    broadcast_id = write_broadcast(app, officer, route="zalo-then-sms")
    preview = application.preview_broadcast(app, officer, get(app, broadcast_id))
    assert (preview.people, preview.queued) == (4, 2)
    assert preview.skipped == {"shared_phone": 1, "no_number": 1}
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, broadcast_id), preview)
    try:
        with app.begin(officer)() as tx:
            planning.approve(tx, broadcasts.get(tx, broadcast_id))
        raise AssertionError("an author approved their own work")
    except Problem as problem:
        assert problem.exit_code == 3
    with app.begin(leader)() as tx:
        planning.approve(tx, broadcasts.get(tx, broadcast_id))
    with app.begin(officer)() as tx:
        planning.schedule(tx, broadcasts.get(tx, broadcast_id), app.clock())

    # the worker releases it at its time and sends; the twins report back to the receipt door
    assert work(app, twins) == 2
    assert get(app, broadcast_id).state is BroadcastState.DONE
    assert counts(app, broadcast_id) == {"delivered": 2, "skipped": 2}

    # the twin's own ledger agrees: one acceptance each, on the right channel
    ledger = twins.ask("/ledger?people=1")
    assert sorted(channel for channel, _, _ in ledger["acceptances"]) == ["sms", "zalo"]
    assert ledger["twice"] == 0

    # the report adds up, and the trail of one person can be told
    with app.store.read(SYSTEM) as tx:
        total = reporting.report(tx, broadcast_id).total
        story = why.story(tx, why.find(tx, number(NOT_ON_ZALO), ("095",))[0], "vi")
    assert total.people == 4
    assert (total.counts["reached"], total.counts["through"], total.counts["no_number"]) == (
        2,
        1,
        1,
    )
    steps = [(a["channel"], a["state"], a["code"]) for a in story["messages"][0]["attempts"]]
    assert steps == [("zalo", "refused", "-118"), ("sms", "accepted", None)]
    assert story["messages"][0]["sentence"] == "đã nhận"
    assert "09xx xxx" in story["messages"][0]["attempts"][0]["phone"]
    app.store.close()
