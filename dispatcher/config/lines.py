"""On which line of a TOML file each key stands: `lines(text)["routes", "sms", "steps", 0]`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

Where = tuple[str | int, ...]


def nearest(known: Mapping[Where, int], path: Where) -> int:
    """The line of a key, or of the nearest table or value around it."""
    while path and path not in known:
        path = path[:-1]
    return known.get(path, 1)


def lines(text: str) -> dict[Where, int]:
    """Every key and list entry of a document that can be read, with its first line."""
    found: dict[Where, int] = {}
    counts: dict[Where, int] = {}  # of [[tables]]
    table: Where = ()
    for first, statement in _statements(text.splitlines()):
        values = tomllib.loads("\n".join(statement))
        heading = statement[0].lstrip().startswith("[")
        if heading:
            table = _table(values, counts)
            for end in range(1, len(table) + 1):
                found.setdefault(table[:end], first)
        else:
            for path in _paths(values):
                at = first + _further(statement, path)
                found.setdefault((*table, *path), at)
    return found


def _statements(rows: list[str]) -> Iterator[tuple[int, list[str]]]:
    """(first line, lines) of each heading and each `key = value`, which may take several lines."""
    first = 1
    gathered: list[str] = []
    for number, row in enumerate(rows, 1):
        if not gathered and (not row.strip() or row.lstrip().startswith("#")):
            continue
        first = first if gathered else number
        gathered.append(row)
        if _is_whole(gathered):
            yield first, gathered
            gathered = []


def _is_whole(rows: list[str]) -> bool:
    try:
        tomllib.loads("\n".join(rows))
    except tomllib.TOMLDecodeError:
        return False
    return True


def _table(values: Mapping[str, Any], counts: dict[Where, int]) -> Where:
    """The path of a heading; in a list of tables that of the last one it began or goes on with."""
    path: Where = ()
    inner: Any = values
    while inner:
        if isinstance(inner, list):
            counts[path] = counts.get(path, 0) + 1
            return (*path, counts[path] - 1)
        key = next(iter(inner))
        path = (*path, key)
        inner = inner[key]
        if path in counts and not isinstance(inner, list):
            path = (*path, counts[path] - 1)
    return path


def _paths(values: Any, head: Where = ()) -> Iterator[Where]:
    """Every path in a value, outermost first."""
    inside = values.items() if isinstance(values, Mapping) else enumerate(values)
    for key, value in inside:
        yield (*head, key)
        if isinstance(value, Mapping | list):
            yield from _paths(value, (*head, key))


def _further(statement: list[str], path: Where) -> int:
    """How many lines below the first an entry of a list stands that takes several lines."""
    places = [i for i, p in enumerate(path) if isinstance(p, int)]
    if len(statement) == 1 or not places:
        return 0
    head, index = path[: places[0]], path[places[0]]
    for end in range(1, len(statement) + 1):
        for close in ("", "]", "}]"):
            try:
                value: Any = tomllib.loads("\n".join(statement[:end]) + "\n" * bool(close) + close)
            except tomllib.TOMLDecodeError:
                continue
            for key in head:
                value = value[key]
            if len(value) > int(index):
                return end - 1
    return 0
