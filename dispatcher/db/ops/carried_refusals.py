"""Refusals and erasures that a replaced database knew come along into the restored one."""

from __future__ import annotations

import sqlalchemy as sa

from dispatcher.db import schema
from dispatcher.db.contacts import refusals
from dispatcher.db.contacts.refusals import ALL, Erased, Refusal
from dispatcher.db.database import Tx
from dispatcher.db.ops.carrying import among


def carry_refusals(tx: Tx, source: sa.Connection) -> dict[str, int]:
    """Suppressions, opt-outs by reply and erasures since; how many. After what `carry` does."""
    rows = source.exec_driver_sql(ALL)
    found = refusals.bring(tx, [Refusal(bytes(c), *rest) for c, *rest in rows])
    return {"refusals": found, "erased": refusals.erase(tx, _forgotten(source))}


def _forgotten(source: sa.Connection) -> list[Erased]:
    entry, contact = schema.trail, schema.contacts
    told = source.execute(
        sa.select(entry.c.noun_id, entry.c.at).where(
            entry.c.noun == "contact", entry.c.act == "forgotten"
        )
    ).all()
    made = {
        row.id: row.created_at for row in among(source, contact, "id", [int(n) for n, _ in told])
    }
    return [
        Erased(int(n), schema.micros(made[int(n)]), schema.micros(when))
        for n, when in told
        if int(n) in made
    ]
