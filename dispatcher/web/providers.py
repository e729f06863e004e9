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
from dispatcher.web import alarms, steps
from dispatcher.web.middleware import PageRoute, button, reads
from dispatcher.web.request import Answer, Page, PageRequest, Redirect

ADMINS = (Role.ADMIN,)


def providers(request: PageRequest) -> Answer:
    found = gateways.list_gateways(request.context)
    told = alarms.gateway_lines([g.health for g in found], request.app.clock())
    shown = [
        {"adapter": g.adapter, "paused": g.paused, "odd": g.reports_said, **said}
        for g, said in zip(found, told, strict=True)
    ]
    return Page("gateways.html", {"found": shown, "whole": request.person.wards is None})


def provider(request: PageRequest) -> Answer:
    """One account, for who sets it up: what is missing, where it reports to, what it answers."""
    return _provider(request, None)


def check_provider(request: PageRequest) -> Answer:
    """The same, once its vendor was asked."""
    name = request.path["name"]
    gateways.set_up(request.context, name)
    seen = gateways.checked(request.context, name)
    message = _message(seen, request.app.clock()).to(request.language)
    return _provider(request, {**seen.found, "message": message})


def _provider(request: PageRequest, checked: Mapping[str, Any] | None) -> Answer:
    found = gateways.set_up(request.context, request.path["name"])
    [health] = alarms.gateway_lines([found.now.health], request.app.clock())
    return Page(
        "gateway.html",
        {
            "health": health,
            "odd": found.now.reports_said,
            "g": found.now,
            "checked": checked,
            "live": request.app.site.mode is Mode.LIVE,
            "callback": found.callback,
            "block": found.to_write,
        },
    )


def _message(seen: CheckedGateway, now: datetime) -> Spoken:
    """What a check shows to be wrong, and what to do."""
    if seen.trouble is not None:
        return seen.beside_the_vendors_words(
            outages.alarm_sentence(seen.trouble, steps.remedy(seen.trouble, now))
        )
    return with_step(seen.problem, steps.STEPS) if seen.problem is not None else NOTHING


def new_provider(request: PageRequest) -> Answer:
    """What to write into the settings for an account at one of the vendors we know."""
    return Page("new-gateway.html", {"blocks": gateways.new_ones(request.context)})


def pause_gateway(request: PageRequest) -> Answer:
    gateways.pause(request.context, request.path["name"])
    return Redirect("/gateways")


def resume_gateway(request: PageRequest) -> Answer:
    gateways.resume(request.context, request.path["name"])
    return Redirect("/gateways")


PAGES: list[PageRoute] = [
    reads("/gateways", providers),
    reads("/gateways/new", new_provider, ADMINS),
    reads("/gateways/{name}", provider, ADMINS),
    button("/gateways/{name}", check_provider, ADMINS),
    button("/gateways/{name}/pause", pause_gateway),
    button("/gateways/{name}/resume", resume_gateway),
]
