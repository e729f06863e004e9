"""gateways: the noun its verbs hang on."""

from __future__ import annotations

from dispatcher.cli.spoken import Group
from dispatcher.domain.problems import Say

gateways = Group(Say("Nhà cung cấp.", "Gateways."))
