"""Which residential groups' heads have passed a broadcast on, as an officer ticked it off."""

from __future__ import annotations

from collections.abc import Collection

from dispatcher.db.compiling import Among
from dispatcher.db.database import Tx
from dispatcher.db.schema import shares as shares_table


def tick(tx: Tx, broadcast_id: int, groups: Collection[int]) -> int:
    """The heads of these residential groups have passed it on; how many are new."""
    known = passed_on(tx, broadcast_id)
    fresh = [g for g in groups if g not in known]
    for group in fresh:
        tx.insert(
            shares_table,
            broadcast_id=broadcast_id,
            residential_group_id=group,
            at=tx.now,
            person_id=tx.actor.person_id,
        )
    tx.note("passed_on", "broadcast", broadcast_id, groups=len(fresh))
    return len(fresh)


def untick(tx: Tx, broadcast_id: int, groups: Collection[int]) -> None:
    """It was a mistake."""
    tx.run(
        "DELETE FROM shares WHERE broadcast_id = :b AND residential_group_id IN (:groups)",
        {"b": broadcast_id, "groups": Among(list(groups))},
    )
    tx.note("not_passed_on", "broadcast", broadcast_id, groups=len(groups))


def passed_on(tx: Tx, broadcast_id: int) -> set[int]:
    rows = tx.rows(
        "SELECT residential_group_id AS g FROM shares WHERE broadcast_id = :b", b=broadcast_id
    )
    return {row["g"] for row in rows}
