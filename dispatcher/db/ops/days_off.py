"""The table of days off, seeded from the library `holidays` and corrected by people.

The library knows the rules of the Labour Code, not each year's decision on swapped working days.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from dispatcher.db.database import Tx
from dispatcher.db.ops import settings
from dispatcher.domain.problems import Problem
from dispatcher.domain.workdays import Calendar
from dispatcher.i18n import Say

KINDS = ("off", "work", "tet")
SEEDED = "days_off_upto"  # the fact: the last year that was seeded
_TET = ("Lunar New Year's Eve", "Lunar New Year", "Second Day", "Third Day")


def seed(tx: Tx, year: int) -> None:
    """Put in the days of this year and the next, once; what people said stays."""
    upto = int(settings.get(tx, SEEDED) or year - 1)
    if upto >= year + 1:
        return
    import holidays

    years = range(upto + 1, year + 2)
    english = holidays.country_holidays("VN", years=years, language="en_US")
    vietnamese = holidays.country_holidays("VN", years=years, language="vi")
    rows = [
        {
            "day": day.isoformat() if tx.is_sqlite else day,
            "name": vietnamese[day],
            "kind": "tet" if any(english[day].startswith(t) for t in _TET) else "off",
        }
        for day in sorted(english)
    ]
    tx.run(
        "INSERT INTO days_off (day, name, kind, by) VALUES (:day, :name, :kind, 'library') "
        "ON CONFLICT (day) DO NOTHING",
        rows,
    )
    settings.put(tx, SEEDED, str(year + 1))
    tx.note("seeded", "days_off", year + 1, days=len(rows))


def calendar(tx: Tx) -> Calendar:
    """Every day that is not what its weekday says."""
    found: dict[str, dict[date, str]] = {kind: {} for kind in KINDS}
    for row in list_days_off(tx):
        found[row["kind"]][row["day"]] = row["name"]
    return Calendar(found["off"], found["work"], found["tet"])


def list_days_off(tx: Tx, years: Collection[int] = ()) -> list[dict[str, Any]]:
    """Days in order: day, name, kind, by."""
    found = []
    for row in tx.rows("SELECT * FROM days_off ORDER BY day"):
        day = row["day"] if isinstance(row["day"], date) else date.fromisoformat(row["day"])
        if not years or day.year in years:
            found.append({**row, "day": day})
    return found


def put(tx: Tx, day: date, kind: str, name: str) -> None:
    """A person says what a day is."""
    if not name.strip():
        raise Problem("bad-name", Say("The day needs a name."))
    tx.run(
        "INSERT INTO days_off (day, name, kind, by) VALUES (:d, :n, :k, :by) "
        "ON CONFLICT (day) DO UPDATE SET name = excluded.name, kind = excluded.kind, "
        "by = excluded.by",
        {
            "d": day.isoformat() if tx.is_sqlite else day,
            "n": name.strip(),
            "k": kind,
            "by": tx.actor.name,
        },
    )
    tx.note("set", "day_off", day.isoformat(), kind=kind)
