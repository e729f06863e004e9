"""Messages of a planned broadcast as they would be sent, to be looked at one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.db.compiling import Among
from dispatcher.db.database import Tx
from dispatcher.db.words import QUEUED


@dataclass(frozen=True)
class SampleChoice:
    """Some contacts on every step, or the dearest `most` messages after the first `skip`."""

    contacts: Sequence[int] = ()
    skip: int = 0
    most: int = 3


def samples(tx: Tx, broadcast_id: int, look: SampleChoice) -> list[Any]:
    """Texts with whom they are for, dearest first; a chosen contact's in the order of the route."""
    chosen = bool(look.contacts)
    which = (
        "m.contact_id IN (:chosen) AND t.message_id = m.id"
        if chosen
        else "t.message_id = m.id AND t.position = m.position"
    )
    order = "m.id, t.position" if chosen else "b.parts DESC, m.id"
    return tx.rows(
        "SELECT m.id, m.contact_id, t.channel, t.step, a.tail, "
        "a.carrier, b.text, b.sealed, b.params, b.template_id, b.encoding, b.parts "
        f"FROM visible_messages m JOIN targets t ON {which} "
        "JOIN addresses a ON a.id = t.address_id JOIN bodies b ON b.id = t.body_id "
        f"WHERE m.broadcast_id = :b AND m.state = {QUEUED} ORDER BY {order} LIMIT :n OFFSET :skip",
        b=broadcast_id,
        chosen=Among(look.contacts),
        n=100 if chosen else look.most,
        skip=0 if chosen else look.skip,
        scope=tx.scope,
    )
