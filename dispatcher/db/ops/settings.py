"""Facts about the database itself."""

from __future__ import annotations

from dispatcher.db.database import Tx


def get(tx: Tx, name: str) -> str | None:
    value = tx.value("SELECT value FROM site WHERE name = :name", name=name)
    return None if value is None else str(value)


def put(tx: Tx, name: str, value: str) -> None:
    tx.run(
        "INSERT INTO site (name, value) VALUES (:name, :value) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        {"name": name, "value": value},
    )


def starting(tx: Tx, prefix: str) -> dict[str, str]:
    """What is left of each name after `prefix` → its value."""
    rows = tx.rows(
        "SELECT name, value FROM site WHERE substr(name, 1, :n) = :p", n=len(prefix), p=prefix
    )
    return {row["name"][len(prefix) :]: row["value"] for row in rows}


def can_be_written(tx: Tx) -> None:
    """Change nothing, as a statement that writes: fails where the database refuses writing."""
    tx.run("UPDATE site SET value = value WHERE name = ''")
