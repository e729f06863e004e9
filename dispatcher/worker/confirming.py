"""A refusal by reply is confirmed to whoever wrote it, once, where the channel has a way back.

Comes from: replies whose wish was obeyed.   Goes to: a gateway that answers replies (Zalo).
Never: the same confirmation twice; it is marked as being sent before it leaves, and one whose
answer was lost stays unsure. Decree 91/2020 art. 16: at once, once, without advertising, with the
time it was received and the time sending stops (for advertising; ours is a courtesy).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dispatcher.broadcasts.application import App
from dispatcher.db.contacts import replies
from dispatcher.db.database import Row, Tx
from dispatcher.db.schema import moment
from dispatcher.domain.model import HANOI, SYSTEM, Fault
from dispatcher.domain.opting_out import Wish
from dispatcher.gateways.contract import Accepted, AnswersReplies, Gateway, Refused, SendResult

log = logging.getLogger("dispatcher.worker.confirming")

InThread = Callable[[Callable[[], Any]], Awaitable[Any]]
NOT_TAKEN = frozenset({Fault.BUSY, Fault.ACCOUNT, Fault.LATER})
AGAIN = timedelta(minutes=10)


async def confirm(app: App, gateways: Mapping[str, Gateway], in_thread: InThread) -> int:
    """Confirm what waits for it; how many confirmations left."""
    can = {name: g for name, g in gateways.items() if isinstance(g, AnswersReplies)}
    if not await in_thread(lambda: _any(app)):
        return 0
    rows = await in_thread(lambda: _noted(app, lambda tx: replies.take(tx, can, tx.now)))
    for row in rows:
        send_result = await can[row["gateway"]].answer(row["to"], words(app.site.name, row))
        outcome, again = _outcome(send_result, app.clock())
        if outcome != "sent":
            log.warning("reply=%s confirmation=%s", row["id"], outcome)
        await in_thread(
            partial(
                _noted,
                app,
                partial(replies.confirmed, reply=row["id"], outcome=outcome, again=again),
            )
        )
    return len(rows)


def words(site: str, row: Row) -> str:
    """What whoever refused is told."""
    at = f"{moment(row['at']).astimezone(HANOI):%H:%M ngày %d/%m/%Y}"
    said = f"{site} đã nhận lời từ chối của ông/bà lúc {at} và ngừng gửi từ lúc đó"
    if row["wish"] == Wish.URGENT:
        return f"{said}, cả tin khẩn."
    return (
        f"{said}. Tin khẩn (bão, lũ, cháy, sơ tán) vẫn được gửi; nếu không muốn nhận cả tin khẩn, "
        "xin trả lời: TC CẢ TIN KHẨN."
    )


def _outcome(send_result: SendResult, now: datetime) -> tuple[str, datetime | None]:
    match send_result:
        case Accepted():
            return "sent", None
        case Refused(fault=fault, retry_after=wait) if fault in NOT_TAKEN:
            return "waiting", now + max(wait or AGAIN, AGAIN)
        case Refused(fault=Fault.UNKNOWN):
            return "unsure", None
        case _:
            return "failed", None


def _any(app: App) -> bool:
    with app.store.read(SYSTEM) as tx:
        return replies.any_to_confirm(tx)


def _noted(app: App, act: Callable[[Tx], Any]) -> Any:
    with app.begin(SYSTEM)() as tx:
        tx.note("confirmed", "replies", "")
        return act(tx)
