"""Who must not be written to, why and since when; and people who want to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dispatcher.db.compiling import Among
from dispatcher.db.contacts import user_ids
from dispatcher.db.contacts.undoing import drop_unused, retire
from dispatcher.db.database import Tx, at
from dispatcher.db.queue.outcomes import best_of_attempts
from dispatcher.db.rows import on_rows
from dispatcher.db.words import DO_NOT_CALL, FORGOTTEN, PROMOTION, QUEUED, SHARED_PHONE, SKIPPED
from dispatcher.domain.last_look import SuppressionScope
from dispatcher.domain.problems import refused
from dispatcher.i18n import Say

SCOPES = tuple(scope.value for scope in SuppressionScope)  # each stops what those before it stop


def suppress(tx: Tx, address: int, reason: str, *, scope: str = "all") -> bool:
    """Never write to this address again, until lifted; False when that was so already.

    `scope`: one of SCOPES. A stronger wish replaces a weaker one, a weaker changes nothing. The
    do-not-call list is no wish and stays beside it.
    """
    lock = "" if tx.is_sqlite else " FOR UPDATE"  # two replies at once are one wish
    tx.rows(f"SELECT id FROM addresses WHERE id = :a{lock}", a=address)
    held = max((SCOPES.index(s) for s in _active(tx, address)), default=-1)
    if held >= SCOPES.index(scope):
        return False
    tx.run(
        "UPDATE suppressions SET lifted_at = :now WHERE address_id = :a AND lifted_at IS NULL "
        f"AND scope <> {PROMOTION}",
        {"a": address, "now": at(tx.now)},
    )
    tx.run(
        "INSERT INTO suppressions (address_id, reason, at, by, scope) "
        "VALUES (:a, :r, :now, :by, :s)",
        {"a": address, "r": reason, "now": at(tx.now), "by": tx.actor.name, "s": scope},
    )
    tx.note("suppressed", "address", address, reason=reason, scope=scope)
    return True


def do_not_call(tx: Tx, addresses: Sequence[int]) -> int:
    """No advertising to these addresses any more (Decree 91/2020 art. 7); how many are new."""
    before = tx.value("SELECT count(*) FROM suppressions")
    on_rows(
        tx,
        "INSERT INTO suppressions (address_id, reason, at, by, scope) "
        f"SELECT r.a, {DO_NOT_CALL}, :now, :by, {PROMOTION} "
        "FROM :rows r WHERE NOT EXISTS (SELECT 1 FROM suppressions s "
        "WHERE s.address_id = r.a AND s.lifted_at IS NULL)",
        {"a": "bigint"},
        [[a] for a in addresses],
        now=at(tx.now),
        by=tx.actor.name,
    )
    new = int(tx.value("SELECT count(*) FROM suppressions") - before)
    tx.note("do_not_call", "site", "list", numbers=len(addresses), new=new)
    return new


def lift(tx: Tx, address: int, reason: str) -> bool:
    """Write to this address again; False when it was not suppressed."""
    if not _active(tx, address):
        return False
    tx.run(
        "UPDATE suppressions SET lifted_at = :now WHERE address_id = :a AND lifted_at IS NULL",
        {"a": address, "now": at(tx.now)},
    )
    tx.note("unsuppressed", "address", address, reason=reason)
    return True


def lift_entry(tx: Tx, entry: int, reason: str) -> bool:
    """The same for one that `list_suppressions` shows; False when it shows none such."""
    address = tx.value(
        f"SELECT s.address_id FROM suppressions s WHERE s.id = :i AND {_mine(tx)}",
        i=entry,
        me=tx.actor.name,
        scope=tx.scope,
    )
    return address is not None and lift(tx, int(address), reason)


def entry_of(tx: Tx, address: int) -> int | None:
    """The newest entry in force for an address, of those in `list_suppressions`; else None."""
    found = tx.value(
        "SELECT max(s.id) FROM suppressions s "
        f"WHERE s.address_id = :a AND s.lifted_at IS NULL AND {_mine(tx)}",
        a=address,
        me=tx.actor.name,
        scope=tx.scope,
    )
    return None if found is None else int(found)


def _mine(tx: Tx) -> str:
    """Of whom somebody of some wards may know: people of those wards, or stopped by themselves."""
    if tx.actor.wards is None:
        return "1 = 1"
    return (
        "(s.by = :me OR EXISTS (SELECT 1 FROM contact_addresses ca JOIN visible_contacts c "
        "ON c.id = ca.contact_id WHERE ca.address_id = s.address_id))"
    )


def _active(tx: Tx, address: int) -> set[str]:
    """The scopes of what is in force for an address."""
    rows = tx.rows(
        "SELECT scope FROM suppressions WHERE address_id = :a AND lifted_at IS NULL", a=address
    )
    return {row["scope"] for row in rows}


def addresses_of(tx: Tx, contact_ids: Sequence[int]) -> list[int]:
    """The addresses some contacts have now."""
    found: list[int] = []
    for contact in contact_ids:
        found += [
            row["address_id"]
            for row in tx.rows(
                "SELECT ca.address_id FROM contact_addresses ca "
                "JOIN visible_contacts c ON c.id = ca.contact_id WHERE c.id = :c "
                "ORDER BY ca.position",
                c=contact,
                scope=tx.scope,
            )
        ]
    return list(dict.fromkeys(found))


def list_suppressions(tx: Tx, limit: int = 1000) -> list[dict[str, Any]]:
    """Suppressions in force, newest first, numbers masked; of one's own wards, or by oneself."""
    return [
        dict(row)
        for row in tx.rows(
            "SELECT s.id, a.tail AS phone, s.reason, s.at, s.by, "
            "s.scope FROM suppressions s JOIN addresses a ON a.id = s.address_id "
            f"WHERE s.lifted_at IS NULL AND {_mine(tx)} ORDER BY s.id DESC LIMIT :n",
            n=limit,
            me=tx.actor.name,
            scope=tx.scope,
        )
    ]


def forget(tx: Tx, contact_id: int, reason: str) -> dict[str, int]:
    """Erase a person: name, own numbers, texts that name them. What was counted stays counted.

    A number that others of the list use stays theirs. Refused while a message is on its way.
    """
    states = {
        row["state"]: row["n"]
        for row in tx.rows(
            "SELECT state, count(*) AS n FROM visible_messages "
            "WHERE contact_id = :c GROUP BY state",
            c=contact_id,
            scope=tx.scope,
        )
    }
    if states.get("sending"):
        raise refused(
            "on-its-way",
            Say(
                "A message to c{contact_id} is on its way; try again in a few minutes.",
                contact_id=contact_id,
            ),
        )
    mine = addresses_of(tx, [contact_id])
    tx.run(
        f"UPDATE messages SET state = {best_of_attempts(SKIPPED)}, "
        f"reason = {FORGOTTEN}, lease_owner = NULL, lease_until = NULL, "
        "changed_at = :now WHERE "
        f"contact_id = :c AND (state = {QUEUED} "
        f"OR (state = {SKIPPED} AND reason = {SHARED_PHONE})) "
        "AND id IN (SELECT id FROM visible_messages)",
        {"c": contact_id, "now": at(tx.now)},
        scope=tx.scope,
    )
    texts = _erase_texts(tx, contact_id)
    retire(tx, [contact_id])
    tx.run(
        "UPDATE contacts SET name_sealed = :n, title = '', "
        "name_bits = 0, row_sealed = NULL, source = '', source_row = NULL WHERE id = :c "
        "AND id IN (SELECT id FROM visible_contacts)",
        {"n": tx.sealer.seal(""), "c": contact_id},
        scope=tx.scope,
    )
    tx.run(
        "UPDATE import_changes SET before_sealed = NULL WHERE contact_id = :c", {"c": contact_id}
    )
    mine += _forget_user_ids(tx, mine)
    for address in mine:
        tx.run(
            "DELETE FROM replies WHERE address_id = :a AND NOT EXISTS "
            "(SELECT 1 FROM contact_addresses x WHERE x.address_id = :a)",
            {"a": address},
        )
    drop_unused(tx, [[a] for a in mine])
    erased = 0
    for address in mine:
        erased += tx.run(
            "UPDATE addresses SET cipher = NULL, tail = '' WHERE id = :a AND NOT EXISTS "
            "(SELECT 1 FROM contact_addresses x WHERE x.address_id = :a)",
            {"a": address},
        ).rowcount
    tx.note("forgotten", "contact", contact_id, reason=reason, texts=texts)
    return {"texts": texts, "addresses": len(mine), "cancelled": states.get("queued", 0)}


def _forget_user_ids(tx: Tx, mine: Sequence[int]) -> list[int]:
    """User ids of phones nobody else of the list uses; they are forgotten with their phones."""
    alone = [
        a
        for a in mine
        if tx.one("SELECT 1 FROM contact_addresses x WHERE x.address_id = :a", a=a) is None
    ]
    found = user_ids.of_phones(tx, alone)
    if alone:
        tx.run("DELETE FROM user_ids WHERE address_id = :a", [{"a": a} for a in alone])
    return found


def _erase_texts(tx: Tx, contact_id: int) -> int:
    """Texts and receipts that hold this person's name or number."""
    mine = "SELECT id FROM visible_messages WHERE contact_id = :c"
    texts = tx.run(
        "UPDATE bodies SET sealed = NULL, text = '', params = NULL "
        "WHERE sealed IS NOT NULL AND id IN (SELECT body_id FROM targets WHERE message_id IN "
        f"({mine}) UNION SELECT body_id FROM shared_targets WHERE message_id IN ({mine})) "
        "AND NOT EXISTS (SELECT 1 FROM targets t WHERE t.body_id = bodies.id "
        f"AND t.message_id NOT IN ({mine})) AND NOT EXISTS (SELECT 1 FROM shared_targets t "
        f"WHERE t.body_id = bodies.id AND t.message_id NOT IN ({mine}))",
        {"c": contact_id},
        scope=tx.scope,
    ).rowcount
    tx.run(
        "UPDATE receipts SET sealed = :empty WHERE attempt_id IN "
        f"(SELECT id FROM attempts WHERE message_id IN ({mine}))",
        {"c": contact_id, "empty": b""},
        scope=tx.scope,
    )
    return int(texts)


def silenced(
    tx: Tx, addresses: Sequence[int], *, but: Sequence[int] = ()
) -> tuple[list[dict[str, Any]], int]:
    """Who gets nothing at these addresses any more: (contact and name, of those who are seen;
    how many others). `but`: contacts that are not asked about."""
    if not addresses:
        return [], 0
    rows = tx.rows(
        "SELECT DISTINCT ca.contact_id, c.id, c.name_sealed, "
        "c.kind FROM contact_addresses ca LEFT JOIN visible_contacts c ON c.id = ca.contact_id "
        "WHERE ca.address_id IN (:numbers) AND NOT ca.contact_id IN (:but) "
        "ORDER BY ca.contact_id",
        numbers=Among(addresses),
        but=Among(but),
        scope=tx.scope,
    )
    seen = [
        {"contact": row["id"], "name": tx.sealer.open(row["name_sealed"])}
        for row in rows
        if row["id"] is not None and row["kind"] != "tester"
    ]
    return seen, sum(1 for row in rows if row["id"] is None)


def of_contact(tx: Tx, contact_id: int) -> list[dict[str, Any]]:
    """Why a person's numbers are not written to now: reason, since, scope."""
    return [
        dict(row)
        for row in tx.rows(
            "SELECT reason, at, scope FROM suppressions WHERE lifted_at IS NULL "
            "AND address_id IN (:ids) ORDER BY id",
            ids=Among(addresses_of(tx, [contact_id])),
        )
    ]
