"""dispatcher.toml: what a site is, whom it may send through, and what that costs."""

from dispatcher.config.gateways import QUOTAS, GatewaySettings
from dispatcher.config.routes import RouteSettings, StepSettings
from dispatcher.config.sections import (
    Section,
    duration,
    read_text,
    read_toml,
    take_duration,
    take_window,
    window,
)
from dispatcher.config.site import DEFAULT_WINDOW, FILE, Site, find_root, load, parse
from dispatcher.gateways.fields import Secret

__all__ = [
    "DEFAULT_WINDOW",
    "FILE",
    "QUOTAS",
    "GatewaySettings",
    "RouteSettings",
    "Secret",
    "Section",
    "Site",
    "StepSettings",
    "duration",
    "find_root",
    "load",
    "parse",
    "read_text",
    "read_toml",
    "take_duration",
    "take_window",
    "window",
]
