"""Who would get the same words within a day of the moment chosen for a broadcast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from dispatcher.broadcasts.application import App, preview_broadcast
from dispatcher.db.broadcasts import repeats
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.domain.model import SYSTEM, Actor


def unexplained(app: App, actor: Actor, broadcast: Broadcast, when: datetime) -> Mapping[int, int]:
    """By other broadcast, the people for whom nobody has said why they get the same words.

    Asked before a time is set: the approval may be older than what was approved or sent since.
    """
    now = app.clock()
    with app.store.read(SYSTEM) as tx:
        near = repeats.others(tx, broadcast, max(now, when), now)
    if all(other.explained for other in near):
        return {}
    return preview_broadcast(app, actor, replace(broadcast, at=when)).unexplained
