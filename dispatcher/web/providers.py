"""Gateways: how they are, set up, paused and resumed."""

from __future__ import annotations

from dispatcher.db.queue import gateways
from dispatcher.domain import rights
from dispatcher.domain.model import Mode, Role
from dispatcher.domain.problems import Problem
from dispatcher.usecases import accounts, alarms
from dispatcher.web import troubles
from dispatcher.web.ask import Answer, Ask, Go, Shown
from dispatcher.web.guard import Page, changes, reads
from dispatcher.worker.adapters import callback_path

ADMINS = (Role.ADMIN,)


def providers(ask: Ask) -> Answer:
    with ask.read() as tx:
        states, health = gateways.states(tx), alarms.gateways(ask.app, tx)
        odd = alarms.odd_reports(ask.app, tx)
    told = troubles.listed(health.values(), ask.app.clock())
    found = [{**states.get(g["name"], {}), "adapter": ask.app.site.gateways[g["name"]].adapter,
              "odd": alarms.of_no_use(odd[g["name"]]) if g["name"] in odd else None, **g}
             for g in told]  # fmt: skip
    return Shown("gateways.html", {"found": found, "whole": ask.person.wards is None})


def _gateway(ask: Ask) -> str:
    name = ask.path["name"]
    if name not in ask.app.site.gateways:
        raise Problem("unknown-gateway", "Không có nhà cung cấp này.", "No such gateway.")
    return name


def provider(ask: Ask) -> Answer:
    """One account, for who sets it up: what is missing, where it reports to, what it answers."""
    name = _gateway(ask)
    rights.need_site(ask.person, "thiết lập nhà cung cấp", "set up a gateway")
    app, checked = ask.app, None
    if ask.form:
        checked = accounts.checked(app, name, ask.language)
    path = callback_path(app, name)
    with ask.read() as tx:
        odd = alarms.odd_reports(app, tx).get(name)
        [health] = troubles.listed([alarms.gateways(app, tx)[name]], app.clock())
    return Shown(
        "gateway.html",
        {"health": health, "odd": alarms.of_no_use(odd) if odd else None,
         "g": app.site.gateways[name], "checked": checked, "live": app.site.mode is Mode.LIVE,
         "callback": app.site.public_url + path if app.site.public_url else "",
         "block": accounts.to_write(app.site.gateways[name].adapter, name)},
    )  # fmt: skip


def new_provider(ask: Ask) -> Answer:
    """What to write into the settings for an account at one of the vendors we know."""
    rights.need_site(ask.person, "thiết lập nhà cung cấp", "set up a gateway")
    blocks = {adapter: accounts.to_write(adapter, adapter) for adapter in accounts.SET_UP}
    return Shown("new-gateway.html", {"blocks": blocks})


def pause_gateway(ask: Ask) -> Answer:
    name = _gateway(ask)
    rights.need_site(ask.person, "tạm dừng nhà cung cấp", "pause a gateway", rights.WRITERS)
    with ask.begin() as tx:
        gateways.pause(tx, name, "person")
    return Go("/gateways")


def resume_gateway(ask: Ask) -> Answer:
    name = _gateway(ask)
    rights.need_site(ask.person, "cho nhà cung cấp chạy lại", "resume a gateway")
    with ask.begin() as tx:
        gateways.resume(tx, name)
    return Go("/gateways")


PAGES: list[Page] = [
    reads("/gateways", providers),
    reads("/gateways/new", new_provider, ADMINS),
    reads("/gateways/{name}", provider, ADMINS),
    changes("/gateways/{name}", provider, ADMINS),
    changes("/gateways/{name}/pause", pause_gateway),
    changes("/gateways/{name}/resume", resume_gateway, ADMINS),
]
