"""The words of a broadcast joined from their parts: frozen template, senders, gateways, rules.

Comes from: a stored version and the settings.   Goes to: planning, as renderers and remarks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import BroadcastWords, registrations
from dispatcher.config import Site
from dispatcher.db.broadcasts import texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.contacts import areas
from dispatcher.db.database import Tx
from dispatcher.domain import law
from dispatcher.domain.model import Channel, Kind, Step, Text
from dispatcher.domain.phone import CARRIERS
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.sms import measure
from dispatcher.i18n import Say
from dispatcher.templating import Field, Template


def ward_names(site: Site) -> list[str]:
    """The wards that have a sender of their own."""
    return [w for wards, _ in site.senders.values() for w in wards if w != "all"]


def house(site: Site) -> templating.House:
    """What the texts of a site may name: its senders and its own numbers."""
    senders = tuple((s.name, s.brandname) for _, s in site.senders.values())
    return templating.House(senders, frozenset(site.numbers))


def frozen(site: Site, tx: Tx, broadcast: Broadcast) -> Template:
    """The template as it was when the broadcast was written."""
    name, _, source = texts.source_of(tx, broadcast.template_version_id)
    return templating.parse(name, source, site.root / "templates")


def reworded(
    site: Site,
    tx: Tx,
    broadcast: Broadcast,
    fields: Mapping[str, str],
    phrases: Sequence[tuple[str, str]],
) -> tuple[dict[str, str], int]:
    """The blanks and the version of a broadcast with other values and phrases (old, new).

    A phrase that stands nowhere in the texts is a problem; so is wording that is no template.
    """
    name, _, source = texts.source_of(tx, broadcast.template_version_id)
    _, head, body = source.split("+++", 2)
    for old, new in phrases:
        if not old or old not in body:
            raise refused(
                "no-such-phrase",
                Say("“{old}” is nowhere in the texts of {name}.", old=old, name=name),
            )
        body = body.replace(old, new)
    template = templating.parse(name, f"+++{head}+++{body}", site.root / "templates")
    filled = templating.fill(template, {**broadcast.fields, **fields})
    return dict(filled), texts.version(tx, template.name, template.digest, template.source)


def _wards(tx: Tx, broadcast: Broadcast) -> list[str]:
    names = areas.names(tx)
    return [names[w] for w in broadcast.senders if w in names]


def release_words(site: Site, tx: Tx, broadcast: Broadcast) -> BroadcastWords:
    """The frozen template of a broadcast as renderers, one per step."""
    template = frozen(site, tx, broadcast)
    blocks = [template.block_for(s.channel, s.accented) for s in broadcast.route]
    writers = [templating.Writer(template, b) if b else None for b in blocks]

    def render(step: int, values: Mapping[str, Any]) -> Text | None:
        writer = writers[step]
        if writer is None:
            return None
        text = writer.text(values)
        if broadcast.route[step].channel is Channel.SMS and law.is_advertising(broadcast.kind):
            return replace(text, body=law.labelled(text.body, broadcast.kind))
        return text

    def gaps(step: int, values: Mapping[str, Any]) -> tuple[str, ...]:
        block = blocks[step]
        return templating.gaps(block, values) if block else ()

    limits = tuple(_limit(site, template, broadcast.kind, step) for step in broadcast.route)
    return BroadcastWords(render, tuple(b.scope if b else None for b in blocks), gaps, limits)


def _limit(site: Site, template: Template, kind: Kind, step: Step) -> planning.Limit:
    """What the gateways of a step take."""
    if step.channel is Channel.ZALO:
        return planning.Limit(values=template.zns.get("longest", {}))
    profiles = [site.gateways[g].profile for g in step.gateways if g in site.gateways]
    return planning.Limit(tuple(profiles), kind is Kind.PROMOTION)


def registration_states(
    site: Site, tx: Tx, broadcast: Broadcast, seen: planning.Preview, today: date
) -> tuple[registrations.RegistrationState, ...]:
    """What the vendors have said to the texts of a broadcast, per network."""
    if not any(g.registered for g in site.gateways.values()):
        return ()
    template = frozen(site, tx, broadcast)
    wards = _wards(tx, broadcast)
    values = templating.Sample(max(wards, key=len, default="")).values(template, broadcast.fields)
    written = {n: templating.render(template, b, values).body for n, b in template.blocks.items()}
    found = registrations.registration_states(
        tx, site, template, broadcast.route, written, seen.by_network, today
    )
    return tuple(found)


def check_words(site: Site, template: Template, fields: Mapping[str, str], today: date) -> None:
    """Refuses a text that a schedule would send again and again and that must not be sent once."""
    filled = templating.fill(template, fields)
    for remark in templating.check(template, ward_names(site), house(site), today, filled or None):
        if remark.severity == "block":
            raise refused(
                "text-blocked",
                Say(
                    "{name}.j2:{line} ({rule}): {message}",
                    name=template.name,
                    line=remark.line,
                    rule=remark.rule,
                    message=remark.message,
                ),
            )


@dataclass(frozen=True)
class Typed:
    """One form of a text while it is typed. `dong`: the most for one person, 0 unknown."""

    form: str  # sms | sms_accented | zalo
    body: str
    characters: int
    parts: int
    dong: int


@dataclass(frozen=True)
class TextReading:
    """How a text reads so far."""

    texts: tuple[Typed, ...]
    remarks: tuple[planning.Remarked, ...]
    problem: Problem | None = None  # why it cannot be read yet


def as_typed(
    site: Site,
    tx: Tx,
    template: Template,
    fields: Mapping[str, str],
    wards: Sequence[str],
    today: date,
) -> TextReading:
    """A text with blanks partly filled: those still empty show their label in brackets."""
    shown = {
        name: fields.get(name) or _stand_in(template, blank)
        for name, blank in template.fields.items()
    }
    sample = templating.Sample(max(wards, key=len, default="") or templating.Sample().ward)
    prices = texts.price_list(tx, today)
    try:
        found = [
            _typed(template, form, sample.values(template, shown), prices)
            for form in template.blocks
            if form != templating.LOUDSPEAKER
        ]
        checked = templating.check(template, wards or ward_names(site), house(site), today, shown)
    except Problem as problem:
        return TextReading((), (), problem)
    still_empty = {n for n, f in template.fields.items() if f.required and not fields.get(n)}
    return TextReading(
        tuple(found),
        tuple(planning.Remarked(r.rule, r.severity, r.message) for r in checked)
        if not still_empty
        else (),
    )


def _stand_in(template: Template, blank: Field) -> str:
    tried = templating.example(template, blank)
    return tried if tried.isdigit() else (f"[{blank.label}]" if blank.required else "")


def _typed(template: Template, form: str, values: Mapping[str, Any], prices: texts.Prices) -> Typed:
    channel = "zalo" if form == "zalo" else "sms"
    body = templating.render(template, template.blocks[form], values).body
    if channel == "sms":
        body = law.labelled(body, template.kind) if law.is_advertising(template.kind) else body
    measured = measure(body)
    parts = 1 if channel == "zalo" else measured.parts
    dearest = max(
        (
            texts.price(prices, channel, carrier, template.kind)
            for carrier in (None, *set(CARRIERS.values()))
        ),
    )
    return Typed(form, body, measured.length, parts, parts * dearest)


def remarks(site: Site, tx: Tx, broadcast: Broadcast, today: date) -> tuple[planning.Remarked, ...]:
    """What is to be said of the frozen text with the officer's values in it."""
    template = frozen(site, tx, broadcast)
    needed = {b.name for s in broadcast.route if (b := template.block_for(s.channel, s.accented))}
    template = replace(template, blocks={n: b for n, b in template.blocks.items() if n in needed})
    house_ = templating.House(
        tuple((s.name, s.brandname) for s in broadcast.senders.values()),
        frozenset(site.numbers),
    )
    wards = _wards(tx, broadcast)
    return tuple(
        planning.Remarked(r.rule, r.severity, r.message)
        for r in templating.check(template, wards, house_, today, broadcast.fields)
    )
