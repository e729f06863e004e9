"""Gateways as the database sees them: pace, pauses, doubts in a row, tokens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from dispatcher.store.database import Tx, at
from dispatcher.store.schema import micros, moment


def ensure(tx: Tx, names: Sequence[str]) -> None:
    """A row for each configured gateway."""
    known = {row["name"] for row in tx.rows("SELECT name FROM gateways")}
    for name in names:
        if name not in known:
            tx.run("INSERT INTO gateways (name) VALUES (:n) ON CONFLICT DO NOTHING", {"n": name})
            tx.note("added", "gateway", name)


def states(tx: Tx) -> dict[str, Any]:
    return {row["name"]: row for row in tx.rows("SELECT * FROM gateways")}


def pause(tx: Tx, name: str, reason: str, code: str = "") -> None:
    """Nothing more goes to this gateway until a person resumes it."""
    tx.run(
        "UPDATE gateways SET paused_at = :now, paused_reason = :r, paused_code = :c "
        "WHERE name = :n AND paused_at IS NULL",
        {"now": at(tx.now), "r": reason, "c": code, "n": name},
    )
    tx.note("paused", "gateway", name, reason=reason, code=code)


def resume(tx: Tx, name: str) -> None:
    tx.run(
        "UPDATE gateways SET paused_at = NULL, paused_reason = NULL, paused_code = NULL, "
        "unknowns = 0 WHERE name = :n",
        {"n": name},
    )
    tx.note("resumed", "gateway", name)


def set_unknowns(tx: Tx, name: str, count: int) -> None:
    """Answers of `unknown` in a row: from five on, one probe at a time."""
    tx.run("UPDATE gateways SET unknowns = :u WHERE name = :n", {"u": count, "n": name})
    tx.note("doubts", "gateway", name, in_a_row=count)


def close(tx: Tx, name: str, broadcast_id: int, until: datetime, code: str) -> None:
    """The vendor takes no more of a broadcast until then: its night, or a quota is used up."""
    tx.run(
        "INSERT INTO closures (gateway, broadcast_id, until, code) VALUES (:n, :b, :u, :c) "
        "ON CONFLICT (gateway, broadcast_id) DO UPDATE SET until = excluded.until, "
        "code = excluded.code",
        {"n": name, "b": broadcast_id, "u": at(until), "c": code},
    )
    tx.note("closed", "gateway", name, broadcast=broadcast_id, code=code)


def closed(tx: Tx, now: datetime) -> dict[tuple[str, int], tuple[datetime, str]]:
    """(gateway, broadcast) → (until when it is not taken, the vendor's word)."""
    return {
        (row["gateway"], row["broadcast_id"]): (moment(row["until"]), row["code"])
        for row in tx.rows("SELECT * FROM closures WHERE until > :now", now=at(now))
    }


def take_turns(
    tx: Tx, name: str, wanted: int, per_second: float, now: datetime
) -> tuple[int, datetime]:
    """How many messages may leave now at this pace, and when the next may (GCRA, burst of one).

    The row holds for every worker on every host; the limit is a hard one.
    """
    gap = 1_000_000 / per_second
    clock = (
        micros(now)
        if tx.is_sqlite
        else int(tx.value("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint)"))
    )
    row = tx.value(
        "SELECT next_free_at FROM gateways WHERE name = :n"
        + ("" if tx.is_sqlite else " FOR UPDATE"),
        n=name,
    )
    free_at = int(row or 0)
    if free_at > clock + 60_000_000:  # the clock was set back
        free_at = clock
    taken = 0
    while taken < wanted and free_at <= clock:
        free_at = max(free_at, clock) + int(gap)
        taken += 1
    if taken:
        tx.run("UPDATE gateways SET next_free_at = :f WHERE name = :n", {"f": free_at, "n": name})
    return taken, now + timedelta(microseconds=max(0, free_at - clock))


# --- tokens -----------------------------------------------------------------------------------


def tokens(tx: Tx, name: str) -> dict[str, Any] | None:
    """The sealed credentials of a gateway: access, refresh, and the row's bookkeeping."""
    row = tx.one("SELECT * FROM vault WHERE name = :n", n=name)
    if row is None:
        return None
    return {**row, **json.loads(tx.sealer.open(row["sealed"]))}


def put_tokens(tx: Tx, name: str, access: str, refresh: str, expires_in: int) -> None:
    """A new pair; the previous one is kept."""
    sealed = tx.sealer.seal(json.dumps({"access": access, "refresh": refresh}))
    tx.run(
        "INSERT INTO vault (name, sealed, version, refreshed_at, expires_at, state) VALUES "
        "(:n, :s, 1, :now, :e, 'ok') ON CONFLICT (name) DO UPDATE SET "
        "previous_sealed = vault.sealed, sealed = excluded.sealed, version = vault.version + 1, "
        "refreshed_at = excluded.refreshed_at, expires_at = excluded.expires_at, state = 'ok', "
        "lease_owner = NULL, lease_until = NULL",
        {
            "n": name,
            "s": sealed,
            "now": at(tx.now),
            "e": micros(tx.now + timedelta(seconds=expires_in)),
        },
    )
    tx.note("rotated", "gateway", name)


def lock_tokens(tx: Tx, name: str, owner: str, until: datetime) -> bool:
    """One refresher per account, under a lease longer than the HTTP deadline."""
    return bool(
        tx.run(
            "UPDATE vault SET lease_owner = :o, lease_until = :u WHERE name = :n "
            "AND (lease_owner IS NULL OR lease_until < :now)",
            {"o": owner, "u": at(until), "n": name, "now": at(tx.now)},
        ).rowcount
    )


def unlock_tokens(tx: Tx, name: str, owner: str, *, state: str | None = None) -> None:
    tx.run(
        "UPDATE vault SET lease_owner = NULL, lease_until = NULL, state = COALESCE(:s, state) "
        "WHERE name = :n AND lease_owner = :o",
        {"n": name, "o": owner, "s": state},
    )
    tx.note("unlocked" if state is None else state, "gateway", name)


def sign_ins(tx: Tx) -> dict[str, tuple[str, int | None]]:
    """For each account that signs in: its state and when its access ends (microseconds)."""
    rows = tx.rows("SELECT name, state, expires_at FROM vault")
    return {row["name"]: (row["state"], row["expires_at"]) for row in rows}


def stale_tokens(tx: Tx, before: datetime) -> list[str]:
    """Accounts whose tokens were last rotated before a moment and can still be."""
    return [
        row["name"]
        for row in tx.rows(
            "SELECT name FROM vault WHERE refreshed_at < :b AND state = 'ok'", b=at(before)
        )
    ]
