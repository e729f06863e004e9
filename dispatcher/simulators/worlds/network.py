"""The network between a simulated worker and the vendors: it may lose, delay and break what it
carries.

Comes from: a gateway's own code, through httpx.   Goes to: a vendor, later, if at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx

if TYPE_CHECKING:
    import random

    from dispatcher.simulators.worlds.processes import Process
    from dispatcher.simulators.worlds.world import World


TIMEOUTS = (5.0, 10.0, 25.0)  # of the gateways of worlds, in seconds


class Transport(httpx.AsyncBaseTransport):
    """What stands in for sockets in one process."""

    def __init__(self, world: World, process: Process) -> None:
        self._world, self._process = world, process

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of a vendor, or what httpx raises where none came."""
        world, process = self._world, self._process
        body = await request.aread()
        vendor = world.vendor_of(request.url)
        asked = vendor.speech.read(request, body)
        fate = vendor.fate(request, asked)
        done: asyncio.Future[httpx.Response | Exception] = process.loop.create_future()
        if fate.never_left:
            await asyncio.sleep(fate.out)
            raise never_left(fate.draw)

        def give(came: httpx.Response | Exception) -> None:
            if process.lives and not done.done():
                done.set_result(came)

        def arrive() -> None:
            came = vendor.serve(request, body, asked, fate)
            if came is not None:
                world.after(fate.back, lambda: give(came))
            if came is None or fate.out + fate.back > TIMEOUTS[0]:
                for seconds in TIMEOUTS:  # whoever gives up waiting does so then, not in a jump
                    world.after(seconds - fate.out, world.stir)

        vendor.left(asked, process)
        if asked is not None:  # questions about reports go on for days
            world.stir()
        world.after(fate.out, arrive)
        try:
            came = await done
        finally:  # also when nobody waits any more
            if asked is not None:
                world.stir()
        if isinstance(came, Exception):
            raise came
        return came


def never_left(draw: random.Random) -> httpx.HTTPError:
    """No connection could be made: proof that nothing left."""
    place: Any = None  # who could not be reached: only the kind of error is ever read
    causes = (
        aiohttp.ConnectionTimeoutError(),
        aiohttp.ClientConnectorError(place, OSError(111, "refused")),
        aiohttp.ClientConnectorDNSError(place, OSError(-2, "no such name")),
    )
    error = draw.choice((httpx.ConnectError, httpx.ConnectTimeout))("no connection")
    error.__cause__ = draw.choice(causes)
    return error


def broken(draw: random.Random) -> Exception:
    """The connection broke after the request was written: proves nothing.

    The transport of production tells some of these as if no connection had been made.
    """
    kinds = (httpx.ReadError, httpx.ConnectTimeout, httpx.RemoteProtocolError, httpx.WriteError)
    error = draw.choice(kinds)("connection lost")
    error.__cause__ = draw.choice(
        (
            aiohttp.ServerDisconnectedError(),
            aiohttp.ClientOSError(104, "reset by peer"),
            aiohttp.SocketTimeoutError(),
        )
    )
    return draw.choice((error, error, aiohttp.ServerDisconnectedError(), OSError(104, "reset")))


class Cut(httpx.AsyncByteStream):
    """The body of an answer that ends before it is whole."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._raw
        raise aiohttp.ClientPayloadError("ended early")
