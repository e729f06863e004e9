"""gateways: login: an Official Account is signed in."""

from __future__ import annotations

import sys

from dispatcher.cli.click_i18n import argument, option
from dispatcher.cli.gateways.group import gateways
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say
from dispatcher.usecases import gateway_sign_in


@gateways.verb(
    "login",
    Say("Sign an Official Account in: paste a pair from Zalo's console, or ask for consent."),
    "dispatcher gateways login zalo --paste",
)
@argument("name", complete="gateway")
@option(
    "--paste",
    is_flag=True,
    say=Say("read the access token and the refresh token from stdin, a line each"),
)
@option(
    "--callback",
    is_flag=True,
    say=Say("read from stdin the address the browser was sent back to (after consent)"),
)
def login(terminal: TerminalContext, name: str, paste: bool, callback: bool) -> None:
    context = terminal.context()
    if paste:
        gateway_sign_in.paste(context, name, sys.stdin.read())
    elif callback:
        gateway_sign_in.finish(context, name, sys.stdin.read())
    else:
        _show_consent(terminal, name, gateway_sign_in.begin(context, name))
        return
    if terminal.json:
        terminal.emit({"gateway": name, "signed_in": True})
    terminal.say(Say("“{name}” is signed in.", name=name))
    terminal.hint(
        Say(
            "From now on only this program may renew the tokens: another tool with "
            "the same app would end them. Next: dispatcher gateways balance {name}",
            name=name,
        )
    )


def _show_consent(terminal: TerminalContext, name: str, address: str) -> None:
    if terminal.json:
        terminal.emit({"gateway": name, "open": address})
        return
    terminal.say(
        Say(
            "Open this address as an administrator of the Official Account and "
            "allow it:\n{address}",
            address=address,
        ),
    )
    terminal.hint(
        Say(
            "Then paste where you were sent: dispatcher gateways login {name} --callback", name=name
        ),
    )
