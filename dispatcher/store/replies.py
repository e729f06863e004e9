"""What people wrote back: sealed, for those who may read it."""

from __future__ import annotations

from typing import Any

from dispatcher import storable
from dispatcher.store.database import Tx, at


def put(tx: Tx, gateway: str, address: int | None, text: str, *, opt_out: bool) -> None:
    """Keep a reply; `address` None: from somebody who is on no list."""
    sealed = tx.sealer.seal(storable.words(text, storable.REPLY))
    tx.run(
        "INSERT INTO replies (gateway, address_id, at, sealed, opt_out) "
        "VALUES (:g, :a, :now, :s, :o)",
        {"g": gateway, "a": address, "now": at(tx.now), "s": sealed, "o": opt_out},
    )
    tx.note("replied", "address", address or "", opt_out=opt_out)


def listed(tx: Tx, limit: int = 100) -> list[dict[str, Any]]:
    """Replies, newest first, with masked numbers. Bound to wards: those of one's own people."""
    mine = "" if tx.actor.wards is None else " WHERE c.id IS NOT NULL"
    rows = tx.rows(
        f"WITH {tx.visible('contacts')} SELECT r.id, r.at, r.gateway, a.tail AS phone, "
        "MIN(c.id) AS contact, r.opt_out, r.sealed FROM replies r "
        "LEFT JOIN addresses a ON a.id = r.address_id "
        "LEFT JOIN contact_addresses ca ON ca.address_id = r.address_id "
        f"LEFT JOIN visible_contacts c ON c.id = ca.contact_id{mine} "
        "GROUP BY r.id, r.at, r.gateway, a.tail, r.opt_out, r.sealed ORDER BY r.id DESC LIMIT :n",
        n=limit,
    )
    return [
        {
            "id": row["id"],
            "at": row["at"],
            "gateway": row["gateway"],
            "phone": row["phone"],
            "contact": row["contact"],
            "opt_out": bool(row["opt_out"]),
            "text": tx.sealer.open(row["sealed"]),
        }
        for row in rows
    ]
