"""The database from the command line: checked, backed up, restored; copies wake up held."""

import json
import shutil
import sqlite3

import pytest
from conftest import new_postgresql, run_cli
from sqlalchemy import func, select
from walk import crowd, sheet

from dispatcher.db.engines import engine_for
from dispatcher.db.ops.copying import COUNTED_ANEW
from dispatcher.db.schema import metadata


@pytest.fixture
def site(make_site):
    root = make_site()
    sheet(root / "contacts" / "may-to.csv", crowd(10))
    call(root, "contacts", "import", str(root / "contacts"), "--ward", "Máy Tơ")
    return root


def call(root, *words, code=0):
    found = run_cli("--site", str(root), *words)
    assert found.returncode == code, (words, found.stdout, found.stderr)
    return found


@pytest.mark.long
def test_a_backup_is_restored_and_held_until_somebody_says_it_is_the_only_one(site, tmp_path):
    copy = tmp_path / "backup.db"
    call(site, "db", "backup", str(copy))
    assert copy.stat().st_mode & 0o077 == 0
    call(site, "contacts", "import", str(site / "contacts"), "--ward", "Cầu Đất")
    call(site, "db", "restore", str(copy), code=3)
    call(site, "db", "restore", str(copy), "--yes")
    assert len(json.loads(call(site, "contacts", "list", "--json").stdout)) == 10
    call(site, "run", "--once", code=3)
    call(site, "doctor", code=4)
    call(site, "db", "release", code=3)
    call(site, "db", "release", "--i-am-the-only-one")
    call(site, "run", "--once")
    assert list(site.glob("data/*before-restore*"))


def test_a_release_lists_what_it_would_let_go_and_lets_go_what_is_chosen(
    site, tmp_path, site_clock
):
    new_broadcast(site)
    call(site, "db", "backup", str(tmp_path / "noon.db"))
    call(site, "db", "restore", str(tmp_path / "noon.db"), "--yes")
    told = call(site, "db", "release", code=3)
    assert "Giả danh công an" in told.stdout
    assert "--i-am-the-only-one" in told.stderr
    seen = json.loads(
        call(site, "db", "release", "--dry-run", "--json", "--i-am-the-only-one").stdout
    )
    assert (seen["was"], seen["held"], seen["resumed"]) == ("restored", True, [])
    done = json.loads(
        call(site, "db", "release", "--json", "--i-am-the-only-one", "--resume", "1", "--as",
             "qt").stdout
    )  # fmt: skip
    [one] = done["broadcasts"]
    assert {k: one[k] for k in ("id", "queued", "doubtful", "done", "may_have_left")} == {
        "id": 1, "queued": 0, "doubtful": 0, "done": 0, "may_have_left": False,
    }  # fmt: skip
    assert (done["held"], done["resumed"], done["refusals_missing"]) == (False, [1], None)
    call(site, "run", "--once")
    [sent] = json.loads(call(site, "broadcasts", "list", "--json").stdout)
    assert sent["state"] == "done"


def test_a_release_after_a_lost_disk_says_what_nobody_knows(site, tmp_path, monkeypatch):
    monkeypatch.setenv("DISPATCHER_STATE", str(tmp_path / "of another machine"))
    copy = tmp_path / "noon.db"
    with_second = site / "dispatcher.toml"
    text = with_second.read_text("utf-8")
    with_second.write_text(text + '[backup]\nsecond = "../usb"\n', "utf-8")
    call(site, "db", "backup", str(copy))
    [kept] = (tmp_path / "usb").glob("site-*.sealed")
    found = {c["check"]: c for c in json.loads(call(site, "doctor", "--json", code=4).stdout)}
    place = found["second_place"]
    assert "usb" in place["message"]
    assert (place["ok"], place["level"]) == (True, "warn"), "on the same disk as the database"
    for path in site.glob("data/site.db*"):
        path.unlink()
    call(site, "db", "restore", str(copy), "--yes")
    assert "--without-refusals" not in call(site, "db", "release", "--dry-run",
                                            "--i-am-the-only-one").stdout  # fmt: skip
    kept.unlink()
    for path in site.glob("data/site.db*"):
        path.unlink()
    call(site, "db", "restore", str(copy), "--yes")
    told = call(site, "db", "release", "--i-am-the-only-one")
    assert "--without-refusals" in told.stdout
    done = json.loads(call(site, "db", "release", "--without-refusals", "--json").stdout)
    assert done["without_refusals"]
    assert not json.loads(call(site, "db", "release", "--json").stdout)["refusals_missing"]


@pytest.mark.long
def test_a_copied_site_sends_nothing(site, tmp_path):
    call(site, "run", "--once")
    shutil.copytree(site, tmp_path / "copy")
    assert "db release" in call(tmp_path / "copy", "run", "--once", code=3).stderr
    call(site, "run", "--once")


@pytest.mark.long
def test_an_older_file_put_in_place_by_hand_sends_nothing(site, tmp_path):
    call(site, "db", "backup", str(tmp_path / "old.db"))
    call(site, "people", "add", "qt", "--role", "admin")
    call(site, "run", "--once")
    for path in site.glob("data/site.db*"):
        path.unlink()
    shutil.copyfile(tmp_path / "old.db", site / "data" / "site.db")
    call(site, "run", "--once", code=3)


def test_a_backup_under_another_key_is_refused(site, make_site, tmp_path):
    call(site, "db", "backup", str(tmp_path / "a.db"))
    key = site / "data" / "keys" / "site.key"
    key.write_text("00" * 32 + "\n")
    found = call(site, "db", "restore", str(tmp_path / "a.db"), "--yes", code=4)
    assert "Khóa" in found.stderr


@pytest.mark.long
def test_db_check_finds_an_edited_trail_and_a_broken_link(site):
    call(site, "run", "--once")
    assert call(site, "db", "check").returncode == 0
    database = sqlite3.connect(site / "data" / "site.db")
    database.execute("UPDATE trail SET entry = replace(entry, 'imported', 'invented')")
    database.execute("DELETE FROM addresses WHERE id = 1")
    database.commit()
    database.close()
    found = json.loads(call(site, "db", "check", "--json", code=2).stdout)
    assert [f["check"] for f in found if not f["ok"]] == ["links", "trail"]


def test_an_older_database_is_upgraded_after_a_backup(site, tmp_path):
    from alembic import command

    from dispatcher.db.engines import engine_for
    from dispatcher.db.migrate import configured
    from dispatcher.db.versions import HEAD

    for path in site.glob("data/site.db*"):
        path.unlink()
    engine = engine_for(f"sqlite:///{site / 'data' / 'site.db'}")
    with engine.connect() as connection, connection.begin():
        command.upgrade(configured(connection), "0001")
    engine.dispose()
    assert "db upgrade" in call(site, "areas", "list", code=4).stderr
    found = json.loads(call(site, "db", "upgrade", "--json").stdout)
    assert (found["from"], found["to"]) == ("0001", HEAD)
    assert list(site.glob("data/site.db.before-*"))
    call(site, "areas", "list")


def new_broadcast(root):
    """Written, approved and due now; nothing has left yet."""
    for name, role in (("qt", "admin"), ("lan", "officer"), ("minh", "leader")):
        call(root, "people", "add", name, "--role", role, *(["--as", "qt"] if name != "qt" else []))
    made = json.loads(call(root, "broadcasts", "create", "--template", "canh-bao", "--ward",
                           "Máy Tơ", "--route", "sms", "--json", "--as", "lan").stdout)["id"]  # fmt: skip
    for who, words in (("lan", "submit"), ("minh", "approve"), ("lan", "schedule")):
        call(root, "broadcasts", words, str(made), "--as", who, "--yes")


def tables(url):
    """How many rows each table has."""
    engine = engine_for(url)
    with engine.connect() as connection:
        found = {t: connection.scalar(select(func.count()).select_from(t))
                 for t in metadata.sorted_tables}  # fmt: skip
    engine.dispose()
    return {t.name: n for t, n in found.items() if t.name not in ("trail", "site", "workers")
            and t.name not in COUNTED_ANEW}  # fmt: skip


@pytest.mark.long
def test_a_site_moves_to_postgresql_and_back_and_only_the_newest_sends(
    site, tmp_path, postgresql_server, site_clock
):
    new_broadcast(site)
    settings, old = site / "dispatcher.toml", f"sqlite:///{site}/data/site.db"
    server, back = new_postgresql(postgresql_server), f"sqlite:///{tmp_path}/new.db"
    before = tables(old)
    assert before["messages"] == 10 or before["contacts"] == 10
    assert json.loads(call(site, "db", "copy", server, "--yes", "--json").stdout)["rows"] > 50
    assert tables(server) == before == tables(old)
    assert "bị giữ" in call(site, "run", "--once", code=3).stderr, "the old one sends no more"
    call(site, "db", "copy", server, "--yes", code=3)

    text = settings.read_text("utf-8")
    settings.write_text(text.replace("data/site.db", server), "utf-8")
    assert "bị giữ" in call(site, "run", "--once", code=3).stderr, "the new one, until told"
    call(site, "db", "release", "--i-am-the-only-one")
    call(site, "run", "--once")
    [waiting] = json.loads(call(site, "broadcasts", "list", "--json").stdout)
    assert (waiting["state"], waiting["reason"]) == ("held", "restored"), "somebody looks first"
    call(site, "broadcasts", "resume", "1", "--as", "minh")
    call(site, "run", "--once")
    [sent] = json.loads(call(site, "broadcasts", "list", "--json").stdout)
    assert sent["state"] == "done"
    call(site, "db", "check")
    call(
        site, "people", "add", "moi", "--role", "auditor", "--as", "qt"
    )  # numbers go on after the old ones

    half = tables(server)
    call(site, "db", "copy", str(tmp_path / "new.db"), "--yes")
    assert tables(back) == half
    settings.write_text(text.replace("data/site.db", back), "utf-8")
    call(site, "db", "release", "--i-am-the-only-one")
    call(site, "db", "check")
    call(site, "run", "--once")
    assert json.loads(call(site, "broadcasts", "list", "--json").stdout) == [sent]


@pytest.mark.long
def test_a_copy_needs_an_empty_target_and_no_password_on_the_command_line(site, postgresql_server):
    server = new_postgresql(postgresql_server)
    engine = engine_for(server)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (id int)")
    engine.dispose()
    assert "trống" in call(site, "db", "copy", server, "--yes", code=3).stderr
    shown = "postgresql://a:secret@localhost/b"
    assert "secret" not in call(site, "db", "copy", shown, "--yes", code=3).stderr
    call(site, "db", "copy", "mysql://a@b/c", "--yes", code=2)
    call(site, "run", "--once")
