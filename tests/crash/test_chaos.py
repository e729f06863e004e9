"""Kill the worker again and again in front of a misbehaving gateway; compare ledgers."""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import new_postgresql, run_program
from patience import PATIENCE

from dispatcher.db.contacts import undoing
from dispatcher.domain.model import SYSTEM
from dispatcher.simulators.chaos import harass
from dispatcher.simulators.chaos_site import make_site
from dispatcher.simulators.ledgers import RefusedNumber, accepted_after_no, left_out
from dispatcher.simulators.upsets import restores_due
from dispatcher.simulators.vendors.residents import number
from dispatcher.simulators.vendors.server import start

sys.path.insert(0, str(Path(__file__).parent))
import naive


def chaos(*words: str) -> dict:
    found = run_program("chaos", "--json", "--no-progress", *words, timeout=PATIENCE * 9)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


WORDS = {"people", "kills", "twice", "lost", "false_accepted", "unconfirmed", "in_flight",
         "misbehaved", "after_no", "opted_out", "restores", "odd_bytes"}  # fmt: skip


def kept(found: dict, people: int, kills: int) -> None:
    """The promise was kept, and what tries it was really tried."""
    assert set(found) == WORDS
    assert (found["people"], found["kills"]) == (people, kills)
    assert (found["twice"], found["lost"], found["false_accepted"]) == (0, 0, 0)
    assert found["after_no"] == 0
    assert found["misbehaved"] > 0, "the twin must have tried us"
    assert found["restores"] == max(1, kills // 10)
    assert 0 < found["opted_out"] <= people // 20


@pytest.mark.long
def test_a_few_kills_lose_nobody_and_text_nobody_twice():
    found = chaos("--people", "200", "--kills", "3")
    kept(found, 200, 3)
    assert found["unconfirmed"] == 0


@pytest.mark.long
@pytest.mark.timeout(PATIENCE * 10)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_every_capability_keeps_its_promise(engine, request, night):
    """Three kinds of gateway side by side; a hundred kills at night."""
    people, kills = (6000, 100) if night else (1500, 20)

    def one(gateway):
        words = ["--people", str(people), "--kills", str(kills), "--limit", f"{PATIENCE * 8}"]
        if engine == "postgresql":
            words += ["--database", new_postgresql(request.getfixturevalue("postgresql_server"))]
        return chaos(*words, "--gateway", gateway)

    gateways = ("dedup", "lookup", "neither")
    if engine == "postgresql":
        request.getfixturevalue("postgresql_server")
    with ThreadPoolExecutor(len(gateways)) as pool:
        found = dict(zip(gateways, pool.map(one, gateways), strict=True))
    for gateway in gateways:
        kept(found[gateway], people, kills)
        most = kills * found[gateway]["in_flight"] + found[gateway]["misbehaved"]
        assert found[gateway]["unconfirmed"] <= (most if gateway == "neither" else 0)
        assert found[gateway]["odd_bytes"] > 0
    assert found["neither"]["unconfirmed"] > 0, "doubts that nobody can settle are named"


def test_every_restore_has_a_backup_of_its_own_from_some_kills_before():
    for kills in range(1, 400):
        due = restores_due(kills, random.Random(kills))
        assert len(due) == (max(1, kills // 10) if kills >= 3 else 0)
        before = 0
        for at, backup in due.items():
            assert before < backup < at <= kills
            before = at


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A released broadcast to twenty people of whom some share a phone."""
    monkeypatch.setenv("DISPATCHER_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DISPATCHER_CLOCK", "")
    root = tmp_path / "site"
    root.mkdir()
    app = make_site(root, 20, "neither", "data/site.db", sharing=True)
    yield app
    app.store.close()


def listing(tx):
    """(contact, number) of every sharer and of whoever has the phone first."""
    rows = tx.rows(
        "SELECT ca.contact_id, a.kind, a.cipher FROM contact_addresses ca JOIN addresses a "
        "ON a.id = ca.address_id WHERE ca.address_id IN (SELECT address_id "
        "FROM contact_addresses GROUP BY address_id HAVING count(*) = 2) AND ca.position = 0 "
        "ORDER BY ca.contact_id"
    )
    found = {}
    for row in rows:
        number = tx.sealer.open_address(row["kind"], row["cipher"]).removeprefix("+")
        found.setdefault(number, []).append(row["contact_id"])
    return next((n, c) for n, c in found.items() if len(c) == 2)


def test_a_number_accepted_after_its_no_counts_unless_it_is_somebody_elses_too(shared):
    with shared.store.read(SYSTEM) as tx:
        phone, (first, second) = listing(tx)
        no = RefusedNumber(first, phone, taken=1, removed=False, whole=False)
        assert accepted_after_no(tx, [phone], [no]) == set(), "it was taken before"
        assert accepted_after_no(tx, ["84950000000", phone, phone], [no]) == {phone}
        gone = RefusedNumber(first, phone, taken=1, removed=True, whole=True)
        assert accepted_after_no(tx, ["84950000000", phone], [gone]) == set(), "the other has it"
        assert accepted_after_no(tx, ["84950000000", phone], [gone, no]) == {phone}
    with shared.begin(SYSTEM)() as tx:
        undoing.retire(tx, [first, second])
        tx.note("removed", "contacts", "")
        assert accepted_after_no(tx, ["84950000000", phone], [gone]) == {phone}


def test_who_shares_a_phone_that_nobody_got_anything_at_is_lost(shared):
    with shared.store.read(SYSTEM) as tx:
        phone, people = listing(tx)
        one = tx.one(
            "SELECT id, contact_id, broadcast_id FROM messages WHERE reason = 'shared_phone' "
            f"AND contact_id IN ({people[0]}, {people[1]})"
        )
        broadcast = one["broadcast_id"]
        assert one["id"] in left_out(tx, broadcast, set(), [])
        assert one["id"] not in left_out(tx, broadcast, {phone}, [])
        refused = RefusedNumber(people[0], phone, taken=0, removed=False, whole=False)
        assert one["id"] not in left_out(tx, broadcast, set(), [refused])
        removed = RefusedNumber(one["contact_id"], phone, taken=0, removed=True, whole=True)
        assert one["id"] not in left_out(tx, broadcast, set(), [removed])
        replied = RefusedNumber(
            one["contact_id"], "84950000000", taken=0, removed=False, whole=True
        )
        assert one["id"] not in left_out(tx, broadcast, set(), [replied]), "at no number of theirs"


def descendants_in(folder):
    """Processes whose environment names a folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (place / "environ").read_bytes():
                found.append(int(place.name))
        except OSError:
            pass
    return found


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_told_to_end_it_leaves_nothing_behind(tmp_path):
    """Twins and workers end with it, and its folder goes away."""
    words = ["chaos", "--people", "3000", "--kills", "30", "--json", "--no-progress"]
    chaos = subprocess.Popen(
        [sys.executable, "-m", "dispatcher", *words],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        started = time.monotonic()
        while not list(tmp_path.glob("dispatcher-chaos-*/data/workers/*.lock")):
            assert chaos.poll() is None
            assert time.monotonic() - started < PATIENCE
            time.sleep(0.1)
        assert len(descendants_in(tmp_path)) > 2
        chaos.send_signal(signal.SIGTERM)
        assert chaos.wait(PATIENCE) == 130
    finally:
        chaos.kill()
        chaos.wait()
    started = time.monotonic()
    while left := descendants_in(tmp_path):
        assert time.monotonic() - started < PATIENCE, left
        time.sleep(0.1)
    assert not list(tmp_path.glob("dispatcher-chaos-*"))


@pytest.mark.long
def test_the_usual_way_texts_people_twice_so_the_harness_bites(tmp_path):
    people, kills = 600, 6
    path = str(tmp_path / "naive.db")
    naive.prepare(path, [f"84{number(i)[1:]}" for i in range(people)])
    twin = start(["esms"], "--misbehave", "all=1", "--latency", "0.16", "--no-receipts")
    url = f"{twin.base('esms')}/SendMultipleMessage_V4_post_json/"

    def spawn():
        worker = multiprocessing.get_context("forkserver").Process(
            target=naive.work, args=(url, path)
        )
        worker.start()
        return worker

    try:
        harass(
            spawn,
            lambda: not naive.waiting(path), twin, kills, 1, 300, lambda done: None,
        )  # fmt: skip
        ledger = twin.ask("/ledger?people=1")
    finally:
        twin.stop()
    twice = sum(1 for n in Counter(to for _, to, _ in ledger["acceptances"]).values() if n > 1)
    assert twice > 0
