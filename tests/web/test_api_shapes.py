from dispatcher.i18n import Say

"""The API takes and gives exactly what it describes: tried for every operation, from its structs."""

import dataclasses
import json
from datetime import datetime, timedelta

import msgspec
import pytest
from browser import serve
from conftest import add_people
from msgspec import inspect
from test_api import key
from walk import import_list, number, released, sheet, write_broadcast

from dispatcher.api.answers import MessageAnswer, PreviewAnswer, ProblemAnswer
from dispatcher.api.bodies import ApiInput
from dispatcher.api.openapi import described
from dispatcher.api.operations import OPERATIONS
from dispatcher.api.v1 import ROOT as API
from dispatcher.broadcasts.forecast import Forecast, Waits
from dispatcher.broadcasts.lateness import Late, WayOut
from dispatcher.broadcasts.previewing import Preview, Remarked
from dispatcher.broadcasts.registrations import RegistrationState
from dispatcher.broadcasts.text_findings import Saving, TextFinding
from dispatcher.db.broadcasts import budgets
from dispatcher.domain.model import HANOI, Registered
from dispatcher.domain.outages import Health, State
from dispatcher.domain.periods import Period
from dispatcher.gateways.contract import VendorTemplate
from dispatcher.usecases import log, vendor_templates
from dispatcher.usecases.broadcasts_views import Previewed
from dispatcher.usecases.inputs import typed_fields

EXAMPLES = {
    "listContacts": {"ward": "Máy Tơ", "q": "tran", "limit": 5},
    "addContact": {"name": "Trần Mới", "ward": "Máy Tơ", "phones": ["0950007001"],
                   "residential_group": "Tổ 2", "household": "7", "title": "ông"},
    "listBroadcasts": {"limit": 1000},
    "createBroadcast": {"template": "canh-bao", "wards": ["Máy Tơ"], "residential_groups": ["Tổ 1"],
                        "groups": [], "exclude_groups": [], "one_per": "household", "route": "sms",
                        "title": "Từ phần mềm", "document": "1/CV", "expires_after": "7h",
                        "window": "08:00-20:00", "fields": {}},
    "submitBroadcast": {"leave_out": True, "again": "nhắc lại"},
    "listMessages": {"broadcast": 1, "state": "queued", "before": 2, "limit": 1000},
}  # fmt: skip
BY_NAME = {o.name: o for o in OPERATIONS}


@pytest.fixture
def site(lite, tmp_path):
    """A broadcast that is sent, and a draft: numbers 1 and 2."""
    officer, leader = add_people(lite)
    people = [("A", number(1), "Tổ 1", ""), ("B", number(2), "Tổ 1", ""), ("C", "", "Tổ 2", "")]
    import_list(lite, sheet(tmp_path / "may-to.csv", people))
    assert (released(lite, officer, leader), write_broadcast(lite, officer)) == (1, 2)
    word = key(lite, officer)
    browser = serve(lite)

    def call(operation, number=2, **sent):
        given = sent.get("given", {})
        how = {"params": given} if operation.method == "GET" else {"json": given}
        if "raw" in sent:
            how = {"content": sent["raw"]}
        ask = browser.get if operation.method == "GET" else browser.post
        headers = {
            "Authorization": f"Bearer {word}",
            "Content-Type": "application/json",
            "Idempotency-Key": json.dumps(given)[:200].encode("ascii", "replace").decode(),
        }
        path = API + operation.path.format(number=number)
        return ask(path, headers=headers, **how)  # fmt: skip

    return call


def wrong_values(kind):
    """Values that no field of this type takes."""
    match kind:
        case inspect.StrType():
            yield 3
            yield None
            if kind.max_length:
                yield "a" * (kind.max_length + 1)
            if kind.pattern:
                yield "a\0"
            if kind.min_length:
                yield ""
        case inspect.IntType():
            yield kind.ge - 1
            yield kind.le + 1
            yield "nhiều"
        case inspect.BoolType():
            yield "true"
            yield 1
        case inspect.LiteralType() | inspect.EnumType():
            yield "khong-co"
        case inspect.VarTupleType():
            yield "Máy Tơ"
            yield {"a": "b"}
            yield ["a"] * (kind.max_length + 1)
        case inspect.DictType():
            yield ["a"]
        case _:
            raise AssertionError(f"no wrong values for {kind}")


def wrong_insides(name, kind):
    """Wrong values inside a field, each with its path."""
    match kind:
        case inspect.VarTupleType():
            for value in wrong_values(kind.item_type):
                yield ["a", value], f"{name}[1]"
        case inspect.DictType():
            for value in wrong_values(kind.value_type):
                yield {"gio": value}, f"{name}.gio"


def wrong_calls():
    """Every way to send one wrong field: operation, what is sent, the path that must be named."""
    for o in OPERATIONS:
        example = EXAMPLES.get(o.name, {})
        yield o.name, {**example, "lạ": "1"}, "lạ"
        for f in typed_fields(o.takes):
            if f.required:
                yield o.name, {k: v for k, v in example.items() if k != f.key}, f.key
            for value in wrong_values(f.type):
                text = isinstance(f.type, inspect.StrType) and not isinstance(value, str)
                if o.method == "GET" and text:
                    continue  # in an address everything is text
                yield o.name, {**example, f.key: value}, f.key
            for value, path in wrong_insides(f.key, f.type):
                yield o.name, {**example, f.key: value}, path


def test_every_field_of_every_operation_is_refused_by_its_path_where_it_does_not_fit(site):
    tried = list(wrong_calls())
    assert len(tried) > 80
    for name, given, path in tried:
        answer = site(BY_NAME[name], given=given)
        assert answer.status_code == 400, (name, given, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        told = msgspec.json.decode(answer.content, type=ProblemAnswer)
        assert told.title == "wrong-request"
        assert [e.field for e in told.errors] == [path], (name, given)
        for language in (told.detail, told.detail_vi):
            assert language.startswith(f"{path}: "), (name, given)


def test_several_wrong_fields_are_all_named_with_what_is_allowed(site):
    given = {"wards": ["Máy Tơ", 3], "one_per": "nobody", "window": None, "a": 1}
    told = site(BY_NAME["createBroadcast"], given=given).json()
    assert [e["field"] for e in told["errors"]] == ["a", "template", "wards[1]", "one_per",
                                                    "window"]  # fmt: skip
    assert "one_per: one of these is wanted: household, phone" in told["detail"]
    assert "one_per: cần một trong: household, phone" in told["detail_vi"]
    assert "wards[1]: cần chữ dài nhiều nhất 200 ký tự" in told["detail_vi"]


@pytest.mark.parametrize(
    "raw", [b"{", b'{"again": "\xff"}', rb'{"again": "\ud800"}', b"[" * 90_000]
)
def test_what_is_no_json_is_a_problem(site, raw):
    answer = site(BY_NAME["submitBroadcast"], raw=raw)
    assert (answer.status_code, answer.json()["title"]) == (400, "wrong-request")


def test_an_example_of_every_operation_is_taken_and_its_answer_is_what_is_described(site):
    for o in OPERATIONS:
        for given in ({}, EXAMPLES.get(o.name, {})):
            if any(f.required and f.key not in given for f in typed_fields(o.takes)):
                continue
            for number_ in (1, 2) if "{number}" in o.path else (2,):
                answer = site(o, number_, given=given)
                if answer.status_code == 409:  # it is released, or handed in
                    assert o.name in ("previewBroadcast", "submitBroadcast"), answer.text
                    continue
                assert answer.status_code == o.made, (o.name, given, answer.text)
                assert answer.headers["content-type"] == "application/json"
                found = msgspec.json.decode(answer.content, type=o.gives)
                if o.name.startswith("list") and not given:
                    assert getattr(found, found.__struct_fields__[0]), o.name


def test_every_example_has_every_field():
    for o in OPERATIONS:
        assert set(EXAMPLES.get(o.name, {})) == {f.key for f in typed_fields(o.takes)}, o.name
    assert MessageAnswer.__struct_fields__ == log.KINDS["messages"]


def test_a_preview_with_everything_that_can_be_said_fits_its_description():
    """Rare parts, made by the classes that say them: vendors, budgets, nobody in time …"""
    at, say = datetime(2026, 12, 1, 9, tzinfo=HANOI), Say("en")
    period = Period(at, at, at + timedelta(hours=6))
    ways = [WayOut("longer-expiry", say, {"expires_after": "7h", "expires_at": at.isoformat()}),
            WayOut("next-day", say, {"at": at.isoformat(), "late": 3}),
            WayOut("faster-route", say, {"routes": ["sms"]}),
            WayOut("fewer-people", say, {"people": 7})]  # fmt: skip
    waits = Waits(Health("esms", State.PAUSED, at, "123"), 4, say)
    standing = budgets.BudgetUse("may-to", "2026-12", 3, 4)
    found = Preview(
        people=3, queued=2, skipped={"no_number": 1}, parts={"sms": 4}, most_parts={"sms": 2},
        cost={"sms": 400}, households=1, remembered={"zalo": 1}, despite_refusal=1,
        forecast=Forecast(at, None, None, 1, 2, 3, True, at, 4, (waits,)),
        findings=(TextFinding("too_long", "zalo", "ten", 2,
                          ({"who": "A", "amount": 3, "value": "x"},), say),),
        savings=(Saving("sms", 1, 2, 3, 4),), repeated={7: 2}, unexplained={7: 2}, again="vì",
        remarks=(Remarked("accent", "warn", say),), budgets=(standing,), over_budget=standing,
        standings=(RegistrationState("esms", "qc", "viettel", "canh-bao", Registered.APPROVED, 3),),
        period=period, late=Late(2, 3, period, tuple(ways)),
    )  # fmt: skip
    template = VendorTemplate(
        "7", "x", "enabled", None, (("ten", 2, True), ("ma", None, True)), 200
    )
    vendor = vendor_templates._finding("zalo", {"remainingQuota": "5"}, template, {"ten": 3}, 9)
    silent = {"gateway": "zalo", "problem": say}
    told = Previewed(None, found, [vendor, silent]).as_json("vi")
    shown = msgspec.json.encode(msgspec.convert(told, PreviewAnswer))
    assert msgspec.json.decode(shown) == json.loads(json.dumps(told))
    empty = [f.name for f in dataclasses.fields(found) if f.init and not getattr(found, f.name)]
    assert set(empty) <= {"dearest", "by_network", "samples", "longest"}


# --- the description ----------------------------------------------------------------------------


def refs(part):
    """Every schema that a part of the document points to."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from refs(value)
    elif isinstance(part, list):
        for value in part:
            yield from refs(value)


def test_the_description_is_made_of_the_same_structs():
    told = json.loads(msgspec.json.encode(described(OPERATIONS, "thử", API)))
    schemas = told["components"]["schemas"]
    assert {f"#/components/schemas/{name}" for name in schemas} == set(refs(told))
    for o in OPERATIONS:
        part = told["paths"][API + o.path][o.method.lower()]
        answer = part["responses"][str(o.made)]["content"]["application/json"]["schema"]
        assert answer == {"$ref": f"#/components/schemas/{o.gives.__name__}"}
        told_fields = {p["name"]: p for p in part["parameters"] if p["in"] == "query"}
        if o.method == "POST":
            body = schemas[o.takes.__name__]
            assert body["additionalProperties"] is False
            assert part["requestBody"]["required"] is bool(body.get("required"))
            told_fields = body["properties"]
        assert set(told_fields) == {f.key for f in typed_fields(o.takes)}
        assert o.takes is ApiInput or told_fields
    one_per = schemas["BroadcastBody"]["properties"]["one_per"]
    assert (one_per["enum"], one_per["default"]) == (["household", "phone"], "phone")
