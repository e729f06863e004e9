"""The same words within a day are refused alike at every door, and the reason is shown at each."""

import json
import re

import pytest
from browser import post, sign_in
from conftest import add_people, run_cli
from walk import counts, get, import_list, number, released, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.db.broadcasts import broadcasts

CLOCK = {"DISPATCHER_CLOCK": "2026-12-01T09:00:00+07:00"}
HOURLY = """title = "Mỗi giờ"
template = "canh-bao"
route = "sms"
cron = "{cron}"
[audience]
wards = ["Máy Tơ"]
"""


@pytest.fixture
def ward(lite, tmp_path):
    officer, leader = add_people(lite)
    listed = [(f"Người {i}", number(i + 1), "Tổ 1", "") for i in range(3)]
    import_list(lite, sheet(tmp_path / "may-to.csv", listed))
    return lite, officer, leader


def call(app, *words, code=0):
    found = run_cli("--site", str(app.site.root), *words, env=CLOCK)
    assert found.returncode == code, (words, found.stdout, found.stderr)
    assert "Traceback" not in found.stderr
    return found


def ask(app, *words, code=0):
    return json.loads(call(app, *words, "--json", code=code).stdout)


def test_the_command_line_asks_for_the_reason_and_shows_it_wherever_it_is_looked_at(ward):
    app, officer, leader = ward
    first = released(app, officer, leader)
    made = str(write_broadcast(app, officer))
    refused = ask(app, "broadcasts", "submit", made, "--as", "lan", code=3)
    assert refused["error"]["code"] == "same_words" if "error" in refused else (
        refused["code"] == "same_words"
    )  # fmt: skip
    why = "lũ lên nhanh"
    assert ask(app, "broadcasts", "submit", made, "--again", why, "--as", "lan")["again"] == why
    seen = ask(app, "broadcasts", "preview", made)
    assert (seen["repeated"], seen["again"]) == ({str(first): 3}, why)
    assert why in call(app, "broadcasts", "show", made).stdout
    ask(app, "broadcasts", "approve", made, "--as", "minh")
    ask(app, "broadcasts", "schedule", made, "--as", "lan")
    assert application.release_broadcast(app, get(app, int(made))) == "running"
    assert ask(app, "report", made)["again"] == why
    assert why in call(app, "report", made).stdout
    assert why in call(app, "report", made, "--format", "html").stdout
    assert counts(app, int(made)) == {"queued": 3}


def test_setting_the_time_takes_the_reason_too(ward):
    app, officer, leader = ward
    made = write_broadcast(app, officer)
    found = application.preview_broadcast(app, officer, get(app, made))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found)
    released(app, officer, leader)
    with app.begin(leader)() as tx:
        planning.approve(tx, broadcasts.get(tx, made))
    call(app, "broadcasts", "schedule", str(made), "--as", "lan", code=3)
    later = ["broadcasts", "schedule", str(made), "--at", "2026-12-03 08:00", "--as", "lan"]
    assert ask(app, *later)["state"] == "scheduled"


def test_the_pages_ask_for_the_reason_and_show_it_to_whoever_decides(ward):
    app, officer, leader = ward
    released(app, officer, leader)
    made = write_broadcast(app, officer)
    lan, minh = sign_in(app, "lan"), sign_in(app, "minh", code=True)
    where = f"/broadcasts/{made}"
    assert 'name="again"' in lan.get(where).text
    page = post(lan, f"{where}/submit", expect=409).text
    assert "24 giờ" in page
    post(lan, f"{where}/submit", again="lũ lên nhanh")
    page = minh.get(where).text
    assert "lũ lên nhanh" in page
    assert "3 người đã nhận" in re.sub(r"\s+", " ", page)
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
    post(minh, f"{where}/approve", seen=seen)
    post(lan, f"{where}/schedule", at="")
    assert application.release_broadcast(app, get(app, made)) == "running"
    assert counts(app, made) == {"queued": 3}


def test_whoever_was_left_out_is_told_by_name(ward):
    app, officer, leader = ward
    slow = write_broadcast(app, officer)
    found = application.preview_broadcast(app, officer, get(app, slow))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, slow), found)
    with app.store.read(officer) as tx:
        assert broadcasts.get(tx, slow).again == ""
    quick = write_broadcast(app, officer)
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, quick), found)
    for made in (slow, quick):
        with app.begin(leader)() as tx:
            planning.approve(tx, broadcasts.get(tx, made))
        with app.begin(officer)() as tx:
            planning.schedule(tx, broadcasts.get(tx, made), app.clock())
    for made in (quick, slow):
        assert application.release_broadcast(app, get(app, made)) == "running"
    assert "đã nhận cùng nội dung trong 24 giờ" in call(app, "why", "c1").stdout
    page = sign_in(app, "lan").get("/contacts/1").text
    assert "đã nhận cùng nội dung trong 24 giờ" in page
    skipped = ask(app, "log", "messages", "--broadcast", str(slow), "--state", "skipped")
    assert {m["reason"] for m in skipped} == {"same_words"}
    assert ask(app, "report", str(slow))["counts"]["not_sent"] == 3


def test_a_schedule_that_repeats_itself_is_refused_by_check_and_before_its_approval(ward):
    app, *_ = ward
    for name, cron in (("moi-phut", "* * * * *"), ("moi-gio", "0 * * * mon")):
        (app.schedules / f"{name}.toml").write_text(HOURLY.format(cron=cron), encoding="utf-8")
    found = ask(app, "schedules", "check", code=3)
    assert {(f["schedule"], f["code"]) for f in found} == {
        ("moi-phut", "same_words"), ("moi-gio", "same_words"),
    }  # fmt: skip
    call(app, "schedules", "submit", "moi-gio", "--as", "lan", code=3)
    path = app.schedules / "moi-gio.toml"
    path.write_text('again = "nhắc theo Kế hoạch 12"\n' + path.read_text("utf-8"), "utf-8")
    warned = ask(app, "schedules", "check", "moi-gio")  # at night, until the hours open
    assert {f["code"] for f in warned} == {"outside-hours"}
    done = ask(app, "schedules", "submit", "moi-gio", "--as", "lan")
    series = done["series"]
    assert series["again"] == "nhắc theo Kế hoạch 12"
    assert series["firings"] > 300
    assert series["people_in_all"] == series["people"] * series["firings"]
    assert series["dong_in_all"] == series["dong"] * series["firings"]
    told = call(app, "schedules", "next", "moi-gio").stdout
    assert "Cả loạt" in told
    assert "nhắc theo Kế hoạch 12" in told
    minh = sign_in(app, "minh", code=True)
    page = minh.get("/schedules").text
    assert "Cả loạt" in page
    assert "nhắc theo Kế hoạch 12" in page
    assert ask(app, "schedules", "approve", "moi-gio", "--as", "minh")["series"] == series


def test_a_page_refuses_such_a_schedule_too(ward):
    app, *_ = ward
    (app.schedules / "moi-phut.toml").write_text(HOURLY.format(cron="* * * * *"), encoding="utf-8")
    lan = sign_in(app, "lan")
    assert lan.get("/schedules").status_code == 200
    assert "nhiều lần trong một ngày" in post(lan, "/schedules/moi-phut/submit", expect=409).text
