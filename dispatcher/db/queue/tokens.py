"""The token vault an adapter is given: one refresher at a time, nothing lost when a refresh dies.

Rules (seen in production incidents of 2026): a lock whose life exceeds the HTTP deadline; read
again after getting it; the new pair is committed before anyone uses it; only two non-empty tokens
change anything; the previous pair is kept; a refused refresh asks a person to sign in again while
the access token still lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import TypeVar

from dispatcher.db.database import Store, Tx
from dispatcher.db.queue import gateways
from dispatcher.domain.machine import random_word
from dispatcher.domain.model import SYSTEM, Fault
from dispatcher.gateways.contract import Refused, Tokens

LOCK = timedelta(seconds=60)  # longer than the wire's deadline of 20 s, twice
T = TypeVar("T")


class StoredTokens:
    """The vault row of one gateway."""

    def __init__(
        self,
        store: Store,
        name: str,
        clock: Callable[[], datetime],
        database: Executor | None = None,
    ) -> None:
        self._store, self._name, self._clock, self._database = store, name, clock, database
        self._cached: Tokens | None = None
        self._mine = asyncio.Lock()

    async def current(self) -> Tokens | None:
        """The pair in force; None when nobody has signed in."""
        if self._cached is None:
            self._cached = await self._run(self._read)
        return self._cached

    async def renew(
        self,
        stale: str,
        exchange: Callable[[Tokens], Awaitable[Tokens | Refused]],
    ) -> Tokens | None:
        """A pair newer than `stale`, made by us or by whoever holds the lock; None when refused."""
        async with self._mine:
            owner = random_word()
            for _ in range(int(LOCK.total_seconds() * 2)):
                found = await self._run(self._read)
                if found is None:
                    return None
                if found.access != stale:
                    self._cached = found
                    return found
                if await self._run(
                    lambda tx: gateways.lock_tokens(tx, self._name, owner, tx.now + LOCK),
                    write=True,
                ):
                    return await self._exchange(owner, stale, exchange)
                await asyncio.sleep(0.5)
            return None

    async def _exchange(
        self, owner: str, stale: str, exchange: Callable[[Tokens], Awaitable[Tokens | Refused]]
    ) -> Tokens | None:
        held = await self._run(self._read)  # again, now that nobody else can change it
        if held is None or held.access != stale:
            await self._run(lambda tx: gateways.unlock_tokens(tx, self._name, owner), write=True)
            self._cached = held
            return held
        fresh = await exchange(held)
        if isinstance(fresh, Tokens) and fresh.access and fresh.refresh:
            await self._run(
                lambda tx: gateways.put_tokens(
                    tx, self._name, fresh.access, fresh.refresh, fresh.expires_in
                ),
                write=True,
            )
            self._cached = fresh
            return fresh
        refused = isinstance(fresh, Refused) and fresh.fault is Fault.ACCOUNT
        state = "reconsent_required" if refused else None  # a lost answer is tried again later
        await self._run(
            lambda tx: gateways.unlock_tokens(tx, self._name, owner, state=state), write=True
        )
        return None

    def _read(self, tx: Tx) -> Tokens | None:
        row = gateways.tokens(tx, self._name)
        return None if row is None else Tokens(row["access"], row["refresh"], 0)

    async def _run(self, act: Callable[[Tx], T], *, write: bool = False) -> T:
        def work() -> T:
            if write:
                with self._store.begin(SYSTEM, self._clock()) as tx:
                    result = act(tx)
                    tx.note("tokens", "gateway", self._name)
                    return result
            with self._store.read(SYSTEM) as tx:
                return act(tx)

        return await asyncio.get_running_loop().run_in_executor(self._database, work)
