"""gateways: explain, verify-webhook: what vendors say, in our words."""

from __future__ import annotations

import sys

from dispatcher.cli.click_i18n import argument, option
from dispatcher.cli.gateways.group import gateways
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.cli.tools import each_line
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say
from dispatcher.usecases.gateway_words import explained, verified


@gateways.verb(
    "explain",
    Say("What an answer or a callback of a vendor means."),
    "dispatcher gateways explain esms answer --jsonl -",
)
@argument("adapter")
@argument("what")
@option(
    "--jsonl",
    required=True,
    say=Say("one JSON value per line (-)"),
)
def explain(terminal: TerminalContext, adapter: str, what: str, jsonl: str) -> None:
    if what not in ("answer", "receipt") or jsonl != "-":
        raise Problem(
            "usage",
            Say("Use: gateways explain ADAPTER answer|receipt --jsonl -"),
        )
    try:
        site = terminal.open_site()
    except Problem:
        site = None
    each_line(terminal, explained(site, adapter, what))


@gateways.verb(
    "verify-webhook",
    Say("Check the signature of a pasted webhook event (JSON: headers, body)."),
    "dispatcher gateways verify-webhook zalo < su-kien.json",
)
@argument("name", complete="gateway")
def verify_webhook(terminal: TerminalContext, name: str) -> int:
    signed, receipts = verified(terminal.open_app(), name, sys.stdin.read())
    if terminal.json:
        terminal.emit({"verified": signed, "receipts": receipts})
    words = {
        True: Say("The signature is right."),
        False: Say(
            "The signature is wrong: check oa_secret (the OA Secret Key of the "
            "Webhook page, not the App Secret) and app_id.",
        ),
        None: Say("This vendor does not sign."),
    }
    terminal.say(words[signed])
    return 1 if signed is False else 0
