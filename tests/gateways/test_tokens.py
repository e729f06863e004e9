"""Zalo's tokens rotate once, whoever asks, and a refresh that dies loses nothing."""

import asyncio

import pytest

from dispatcher.gateways.contract import Refused, Tokens
from dispatcher.model import SYSTEM, Fault
from dispatcher.store import gateways
from dispatcher.store.tokens import StoredTokens


@pytest.fixture
def vault(app):
    with app.begin(SYSTEM)() as tx:
        gateways.put_tokens(tx, "zalo", "a1", "r1", 90_000)
    return app


def state(app):
    with app.store.read(SYSTEM) as tx:
        row = gateways.tokens(tx, "zalo")
    return row["access"], row["refresh"], row["state"]


def exchange(log, result):
    async def trade(tokens):
        log.append(tokens.refresh)
        await asyncio.sleep(0.05)
        return result

    return trade


def test_many_callers_make_one_refresh(vault):
    log = []
    trade = exchange(log, Tokens("a2", "r2", 90_000))
    workers = [StoredTokens(vault.store, "zalo", vault.clock) for _ in range(4)]

    async def go():
        return await asyncio.gather(*(w.renew("a1", trade) for w in workers))

    found = asyncio.run(go())
    assert log == ["r1"]
    assert {t.access for t in found} == {"a2"}
    assert state(vault) == ("a2", "r2", "ok")


@pytest.mark.parametrize("answer", [Tokens("", "r2", 1), Tokens("a2", "", 1)])
def test_nothing_changes_unless_both_tokens_came(vault, answer):
    found = asyncio.run(
        StoredTokens(vault.store, "zalo", vault.clock).renew("a1", exchange([], answer))
    )
    assert found is None
    assert state(vault) == ("a1", "r1", "ok")


def test_a_refused_refresh_asks_for_a_person_and_keeps_the_old_pair(vault):
    refused = Refused(Fault.ACCOUNT, "Invalid refresh token")
    tokens = StoredTokens(vault.store, "zalo", vault.clock)
    assert asyncio.run(tokens.renew("a1", exchange([], refused))) is None
    assert state(vault) == ("a1", "r1", "reconsent_required")


def test_a_lost_answer_is_tried_again_with_the_old_token(vault):
    log = []
    lost = Refused(Fault.UNKNOWN, "deadline")
    tokens = StoredTokens(vault.store, "zalo", vault.clock)
    assert asyncio.run(tokens.renew("a1", exchange(log, lost))) is None
    assert state(vault) == ("a1", "r1", "ok")
    again = asyncio.run(tokens.renew("a1", exchange(log, Tokens("a2", "r2", 1))))
    assert again is not None
    assert log == ["r1", "r1"]


def test_a_refresher_that_died_holds_the_lock_no_longer_than_its_lease(vault, clock):
    with vault.begin(SYSTEM)() as tx:
        assert gateways.lock_tokens(tx, "zalo", "dead", tx.now.replace(minute=1))
        tx.note("test", "gateway", "zalo")
    clock.advance(minutes=2)
    tokens = StoredTokens(vault.store, "zalo", vault.clock)
    found = asyncio.run(tokens.renew("a1", exchange([], Tokens("a2", "r2", 1))))
    assert found.access == "a2"


def test_the_previous_pair_is_kept_and_nothing_lies_open(vault):
    with vault.begin(SYSTEM)() as tx:
        gateways.put_tokens(tx, "zalo", "a2", "r2", 90_000)
        row = tx.one("SELECT * FROM vault")
        assert "a1" in tx.sealer.open(bytes(row["previous_sealed"]))
        assert row["version"] == 2
        assert b"a2" not in bytes(row["sealed"])
