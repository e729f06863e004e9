"""What people see of prepared urgent texts: the list, the page, the sheet for the duty room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher import templating
from dispatcher.broadcasts import targeting
from dispatcher.db.broadcasts import emergencies
from dispatcher.db.broadcasts.emergencies import Emergency
from dispatcher.db.contacts import areas
from dispatcher.db.database import Row
from dispatcher.db.staff import people
from dispatcher.domain import rights
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say
from dispatcher.templating import Template
from dispatcher.usecases import printouts, urgent, urgent_duty
from dispatcher.usecases.context import Context


def list_urgent(context: Context) -> list[Emergency]:
    """The prepared texts whose whole area is the person's."""
    with context.read() as tx:
        return [e for e in emergencies.list_emergencies(tx) if urgent.is_mine(tx, e)]


@dataclass(frozen=True)
class Ready:
    """A prepared text and the blanks that are filled when it is sent."""

    text: Emergency
    blanks: Sequence[Any]


@dataclass(frozen=True)
class Desk:
    """What the officer on duty has before them: texts, the roster, and what makes a new text."""

    ready: Sequence[Ready]
    roster: Sequence[dict[str, Any]]
    on_duty: bool
    now: datetime
    wards: Sequence[areas.Area]
    texts: Sequence[Template]
    staff: Sequence[Row]
    decides: bool


def desk(context: Context) -> Desk:
    """Everything of the page of urgent texts."""
    app, actor, now = context.app, context.actor, context.app.clock()
    with context.read() as tx:
        ready = []
        for found in emergencies.list_emergencies(tx):
            if urgent.is_mine(tx, found):
                template = urgent.text_of(app, tx, found)
                blanks = [f for n, f in template.fields.items() if n not in found.fields]
                ready.append(Ready(found, blanks))
        on_duty = actor.person_id is not None and emergencies.on_duty(tx, actor.person_id, now)
        staff = [p for p in people.visible_people(tx) if p["disabled_at"] is None]
        wards = areas.seen_wards(tx)
    roster = urgent_duty.roster(context)
    decides = actor.role in rights.DECIDERS
    return Desk(ready, roster, on_duty, now, wards, _texts(context), staff, decides)


def _texts(context: Context) -> list[Template]:
    """The texts of the site that can be read."""
    found = []
    for name in templating.template_files(context.app.templates):
        try:
            found.append(templating.load(context.app.templates, name))
        except Problem:
            continue
    return found


def sheet(context: Context, name: str) -> tuple[str, int]:
    """The page to print for a night without network, and of how many wards it is."""
    with context.remembering("print", "emergency", name):
        rights.need(context.actor, rights.WRITERS, Say("print phone numbers"))
        with context.read() as tx:
            found = emergencies.get(tx, name)
            wards = [w.id for w in targeting.wards_of(tx, found.audience)]
        return printouts.fallback(context, found, wards), len(wards)
