"""Which user id a phone's owner has at an account: told by themselves, never guessed.

A message by user id costs less than one by phone; the phone stays the address that is ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from dispatcher.db.contacts.contacts import address_id, put_addresses
from dispatcher.db.database import Tx, at
from dispatcher.db.rows import on_rows
from dispatcher.domain.model import AddressKind


def bind(tx: Tx, gateway: str, user_id: str, phone: str) -> bool:
    """Remember that the owner of a phone has this user id; False when the phone is on no list."""
    held = address_id(tx, AddressKind.MOBILE, phone)
    if held is None:
        return False
    unbind(tx, gateway, user_id)  # one account, one phone
    kind = AddressKind.ZALO
    user = put_addresses(tx, [(kind, user_id)], ())[kind, user_id]
    tx.run(
        "INSERT INTO user_ids (gateway, address_id, user_address_id, at) VALUES (:g, :a, :u, :now) "
        "ON CONFLICT (gateway, address_id) DO UPDATE SET user_address_id = "
        "excluded.user_address_id, at = excluded.at",
        {"g": gateway, "a": held, "u": user, "now": at(tx.now)},
    )
    tx.note("bound", "address", held, gateway=gateway)
    return True


def unbind(tx: Tx, gateway: str, user_id: str) -> None:
    """Write to this person by phone only from now on."""
    user = address_id(tx, AddressKind.ZALO, user_id)
    if user is None:
        return
    tx.run(
        "DELETE FROM user_ids WHERE gateway = :g AND user_address_id = :u",
        {"g": gateway, "u": user},
    )
    tx.note("unbound", "address", user, gateway=gateway)


def phones_of(tx: Tx, user_address: int) -> list[int]:
    """The phones whose owner has this user id."""
    rows = tx.rows("SELECT address_id FROM user_ids WHERE user_address_id = :u", u=user_address)
    return [row["address_id"] for row in rows]


def of_phones(tx: Tx, phones: Sequence[int]) -> list[int]:
    """The user ids the owners of some phones have."""
    rows = on_rows(
        tx,
        "SELECT u.user_address_id FROM :rows r JOIN user_ids u ON u.address_id = r.id",
        {"id": "bigint"},
        [[p] for p in phones],
    )
    return [row["user_address_id"] for row in rows]
