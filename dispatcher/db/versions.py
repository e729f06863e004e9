"""At which migration a database is."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from dispatcher.db.database_problems import as_problem

HEAD = "0016"  # the newest migration; a test compares it with alembic's


def version_of(engine: sa.Engine) -> str | None:
    """The migration a database is at; None for an empty one. Trouble is a problem."""
    try:
        with engine.connect() as connection:
            return _version(connection)
    except DBAPIError as error:
        raise as_problem(error) from error


_HAS_VERSION = {
    True: "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'",
    False: "SELECT to_regclass('alembic_version')",
}


def _version(connection: sa.Connection) -> str | None:
    is_sqlite = connection.dialect.name == "sqlite"
    if connection.exec_driver_sql(_HAS_VERSION[is_sqlite]).scalar() is None:
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
