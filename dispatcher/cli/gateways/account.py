"""gateways: balance, templates, callback: what concerns the account at a vendor."""

from __future__ import annotations

from dispatcher.cli.click_i18n import argument, option
from dispatcher.cli.gateways.group import gateways
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.amounts import number
from dispatcher.i18n import Say
from dispatcher.usecases import gateways as gateway_acts


@gateways.verb(
    "balance",
    Say("Balance, quota and quality of the account at the vendor."),
    "dispatcher gateways balance esms",
)
@argument("name", complete="gateway")
def balance(terminal: TerminalContext, name: str) -> None:
    found = gateway_acts.balance(terminal.context(), name)
    if terminal.json:
        terminal.emit({"gateway": name, **found})
        return
    for key, value in found.items():
        shown = f"{number(int(value))} đ" if key == "balance" else value
        terminal.say(f"{key}: {shown}")


@gateways.verb(
    "templates",
    Say("Templates registered at the vendor: id, text, how long each value may be, price."),
    "dispatcher gateways templates zalo",
)
@argument("name", complete="gateway")
@option("--sender", default="", say=Say("brandname (eSMS)"))
def templates(terminal: TerminalContext, name: str, sender: str) -> None:
    found = gateway_acts.templates(terminal.context(), name, sender)
    if terminal.json:
        terminal.emit(
            [
                {
                    "id": t.template_id,
                    "text": t.text,
                    "state": t.state,
                    "network": t.network,
                    "price": t.price,
                    "price_by_id": t.price_by_id,
                    "params": [
                        {"name": n, "longest": most, "required": need} for n, most, need in t.params
                    ],
                }
                for t in found
            ]
        )
        return
    for template in found:
        where = f" [{template.network}]" if template.network else ""
        price = f", {template.price} đ" if template.price is not None else ""
        terminal.say(f"{template.template_id}{where}: {template.text} ({template.state}{price})")
        for key, most, need in template.params:
            longest = f" ≤ {most}" if most else ""
            terminal.say(f"    <{key}>{longest}{' *' if need else ''}")


@gateways.verb(
    "callback",
    Say("The callback address to paste at the vendor. It is a secret."),
    "dispatcher gateways callback zalo",
)
@argument("name", complete="gateway")
def callback(terminal: TerminalContext, name: str) -> None:
    url = gateway_acts.callback_address(terminal.context(), name)
    if terminal.json:
        terminal.emit({"gateway": name, "url": url})
    terminal.say(url)
    terminal.hint(
        Say(
            "If it leaked, count “callback” under [gateways.{name}] up and paste it again.",
            name=name,
        ),
    )
