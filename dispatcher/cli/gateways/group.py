"""gateways: the noun its verbs hang on."""

from __future__ import annotations

from dispatcher.cli.click_i18n import Group
from dispatcher.i18n import Say

gateways = Group(Say("Gateways."))
