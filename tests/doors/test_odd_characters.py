"""Broken characters at every door: lists are cleaned, what people type is refused with a sentence."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from browser import serve, sign_in, token
from conftest import add_people, new_postgresql, run_cli
from walk import import_list, number, rows, sheet

from dispatcher.api.v1 import ROOT as API
from dispatcher.config import parse
from dispatcher.db.contacts import contact_lists
from dispatcher.db.database import at
from dispatcher.db.queue import receipts
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Role
from dispatcher.domain.problems import Problem
from dispatcher.gateways.contract import Call
from dispatcher.usecases import signing_in
from dispatcher.usecases.context import open_app

POSTGRESQL_LATER = True
SAID = "ký tự hỏng"


# --- what is typed ------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ["a\0b", "a\x00"])
def test_the_console_refuses_them_in_forms_and_addresses(app, odd):
    add_people(app)
    stranger = serve(app)
    form = {"csrf": token(stranger, "/sign-in"), "name": odd, "password": "x"}
    answer = stranger.post("/sign-in", data=form)
    assert (answer.status_code, SAID in answer.text) == (400, True)
    officer = sign_in(app, "lan")
    answer = officer.get("/contacts", params={"q": odd})
    assert (answer.status_code, SAID in answer.text) == (400, True)


def test_the_api_refuses_them_in_bodies_and_queries(app):
    officer, _ = add_people(app)
    with app.begin(SYSTEM)() as tx:
        word = signing_in.new_key(tx, officer, "k", "write", timedelta(days=5))
    named, browser = {"Authorization": f"Bearer {word}"}, serve(app)
    for odd in (r"a\u0000", r"a\ud800"):
        body = f'{{"name": "{odd}", "ward": "Máy Tơ"}}'.encode()
        kind = {"Content-Type": "application/json"}
        answer = browser.post(API + "/contacts", content=body, headers={**named, **kind})
        assert answer.status_code == 400, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert browser.get(API + "/contacts?q=%00", headers=named).status_code == 400


@pytest.mark.skipif(os.name != "posix", reason="arguments are bytes on POSIX only")
def test_the_command_line_refuses_them(make_site):
    root = make_site()
    found = run_cli("--site", str(root), "people", "add", "x\udcff", "--role", "officer")
    assert (found.returncode, SAID in found.stderr) == (2, True), found.stderr


def test_what_gets_past_a_door_is_a_sentence_too(app):
    """The database refuses half a character, and PostgreSQL NUL; neither is a mistake of ours."""
    names = ["a\ud800"] if app.store.is_sqlite else ["a\ud800", "a\0"]
    for name in names:
        with pytest.raises(Problem) as told, app.begin(SYSTEM)() as tx:
            people.add(tx, name, "Nguyễn Thị Lan", Role.OFFICER, [])
        assert told.value.code == "odd-characters"


@pytest.mark.parametrize("file, place", [
    ("templates/canh-bao.j2", "canh-bao.j2:4"), ("dispatcher.toml", "dispatcher.toml:3"),
])  # fmt: skip
def test_files_of_the_site_name_the_line(make_site, file, place):
    root = make_site()
    lines = (root / file).read_text(encoding="utf-8").splitlines()
    lines[int(place.rpartition(":")[2]) - 1] += "# \0"
    (root / file).write_text("\n".join(lines), encoding="utf-8")
    found = run_cli("--site", str(root), "templates", "list" if "toml" in file else "show", "canh-bao"
                    if "j2" in file else "--json")  # fmt: skip
    assert found.returncode == 4, found.stderr
    assert place in found.stderr
    assert SAID in found.stderr


def test_an_escape_in_a_settings_file_is_no_way_around(make_site):
    with pytest.raises(Problem) as told:
        make_site("data/site.db", ('name = "Phường thử"', r'name = "Phường \u0000 thử"'))
    assert told.value.exit_code == 4
    assert "dispatcher.toml" in told.value.to("vi")
    assert SAID in told.value.to("vi")


# --- lists --------------------------------------------------------------------------------------


def test_a_list_with_broken_characters_comes_in_clean(app, tmp_path):
    place = tmp_path / "odd"
    place.mkdir()
    people_ = [("An\0", number(1) + "\0", "Tổ 1", ""), ("Bình \ufffe", number(2), "Tổ\0 1", "")]
    import_list(app, sheet(place / "may-to.csv", people_))
    with app.store.read(SYSTEM) as tx:
        assert sorted(c["name"] for c in contact_lists.list_contacts(tx)) == ["An", "Bình"]
    assert len(rows(app, "SELECT 1 FROM contact_addresses")) == 2


@pytest.mark.skipif(os.name != "posix", reason="names of files are bytes on POSIX only")
def test_the_name_of_a_list_may_be_any_bytes(app, tmp_path):
    plain = sheet(tmp_path / "may-to.csv", [("An", number(1), "Tổ 1", "")])
    odd = tmp_path / os.fsdecode(b"may-to \xff.csv")
    plain.rename(odd)
    import_list(app, Path(odd))
    [kept] = rows(app, "SELECT * FROM imports")
    json.dumps(dict(kept), default=str).encode()
    assert len(rows(app, "SELECT 1 FROM contacts")) == 1


@pytest.mark.long
def test_an_older_database_with_nul_in_it_can_be_copied(lite, postgresql_server):
    with lite.begin(SYSTEM)() as tx:
        tx.run("UPDATE gateways SET paused_code = 'a' || char(0) WHERE name = 'esms'")
        tx.note("test", "gateway", "esms")
    lite.store.close()
    url = new_postgresql(postgresql_server)
    found = run_cli("--site", str(lite.site.root), "db", "copy", url, "--yes")
    assert found.returncode == 0, found.stderr


# --- what vendors say, shown --------------------------------------------------------------------


def test_what_an_answer_means_is_told_in_characters_that_can_be_shown(make_site):
    body = '{"CodeResult":"100","SMSID":"a\\u0000b"}'
    lines = [json.dumps({"status": 200, "headers": {}, "body": b}) for b in (body, "\ud800")]
    words = ("gateways", "explain", "esms", "answer", "--jsonl", "-")
    found = run_cli("--site", str(make_site()), *words, stdin="\n".join(lines))
    assert found.returncode == 0, found.stderr
    one, other = (json.loads(line)["results"] for line in found.stdout.splitlines())
    assert one[0]["provider_id"] == "a\ufffdb"
    assert other[0]["fault"] == "unknown"


def test_reports_of_no_use_are_told_at_every_door(make_site, site_clock):
    root = make_site()
    app = open_app(parse(root))
    add_people(app)
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "hoa", "Lê Thị Hoa", Role.ADMIN, [])
        calls = [("esms", Call("GET", str(n), {}, b"")) for n in range(25)]
        receipts.put(tx, calls)
        tx.run("UPDATE receipts SET state = 'unreadable', at = :n", {"n": at(tx.now)})
        tx.note("test", "receipts", "")

    def call(*words):
        found = run_cli("--site", str(root), *words)
        return found.stdout + found.stderr

    [check] = [c for c in json.loads(call("doctor", "--json")) if c["check"] == "reports"]
    assert (check["ok"], "esms (25/25)" in check["message"]) == (False, True)
    assert (check["level"], check["since"]) == ("alarm", None)
    listed = {g["name"]: g for g in json.loads(call("gateways", "list", "--json"))}
    assert listed["esms"]["odd_reports"] == {"looked_at": 25, "of_no_use": 25, "bad_signature": 0,
                                             "since": None}  # fmt: skip
    assert listed["zalo"]["odd_reports"] is None
    assert (listed["esms"]["state"], listed["zalo"]["state"]) == ("unreadable", "unknown")
    assert "báo nhận không dùng được" in call("gateways", "list")
    assert "không đọc được: 25/25" in call("gateways", "check", "esms")
    admin = sign_in(app, "hoa", code=True)
    assert "25/25" in admin.get("/gateways").text
    assert "25/25" in admin.get("/gateways/esms").text
    assert "25/25" not in admin.get("/gateways/zalo").text
    app.store.close()
