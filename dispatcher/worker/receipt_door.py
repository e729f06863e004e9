"""The receipt door: vendors call here. Store first, answer, believe later.

A call is stored exactly as it came before it is answered; matching is the worker's. Paths are
unguessable and per gateway. Arrivals are committed in groups: one transaction takes everything that
came while the previous one ran.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from dispatcher.db.database import Store
from dispatcher.db.queue import receipts, turned_away
from dispatcher.domain.machine import here
from dispatcher.domain.model import SYSTEM
from dispatcher.gateways.contract import Call, Heard
from dispatcher.worker.health import METHODS as LOOKS
from dispatcher.worker.health import HealthEndpoint

log = logging.getLogger("dispatcher.hooks")
Scope = MutableMapping[str, Any]  # of one call, as ASGI has it
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
METHODS = ("GET", "HEAD", "POST")
MOST_BYTES = 256 * 1024
COUNT = 5.0  # seconds in which calls that are turned away are counted together
GATHER = 0.005  # seconds in which calls may join a commit, which costs the same for one as for ten


class Inbox:
    """Group commit for arrivals."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock
        self._pending: list[tuple[str, Call, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._turned_away: Counter[str] = Counter()
        self._counting: asyncio.Task[None] | None = None
        self._database = here().thread("inbox")
        self.fails = False  # what came last could not be stored

    async def put(self, gateway: str, call: Call) -> None:
        """Returns once the call is on disk; raises when it could not be stored."""
        done = asyncio.get_running_loop().create_future()
        self._pending.append((gateway, call, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        await done

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._pending:
            await asyncio.sleep(GATHER)
            batch, self._pending = self._pending, []
            try:
                await loop.run_in_executor(
                    self._database, self._store_all, [(g, c) for g, c, _ in batch]
                )
            except Exception as error:  # answered 503, so that the vendor tries again
                self.fails = True
                for *_, done in batch:
                    done.set_exception(error)
            else:
                self.fails = False
                for *_, done in batch:
                    done.set_result(None)

    def turn_away(self, gateway: str) -> None:
        """Count a call with a wrong signature. Anybody can send them: they take no row each."""
        self._turned_away[gateway] += 1
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count())

    async def _count(self) -> None:
        """Write the counts down together; what cannot be written is counted with those to come."""
        loop = asyncio.get_running_loop()
        while self._turned_away:
            await asyncio.sleep(COUNT)
            calls, self._turned_away = self._turned_away, Counter()
            try:
                await loop.run_in_executor(self._database, self._store_count, dict(calls))
            except Exception as error:
                self._turned_away += calls
                log.error("calls turned away wait to be counted: %s", type(error).__name__)

    def _store_count(self, calls: Mapping[str, int]) -> None:
        with self._store.begin(SYSTEM, self._clock()) as tx:
            tx.act = "turned away"
            turned_away.add(tx, calls)

    def _store_all(self, arrivals: list[tuple[str, Call]]) -> None:
        with self._store.begin(SYSTEM, self._clock()) as tx:
            tx.act = "arrived"
            receipts.put(tx, arrivals)


@dataclass(frozen=True)
class Door:
    """The receipt door as an ASGI app. `paths`: gateway → its secret path.

    Plain ASGI: vendors call it a thousand times a second while the same process sends, and a web
    framework's objects for each call took two thirds of the time.
    """

    inbox: Inbox
    paths: Mapping[str, str]
    listeners: Mapping[str, Callable[[Call], Heard]]
    health: HealthEndpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one call in plain text; anything but HTTP is turned away."""
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        status, words = await self._answer(scope, receive)
        content = words.encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(content)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, str]:
        path, method = scope["path"], scope["method"]
        if path == "/health":
            return await self.health.answer() if method in LOOKS else (405, "method not allowed")
        gateway = next(iter(path.split("/")[2:]), "")
        expected = self.paths.get(gateway, "")
        if not hmac.compare_digest(expected.encode(), path.encode()):
            return 404, "not found"
        if method not in METHODS:
            return 405, "method not allowed"
        query = scope["query_string"].decode("utf-8", "replace")
        if challenge := dict(parse_qsl(query)).get("hub.challenge") if "hub." in query else "":
            return 200, challenge[:200]  # the vendor checks that we are here
        body, is_whole = await _body(receive)
        if not is_whole:
            return 400, "incomplete"
        if len(body) > MOST_BYTES:
            return 413, "too large"
        call = Call(method, query, _kept(scope["headers"]), body)
        if body.strip() == b"{}":  # the vendor checks that we are here
            return 200, "ok"
        if self._is_forged(gateway, call):
            self.inbox.turn_away(gateway)
            return 401, "bad signature"
        try:
            await self.inbox.put(gateway, call)
        except Exception:
            return 503, "try again"
        return 200, "ok"

    def _is_forged(self, gateway: str, call: Call) -> bool:
        """True when its signature says so. What cannot be read is stored: it is named later."""
        listen = self.listeners.get(gateway)
        try:
            return listen is not None and listen(call).verified is False
        except Exception as error:
            log.error("gateway=%s cannot read a call: %s", gateway, type(error).__name__)
            return False


async def _body(receive: Receive) -> tuple[bytes, bool]:
    """(what was sent, is it whole): no more of it is read than a receipt can be."""
    body = bytearray()
    while len(body) <= MOST_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body), False
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body), True


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers that may matter to a vendor's signature, by lower-case name."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers
        if name.startswith(b"x-") or name == b"content-type"
    }


def door(
    store: Store,
    clock: Callable[[], datetime],
    paths: Mapping[str, str],
    listeners: Mapping[str, Callable[[Call], Heard]],
) -> Door:
    """The door of a site, with an inbox of its own."""
    inbox = Inbox(store, clock)
    return Door(inbox, paths, listeners, HealthEndpoint(store, clock, lambda: inbox.fails))
