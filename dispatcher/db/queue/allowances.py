"""What may still be sent or spent: by a gateway in a day or month, by a step of a broadcast.

The intent takes its share in the transaction that writes it down, so however many workers race for
the last đồng, together they never take more than is allowed. What is proved not to have been taken
is given back; a doubt keeps its share, because it may have cost money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from dispatcher.db.database import Tx
from dispatcher.db.rows import on_rows
from dispatcher.domain.model import HANOI

_ONE_AT_A_TIME = 7_310_481  # of PostgreSQL's advisory locks: whoever takes from a limit


class Allowance(NamedTuple):
    """One limit. `name` and `period` find its row; `most` is what the settings allow."""

    name: str
    period: str  # "2026-12-01", "2026-12"; empty: for good
    most: int
    in_dong: bool  # else messages


def of_gateway(gateway: str, most: Mapping[str, int], now: datetime) -> list[Allowance]:
    """The quotas of a gateway (see config.QUOTAS) in the day and month of `now`, Hanoi time."""
    local = now.astimezone(HANOI)
    periods = {"day": f"{local:%Y-%m-%d}", "month": f"{local:%Y-%m}"}
    return [
        Allowance(
            f"gateway {gateway} {'dong' if quota.startswith('dong') else 'messages'}",
            periods[quota.rpartition("_")[2]],
            limit,
            quota.startswith("dong"),
        )
        for quota, limit in most.items()
    ]


def of_step(broadcast_id: int, step: int, budget: int) -> Allowance:
    """The money a step may cost a broadcast."""
    return Allowance(f"broadcast {broadcast_id} {step}", "", budget, True)


def one_at_a_time(tx: Tx) -> None:
    """Limits are looked at and taken from by one transaction at a time; SQLite has only one."""
    if not tx.is_sqlite:
        tx.run(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")


def used(tx: Tx, allowances: Sequence[Allowance]) -> dict[tuple[str, str], int]:
    """What was taken so far, by (name, period)."""
    rows = on_rows(
        tx,
        "SELECT a.name, a.period, a.used FROM :rows r "
        "JOIN allowances a ON a.name = r.n AND a.period = r.p",
        {"n": "text", "p": "text"},
        [[a.name, a.period] for a in allowances],
    )
    return {(row["name"], row["period"]): row["used"] for row in rows}


def take(tx: Tx, amounts: Mapping[tuple[str, str], int]) -> None:
    """Add to what was taken, by (name, period); a negative amount gives back."""
    on_rows(
        tx,
        "INSERT INTO allowances (name, period, used) SELECT r.n, r.p, r.v FROM "
        ":rows r WHERE 1 = 1 "
        "ON CONFLICT (name, period) DO UPDATE SET used = allowances.used + excluded.used",
        {"n": "text", "p": "text", "v": "bigint"},
        [[name, period, amount] for (name, period), amount in sorted(amounts.items()) if amount],
    )
