"""Contacts, their addresses, households, groups and imports."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher import phone
from dispatcher.model import AddressKind
from dispatcher.sms import folded
from dispatcher.store import areas
from dispatcher.store.database import Tx, at, json_rows, on_rows
from dispatcher.store.schema import contact_addresses, imports
from dispatcher.store.schema import contacts as table


@dataclass(frozen=True)
class Person:
    """A contact as an import brings it."""

    ward_id: int
    group_key: str
    name_key: bytes
    ordinal: int
    name: str
    title: str
    addresses: tuple[tuple[AddressKind, str], ...]
    household: bytes | None
    kind: str
    groups: tuple[str, ...]
    source: str
    row: int


@dataclass(frozen=True)
class Known:
    """A contact as the site holds it. `addresses`: position → number."""

    id: int
    ordinal: int
    name: str
    title: str
    addresses: Mapping[int, str]
    household: bytes | None
    groups: frozenset[str]


def name_key(tx: Tx, ward_id: int, group: str, name: str) -> bytes:
    """The keyed hash contacts are recognised by: it tells nobody the name."""
    return tx.sealer.digest("contact", str(ward_id), group, folded(name))


def household_key(tx: Tx, ward_id: int, group: str, head: str) -> bytes:
    """The keyed hash of a household: its head's name or its number within a group."""
    return tx.sealer.digest("household", str(ward_id), group, folded(head))


def known(tx: Tx, wards: set[int]) -> dict[bytes, list[Known]]:
    """Every contact of some wards, by name key, in order of age."""
    if not wards:
        return {}
    inside = f"c.removed_at IS NULL AND c.ward_id IN ({', '.join(str(w) for w in wards)})"
    numbers: dict[int, dict[int, str]] = {}
    for row in tx.rows(
        f"WITH {tx.visible('contacts')} SELECT ca.contact_id, ca.position, a.kind, a.cipher "
        "FROM contact_addresses ca JOIN visible_contacts c ON c.id = ca.contact_id "
        f"JOIN addresses a ON a.id = ca.address_id WHERE {inside} AND a.cipher IS NOT NULL"
    ):
        numbers.setdefault(row["contact_id"], {})[row["position"]] = tx.sealer.open_address(
            row["kind"], row["cipher"]
        )
    groups: dict[int, set[str]] = {}
    for row in tx.rows(
        "SELECT m.contact_id, g.key FROM group_members m JOIN groups g ON g.id = m.group_id"
    ):
        groups.setdefault(row["contact_id"], set()).add(row["key"])
    found: dict[bytes, list[Known]] = {}
    for row in tx.rows(
        f"WITH {tx.visible('contacts')}, {tx.visible('households')} "
        "SELECT c.id, c.name_key, c.ordinal, c.name_sealed, c.title, h.key AS household "
        "FROM visible_contacts c LEFT JOIN visible_households h ON h.id = c.household_id "
        f"WHERE {inside} ORDER BY c.id"
    ):
        found.setdefault(row["name_key"], []).append(
            Known(
                row["id"],
                row["ordinal"],
                tx.sealer.open(row["name_sealed"]),
                row["title"],
                numbers.get(row["id"], {}),
                row["household"],
                frozenset(groups.get(row["id"], ())),
            )
        )
    return found


def differs(held: Known, new: Person) -> bool:
    """True when an import brings something a contact does not have yet."""
    return (
        held.name != new.name
        or (new.title != "" and held.title != new.title)
        or [a for _, a in new.addresses] != [held.addresses[p] for p in sorted(held.addresses)]
        or (new.household is not None and new.household != held.household)
        or not {folded(g) for g in new.groups} <= held.groups
    )


def store_import(
    tx: Tx,
    created: Sequence[Person],
    updated: Sequence[tuple[int, Person]],
    files: Sequence[Mapping[str, object]],
    sample_heads: Sequence[str],
    *,
    unchanged: int,
) -> int:
    """Store what an import brings, with what an undo needs; the import's id."""
    people = [*created, *(p for _, p in updated)]
    counts = {"created": len(created), "updated": len(updated), "unchanged": unchanged}
    import_id = tx.insert(
        imports,
        at=tx.now,
        by=tx.actor.name,
        files=json.dumps(files),
        counts=json.dumps(counts),
        basis="{}",
    )
    places = {w: areas.groups_of(tx, w) for w in {p.ward_id for p in people}}
    addresses = _addresses(tx, {a for p in people for a in p.addresses}, sample_heads)
    households = _households(tx, people, places)
    new_ids = _insert(tx, created, import_id, places, households)
    _update(tx, updated, import_id, households)
    pairs = [*zip(new_ids, created, strict=True), *updated]
    links = [
        {"contact_id": i, "position": n, "address_id": addresses[a]}
        for i, person in pairs
        for n, a in enumerate(person.addresses)
    ]
    if links:
        tx.run(contact_addresses.insert(), links)
    _join_groups(tx, pairs)
    if new_ids:
        tx.run(
            "INSERT INTO import_changes (import_id, contact_id, what) VALUES (:i, :c, 'created')",
            [{"i": import_id, "c": c} for c in new_ids],
        )
    tx.note(
        "imported",
        "contacts",
        import_id,
        **counts,
        files=len(files),
        digests=[f.get("digest") for f in files],
    )
    return import_id


def _addresses(
    tx: Tx,
    wanted: Iterable[tuple[AddressKind, str]],
    heads: Sequence[str],
) -> dict[tuple[AddressKind, str], int]:
    ciphers = {tx.sealer.address(kind.value, value): (kind, value) for kind, value in wanted}
    if not ciphers:
        return {}
    tx.run(
        "INSERT INTO addresses (cipher, kind, carrier, tail) VALUES (:cipher, :kind, "
        ":carrier, :tail)"
        " ON CONFLICT (cipher) DO NOTHING",
        [
            {
                "cipher": cipher,
                "kind": kind.value,
                "tail": phone.masked(value),
                "carrier": phone.carrier_of(value, heads) if kind is AddressKind.MOBILE else None,
            }
            for cipher, (kind, value) in ciphers.items()
        ],
    )
    found: dict[tuple[AddressKind, str], int] = {}
    every = list(ciphers)
    for start in range(0, len(every), 500):
        some = {f"c{i}": cipher for i, cipher in enumerate(every[start : start + 500])}
        marks = ", ".join(f":{name}" for name in some)
        for row in tx.rows(f"SELECT id, cipher FROM addresses WHERE cipher IN ({marks})", **some):
            found[ciphers[bytes(row["cipher"])]] = row["id"]
    return found


def address_id(tx: Tx, kind: AddressKind, value: str) -> int | None:
    """The row of an address we know, or None."""
    cipher = tx.sealer.address(kind.value, value)
    found = tx.value("SELECT id FROM addresses WHERE cipher = :c", c=cipher)
    return None if found is None else int(found)


def _households(
    tx: Tx,
    people: Sequence[Person],
    places: Mapping[int, Mapping[str, areas.Area]],
) -> dict[bytes, int]:
    wanted = {p.household: p for p in people if p.household}
    if not wanted:
        return {}
    tx.run(
        "INSERT INTO households (ward_id, residential_group_id, key) VALUES (:w, :g, :k) "
        "ON CONFLICT (ward_id, key) DO NOTHING",
        [{"w": p.ward_id, "g": _area(places, p), "k": key} for key, p in wanted.items()],
    )
    return {
        bytes(row["key"]): row["id"]
        for row in tx.rows(
            f"WITH {tx.visible('households')} SELECT id, key FROM visible_households"
        )
        if bytes(row["key"]) in wanted
    }


def _area(places: Mapping[int, Mapping[str, areas.Area]], person: Person) -> int | None:
    area = places[person.ward_id].get(person.group_key)
    return area.id if area else None


def _insert(
    tx: Tx,
    people: Sequence[Person],
    import_id: int,
    places: Mapping[int, Mapping[str, areas.Area]],
    households: Mapping[bytes, int],
) -> list[int]:
    if not people:
        return []
    rows = [
        {
            "ward_id": p.ward_id,
            "residential_group_id": _area(places, p),
            "household_id": households.get(p.household) if p.household else None,
            "kind": p.kind,
            "name_key": p.name_key,
            "ordinal": p.ordinal,
            "name_sealed": tx.sealer.seal(p.name),
            "title": p.title,
            "import_id": import_id,
            "source": p.source,
            "source_row": p.row,
            "created_at": tx.now,
            "updated_at": tx.now,
        }
        for p in people
    ]
    result = tx.connection.execute(
        table.insert().returning(table.c.id, sort_by_parameter_order=True), rows
    )
    return [row[0] for row in result]


def _update(
    tx: Tx, updated: Sequence[tuple[int, Person]], import_id: int, households: Mapping[bytes, int]
) -> None:
    if not updated:
        return
    before = [
        {"i": import_id, "c": contact, "b": tx.sealer.seal(_image(tx, contact))}
        for contact, _ in updated
    ]
    tx.run(
        "INSERT INTO import_changes (import_id, contact_id, what, before_sealed) "
        "VALUES (:i, :c, 'updated', :b)",
        before,
    )
    tx.run(
        f"WITH {tx.visible('contacts')} UPDATE contacts SET name_sealed = :n, "
        "title = CASE WHEN :t = '' THEN title ELSE :t END, updated_at = :now, "
        "household_id = COALESCE(:h, household_id) "
        "WHERE id = :id AND id IN (SELECT id FROM visible_contacts)",
        [
            {
                "n": tx.sealer.seal(p.name),
                "t": p.title,
                "id": i,
                "now": at(tx.now),
                "h": households.get(p.household) if p.household else None,
            }
            for i, p in updated
        ],
    )
    tx.run("DELETE FROM contact_addresses WHERE contact_id = :id", [{"id": i} for i, _ in updated])


def _image(tx: Tx, contact_id: int) -> str:
    """A contact as it stands, for an undo."""
    row = tx.one(
        f"WITH {tx.visible('contacts')} SELECT household_id, title, name_sealed "
        "FROM visible_contacts WHERE id = :id",
        id=contact_id,
    )
    assert row is not None
    addresses = tx.rows(
        "SELECT position, address_id FROM contact_addresses WHERE contact_id = :id", id=contact_id
    )
    return json.dumps(
        {
            "name": tx.sealer.open(row["name_sealed"]),
            "title": row["title"],
            "household_id": row["household_id"],
            "addresses": [[a["position"], a["address_id"]] for a in addresses],
        }
    )


def _join_groups(tx: Tx, pairs: Sequence[tuple[int, Person]]) -> None:
    names = {folded(g): g for _, p in pairs for g in p.groups}
    if not names:
        return
    tx.run(
        "INSERT INTO groups (name, key) VALUES (:n, :k) ON CONFLICT (key) DO NOTHING",
        [{"n": n, "k": k} for k, n in names.items()],
    )
    ids = {row["key"]: row["id"] for row in tx.rows("SELECT id, key FROM groups")}
    tx.run(
        "INSERT INTO group_members (group_id, contact_id) VALUES (:g, :c) ON CONFLICT DO NOTHING",
        [{"g": ids[folded(g)], "c": i} for i, p in pairs for g in p.groups],
    )


def listed(
    tx: Tx,
    *,
    ward_id: int | None = None,
    group_id: int | None = None,
    search: str = "",
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Contacts with masked numbers; `search` folds diacritics, d and đ."""
    sql = (
        f"WITH {tx.visible('contacts')} SELECT c.id, c.name_sealed, c.title, c.kind, w.name "
        "AS ward,"
        " g.name AS residential_group, c.source, c.source_row FROM visible_contacts c "
        "JOIN areas w ON w.id = c.ward_id LEFT JOIN areas g ON g.id = c.residential_group_id "
        "WHERE c.removed_at IS NULL"
    )
    if ward_id:
        sql += " AND c.ward_id = :ward"
    if group_id:
        sql += (
            " AND EXISTS (SELECT 1 FROM group_members m WHERE m.contact_id = c.id "
            "AND m.group_id = :group_id)"
        )
    found: list[dict[str, Any]] = []
    for row in tx.run(sql + " ORDER BY c.id", {"ward": ward_id, "group_id": group_id}).mappings():
        name = tx.sealer.open(row["name_sealed"])
        if search and folded(search) not in folded(name):
            continue
        found.append(
            {
                "id": row["id"],
                "name": name,
                "title": row["title"],
                "kind": row["kind"],
                "ward": row["ward"],
                "residential_group": row["residential_group"],
                "source": row["source"],
                "row": row["source_row"],
                "phones": [],
            }
        )
        if len(found) >= limit:
            break
    phones: dict[int, list[str]] = {}
    for link in on_rows(
        tx,
        f"SELECT ca.contact_id, a.tail FROM {json_rows({'id': 'bigint'})} r "
        "JOIN contact_addresses ca ON ca.contact_id = r.id "
        "JOIN addresses a ON a.id = ca.address_id ORDER BY ca.contact_id, ca.position",
        [[c["id"]] for c in found],
    ):
        phones.setdefault(link["contact_id"], []).append(link["tail"])
    return [{**c, "phones": phones.get(c["id"], [])} for c in found]


def of_address(tx: Tx, address: int) -> list[int]:
    """Contacts that use an address."""
    rows = tx.rows(
        f"WITH {tx.visible('contacts')} SELECT ca.contact_id FROM contact_addresses ca "
        "JOIN visible_contacts c ON c.id = ca.contact_id WHERE ca.address_id = :a "
        "ORDER BY ca.position, ca.contact_id",
        a=address,
    )
    return [row["contact_id"] for row in rows]


def suppress(tx: Tx, address: int, reason: str) -> None:
    """Never write to this address again, until lifted."""
    tx.run(
        "INSERT INTO suppressions (address_id, reason, at, by) VALUES (:a, :r, :now, :by)",
        {"a": address, "r": reason, "now": at(tx.now), "by": tx.actor.name},
    )
    tx.note("suppressed", "address", address, reason=reason)


def group_ids(tx: Tx) -> dict[str, tuple[int, str]]:
    """Groups by normal form: (id, name)."""
    return {
        row["key"]: (row["id"], row["name"]) for row in tx.rows("SELECT id, key, name FROM groups")
    }
