"""What the tests of faults look at: a worker that sends, a twin that counts."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager

from patience import PATIENCE, ended

from dispatcher.domain.model import BroadcastState
from dispatcher.domain.problems import Problem
from dispatcher.simulators.chaos_site import _get, make_site, worker_command
from dispatcher.simulators.ledgers import verdict
from dispatcher.simulators.vendors.server import start


def remount(place, how):
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True, capture_output=True)


def patient_site(root, people, gateway, database):
    """A site of the crash test whose gateway waits longer for an answer: none is late because the
    machine is slow, so that whatever is in doubt was put there by the fault."""
    app = make_site(root, people, gateway, database)
    toml = root / "dispatcher.toml"
    text = toml.read_text("utf-8")
    assert text.count('timeout = "2s"') == 1
    toml.write_text(text.replace('timeout = "2s"', 'timeout = "25s"'), "utf-8")
    return app


def over(app):
    try:
        return _get(app, 1).state is not BroadcastState.RUNNING
    except Problem:
        return False


class Scene:
    """A site in the middle of sending: its app, the twin, and the worker's process."""

    def __init__(self, root, log, people, *, before=None):
        """`before` is done with the app between the making of the site and the worker's start."""
        os.environ["DISPATCHER_STATE"] = str(log.parent / "state")
        self.people, self.log, self.worker = people, log, None
        self.twin = start(["lab"], "--latency", "0.1", "--no-receipts", "--capability", "neither")
        os.environ["DISPATCHER_TWINS"] = json.dumps({"gate": self.twin.base("lab")})
        root.mkdir()
        try:
            self.app = patient_site(root, people, "neither", "data/site.db")
            if before:
                before(self.app)
            with log.open("wb") as said:
                self.worker = subprocess.Popen(worker_command(root), stdout=said, stderr=said)
        except BaseException:
            self.close()
            raise

    def accepted(self):
        return self.twin.ask("/ledger")["accepted"]

    def quiet(self):
        """True when nothing leaves any more."""
        calls = self.twin.ask("/ledger")["calls"]
        time.sleep(0.7)
        return calls == self.twin.ask("/ledger")["calls"]

    def over(self):
        return over(self.app)

    def must_live(self):
        assert self.worker.poll() is None, self.log.read_text("utf-8")[-2000:]

    def must_be_whole(self):
        """Everybody once, nobody lost, no doubt."""
        found = verdict(self.app, 1, self.twin, 0)
        assert (found.people, found.twice, found.lost) == (self.people, 0, 0)
        assert (found.false_accepted, found.unconfirmed) == (0, 0)

    def close(self):
        if self.worker is not None:
            self.worker.terminate()
            ended(self.worker)
        self.twin.stop()
        self.app.store.close()


@contextmanager
def sending(*given, **more):
    scene = Scene(*given, **more)
    try:
        yield scene
    finally:
        scene.close()


HOLD = """import sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=int(sys.argv[2]))
file.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
file.rollback()
"""


@contextmanager
def held_by_another_program(root, _pid=0):
    """As a backup program that never ends. A process of its own: two SQLite libraries in one
    process take each other's locks away."""
    given = [sys.executable, "-c", HOLD, str(root / "data/site.db"), str(PATIENCE)]
    program = subprocess.Popen(given, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert program.stdout.readline() == b"held\n"
    yield
    program.communicate()
    assert program.returncode == 0
