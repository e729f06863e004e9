"""An occurrence of a schedule becomes a broadcast; and what one would reach and cost."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime

from dispatcher import planning, templating, wording
from dispatcher.app import App, draft, resolver, speeds
from dispatcher.model import Actor
from dispatcher.scheduling import Schedule
from dispatcher.store import broadcasts, schedules
from dispatcher.store.database import Tx


def drafted(app: App, tx: Tx, schedule: Schedule, schedule_id: int | None) -> int:
    """A draft as the file of a schedule says; its id."""
    return draft(
        app,
        tx,
        template=templating.load(app.templates, schedule.template),
        audience=schedule.audience,
        route_name=schedule.route,
        fields=schedule.fields,
        title=schedule.title,
        expires_after=schedule.expires_after,
        window=schedule.window,
        accented=schedule.accented,
        schedule_id=schedule_id,
    )


def fire(
    app: App, tx: Tx, schedule: Schedule, schedule_id: int, approver: int | None, fire_at: datetime
) -> int:
    """One occurrence becomes a broadcast: released under approval, else a draft to look at.

    Under approval it keeps the ceiling the schedule was approved with.
    """
    made = drafted(app, tx, schedule, schedule_id)
    if approver is not None:
        people, dong = schedules.ceiling(tx, schedule_id)
        planning.system_approve(tx, broadcasts.get(tx, made), approver, people, dong)
        planning.schedule(tx, broadcasts.get(tx, made), fire_at)
    return made


class _Undone(Exception):
    pass


def foresee(app: App, actor: Actor, schedule: Schedule) -> planning.Preview:
    """What one firing would do today, by drafting and releasing it in a transaction thrown away."""
    found: list[planning.Preview] = []
    try:
        with app.begin(actor)() as tx:
            broadcast = broadcasts.get(tx, drafted(app, tx, schedule, None))
            words = wording.words(app.site, tx, broadcast)
            rates = speeds(app.site, tx)
            found.append(
                planning.preview(
                    lambda: nullcontext(tx), broadcast, words, resolver(app, broadcast), rates
                )
            )
            raise _Undone
    except _Undone:
        pass
    return found[0]
