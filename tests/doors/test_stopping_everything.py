"""The emergency stop does the same through every door: broadcasts end, approved schedules pause."""

import json

import pytest
from browser import post, sign_in
from conftest import add_people, run_cli
from walk import counts, crowd, import_list, released, sheet

from dispatcher import scheduling
from dispatcher.config.site import DEFAULT_WINDOW
from dispatcher.db.broadcasts import schedules

MONDAYS = """title = "Cảnh báo đầu tuần"
template = "canh-bao"
route = "sms"
cron = "0 9 * * mon"
[audience]
wards = ["Máy Tơ"]
"""


def approved_schedule(app, officer, leader, name):
    """A schedule that a leader approved; its file."""
    path = app.schedules / f"{name}.toml"
    path.write_text(MONDAYS, encoding="utf-8")
    schedule = scheduling.load(app.schedules, name, DEFAULT_WINDOW)
    with app.begin(officer)() as tx:
        scheduling.submit(tx, schedule, 1000, 10**6)
    with app.begin(leader)() as tx:
        scheduling.approve(tx, schedule)
    return path


def through_the_command_line(app):
    found = run_cli("--site", str(app.site.root), "stop-all", "--as", "lan", "--json",
                    env={"DISPATCHER_CLOCK": "2026-12-01T09:30:00+07:00"})  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["schedules"] == ["hong", "mat", "thu-hai"]


def through_the_console(app):
    post(sign_in(app, "lan"), "/stop-all")


@pytest.mark.parametrize("stop", [through_the_command_line, through_the_console])
def test_stop_everything_ends_broadcasts_and_pauses_approved_schedules(lite, tmp_path, stop):
    officer, leader = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(3)))
    made = released(lite, officer, leader)
    approved_schedule(lite, officer, leader, "thu-hai")
    approved_schedule(lite, officer, leader, "mat").unlink()
    approved_schedule(lite, officer, leader, "hong").write_text("title = ", encoding="utf-8")
    stop(lite)
    assert counts(lite, made) == {"cancelled": 3}
    with lite.store.read(officer) as tx:
        assert {n: r["state"] for n, r in schedules.list_schedules(tx).items()} == dict.fromkeys(
            ["hong", "mat", "thu-hai"], "paused"
        )
        noted = tx.one("SELECT * FROM trail WHERE act = 'stopped_all'")
        assert noted["actor"] == "lan"


def test_a_paused_schedule_is_submitted_and_approved_again(lite):
    officer, leader = add_people(lite)
    approved_schedule(lite, officer, leader, "thu-hai")
    through_the_console(lite)
    approved_schedule(lite, officer, leader, "thu-hai")
    with lite.store.read(officer) as tx:
        assert schedules.get(tx, "thu-hai")["state"] == "approved"
