"""Wrong calls and broken files: the right exit code, a sentence or two, nothing half done."""

import json
import sqlite3

import pytest
from conftest import run_cli

TABLE = [
    (["nonsense"], 2, "nonsense"),
    (["broadcast"], 2, "broadcasts"),
    (["broadcasts"], 2, "Cách dùng"),
    (["broadcasts", "create"], 2, "--template"),
    (["broadcasts", "create", "--template", "khong-co", "--ward", "all", "--route", "sms"], 2, "khong-co"),
    (["broadcasts", "create", "--template", "canh-bap", "--ward", "all", "--route", "sms"], 2, "canh-bao"),
    (["broadcasts", "create", "--template", "canh-bao", "--route", "sms"], 2, "người nhận"),
    (["broadcasts", "create", "--template", "canh-bao", "--ward", "May Ta", "--route", "sms"], 2, "Máy Tơ"),
    (["broadcasts", "create", "--template", "canh-bao", "--ward", "all", "--route", "thu"], 2, "thu"),
    (["broadcasts", "create", "--template", "canh-bao", "--ward", "all"], 2, "zalo-then-sms"),
    (["broadcasts", "create", "--template", "canh-bao", "--ward", "all", "--route", "sms", "--set", "x"], 2, "--set"),
    (["broadcasts", "create", "--template", "canh-bao", "--ward", "all", "--route", "sms", "--set", "x=1"], 2, "x"),
    (["broadcasts", "create", "--template", "canh-bao", "--ward", "all", "--route", "sms", "--expires-after", "mai"], 2, "6h"),
    (["broadcasts", "create", "--template", "canh-bao", "--ward", "all", "--route", "sms", "--one-per", "x"], 2, "--one-per"),
    (["broadcasts", "create", "--template", "canh-bao", "--group", "Không có", "--route", "sms"], 2, "nhóm"),
    (["broadcasts", "show", "99"], 2, "99"),
    (["broadcasts", "show", "abc"], 2, "abc"),
    (["broadcasts", "schedule", "99", "--at", "31/02/2027 08:00"], 2, "31/02/2027"),
    (["broadcasts", "approve", "99", "--as", "ai-do"], 4, "ai-do"),
    (["broadcasts", "show", "1", "--nope"], 2, "--nope"),
    (["contacts", "import"], 2, "FILES"),
    (["contacts", "import", "khong-co.xlsx"], 2, "khong-co.xlsx"),
    (["contacts", "import", "{site}/templates"], 2, "danh bạ"),
    (["contacts", "import", "{site}/bad.xlsx"], 2, "bad.xlsx"),
    (["contacts", "import", "{site}/empty.csv"], 2, "empty.csv"),
    (["contacts", "import", "{site}/list.csv"], 2, "--ward"),
    (["contacts", "import", "{site}/list.csv", "--ward", "Sao Hoả"], 2, "Sao Hoả"),
    (["contacts", "import", "{site}/list.csv", "--ward", "Máy Tơ", "--map", "phone=Z"], 0, ""),
    (["contacts", "import", "{site}/list.csv", "--ward", "Máy Tơ", "--map", "phone=Số máy"], 2, "Số máy"),
    (["contacts", "import", "{site}/list.csv", "--ward", "Máy Tơ", "--map", "phon=B"], 2, "phone"),
    (["contacts", "import", "{site}/wrong.csv", "--ward", "Máy Tơ"], 2, "--partial"),
    (["contacts", "show", "khong-phai-so"], 2, "số điện thoại"),
    (["contacts", "list", "--group", "Không có"], 2, "nhóm"),
    (["contacts", "list", "--limit", "x"], 2, "--limit"),
    (["templates", "show", "khong-co"], 2, "khong-co"),
    (["templates", "preview", "canh-bao", "--set", "gio=8"], 2, "gio"),
    (["schedules", "next", "khong-co"], 2, "khong-co"),
    (["log", "messages", "--output", "pdf"], 2, "--output"),
    (["log", "messages", "--tdp", "Tổ 1"], 2, "--ward"),
    (["log", "messages", "--broadcast", "99"], 2, "99"),
    (["log", "messages", "--ward", "Máy Tơ", "--tdp", "Tổ 99"], 2, "Tổ 99"),
    (["why", "0950000001"], 2, "danh bạ"),
    (["report", "99"], 2, "99"),
    (["gateways", "check", "khong-co"], 2, "khong-co"),
    (["gateways", "explain", "esmss", "answer", "--jsonl", "-"], 2, "esms"),
    (["gateways", "explain", "esms", "what", "--jsonl", "-"], 2, "explain"),
    (["people", "add", "x", "--role", "king"], 2, "--role"),
    (["people", "list", "--as", "khong-co"], 4, "khong-co"),
    (["twin", "nobody"], 2, "nobody"),
    (["twin", "esms", "--misbehave", "dance=1"], 2, "dance"),
    (["chaos", "--people", "0"], 2, "--people"),
    (["demo", "--people", "3"], 2, "--people"),
    (["web", "--listen", "nowhere"], 4, "--listen"),
    (["--lang", "fr", "areas", "list"], 2, "--lang"),
    (["--site"], 2, "--site"),
]  # fmt: skip


@pytest.fixture
def site(make_site):
    root = make_site()
    (root / "bad.xlsx").write_bytes(b"PK\x03\x04 not really")
    (root / "empty.csv").write_bytes(b"")
    (root / "list.csv").write_text("Họ tên,SĐT\nAn,0950000001\n", encoding="utf-8")
    (root / "wrong.csv").write_text("Họ tên,SĐT\nAn,0950000001\nBình,9.1E+08\n", encoding="utf-8")
    return root


def words_of(root, words):
    return [w.replace("{site}", str(root)) for w in words]


@pytest.mark.parametrize(
    "words, code, says", TABLE, ids=lambda v: " ".join(v) if isinstance(v, list) else ""
)
def test_a_wrong_call_is_a_sentence_and_changes_nothing(site, words, code, says):
    at = () if words[0] in ("--lang", "--site") else ("--site", str(site))
    found = run_cli(*at, *words_of(site, words), cwd=site)
    assert found.returncode == code, (found.stdout, found.stderr)
    assert "Traceback" not in found.stdout + found.stderr
    assert says in found.stdout + found.stderr
    if code:
        assert (
            len(found.stderr.strip().splitlines()) <= 3
            or says == "--partial"
            or says == "Cách dùng"
        )
        assert _contents(site) == (0, 0)


def _contents(root):
    path = root / "data" / "site.db"
    if not path.exists():
        return 0, 0
    database = sqlite3.connect(path)
    try:
        return tuple(database.execute(f"SELECT count(*) FROM {t}").fetchone()[0]
                     for t in ("contacts", "broadcasts"))  # fmt: skip
    finally:
        database.close()


def test_problems_are_json_too_and_in_english_when_asked(site):
    found = run_cli("--site", str(site), "report", "99", "--json", "--lang", "en")
    assert json.loads(found.stdout)["error"]["code"] == "unknown-broadcast"
    assert "There is no broadcast 99" in found.stderr


def test_a_read_only_database_is_a_sentence(site):
    run_cli("--site", str(site), "areas", "list")
    toml = (site / "dispatcher.toml").read_text("utf-8")
    read_only = f"sqlite:///file:{site / 'data' / 'site.db'}?mode=ro&uri=true"
    (site / "dispatcher.toml").write_text(toml.replace("data/site.db", read_only), encoding="utf-8")
    found = run_cli("--site", str(site), "people", "add", "x", "--role", "admin")
    assert found.returncode == 4, found.stderr
    assert "chỉ cho đọc" in found.stderr


def test_a_locked_database_is_a_sentence(site):
    run_cli("--site", str(site), "areas", "list")
    holder = sqlite3.connect(site / "data" / "site.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        found = run_cli("--site", str(site), "people", "add", "x", "--role", "admin")
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert found.returncode == 4
    assert "chương trình khác" in found.stderr


def test_a_damaged_database_is_a_sentence(site):
    run_cli("--site", str(site), "areas", "list")
    for path in (site / "data").glob("site.db*"):
        path.write_bytes(b"this is not a database" * 500)
    found = run_cli("--site", str(site), "areas", "list")
    assert found.returncode == 4
    assert "hỏng" in found.stderr


def test_a_database_nobody_answers_for_is_a_sentence(make_site):
    root = make_site("postgresql+psycopg://nobody@127.0.0.1:1/none")
    found = run_cli("--site", str(root), "areas", "list")
    assert found.returncode == 4
    assert "cơ sở dữ liệu" in found.stderr.lower()


def test_live_without_senders_or_keys_names_everything_missing(make_site):
    root = make_site("data/site.db", ('mode = "drill"', 'mode = "live"'))
    found = run_cli("--site", str(root), "gateways", "check")
    assert found.returncode == 4
    assert "api_key, secret_key" in found.stdout
    found = run_cli("--site", str(root), "broadcasts", "create", "--template", "canh-bao", "--ward",
                    "Máy Tơ", "--route", "sms")  # fmt: skip
    assert found.returncode == 4
    assert "[senders]" in found.stderr
