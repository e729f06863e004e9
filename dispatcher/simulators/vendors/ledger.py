"""What a twin accepted, and how it misbehaves. Verdicts compare our log with this."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from dispatcher.simulators.vendors.misbehaviours import HOWS, ON_THE_LINE, with_odd_bytes

DEFAULT_FAULTS = {
    "drop": 0.01,
    "error": 0.01,
    "accept_reset": 0.01,
    "accept_502": 0.01,
    "accept_silence": 0.002,
    "accept_late": 0.005,
}

EARLY, LATE = 0.3, 0.6  # seconds


@dataclass
class Ledger:
    """Acceptances of one twin."""

    accepted: list[tuple[str, str, str]] = field(default_factory=list)  # channel, number, reference
    misbehaved: int = 0
    odd_bytes: int = 0  # answers with bytes in them that are no text
    calls: int = 0
    receipts_due: int = 0
    times: list[float] = field(default_factory=list)  # seconds, of each acceptance
    series: str = field(default_factory=lambda: secrets.token_hex(4))  # ids of no two lives agree

    def take(self, channel: str, to: str, reference: str) -> str:
        """Accept a message; the id the vendor gives it."""
        self.accepted.append((channel, to, reference))
        self.times.append(time.monotonic())
        return f"{channel[0]}{self.series}{len(self.accepted):08d}"

    def as_json(self) -> dict[str, object]:
        people = Counter((channel, to) for channel, to, _ in self.accepted)
        return {
            "accepted": len(self.accepted),
            "people": len(people),
            "twice": sum(1 for n in people.values() if n > 1),
            "calls": self.calls,
            "misbehaved": self.misbehaved,
            "odd_bytes": self.odd_bytes,
            "receipts_due": self.receipts_due,
            "most_in_a_second": self.most_in_a_second(),
        }

    def most_in_a_second(self) -> int:
        """Acceptances in the busiest second, wherever it begins."""
        most = low = 0
        for high, at in enumerate(self.times):
            while at - self.times[low] >= 1.0:
                low += 1
            most = max(most, high - low + 1)
        return most


@dataclass
class Twin:
    """What all twins share: the ledger, the pace, the faults, and a client for receipts."""

    ledger: Ledger
    rates: Mapping[str, float]
    latency: float = 0.0  # seconds before an answer
    receipts: bool = True
    seed: random.Random = field(default_factory=lambda: random.Random(7))
    session: aiohttp.ClientSession | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    wrong_calls: int | None = None  # after so many calls it behaves
    told_early: bool = False  # a report overtook the answer to this call

    def fault(self) -> tuple[str, str] | None:
        """How this call goes wrong, if it does."""
        draw = self.seed.random()
        for name, how in ON_THE_LINE.items():
            draw -= self.rates.get(name, 0)
            if draw < 0:
                return how
        return None

    def says(self, name: str) -> bool:
        """True when this time the vendor does what it does at a rate."""
        rate = self.rates.get(name, 0)
        return rate > 0 and self.seed.random() < rate

    async def answer(
        self,
        request: web.Request,
        take: Callable[[Any], object],
        read: Callable[[bytes], Any] = json.loads,
    ) -> web.StreamResponse:
        """Answer a send with what `take` says of it, unless this call goes wrong.

        `take` gets what `read` makes of the body, and says an object for JSON or a response.
        """
        self.ledger.calls += 1
        if self.wrong_calls is not None:
            self.wrong_calls -= 1
            if self.wrong_calls < 0:
                self.rates, self.wrong_calls = {}, None
        payload = read(await request.read())
        when, how = self.fault() or ("", "")
        if when == "before":
            return await self.misbehave(request, how, b'{"error": 1}')
        if self.latency:
            await asyncio.sleep(self.latency)
        if when == "late":

            async def after_all() -> None:
                take(payload)

            self.later(0.5, after_all)
            return await self.misbehave(request, how, b"")
        self.told_early = False
        answer = take(payload)
        if isinstance(answer, dict) and self.says("odd_bytes"):
            self.ledger.odd_bytes += 1
            answer = with_odd_bytes(answer)
        if self.told_early:
            await asyncio.sleep(EARLY)
        response = answer if isinstance(answer, web.Response) else web.json_response(answer)
        return await self.misbehave(request, how, bytes(response.body)) if how else response  # type: ignore[arg-type]

    async def misbehave(self, request: web.Request, how: str, answer: bytes) -> web.StreamResponse:
        """What this call gets instead of its answer."""
        self.ledger.misbehaved += HOWS[how].unreadable
        return await HOWS[how].act(request, answer)

    def later(self, seconds: float, act: Callable[[], Awaitable[None]]) -> None:
        """Run a coroutine function after a while, without losing it."""

        async def run() -> None:
            await asyncio.sleep(seconds)
            await act()

        task = asyncio.create_task(run())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def report(
        self,
        wait: float,
        method: str,
        url: str,
        *,
        stale: Mapping[str, object] | None = None,
        forged: Mapping[str, object] | None = None,
        **options: object,
    ) -> None:
        """Send a receipt after a while, or do with it what this vendor does.

        `stale`: what changes to make it an older report; `forged`: to make it somebody else's.
        """
        self.ledger.receipts_due += 1
        if self.says("receipt_lost"):
            self.ledger.receipts_due -= 1
            return
        if self.says("receipt_early"):
            self.told_early, wait = True, 0
        if self.says("receipt_late"):
            wait += LATE
        self.later(wait, lambda: self.call_back(method, url, **options))
        for name, change, after in (
            ("receipt_twice", {}, 0.1),
            ("receipt_stale", stale, 0.2),
            ("receipt_forged", forged, -0.04),
        ):
            if change is not None and self.says(name):
                self.ledger.receipts_due += 1
                other = {"method": method, "url": url, **options, **change}
                self.later(max(0, wait + after), lambda o=other: self.call_back(**o))  # type: ignore[misc]

    async def call_back(self, method: str, url: str, **options: object) -> None:
        """Deliver a receipt, five tries, as vendors do. A refusal (4xx) is an answer too."""
        if self.session is None:
            self.session = aiohttp.ClientSession(trust_env=False)
        for attempt in range(5):
            try:
                async with self.session.request(method, url, **options) as answer:  # type: ignore[arg-type]
                    if answer.status < 500:
                        break
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            await asyncio.sleep(0.2 * 2**attempt)
        self.ledger.receipts_due -= 1


def luck(number: str, purpose: str) -> int:
    """0-99, the same for a number every time: who has Zalo, whose phone is off."""
    return hashlib.blake2b(f"{purpose}:{number}".encode(), digest_size=2).digest()[0] * 100 // 256


def faults(pairs: Mapping[str, float] | None) -> dict[str, float]:
    """Misbehaviour rates; "all" stands for the usual mixture, scaled by its rate."""
    found: dict[str, float] = {}
    for name, rate in (pairs or {}).items():
        if name == "all":
            found |= {n: r * rate for n, r in DEFAULT_FAULTS.items()}
        else:
            found[name] = rate
    return found
