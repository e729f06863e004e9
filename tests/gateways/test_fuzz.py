"""Whatever arrives, reading it is never an accident: a vendor's call must not break the door."""

import json

import pytest
from descriptions import described
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.gateways import ADAPTERS, adapter_module
from dispatcher.gateways.contract import Accepted, Answer, Call, Heard, Refused

READERS = [name for name in ADAPTERS if hasattr(adapter_module(name), "read_answer")]
WORDS = st.sampled_from([
    "event_name", "user_received_message", "user_send_text", "message", "msg_id", "sender", "id",
    "recipient", "phone", "status", "type", "report", "incoming", "tranId", "CodeResult", "100",
    "SMSID", "error", "data", "code", "00", "RPLY", "ERROR", "0", "detail", "ok", "app_id",
    "timestamp", "²", "٣", "success", "invalidPhone", "-124", "listParams", "tracking_id",
])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)
BODIES = (
    st.binary(max_size=80)
    | VALUES.map(lambda v: json.dumps(v).encode())
    | st.sampled_from(
        [b"<a><result>1</result></a>", b"<a><responseMt/></a>", b"0: ", b"<?xml version='1.0'?>"]
    )
)
QUERIES = st.text(max_size=60) | st.dictionaries(
    st.sampled_from(
        [
            "key",
            "status",
            "dest",
            "from",
            "text",
            "SMSID",
            "RequestId",
            "SendStatus",
            "SendSuccess",
            "SendFailed",
            "phonenumber",
            "meta",
        ]
    ),
    st.sampled_from(
        ["", "0", "1", "5", "34", "²", "٣", "99999999999999999999999", "ệ", "a", "%2B84951234567"]
    ),
    max_size=6,
).map(lambda d: "&".join(f"{k}={v}" for k, v in d.items()))
HEADERS = st.dictionaries(
    st.sampled_from(["x-zevent-signature", "x-zevent-timestamp", "retry-after", "date"]),
    st.text(max_size=20),
    max_size=4,
)


def options(name):
    if name == "http":
        return described("kannel-described")
    return {"oa_secret": "s", "app_id": "42"} if name == "zalo" else {}


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150, deadline=None)
@given(method=st.sampled_from(["GET", "POST"]), query=QUERIES, headers=HEADERS, body=BODIES)
def test_no_call_of_a_stranger_breaks_the_door(name, method, query, headers, body):
    module = adapter_module(name)
    for chosen in (options(name), {}):
        heard = module.read_receipt(Call(method, query, headers, body), chosen)
        assert isinstance(heard, Heard)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150, deadline=None)
@given(
    status=st.sampled_from([200, 202, 204, 302, 400, 401, 403, 404, 429, 500, 503]),
    headers=HEADERS,
    body=BODIES,
)
def test_no_answer_of_a_vendor_breaks_the_sender(name, status, headers, body):
    more = {"options": options(name)} if name == "http" else {}
    for repeat in (True, False):
        answer = Answer(status, headers, body)
        found = adapter_module(name).read_answer(answer, repeat=repeat, **more)
        assert found
        assert all(isinstance(v, Accepted | Refused) for v in found)
