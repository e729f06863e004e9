"""eSMS's other services: advertising, Zalo templates one by one and in bulk, its own log."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from patience import PATIENCE
from test_contract import build, outgoing
from vendors import answer, vendor

from dispatcher.domain.model import Channel, Fault, ReceiptFlags
from dispatcher.domain.problems import Problem
from dispatcher.gateways import esms, esms_reports
from dispatcher.gateways.contract import Accepted, Given, Sent
from dispatcher.gateways.wire import Wire


def act(base, service, do):
    """What `do(gateway)` answers, for one service of an account."""
    wire = Wire(deadline=PATIENCE, loopback_only=True, secrets=["drill-api_key"])
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

    from dispatcher.config.pace import Pace
    from dispatcher.gateways.contract import Limits
    from dispatcher.worker.sending.claim import next_batch
    from dispatcher.worker.sending.gateway_queue import GatewayQueue

    class Parcel:
        broadcast_id = ward_id = 1
        carrier = text = "x"
        refused_with_others = False

        def __init__(self, message_id):
            self.message_id = message_id

    gateway = type("G", (), {"limits": Limits(batch=100, at_least=30), "name": "g"})()
    for people in (100, 101, 129, 130, 131, 230, 299, 60, 30):
        queue = GatewayQueue(gateway, Pace(), 1, deque(Parcel(n) for n in range(people)))
        sizes = []
        while queue.waiting:
            sizes.append(len(next_batch(queue)))
        assert sum(sizes) == people
        assert all(30 <= n <= 100 for n in sizes), (people, sizes)


def test_a_zalo_template_goes_with_its_values_by_name(twins):
    base = twins.base("esms")
    assert esms.channel({"service": "zns"}) is Channel.ZALO
    assert esms.channel({}) is Channel.SMS
    [send_result] = act(base, "zns", lambda g: g.send("c", batch(1)))
    assert isinstance(send_result, Accepted)
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
    monkeypatch.setattr(esms_reports, "PAGE", small)
    receipts = act(base, "ads", lambda g: g.ask(sent))
    assert {r.to for r in receipts} == {m.to for m in people}
    assert {r.state for r in receipts} <= {
        ReceiptFlags.DELIVERED,
        ReceiptFlags.FAILED,
        ReceiptFlags.ACCEPTED,
    }
    assert act(base, "care", lambda g: g.ask(sent)) == [], "another kind of message"


def test_an_unknown_service_is_named():
    with pytest.raises(Problem) as told:
        esms.build(Given("e", {"service": "zsn"}, Wire()))
    assert "zns" in str(told.value)
    assert build("esms", "http://127.0.0.1:9")[0].limits.batch == 1


NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)


def row(number="0951000001", text="Chào", at=NOW, call="s1", result="1"):
    stamp = f"/Date({int(at.timestamp() * 1000)}+0700)/"
    return {"Phone": number, "Content": text, "SentTime": stamp, "ReferenceId": call,
            "SendResult": result}  # fmt: skip


LOST = Sent("R1", None, "+84951000001", NOW, "Chào")


def test_the_only_row_with_our_number_and_text_near_our_time_proves_a_lost_answer_was_a_yes():
    [found] = esms_reports.of_log([row(), row("0951000002", call="s2")], [LOST])
    assert (found.reference, found.provider_id, found.state) == ("R1", "s1", ReceiptFlags.DELIVERED)


@pytest.mark.parametrize(
    "rows, sent",
    [
        ([], [LOST]),
        ([row(text="Chao")], [LOST]),
        ([row(number="0951000009")], [LOST]),
        ([row(at=NOW + timedelta(minutes=6))], [LOST]),
        ([row(at=NOW - timedelta(minutes=2))], [LOST]),
        ([row(), row(call="s2")], [LOST]),  # two of them: which is ours?
        ([row()], [LOST, replace(LOST, reference="R2")]),  # one row, two doubts
        ([{**row(), "SentTime": "today"}], [LOST]),
        ([{**row(), "ReferenceId": ""}], [LOST]),
    ],
    ids=["none", "text", "number", "late", "early", "two rows", "two doubts", "no time", "no id"],
)
def test_anything_less_proves_nothing(rows, sent):
    assert esms_reports.of_log(rows, sent) == []


def test_a_row_that_is_another_messages_own_proves_nothing_for_a_doubt():
    known = Sent("R0", "s1", "+84951000001", NOW)
    found = esms_reports.of_log([row()], [known, LOST])
    assert [r.provider_id for r in found] == ["s1"]
    assert found[0].reference is None


@pytest.mark.parametrize("service", ["care", "ads", "zns"])
def test_what_the_log_leaves_out_is_asked_by_id(twins, service):
    base, people = twins.base("esms"), batch(40 if service == "ads" else 8)
    found = act(base, service, lambda g: g.send("callA", people[: 40 if service == "ads" else 1]))
    ids = [v.provider_id for v in found][:1]

    def ask(with_keys):
        async def go(gateway):
            get = gateway._get if with_keys else None
            return await esms_reports.by_id(service, gateway._post, get, [*ids, "nobody"])

        return act(base, service, go)

    told = ask(True)
    assert {r.provider_id for r in told} == set(ids)
    if service == "ads":
        assert 35 <= len(told) <= 40
        assert all(r.to for r in told), "number by number"
    assert bool(ask(False)) == (service == "zns"), "no keys in an address without leave"


def test_brandnames_are_listed_only_with_leave(twins):
    base = twins.base("esms")
    assert act(base, "care", lambda g: g.senders()).code == "keys_in_url"

    async def with_leave(gateway):
        gateway._options = msgspec.structs.replace(gateway._options, keys_in_url=True)
        found = await gateway.senders()
        assert all("drill-api_key" not in line for line in gateway._wire.transcript)
        return found

    assert act(base, "care", with_leave) == [("UBNDMAYTO", "care"), ("UBNDQC", "ads")]
