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
from dispatcher.db.rows import json_rows, on_rows
from dispatcher.db.schema import contact_addresses, imports
from dispatcher.domain.machine import random_bytes
from dispatcher.domain.model import AddressKind
from dispatcher.domain.problems import Problem, refused
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
        f"WITH {tx.visible('contacts')} INSERT INTO import_changes (import_id, contact_id, what) "
        "SELECT :i, id, 'created' FROM visible_contacts WHERE import_id = :i AND id >= :first",
        {"i": import_id, "first": first},
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
            tx.one(f"WITH {tx.visible('households')} SELECT 1 FROM visible_households LIMIT 1")
            is None
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
    seen = f"(WITH {tx.visible('households')} SELECT id, key FROM visible_households) h"
    found = {} if none_yet else found_by(tx, seen, "key", list(wanted))
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
    return found | found_by(tx, seen, "key", new)


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
    "ward_id", "residential_group_id", "household_id", "kind", "name_key", "ordinal", "name_sealed",
    "name_bits", "title", "row_sealed", "import_id", "source", "source_row",
    "created_at", "updated_at",
)  # fmt: skip


def _update(
    tx: Tx, updated: Sequence[tuple[int, Person]], import_id: int, households: Mapping[bytes, int]
) -> None:
    if not updated:
        return
    _keep_images(tx, import_id, [i for i, _ in updated])
    tx.run(
        f"WITH {tx.visible('contacts')} UPDATE contacts SET name_sealed = :n, "
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
    )
    tx.run("DELETE FROM contact_addresses WHERE contact_id = :id", [{"id": i} for i, _ in updated])


def _keep_images(tx: Tx, import_id: int, contact_ids: Sequence[int]) -> None:
    """Write down how some contacts stand, before they are changed."""
    ids = [[i] for i in contact_ids]
    chosen = f"FROM {json_rows({'id': 'bigint'})} r"
    addresses: dict[int, list[list[Any]]] = {}
    for row in on_rows(
        tx,
        f"SELECT ca.contact_id, ca.position, ca.address_id, ca.note_sealed {chosen} "
        "JOIN contact_addresses ca ON ca.contact_id = r.id ORDER BY ca.contact_id, ca.position",
        ids,
    ):
        note = row["note_sealed"]
        addresses.setdefault(row["contact_id"], []).append(
            [row["position"], row["address_id"], tx.sealer.open(note) if note else None]
        )
    joined: dict[int, list[int]] = {}
    for row in on_rows(
        tx,
        f"SELECT m.contact_id, m.group_id {chosen} JOIN group_members m ON m.contact_id = r.id",
        ids,
    ):
        joined.setdefault(row["contact_id"], []).append(row["group_id"])
    rows = on_rows(
        tx,
        f"WITH {tx.visible('contacts')} SELECT c.id, c.ward_id, c.residential_group_id, "
        f"c.household_id, c.name_key, c.ordinal, c.title, c.name_sealed, c.row_sealed {chosen} "
        "JOIN visible_contacts c ON c.id = r.id",
        ids,
    )
    images = [
        {
            "i": import_id,
            "c": row["id"],
            "b": tx.sealer.seal(
                json.dumps(
                    {
                        "name": tx.sealer.open(row["name_sealed"]),
                        **{k: row[k] for k in _PLAIN},
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


_PLAIN = ("ward_id", "residential_group_id", "household_id", "ordinal", "title")


def _join_groups(tx: Tx, pairs: Sequence[tuple[int, Person]]) -> None:
    names = [g for _, p in pairs for g in p.groups]
    if names:
        ids = groups.ensure(tx, names)
        groups.join(tx, [(ids[folded(g)], i) for i, p in pairs for g in p.groups])


def undo(tx: Tx, import_id: int) -> dict[str, int]:
    """Put back what an import changed, exactly; how many contacts went and came back.

    Refused when a later change touched the same people: that one is undone first. Somebody who was
    written to meanwhile stays in the log under a number of ours, out of every list.
    """
    row = tx.one("SELECT undone_at, counts FROM imports WHERE id = :id", id=import_id)
    if row is None:
        raise Problem(
            "unknown-import",
            f"Không có lần nhập số {import_id}. Xem: dispatcher contacts undo --list",
            f"There is no import {import_id}. See: dispatcher contacts undo --list",
        )
    if row["undone_at"] is not None:
        raise refused(
            "already-undone",
            f"Lần nhập {import_id} đã được hoàn tác.",
            f"Import {import_id} has been undone already.",
        )
    _refuse_undo(tx, import_id)
    images = [
        (change["contact_id"], json.loads(tx.sealer.open(change["before_sealed"])))
        for change in tx.rows(
            "SELECT contact_id, before_sealed FROM import_changes WHERE import_id = :i "
            "AND what = 'updated' AND before_sealed IS NOT NULL ORDER BY id DESC",
            i=import_id,
        )
    ]
    gone = _remove_created(tx, import_id)
    _put_back(tx, images)
    places = [image["residential_group_id"] for _, image in images]
    areas.reopen_groups(tx, [p for p in places if p is not None])
    for area in json.loads(row["counts"]).get("proposed", []):
        tx.run(
            f"WITH {tx.visible('contacts')}, {tx.visible('messages')}, {tx.visible('households')} "
            "DELETE FROM areas WHERE id = :id AND NOT EXISTS (SELECT 1 FROM visible_contacts c "
            "WHERE c.residential_group_id = :id) AND NOT EXISTS (SELECT 1 FROM visible_messages m "
            "WHERE m.residential_group_id = :id) AND NOT EXISTS (SELECT 1 FROM "
            "visible_households h "
            "WHERE h.residential_group_id = :id)",
            {"id": area},
        )
    tx.run("UPDATE imports SET undone_at = :now WHERE id = :i", {"now": at(tx.now), "i": import_id})
    tx.note("undone", "contacts", import_id, removed=gone, restored=len(images))
    return {"removed": gone, "restored": len(images)}


def _refuse_undo(tx: Tx, import_id: int) -> None:
    later = tx.value(
        "SELECT MIN(x.import_id) FROM import_changes x JOIN imports i ON i.id = x.import_id "
        "AND i.undone_at IS NULL WHERE x.import_id > :i AND x.contact_id IN "
        "(SELECT contact_id FROM import_changes WHERE import_id = :i)",
        i=import_id,
    )
    if later is not None:
        raise refused(
            "changed-later",
            f"Lần nhập {later} sửa tiếp những người này. Hoàn tác nó trước: "
            f"dispatcher contacts undo {later}",
            f"Import {later} changed these people again. Undo it first: "
            f"dispatcher contacts undo {later}",
        )
    unseen = tx.value(
        f"WITH {tx.visible('contacts')} SELECT count(*) FROM import_changes x WHERE "
        "x.import_id = :i AND NOT EXISTS (SELECT 1 FROM visible_contacts c "
        "WHERE c.id = x.contact_id)",
        i=import_id,
    )
    if unseen:
        raise refused(
            "not-your-ward",
            f"Lần nhập {import_id} có người ngoài phường {tx.actor.name} phụ trách.",
            f"Import {import_id} has people outside the wards of {tx.actor.name}.",
        )


def _remove_created(tx: Tx, import_id: int) -> int:
    created = "SELECT contact_id FROM import_changes WHERE import_id = :i AND what = 'created'"
    addresses = [
        [row["address_id"]]
        for row in tx.rows(
            f"SELECT DISTINCT address_id FROM contact_addresses WHERE contact_id IN ({created})",
            i=import_id,
        )
    ]
    written_to = tx.rows(
        f"WITH {tx.visible('messages')} SELECT DISTINCT contact_id AS id FROM visible_messages "
        f"WHERE contact_id IN ({created})",
        i=import_id,
    )
    retire(tx, [row["id"] for row in written_to])
    gone = tx.run(
        f"WITH {tx.visible('contacts')}, {tx.visible('messages')} DELETE FROM contacts "
        f"WHERE id IN ({created}) AND id NOT IN (SELECT contact_id FROM visible_messages "
        f"WHERE contact_id IN ({created})) AND id IN (SELECT id FROM visible_contacts)",
        {"i": import_id},
    ).rowcount
    drop_unused(tx, addresses)
    return int(gone) + len(written_to)


def retire(tx: Tx, contact_ids: Sequence[int]) -> None:
    """Take people out of every list who stay in the log."""
    if not contact_ids:
        return
    tx.run(
        f"WITH {tx.visible('contacts')} UPDATE contacts SET removed_at = :now, name_key = :k, "
        "ordinal = 0, household_id = NULL WHERE id = :id AND id IN (SELECT id FROM "
        "visible_contacts)",
        [{"id": i, "k": random_bytes(16), "now": at(tx.now)} for i in contact_ids],
    )
    for name in ("contact_addresses", "group_members"):
        tx.run(f"DELETE FROM {name} WHERE contact_id = :id", [{"id": i} for i in contact_ids])


def drop_unused(tx: Tx, addresses: Sequence[Sequence[int]]) -> None:
    """Addresses nothing points to any more are not kept."""
    on_rows(
        tx,
        "DELETE FROM addresses WHERE id IN (SELECT r.id FROM "
        f"{json_rows({'id': 'bigint'})} r) "
        "AND NOT EXISTS (SELECT 1 FROM contact_addresses x WHERE x.address_id = addresses.id) "
        "AND NOT EXISTS (SELECT 1 FROM targets x WHERE x.address_id = addresses.id) "
        "AND NOT EXISTS (SELECT 1 FROM shared_targets x WHERE x.address_id = addresses.id) "
        "AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_id = addresses.id) "
        "AND NOT EXISTS (SELECT 1 FROM replies x WHERE x.address_id = addresses.id) "
        "AND NOT EXISTS (SELECT 1 FROM people x WHERE x.address_id = addresses.id) "
        "AND NOT EXISTS (SELECT 1 FROM user_ids x WHERE x.user_address_id = addresses.id)",
        addresses,
    )


def _put_back(tx: Tx, images: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    if not images:
        return
    ids = [{"id": i} for i, _ in images]
    tx.run(
        f"WITH {tx.visible('contacts')} UPDATE contacts SET name_key = :k, ordinal = 0 "
        "WHERE id = :id AND id IN (SELECT id FROM visible_contacts)",
        [{**i, "k": random_bytes(16)} for i in ids],  # two that swapped places must not collide
    )
    tx.run(
        f"WITH {tx.visible('contacts')} UPDATE contacts SET name_sealed = :n, name_key = :k, "
        "name_bits = :bits, ordinal = :ordinal, title = :title, ward_id = :ward_id, "
        "household_id = :household_id, residential_group_id = :residential_group_id, "
        "row_sealed = :r, updated_at = :now "
        "WHERE id = :id AND id IN (SELECT id FROM visible_contacts)",
        [
            {
                "id": i,
                "n": tx.sealer.seal(image["name"]),
                "bits": tx.sealer.name_bits(image["name"]),
                "k": bytes.fromhex(image["name_key"]),
                "r": sealed_row(tx, image.get("row")),
                "now": at(tx.now),
                **{k: image[k] for k in _PLAIN},
            }
            for i, image in images
        ],
    )
    held = on_rows(
        tx,
        f"SELECT DISTINCT ca.address_id AS id FROM {json_rows({'id': 'bigint'})} r "
        "JOIN contact_addresses ca ON ca.contact_id = r.id",
        [[i] for i, _ in images],
    )
    for name in ("contact_addresses", "group_members"):
        tx.run(f"DELETE FROM {name} WHERE contact_id = :id", ids)
    links = [
        {
            "contact_id": i,
            "position": p,
            "address_id": a,
            "note_sealed": tx.sealer.seal(note[0]) if note and note[0] else None,
        }
        for i, image in images
        for p, a, *note in image["addresses"]
    ]
    if links:
        tx.run(contact_addresses.insert(), links)
    members = [{"g": g, "c": i} for i, image in images for g in image["groups"]]
    if members:
        tx.run("INSERT INTO group_members (group_id, contact_id) VALUES (:g, :c)", members)
    drop_unused(tx, [[row["id"]] for row in held])


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
        f"WITH {tx.visible('contacts')} SELECT c.id, c.ward_id, g.key AS group_key, c.name_sealed "
        f"FROM {json_rows({'id': 'bigint'})} r JOIN visible_contacts c ON c.id = r.id "
        "LEFT JOIN areas g ON g.id = c.residential_group_id",
        [[i] for i in contact_ids],
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
        f"WITH {tx.visible('contacts')} UPDATE contacts SET name_sealed = :n, "
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
    )


def listed(tx: Tx, limit: int = 20) -> list[dict[str, Any]]:
    """Imports and changes by hand, newest first."""
    return [
        {**row, "files": json.loads(row["files"]), "counts": json.loads(row["counts"])}
        for row in tx.rows(
            "SELECT id, at, by, files, counts, undone_at FROM imports ORDER BY id DESC LIMIT :n",
            n=limit,
        )
    ]
