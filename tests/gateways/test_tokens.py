"""Zalo's tokens rotate once, whoever asks, and a refresh that dies loses nothing."""

import asyncio

import pytest
from patience import PATIENCE
from test_contract import outgoing
from vendors import answer, reset, vendor

from dispatcher.db.queue import gateways
from dispatcher.db.queue.tokens import StoredTokens
from dispatcher.domain.model import SYSTEM, Fault
from dispatcher.gateways import zalo
from dispatcher.gateways.contract import Given, Refused, Tokens
from dispatcher.gateways.wire import Wire


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


# --- every way a refresh can die, at the wire ---------------------------------------------------

GOOD = b'{"access_token": "a2", "refresh_token": "r2", "expires_in": "90000"}'
DEATHS = {
    "refused by name": (b'{"error_name": "Invalid refresh token", "error": -14014}', "gone"),
    "refused by number": (b'{"error": -14014, "message": "no"}', "gone"),
    "half an answer": (b'{"access_token": "a2"}', "keeps"),
    "the other half": (b'{"refresh_token": "r2"}', "keeps"),
    "empty tokens": (b'{"access_token": "", "refresh_token": ""}', "keeps"),
    "null tokens": (b'{"access_token": null, "refresh_token": null}', "keeps"),
    "numbers for tokens": (b'{"access_token": {}, "refresh_token": []}', "keeps"),
    "an empty object": (b"{}", "keeps"),
    "html": (b"<html>", "keeps"),
    "nothing": (b"", "keeps"),
    "cut": (GOOD[:40], "keeps"),
}


def renew(app, url, deadline=PATIENCE):
    wire = Wire(deadline=deadline, loopback_only=True, secrets=["r1", "s1"])
    options = {"oauth_url": url, "base_url": url, "app_id": "42", "app_secret": "s1-secret"}
    tokens = StoredTokens(app.store, "zalo", app.clock)
    built = zalo.build(Given("zalo", options, wire, tokens))

    async def go():
        try:
            return await built.renew()
        finally:
            await wire.close()

    return asyncio.run(go())


@pytest.mark.parametrize("death", DEATHS)
def test_a_refresh_that_dies_keeps_the_pair_and_says_whether_a_person_is_needed(vault, death):
    body, end = DEATHS[death]
    with vendor(answer(body)) as (url, seen):
        assert renew(vault, url) is not None
    assert len(seen) == 1, "a refresh is never sent twice: the token is single use"
    assert state(vault) == ("a1", "r1", "reconsent_required" if end == "gone" else "ok")
    with vendor(answer(GOOD)) as (url, _):
        assert renew(vault, url) is None
    assert state(vault) == ("a2", "r2", "ok")


@pytest.mark.parametrize("status", ["500 X", "502 X", "429 X", "302 X"])
def test_servers_in_trouble_end_no_token(vault, status):
    with vendor(answer(b"{}", status)) as (url, _):
        assert renew(vault, url) is not None
    assert state(vault) == ("a1", "r1", "ok")


def test_a_refresh_whose_answer_is_lost_is_not_sent_again_at_once(vault):
    with vendor(reset) as (url, seen):
        assert renew(vault, url) is not None
    assert len(seen) == 1
    assert state(vault) == ("a1", "r1", "ok")


def test_a_refresh_that_never_left_changes_nothing(vault):
    with vendor(answer(GOOD)) as (url, _):
        pass  # closed again: nobody listens there
    assert renew(vault, url) is not None
    assert state(vault) == ("a1", "r1", "ok")


def test_the_lock_outlives_the_longest_call(vault):
    from dispatcher.db.queue.tokens import LOCK
    from dispatcher.gateways.wire import DEADLINE

    assert LOCK.total_seconds() > 2 * DEADLINE


def test_a_token_that_dies_at_any_message_of_a_batch_is_renewed_once(vault, twins):
    pair = twins.ask("/zalo/_twin/grant", {})
    with vault.begin(SYSTEM)() as tx:
        gateways.put_tokens(tx, "zalo", "dead", pair["refresh_token"], 90_000)
    wire = Wire(deadline=PATIENCE, loopback_only=True)
    base = twins.base("zalo")
    tokens = StoredTokens(vault.store, "zalo", vault.clock)
    built = zalo.build(Given("zalo", {"oauth_url": base, "base_url": base, "oa_url": base}, wire,
                             tokens))  # fmt: skip
    batch = [outgoing(f"R{i}", f"+8495100{i:04d}") for i in range(20)]

    async def go():
        try:
            found = await asyncio.gather(*(built.send("c", [m]) for m in batch))
            by_id = await built.send("c", [outgoing("U1", "2512523625412515")])
            return [v for [v] in found], by_id
        finally:
            await wire.close()

    found, by_id = asyncio.run(go())
    assert not any(isinstance(v, Refused) and v.fault is Fault.ACCOUNT for v in found)
    assert state(vault)[0] == "access2", "granted once, renewed once"
    assert by_id[0].provider_id or by_id[0].fault is Fault.RECIPIENT


def test_an_account_whose_every_token_is_refused_is_renewed_once_a_call_and_no_more(vault, twins):
    pair = twins.ask("/zalo/_twin/grant", {})
    with vault.begin(SYSTEM)() as tx:
        gateways.put_tokens(tx, "zalo", pair["access_token"], pair["refresh_token"], 90_000)
    base = twins.base("zalo")
    wire = Wire(deadline=PATIENCE, loopback_only=True)
    options = {"oa_id": "1", "app_id": "drill", "app_secret": "s", "base_url": base,
               "oauth_url": base, "oa_url": base}  # fmt: skip
    tokens = StoredTokens(vault.store, "zalo", vault.clock)
    gate = zalo.build(Given("zalo", options, wire, tokens, ""))

    async def go():
        try:
            return await gate.send("c", [outgoing("R1", "+84951234567")])
        finally:
            await wire.close()

    twins.ask("/misbehave", {"old_token": 1.0})
    try:
        [found] = asyncio.run(go())
    finally:
        twins.ask("/misbehave", {})
    assert (found.fault, found.code) == (Fault.ACCOUNT, "-124")
    paths = [line.split(" → ")[0].rsplit("/", 1)[1] for line in wire.transcript]
    assert paths == ["template", "access_token", "template"]
