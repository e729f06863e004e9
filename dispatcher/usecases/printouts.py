"""Sheets for the heads of residential groups: what to read out or pass on, and whom to call.

Where the network is down the printed sheet is the way; where it is not, heads forward the text and
the picture into the group's Zalo and the officer ticks it off.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dispatcher import templating
from dispatcher.broadcasts.application import App
from dispatcher.db.broadcasts import broadcasts, files, forwards, texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.emergencies import Emergency
from dispatcher.db.contacts import areas, contact_lists, groups
from dispatcher.db.contacts.contact_lists import Within
from dispatcher.db.database import Tx
from dispatcher.domain import rights
from dispatcher.domain.areas import natural_key
from dispatcher.domain.model import Mode
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say, Spoken, pgettext
from dispatcher.reports import reporting
from dispatcher.usecases import urgent
from dispatcher.usecases.context import Context

FORMS = ("zalo", "sms_accented", "sms")  # what reads best first


@dataclass(frozen=True)
class GroupHeads:
    """One residential group with its heads: (name, phone)."""

    group_id: int
    name: str
    heads: tuple[tuple[str, str], ...]


def group_heads(app: App, tx: Tx, wards: Iterable[int]) -> dict[int, list[GroupHeads]]:
    """The residential groups of each ward, in order, with their heads.

    Heads are the people of the group named by `[areas] heads`.
    """
    known = groups.by_key(tx)
    group = known.get(folded(app.site.heads))
    people = (
        contact_lists.list_contacts(tx, within=Within(group=group[0]), limit=10_000, numbers=True)
        if group
        else []
    )
    by_place: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for person in people:
        phones = [str(p) for p in person["phones"]]
        place = (person["ward"], person["residential_group"] or "")
        by_place.setdefault(place, []).append((person["name"], ", ".join(phones)))
    names = areas.names(tx)
    found = {}
    for ward in wards:
        units = sorted(areas.groups_of(tx, ward).values(), key=lambda a: natural_key(a.name))
        seen = {u.id: u for u in units}.values()
        found[ward] = [
            GroupHeads(u.id, u.name, tuple(by_place.get((names[ward], u.name), ()))) for u in seen
        ]
    return found


def fallback(context: Context, emergency: Emergency, wards: Iterable[int]) -> str:
    """The sheet for a night without network: what is read out, and the phones of the heads."""
    app = context.app
    with context.begin() as tx:
        names = areas.names(tx)
        found = group_heads(app, tx, wards)
        pages = [
            _page_of(names[w], urgent.loudspeaker(app, tx, emergency, names[w]), found[w], ())
            for w in found
        ]
        tx.note("printed", "emergency", emergency.id, groups=sum(len(p) for p in found.values()))
    return reporting.sheet(emergency.title, app.site.name, pages, _words(True), drill=_drill(app))


def share(context: Context, number: int) -> str:
    """The sheet to pass on: text and pictures, one residential group a line, ticked if done."""
    app, actor = context.app, context.actor
    with context.act("share", "broadcast", number) as tx:
        rights.need(actor, rights.WRITERS, Say("print phone numbers"))
        broadcast = broadcasts.get(tx, number)
        done = forwards.passed_on(tx, broadcast.id)
        names = areas.names(tx)
        mine = [w for w in broadcast.senders if actor.wards is None or w in actor.wards]
        found = group_heads(app, tx, mine)
        pages = [
            _page_of(names[w], _text(app, tx, broadcast, names[w]), found[w], done) for w in found
        ]
        pictures = [_picture(tx, a) for a in files.attached(tx, broadcast.id)]
        tx.note("printed", "broadcast", broadcast.id, groups=sum(len(p) for p in found.values()))
    return reporting.sheet(
        broadcast.title, app.site.name, pages, _words(False), pictures=pictures, drill=_drill(app)
    )


def _drill(app: App) -> bool:
    return app.site.mode is Mode.DRILL


def _words(fallback_: bool) -> Spoken:
    if fallback_:
        return Say("Sheet for when the network is down")
    return pgettext("head of group", "Sheet to pass on")


def _page_of(ward: str, text: str, found: list[GroupHeads], done: Iterable[int]) -> dict[str, Any]:
    ticked = set(done)
    return {
        "ward": ward,
        "text": text,
        "places": [{"name": p.name, "heads": p.heads, "done": p.group_id in ticked} for p in found],
    }


def _text(app: App, tx: Tx, broadcast: Broadcast, ward: str) -> str:
    """The accented text of a broadcast as residents of a ward read it; nobody is named in it."""
    name, _, source = texts.source_of(tx, broadcast.template_version_id)
    template = templating.parse(name, source, app.templates)
    block = next((template.blocks[f] for f in FORMS if f in template.blocks), None)
    if block is None:
        return ""
    sample = templating.Sample(ward, "ông/bà", "tổ dân phố")
    return templating.render(template, block, sample.values(template, broadcast.fields)).body


def _picture(tx: Tx, attachment: files.Attachment) -> dict[str, str]:
    kind, content = files.content(tx, attachment.file_id)
    data = base64.b64encode(content).decode() if attachment.is_image else ""
    return {"name": attachment.name, "data": f"data:{kind};base64,{data}" if data else ""}
