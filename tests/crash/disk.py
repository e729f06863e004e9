"""What the tests of faults look at: a worker that sends, a twin that counts."""

import subprocess
import sys
import time
from contextlib import contextmanager

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


HOLD = """import sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
file.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
file.rollback()
"""


@contextmanager
def held_by_another_program(root, _pid=0):
    """As a backup program that never ends. A process of its own: two SQLite libraries in one
    process take each other's locks away."""
    given = [sys.executable, "-c", HOLD, str(root / "data/site.db")]
    program = subprocess.Popen(given, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert program.stdout.readline() == b"held\n"
    yield
    program.communicate()
    assert program.returncode == 0
