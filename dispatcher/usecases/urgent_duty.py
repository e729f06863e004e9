"""The roster: who is on duty when, and so may send prepared urgent texts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dispatcher import scheduling
from dispatcher.db.broadcasts import emergencies
from dispatcher.db.staff import people as staff
from dispatcher.domain import rights
from dispatcher.domain.model import Actor
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say
from dispatcher.usecases import people
from dispatcher.usecases.context import Context
from dispatcher.usecases.people import Who

LONGEST = 24 * 14  # hours


@dataclass(frozen=True)
class Duty:
    """Somebody on duty between two moments."""

    id: int
    person: Actor
    starts: datetime
    ends: datetime


def add(context: Context, who: Who, start: str, hours: int) -> Duty:
    """Put somebody on duty. `start`: a moment as people write it, empty for now."""
    with context.act("add", "duty") as tx:
        rights.need(tx.actor, rights.DECIDERS, Say("arrange the roster"))
        starts = scheduling.ask_moment(start or "now", tx.now)
        if not 0 < hours <= LONGEST:
            raise Problem("bad-duty", Say("1 hour to 14 days."))
        person = people.find(tx, who)
        rights.need_people(tx.actor, person.wards)
        rights.need(person, rights.WRITERS, Say("be on duty"))
        assert person.person_id is not None
        ends = starts + timedelta(hours=hours)
        return Duty(emergencies.set_duty(tx, person.person_id, starts, ends), person, starts, ends)


def remove(context: Context, number: int) -> None:
    """Take a duty away."""
    with context.act("remove", "duty", number) as tx:
        rights.need(tx.actor, rights.DECIDERS, Say("arrange the roster"))
        found = next((d for d in emergencies.roster(tx, tx.now) if d["id"] == number), None)
        if found is not None:
            person = staff.as_actor(tx, staff.by_id(tx, found["person_id"]))
            rights.need_people(tx.actor, person.wards)
        emergencies.end_duty(tx, number)


def roster(context: Context) -> Sequence[dict[str, Any]]:
    """Duties of people one works with that are not over: id, person_id, name, starts, ends."""
    with context.read() as tx:
        seen = {p["id"] for p in staff.visible_people(tx)}
        return [d for d in emergencies.roster(tx, context.app.clock()) if d["person_id"] in seen]
