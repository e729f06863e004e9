"""The same text to the same number twice within a day: asked about before anybody approves."""

from __future__ import annotations

from datetime import timedelta

from dispatcher.store.broadcasts import Broadcast
from dispatcher.store.database import Tx, at

DAY = timedelta(hours=24)


def repeated(tx: Tx, broadcast: Broadcast) -> dict[int, int]:
    """Earlier broadcasts of the last day → people who would get exactly the same text again.

    `broadcast` is planned already. Tests to one's own number do not count.
    """
    found = {earlier: _again(tx, broadcast.id, earlier) for earlier in candidates(tx, broadcast)}
    return {other: people for other, people in found.items() if people}


def candidates(tx: Tx, broadcast: Broadcast) -> list[int]:
    """Earlier broadcasts of the last day that came from the same template."""
    earlier = tx.rows(
        f"WITH {tx.visible('broadcasts')} SELECT b.id FROM visible_broadcasts b "
        "JOIN template_versions v ON v.id = b.template_version_id "
        "JOIN template_versions mine ON mine.template_id = v.template_id AND mine.id = :v "
        "WHERE b.id <> :b AND b.mode = :mode AND b.released_at >= :since "
        "AND b.audience NOT LIKE '%\"contacts\"%' ORDER BY b.id",
        v=broadcast.template_version_id,
        b=broadcast.id,
        mode=broadcast.mode.value,
        since=at(tx.now - DAY),
    )
    return [row["id"] for row in earlier]


def _again(tx: Tx, broadcast_id: int, earlier: int) -> int:
    return int(
        tx.value(
            f"WITH {tx.visible('messages')} SELECT count(DISTINCT t.message_id) FROM targets t "
            "WHERE t.broadcast_id = :b AND t.body_id = (SELECT o.body_id FROM targets o "
            "WHERE o.broadcast_id = :e AND o.channel = t.channel AND o.address_id = t.address_id "
            "AND EXISTS (SELECT 1 FROM visible_messages m WHERE m.id = o.message_id AND m.state "
            "NOT IN ('failed', 'expired', 'skipped', 'cancelled')))",
            b=broadcast_id,
            e=earlier,
        )
    )
