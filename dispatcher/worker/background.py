"""What a worker does beside the sending: looked for in a reading transaction, written in turn.

Comes from: what lies in the database.   Goes to: sums for pages, the second place of refusals, the
next people who share a phone.   Never: keeps the send loop waiting while it looks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from dispatcher.broadcasts.application import App, second_place_of
from dispatcher.db.broadcasts import totals
from dispatcher.db.contacts import headcounts, households, shared_phones, sharers_at_the_end
from dispatcher.db.ops.second_place import Keeper
from dispatcher.db.staff import idempotency
from dispatcher.domain.clock import awake
from dispatcher.domain.model import SYSTEM, MessageState

ADD_UP = 5.0  # seconds between looks for large broadcasts to add up
SHARE_PHONES = 5.0  # seconds between looks for shared phones that are free
REPORTS_COME = timedelta(days=8)  # so long after its release a message of a broadcast may move
SELDOM = 30  # times as long as a look for them takes, at least
KEEP = 60.0  # seconds between looks for what must not be lost with the disk
CLEAR_OUT = 3600.0  # seconds between looks for what is kept long enough
Chore = tuple[Callable[[], Awaitable[None]], float]  # (what is done, every so many seconds)


class Safely(Protocol):
    """Does one thing with the database and lives on when it fails: see `Worker`."""

    async def __call__(self, act: Callable[[], Any], *, own_thread: bool = False) -> Any: ...


@dataclass
class Background:
    """The chores of one worker that need not hold its pen while they look."""

    app: App
    safely: Safely
    keeper: Keeper | None = None
    small: set[int] = field(default_factory=set)  # finished broadcasts pages add up themselves
    phones_at: float = 0.0  # when shared phones are looked at again

    def chores(self) -> Sequence[Chore]:
        """What is to be done, and how often."""
        return (
            (self.add_up, ADD_UP),
            (self.share_phones, SHARE_PHONES),
            (self.keep_second, KEEP),
            (self.clear_out, CLEAR_OUT),
        )

    async def add_up(self) -> None:
        """Large broadcasts are added up for the pages; people on changed lists counted again."""
        taken: list[Mapping[str, Any]] = []
        stale = False

        def look_for_sums() -> None:
            nonlocal stale
            now = self.app.clock()
            with self.app.store.read(SYSTEM) as tx:
                chosen = totals.due(tx, now, self.small)
                stale = headcounts.is_stale(tx)
            for broadcast_id in chosen:
                with self.app.store.read(SYSTEM) as tx:
                    taken.extend(totals.add_up(tx, now, broadcast_id))

        def write_sums() -> None:
            with self.app.store.begin(SYSTEM, self.app.clock()) as tx:
                tx.act = "added up"
                if stale:
                    headcounts.count(tx)
                if taken:
                    totals.keep_totals(tx, taken)

        await self.safely(look_for_sums, own_thread=True)
        if taken or stale:
            await self.safely(write_sums)

    async def share_phones(self) -> None:
        """Phones whose holders have ended without them go to the next who share them, households to
        their next member: looked for the more seldom, the longer it takes."""
        began = awake()
        if began < self.phones_at:
            return
        free: list[int] = []
        over: list[tuple[int, MessageState]] = []

        def look_for_phones() -> None:
            with self.app.store.read(SYSTEM) as tx:
                found = sharers_at_the_end.with_sharers(tx)
                free.extend(
                    b for b in found if shared_phones.any_free(tx, b) or households.any_free(tx, b)
                )
                over.extend(sharers_at_the_end.left_over(tx, self.app.clock() - REPORTS_COME))

        def hand_over() -> None:
            for broadcast_id in free:
                with self.app.store.begin(SYSTEM, self.app.clock()) as tx:
                    tx.act = "handed over"
                    shared_phones.hand_over(tx, broadcast_id)
                    households.hand_over(tx, broadcast_id)
            for broadcast_id, state in over:
                with self.app.store.begin(SYSTEM, self.app.clock()) as tx:
                    sharers_at_the_end.end(tx, broadcast_id, state)
                    tx.note("ended", "broadcast", broadcast_id, shared_phones=state.value)

        await self.safely(look_for_phones, own_thread=True)
        if free or over:
            await self.safely(hand_over)
        self.phones_at = awake() + max(SHARE_PHONES, SELDOM * (awake() - began))

    async def keep_second(self) -> None:
        """Refusals, erasures and releases are kept at a second place as well."""
        if self.keeper is None:
            self.keeper = Keeper(second_place_of(self.app.site))
        keeper = self.keeper

        def write_second_place() -> None:
            with self.app.store.read(SYSTEM) as tx:
                keeper.look(tx, self.app.clock())

        await self.safely(write_second_place, own_thread=True)

    async def clear_out(self) -> None:
        """What is kept for a while only."""

        def clear_out() -> None:
            with self.app.store.begin(SYSTEM, self.app.clock()) as tx:
                tx.act = "cleared out"
                idempotency.forget_old(tx)

        await self.safely(clear_out)
