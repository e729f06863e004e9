"""Many new rows at once, with their ids: no work per row that can be done per set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dispatcher.db.database import Tx
from dispatcher.db.scope import Scope

BIG = 50_000  # rows from which on a larger cache pays
CACHE = 128 * 1024  # KiB


@contextmanager
def roomy(tx: Tx, count: int) -> Iterator[None]:
    """While so many rows come in, SQLite keeps more of its indexes in memory."""
    if not tx.is_sqlite or count < BIG:
        yield
        return
    usual = int(tx.value("PRAGMA cache_size"))
    tx.run(f"PRAGMA cache_size = -{CACHE}")
    try:
        yield
    finally:
        tx.run(f"PRAGMA cache_size = {usual}")


def insert_many(
    tx: Tx, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> Sequence[int]:
    """Insert `rows` (values in the order of `columns`); their ids, in order.

    SQLite has one writer, who gives the next ids in a row; PostgreSQL is asked for them before.
    """
    if not rows:
        return ()
    if tx.is_sqlite:
        _run(tx, table, columns, rows, "?")
        last = int(tx.value("SELECT last_insert_rowid()"))
        return range(last - len(rows) + 1, last + 1)
    ids = [
        int(row["id"])
        for row in tx.rows(
            "SELECT nextval(pg_get_serial_sequence(:t, 'id')) AS id FROM generate_series(1, :n)",
            t=table,
            n=len(rows),
        )
    ]
    with_ids = [(i, *row) for i, row in zip(ids, rows, strict=True)]
    _run(tx, table, ["id", *columns], with_ids, "%s")
    return ids


def put_many(tx: Tx, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows whose ids nobody needs."""
    if rows:
        _run(tx, table, columns, rows, "?" if tx.is_sqlite else "%s")


def _run(
    tx: Tx, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], mark: str
) -> None:
    words = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"
    )
    tx.connection.exec_driver_sql(words, [tuple(row) for row in rows])


def found_by(
    tx: Tx, table: str, column: str, wanted: Sequence[bytes], scope: Scope | None = None
) -> dict[bytes, int]:
    """Key → id, of the rows of `table` whose `column` is one of `wanted`."""
    found: dict[bytes, int] = {}
    for start in range(0, len(wanted), 500):
        some: dict[str, Any] = {f"c{i}": key for i, key in enumerate(wanted[start : start + 500])}
        marks = ", ".join(f":{name}" for name in some)
        for row in tx.rows(
            f"SELECT id, {column} AS k FROM {table} WHERE {column} IN ({marks})",
            scope=scope,
            **some,
        ):
            found[bytes(row["k"])] = row["id"]
    return found
