"""What people write back, and what is done about it: `replies.csv` holds the right answers."""

import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.domain.opting_out import Wish, read

TABLE = Path(__file__).with_name("replies.csv").read_text("utf-8").splitlines()
ROWS = [(row["text"], Wish(row["answer"])) for row in csv.DictReader(TABLE)]


def wrong(told):
    """What was not read as it is meant, of (text, as it was meant)."""
    return [(text, read(text), wish) for text, wish in told if read(text) is not wish]


def test_a_reply_is_read_as_it_is_meant():
    assert wrong(ROWS) == []


def test_the_table_is_large_and_half_of_it_asks_for_nothing():
    assert len(ROWS) >= 120
    assert sum(1 for _, wish in ROWS if wish is Wish.ORDINARY) * 2 >= len(ROWS)
    assert len({text for text, _ in ROWS}) == len(ROWS)


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: unicodedata.normalize("NFD", text),
        str.upper,
        lambda text: f"\u200b{text}\u200d ",
        lambda text: f"“{text}”",
        lambda text: f"{text} 🙂",
    ],
)
def test_how_letters_are_stored_or_shouted_changes_no_wish(changed):
    assert wrong((changed(text), wish) for text, wish in ROWS) == []


@pytest.mark.parametrize("polite", ["Dạ {} ạ", "{} nhé", "{}. Cảm ơn!", "Vui lòng {}", "({})"])
def test_politeness_changes_no_wish(polite):
    assert wrong((polite.format(text), wish) for text, wish in ROWS if wish.is_clear) == []


def test_a_wish_inside_another_sentence_is_read_by_a_person():
    """Neither obeyed blindly nor dropped."""
    told = [(f"Ông hàng xóm ốm. {text}", Wish.UNCLEAR) for text, wish in ROWS if wish.is_clear]
    assert wrong(told) == []


def test_wherever_the_tone_was_typed_it_is_the_same_word():
    assert read("huỷ") is read("hủy") is Wish.ALL
    assert read("hoà giải") is read("hòa giải") is Wish.ORDINARY


def test_wide_letters_and_dots_between_them_are_letters():
    assert read("ＳＴＯＰ") is read("S.T.O.P") is read("t. c.") is read("ST\u200bOP") is Wish.ALL


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_an_answer(text):
    assert read(text) in Wish


def test_a_very_long_reply_is_never_obeyed_blindly():
    assert read("dừng gửi tin nhắn " * 100) is Wish.UNCLEAR
    assert read("cảm ơn phường " * 500) is Wish.ORDINARY
