"""A schedule is handed in and approved to the letter of its file, for half a year."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from dispatcher.db.broadcasts import schedules
from dispatcher.db.database import Tx, at
from dispatcher.db.ops import days_off
from dispatcher.db.staff import people
from dispatcher.domain.problems import refused
from dispatcher.i18n import Say
from dispatcher.scheduling.files import Schedule
from dispatcher.scheduling.series import Series, refuse_same_day, series

LIFE = timedelta(days=183)  # an approval of a schedule counts for half a year


def submit(
    tx: Tx,
    schedule: Schedule,
    most_people: int,
    most_dong: int,
    *,
    again_of: Collection[int] = (),
    tet: bool = True,
) -> None:
    """Hand a schedule in for approval as its file stands now, with what one firing may reach and
    cost. `again_of`: broadcasts whose words its first firing repeats, for the reason it states."""
    refuse_same_day(schedule, days_off.calendar(tx), tx.now, tet=tet)
    schedules.keep(tx, schedule.name, schedule.digest, schedule.source)
    schedules.move(
        tx,
        schedule.name,
        "submitted",
        submitted_by=tx.actor.person_id,
        ceiling_people=most_people,
        ceiling_dong=most_dong,
        again_of=json.dumps(sorted(again_of)),
    )
    _note_series(tx, schedule, most_people, most_dong, tet=tet)


def whole(tx: Tx, schedule: Schedule, now: datetime, *, tet: bool = True) -> Series:
    """Every firing of a schedule that an approval of `now` covers."""
    return series(schedule, days_off.calendar(tx), now, now + LIFE, tet=tet)


def _note_series(
    tx: Tx, schedule: Schedule, people: int | None, dong: int | None, *, tet: bool
) -> None:
    """What is decided once for all firings, in the trail."""
    found = whole(tx, schedule, tx.now, tet=tet)
    tx.note(
        "series",
        "schedule",
        schedule.name,
        firings=found.firings,
        more=found.more,
        people=people,
        dong=dong,
        again=schedule.again,
    )


def approve(tx: Tx, schedule: Schedule, *, tet: bool = True) -> None:
    """Approve the file to the letter, for half a year; the one who submitted it cannot."""
    row = schedules.get(tx, schedule.name)
    if row is None or row["state"] != "submitted":
        raise refused(
            "not-submitted",
            Say("Schedule “{name}” has not been submitted.", name=schedule.name),
        )
    if row["digest"] != schedule.digest:
        raise refused(
            "edited",
            Say("“{name}” was edited after it was submitted; submit it again.", name=schedule.name),
        )
    assert tx.actor.person_id is not None
    if people.same_person(tx, tx.actor.person_id, [row["submitted_by"]]):
        raise refused(
            "own-work",
            Say("Whoever submitted it cannot approve it; a second person must."),
        )
    refuse_same_day(schedule, days_off.calendar(tx), tx.now, tet=tet)
    schedules.move(
        tx,
        schedule.name,
        "approved",
        approved_by=tx.actor.person_id,
        approved_digest=schedule.digest,
        approved_at=at(tx.now),
        ends_at=at(tx.now + LIFE),
    )
    _note_series(tx, schedule, row["ceiling_people"], row["ceiling_dong"], tet=tet)
    upcoming = schedule.next_after(tx.now, days_off.calendar(tx), tet=tet)
    schedules.set_next(tx, row["id"], upcoming)
