"""What cannot be written is set aside alone and named: never its batch, never the loop.

Comes from: reports and answers that no database takes even after cleaning.
Goes to: the trail, the log and the notices of admins.   Never: holds words or numbers of people.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from dispatcher.db.database import Tx
from dispatcher.db.database_problems import is_passing
from dispatcher.db.staff import notices
from dispatcher.domain.model import HANOI, Role
from dispatcher.i18n import Say

log = logging.getLogger("dispatcher.aside")
T = TypeVar("T")
R = TypeVar("R")

SENTENCES = {
    "report": Say(
        "sent a report that cannot be read or stored. The others are read; an "
        "admin must look at the log of receipts.",
    ),
    "answer": Say(
        "answered what cannot be stored. That call is kept as a doubt; the "
        "other messages go on. An admin must look at the log of attempts.",
    ),
    "turn": Say(
        "gets no new messages for a minute, since one cannot be written. The "
        "other gateways go on; an admin must look at the machine's log.",
    ),
}


def each_alone(
    tx: Tx, items: Sequence[T], act: Callable[[Sequence[T]], Sequence[R]]
) -> list[R | Exception]:
    """What `act` makes of all items together, one result each, in order.

    Where that fails because of an item, what was written is taken back and halves are tried, until
    the item stands alone: its error is its result. A trouble of the database itself is raised.
    """
    if not items:
        return []
    try:
        with tx.part():
            return list(act(items))
    except Exception as error:
        if is_passing(error):
            raise
        if len(items) == 1:
            return [error]
    half = len(items) // 2
    return each_alone(tx, items[:half], act) + each_alone(tx, items[half:], act)


def name(tx: Tx, gateway: str, what: str, why: str, ids: Sequence[object] = ()) -> None:
    """Say that something of a gateway was set aside: `what` is a key of SENTENCES.

    `why`: a word for the log; `ids`: which rows. Admins are told once a day and gateway.
    """
    log.error("gateway=%s set aside: %s %s why=%s", gateway, what, list(ids)[:20], why)
    tx.note("set_aside", "gateway", gateway, what=what, why=why, of=list(ids)[:1000])
    say = SENTENCES[what]
    day = tx.now.astimezone(HANOI).date()
    notices.put(
        tx,
        [
            notices.NoticeEvent(
                f"odd-{what}",
                "gateway",
                f"{gateway}@{day}",
                Say("Gateway {gateway} {say}", gateway=gateway, say=say),
                (Role.ADMIN.value,),
            )
        ],
    )
