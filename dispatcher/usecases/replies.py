"""What people wrote back, and a person's word about a reply that may be a refusal.

Comes from: replies that vendors hand over.   Goes to: suppressions, and a confirmation.
Never: decides about a reply twice, or shows one of somebody of another ward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.db.contacts import replies
from dispatcher.domain.opting_out import Wish
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.rights import WRITERS, need_role
from dispatcher.i18n import Say
from dispatcher.usecases.context import Context
from dispatcher.worker import receiving


@dataclass(frozen=True)
class RepliesShown:
    """Replies that need a look, and the others; newest first."""

    waiting: Sequence[dict[str, Any]]
    others: Sequence[dict[str, Any]]


def list_replies(context: Context, most: int) -> RepliesShown:
    """At most so many of each."""
    with context.read() as tx:
        waiting = replies.list_replies(tx, most, waiting=True)
        return RepliesShown(
            waiting, [r for r in replies.list_replies(tx, most) if r["look"] != "waiting"]
        )


def look_at(context: Context, number: int, wish: Wish) -> dict[str, Any]:
    """Decide about a reply: a clear `wish` is obeyed and confirmed, any other dismisses it.

    Gives the reply as it was. Raises `unknown-reply`; refused: `role`, `looked-at-before`,
    `reply-of-a-stranger`.
    """
    with context.act("look", "reply", number) as tx:
        need_role(tx.actor, WRITERS, Say("look at replies"))
        found = replies.get_reply(tx, number)
        if found is None:
            raise Problem("unknown-reply", Say("No such reply."))
        if found["look"] != "waiting":
            raise refused(
                "looked-at-before",
                Say(
                    "Reply {number} waits for nobody (somebody may have looked at it).",
                    number=number,
                ),
            )
        if wish.is_clear and found["address"] is None:
            raise refused(
                "reply-of-a-stranger",
                Say(
                    "Reply {number} came from nobody on the list: find the person and "
                    "suppress them, or dismiss it.",
                    number=number,
                ),
            )
        new = wish.is_clear and receiving.obey(tx, found["address"], wish)
        outcome = "obeyed" if wish.is_clear else "dismissed"
        replies.looked(tx, number, outcome, wish, confirm=new)
    return found
