"""A vendor's odd answer in front of real workers: none of them is stopped by it, nor its successor."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import add_people
from patience import ended, until
from walk import counts, crowd, import_list, released, rows, sheet

from dispatcher.config import parse
from dispatcher.simulators.chaos_site import worker_command
from dispatcher.usecases.context import open_app

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateways"))
from vendors import answer, vendor

pytestmark = pytest.mark.long
PEOPLE = 12


@pytest.mark.parametrize("odd", [r"\ud83d", r"\u0000", "x" * 100_000], ids=["half", "NUL", "long"])
def test_a_worker_and_its_successors_get_past_an_odd_answer(
    odd, make_site, database, tmp_path, site_clock, monkeypatch
):
    """Killed and terminated in the middle of it; the others are sent once, the one is named."""
    root = make_site(database, ("[gateways.esms]", "[gateways.esms]\nin_flight = 2"))
    app = open_app(parse(root))
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(PEOPLE)))
    broadcast_id = released(app, officer, leader)
    asked: list[str] = []

    def often_odd(connection, request):
        body = json.loads(request.partition(b"\r\n\r\n")[2])
        if "RequestId" not in body:
            said = '{"CodeResult":"100","SentData":[]}'
        elif body["Phone"].endswith("1000"):
            said = f'{{"CodeResult":"777","ErrorMessage":"a{odd}b"}}'
        else:
            said = json.dumps({"CodeResult": "100", "SMSID": body["RequestId"][::-1]})
        asked.append(body.get("RequestId", ""))
        answer(said.encode())(connection, request)

    def asked_about(times):
        return rows(app, f"SELECT 1 FROM attempts WHERE asks >= {times} AND code = '777'")

    with vendor(often_odd) as (url, _):
        monkeypatch.setenv("DISPATCHER_TWINS", json.dumps({"esms": url, "zalo": url}))
        for times, how in enumerate((signal.SIGTERM, signal.SIGKILL), 1):
            worker = subprocess.Popen(
                worker_command(root), env=dict(os.environ), stdout=subprocess.DEVNULL
            )
            try:
                until(lambda times=times: asked_about(times) and len(set(asked)) >= PEOPLE)
                worker.send_signal(how)
                ended(worker)
            finally:
                if worker.poll() is None:
                    worker.kill()
                    worker.wait()
            assert worker.returncode in (0, 130, -how)
    found = counts(app, broadcast_id)
    assert found.pop("accepted") == PEOPLE - 1
    assert sum(found.values()) == 1
    assert not found.get("queued")
    odd_ones = rows(app, "SELECT reference FROM attempts WHERE state <> 'accepted'")
    assert len(odd_ones) == 1
    again = [r for r in asked if r and r != odd_ones[0]["reference"]]
    assert len(again) == len(set(again)), "nobody else was asked twice"
    app.store.close()
