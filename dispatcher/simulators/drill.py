"""What a drill has instead of vendors: twins of its own, signed in to and told where we are."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any

from dispatcher.broadcasts.application import App
from dispatcher.db.queue import gateways
from dispatcher.domain.model import SYSTEM, Mode
from dispatcher.worker.adapters import callback_path, given_twins


def own_twins(app: App) -> tuple[Any, dict[str, str]]:
    """In a drill without twins of its own: start them. (the child or None, gateway → URL)."""
    if given := given_twins():
        return None, given
    wanted = {n: g.adapter for n, g in app.site.gateways.items() if g.adapter != "outbox"}
    if app.site.mode is not Mode.DRILL or not wanted:
        return None, {}
    from dispatcher.simulators.vendors.server import start

    child = start(sorted(set(wanted.values())))
    return child, {name: child.base(adapter) for name, adapter in wanted.items()}


def sign_in_to_twins(app: App, twins: Mapping[str, str]) -> None:
    """A drill's Official Account is granted tokens by its own twin."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for name, base in twins.items():
        if app.site.gateways[name].adapter != "zalo":
            continue
        with opener.open(
            urllib.request.Request(f"{base}/_twin/grant", b"{}"), timeout=30
        ) as answer:
            pair = json.load(answer)
        with app.store.begin(SYSTEM, app.clock()) as tx:
            gateways.put_tokens(tx, name, pair["access_token"], pair["refresh_token"], 90_000)


def tell_twins_where(app: App, twins: Mapping[str, str], public: str) -> None:
    """Tell the twins of vendors with one webhook per account where it is."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for name, base in twins.items():
        if app.site.gateways[name].adapter not in ("zalo", "speedsms"):
            continue
        body = json.dumps({"url": public + callback_path(app, name)}).encode()
        opener.open(urllib.request.Request(f"{base}/_twin/webhook", body), timeout=30).close()
