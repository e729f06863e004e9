"""Broadcasts as people look at them: the list, the inbox, home, one of them, its preview.

Comes from: the database.   Goes to: pages, commands and the API, which show the same.
Never: changes anything. How far one has come stands in `broadcasts_progress`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import Preview, application, hours, message_rendering, routes
from dispatcher.db.broadcasts import (
    approvals,
    broadcasts,
    budgets,
    files,
    log_people,
    texts,
    totals,
)
from dispatcher.db.broadcasts.approvals import Offer
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.budgets import BudgetUse
from dispatcher.db.broadcasts.files import Attachment
from dispatcher.db.broadcasts.samples import SampleChoice
from dispatcher.db.database import Row
from dispatcher.db.queue import parts
from dispatcher.db.staff import delegations, notices, people
from dispatcher.db.staff.delegations import Delegation
from dispatcher.domain.model import HANOI, BroadcastState, Mode, Role
from dispatcher.domain.outages import Health, Work
from dispatcher.domain.periods import Period
from dispatcher.reports import reporting
from dispatcher.usecases import alarms
from dispatcher.usecases.context import Context
from dispatcher.usecases.finding import contacts_meant
from dispatcher.worker.notifications.detect import HELD

__all__ = ["HELD"]

PATIENCE = 3.0  # seconds a page waits for an answer of a vendor
AS_LONG = 60.0  # seconds of whoever asked for a preview; gateways give up before
B = BroadcastState
WRITTEN = (B.DRAFT, B.RETURNED)  # its author may still hand it in
ALIVE = (B.SCHEDULED, B.RUNNING, B.PAUSED)
UNDER_WAY = (*ALIVE, B.HELD)
ENDED = (B.DONE, B.STOPPED, B.EXPIRED, B.MISSED)
OVER = frozenset({*ENDED, B.REJECTED})


def list_broadcasts(
    context: Context, limit: int = 100, counted: int = 100
) -> list[tuple[Broadcast, Mapping[str, int]]]:
    """Broadcasts, newest first, the first `counted` of them with their messages by state."""
    with context.read() as tx:
        found = broadcasts.list_broadcasts(tx, limit=limit)
        counts = totals.states(tx, [b.id for b in found[:counted]])
    return [(b, counts.get(b.id, {})) for b in found]


def inbox(context: Context) -> tuple[list[Broadcast], Mapping[int, str]]:
    """What waits for approval, and who is who."""
    with context.read() as tx:
        return broadcasts.list_broadcasts(tx, [B.SUBMITTED]), people.names(tx)


@dataclass(frozen=True)
class Home:
    """What waits for somebody, what is under way, what it costs and how the gateways are."""

    unread: Sequence[Row]
    waiting: list[Broadcast]
    under_way: list[Broadcast]
    newest: list[Broadcast]
    counted: Mapping[int, Mapping[str, int]]
    budgets: list[BudgetUse]
    health: list[Health]
    work: Work


def home(context: Context) -> Home:
    """The first page of whoever is signed in."""
    app, actor = context.app, context.actor
    assert actor.person_id is not None
    with context.read() as tx:
        under_way = broadcasts.list_broadcasts(tx, UNDER_WAY, 20)
        newest = broadcasts.list_broadcasts(tx, ENDED, 5)
        mine = [
            b
            for b in application.budgets_of(app.site, tx)
            if actor.wards is None or b.wards & actor.wards
        ]
        return Home(
            notices.unread(tx, actor.person_id),
            broadcasts.list_broadcasts(tx, [B.SUBMITTED], 50),
            under_way,
            newest,
            totals.states(tx, [b.id for b in [*under_way, *newest]]),
            list(budgets.budget_use(tx, mine, app.site.mode, app.clock()).values()),
            list(alarms.gateways(app, tx).values()),
            alarms.work(app, tx),
        )


# --- one broadcast ------------------------------------------------------------------------------


@dataclass(frozen=True)
class OneBroadcast:
    """One broadcast with whoever wrote and approved it. `counts`: its messages by state; `short`:
    people who received a part of it only."""

    broadcast: Broadcast
    names: Mapping[int, str]
    approval: Mapping[str, Any] | None
    attached: Sequence[Attachment]
    counts: Mapping[str, int]
    short: int
    period: Period | None  # from when until when it is sent; None: it is over


def show(context: Context, number: int) -> OneBroadcast:
    """One broadcast as it is now."""
    app = context.app
    with context.read() as tx:
        found = broadcasts.get(tx, number)
        return OneBroadcast(
            found,
            people.names(tx),
            approvals.latest(tx, found),
            files.attached(tx, number),
            broadcasts.counts(tx, number),
            parts.count(tx, number),
            hours.period_of(app.site, found, app.clock()),
        )


def period(context: Context, broadcast: Broadcast) -> Period | None:
    """From when until when it is sent, released now if it is not yet; None: it is over."""
    return hours.period_of(context.app.site, broadcast, context.app.clock())


def usual_route(context: Context) -> str | None:
    """The route of a broadcast for which none is named."""
    return routes.usual(context.app.site)


@dataclass(frozen=True)
class ToDecide:
    """What whoever decides about a broadcast sees beside it. `digest`: what an approval covers."""

    template: templating.Template
    digest: str
    offered: Offer | None
    lent: Sequence[Delegation]  # to the one who looks
    leaders: Sequence[Row]
    preview: Previewed | None  # None: it is released, or never will be
    first_live: bool


def to_decide(context: Context, number: int, first: int = 1) -> ToDecide:
    """What will be sent, and by what right it may be approved; with the `first`-dearest text."""
    app = context.app
    with context.read() as tx:
        found = broadcasts.get(tx, number)
        offered = approvals.offered(tx, number)
        reworded = application.as_offered(tx, found)
        template = message_rendering.frozen(app.site, tx, found)
        covered = planning.digest(tx, found)
        lent = delegations.of_deputy(tx, context.actor.person_id or 0)
        leaders = [
            p
            for p in people.visible_people(tx)
            if p["role"] == Role.LEADER.value and p["disabled_at"] is None
        ]
        first_live = found.mode is Mode.LIVE and not broadcasts.any_released(tx, Mode.LIVE)
    seen = None
    if found.released_at is None and found.state is not B.STOPPED:
        # no leader waits for a vendor that does not answer, and no author for long
        patience = PATIENCE if found.state in WRITTEN else None
        seen = _previewed(context, reworded, SampleChoice((), first - 1, 1), patience)
    return ToDecide(template, covered, offered, lent, leaders, seen, first_live)


@dataclass(frozen=True)
class Previewed:
    """What a release would do, and what vendors say of it (nothing in a drill)."""

    broadcast: Broadcast
    found: Preview
    vendors: Sequence[Mapping[str, Any]] = ()

    def as_json(self, language: str) -> dict[str, Any]:
        """As programs get it."""
        told = [
            {**f, "problem": f["problem"].to(language)} if "problem" in f else dict(f)
            for f in self.vendors
        ]
        return {**self.found.as_json(), **({"vendors": told} if told else {})}


def preview(
    context: Context, number: int, *, whose: str = "", first: int = 1, most: int = 3
) -> Previewed:
    """What a release of a broadcast would do, with `most` texts from the `first`-dearest on.

    `whose`: a contact (c12) or a phone, for the text of one person.
    """
    with context.read() as tx:
        found = broadcasts.get(tx, number)
        people_ = contacts_meant(tx, context.app, whose) if whose else ()
    return _previewed(
        context, found, SampleChoice(tuple(people_), max(0, first - 1), most), AS_LONG
    )


def _previewed(
    context: Context, broadcast: Broadcast, look: SampleChoice, patience: float | None
) -> Previewed:
    """`patience`: seconds for each answer of a vendor; None: nobody is asked."""
    from dispatcher.usecases import vendor_templates  # asks vendors: not loaded for other looks

    found = application.preview_broadcast(context.app, context.actor, broadcast, look)
    if patience is None:
        return Previewed(broadcast, found)
    return Previewed(
        broadcast, found, vendor_templates.findings(context.app, broadcast, found, patience)
    )


def texts_of(
    context: Context, number: int, references: Sequence[str], most: int
) -> list[dict[str, Any]]:
    """The newest texts of a broadcast among `references`: channel, to (the end of the number),
    body."""
    with context.read() as tx:
        broadcasts.get(tx, number)
        rows = log_people.by_reference(tx, number, references)
        return [
            {"channel": row["channel"], "to": row["tail"], "body": texts.opened(tx, row).body}
            for row in rows[:most]
        ]


def today(context: Context) -> date:
    """The day it is here."""
    return context.app.clock().astimezone(HANOI).date()


def as_page(context: Context, seen: Previewed) -> str:
    """The texts of a preview on phones, as a page for a browser."""
    shown = [{**s, "to": f"{s['contact']} {s['to']}"} for s in seen.found.samples]
    drill = seen.broadcast.mode is Mode.DRILL
    return reporting.phones(seen.broadcast.title, context.app.site.name, shown, drill=drill)
