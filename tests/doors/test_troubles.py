"""Every door says the same of a gateway in trouble, and of due messages that nobody sends."""

import json
import socket
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from browser import free_port, sign_in
from conftest import add_people, build_site, run_cli
from walk import crowd, get, import_list, released, sheet

from dispatcher.config import parse
from dispatcher.db.queue import gateways, health
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Role
from dispatcher.domain.outages import State
from dispatcher.usecases import broadcasts_progress
from dispatcher.usecases.context import Context, open_app
from dispatcher.web import alarms

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateways"))
from vendors import answer, vendor

NINE = "2026-12-01T09:00:00+07:00"
KEYS = {"ESMS_API_KEY": "key-of-esms", "ESMS_SECRET_KEY": "secret-of-esms"}


def cli(site, *words, code=0, **env):
    given = {"DISPATCHER_CLOCK": NINE, "NO_COLOR": "1", **KEYS, **env}
    found = run_cli("--site", str(site), *words, env=given)
    assert found.returncode == code, (words, found.stdout, found.stderr)
    assert "Traceback" not in found.stderr
    return found


def asked(site, *words, code=0, **env):
    return json.loads(cli(site, *words, "--json", code=code, **env).stdout)


@pytest.fixture
def ward(lite, tmp_path):
    """A site with one broadcast of nine people that is due: (app, its number)."""
    officer, leader = add_people(lite)
    with lite.begin(SYSTEM)() as tx:
        people.add(tx, "ad", "Lê Quản Trị", Role.ADMIN, [])
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(9)))
    return lite, released(lite, officer, leader)


def put(app, state, minutes=20):
    """What a worker or a person left behind."""
    with app.begin(SYSTEM)() as tx:
        if state is State.PAUSED:
            gateways.pause(tx, "esms", "person")
        elif state is State.ACCOUNT:
            gateways.pause(tx, "esms", "account", "103")
        else:
            health.write(tx, "esms", state.value, tx.now - timedelta(minutes=minutes), "x1")


@pytest.mark.parametrize(
    "state, words, level",
    [
        (State.OK, "sẵn sàng", "ok"),
        (State.UNREACHABLE, "không nối được", "alarm"),
        (State.THROTTLED, "báo bận", "alarm"),
        (State.UNREADABLE, "không đọc được", "alarm"),
        (State.PAUSED, "tạm dừng", "warn"),
        (State.ACCOUNT, "tài khoản có trục trặc", "alarm"),
    ],
)
def test_every_command_and_page_says_the_same_of_a_gateway(ward, state, words, level):
    app, number = ward
    put(app, state)
    site, fine = app.site.root, state is State.OK
    mine = next(g for g in asked(site, "gateways", "list") if g["name"] == "esms")
    assert mine["state"] == state.value
    since = datetime.fromisoformat(mine["since"])
    assert since.utcoffset() is not None
    assert words in cli(site, "gateways", "list").stdout

    shown = asked(site, "broadcasts", "show", str(number))
    assert {"name": "esms", "state": state.value, "since": mine["since"]} in shown["gateways"]
    ahead = shown["forecast"]["now"]
    assert (ahead["finish"] is None) is not fine
    assert [w["messages"] for w in ahead["waits"]] == ([] if fine else [9])
    told = cli(site, "broadcasts", "show", str(number)).stdout
    assert (words in told) is not fine
    assert ("chưa biết khi nào xong" in told) is not fine
    assert "không phải làm gì" not in told

    doctor = {c["check"]: c for c in asked(site, "doctor", code=4)}
    found = doctor["gateways"]
    assert (found["ok"], found["level"]) == (fine, level)
    assert found["since"] == (None if fine else mine["since"])
    assert fine or words in found["message"]

    admin = sign_in(app, "ad")
    for page in ("/", "/gateways", "/gateways/esms"):
        assert words in admin.get(page).text, page
    page = admin.get(f"/broadcasts/{number}").text
    assert (words in page) is not fine
    assert "phút nữa" not in page


def test_a_gateway_nobody_tried_is_unknown_everywhere(ward):
    app, number = ward
    found = asked(app.site.root, "gateways", "list")
    assert {(g["state"], g["since"]) for g in found} == {("unknown", None)}
    shown = asked(app.site.root, "broadcasts", "show", str(number))
    assert shown["gateways"] == [{"name": "esms", "state": "unknown", "since": None}]
    assert shown["forecast"]["now"]["finish"]


def test_doctor_gives_every_check_a_level_and_since_when(ward):
    app, _ = ward
    found = asked(app.site.root, "doctor", code=4)
    assert all(set(c) == {"check", "ok", "message", "level", "since"} for c in found)
    assert all(c["level"] in ("ok", "warn", "alarm") for c in found)
    assert all(c["level"] == "alarm" or c["ok"] or c["level"] == "warn" for c in found)
    assert {"gateways", "worker", "database", "backup"} <= {c["check"] for c in found}
    put(app, State.THROTTLED, minutes=2)
    busy = {c["check"]: c for c in asked(app.site.root, "doctor", code=4)}["gateways"]
    assert (busy["ok"], busy["level"]) == (True, "warn")
    assert "! esms: báo bận" in cli(app.site.root, "doctor", code=4).stdout


def test_due_messages_that_nobody_sends_are_an_alarm_everywhere(ward):
    app, number = ward
    site = app.site.root
    alarm = {c["check"]: c for c in asked(site, "doctor", code=4)}["worker"]
    assert (alarm["ok"], alarm["level"]) == (False, "alarm")
    assert datetime.fromisoformat(alarm["since"]) == get(app, number).starts_at
    assert "dispatcher run" in alarm["message"]
    shown = asked(site, "broadcasts", "show", str(number))
    assert shown["worker"] == {"state": "nobody", "level": "alarm", "since": alarm["since"]}
    said = cli(site, "broadcasts", "show", str(number))
    assert "bộ gửi tin không chạy" in said.stdout + said.stderr
    officer = sign_in(app, "lan")
    for page in ("/", f"/broadcasts/{number}", f"/broadcasts/{number}/progress?state=running"):
        text = officer.get(page).text
        assert "bộ gửi tin không chạy" in text, page
        assert 'role="alert"' in text, page
    cli(site, "broadcasts", "stop", str(number), "--as", "lan")
    idle = {c["check"]: c for c in asked(site, "doctor")}["worker"]
    assert (idle["ok"], idle["level"], idle["since"]) == (True, "ok", None)
    assert "bộ gửi tin không chạy" not in officer.get("/").text


def test_a_fault_that_is_over_with_its_broadcast_is_not_said_to_be_sent_again(ward):
    app, number = ward
    fault = [{"gateway": "esms", "fault": "busy", "code": "x", "n": 9}]

    def told():
        live = broadcasts_progress.live(Context(app, SYSTEM), get(app, number))
        found = alarms.of_broadcast(replace(live, faults=fault), app.clock())
        return found["faults"][0]["todo"].vi

    assert "sẽ tự gửi lại" in told(), "it is well again, and the broadcast goes on"
    put(app, State.UNREACHABLE)
    assert "base_url" in told()
    put(app, State.OK)
    cli(app.site.root, "broadcasts", "stop", str(number), "--as", "lan")
    assert "gửi lại cho những người đó" in told()


# --- gateways check connects --------------------------------------------------------------------


@pytest.fixture
def live(tmp_path):
    """Makes a live site whose eSMS is at some address."""

    def make(url):
        return build_site(
            tmp_path / "site", "data/site.db", ('mode = "drill"', 'mode = "live"'),
            ('[gateways.esms]\nadapter = "esms"\n',
             f'[gateways.esms]\nadapter = "esms"\nbase_url = "{url}"\n'
             'api_key = { env = "ESMS_API_KEY" }\nsecret_key = { env = "ESMS_SECRET_KEY" }\n'),
        )  # fmt: skip

    return make


def test_check_says_of_a_closed_port_and_of_an_unknown_host_that_nobody_can_be_reached(live):
    site = live(f"http://127.0.0.1:{free_port()}")
    [found] = asked(site, "gateways", "check", "esms", code=5)
    assert (found["ok"], found["reached"], found["state"]) == (False, False, "unreachable")
    assert "máy chủ không cho nối" in found["message"]
    assert found["since"]
    mine = next(g for g in asked(site, "gateways", "list") if g["name"] == "esms")
    assert (mine["state"], mine["since"]) == ("unreachable", found["since"])
    toml = site / "dispatcher.toml"
    text = toml.read_text("utf-8")
    toml.write_text(text.replace(text.split('base_url = "')[1].split('"')[0], "http://-"), "utf-8")
    said = cli(site, "gateways", "check", "esms", code=5)
    assert "không có máy chủ tên này" in said.stdout
    assert "phải làm gì" not in said.stdout
    assert "key-of-esms" not in said.stdout + said.stderr


@pytest.mark.parametrize(
    "act, code, fault, state",
    [
        (answer(b'{"CodeResponse":"100","Balance":5000}'), 0, None, "ok"),
        (answer(b'{"CodeResponse":"101"}'), 4, "account", "unknown"),
        (answer(b"", "429 Too Many Requests"), 5, "throttled", "throttled"),
        (answer(b"<html>"), 5, "unreadable", "unreadable"),
    ],
    ids=["well", "key refused", "429", "garbage"],
)
def test_check_asks_the_account_and_keeps_what_that_shows(live, act, code, fault, state):
    with vendor(act) as (url, seen):
        site = live(url)
        [found] = asked(site, "gateways", "check", "esms", code=code)
    assert len(seen) >= 1
    assert (found["ok"], found["reached"]) == (code == 0, True)
    assert (found.get("fault"), found["state"]) == (fault, state)
    assert next(g for g in asked(site, "gateways", "list") if g["name"] == "esms")["state"] == state


def test_check_clears_an_outage_that_is_over_and_says_what_a_drill_is(tmp_path):
    site = build_site(tmp_path / "site")
    closed = json.dumps({"esms": f"http://127.0.0.1:{free_port()}"})
    [found] = asked(site, "gateways", "check", "esms", code=5, DISPATCHER_TWINS=closed)
    assert found["state"] == "unreachable"
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = json.dumps({"esms": f"http://127.0.0.1:{server.getsockname()[1]}"})
        [found] = asked(site, "gateways", "check", "esms", DISPATCHER_TWINS=there)
    assert (found["ok"], found["reached"], found["state"]) == (True, True, "unknown")
    [found] = asked(site, "gateways", "check", "esms")
    assert (found["ok"], found["reached"]) == (True, None), "no twin runs: nobody was connected to"
    said = cli(site, "gateways", "check", "esms")
    assert "chạy thử" in said.stdout + said.stderr


def test_check_on_the_console_connects_too(live):
    site = live(f"http://127.0.0.1:{free_port()}")
    import os

    os.environ.update(KEYS)
    try:
        app = open_app(parse(site))
        with app.begin(SYSTEM)() as tx:
            people.add(tx, "ad", "Lê Quản Trị", Role.ADMIN, [])
        from browser import token

        admin = sign_in(app, "ad")
        page = admin.post("/gateways/esms", data={"csrf": token(admin)}).text
        app.store.close()
    finally:
        for name in KEYS:
            del os.environ[name]
    assert "máy chủ không cho nối" in page
    assert "không nối được" in page
