"""Urgent texts approved before the season, and the roster of those who may send them alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dispatcher.db.broadcasts import stored_routes, texts
from dispatcher.db.database import Row, Tx, at
from dispatcher.db.schema import emergencies as emergencies_table
from dispatcher.db.schema import moment
from dispatcher.db.schema_people import duties
from dispatcher.db.staff import people
from dispatcher.db.trail import canonical
from dispatcher.domain.model import Audience, Step
from dispatcher.domain.problems import Problem, refused, unknown
from dispatcher.i18n import Say, pgettext

MOVES = {
    "draft": {"submitted", "ended"},
    "submitted": {"approved", "returned", "ended"},
    "returned": {"submitted", "ended"},
    "approved": {"ended"},
    "ended": set(),
}


@dataclass(frozen=True)
class Emergency:
    """A prepared urgent text: whom it may reach at most, at what cost, until when."""

    id: int
    name: str
    title: str
    state: str
    template_version_id: int
    all_clear_version_id: int | None
    fields: Mapping[str, str]  # filled beforehand; the others are filled when it is sent
    audience: Audience
    route: str
    people: int
    dong: int
    until: date
    rather_twice: bool
    created_by: int | None
    submitted_by: int | None
    approved_by: int | None
    approved_digest: str | None
    reason: str | None


def _read(row: Row) -> Emergency:
    day = row["until"]
    chosen: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(row["audience"]).items()
    }
    same = (
        "id",
        "name",
        "title",
        "state",
        "template_version_id",
        "all_clear_version_id",
        "route",
        "people",
        "dong",
        "created_by",
        "submitted_by",
        "approved_by",
        "approved_digest",
        "reason",
    )
    return Emergency(
        **{k: row[k] for k in same},
        fields=json.loads(row["fields"]),
        audience=Audience(**chosen),
        until=day if isinstance(day, date) else date.fromisoformat(day),
        rather_twice=bool(row["rather_twice"]),
    )


def list_emergencies(tx: Tx) -> list[Emergency]:
    return [_read(r) for r in tx.rows("SELECT * FROM emergencies ORDER BY name")]


def get(tx: Tx, name: str) -> Emergency:
    """A prepared text by its name; else a problem with the nearest ones."""
    row = tx.one("SELECT * FROM emergencies WHERE name = :n", n=name)
    if row is None:
        known = [e.name for e in list_emergencies(tx)]
        raise unknown(Say("prepared urgent text"), name, known)
    return _read(row)


def of_id(tx: Tx, emergency_id: int) -> Emergency:
    row = tx.one("SELECT * FROM emergencies WHERE id = :id", id=emergency_id)
    assert row is not None
    return _read(row)


def add(
    tx: Tx,
    name: str,
    title: str,
    versions: tuple[int, int | None],
    fields: Mapping[str, str],
    audience: Audience,
    route: str,
    most: tuple[int, int],
    until: date,
    *,
    rather_twice: bool,
) -> int:
    """A new prepared text; its id. `versions`: of the text and of its all-clear."""
    if tx.one("SELECT 1 FROM emergencies WHERE name = :n", n=name):
        raise Problem(
            "name-taken",
            Say("“{name}” exists.", name=name),
            step="name-of-an-urgent-text-taken",
        )
    made = tx.insert(
        emergencies_table,
        name=name,
        title=title,
        state="draft",
        template_version_id=versions[0],
        all_clear_version_id=versions[1],
        fields=json.dumps(dict(fields), ensure_ascii=False),
        audience=json.dumps(audience.as_json(), ensure_ascii=False),
        route=route,
        people=most[0],
        dong=most[1],
        until=until,
        rather_twice=rather_twice,
        created_by=tx.actor.person_id,
    )
    tx.note("prepared", "emergency", made, people=most[0], dong=most[1], until=str(until))
    return made


def digest(tx: Tx, emergency: Emergency, steps: Sequence[Step]) -> str:
    """What its approval covers, to the letter; `steps` are those of its route now."""
    _, text, _ = texts.source_of(tx, emergency.template_version_id)
    clear = emergency.all_clear_version_id
    covered = {
        "title": emergency.title,
        "text": text,
        "all_clear": texts.source_of(tx, clear)[1] if clear is not None else None,
        "fields": dict(emergency.fields),
        "audience": emergency.audience.as_json(),
        "route": stored_routes.route_json(steps),
        "people": emergency.people,
        "dong": emergency.dong,
        "until": emergency.until.isoformat(),
        "rather_twice": emergency.rather_twice,
    }
    return hashlib.sha256(canonical(covered).encode()).hexdigest()


def move(tx: Tx, emergency: Emergency, to: str, **values: Any) -> None:
    """Along an allowed arrow; one of two racing commands wins."""
    if to not in MOVES[emergency.state]:
        raise refused(
            "wrong-state",
            Say("The urgent text “{name}” is {state}.", name=emergency.name, state=emergency.state),
        )
    sets = "".join(f", {key} = :{key}" for key in values)
    name = {"name": f"{emergency.name} #{emergency.id}"} if to == "ended" else {}
    named = ", name = :name" if name else ""  # the name is free again
    done = tx.run(
        f"UPDATE emergencies SET state = :to{sets}{named} WHERE id = :id AND state = :old",
        {"to": to, "id": emergency.id, "old": emergency.state, **values, **name},
    ).rowcount
    if not done:
        raise refused(
            "changed-meanwhile",
            pgettext(
                "urgent text", "Somebody else has just changed “{name}”.", name=emergency.name
            ),
        )
    tx.note(to, "emergency", emergency.id)


# --- the roster ---------------------------------------------------------------------------------


def set_duty(tx: Tx, person_id: int, starts: datetime, ends: datetime) -> int:
    """Somebody is on duty between two moments; its id."""
    if ends <= starts:
        raise Problem("bad-duty", Say("A duty ends later."))
    made = tx.insert(duties, person_id=person_id, starts_at=starts, ends_at=ends, by=tx.actor.name)
    tx.note("duty", "person", person_id, duty=made)
    return made


def roster(tx: Tx, now: datetime) -> list[dict[str, Any]]:
    """Duties that are not over: id, person_id, name, starts, ends."""
    return [
        {
            "id": row["id"],
            "person_id": row["person_id"],
            "name": row["name"],
            "full_name": row["full_name"],
            "starts": moment(row["starts_at"]),
            "ends": moment(row["ends_at"]),
        }
        for row in tx.rows(
            "SELECT d.*, p.name, p.full_name FROM duties d JOIN people p ON p.id = d.person_id "
            "WHERE d.removed_at IS NULL AND d.ends_at > :now AND p.disabled_at IS NULL "
            "ORDER BY d.starts_at",
            now=at(now),
        )
    ]


def on_duty(tx: Tx, person_id: int, now: datetime) -> bool:
    """True while a person is on duty."""
    return any(d["person_id"] == person_id and d["starts"] <= now for d in roster(tx, now))


def end_duty(tx: Tx, duty_id: int) -> None:
    done = tx.run(
        "UPDATE duties SET removed_at = :now WHERE id = :id AND removed_at IS NULL",
        {"now": at(tx.now), "id": duty_id},
    ).rowcount
    if not done:
        raise Problem("no-duty", Say("There is no duty {duty_id}.", duty_id=duty_id))
    tx.note("removed", "duty", duty_id)


def approver_acts(tx: Tx, emergency: Emergency) -> bool:
    """True while whoever approved it is a leader who may act."""
    if emergency.approved_by is None:
        return False
    row = people.by_id(tx, emergency.approved_by)
    return row["disabled_at"] is None and row["role"] == "leader"


def mark(tx: Tx, broadcast_id: int, emergency_id: int) -> None:
    """A broadcast is one firing of a prepared text."""
    tx.run(
        "UPDATE broadcasts SET emergency_id = :e WHERE id = :b "
        "AND id IN (SELECT id FROM visible_broadcasts)",
        {"e": emergency_id, "b": broadcast_id},
        scope=tx.scope,
    )
    tx.note("emergency", "broadcast", broadcast_id, emergency=emergency_id)
