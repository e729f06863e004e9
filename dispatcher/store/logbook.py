"""Reading the delivery log: messages, attempts, one person's story, and sums for reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dispatcher.store.database import Tx


@dataclass(frozen=True)
class Filters:
    """Each one narrows; None means any."""

    broadcast: int | None = None
    ward: int | None = None
    residential_group: int | None = None
    state: str | None = None
    fault: str | None = None
    gateway: str | None = None
    channel: str | None = None
    contact: int | None = None
    message: int | None = None

    def sql(self, columns: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        """`AND …` for the filters that `columns` knows, with their values."""
        parts, values = "", {}
        for name, column in columns.items():
            value = getattr(self, name)
            if value is not None:
                parts += f" AND {column} = :{name}"
                values[name] = value
        return parts, values


_MESSAGES = {
    "broadcast": "m.broadcast_id",
    "ward": "m.ward_id",
    "state": "m.state",
    "residential_group": "m.residential_group_id",
    "fault": "m.reason",
    "gateway": "m.gateway",
    "contact": "m.contact_id",
    "message": "m.id",
}


def messages(
    tx: Tx,
    filters: Filters,
    *,
    after: int = 0,
    limit: int = 100,
) -> Iterator[dict[str, Any]]:
    """Messages by id, with masked numbers; never a full one."""
    where, values = filters.sql(_MESSAGES)
    rows = tx.run(
        f"WITH {tx.visible('messages')} SELECT m.id, m.broadcast_id AS broadcast, "
        "m.contact_id AS contact, w.name AS ward, g.name AS residential_group, m.state, m.reason, "
        "m.code, m.gateway, t.channel, a.tail AS phone, m.carrier, m.through_id AS through, "
        "m.tries, m.changed_at FROM visible_messages m JOIN areas w ON w.id = m.ward_id "
        "LEFT JOIN areas g ON g.id = m.residential_group_id "
        "LEFT JOIN targets t ON t.message_id = m.id AND t.position = m.position "
        f"LEFT JOIN addresses a ON a.id = t.address_id WHERE m.id > :after{where} "
        "ORDER BY m.id LIMIT :limit",
        {"after": after, "limit": limit, **values},
    )
    for row in rows.mappings():
        yield dict(row)


_ATTEMPTS = {
    "broadcast": "a.broadcast_id",
    "ward": "m.ward_id",
    "fault": "a.fault",
    "residential_group": "m.residential_group_id",
    "gateway": "a.gateway",
    "channel": "a.channel",
    "contact": "m.contact_id",
    "message": "a.message_id",
    "state": "a.state",
}


def attempts(
    tx: Tx,
    filters: Filters,
    *,
    after: int = 0,
    limit: int = 100,
) -> Iterator[dict[str, Any]]:
    """Attempts by id."""
    where, values = filters.sql(_ATTEMPTS)
    rows = tx.run(
        f"WITH {tx.visible('messages')} SELECT a.id, a.message_id AS message, "
        "a.broadcast_id AS broadcast, a.gateway, a.channel, a.reference, a.state, a.heard, "
        "a.fault, "
        "a.code, a.detail, a.provider_id, a.parts, a.cost, a.asks, a.asked_at, a.answered_at, "
        "a.heard_at, a.heard_code, ad.tail AS phone FROM attempts a "
        "JOIN visible_messages m ON m.id = a.message_id "
        "JOIN targets t ON t.message_id = a.message_id AND t.position = a.position "
        f"JOIN addresses ad ON ad.id = t.address_id WHERE a.id > :after{where} "
        "ORDER BY a.id LIMIT :limit",
        {"after": after, "limit": limit, **values},
    )
    for row in rows.mappings():
        yield dict(row)


def contact_name(tx: Tx, contact_id: int) -> str:
    """A name, for one person's story; empty when the contact is gone or out of sight."""
    sealed = tx.value(
        f"WITH {tx.visible('contacts')} SELECT name_sealed FROM visible_contacts WHERE id = :id",
        id=contact_id,
    )
    return tx.sealer.open(sealed) if sealed is not None else ""


def contacts_on(tx: Tx, address_id: int) -> list[int]:
    """Contacts that were written to at an address, or have it now."""
    rows = tx.rows(
        f"WITH {tx.visible('messages')}, {tx.visible('contacts')} "
        "SELECT m.contact_id AS id FROM targets t JOIN visible_messages m ON m.id = t.message_id "
        "WHERE t.address_id = :a UNION SELECT c.id FROM contact_addresses ca "
        "JOIN visible_contacts c ON c.id = ca.contact_id WHERE ca.address_id = :a",
        a=address_id,
    )
    return sorted(row["id"] for row in rows)


def by_group(tx: Tx, broadcast_id: int) -> list[dict[str, Any]]:
    """Per ward and residential group: people by state and reason; what a report is made of."""
    rows = tx.rows(
        f"WITH {tx.visible('messages')} SELECT w.name AS ward, g.name AS residential_group, "
        "m.state, m.reason, CASE WHEN h.state IN ('delivered', 'read') THEN 1 ELSE 0 END AS "
        "through, "
        "count(*) AS n FROM visible_messages m JOIN areas w ON w.id = m.ward_id "
        "LEFT JOIN areas g ON g.id = m.residential_group_id "
        "LEFT JOIN visible_messages h ON h.id = m.through_id WHERE m.broadcast_id = :b "
        "GROUP BY w.name, g.name, m.state, m.reason, "
        "CASE WHEN h.state IN ('delivered', 'read') THEN 1 ELSE 0 END",
        b=broadcast_id,
    )
    return [dict(row) for row in rows]


def spent(tx: Tx, broadcast_id: int) -> list[dict[str, Any]]:
    """Per channel and gateway: accepted attempts, delivered ones, parts and đồng."""
    return [
        dict(row)
        for row in tx.rows(
            f"WITH {tx.visible('messages')} SELECT a.channel, a.gateway, count(*) AS accepted, "
            "SUM(CASE WHEN a.heard >= 4 THEN 1 ELSE 0 END) AS delivered, "
            "COALESCE(SUM(a.parts), 0) AS parts, COALESCE(SUM(a.cost), 0) AS cost FROM attempts a "
            "JOIN visible_messages m ON m.id = a.message_id WHERE a.broadcast_id = :b "
            "AND a.state = 'accepted' GROUP BY a.channel, a.gateway ORDER BY a.channel",
            b=broadcast_id,
        )
    ]


def reached_twice(tx: Tx, broadcast_id: int) -> int:
    """People for whom two channels both reported delivery."""
    return int(
        tx.value(
            f"WITH {tx.visible('messages')} SELECT count(*) FROM (SELECT a.message_id FROM "
            "attempts a "
            "JOIN visible_messages m ON m.id = a.message_id WHERE a.broadcast_id = :b AND "
            "a.heard >= 4 "
            "GROUP BY a.message_id HAVING count(*) > 1) twice",
            b=broadcast_id,
        )
        or 0
    )
