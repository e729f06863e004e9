"""A gateway that takes a thousand numbers a call; receipts that arrive while sending goes on."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from contextlib import suppress

from benchmarks import sites
from dispatcher.simulators.vendors.server import start
from dispatcher.worker.adapters import Doors, callback_path
from dispatcher.worker.process import Worker
from dispatcher.worker.serving import serve_door, serve_site

BULK = """[gateways.gate]
adapter = "http"
base_url = "http://127.0.0.1:1"
batch = 1000
in_flight = 4
body = {{ to = ["{{to}}"], text = "{{body}}", ref = "{{call_ref}}" }}
[gateways.gate.answer]
code = "code"
id = "id"
accepted = "00"
sample = '{{"code":"00","id":"{{id}}"}}'
"""


def bulk(count: int) -> tuple[float, float]:
    """(messages per second, messages a call) from first intent to last answer, all logged."""
    toml = sites.TOML
    head, tail = toml.index("[gateways.gate]"), toml.index("[routes.only]")
    twin = start(["http"], "--no-receipts")
    try:
        with sites.folder() as root:
            sites.TOML = toml[:head] + BULK + toml[tail:]
            app = sites.site(root / "site", count)
            sites.TOML = toml
            sites.released(app)
            asyncio.run(serve_site(app, {"gate": twin.base("http")}, once=True, with_door=False))
            found = sites.rate(app)
            app.store.close()
        ledger = twin.ask("/ledger")
        assert ledger["accepted"] == count
        assert ledger["twice"] == 0
        return found, count / ledger["calls"]
    finally:
        sites.TOML = toml
        twin.stop()


def receipts(people: int, per_second: int, seconds: int) -> tuple[float, float]:
    """(stored per second, 99th percentile in ms) at a steady pace beside a worker that sends."""
    twin = start(["esms"], "--no-receipts", "--latency", "0.05")
    try:
        with sites.folder() as root:
            app = sites.site(root / "site", people, in_flight=16)
            sites.released(app)

            async def go() -> tuple[float, float]:
                bound: asyncio.Future[int] = asyncio.get_running_loop().create_future()
                door = asyncio.create_task(serve_door(app, "127.0.0.1", 0, bound.set_result))
                url = f"http://127.0.0.1:{await bound}{callback_path(app, 'gate')}"
                worker = Worker(app, Doors({"gate": twin.base("esms")}))
                sending = asyncio.create_task(worker.run())
                await asyncio.sleep(2)  # until it has settled into its pace
                client = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "benchmarks.gateways", url, str(per_second),
                    str(seconds), stdout=asyncio.subprocess.PIPE,
                )  # fmt: skip
                told, _ = await client.communicate()
                assert worker.engine is not None
                assert not sending.done(), "sending was over before the receipts"
                worker.engine.stop()
                await sending
                door.cancel()
                with suppress(asyncio.CancelledError):
                    await door
                rate, p99 = json.loads(told)
                return rate, p99

            found = asyncio.run(go())
            app.store.close()
        return found
    finally:
        twin.stop()


async def _client(url: str, per_second: int, seconds: int) -> tuple[float, float]:
    """Calls at a steady pace whatever the answers do: waiting in line counts."""
    import aiohttp

    took: list[float] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:

        async def one(serial: int, due: float) -> None:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            query = {"SMSID": f"S{serial}", "SendStatus": "5", "SendSuccess": "1",
                     "RequestId": f"none{serial}", "phonenumber": "84951234567"}  # fmt: skip
            async with session.get(url, params=query) as answer:
                assert answer.status == 200
                await answer.read()
            took.append(time.perf_counter() - due)

        began = time.perf_counter() + 0.2
        await asyncio.gather(*(one(i, began + i / per_second) for i in range(per_second * seconds)))
        rate = len(took) / (time.perf_counter() - began)
    return rate, statistics.quantiles(took, n=100)[98] * 1000


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_client(sys.argv[1], *map(int, sys.argv[2:])))))
