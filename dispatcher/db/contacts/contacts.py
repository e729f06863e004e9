"""Contacts, their addresses, households, groups and imports."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dispatcher.db.bulk import found_by, insert_many
from dispatcher.db.compiling import Among
from dispatcher.db.database import Tx
from dispatcher.db.rows import on_rows
from dispatcher.db.schema import contacts as contacts_table
from dispatcher.domain import phone
from dispatcher.domain.machine import random_bytes
from dispatcher.domain.model import AddressKind
from dispatcher.domain.sms import folded


class Person(NamedTuple):
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
    notes: tuple[str, ...] = ()  # what stood beside each address, or nothing at all
    kept: Mapping[str, str] | None = None  # columns for row.<column>


@dataclass(frozen=True)
class StoredContact:
    """A contact as the site holds it. `addresses`: position → number; `notes`: position → note."""

    id: int
    ordinal: int
    name: str
    title: str
    addresses: Mapping[int, str]
    household: bytes | None
    groups: frozenset[str]
    notes: Mapping[int, str] = field(default_factory=dict)
    kept: Mapping[str, str] | None = None


def name_key(tx: Tx, ward_id: int, group: str, name: str, *, is_folded: bool = False) -> bytes:
    """The keyed hash contacts are recognised by: it tells nobody the name."""
    return tx.sealer.digest("contact", str(ward_id), group, name if is_folded else folded(name))


def household_key(tx: Tx, ward_id: int, group: str, head: str) -> bytes:
    """The keyed hash of a household: its head's name or its number within a group."""
    return tx.sealer.digest("household", str(ward_id), group, folded(head))


def stored_contacts(tx: Tx, wards: set[int]) -> dict[bytes, list[StoredContact]]:
    """Every contact of some wards, by name key, in order of age."""
    if not wards:
        return {}
    inside = "c.removed_at IS NULL AND c.kind <> 'tester' AND c.ward_id IN (:wards)"
    among = Among(sorted(wards))
    numbers: dict[int, dict[int, str]] = {}
    notes: dict[int, dict[int, str]] = {}
    for row in tx.rows(
        "SELECT ca.contact_id, ca.position, ca.note_sealed, "
        "a.kind, a.cipher "
        "FROM contact_addresses ca JOIN visible_contacts c ON c.id = ca.contact_id "
        f"JOIN addresses a ON a.id = ca.address_id WHERE {inside} AND a.cipher IS NOT NULL",
        wards=among,
        scope=tx.scope,
    ):
        numbers.setdefault(row["contact_id"], {})[row["position"]] = tx.sealer.open_address(
            row["kind"], row["cipher"]
        )
        if row["note_sealed"] is not None:
            note = tx.sealer.open(row["note_sealed"])
            notes.setdefault(row["contact_id"], {})[row["position"]] = note
    groups: dict[int, set[str]] = {}
    for row in tx.rows(
        "SELECT m.contact_id, g.key FROM group_members m JOIN groups g ON g.id = m.group_id "
        "JOIN visible_contacts c ON c.id = m.contact_id",
        scope=tx.scope,
    ):
        groups.setdefault(row["contact_id"], set()).add(row["key"])
    found: dict[bytes, list[StoredContact]] = {}
    for row in tx.rows(
        "SELECT c.id, c.name_key, c.ordinal, c.name_sealed, c.title, c.row_sealed, "
        "h.key AS household "
        "FROM visible_contacts c LEFT JOIN visible_households h ON h.id = c.household_id "
        f"WHERE {inside} ORDER BY c.id",
        wards=among,
        scope=tx.scope,
    ):
        found.setdefault(row["name_key"], []).append(
            StoredContact(
                row["id"],
                row["ordinal"],
                tx.sealer.open(row["name_sealed"]),
                row["title"],
                numbers.get(row["id"], {}),
                row["household"],
                frozenset(groups.get(row["id"], ())),
                notes.get(row["id"], {}),
                opened_row(tx, row["row_sealed"]),
            )
        )
    return found


def opened_row(tx: Tx, sealed: bytes | None) -> Mapping[str, str] | None:
    """The kept columns of a contact."""
    return None if sealed is None else dict(json.loads(tx.sealer.open(sealed)))


def sealed_row(tx: Tx, kept: Mapping[str, str] | None) -> bytes | None:
    return tx.sealer.seal(json.dumps(kept, ensure_ascii=False)) if kept else None


def differs(held: StoredContact, new: Person) -> bool:
    """True when an import brings something a contact does not have yet."""
    return (
        held.name != new.name
        or (new.title != "" and held.title != new.title)
        or [a for _, a in new.addresses] != [held.addresses[p] for p in sorted(held.addresses)]
        or (new.household is not None and new.household != held.household)
        or not {folded(g) for g in new.groups} <= held.groups
        or (new.kept is not None and new.kept != held.kept)
        or (any(new.notes) and {i: n for i, n in enumerate(new.notes) if n} != held.notes)
    )


_MOBILE = AddressKind.MOBILE


def put_addresses(
    tx: Tx,
    wanted: Iterable[tuple[AddressKind, str]],
    heads: Sequence[str],
    *,
    none_yet: bool = False,
) -> dict[tuple[AddressKind, str], int]:
    """The rows of some addresses, new ones made; `heads`: prefixes of invented people."""
    address = tx.sealer.address
    ciphers = {address(kind, value): (kind, value) for kind, value in wanted}
    found = {} if none_yet else found_by(tx, "addresses", "cipher", list(ciphers))
    new = sorted(c for c in ciphers if c not in found)  # neighbours of one index lie together
    words, carrier, masked = {k: k.value for k in AddressKind}, phone.carrier_of, phone.masked
    rows = [
        (cipher, words[kind], carrier(value, heads) if kind is _MOBILE else None, masked(value))
        for cipher in new
        for kind, value in (ciphers[cipher],)
    ]
    columns = ("cipher", "kind", "carrier", "tail")
    if tx.is_sqlite:  # nobody else writes
        found.update(zip(new, insert_many(tx, "addresses", columns, rows), strict=True))
    elif rows:
        tx.run(
            "INSERT INTO addresses (cipher, kind, carrier, tail) VALUES (:cipher, :kind, "
            ":carrier, :tail) ON CONFLICT (cipher) DO NOTHING",
            [dict(zip(columns, row, strict=True)) for row in rows],
        )
        found |= found_by(tx, "addresses", "cipher", new)
    return {ciphers[cipher]: i for cipher, i in found.items()}


def address_id(tx: Tx, kind: AddressKind, value: str) -> int | None:
    """The row of an address we know, or None."""
    cipher = tx.sealer.address(kind.value, value)
    found = tx.value("SELECT id FROM addresses WHERE cipher = :c", c=cipher)
    return None if found is None else int(found)


def beside(tx: Tx, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What else is known of some contacts: notes (masked number → note) and kept columns."""
    found: dict[int, dict[str, Any]] = {i: {"notes": {}, "columns": {}} for i in ids}
    for link in on_rows(
        tx,
        "SELECT ca.contact_id, a.tail, ca.note_sealed FROM :rows r "
        "JOIN visible_contacts c ON c.id = r.id JOIN contact_addresses ca ON ca.contact_id = c.id "
        "JOIN addresses a ON a.id = ca.address_id WHERE ca.note_sealed IS NOT NULL",
        {"id": "bigint"},
        [[i] for i in ids],
        scope=tx.scope,
    ):
        found[link["contact_id"]]["notes"][link["tail"]] = tx.sealer.open(link["note_sealed"])
    for row in on_rows(
        tx,
        "SELECT c.id, c.row_sealed FROM :rows r "
        "JOIN visible_contacts c ON c.id = r.id WHERE c.row_sealed IS NOT NULL",
        {"id": "bigint"},
        [[i] for i in ids],
        scope=tx.scope,
    ):
        found[row["id"]]["columns"] = opened_row(tx, row["row_sealed"]) or {}
    return found


def names_of(tx: Tx, ids: Sequence[int]) -> dict[int, str]:
    """ "c12 Nguyễn Văn A" for some contacts."""
    rows = on_rows(
        tx,
        "SELECT c.id, c.name_sealed FROM :rows r JOIN visible_contacts c ON c.id = r.id",
        {"id": "bigint"},
        [[i] for i in ids],
        scope=tx.scope,
    )
    return {row["id"]: f"c{row['id']} {tx.sealer.open(row['name_sealed'])}" for row in rows}


def of_address(tx: Tx, address: int) -> list[int]:
    """Contacts that use an address."""
    rows = tx.rows(
        "SELECT ca.contact_id FROM contact_addresses ca "
        "JOIN visible_contacts c ON c.id = ca.contact_id WHERE ca.address_id = :a "
        "ORDER BY ca.position, ca.contact_id",
        a=address,
        scope=tx.scope,
    )
    return [row["contact_id"] for row in rows]


def tester(tx: Tx, address: int, ward_id: int) -> int:
    """The row a test message hangs on: a number of ours that is on no list."""
    found = tx.value(
        "SELECT c.id FROM visible_contacts c "
        "JOIN contact_addresses ca ON ca.contact_id = c.id WHERE c.kind = 'tester' "
        "AND c.ward_id = :w AND ca.address_id = :a",
        w=ward_id,
        a=address,
        scope=tx.scope,
    )
    if found is not None:
        return int(found)
    made = tx.insert(
        contacts_table,
        ward_id=ward_id,
        kind="tester",
        name_key=random_bytes(16),
        name_sealed=tx.sealer.seal("Người thử"),
        source="",
        created_at=tx.now,
        updated_at=tx.now,
    )
    tx.run(
        "INSERT INTO contact_addresses (contact_id, position, address_id) VALUES (:c, 0, :a)",
        {"c": made, "a": address},
    )
    return made
