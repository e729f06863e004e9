"""Any words become words that both databases take, and the same ones the same each time."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain import storable
from dispatcher.domain.model import Fault, Receipt, ReceiptFlags
from dispatcher.domain.problems import Problem
from dispatcher.gateways import cleaned
from dispatcher.gateways.contract import Accepted, Heard, Refused, Reply

ANYTHING = st.text(st.characters(codec=None), max_size=60)  # halves of characters too


@given(ANYTHING)
def test_whatever_comes_in_can_be_stored_and_stays_as_it_is_then(text):
    for clean in (storable.words(text, 40), storable.identifier(text, 40)):
        clean.encode()
        assert "\0" not in clean
        assert len(clean) <= 40
        assert storable.words(clean, 40) == clean
        assert storable.is_storable(clean)


@pytest.mark.parametrize("text, clean", [
    ("mã 99", "mã 99"), ("99\0", "99\ufffd"), ("a\ud800b", "a\ufffdb"), ("\ud83d\ude00", "😀"),
    ("\x1b[2J", "\ufffd[2J"), ("hai\ndòng", "hai\ndòng"), ("\uffff", "\ufffd"),
])  # fmt: skip
def test_each_odd_character_is_replaced_and_halves_side_by_side_are_joined(text, clean):
    assert storable.words(text) == clean


def test_long_ids_that_begin_alike_stay_two_and_long_words_are_cut():
    one, other = (storable.identifier("x" * 100_000 + end) for end in "ab")
    assert one != other
    assert len(one) == len(other) == storable.IDENTIFIER
    assert len(storable.words("x" * 100_000)) == storable.DETAIL


@pytest.mark.parametrize("value", [5, 5.5, b"x", ["a"], object(), True])
def test_an_id_that_is_no_text_becomes_one(value):
    assert isinstance(storable.identifier(value), str)
    assert storable.identifier(None) is None


@pytest.mark.parametrize("value", ["\0", ["a", "\ud800"], {"a": {"b": ["\0"]}}, {"\0": 1}])
def test_what_a_person_types_is_refused_however_deep_it_stands(value):
    with pytest.raises(Problem) as told:
        storable.check_typed(value)
    assert told.value.code == "odd-characters"
    storable.check_typed({"a": ["ổn", 5, None, True]})


@pytest.mark.parametrize("said, means", [
    (Accepted("p", 1, 500), Accepted("p", 1, 500)),
    (Accepted(5, 2**70, -1), Accepted("5")),
    (Accepted("p", "2", 1.5), Accepted("p")),
    (Refused("recipient", None, None), Refused(Fault.RECIPIENT, "", "")),
    (Refused("made up", "x"), Refused(Fault.UNKNOWN, "no answer", "made up")),
    (Refused(Fault.BUSY, "x", "", timedelta(-1)), Refused(Fault.BUSY, "x")),
    (Refused(Fault.BUSY, "x", "", 5), Refused(Fault.BUSY, "x")),
    (Refused(Fault.LATER, "x", "", timedelta.max), Refused(Fault.LATER, "x", "", cleaned.LONGEST_WAIT)),
    (Refused(Fault.BUSY, "x", unreached=True), Refused(Fault.BUSY, "x", unreached=True)),
    (Refused(Fault.BUSY, "x", unreached="no"), Refused(Fault.BUSY, "x")),
    (None, Refused(Fault.UNKNOWN, "no answer", "NoneType")),
    ("ok", Refused(Fault.UNKNOWN, "no answer", "str")),
])  # fmt: skip
def test_an_answer_of_any_adapter_becomes_one_of_the_contract(said, means):
    """A yes stays a yes, whatever else is wrong with it; what is neither yes nor no is a doubt."""
    assert cleaned.send_result(said) == means


def test_a_look_up_that_finds_nothing_stays_so():
    assert cleaned.looked_up(None) is None


def test_ids_in_an_answer_and_in_a_report_are_equal_after_cleaning_both():
    for odd in ("a\0b", "a\ud800b", "x" * 100_000, json.loads('"\\ud83dx"')):
        report = cleaned.receipt(Receipt(None, odd, None, ReceiptFlags.DELIVERED, odd))
        assert report.provider_id == cleaned.send_result(Accepted(odd)).provider_id


def test_a_call_of_a_vendor_is_cleaned_in_every_field():
    heard = cleaned.heard(
        Heard((Receipt("R\0", None, "+84\ud800", ReceiptFlags(255), None),),
              replies=(Reply("+84951234567\0", "TC\0" * 2000),))
    )  # fmt: skip
    [report], [reply] = heard.receipts, heard.replies
    assert (report.reference, report.to, report.code) == ("R\ufffd", "+84\ufffd", "")
    assert (
        report.state
        == ReceiptFlags.ACCEPTED | ReceiptFlags.FAILED | ReceiptFlags.DELIVERED | ReceiptFlags.READ
    )
    assert len(reply.text) == storable.REPLY
    assert "\0" not in reply.sender + reply.text
