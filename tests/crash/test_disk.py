"""A disk that fills up in the middle of sending: it costs time, nobody.

The worker is a process of its own; the disk is a real one of a few megabytes.
"""

import json
import os
import subprocess

import pytest
from disk import over, quiet, until

from dispatcher.cli.chaos import make_site, verdict, worker_command
from dispatcher.twins.server import start

PEOPLE = 1200


def fill(place):
    """No byte is left."""
    with (place / "filler").open("wb") as file:
        try:
            while True:
                file.write(b"x" * 65536)
                file.flush()
        except OSError:
            pass


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
        until(lambda: twin.ask("/ledger")["accepted"] > 50)
        for _ in range(3):
            fill(small_disk)
            until(lambda: quiet(twin))
            assert worker.poll() is None, (tmp_path / "said").read_text("utf-8")[-2000:]
            before = twin.ask("/ledger")["accepted"]
            (small_disk / "filler").unlink()
            until(lambda before=before: twin.ask("/ledger")["accepted"] > before or over(app), 20)
        until(lambda: over(app))
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
