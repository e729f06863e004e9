"""A described vendor is read as its own adapter reads it: SpeedSMS and Kannel, by their tables."""

import asyncio
import json

import pytest
from descriptions import described
from patience import PATIENCE
from test_contract import ask, build, outgoing
from vendors import answer, vendor

from dispatcher.domain.model import Fault, ReceiptFlags
from dispatcher.domain.problems import Problem
from dispatcher.gateways import http, kannel, speedsms, viettel, vnpt
from dispatcher.gateways.contract import Accepted, Answer, Call


def ok(code="00", **data):
    return json.dumps({"status": "success", "code": code, "data": data}).encode()


def error(code, message="x"):
    return json.dumps({"status": "error", "code": code, "message": message}).encode()


SPEEDSMS = [
    (200, ok(tranId=77, invalidPhone=[]), Accepted("77")),
    (200, ok(invalidPhone=[]), Fault.UNKNOWN),
    *((200, error(c), Fault.ACCOUNT) for c in ("007", "008", "009", "300")),
    (200, error("105"), Fault.RECIPIENT),
    *((200, error(c), Fault.CONTENT) for c in ("101", "110", "113")),
    (200, error("500"), Fault.UNKNOWN),
    (200, error("999"), Fault.UNKNOWN),
    (404, b"<html>404</html>", Fault.ACCOUNT),
    (401, b"{}", Fault.ACCOUNT),
    (500, b"{}", Fault.UNKNOWN),
    (429, b"{}", Fault.BUSY),
    (200, b"<html>", Fault.UNKNOWN),
    (200, b"{}", Fault.UNKNOWN),
]
KANNEL = [
    (202, b"0: Accepted for delivery", Accepted()),
    (202, b"3: Queued for later delivery", Accepted()),
    (403, b"Authorization failed for sendsms", Fault.ACCOUNT),
    (403, b"Not routable. Do not try again.", Fault.ACCOUNT),
    (400, b"Missing receiver number, rejected", Fault.RECIPIENT),
    (400, b"Number(s) has/have been denied by white- and/or black-lists.", Fault.RECIPIENT),
    (503, b"Temporal failure, try again later.", Fault.BUSY),
    (503, b"", Fault.UNKNOWN),
    (202, b"", Fault.UNKNOWN),
    (202, b"5: something new", Fault.UNKNOWN),
    (500, b"Temporary", Fault.UNKNOWN),
]


def meaning(send_result):
    return send_result if isinstance(send_result, Accepted) else send_result.fault


@pytest.mark.parametrize("status, body, expected", SPEEDSMS)
def test_speedsms_and_its_description_read_the_table(status, body, expected):
    given = Answer(status, {}, body)
    assert meaning(speedsms.read_answer(given)[0]) == expected
    options = described("speedsms-described")
    assert meaning(http.read_answer(given, options=options)[0]) == expected


@pytest.mark.parametrize("status, body, expected", KANNEL)
def test_kannel_and_its_description_read_the_table(status, body, expected):
    given = Answer(status, {}, body)
    assert meaning(kannel.read_answer(given)[0]) == expected
    found = http.read_answer(given, options=described("kannel-described"))[0]
    assert meaning(found) == expected or (isinstance(expected, Accepted) and found == Accepted())


@pytest.mark.parametrize(
    "status, state",
    [(1, ReceiptFlags.DELIVERED), (2, ReceiptFlags.FAILED), (4, ReceiptFlags.ACCEPTED), (8, ReceiptFlags.ACCEPTED),
     (16, ReceiptFlags.FAILED), (34, ReceiptFlags.FAILED)],
)  # fmt: skip
def test_the_bits_of_a_kannel_report(status, state):
    query = f"status={status}&fid=1&smsc=a&meta=ACK%2F&ts=1&dest=%2B84951234567&key=abc"
    call = Call("GET", query, {}, b"")
    for heard in (kannel.read_receipt(call, {}),
                  http.read_receipt(call, described("kannel-described"))):  # fmt: skip
        [receipt] = heard.receipts
        assert (receipt.reference, receipt.to, receipt.state) == ("abc", "+84951234567", state)


def test_what_a_kannel_report_quotes_is_not_kept():
    meta = "id:1 stat:UNDELIV err:027 text:Ong+An+oi"
    call = Call("GET", f"status=2&meta={meta}&dest=84951234567&key=abc", {}, b"")
    assert kannel.read_receipt(call, {}).receipts[0].code == "2 UNDELIV 027"


@pytest.mark.parametrize("status, state", [(0, ReceiptFlags.DELIVERED), (5, ReceiptFlags.ACCEPTED),
                                           (63, ReceiptFlags.ACCEPTED), (64, ReceiptFlags.FAILED),
                                           (130, ReceiptFlags.FAILED)])  # fmt: skip
def test_the_reports_of_speedsms(status, state):
    body = json.dumps({"type": "report", "tranId": "7", "phone": "84951234567", "status": status})
    call = Call("POST", "", {}, body.encode())
    for heard in (speedsms.read_receipt(call, {}),
                  http.read_receipt(call, described("speedsms-described"))):  # fmt: skip
        [receipt] = heard.receipts
        assert (receipt.provider_id, receipt.to, receipt.state) == ("7", "+84951234567", state)


def test_what_people_write_back_is_heard():
    body = json.dumps({"type": "incoming", "phone": "84951234567", "content": "TC"}).encode()
    assert speedsms.read_receipt(Call("POST", "", {}, body), {}).replies[0].text == "TC"
    call = Call("GET", "from=%2B84951234567&text=T%E1%BB%AB%20ch%E1%BB%91i", {}, b"")
    [reply] = kannel.read_receipt(call, {}).replies
    assert (reply.sender, reply.text) == ("+84951234567", "Từ chối")


def test_a_good_answer_with_bad_numbers_is_shared_out():
    batch = [outgoing("A", "+84951000001"), outgoing("B", "+84951000002")]
    body = ok(tranId=9, invalidPhone=["84951000002"])
    for adapter in ("speedsms", "http"):
        with vendor(answer(body)) as (url, seen):
            send_results, _ = ask(adapter, url, batch)
        assert [meaning(v) for v in send_results] == [Accepted("9"), Fault.RECIPIENT]
        sent = json.loads(seen[0].split(b"\r\n\r\n")[1])
        assert sent["to"] == ["84951000001", "84951000002"]


def test_kannel_is_never_given_what_it_drops_or_cuts_in_silence():
    batch = [outgoing("A", "+84951000001"), outgoing("B", "84"), outgoing("C", "+84951000003")]
    with vendor(answer(b"0: Accepted for delivery", "202 X")) as (url, seen):
        send_results, _ = ask("kannel", url, batch)
    assert [meaning(v) for v in send_results] == [Accepted(), Fault.RECIPIENT, Accepted()]
    assert b"to=%2B84951000001+%2B84951000003&" in seen[0].replace(b"%20", b"+")

    from dataclasses import replace

    with vendor(answer(b"0: Accepted for delivery", "202 X")) as (url, seen):
        for body in ("", "  ", "ệ" * 700):
            assert (
                meaning(ask("kannel", url, [replace(batch[0], body=body)])[0][0]) is Fault.CONTENT
            )
    assert seen == []


VIETTEL = {
    "Insert MT_QUEUE: OK": Accepted(),
    "Authenticate: IP_INVALID (YOUR IP: 10.0.0.1)": Fault.ACCOUNT,
    "Authenticate: Cp_code: CP_CODE_NOT_FOUND": Fault.ACCOUNT,
    "Check RequestID: REQUEST_ID_NOT_NUMBER": Fault.ACCOUNT,
    "Check ReceiverID: FORMAT_ERROR": Fault.RECIPIENT,
    "Unable to check telco from input receiver": Fault.RECIPIENT,
    "Length of ReceiverID is invalid": Fault.RECIPIENT,
    "Check ServiceID: ALIAS_INVALID:TELCO=VN": Fault.CARRIER,
    "Check Content: MAXLENGTH_LIMIT_480_BYTE (YOUR_CONTENT: 500 BYTE)": Fault.CONTENT,
    "Check Content: MSG_ERROR_CONTAIN_BLACKLIST": Fault.CONTENT,
    "Check template: CONTENT_NOT_MATCH_TEMPLATE": Fault.CONTENT,
    "Check information error": Fault.UNKNOWN,
    "something new": Fault.UNKNOWN,
}


def soap(words):
    result = int("MT_QUEUE: OK" in words)
    inside = f"<return><message>{words}</message><result>{result}</result></return>"
    return f"<S:Envelope xmlns:S='x'><S:Body><r>{inside}</r></S:Body></S:Envelope>".encode()


@pytest.mark.parametrize("words", VIETTEL)
def test_what_viettel_says(words):
    assert meaning(viettel.read_answer(Answer(200, {}, soap(words)))[0]) == VIETTEL[words]


def test_a_duplicate_at_viettel_proves_only_our_own_repeat():
    given = Answer(200, {}, soap("Check ServiceID: DUPLICATE MESSAGE"))
    assert viettel.read_answer(given, repeat=True) == [Accepted()]
    assert viettel.read_answer(given, repeat=False)[0].fault is Fault.CONTENT


def test_a_soap_fault_and_a_document_type_prove_nothing():
    fault = b"<E><Body><Fault><faultstring>x</faultstring></Fault></Body></E>"
    bomb = b'<!DOCTYPE a [<!ENTITY b "Insert MT_QUEUE: OK">]><a><message>&b;</message><result>1</result></a>'
    for body in (fault, bomb, b"<a>", b""):
        assert viettel.read_answer(Answer(200, {}, body))[0].fault is Fault.UNKNOWN


def test_a_batch_at_viettel_is_told_apart_by_place_whatever_the_order(twins):
    batch = [outgoing(f"R{i}", f"+8495100000{i}") for i in range(3)]
    bad = outgoing("R9", "+84")

    async def go(url):
        gateway, wire = build("viettel", url)
        try:
            return await gateway.send("c", [*batch[:2], bad, batch[2]])
        finally:
            await wire.close()

    send_results = asyncio.run(go(twins.base("viettel")))
    assert [meaning(v) for v in send_results] == [
        Accepted(),
        Accepted(),
        Fault.RECIPIENT,
        Accepted(),
    ]
    assert twins.ask("/ledger")["accepted"] == 3
    reordered = (
        b"<r><responseMt><message>Insert MT_QUEUE: OK</message><result>1</result>"
        b"<requestId>2</requestId></responseMt></r>"
    )
    with vendor(answer(reordered)) as (url, _):
        send_results, _ = ask("viettel", url, batch)
    assert [meaning(v) for v in send_results] == [Fault.UNKNOWN, Accepted(), Fault.UNKNOWN]


VNPT = {"0": Accepted(), "1": Fault.ACCOUNT, "7": Fault.ACCOUNT, "8": Fault.LATER, "12": Fault.LATER,
        "11": Fault.CONTENT, "16": Fault.BUSY, "17": Fault.CONTENT, "20": Fault.ACCOUNT,
        "23": Fault.RECIPIENT, "25": Fault.CARRIER, "26": Fault.RECIPIENT, "30": Fault.CONTENT,
        "-1": Fault.UNKNOWN, "99": Fault.UNKNOWN}  # fmt: skip


@pytest.mark.parametrize("code", VNPT)
def test_every_listed_vnpt_code_has_its_consequence(code):
    body = json.dumps({"RPLY": {"name": "send_sms_list", "ERROR": code}}).encode()
    assert meaning(vnpt.read_answer(Answer(200, {}, body))[0]) == VNPT[code]


def test_vnpt_gets_one_network_a_call_and_is_looked_up_by_our_reference(twins):
    async def go():
        gateway, wire = build("vnpt", twins.base("vnpt"))
        assert gateway.limits.one_carrier
        try:
            before = await gateway.look_up("R1")
            sent = await gateway.send("R1", [outgoing("R1", "+84951000001")])
            after = await gateway.look_up("R1")
            mixed = await gateway.send("R2", [outgoing("R2", "+84951000001"),
                                              outgoing("R3", "+84959000001")])  # fmt: skip
            return before, sent, after, mixed
        finally:
            await wire.close()

    before, sent, after, mixed = asyncio.run(go())
    assert before.fault is Fault.UNKNOWN  # not proof of anything
    assert sent == [Accepted()]
    assert after == Accepted()
    assert [v.fault for v in mixed] == [Fault.CARRIER, Fault.CARRIER]


@pytest.mark.parametrize(
    "change, named",
    [({"answer": {"accepted": "00", "sample": "nonsense"}}, "answer.sample"),
     ({"answer": {"accepted": "00", "code": "code"}}, "answer.sample"),
     ({"answer": {"accepted": "(", "sample": "{}"}}, "answer: ("),
     ({"answer": {"accepted": "00", "sample": "{}", "faults": {"sick": "1"}}}, "faults.sick"),
     ({"answer": {"accepted": "00", "sample": "{}", "extra": 1}}, "answer.extra"),
     ({"method": "PUT"}, "method"), ({"format": "yaml"}, "format"), ({"channel": "fax"}, "channel"),
     ({"number": "+1"}, "number"), ({"dedup_window": "soon"}, "dedup_window")],
)  # fmt: skip
def test_a_wrong_description_is_named_before_anything_is_sent(change, named):
    from dispatcher.gateways.contract import Given
    from dispatcher.gateways.wire import Wire

    options = {**described("speedsms-described"), **change}
    with pytest.raises(Problem) as told:
        http.build(Given("x", options, Wire()))
    assert named in str(told.value)
    assert told.value.exit_code == 4


def test_a_described_xml_vendor_gets_escaped_words(twins):
    from dispatcher.gateways.contract import Given
    from dispatcher.gateways.wire import Wire

    options = {
        "base_url": "", "format": "xml", "body": "<sms to='{to}' ref='{reference}'>{body}</sms>",
        "answer": {"format": "text", "code": r"<ok>(\w+)</ok>", "id": r"<id>(\w+)</id>",
                   "accepted": "yes", "sample": "<ok>yes</ok><id>{id}</id>"},
    }  # fmt: skip
    from dataclasses import replace

    async def go(url):
        wire = Wire(deadline=PATIENCE)
        gateway = http.build(Given("x", {**options, "base_url": url}, wire))
        try:
            return await gateway.send("c", [replace(outgoing(), body="a < b & 'c'")])
        finally:
            await wire.close()

    with vendor(answer(b"<ok>yes</ok><id>q1</id>")) as (url, seen):
        assert asyncio.run(go(url)) == [Accepted("q1")]
    assert b"<sms to='84951234567' ref='R1'>a &lt; b &amp; 'c'</sms>" in seen[0]


def test_in_a_drill_only_what_is_kept_elsewhere_is_made_up(make_site, monkeypatch):
    """Headers written out stay, secrets are never touched; live they are fetched."""
    from dispatcher.config import parse
    from dispatcher.worker.adapters import adapter_options

    monkeypatch.setenv("TOKEN_OF_TESTS", "s3cret")
    described_one = (
        '[gateways.esms]\nadapter = "http"\nbase_url = "http://127.0.0.1:9"\n'
        'basic = { user = { env = "NOT_SET_ANYWHERE" }, password = "x" }\n'
        'headers = { "X-Kind" = "plain", "X-Key" = { env = "TOKEN_OF_TESTS" } }\n'
        'body = { to = "{to}", key = { env = "TOKEN_OF_TESTS" } }\n'
        "answer = { accepted = '0', code = 'c', sample = '{\"c\": \"0\"}' }\n"
    )
    site = parse(make_site("data/site.db", ('[gateways.esms]\nadapter = "esms"', described_one)))
    chosen = site.gateways["esms"]
    drill = adapter_options(site, chosen, "http://127.0.0.1:1")
    assert {k: v.fetch() for k, v in drill.headers.items()} == {"X-Kind": "plain", "X-Key": "drill"}
    assert (drill.basic.user.fetch(), drill.basic.password.fetch()) == ("drill", "x")
    assert drill.body.tree["to"] == "{to}"
    assert drill.body.tree["key"].fetch() == "drill"
    with pytest.raises(Problem) as told:
        adapter_options(site, chosen, None)
    assert "basic.user (NOT_SET_ANYWHERE)" in str(told.value)
    monkeypatch.setenv("NOT_SET_ANYWHERE", "u")
    live = adapter_options(site, chosen, None)
    assert live.headers["X-Key"].fetch() == live.body.tree["key"].fetch() == "s3cret"
    assert "s3cret" not in repr(live)


def test_secrets_of_all_adapters_are_named_together(make_site):
    from dispatcher.config import GatewaySettings, Secret, parse
    from dispatcher.worker.adapters import adapter_options

    site = parse(make_site())
    chosen = GatewaySettings(
        "vnpt", name="v", options={"api_user": Secret("NOT_SET_ANYWHERE", None)}
    )
    with pytest.raises(Problem) as told:
        adapter_options(site, chosen, None)
    for name in ("base_url", "agent_id", "contract_id", "labels", "template_id", "api_pass",
                 "NOT_SET_ANYWHERE"):  # fmt: skip
        assert name in str(told.value)
