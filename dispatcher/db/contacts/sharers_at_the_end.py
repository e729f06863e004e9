"""Who shares a phone when a broadcast ends: they end as whoever held it for them."""

from __future__ import annotations

from datetime import datetime

from dispatcher.db.contacts.phone_conditions import (
    NAMED,
    TAKEN,
)
from dispatcher.db.contacts.shared_phones import one_at_a_time
from dispatcher.db.database import Tx, at
from dispatcher.db.words import (
    EXPIRED,
    RUNNING,
    SHARED_PHONE,
    SKIPPED,
    STOPPED,
)
from dispatcher.domain.model import MessageState


def with_sharers(tx: Tx) -> list[int]:
    """Running broadcasts in which somebody shares a phone."""
    return [
        row["id"]
        for row in tx.rows(
            "SELECT b.id FROM visible_broadcasts b "
            f"WHERE b.state = {RUNNING} AND EXISTS (SELECT 1 FROM shared_targets s "
            "WHERE s.broadcast_id = b.id)",
            scope=tx.scope,
        )
    ]


# A message whose shared phones got nothing, have nothing open and are in no doubt.
_GOT_NOTHING = (
    f"{{m}}.state = {SKIPPED} AND {{m}}.reason = {SHARED_PHONE} "
    "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = {m}.id) "
    "AND EXISTS (SELECT 1 FROM shared_targets s WHERE s.message_id = {m}.id) "
    f"AND NOT EXISTS (SELECT 1 FROM shared_targets s WHERE s.message_id = {{m}}.id AND ({TAKEN} "
    "OR EXISTS (SELECT 1 FROM targets k JOIN visible_messages h ON h.id = k.message_id "
    f"WHERE k.broadcast_id = s.broadcast_id AND k.address_id = s.address_id AND {NAMED})))"
)


def end(tx: Tx, broadcast_id: int, to: MessageState) -> None:
    """At the end of a broadcast: whoever shares a phone nothing was accepted for becomes `to`."""
    one_at_a_time(tx)
    tx.run(
        "UPDATE messages SET state = :to, reason = NULL, "
        "through_id = NULL, changed_at = :now WHERE broadcast_id = :b "
        f"AND {_GOT_NOTHING.format(m='messages')}",
        {"to": to.value, "b": broadcast_id, "now": at(tx.now)},
        scope=tx.scope,
    )


def left_over(tx: Tx, since: datetime) -> list[tuple[int, MessageState]]:
    """Broadcasts released since then that were stopped or are too late, and in which somebody still
    shares a phone that got nothing: what was on the wire at their end was refused after it. With
    what those become."""
    ends = {"stopped": MessageState.CANCELLED, "expired": MessageState.EXPIRED}
    return [
        (row["id"], ends[row["state"]])
        for row in tx.rows(
            "SELECT b.id, b.state "
            f"FROM visible_broadcasts b WHERE b.state IN ({STOPPED}, {EXPIRED}) "
            "AND b.released_at >= :since AND EXISTS (SELECT 1 FROM visible_messages m "
            f"WHERE m.broadcast_id = b.id AND {_GOT_NOTHING.format(m='m')})",
            since=at(since),
            scope=tx.scope,
        )
    ]
