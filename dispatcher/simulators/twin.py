"""twin: vendors that exist only on this machine."""

from __future__ import annotations

import asyncio
import json

import click

from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.problems import Problem, Say, unknown
from dispatcher.simulators.vendors.server import VENDORS, serve


@command(
    "Chạy nhà cung cấp giả trên máy này, kể cả các thói xấu của họ.",
    "Twins of vendors on this machine, bad habits included.",
    "dispatcher twin esms zalo --port 9100 --misbehave accept_reset=0.01",
)
@argument("vendors", nargs=-1)
@option("--port", default=9100, vi="cổng", en="port")
@option(
    "--misbehave",
    multiple=True,
    vi="thói xấu: TÊN=TỶ_LỆ (all=1: như thật)",
    en="NAME=RATE (all=1: the usual mixture)",
)
@option("--latency", default=0.0, vi="giây trước mỗi trả lời", en="seconds before an answer")
@option(
    "--capability",
    type=click.Choice(["dedup", "lookup", "neither"]),
    default="dedup",
    vi="khả năng của lab",
    en="what the lab can do",
)
@option("--no-receipts", is_flag=True, vi="không báo nhận", en="send no receipts")
@option("--seed", default=7, vi="hạt ngẫu nhiên", en="random seed")
def twin(
    surface: Surface,
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
            raise unknown(Say("nhà cung cấp giả", "twin"), vendor, VENDORS)
    rates = {}
    for pair in misbehave:
        name, _, rate = pair.partition("=")
        try:
            rates[name] = float(rate or 1)
        except ValueError:
            raise Problem(
                "bad-rate",
                f"--misbehave cần dạng TÊN=0.01, không phải «{pair}».",
                f"--misbehave takes NAME=0.01, not “{pair}”.",
            ) from None
        if name not in MISBEHAVIOURS and name != "all":
            raise unknown(Say("thói xấu", "misbehaviour"), name, [*MISBEHAVIOURS, "all"])

    def announce(bound: int) -> None:
        chosen = vendors or VENDORS
        urls = {v: f"http://127.0.0.1:{bound}/{v}" for v in chosen}
        if surface.json:
            surface.line(
                json.dumps(
                    {"port": bound, "urls": urls, "ledger": f"http://127.0.0.1:{bound}/ledger"}
                )
                + "\n"
            )
            import sys

            sys.stdout.flush()
        for vendor, url in urls.items():
            surface.say(f"{vendor}: {url}")

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
            f"Cổng {port} đang có chương trình khác dùng.",
            f"Port {port} is taken ({error.strerror}).",
            exit_code=4,
        ) from None
