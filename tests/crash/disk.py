"""What the tests of faults look at: a worker that sends, a twin that counts."""

import subprocess
import time

from dispatcher.cli.chaos import _get
from dispatcher.model import BroadcastState
from dispatcher.problems import Problem


def until(happened, limit=90):
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < limit, "it did not happen"
        time.sleep(0.1)


def remount(place, how):
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True, capture_output=True)


def quiet(twin):
    calls = twin.ask("/ledger")["calls"]
    time.sleep(0.7)
    return calls == twin.ask("/ledger")["calls"]


def over(app):
    try:
        return _get(app, 1).state is not BroadcastState.RUNNING
    except Problem:
        return False
