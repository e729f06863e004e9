"""The command line as DESIGN section 9 promises it: shapes, exit codes, one JSON document."""

import json
import os

import pytest
from conftest import ROOT, run_cli
from patience import ended

ENV = {"DISPATCHER_CLOCK": "2026-12-01T09:00:00+07:00"}


def call(*words, code=0, **more):
    found = run_cli(*words, env=ENV, **more)
    assert found.returncode == code, (words, found.stdout, found.stderr)
    assert "Traceback" not in found.stderr
    return found


def ask(*words, code=0, **more):
    """One JSON document on stdout, nothing else."""
    return json.loads(call(*words, "--json", code=code, **more).stdout)


@pytest.fixture
def site(make_site, tmp_path):
    root = make_site()
    rows = [f"{i},Người Mẫu {i},095{i:07d},Tổ {i % 6 + 1},Hộ {i // 3}" for i in range(30)]
    rows.append("31,Không Số,,Tổ 1,Hộ 0")
    (root / "contacts" / "may-to.csv").write_text(
        "STT,Họ và tên,Số điện thoại,Tổ dân phố,Chủ hộ\n" + "\n".join(rows), encoding="utf-8"
    )
    return str(root)


@pytest.mark.long
def test_from_an_empty_site_to_a_report(site):
    at = ("--site", site)
    ask(*at, "people", "add", "quan-tri", "--role", "admin")
    call(*at, "people", "add", "khach", "--role", "officer", code=3)
    ask(*at, "people", "add", "lan", "--role", "officer", "--as", "quan-tri")
    ask(*at, "people", "add", "minh", "--role", "leader", "--as", "quan-tri")
    dry = ask(*at, "contacts", "import", f"{site}/contacts", "--dry-run", "--rows")
    assert (dry["files"], dry["rows"], dry["created"]) == (1, 31, 31)
    assert dry["accepted"][0] == {
        "file": "may-to.csv", "sheet": "", "row": 2, "name": "Người Mẫu 0",
        "phones": ["+84950000000"], "ward": "Máy Tơ", "residential_group": "Tổ 1"}  # fmt: skip
    assert dry["accepted"][-1]["phones"] == []
    assert ask(*at, "contacts", "list") == []
    assert ask(*at, "contacts", "import", f"{site}/contacts")["created"] == 31
    assert ask(*at, "contacts", "import", f"{site}/contacts")["unchanged"] == 31
    made = ask(*at, "broadcasts", "create", "--template", "canh-bao", "--ward", "may to",
               "--route", "sms", "--as", "lan")  # fmt: skip
    assert made["state"] == "draft"
    preview = ask(*at, "broadcasts", "preview", "1")
    assert (preview["people"], preview["queued"], preview["skipped"]) == (31, 30, {"no_number": 1})
    assert preview["cost"]["sms"] == 15_000
    call(*at, "broadcasts", "submit", "1", code=4)  # nobody is named
    assert ask(*at, "broadcasts", "submit", "1", "--as", "lan")["state"] == "submitted"
    call(*at, "broadcasts", "approve", "1", "--as", "lan", code=3)
    back = ask(*at, "broadcasts", "return", "1", "--reason", "Thêm giờ", "--as", "minh")
    assert (back["state"], back["reason"]) == ("returned", "Thêm giờ")
    ask(*at, "broadcasts", "submit", "1", "--as", "lan")
    assert ask(*at, "broadcasts", "approve", "1", "--as", "minh")["approved_by"] == 3
    ask(*at, "broadcasts", "schedule", "1", "--as", "lan")
    assert ask(*at, "run", "--once")["accepted"] > 0
    shown = ask(*at, "broadcasts", "watch", "1")
    assert shown["state"] == "done"
    assert sum(shown["states"].values()) == 31
    report = ask(*at, "report", "1")
    assert report["people"] == 31
    assert sum(report["counts"].values()) == 31
    assert sum(g["people"] for g in report["groups"]) == 31
    log = ask(*at, "log", "messages", "--broadcast", "1")
    assert len(log) == 31
    assert all("0950" not in str(row["phone"]) for row in log)
    assert len(ask(*at, "log", "messages", "--state", "skipped")) == 1
    assert len(ask(*at, "log", "messages", "--ward", "Máy Tơ", "--tdp", "Tổ 2")) == 5
    assert ask(*at, "log", "attempts", "--limit", "5")[0]["gateway"] == "esms"
    story = ask(*at, "why", "-", stdin="0950000003\n")
    assert story[0]["messages"][0]["attempts"][0]["channel"] == "sms"
    acts = [e["act"] for e in ask(*at, "audit", "list", "--noun", "broadcast", "--id", "1")]
    assert acts[::-1][:3] == ["created", "submitted", "refused"]  # own work, then the other's turn
    done = [act for act in acts[::-1] if act != "refused"]
    assert done[:4] == ["created", "submitted", "returned", "submitted"]
    csv = call(*at, "log", "messages", "--output", "csv").stdout
    assert csv.startswith("\ufeffid,broadcast,")
    html = call(*at, "report", "1", "--format", "html").stdout
    assert "CHẠY THỬ" in html
    found = call(*at, "doctor")
    assert "✗" not in found.stdout


@pytest.mark.long
def test_people_areas_and_contacts_can_be_looked_at(site):
    at = ("--site", site)
    call(*at, "contacts", "import", f"{site}/contacts")
    call(*at, "people", "add", "qt", "--role", "admin")
    call(*at, "people", "add", "lan", "--role", "officer", "--ward", "cau tre", "--as", "qt")
    call(*at, "people", "role", "qt", "--role", "officer", "--as", "qt", code=3)
    call(*at, "people", "role", "lan", "--role", "leader", "--as", "lan", code=3)
    assert ask(*at, "contacts", "list", "--as", "lan") == [], (
        "another ward's people are out of sight"
    )
    ask(*at, "people", "role", "lan", "--role", "leader", "--ward", "Máy Tơ", "--as", "qt")
    people = {p["name"]: (p["role"], p["wards"]) for p in ask(*at, "people", "list")}
    assert people == {"qt": ("admin", "all"), "lan": ("leader", ["Máy Tơ"])}
    assert len(ask(*at, "contacts", "list", "--as", "lan")) == 31
    groups = [a["name"] for a in ask(*at, "areas", "list", "--ward", "may to")]
    assert groups == [f"Tổ dân phố số {i}" for i in range(1, 7)]
    assert [c["name"] for c in ask(*at, "contacts", "list", "--search", "khong so")] == ["Không Số"]
    shown = ask(*at, "contacts", "show", "c3")[0]
    assert shown["reach"] == [], "nobody was written to yet"
    assert (shown["name"], shown["row"], shown["phones"]) == ("Người Mẫu 2", 4, ["09xx xxx 002"])
    assert ask(*at, "contacts", "show", "-", stdin="0950000002")[0]["id"] == 3


@pytest.mark.long
def test_pause_resume_and_stop(site):
    at = ("--site", site)
    call(*at, "contacts", "import", f"{site}/contacts")
    for name, role in (("qt", "admin"), ("lan", "officer"), ("minh", "leader")):
        call(*at, "people", "add", name, "--role", role, "--as", "qt",
             code=4 if name == "qt" else 0) if name != "qt" else call(
             *at, "people", "add", name, "--role", role)  # fmt: skip
    call(*at, "broadcasts", "create", "--template", "canh-bao", "--ward", "all", "--route", "sms",
         "--as", "lan")  # fmt: skip
    call(*at, "broadcasts", "submit", "1", "--as", "lan")
    call(*at, "broadcasts", "approve", "1", "--as", "minh")
    call(*at, "broadcasts", "schedule", "1", "--at", "2026-12-02 08:00", "--as", "lan")
    assert ask(*at, "broadcasts", "pause", "1")["state"] == "paused"
    call(*at, "run", "--once")
    assert ask(*at, "broadcasts", "show", "1")["states"] == {}
    assert ask(*at, "broadcasts", "resume", "1")["state"] == "scheduled"
    assert ask(*at, "broadcasts", "stop", "1")["state"] == "stopped"
    call(*at, "broadcasts", "resume", "1", code=3)


def test_options_stand_before_or_after_the_command(site):
    for words in (("--site", site, "--json", "areas", "list"), ("areas", "list", "--json", "--site", site),
                  ("areas", f"--site={site}", "list", "--lang", "en", "--json")):  # fmt: skip
        assert len(json.loads(call(*words).stdout)) == 12


@pytest.mark.long
def test_every_schedule_command(site):
    at = ("--site", site)
    (call(*at, "people", "add", "qt", "--role", "admin"))
    call(*at, "people", "add", "lan", "--role", "officer", "--as", "qt")
    call(*at, "people", "add", "minh", "--role", "leader", "--as", "qt")
    call(*at, "contacts", "import", f"{site}/contacts")
    path = os.path.join(site, "schedules", "thu-hai.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write('title = "Thứ hai"\ntemplate = "canh-bao"\nroute = "sms"\ncron = "0 9 * * mon"\n'
                   '[audience]\nwards = "all"\n')  # fmt: skip
    assert ask(*at, "schedules", "list")[0]["next"] == "2026-12-07T09:00+07:00"
    assert ask(*at, "schedules", "check") == []
    coming = ask(*at, "schedules", "next", "thu-hai", "--count", "2")
    assert [(c["at"], c["sends"]) for c in coming] == [
        ("2026-12-07T09:00+07:00", True), ("2026-12-14T09:00+07:00", True)]  # fmt: skip
    call(*at, "schedules", "approve", "thu-hai", "--as", "minh", code=3)
    ask(*at, "schedules", "submit", "thu-hai", "--as", "lan")
    ask(*at, "schedules", "return", "thu-hai", "--reason", "Đổi giờ", "--as", "minh")
    ask(*at, "schedules", "submit", "thu-hai", "--as", "lan")
    assert ask(*at, "schedules", "approve", "thu-hai", "--as", "minh")["state"] == "approved"
    assert ask(*at, "schedules", "pause", "thu-hai")["state"] == "paused"


def test_tools_read_lines_of_json():
    lines = '"Xin chào"\n"' + "a" * 161 + '"\n'
    found = call("sms", "measure", "--jsonl", "-", stdin=lines).stdout.splitlines()
    assert [json.loads(line)["parts"] for line in found] == [1, 2]
    assert ask("sms", "measure", "Xin chào") == {"encoding": "GSM-7", "length": 8, "parts": 1}
    assert ask("sms", "measure", "-", stdin="đ\n")["encoding"] == "UCS-2"
    assert ask("sms", "unaccent", "Đường Lạch Tray") == {"text": "Duong Lach Tray"}
    assert ask("phone", "912345678")["e164"] == "+84912345678"
    found = call(
        "phone", "--jsonl", "-", stdin='"0951234567"\n"113"\n', cwd=ROOT
    ).stdout.splitlines()
    assert [json.loads(line)["type"] for line in found] == ["mobile", "service"]


def test_outside_a_site_the_sample_head_reaches_nobody(tmp_path):
    assert ask("phone", "0951234567", cwd=tmp_path)["ok"] is False
    assert ask("phone", "0951234567", cwd=ROOT)["ok"] is True


def test_what_vendors_say_is_explained():
    answers = [{"status": 200, "headers": {}, "body": '{"CodeResult":"100","SMSID":"x"}'},
               {"status": 200, "headers": {}, "body": '{"CodeResult":"103"}'},
               {"status": 502, "headers": {}, "body": "<html>"}]  # fmt: skip
    lines = "\n".join(json.dumps(a) for a in answers)
    found = call("gateways", "explain", "esms", "answer", "--jsonl", "-", stdin=lines)
    results = [json.loads(line)["results"][0] for line in found.stdout.splitlines()]
    assert [(r["result"], r["fault"]) for r in results] == [
        ("accepted", None), ("refused", "account"), ("refused", "unknown")]  # fmt: skip
    receipt = {"method": "GET", "headers": {}, "body": "",
               "query": "SMSID=x&RequestId=R1&SendStatus=5&SendSuccess=1&SendFailed=0"
                        "&phonenumber=0951234567"}  # fmt: skip
    found = call(
        "gateways", "explain", "esms", "receipt", "--jsonl", "-", stdin=json.dumps(receipt)
    )
    assert json.loads(found.stdout) == {"receipts": [
        {"reference": "R1", "provider_id": "x", "to": "+84951234567", "state": "delivered",
         "code": "5"}], "verified": None}  # fmt: skip


@pytest.mark.long
def test_templates_and_gateways_of_a_site(site):
    at = ("--site", site)
    assert ask(*at, "templates", "check") == []
    assert ask(*at, "templates", "show", "canh-bao")["blocks"].keys() == {
        "sms",
        "sms_accented",
        "zalo",
    }
    assert len(ask(*at, "templates", "preview", "canh-bao")) == 3
    assert {g["name"] for g in ask(*at, "gateways", "list")} == {"esms", "zalo", "outbox"}
    assert all(g["ok"] for g in ask(*at, "gateways", "check"))
    assert ask(*at, "gateways", "pause", "esms")["paused"]
    assert ask(*at, "gateways", "list")[0]["paused"]
    call(*at, "doctor", code=4)
    ask(*at, "gateways", "resume", "esms")


def test_a_new_site_works_at_once(tmp_path):
    root = str(tmp_path / "phuong")
    assert ask("init", root)["site"]
    call("init", root, code=2)
    assert ask("--site", root, "templates", "check") == []
    assert len(ask("--site", root, "areas", "list")) == 12
    assert os.path.exists(os.path.join(root, "data", "keys", "site.key"))


@pytest.mark.long
def test_the_outbox_needs_no_network(site):
    at = ("--site", site)
    call(*at, "contacts", "import", f"{site}/contacts")
    call(*at, "people", "add", "qt", "--role", "admin")
    call(*at, "people", "add", "lan", "--role", "officer", "--as", "qt")
    call(*at, "people", "add", "minh", "--role", "leader", "--as", "qt")
    call(*at, "broadcasts", "create", "--template", "canh-bao", "--ward", "all", "--route", "outbox",
         "--as", "lan")  # fmt: skip
    call(*at, "broadcasts", "submit", "1", "--as", "lan")
    call(*at, "broadcasts", "approve", "1", "--as", "minh")
    call(*at, "broadcasts", "schedule", "1", "--as", "lan")
    assert ask(*at, "run", "--once")["accepted"] == 30
    letters = os.listdir(os.path.join(site, "data", "outbox"))
    assert len(letters) == 30
    assert not any(
        digit in name.removesuffix(".json") for name in letters for digit in "0123456789"
    )


@pytest.mark.parametrize("language", ["vi", "en"])
def test_help_speaks_the_language_asked_for(language):
    text = call("broadcasts", "create", "--help", "--lang", language).stdout
    assert ("Cách dùng" in text) == (language == "vi")
    assert "dispatcher broadcasts create --template" in text


@pytest.mark.long
def test_the_demo_adds_up():
    found = ask("demo", "--people", "240")
    assert found["people"] == found["audience"] == 240
    assert sum(found["states"].values()) == 240
    assert (found["twin"]["twice"], found["twin"]["lost"]) == (0, 0)
    assert found["twin"]["accepted"] > 0
    assert found["messages_per_s"] > 0


def test_init_asks_where_somebody_sits_at_the_terminal(tmp_path):
    import pty
    import subprocess
    import sys

    ours, theirs = pty.openpty()
    root = tmp_path / "moi"
    child = subprocess.Popen([sys.executable, "-m", "dispatcher", "init", str(root)], stdin=theirs,
                             stdout=theirs, stderr=theirs, cwd=ROOT)  # fmt: skip
    os.close(theirs)
    os.write(ours, "UBND phường Máy Tơ\nMáy Tơ, Cầu Đất\nUBNDMAYTO\n".encode())
    heard = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        heard += piece
    os.close(ours)
    assert ended(child) == 0, heard.decode()
    text = (root / "dispatcher.toml").read_text("utf-8")
    assert 'wards = ["Máy Tơ", "Cầu Đất"]' in text
    assert 'brandname = "UBNDMAYTO"' in text
    assert ask("--site", str(root), "gateways", "check")
