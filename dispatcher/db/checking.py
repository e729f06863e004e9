"""A look at each statement on its way to the driver: what it changes, and whose it seems to be.

Both are read by regular expression, once per text. What is changed is proved for every statement of
the code by a test. As to wards it is a net under the transactions of people and no wall: odd
spellings get past it. The wall is `tests/house/test_walls.py`, which reads every statement of the
code with a parser.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from dispatcher.db.schema import SCOPED
from dispatcher.domain.problems import Bug

_CHANGES = re.compile(
    r"\b(?:insert\s+(?:or\s+\w+\s+)?into|update|delete\s+from)\s+\"?(\w+)", re.IGNORECASE
)
_DELETES = re.compile(r"\bdelete\s+from\s+(\w+)", re.IGNORECASE)
_READS = {
    name: re.compile(
        rf"\b(?:from|join)\s+\"?{name}\b|,\s*{name}\s+(?:as\b|where\b|$)", re.IGNORECASE
    )
    for name in SCOPED
}


@lru_cache(maxsize=4000)
def changed(sql: str) -> frozenset[str]:
    return frozenset(name.lower() for name in _CHANGES.findall(sql))


@lru_cache(maxsize=4000)
def looks_unscoped(sql: str) -> str | None:
    """A table of a ward that a statement seems to reach past its scope, or None."""
    reads = _DELETES.sub(r"delete \1", sql)
    for name in SCOPED:
        through = len(re.findall(rf"\bvisible_{name} AS \(", sql))
        if len(_READS[name].findall(reads)) > through:
            return name
        if re.search(rf"\b(?:update|delete)\s+{name}\b", reads, re.IGNORECASE) and not through:
            return name
    return None


def watch(
    connection: sa.Connection,
    cursor: Any,
    statement: str,
    parameters: Any,
    context: Any,
    many: bool,
) -> None:
    check(connection.info, statement)


def check(notes: dict[Any, Any], statement: str) -> None:
    """Keep in mind what a statement changes, on its way to the driver; refuse what may not be."""
    if notes.get("writes"):
        notes["touched"] |= changed(statement)
    elif changed(statement) and "touched" in notes:
        raise Bug("a reading transaction may not change anything")
    if notes.get("scoped") and (name := looks_unscoped(statement)):
        raise Bug(f"{name} reached without visible_{name}")
