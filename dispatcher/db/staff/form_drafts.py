"""What somebody has typed into a form and not saved yet: sealed, theirs alone, for a month."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dispatcher.db.database import Tx
from dispatcher.db.schema import micros as at
from dispatcher.db.schema import moment

KEPT_FOR = timedelta(days=30)
MOST = 100_000  # characters
Form = Mapping[str, Sequence[str]]


def keep_draft(tx: Tx, person_id: int, form: str, values: Form) -> None:
    """Remember a form (its address) as it stands; what is older than a month goes."""
    text = json.dumps({name: list(given) for name, given in values.items()}, ensure_ascii=False)
    if len(text) > MOST:
        return
    tx.run(
        "INSERT INTO kept_forms (person_id, form, sealed, at) VALUES (:p, :f, :s, :now) "
        "ON CONFLICT (person_id, form) DO UPDATE SET sealed = excluded.sealed, at = excluded.at",
        {"p": person_id, "f": form, "s": tx.sealer.seal(text), "now": at(tx.now)},
    )
    tx.run("DELETE FROM kept_forms WHERE at < :old", {"old": at(tx.now - KEPT_FOR)})


def kept_draft(tx: Tx, person_id: int, form: str) -> tuple[Form, datetime] | None:
    """A form as it was left, and when."""
    row = tx.one(
        "SELECT sealed, at FROM kept_forms WHERE person_id = :p AND form = :f",
        p=person_id,
        f=form,
    )
    return (json.loads(tx.sealer.open(row["sealed"])), moment(row["at"])) if row else None


def list_drafts(tx: Tx, person_id: int) -> list[tuple[str, datetime]]:
    """The forms of somebody, newest first."""
    rows = tx.rows(
        "SELECT form, at FROM kept_forms WHERE person_id = :p ORDER BY at DESC", p=person_id
    )
    return [(row["form"], moment(row["at"])) for row in rows]


def forget_draft(tx: Tx, person_id: int, form: str) -> None:
    """It was saved, or is not wanted."""
    tx.run("DELETE FROM kept_forms WHERE person_id = :p AND form = :f", {"p": person_id, "f": form})
