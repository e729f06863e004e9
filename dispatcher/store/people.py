"""People: who may act, in which role, for which wards."""

from __future__ import annotations

from typing import Any

from dispatcher.model import Actor, Role
from dispatcher.problems import Problem, Say, settings, unknown
from dispatcher.sms import folded
from dispatcher.store.database import Tx, at


def count(tx: Tx) -> int:
    return int(tx.value("SELECT count(*) FROM people WHERE disabled_at IS NULL"))


def listed(tx: Tx) -> list[dict[str, Any]]:
    """Everyone, with the names of their wards."""
    rows = tx.rows("SELECT * FROM people ORDER BY id")
    wards: dict[int, list[str]] = {}
    for row in tx.rows(
        "SELECT pw.person_id, a.name FROM people_wards pw JOIN areas a ON a.id = pw.ward_id "
        "ORDER BY a.name"
    ):
        wards.setdefault(row["person_id"], []).append(row["name"])
    return [{**row, "wards": wards.get(row["id"], [])} for row in rows]


def add(tx: Tx, name: str, full_name: str, role: Role, wards: list[int], position: str = "") -> int:
    """A new person; no wards means the whole site. The name is what `--as` takes."""
    if any(folded(p["name"]) == folded(name) for p in listed(tx)):
        raise Problem("person-exists", f"Đã có người tên «{name}».", f"“{name}” already exists.")
    from dispatcher.store.schema_people import people

    person = tx.insert(
        people,
        name=name,
        full_name=full_name or name,
        role=role.value,
        whole_site=not wards,
        position=position,
        created_at=tx.now,
    )
    _set_wards(tx, person, wards)
    tx.note("added", "person", person, role=role.value, wards=sorted(wards))
    return person


def set_role(tx: Tx, person_id: int, role: Role, wards: list[int] | None) -> None:
    """Another role and, where given, other wards."""
    tx.run("UPDATE people SET role = :role WHERE id = :id", {"role": role.value, "id": person_id})
    if wards is not None:
        tx.run(
            "UPDATE people SET whole_site = :whole WHERE id = :id",
            {"whole": not wards, "id": person_id},
        )
        _set_wards(tx, person_id, wards)
    tx.note("role", "person", person_id, role=role.value, wards=wards)


def disable(tx: Tx, person_id: int) -> None:
    tx.run(
        "UPDATE people SET disabled_at = :now WHERE id = :id", {"now": at(tx.now), "id": person_id}
    )
    tx.note("disabled", "person", person_id)


def _set_wards(tx: Tx, person_id: int, wards: list[int]) -> None:
    tx.run("DELETE FROM people_wards WHERE person_id = :id", {"id": person_id})
    if wards:
        tx.run(
            "INSERT INTO people_wards (person_id, ward_id) VALUES (:p, :w)",
            [{"p": person_id, "w": w} for w in wards],
        )


def actor(tx: Tx, name: str) -> Actor:
    """The acting person called `name`; unknown or disabled people are problems."""
    everyone = listed(tx)
    found = next((p for p in everyone if folded(p["name"]) == folded(name)), None)
    if found is None:
        problem = unknown(
            Say("người", "person"),
            name,
            [p["name"] for p in everyone],
            hint=Say("Thêm người: dispatcher people add", "Add people: dispatcher people add"),
        )
        problem.exit_code = 4
        raise problem
    if found["disabled_at"] is not None:
        raise settings("person-disabled", f"«{name}» đã bị khóa.", f"“{name}” is disabled.")
    wards = None
    if not found["whole_site"]:
        wards = frozenset(
            row["ward_id"]
            for row in tx.rows(
                "SELECT ward_id FROM people_wards WHERE person_id = :p", p=found["id"]
            )
        )
    return Actor(found["name"], Role(found["role"]), found["id"], wards)


def names(tx: Tx) -> dict[int, str]:
    """Full names by id, for pages and reports."""
    return {row["id"]: row["full_name"] for row in tx.rows("SELECT id, full_name FROM people")}
