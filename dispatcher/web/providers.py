"""Gateways: how they are, set up, paused and resumed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dispatcher.domain import outages
from dispatcher.domain.model import Mode, Role
from dispatcher.domain.problems import with_step
from dispatcher.i18n import NOTHING, Spoken
from dispatcher.usecases import gateways
from dispatcher.usecases.gateways import CheckedGateway
from dispatcher.web import steps, troubles
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.guard import Page, button, reads

ADMINS = (Role.ADMIN,)


def providers(ask: Ask) -> Answer:
    found = gateways.listed(ask.context)
    told = troubles.listed([g.health for g in found], ask.app.clock())
    shown = [
        {"adapter": g.adapter, "paused": g.paused, "odd": g.reports_said, **said}
        for g, said in zip(found, told, strict=True)
    ]
    return Shown("gateways.html", {"found": shown, "whole": ask.person.wards is None})


def provider(ask: Ask) -> Answer:
    """One account, for who sets it up: what is missing, where it reports to, what it answers."""
    return _provider(ask, None)


def check_provider(ask: Ask) -> Answer:
    """The same, once its vendor was asked."""
    name = ask.path["name"]
    gateways.set_up(ask.context, name)
    seen = gateways.checked(ask.context, name)
    message = _message(seen, ask.app.clock()).to(ask.language)
    return _provider(ask, {**seen.found, "message": message})


def _provider(ask: Ask, checked: Mapping[str, Any] | None) -> Answer:
    found = gateways.set_up(ask.context, ask.path["name"])
    [health] = troubles.listed([found.now.health], ask.app.clock())
    return Shown(
        "gateway.html",
        {
            "health": health,
            "odd": found.now.reports_said,
            "g": found.now,
            "checked": checked,
            "live": ask.app.site.mode is Mode.LIVE,
            "callback": found.callback,
            "block": found.to_write,
        },
    )


def _message(seen: CheckedGateway, now: datetime) -> Spoken:
    """What a check shows to be wrong, and what to do."""
    if seen.trouble is not None:
        return seen.beside_the_vendors_words(
            outages.told(seen.trouble, steps.remedy(seen.trouble, now))
        )
    return with_step(seen.problem, steps.STEPS) if seen.problem is not None else NOTHING


def new_provider(ask: Ask) -> Answer:
    """What to write into the settings for an account at one of the vendors we know."""
    return Shown("new-gateway.html", {"blocks": gateways.new_ones(ask.context)})


def pause_gateway(ask: Ask) -> Answer:
    gateways.pause(ask.context, ask.path["name"])
    return Go("/gateways")


def resume_gateway(ask: Ask) -> Answer:
    gateways.resume(ask.context, ask.path["name"])
    return Go("/gateways")


PAGES: list[Page] = [
    reads("/gateways", providers),
    reads("/gateways/new", new_provider, ADMINS),
    reads("/gateways/{name}", provider, ADMINS),
    button("/gateways/{name}", check_provider, ADMINS),
    button("/gateways/{name}/pause", pause_gateway),
    button("/gateways/{name}/resume", resume_gateway),
]
