"""twin: vendors that exist only on this machine."""

from __future__ import annotations

import asyncio
import json

import click

from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.problems import Problem, unknown
from dispatcher.i18n import Say
from dispatcher.simulators.vendors.server import VENDORS, serve


@command(
    Say("Twins of vendors on this machine, bad habits included."),
    "dispatcher twin esms zalo --port 9100 --misbehave accept_reset=0.01",
)
@argument("vendors", nargs=-1)
@option("--port", default=9100, say=Say("port"))
@option(
    "--misbehave",
    multiple=True,
    say=Say("NAME=RATE (all=1: the usual mixture)"),
)
@option("--latency", default=0.0, say=Say("seconds before an answer"))
@option(
    "--capability",
    type=click.Choice(["dedup", "lookup", "neither"]),
    default="dedup",
    say=Say("what the lab can do"),
)
@option("--no-receipts", is_flag=True, say=Say("send no receipts"))
@option("--seed", default=7, say=Say("random seed"))
def twin(
    terminal: TerminalContext,
    vendors: tuple[str, ...],
    port: int,
    misbehave: tuple[str, ...],
    latency: float,
    capability: str,
    no_receipts: bool,
    seed: int,
) -> None:
    from dispatcher.simulators.vendors.ledger import faults
    from dispatcher.simulators.vendors.misbehaviours import MISBEHAVIOURS

    for vendor in vendors:
        if vendor not in VENDORS:
            raise unknown(Say("twin"), vendor, VENDORS)
    rates = {}
    for pair in misbehave:
        name, _, rate = pair.partition("=")
        try:
            rates[name] = float(rate or 1)
        except ValueError:
            raise Problem(
                "bad-rate",
                Say("--misbehave takes NAME=0.01, not “{pair}”.", pair=pair),
            ) from None
        if name not in MISBEHAVIOURS and name != "all":
            raise unknown(Say("misbehaviour"), name, [*MISBEHAVIOURS, "all"])

    def announce(bound: int) -> None:
        chosen = vendors or VENDORS
        urls = {v: f"http://127.0.0.1:{bound}/{v}" for v in chosen}
        if terminal.json:
            terminal.line(
                json.dumps(
                    {"port": bound, "urls": urls, "ledger": f"http://127.0.0.1:{bound}/ledger"}
                )
                + "\n"
            )
            import sys

            sys.stdout.flush()
        for vendor, url in urls.items():
            terminal.say(f"{vendor}: {url}")

    try:
        asyncio.run(
            serve(
                vendors or VENDORS,
                port,
                faults(rates),
                latency,
                capability,
                not no_receipts,
                announce,
                seed,
            )
        )
    except OSError as error:
        raise Problem(
            "port-taken",
            Say("Port {port} is taken ({strerror}).", port=port, strerror=error.strerror),
            exit_code=4,
        ) from None
