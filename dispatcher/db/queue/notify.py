"""PostgreSQL wakes the workers of all hosts when something changed; who misses it looks anyway.

Rung by `Store.begin` in the transaction of the change (NOTIFY), so nobody wakes too early.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from dispatcher.db.database import NOTIFY_CHANNEL, RUNG
from dispatcher.db.engines import engine_for

log = logging.getLogger("dispatcher.db")

AGAIN = 1.0  # seconds between tries to reach the server
LOOK = 0.5  # seconds until `stop` is noticed, at most


def listen(url: str, hear: Callable[[str], None], stop: threading.Event) -> None:
    """Call `hear` with the name of a table each time others changed it, until stopped.

    After a lost connection it is called for each of them: something may have been missed.
    """
    while not stop.is_set():
        try:
            _listen(url, hear, stop)
        except Exception as error:  # the server restarts, the network is away: try again
            log.warning("nothing is heard from the database: %s", type(error).__name__)
            stop.wait(AGAIN)


def _listen(url: str, hear: Callable[[str], None], stop: threading.Event) -> None:
    engine = engine_for(url)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"LISTEN {NOTIFY_CHANNEL}")
            for table in sorted(RUNG):
                hear(table)
            driver: Any = connection.connection.driver_connection
            while not stop.is_set():
                for told in driver.notifies(timeout=LOOK):
                    hear(told.payload)
    finally:
        engine.dispose()
