"""What must be seen at once: gateways in trouble, and that nobody sends what is due.

Comes from: the database and the locks of workers.   Goes to: doctor, home, the pages of broadcasts.
"""

from __future__ import annotations

from dispatcher import outages
from dispatcher.app import App
from dispatcher.outages import Attendance, Health, Work
from dispatcher.store import ending, health, workers
from dispatcher.store.broadcasts import Broadcast
from dispatcher.store.database import Tx


def gateways(app: App, tx: Tx) -> dict[str, Health]:
    """How each gateway of the settings is now."""
    found = health.read(tx, app.clock(), app.site.gateways)
    return {name: found[name] for name in app.site.gateways}


def of_broadcast(app: App, tx: Tx, broadcast: Broadcast) -> list[Health]:
    """How the gateways of a broadcast's route are now, in the order of the route."""
    found = health.read(tx, app.clock(), [g for s in broadcast.route for g in s.gateways])
    return [found[n] for n in dict.fromkeys(g for s in broadcast.route for g in s.gateways)]


def work(app: App, tx: Tx) -> Work:
    """Whether somebody sends what is due. Only where nobody does it is looked what is due."""
    now = app.clock()
    signs = workers.signs(tx, app.site.data / "workers")
    if outages.attendance(signs, now) is Attendance.SENDS:
        return outages.work(signs, None, now)
    return outages.work(signs, ending.due_since(tx, now), now)
