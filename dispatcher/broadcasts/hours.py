"""From when until when, as the site has it: its undo time, its routes, the nights of its vendors.

Comes from: the settings and a broadcast.   Goes to: previews, releases, schedules, every door.
Never: decides; the rule is `periods`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatcher.broadcasts import message_rendering, routes
from dispatcher.config import Site, duration, window
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.domain import periods
from dispatcher.domain.lifecycle import BROADCAST_MOVES
from dispatcher.domain.model import URGENT, Step, Window
from dispatcher.domain.periods import Period
from dispatcher.domain.problems import Problem
from dispatcher.gateways import adapter_module
from dispatcher.i18n import Say


def period_of(site: Site, broadcast: Broadcast, now: datetime) -> Period | None:
    """From when until when a broadcast is sent: as released, or as it would be now; None: over."""
    if broadcast.starts_at is not None and broadcast.expires_at is not None:
        asked = broadcast.at or broadcast.starts_at
        return Period(asked, broadcast.starts_at, broadcast.expires_at)
    if not BROADCAST_MOVES[broadcast.state]:
        return None
    wait = timedelta() if broadcast.priority == URGENT else site.undo
    return periods.of_route(
        max(now, broadcast.at or now) + wait,
        broadcast.expires_after,
        broadcast.window,
        broadcast.route,
        0,
        vendor_hours(site, broadcast.priority),
    )


def vendor_hours(site: Site, priority: int) -> dict[str, Window]:
    """Gateways whose vendor may take nothing at night, with the hours in which it does.

    An urgent text reckons with no night: it is tried at once.
    """
    if priority == URGENT:
        return {}
    found = {n: adapter_module(g.adapter) for n, g in site.gateways.items()}
    return {n: Window.read(m.HOURS) for n, m in found.items() if hasattr(m, "HOURS")}


def other_routes(site: Site, tx: Tx, broadcast: Broadcast) -> dict[str, tuple[Step, ...]]:
    """Routes of the site that could carry the text of a broadcast instead, by name."""
    template, found = message_rendering.frozen(site, tx, broadcast), {}
    for name, chosen in routes.known(site).items():
        steps = routes.find(site, name)[1]
        if not chosen.urgent and template.block_for(steps[0].channel, steps[0].accented):
            found[name] = steps
    return found


def read_times(life: str, hours: str) -> tuple[timedelta, Window | None]:
    """An expiry and hours as people type them; None where no hours are given."""
    try:
        return duration(life), window(hours) if hours else None
    except ValueError:
        raise Problem(
            "bad-time",
            Say("Hours look like 07:00-21:00, the limit like 6h."),
        ) from None
