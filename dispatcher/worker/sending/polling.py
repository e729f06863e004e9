"""Reports are pulled for accepted messages nothing was heard of: callbacks get lost.

Comes from: accepted attempts, inside what the vendor still remembers.  Goes to: receiving.
Never: asks faster than the gateway says, or while another worker asks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from dispatcher.db.database import Store, Tx
from dispatcher.db.queue import pulls
from dispatcher.db.schema import moment
from dispatcher.domain.model import SYSTEM, Receipt
from dispatcher.gateways.contract import AsksReceipts, Refused, Sent

log = logging.getLogger("dispatcher.worker.sending")
T = TypeVar("T")
A_SECOND_LOOK = 1.0  # seconds between looks at a report whose message is on the wire
LOOKS = 60  # by then no call is open any more
# What `receiving.believe` does: per report ("matched", "early" …, its attempt)
Believe = Callable[[Tx, Sequence[tuple[str, Receipt]]], Sequence[tuple[str, int | None]]]
InThread = Callable[[Callable[[], T]], Awaitable[T]]


async def poll(
    store: Store,
    clock: Callable[[], datetime],
    name: str,
    gateway: AsksReceipts,
    believe: Believe,
    in_thread: InThread[Any],
) -> int:
    """Ask one gateway about a page of silent messages, if it is time; how many reports came."""
    asks = gateway.asks

    def take() -> int | None:
        with store.read(SYSTEM) as tx:
            if not pulls.poll_due(tx, name, clock(), asks.every):
                return None
        with store.begin(SYSTEM, clock()) as tx:
            return pulls.take_poll(tx, name, asks.every)

    def look(after: int) -> tuple[list[Sent], int]:
        now = clock()
        oldest, youngest = now - asks.look_back, now - asks.after
        with store.read(SYSTEM) as tx:
            rows, come_to = pulls.silent(
                tx, name, after, oldest, youngest, asks.most, doubts=asks.by_text
            )
        return [
            Sent(r["reference"], r["provider_id"], r["to"], moment(r["asked_at"]), r["body"])
            for r in rows
        ], come_to

    after = await in_thread(take)
    if after is None:
        return 0
    sent, come_to = await asyncio.to_thread(look, after)  # beside the sending, which writes

    def remember() -> None:
        with store.begin(SYSTEM, clock()) as tx:
            pulls.polled(tx, name, come_to)

    await in_thread(remember)
    if not sent:
        return 0
    found = await gateway.ask(sent)
    if isinstance(found, Refused):
        log.warning("gateway=%s reports could not be pulled code=%s", name, found.code)
        return 0

    heard = [(name, receipt) for receipt in found]

    def write() -> list[tuple[str, Receipt]]:
        with store.begin(SYSTEM, clock()) as tx:
            told = believe(tx, heard)
        return [h for h, (what, _) in zip(heard, told, strict=True) if what == "early"]

    looks = 0
    while heard and looks < LOOKS:
        if looks:  # of a message on the wire just now: whoever settles it may not see the report
            await asyncio.sleep(A_SECOND_LOOK)
        heard, looks = await in_thread(write), looks + 1
    return len(found)
