"""An officer's choices, and what an approval covers to the letter."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dispatcher.model import (
    ORDINARY,
    URGENT,
    Audience,
    Kind,
    Mode,
    Sender,
    Step,
    Text,
    Window,
)
from dispatcher.store import broadcasts, texts
from dispatcher.store.broadcasts import Broadcast
from dispatcher.store.database import Tx
from dispatcher.store.trail import canonical

Render = Callable[[int, Mapping[str, Any]], Text | None]  # (step, values) → text, None: no block


@dataclass(frozen=True)
class Words:
    """What templating hands to planning: one renderer, and what each step's text depends on."""

    render: Render
    scopes: tuple[str | None, ...]  # per step: site, ward, group, contact; None: no text


@dataclass(frozen=True)
class Draft:
    """An officer's choices, checked and resolved."""

    title: str
    mode: Mode
    kind: Kind
    template: tuple[str, str, str]  # name, digest, source
    fields: Mapping[str, str]
    audience: Audience
    route: tuple[Step, ...]
    senders: Mapping[int, Sender]
    window: Window
    expires_after: timedelta
    document: str = ""
    priority: int = ORDINARY
    rather_twice: bool = False
    schedule_id: int | None = None


def draft(tx: Tx, plan: Draft) -> int:
    """Store a draft; its id."""
    version = texts.version(tx, *plan.template)
    return broadcasts.create(
        tx,
        title=plan.title,
        mode=plan.mode,
        kind=plan.kind,
        template_version_id=version,
        fields=plan.fields,
        audience=plan.audience,
        route=plan.route,
        senders=plan.senders,
        document=plan.document,
        window=plan.window,
        priority=plan.priority,
        expires_after=plan.expires_after,
        schedule_id=plan.schedule_id,
        rather_twice=plan.rather_twice,
    )


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
                *[rare for rare in [broadcasts.rare_of(s)] if rare],
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
    if broadcast.priority == URGENT:
        covered["urgent"] = True
    return hashlib.sha256(canonical(covered).encode()).hexdigest()
