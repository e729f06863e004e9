"""What texts cost, and Vietnamese without marks."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.sms import GSM_BASIC, GSM_EXTENSION, measure, unaccent


@pytest.mark.parametrize(
    "text, encoding, length, parts",
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # no escape pair is cut
        ("đ" * 70, "UCS-2", 70, 1),
        ("đ" * 71, "UCS-2", 71, 2),
        ("đ" * 134, "UCS-2", 134, 2),
        ("đ" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("đ" * 66 + "😀" + "đ" * 66, "UCS-2", 134, 3),  # no surrogate pair is cut
        ("Bà Hà", "GSM-7", 5, 1),
    ],
)
def test_lengths_and_parts_at_the_edges(text, encoding, length, parts):
    assert measure(text).__dict__ == {"encoding": encoding, "length": length, "parts": parts}


@given(st.text(alphabet=GSM_BASIC + GSM_EXTENSION, max_size=700))
def test_gsm_parts_hold_what_they_say(text):
    found = measure(text)
    assert found.encoding == "GSM-7"
    assert found.length == len(text) + sum(c in GSM_EXTENSION for c in text)
    assert -(-found.length // 153) <= found.parts <= -(-found.length // 152) or found.length <= 160


@given(st.text(max_size=300))
def test_unaccent_leaves_plain_texts_alone_and_never_leaves_a_vietnamese_mark(text):
    bare = unaccent(text)
    assert unaccent(bare) == bare
    assert not any(unicodedata.category(c) == "Mn" for c in unicodedata.normalize("NFD", bare))


def test_all_134_vietnamese_letters_become_plain():
    letters = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
    both = letters + letters.upper()
    assert len(both) == 134
    assert unaccent(both).isascii()
    assert unaccent(unicodedata.normalize("NFD", both)).isascii()
