"""One contract for every gateway: an answer per message, never an exception, never a secret."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from descriptions import described
from patience import PATIENCE
from vendors import answer, reset, vendor

from dispatcher.domain.model import Fault, Kind
from dispatcher.gateways import ADAPTERS, adapter_module, options_of
from dispatcher.gateways.contract import REFERENCE, Accepted, Given, Outgoing, Refused, Tokens
from dispatcher.gateways.fields import Options, needed, secret_keys
from dispatcher.gateways.wire import Wire

OVER_HTTP = ("esms", "zalo", "lab", "kannel", "speedsms", "viettel", "vnpt", "http")


class OpenVault:
    """A vault with one pair that never changes."""

    async def current(self):
        return Tokens("access1", "refresh1", 90_000)

    async def renew(self, stale, exchange):
        return None


def outgoing(reference="R1", to="+84951234567", repeat=False) -> Outgoing:
    return Outgoing(
        reference, to, "Viettel", "UBND phuong May To: thu.", False, Kind.WARNING, "UBNDMAYTO",
        "100001", {"ten": "A"}, (), datetime(2026, 12, 1, tzinfo=UTC), repeat,
    )  # fmt: skip


def build(adapter: str, base: str, folder="outbox", deadline=PATIENCE):
    module = adapter_module(adapter)
    secrets = {key: f"drill-{key}" for key in secret_keys(module.OPTIONS)}
    options = secrets | dict(getattr(module, "DRILL", {}))
    if adapter == "http":
        options |= described("speedsms-described")
    options |= {"base_url": base, "oauth_url": base, "app_id": "drill", "folder": str(folder)}
    options = {k: v for k, v in options.items() if k in module.OPTIONS.__struct_fields__}
    wire = Wire(deadline=deadline, loopback_only=True, secrets=[*secrets.values()])
    return module.build(Given("gate", options, wire, OpenVault(), "", drill=True)), wire


def ask(adapter: str, base: str, batch: Sequence[Outgoing], folder="outbox"):
    gateway, wire = build(adapter, base, folder)

    async def go():
        try:
            return await gateway.send("call", batch)
        finally:
            await wire.close()

    return list(asyncio.run(go())), wire


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_one_answer_per_message_in_order(adapter, twins, tmp_path):
    base = twins.base(adapter) if adapter != "outbox" else ""
    if adapter == "zalo":
        twins.ask("/zalo/_twin/grant", {})
    batch = [outgoing(f"R{i}", f"+8495123450{i}") for i in range(3)]
    send_results, _ = ask(adapter, base, batch, tmp_path)
    assert len(send_results) == 3
    assert all(isinstance(v, Accepted | Refused) for v in send_results)
    assert any(isinstance(v, Accepted) for v in send_results)


@pytest.mark.parametrize("adapter", ["esms", "lab", "outbox"])
def test_the_same_reference_again_is_accepted_and_taken_once(adapter, twins, tmp_path):
    base = twins.base(adapter) if adapter != "outbox" else ""
    first, _ = ask(adapter, base, [outgoing()], tmp_path)
    again, _ = ask(adapter, base, [outgoing(repeat=True)], tmp_path)
    assert isinstance(first[0], Accepted)
    assert isinstance(again[0], Accepted)
    assert again[0].provider_id == first[0].provider_id
    if adapter == "outbox":
        assert len(list(tmp_path.glob("*.json"))) == 1
    else:
        assert twins.ask("/ledger")["accepted"] == 1


TROUBLE = {
    "reset": (reset, Fault.UNKNOWN),
    "closed": (lambda c, r: None, Fault.UNKNOWN),
    "html": (answer(b"<html>OK</html>"), Fault.UNKNOWN),
    "empty": (answer(b""), Fault.UNKNOWN),
    "list": (answer(b"[]"), Fault.UNKNOWN),
    "number": (answer(b"1"), Fault.UNKNOWN),
    "nan": (answer(b"NaN"), Fault.UNKNOWN),
    "deep": (answer(b"[" * 50_000), Fault.UNKNOWN),
    "twice": (answer(b'{"CodeResult":"100","CodeResult":"101"}'), Fault.UNKNOWN),
    "two documents": (answer(b'{"error":0}{"error":0}'), Fault.UNKNOWN),
    "not utf-8": (answer(b"\xff\xfe{}"), Fault.UNKNOWN),
    "never seen": (answer(b'{"CodeResult":"777","error":-777,"code":"777"}'), Fault.UNKNOWN),
    "no id": (answer(b'{"CodeResult":"100","error":0,"code":"ok"}'), Fault.UNKNOWN),
    "500": (answer(b"{}", "500 X"), Fault.UNKNOWN),
    "502": (answer(b"{}", "502 X"), Fault.UNKNOWN),
    "429": (answer(b"{}", "429 X"), Fault.BUSY),
    "redirect": (answer(b"", "302 X", "Location: http://127.0.0.1:1/\r\n"), Fault.ACCOUNT),
}


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("adapter", OVER_HTTP)
def test_whatever_the_vendor_does_is_an_answer(adapter, trouble):
    act, expected = TROUBLE[trouble]
    with vendor(act) as (url, seen):
        send_results, wire = ask(adapter, url, [outgoing()])
    assert [v.fault for v in send_results] == [expected]
    assert len(seen) == 1
    module = adapter_module(adapter)
    told = " ".join([*wire.transcript, send_results[0].detail])
    assert not any(f"drill-{key}" in told for key in secret_keys(module.OPTIONS))
    assert "951234567" not in told


WHOLE = {
    "esms": b'{"CodeResult": "100", "CountRegenerate": 0, "SMSID": "abc"}',
    "zalo": b'{"error": 0, "message": "Success", "data": {"msg_id": "m1"}}',
    "lab": b'{"code": "ok", "id": "l1"}',
    "speedsms": b'{"status": "success", "code": "00", "data": {"tranId": 5, "invalidPhone": []}}',
    "http": b'{"status": "success", "code": "00", "data": {"tranId": "5"}}',
    "vnpt": b'{"RPLY": {"name": "send_sms_list", "ERROR": "0", "ERROR_DESC": "success"}}',
    "viettel": b"<S:Envelope xmlns:S='x'><S:Body><r><return><message>Insert MT_QUEUE: OK</message>"
    b"<result>1</result></return></r></S:Body></S:Envelope>",
}


@pytest.mark.parametrize("adapter", WHOLE)
def test_an_answer_cut_at_any_byte_is_never_taken_for_a_yes(adapter):
    body = WHOLE[adapter]
    for cut in range(0, len(body), 7):
        with vendor(answer(body[:cut])) as (url, _):
            send_results, _ = ask(adapter, url, [outgoing()])
        assert send_results[0].fault is Fault.UNKNOWN
    with vendor(answer(body)) as (url, _):
        assert isinstance(ask(adapter, url, [outgoing()])[0][0], Accepted)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_states_its_limits_and_settings(adapter):
    module = adapter_module(adapter)
    assert issubclass(options_of(adapter), Options)
    assert {*secret_keys(module.OPTIONS), *needed(module.OPTIONS)} <= {
        f.name for f in msgspec.structs.fields(module.OPTIONS)
    }
    assert module.LIMITS.in_flight >= 1 if hasattr(module, "LIMITS") else True
    assert REFERENCE.fullmatch("ABC234")


def test_a_wrong_key_and_a_bad_number_are_told_apart_by_esms(twins):
    module = adapter_module("esms")
    wire = Wire(deadline=PATIENCE)
    gateway = module.build(Given("esms", {"api_key": "wrong", "secret_key": "x",
                                          "base_url": twins.base("esms")}, wire))  # fmt: skip

    async def go():
        try:
            return await gateway.send("c", [outgoing()])
        finally:
            await wire.close()

    assert asyncio.run(go())[0].fault is Fault.ACCOUNT
    send_results, _ = ask("esms", twins.base("esms"), [outgoing(to="+8495")])
    assert send_results[0].fault is Fault.RECIPIENT
