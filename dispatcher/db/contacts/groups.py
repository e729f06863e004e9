"""Groups: named sets of contacts that are not areas (schools, offices, Công an phường)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dispatcher.db.database import Tx
from dispatcher.domain.problems import unknown
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say


def by_key(tx: Tx) -> dict[str, tuple[int, str]]:
    """Groups by normal form: (id, name)."""
    return {
        row["key"]: (row["id"], row["name"]) for row in tx.rows("SELECT id, key, name FROM groups")
    }


def find(tx: Tx, name: str) -> int:
    """A group by its name, diacritics not needed; else a problem with the nearest ones."""
    known = by_key(tx)
    if folded(name) not in known:
        raise unknown(Say("group"), name, [g["name"] for g in list_groups(tx)])
    return known[folded(name)][0]


def list_groups(tx: Tx) -> list[dict[str, Any]]:
    """Every group with how many people of the actor's wards are in it; whoever looks after some
    wards sees groups with people of theirs, and empty ones."""
    mine = "" if tx.actor.wards is None else "HAVING count(c.id) > 0 OR count(m.contact_id) = 0"
    return [
        dict(row)
        for row in tx.rows(
            "SELECT g.id, g.name, count(c.id) AS people "
            "FROM groups g LEFT JOIN group_members m ON m.group_id = g.id "
            "LEFT JOIN visible_contacts c ON c.id = m.contact_id AND c.removed_at IS NULL "
            f"GROUP BY g.id, g.name {mine} ORDER BY g.name",
            scope=tx.scope,
        )
    ]


def of_contact(tx: Tx, contact: int) -> dict[int, str]:
    """The groups somebody is in: id → name."""
    rows = tx.rows(
        "SELECT g.id, g.name FROM group_members m JOIN groups g ON g.id = m.group_id "
        "JOIN visible_contacts c ON c.id = m.contact_id WHERE m.contact_id = :c ORDER BY g.name",
        c=contact,
        scope=tx.scope,
    )
    return {row["id"]: row["name"] for row in rows}


def foreign(tx: Tx, group: int) -> int:
    """How many of a group are not of the actor's wards."""
    return int(
        tx.value(
            "SELECT count(*) FROM group_members m WHERE "
            "m.group_id = :g AND m.contact_id NOT IN (SELECT id FROM visible_contacts)",
            g=group,
            scope=tx.scope,
        )
    )


def ensure(tx: Tx, names: Sequence[str]) -> dict[str, int]:
    """Groups by normal form, new ones made."""
    wanted = {folded(n): n for n in names}
    tx.run(
        "INSERT INTO groups (name, key) VALUES (:n, :k) ON CONFLICT (key) DO NOTHING",
        [{"n": n, "k": k} for k, n in wanted.items()],
    )
    return {key: group for key, (group, _) in by_key(tx).items() if key in wanted}


def join(tx: Tx, pairs: Sequence[tuple[int, int]]) -> int:
    """Put (group, contact) together; how many were new."""
    if not pairs:
        return 0
    rows = [{"g": g, "c": c} for g, c in dict.fromkeys(pairs)]
    before = _count(tx)
    tx.run(
        "INSERT INTO group_members (group_id, contact_id) SELECT :g, c.id FROM visible_contacts c "
        "WHERE c.id = :c ON CONFLICT DO NOTHING",
        rows,
        scope=tx.scope,
    )
    return _count(tx) - before


def _count(tx: Tx) -> int:
    return int(tx.value("SELECT count(*) FROM group_members"))


def leave(tx: Tx, group: int, contacts: Sequence[int]) -> int:
    """Take contacts out of a group; how many were in it."""
    before = _count(tx)
    tx.run(
        "DELETE FROM group_members WHERE group_id = :g AND contact_id = :c "
        "AND contact_id IN (SELECT id FROM visible_contacts)",
        [{"g": group, "c": c} for c in contacts],
        scope=tx.scope,
    )
    return before - _count(tx)


def remove(tx: Tx, group: int) -> None:
    """A group is gone; its people stay."""
    tx.run("DELETE FROM group_members WHERE group_id = :g", {"g": group})
    tx.run("DELETE FROM groups WHERE id = :g", {"g": group})
