"""A whole site from one database to another, SQLite or PostgreSQL, and nothing halfway.

Comes from: one consistent view of the old one.   Goes to: one transaction of the new one.
Never: leaves two databases that may both send.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from dispatcher.db import migrate
from dispatcher.db.engines import engine_for
from dispatcher.db.ops.restored import COPIED
from dispatcher.db.schema import metadata
from dispatcher.db.versions import version_of
from dispatcher.db.words import HELD
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.storable import REPLACED
from dispatcher.i18n import Say

ROWS = 5_000  # at once
COUNTED_ANEW = ("headcounts", "list_changes")  # not copied


def copy_site(
    source: str, target: str, progress: Callable[[int, int], None], hold_old: Callable[[], None]
) -> dict[str, int]:
    """Everything in `source` to an empty `target` (database URLs); rows by table.

    `hold_old` holds the old one, once the new one is complete. Raises Problem target-not-empty,
    copy-differs. The new one is held until a person releases it.
    """
    old, new = engine_for(source), engine_for(target)
    try:
        if version_of(new) is not None or sa.inspect(new).get_table_names():
            raise refused(
                "target-not-empty",
                Say("The target holds data already. Make a new, empty database."),
            )
        migrate.upgrade(new)
        with old.connect() as reader, new.connect() as writer:
            if reader.dialect.name == "postgresql":
                reader = reader.execution_options(isolation_level="REPEATABLE READ")
            writer = writer.execution_options(writes=True)
            with reader.begin(), writer.begin():
                found = _all_tables(reader, writer, progress)
        hold_old()
        return found
    finally:
        old.dispose()
        new.dispose()


def _all_tables(
    reader: sa.Connection, writer: sa.Connection, progress: Callable[[int, int], None]
) -> dict[str, int]:
    tables = [t for t in metadata.sorted_tables if t.name not in COUNTED_ANEW]
    for table in reversed(tables):  # what a migration puts into a new database
        writer.execute(table.delete())
    total = sum(_count(reader, table) for table in tables)
    found, done = {}, 0
    for table in tables:
        digest, count = 0, 0
        for rows in _rows(reader, table):
            _insert(writer, table, rows)
            digest += _digest(rows)
            count += len(rows)
            progress(done + count, total)
        _point_to_themselves(reader, writer, table)
        if (sum(map(_digest, _rows(writer, table))), _count(writer, table)) != (digest, count):
            raise _differs(table)
        go_on_counting(writer, table)
        found[table.name], done = count, done + count
    writer.execute(
        sa.text(
            f"INSERT INTO site (name, value) VALUES ({HELD}, :why) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        ),
        {"why": COPIED},
    )
    return found


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[Sequence[Sequence[Any]]]:
    """Every row, read bit by bit."""
    options = {"stream_results": True, "yield_per": ROWS}
    for part in connection.execute(sa.select(table), execution_options=options).partitions():
        yield [_kept(row) for row in part]


def _kept(row: Sequence[Any]) -> Sequence[Any]:
    """A row as both databases keep it: SQLite took NUL in the words of vendors once."""
    if any(type(value) is str and "\0" in value for value in row):
        return [v.replace("\0", REPLACED) if type(v) is str else v for v in row]
    return row


def _own(table: sa.Table) -> list[sa.Column[Any]]:
    """Columns that point into the same table: set once all its rows are there."""
    return [k.parent for k in table.foreign_keys if k.column.table is table]


def _insert(writer: sa.Connection, table: sa.Table, rows: Iterable[Sequence[Any]]) -> None:
    later = {table.columns.values().index(c) for c in _own(table)}
    given = [[None if i in later else v for i, v in enumerate(row)] for row in rows]
    names = [c.name for c in table.columns]
    if writer.dialect.name == "postgresql":
        driver: Any = writer.connection.driver_connection
        put = [c.type.dialect_impl(writer.dialect).bind_processor(writer.dialect) for c in table.c]
        columns = ", ".join(f'"{n}"' for n in names)
        with (
            driver.cursor() as cursor,
            cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy,
        ):
            for row in given:
                copy.write_row([v if p is None else p(v) for p, v in zip(put, row, strict=True)])
    else:
        writer.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in given])


def _point_to_themselves(reader: sa.Connection, writer: sa.Connection, table: sa.Table) -> None:
    for column in _own(table):
        pairs = reader.execute(
            sa.select(table.c.id.label("i"), column.label("v")).where(column.is_not(None))
        ).mappings()
        update = (
            table.update()
            .where(table.c.id == sa.bindparam("i"))
            .values({column.name: sa.bindparam("v")})
        )
        given = [dict(pair) for pair in pairs]
        if given:
            writer.execute(update, given)


def _digest(rows: Iterable[Sequence[Any]]) -> int:
    """The same for the same rows in any order: the two databases sort text differently."""
    return sum(
        int.from_bytes(hashlib.sha256(repr(tuple(row)).encode()).digest(), "big") for row in rows
    )


def _differs(table: sa.Table) -> Problem:
    return Problem(
        "copy-differs",
        Say("Table {name} did not arrive as it was; nothing is changed.", name=table.name),
        exit_code=4,
    )


def go_on_counting(writer: sa.Connection, table: sa.Table) -> None:
    """New rows get numbers after the old ones."""
    if writer.dialect.name == "postgresql" and "id" in table.c:
        writer.execute(
            sa.text(
                "SELECT setval(s, (SELECT COALESCE(MAX(id), 0) + 1 FROM "
                f"\"{table.name}\"), false) FROM pg_get_serial_sequence(:t, 'id') s "
                "WHERE s IS NOT NULL"
            ),
            {"t": table.name},
        )


def target_url(given: str, *, shown: bool) -> str:
    """A database URL from what a person gives: a URL, or the name of a new SQLite file.

    `shown`: it stood on a command line, where a password must not be. Raises Problem bad-target,
    password-shown.
    """
    text = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", given.strip())
    try:
        url = make_url(text if "://" in text else f"sqlite:///{Path(text).resolve()}")
    except ArgumentError:
        url = None
    if not text or url is None or url.get_backend_name() not in ("postgresql", "sqlite"):
        raise Problem(
            "bad-target",
            Say("The target looks like postgresql://user@host/database or the name of a new file."),
        )
    if url.password and shown:
        raise refused(
            "password-shown",
            Say(
                "A password on the command line can be seen by everybody on this "
                "machine. Use “-” and paste the address, or a ~/.pgpass file."
            ),
        )
    return url.render_as_string(hide_password=False)
