"""When, in the console and for programs: the same times, numbers, ways out and refusals."""

import json
from datetime import timedelta

import pytest
from browser import post, sign_in
from conftest import NINE, add_people
from test_api import Program, key
from walk import approve_now, crowd, get, import_list, rows, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts import schedules as kept
from dispatcher.db.queue import gateways
from dispatcher.domain.model import SYSTEM, BroadcastState, Window
from dispatcher.usecases import schedules
from dispatcher.usecases.context import Context

DAY = Window.read("07:00-21:00")
SCHEDULE = """title = "Sớm"
template = "canh-bao"
route = "sms"
cron = "30 5 * * *"
expires_after = "6h"
[audience]
wards = ["Máy Tơ"]
"""


@pytest.fixture
def ward(lite, tmp_path):
    officer, leader = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(6)))
    return lite, officer, leader


@pytest.fixture
def night(clock):
    clock.now = NINE + timedelta(hours=13, minutes=10)  # 22:10
    return clock


def slow(app, per_second):
    """What was measured here says how fast it goes."""
    with app.begin(SYSTEM)() as tx:
        gateways.measured(tx, {"esms": per_second})


def test_the_pages_of_writing_submitting_and_approving_say_both_times(night, ward):
    app, *_ = ward
    officer, leader = sign_in(app, "lan"), sign_in(app, "minh", code=True)
    along = post(officer, "/broadcasts/new/canh-bao/along", expect=200, ward="Máy Tơ",
                 route="sms", window="07:00-21:00", expires_after="6h")  # fmt: skip
    made = post(officer, "/broadcasts/new/canh-bao", ward="Máy Tơ", route="sms",
                window="07:00-21:00", expires_after="6h")  # fmt: skip
    where = made.headers["location"]
    before = officer.get(where).text
    post(officer, f"{where}/submit")
    for page in (along.text, before, leader.get(where).text):
        assert "gửi từ 07:00 02/12/2026" in page
        assert "13:00 02/12/2026" in page


def test_the_page_says_how_many_are_late_and_the_ways_out_without_naming_flags(ward):
    app, officer, _ = ward
    slow(app, 1.5 / 3600)
    made = write_broadcast(app, officer, window=DAY, expires_after=timedelta(hours=2))
    browser = sign_in(app, "lan")
    page = browser.get(f"/broadcasts/{made}").text
    assert "3 trên 6 người không kịp nhận" in page
    for way in ("tăng thời hạn gửi lên 5 giờ", "cách gửi nhanh hơn", "bớt người nhận"):
        assert way in page
    assert "--expires" not in page
    post(browser, f"/broadcasts/{made}/submit")
    assert "3 trên 6 người không kịp nhận" in sign_in(app, "minh", code=True).get(
        f"/broadcasts/{made}"
    ).text  # fmt: skip


def test_what_nobody_could_receive_is_refused_in_the_page_and_by_the_api_alike(ward):
    app, officer, _ = ward
    slow(app, 1 / 36_000)
    made = write_broadcast(app, officer, window=DAY)
    page = post(sign_in(app, "lan"), f"/broadcasts/{made}/submit", expect=409)
    assert "Không ai nhận được tin này trước khi hết hạn" in page.text
    program = Program(app, key(app, officer))
    seen = program.get(f"/broadcasts/{made}/preview")
    assert (seen["late"]["people"], seen["late"]["of"]) == (6, 6)
    assert {w["code"] for w in seen["late"]["ways"]} >= {"longer-expiry", "faster-route"}
    refused = program.post(f"/broadcasts/{made}/submit", {}, 409)
    assert refused["title"] == "nobody-in-time"
    assert get(app, made).state is BroadcastState.DRAFT


def test_the_api_says_both_times_and_takes_hours_and_an_expiry(night, ward):
    app, officer, _ = ward
    program = Program(app, key(app, officer))
    body = {"template": "canh-bao", "wards": ["Máy Tơ"], "route": "sms", "window": "07:00-21:00",
            "expires_after": "2h"}  # fmt: skip
    draft = program.post("/broadcasts", body, Idempotency_Key="mot")
    times = {"starts_at": "2026-12-02T07:00:00+07:00", "expires_at": "2026-12-02T09:00:00+07:00"}
    assert draft["sending"] == times
    seen = program.get(f"/broadcasts/{draft['id']}/preview")
    assert {k: seen[k] for k in times} == times
    assert program.post(f"/broadcasts/{draft['id']}/submit", {}, 200)["sending"] == times
    for word, wrong in (("expires_after", "soon"), ("expires_after", "999999999d"),
                        ("expires_after", "0s"), ("window", "7-9")):  # fmt: skip
        answer = program.post("/broadcasts", {**body, word: wrong}, 422, Idempotency_Key=wrong)
        assert answer["title"] in ("bad-time", "bad-life")


@pytest.mark.parametrize("when, title", [("31/12/9999 08:00", "quá xa"), ("01/01/2020 08:00", "đã qua"),
                                         ("9999-12-31T23:59:59+00:00", "quá xa")])  # fmt: skip
def test_a_time_that_cannot_be_is_one_sentence_in_the_page(ward, when, title):
    app, officer, leader = ward
    made = write_broadcast(app, officer)
    found = application.preview_broadcast(app, officer, get(app, made))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found)
    with app.begin(leader)() as tx:
        planning.approve(tx, broadcasts.get(tx, made))
    page = post(sign_in(app, "lan"), f"/broadcasts/{made}/schedule", expect=409, at=when)
    assert title in page.text
    assert "--at" not in page.text


def test_the_page_of_schedules_says_both_times_and_refuses_what_nobody_could_receive(ward):
    app, officer, leader = ward
    (app.schedules / "som.toml").write_text(SCHEDULE, encoding="utf-8")
    (app.schedules / "ba-mot.toml").write_text(
        SCHEDULE.replace("30 5 * * *", "0 9 31 * *"), encoding="utf-8"
    )
    officers, leaders = sign_in(app, "lan"), sign_in(app, "minh", code=True)
    page = officers.get("/schedules").text
    assert "gửi từ 07:00 02/12/2026" in page
    assert "13:00 02/12/2026" in page
    assert "tháng 2, 4, 6, 9, 11" in page
    schedules.submit(Context(app, officer), "som")
    slow(app, 0.5 / 3600)
    assert "3 trên 6 người không kịp nhận" in leaders.get("/schedules").text
    with app.begin(SYSTEM)() as tx:
        for _ in range(40):  # slower and slower
            gateways.measured(tx, {"esms": 1 / 360_000})
    assert "Không ai nhận được tin này" in leaders.get("/schedules").text
    refused = post(leaders, "/schedules/som/approve", expect=409)
    assert "Không ai nhận được tin này trước khi hết hạn" in refused.text
    post(officers, "/schedules/ba-mot/submit", expect=409)
    with app.store.read(SYSTEM) as tx:
        assert kept.get(tx, "som")["state"] == "submitted"
    notes = _notes(app)
    assert any("nobody-in-time" in n for n in notes)


def _notes(app):
    return [
        json.dumps([str(v) for v in dict(r).values()]) for r in rows(app, "SELECT * FROM trail")
    ]


def test_what_waits_for_its_hours_is_no_countdown(night, ward):
    app, officer, leader = ward
    made = write_broadcast(app, officer, window=DAY)
    approve_now(app, officer, leader, made)
    application.release_broadcast(app, get(app, made))
    page = sign_in(app, "lan").get(f"/broadcasts/{made}").text
    assert "Ngoài khung giờ: gửi từ" in page
    assert "Còn hủy được trong" not in page
