"""A correction goes first by the channel that reached a person."""

from __future__ import annotations

from dispatcher.db.database import Tx
from dispatcher.db.words import ACCEPTED, DOUBTFUL, QUEUED, UNCONFIRMED


def start_where_reached(tx: Tx, broadcast_id: int, original: int, low: int, high: int) -> None:
    """Messages of contacts with id in (low, high]: start at the step on the channel by which the
    original was accepted, delivered or is in doubt; the last such attempt counts."""
    tx.run(
        "WITH reached AS (SELECT m.contact_id, (SELECT a.channel "
        f"FROM attempts a WHERE a.message_id = m.id AND a.state IN ({ACCEPTED}, {UNCONFIRMED}, "
        f"{DOUBTFUL}) ORDER BY (a.heard & 12) DESC, a.id DESC LIMIT 1) AS channel "
        "FROM visible_messages m WHERE m.broadcast_id = :of AND m.contact_id > :low "
        "AND m.contact_id <= :high), start AS (SELECT c.id, (SELECT MIN(t.position) FROM targets t "
        "WHERE t.message_id = c.id AND t.channel = r.channel) AS position "
        "FROM visible_messages c JOIN reached r ON r.contact_id = c.contact_id "
        f"WHERE c.broadcast_id = :b AND c.state = {QUEUED}) "
        "UPDATE messages SET position = t.position, gateway = t.gateway FROM start "
        "JOIN targets t ON t.message_id = start.id AND t.position = start.position "
        "WHERE messages.id = start.id AND start.position IS NOT NULL "
        "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = messages.id)",
        {"of": original, "b": broadcast_id, "low": low, "high": high},
        scope=tx.scope,
    )
