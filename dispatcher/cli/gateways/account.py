"""gateways: balance, templates, callback: what concerns the account at a vendor."""

from __future__ import annotations

from dispatcher.cli.gateways.group import gateways
from dispatcher.cli.spoken import argument, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.amounts import number
from dispatcher.i18n import Say
from dispatcher.usecases import gateways as use


@gateways.verb(
    "balance",
    Say("Balance, quota and quality of the account at the vendor."),
    "dispatcher gateways balance esms",
)
@argument("name", complete="gateway")
def balance(surface: Surface, name: str) -> None:
    found = use.balance(surface.context(), name)
    if surface.json:
        surface.emit({"gateway": name, **found})
        return
    for key, value in found.items():
        shown = f"{number(int(value))} đ" if key == "balance" else value
        surface.say(f"{key}: {shown}")


@gateways.verb(
    "templates",
    Say("Templates registered at the vendor: id, text, how long each value may be, price."),
    "dispatcher gateways templates zalo",
)
@argument("name", complete="gateway")
@option("--sender", default="", say=Say("brandname (eSMS)"))
def templates(surface: Surface, name: str, sender: str) -> None:
    found = use.templates(surface.context(), name, sender)
    if surface.json:
        surface.emit(
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
        surface.say(f"{template.template_id}{where}: {template.text} ({template.state}{price})")
        for key, most, need in template.params:
            longest = f" ≤ {most}" if most else ""
            surface.say(f"    <{key}>{longest}{' *' if need else ''}")


@gateways.verb(
    "callback",
    Say("The callback address to paste at the vendor. It is a secret."),
    "dispatcher gateways callback zalo",
)
@argument("name", complete="gateway")
def callback(surface: Surface, name: str) -> None:
    url = use.callback_address(surface.context(), name)
    if surface.json:
        surface.emit({"gateway": name, "url": url})
    surface.say(url)
    surface.hint(
        Say(
            "If it leaked, count “callback” under [gateways.{name}] up and paste it again.",
            name=name,
        ),
    )
