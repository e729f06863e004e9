"""Our tables beside libphonenumber's: where they differ is written down, and nowhere else."""

import re
import unicodedata

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.domain import phone
from dispatcher.importing import second_opinion

SAMPLES = ("2345678", "0000000", "9999999", "1234567")
# Heads we use although libphonenumber knows nobody there, and the other way round.
ONLY_OURS = phone.DOUBTED - {"30", "51"}
ONLY_THEIRS = {"31", "95"}  # old Hải Phòng landlines; a network that closed


def theirs(national):
    number = phonenumbers.parse(f"+84{national}", None)
    return phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) == 1


@pytest.mark.parametrize("head", [f"{n:03}" for n in range(300, 1000)])
def test_every_head_agrees_or_the_difference_is_written_down(head):
    national = head + SAMPLES[0][1:]
    ours = phone.read("0" + national)
    if ours.ok == theirs(national):
        return
    if ours.ok:
        assert head in ONLY_OURS or head[:2] in ONLY_OURS
        assert ours.needs_review, "a person should have looked once"
    else:
        assert head[:2] in ONLY_THEIRS


@pytest.mark.parametrize("area", sorted(phone.AREA_CODES))
def test_every_area_code_is_a_landline_for_both(area):
    national = (area + "38361234")[:10]
    number = phonenumbers.parse(f"+84{national}", None)
    assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.FIXED_LINE
    assert phone.read("0" + national).type == "landline"


@given(
    head=st.sampled_from(["32", "86", "91", "70", "58", "99", "87", "97"]),
    rest=st.integers(0, 9_999_999), lead=st.sampled_from(["0", "84", "+84", "0084", "+84 ", "(+84) "]),
    cut=st.sampled_from(["", " ", ".", "-", "\u00a0"]), wide=st.booleans(),
    edge=st.sampled_from(["", " ", "\u200e", "'", "\ufeff"]),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_one_number_in_any_dress_is_one_number(head, rest, lead, cut, wide, edge):
    digits = f"{head}{rest:07}"
    if digits[:3] in phone.DOUBTED:
        return
    text = edge + lead + cut.join((digits[:2], digits[2:5], digits[5:])) + edge
    if wide:
        text = "".join(chr(0xFF10 + int(c)) if c.isdigit() else c for c in text)
    assert phone.read(text).e164 == f"+84{digits}", text


@given(st.text(st.sampled_from("0123456789+-./ ()eE,;&vợlIOo\n\u00a0x"), max_size=40))
@settings(max_examples=2000, deadline=None)
def test_no_number_is_ever_made_up(text):
    """The seven digits that 2018 left alone stand in the cell, in this order."""
    found = phone.read(text)
    plain = unicodedata.normalize("NFKC", text).translate(str.maketrans("OolI", "0011"))
    digits = re.sub(r"\D", "", plain)
    for number in found.certain:
        assert number.e164[-7:] in digits, (text, number)
    assert not (found.ok and len(found.numbers) != 1)


def test_an_ordinary_number_is_read_by_one_expression_made_from_the_tables():
    plain = phone.plain(("095",))
    assert plain("0951234567")[1] == "951234567"
    assert plain("+84912345678")[1] == plain("84912345678")[1] == "912345678"
    for doubtful in ("0312345678", "0551234567", "0501234567", "091234567", "09123456789", "849123456",
                     "0912 345 678", "０９１２３４５６７８", "02253836123"):  # fmt: skip
        assert plain(doubtful) is None, doubtful


def test_the_second_opinion_only_hints():
    assert second_opinion.finds("ĐT: 0912345678x12") == "0912345678"
    assert second_opinion.finds("không có") is None
    assert second_opinion.doubts("+84501234567")
    assert not second_opinion.doubts("+84551234567"), "our own table knows Wintel"
