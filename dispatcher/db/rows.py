"""Statements over many rows at once: one round, whatever the database.

SQLite unpacks JSON, PostgreSQL arrays; both find what they change by its id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import sqlalchemy as sa

from dispatcher.db.database import Tx
from dispatcher.db.statements import Ran, Row, plain


def json_rows(columns: Mapping[str, str], often_alike: Collection[str] = ()) -> str:
    """A FROM item made of the rows given to `on_rows`; types are SQL's, per column.

    SQLite unpacks them from JSON; PostgreSQL gets an array per column, which costs it a third.
    `often_alike`: columns that nothing is found by. One of them that is the same in all rows is
    bound once, since taking it out of each row costs as much as writing it. Not for others: an
    index on such a value would be walked for all that have it.
    """
    assert set(often_alike) < columns.keys()
    return f"/*json_rows {json.dumps(columns)} {json.dumps(sorted(often_alike))}*/"


_JSON_ROWS = re.compile(r"/\*json_rows (\{.*?\}) (\[.*?\])\*/")


@lru_cache(maxsize=1000)
def _often_alike(sql: str) -> tuple[int, ...]:
    """The places of those columns."""
    found = _JSON_ROWS.search(sql)
    assert found is not None
    names = set(json.loads(found[2]))
    return tuple(i for i, name in enumerate(json.loads(found[1])) if name in names)


@lru_cache(maxsize=2000)
def _expanded(sql: str, sqlite: bool, once: frozenset[int]) -> str:
    """The statement for rows of which the columns `once` are bound once."""

    def table(found: re.Match[str]) -> str:
        columns: dict[str, str] = json.loads(found[1])
        each = [name for i, name in enumerate(columns) if i not in once]
        chosen, arrays = [], []
        for i, (name, kind) in enumerate(columns.items()):
            if i in once:
                value = f":once_{i}" if sqlite else f"CAST(:once_{i} AS {kind})"
            elif sqlite:
                value = "value" if len(each) == 1 else f"value ->> {each.index(name)}"
            else:
                value = name
                arrays.append(f"CAST(:rows_{i} AS {kind}[])")
            chosen.append(f"{value} AS {name}")
        source = "json_each(:rows)"
        if not sqlite:
            source = f"unnest({', '.join(arrays)}) AS u({', '.join(each)})"
        return f"(SELECT {', '.join(chosen)} FROM {source})"

    return _JSON_ROWS.sub(table, sql)


def on_ids(tx: Tx, sql: str, ids: Sequence[int], **parameters: Any) -> Sequence[Any]:
    """Run one statement over the rows `… id IN (:ids)`; what it returns, as plain tuples."""
    if not ids:
        return []
    if tx.is_sqlite:
        among, bound = "IN (SELECT value FROM json_each(:ids))", json.dumps(ids)
    else:
        among, bound = "= ANY(CAST(:ids AS bigint[]))", array(ids)
    result = tx.run(sql.replace("IN (:ids)", among), {"ids": bound, **parameters})
    return plain(result) if result.returns_rows else []


def on_rows(tx: Tx, sql: str, rows: Sequence[Sequence[Any]], **parameters: Any) -> list[Row]:
    """Run one set-based statement over `rows` (see `json_rows`); what it returns, if anything."""
    if not rows:
        return []
    result = _run_on_rows(tx, sql, rows, parameters)
    return cast(list[Row], list(result.mappings())) if result.returns_rows else []


def tuples(tx: Tx, sql: str, rows: Sequence[Sequence[Any]], **parameters: Any) -> Sequence[Any]:
    """`on_rows` for wide rows in the send loop: plain tuples, several times cheaper."""
    if not rows:
        return []
    return plain(_run_on_rows(tx, sql, rows, parameters))


def _run_on_rows(
    tx: Tx, sql: str, rows: Sequence[Sequence[Any]], parameters: Mapping[str, Any]
) -> sa.CursorResult[Any] | Ran:
    columns = list(zip(*rows, strict=True))
    often = _often_alike(sql)
    once = frozenset(i for i in often if columns[i].count(columns[i][0]) == len(rows))
    each = {i: values for i, values in enumerate(columns) if i not in once}
    given: dict[str, Any]
    if tx.is_sqlite:
        given = {f"once_{i}": columns[i][0] for i in once}
        alone = next(iter(each.values())) if len(each) == 1 else None
        given["rows"] = json.dumps(alone or list(zip(*each.values(), strict=True)))
    else:
        given = {f"once_{i}": _text(columns[i][0]) for i in once}
        given.update((f"rows_{i}", array(values)) for i, values in each.items())
    return tx.run(_expanded(sql, tx.is_sqlite, once), {**given, **parameters})


def array(values: Iterable[str | int | float | bool | None]) -> str:
    """Values in the form PostgreSQL reads arrays of any kind in. Its driver would look at the type
    of each value again, which takes longer than what the statement does with it."""
    return "{" + ",".join(map(_element, values)) + "}"


def _text(value: str | int | float | bool | None) -> str | None:
    return None if value is None else str(value)


def _element(value: str | int | float | bool | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", r"\\").replace('"', r"\"") + '"'
    return str(value)


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


def chosen(tx: Tx, select: str) -> str:
    """`id` among the chosen rows; on PostgreSQL as an array, so that it is evaluated once."""
    return f"id IN ({select})" if tx.is_sqlite else f"id = ANY(ARRAY({select}))"
