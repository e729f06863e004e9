"""A process without a thread or a descriptor to be had waits, says so once, and goes on."""

import asyncio
import logging
import os
import threading

import pytest
from conftest import FlowingClock, add_people
from walk import approve_now, counts, crowd, get, import_list, sheet, twin_urls, write_broadcast

from dispatcher.config import parse
from dispatcher.domain.model import BroadcastState
from dispatcher.gateways.wire import Wire
from dispatcher.simulators.drill import sign_in_to_twins
from dispatcher.usecases.context import open_app
from dispatcher.worker.serving import serve_site

resource = pytest.importorskip("resource")


@pytest.fixture
def due(make_site, tmp_path, twins):
    """A broadcast to five people that is due now; (app, its number, where the twins are)."""
    app = open_app(parse(make_site()), FlowingClock())
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(5)))
    made = write_broadcast(app, officer)
    approve_now(app, officer, leader, made)
    urls = twin_urls(twins)
    sign_in_to_twins(app, urls)
    yield app, made, urls
    app.store.close()


class Heard(logging.Handler):
    """Calls `then` when a line of the log holds `word`."""

    def __init__(self, word, then):
        super().__init__()
        self.word, self.then, self.lines = word, then, []

    def emit(self, record):
        line = record.getMessage()
        if self.word in line:
            self.lines.append(line)
            self.then()


@pytest.fixture
def health_tracker():
    """Listens to the worker's log."""
    log, handlers = logging.getLogger("dispatcher"), []

    def listen(word, then):
        handlers.append(Heard(word, then))
        log.addHandler(handlers[-1])
        return handlers[-1]

    yield listen
    for handler in handlers:
        log.removeHandler(handler)


@pytest.mark.parametrize("thread", ["database", "_release_due"])
def test_without_a_thread_the_worker_waits_and_says_so(due, health_tracker, monkeypatch, thread):
    app, made, urls = due
    real, refused = threading.Thread.start, []

    def start(self):
        if self.name.startswith(thread) and len(refused) < 3:
            refused.append(self.name)
            raise RuntimeError("can't start new thread")
        real(self)

    heard = health_tracker("problem=no-thread", lambda: None)
    monkeypatch.setattr(threading.Thread, "start", start)
    found = asyncio.run(serve_site(app, urls, once=True, with_door=False))
    assert len(refused) == 3, "tried again"
    assert len(heard.lines) == 1, "said once"
    assert len(found["problems"]) == 1
    assert "chờ và tự thử lại" in found["problems"][0]
    assert get(app, made).state is BroadcastState.DONE
    assert sum(counts(app, made).values()) == 5
    assert found["accepted"] == 5


def test_without_a_descriptor_the_worker_waits_and_says_so(due, health_tracker):
    app, made, urls = due
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    heard = health_tracker(
        "problem=no-descriptor", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, before)
    )
    app.store.close()  # so that its connections must be opened again

    async def go():
        room = len(os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (room, before[1]))
        return await serve_site(app, urls, once=True, with_door=False)

    try:
        found = asyncio.run(go())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert heard.lines
    assert any("quá nhiều tệp" in said for said in found["problems"])
    assert sum(counts(app, made).values()) == 5
    assert found["accepted"] == 5


def test_a_call_that_cannot_look_up_a_name_for_want_of_a_thread_has_not_left(monkeypatch):
    wire = Wire()

    def start(self):
        raise RuntimeError("can't start new thread")

    async def go():
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", start)
            answer = await wire.post("http://localhost:9/", json_body={})
        await wire.close()
        return answer

    answer = asyncio.run(go())
    assert (answer.left, answer.what) == (False, "no thread")
