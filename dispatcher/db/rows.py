"""Statements over many rows at once: one round, whatever the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import sqlalchemy as sa

from dispatcher.db.compiling import Among, Kinds, given_rows
from dispatcher.db.database import Row, Tx, plain
from dispatcher.db.scope import Scope


def on_ids(
    tx: Tx, sql: str, ids: Sequence[int], *, scope: Scope | None = None, **parameters: Any
) -> Sequence[Any]:
    """Run one statement over the rows `… id IN (:ids)`; what it returns, as plain tuples."""
    if not ids:
        return []
    result = tx.run(sql, {"ids": Among(ids), **parameters}, scope=scope)
    return plain(result) if result.returns_rows else []


def on_rows(
    tx: Tx,
    sql: str,
    kinds: Mapping[str, str],
    rows: Sequence[Sequence[Any]],
    *,
    often_alike: Collection[str] = (),
    scope: Scope | None = None,
    **parameters: Any,
) -> list[Row]:
    """Run one set-based statement over `rows`, which stand in it as `FROM :rows r`; what it
    returns, if anything.

    `kinds`: their columns in order, with the types SQL knows. `often_alike`: columns that nothing
    is found by. One of them that is the same in all rows is bound once, since taking it out of each
    row costs as much as writing it. Not for others: an index on such a value would be walked for
    all that have it.
    """
    if not rows:
        return []
    result = _run_on_rows(tx, sql, kinds, rows, often_alike, scope, parameters)
    return cast(list[Row], list(result.mappings())) if result.returns_rows else []


def tuples(
    tx: Tx,
    sql: str,
    kinds: Mapping[str, str],
    rows: Sequence[Sequence[Any]],
    *,
    often_alike: Collection[str] = (),
    scope: Scope | None = None,
    **parameters: Any,
) -> Sequence[Any]:
    """`on_rows` for wide rows in the send loop: plain tuples, several times cheaper."""
    if not rows:
        return []
    return plain(_run_on_rows(tx, sql, kinds, rows, often_alike, scope, parameters))


def _run_on_rows(
    tx: Tx,
    sql: str,
    kinds: Mapping[str, str],
    rows: Sequence[Sequence[Any]],
    often_alike: Collection[str],
    scope: Scope | None,
    parameters: Mapping[str, Any],
) -> sa.CursorResult[Any]:
    columns = tuple(kinds.items())
    often = _places(columns, frozenset(often_alike)) if often_alike else ()
    once, given = given_rows(rows, often, tx.is_sqlite)
    return tx.run(sql, {**given, **parameters}, scope=scope, kinds=columns, once=once)


@lru_cache(maxsize=100)
def _places(columns: Kinds, names: frozenset[str]) -> tuple[int, ...]:
    """Where some columns stand."""
    return tuple(place for place, (name, _) in enumerate(columns) if name in names)


def by_ids(tx: Tx) -> None:
    """For the rest of this transaction PostgreSQL finds the rows of `on_rows` by their indexes.

    It cannot know how few rows come, and otherwise walks a whole table for a batch of messages, or
    plans every statement anew, which takes longer than running it. SQLite needs no telling.
    """
    if not tx.is_sqlite:
        tx.run(f"SELECT {_BY_IDS}")


_BY_IDS = ", ".join(
    f"set_config('{name}', '{value}', true)"
    for name, value in (
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("plan_cache_mode", "force_generic_plan"),
    )
)


def locking(tx: Tx) -> str:
    """For rows taken from a queue: PostgreSQL skips what another worker is taking just now."""
    return "" if tx.is_sqlite else " FOR UPDATE SKIP LOCKED"


def has_key(tx: Tx, column: str, key: str) -> str:
    """The condition that the JSON object in a column of text has a key."""
    if tx.is_sqlite:
        return f"json_type({column}, '$.{key}') IS NOT NULL"
    return f"CAST({column} AS jsonb) -> '{key}' IS NOT NULL"


def chosen(tx: Tx, select: str) -> str:
    """`id` among the chosen rows; on PostgreSQL as an array, so that it is evaluated once."""
    return f"id IN ({select})" if tx.is_sqlite else f"id = ANY(ARRAY({select}))"
