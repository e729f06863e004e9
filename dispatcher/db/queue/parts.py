"""Texts that arrived in part only, as SQL over attempts: the same as `domain.parts.missing`."""

from __future__ import annotations

from dispatcher.db.database import Tx
from dispatcher.db.words import DELIVERED, READ
from dispatcher.domain.parts import LONGEST

_BOTH = "heard IN (6, 7, 10, 11, 14, 15)"  # a yes and a no; the words of a partial index


def _parts(a: str) -> str:
    """How many parts an attempt had; a lost answer leaves what was planned."""
    return (
        f"COALESCE({a}.parts, (SELECT pb.parts FROM targets pt JOIN bodies pb ON pb.id = "
        f"pt.body_id WHERE pt.message_id = {a}.message_id AND pt.position = {a}.position), 1)"
    )


def _named(a: str) -> str:
    return f"({a}.parts_failed & (~{a}.parts_received) & (-2))"


def is_short(a: str) -> str:
    """The condition that an attempt under the alias `a` arrived in part only."""
    every = f"((CAST(1 AS BIGINT) << ({_parts(a)} + 1)) - 2)"
    return (
        f"({a}.{_BOTH} AND ({_named(a)} <> 0 OR ({_parts(a)} > 1 "
        f"AND ({a}.parts_failed = 0 OR ({a}.parts_failed & 1) = 1) "
        f"AND ({a}.parts_received & {every}) <> {every})))"
    )


def missing(a: str) -> str:
    """Which parts of an attempt failed, as "2/3", "1,3/4" or "?/3"; NULL: none is missing."""
    listed = " || ".join(
        f"CASE WHEN ({_named(a)} & {1 << n}) <> 0 THEN ',{n}' ELSE '' END"
        for n in range(1, LONGEST + 1)
    )
    return (
        f"CASE WHEN {is_short(a)} THEN CASE WHEN {_named(a)} <> 0 THEN SUBSTR({listed}, 2) "
        f"ELSE '?' END || '/' || CAST({_parts(a)} AS VARCHAR) END"
    )


def _whole(m: str) -> str:
    """The condition that another attempt of a message under the alias `m` arrived whole."""
    return (
        f"EXISTS (SELECT 1 FROM attempts w WHERE w.message_id = {m}.id AND w.heard >= 4 "
        f"AND NOT {is_short('w')})"
    )


def of_message(m: str) -> str:
    """The same of a message under the alias `m` that is delivered: of the attempt that did it."""
    return (
        f"CASE WHEN {m}.state IN ({DELIVERED}, {READ}) THEN (SELECT MIN({missing('s')}) "
        f"FROM attempts s WHERE s.broadcast_id = {m}.broadcast_id AND s.message_id = {m}.id "
        f"AND s.{_BOTH} AND NOT {_whole(m)}) END"
    )


def messages(broadcast: str) -> str:
    """The messages of a broadcast (an expression) that arrived in part only; needs
    `visible_messages` beside it."""
    return (
        f"SELECT q.id FROM visible_messages q WHERE q.state IN ({DELIVERED}, {READ}) AND q.id IN "
        f"(SELECT s.message_id FROM attempts s WHERE s.broadcast_id = {broadcast} AND s.{_BOTH} "
        f"AND {is_short('s')}) AND NOT {_whole('q')}"
    )


def count(tx: Tx, broadcast_id: int) -> int:
    """How many people of a broadcast got their text in part only."""
    return int(
        tx.value(f"SELECT count(*) FROM ({messages(':b')}) short", b=broadcast_id, scope=tx.scope)
    )
