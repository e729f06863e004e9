"""The people who decide: submitted, approved, returned, scheduled, paused, stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dispatcher.broadcasts import one_text
from dispatcher.broadcasts.approving import approve_again
from dispatcher.broadcasts.drafting import digest
from dispatcher.broadcasts.lateness import never
from dispatcher.broadcasts.previewing import Preview, in_time
from dispatcher.db.broadcasts import approvals, broadcasts, budgets, editing, ending
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.contacts import areas
from dispatcher.db.database import Tx
from dispatcher.db.ops import days_off, restored
from dispatcher.db.queue import allowances
from dispatcher.domain import periods
from dispatcher.domain.model import (
    HANOI,
    URGENT,
    BroadcastState,
    HeldReason,
    MessageState,
    Role,
)
from dispatcher.domain.problems import refused
from dispatcher.domain.rights import WRITERS, need, need_wards
from dispatcher.i18n import Say


@dataclass(frozen=True)
class Courtesy:
    """The site's own rules for a start. Urgent texts and corrections keep to none of them.

    `tet`: nothing starts from the eve to the third day of Tết; `per_ward_day`: broadcasts to one
    ward in a day; `despite`: why it goes out all the same.
    """

    tet: bool = False
    per_ward_day: int | None = None
    despite: str = ""


def submit(
    tx: Tx,
    broadcast: Broadcast,
    found: Preview,
    *,
    leave_out: bool = False,
    again: str = "",
    over_budget: str = "",
) -> None:
    """Hand in for approval, with a ceiling of people and money that release must keep.

    Refused while somebody cannot be given a text, unless they shall be left out knowingly; and
    while somebody got exactly this text within a day, unless it is said why they get it `again`.
    """
    need(tx.actor, WRITERS, Say("submit"))
    need_wards(tx.actor, broadcast.senders, Say("submit it"))
    for remark in found.remarks:
        if remark.severity == "block":
            raise refused(
                "text-blocked",
                Say("Not submitted ({rule}): {say}", rule=remark.rule, say=remark.say),
            )
    if found.findings and not leave_out:
        first = found.findings[0]
        examples = ", ".join(w["who"] for w in first.worst[:3])
        raise refused(
            "unwritable",
            Say("{say} ({examples}).", say=first.say, examples=examples),
        )
    if found.over_budget is not None and not over_budget.strip():
        budget = found.over_budget
        raise refused(
            "over-budget",
            Say(
                "The budget “{budget}” {period} has {left} of {most} đồng left, this "
                "may cost {total}.",
                budget=budget.budget,
                period=budget.period,
                left=budget.left,
                most=budget.most,
                total=found.total,
            ),
        )
    if found.queued == 0:
        raise refused(
            "nobody",
            Say("Nobody would receive this; check the audience and the list."),
        )
    in_time(broadcast, found)
    people = found.people + max(10, found.people // 20)
    dong = found.total + max(10_000, found.total // 10)
    one_text.explain(tx, broadcast, found.unexplained, again, found.repeated)
    broadcasts.touch(tx, broadcast.id, "submitted")
    approvals.withdraw(tx, broadcast.id)
    if over_budget.strip():
        tx.note("over_budget", "broadcast", broadcast.id, reason=over_budget.strip())
    if found.findings:
        without = max(f.people for f in found.findings)
        tx.note("left_out", "broadcast", broadcast.id, people=without)
    broadcasts.move(
        tx,
        broadcast,
        BroadcastState.SUBMITTED,
        submitted_at=tx.now,
        ceiling_people=people,
        ceiling_dong=dong,
    )


def send_back(tx: Tx, broadcast: Broadcast, reason: str, *, for_good: bool = False) -> None:
    """Return for another try, or reject; the reason is told to the author."""
    need(tx.actor, {Role.LEADER}, Say("return"))
    need_wards(tx.actor, broadcast.senders, Say("return it"))
    to = BroadcastState.REJECTED if for_good else BroadcastState.RETURNED
    broadcasts.move(tx, broadcast, to, reason=reason)


def edit(tx: Tx, broadcast: Broadcast, **changes: Any) -> None:
    """Change what was not released yet; whatever was approved of it is void."""
    need(tx.actor, WRITERS, Say("edit a broadcast"))
    need_wards(tx.actor, broadcast.senders, Say("edit it"))
    if "expires_after" in changes:
        periods.check_life(changes["expires_after"])
    broadcasts.touch(tx, broadcast.id, "edited")
    approvals.withdraw(tx, broadcast.id)
    editing.change(tx, broadcast, **changes)


def schedule(
    tx: Tx,
    broadcast: Broadcast,
    when: datetime,
    courtesy: Courtesy | None = None,
    *,
    repeated: Mapping[int, int] | None = None,
    again: str = "",
) -> datetime:
    """Set the time; the moment it will really start (a closed window moves it).

    `repeated`: who gets the same words within a day of then and nobody said why; that is `again`.
    """
    courtesy = courtesy or Courtesy()
    if not tx.actor.is_system:
        periods.check_moment(when, tx.now)
    ahead = periods.of_route(when, broadcast.expires_after, broadcast.window, broadcast.route)
    if ahead.is_empty and not tx.actor.is_system and broadcast.priority != URGENT:
        raise never(ahead)
    starts = ahead.start
    one_text.explain(tx, broadcast, repeated or {}, again, repeated or {})
    if courtesy.despite.strip():
        tx.note("despite", "broadcast", broadcast.id, reason=courtesy.despite.strip())
    elif broadcast.priority != URGENT and broadcast.correction_of is None:
        _keep_courtesy(tx, broadcast, starts, courtesy)
    broadcasts.move(tx, broadcast, BroadcastState.SCHEDULED, at=when)
    return starts


def _keep_courtesy(tx: Tx, broadcast: Broadcast, starts: datetime, courtesy: Courtesy) -> None:
    """Refuse a start in Tết, or one more broadcast than a ward shall get a day."""
    day = starts.astimezone(HANOI).date()
    tet = days_off.calendar(tx).tet if courtesy.tet else {}
    if day in tet:
        after = day
        while after in tet:
            after += timedelta(days=1)
        raise refused(
            "tet",
            Say(
                "{day:%Y-%m-%d} is {tet}.",
                day=day,
                tet=tet[day],
                after=after,
            ),
        )
    most = courtesy.per_ward_day
    if most is not None:
        counted = budgets.released_that_day(tx, broadcast, starts)
        full = [ward for ward, n in counted.items() if n >= most]
        if full:
            names = ", ".join(areas.names(tx)[w] for w in full)
            raise refused(
                "ward-cap",
                Say(
                    "{names} has {most} broadcasts on {day:%Y-%m-%d}.",
                    names=names,
                    most=most,
                    day=day,
                ),
            )


def pause(tx: Tx, broadcast: Broadcast) -> None:
    """Nothing leaves after this beyond what is on the wire. Never needs a second person."""
    broadcasts.move(tx, broadcast, BroadcastState.PAUSED)


def resume(tx: Tx, broadcast: Broadcast) -> None:
    """Go on with a paused or held broadcast.

    Where its approver may approve no longer, whoever lets it go on approves it in their place.
    """
    if broadcast.state is BroadcastState.HELD:
        need(tx.actor, {Role.LEADER, Role.ADMIN}, Say("resume a held broadcast"))
        restored.need_refusals(tx, broadcast)
        reason = restored.reason_before(tx, broadcast)
        if reason == HeldReason.OVER_BUDGET.value:
            _allow_once_more(tx, broadcast)
        if reason == HeldReason.WARD_BUDGET.value:
            granted = budgets.take_anyway(tx, broadcast.id)
            tx.note("granted", "broadcast", broadcast.id, dong=[granted])
        if reason == HeldReason.APPROVER_LEFT.value:
            approve_again(tx, broadcast)
    to = BroadcastState.RUNNING if broadcast.released_at else BroadcastState.SCHEDULED
    broadcasts.move(tx, broadcast, to)


def _allow_once_more(tx: Tx, broadcast: Broadcast) -> None:
    """Whoever lets a broadcast go on that spent its budget grants each step that budget again."""
    limits = [
        allowances.of_step(broadcast.id, index, step.budget)
        for index, step in enumerate(broadcast.route)
        if step.budget is not None
    ]
    allowances.one_at_a_time(tx)
    allowances.take(tx, {(a.name, a.period): -a.most for a in limits})
    tx.note("granted", "broadcast", broadcast.id, dong=[a.most for a in limits])


def stop(tx: Tx, broadcast: Broadcast) -> int:
    """End it; what has not left is cancelled. How many that are."""
    broadcasts.move(tx, broadcast, BroadcastState.STOPPED, done_at=tx.now)
    cancelled = ending.end_queued(tx, broadcast.id, MessageState.CANCELLED)
    tx.note("cancelled", "broadcast", broadcast.id, messages=cancelled)
    return cancelled


def system_approve(
    tx: Tx,
    broadcast: Broadcast,
    approver: int,
    most_people: int | None = None,
    most_dong: int | None = None,
) -> None:
    """An occurrence runs under its schedule's approval: submitted and approved at once."""
    broadcasts.move(
        tx,
        broadcast,
        BroadcastState.SUBMITTED,
        submitted_at=tx.now,
        ceiling_people=most_people,
        ceiling_dong=most_dong,
    )
    submitted = replace(
        broadcast,
        state=BroadcastState.SUBMITTED,
        ceiling_people=most_people,
        ceiling_dong=most_dong,
    )
    broadcasts.move(
        tx,
        submitted,
        BroadcastState.APPROVED,
        approved_by=approver,
        approved_at=tx.now,
        approved_digest=digest(tx, submitted),
    )
