"""Ids of rows as a SQLite file gives them, on PostgreSQL: so that worlds of both can be compared.

A sequence of PostgreSQL moves on in a transaction that is rolled back (every preview is), and over
rows that were there already; a file takes the highest id there is, and one more. From the id of a
message follow its reference, its share of the gateways of a step and the jitter of its repeats.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from dispatcher.db.schema import metadata


def as_in_a_file(engine: sa.Engine) -> None:
    """Let every transaction that writes go on from the highest ids there are.

    Only where one transaction is open at a time, as in a world.
    """
    event.listen(engine, "begin", _go_on)


def _go_on(connection: sa.Connection) -> None:
    if connection.info.get("writes"):
        raw: Any = connection.connection.dbapi_connection
        raw.execute(_from_the_highest())


@cache
def _from_the_highest() -> str:
    names = [t.name for t in metadata.sorted_tables if t.autoincrement_column is not None]
    return " UNION ALL ".join(
        f"SELECT setval(pg_get_serial_sequence('{n}', 'id'), COALESCE(MAX(id), 0) + 1, false) "
        f"FROM {n}"
        for n in names
    )
