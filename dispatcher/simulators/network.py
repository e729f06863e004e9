"""The network between a simulated worker and the vendors: it may lose, delay and break what it
carries.

Comes from: a gateway's own code, through httpx.   Goes to: a vendor, later, if at all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import httpx

if TYPE_CHECKING:
    from dispatcher.simulators.processes import Process
    from dispatcher.simulators.world import World


class Transport(httpx.AsyncBaseTransport):
    """What stands in for sockets in one process."""

    def __init__(self, world: World, process: Process) -> None:
        self._world, self._process = world, process

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of a vendor, or what httpx raises where none came."""
        world, process = self._world, self._process
        body = await request.aread()
        vendor = world.vendor_of(request.url)
        fate = vendor.fate(request, body)
        done: asyncio.Future[httpx.Response | Exception] = process.loop.create_future()
        if fate.never_left:
            await asyncio.sleep(fate.out)
            raise never_left()

        def give(came: httpx.Response | Exception) -> None:
            if process.lives and not done.done():
                done.set_result(came)

        def arrive() -> None:
            came = vendor.serve(request, body, fate)
            if came is not None:
                world.after(fate.back, lambda: give(came))

        vendor.left(request, body, process)
        is_send = vendor.speech.read(request, body) is not None
        if is_send:  # who only looks whether there is news makes none
            world.stir()
        world.after(fate.out, arrive)
        try:
            came = await done
        finally:  # also when nobody waits any more
            if is_send:
                world.stir()
        if isinstance(came, Exception):
            raise came
        return came


def never_left() -> httpx.ConnectError:
    """No connection could be made: proof that nothing left."""
    error = httpx.ConnectError("no connection")
    error.__cause__ = aiohttp.ConnectionTimeoutError()
    return error


def broken() -> httpx.ReadError:
    """The connection broke after the request was written: proves nothing."""
    error = httpx.ReadError("connection lost")
    error.__cause__ = aiohttp.ServerDisconnectedError()
    return error
