"""Time as a site tells it: even, whatever is done to the clock of the machine.

Comes from: the machine's clock, or the database server's where many hosts share one.
Goes to: every door and the worker.   Never: decides; what a jump means is said in `timekeeping`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from dispatcher.domain import machine

Clock = Callable[[], datetime]


def micros(at: datetime) -> int:
    """Microseconds since 1970, how moments lie in the database."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return round(at.timestamp() * 1_000_000)


def moment(value: int) -> datetime:
    """The moment `value` microseconds after 1970 (aware, UTC)."""
    return datetime.fromtimestamp(value / 1_000_000, UTC)


def real_clock() -> datetime:
    return machine.here().now()


def site_clock(real: Clock = real_clock) -> Clock:
    """The site's clock. DISPATCHER_CLOCK moves it: "SITE TIME@REAL TIME", for all processes.

    Without "@" it starts at the site time now, for one process.
    """
    given = os.environ.get("DISPATCHER_CLOCK")
    if not given:
        return real
    site, at, then = given.partition("@")
    shift = datetime.fromisoformat(site) - (datetime.fromisoformat(then) if at else real())
    return lambda: real() + shift


def start_site_clock(site: str) -> None:
    """Let this process and its children believe that it is now `site` (an ISO moment)."""
    os.environ["DISPATCHER_CLOCK"] = f"{site}@{real_clock().isoformat()}"


def awake() -> float:
    """Seconds that go on while this machine is suspended, where it can tell."""
    return machine.here().awake()


class Watch:
    """Set once by `authority`, then counted in seconds that nobody can set.

    Setting the machine's clock moves the authority, not the watch: `off_by` tells how far, `follow`
    sets the watch anew.
    """

    def __init__(self, authority: Clock, seconds: Callable[[], float] = awake) -> None:
        self.authority, self._seconds = authority, seconds
        self.follow()

    def __call__(self) -> datetime:
        moment, since = self._set
        return moment + timedelta(seconds=self._seconds() - since)

    def off_by(self) -> timedelta:
        """How far the authority is ahead of this watch; negative: behind."""
        return self.authority() - self()

    def follow(self) -> None:
        """Set the watch by its authority."""
        self._set = (self.authority(), self._seconds())
