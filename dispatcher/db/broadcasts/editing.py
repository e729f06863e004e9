"""What is changed about a broadcast: every change voids its approval."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dispatcher.db.broadcasts.broadcasts import Broadcast, add_wards, move, senders_json
from dispatcher.db.database import Tx
from dispatcher.db.words import DRAFT, RETURNED
from dispatcher.domain.model import (
    Audience,
    BroadcastState,
    Window,
)
from dispatcher.domain.problems import refused
from dispatcher.i18n import Say


def reword(
    tx: Tx, broadcast: Broadcast, fields: Mapping[str, str], template_version_id: int
) -> None:
    """Other values for the blanks, or another wording, in a returned broadcast."""
    tx.run(
        "UPDATE broadcasts SET fields = :f, "
        f"template_version_id = :v WHERE id = :b AND state = {RETURNED} "
        "AND id IN (SELECT id FROM visible_broadcasts)",
        {"f": json.dumps(dict(fields)), "v": template_version_id, "b": broadcast.id},
        scope=tx.scope,
    )
    tx.note("reworded", "broadcast", broadcast.id)


def change(tx: Tx, broadcast: Broadcast, **changes: Any) -> None:
    """Change columns of what was not released; it is a draft again and nobody's approval holds."""
    if broadcast.released_at is not None or broadcast.planned_upto is not None:
        raise refused(
            "already-released",
            Say("Broadcast {id} is released and cannot be edited.", id=broadcast.id),
        )
    values = {k: _stored(k, v) for k, v in changes.items()}
    if "senders" in changes:
        tx.run("DELETE FROM broadcast_wards WHERE broadcast_id = :b", {"b": broadcast.id})
        add_wards(tx, broadcast.id, changes["senders"])
    blank = {
        "approved_by": None,
        "approved_at": None,
        "approved_digest": None,
        "submitted_at": None,
        "at": None,
        "again": "",
        "again_of": "[]",
    }
    if broadcast.state is BroadcastState.DRAFT:
        sets = ", ".join(f'"{name}" = :{name}' for name in values)
        tx.run(
            f"UPDATE broadcasts SET {sets} WHERE id = :b "
            f"AND state = {DRAFT} AND id IN (SELECT id FROM visible_broadcasts)",
            {**values, "b": broadcast.id},
            scope=tx.scope,
        )
        tx.note("edited", "broadcast", broadcast.id, what=sorted(values))
        return
    move(tx, broadcast, BroadcastState.DRAFT, **{**blank, **values})
    tx.note("edited", "broadcast", broadcast.id, what=sorted(values))


def _stored(name: str, value: Any) -> Any:
    if name == "senders":
        return senders_json(value)
    if isinstance(value, Audience):
        return json.dumps(value.as_json())
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False)
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return str(value) if isinstance(value, Window) else value
