"""The receipt door: vendors call here. Store first, answer, believe later.

A call is stored exactly as it came before it is answered; matching is the worker's. Paths are
unguessable and per gateway. Arrivals are committed in groups: one transaction takes everything that
came while the previous one ran.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dispatcher.gateways.contract import Call, Heard
from dispatcher.model import SYSTEM
from dispatcher.store import receipts
from dispatcher.store.database import Store

MOST_BYTES = 256 * 1024
GATHER = 0.005  # seconds in which calls may join a commit, which costs the same for one as for ten


class Inbox:
    """Group commit for arrivals."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock
        self._pending: list[tuple[str, Call, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._database = ThreadPoolExecutor(1, "inbox")

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
                for *_, done in batch:
                    done.set_exception(error)
            else:
                for *_, done in batch:
                    done.set_result(None)

    def _store_all(self, arrivals: list[tuple[str, Call]]) -> None:
        with self._store.begin(SYSTEM, self._clock()) as tx:
            tx.act = "arrived"
            receipts.put(tx, arrivals)


def door(
    store: Store,
    clock: Callable[[], datetime],
    paths: Mapping[str, str],
    listeners: Mapping[str, Callable[[Call], Heard]],
) -> Starlette:
    """The door as an ASGI app. `paths`: gateway → its secret path."""
    inbox = Inbox(store, clock)

    async def receive(request: Request) -> Response:
        gateway = request.path_params["gateway"]
        expected = paths.get(gateway, "")
        if not hmac.compare_digest(expected.encode(), request.url.path.encode()):
            return PlainTextResponse("not found", 404)
        if challenge := request.query_params.get("hub.challenge", ""):
            return PlainTextResponse(challenge[:200])  # the vendor checks that we are here
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return PlainTextResponse("too large", 413)
        kept = {
            k: v for k, v in request.headers.items() if k.startswith("x-") or k == "content-type"
        }
        call = Call(request.method, request.url.query, kept, bytes(body))
        if bytes(body).strip() == b"{}":  # the vendor checks that we are here
            return PlainTextResponse("ok")
        heard = listeners[gateway](call) if gateway in listeners else None
        if heard is not None and heard.verified is False:
            return PlainTextResponse("bad signature", 401)
        try:
            await inbox.put(gateway, call)
        except Exception:
            return PlainTextResponse("try again", 503)
        return PlainTextResponse("ok")

    return Starlette(
        routes=[
            Route("/hooks/{gateway}/{secret}", receive, methods=["GET", "POST"]),
            Route("/health", lambda _: PlainTextResponse("ok")),
        ]
    )
