"""Accounts at vendors as an admin sets them up: what is missing, what to write, what they answer.

Comes from: the settings and, in live, the vendor.   Goes to: `gateways check` and the console.
"""

from __future__ import annotations

import asyncio
from typing import Any

from dispatcher import app as joined
from dispatcher.app import App
from dispatcher.gateways import adapter_module, adapter_tables
from dispatcher.gateways.contract import KnowsBalance, KnowsSenders, Refused
from dispatcher.model import SYSTEM, Mode
from dispatcher.problems import Problem
from dispatcher.store import receipts
from dispatcher.store.database import Tx

SET_UP = ("esms", "zalo", "kannel", "speedsms", "viettel", "vnpt")  # `http` is described by hand


def odd_reports(app: App, tx: Tx) -> dict[str, dict[str, Any]]:
    """Gateways of whose reports too many are of no use just now: looked_at, of_no_use, since (of
    the alarm, ISO; None where no worker has noticed it yet)."""
    limits = {name: g.odd_reports for name, g in app.site.gateways.items()}
    since = receipts.episodes(tx)
    return {
        name: {
            "looked_at": looked,
            "of_no_use": odd,
            "since": since[name].isoformat() if name in since else None,
        }
        for name, (looked, odd) in receipts.alarms(tx, app.clock(), limits).items()
    }


def checked(app: App, name: str, language: str) -> dict[str, Any]:
    """One gateway (a known one): gateway, ok, settings or message; in live balance and
    not_registered (senders its vendor does not know) too. `reached`: False where only the vendor
    is the trouble."""
    live = app.site.mode is Mode.LIVE
    try:
        options = joined.adapter_options(
            app.site, app.site.gateways[name], None if live else "http://127.0.0.1"
        )
    except Problem as problem:
        return {"gateway": name, "ok": False, "message": problem.to(language)}
    found: dict[str, Any] = {"gateway": name, "ok": True, "settings": sorted(options)}
    with app.store.read(SYSTEM) as tx:
        odd = odd_reports(app, tx).get(name)
    if odd is not None:
        found["odd_reports"] = odd
    if live:
        try:
            found |= asyncio.run(_answers(app, name))
        except Problem as problem:
            return {"gateway": name, "ok": False, "message": problem.to(language)}
    return found


async def _answers(app: App, name: str) -> dict[str, Any]:
    """What a live account says of itself: its balance, and sender names it does not know."""
    gateway = joined.build_gateway(app, name, joined.Doors({}), None)
    found: dict[str, Any] = {"ok": True}
    try:
        if isinstance(gateway, KnowsBalance):
            answer = await gateway.balance()
            if isinstance(answer, Refused):
                said = f"{answer.fault.value} {answer.code} {answer.detail}".strip()
                return {"ok": False, "reached": False, "message": said}
            found["balance"] = answer
        if isinstance(gateway, KnowsSenders):
            known = await gateway.senders()
            if not isinstance(known, Refused):
                ours = {s.brandname for _, s in app.site.senders.values() if s.brandname}
                found["not_registered"] = sorted(ours - {sender for sender, _ in known})
    finally:
        if (wire := getattr(gateway, "_wire", None)) is not None:  # the outbox has none
            await wire.close()
    return found


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
