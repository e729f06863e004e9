"""Stop means stop: nothing leaves beyond what was in flight, and an end leaves nothing in doubt."""

import json
import signal
import subprocess
import time

import pytest
from disk import held_by_another_program, patient_site
from patience import ended, until

from dispatcher import broadcasts as planning
from dispatcher.db.broadcasts import broadcasts
from dispatcher.domain.model import SYSTEM, BroadcastState
from dispatcher.simulators.chaos_site import _get, worker_command
from dispatcher.simulators.ledgers import IN_FLIGHT, verdict
from dispatcher.simulators.vendors.server import start

pytestmark = pytest.mark.long
PEOPLE = 1500


@pytest.fixture
def sending(tmp_path, monkeypatch):
    """A site in the middle of sending: (app, twin, worker process)."""
    monkeypatch.setenv("DISPATCHER_STATE", str(tmp_path / "state"))
    twin = start(["lab"], "--latency", "0.2", "--no-receipts", "--capability", "neither")
    monkeypatch.setenv("DISPATCHER_TWINS", json.dumps({"gate": twin.base("lab")}))
    root = tmp_path / "site"
    root.mkdir()
    app = patient_site(root, PEOPLE, "neither", "data/site.db")
    worker = subprocess.Popen(worker_command(root), stdout=subprocess.DEVNULL)
    until(lambda: twin.ask("/ledger")["accepted"] > 60, every=0.05)
    yield app, twin, worker
    if worker.poll() is None:
        worker.kill()
    worker.wait()
    twin.stop()
    app.store.close()


def _counts(app):
    with app.store.read(SYSTEM) as tx:
        return broadcasts.counts(tx, 1)


@pytest.mark.parametrize("act", ["stop", "pause", "stop_all"])
def test_after_the_command_nothing_leaves_beyond_what_is_in_flight(sending, act):
    app, twin, _ = sending
    leader = app.actor("leader")
    with app.begin(leader)() as tx:
        if act == "stop_all":
            planning.stop_all(tx)
        else:
            getattr(planning, act)(tx, broadcasts.get(tx, 1))
    at_command = twin.ask("/ledger")["calls"]
    rest = "queued" if act == "pause" else "cancelled"
    until(lambda: set(_counts(app)) == {"accepted", rest})  # what was on the wire is settled
    time.sleep(2)  # in which something more could leave
    calls = twin.ask("/ledger")["calls"]
    assert calls <= at_command + IN_FLIGHT
    assert calls < PEOPLE
    found = _counts(app)
    assert set(found) == {"accepted", rest}
    assert found["accepted"] == twin.ask("/ledger")["accepted"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_end_settles_what_it_has_on_the_wire(sending, how):
    app, twin, worker = sending
    worker.send_signal(how)
    assert ended(worker) in (0, 130)
    found = verdict(app, 1, twin, 0)
    assert (found.twice, found.false_accepted, found.unconfirmed) == (0, 0, 0)
    states = _counts(app)
    assert set(states) == {"accepted", "queued"}, "nothing is left on the wire or in doubt"
    assert states["accepted"] == twin.ask("/ledger")["accepted"]
    with app.store.read(SYSTEM) as tx:
        assert tx.rows("SELECT 1 FROM messages WHERE lease_owner IS NOT NULL") == []
        assert tx.rows("SELECT 1 FROM workers") == []
    assert _get(app, 1).state is BroadcastState.RUNNING


def test_an_end_while_nothing_can_be_written_comes_anyway_and_leaves_named_doubts(sending):
    app, twin, worker = sending
    with held_by_another_program(app.site.root):
        worker.send_signal(signal.SIGTERM)
        assert ended(worker) in (0, 130)
    again = subprocess.Popen(worker_command(app.site.root), stdout=subprocess.DEVNULL)
    until(lambda: _get(app, 1).state is not BroadcastState.RUNNING)
    again.terminate()
    ended(again)
    found = verdict(app, 1, twin, 1)
    assert (found.people, found.twice, found.lost, found.false_accepted) == (PEOPLE, 0, 0, 0)
    assert found.unconfirmed <= IN_FLIGHT, "what was on the wire then, and nothing else"
