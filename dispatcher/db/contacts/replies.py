"""What people wrote back: sealed, for those who may read it; who looked; what was confirmed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from dispatcher.db.database import Tx, at
from dispatcher.db.words import FAILED, SENDING
from dispatcher.domain import storable
from dispatcher.domain.opting_out import LONGEST, Wish

CONFIRMED_WITHIN = timedelta(hours=24)  # the account may answer for 48 hours after a message
STALE = timedelta(minutes=5)  # a confirmation that a worker was sending when it died


def put(
    tx: Tx, gateway: str, address: int | None, text: str, *, wish: Wish, look: bool, confirm: bool
) -> int:
    """Keep a reply; its id. `address` None: from somebody who is on no list.

    `look`: a person must look at it. `confirm`: what it wished was done and is to be confirmed.
    """
    made = tx.value(
        "INSERT INTO replies (gateway, address_id, at, sealed, opt_out, wish, look, confirmation, "
        "confirm_at) VALUES (:g, :a, :now, :s, :o, :w, :l, :c, :now) RETURNING id",
        g=gateway,
        a=address,
        now=at(tx.now),
        s=tx.sealer.seal(storable.words(text, LONGEST)),
        o=wish.is_clear,
        w=wish.value,
        l="waiting" if look else "none",
        c="waiting" if confirm else "none",
    )
    tx.note("replied", "address", address or "", opt_out=wish.is_clear, wish=wish.value)
    return int(made)


def list_replies(tx: Tx, limit: int = 100, *, waiting: bool = False) -> list[dict[str, Any]]:
    """Replies, newest first, with masked numbers. Bound to wards: those of one's own people.

    `waiting`: only those a person must look at.
    """
    return _read(tx, "r.look = 'waiting'" if waiting else "1 = 1", limit)


def get_reply(tx: Tx, reply: int) -> dict[str, Any] | None:
    """One reply as `list_replies` has it, with its `address`; None where it is not seen."""
    found = _read(tx, f"r.id = {int(reply)}", 1)
    return found[0] if found else None


def _read(tx: Tx, which: str, limit: int) -> list[dict[str, Any]]:
    mine = "" if tx.actor.wards is None else " AND c.id IS NOT NULL"
    rows = tx.rows(
        "SELECT r.id, r.at, r.gateway, r.address_id AS address, "
        "a.tail AS phone, MIN(c.id) AS contact, r.opt_out, r.wish, r.look, r.looked_at, "
        "r.looked_by, r.confirmation, r.sealed FROM replies r "
        "LEFT JOIN addresses a ON a.id = r.address_id "
        "LEFT JOIN user_ids u ON u.user_address_id = r.address_id "
        "LEFT JOIN contact_addresses ca ON ca.address_id IN (r.address_id, u.address_id) "
        f"LEFT JOIN visible_contacts c ON c.id = ca.contact_id WHERE {which}{mine} "
        "GROUP BY r.id, r.at, r.gateway, r.address_id, a.tail, r.opt_out, r.wish, r.look, "
        "r.looked_at, r.looked_by, r.confirmation, r.sealed ORDER BY r.id DESC LIMIT :n",
        n=limit,
        scope=tx.scope,
    )
    return [
        {
            **{k: row[k] for k in ("id", "at", "gateway", "address", "phone", "contact")},
            "opt_out": bool(row["opt_out"]),
            **{k: row[k] for k in ("wish", "look", "looked_at", "looked_by", "confirmation")},
            "text": tx.sealer.open(row["sealed"]),
        }
        for row in rows
    ]


def looked(tx: Tx, reply: int, outcome: str, wish: Wish, *, confirm: bool = False) -> bool:
    """A person looked: `outcome` obeyed or dismissed; False when somebody had looked before.

    The `wish` they read in it is kept only where it was obeyed.
    """
    confirmation = ", confirmation = 'waiting', confirm_at = :now" if confirm else ""
    confirmation += ", wish = :w" if wish.is_clear else ""
    done = tx.run(
        f"UPDATE replies SET look = :o, looked_at = :now, looked_by = :by{confirmation} "
        "WHERE id = :id AND look = 'waiting'",
        {"o": outcome, "now": at(tx.now), "by": tx.actor.name, "id": reply, "w": wish.value},
    ).rowcount
    tx.note("looked", "reply", reply, outcome=outcome)
    return bool(done)


# --- whoever is told of it ----------------------------------------------------------------------


def to_look_at(tx: Tx, most: int = 200) -> list[dict[str, Any]]:
    """Replies that a person must look at, with the wards of whoever wrote them (perhaps none)."""
    rows = tx.rows(
        "WITH few AS (SELECT id, address_id FROM replies "
        "WHERE look = 'waiting' ORDER BY id DESC LIMIT :n) "
        "SELECT DISTINCT few.id, c.ward_id FROM few "
        "LEFT JOIN user_ids u ON u.user_address_id = few.address_id "
        "LEFT JOIN contact_addresses ca ON ca.address_id IN (few.address_id, u.address_id) "
        "LEFT JOIN visible_contacts c ON c.id = ca.contact_id ORDER BY few.id",
        n=most,
        scope=tx.scope,
    )
    found: dict[int, set[int]] = {}
    for row in rows:
        found.setdefault(row["id"], set()).update({row["ward_id"]} - {None})
    return [{"id": reply, "wards": frozenset(wards)} for reply, wards in found.items()]


# --- confirming ---------------------------------------------------------------------------------


def any_to_confirm(tx: Tx) -> bool:
    """True when a confirmation waits, or was being sent when its worker died."""
    return (
        tx.one(f"SELECT 1 FROM replies WHERE confirmation IN ('waiting', {SENDING}) LIMIT 1")
        is not None
    )


def take(tx: Tx, can: Collection[str], now: datetime, most: int = 50) -> list[dict[str, Any]]:
    """Refusals to confirm now, marked as being sent, with where to. `can`: gateways that answer.

    What a dead worker was sending may have arrived: it is never sent again.
    """
    tx.run(
        f"UPDATE replies SET confirmation = 'unsure' WHERE confirmation = {SENDING} "
        "AND confirm_at < :stale",
        {"stale": at(now - STALE)},
    )
    tx.run(
        f"UPDATE replies SET confirmation = {FAILED} WHERE confirmation = 'waiting' AND at < :old",
        {"old": at(now - CONFIRMED_WITHIN)},
    )
    lock = "" if tx.is_sqlite else " FOR UPDATE OF r SKIP LOCKED"
    rows = tx.rows(
        "SELECT r.id, r.gateway, r.at, r.wish, a.kind, a.cipher FROM replies r "
        "JOIN addresses a ON a.id = r.address_id WHERE r.confirmation = 'waiting' "
        f"AND r.confirm_at <= :now ORDER BY r.id LIMIT {int(most)}{lock}",
        now=at(now),
    )
    found = []
    for row in rows:
        can_be = row["gateway"] in can and row["cipher"] is not None
        tx.run(
            "UPDATE replies SET confirmation = :c, confirm_at = :now WHERE id = :id",
            {"c": "sending" if can_be else "cannot", "now": at(now), "id": row["id"]},
        )
        if can_be:
            found.append({**row, "to": tx.sealer.open_address(row["kind"], row["cipher"])})
    return found


def confirmed(tx: Tx, reply: int, outcome: str, again: datetime | None = None) -> None:
    """How a confirmation ended: sent, failed, unsure; or `waiting` until `again`: not taken."""
    tx.run(
        "UPDATE replies SET confirmation = :c, confirm_at = COALESCE(:again, confirm_at) "
        "WHERE id = :id",
        {"c": outcome, "again": None if again is None else at(again), "id": reply},
    )
    tx.note("confirmed", "reply", reply, outcome=outcome)
