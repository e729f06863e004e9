"""After a broadcast: test, reject, resend, stop everything; the log, the coverage, the door list."""

import csv
import json
import re
import sqlite3
import zipfile

import pytest
from conftest import add_people, run_cli
from walk import counts, crowd, import_list, released, sheet, work, write_broadcast

pytestmark = pytest.mark.long  # many commands, one process each


@pytest.fixture
def sent(lite, twins, tmp_path):
    """40 people, Máy Tơ written to by SMS through the twin, receipts heard."""
    author, leader = add_people(lite)
    rows = [*crowd(40), ("Không Số", "", "Tổ 1", "Hộ A"), ("Có Số", "0950099999", "Tổ 1", "Hộ A")]
    rows.append(("Một Mình", "", "Tổ 2", ""))
    import_list(lite, sheet(tmp_path / "may-to.csv", rows))
    made = released(lite, author, leader)
    work(lite, twins)
    return lite, made


def call(app, *words, code=0, stdin=""):
    found = run_cli("--site", str(app.site.root), *words, stdin=stdin,
                    env={"DISPATCHER_CLOCK": "2026-12-01T09:30:00+07:00"})  # fmt: skip
    assert found.returncode == code, (words, found.stdout, found.stderr)
    return found


def ask(app, *words, **more):
    return json.loads(call(app, *words, "--json", **more).stdout)


def test_a_test_goes_to_one_number_of_ours_without_a_second_person(lite, clock, twins, tmp_path):
    author, _ = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(5)))
    made = write_broadcast(lite, author)
    found = ask(lite, "broadcasts", "test", str(made), "--to", "-", "--as", "lan",
                stdin="0950012345\n")  # fmt: skip
    clock.advance(minutes=35)
    assert work(lite, twins) == 1
    assert sum(counts(lite, found["test"]).values()) == 1
    assert len(ask(lite, "contacts", "list")) == 5  # the tester is on no list
    assert ask(lite, "broadcasts", "preview", str(made))["people"] == 5
    for _ in range(4):
        ask(lite, "broadcasts", "test", str(made), "--to", "0950012345", "--as", "lan")
    call(lite, "broadcasts", "test", str(made), "--to", "0950012345", "--as", "lan", code=3)


def test_a_rejected_broadcast_is_over(lite, tmp_path):
    author, _ = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(3)))
    made = str(write_broadcast(lite, author))
    call(lite, "broadcasts", "submit", made, "--as", "lan")
    assert (
        ask(lite, "broadcasts", "reject", made, "--reason", "Trùng", "--as", "minh")["state"]
        == "rejected"
    )
    call(lite, "broadcasts", "submit", made, "--as", "lan", code=3)


def test_resending_reaches_exactly_those_who_were_not(sent):
    app, made = sent
    before = counts(app, made)
    assert before["failed"] >= 1
    again = ask(app, "broadcasts", "resend", str(made), "--as", "lan")
    assert again["state"] == "draft"
    assert again["audience"]["of"] == made
    found = ask(app, "broadcasts", "preview", str(again["id"]))
    assert found["people"] == before["failed"] + before.get("expired", 0) + before.get(
        "cancelled", 0
    )
    call(app, "broadcasts", "resend", str(made), "--state", "expired", "--as", "lan", code=3)


def test_stop_all_ends_what_runs_and_waits(lite, tmp_path):
    author, leader = add_people(lite)
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(9)))
    one, two = (released(lite, author, leader) for _ in range(2))
    call(lite, "stop-all", code=4)
    found = ask(lite, "stop-all", "--as", "lan")
    assert found == {"broadcasts": [two, one], "cancelled": 18, "schedules": []}
    assert counts(lite, one) == counts(lite, two) == {"cancelled": 9}


def test_every_filter_of_the_log_narrows_and_no_row_is_left_out(sent, tmp_path):
    app, made = sent
    everything = ask(app, "log", "messages")
    assert len(everything) == 43 == sum(counts(app, made).values())
    assert [m["id"] for m in everything] == sorted((m["id"] for m in everything), reverse=True)
    for option, key in (("--state", "state"), ("--gateway", "gateway"), ("--carrier", "carrier"),
                        ("--fault", "reason"), ("--channel", "channel")):  # fmt: skip
        for value in {m[key] for m in everything if m[key]}:
            found = ask(app, "log", "messages", option, value)
            assert found == [m for m in everything if m[key] == value], (option, value)
    tdp = ask(app, "log", "messages", "--ward", "may to", "--tdp", "Tổ 1")
    assert tdp == [m for m in everything if m["residential_group"] == "Tổ dân phố số 1"]
    assert ask(app, "log", "messages", "--ward", "Cầu Đất") == []
    assert ask(app, "log", "messages", "--until", "2026-12-01 08:00") == []
    assert len(ask(app, "log", "messages", "--since", "2026-12-01 08:00")) == 43
    assert [m["contact"] for m in ask(app, "log", "messages", "--person", "c3")] == [3]
    assert [
        m["contact"] for m in ask(app, "log", "messages", "--person", "-", stdin="0950001037")
    ] == [2]
    pages, last = [], None
    while page := ask(
        app, "log", "messages", "--limit", "20", *(["--before", f"m{last}"] if last else [])
    ):
        pages += page
        last = page[-1]["id"]
    assert pages == everything
    attempts, receipts = ask(app, "log", "attempts"), ask(app, "log", "receipts")
    assert len(attempts) == 41
    assert {r["state"] for r in receipts} == {"matched"}
    assert ask(app, "log", "receipts", "--broadcast", str(made)) == receipts
    assert ask(app, "log", "attempts", "--state", "refused") == [
        a for a in attempts if a["state"] == "refused"
    ]


def test_the_log_comes_as_csv_jsonl_and_xlsx(sent, tmp_path):
    app, _ = sent
    rows = list(
        csv.DictReader(
            call(app, "log", "messages", "--output", "csv").stdout.lstrip("\ufeff").splitlines()
        )
    )
    lines = [
        json.loads(line)
        for line in call(app, "log", "messages", "--output", "jsonl").stdout.splitlines()
    ]
    assert (
        [int(r["id"]) for r in rows]
        == [m["id"] for m in lines]
        == [m["id"] for m in ask(app, "log", "messages")]
    )
    book = tmp_path / "log.xlsx"
    call(app, "log", "messages", "--output", "xlsx", "--out", str(book))
    sheet_xml = zipfile.ZipFile(book).read("xl/worksheets/sheet1.xml").decode()
    assert len(re.findall("<row ", sheet_xml)) == 44
    table = call(app, "log", "messages", "--limit", "5")
    assert "--before" in table.stderr


def test_coverage_counts_households_and_lists_the_doors_to_knock_on(sent, tmp_path):
    app, made = sent
    found = ask(app, "coverage", "--door-to-door")
    assert found["broadcast"] == made
    assert found["households"] == 42  # Hộ A is two people and one household
    assert found["no_contact"] == 1
    assert found["households"] == sum(
        found[k] for k in ("reached", "maybe", "not_reached", "no_contact")
    )
    states = counts(app, made)
    assert found["not_reached"] + found["no_contact"] == len(found["doors"])
    assert found["reached"] >= states["delivered"] - 1
    assert "Một Mình" in {d["name"] for d in found["doors"]}
    assert "Không Số" not in {d["name"] for d in found["doors"]}
    out = tmp_path / "doors.csv"
    call(app, "coverage", str(made), "--door-to-door", "--out", str(out))
    assert len(out.read_text("utf-8-sig").splitlines()) == len(found["doors"]) + 1
    assert ask(app, "coverage", str(made), "--ward", "Cầu Đất")["households"] == 0


def test_a_live_send_is_confirmed_by_a_sentence_with_people_and_money(make_site, tmp_path):
    root = make_site("data/site.db", ('mode = "drill"', 'mode = "live"'),
                     ("[phones]", '[senders.ubnd]\nwards = ["all"]\nname = "UBND"\nbrandname = "UBND"\n[phones]'))  # fmt: skip
    sheet(root / "contacts" / "may-to.csv", crowd(8))
    at = ("--site", str(root))

    def go(*words, code=0):
        found = run_cli(*at, *words)
        assert found.returncode == code, (words, found.stderr)
        return found

    basis = ("--legal", "Luật 91/2025", "--document", "1", "--purpose", "cảnh báo", "--keep-until",
             "31/12/2027", "--officer", "Lan")  # fmt: skip
    go("contacts", "import", str(root / "contacts"), "--ward", "Máy Tơ", *basis)
    go("people", "add", "qt", "--role", "admin")
    go("people", "add", "lan", "--role", "officer", "--as", "qt")
    go("people", "add", "minh", "--role", "leader", "--as", "qt")
    go(
        "broadcasts",
        "create",
        "--template",
        "canh-bao",
        "--ward",
        "all",
        "--route",
        "sms",
        "--as",
        "lan",
    )
    go("broadcasts", "submit", "1", "--as", "lan")
    go("broadcasts", "approve", "1", "--as", "minh")
    found = go("broadcasts", "schedule", "1", "--as", "lan", code=3)
    assert "Gửi THẬT tới 8 người, nhiều nhất 4.000 đồng." in found.stderr
    database = sqlite3.connect(root / "data" / "site.db")
    assert database.execute("SELECT state FROM broadcasts").fetchall() == [("approved",)]
    database.close()
    go("broadcasts", "schedule", "1", "--as", "lan", "--yes", code=3)  # the first one of a site
    go("broadcasts", "schedule", "1", "--as", "lan", "--people", "8")


def test_a_correction_is_written_in_one_command_and_goes_to_who_may_have_received(sent):
    app, made = sent
    text = (
        '+++\ntitle = "Đính chính"\n[fields]\nngay = {}\nnoi_dung = { required = true }\n+++\n'
        "{% block sms %}UBND phuong: DINH CHINH tin ngay {{ ngay | ngay }}: "
        "{{ noi_dung | khong_dau }}{% endblock %}"
    )
    (app.templates / "dinh-chinh.j2").write_text(text, "utf-8")
    before = counts(app, made)
    found = ask(
        app, "broadcasts", "correct", str(made), "--set", "noi_dung=Họp lúc 20h.", "--as", "lan"
    )
    assert found["state"] == "draft"
    preview = ask(app, "broadcasts", "preview", str(found["id"]))
    assert preview["people"] == sum(
        before.get(s, 0) for s in ("accepted", "delivered", "read", "unconfirmed"))  # fmt: skip
    assert preview["samples"][0]["body"].startswith("UBND phuong: DINH CHINH tin ngay 01/12/2026")
    call(app, "broadcasts", "correct", str(made), "--as", "lan", code=2)  # its blank is missing
    call(app, "broadcasts", "submit", str(found["id"]), "--as", "lan")
