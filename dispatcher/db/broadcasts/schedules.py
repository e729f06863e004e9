"""Schedules and their occurrences; one firing exactly once, whoever ticks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dispatcher.db.database import Tx, at
from dispatcher.db.schema import schedules as schedules_table
from dispatcher.db.words import APPROVED, APPROVER_LEFT, DRAFT, LEADER, PAUSED
from dispatcher.domain.problems import refused
from dispatcher.i18n import Say

MOVES = {
    "draft": {"submitted"},
    "submitted": {"approved", "returned"},
    "returned": {"submitted"},
    "approved": {"paused", "submitted", "ended"},
    "paused": {"approved", "submitted", "ended"},
    "ended": {"submitted"},
}


def get(tx: Tx, name: str) -> Mapping[str, Any] | None:
    return tx.one("SELECT * FROM schedules WHERE name = :n", n=name)


def list_schedules(tx: Tx) -> dict[str, Mapping[str, Any]]:
    return {row["name"]: row for row in tx.rows("SELECT * FROM schedules ORDER BY name")}


def keep(tx: Tx, name: str, digest: str, source: str) -> None:
    """Remember a schedule file; an edited one is a draft again."""
    row = get(tx, name)
    if row is None:
        tx.insert(schedules_table, name=name, state="draft", digest=digest, source=source)
        tx.note("seen", "schedule", name)
    elif row["digest"] != digest:
        tx.run(
            f"UPDATE schedules SET digest = :d, source = :s, state = {DRAFT}, "
            "approved_digest = NULL, approved_by = NULL, next_fire_at = NULL WHERE name = :n",
            {"d": digest, "s": source, "n": name},
        )
        tx.note("edited", "schedule", name)


def move(tx: Tx, name: str, to: str, **values: Any) -> None:
    """Along an allowed arrow; one of two racing commands wins."""
    row = get(tx, name)
    assert row is not None
    if to not in MOVES[row["state"]]:
        raise refused(
            "wrong-state",
            Say("Schedule “{name}” is {state}.", name=name, state=row["state"]),
        )
    sets = "".join(f", {key} = :{key}" for key in values)
    done = tx.run(
        f"UPDATE schedules SET state = :to{sets} WHERE name = :n AND state = :old",
        {"to": to, "n": name, "old": row["state"], **values},
    ).rowcount
    if not done:
        raise refused(
            "changed-meanwhile",
            Say("Somebody else has just changed “{name}”.", name=name),
        )
    tx.note(to, "schedule", name)


def due(tx: Tx) -> list[Mapping[str, Any]]:
    """Schedules whose next moment has come, approved or not."""
    return list(
        tx.rows(
            "SELECT * FROM schedules WHERE next_fire_at <= :now "
            f"AND state NOT IN ({PAUSED}, 'ended') ORDER BY next_fire_at",
            now=at(tx.now),
        )
    )


def end_of(tx: Tx, person_id: int) -> int:
    """End what runs under the approval of somebody who left; how many that were."""
    ended = tx.run(
        f"UPDATE schedules SET state = 'ended', next_fire_at = NULL, reason = {APPROVER_LEFT} "
        f"WHERE approved_by = :p AND state IN ({APPROVED}, {PAUSED})",
        {"p": person_id},
    ).rowcount
    if ended:
        tx.note("ended", "schedules", person_id, schedules=ended)
    return ended


def end(tx: Tx, name: str, why: str) -> None:
    """An approval ran out: half_a_year, approver_left."""
    move(tx, name, "ended", reason=why, next_fire_at=None)


def ceiling(tx: Tx, schedule_id: int) -> tuple[int | None, int | None]:
    """The most people and đồng one firing was approved for."""
    row = tx.one("SELECT * FROM schedules WHERE id = :id", id=schedule_id)
    return (row["ceiling_people"], row["ceiling_dong"]) if row else (None, None)


def ceiling_of(tx: Tx, name: str) -> tuple[int | None, int | None]:
    """The most people and đồng of one firing that a schedule was last submitted with."""
    row = get(tx, name)
    return (row["ceiling_people"], row["ceiling_dong"]) if row else (None, None)


def again_of(tx: Tx, schedule_id: int) -> list[int]:
    """The broadcasts whose words its first firing was known to repeat."""
    row = tx.one("SELECT again_of FROM schedules WHERE id = :id", id=schedule_id)
    return list(json.loads(row["again_of"])) if row else []


def approver_acts(tx: Tx, person_id: int | None) -> bool:
    """True while whoever approved is a leader who may act."""
    return bool(
        tx.value(
            "SELECT count(*) FROM people "
            f"WHERE id = :p AND disabled_at IS NULL AND role = {LEADER}",
            p=person_id,
        )
    )


def set_next(tx: Tx, schedule_id: int, when: datetime | None) -> None:
    tx.run(
        "UPDATE schedules SET next_fire_at = :w WHERE id = :id",
        {"w": None if when is None else at(when), "id": schedule_id},
    )


def fire(tx: Tx, schedule_id: int, fire_at: datetime, worker: str) -> int | None:
    """Take one occurrence; None when somebody else has it."""
    taken = tx.run(
        "INSERT INTO occurrences (schedule_id, fire_at, state, by_worker) "
        "VALUES (:s, :f, 'fired', :w) ON CONFLICT (schedule_id, fire_at) DO NOTHING",
        {"s": schedule_id, "f": at(fire_at), "w": worker},
    ).rowcount
    if taken != 1:
        return None
    return int(
        tx.value(
            "SELECT id FROM occurrences WHERE schedule_id = :s AND fire_at = :f",
            s=schedule_id,
            f=at(fire_at),
        )
    )


def has_fired(tx: Tx, name: str) -> bool:
    """True when some occurrence of a schedule was taken up, whatever became of it."""
    return bool(
        tx.one(
            "SELECT 1 FROM occurrences o JOIN schedules s ON s.id = o.schedule_id "
            "WHERE s.name = :n LIMIT 1",
            n=name,
        )
    )


def note_occurrence(tx: Tx, occurrence: int, state: str, broadcast_id: int | None) -> None:
    tx.run(
        "UPDATE occurrences SET state = :s, broadcast_id = :b WHERE id = :id",
        {"s": state, "b": broadcast_id, "id": occurrence},
    )
    tx.note(state, "occurrence", occurrence, broadcast=broadcast_id)
