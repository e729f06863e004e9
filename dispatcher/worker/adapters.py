"""The gateways of a site, ready to be asked: secrets fetched, callback paths, listeners."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from dispatcher.broadcasts.app import App
from dispatcher.config import GatewaySettings, Secret, Site
from dispatcher.db.queue.tokens import StoredTokens
from dispatcher.domain.model import Mode
from dispatcher.domain.problems import Problem, settings
from dispatcher.gateways import adapter_module
from dispatcher.gateways.contract import Call, Gateway, Given, Heard
from dispatcher.i18n import Say


@dataclass(frozen=True)
class Doors:
    """Where a site's gateways are reached, and where their receipts come back."""

    twins: Mapping[str, str]  # gateway → base URL of its twin; empty when live
    callbacks: str = ""  # public base URL of the receipt door


def given_twins() -> dict[str, str]:
    """Twins that run already: gateway → URL."""
    return dict(json.loads(os.environ.get("DISPATCHER_TWINS") or "{}"))


def callback_path(app: App, gateway: str) -> str:
    """The unguessable path a vendor calls: derived from the site's key, stored nowhere.

    `callback = 2` among the gateway's settings gives another one, and the old one ends.
    """
    turn = app.site.gateways[gateway].callback
    parts = ("hook", gateway) if turn == 1 else ("hook", gateway, str(turn))
    return f"/hooks/{gateway}/{app.store.sealer.digest(*parts).hex()}"


def adapter_options(site: Site, gateway: GatewaySettings, twin: str | None) -> dict[str, Any]:
    """An adapter's settings with secrets fetched; in a drill nothing secret is touched.

    Everything that is missing is told in one problem.
    """
    options = dict(gateway.options)
    module = adapter_module(gateway.adapter)
    if twin is not None:
        secrets = {key: f"drill-{key}" for key in module.SECRETS}
        options = {k: _without_secrets(v) for k, v in options.items()}
        return {**getattr(module, "DRILL", {}), **options, **secrets, "base_url": twin,
                "oauth_url": twin, "oa_url": twin, "app_id": "drill", "drill": True}  # fmt: skip
    missing = [k for k in (*getattr(module, "REQUIRED", ()), *module.SECRETS) if k not in options]
    fetched = {key: _fetched(key, value, missing) for key, value in options.items()}
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise settings(
            "settings-missing",
            Say(
                "Gateway “{name}” lacks: {names}.",
                name=gateway.name,
                names=names,
            ),
        )
    return fetched


def _fetched(key: str, value: Any, missing: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {k: _fetched(f"{key}.{k}", v, missing) for k, v in value.items()}
    if not isinstance(value, Secret):
        return value
    try:
        return value.fetch()
    except Problem:
        missing.append(f"{key} ({value.place})")
        return ""


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_secrets(v) for k, v in value.items()}
    return "drill" if isinstance(value, Secret) else value


def _secrets_of(given: Mapping[str, Any], fetched: Mapping[str, Any]) -> list[str]:
    """The values of what was named as a secret, so that no transcript shows them."""
    found: list[str] = []
    for key, value in given.items():
        if isinstance(value, Secret):
            found.append(str(fetched.get(key, "")))
        elif isinstance(value, Mapping):
            found += _secrets_of(value, fetched.get(key, {}))
    return found


def build_gateway(app: App, name: str, doors: Doors, database: Executor | None) -> Gateway:
    """A gateway ready to be asked. In a drill it can reach this machine only."""
    from dispatcher.gateways.wire import Wire

    chosen = app.site.gateways[name]
    module = adapter_module(chosen.adapter)
    drill = app.site.mode is Mode.DRILL
    if drill and chosen.adapter != "outbox" and name not in doors.twins:
        raise settings(
            "no-twin",
            Say("Drill: there is no twin for “{name}”.", name=name),
        )
    options = adapter_options(app.site, chosen, doors.twins.get(name) if drill else None)
    if chosen.adapter == "outbox":
        options["folder"] = app.site.data / str(options.get("folder", "outbox"))
    wire = Wire(
        deadline=chosen.timeout.total_seconds(),
        connections=max(64, (chosen.in_flight or 0) * 2),
        loopback_only=drill,
        secrets=[
            *(str(options[k]) for k in module.SECRETS if k in options),
            *_secrets_of(chosen.options, options),
        ],
    )
    callback = doors.callbacks + callback_path(app, name) if doors.callbacks else ""
    vault = StoredTokens(app.store, name, app.clock, database)
    built: Gateway = module.build(Given(name, options, wire, vault, callback))
    return built


def listeners(app: App) -> dict[str, Callable[[Call], Heard]]:
    """How each gateway's receipts are read; live secrets are fetched here and only here."""
    found: dict[str, Callable[[Call], Heard]] = {}
    for name, chosen in app.site.gateways.items():
        module = adapter_module(chosen.adapter)
        if not hasattr(module, "read_receipt"):
            continue
        twin = "" if app.site.mode is Mode.DRILL else None
        try:
            options = adapter_options(app.site, chosen, twin)
        except Problem:
            options = {k: v for k, v in chosen.options.items() if not isinstance(v, Secret)}

        def listen(call: Call, module: Any = module, options: dict[str, Any] = options) -> Heard:
            heard: Heard = module.read_receipt(call, options)
            return heard

        found[name] = listen
    return found
