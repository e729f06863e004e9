"""Vietnamese in the encodings of thirty years, back to Unicode; Unicode is left alone."""

import unicodedata

import pytest

from dispatcher.importing.letters import (
    LETTERS,
    Legacy,
    convert,
    from_misread,
    from_tcvn3,
    from_viqr,
    from_vni,
    guess,
    is_syllable,
    nfc,
    score,
)

NAMES = ["Nguyễn Văn Đức", "Trần Thị Bích Thủy", "Lê Hữu Phước", "Phạm Hồng Quỳnh", "Đỗ Thị Diệu",
         "Vũ Ngọc Ưng", "Hoàng Thị Thuý", "Bùi Xuân Trường", "Đặng Thế Ỷ", "Võ Kiều Oanh"]  # fmt: skip


def to_tcvn3(text):
    table = {from_tcvn3(chr(c)): chr(c) for c in range(0xA1, 0xFF) if from_tcvn3(chr(c)) != chr(c)}
    return "".join(table.get(c, c) for c in text)


def test_known_strings_of_tcvn3():
    for was, now in (("hép møt tÕt", "hộp mứt tết"), ("NguyÔn V¨n §øc", "Nguyễn Văn Đức"),
                     ("H¶i Phßng", "Hải Phòng"), ("TR¦¥NG THÞ MÕN", "TRƯƠNG THỊ MẾN"),
                     ("V¨n H\u00adng", "Văn Hưng")):  # fmt: skip
        assert from_tcvn3(was) == now
    assert from_tcvn3("NguyÔn v¨n an", capitals=True) == "NGUYỄN VĂN AN"


def test_every_small_letter_survives_tcvn3_and_vni():
    small = sorted(LETTERS)
    assert len(small) == 67
    for letter in small:
        assert from_tcvn3(to_tcvn3(letter)) == letter
    drawn = {from_vni(a + b): a + b for a in "aeouyôö" for b in "øùûõïâáàåãäêéèúüë"}
    drawn |= {from_vni(c): c for c in "æóòîôöñíì"}
    for letter in small:
        assert letter in drawn, letter


@pytest.mark.parametrize(
    "was, now",
    [("Nguyeãn Vaên Ñöùc", "Nguyễn Văn Đức"), ("Traàn Thò Bích Thuûy", "Trần Thị Bích Thủy"),
     ("HAÛI PHOØNG", "HẢI PHÒNG"), ("Leâ Höõu Phöôùc", "Lê Hữu Phước")],
)  # fmt: skip
def test_known_strings_of_vni(was, now):
    assert from_vni(was) == now


@pytest.mark.parametrize(
    "was, now",
    [("Nguye^~n Va(n DDu+'c", "Nguyễn Văn Đức"), ("Tra^`n Thi. Hu+o+ng", "Trần Thị Hương"),
     ("Ho^` Chi' Minh", "Hồ Chí Minh")],
)  # fmt: skip
def test_known_strings_of_viqr(was, now):
    assert from_viqr(was) == now


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "encoding, legacy", [("cp1252", Legacy.CP1252), ("mac_roman", Legacy.MAC_ROMAN)]
)
def test_utf8_once_misread_is_told_by_one_cell_and_restored(name, encoding, legacy):
    misread = "".join(_decoded(b, encoding) for b in name.encode())
    assert from_misread(misread) == (name, legacy)
    assert from_misread(name) is None


def _decoded(byte, encoding):
    try:
        return bytes([byte]).decode(encoding)
    except UnicodeDecodeError:
        return chr(byte)


@pytest.mark.parametrize("legacy", [Legacy.TCVN3, Legacy.VNI, Legacy.VIQR])
def test_a_sheet_tells_its_encoding_by_its_words(legacy):
    written = {
        Legacy.TCVN3: [to_tcvn3(n) for n in NAMES],
        Legacy.VNI: [
            "Nguyeãn Vaên Ñöùc",
            "Traàn Thò Bích Thuûy",
            "Leâ Höõu Phöôùc",
            "Ñoã Thò Dieäu",
        ],
        Legacy.VIQR: ["Nguye^~n Va(n DDu+'c", "Tra^`n Thi. Hu+o+ng", "Le^ Hu+~u Phu+o+'c"],
    }[legacy]
    assert guess(written) is legacy
    for cell in written:
        good, bad = score(nfc(convert(cell, legacy)))
        assert (good > 0, bad) == (True, 0)


@pytest.mark.parametrize(
    "cells",
    [NAMES, [unicodedata.normalize("NFD", n) for n in NAMES], ["Lan.", "Nga.", "a@b.vn", "C++"],
     ["José Muñoz", "Zoë Müller", "François"], [n.upper() for n in NAMES], []],
)  # fmt: skip
def test_unicode_and_foreign_names_are_left_alone(cells):
    assert guess(cells) is None


def test_a_unicode_cell_in_a_legacy_sheet_stays_as_it_is():
    assert convert("Nguyễn Văn Đức", Legacy.TCVN3) == "Nguyễn Văn Đức"
    assert convert("So 5", Legacy.TCVN3) == "So 5"


@pytest.mark.parametrize("word", ["Nguyễn", "Khuyên", "Đoàn", "Thuỷ", "Nghĩa", "Quỳnh", "Ý", "Ước"])
def test_syllables_of_names_are_vietnamese(word):
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["NguyÔn", "Ñöùc", "Müller", "Đứcc", "ngàá", "Zoë", ""])
def test_what_no_vietnamese_word_looks_like(word):
    assert not is_syllable(word)
