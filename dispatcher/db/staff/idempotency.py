"""What a program asked for under a key of its own: asked again within a week, it is answered again
and nothing is made twice."""

from __future__ import annotations

from datetime import timedelta

from dispatcher.db.database import Tx, at
from dispatcher.db.ops import settings

LIFE = timedelta(days=7)  # after that a key may be used for something else


def earlier_answer(tx: Tx, name: str) -> tuple[str, int] | None:
    """(digest of what was asked, what was made) under a key; None once it has expired."""
    kept = settings.get(tx, _PREFIX + name)
    if kept is None or kept.count(":") != 2:
        return None
    when, asked, made = kept.split(":")
    return (asked, int(made)) if when >= _moment(tx) else None


def keep_answer(tx: Tx, name: str, asked: str, made: int) -> None:
    """Remember what was asked under a key, and what was made of it."""
    settings.put(tx, _PREFIX + name, f"{at(tx.now):020d}:{asked}:{made}")


def forget_old(tx: Tx) -> int:
    """Chore: keys that have expired go; how many that were."""
    return tx.run(
        "DELETE FROM site WHERE name LIKE 'idempotency:%' AND value < :oldest",
        {"oldest": _moment(tx)},
    ).rowcount


_PREFIX = "idempotency:"


def _moment(tx: Tx) -> str:
    """The oldest moment that still counts, as the values begin: digits that sort like numbers."""
    return f"{at(tx.now - LIFE):020d}"
