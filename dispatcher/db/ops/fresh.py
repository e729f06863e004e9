"""A new, empty database on a PostgreSQL server where another one lies already.

Comes from: `chaos`.   Goes to: the server.   Never: touches a database it did not make.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from dispatcher.db.engines import engine_for


class CannotMake(Exception):
    """The server does not let us."""


def make_beside(url: str, prefix: str, like: str = "") -> str:
    """The URL of a new database beside that of `url`. Raises CannotMake.

    `like`: the URL of one beside it of which it is a copy; nobody may be connected to that.
    """
    name = f"{prefix}_{secrets.token_hex(6)}"
    template = f' TEMPLATE "{make_url(like).database}" STRATEGY FILE_COPY' if like else ""
    try:
        _say(url, f'CREATE DATABASE "{name}"{template}')
    except sa.exc.DBAPIError as error:
        raise CannotMake(str(error.orig).strip()) from None
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def drop(url: str, beside: str) -> None:
    """Drop a database that `make_beside` made beside that of another URL."""
    _say(beside, f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')


def _say(url: str, statement: str) -> None:
    engine = engine_for(url)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
    finally:
        engine.dispose()
