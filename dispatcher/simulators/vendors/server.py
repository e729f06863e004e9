"""Twins as a server on loopback, and how a parent starts one as a child process."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

VENDORS = ("esms", "zalo", "lab", "kannel", "speedsms", "viettel", "vnpt", "http")


async def serve(
    vendors: Sequence[str],
    port: int,
    rates: Mapping[str, float],
    latency: float,
    capability: str,
    receipts: bool,
    announce: Any,
    seed: int = 7,
) -> None:
    """Serve until the parent goes away or we are stopped. `announce` gets the port once."""
    import random

    from aiohttp import web

    from dispatcher.simulators.vendors.esms import EsmsTwin
    from dispatcher.simulators.vendors.http import HttpTwin
    from dispatcher.simulators.vendors.kannel import KannelTwin
    from dispatcher.simulators.vendors.lab import LabTwin
    from dispatcher.simulators.vendors.ledger import Ledger, Twin
    from dispatcher.simulators.vendors.misbehaviours import MISBEHAVIOURS
    from dispatcher.simulators.vendors.speedsms import SpeedSmsTwin
    from dispatcher.simulators.vendors.viettel import ViettelTwin
    from dispatcher.simulators.vendors.vnpt import VnptTwin
    from dispatcher.simulators.vendors.zalo import ZaloTwin

    ledger = Ledger()
    app = web.Application()
    shared: list[Twin] = []
    makers: dict[str, Any] = {
        "esms": EsmsTwin,
        "zalo": ZaloTwin,
        "kannel": KannelTwin,
        "speedsms": SpeedSmsTwin,
        "viettel": ViettelTwin,
        "vnpt": VnptTwin,
        "http": HttpTwin,
        "lab": lambda twin: LabTwin(twin, remembers=capability == "dedup"),
    }
    accounts: list[Any] = []
    for vendor in vendors:
        shared.append(Twin(ledger, dict(rates), latency, receipts, random.Random(seed)))
        accounts.append(makers[vendor](shared[-1]))
        app.add_routes(accounts[-1].routes())
    fresh = [copy.deepcopy({k: v for k, v in vars(a).items() if k != "twin"}) for a in accounts]

    async def misbehave(request: web.Request) -> web.StreamResponse:
        """From now on: {name: rate, …} for all twins; "calls": only for so many."""
        told = await request.json()
        given = {k: float(v) for k, v in told.items() if k in MISBEHAVIOURS}
        for twin in shared:
            twin.rates, twin.wrong_calls = given, told.get("calls")
        return web.json_response(given)

    async def reset(request: web.Request) -> web.StreamResponse:
        """As if just started: nothing taken, nothing remembered, nothing under way."""
        ledger.__init__()  # type: ignore[misc]
        for twin, account, state in zip(shared, accounts, fresh, strict=True):
            twin.rates, twin.wrong_calls = {}, None
            for task in list(twin.tasks):
                task.cancel()
            vars(account).update(copy.deepcopy(state))
        return web.json_response({})

    app.add_routes([web.post("/misbehave", misbehave), web.post("/reset", reset)])

    async def read_ledger(request: web.Request) -> web.StreamResponse:
        found = ledger.as_json()
        if "last" in request.query:
            newest = int(request.query["last"])
            found["acceptances"] = [list(a) for a in ledger.accepted[-newest:]]
        if "people" in request.query:
            found["acceptances"] = [list(a) for a in ledger.accepted]
        return web.json_response(found)

    app.add_routes([web.get("/ledger", read_ledger)])
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True, backlog=1024)
    await site.start()
    announce(runner.addresses[0][1])
    parent = os.getppid()
    while os.getppid() == parent:  # an orphan has nothing left to do
        await asyncio.sleep(0.5)
    await runner.cleanup()


@dataclass
class Child:
    """A twin process started by us."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def base(self, vendor: str) -> str:
        return f"{self.url}/{vendor}"

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def ask(self, path: str, payload: Mapping[str, Any] | None = None) -> Any:
        """A JSON question to the twin itself: its ledger, a grant of tokens."""
        import urllib.request

        data = None if payload is None else json.dumps(payload).encode()
        request = urllib.request.Request(f"{self.url}{path}", data)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)


def start(vendors: Sequence[str], *options: str) -> Child:
    """Start twins as a child process and wait until they answer."""
    command = [
        sys.executable,
        "-m",
        "dispatcher",
        "-q",
        "twin",
        *vendors,
        "--json",
        "--port",
        "0",
        *options,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait()
        raise RuntimeError("the twin did not start")
    return Child(process, int(json.loads(line)["port"]))
