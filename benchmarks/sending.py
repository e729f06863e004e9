"""Sending against the bare loop of the same client, in front of the same twin."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from benchmarks import sites
from dispatcher.simulators.vendors.server import Child, start

HEADERS = {"content-type": "application/json"}


def bare(twin: Child, count: int, in_flight: int) -> float:
    """Messages per second of httpx.AsyncClient on the same transport with prebuilt requests:
    no database, no deadline, no promise. The fastest loop one would write by hand."""
    url = httpx.URL(f"{twin.base('esms')}/SendMultipleMessage_V4_post_json/")

    async def go() -> float:
        connector = aiohttp.TCPConnector(limit=max(64, in_flight * 2))
        transport = AiohttpTransport(client=lambda: aiohttp.ClientSession(connector=connector))
        async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=20) as client:

            async def one(serial: int) -> None:
                body = json.dumps(_body(serial)).encode()
                request = httpx.Request("POST", url, content=body, headers=HEADERS)
                answer = await client.send(request)
                assert answer.json()["CodeResult"]

            serials = iter(range(count))

            async def queue() -> None:
                for i in serials:
                    await one(i)

            await asyncio.gather(*(one(-i - 1) for i in range(in_flight)))
            began = time.perf_counter()
            await asyncio.gather(*(queue() for _ in range(in_flight)))
            return count / (time.perf_counter() - began)

    return asyncio.run(go())


def _body(serial: int) -> dict[str, Any]:
    return {
        "ApiKey": "drill-api_key", "SecretKey": "drill-secret_key",
        "Content": "UBND phuong Cau Dat: thu nghiem.", "Phone": f"095{abs(serial):07d}",
        "Brandname": "UBND phuong", "SmsType": "2", "IsUnicode": "0",
        "RequestId": f"BARE{serial}{time.perf_counter_ns()}", "campaignid": "dispatcher",
    }  # fmt: skip


def once(count: int, in_flight: int, latency: str = "") -> tuple[float, float]:
    """(ours, bare) in messages per second."""
    more = ["--latency", latency] if latency else []
    twin = start(["esms"], "--no-receipts", *more)
    try:
        loop = bare(twin, count, in_flight)
        with sites.folder() as root:
            app = sites.site(root / "site", count, in_flight=in_flight)
            sites.released(app)
            ours = sites.send(app, twin)
            app.store.close()
        return ours, (loop + bare(twin, count, in_flight)) / 2
    finally:
        twin.stop()
