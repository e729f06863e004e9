"""What we learnt about an address on a channel, with dates: the next plan makes use of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dispatcher.db.database import Tx, at
from dispatcher.db.rows import on_rows

DAY = 86_400_000_000  # microseconds


def refused(tx: Tx, targets: Sequence[tuple[int, int, str]], until: datetime) -> None:
    """The network knows no such person: (message, position, code). Remembered until then."""
    on_rows(
        tx,
        "INSERT INTO reachability (address_id, channel, refused_at, code, until) "
        "SELECT DISTINCT t.address_id, t.channel, CAST(:now AS BIGINT), r.c, "
        "CAST(:until AS BIGINT) FROM "
        ":rows r JOIN targets t "
        "ON t.message_id = r.m AND t.position = r.p WHERE 1 = 1 "
        "ON CONFLICT (address_id, channel) DO UPDATE SET refused_at = excluded.refused_at, "
        "code = excluded.code, until = excluded.until",
        {"m": "bigint", "p": "int", "c": "text"},
        [list(t) for t in targets],
        now=at(tx.now),
        until=at(until),
    )


def reached(tx: Tx, targets: Sequence[tuple[int, int]]) -> None:
    """A report says that it arrived: (message, position). Whatever was remembered ends.

    Written once a day for each address: a date is all that is wanted.
    """
    on_rows(
        tx,
        "INSERT INTO reachability (address_id, channel, reached_at) "
        "SELECT DISTINCT t.address_id, t.channel, CAST(:now AS BIGINT) FROM "
        ":rows r JOIN targets t "
        "ON t.message_id = r.m AND t.position = r.p WHERE 1 = 1 "
        "ON CONFLICT (address_id, channel) DO UPDATE SET reached_at = excluded.reached_at, "
        "code = NULL, until = NULL WHERE reachability.until IS NOT NULL "
        "OR reachability.reached_at IS NULL OR reachability.reached_at < :yesterday",
        {"m": "bigint", "p": "int"},
        [list(t) for t in targets],
        now=at(tx.now),
        yesterday=at(tx.now) - DAY,
    )


def any_remembered(tx: Tx, channel: str) -> bool:
    """True when some address is not to be tried first on a channel."""
    found = tx.one(
        "SELECT 1 FROM reachability WHERE channel = :c AND until > :now LIMIT 1",
        c=channel,
        now=at(tx.now),
    )
    return found is not None


def of_contacts(tx: Tx, contact_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """What is known of the addresses of some contacts, by contact; moments in microseconds."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in on_rows(
        tx,
        "SELECT ca.contact_id, a.tail, x.channel, x.reached_at, x.refused_at, x.code, x.until "
        "FROM :rows r JOIN visible_contacts c ON c.id = r.id "
        "JOIN contact_addresses ca ON ca.contact_id = c.id "
        "JOIN addresses a ON a.id = ca.address_id JOIN reachability x ON x.address_id = a.id "
        "ORDER BY ca.contact_id, ca.position, x.channel",
        {"id": "bigint"},
        [[i] for i in contact_ids],
        scope=tx.scope,
    ):
        found.setdefault(row["contact_id"], []).append(dict(row))
    return found
