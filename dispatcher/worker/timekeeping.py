"""What it means when the clock of a site was moved: nothing starts by itself until it is settled.

Messages of running broadcasts go on by the seconds counted since (see `clock.Watch`). What a
schedule or an approval would start waits until the clock is back, or a person says it is right; a
clock put back is believed once it has passed all that was written before: what starts then comes
late at worst, never early. One rule (`doubt`) says so to workers, doors and the doctor.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta

from dispatcher.db import trail
from dispatcher.db.database import Store, Tx
from dispatcher.db.ops import settings
from dispatcher.db.schema import moment
from dispatcher.domain.clock import Clock, Watch
from dispatcher.domain.model import HANOI, SYSTEM
from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import NOTHING, Say

log = logging.getLogger("dispatcher.worker.timekeeping")

JUMP = timedelta(seconds=60)  # more than this is no correction by a time server
LONG_OFF = timedelta(days=400)  # more than this since the last entry: rather a wrong clock
MOVED = "clock_moved"  # the fact: {"right": the time by our count, "told": what the clock said}


def clock_says(clock: Clock) -> datetime:
    """What the clock says, whether or not it is believed."""
    return clock.authority() if isinstance(clock, Watch) else clock()


def doubt(tx: Tx, clock: Clock) -> tuple[datetime, datetime] | None:
    """(what the clock says, what it should say at least or about) where it cannot be believed."""
    says = clock_says(clock)
    moved = settings.get(tx, MOVED)
    if moved:
        facts = json.loads(moved)
        right, wrong = (datetime.fromisoformat(facts[k]) for k in ("right", "told"))
        if (says >= wrong) if wrong > right else (says < right - JUMP):
            return says, right
    newest = trail.entries(tx, limit=1)
    if newest:
        last = moment(newest[0]["at"])
        if not last - JUMP <= says <= last + LONG_OFF:
            return says, last
    return None


def clock_problem(says: datetime, right: datetime) -> Problem:
    """For people: what is wrong, what waits, what to do."""
    says_text, right_text = (f"{t.astimezone(HANOI):%H:%M %d/%m/%Y}" for t in (says, right))
    until = NOTHING
    if says < right:
        until = Say(" until it has passed {right_text}", right_text=right_text)
    return refused(
        "clock-doubtful",
        Say(
            "The clock says {says_text}, but by what was written it is about "
            "{right_text}. Schedules and timed broadcasts wait{until}.",
            says_text=says_text,
            right_text=right_text,
            until=until,
        ),
    )


def trust(tx: Tx, clock: Clock) -> None:
    """Before a worker starts: refuse to begin with a clock that cannot be right."""
    found = doubt(tx, clock)
    if found is not None:
        raise clock_problem(*found)


def confirm(tx: Tx, clock: Clock) -> None:
    """A person says that the clock is right, whatever was written before."""
    settings.put(tx, MOVED, "")
    tx.note("confirmed", "clock", clock_says(clock).isoformat())


class Timekeeper:
    """Looks after the watch of one worker."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._in_doubt = False

    def may_start(self) -> bool:
        """True when what is due may start: the clock was not moved, or that is settled."""
        watch = self._clock
        if not isinstance(watch, Watch):  # a clock that a test moves
            return True
        off = watch.off_by()
        with self._store.read(SYSTEM) as tx:
            moved = settings.get(tx, MOVED)
            caught_up = bool(moved) and off < timedelta() and doubt(tx, watch) is None
        if abs(off) <= JUMP:  # small corrections are followed, and so is a clock set back
            watch.follow()
            if moved:
                self._note(watch, "", "set back")
            self._in_doubt = False
            return True
        if self._in_doubt and not moved:  # a person said that it is right
            watch.follow()
            self._in_doubt = False
            return True
        if caught_up:  # everything written before is in the past again
            watch.follow()
            self._note(watch, "", "caught up")
            self._in_doubt = False
            return True
        if not moved:
            right = watch()
            facts = {"right": right.isoformat(), "told": (right + off).isoformat()}
            self._note(watch, json.dumps(facts), "moved")
            log.error("the clock was moved by %s: automatic starts wait", off)
        self._in_doubt = True
        return False

    def _note(self, watch: Watch, fact: str, act: str) -> None:
        with self._store.begin(SYSTEM, watch()) as tx:
            settings.put(tx, MOVED, fact)
            tx.note(act, "clock", watch.authority().isoformat())
