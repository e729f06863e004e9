"""Contacts as lists show them: by place and name, found by words of a name or end of a number."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dispatcher.db.compiling import Among
from dispatcher.db.database import Tx
from dispatcher.db.rows import on_rows
from dispatcher.db.words import WARD
from dispatcher.domain import names, phone
from dispatcher.domain.sms import folded


@dataclass(frozen=True)
class Within:
    """Where a list is narrowed to; None means anywhere."""

    ward: int | None = None
    residential_group: int | None = None
    group: int | None = None


def list_contacts(
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
