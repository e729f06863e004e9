"""Gateways as the database sees them: pace, pauses, doubts in a row, tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dispatcher.db.database import Tx, at
from dispatcher.db.schema import micros, moment
from dispatcher.db.words import BUSY, UNKNOWN
from dispatcher.domain.machine import here


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
    """Messages go there again; after a trouble with the account nobody knows how it is."""
    tx.run(
        "UPDATE gateways SET health = NULL, health_at = NULL, health_code = NULL "
        "WHERE name = :n AND paused_at IS NOT NULL AND paused_reason <> 'person'",
        {"n": name},
    )
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


LEAD = 20_000  # microseconds to the first turn at least: the commit comes before it
AHEAD = 80_000  # microseconds: turns are given out this long before they come
MARGIN = 0.98  # of the pace asked for: two messages may reach a vendor closer than they left
_SOON = 40_000  # microseconds before the next turn a worker looks again


def take_turns(
    tx: Tx,
    name: str,
    weights: Sequence[int],
    per_second: float,
    now: datetime,
    overdue: float = 0.0,
) -> tuple[list[float], datetime]:
    """When each of some calls may leave, in seconds from now, and when to ask for more turns.

    `weights`: what each call counts (messages or parts). Fewer answers than weights: the others
    have no turn yet. `overdue`: seconds by which earlier calls of this worker left too late; all
    turns move by it, so that nobody catches up. GCRA with a burst of one: the row holds for every
    worker on every host, by the clock of the database.
    """
    gap = 1_000_000 / (per_second * MARGIN)
    clock = micros(now) if tx.is_sqlite else here().of_server(lambda: _now_there(tx))
    row = tx.value(
        "SELECT next_free_at FROM gateways WHERE name = :n"
        + ("" if tx.is_sqlite else " FOR UPDATE"),
        n=name,
    )
    free_at = float(row or 0)
    ahead = max(60_000_000, gap * 2 * max(weights, default=1))
    if free_at > clock + ahead:  # the clock was set back
        free_at = clock
    free_at = max(free_at, clock + LEAD) + overdue * 1e6
    turns: list[float] = []
    for weight in weights:
        turn = free_at
        if turn > clock + AHEAD:
            break
        turns.append((turn - clock) / 1e6)
        free_at = turn + weight * gap
    if turns or overdue:
        tx.run(
            "UPDATE gateways SET next_free_at = :f WHERE name = :n", {"f": int(free_at), "n": name}
        )
    return turns, now + timedelta(microseconds=max(0.0, free_at - clock - _SOON))


def _now_there(tx: Tx) -> int:
    return int(tx.value("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint)"))


# --- calls open at once, shared among workers ---------------------------------------------------


def slots(tx: Tx) -> dict[tuple[str, str], int]:
    """Calls each worker may have open: (gateway, worker) → how many."""
    return {(r["gateway"], r["worker"]): r["calls"] for r in tx.rows("SELECT * FROM slots")}


def set_slots(tx: Tx, name: str, worker: str, calls: int) -> None:
    tx.run(
        "INSERT INTO slots (gateway, worker, calls) VALUES (:n, :w, :c) "
        "ON CONFLICT (gateway, worker) DO UPDATE SET calls = excluded.calls",
        {"n": name, "w": worker, "c": calls},
    )


# --- what was measured --------------------------------------------------------------------------


def measured(tx: Tx, rates: Mapping[str, float]) -> None:
    """Messages a second while some were waiting; a new measurement counts for three tenths."""
    for name, rate in sorted(rates.items()):
        tx.run(
            "UPDATE gateways SET rate = COALESCE(0.7 * rate, 0.7 * :r) + 0.3 * :r WHERE name = :n",
            {"r": rate, "n": name},
        )
    tx.note("measured", "gateway", ", ".join(sorted(rates)))


def set_share(tx: Tx, name: str, share: int) -> None:
    """Per cent of its weight that a gateway gets beside others of a step."""
    tx.run("UPDATE gateways SET share = :s WHERE name = :n", {"s": share, "n": name})
    tx.note("share", "gateway", name, per_cent=share)


def troubles(tx: Tx, name: str, since: datetime) -> tuple[int, int]:
    """(calls answered since then, those of them that were busy or unreadable), newest thousands."""
    row = tx.one(
        f"SELECT count(*) AS n, COALESCE(SUM(CASE WHEN fault IN ({BUSY}, {UNKNOWN}) THEN 1 ELSE 0 "
        "END), 0) AS bad FROM attempts WHERE gateway = :g AND answered_at >= :since "
        "AND id > (SELECT MAX(id) FROM attempts) - 5000",
        g=name,
        since=at(since),
    )
    return (int(row["n"]), int(row["bad"])) if row else (0, 0)


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
