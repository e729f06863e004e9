"""People of the delivery log: names, who was written to at an address, households as reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dispatcher.db.contacts import phone_conditions
from dispatcher.db.database import Tx
from dispatcher.db.rows import on_rows
from dispatcher.db.words import (
    ACCEPTED,
    DELIVERED,
    LANDLINE,
    NO_NUMBER,
    QUEUED,
    READ,
    SENDING,
    UNCONFIRMED,
    one_of,
)
from dispatcher.domain.model import Channel


def contact_name(tx: Tx, contact_id: int) -> str:
    """A name, for one person's story; empty when the contact is gone or out of sight."""
    sealed = tx.value(
        "SELECT name_sealed FROM visible_contacts WHERE id = :id", id=contact_id, scope=tx.scope
    )
    return tx.sealer.open(sealed) if sealed is not None else ""


def contacts_on(tx: Tx, address_id: int) -> list[int]:
    """Contacts that were written to at an address, or have it now.

    Asked broadcast by broadcast: that is what the index on targets is made for.
    """
    rows = tx.rows(
        "SELECT m.contact_id AS id FROM visible_broadcasts b CROSS JOIN targets t "
        "JOIN visible_messages m ON m.id = t.message_id WHERE t.broadcast_id = b.id "
        f"AND t.channel IN ({one_of(Channel)}) AND t.address_id = :a "
        "UNION SELECT c.id FROM contact_addresses ca "
        "JOIN visible_contacts c ON c.id = ca.contact_id WHERE ca.address_id = :a",
        a=address_id,
        scope=tx.scope,
    )
    return sorted(row["id"] for row in rows)


def by_reference(tx: Tx, broadcast_id: int, references: Sequence[str]) -> list[dict[str, Any]]:
    """What was sent under some references of a broadcast, as far as it is seen, in their order:
    channel, masked number, and the columns of its text."""
    order = {reference: place for place, reference in enumerate(references)}
    rows = on_rows(
        tx,
        "SELECT a.reference, a.channel, ad.tail, b.text, b.sealed, "
        "b.params, b.template_id, b.encoding, b.parts FROM :rows r "
        "JOIN attempts a ON a.reference = r.reference "
        "JOIN visible_messages m ON m.id = a.message_id "
        "JOIN targets t ON t.message_id = a.message_id AND t.position = a.position "
        "JOIN addresses ad ON ad.id = t.address_id JOIN bodies b ON b.id = t.body_id "
        f"WHERE a.broadcast_id = {int(broadcast_id)}",
        {"reference": "text"},
        [[reference] for reference in order],
        scope=tx.scope,
    )
    return sorted((dict(row) for row in rows), key=lambda row: order[row["reference"]])


# Over the messages `m` of a household and those (`h`) that reached a phone it shares.
REACH = (
    f"MAX(CASE WHEN m.state IN ({DELIVERED}, {READ}) OR {phone_conditions.REACHED} THEN 3 "
    f"WHEN m.state IN ({ACCEPTED}, {SENDING}, {QUEUED}, {UNCONFIRMED}) "
    f"OR {phone_conditions.MAYBE} THEN 2 "
    f"WHEN m.reason IN ({NO_NUMBER}, {LANDLINE}) THEN 0 ELSE 1 END)"
)


def households(tx: Tx, broadcast_id: int) -> list[dict[str, Any]]:
    """Per household of a broadcast how far it was reached: 3 reached, 2 maybe, 1 not, 0 no contact.

    Somebody without a household is one. Reached through a shared phone counts as reached.
    """
    rows = tx.rows(
        "SELECT w.name AS ward, g.name AS residential_group, "
        "m.household_id AS household, MIN(m.contact_id) AS contact, count(*) AS people, "
        f"{REACH} AS reach "
        "FROM visible_messages m LEFT JOIN visible_messages h ON h.id = m.through_id "
        "JOIN areas w ON w.id = m.ward_id LEFT JOIN areas g ON g.id = m.residential_group_id "
        "WHERE m.broadcast_id = :b GROUP BY w.name, g.name, m.household_id, "
        "CASE WHEN m.household_id IS NULL THEN m.contact_id END",
        b=broadcast_id,
        scope=tx.scope,
    )
    return [dict(row) for row in rows]


def contact_names(tx: Tx, ids: Sequence[int]) -> dict[int, str]:
    """Names of people still on the list, for the door-to-door list."""
    return {
        row["id"]: tx.sealer.open(row["name_sealed"])
        for row in on_rows(
            tx,
            "SELECT c.id, c.name_sealed FROM "
            ":rows r JOIN visible_contacts c ON c.id = r.id "
            "WHERE c.removed_at IS NULL",
            {"id": "bigint"},
            [[i] for i in ids],
            scope=tx.scope,
        )
    }
