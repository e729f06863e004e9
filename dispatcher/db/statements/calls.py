"""Which calls run a statement, and where its words stand in them."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dispatcher.db.statements.unknown import UNREAD, Unknown

_ON_TX = {"rows", "one", "value", "taken", "run", "insert"}
_WITH_TX = {"on_rows", "tuples", "on_ids", "insert_many", "put_many"}
_DRIVER = {"exec_driver_sql"}
_QUOTER = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]


def sql_of(call: ast.Call) -> ast.expr | None:
    """The words of the statement that this call runs; None for any other call."""
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="tx") | ast.Attribute(attr="_tx"), attr=name),
            args=[sql, *_],
        ) if name in _ON_TX:
            return sql
        case ast.Call(func=ast.Attribute(attr=name), args=[sql, *_]) if name in _DRIVER:
            return sql
        case ast.Call(func=ast.Attribute(value=ast.Name(id="sa"), attr="text"), args=[sql]):
            return sql
        case ast.Call(func=ast.Name(id=name), args=[_, sql, *_]) if name in _WITH_TX:
            return sql
    return None


def kinds_of(call: ast.Call) -> ast.expr | None:
    """The columns of the rows this call runs its statement over."""
    match call:
        case ast.Call(func=ast.Name(id="on_rows" | "tuples"), args=[_, _, kinds, *_]):
            return kinds
    return None


def columns_of(call: ast.Call) -> ast.expr | None:
    """The columns of the new rows this call writes."""
    match call:
        case ast.Call(func=ast.Name(id="insert_many" | "put_many"), args=[_, _, columns, *_]):
            return columns
    return None


def as_text(call: ast.Call, sql: Any, columns: Sequence[Any] | None) -> str:
    """The statement as text: what writes whole rows is written out."""
    if columns is not None:
        return _insert(str(sql), [str(column) for column in columns])
    if isinstance(sql, sa.Table):
        return _insert(sql.name, [word.arg for word in call.keywords if word.arg])
    if isinstance(sql, sa.Insert) and isinstance(sql.table, sa.Table):
        return _insert(sql.table.name, [column.name for column in sql.table.columns])
    if isinstance(sql, Unknown):
        return UNREAD
    return sql if isinstance(sql, str) else str(sql)


def _insert(table: str, columns: Sequence[str]) -> str:
    marks = ", ".join(f":{column}" for column in columns)
    named = ", ".join(_QUOTER.quote(column) for column in columns)
    return f"INSERT INTO {table} ({named}) VALUES ({marks})"


def lists_of_words(call: ast.Call) -> frozenset[str]:
    """Parameters of this call that are lists of words and not of numbers."""
    pairs: list[tuple[object, ast.expr]] = [(k.arg, k.value) for k in call.keywords]
    for node in ast.walk(call):
        if isinstance(node, ast.Dict):
            keys = [k.value if isinstance(k, ast.Constant) else None for k in node.keys]
            pairs += zip(keys, node.values, strict=True)
    found = set()
    for name, value in pairs:
        match value:
            case ast.Call(func=ast.Name(id="Among"), args=[_, ast.Constant(value="text")]):
                found.add(str(name))
    return frozenset(found)


def is_scoped(call: ast.Call) -> bool:
    """True when the call hands a scope to its statement."""
    return any(word.arg == "scope" for word in call.keywords)
