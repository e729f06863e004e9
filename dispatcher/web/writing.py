"""Writing a broadcast: a text, its blanks, people, way; read along and kept while it is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import app as joined
from dispatcher.broadcasts import hours, routes, wording
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.contacts import areas, groups, headcounts
from dispatcher.db.database import Tx
from dispatcher.db.staff import kept_forms
from dispatcher.domain import periods
from dispatcher.domain.model import ALL_DAY, HANOI, ORDINARY, URGENT, Audience, Role
from dispatcher.domain.periods import Period
from dispatcher.domain.problems import Problem
from dispatcher.templating import Template
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.guard import Page, asks, changes, reads

WRITING = (Role.OFFICER, Role.LEADER, Role.ADMIN)
Form = Mapping[str, Sequence[str]]


def choose_text(ask: Ask) -> Answer:
    """The first step: which text; what was begun and not saved stands first."""
    found = []
    for name in templating.template_files(ask.app.templates):
        try:
            found.append(templating.load(ask.app.templates, name))
        except Problem:
            continue  # `templates check` says what is wrong with it
    with ask.read() as tx:
        begun = kept_forms.listed(tx, ask.person.person_id or 0)
    titles = {_address(template=x.name): x.title for x in found}
    left = [(form, titles.get(form, form), at) for form, at in begun]
    return Shown("choose-text.html", {"found": found, "begun": left})


def new(ask: Ask) -> Answer:
    template = templating.load(ask.app.templates, ask.path["template"])
    return _form(ask, template, None)


def edit(ask: Ask) -> Answer:
    """The form of a draft, as it was saved or left half changed."""
    with ask.read() as tx:
        broadcast = broadcasts.get(tx, ask.number())
        template = wording.frozen(ask.app.site, tx, broadcast)
    return _form(ask, template, broadcast)


def _given(ask: Ask, tx: Tx, template: Template, broadcast: Broadcast | None) -> Form:
    """What stands in the form before anybody types."""
    if broadcast is None:
        return {
            "title": (template.title,),
            "document": (template.document,),
            "window": (str(ask.app.site.window),),
            "expires_after": ("6h",),
            "one_per": ("phone",),
        }
    audience = broadcast.audience
    everywhere = tuple(w.name for w in areas.seen_wards(tx)) if "all" in audience.wards else ()
    return {
        "title": (broadcast.title,),
        "document": (broadcast.document,),
        "window": (str(broadcast.window),),
        "expires_after": (_spoken(broadcast.expires_after),),
        "ward": everywhere or audience.wards,
        "tdp": audience.residential_groups,
        "group": audience.groups,
        "exclude": audience.exclude_groups,
        "one_per": (audience.one_per,),
        **{f"blank.{name}": (value,) for name, value in broadcast.fields.items()},
        **{f"paper.{name}": (value,) for name, value in broadcast.paper.items()},
    }


def _form(ask: Ask, template: Template, broadcast: Broadcast | None) -> Answer:
    """The form, with what was typed last time and not saved."""
    address = _address(template.name, broadcast)
    with ask.read() as tx:
        found = kept_forms.kept(tx, ask.person.person_id or 0, address)
        tree = _tree(tx)
        given = _given(ask, tx, template, broadcast)
        values = {"groups": groups.listed(tx), "routes": _ways(ask)}
    if found is not None:
        given = {**given, **found[0]}
        for name in ("ward", "tdp", "group", "exclude"):  # boxes that were left unticked
            given = {**given, name: found[0].get(name, ())}
    return Shown(
        "write.html",
        {"template": template, "broadcast": broadcast, "given": given, "address": address,
         "kept_at": found[1] if found else None, "tree": tree, **values},
    )  # fmt: skip


def _address(template: str = "", broadcast: Broadcast | None = None) -> str:
    return f"/broadcasts/{broadcast.id}/edit" if broadcast else f"/broadcasts/new/{template}"


def _tree(tx: Tx) -> list[dict[str, Any]]:
    """Wards with their residential groups and how many people are in each."""
    tree, people = [], headcounts.of(tx)
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


def _ways(ask: Ask) -> list[tuple[str, str]]:
    """Routes to choose from: (name, what it does in words)."""
    channels = {"zalo": "Zalo", "sms": "SMS"}
    found = []
    for name, route in routes.known(ask.app.site).items():
        _, steps = routes.find(ask.app.site, name)
        way = ask.t(" rồi ", " then ").join(channels.get(s.channel.value, "?") for s in steps)
        found.append((name, route.title or way))
    return found


def _spoken(span: timedelta) -> str:
    """A time span as `duration` reads it: "6h", "90m"."""
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def audience_of(ask: Ask) -> Audience:
    return Audience(
        ask.many("ward"),
        ask.many("tdp"),
        ask.many("group"),
        ask.many("exclude"),
        "household" if ask.one("one_per") == "household" else "phone",
    )


def _times(ask: Ask) -> dict[str, Any]:
    life, window = hours.read_times(ask.one("expires_after", "6h"), ask.one("window"))
    return {"expires_after": life, "window": window}


def _paper(ask: Ask) -> dict[str, str]:
    facts = {n: ask.one(f"paper.{n}") for n in ("day", "about", "agency", "signer")}
    return {name: value for name, value in facts.items() if value}


def create(ask: Ask) -> Answer:
    """A draft from the form."""
    template = templating.load(ask.app.templates, ask.path["template"])
    with ask.begin() as tx:
        made = joined.draft(
            ask.app,
            tx,
            template=template,
            audience=audience_of(ask),
            route_name=ask.one("route") or None,
            fields=ask.fields(),
            title=ask.one("title"),
            document=ask.one("document"),
            paper=_paper(ask),
            accented=bool(ask.one("accented")),
            urgent=bool(ask.one("urgent")),
            rather_twice=bool(ask.one("rather_twice")),
            **_times(ask),
        )
        kept_forms.forget(tx, ask.person.person_id or 0, ask.where)
    return Go(f"/broadcasts/{made}")


def save(ask: Ask) -> Answer:
    """The form again: what was approved of it is void."""
    number, times = ask.number(), _times(ask)
    with ask.remembering("edit", "broadcast", number), ask.begin() as tx:
        broadcast = broadcasts.get(tx, number)
        filled, version = wording.reworded(ask.app.site, tx, broadcast, ask.fields(), ())
        audience = audience_of(ask)
        changed: dict[str, Any] = {
            "fields": filled,
            "template_version_id": version,
            "title": ask.one("title") or broadcast.title,
            "document": ask.one("document"),
            "paper": _paper(ask),
            "expires_after": times["expires_after"],
        }
        if times["window"] is not None:
            changed["window"] = times["window"]
        if broadcast.audience.of is None and (audience.wards or audience.groups):
            changed |= {"audience": audience, "senders": joined.senders(ask.app, tx, audience)}
        planning.edit(tx, broadcast, **changed)
        kept_forms.forget(tx, ask.person.person_id or 0, ask.where)
    return Go(f"/broadcasts/{number}")


# --- while it is typed --------------------------------------------------------------------------


def along(ask: Ask) -> Answer:
    """The text as it reads so far, with parts and price for those chosen; what is typed is kept."""
    site, form = ask.app.site, ask.where.removesuffix("/along")
    with ask.read() as tx:
        broadcast, audience = None, audience_of(ask)
        if "number" in ask.path:
            broadcast = broadcasts.get(tx, ask.number())
            template = wording.frozen(site, tx, broadcast)
        else:
            template = templating.load(ask.app.templates, ask.path["template"])
        people = _chosen(tx, audience)
        before = _filled(_given(ask, tx, template, broadcast))
        today = ask.app.clock().astimezone(HANOI).date()
        written = wording.as_typed(site, tx, template, ask.fields(), audience.wards, today)
    typed = {n: tuple(v) for n, v in ask.form.items() if n not in ("csrf", "route")}
    is_changed = _filled(typed) != before
    with ask.begin() as tx:
        if is_changed:
            kept_forms.keep(tx, ask.person.person_id or 0, form, {**typed, **_route(ask)})
        else:
            kept_forms.forget(tx, ask.person.person_id or 0, form)
    kept_at = ask.app.clock() if is_changed else None
    return Shown(
        "along.html",
        {"written": written, "people": people, "kept_at": kept_at,
         "times": _times_typed(ask, broadcast)},
    )  # fmt: skip


def _times_typed(ask: Ask, broadcast: Broadcast | None) -> Period | None:
    """From when until when it would be sent now, by what is typed; None: not to be told yet."""
    site, now, urgent = ask.app.site, ask.app.clock(), bool(ask.one("urgent"))
    try:
        typed = _times(ask)
        periods.check_life(typed["expires_after"])
        if broadcast is not None:
            return hours.period_of(
                site,
                replace(
                    broadcast,
                    window=typed["window"] or broadcast.window,
                    expires_after=typed["expires_after"],
                ),
                now,
            )
        chosen, steps = routes.find(site, ask.one("route") or None)
    except Problem:
        return None
    chosen_hours = typed["window"] or site.window
    if urgent or chosen.urgent:
        chosen_hours = typed["window"] or ALL_DAY
        steps = tuple(replace(s, window=None) for s in steps)
    nights = hours.vendor_hours(site, URGENT if urgent or chosen.urgent else ORDINARY)
    return periods.of_route(now, typed["expires_after"], chosen_hours, steps, 0, nights)


def _filled(form: Form) -> dict[str, set[str]]:
    """A form without what is empty, to see whether two say the same."""
    found = {name: {v.strip() for v in values} - {""} for name, values in form.items()}
    return {name: values for name, values in found.items() if values}


def _route(ask: Ask) -> dict[str, tuple[str, ...]]:
    return {"route": (ask.one("route"),)} if ask.one("route") else {}


def _chosen(tx: Tx, audience: Audience) -> int:
    """About how many are chosen: the preview says exactly who, and who is left out."""
    wanted, people = set(audience.residential_groups), headcounts.of(tx)
    total: int = sum(g["people"] for g in groups.listed(tx) if g["name"] in audience.groups)
    for ward in areas.seen_wards(tx):
        if ward.name in audience.wards or "all" in audience.wards:
            counted = people.get(ward.id, {})
            inside = [a.id for a in areas.groups_of(tx, ward.id).values() if a.name in wanted]
            total += sum(counted.get(i, 0) for i in inside) if wanted else sum(counted.values())
    return total


def forget(ask: Ask) -> Answer:
    """What was typed and not saved is not wanted."""
    form = ask.where.removesuffix("/forget")
    with ask.begin() as tx:
        if "number" in ask.path:
            broadcasts.get(tx, ask.number())
        kept_forms.forget(tx, ask.person.person_id or 0, form)
    return Go(form)


PAGES: list[Page] = [
    reads("/broadcasts/new", choose_text, WRITING),
    reads("/broadcasts/new/{template}", new, WRITING),
    changes("/broadcasts/new/{template}", create),
    asks("/broadcasts/new/{template}/along", along),
    asks("/broadcasts/new/{template}/forget", forget),
    reads("/broadcasts/{number}/edit", edit, WRITING),
    changes("/broadcasts/{number}/edit", save),
    asks("/broadcasts/{number}/edit/along", along),
    asks("/broadcasts/{number}/edit/forget", forget),
]
