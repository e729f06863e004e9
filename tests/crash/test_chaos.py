"""Kill the worker again and again in front of a misbehaving gateway; compare ledgers."""

import json
import multiprocessing
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import new_postgresql, run_program
from patience import PATIENCE

from dispatcher.cli.chaos import harass
from dispatcher.twins.residents import number
from dispatcher.twins.server import start

sys.path.insert(0, str(Path(__file__).parent))
import naive


def chaos(*words: str) -> dict:
    found = run_program("chaos", "--json", "--no-progress", *words, timeout=PATIENCE * 9)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def kept(found: dict, people: int, kills: int) -> None:
    assert (found["people"], found["kills"]) == (people, kills)
    assert (found["twice"], found["lost"], found["false_accepted"]) == (0, 0, 0)
    assert found["misbehaved"] > 0, "the twin must have tried us"


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
    assert found["neither"]["unconfirmed"] > 0, "doubts that nobody can settle are named"


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
