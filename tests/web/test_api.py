"""The API for programs: keys, scope, problems, idempotency; and whatever a fuzzer can think of."""

import os
import socket
import subprocess
import sys
from datetime import timedelta

import pytest
from browser import serve
from conftest import ROOT, add_people, build_site
from patience import PATIENCE, ended, until_served
from walk import get, import_list, number, released, rows, sheet

from dispatcher.api.operations import OPERATIONS
from dispatcher.api.v1 import ROOT as API
from dispatcher.config import parse
from dispatcher.db.contacts import areas
from dispatcher.db.staff import idempotency, people
from dispatcher.domain.model import SYSTEM, BroadcastState, Role
from dispatcher.usecases import signing_in
from dispatcher.usecases.context import open_app

FUZZER = os.environ.get("DISPATCHER_FUZZER", "")


@pytest.fixture
def ward(lite, tmp_path):
    officer, leader = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", [("A", number(1), "Tổ 1", "")]))
    import_list(lite, sheet(tmp_path / "cau-dat.csv", [("Bí Mật", number(2), "Tổ 1", "")]))
    return lite, officer, leader


def key(app, person, may="write", days=5):
    with app.begin(SYSTEM)() as tx:
        return signing_in.new_key(
            tx, person, f"k{may}{days}{person.name}", may, timedelta(days=days)
        )


class Program:
    """A program with a key."""

    def __init__(self, app, word):
        self._browser, self._headers = serve(app), {"Authorization": f"Bearer {word}"}

    def get(self, path, status=200, **query):
        answer = self._browser.get(API + path, headers=self._headers, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path, body, status=201, **headers):
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        answer = self._browser.post(API + path, json=body, headers={**self._headers, **named})
        assert answer.status_code == status, answer.text
        return answer.json()


def test_from_a_contact_to_a_submitted_broadcast(ward):
    app, officer, _ = ward
    program = Program(app, key(app, officer))
    made = program.post("/contacts", {"name": "Trần Mới", "ward": "Máy Tơ", "phones": ["0950007001"],
                                      "residential_group": "Tổ 2"})  # fmt: skip
    assert made["created"]
    found = program.get("/contacts", q="tran moi")["contacts"]
    assert found[0]["phones"] == ["09xx xxx 001"]
    body = {"template": "canh-bao", "wards": ["Máy Tơ"], "route": "sms", "title": "Từ phần mềm"}
    draft = program.post("/broadcasts", body, Idempotency_Key="mot")
    assert (draft["state"], draft["mode"]) == ("draft", "drill")
    assert program.get(f"/broadcasts/{draft['id']}/preview")["queued"] == 2
    done = program.post(f"/broadcasts/{draft['id']}/submit", {}, 200)
    assert done["state"] == "submitted"
    assert get(app, draft["id"]).state is BroadcastState.SUBMITTED
    assert program.get("/log/messages") == {"messages": []}


def test_the_same_words_within_a_day_need_a_reason_from_a_program_too(ward):
    app, officer, leader = ward
    first = released(app, officer, leader)
    program = Program(app, key(app, officer))
    body = {"template": "canh-bao", "wards": ["Máy Tơ"], "route": "sms"}
    draft = program.post("/broadcasts", body, Idempotency_Key="lai")
    where = f"/broadcasts/{draft['id']}"
    assert program.get(f"{where}/preview")["repeated"] == {str(first): 1}
    assert program.post(f"{where}/submit", {}, 409)["title"] == "same_words"
    done = program.post(f"{where}/submit", {"again": "nhắc lại"}, 200)
    assert (done["state"], done["again"]) == ("submitted", "nhắc lại")


def test_the_same_key_makes_one_broadcast_and_never_another(ward):
    app, officer, _ = ward
    program = Program(app, key(app, officer))
    body = {"template": "canh-bao", "wards": ["Máy Tơ"], "route": "sms"}
    first = program.post("/broadcasts", body, Idempotency_Key="x")
    assert program.post("/broadcasts", body, Idempotency_Key="x")["id"] == first["id"]
    problem = program.post("/broadcasts", {**body, "title": "Khác"}, 409, Idempotency_Key="x")
    assert problem["title"] == "key-reused"
    assert program.post("/broadcasts", body, Idempotency_Key="y")["id"] != first["id"]
    assert program.post("/broadcasts", body, 400)["detail"].startswith("Idempotency-Key")


def test_after_a_week_a_key_acts_anew(ward, clock):
    app, officer, _ = ward
    program = Program(app, key(app, officer, days=30))
    body = {"template": "canh-bao", "wards": ["Máy Tơ"], "route": "sms"}
    first = program.post("/broadcasts", body, Idempotency_Key="x")["id"]
    clock.advance(days=6, hours=23)
    assert program.post("/broadcasts", body, Idempotency_Key="x")["id"] == first
    clock.advance(hours=2)
    second = program.post("/broadcasts", {**body, "title": "Khác"}, Idempotency_Key="x")["id"]
    assert second != first
    assert (
        program.post("/broadcasts", {**body, "title": "Khác"}, Idempotency_Key="x")["id"] == second
    )


def test_expired_keys_are_cleared_out(app, clock):
    def kept():
        return [r["name"] for r in rows(app, "SELECT name FROM site WHERE name LIKE 'idemp%'")]

    with app.begin(SYSTEM)() as tx:
        idempotency.keep_answer(tx, "1:old", "a", 1)
    clock.advance(days=4)
    with app.begin(SYSTEM)() as tx:
        idempotency.keep_answer(tx, "1:new", "b", 2)
    clock.advance(days=4)
    with app.begin(SYSTEM)() as tx:
        assert idempotency.forget_old(tx) == 1
        assert idempotency.earlier_answer(tx, "1:new") == ("b", 2)
    assert kept() == ["idempotency:1:new"]


def test_a_key_has_the_wards_of_its_person_and_no_more_rights(ward, clock):
    app, officer, leader = ward
    made = released(app, officer, leader, ward="Cầu Đất")
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "to", "Cán Bộ Tơ", Role.OFFICER, [areas.ward(tx, "Máy Tơ").id])
    mine = app.actor("to")
    program, reader = Program(app, key(app, mine)), Program(app, key(app, mine, "read"))
    assert [c["name"] for c in program.get("/contacts")["contacts"]] == ["A"]
    assert program.get("/broadcasts") == {"broadcasts": []}
    for path in (
        f"/broadcasts/{made}",
        f"/broadcasts/{made}/report",
        f"/broadcasts/{made}/preview",
    ):
        program.get(path, 404)
    program.get("/contacts/2", 404)
    program.get("/log/messages", 404, broadcast=made)
    assert program.get("/log/messages") == {"messages": []}
    body = {"name": "X", "ward": "Cầu Đất", "phones": ["0950007009"]}
    program.post("/contacts", body, 404)
    assert reader.get("/contacts")["contacts"]
    reader.post("/contacts", {**body, "ward": "Máy Tơ"}, 403)
    stranger = Program(app, "dsp_khong-co")
    assert stranger.get("/contacts", 401)["status"] == 401
    clock.advance(days=6)
    program.get("/contacts", 401)


@pytest.mark.parametrize(
    "body, status",
    [({}, 400), ({"template": 3}, 400), ({"template": "canh-bao", "wards": "all"}, 400),
     ({"template": "khong-co", "wards": ["Máy Tơ"]}, 404),
     ({"template": "canh-bao", "wards": ["Hà Nội"]}, 404), ({"template": "canh-bao", "route": "sms"}, 422),
     ({"template": "canh-bao", "wards": ["Máy Tơ"], "lạ": 1}, 400), ([], 400)],
)  # fmt: skip
def test_wrong_bodies_are_problems_with_a_reason(ward, body, status):
    app, officer, _ = ward
    problem = Program(app, key(app, officer)).post("/broadcasts", body, status, Idempotency_Key="z")
    assert problem["detail"]
    assert problem["status"] == status


def test_the_description_tells_every_operation(ward):
    app, *_ = ward
    told = serve(app).get(f"{API}/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    assert sum(len(p) for p in told["paths"].values()) == len(OPERATIONS)


@pytest.mark.long
@pytest.mark.skipif(not FUZZER, reason="schemathesis is not installed (see .ci/run)")
def test_a_fuzzer_finds_no_broken_answer_and_none_that_is_not_described(tmp_path):
    folder = build_site(tmp_path / "site")
    app = open_app(parse(folder))
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", [("A", number(1), "Tổ 1", "")]))
    released(app, officer, leader)
    word = key(app, officer)
    app.store.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    served = subprocess.Popen([sys.executable, "-m", "dispatcher", "--site", str(folder), "web",
                               "--listen", f"127.0.0.1:{port}"], cwd=ROOT)  # fmt: skip
    try:
        until_served(f"{base}{API}/openapi.json")
        found = subprocess.run(
            [FUZZER, "run", f"{base}{API}/openapi.json", "-H",
             f"Authorization: Bearer {word}", "--checks",
             "not_a_server_error,status_code_conformance,content_type_conformance,"
             "response_schema_conformance", "--max-examples", "40", "--seed", "1", "--no-color"],
            capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE * 2, check=False,
        )  # fmt: skip
    finally:
        served.terminate()
        ended(served)
    assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-2000:]
