"""Areas: wards and residential groups, with dates and successors."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dispatcher.db.compiling import Among
from dispatcher.db.database import Row, Tx
from dispatcher.db.schema import areas as areas_table
from dispatcher.domain.areas import find, group_key, group_name, natural_key, ward_key
from dispatcher.domain.model import AreaKind
from dispatcher.domain.problems import Problem, refused, settings
from dispatcher.i18n import Say

SETS = Path(__file__).parent / "area_sets"


@dataclass(frozen=True)
class Area:
    id: int
    code: str
    kind: AreaKind
    name: str
    key: str
    parent_id: int | None
    aliases: tuple[str, ...]
    proposed: bool = False  # seen in a list, looked at by nobody yet


def read_set(name_or_file: str, root: Path) -> list[dict[str, str]]:
    """The rows of an area set: a shipped one by name, or a CSV file of the site.

    Columns: code, kind, name, parent, valid_from, valid_to, aliases (separated by |).
    """
    path = SETS / f"{name_or_file}.csv"
    if not path.is_file():
        path = root / name_or_file
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(name_or_file, error) from None


def _unreadable(name_or_file: str, error: Exception) -> Problem:
    return settings(
        "bad-area-set",
        Say(
            "The area set “{name_or_file}” cannot be read ({error}).",
            name_or_file=name_or_file,
            error=error,
        ),
    )


def wards_of_set(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The wards of a set by every form of their names and by code → the name."""
    found: dict[str, str] = {}
    for row in rows:
        if row["kind"] == AreaKind.WARD:
            for alias in [a for a in row["aliases"].split("|") if a]:
                found.setdefault(ward_key(alias), row["name"])
            found[ward_key(row["name"])] = row["name"]
            if row["code"]:
                found[row["code"]] = row["name"]
    return found


def load_set(tx: Tx, name_or_file: str, root: Path) -> int:
    """Put an area set in place (see `read_set`); how many new areas were made."""
    rows = read_set(name_or_file, root)
    try:
        made = 0
        wards = {a.key: a for a in list_areas(tx, AreaKind.WARD)}
        for row in rows:
            if row["kind"] != AreaKind.WARD or ward_key(row["name"]) in wards:
                continue
            tx.insert(
                areas_table,
                code=row["code"],
                kind=row["kind"],
                name=row["name"],
                key=ward_key(row["name"]),
                aliases=json.dumps([a for a in row["aliases"].split("|") if a]),
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                proposed=False,
            )
            made += 1
        wards = {a.key: a for a in list_areas(tx, AreaKind.WARD)}
        for row in rows:
            if row["kind"] == AreaKind.RESIDENTIAL_GROUP:
                made += propose(tx, wards[ward_key(row["parent"])].id, row["name"], False) is None
    except (KeyError, ValueError) as error:
        raise _unreadable(name_or_file, error) from None
    if made:
        tx.note("loaded", "areas", name_or_file, areas=made)
    return made


def list_areas(tx: Tx, kind: AreaKind | None = None, parent_id: int | None = None) -> list[Area]:
    """Areas in force, in natural order."""
    sql = "SELECT * FROM areas WHERE valid_to IS NULL"
    if kind:
        sql += " AND kind = :kind"
    if parent_id:
        sql += " AND parent_id = :parent"
    rows = tx.rows(sql, kind=kind and kind.value, parent=parent_id)
    found = [_area(r) for r in rows]
    return sorted(found, key=lambda a: (a.parent_id or 0, natural_key(a.name)))


def ward(tx: Tx, name: str) -> Area:
    """A ward by name, alias or code; else a problem with the nearest names."""
    wards = list_areas(tx, AreaKind.WARD)
    known = {a.key: a for a in wards}
    known |= {ward_key(alias): a for a in wards for alias in a.aliases}
    known |= {a.code: a for a in wards if a.code}
    what = Say("ward")
    return find(what, name, known, [a.name for a in wards])


def wards_named(tx: Tx, names: tuple[str, ...] | list[str]) -> list[Area]:
    """Several wards; "all" (or "tất cả") is every one."""
    if any(n.casefold() in ("all", "tất cả", "tat ca") for n in names):
        return list_areas(tx, AreaKind.WARD)
    return [ward(tx, n) for n in names]


def groups_of(tx: Tx, ward_id: int) -> dict[str, Area]:
    """The residential groups of a ward by normal form, and by those of their other names."""
    found = list_areas(tx, AreaKind.RESIDENTIAL_GROUP, ward_id)
    return {group_key(alias): a for a in found for alias in a.aliases} | {a.key: a for a in found}


def propose(tx: Tx, ward_id: int, name: str, proposed: bool = True) -> int | None:
    """A residential group seen for the first time; None when it is known already."""
    if group_key(name) in groups_of(tx, ward_id):
        return None
    return _propose(tx, ward_id, name, proposed)


def propose_all(tx: Tx, wanted: Sequence[tuple[int, str]]) -> list[int]:
    """Residential groups (ward, name) seen for the first time; those that were not known."""
    known = {ward: set(groups_of(tx, ward)) for ward in {ward for ward, _ in wanted}}
    made = []
    for ward, name in wanted:
        if group_key(name) not in known[ward]:
            known[ward].add(group_key(name))
            made.append(_propose(tx, ward, name, True))
    return made


def _propose(tx: Tx, ward_id: int, name: str, proposed: bool) -> int:
    area = tx.insert(
        areas_table,
        kind=AreaKind.RESIDENTIAL_GROUP.value,
        name=group_name(name),
        key=group_key(name),
        parent_id=ward_id,
        valid_from=tx.now.date(),
        proposed=proposed,
    )
    tx.note("proposed" if proposed else "added", "area", area, ward=ward_id, key=group_key(name))
    return area


def seen_wards(tx: Tx) -> list[Area]:
    """The wards the actor looks after."""
    mine = tx.actor.wards
    return [a for a in list_areas(tx, AreaKind.WARD) if mine is None or a.id in mine]


def names(tx: Tx) -> dict[int, str]:
    """Names by id."""
    return {row["id"]: row["name"] for row in tx.rows("SELECT id, name FROM areas")}


def _area(r: Row) -> Area:
    return Area(
        r["id"],
        r["code"],
        AreaKind(r["kind"]),
        r["name"],
        r["key"],
        r["parent_id"],
        tuple(json.loads(r["aliases"])),
        bool(r["proposed"]),
    )


def by_ids(tx: Tx, ids: Collection[int]) -> list[Area]:
    """These units, closed or not."""
    rows = tx.rows("SELECT * FROM areas WHERE id IN (:ids)", ids=Among(list(ids)))
    return [_area(r) for r in rows]


def rename_group(tx: Tx, area: Area, name: str) -> None:
    """Call a residential group by another name; lists that say the old one still mean it."""
    known = groups_of(tx, area.parent_id or 0)
    taken = known.get(group_key(name))
    if taken is not None and taken.id != area.id:
        raise refused(
            "name-taken",
            Say("This ward has “{name}” already.", name=taken.name),
            step="name-of-a-group-taken",
        )
    aliases = dict.fromkeys([*area.aliases, area.name, name])
    tx.run(
        "UPDATE areas SET name = :n, aliases = :a, proposed = false WHERE id = :id",
        {"n": group_name(name), "a": json.dumps(list(aliases), ensure_ascii=False), "id": area.id},
    )
    tx.note("renamed", "area", area.id, was=area.name, name=name)


def close_group(tx: Tx, area: Area, into: Area) -> None:
    """A residential group that is another one from now on; its people have moved before."""
    aliases = dict.fromkeys([*into.aliases, area.name, *area.aliases])
    tx.run("UPDATE areas SET valid_to = :d WHERE id = :id", {"d": tx.now.date(), "id": area.id})
    tx.run(
        "UPDATE areas SET aliases = :a WHERE id = :id",
        {"a": json.dumps(list(aliases), ensure_ascii=False), "id": into.id},
    )
    tx.run(
        "INSERT INTO area_successors (area_id, successor_id, at) VALUES (:a, :b, :d)",
        {"a": area.id, "b": into.id, "d": tx.now.date()},
    )
    tx.note("merged", "area", area.id, into=into.id)


def reopen_groups(tx: Tx, ids: Iterable[int]) -> None:
    """Residential groups that were merged away and have people again: as before the merge."""
    for area in sorted(set(ids)):
        row = tx.one(
            "SELECT name, aliases FROM areas WHERE id = :id AND valid_to IS NOT NULL", id=area
        )
        if row is None:
            continue
        names = {row["name"], *json.loads(row["aliases"])}
        for other in tx.rows(
            "SELECT a.id, a.aliases FROM area_successors s JOIN areas a ON a.id = s.successor_id "
            "WHERE s.area_id = :id",
            id=area,
        ):
            kept = [alias for alias in json.loads(other["aliases"]) if alias not in names]
            tx.run(
                "UPDATE areas SET aliases = :a WHERE id = :id",
                {"a": json.dumps(kept, ensure_ascii=False), "id": other["id"]},
            )
        tx.run("DELETE FROM area_successors WHERE area_id = :id", {"id": area})
        tx.run("UPDATE areas SET valid_to = NULL WHERE id = :id", {"id": area})
        tx.note("reopened", "area", area)
