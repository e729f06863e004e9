"""Which database this is: a server in trouble is not taken for another one."""

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from dispatcher.broadcasts.app import database_file
from dispatcher.db.ops import identity
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
