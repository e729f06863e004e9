"""Which texts the vendors let through today: registered themselves, or fitting a registered frame.

Comes from: what was handed in and what came back.   Goes to: the preview, reminders, the dossier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from dispatcher import templating
from dispatcher.config import Site
from dispatcher.db.broadcasts import registrations
from dispatcher.db.broadcasts.registrations import Registration
from dispatcher.db.database import Tx
from dispatcher.domain.model import Registered, Step
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say, Spoken, pgettext
from dispatcher.templating import Block, Frame, Template

FORMS = ("sms", "sms_accented", "zalo")
AHEAD = timedelta(days=60)  # reminders before a name, a contract or a registration ends
_BEST = (
    Registered.APPROVED,
    Registered.SUBMITTED,
    Registered.CHANGED,
    Registered.EXPIRED,
    Registered.REJECTED,
    Registered.NONE,
)
WORDS: dict[Registered, Spoken] = {
    Registered.NONE: Say("not registered"),
    Registered.SUBMITTED: Say("handed in"),
    Registered.APPROVED: pgettext("by", "approved"),
    Registered.REJECTED: Say("rejected"),
    Registered.EXPIRED: pgettext("validity", "expired"),
    Registered.CHANGED: Say("edited after it was handed in"),
}


@dataclass(frozen=True)
class RegistrationState:
    """One network of one step: what its text is worth there today, and for how many people."""

    gateway: str
    form: str
    carrier: str
    template: str  # itself, or the frame it fits
    state: Registered
    people: int

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "state": self.state.value}


def frames(folder: Path, form: str) -> Iterator[tuple[str, Frame]]:
    """The frames of a site that have this form."""
    for name in templating.template_files(folder):
        if name.startswith(templating.FRAMES):
            template = templating.load(folder, name)
            if form in template.blocks:
                yield name, templating.frame(template, template.blocks[form])


def registration_states(
    tx: Tx,
    site: Site,
    template: Template,
    route: tuple[Step, ...],
    texts: Mapping[str, str],
    by_network: Mapping[tuple[str, str], int],
    today: date,
) -> list[RegistrationState]:
    """Per step that wants registered texts and per network. `texts`: block → one written text."""
    found = []
    for step in route:
        block = template.block_for(step.channel, step.accented)
        wanting = [g for g in step.gateways if g in site.gateways and site.gateways[g].registered]
        if block is None or not wanting:
            continue
        for gateway in wanting:
            held = registrations.list_registrations(tx, gateway)
            known = list(_candidates(site.root / "templates", template, block, texts[block.name]))
            for (channel, carrier), people in sorted(by_network.items()):
                if channel == step.channel.value:
                    name, state = _best(held, known, block.name, carrier, today)
                    found.append(
                        RegistrationState(gateway, block.name, carrier, name, state, people)
                    )
    return found


def _candidates(
    folder: Path, template: Template, block: Block, text: str
) -> Iterator[tuple[str, str]]:
    """(name, digest) of the template itself and of every frame its text fits."""
    try:
        yield template.name, templating.frame(template, block).digest
    except Problem:
        yield template.name, ""
    for name, frame in frames(folder, block.name):
        if name != template.name and frame.fits(text):
            yield name, frame.digest


def _best(
    held: list[Registration], known: list[tuple[str, str]], form: str, carrier: str, today: date
) -> tuple[str, Registered]:
    digests = dict(known)
    standing = [
        (r.template, r.standing(digests[r.template], today))
        for r in held
        if r.form == form and r.carrier in ("", carrier) and r.template in digests
    ]
    return min(standing, key=lambda s: _BEST.index(s[1]), default=(known[0][0], Registered.NONE))


@dataclass(frozen=True)
class ExpiringTerm:
    """Something that ends within two months, or has ended."""

    what: Spoken
    day: date


def endings(tx: Tx, site: Site, today: date) -> list[ExpiringTerm]:
    """Brandnames, contracts and registrations that end soon, the first one first."""
    found = []
    for _, sender in site.senders.values():
        who = sender.brandname or sender.name
        for day, what in (
            (sender.brandname_until, Say("brandname {who}", who=who)),
            (sender.contract_until, Say("contract of {who}", who=who)),
        ):
            if day and day <= today + AHEAD:
                found.append(ExpiringTerm(what, day))
    for r in registrations.list_registrations(tx):
        if r.until and r.until <= today + AHEAD and r.state is Registered.APPROVED:
            named = f"{r.template} ({r.gateway} {r.carrier})".replace(" )", ")")
            found.append(ExpiringTerm(Say("registered template {named}", named=named), r.until))
    return sorted(found, key=lambda e: e.day)
