"""Imports: what a file or a hand changed, all or nothing, and how it is put back.

Every change of contacts goes through here, so that `contacts undo` knows what was there before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dispatcher.db.bulk import found_by, insert_many, put_many, roomy
from dispatcher.db.contacts import areas, groups
from dispatcher.db.contacts.contacts import Person, name_key, opened_row, put_addresses, sealed_row
from dispatcher.db.database import Tx, at
from dispatcher.db.rows import on_rows
from dispatcher.db.schema import contact_addresses, imports
from dispatcher.domain.model import AddressKind
from dispatcher.domain.sms import folded

CHUNK = 20_000  # people written at a time


def store_import(
    tx: Tx,
    created: Sequence[Person],
    updated: Sequence[tuple[int, Person]],
    files: Sequence[Mapping[str, object]],
    sample_heads: Sequence[str],
    *,
    unchanged: int,
    proposed: Sequence[int] = (),
    basis: Mapping[str, str] = {},
    update: Callable[[int], None] = lambda done: None,
) -> int:
    """Store what an import brings, with what an undo needs; the import's id.

    `basis`: what the list rests on, see importing.basis. `update` is told how many are written.
    """
    counts = {"created": len(created), "updated": len(updated), "unchanged": unchanged}
    import_id = _open(tx, files, counts, proposed, basis)
    wards = {p.ward_id for p in created} | {p.ward_id for _, p in updated}
    places = {w: areas.groups_of(tx, w) for w in wards}
    known = _Known(tx, places, sample_heads)
    first = 0
    with roomy(tx, len(created)):
        for low in range(0, len(created), CHUNK):
            some = created[low : low + CHUNK]
            new_ids = _insert(tx, some, import_id, places, known.households_of(some))
            first = first or new_ids[0]
            _link(tx, list(zip(new_ids, some, strict=True)), known)
            update(low + len(some))
    tx.run(
        "INSERT INTO import_changes (import_id, contact_id, what) "
        "SELECT :i, id, 'created' FROM visible_contacts WHERE import_id = :i AND id >= :first",
        {"i": import_id, "first": first},
        scope=tx.scope,
    )
    _update(tx, updated, import_id, known.households_of([p for _, p in updated]))
    _link(tx, updated, known)
    tx.note(
        "imported",
        "contacts",
        import_id,
        **counts,
        files=len(files),
        digests=[f.get("digest") for f in files],
    )
    return import_id


class _Known:
    """Addresses and households this import has met: each is looked up once."""

    def __init__(
        self, tx: Tx, places: Mapping[int, Mapping[str, areas.Area]], heads: Sequence[str]
    ) -> None:
        self._tx, self._places, self._heads = tx, places, heads
        self._addresses: dict[tuple[AddressKind, str], int] = {}
        self._households: dict[bytes, int] = {}
        self._no_addresses = tx.one("SELECT 1 FROM addresses LIMIT 1") is None
        self._no_households = (
            tx.one("SELECT 1 FROM visible_households LIMIT 1", scope=tx.scope) is None
        )

    def addresses_of(self, people: Iterable[Person]) -> dict[tuple[AddressKind, str], int]:
        known = self._addresses
        new = dict.fromkeys(a for p in people for a in p.addresses if a not in known)
        known |= put_addresses(self._tx, new, self._heads, none_yet=self._no_addresses)
        return known

    def households_of(self, people: Iterable[Person]) -> dict[bytes, int]:
        known = self._households
        new = {p.household: p for p in people if p.household and p.household not in known}
        known |= _households(self._tx, new, self._places, none_yet=self._no_households)
        return known


def _link(tx: Tx, pairs: Sequence[tuple[int, Person]], known: _Known) -> None:
    """Give people their addresses and groups."""
    addresses = known.addresses_of(p for _, p in pairs)
    seal = tx.sealer.seal
    links = [
        (i, n, addresses[a], seal(p.notes[n]) if p.notes and p.notes[n] else None)
        for i, p in pairs
        for n, a in enumerate(p.addresses)
    ]
    columns = ("contact_id", "position", "address_id", "note_sealed")
    put_many(tx, "contact_addresses", columns, links)
    _join_groups(tx, pairs)


def _open(
    tx: Tx,
    files: Sequence[Mapping[str, object]],
    counts: Mapping[str, int],
    proposed: Sequence[int] = (),
    basis: Mapping[str, str] = {},
) -> int:
    return tx.insert(
        imports,
        at=tx.now,
        by=tx.actor.name,
        files=json.dumps(files),
        counts=json.dumps({**counts, "proposed": list(proposed)}),
        basis=json.dumps(basis, ensure_ascii=False),
    )


def _households(
    tx: Tx,
    wanted: Mapping[bytes, Person],
    places: Mapping[int, Mapping[str, areas.Area]],
    *,
    none_yet: bool,
) -> dict[bytes, int]:
    """The rows of some households, new ones made; `none_yet`: this ward had none before."""
    if not wanted:
        return {}
    found = {} if none_yet else found_by(tx, "visible_households", "key", list(wanted), tx.scope)
    new = [k for k in wanted if k not in found]
    columns = ("ward_id", "residential_group_id", "key")
    rows = [(wanted[k].ward_id, _area(places, wanted[k]), k) for k in new]
    if tx.is_sqlite:  # nobody else writes
        return found | dict(zip(new, insert_many(tx, "households", columns, rows), strict=True))
    if rows:
        tx.run(
            "INSERT INTO households (ward_id, residential_group_id, key) VALUES (:ward_id, "
            ":residential_group_id, :key) ON CONFLICT (ward_id, key) DO NOTHING",
            [dict(zip(columns, row, strict=True)) for row in rows],
        )
    return found | found_by(tx, "visible_households", "key", new, tx.scope)


def _area(places: Mapping[int, Mapping[str, areas.Area]], person: Person) -> int | None:
    area = places[person.ward_id].get(person.group_key)
    return area.id if area else None


def _insert(
    tx: Tx,
    people: Sequence[Person],
    import_id: int,
    places: Mapping[int, Mapping[str, areas.Area]],
    households: Mapping[bytes, int],
) -> Sequence[int]:
    now, seal, bits = at(tx.now), tx.sealer.seal, tx.sealer.name_bits
    rows = [
        (
            p.ward_id,
            _area(places, p),
            households.get(p.household) if p.household else None,
            p.kind,
            p.name_key,
            p.ordinal,
            seal(p.name),
            bits(p.name),
            p.title,
            sealed_row(tx, p.kept),
            import_id,
            p.source,
            p.row,
            now,
            now,
        )
        for p in people
    ]
    return insert_many(tx, "contacts", _CONTACT, rows)


_CONTACT = (
    "ward_id",
    "residential_group_id",
    "household_id",
    "kind",
    "name_key",
    "ordinal",
    "name_sealed",
    "name_bits",
    "title",
    "row_sealed",
    "import_id",
    "source",
    "source_row",
    "created_at",
    "updated_at",
)


def _update(
    tx: Tx, updated: Sequence[tuple[int, Person]], import_id: int, households: Mapping[bytes, int]
) -> None:
    if not updated:
        return
    _keep_images(tx, import_id, [i for i, _ in updated])
    tx.run(
        "UPDATE contacts SET name_sealed = :n, "
        "name_bits = :bits, title = CASE WHEN :t = '' THEN title ELSE :t END, updated_at = :now, "
        "household_id = COALESCE(:h, household_id), row_sealed = COALESCE(:r, row_sealed) "
        "WHERE id = :id AND id IN (SELECT id FROM visible_contacts)",
        [
            {
                "n": tx.sealer.seal(p.name),
                "bits": tx.sealer.name_bits(p.name),
                "t": p.title,
                "id": i,
                "now": at(tx.now),
                "h": households.get(p.household) if p.household else None,
                "r": sealed_row(tx, p.kept),
            }
            for i, p in updated
        ],
        scope=tx.scope,
    )
    tx.run("DELETE FROM contact_addresses WHERE contact_id = :id", [{"id": i} for i, _ in updated])


def _keep_images(tx: Tx, import_id: int, contact_ids: Sequence[int]) -> None:
    """Write down how some contacts stand, before they are changed."""
    ids = [[i] for i in contact_ids]
    kinds = {"id": "bigint"}
    addresses: dict[int, list[list[Any]]] = {}
    for row in on_rows(
        tx,
        "SELECT ca.contact_id, ca.position, ca.address_id, ca.note_sealed FROM :rows r "
        "JOIN contact_addresses ca ON ca.contact_id = r.id ORDER BY ca.contact_id, ca.position",
        kinds,
        ids,
    ):
        note = row["note_sealed"]
        addresses.setdefault(row["contact_id"], []).append(
            [row["position"], row["address_id"], tx.sealer.open(note) if note else None]
        )
    joined: dict[int, list[int]] = {}
    for row in on_rows(
        tx,
        "SELECT m.contact_id, m.group_id FROM :rows r JOIN group_members m ON m.contact_id = r.id",
        kinds,
        ids,
    ):
        joined.setdefault(row["contact_id"], []).append(row["group_id"])
    rows = on_rows(
        tx,
        "SELECT c.id, c.ward_id, c.residential_group_id, "
        "c.household_id, c.name_key, c.ordinal, c.title, c.name_sealed, c.row_sealed FROM :rows r "
        "JOIN visible_contacts c ON c.id = r.id",
        kinds,
        ids,
        scope=tx.scope,
    )
    images = [
        {
            "i": import_id,
            "c": row["id"],
            "b": tx.sealer.seal(
                json.dumps(
                    {
                        "name": tx.sealer.open(row["name_sealed"]),
                        **{k: row[k] for k in PLAIN},
                        "name_key": bytes(row["name_key"]).hex(),
                        "addresses": addresses.get(row["id"], []),
                        "groups": joined.get(row["id"], []),
                        "row": opened_row(tx, row["row_sealed"]),
                    }
                )
            ),
        }
        for row in rows
    ]
    if images:
        tx.run(
            "INSERT INTO import_changes (import_id, contact_id, what, before_sealed) "
            "VALUES (:i, :c, 'updated', :b)",
            images,
        )


PLAIN = ("ward_id", "residential_group_id", "household_id", "ordinal", "title")


def _join_groups(tx: Tx, pairs: Sequence[tuple[int, Person]]) -> None:
    names = [g for _, p in pairs for g in p.groups]
    if names:
        ids = groups.ensure(tx, names)
        groups.join(tx, [(ids[folded(g)], i) for i, p in pairs for g in p.groups])


def change(
    tx: Tx,
    contact_ids: Sequence[int],
    *,
    name: str | None = None,
    title: str | None = None,
    place: tuple[int, int | None, str] | None = None,
    addresses: Sequence[int] | None = None,
) -> int:
    """Change some contacts by hand; the id `undo` takes.

    `place`: ward, residential group and its normal form. `addresses`: rows, in order.
    """
    import_id = _open(tx, [], {"created": 0, "updated": len(contact_ids), "unchanged": 0})
    _keep_images(tx, import_id, contact_ids)
    rows = on_rows(
        tx,
        "SELECT c.id, c.ward_id, g.key AS group_key, c.name_sealed "
        "FROM :rows r JOIN visible_contacts c ON c.id = r.id "
        "LEFT JOIN areas g ON g.id = c.residential_group_id",
        {"id": "bigint"},
        [[i] for i in contact_ids],
        scope=tx.scope,
    )
    for row in rows:
        ward = place[0] if place else row["ward_id"]
        group = place[2] if place else row["group_key"] or ""
        known_as = name or tx.sealer.open(row["name_sealed"])
        key = name_key(tx, ward, group, known_as)
        _set(tx, row["id"], key, known_as, title, place)
    if addresses is not None:
        ids = [{"id": i} for i in contact_ids]
        tx.run("DELETE FROM contact_addresses WHERE contact_id = :id", ids)
        links = [
            {"contact_id": i, "position": p, "address_id": a}
            for i in contact_ids
            for p, a in enumerate(addresses)
        ]
        if links:
            tx.run(contact_addresses.insert(), links)
    tx.note("changed", "contacts", import_id, people=len(rows), moved=place is not None)
    return import_id


def _set(
    tx: Tx,
    contact_id: int,
    key: bytes,
    name: str,
    title: str | None,
    place: tuple[int, int | None, str] | None,
) -> None:
    moved = ", ward_id = :w, residential_group_id = :g, household_id = NULL" if place else ""
    tx.run(
        "UPDATE contacts SET name_sealed = :n, "
        "name_bits = :bits, title = COALESCE(:t, title), updated_at = :now, "
        "ordinal = CASE WHEN name_key = :k THEN ordinal ELSE COALESCE((SELECT MAX(c.ordinal) + 1 "
        f"FROM visible_contacts c WHERE c.name_key = :k), 0) END, name_key = :k{moved} "
        "WHERE id = :id AND id IN (SELECT id FROM visible_contacts)",
        {
            "n": tx.sealer.seal(name),
            "bits": tx.sealer.name_bits(name),
            "t": title,
            "k": key,
            "now": at(tx.now),
            "id": contact_id,
            "w": place[0] if place else None,
            "g": place[1] if place else None,
        },
        scope=tx.scope,
    )


def list_imports(tx: Tx, limit: int = 20) -> list[dict[str, Any]]:
    """Imports and changes by hand, newest first."""
    return [
        {**row, "files": json.loads(row["files"]), "counts": json.loads(row["counts"])}
        for row in tx.rows(
            "SELECT id, at, by, files, counts, undone_at FROM imports ORDER BY id DESC LIMIT :n",
            n=limit,
        )
    ]
