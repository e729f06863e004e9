"""Reports are pulled for accepted messages nothing was heard of: callbacks get lost.

Comes from: accepted attempts, inside what the vendor still remembers.  Goes to: receiving.
Never: asks faster than the gateway says, or while another worker asks.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from dispatcher.gateways.contract import AsksReceipts, Refused, Sent
from dispatcher.model import SYSTEM, Receipt
from dispatcher.store import receipts
from dispatcher.store.database import Store, Tx
from dispatcher.store.schema import moment

log = logging.getLogger("dispatcher.sending")
T = TypeVar("T")
Believe = Callable[[Tx, Sequence[tuple[str, Receipt]]], Any]
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

    def whom() -> list[Sent]:
        now = clock()
        with store.read(SYSTEM) as tx:
            if not receipts.poll_due(tx, name, now, asks.every):
                return []
        with store.begin(SYSTEM, now) as tx:
            after = receipts.take_poll(tx, name, asks.every)
            if after is None:
                return []
            oldest, youngest = now - asks.look_back, now - asks.after
            rows = receipts.silent(
                tx, name, after, oldest, youngest, asks.most, doubts=asks.by_text
            )
            receipts.polled(tx, name, rows[-1]["id"] if len(rows) == asks.most else 0)
        return [
            Sent(r["reference"], r["provider_id"], r["to"], moment(r["asked_at"]), r["body"])
            for r in rows
        ]

    sent = await in_thread(whom)
    if not sent:
        return 0
    found = await gateway.ask(sent)
    if isinstance(found, Refused):
        log.warning("gateway=%s reports could not be pulled code=%s", name, found.code)
        return 0

    def write() -> None:
        with store.begin(SYSTEM, clock()) as tx:
            believe(tx, [(name, receipt) for receipt in found])

    if found:
        await in_thread(write)
    return len(found)
