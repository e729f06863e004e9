"""What people usually do next, for commands that do not know better themselves.

The words in braces are arguments of the command that just ran. Never an argument that can hold a
person's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say

NEXT: Mapping[str, str] = {
    "areas list": "areas show 'Máy Tơ'",
    "areas show": "contacts list --ward '{ward}'",
    "broadcasts submit": "broadcasts approve {number_} --as …",
    "broadcasts approve": "broadcasts schedule {number_}",
    "broadcasts confirm": "broadcasts schedule {number_}",
    "broadcasts edit": "broadcasts preview {number_}",
    "broadcasts attach": "broadcasts show {number_}",
    "broadcasts return": "broadcasts show {number_}",
    "broadcasts reject": "broadcasts list",
    "broadcasts list": "broadcasts show …",
    "broadcasts show": "log messages --broadcast {number_}",
    "broadcasts watch": "report {number_}",
    "broadcasts pause": "broadcasts resume {number_}",
    "broadcasts resume": "broadcasts watch {number_}",
    "broadcasts stop": "report {number_}",
    "broadcasts resend": "broadcasts list",
    "contacts edit": "contacts list",
    "contacts move": "contacts list",
    "contacts reply": "log replies --waiting",
    "contacts unsuppress": "contacts list --suppressed",
    "contacts show": "why …",
    "contacts import": "contacts list",
    "contacts undo": "contacts list",
    "db upgrade": "doctor",
    "db release": "run",
    "gateways list": "gateways check",
    "gateways balance": "gateways templates {name}",
    "gateways templates": "templates list",
    "gateways callback": "gateways verify-webhook {name}",
    "gateways verify-webhook": "gateways check",
    "gateways pause": "gateways resume {name}",
    "gateways resume": "run",
    "groups list": "groups add …",
    "groups remove": "groups list",
    "log messages": "why …",
    "log attempts": "why …",
    "log receipts": "gateways list",
    "log replies": "contacts list --suppressed",
    "people list": "people add …",
    "people role": "people list",
    "people delegations": "people end-delegation …",
    "people end-delegation": "people delegations",
    "people reach": "people list",
    "people password": "people totp {name}",
    "people keys": "people key-revoke …",
    "people key-revoke": "people keys",
    "report": "coverage {number_}",
    "schedules list": "schedules next",
    "schedules check": "schedules submit …",
    "schedules next": "run",
    "schedules submit": "schedules approve {name} --as …",
    "schedules approve": "run",
    "schedules return": "schedules list",
    "schedules pause": "schedules submit {name}",
    "urgent submit": "urgent approve {name} --as …",
    "urgent approve": "urgent send {name} --as …",
    "urgent return": "urgent list",
    "urgent end": "urgent list",
    "urgent prepare": "urgent submit {name}",
    "urgent send": "broadcasts list",
    "urgent all-clear": "broadcasts list",
    "templates list": "templates show …",
    "templates show": "templates preview {name}",
    "templates check": "templates preview …",
    "templates preview": "broadcasts create --template {name} …",
}


def tell_next_step(terminal: TerminalContext, path: str, given: Mapping[str, Any]) -> None:
    """The next step after `path` (like "broadcasts submit"), unless the command told one."""
    if terminal.hinted or terminal.dry_run or path not in NEXT:
        return
    words = "dispatcher " + NEXT[path].format_map(given)
    terminal.hint(Say("Next: {words}", words=words))
