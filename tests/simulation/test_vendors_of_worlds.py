"""Simulated vendors speak as the real adapters read, and the same seed is the same ledger."""

from __future__ import annotations

import random
from contextlib import contextmanager

import httpx
import pytest

from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts
from dispatcher.domain.model import SYSTEM, Fault, ReceiptFlags
from dispatcher.gateways import adapter_module
from dispatcher.gateways.contract import Accepted, Answer, Refused
from dispatcher.simulators.worlds import oddities
from dispatcher.simulators.worlds.acts import BroadcastWish, send
from dispatcher.simulators.worlds.events import play
from dispatcher.simulators.worlds.gateway_plans import ADAPTERS, KINDS, GatewayPlan, StepPlan
from dispatcher.simulators.worlds.lives import plan_of, workshop
from dispatcher.simulators.worlds.residents import Residents
from dispatcher.simulators.worlds.rules import Rules
from dispatcher.simulators.worlds.site import SitePlan, fill, migrated, write_site
from dispatcher.simulators.worlds.vendor_events import sign_in_all
from dispatcher.simulators.worlds.vendors import (
    FAULTS,
    AskedMessage,
    Habits,
    TakenMessage,
    response,
)
from dispatcher.simulators.worlds.world import World
from dispatcher.worker.adapters import adapter_options

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

CALM = Habits(reports=1.0, report_early=0.3, report_late=0.0, report_days=0.0, report_twice=0.3,
              report_against=0.0, report_apart=0.0, fails=0.0)  # fmt: skip
PEOPLE = Residents(shares=0.0, second=0.0, agreed=1.0)  # one number for each of them
CHANNEL = {"zalo": "zalo"}
NUMBER = "84950000001"
UNSPOKEN = {("esms", "later"): "busy", ("zalo", "carrier"): "recipient"}  # no words for these


@pytest.fixture(scope="module")
def shop():
    with workshop() as place:
        yield place


def plan(kind, *, live=False, capability="dedup", habits=CALM, batch=1, people=8):
    if kind == "zalo":
        capability = "neither"
    gateway = GatewayPlan("g0", kind, CHANNEL.get(kind, "sms"), capability, 4, habits, batch)
    return SitePlan((gateway,), people, (StepPlan((("g0", 1),)),), Rules(), PEOPLE, live=live)


@contextmanager
def world_of(shop, site, seed=1):
    """A world with people, tokens, the receipt door and a worker."""
    root = shop / f"{seed}-{random.getrandbits(40)}"
    root.mkdir()
    world = World(seed, root)
    try:
        write_site(world, site, migrated(shop))
        world.as_person(lambda app: fill(world, app, site, random.Random(seed)))
        world.as_person(lambda app: sign_in_all(world, app))
        world.open_door()
        world.start_worker()
        yield world
    finally:
        world.end()


def lived(world, script, seconds):
    play(world, script)
    world.run(seconds)
    return [v.ledger for v in world.vendors.values()]


def read(module, options, said):
    """What the adapter makes of what a speech says."""
    answer = response(said)
    found = Answer(answer.status_code, dict(answer.headers), answer.content)
    more = {"options": options} if module.__name__.endswith(".http") else {}
    return module.read_answer(found, **more)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_reads_each_word_of_its_vendor(shop, kind):
    with world_of(shop, plan(kind)) as world:
        site, vendor = parse(world.root), world.vendors["g0"]
        module = adapter_module(ADAPTERS.get(kind, kind))
        options = adapter_options(site, site.gateways["g0"], "")
        speech = vendor.speech
        asked = [AskedMessage(NUMBER, "ours", "words")]
        assert isinstance(
            read(module, options, speech.accept(asked, ["g000000001"], False)), Accepted
        )
        if vendor.remembers:
            again = read(module, options, speech.accept(asked, ["g000000001"], True))
            assert isinstance(again, Accepted)
        for fault in FAULTS:
            for turn in range(20):
                verdict = read(module, options, speech.refuse(fault, random.Random(turn)))
                assert isinstance(verdict, Refused)
                wanted = UNSPOKEN.get((site.gateways["g0"].adapter, fault), fault)
                assert verdict.fault is Fault(wanted), verdict
        taken = TakenMessage(0.0, "g0", speech.channel, NUMBER, "ours", "words", "g000000001")
        states = {"delivered": ReceiptFlags.DELIVERED, "failed": ReceiptFlags.FAILED, "read": ReceiptFlags.READ,
                  "accepted": ReceiptFlags.ACCEPTED}  # fmt: skip
        told = 0
        for state, bits in states.items():
            call = speech.report(taken, state)
            if call is None:
                continue
            heard = module.read_receipt(call, options)
            assert heard.verified is not False
            [receipt] = heard.receipts
            assert bits in receipt.state
            assert receipt.reference == "ours"
            assert receipt.provider_id in (taken.id, None)
            told += 1
            unsigned = speech.unsigned(call)
            assert unsigned is None or module.read_receipt(unsigned, options).verified is False
        assert told or kind == "lab"


@pytest.mark.parametrize("is_live", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_product_believes_what_is_reported(shop, kind, is_live):
    batch = 3 if kind in ("json", "text") else 1
    people = 90 if kind == "ads" else 8
    with world_of(shop, plan(kind, live=is_live, batch=batch, people=people), 3) as world:
        assert send(world, BroadcastWish(template="qc" if kind == "ads" else "sim"))
        [ledger] = lived(world, [], 400.0)
        assert ledger
        with world.look().store.read(SYSTEM) as tx:
            counts = broadcasts.counts(tx, 1)
        if kind in ("lab", "ads"):  # no reports; reports that name no number
            assert counts["accepted"] == len(ledger)
        else:
            assert counts.get("delivered", 0) + counts.get("read", 0) == len(ledger)


def test_a_vendor_remembers_as_long_as_it_promised_and_no_longer(shop):
    with world_of(shop, plan("json")) as world:
        vendor = world.vendors["g0"]
        vendor._take([AskedMessage(NUMBER, "ours", "words")], [False])
        world.seconds = vendor.window - 1
        assert vendor.forget() == 0
        assert vendor.remembered("ours")
        world.seconds = vendor.window + 1
        assert vendor.forget() == 1
        assert vendor.remembered("ours") is None


def test_a_look_up_finds_a_message_only_after_a_while(shop):
    habits = CALM._replace(settles=1.0)
    with world_of(shop, plan("lab", capability="lookup", habits=habits)) as world:
        vendor = world.vendors["g0"]
        vendor._take([AskedMessage(NUMBER, "ours", "words")], [False])
        assert vendor.found("ours") is None
        world.seconds += 1.0
        assert vendor.found("ours") is not None


@pytest.mark.parametrize("kind", KINDS)
def test_no_change_on_the_way_makes_a_readable_no_of_a_yes(shop, kind):
    """A no that nobody can tell from the vendor's own would text people twice."""
    with world_of(shop, plan(kind)) as world:
        site, speech = parse(world.root), world.vendors["g0"].speech
        module = adapter_module(ADAPTERS.get(kind, kind))
        options = adapter_options(site, site.gateways["g0"], "")
        said = speech.accept([AskedMessage(NUMBER, "ours", "words")], ["g000000001"], False)
        yes = response(said)
        for how in oddities.ODD:
            for turn in range(60):
                odd = oddities.changed(how, yes, b"", random.Random(turn))
                if isinstance(odd.stream, oddities.Cut) or "content-encoding" in odd.headers:
                    continue  # nobody reads these
                verdict = read(module, options, odd)
                assert isinstance(verdict, Accepted) or verdict.fault is Fault.UNKNOWN, how


def test_the_same_seed_is_the_same_ledger_twice(shop):
    for seed in (3, 5):
        site, script = plan_of(seed)
        found = []
        for _ in range(2):
            with world_of(shop, site, seed) as world:
                ledgers = lived(world, script[:6], 200.0)
                found.append((ledgers, [v.sent for v in world.vendors.values()], world.trace[:]))
        assert found[0] == found[1]
        assert found[0][2]


def test_an_answer_of_a_speech_over_http():
    assert response("0: Accepted").content == b"0: Accepted"
    assert response({"a": 1}).json() == {"a": 1}
    assert response(httpx.Response(404)).status_code == 404
