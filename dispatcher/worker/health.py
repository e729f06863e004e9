"""`/health`: is the site able to keep what comes in? 200 when it is, 503 when it is not.

Comes from: a monitor, a proxy, `dispatcher doctor`.   Goes to: the database, at most once in five
seconds.   Never: asks who calls, or shows anything about people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from dispatcher.db.database import Store
from dispatcher.db.ops import settings
from dispatcher.domain.machine import here
from dispatcher.domain.model import SYSTEM
from dispatcher.domain.problems import Problem

FRESH = 5.0  # seconds an answer is given again: strangers may ask, the database is asked rarely
PATIENCE = 4.0  # seconds to wait for another writer
METHODS = ("GET", "HEAD")


class HealthEndpoint:
    """What `/health` answers. `receipts_fail`: the last receipts that came could not be stored."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime], receipts_fail: Callable[[], bool]
    ) -> None:
        self._store, self._clock, self._receipts_fail = store, clock, receipts_fail
        self._thread = here().thread("health")
        self._asked_at = float("-inf")
        self._trouble = ""
        self._asking = asyncio.Lock()

    async def answer(self) -> tuple[int, str]:
        """(200, "ok"), or 503 with the code of what is wrong."""
        async with self._asking:
            if here().running() - self._asked_at > FRESH:
                loop = asyncio.get_running_loop()
                self._trouble = await loop.run_in_executor(self._thread, self._look)
                self._asked_at = here().running()
        trouble = self._trouble or ("receipts-not-stored" if self._receipts_fail() else "")
        return (503, trouble) if trouble else (200, "ok")

    def _look(self) -> str:
        """The code of what is wrong with the database; empty when it can be read and written."""
        try:
            with self._store.begin(SYSTEM, self._clock(), patience=PATIENCE) as tx:
                settings.can_be_written(tx)
        except Problem as problem:
            return problem.code
        except Exception:
            return "database"
        return ""
