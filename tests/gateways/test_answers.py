"""What vendors' answers and callbacks mean, by their own documented envelopes."""

import json

import pytest

from dispatcher.domain.model import Fault, ReceiptFlags
from dispatcher.gateways import esms, zalo, zalo_reports
from dispatcher.gateways.contract import Accepted, Answer, Call

ESMS = {
    "recipient": ["99", "108", "852"],
    "account": ["101", "102", "103", "104", "140", "143"],
    "content": ["146", "201", "110", "300"],
    "busy": ["160"],
    "carrier": ["177"],
    "unknown": ["777", "", "105"],
}
ZALO = {
    "recipient": ["-108", "-114", "-118", "-119", "-139", "-141"],
    "account": ["-101", "-115", "-124", "-135", "-136", "-137"],
    "content": ["-109", "-1121", "-1122", "-131", "-146"],
    "later": ["-133", "-144", "-147"],
    "busy": ["-32"],
    "unknown": ["-100", "-200", "-99999", "12"],
}


def say(body) -> Answer:
    return Answer(200, {}, json.dumps(body).encode())


@pytest.mark.parametrize("fault, code", [(f, c) for f, codes in ESMS.items() for c in codes])
def test_every_listed_esms_code_has_its_consequence(fault, code):
    for value in (code, int(code)) if code else (code,):
        found = esms.read_answer(say({"CodeResult": value, "ErrorMessage": "x"}))
        assert found[0].fault is Fault(fault)


@pytest.mark.parametrize("fault, code", [(f, c) for f, codes in ZALO.items() for c in codes])
def test_every_listed_zalo_code_has_its_consequence(fault, code):
    for value in (code, int(code)):
        found = zalo.read_answer(say({"error": value, "message": "x", "data": None}))
        assert found[0].fault is Fault(fault)


def test_esms_refuses_a_template_mismatch_even_though_it_names_an_id():
    assert esms.read_answer(say({"CodeResult": "146", "SMSID": "5"}))[0].fault is Fault.CONTENT


@pytest.mark.parametrize("code", ["124", "199"])
def test_esms_duplicate_is_a_yes_only_to_our_own_repeat(code):
    body = say({"CodeResult": code, "SMSID": "7"})
    assert esms.read_answer(body, repeat=True) == [Accepted("7")]
    assert esms.read_answer(body, repeat=False)[0].fault is Fault.UNKNOWN


def test_an_error_object_without_a_code_proves_nothing():
    assert esms.read_answer(say({"error": "Invalid request"}))[0].fault is Fault.UNKNOWN


@pytest.mark.parametrize(
    "query, state",
    [
        ("SendStatus=5&SendSuccess=1&SendFailed=0", ReceiptFlags.DELIVERED),
        ("SendStatus=5&SendSuccess=0&SendFailed=1", ReceiptFlags.FAILED),
        ("SendStatus=5&SendSuccess=0&SendFailed=0", ReceiptFlags.ACCEPTED),
        ("SendStatus=4&SendSuccess=0&SendFailed=0", ReceiptFlags.FAILED),
        ("SendStatus=7&SendSuccess=0&SendFailed=0", ReceiptFlags.ACCEPTED),
        ("SendStatus=5&SendSuccess=2&SendFailed=0", ReceiptFlags.DELIVERED),
        (
            "SendStatus=5&SendSuccess=1&SendFailed=1",
            ReceiptFlags.DELIVERED | ReceiptFlags.FAILED,
        ),  # parts
    ],
)
def test_esms_callbacks(query, state):
    call = Call("GET", f"SMSID=abc&RequestId=R1&phonenumber=0951234567&{query}", {}, b"")
    heard = esms.read_receipt(call, {})
    receipt = heard.receipts[0]
    assert (receipt.reference, receipt.provider_id, receipt.to) == ("R1", "abc", "+84951234567")
    assert (receipt.state, heard.verified) == (state, None)


def event(**changes) -> bytes:
    return json.dumps({
        "event_name": "user_received_message", "app_id": "42", "timestamp": "1700000000000",
        "recipient": {"id": "84951234567"},
        "message": {"msg_id": "m1", "tracking_id": "R1", "delivery_time": "1"}, **changes,
    }).encode()  # fmt: skip


def signed(body: bytes, secret="oa") -> Call:
    mac = zalo_reports.signature("42", body, "1700000000000", secret)
    return Call("POST", "", {"x-zevent-signature": f"mac={mac}"}, body)


def test_zalo_events_are_verified_over_the_raw_bytes():
    options = {"oa_secret": "oa", "app_id": "42"}
    heard = zalo.read_receipt(signed(event()), options)
    assert heard.verified is True
    assert heard.receipts[0].state is ReceiptFlags.DELIVERED
    assert heard.receipts[0].reference == "R1"
    body = event()
    changed = Call("POST", "", signed(body).headers, body.replace(b"R1", b"R2"))
    for forged in (changed, signed(body, "other"), Call("POST", "", {}, body)):
        assert zalo.read_receipt(forged, options).verified is False
    assert zalo.read_receipt(signed(event(app_id="43")), options).verified is False
    assert zalo.read_receipt(Call("POST", "", {}, body), {}).verified is None


def test_zalo_seen_events_name_several_messages():
    body = event(event_name="user_seen_message", message={"msg_ids": ["a", "b"]})
    heard = zalo.read_receipt(Call("POST", "", {}, body), {})
    assert [(r.provider_id, r.state) for r in heard.receipts] == [
        ("a", ReceiptFlags.READ),
        ("b", ReceiptFlags.READ),
    ]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"\xff", b'{"message":5}'])
def test_strange_calls_are_no_receipts_and_no_accident(body):
    assert zalo.read_receipt(Call("POST", "", {}, body), {}).receipts == ()
    assert esms.read_receipt(Call("GET", body.decode("latin-1"), {}, b""), {}).receipts == ()


def test_while_setting_up_a_wrong_signature_is_told_as_none():
    options = {"oa_secret": "oa", "app_id": "42", "signature": "warn"}
    body = event()
    assert zalo.read_receipt(signed(body), options).verified is True
    wrong = Call("POST", "", {"x-zevent-signature": "mac=ÿđ"}, body)
    assert zalo.read_receipt(wrong, options).verified is None
    assert zalo.read_receipt(wrong, {**options, "signature": "strict"}).verified is False
    [receipt] = zalo.read_receipt(wrong, options).receipts
    assert receipt.reference == "R1"
