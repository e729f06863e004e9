"""Every line of HTTP to a vendor and nothing else: the contract, the wire, one file per vendor."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from types import ModuleType

from dispatcher.domain.problems import unknown
from dispatcher.i18n import Say

# An adapter is one file and one line here.
ADAPTERS: dict[str, str] = {
    "esms": "dispatcher.gateways.esms",
    "zalo": "dispatcher.gateways.zalo",
    "kannel": "dispatcher.gateways.kannel",
    "speedsms": "dispatcher.gateways.speedsms",
    "viettel": "dispatcher.gateways.viettel",
    "vnpt": "dispatcher.gateways.vnpt",
    "http": "dispatcher.gateways.http",  # described in dispatcher.toml: needs no code
    "outbox": "dispatcher.gateways.outbox",
    "lab": "dispatcher.gateways.lab",  # our own twin only: proves the promise under each capability
}


def adapter_module(name: str) -> ModuleType:
    """The module of an adapter by the name used in dispatcher.toml."""
    if name not in ADAPTERS:
        raise unknown(Say("adapter"), name, ADAPTERS)
    return import_module(ADAPTERS[name])


def adapter_settings(name: str) -> Collection[str]:
    """The keys an adapter takes in its [gateways.…] table, beside those all gateways have."""
    settings: Collection[str] = adapter_module(name).SETTINGS
    return settings


def adapter_tables(name: str) -> Collection[str]:
    """Those of the keys that are tables themselves."""
    tables: Collection[str] = getattr(adapter_module(name), "TABLES", ())
    return tables
