"""People: who may act, in which role, for which wards."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dispatcher.db.database import Row, Tx, at
from dispatcher.db.schema_people import people as people_table
from dispatcher.domain.model import Actor, Role
from dispatcher.domain.problems import Problem, refused, settings, unknown
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say


def count(tx: Tx) -> int:
    return int(tx.value("SELECT count(*) FROM people WHERE disabled_at IS NULL"))


def list_people(tx: Tx) -> list[dict[str, Any]]:
    """Everyone, with the names of their wards."""
    rows = tx.rows("SELECT * FROM people ORDER BY id")
    wards: dict[int, list[str]] = {}
    for row in tx.rows(
        "SELECT pw.person_id, a.name FROM people_wards pw JOIN areas a ON a.id = pw.ward_id "
        "ORDER BY a.name"
    ):
        wards.setdefault(row["person_id"], []).append(row["name"])
    return [{**row, "wards": wards.get(row["id"], [])} for row in rows]


def visible_people(tx: Tx) -> list[dict[str, Any]]:
    """Those the actor works with: of the actor's wards, or in charge of the whole site."""
    everyone = list_people(tx)
    mine = tx.actor.wards
    if mine is None:
        return everyone
    near = {
        row["person_id"]
        for row in tx.rows("SELECT person_id, ward_id FROM people_wards")
        if row["ward_id"] in mine
    }
    return [p for p in everyone if p["whole_site"] or p["id"] in near]


def by_email(tx: Tx, email: str) -> Row | None:
    """Whoever works here under this address; None for nobody, or for two."""
    key = tx.sealer.digest("email", email.strip().lower())
    found = tx.rows("SELECT id FROM people WHERE email_key = :k AND disabled_at IS NULL", k=key)
    return by_id(tx, found[0]["id"]) if len(found) == 1 else None


def add(
    tx: Tx,
    name: str,
    full_name: str,
    role: Role,
    wards: list[int],
    position: str = "",
    *,
    email: str = "",
    address_id: int | None = None,
    namesake: bool = False,
) -> int:
    """A new person; no wards means the whole site. The name is what `--as` takes.

    One person has one account, or nobody could tell the two people of an approval apart: the same
    e-mail or phone is refused, and so is the same full name unless it is another person's.
    """
    everyone = list_people(tx)
    if any(folded(p["name"]) == folded(name) for p in everyone):
        raise Problem("person-exists", Say("“{name}” already exists.", name=name))
    full_name = full_name or name
    key = tx.sealer.digest("email", email.strip().lower()) if email.strip() else None
    for other in everyone:
        if other["disabled_at"] is not None:
            continue
        same = (key is not None and other["email_key"] == key) or (
            address_id is not None and other["address_id"] == address_id
        )
        if same:
            raise refused(
                "second-account",
                Say(
                    "This e-mail or phone is that of “{name}”; one account a person.",
                    name=other["name"],
                ),
            )
        if folded(other["full_name"]) == folded(full_name) and not namesake:
            raise refused(
                "second-account",
                Say(
                    "“{name}” is called {full_name} too.",
                    name=other["name"],
                    full_name=full_name,
                ),
                step="same-name",
            )
    person = tx.insert(
        people_table,
        name=name,
        full_name=full_name,
        role=role.value,
        whole_site=not wards,
        position=position,
        created_at=tx.now,
        email_sealed=tx.sealer.seal(email.strip()) if key else None,
        email_key=key,
        address_id=address_id,
        namesake=namesake,
    )
    _set_wards(tx, person, wards)
    tx.note("added", "person", person, role=role.value, wards=sorted(wards))
    return person


def reach(tx: Tx, person_id: int, *, email: str | None, address_id: int | None) -> None:
    """Where a person is told what waits for them."""
    if email is not None:
        key = tx.sealer.digest("email", email.strip().lower()) if email.strip() else None
        tx.run(
            "UPDATE people SET email_sealed = :s, email_key = :k WHERE id = :id",
            {"s": tx.sealer.seal(email.strip()) if key else None, "k": key, "id": person_id},
        )
    if address_id is not None:
        tx.run(
            "UPDATE people SET address_id = :a WHERE id = :id", {"a": address_id, "id": person_id}
        )
    tx.note("reached_at", "person", person_id, email=email is not None, phone=bool(address_id))


def same_person(tx: Tx, person_id: int, others: Collection[int]) -> str | None:
    """The name of one of `others` who is the same person as `person_id`, by phone, e-mail or full
    name; None where nobody is."""
    rows = {p["id"]: p for p in list_people(tx)}
    mine = rows[person_id]
    for other in (rows[o] for o in others if o in rows):
        named_alike = folded(mine["full_name"]) == folded(other["full_name"])
        if (
            other["id"] == person_id
            or (mine["email_key"] is not None and mine["email_key"] == other["email_key"])
            or (mine["address_id"] is not None and mine["address_id"] == other["address_id"])
            or (named_alike and not (mine["namesake"] or other["namesake"]))
        ):
            return str(other["name"])
    return None


def set_role(tx: Tx, person_id: int, role: Role, wards: list[int] | None) -> None:
    """Another role and, where given, other wards. Whoever is signed in must sign in again."""
    tx.run("UPDATE people SET role = :role WHERE id = :id", {"role": role.value, "id": person_id})
    if wards is not None:
        tx.run(
            "UPDATE people SET whole_site = :whole WHERE id = :id",
            {"whole": not wards, "id": person_id},
        )
        _set_wards(tx, person_id, wards)
    tx.run("DELETE FROM sessions WHERE person_id = :id", {"id": person_id})
    tx.note("role", "person", person_id, role=role.value, wards=wards)


def disable(tx: Tx, person_id: int) -> None:
    """Ends at once whatever the person could still do: sessions, keys, duties, delegations."""
    facts = {"now": at(tx.now), "id": person_id}
    tx.run("UPDATE people SET disabled_at = :now WHERE id = :id", facts)
    for table_name in ("sessions", "devices"):
        tx.run(f"DELETE FROM {table_name} WHERE person_id = :id", {"id": person_id})
    for change in (
        "api_keys SET revoked_at = :now WHERE person_id = :id AND revoked_at IS NULL",
        "duties SET removed_at = :now WHERE person_id = :id AND removed_at IS NULL",
        "delegations SET ended_at = :now WHERE ended_at IS NULL "
        "AND (principal_id = :id OR deputy_id = :id)",
    ):
        tx.run(f"UPDATE {change}", facts)
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
    everyone = list_people(tx)
    found = next((p for p in everyone if folded(p["name"]) == folded(name)), None)
    if found is None:
        problem = unknown(
            Say("person"),
            name,
            [p["name"] for p in visible_people(tx)],
            step="unknown-person",
        )
        problem.exit_code = 4
        raise problem
    if found["disabled_at"] is not None:
        raise settings("person-disabled", Say("“{name}” is disabled.", name=name))
    return as_actor(tx, found)


def as_actor(tx: Tx, person: Row) -> Actor:
    """The actor a row of `people` is."""
    wards = None
    if not person["whole_site"]:
        wards = frozenset(
            row["ward_id"]
            for row in tx.rows(
                "SELECT ward_id FROM people_wards WHERE person_id = :p", p=person["id"]
            )
        )
    return Actor(person["name"], Role(person["role"]), person["id"], wards)


def by_id(tx: Tx, person_id: int) -> Row:
    found = tx.one("SELECT * FROM people WHERE id = :id", id=person_id)
    assert found is not None
    return found


def names(tx: Tx) -> dict[int, str]:
    """Full names by id, for pages and reports."""
    return {row["id"]: row["full_name"] for row in tx.rows("SELECT id, full_name FROM people")}
