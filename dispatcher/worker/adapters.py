"""The gateways of a site, ready to be asked: secrets fetched, callback paths, listeners."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

from dispatcher.broadcasts.application import App
from dispatcher.config import GatewaySettings, Secret, Site
from dispatcher.db.queue.tokens import StoredTokens
from dispatcher.domain.model import Mode
from dispatcher.domain.problems import Problem, settings
from dispatcher.gateways import adapter_module, options_of
from dispatcher.gateways.contract import Call, Gateway, Given, Heard
from dispatcher.gateways.fields import Options, changed, needed, secret_keys, secrets_in, swapped
from dispatcher.gateways.outbox import OutboxOptions
from dispatcher.gateways.structs import taken
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


def adapter_options(site: Site, gateway: GatewaySettings, twin: str | None) -> Options:
    """An adapter's settings with secrets fetched; in a drill nothing secret is touched.

    Everything that is missing is told in one problem.
    """
    kind = options_of(gateway.adapter)
    options = taken(kind, gateway.options)
    if twin is not None:
        return _for_drill(gateway.adapter, options, twin)
    missing = [k for k in (*needed(kind), *secret_keys(kind)) if not getattr(options, k)]
    fetched = swapped(options, partial(_fetched, missing))
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


def _for_drill(adapter: str, options: Options, twin: str) -> Options:
    """The settings of an account that exists only on this machine."""
    usual: Mapping[str, Any] = getattr(adapter_module(adapter), "DRILL", {})
    changes = {key: value for key, value in usual.items() if not getattr(options, key)}
    changes |= {key: Secret(text=f"drill-{key}") for key in secret_keys(type(options))}
    for key, value in (
        ("base_url", twin),
        ("oauth_url", twin),
        ("oa_url", twin),
        ("app_id", "drill"),
    ):
        if key in options.__struct_fields__:
            changes[key] = value
    return changed(swapped(options, _of_drill), changes)


def _of_drill(_key: str, secret: Secret) -> str:
    return "drill" if secret.place else secret.fetch()


def _fetched(missing: list[str], key: str, secret: Secret) -> str:
    try:
        return secret.fetch()
    except Problem:
        missing.append(f"{key} ({secret.place})")
        return ""


def _hidden(given: Options, fetched: Options) -> list[str]:
    """The values of what was named as a secret, so that no transcript shows them."""
    keys = {key for key, secret in secrets_in(given) if secret.place} | {*secret_keys(type(given))}
    found = [secret.fetch() for key, secret in secrets_in(fetched) if key in keys]
    return [text for text in found if text]


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
    if isinstance(options, OutboxOptions):
        options = changed(options, {"folder": str(app.site.data / options.folder)})
    wire = Wire(
        deadline=chosen.timeout.total_seconds(),
        connections=max(64, (chosen.in_flight or 0) * 2),
        loopback_only=drill,
        secrets=_hidden(chosen.options, options),
    )
    callback = doors.callbacks + callback_path(app, name) if doors.callbacks else ""
    vault = StoredTokens(app.store, name, app.clock, database)
    built: Gateway = module.build(Given(name, options, wire, vault, callback, drill))
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
            options = changed(chosen.options, dict.fromkeys(secret_keys(type(chosen.options))))

        def listen(call: Call, module: Any = module, options: Options = options) -> Heard:
            heard: Heard = module.read_receipt(call, options)
            return heard

        found[name] = listen
    return found
