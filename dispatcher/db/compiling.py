"""Text of a statement → what a driver takes, compiled once per text and database.

Two kinds of parameters hold more than one value. Each is one construct of SQLAlchemy, compiled by
either database in its own way:

    FROM :rows r      rows with named and typed columns, see `RowsParameter`
    id IN (:ids)      a list of numbers or words, given as `Among`; not among: NOT id IN (:ids)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from dispatcher.domain.problems import Bug

ROWS = "rows"  # the name rows have in a statement
Kinds = tuple[tuple[str, str], ...]  # columns of rows: (name, type as SQL names it)


class Among(NamedTuple):
    """A list as one parameter: `x IN (:name)`. `kind` is the type of its values in SQL."""

    values: Sequence[int] | Sequence[str]
    kind: Literal["bigint", "text"] = "bigint"


class RowsParameter(sa.BindParameter[Any]):
    """Rows to read from, as one item of FROM.

    SQLite unpacks them from JSON; PostgreSQL gets an array per column, which costs it a third.
    `once`: places of columns that are the same in all rows and bound once.
    """

    inherit_cache = False

    def __init__(self, kinds: Kinds, once: frozenset[int]) -> None:
        super().__init__(ROWS, required=True)
        self.kinds, self.once = kinds, once


class ListParameter(sa.BindParameter[Any]):
    """What a value is compared with to be among a list: the operator and the list."""

    inherit_cache = False

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(name, required=True)
        self.kind = kind


@compiles(RowsParameter, "sqlite")
def _rows_from_json(rows: RowsParameter, compiler: SQLCompiler, **kw: Any) -> str:
    each = [name for place, (name, _) in enumerate(rows.kinds) if place not in rows.once]
    columns = []
    for place, (name, _) in enumerate(rows.kinds):
        if place in rows.once:
            value = _bound(compiler, f"once_{place}", kw)
        else:
            value = "value" if len(each) == 1 else f"value ->> {each.index(name)}"
        columns.append(f"{value} AS {name}")
    return f"(SELECT {', '.join(columns)} FROM json_each({_bound(compiler, ROWS, kw)}))"


@compiles(RowsParameter, "postgresql")
def _rows_from_arrays(rows: RowsParameter, compiler: SQLCompiler, **kw: Any) -> str:
    columns, arrays, names = [], [], []
    for place, (name, kind) in enumerate(rows.kinds):
        if place in rows.once:
            columns.append(f"CAST({_bound(compiler, f'once_{place}', kw)} AS {kind}) AS {name}")
            continue
        columns.append(f"{name} AS {name}")
        names.append(name)
        arrays.append(f"CAST({_bound(compiler, f'rows_{place}', kw)} AS {kind}[])")
    source = f"unnest({', '.join(arrays)}) AS u({', '.join(names)})"
    return f"(SELECT {', '.join(columns)} FROM {source})"


@compiles(ListParameter, "sqlite")
def _list_from_json(some: ListParameter, compiler: SQLCompiler, **kw: Any) -> str:
    return f"IN (SELECT value FROM json_each({_bound(compiler, some.key, kw)}))"


@compiles(ListParameter, "postgresql")
def _list_from_array(some: ListParameter, compiler: SQLCompiler, **kw: Any) -> str:
    return f"= ANY(CAST({_bound(compiler, some.key, kw)} AS {some.kind}[]))"


def _bound(compiler: SQLCompiler, name: str, kw: Mapping[str, Any]) -> str:
    """One plain parameter, as this driver writes it."""
    return str(compiler.process(sa.bindparam(name), **kw))


class Compiled(NamedTuple):
    """A statement in the driver's own words; `names`: its parameters where they go by position."""

    words: str
    names: tuple[str, ...] | None


@lru_cache(maxsize=4000)
def compiled(
    sql: str,
    dialect: sa.Dialect,
    lists: tuple[tuple[str, str], ...] = (),
    kinds: Kinds = (),
    once: frozenset[int] = frozenset(),
) -> Compiled:
    """The statement for one database.

    `lists`: parameters that are `Among`, with the type of their values; `kinds` and `once`: of its
    rows, where it has any.
    """
    constructs: list[sa.BindParameter[Any]] = []
    for name, kind in lists:
        if f" NOT IN (:{name})" in sql:
            raise Bug(f"write NOT x IN (:{name})")
        if f" IN (:{name})" in sql:
            sql = sql.replace(f" IN (:{name})", f" :{name}")
            constructs.append(ListParameter(name, kind))
    if kinds:
        constructs.append(RowsParameter(kinds, once))
    text = sa.text(sql)
    if constructs:
        text = text.bindparams(*constructs)
    made = text.compile(dialect=dialect)
    assert isinstance(made, SQLCompiler)
    order = made.positiontup
    return Compiled(str(made), tuple(order) if order is not None else None)


def given_rows(
    rows: Sequence[Sequence[Any]], often: Sequence[int], sqlite: bool
) -> tuple[frozenset[int], dict[str, Any]]:
    """(places of columns bound once, the values of the parameters) for some rows.

    `often`: places of columns that may be alike in all rows and that nothing is found by.
    """
    columns = list(zip(*rows, strict=True))
    once = frozenset(i for i in often if columns[i].count(columns[i][0]) == len(rows))
    each = {i: values for i, values in enumerate(columns) if i not in once}
    given: dict[str, Any]
    if sqlite:
        given = {f"once_{i}": columns[i][0] for i in once}
        alone = next(iter(each.values())) if len(each) == 1 else None
        given[ROWS] = json.dumps(alone or list(zip(*each.values(), strict=True)))
    else:
        given = {f"once_{i}": _as_text(columns[i][0]) for i in once}
        given.update((f"rows_{i}", array(values)) for i, values in each.items())
    return once, given


def given_list(some: Among, sqlite: bool) -> str:
    """A list as the database takes it."""
    return json.dumps(list(some.values)) if sqlite else array(some.values)


def array(values: Iterable[str | int | float | bool | None]) -> str:
    """Values in the form PostgreSQL reads arrays of any kind in. Its driver would look at the type
    of each value again, which takes longer than what the statement does with it."""
    return "{" + ",".join(map(_element, values)) + "}"


def _as_text(value: str | int | float | bool | None) -> str | None:
    return None if value is None else str(value)


def _element(value: str | int | float | bool | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", r"\\").replace('"', r"\"") + '"'
    return str(value)
