"""Reports the receipt door turned away for a wrong signature: counted, never stored.

Anybody who knows the address of a door can send them, so they take no row each: one for every
gateway and five minutes, and none that is older than a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from dispatcher.db.database import Tx, at

STRETCH = timedelta(minutes=5)  # counted together
KEPT = timedelta(days=1)


def add(tx: Tx, calls: Mapping[str, int]) -> None:
    """Count calls that were turned away just now, by gateway; forget those of long ago."""
    since = at(tx.now) - at(tx.now) % (STRETCH // timedelta(microseconds=1))
    tx.run("DELETE FROM turned_away WHERE since < :old", {"old": at(tx.now - KEPT)})
    tx.run(
        "INSERT INTO turned_away (gateway, since, calls) VALUES (:g, :since, :n) "
        "ON CONFLICT (gateway, since) DO UPDATE SET calls = turned_away.calls + excluded.calls",
        [{"g": gateway, "since": since, "n": calls[gateway]} for gateway in sorted(calls)],
    )


def after(tx: Tx, moment: datetime) -> dict[str, int]:
    """How many were turned away since a moment, by gateway; a stretch counts as a whole."""
    rows = tx.rows(
        "SELECT gateway, SUM(calls) AS n FROM turned_away WHERE since > :since GROUP BY gateway",
        since=at(moment - STRETCH),
    )
    return {row["gateway"]: int(row["n"]) for row in rows}
