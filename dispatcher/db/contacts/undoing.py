"""An import, or a change by hand, put back: who came goes, who was changed is as before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dispatcher.db.contacts import areas
from dispatcher.db.contacts.contacts import sealed_row
from dispatcher.db.contacts.imports import PLAIN
from dispatcher.db.database import Tx, at
from dispatcher.db.rows import on_rows
from dispatcher.db.schema import contact_addresses
from dispatcher.domain.machine import random_bytes
from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import Say


def undo(tx: Tx, import_id: int) -> dict[str, int]:
    """Put back what an import changed, exactly; how many contacts went and came back.

    Refused when a later change touched the same people: that one is undone first. Somebody who was
    written to meanwhile stays in the log under a number of ours, out of every list.
    """
    row = tx.one("SELECT undone_at, counts FROM imports WHERE id = :id", id=import_id)
    if row is None:
        raise Problem(
            "unknown-import",
            Say("There is no import {import_id}.", import_id=import_id),
        )
    if row["undone_at"] is not None:
        raise refused(
            "already-undone",
            Say("Import {import_id} has been undone already.", import_id=import_id),
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
            "DELETE FROM areas WHERE id = :id AND NOT EXISTS (SELECT 1 FROM visible_contacts c "
            "WHERE c.residential_group_id = :id) AND NOT EXISTS (SELECT 1 FROM visible_messages m "
            "WHERE m.residential_group_id = :id) AND NOT EXISTS (SELECT 1 FROM "
            "visible_households h "
            "WHERE h.residential_group_id = :id)",
            {"id": area},
            scope=tx.scope,
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
            Say("Import {later} changed these people again.", later=later),
        )
    unseen = tx.value(
        "SELECT count(*) FROM import_changes x WHERE "
        "x.import_id = :i AND NOT EXISTS (SELECT 1 FROM visible_contacts c "
        "WHERE c.id = x.contact_id)",
        i=import_id,
        scope=tx.scope,
    )
    if unseen:
        raise refused(
            "not-your-ward",
            Say(
                "Import {import_id} has people outside the wards of {name}.",
                import_id=import_id,
                name=tx.actor.name,
            ),
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
        f"SELECT DISTINCT contact_id AS id FROM visible_messages WHERE contact_id IN ({created})",
        i=import_id,
        scope=tx.scope,
    )
    retire(tx, [row["id"] for row in written_to])
    gone = tx.run(
        "DELETE FROM contacts "
        f"WHERE id IN ({created}) AND id NOT IN (SELECT contact_id FROM visible_messages "
        f"WHERE contact_id IN ({created})) AND id IN (SELECT id FROM visible_contacts)",
        {"i": import_id},
        scope=tx.scope,
    ).rowcount
    drop_unused(tx, addresses)
    return int(gone) + len(written_to)


def retire(tx: Tx, contact_ids: Sequence[int]) -> None:
    """Take people out of every list who stay in the log."""
    if not contact_ids:
        return
    tx.run(
        "UPDATE contacts SET removed_at = :now, name_key = :k, "
        "ordinal = 0, household_id = NULL WHERE id = :id AND id IN (SELECT id FROM "
        "visible_contacts)",
        [{"id": i, "k": random_bytes(16), "now": at(tx.now)} for i in contact_ids],
        scope=tx.scope,
    )
    for name in ("contact_addresses", "group_members"):
        tx.run(f"DELETE FROM {name} WHERE contact_id = :id", [{"id": i} for i in contact_ids])


def drop_unused(tx: Tx, addresses: Sequence[Sequence[int]]) -> None:
    """Addresses nothing points to any more are not kept."""
    on_rows(
        tx,
        "DELETE FROM addresses WHERE id IN (SELECT r.id FROM "
        ":rows r) "
        "AND NOT EXISTS (SELECT 1 FROM contact_addresses x WHERE x.address_id = addresses.id) "
        "AND NOT EXISTS (SELECT 1 FROM targets x WHERE x.address_id = addresses.id) "
        "AND NOT EXISTS (SELECT 1 FROM shared_targets x WHERE x.address_id = addresses.id) "
        "AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_id = addresses.id) "
        "AND NOT EXISTS (SELECT 1 FROM replies x WHERE x.address_id = addresses.id) "
        "AND NOT EXISTS (SELECT 1 FROM people x WHERE x.address_id = addresses.id) "
        "AND NOT EXISTS (SELECT 1 FROM user_ids x WHERE x.user_address_id = addresses.id)",
        {"id": "bigint"},
        addresses,
    )


def _put_back(tx: Tx, images: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    if not images:
        return
    ids = [{"id": i} for i, _ in images]
    tx.run(
        "UPDATE contacts SET name_key = :k, ordinal = 0 "
        "WHERE id = :id AND id IN (SELECT id FROM visible_contacts)",
        [{**i, "k": random_bytes(16)} for i in ids],  # two that swapped places must not collide
        scope=tx.scope,
    )
    tx.run(
        "UPDATE contacts SET name_sealed = :n, name_key = :k, "
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
                **{k: image[k] for k in PLAIN},
            }
            for i, image in images
        ],
        scope=tx.scope,
    )
    held = on_rows(
        tx,
        "SELECT DISTINCT ca.address_id AS id FROM :rows r "
        "JOIN contact_addresses ca ON ca.contact_id = r.id",
        {"id": "bigint"},
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
