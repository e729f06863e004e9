"""A disk that fills up, or is read-only for a while, in the middle of sending: it costs time, nobody.

The worker is a process of its own; the disk is a real one of a few megabytes.
"""

import json
import os
import subprocess
import time

import pytest

from dispatcher.cli.chaos import _get, make_site, verdict, worker_command
from dispatcher.model import BroadcastState
from dispatcher.problems import Problem
from dispatcher.twins.server import start

PEOPLE = 1200


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.name != "posix" or os.getuid() != 0:
        pytest.skip("only root can make a small disk")
    made = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)]
    if subprocess.run(made, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], capture_output=True, check=True)


def _until(happened, limit=90):
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < limit, "it did not happen"
        time.sleep(0.1)


def fill(place):
    """No byte is left."""
    with (place / "filler").open("wb") as file:
        try:
            while True:
                file.write(b"x" * 65536)
                file.flush()
        except OSError:
            pass


def remount(place, how):
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True, capture_output=True)


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_disk_that_fills_up_while_sending_costs_time_and_nobody(
    small_disk, tmp_path, monkeypatch
):
    monkeypatch.setenv("DISPATCHER_STATE", str(tmp_path / "state"))
    twin = start(["lab"], "--latency", "0.1", "--no-receipts", "--capability", "neither")
    monkeypatch.setenv("DISPATCHER_TWINS", json.dumps({"gate": twin.base("lab")}))
    root = small_disk / "site"
    root.mkdir()
    worker = None
    try:
        app = make_site(root, PEOPLE, "neither", "data/site.db")
        with (tmp_path / "said").open("wb") as said:
            worker = subprocess.Popen(worker_command(root), stdout=said, stderr=said)
        _until(lambda: twin.ask("/ledger")["accepted"] > 50)
        for _ in range(3):
            fill(small_disk)
            _until(lambda: _quiet(twin))
            assert worker.poll() is None, (tmp_path / "said").read_text("utf-8")[-2000:]
            before = twin.ask("/ledger")["accepted"]
            (small_disk / "filler").unlink()
            _until(lambda before=before: twin.ask("/ledger")["accepted"] > before or _over(app), 20)
        _until(lambda: _over(app))
        found = verdict(app, 1, twin, 0)
        app.store.close()
    finally:
        if worker is not None:
            worker.terminate()
            worker.wait(40)
        twin.stop()
        os.environ.pop("DISPATCHER_CLOCK", None)
    assert (found.people, found.twice, found.lost, found.false_accepted) == (PEOPLE, 0, 0, 0)
    assert found.unconfirmed == 0


def _quiet(twin):
    calls = twin.ask("/ledger")["calls"]
    time.sleep(0.7)
    return calls == twin.ask("/ledger")["calls"]


def _over(app):
    try:
        return _get(app, 1).state is not BroadcastState.RUNNING
    except Problem:
        return False
