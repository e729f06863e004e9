"""An open site, and its broadcasts planned: drafted, previewed, corrected, released."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import NewBroadcast, Speed, hours, message_rendering, routes, targeting
from dispatcher.config import Site
from dispatcher.config.pace import pace_of
from dispatcher.db.broadcasts import approvals, broadcasts, texts
from dispatcher.db.broadcasts.broadcasts import Broadcast, Draft
from dispatcher.db.broadcasts.budgets import Budget
from dispatcher.db.broadcasts.samples import SampleChoice
from dispatcher.db.contacts import areas, groups
from dispatcher.db.contacts.audience_filter import AudienceFilter
from dispatcher.db.database import Store, Tx
from dispatcher.db.ops import identity
from dispatcher.db.queue import gateways as gateway_rows
from dispatcher.db.staff import people
from dispatcher.domain import law, periods
from dispatcher.domain.clock import Clock
from dispatcher.domain.model import (
    ALL_DAY,
    HANOI,
    ORDINARY,
    SYSTEM,
    URGENT,
    Actor,
    Audience,
    Role,
    Sender,
)
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say
from dispatcher.templating import Template

OPERATOR = "may-chu"  # who acts on this machine when nobody is named: may prepare, never decide
MACHINE = Actor(OPERATOR, Role.ADMIN)
GUESSED_CALLS = 8  # open at a gateway nobody has measured or limited


@dataclass(frozen=True)
class App:
    """An open site."""

    site: Site
    store: Store
    clock: Clock

    @property
    def templates(self) -> Path:
        return self.site.root / "templates"

    @property
    def schedules(self) -> Path:
        return self.site.root / "schedules"

    def begin(self, actor: Actor) -> Callable[[], AbstractContextManager[Tx]]:
        """Writing transactions of one actor."""
        return lambda: self.store.begin(actor, self.clock())

    def actor(self, name: str | None) -> Actor:
        """Who acts: the person named, or this machine's operator."""
        name = name or os.environ.get("DISPATCHER_AS")
        if not name:
            return MACHINE
        with self.store.read(SYSTEM) as tx:
            return people.actor(tx, name)


def database_file(site: Site) -> Path | None:
    """The file of an SQLite database; None when a server keeps it."""
    prefix = "sqlite:///"
    found = site.database.startswith(prefix)
    return Path(site.database.removeprefix(prefix)) if found else None


def second_place_of(site: Site) -> Path:
    """Where refusals are kept beside the database: the settings say, else this machine's state."""
    return site.second or identity.place_beside(database_file(site))


def draft_broadcast(
    app: App, tx: Tx, template: Template, new: NewBroadcast, schedule_id: int | None = None
) -> int:
    """Check what somebody wants to send and store it as a draft; its id.

    `template`: the one it names, as it is to be frozen. An urgent text keeps no hours.
    """
    periods.check_life(new.expires_after)
    chosen, steps = routes.find(app.site, new.route)
    urgent, audience = new.urgent or chosen.urgent, new.audience
    if chosen.one_per and audience.one_per == "phone":
        audience = replace(audience, one_per=chosen.one_per)
    if new.accented:
        steps = tuple(replace(s, accented=True) for s in steps)
    if urgent:  # also at night: no step keeps hours of its own
        steps = tuple(replace(s, window=None) for s in steps)
    if not any(template.block_for(s.channel, s.accented) for s in steps):
        raise Problem(
            "no-text",
            Say("Template “{name}” has no text for any step of this route.", name=template.name),
        )
    filled = templating.fill(template, new.fields)
    targeting.resolve(tx, audience)
    chosen_hours = ALL_DAY if urgent else new.window or app.site.window
    signing = senders(app, tx, audience)
    law.check_sending(
        template.kind,
        chosen_hours,
        urgent=urgent,
        branded=all(s.brandname for s in signing.values()),
        consent=bool(app.site.consent),
    )
    return broadcasts.create(
        tx,
        Draft(
            title=new.title or template.title,
            mode=app.site.mode,
            kind=template.kind,
            template_version_id=_frozen(tx, template),
            fields=filled,
            audience=audience,
            route=steps,
            senders=signing,
            window=chosen_hours,
            expires_after=new.expires_after,
            document=new.document or template.document,
            priority=URGENT if urgent else ORDINARY,
            rather_twice=new.rather_twice,
            schedule_id=schedule_id,
            paper=new.paper,
        ),
    )


def _frozen(tx: Tx, template: Template) -> int:
    return texts.version(tx, template.name, template.digest, template.source)


def senders(app: App, tx: Tx, audience: Audience) -> dict[int, Sender]:
    """Who signs in each ward an audience touches."""
    wards = targeting.wards_of(tx, audience)
    return {w.id: app.site.sender_for(w.name, w.code) for w in wards}


def as_offered(tx: Tx, broadcast: Broadcast) -> Broadcast:
    """A broadcast with the wording its leader offers back, where one waits."""
    waiting = approvals.offered(tx, broadcast.id)
    if waiting is None:
        return broadcast
    return replace(
        broadcast, fields=waiting.fields, template_version_id=waiting.template_version_id
    )


def correct_broadcast(
    app: App,
    tx: Tx,
    original: Broadcast,
    *,
    template: Template,
    fields: Mapping[str, str],
    expires_after: timedelta = timedelta(hours=24),
    title: str = "",
    urgent: bool = False,
) -> int:
    """A draft that corrects `original` for exactly those who may have received it; its id.

    A blank `ngay` is filled with the day of the original.
    """
    day = (original.released_at or app.clock()).astimezone(HANOI).date().isoformat()
    given = {"ngay": day, **fields} if "ngay" in template.fields else dict(fields)
    return planning.correct(
        tx,
        original,
        Draft(
            title=title or f"Đính chính: {original.title}",
            mode=app.site.mode,
            kind=template.kind,
            template_version_id=_frozen(tx, template),
            fields=templating.fill(template, given),
            audience=original.audience,
            route=original.route,
            senders=original.senders,
            window=ALL_DAY if urgent else app.site.window,
            expires_after=expires_after,
            document=original.document,
            priority=URGENT if urgent else ORDINARY,
        ),
    )


def preview_broadcast(
    app: App, actor: Actor, broadcast: Broadcast, look: SampleChoice | None = None
) -> planning.Preview:
    """What a release would do, with everything to be said of its texts before anybody gets one."""
    today = app.clock().astimezone(HANOI).date()
    with app.store.read(actor) as tx:
        found = message_rendering.release_words(app.site, tx, broadcast)
        rates, purses = speeds(app.site, tx), budgets_of(app.site, tx, broadcast)
        remarks = message_rendering.remarks(app.site, tx, broadcast, today)
    beside = beside_it(app, broadcast)
    resolve = resolver(app, broadcast)
    # who looks after every ward of a broadcast sees all of it: no row need be asked whose it is
    all_mine = actor.wards is None or set(broadcast.senders) <= actor.wards
    begin = app.begin(SYSTEM if all_mine else actor)
    seen = planning.preview(
        begin,
        broadcast,
        found,
        resolve,
        rates,
        look,
        purses,
        beside,
        app.site.undo,
        hours.vendor_hours(app.site, broadcast.priority),
    )
    with app.store.read(actor) as tx:
        standings = message_rendering.registration_states(app.site, tx, broadcast, seen, today)
        late = seen.late and planning.with_routes(
            seen.late, hours.other_routes(app.site, tx, broadcast), rates, broadcast.window
        )
    return replace(seen, remarks=remarks, standings=standings, late=late)


def beside_it(
    app: App, broadcast: Broadcast, within: Tx | None = None
) -> list[planning.UpcomingBroadcast]:
    """What is approved and not released yet, and starts within a day of this one."""
    with nullcontext(within) if within is not None else app.store.read(SYSTEM) as tx:
        return planning.upcoming_broadcasts(
            tx,
            broadcast,
            app.clock(),
            lambda other: message_rendering.release_words(app.site, tx, other),
            lambda other: resolver(app, other),
        )


def resolver(app: App, broadcast: Broadcast) -> planning.Resolve:
    """Names as ids, in the wards of the broadcast; advertising goes only to those who agreed."""

    limits = app.site.limits

    def resolve(tx: Tx, audience: Audience) -> AudienceFilter:
        consent = app.site.consent if law.is_advertising(broadcast.kind) else ""
        return replace(
            targeting.resolve(tx, audience),
            within=tuple(sorted(broadcast.senders)),
            per_person=(limits.per_person, limits.within) if limits.per_person else None,
            consent=groups.find(tx, consent) if consent else None,
            urgent_despite_refusal=app.site.urgent_despite_refusal,
        )

    return resolve


def budgets_of(site: Site, tx: Tx, broadcast: Broadcast | None = None) -> list[Budget]:
    """The budgets of the settings with the ids of their wards; those a broadcast may spend."""
    if not site.budgets:
        return []
    found = []
    for name, chosen in site.budgets.items():
        wards = frozenset(w.id for w in areas.wards_named(tx, chosen.wards))
        if broadcast is None or wards & set(broadcast.senders):
            found.append(Budget(name, wards, chosen.month, chosen.contract, chosen.contract_number))
    return found


def release_broadcast(app: App, broadcast: Broadcast) -> str:
    """Release one broadcast; the state it ended in."""
    with app.store.read(SYSTEM) as tx:
        found, rates = (
            message_rendering.release_words(app.site, tx, broadcast),
            speeds(app.site, tx),
        )
        purses = budgets_of(app.site, tx, broadcast)
    state = planning.release(
        app.begin(SYSTEM),
        broadcast,
        found,
        resolver(app, broadcast),
        app.site.undo,
        app.site.mode,
        rates,
        purses,
        hours.vendor_hours(app.site, broadcast.priority),
    )
    return state.value


def speeds(site: Site, tx: Tx) -> dict[str, Speed]:
    """How fast each gateway goes: as measured here, else as allowed, else a careful guess."""
    measured = {name: row["rate"] for name, row in gateway_rows.states(tx).items()}
    found = {}
    for name in site.gateways:
        pace, rate = pace_of(site, name), measured.get(name)
        allowed = pace.per_second
        seen = rate is not None and (allowed is None or pace.in_parts or rate <= allowed)
        if rate is not None and seen and not pace.in_parts:
            found[name] = Speed(rate, True, False, pace.most.get("per_day"))
        else:
            guess = float(pace.in_flight or GUESSED_CALLS)  # calls of a second each
            found[name] = Speed(allowed or guess, False, pace.in_parts, pace.most.get("per_day"))
    return found
