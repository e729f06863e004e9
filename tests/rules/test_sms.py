"""What texts cost, and Vietnamese without marks."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.sms import (
    GSM_BASIC,
    GSM_EXTENSION,
    PartSizes,
    Profile,
    measure,
    tidy,
    unaccent,
)


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


@pytest.mark.parametrize(
    "thresholds, table",
    [([160, 306, 459], PartSizes(160, 153)), ([122, 268, 421], PartSizes(122, 153, 38)),
     ([70, 134, 201], PartSizes(70, 67)), ([160, 304, 456], PartSizes(160, 152)), ([160, 306], PartSizes(160, 153))],
)  # fmt: skip
def test_a_contracts_numbers_are_a_table(thresholds, table):
    assert PartSizes.read(thresholds) == table
    assert [table.most(n + 1) for n in range(len(thresholds))] == thresholds


@pytest.mark.parametrize("wrong", [[], [160], [160, 100], [0, 5, 9], [1, 2, 3], [160, 160, 200]])
def test_numbers_that_make_no_table_are_refused(wrong):
    with pytest.raises(ValueError):
        PartSizes.read(wrong)


RESELLER = Profile()


@pytest.mark.parametrize(
    "text, promotion, encoding, parts",
    [("a" * 160, False, "GSM-7", 1), ("a" * 161, False, "GSM-7", 2), ("a" * 306, False, "GSM-7", 2),
     ("a" * 459, False, "GSM-7", 3), ("a" * 460, False, "GSM-7", 4), ("a" * 122, True, "GSM-7", 1),
     ("a" * 123, True, "GSM-7", 2), ("a" * 268, True, "GSM-7", 2), ("a" * 269, True, "GSM-7", 3),
     ("a" * 421, True, "GSM-7", 3), ("a" * 422, True, "GSM-7", 4), ("Bà Hà " + "a" * 65, False, "UCS-2", 2),
     ("đ" * 32, True, "UCS-2", 1), ("đ" * 33, True, "UCS-2", 2)],
)  # fmt: skip
def test_resellers_bill_by_their_own_tables(text, promotion, encoding, parts):
    found = RESELLER.measure(text, promotion=promotion)
    assert (found.encoding, found.parts) == (encoding, parts)


@given(st.text(alphabet="aàđ€[😀 ", max_size=400), st.booleans())
def test_parts_hold_what_the_slow_way_says(text, wide):
    """The slow way: letter by letter, an escape or surrogate pair never cut."""
    found = measure(text)
    room = {"GSM-7": (160, 153), "UCS-2": (70, 67)}[found.encoding]
    widths = [
        (2 if ch in GSM_EXTENSION else 1) if found.encoding == "GSM-7" else 1 + (ord(ch) > 0xFFFF)
        for ch in text
    ]
    parts, used = 1, 0
    for width in widths:
        if used + width > room[1]:
            parts, used = parts + 1, 0
        used += width
    assert found.length == sum(widths)
    assert found.parts == (1 if sum(widths) <= room[0] else parts)


def test_typographic_punctuation_becomes_plain_and_is_told():
    text, found = tidy("“Cảnh báo” – 5\u00a0giờ… 9′")
    assert text == '"Cảnh báo" - 5 giờ... 9\''
    assert list(found) == ["“", "”", "–", "\u00a0", "…", "′"]
    assert tidy("Khong co gi") == ("Khong co gi", {})
