"""Writing a broadcast on a page: which text, what stands in the form, how it reads so far.

Comes from: templates, lists and what somebody typed.   Goes to: the writing page.
Never: stores a broadcast; that is `broadcasts.create` and `edit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dispatcher import templating
from dispatcher.broadcasts import hours, message_rendering, routes
from dispatcher.config import Site
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.contacts import areas, groups, headcounts
from dispatcher.db.database import Tx
from dispatcher.db.staff import form_drafts
from dispatcher.domain import periods
from dispatcher.domain.model import ALL_DAY, HANOI, ORDINARY, URGENT, Audience
from dispatcher.domain.periods import Period
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Both, Joined, Say, Spoken
from dispatcher.templating import Template
from dispatcher.usecases.context import Context

Form = Mapping[str, Sequence[str]]
TICKED = ("ward", "tdp", "group", "exclude")  # fields of boxes: one that is not ticked is not sent


def address(template: str = "", number: int | None = None) -> str:
    """Where a broadcast is written: a new one by its text, a draft by its number."""
    return f"/broadcasts/new/{template}" if number is None else f"/broadcasts/{number}/edit"


@dataclass(frozen=True)
class UnsavedForm:
    """What was typed and not saved: the page, its text, when."""

    address: str
    title: str
    at: datetime


def texts(context: Context) -> tuple[list[Template], list[UnsavedForm]]:
    """The texts to choose from, and what was begun and not saved."""
    found = []
    for name in templating.template_files(context.app.templates):
        try:
            found.append(templating.load(context.app.templates, name))
        except Problem:
            continue  # `templates check` says what is wrong with it
    with context.read() as tx:
        begun = form_drafts.list_drafts(tx, context.actor.person_id or 0)
    titles = {address(x.name): x.title for x in found}
    return found, [UnsavedForm(form, titles.get(form, form), at) for form, at in begun]


@dataclass(frozen=True)
class Writing:
    """The writing page. `given`: what stands in its fields; `kept_at`: when that was typed, where
    it was not saved; `tree`: wards with their residential groups and how many people are in each;
    `ways`: routes with their title or what they do."""

    template: Template
    broadcast: Broadcast | None  # None: a new one
    address: str
    given: Form
    kept_at: datetime | None
    tree: Sequence[Mapping[str, Any]]
    groups: Sequence[Mapping[str, Any]]
    ways: Sequence[tuple[str, Spoken]]


def form(context: Context, template: str = "", number: int | None = None) -> Writing:
    """The form of a new broadcast or of a draft, as it was saved or left half changed."""
    site, place = context.app.site, address(template, number)
    with context.read() as tx:
        loaded, broadcast = _written(context, tx, template, number)
        kept = form_drafts.kept_draft(tx, context.actor.person_id or 0, place)
        given = _saved(site, tx, loaded, broadcast)
        if kept is not None:
            given = {**given, **dict.fromkeys(TICKED, ()), **kept[0]}
        return Writing(
            loaded,
            broadcast,
            place,
            given,
            kept[1] if kept else None,
            _tree(tx),
            groups.list_groups(tx),
            _ways(site),
        )


def _written(
    context: Context, tx: Tx, template: str, number: int | None
) -> tuple[Template, Broadcast | None]:
    if number is None:
        return templating.load(context.app.templates, template), None
    broadcast = broadcasts.get(tx, number)
    return message_rendering.frozen(context.app.site, tx, broadcast), broadcast


def _saved(site: Site, tx: Tx, template: Template, broadcast: Broadcast | None) -> Form:
    """What stands in the form before anybody types."""
    if broadcast is None:
        return {
            "title": (template.title,),
            "document": (template.document,),
            "window": (str(site.window),),
            "expires_after": ("6h",),
            "one_per": ("phone",),
        }
    audience = broadcast.audience
    everywhere = tuple(w.name for w in areas.seen_wards(tx)) if "all" in audience.wards else ()
    return {
        "title": (broadcast.title,),
        "document": (broadcast.document,),
        "window": (str(broadcast.window),),
        "expires_after": (_as_typed(broadcast.expires_after),),
        "ward": everywhere or audience.wards,
        "tdp": audience.residential_groups,
        "group": audience.groups,
        "exclude": audience.exclude_groups,
        "one_per": (audience.one_per,),
        **{f"blank.{name}": (value,) for name, value in broadcast.fields.items()},
        **{f"paper.{name}": (value,) for name, value in broadcast.paper.items()},
    }


def _as_typed(span: timedelta) -> str:
    """A time span as people type it: "6h", "90m"."""
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _tree(tx: Tx) -> list[dict[str, Any]]:
    tree, people = [], headcounts.people_by_place(tx)
    for ward in areas.seen_wards(tx):
        counted = people.get(ward.id, {})
        units = areas.groups_of(tx, ward.id).values()
        tree.append(
            {
                "ward": ward,
                "people": sum(counted.values()),
                "groups": [{"area": a, "people": counted.get(a.id, 0)} for a in units],
            }
        )
    return tree


def _ways(site: Site) -> list[tuple[str, Spoken]]:
    channels = {"zalo": "Zalo", "sms": "SMS"}
    found = []
    for name, route in routes.known(site).items():
        _, steps = routes.find(site, name)
        way: Spoken = Both(route.title, route.title)
        if not route.title:
            names = [channels.get(s.channel.value, "?") for s in steps]
            first, rest = names[0], [Say("then {n}", n=n) for n in names[1:]]
            way = Joined(" ", [Both(first, first), *rest])
        found.append((name, way))
    return found


# --- while it is typed --------------------------------------------------------------------------


@dataclass(frozen=True)
class FormSoFar:
    """What stands in the form just now, read as far as it can be."""

    fields: Mapping[str, str]
    audience: Audience
    window: str
    expires_after: str
    route: str = ""
    urgent: bool = False


@dataclass(frozen=True)
class ReadAlong:
    """How a text reads so far, for how many people, when it would be sent now (None: not to be
    told yet), when what is typed was kept (None: nothing is to be kept)."""

    written: message_rendering.TextReading
    people: int
    period: Period | None
    kept_at: datetime | None


def read_along(
    context: Context, typed: FormSoFar, fields: Form, template: str = "", number: int | None = None
) -> ReadAlong:
    """The text as it reads so far; what is typed (`fields`, all of the form) is kept."""
    site, actor, now = context.app.site, context.actor, context.app.clock()
    place = address(template, number)
    with context.read() as tx:
        loaded, broadcast = _written(context, tx, template, number)
        people = _chosen(tx, typed.audience)
        before = _said(_saved(site, tx, loaded, broadcast))
        written = message_rendering.as_typed(
            site, tx, loaded, typed.fields, typed.audience.wards, now.astimezone(HANOI).date()
        )
    is_changed = _said({n: v for n, v in fields.items() if n != "route"}) != before
    with context.begin() as tx:
        if is_changed:
            form_drafts.keep_draft(tx, actor.person_id or 0, place, fields)
        else:
            form_drafts.forget_draft(tx, actor.person_id or 0, place)
    when = _period(site, now, typed, broadcast)
    return ReadAlong(written, people, when, now if is_changed else None)


def forget(context: Context, template: str = "", number: int | None = None) -> None:
    """What was typed and not saved is not wanted."""
    with context.begin() as tx:
        if number is not None:
            broadcasts.get(tx, number)
        form_drafts.forget_draft(tx, context.actor.person_id or 0, address(template, number))


def _said(form: Form) -> dict[str, set[str]]:
    """A form without what is empty, to see whether two say the same."""
    found = {name: {v.strip() for v in values} - {""} for name, values in form.items()}
    return {name: values for name, values in found.items() if values}


def _chosen(tx: Tx, audience: Audience) -> int:
    """About how many are chosen: the preview says exactly who, and who is left out."""
    wanted, people = set(audience.residential_groups), headcounts.people_by_place(tx)
    total: int = sum(g["people"] for g in groups.list_groups(tx) if g["name"] in audience.groups)
    for ward in areas.seen_wards(tx):
        if ward.name in audience.wards or "all" in audience.wards:
            counted = people.get(ward.id, {})
            inside = [a.id for a in areas.groups_of(tx, ward.id).values() if a.name in wanted]
            total += sum(counted.get(i, 0) for i in inside) if wanted else sum(counted.values())
    return total


def _period(
    site: Site, now: datetime, typed: FormSoFar, broadcast: Broadcast | None
) -> Period | None:
    """From when until when it would be sent now, by what is typed."""
    try:
        life, window = hours.read_times(typed.expires_after, typed.window)
        periods.check_life(life)
        if broadcast is not None:
            chosen = window if window is not None and broadcast.priority != URGENT else None
            changed = replace(broadcast, window=chosen or broadcast.window, expires_after=life)
            return hours.period_of(site, changed, now)
        route, steps = routes.find(site, typed.route or None)
    except Problem:
        return None
    if typed.urgent or route.urgent:
        steps = tuple(replace(s, window=None) for s in steps)
        return periods.of_route(now, life, ALL_DAY, steps, 0, hours.vendor_hours(site, URGENT))
    window = window.resting(site.lunch) if window else site.window
    return periods.of_route(now, life, window, steps, 0, hours.vendor_hours(site, ORDINARY))
