"""Every statement of the code, as it is printed for people, is one its database takes."""

import subprocess
import sys

import pytest
import sqlalchemy as sa

from dispatcher.db.statements.layout import laid_out
from dispatcher.db.statements.register import POSTGRESQL, SQLITE, statements

# They ask about or tell the database itself: it plans nothing for them.
PLANNED_FOR = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
BESIDE = ("ops.copying", "ops.fresh", "migrate")  # of a database that is being made


def explained(app):
    """(name, what is wrong with it) of statements the database does not take."""
    dialect = SQLITE if app.store.is_sqlite else POSTGRESQL
    explain = "EXPLAIN QUERY PLAN" if app.store.is_sqlite else "EXPLAIN"
    wrong, count, found = [], 0, statements(dialect)
    with app.store._engine.connect() as connection:
        for made in (s for s in found if "CREATE TEMPORARY" in s.sql):
            connection.exec_driver_sql(made.sql)
        for statement in found:
            text = laid_out(statement.sql)
            if not text.startswith(PLANNED_FOR) or statement.name.startswith(BESIDE):
                continue
            count += 1
            try:
                with connection.begin_nested():
                    given = dict.fromkeys(statement.parameters)
                    connection.execute(sa.text(f"{explain} {text}"), given)
            except sa.exc.DBAPIError as error:
                wrong.append((statement.name, str(error.orig), text))
        connection.rollback()
    return wrong, count


def test_each_printed_statement_is_taken_by_its_database(app):
    wrong, count = explained(app)
    assert not wrong, "\n\n".join("\n".join(w) for w in wrong)
    assert count > 500


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL])
def test_laying_out_changes_no_word(dialect):
    for statement in statements(dialect):
        assert laid_out(statement.sql).split() == laid_out(laid_out(statement.sql)).split()
        tight = "".join(statement.sql.split())
        assert "".join(laid_out(statement.sql).split()) == tight, statement.name


def test_one_command_prints_them():
    asked = [sys.executable, "-m", "dispatcher.db.statements", "queue.messages.due"]
    sqlite = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert sqlite.startswith("-- queue.messages.due\n-- parameters: :b, :g, :now")
    assert "WHERE broadcast_id = :b AND gateway = :g AND state = 'queued'" in sqlite
    asked += ["--dialect", POSTGRESQL]
    assert "SKIP LOCKED" in subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    asked[3] = "queue.messages.nothing"
    assert subprocess.run(asked, capture_output=True, check=False).returncode == 1
