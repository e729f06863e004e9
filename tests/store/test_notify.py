"""On PostgreSQL a change wakes whoever listens, also after the server threw the listener out."""

import queue
import threading

import pytest
from conftest import NINE, new_postgresql
from patience import PATIENCE

from dispatcher.db.database import RUNG, open_store
from dispatcher.db.queue.notify import listen
from dispatcher.db.seal import Sealer
from dispatcher.domain.model import SYSTEM


@pytest.fixture
def url(postgresql_server):
    url = new_postgresql(postgresql_server)
    open_store(url, Sealer(bytes(32))).close()
    return url


@pytest.fixture
def ears(url):
    heard, stop = queue.Queue(), threading.Event()
    thread = threading.Thread(target=listen, args=(url, heard.put, stop))
    thread.start()
    assert {heard.get(timeout=PATIENCE) for _ in RUNG} == RUNG, "at first: look everywhere"
    yield heard
    stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.fixture
def store(url):
    store = open_store(url, Sealer(bytes(32)))
    yield store
    store.close()


def change(store, table="broadcasts"):
    with store.begin(SYSTEM, NINE) as tx:
        tx.run(f"UPDATE {table} SET id = id WHERE id = 0")
        tx.note("test", table, "")


def test_a_committed_change_is_heard_with_its_table_and_nothing_else_is(ears, store):
    change(store, "people")
    change(store, "receipts")
    change(store, "broadcasts")
    assert [ears.get(timeout=PATIENCE) for _ in range(2)] == ["receipts", "broadcasts"]
    assert ears.empty()


def test_what_was_rolled_back_is_not_heard(ears, store):
    with pytest.raises(ZeroDivisionError), store.begin(SYSTEM, NINE) as tx:
        tx.run("UPDATE broadcasts SET id = id WHERE id = 0")
        tx.note("test", "broadcasts", "")
        raise ZeroDivisionError
    change(store, "receipts")
    assert ears.get(timeout=PATIENCE) == "receipts"


def test_after_a_lost_connection_one_looks_everywhere_and_hears_again(ears, store):
    with store.begin(SYSTEM, NINE) as tx:
        gone = tx.value(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
    assert gone == 1
    assert {ears.get(timeout=PATIENCE) for _ in RUNG} == RUNG
    change(store)
    assert ears.get(timeout=PATIENCE) == "broadcasts"
