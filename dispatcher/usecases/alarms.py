"""What must be seen at once: gateways in trouble, and that nobody sends what is due.

Comes from: the database and the locks of workers.   Goes to: doctor, home, the pages of broadcasts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dispatcher.broadcasts.application import App
from dispatcher.db.broadcasts import ending
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.queue import health, receipts, turned_away, workers
from dispatcher.domain import outages
from dispatcher.domain.outages import Attendance, Health, Work
from dispatcher.i18n import Both, Say, Spoken


def odd_reports(app: App, tx: Tx) -> dict[str, dict[str, Any]]:
    """Gateways of whose reports too many are of no use just now: looked_at, of_no_use, of those
    bad_signature (turned away at the door), since (of the alarm, ISO; None where no worker has
    noticed it yet)."""
    limits = {name: g.odd_reports for name, g in app.site.gateways.items()}
    since = receipts.episodes(tx)
    forged = turned_away.after(tx, app.clock() - receipts.WATCHED)
    return {
        name: {
            "looked_at": looked,
            "of_no_use": odd,
            "bad_signature": forged.get(name, 0),
            "since": since[name].isoformat() if name in since else None,
        }
        for name, (looked, odd) in receipts.alarms(tx, app.clock(), limits).items()
    }


def of_no_use(odd: Mapping[str, Any]) -> Spoken:
    """How many reports of one gateway are of no use, as doctor, check and pages say it."""
    said, forged = f"{odd['of_no_use']}/{odd['looked_at']}", odd["bad_signature"]
    if not forged:
        return Both(said, said)
    return Say("{said}, {forged} with a wrong signature", said=said, forged=forged)


def gateways(app: App, tx: Tx) -> dict[str, Health]:
    """How each gateway of the settings is now."""
    found = _read(app, tx, app.site.gateways)
    return {name: found[name] for name in app.site.gateways}


def of_broadcast(app: App, tx: Tx, broadcast: Broadcast) -> list[Health]:
    """How the gateways of a broadcast's route are now, in the order of the route."""
    found = _read(app, tx, [g for s in broadcast.route for g in s.gateways])
    return [found[n] for n in dict.fromkeys(g for s in broadcast.route for g in s.gateways)]


def _read(app: App, tx: Tx, names: Iterable[str]) -> dict[str, Health]:
    """What its answers show; where that is nothing bad, what its reports show."""
    found = health.read(tx, app.clock(), names)
    limits = {name: g.odd_reports for name, g in app.site.gateways.items()}
    odd = receipts.alarms(tx, app.clock(), limits)
    if odd:
        since = receipts.episodes(tx)
        found |= {n: outages.with_odd_reports(found[n], since.get(n)) for n in odd if n in found}
    return found


def work(app: App, tx: Tx) -> Work:
    """Whether somebody sends what is due. Only where nobody does it is looked what is due."""
    now = app.clock()
    signs = workers.signs(tx, app.site.data / "workers")
    if outages.attendance(signs, now) is Attendance.SENDS:
        return outages.work(signs, None, now)
    return outages.work(signs, ending.due_since(tx, now), now)
