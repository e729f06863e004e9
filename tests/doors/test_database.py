"""The database from the command line: checked, backed up, restored; copies wake up held."""

import json
import shutil
import sqlite3

import pytest
from conftest import run_cli
from walk import crowd, sheet


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


def test_a_copied_site_sends_nothing(site, tmp_path):
    call(site, "run", "--once")
    shutil.copytree(site, tmp_path / "copy")
    assert "db release" in call(tmp_path / "copy", "run", "--once", code=3).stderr
    call(site, "run", "--once")


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

    from dispatcher.store.database import HEAD, engine_for
    from dispatcher.store.migrate import configured

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
