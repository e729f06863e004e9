"""Accounts at vendors as an admin sets them up: what is missing, what to write, what they answer.

Comes from: the settings and, in live, the vendor.   Goes to: `gateways check` and the console.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from dispatcher.broadcasts.app import App
from dispatcher.db.queue import gateways, health
from dispatcher.domain import outages
from dispatcher.domain.model import SYSTEM, Fault, Mode
from dispatcher.domain.outages import Health, State
from dispatcher.domain.problems import Problem, Say
from dispatcher.gateways import adapter_module, adapter_tables
from dispatcher.gateways.contract import KnowsBalance, KnowsSenders, KnowsStanding, Refused
from dispatcher.simulators.drill import given_twins
from dispatcher.usecases import alarms
from dispatcher.worker import adapters

SET_UP = ("esms", "zalo", "kannel", "speedsms", "viettel", "vnpt")  # `http` is described by hand


def checked(app: App, name: str, language: str) -> dict[str, Any]:
    """One gateway (a known one): gateway, ok, settings or message, state, since; `reached` (None:
    nobody connected); in live balance and not_registered (senders its vendor does not know) too.

    In live the vendor's host is connected to and, where it has a harmless question, asked; in a
    drill a twin that runs. What that shows is written down.
    """
    live, twin = app.site.mode is Mode.LIVE, given_twins().get(name)
    found: dict[str, Any] = {"gateway": name, "ok": True, "reached": None}
    try:
        options = adapters.adapter_options(
            app.site, app.site.gateways[name], None if live else twin or "http://127.0.0.1"
        )
        found["settings"] = sorted(options)
        if live or (twin is not None and app.site.mode is Mode.DRILL):
            found |= asyncio.run(_answers(app, name, options))
    except Problem as problem:
        found |= {"ok": False, "message": problem.to(language)}
    trouble = found.pop("trouble", None)
    if found["reached"] is not None:
        _write_down(app, name, trouble, asked=bool(found.pop("asked", False)))
    with app.store.read(SYSTEM) as tx:
        now, odd = alarms.gateways(app, tx)[name], alarms.odd_reports(app, tx).get(name)
    found |= now.as_json()
    if odd is not None:
        found["odd_reports"] = odd
    if isinstance(trouble, Refused):
        found["fault"] = _state_of(trouble).value
        found["message"] = _words(name, trouble, app).to(language)
    return found


async def _answers(app: App, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What connecting shows, and what a live account says of itself: its balance, and sender names
    it does not know."""
    live = app.site.mode is Mode.LIVE
    gateway = adapters.build_gateway(app, name, adapters.Doors(given_twins()), None)
    module = adapter_module(app.site.gateways[name].adapter)
    place = str(options.get("base_url") or getattr(module, "BASE_URL", ""))
    found: dict[str, Any] = {"ok": True}
    wire = getattr(gateway, "_wire", None)  # the outbox has none
    try:
        if wire is not None and place:
            gone = await wire.reach(place)
            found["reached"] = gone is None
            if gone is not None:
                trouble = Refused(Fault.BUSY, gone.what, unreached=True)
                return {"ok": False, "reached": False, "trouble": trouble}
        if live and isinstance(gateway, KnowsBalance | KnowsStanding):
            known = isinstance(gateway, KnowsBalance)
            answer = await (gateway.balance() if known else gateway.standing())  # type: ignore[union-attr]
            if isinstance(answer, Refused):
                return {"ok": False, "reached": not answer.unreached, "trouble": answer}
            found |= {"asked": True, "balance" if known else "standing": answer}
        if live and isinstance(gateway, KnowsSenders):
            senders = await gateway.senders()
            if not isinstance(senders, Refused):
                ours = {s.brandname for _, s in app.site.senders.values() if s.brandname}
                found["not_registered"] = sorted(ours - {sender for sender, _ in senders})
    finally:
        if wire is not None:
            await wire.close()
    return found


def _state_of(trouble: Refused) -> State:
    """What a refused question says of a gateway."""
    if trouble.unreached:
        return State.UNREACHABLE
    match trouble.fault:
        case Fault.BUSY | Fault.LATER:
            return State.THROTTLED
        case Fault.UNKNOWN:
            return State.UNREADABLE
        case _:
            return State.ACCOUNT


def _words(name: str, trouble: Refused, app: App) -> Say:
    """What is wrong and what to do: the vendor's own words beside ours."""
    state, now = _state_of(trouble), app.clock()
    told = outages.told(Health(name, state, now, trouble.code), now)
    if not trouble.detail:
        return told
    return Say(f"{told.vi} ({trouble.detail})", f"{told.en} ({trouble.detail})")


def _write_down(app: App, name: str, trouble: Refused | None, *, asked: bool) -> None:
    """Keep what a check shows: a trouble, or that one is over. Whether messages are taken again is
    shown by messages alone: until then nobody knows."""
    with app.begin(SYSTEM)() as tx:
        tx.act = "checked"
        heard = gateways.states(tx).get(name, {}).get("health")
        if trouble is not None:
            state = _state_of(trouble)
            if state is not State.ACCOUNT and heard != state.value:
                health.write(tx, name, state.value, tx.now, trouble.code)
        elif asked and heard in (None, State.UNREACHABLE.value):
            health.write(tx, name, State.OK.value, tx.now, "")
        elif heard == State.UNREACHABLE.value or (asked and heard != State.OK.value):
            health.write(tx, name, None, tx.now, "")


def to_write(adapter: str, name: str) -> str:
    """The section of dispatcher.toml an account of this kind needs; secrets by their place."""
    module = adapter_module(adapter)
    lines = [f"[gateways.{name}]", f'adapter = "{adapter}"']
    for key in getattr(module, "REQUIRED", ()):
        lines.append(f"{key} = " + ('{ "*" = "" }' if key in adapter_tables(adapter) else '""'))
    for key in module.SECRETS:
        place = f"{name}_{key}".replace("-", "_").upper()
        lines.append(f'{key} = {{ env = "{place}" }}')
    return "\n".join(lines)
