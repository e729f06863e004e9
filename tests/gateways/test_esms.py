"""eSMS's other services: advertising, Zalo templates one by one and in bulk, its own log."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from test_contract import build, outgoing
from vendors import answer, vendor

from dispatcher.gateways import esms
from dispatcher.gateways.contract import Accepted, Given, Sent
from dispatcher.gateways.wire import Wire
from dispatcher.model import Channel, Fault, Heard
from dispatcher.problems import Problem


def act(base, service, do):
    """What `do(gateway)` answers, for one service of an account."""
    wire = Wire(deadline=2.0, loopback_only=True)
    options = {"api_key": "drill-api_key", "secret_key": "s", "base_url": base, "service": service}
    built = esms.build(Given("esms", options, wire))

    async def go():
        try:
            return await do(built)
        finally:
            await wire.close()

    return asyncio.run(go())


def batch(count, first=0):
    return [
        replace(outgoing(f"R{i}", f"+8495100{i:04d}"), params={"a": f"Ông {i}", "b": "2"})
        for i in range(first, first + count)
    ]


def test_advertising_goes_to_thirty_or_more_and_a_repeat_is_the_same_call(twins):
    people = batch(40)
    base = twins.base("esms")
    found = act(base, "ads", lambda g: g.send("callA", people))
    assert all(isinstance(v, Accepted) for v in found)
    assert len({v.provider_id for v in found}) == 1
    again = act(base, "ads", lambda g: g.send("callA", [replace(m, repeat=True) for m in people]))
    assert again == found
    assert twins.ask("/ledger")["accepted"] == 40
    few = act(base, "ads", lambda g: g.send("callB", batch(29)))
    assert {v.fault for v in few} == {Fault.CONTENT}


def test_the_last_advertising_call_is_never_too_small():
    from collections import deque

    from dispatcher.gateways.contract import Limits
    from dispatcher.sending.engine import Engine
    from dispatcher.sending.lanes import Lane

    class Parcel:
        broadcast_id = ward_id = 1
        carrier = text = "x"

    gateway = type("G", (), {"limits": Limits(batch=100, at_least=30), "name": "g"})()
    for people in (100, 101, 129, 130, 131, 230, 299, 60, 30):
        lane = Lane(gateway, None, 1, deque(Parcel() for _ in range(people)))
        sizes = []
        while lane.waiting:
            sizes.append(len(Engine._batch(None, lane)))
        assert sum(sizes) == people
        assert all(30 <= n <= 100 for n in sizes), (people, sizes)


def test_a_zalo_template_goes_with_its_values_by_name(twins):
    base = twins.base("esms")
    assert esms.channel({"service": "zns"}) is Channel.ZALO
    assert esms.channel({}) is Channel.SMS
    [verdict] = act(base, "zns", lambda g: g.send("c", batch(1)))
    assert isinstance(verdict, Accepted)
    no_template = [replace(batch(1)[0], reference="X", template=None)]
    assert act(base, "zns", lambda g: g.send("c", no_template))[0].fault is Fault.CONTENT


def test_a_bulk_call_is_told_apart_by_number_whatever_the_order(twins):
    people = [*batch(5), replace(outgoing("R9", "+84"), params={})]
    found = act(twins.base("esms"), "zns-bulk", lambda g: g.send("c", people))
    assert [isinstance(v, Accepted) for v in found] == [True] * 5 + [False]
    assert len({v.provider_id for v in found[:5]}) == 5
    assert found[5].fault in (Fault.RECIPIENT, Fault.UNKNOWN)


def test_bulk_values_go_by_place_and_a_message_nobody_speaks_of_is_in_doubt():
    told = {"CodeResult": "100", "TotalSuccess": 1, "detail": [
        {"CodeResult": "100", "Phone": "0951000001", "SMSID": "a"},
        {"CodeResult": "100", "Phone": "84951000003", "SMSID": "b"},
        {"CodeResult": "100", "Phone": "84951000003", "SMSID": "c"}]}  # fmt: skip
    with vendor(answer(json.dumps(told).encode())) as (url, seen):
        found = act(url, "zns-bulk", lambda g: g.send("c", batch(3, 1)))
    assert found[0] == Accepted("a")
    assert [v.fault for v in found[1:]] == [Fault.UNKNOWN, Fault.UNKNOWN]  # missing; told twice
    sent = json.loads(seen[0].split(b"\r\n\r\n")[1])
    assert sent["Data"][0] == {"Phone": "84951000001", "RequestId": "R1", "Params": ["Ông 1", "2"]}


def test_the_accounts_own_log_is_read_page_by_page(monkeypatch, twins):
    base, people = twins.base("esms"), batch(30)
    found = act(base, "ads", lambda g: g.send("callA", people))
    now = datetime.now(UTC)
    sent = [Sent(m.reference, v.provider_id, m.to, now)
            for m, v in zip(people, found, strict=True)]  # fmt: skip
    small = 7
    monkeypatch.setattr(esms, "PAGE", small)
    receipts = act(base, "ads", lambda g: g.ask(sent))
    assert {r.to for r in receipts} == {m.to for m in people}
    assert {r.state for r in receipts} <= {Heard.DELIVERED, Heard.FAILED, Heard.ACCEPTED}
    assert act(base, "care", lambda g: g.ask(sent)) == [], "another kind of message"


def test_an_unknown_service_is_named():
    with pytest.raises(Problem) as told:
        esms.build(Given("e", {"service": "zsn"}, Wire()))
    assert "zns" in str(told.value)
    assert build("esms", "http://127.0.0.1:9")[0].limits.batch == 1
