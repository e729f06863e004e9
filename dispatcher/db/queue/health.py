"""How gateways are, as it is written down; the rule itself is in outages.py."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dispatcher.db.database import Tx, at
from dispatcher.db.queue import gateways
from dispatcher.db.schema import moment
from dispatcher.domain import outages
from dispatcher.domain.outages import Health, Noted


def read(tx: Tx, now: datetime, names: Iterable[str] = ()) -> dict[str, Health]:
    """How each gateway is now; `names` that were never written down are unknown."""
    signed = gateways.sign_ins(tx)
    found = {name: outages.health_of(name, Noted(), now) for name in names}
    for name, row in gateways.states(tx).items():
        state, until = signed.get(name, ("ok", None))
        facts = Noted(
            _moment(row["paused_at"]),
            row["paused_reason"] or "",
            row["paused_code"] or "",
            row["health"] or "",
            _moment(row["health_at"]),
            row["health_code"] or "",
            state,
            _moment(until),
        )
        found[name] = outages.health_of(name, facts, now)
    return found


def _moment(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


def write(tx: Tx, name: str, heard: str | None, since: datetime, code: str) -> None:
    """What a gateway was heard to be since then; None: it must be tried again to know."""
    tx.run(
        "UPDATE gateways SET health = :s, health_at = :since, health_code = :c WHERE name = :n",
        {"s": heard, "since": at(since), "c": code[:60], "n": name},
    )
    tx.note("health", "gateway", name, heard=heard or "", code=code[:60])
