"""Wrong calls and broken files: the right exit code, a sentence or two, nothing half done."""

import json
import sqlite3
import zipfile

import pytest
from conftest import build_site, run_cli

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
    (["contacts", "import", "{site}/list.csv", "--ward", "Máy Tơ", "--map", "phone=Z", "--dry-run"], 0, ""),
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
    (["broadcasts", "test", "99", "--to", "0950000001", "--as", "khong-co"], 4, "khong-co"),
    (["broadcasts", "test", "99", "--to", "0950000001"], 2, "99"),
    (["broadcasts", "test", "1"], 2, "--to"),
    (["broadcasts", "reject", "99", "--reason", "x"], 2, "99"),
    (["broadcasts", "reject", "1"], 2, "--reason"),
    (["broadcasts", "resend", "99"], 2, "99"),
    (["broadcasts", "resend", "99", "--state", "delivered"], 2, "failed"),
    (["broadcasts", "resend"], 2, "NUMBER"),
    (["broadcasts", "submit", "99"], 2, "99"),
    (["broadcasts", "preview", "abc"], 2, "abc"),
    (["broadcasts", "return", "99"], 2, "--reason"),
    (["broadcasts", "watch", "99"], 2, "99"),
    (["broadcasts", "watch", "99", "--timeout", "x"], 2, "--timeout"),
    (["broadcasts", "pause", "99"], 2, "99"),
    (["broadcasts", "resume", "-1"], 2, "-1"),
    (["broadcasts", "stop", "99"], 2, "99"),
    (["broadcasts", "stop", "1 2"], 2, "1 2"),
    (["broadcasts", "list", "extra"], 2, "extra"),
    (["broadcasts", "schedule", "99", "--at", "25:99"], 2, "25:99"),
    (["broadcasts", "schedule", "99", "--at", "hôm qua"], 2, "hôm qua"),
    (["broadcasts", "create", "--template", "../dispatcher", "--ward", "all", "--route", "sms"], 2, "dispatcher"),
    (["broadcasts", "create", "--template", "canh-bao", "--ward", "Máy Tơ", "--tdp", "Tổ 99", "--route", "sms"], 2, "Tổ 99"),
    (["broadcasts", "create", "--template", "canh-bao", "--tdp", "Tổ 1", "--route", "sms"], 2, "--ward"),
    (["broadcasts", "create", "--template", "canh-bao", "--ward", "all", "--route", "sms", "--window", "25-26"], 2, "07:00"),
    (["broadcasts", "create", "--template", "canh-bao", "--ward", "", "--route", "sms"], 2, "phường"),
    (["stop-all"], 4, "--as"),
    (["stop-all", "now"], 2, "now"),
    (["contacts", "add"], 2, "--name"),
    (["contacts", "add", "--name", "An"], 2, "--ward"),
    (["contacts", "add", "--name", "An", "--ward", "Sao Hoả"], 2, "Sao Hoả"),
    (["contacts", "add", "--name", "An", "--ward", "Máy Tơ", "--phone", "9.12E+08"], 2, "số"),
    (["contacts", "add", "--name", "An", "--ward", "Máy Tơ", "--phone", "0950000001", "--phone", "12345"], 2, "số"),
    (["contacts", "add", "--name", "", "--ward", "Máy Tơ"], 2, ""),
    (["contacts", "edit", "c1"], 2, "--name"),
    (["contacts", "edit", "c99", "--name", "An"], 2, "danh bạ"),
    (["contacts", "edit", "m1", "--name", "An"], 2, "danh bạ"),
    (["contacts", "move", "c99", "--ward", "Máy Tơ"], 2, "danh bạ"),
    (["contacts", "move", "c1"], 2, "--ward"),
    (["contacts", "move", "--ward", "Máy Tơ"], 2, "PEOPLE"),
    (["contacts", "export", "danh-ba.pdf"], 2, ".csv"),
    (["contacts", "export", "khong/co/danh-ba.csv"], 4, "thư mục"),
    (["contacts", "export", "x.csv", "--ward", "Sao Hoả"], 2, "Sao Hoả"),
    (["contacts", "undo", "99"], 2, "99"),
    (["contacts", "undo", "abc"], 2, "abc"),
    (["contacts", "suppress", "c1"], 2, "--reason"),
    (["contacts", "suppress", "c99", "--reason", "x"], 2, "danh bạ"),
    (["contacts", "suppress", "113", "--reason", "x"], 2, "số"),
    (["contacts", "unsuppress", "c99", "--reason", "x"], 2, "danh bạ"),
    (["contacts", "forget", "c99", "--reason", "x", "--yes"], 2, "danh bạ"),
    (["contacts", "forget", "c99"], 2, "--reason"),
    (["contacts", "list", "--ward", "May Toooo"], 2, "Máy Tơ"),
    (["contacts", "list", "--tdp", "Tổ 1"], 2, "--ward"),
    (["contacts", "import", "{site}/list.csv", "--ward", "Máy Tơ", "--group"], 2, "--group"),
    (["contacts", "import", "{site}/list.csv", "--ward", "Máy Tơ", "--map", "phone"], 2, "--map"),
    (["contacts", "import", "{site}/list.csv", "--ward", "Máy Tơ", "--report", "{site}/khong/co.xlsx"], 4, "khong"),
    (["contacts", "import", "{site}/noise.bin"], 2, "noise.bin"),
    (["contacts", "import", "{site}/picture.xlsx"], 2, "picture.xlsx"),
    (["contacts", "import", "{site}/words.csv"], 2, "words.csv"),
    (["contacts", "import", "{site}/half.xlsx"], 2, "half.xlsx"),
    (["groups", "add"], 2, "NAME"),
    (["groups", "add", " "], 2, "trống"),
    (["groups", "add", "Nhóm A", "c99"], 2, "danh bạ"),
    (["groups", "remove", "Không có"], 2, "nhóm"),
    (["groups", "remove"], 2, "NAME"),
    (["groups", "nonsense"], 2, "nonsense"),
    (["templates", "check", "khong-co"], 2, "khong-co"),
    (["templates", "preview", "canh-bao", "--set", "gio"], 2, "--set"),
    (["templates", "preview"], 2, "NAME"),
    (["schedules", "submit", "khong-co"], 2, "khong-co"),
    (["schedules", "pause", "khong-co"], 2, "khong-co"),
    (["schedules", "return", "khong-co"], 2, "--reason"),
    (["schedules", "next"], 2, ""),
    (["log", "messages", "--output", "xlsx"], 2, "--out"),
    (["log", "messages", "--output", "xlsx", "--out", "x.csv"], 2, ".xlsx"),
    (["log", "messages", "--state", "sent"], 2, "accepted"),
    (["log", "messages", "--fault", "boom"], 2, "busy"),
    (["log", "messages", "--gateway", "esmss"], 2, "esms"),
    (["log", "messages", "--channel", "fax"], 2, "sms"),
    (["log", "messages", "--since", "hôm nay"], 2, "hôm nay"),
    (["log", "messages", "--limit", "0"], 2, "--limit"),
    (["log", "messages", "--limit", "nhiều"], 2, "--limit"),
    (["log", "messages", "--before", "m99"], 2, "m99"),
    (["log", "messages", "--before", "x"], 2, "--before"),
    (["log", "messages", "--person", "c99999999999999999999"], 2, ""),
    (["log", "attempts", "--state", "queued"], 2, "accepted"),
    (["log", "receipts", "--state", "lost"], 2, "matched"),
    (["log", "receipts", "--ward", "Sao Hoả"], 2, "Sao Hoả"),
    (["why", "hello"], 2, "số điện thoại"),
    (["why", "m99"], 2, "danh bạ"),
    (["why"], 2, "WHO"),
    (["report", "1", "--format", "pdf"], 2, "--format"),
    (["coverage"], 2, "đợt gửi"),
    (["coverage", "99"], 2, "99"),
    (["coverage", "99", "--out", "x.doc"], 2, ".csv"),
    (["audit", "list", "--limit", "x"], 2, "--limit"),
    (["gateways", "pause", "khong-co"], 2, "khong-co"),
    (["gateways", "resume", "esm"], 2, "esms"),
    (["gateways", "explain", "esms", "answer"], 2, "--jsonl"),
    (["gateways", "explain", "outbox", "answer", "--jsonl", "-"], 2, "outbox"),
    (["people", "add"], 2, "NAME"),
    (["people", "add", "x"], 2, "--role"),
    (["people", "role", "khong-co", "officer"], 2, ""),
    (["people", "disable", "khong-co"], 4, "khong-co"),
    (["db", "restore", "khong-co.db"], 2, "khong-co.db"),
    (["db", "restore", "{site}/list.csv"], 2, "list.csv"),
    (["db", "backup"], 2, "FILE"),
    (["db", "backup", "{site}/list.csv"], 2, "list.csv"),
    (["db", "backup", "{site}/khong/co.db"], 4, "co.db"),
    (["db", "backup", "{site}/b.db", "--key-to", "{site}/k.key"], 3, "chỗ khác"),
    (["db", "nonsense"], 2, "nonsense"),
    (["completion", "cmd"], 2, "bash"),
    (["completion"], 2, "SHELL"),
    (["demo", "--dry-run"], 2, "--dry-run"),
    (["demo", "--people", "x"], 2, "--people"),
    (["chaos", "--people", "10", "--kills", "1", "--gateway", "magic"], 2, "--gateway"),
    (["twin", "--port", "x"], 2, "--port"),
    (["sms", "measure"], 2, ""),
    (["sms", "measure", "--jsonl", "x"], 2, "--jsonl"),
    (["sms", "count", "x"], 2, "count"),
    (["phone"], 2, ""),
    (["phone", "--jsonl", "x"], 2, "--jsonl"),
    (["init"], 2, "FOLDER"),
    (["init", "{site}"], 2, "trang"),
    (["init", "{site}/moi", "--name", 'a"b'], 2, "nháy"),
    (["areas", "show", "Sao Hoả"], 2, "Sao Hoả"),
    (["--lang"], 2, "--lang"),
    (["--site", "/khong/co/o/day", "areas", "list"], 4, "dispatcher.toml"),
    (["--as", "ai-do", "contacts", "list"], 4, "ai-do"),
]  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One site for the whole table: nothing may change it, so nothing has to be made anew."""
    return _broken_files(build_site(tmp_path_factory.mktemp("bad") / "site"))


@pytest.fixture
def site(make_site):
    return _broken_files(make_site())


def _broken_files(root):
    (root / "bad.xlsx").write_bytes(b"PK\x03\x04 not really")
    (root / "empty.csv").write_bytes(b"")
    (root / "noise.bin").write_bytes(bytes(range(256)) * 8)
    (root / "picture.xlsx").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    (root / "words.csv").write_text("Kính gửi các ông bà\n", encoding="utf-8")
    with zipfile.ZipFile(root / "half.xlsx", "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    (root / "list.csv").write_text("Họ tên,SĐT\nAn,0950000001\n", encoding="utf-8")
    (root / "wrong.csv").write_text("Họ tên,SĐT\nAn,0950000001\nBình,9.1E+08\n", encoding="utf-8")
    return root


def words_of(root, words):
    return [w.replace("{site}", str(root)) for w in words]


def test_the_table_is_long_enough():
    assert len({tuple(words) for words, _, _ in TABLE}) >= 120


@pytest.mark.parametrize(
    "words, code, says", TABLE, ids=lambda v: " ".join(v) if isinstance(v, list) else ""
)
def test_a_wrong_call_is_a_sentence_and_changes_nothing(shared, words, code, says):
    site = shared
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


@pytest.mark.long
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
