"""Every line of HTTP to a vendor and nothing else: the contract, the wire, one file per vendor."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from dispatcher.domain.problems import unknown
from dispatcher.i18n import Say

if TYPE_CHECKING:
    from dispatcher.gateways.fields import Options

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


def options_of(name: str) -> type[Options]:
    """The struct that an adapter's own settings are read as."""
    found: type[Options] = adapter_module(name).OPTIONS
    return found
