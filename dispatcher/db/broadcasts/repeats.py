"""The same words to the same address within a day: who got them, or is about to, and from where.

Comes from: the targets of released broadcasts.   Goes to: previews, refusals, and `skipped` rows.
Never: walks all messages: which broadcasts have the same words is known before anybody's address
is looked at, and each address is one look in the unique index of targets.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.compiling import Among
from dispatcher.db.database import Row, Tx, at
from dispatcher.db.rows import by_ids, has_key, on_ids
from dispatcher.db.schema import moment
from dispatcher.db.words import (
    CANCELLED,
    EXPIRED,
    FAILED,
    QUEUED,
    SAME_WORDS,
    SENDING,
    SHARED_PHONE,
    SKIPPED,
    one_of,
)
from dispatcher.domain.model import HANOI, BroadcastState, Channel, Window

DAY = timedelta(hours=24)
_LOCK = 741_854  # of PostgreSQL's advisory locks: whoever looks for the same words and releases
_OPEN = (BroadcastState.RUNNING, BroadcastState.PAUSED, BroadcastState.HELD)
_NEVER_LEFT = f"({FAILED}, {EXPIRED}, {SKIPPED}, {CANCELLED})"
_STILL_TO_LEAVE = f"({QUEUED}, {SENDING})"


@dataclass(frozen=True)
class Other:
    """A broadcast within a day of another one.

    `released`: its messages exist. `only_open`: it began longer ago, and only what has not left
    yet counts. `explained`: the reason for the same words covers the two of them.
    """

    id: int
    released: bool
    only_open: bool
    explained: bool


@dataclass(frozen=True)
class Same:
    """Another broadcast that has words of this one. `pairs`: bodies (this one's, its) that read
    the same under two numbers: they are billed in another way, or by another vendor template."""

    other: Other
    pairs: frozenset[tuple[int, int]] = field(default_factory=frozenset)


def one_at_a_time(tx: Tx) -> None:
    """Of two releases with the same words the second sees the first; SQLite has only one."""
    if not tx.is_sqlite:
        tx.run(f"SELECT pg_advisory_xact_lock({_LOCK})")


def exempt(broadcast: Broadcast) -> bool:
    """True for a test to phones of our own."""
    return bool(broadcast.audience.contacts)


def others(tx: Tx, broadcast: Broadcast, start: datetime, now: datetime) -> list[Other]:
    """Broadcasts of the same mode that were released, or are approved, within a day of `start`.

    Firings of one schedule are compared by their planned days. Tests to one's own phone count not.
    """
    if exempt(broadcast):
        return []
    states = one_of((*_OPEN, BroadcastState.APPROVED, BroadcastState.SCHEDULED))
    rows = tx.rows(
        "SELECT b.id, b.state, b.at, b.window, b.schedule_id, "
        "b.approved_at, b.released_at, b.starts_at, b.expires_at, b.again_of "
        "FROM visible_broadcasts b "
        "WHERE b.id <> :b AND b.mode = :mode "
        f"AND NOT ({has_key(tx, 'b.audience', 'contacts')}) "
        f"AND (b.released_at >= :since OR b.state IN ({states})) ORDER BY b.id",
        b=broadcast.id,
        mode=broadcast.mode.value,
        since=at(start - 2 * DAY),  # a closed window may put its start off
        scope=tx.scope,
    )
    starts = broadcast.window.next_opening(start)
    return [found for row in rows if (found := _near(row, broadcast, starts, now)) is not None]


def _near(
    row: Mapping[str, Any], broadcast: Broadcast, starts: datetime, now: datetime
) -> Other | None:
    """Another broadcast as it stands to one that starts then; None a day or more apart."""
    released = row["released_at"] is not None
    began = _start(row, now)
    series = broadcast.schedule_id is not None and row["schedule_id"] == broadcast.schedule_id
    covered = broadcast.id in json.loads(row["again_of"]) or row["id"] in broadcast.again_of
    explained = covered or (series and bool(broadcast.again))
    if series:
        theirs = moment(row["at"]) if row["at"] is not None else began
        same_day = _day(theirs) == _day(broadcast.at or starts)
        return Other(row["id"], released, False, explained) if same_day else None
    if abs(starts - began) < DAY:
        return Other(row["id"], released, False, explained)
    over = row["expires_at"] is not None and moment(row["expires_at"]) <= starts
    if released and began < starts and row["state"] in _OPEN and not over:
        return Other(row["id"], True, True, explained)
    return None


def _start(row: Mapping[str, Any], now: datetime) -> datetime:
    """When a broadcast begins to write to people, or began."""
    window = Window.read(row["window"])
    if row["released_at"] is not None:
        return window.next_opening(moment(row["starts_at"] or row["released_at"]))
    if row["at"] is None:  # approved, without a time yet
        return moment(row["approved_at"]) if row["approved_at"] is not None else now
    return window.next_opening(max(now, moment(row["at"])))


def _day(when: datetime) -> Any:
    return when.astimezone(HANOI).date()


# --- which of them have the same words ------------------------------------------------------------


def same(
    tx: Tx,
    broadcast_id: int,
    near: Sequence[Other],
    *,
    personal: bool,
    naming: Collection[int] = (),
) -> list[Same]:
    """Those of `near` that have words of a broadcast whose texts stand in `plan_bodies`.

    `personal`: some of its texts name a person: then whoever else may have such texts is kept,
    which of those not yet released are the `naming` ones.
    """
    alike: dict[int, set[tuple[int, int]]] = {}
    for row in _alike(tx, broadcast_id, [o.id for o in near]):
        alike.setdefault(row["broadcast_id"], set()).add((row["mine"], row["theirs"]))
    found = []
    for other in near:
        pairs = frozenset(p for p in alike.get(other.id, ()) if p[0] != p[1])
        unsure = other.released and _unlisted(tx, other.id)
        names = personal and (other.released or other.id in naming)
        if other.id in alike or unsure or names:
            found.append(Same(other, pairs))
    return found


def _alike(tx: Tx, broadcast_id: int, ids: Iterable[int]) -> list[Row]:
    """Texts that read the same, of those that name nobody: a few for each ward or group."""
    among = list(ids)
    if not among:
        return []
    return tx.rows(
        "WITH mine AS (SELECT DISTINCT b.id, b.text FROM plan_bodies p JOIN bodies b "
        "ON b.id = p.body_id WHERE p.broadcast_id = :b AND b.sealed IS NULL AND b.text <> ''), "
        "known AS (SELECT x.broadcast_id, x.body_id FROM broadcast_texts x "
        "WHERE x.broadcast_id IN (:among) UNION SELECT p.broadcast_id, p.body_id "
        "FROM plan_bodies p WHERE p.broadcast_id IN (:among)) "
        "SELECT known.broadcast_id, mine.id AS mine, t.id AS theirs FROM known JOIN bodies t "
        "ON t.id = known.body_id JOIN mine ON mine.text = t.text WHERE t.sealed IS NULL",
        b=broadcast_id,
        among=Among(among),
    )


def _unlisted(tx: Tx, other: int) -> bool:
    """True where a version before this one released a broadcast and listed no texts of it."""
    if tx.one("SELECT 1 FROM broadcast_texts WHERE broadcast_id = :e LIMIT 1", e=other):
        return False
    first = tx.one(
        "SELECT b.text FROM targets t JOIN bodies b ON b.id = t.body_id "
        "WHERE t.broadcast_id = :e LIMIT 1",
        e=other,
    )
    return first is not None and first["text"] is not None


def keep_texts(tx: Tx, broadcast_id: int, steps: Iterable[int]) -> None:
    """Remember what a broadcast was released with, on `steps` whose texts name nobody."""
    chosen = list(steps)
    if chosen:
        tx.run(
            "INSERT INTO broadcast_texts (broadcast_id, body_id) SELECT DISTINCT broadcast_id, "
            "body_id FROM plan_bodies WHERE broadcast_id = :b AND step IN (:steps) "
            "ON CONFLICT DO NOTHING",
            {"b": broadcast_id, "steps": Among(chosen)},
        )


# --- who --------------------------------------------------------------------------------------


def count(tx: Tx, broadcast_id: int, found: Same) -> int:
    """People of a planned broadcast who got the same words from another one, or are about to."""
    by_ids(tx)
    return int(
        tx.value(
            f"SELECT count(DISTINCT m.id) {_hits(found)} AND {_SELF}",
            b=broadcast_id,
            e=found.other.id,
            low=0,
            high=_ALL,
            scope=tx.scope,
        )
    )


def skip(tx: Tx, broadcast_id: int, found: Sequence[Same], low: int, high: int) -> int:
    """Leave out by name contacts with id in (low, high] who got the same words; how many.

    An address of somebody else that got them is no further way to a person either.
    """
    by_ids(tx)
    skipped = 0
    for one in found:
        known = {"b": broadcast_id, "e": one.other.id, "low": low, "high": high}
        rows = tx.rows(
            f"UPDATE messages SET state = {SKIPPED}, "
            f"reason = {SAME_WORDS}, gateway = NULL, changed_at = :now WHERE id IN "
            f"(SELECT m.id {_hits(one)} AND {_SELF}) "
            "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = messages.id) RETURNING id",
            **known,
            now=at(tx.now),
            scope=tx.scope,
        )
        ids = [row["id"] for row in rows]
        skipped += len(ids)
        on_ids(tx, "DELETE FROM targets WHERE message_id IN (:ids)", ids)
        tx.run(
            "DELETE FROM targets WHERE (message_id, position) IN "
            f"(SELECT t.message_id, t.position {_hits(one)} AND {_FURTHER})",
            known,
            scope=tx.scope,
        )
    return skipped


def skip_sharers(tx: Tx, broadcast_id: int) -> int:
    """Whoever shares the phone of somebody left out for the same words got them too; how many."""
    rows = tx.rows(
        f"UPDATE messages SET reason = {SAME_WORDS}, "
        f"through_id = NULL WHERE broadcast_id = :b AND reason = {SHARED_PHONE} "
        "AND EXISTS (SELECT 1 FROM visible_messages h WHERE h.id = messages.through_id "
        f"AND h.reason = {SAME_WORDS}) RETURNING id",
        b=broadcast_id,
        scope=tx.scope,
    )
    ids = [row["id"] for row in rows]
    on_ids(tx, "DELETE FROM shared_targets WHERE message_id IN (:ids)", ids)
    return len(ids)


_ALL = 2**62
# the other message was, or is, on its way to that very number: not to one it never came to
_THERE = "(o.position <= g.position OR u.address_id = o.address_id)"
# it went to the person before, or to the number they would be written to first
_SELF = f"(g.contact_id = m.contact_id OR ({_THERE} AND t.address_id = s.address_id))"
_FURTHER = f"(g.contact_id <> m.contact_id AND {_THERE} AND t.address_id <> s.address_id)"


def _hits(found: Same) -> str:
    """SQL: messages `m` of broadcast :b whose target `t` (starting at `s`) has the address and
    words of a target of broadcast :e whose message `g` left, or may; `u` is where that one is."""
    alike = ""
    if found.pairs:
        values = ", ".join(f"({int(a)}, {int(b)})" for a, b in sorted(found.pairs))
        alike = f" OR (t.body_id, o.body_id) IN (VALUES {values})"
    state = f"IN {_STILL_TO_LEAVE}" if found.other.only_open else f"NOT IN {_NEVER_LEFT}"
    # CROSS JOIN: SQLite keeps the order, from the people of a stretch to one look per address
    return (
        "FROM visible_messages m CROSS JOIN targets t CROSS JOIN targets s CROSS JOIN targets o "
        "CROSS JOIN visible_messages g LEFT JOIN targets u ON u.message_id = g.id "
        "AND u.position = g.position WHERE m.broadcast_id = :b AND m.contact_id > :low "
        f"AND m.contact_id <= :high AND m.state = {QUEUED} AND t.message_id = m.id "
        "AND s.message_id = m.id AND s.position = m.position AND o.broadcast_id = :e "
        f"AND o.channel IN ({one_of(Channel)}) AND o.address_id = t.address_id "
        f"AND (o.body_id = t.body_id{alike}) AND g.id = o.message_id AND g.state {state}"
    )


# --- the reason -------------------------------------------------------------------------------


def explain(tx: Tx, broadcast: Broadcast, reason: str, of: Iterable[int]) -> None:
    """Keep why the same words go out again, and after which broadcasts."""
    covered = sorted({*broadcast.again_of, *of})
    tx.run(
        "UPDATE broadcasts SET again = :r, again_of = :of "
        "WHERE id = :b AND id IN (SELECT id FROM visible_broadcasts)",
        {"r": reason, "of": json.dumps(covered), "b": broadcast.id},
        scope=tx.scope,
    )
    tx.note("again", "broadcast", broadcast.id, reason=reason, of=covered)
