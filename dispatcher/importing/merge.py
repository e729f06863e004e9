"""Who is new, who changed, who is known: matched by name within a group, then by address.

The same file twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dispatcher.areas import group_key, group_name, ward_key
from dispatcher.importing.entries import Entry
from dispatcher.model import AddressKind
from dispatcher.sms import folded
from dispatcher.store import areas, contacts, imports
from dispatcher.store.contacts import Known, Person
from dispatcher.store.database import Tx


@dataclass
class Merge:
    """What an import would do."""

    created: list[Person] = field(default_factory=list)
    updated: list[tuple[int, Person]] = field(default_factory=list)
    unchanged: int = 0
    proposed: list[tuple[int, str]] = field(default_factory=list)  # (ward, residential group)


def merge(tx: Tx, entries: Sequence[Entry]) -> Merge:
    """Compare `entries` with what the site holds; nothing is stored."""
    wards = {ward_key(w.name): w.id for w in areas.wards_named(tx, ["all"])}
    result = Merge()
    found: dict[tuple[int, str, str], list[Entry]] = {}
    for entry in entries:
        ward = wards[ward_key(entry.ward)]
        group = group_key(entry.residential_group) if entry.residential_group else ""
        found.setdefault((ward, group, folded(entry.name)), []).append(entry)
    groups = {ward: areas.groups_of(tx, ward) for ward in {ward for ward, _, _ in found}}
    known = contacts.known(tx, set(groups))
    for (ward, group, name), rows in found.items():
        if group and group not in groups[ward] and (ward, group) not in result.proposed:
            result.proposed.append((ward, group))
        area = groups[ward].get(group)
        key = contacts.name_key(tx, ward, area.key if area else group, name)
        _match(tx, result, rows, known.get(key, []), (ward, group, key))
    return result


def _match(
    tx: Tx,
    result: Merge,
    rows: Sequence[Entry],
    held: Sequence[Known],
    place: tuple[int, str, bytes],
) -> None:
    """Namesakes of one group: by address first, then in order."""
    ward, group, key = place
    people = _people(rows)
    free = list(held)
    matched: list[tuple[Known | None, list[Entry]]] = []
    rest: list[list[Entry]] = []
    for person in people:
        addresses = {a for e in person for a in e.phones + e.landlines}
        same = next((k for k in free if addresses & set(k.addresses.values())), None)
        if same is not None:
            free.remove(same)
            matched.append((same, person))
        else:
            rest.append(person)
    for person in rest:
        addresses = {a for e in person for a in e.phones + e.landlines}
        same = next(
            (k for k in free if not addresses or not k.addresses or len(people) == len(held) == 1),
            None,
        )
        if same is not None:
            free.remove(same)
        matched.append((same, person))
    ordinal = max((k.ordinal for k in held), default=-1)
    for same, person in matched:
        if same is None:
            ordinal += 1
        new = _person(tx, person, ward, group, key, same.ordinal if same else ordinal)
        if same is None:
            result.created.append(new)
            result.unchanged += len(person) - 1
        elif contacts.differs(same, new):
            result.updated.append((same.id, new))
            result.unchanged += len(person) - 1
        else:
            result.unchanged += len(person)


def _people(rows: Sequence[Entry]) -> list[list[Entry]]:
    """Rows of one name in one group that are one person: those that share a number."""
    people: list[list[Entry]] = []
    for row in rows:
        mine = set(row.phones + row.landlines)
        for person in people:
            if mine & {a for e in person for a in e.phones + e.landlines}:
                person.append(row)
                break
        else:
            people.append([row])
    return people


def _person(
    tx: Tx, rows: Sequence[Entry], ward: int, group: str, key: bytes, ordinal: int
) -> Person:
    first = rows[0]
    mobiles = dict.fromkeys(p for e in rows for p in e.phones)
    landlines = dict.fromkeys(p for e in rows for p in e.landlines)
    addresses = [(AddressKind.MOBILE, p) for p in mobiles]
    addresses += [(AddressKind.LANDLINE, p) for p in landlines]
    return Person(
        ward_id=ward,
        group_key=group,
        name_key=key,
        ordinal=ordinal,
        name=first.name,
        title=next((e.title for e in rows if e.title), ""),
        addresses=tuple(addresses),
        household=(
            contacts.household_key(tx, ward, group, first.household) if first.household else None
        ),
        kind="office" if first.groups else "person",
        groups=tuple(dict.fromkeys(g for e in rows for g in e.groups)),
        source=f"{first.file}:{first.sheet}" if first.sheet else first.file,
        row=first.row,
    )


def store(
    tx: Tx, result: Merge, files: Sequence[Mapping[str, object]], sample_heads: Sequence[str]
) -> int:
    """Carry out a merge; the import's id. All or nothing with the transaction."""
    made = [areas.propose(tx, ward, group_name(group)) for ward, group in result.proposed]
    return imports.store_import(
        tx,
        result.created,
        result.updated,
        files,
        sample_heads,
        unchanged=result.unchanged,
        proposed=[area for area in made if area is not None],
    )
