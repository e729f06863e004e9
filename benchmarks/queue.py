"""Claim and settle, and recovery: the store's side of sending, without a wire."""

from __future__ import annotations

import time

from benchmarks import sites
from dispatcher.broadcasts.application import App
from dispatcher.db.queue import intents, messages, outcomes
from dispatcher.db.queue.outcomes import Outcome
from dispatcher.db.rows import by_ids
from dispatcher.domain.model import SYSTEM, AttemptState, MessageState
from dispatcher.worker.sending import reclaim
from dispatcher.worker.sending.state import LEASE

BATCH = 500


def claim_and_settle(app: App, broadcast: int, count: int) -> float:
    """Messages per second claimed, intended and settled in batches of 500, three commits each."""
    left, done, after = count, 0, (0, 0)
    began = time.perf_counter()
    while left > 0:
        with app.begin(SYSTEM)() as tx:
            by_ids(tx)
            ids, after = messages.due(tx, broadcast, "gate", BATCH, after)
            queued_messages = messages.queued_messages(tx, ids)
            leaving = [(p, p.reference) for p in queued_messages]
            intents.write(tx, "w", leaving, tx.now + LEASE, set(ids))
        if not ids:
            break
        with app.begin(SYSTEM)() as tx:
            by_ids(tx)
            done += len(
                outcomes.write_outcomes(
                    tx,
                    "w",
                    [
                        Outcome(p.message_id, p.reference, AttemptState.ACCEPTED,
                                MessageState.ACCEPTED, provider_id=p.reference, parts=1, cost=500)
                        for p in queued_messages
                    ],
                )
            )  # fmt: skip
        left -= len(ids)
    assert done == count, (done, count)
    return done / (time.perf_counter() - began)


def bare(app: App, count: int) -> float:
    """Messages per second when nothing but the same four changes of rows is asked of the database:
    prepared in memory, `executemany`, batches of 500, two commits each."""
    engine = app.store._engine
    mark = "?" if app.store.is_sqlite else "%s"

    def change(sql: str, rows: list[tuple[object, ...]]) -> tuple[str, list[tuple[object, ...]]]:
        return sql.replace("?", mark), rows

    with engine.connect() as connection:
        ids = [i for (i,) in connection.exec_driver_sql("SELECT id FROM messages ORDER BY id")]
    batches = []
    for low in range(0, count, BATCH):
        some = [(i, f"{i:034d}") for i in ids[low : low + BATCH]]
        batches.append([
            change("UPDATE messages SET state = 'sending', tries = 1, lease_owner = 'w', "
                   "lease_until = 1, changed_at = 1 WHERE id = ?", [(i,) for i, _ in some]),
            change("INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, "
                   "reference, call_ref, state, heard, asks, asked_at) VALUES (?, 1, 1, 'gate', "
                   "'sms', ?, ?, 'sending', 0, 1, 1)", [(i, ref, ref) for i, ref in some]),
            change("UPDATE messages SET state = 'accepted', lease_owner = NULL, lease_until = NULL,"
                   " changed_at = 2 WHERE id = ?", [(i,) for i, _ in some]),
            change("UPDATE attempts SET state = 'accepted', provider_id = ?, parts = 1, cost = 500,"
                   " answered_at = 2 WHERE reference = ?", [(ref, ref) for _, ref in some]),
        ])  # fmt: skip
    began = time.perf_counter()
    for changes in batches:
        for pair in (changes[:2], changes[2:]):
            with engine.connect().execution_options(writes=True) as connection, connection.begin():
                for sql, rows in pair:
                    connection.exec_driver_sql(sql, rows)
    return count / (time.perf_counter() - began)


def bytes_a_message(app: App, count: int) -> dict[str, tuple[float, float]]:
    """table → (bytes of rows, bytes of indexes) a message, on PostgreSQL, before any vacuum."""
    with app.store.read(SYSTEM) as tx:
        rows = tx.rows(
            "SELECT relname AS name, pg_table_size(oid) AS rows, pg_indexes_size(oid) AS indexes "
            "FROM pg_class WHERE relname IN ('messages', 'targets', 'attempts', 'trail')"
        )
    return {r["name"]: (r["rows"] / count, r["indexes"] / count) for r in rows}


def recovery(count: int) -> float:
    """Seconds until `count` messages a dead worker held are back in the queue or named in doubt."""
    with sites.folder() as root:
        app = sites.site(root / "site", count)
        broadcast = sites.released(app)
        after = (0, 0)
        with app.begin(SYSTEM)() as tx:
            for _ in range(count // BATCH):
                ids, after = messages.due(tx, broadcast, "gate", BATCH, after)
                messages.lease(tx, "dead", ids, tx.now + LEASE)
            queued_messages = messages.queued_messages(tx, ids)
            intents.write(tx, "dead", [(p, p.reference) for p in queued_messages], tx.now + LEASE)
        began = time.perf_counter()
        with app.begin(SYSTEM)() as tx:
            doubts = reclaim(tx, "w", {}, dead="dead")
        took = time.perf_counter() - began
        assert doubts == len(queued_messages)
        app.store.close()
        return took


def two_workers(database: str, count: int, in_flight: int, latency: str) -> tuple[float, float]:
    """(two, one): messages per second of two worker processes and of one, same site shape."""
    import json
    import os
    import subprocess
    import sys

    from dispatcher.simulators.vendors.server import start

    def run(workers: int, root_name: str, url: str) -> float:
        twin = start(["esms"], "--no-receipts", "--latency", latency)
        try:
            with sites.folder() as root:
                app = sites.site(
                    root / root_name, count, database=url, in_flight=in_flight * workers
                )
                sites.released(app)
                environment = {**os.environ, "DISPATCHER_TWINS": json.dumps(
                    {"gate": twin.base("esms")})}  # fmt: skip
                words = [sys.executable, "-m", "dispatcher", "-q", "--site", str(root / root_name),
                         "run", "--once"]  # fmt: skip
                children = [subprocess.Popen(words, env=environment) for _ in range(workers)]
                for child in children:
                    child.wait()
                found = sites.rate(app)
                app.store.close()
                return found
        finally:
            twin.stop()

    if database == "sqlite":
        return run(2, "two", "data/site.db"), run(1, "one", "data/site.db")
    with sites.postgresql() as new:
        return run(2, "two", new("two")), run(1, "one", new("one"))
