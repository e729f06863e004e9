"""Kill the worker again and again in front of a misbehaving gateway; compare ledgers."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from conftest import new_postgresql, run_cli

from dispatcher.cli.chaos import harass
from dispatcher.twins.residents import number
from dispatcher.twins.server import start

sys.path.insert(0, str(Path(__file__).parent))
import naive


def chaos(*words: str) -> dict:
    found = run_cli("chaos", "--json", "--no-progress", *words)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def kept(found: dict, people: int, kills: int) -> None:
    assert (found["people"], found["kills"]) == (people, kills)
    assert (found["twice"], found["lost"], found["false_accepted"]) == (0, 0, 0)
    assert found["misbehaved"] > 0, "the twin must have tried us"


def test_a_few_kills_lose_nobody_and_text_nobody_twice():
    found = chaos("--people", "200", "--kills", "3")
    kept(found, 200, 3)
    assert found["unconfirmed"] == 0


@pytest.mark.long
@pytest.mark.timeout(900)
def test_thirty_kills_in_front_of_esms():
    found = chaos("--people", "3000", "--kills", "30", "--limit", "600")
    kept(found, 3000, 30)
    assert found["unconfirmed"] == 0


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("gateway", ["lookup", "neither"])
def test_every_capability_keeps_its_promise(gateway):
    found = chaos("--people", "600", "--kills", "6", "--gateway", gateway)
    kept(found, 600, 6)
    most = found["kills"] * found["in_flight"] + found["misbehaved"] if gateway == "neither" else 0
    assert found["unconfirmed"] <= most


@pytest.mark.long
@pytest.mark.timeout(600)
def test_postgresql_keeps_the_promise_too(postgresql_server):
    found = chaos(
        "--people", "600", "--kills", "6", "--database", new_postgresql(postgresql_server)
    )
    kept(found, 600, 6)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_usual_way_texts_people_twice_so_the_harness_bites(tmp_path):
    people, kills = 600, 6
    path = str(tmp_path / "naive.db")
    naive.prepare(path, [f"84{number(i)[1:]}" for i in range(people)])
    twin = start(["esms"], "--misbehave", "all=1", "--latency", "0.16", "--no-receipts")
    url = f"{twin.base('esms')}/SendMultipleMessage_V4_post_json/"
    try:
        harass(
            lambda: subprocess.Popen([sys.executable, str(Path(naive.__file__)), url, path]),
            lambda: not naive.waiting(path), twin, kills, 1, 300, lambda done: None,
        )  # fmt: skip
        ledger = twin.ask("/ledger?people=1")
    finally:
        twin.stop()
    twice = sum(1 for n in Counter(to for _, to, _ in ledger["acceptances"]).values() if n > 1)
    assert twice > 0
