"""`dispatcher run` and `dispatcher web` in one process: a worker, the receipt door, the console.

uvicorn is at home here. The console is handed in by the door that starts it; what a drill has
instead of vendors is loaded by its name, and only in a drill.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any

from dispatcher.broadcasts.application import App
from dispatcher.domain.model import Mode
from dispatcher.worker.adapters import Doors, callback_path, given_twins, listeners
from dispatcher.worker.process import Worker
from dispatcher.worker.receipt_door import door

DRILL = "dispatcher.simulators.drill"
# The receipt door and where the twins of a drill answer → the console around them.
Pages = Callable[[Any, str], Any]


def run_worker(app: App, *, once: bool = False, pages: Pages | None = None) -> dict[str, Any]:
    """`dispatcher run`, with `pages` the console too: {"accepted", "problems"} when it ends."""
    child, twins = None, given_twins()
    if app.site.mode is Mode.DRILL:
        child, twins = import_module(DRILL).own_twins(app)
    try:
        if child is not None:
            import_module(DRILL).sign_in_to_twins(app, twins)
        return asyncio.run(
            serve_site(
                app,
                twins,
                once=once,
                with_door=pages is not None or child is not None,
                pages=pages,
            )
        )
    finally:
        if child is not None:
            child.stop()


async def serve_site(
    app: App,
    twins: Mapping[str, str],
    *,
    once: bool,
    with_door: bool,
    pages: Pages | None = None,
) -> dict[str, Any]:
    """One worker, with the receipt door beside it where asked: {"accepted", "problems"}."""
    public = os.environ.get("DISPATCHER_CALLBACKS", app.site.public_url)
    serving: asyncio.Task[None] | None = None
    if with_door:
        drill = app.site.mode is Mode.DRILL
        host, _, port = app.site.listen.rpartition(":")
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        place = ("127.0.0.1", 0) if drill and pages is None else (host, int(port))
        serving = asyncio.create_task(
            serve_door(app, *place, found.set_result, pages=pages, twins=_root_of(twins))
        )
        waits: set[asyncio.Future[Any]] = {serving, found}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        if drill:
            public = f"http://127.0.0.1:{found.result()}"
            await asyncio.to_thread(import_module(DRILL).tell_twins_where, app, twins, public)
    worker = Worker(app, Doors(twins, public))
    _quiet_collector()
    try:
        accepted = await worker.run(once=once)
    finally:
        if serving is not None:
            serving.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await serving
    return {"accepted": accepted, "problems": worker.problems}


async def serve_door(
    app: App,
    host: str,
    port: int,
    announce: Callable[[int], None],
    *,
    pages: Pages | None = None,
    twins: str = "",
) -> None:
    """The receipt door, with `pages` the console too, until cancelled or signalled.

    `twins`: where those of a drill answer.
    """
    import uvicorn

    paths = {name: callback_path(app, name) for name in app.site.gateways}
    receipts = door(app.store, app.clock, paths, listeners(app))
    served: Any = pages(receipts, twins) if pages is not None else receipts
    config = uvicorn.Config(
        served,
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    announce(server.servers[0].sockets[0].getsockname()[1])
    try:
        await server.main_loop()
    finally:
        await server.shutdown()


def _root_of(twins: Mapping[str, str]) -> str:
    """Where the twins of a drill tell what they took."""
    return next((base.rpartition("/")[0] for base in twins.values()), "")


def _quiet_collector() -> None:
    """What was imported stays: the garbage collector need not walk it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
