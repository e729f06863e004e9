"""Facts of a ward are reached through a scope: every statement of the code, read with a parser."""

import ast
import re
import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest
from walls import changed_tables, reached_past

import dispatcher.db
from dispatcher.db.checking import changed
from dispatcher.db.schema import metadata
from dispatcher.db.scope import with_walls
from dispatcher.db.statements.register import DIALECTS, statements
from dispatcher.domain import model

DB = Path(dispatcher.db.__file__).parent
REASONS = tomllib.loads((Path(__file__).parent / "unscoped.toml").read_text("utf-8"))["reason"]
ALLOWED = [name for reason in REASONS for name in reason["statements"]]


@cache
def past(dialect):
    """Function → tables it reaches without a scope."""
    found = {}
    for statement in statements(dialect):
        tables = reached_past(statement.sql, dialect)
        if tables:
            found.setdefault(statement.function, set()).update(tables)
    return found


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_statement_is_bound_by_a_scope_or_says_why_not(dialect):
    assert not {name: tables for name, tables in past(dialect).items() if name not in ALLOWED}


def test_what_may_reach_past_the_walls_is_listed_once_and_does():
    assert sorted(ALLOWED) == sorted({name for dialect in DIALECTS for name in past(dialect)})
    assert all(len(reason["why"]) > 20 for reason in REASONS)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM areas a, messages m",
        'SELECT * FROM "messages"',
        "SELECT * FROM main.messages",
        "SELECT * FROM /* every */ messages",
        "SELECT * FROM -- every\n messages",
        "select * from (select * from messages) m",
        "SELECT (SELECT count(*) FROM attempts) FROM visible_messages",
        "SELECT * FROM messages UNION SELECT * FROM visible_messages",
        "UPDATE messages SET state = 'x' WHERE id = 1 AND EXISTS (SELECT 1 FROM visible_messages)",
        "UPDATE messages SET state = 'x' WHERE id = 1 OR id IN (SELECT id FROM visible_messages)",
        "UPDATE messages SET state = 'x' WHERE NOT id IN (SELECT id FROM visible_messages)",
        "DELETE FROM targets WHERE message_id = 5",
        "INSERT INTO attempts (message_id) SELECT message_id FROM targets",
        "SELECT a.* FROM attempts a LEFT JOIN visible_messages m ON m.id = a.message_id",
        "SELECT a.* FROM attempts a CROSS JOIN visible_messages m WHERE a.broadcast_id = 5",
        "SELECT r.* FROM visible_messages m JOIN receipts r ON r.attempt_id > m.id",
        "SELECT x.* FROM visible_messages m JOIN addresses x ON x.carrier = m.carrier",
        "WITH seen AS (SELECT * FROM messages) SELECT * FROM seen",
        "MERGE INTO messages USING x ON 1 = 1 WHEN MATCHED THEN DELETE",
    ],
)
def test_no_spelling_gets_past(dialect, sql):
    assert reached_past(with_walls(sql, whole_site=False), dialect)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a.* FROM attempts a JOIN visible_messages m ON m.id = a.message_id",
        "SELECT a.* FROM visible_messages m, attempts a WHERE m.id = a.message_id AND a.heard > 1",
        "UPDATE messages SET state = 'x' WHERE id = 1 AND id IN (SELECT id FROM visible_messages)",
        "SELECT m.id, (SELECT count(*) FROM attempts a WHERE a.message_id = m.id) "
        "FROM visible_messages m",
        "SELECT r.* FROM visible_messages m JOIN attempts a ON a.message_id = m.id "
        "JOIN receipts r ON r.attempt_id = a.id",
    ],
)
def test_what_hangs_on_what_is_seen_is_bound(dialect, sql):
    assert not reached_past(with_walls(sql, whole_site=False), dialect)


def test_a_wall_written_by_hand_is_none():
    sql = "WITH visible_messages AS (SELECT * FROM messages) SELECT * FROM visible_messages"
    assert reached_past(sql, "sqlite") == {"messages"}


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_what_a_statement_changes_is_found_on_its_way_to_the_driver(dialect):
    """So that no change of contacts, broadcasts, people and so on goes without a note."""
    for statement in statements(dialect):
        seen = changed(statement.sql) & metadata.tables.keys()  # beside words after FOR UPDATE
        assert changed_tables(statement.sql, dialect) & metadata.tables.keys() == seen, statement


# --- words ------------------------------------------------------------------------------------

ENUMS = (
    model.MessageState, model.AttemptState, model.BroadcastState, model.SkipReason,
    model.HeldReason, model.Fault,
)  # fmt: skip
WORDS = {word.value for kind in ENUMS for word in kind}


def literals(path):
    """(line, word) of states and reasons that stand as literals in texts of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for word in re.findall(r"(?:=|<>|IN|THEN|ELSE|,|\()\s*\(?'([a-z_]+)'", node.value):
                if word in WORDS:
                    yield node.lineno, word


@pytest.mark.parametrize(
    "path", [p for p in DB.rglob("*.py") if "migrations" not in p.parts], ids=lambda p: p.stem
)
def test_states_and_reasons_stand_in_sql_as_words_of_their_enums(path):
    """See words.py: a state that is renamed, or is no state at all, cannot hide in a text."""
    assert not list(literals(path))


def test_a_literal_would_be_found(tmp_path):
    file = tmp_path / "a.py"
    file.write_text(
        "SQL = \"SELECT 1 FROM messages WHERE state IN ('queued', 'sending')\"\n", "utf-8"
    )
    assert {word for _, word in literals(file)} == {"queued", "sending"}
    assert issubclass(ENUMS[0], StrEnum)
