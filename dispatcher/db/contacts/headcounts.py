"""How many people are on the lists of each ward and residential group, for pages that say so.

The worker counts a large site once after its lists have changed (`count`); a trigger of the
database leaves a mark with every change, so that what was kept is read only while it is true.
"""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.db.database import Tx

Headcounts = Mapping[int, Mapping[int | None, int]]  # ward → residential group (None: in none) → n

COUNTED = (
    "SELECT ward_id, COALESCE(residential_group_id, 0) AS place, count(*) AS people "
    "FROM visible_contacts WHERE removed_at IS NULL AND kind <> 'tester' "
    "GROUP BY ward_id, residential_group_id"
)


def people_by_place(tx: Tx) -> Headcounts:
    """People by ward and residential group, of the wards that are seen."""
    if is_stale(tx):
        rows = tx.rows(f"{COUNTED}", scope=tx.scope)
    else:
        rows = tx.rows("SELECT ward_id, place, people FROM visible_headcounts", scope=tx.scope)
    found: dict[int, dict[int | None, int]] = {}
    for row in rows:
        found.setdefault(row["ward_id"], {})[row["place"] or None] = row["people"]
    return found


def is_stale(tx: Tx) -> bool:
    """Lists have changed since they were counted."""
    return tx.one("SELECT 1 FROM list_changes LIMIT 1") is not None


def count(tx: Tx) -> None:
    """Count again. Marks go first: a change that is stored meanwhile leaves its own.

    Of several workers one counts at a time.
    """
    if not tx.is_sqlite:
        tx.run("SELECT pg_advisory_xact_lock(741853)")
    tx.run("DELETE FROM list_changes")
    tx.run("DELETE FROM headcounts")
    tx.run(f"INSERT INTO headcounts (ward_id, place, people) {COUNTED}", scope=tx.scope)
