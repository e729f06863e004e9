"""What a statement may see: the wards of whoever acts, handed to it as an argument.

Statements read and change facts of wards through `visible_messages`, `visible_contacts` and so on.
What these names mean is written before the statement, from the scope it is given; without one the
database knows no such table. `tests/house/test_walls.py` reads every statement with a parser: what
holds facts of a ward is reached through these names, or the statement is in a list with its reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dispatcher.db.compiling import Among
from dispatcher.db.schema import SCOPED

WARDS = "scope_wards"  # the parameters of a scope that is not the whole site
PERSON = "scope_person"

_OF_WARDS = "ward_id IN (:scope_wards)"
_CONDITIONS = dict.fromkeys(sorted(SCOPED), _OF_WARDS) | {
    "broadcasts": f"id IN (SELECT broadcast_id FROM broadcast_wards WHERE {_OF_WARDS}) "
    "OR created_by = :scope_person"
}
_VISIBLE = re.compile(rf"\bvisible_({'|'.join(sorted(SCOPED))})\b")


@dataclass(frozen=True)
class Scope:
    """Wards by id (None: the whole site), and the person whose own broadcasts are seen anywhere."""

    wards: frozenset[int] | None = None
    person: int | None = None

    def parameters(self) -> dict[str, Any]:
        """The values a statement needs that is read with this scope."""
        if self.wards is None:
            return {}
        return {WARDS: Among(sorted(self.wards)), PERSON: self.person or -1}


@lru_cache(maxsize=2000)
def with_walls(sql: str, whole_site: bool) -> str:
    """The statement with what the `visible_…` in it mean before it."""
    walls = ", ".join(
        f"visible_{name} AS (SELECT * FROM {name}"
        f"{'' if whole_site else f' WHERE {_CONDITIONS[name]}'})"
        for name in sorted(set(_VISIBLE.findall(sql)))
    )
    if not walls:
        return sql
    return f"WITH {walls}, {sql[5:]}" if sql.startswith("WITH ") else f"WITH {walls} {sql}"
