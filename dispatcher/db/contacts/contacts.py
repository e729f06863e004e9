"""Contacts, their addresses, households, groups and imports."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from dispatcher.db.bulk import found_by, insert_many
from dispatcher.db.compiling import Among
from dispatcher.db.database import Tx
from dispatcher.db.rows import on_rows
from dispatcher.db.schema import contacts as table
from dispatcher.db.words import WARD
from dispatcher.domain import names, phone
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
class Known:
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


def known(tx: Tx, wards: set[int]) -> dict[bytes, list[Known]]:
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
    found: dict[bytes, list[Known]] = {}
    for row in tx.rows(
        "SELECT c.id, c.name_key, c.ordinal, c.name_sealed, c.title, c.row_sealed, "
        "h.key AS household "
        "FROM visible_contacts c LEFT JOIN visible_households h ON h.id = c.household_id "
        f"WHERE {inside} ORDER BY c.id",
        wards=among,
        scope=tx.scope,
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


def differs(held: Known, new: Person) -> bool:
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


@dataclass(frozen=True)
class Within:
    """Where a list is narrowed to; None means anywhere."""

    ward: int | None = None
    residential_group: int | None = None
    group: int | None = None


def listed(
    tx: Tx,
    *,
    ids: Sequence[int] | None = None,
    within: Within = Within(),
    search: str = "",
    limit: int = 100,
    numbers: bool = False,
) -> list[dict[str, Any]]:
    """Contacts by ward, residential group and name as Vietnamese lists are sorted.

    `search`: whole words of a name, diacritics, d and đ folded; where nobody has them all, any
    part of a name, on lists that can be looked through.
    Numbers are masked unless `numbers` is asked for, which the caller has noted for the trail; then
    they come with their notes, as an import reads them.
    """
    where, values = _conditions(ids, within)
    if search:
        lines = _named(tx, where, values, search, limit)
    elif ids is not None or within.group is not None:
        lines = heapq.nsmallest(limit, _opened(tx, where, values), key=_place)
    else:
        lines = _by_place(tx, where, values, limit)
    found: list[dict[str, Any]] = [
        {
            "id": row["id"],
            "name": name,
            "title": row["title"],
            "kind": row["kind"],
            "ward": row["ward"],
            "residential_group": row["residential_group"],
            "household": row["household"],
            "source": row["source"],
            "row": row["source_row"],
            "phones": [],
        }
        for name, row in lines
    ]
    phones: dict[int, list[str]] = {}
    for link in on_rows(
        tx,
        "SELECT ca.contact_id, a.tail, a.kind, a.cipher, ca.note_sealed "
        "FROM :rows r JOIN visible_contacts c ON c.id = r.id "
        "JOIN contact_addresses ca ON ca.contact_id = c.id "
        "JOIN addresses a ON a.id = ca.address_id ORDER BY ca.contact_id, ca.position",
        {"id": "bigint"},
        [[c["id"]] for c in found],
        scope=tx.scope,
    ):
        full = numbers and link["cipher"] is not None
        shown = tx.sealer.open_address(link["kind"], link["cipher"]) if full else link["tail"]
        if full and link["note_sealed"] is not None:
            shown += f" ({tx.sealer.open(link['note_sealed'])})"
        phones.setdefault(link["contact_id"], []).append(shown)
    return [{**c, "phones": phones.get(c["id"], [])} for c in found]


Line = tuple[str, Any]  # a name, and what else is shown
AT_ONCE = 5_000
SORTED_AT_MOST = 1_000  # names of one residential group opened for the first lines of a list
LOOKED_THROUGH = 50_000  # people whose names are opened one by one to find a part of one


def _conditions(ids: Sequence[int] | None, within: Within) -> tuple[str, dict[str, Any]]:
    """`AND …` with its values, over contacts as `c`."""
    sql = "c.removed_at IS NULL AND c.kind <> 'tester'"
    values: dict[str, Any] = {}
    for condition, name, chosen in (
        ("c.ward_id = :ward", "ward", within.ward),
        ("c.residential_group_id = :rg", "rg", within.residential_group),
        (
            "EXISTS (SELECT 1 FROM group_members m WHERE m.contact_id = c.id "
            "AND m.group_id = :group_id)",
            "group_id",
            within.group,
        ),
    ):
        if chosen is not None:
            sql += f" AND {condition}"
            values[name] = chosen
    if ids is not None:
        sql += " AND c.id IN (:ids)"
        values["ids"] = Among(ids)
    return sql, values


def _opened(tx: Tx, where: str, values: Mapping[str, Any]) -> Iterator[Line]:
    """Contacts with their names, one residential group after the other."""
    sql = (
        "SELECT c.id, c.name_sealed, c.title, c.kind, w.name "
        "AS ward, g.name AS residential_group, c.household_id AS household, c.source, "
        "c.source_row, c.ward_id "
        "FROM visible_contacts c JOIN areas w ON w.id = c.ward_id "
        f"LEFT JOIN areas g ON g.id = c.residential_group_id WHERE {where} "
        "ORDER BY c.ward_id, c.residential_group_id, c.id"
    )
    for row in tx.run(sql, values, scope=tx.scope).mappings():
        yield tx.sealer.open(row["name_sealed"]), row


def _place(line: Line) -> tuple[Any, ...]:
    name, row = line
    group = names.place_order(row["residential_group"] or "")
    return row["ward_id"], group, names.order(name), row["id"]


def _by_place(tx: Tx, where: str, values: Mapping[str, Any], limit: int) -> list[Line]:
    """The first lines, opening no more residential groups than are shown."""
    found: list[Line] = []
    for ward in tx.rows(f"SELECT id FROM areas WHERE kind = {WARD} ORDER BY id"):
        there = {**values, "in_ward": ward["id"]}
        groups = tx.rows(
            "SELECT g.id, g.name FROM (SELECT DISTINCT "
            "c.residential_group_id AS id FROM visible_contacts c WHERE c.ward_id = :in_ward) d "
            "LEFT JOIN areas g ON g.id = d.id",
            in_ward=ward["id"],
            scope=tx.scope,
        )
        for group in sorted(groups, key=lambda g: names.place_order(g["name"] or "")):
            if len(found) >= limit:
                return found[:limit]
            is_here = "residential_group_id " + (
                "IS NULL" if group["id"] is None else "= :in_group"
            )
            here = there if group["id"] is None else {**there, "in_group": group["id"]}
            lines = _opened(tx, f"{where} AND c.ward_id = :in_ward AND c.{is_here}", here)
            few = islice(lines, max(limit, SORTED_AT_MOST))
            found += sorted(few, key=_place)
    return found[:limit]


def _named(tx: Tx, where: str, values: Mapping[str, Any], search: str, limit: int) -> list[Line]:
    """Those whose names have what is searched for."""
    wanted = folded(search)
    words = set(wanted.split())
    bits = f"{where} AND (c.name_bits IS NULL OR c.name_bits & :bits = :bits)"
    candidates = _opened(tx, bits, {**values, "bits": tx.sealer.name_bits(wanted)})
    found = list(
        islice((line for line in candidates if words <= set(folded(line[0]).split())), limit)
    )
    if not found and _fewer_than(tx, where, values, LOOKED_THROUGH):
        found = [line for line in _opened(tx, where, values) if wanted in folded(line[0])]
    return heapq.nsmallest(limit, found, key=_place)


def learn_names(tx: Tx) -> int:
    """Search bits for whoever has none yet; how many. After an upgrade from before they were."""
    learned = 0
    while rows := tx.rows(
        "SELECT id, name_sealed FROM visible_contacts "
        f"WHERE name_bits IS NULL AND kind <> 'tester' LIMIT {AT_ONCE}",
        scope=tx.scope,
    ):
        tx.run(
            "UPDATE contacts SET name_bits = :bits WHERE id = :id "
            "AND id IN (SELECT id FROM visible_contacts)",
            [
                {"id": r["id"], "bits": tx.sealer.name_bits(tx.sealer.open(r["name_sealed"]))}
                for r in rows
            ],
            scope=tx.scope,
        )
        learned += len(rows)
    if learned:
        tx.note("learned", "contacts", "", names=learned)
    return learned


def _fewer_than(tx: Tx, where: str, values: Mapping[str, Any], most: int) -> bool:
    many = tx.value(
        f"SELECT count(*) FROM (SELECT 1 FROM visible_contacts c WHERE {where} LIMIT {most}) few",
        **values,
        scope=tx.scope,
    )
    return int(many or 0) < most


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
        table,
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


def ending_with(tx: Tx, digits: str, most: int = 50) -> list[int]:
    """Contacts one of whose numbers ends with these digits (three or more)."""
    rows = tx.rows(
        "SELECT ca.contact_id, a.kind, a.cipher FROM addresses a "
        "JOIN contact_addresses ca ON ca.address_id = a.id "
        "JOIN visible_contacts c ON c.id = ca.contact_id AND c.removed_at IS NULL "
        "WHERE a.tail IN (:tails) AND a.cipher IS NOT NULL ORDER BY ca.contact_id",
        tails=Among(list(phone.tails(int(digits[-3:]))), "text"),
        scope=tx.scope,
    )
    found: list[int] = []
    for row in rows:
        whole = tx.sealer.open_address(row["kind"], row["cipher"])
        if whole.endswith(digits) and row["contact_id"] not in found:
            found.append(row["contact_id"])
        if len(found) >= most:
            break
    return found
