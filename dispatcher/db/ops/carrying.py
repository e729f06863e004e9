"""What the replaced database knows of the time after the backup, carried over into the backup.

Comes from: the database that a restore replaces.   Goes to: the backup, before it takes its place.
Never: takes lists, people or settings along: they are as the backup has them.

A backup is an earlier moment of the database it replaces: its last entry of the trail stands there
too. So rows that came later have numbers that are free here, and keep them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.db import schema, trail
from dispatcher.db import schema_people as staff
from dispatcher.db.database import Tx, at
from dispatcher.db.ops import restored, settings
from dispatcher.db.ops.copying import go_on_counting
from dispatcher.db.queue.outcomes import best_of_attempts
from dispatcher.db.rows import on_ids
from dispatcher.db.schema import metadata
from dispatcher.db.words import (
    ACCEPTED,
    QUEUED,
    REMOVED,
    SAME_HOUSEHOLD,
    SHARED_PHONE,
    SKIPPED,
    one_of,
)
from dispatcher.domain.machine import random_bytes
from dispatcher.domain.model import BroadcastState

ROWS = 2_000  # at once
MARGIN = timedelta(hours=1)  # how far clocks of hosts may be apart
LEFT = "left_behind"
OPEN = (
    BroadcastState.SCHEDULED,
    BroadcastState.RUNNING,
    BroadcastState.PAUSED,
    BroadcastState.HELD,
)
Values = dict[str, Any]


def continues(tx: Tx, source: sa.Connection) -> bool:
    """True when `source` went on from this backup, and nobody was told to look elsewhere since."""
    last = tx.one("SELECT id, leaf FROM trail ORDER BY id DESC LIMIT 1")
    if last is None or any(low < last["id"] <= high for low, high in _left(source)):
        return False
    there = source.execute(sa.select(schema.trail.c.leaf).where(schema.trail.c.id == last["id"]))
    held = source.execute(sa.select(schema.site.c.value).where(schema.site.c.name == "held"))
    found = there.scalar()
    same = found is not None and bytes(found) == bytes(last["leaf"])
    return same and held.scalar() != restored.MOVED_AWAY


def _left(source: sa.Connection) -> list[tuple[int, int]]:
    """Entries of the trail that other restores left behind: a backup that ends among them has rows
    under numbers that were given anew since."""
    found = source.scalar(sa.select(schema.site.c.value).where(schema.site.c.name == LEFT))
    return [(low, high) for low, high in json.loads(found or "[]")]


def carry(tx: Tx, source: sa.Connection) -> dict[str, int]:
    """Everything that left or was decided about messages since, where `continues` is true.

    How many broadcasts and messages were looked at. The trail comes last: see `carry_trail`.
    """
    assert tx.actor.is_system
    since = restored.last_entry(tx) - MARGIN
    own = _Own(tx)
    fresh, known = _broadcasts(tx, source, own)
    _texts_and_people(tx, source, own, fresh)
    for table in (schema.reservations, schema.allowances):
        _put(tx, table, _all(source, table, own.fits(table)))
    for table in (
        schema.broadcast_wards,
        schema.broadcast_hands,
        schema.attachments,
        staff.approvals,
    ):
        _put(tx, table, _all(source, table, own.fits(table)), ())
    messages = 0
    for broadcast in sorted(fresh | known):
        last = None if broadcast in fresh or broadcast in own.open else since
        if broadcast in known:
            _shared_phones(tx, source, broadcast)
        for rows in _messages(source, broadcast, last):
            _put(tx, schema.messages, [_let_go(row) for row in rows])
            ids = [row["id"] for row in rows]
            for table in (schema.targets, schema.shared_targets) if broadcast in fresh else ():
                targets = among(source, table, "message_id", ids)
                _put(tx, table, [dict(row._mapping) for row in targets], ())
            found = [_without_id(r) for r in among(source, schema.attempts, "message_id", ids)]
            _put(tx, schema.attempts, found, ("reference",))
            messages += len(rows)
    _withdraw_removed(tx, source)
    tx.run("DELETE FROM tallies")  # pages add up anew
    _unmatched(tx, source)
    _schedules(tx, source, own)
    for table in metadata.sorted_tables:
        go_on_counting(tx.connection, table)
    tx.note("carried_over", "database", "", broadcasts=len(fresh | known), messages=messages)
    return {"broadcasts": len(fresh | known), "messages": messages}


def _shared_phones(tx: Tx, source: sa.Connection, broadcast: int) -> None:
    """Whose target a shared phone is now: it may have been handed over since the backup."""
    targets, shared = schema.targets, schema.shared_targets
    phones = sa.select(shared.c.address_id).where(shared.c.broadcast_id == broadcast)
    theirs = (targets.c.broadcast_id == broadcast) & targets.c.address_id.in_(phones)
    there = [dict(row._mapping) for row in source.execute(sa.select(targets).where(theirs))]
    if there:
        tx.run(sa.delete(targets).where(theirs))
        _put(tx, targets, there, ())


def _withdraw_removed(tx: Tx, source: sa.Connection) -> None:
    """Whoever was taken off the lists since the backup is on them again, as lists are the backup's.
    What was released to them before does not leave, and no next step of it either."""
    table = schema.contacts
    gone = source.scalars(sa.select(table.c.id).where(table.c.removed_at.is_not(None)))
    here = tx.taken("SELECT id FROM contacts WHERE removed_at IS NULL")
    removed = sorted(set(gone) & {i for (i,) in here})
    on_ids(
        tx,
        f"UPDATE messages SET state = {best_of_attempts(SKIPPED)}, "
        f"reason = {REMOVED}, deadline_at = NULL, lease_owner = NULL, "
        f"lease_until = NULL, changed_at = :now WHERE contact_id IN (:ids) AND (state = {QUEUED} "
        f"OR (state = {SKIPPED} AND reason IN ({SHARED_PHONE}, {SAME_HOUSEHOLD})))",
        removed,
        now=at(tx.now),
    )
    on_ids(
        tx,
        "UPDATE messages SET deadline_at = NULL WHERE contact_id IN (:ids) "
        f"AND state = {ACCEPTED} AND deadline_at IS NOT NULL",
        removed,
    )


class _Own:
    """What the backup has: which links of carried rows lead somewhere."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._ids: dict[str, set[Any]] = {}
        opened = tx.taken(f"SELECT id FROM broadcasts WHERE state IN ({one_of(OPEN)})")
        self.open = {i for (i,) in opened}

    def ids(self, table: str) -> set[Any]:
        """The ids of a table here; rows that are carried are added by whoever carries them."""
        if table not in self._ids:
            self._ids[table] = {i for (i,) in self._tx.taken(f"SELECT id FROM {table}")}
        return self._ids[table]

    def fits(self, table: sa.Table) -> Callable[[Mapping[str, Any]], bool]:
        """True for rows all whose links lead to rows that are here."""
        links = [(key.parent.name, key.column.table.name) for key in table.foreign_keys]
        return lambda row: all(
            row[name] is None or row[name] in self.ids(other) for name, other in links
        )

    def cut(self, table: sa.Table, row: Values) -> Values:
        """The row without links that lead nowhere, where it can do without them."""
        for key in table.foreign_keys:
            name, other = key.parent.name, key.column.table.name
            if table.c[name].nullable and row[name] not in self.ids(other):
                row[name] = None
        return row


def _broadcasts(tx: Tx, source: sa.Connection, own: _Own) -> tuple[set[int], set[int]]:
    """Carry broadcasts that changed: (those that get their messages here, those that had them)."""
    table = schema.broadcasts
    here = {row.id: row for row in tx.connection.execute(sa.select(table))}
    rows, fresh, known = [], set(), set()
    for there in source.execute(sa.select(table).order_by(table.c.id)):
        mine = here.get(there.id)
        if mine is None and there.released_at is None and there.state not in OPEN:
            continue  # a draft of after the backup is gone, as all that was only written
        if mine is not None and mine.released_at is not None:
            known.add(there.id)
        elif there.released_at is not None or there.planned_upto is not None:
            fresh.add(there.id)
        if mine is None or tuple(mine) != tuple(there):
            rows.append(dict(there._mapping))
    versions = {row["template_version_id"] for row in rows}
    _bring_missing(tx, source, own, schema.template_versions, versions, schema.templates)
    own.ids("broadcasts").update(row["id"] for row in rows)
    _put(tx, table, [own.cut(table, row) for row in rows])
    return fresh, known


def _texts_and_people(tx: Tx, source: sa.Connection, own: _Own, fresh: Collection[int]) -> None:
    """What the messages of broadcasts released since point to: texts, addresses, contacts.

    Contacts whom the backup does not know stay in the log and stand on no list.
    """
    targets, messages = schema.targets, schema.messages
    bodies: set[int] = set()
    addresses: set[int] = set()
    people: set[int] = set()
    for chunk in _chunks(sorted(fresh)):
        for table in (targets, schema.shared_targets):
            where = table.c.broadcast_id.in_(chunk)
            bodies |= set(source.scalars(sa.select(table.c.body_id).where(where).distinct()))
            addresses |= set(source.scalars(sa.select(table.c.address_id).where(where).distinct()))
        people |= set(
            source.scalars(
                sa.select(messages.c.contact_id)
                .where(messages.c.broadcast_id.in_(chunk))
                .distinct()
            )
        )
    for table in (schema.suppressions, schema.replies):
        addresses |= set(source.scalars(sa.select(table.c.address_id).distinct())) - {None}
    files = sa.select(schema.attachments.c.file_id).where(
        schema.attachments.c.broadcast_id.in_(sorted(fresh))
    )
    _bring_missing(tx, source, own, schema.bodies, bodies)
    _bring_missing(tx, source, own, schema.addresses, addresses)
    _bring_missing(tx, source, own, staff.files, set(source.scalars(files)))
    missing = sorted(people - own.ids("contacts"))
    found = list(among(source, schema.contacts, "id", missing))
    places = {row.ward_id for row in found} | {row.residential_group_id for row in found}
    _bring_missing(tx, source, own, schema.areas, places - {None})
    for row in found:
        contact = own.cut(schema.contacts, dict(row._mapping))
        gone = {"household_id": None, "name_key": random_bytes(16), "ordinal": 0}
        removed = contact["removed_at"] or tx.now
        tx.run(schema.contacts.insert(), {**contact, **gone, "removed_at": removed})
    own.ids("contacts").update(missing)


def _bring_missing(
    tx: Tx,
    source: sa.Connection,
    own: _Own,
    table: sa.Table,
    wanted: Collection[int],
    parents: sa.Table | None = None,
) -> None:
    """Rows of `wanted` that are not here, with their rows of `parents` before them."""
    missing = sorted(set(wanted) - own.ids(table.name))
    rows = [dict(row._mapping) for row in among(source, table, "id", missing)]
    if parents is not None:
        link = next(k.parent.name for k in table.foreign_keys if k.column.table is parents)
        _bring_missing(tx, source, own, parents, {row[link] for row in rows})
    own.ids(table.name).update(row["id"] for row in rows)
    _put(tx, table, [own.cut(table, row) for row in rows], ())


def _messages(
    source: sa.Connection, broadcast: int, since: datetime | None
) -> Iterator[list[Values]]:
    """The messages of a broadcast, or those that changed since."""
    table = schema.messages
    select = sa.select(table).where(table.c.broadcast_id == broadcast).order_by(table.c.id)
    if since is not None:
        select = select.where(table.c.changed_at >= since)
    for rows in source.execute(select).partitions(ROWS):
        yield [dict(row._mapping) for row in rows]


def _let_go(row: Values) -> Values:
    """A message that a worker of the replaced database held: its lease is over, and whatever was
    on the wire is taken back like any call of a dead worker."""
    if row["lease_owner"] is not None:
        owner = row["lease_owner"] if row["state"] == "sending" else None
        until = schema.moment(0) if owner is not None else None
        return {**row, "lease_owner": owner, "lease_until": until}
    return row


def _without_id(row: sa.Row[Any]) -> Values:
    """An attempt is told by its reference; reports that were matched are not carried."""
    return {name: value for name, value in row._mapping.items() if name != "id"}


def _unmatched(tx: Tx, source: sa.Connection) -> None:
    """Reports that still waited to be matched, and what people wrote back since."""
    table = schema.receipts
    waiting = source.execute(sa.select(table).where(table.c.state.in_(["new", "unmatched"])))
    _put(tx, table, [_without_id(row) for row in waiting], ("gateway", "digest"), change=False)
    answers = schema.replies
    last = tx.value("SELECT MAX(id) FROM replies") or 0
    for row in source.execute(sa.select(answers).where(answers.c.id > last)):
        cipher = source.scalar(
            sa.select(schema.addresses.c.cipher).where(schema.addresses.c.id == row.address_id)
        )
        here = tx.value("SELECT id FROM addresses WHERE cipher = :c", c=cipher) if cipher else None
        tx.run(answers.insert(), {**row._mapping, "address_id": here})


def _schedules(tx: Tx, source: sa.Connection, own: _Own) -> None:
    """What fired since is not fired again, and what comes next is what came next there."""
    here = {row["name"]: row for row in tx.rows("SELECT id, name, digest FROM schedules")}
    table, fired = schema.schedules, schema.occurrences
    for there in source.execute(sa.select(table)):
        mine = here.get(there.name)
        if mine is None:
            continue
        rows = source.execute(sa.select(fired).where(fired.c.schedule_id == there.id))
        found = [own.cut(fired, {**_without_id(r), "schedule_id": mine["id"]}) for r in rows]
        _put(tx, fired, found, ("schedule_id", "fire_at"), change=False)
        upcoming = there.next_fire_at if there.digest == mine["digest"] else None
        tx.run(table.update().where(table.c.id == mine["id"]).values(next_fire_at=upcoming))


def carry_trail(tx: Tx, source: sa.Connection) -> int:
    """The entries since, how many: what happened stays written, also where lists are older again.

    Entries that were edited are left where they are; `db check` of the old file finds them.
    """
    entry, heads = schema.trail, schema.checkpoints
    last = int(tx.value("SELECT MAX(id) FROM trail") or 0)
    rows = [
        dict(r._mapping)
        for r in source.execute(sa.select(entry).where(entry.c.id > last).order_by(entry.c.id))
    ]
    if any(trail.leaf(bytes(r["salt"]), r["entry"]) != bytes(r["leaf"]) for r in rows):
        tx.note("edited_trail", "database", "", entries=len(rows))
        return 0
    numbered = sa.select(entry.c.id, entry.c.seq).where(
        entry.c.id <= last, entry.c.seq.is_not(None)
    )
    numbers = [{"i": i, "s": s} for i, s in source.execute(numbered)]
    here = {i for (i,) in tx.taken("SELECT id FROM trail WHERE seq IS NULL")}
    waiting = [n for n in numbers if n["i"] in here]
    if waiting:
        tx.run("UPDATE trail SET seq = :s WHERE id = :i", waiting)
    left = [*_left(source), (last, max((r["id"] for r in rows), default=last))]
    settings.put(tx, LEFT, json.dumps(left))
    _put(tx, entry, rows, ())
    _put(tx, heads, [dict(r._mapping) for r in source.execute(sa.select(heads))], ())
    go_on_counting(tx.connection, entry)
    return len(rows)


# --- rows ---------------------------------------------------------------------------------------


def _all(
    source: sa.Connection, table: sa.Table, chosen: Callable[[Mapping[str, Any]], bool]
) -> list[Values]:
    rows = (dict(row._mapping) for row in source.execute(sa.select(table)))
    return [row for row in rows if chosen(row)]


def among(
    source: sa.Connection, table: sa.Table, column: str, ids: Sequence[int]
) -> Iterator[sa.Row[Any]]:
    for chunk in _chunks(ids):
        yield from source.execute(sa.select(table).where(table.c[column].in_(chunk)))


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for low in range(0, len(ids), 500):
        yield ids[low : low + 500]


def _put(
    tx: Tx,
    table: sa.Table,
    rows: Sequence[Values],
    key: Sequence[str] | None = None,
    *,
    change: bool = True,
) -> None:
    """Insert rows. `key`: by which a row is known here, then it is changed; None: by its primary
    key. With an empty key, or without `change`, a row that is known stays as it is."""
    if not rows:
        return
    make = sqlite.insert if tx.is_sqlite else postgresql.insert
    insert = make(table)
    if key is None:
        key = [column.name for column in table.primary_key]
    if key and change:
        rest = [c.name for c in table.columns if c.name in rows[0] and c.name not in key]
        insert = insert.on_conflict_do_update(
            index_elements=list(key), set_={name: insert.excluded[name] for name in rest}
        )
    else:
        insert = insert.on_conflict_do_nothing(index_elements=list(key) or None)
    for low in range(0, len(rows), ROWS):
        tx.run(insert, list(rows[low : low + ROWS]))
