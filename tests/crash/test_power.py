"""An intent is on the disk before its bytes leave: what the system calls say, not what we believe.

A power cut takes back whatever was written without a sync. So between the last write to the log of
the database and a request to a vendor there must be a sync, in the thread that does both.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT
from patience import PATIENCE

from dispatcher.simulators.chaos_site import make_site
from dispatcher.simulators.ledgers import verdict
from dispatcher.simulators.vendors.server import start

CALLS = "pwrite64,fdatasync,fsync,sendto,sendmsg,write,writev"
LINE = re.compile(r"^(\d+) +(\w+)\((\d+)<([^>]*)>(.*)$")


def left_unsynced(trace):
    """(requests that left, those that left while their thread had written and not synced)."""
    written: dict[str, bool] = {}
    requests = early = 0
    for line in trace.read_text("utf-8", "replace").splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        thread, call, _, place, rest = found.groups()
        if place.endswith("-wal"):
            written[thread] = call == "pwrite64"
        elif '"POST ' in rest and call != "pwrite64":
            requests += 1
            early += written.get(thread, False)
    return requests, early


@pytest.mark.long
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed (see .ci/run)")
@pytest.mark.parametrize("how", ["FULL", "NORMAL"])
def test_an_intent_is_on_the_disk_before_its_bytes_leave(how, tmp_path, monkeypatch):
    monkeypatch.setenv("DISPATCHER_STATE", str(tmp_path / "state"))
    root, trace, package = tmp_path / "site", tmp_path / "trace", tmp_path / "planted"
    root.mkdir()
    environ = dict(os.environ)
    if how == "NORMAL":  # the mistake that this test exists for
        shutil.copytree(ROOT / "dispatcher", package / "dispatcher")
        source = package / "dispatcher" / "db" / "engines.py"
        text = source.read_text("utf-8")
        assert text.count('"synchronous=FULL"') == 1
        source.write_text(text.replace('"synchronous=FULL"', '"synchronous=NORMAL"'), "utf-8")
        environ["PYTHONPATH"] = str(package)
    twin = start(["lab"], "--no-receipts", "--capability", "neither")
    try:
        app = make_site(root, 60, "neither", "data/site.db")
        environ |= {"DISPATCHER_TWINS": json.dumps({"gate": twin.base("lab")}),
                    "DISPATCHER_STATE": str(tmp_path / "state"),
                    "DISPATCHER_CLOCK": os.environ["DISPATCHER_CLOCK"]}  # fmt: skip
        worker = [
            sys.executable,
            "-P",
            "-m",
            "dispatcher",
            "--site",
            str(root),
            "-q",
            "run",
            "--once",
        ]
        subprocess.run(
            ["strace", "-f", "-y", "-s", "40", "-e", f"trace={CALLS}", "-o", str(trace), *worker],
            check=True, env=environ, timeout=PATIENCE, cwd=tmp_path, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        found = verdict(app, 1, twin, 0)
        app.store.close()
    finally:
        twin.stop()
    assert found.lost == 0
    requests, early = left_unsynced(trace)
    assert requests >= 60
    assert (early == 0) is (how == "FULL")
