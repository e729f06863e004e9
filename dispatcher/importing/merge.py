"""Who is new, who changed, who is known: matched by name within a group, then by address.

The same file twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dispatcher.db.contacts import areas, contacts, imports
from dispatcher.db.contacts.contacts import Person, StoredContact
from dispatcher.db.database import Tx
from dispatcher.domain import storable
from dispatcher.domain.areas import group_key, group_name
from dispatcher.domain.model import AddressKind
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say
from dispatcher.importing.listing import ListEntry

_MOBILE = AddressKind.MOBILE


@dataclass(frozen=True, slots=True)
class Double:
    """A row that says what an earlier one said: the same person, or another one at the same phone.

    `code`: same_person (they become one) | shared_phone | namesake (both stay two people).
    """

    code: str
    entry: ListEntry
    earlier: ListEntry

    def as_json(self, language: str) -> dict[str, object]:
        first = self.earlier
        place = {"file": first.file, "sheet": first.sheet, "row": first.row}
        return {
            "file": self.entry.file,
            "sheet": self.entry.sheet,
            "row": self.entry.row,
            "code": self.code,
            "of": place,
            "message": DOUBLES[self.code].to(language),
        }


DOUBLES = {
    "same_person": Say("same name, group and number: they become one"),
    "shared_phone": Say("shares a phone with another person: both stay, a phone gets one message"),
    "namesake": Say("same name in the same group but another number: both stay"),
}


@dataclass
class Merge:
    """What an import would do."""

    created: list[Person] = field(default_factory=list)
    updated: list[tuple[int, Person]] = field(default_factory=list)
    unchanged: int = 0
    proposed: list[tuple[int, str]] = field(default_factory=list)  # (ward, residential group)
    doubles: list[Double] = field(default_factory=list)


def merge(tx: Tx, entries: Sequence[ListEntry]) -> Merge:
    """Compare `entries` with what the site holds; nothing is stored."""
    wards = {w.name: w.id for w in areas.wards_named(tx, ["all"])}
    result = Merge()
    keys = {g: group_key(g) for g in {e.residential_group for e in entries} if g}
    found: dict[tuple[int, str, str], list[ListEntry]] = {}
    for entry in entries:
        group = keys[entry.residential_group] if entry.residential_group else ""
        found.setdefault((wards[entry.ward], group, folded(entry.name)), []).append(entry)
    groups = {ward: areas.groups_of(tx, ward) for ward in {ward for ward, _, _ in found}}
    known = contacts.stored_contacts(tx, set(groups))
    proposed: dict[tuple[int, str], None] = {}
    homes = _Homes(tx)
    for (ward, group, name), rows in found.items():
        area = groups[ward].get(group)
        if group and area is None:
            proposed[ward, group] = None
        key = contacts.name_key(tx, ward, area.key if area else group, name, is_folded=True)
        if len(rows) == 1 and key not in known:
            result.created.append(_person(homes, rows, ward, group, key, 0))
        else:
            _match(homes, result, rows, known.get(key, []), (ward, group, key))
    result.proposed = list(proposed)
    result.doubles += _shared(entries)
    return result


def _shared(entries: Sequence[ListEntry]) -> Iterator[Double]:
    """Other people at the same phone, unless the sheet says that they live together."""
    first: dict[str, ListEntry] = {}
    for entry in entries:
        for number in entry.phones:
            earlier = first.setdefault(number, entry)
            if earlier is entry or (entry.notes and number in entry.notes):
                continue
            together = entry.household and entry.household == earlier.household
            if not together and not _same(entry, earlier):
                yield Double("shared_phone", entry, earlier)


def _same(one: ListEntry, other: ListEntry) -> bool:
    return folded(one.name) == folded(other.name) and one.ward == other.ward


class _Homes:
    """The keys of households; a head is said once per member."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._known: dict[tuple[int, str, str], bytes] = {}

    def key(self, ward: int, group: str, head: str | None) -> bytes | None:
        if not head:
            return None
        found = self._known.get((ward, group, head))
        if found is None:
            found = contacts.household_key(self._tx, ward, group, head)
            self._known[ward, group, head] = found
        return found


def _match(
    homes: _Homes,
    result: Merge,
    rows: Sequence[ListEntry],
    held: Sequence[StoredContact],
    place: tuple[int, str, bytes],
) -> None:
    """Namesakes of one group: by address first, then in order."""
    ward, group, key = place
    people = _people(rows)
    result.doubles += [Double("same_person", e, p[0]) for p in people for e in p[1:]]
    if rows[0].name:
        result.doubles += [Double("namesake", p[0], people[0][0]) for p in people[1:]]
    free = {k.id: k for k in held}
    at = {address: k.id for k in reversed(held) for address in k.addresses.values()}
    matched: list[tuple[StoredContact | None, list[ListEntry]]] = []
    rest: list[list[ListEntry]] = []
    for person in people:
        ids = (at.get(a) for e in person for a in e.phones + e.landlines)
        same = next((free.pop(i) for i in ids if i in free), None)
        if same is not None:
            matched.append((same, person))
        else:
            rest.append(person)
    alone = len(people) == len(held) == 1
    unreached = iter([i for i, k in free.items() if not k.addresses])  # whoever has no number yet
    for person in rest:
        if alone or not any(e.phones or e.landlines for e in person):
            found = next(iter(free), None)
        else:
            found = next((i for i in unreached if i in free), None)
        matched.append((None if found is None else free.pop(found), person))
    ordinal = max((k.ordinal for k in held), default=-1)
    for same, person in matched:
        if same is None:
            ordinal += 1
        new = _person(homes, person, ward, group, key, same.ordinal if same else ordinal)
        if same is not None and same.notes:
            new = _with_notes(new, same)
        if same is None:
            result.created.append(new)
            result.unchanged += len(person) - 1
        elif contacts.differs(same, new):
            result.updated.append((same.id, new))
            result.unchanged += len(person) - 1
        else:
            result.unchanged += len(person)


def _with_notes(new: Person, held: StoredContact) -> Person:
    """What was known of a number stays known where a list says nothing of it."""
    before = {held.addresses[i]: note for i, note in held.notes.items() if i in held.addresses}
    said = new.notes or ("",) * len(new.addresses)
    notes = tuple(
        note or before.get(number, "")
        for note, (_, number) in zip(said, new.addresses, strict=True)
    )
    return new._replace(notes=notes)


def _people(rows: Sequence[ListEntry]) -> list[list[ListEntry]]:
    """Rows of one name in one group that are one person: those that share a number."""
    people: list[list[ListEntry]] = []
    at: dict[str, list[ListEntry]] = {}
    for row in rows:
        mine = row.phones + row.landlines
        person = next((at[a] for a in mine if a in at), None)
        if person is None:
            person = []
            people.append(person)
        person.append(row)
        at.update((a, person) for a in mine if a not in at)
    return people


def _person(
    homes: _Homes, rows: Sequence[ListEntry], ward: int, group: str, key: bytes, ordinal: int
) -> Person:
    first = rows[0]
    source = f"{first.file}:{first.sheet}" if first.sheet else first.file
    home = homes.key(ward, group, first.household)
    if len(rows) == 1 and not (first.landlines or first.notes or first.kept):
        addresses = [(_MOBILE, p) for p in first.phones]
        kind = "office" if first.groups else "person"
        return Person(
            ward,
            group,
            key,
            ordinal,
            first.name,
            first.title,
            tuple(addresses),
            home,
            kind,
            first.groups,
            source,
            first.row,
        )
    mobiles = dict.fromkeys(p for e in rows for p in e.phones)
    landlines = dict.fromkeys(p for e in rows for p in e.landlines)
    addresses = [(AddressKind.MOBILE, p) for p in mobiles]
    addresses += [(AddressKind.LANDLINE, p) for p in landlines]
    notes = {number: note for e in rows if e.notes for number, note in e.notes.items()}
    kept = {name: text for e in rows if e.kept for name, text in e.kept.items()}
    return Person(
        ward_id=ward,
        group_key=group,
        name_key=key,
        ordinal=ordinal,
        name=first.name,
        title=next((e.title for e in rows if e.title), ""),
        addresses=tuple(addresses),
        household=home,
        kind="office" if first.groups else "person",
        groups=tuple(dict.fromkeys(g for e in rows for g in e.groups)),
        source=source,
        row=first.row,
        notes=tuple(notes.get(number, "") for _, number in addresses) if notes else (),
        kept=kept or None,
    )


def store(
    tx: Tx,
    result: Merge,
    files: Sequence[Mapping[str, object]],
    sample_heads: Sequence[str],
    basis: Mapping[str, str] = {},
    update: Callable[[int], None] = lambda done: None,
) -> int:
    """Carry out a merge; the import's id. All or nothing with the transaction.

    `update` is told how many people are written.
    """
    made = areas.propose_all(tx, [(ward, group_name(group)) for ward, group in result.proposed])
    return imports.store_import(
        tx,
        result.created,
        result.updated,
        [{**f, "name": storable.words(f.get("name"), storable.NAME)} for f in files],
        sample_heads,
        unchanged=result.unchanged,
        proposed=made,
        basis=basis,
        update=update,
    )
