"""An officer's choices, and what an approval covers to the letter."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from dispatcher.db.broadcasts import files, stored_routes, texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.trail import canonical
from dispatcher.domain.model import URGENT, Audience, Text, Window
from dispatcher.domain.sms import Measure, Profile, measure

Values = Mapping[str, Any]
Render = Callable[[int, Values], Text | None]  # (step, values) → text, None: no block


@dataclass(frozen=True)
class BroadcastWords:
    """What templating hands to planning: one renderer, and what each step's text depends on.

    `gaps`: what a person lacks that the text of a step prints. `limits`: what gateways take.
    """

    render: Render
    scopes: tuple[str | None, ...]  # per step: site, ward, group, contact; None: no text
    gaps: Callable[[int, Values], tuple[str, ...]] = lambda step, values: ()
    limits: tuple[Limit, ...] = ()  # per step; empty: nothing is known

    def count(self, step: int, text: str) -> Measure:
        """Parts as the gateways of a step bill them."""
        return self.limits[step].measure(text) if self.limits else measure(text)


@dataclass(frozen=True)
class Limit:
    """How the gateways of a step count, what they forbid, and the longest vendor values."""

    profiles: tuple[Profile, ...] = ()  # of SMS gateways
    promotion: bool = False
    values: Mapping[str, int] = field(default_factory=dict)

    def measure(self, text: str) -> Measure:
        """By the gateway of the step that bills most."""
        found = [p.measure(text, promotion=self.promotion) for p in self.profiles]
        return max(found, key=lambda m: m.parts) if found else measure(text)

    @property
    def parts(self) -> int | None:
        return min((p.most for p in self.profiles), default=None)

    @property
    def forbidden(self) -> str:
        return "".join(dict.fromkeys("".join(p.forbidden for p in self.profiles)))

    def over(self, found: Measure) -> int:
        """Characters to take away until a text is a part less; 0 for one part."""
        if found.parts < 2 or not self.profiles:
            return 0
        tables = [p.table(found.encoding, promotion=self.promotion) for p in self.profiles]
        return max(1, found.length - min(t.most(found.parts - 1) for t in tables))


@dataclass(frozen=True)
class NewBroadcast:
    """What somebody wants to send: `template` and `route` by name, None for the usual route.

    `window` None: the hours of the site. `despite`: why it goes out at noon too.
    """

    template: str
    audience: Audience
    route: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    document: str = ""
    paper: Mapping[str, str] = field(default_factory=dict)  # what is known of that document
    expires_after: timedelta = timedelta(hours=6)
    window: Window | None = None
    despite: str = ""
    accented: bool = False
    rather_twice: bool = False
    urgent: bool = False


def digest(tx: Tx, broadcast: Broadcast) -> str:
    """What an approval covers, to the letter."""
    name, version, _ = texts.source_of(tx, broadcast.template_version_id)
    covered = {
        "template": [name, version],
        "fields": dict(broadcast.fields),
        "audience": broadcast.audience.as_json(),
        "kind": broadcast.kind.value,
        "route": [
            [
                s.gateway,
                s.channel.value,
                str(s.deadline),
                s.accented,
                *[True] * s.later_goes_on,
                *[rare for rare in [stored_routes.rare_of(s)] if rare],
            ]
            for s in broadcast.route
        ],
        "senders": {str(w): [s.name, s.brandname] for w, s in broadcast.senders.items()},
        "window": str(broadcast.window),
        "mode": broadcast.mode.value,
        "expires_after": broadcast.expires_after.total_seconds(),
        "rather_twice": broadcast.rather_twice,
        "document": broadcast.document,
        "ceiling": [broadcast.ceiling_people, broadcast.ceiling_dong],
    }
    if broadcast.correction_of is not None:
        covered["corrects"] = broadcast.correction_of
    attached = files.attached(tx, broadcast.id)
    if attached:
        covered["attachments"] = [[a.name, a.digest] for a in attached]
    if broadcast.paper:
        covered["paper"] = dict(broadcast.paper)
    if broadcast.priority == URGENT:
        covered["urgent"] = True
    return hashlib.sha256(canonical(covered).encode()).hexdigest()
