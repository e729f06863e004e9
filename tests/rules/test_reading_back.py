"""The unaccented text read back: which words say something else, and when that is settled."""

import pytest

from dispatcher.templating.reading_back import read_back, words


def found(text, accented="", accepted=()):
    return [r.word.word for r in read_back(text, accented, frozenset(accepted))]


@pytest.mark.parametrize(
    "text, word",
    [("Dung chuyen tien", "dung"), ("Ai muon tien", "muon"), ("Chua nhan hang", "chua"),
     ("Ban nen hoi lai", "ban"), ("Dua the cho ho", "the"), ("Tien ma mat", "ma"), ("Nghe bao roi", "bao"),
     ("Tai khoan bi mat", "bi mat"), ("Coi chung mat tien", "mat tien"), ("Nguoi la goi den", "nguoi la"),
     ("Can phan anh ngay", "phan anh"), ("Gio ngay thuong", "ngay thuong"), ("Hoi ban be", "ban be"),
     ("Coi chung lua", "lua"), ("Co mua lon", "mua lon")],
)  # fmt: skip
def test_a_doubtful_word_is_named(text, word):
    assert word in found(f"UBND phuong: {text}.")


@pytest.mark.parametrize(
    "text",
    ["su dung dien", "tam dung nuoc", "lua dao", "ma OTP", "bao Cong an phuong", "CANH BAO", "bao so 5",
     "thong bao", "rao ban", "the ngan hang", "KHONG chuyen tien", "cam on ba con"],
)  # fmt: skip
def test_a_word_beside_it_settles_the_reading(text):
    assert found(f"UBND phuong: {text}.") == []


def test_only_what_turns_a_warning_around_is_blocking():
    assert [w.word for w in words() if w.block] == ["dung"]


def test_the_accented_text_tells_which_reading_is_meant():
    (doubt,) = read_back("Dung dien thoai", "Dừng điện thoại")
    assert doubt.meant == "dừng"
    (doubt,) = read_back("Dung dien thoai", "Dừng và dùng điện thoại")
    assert doubt.meant == ""


def test_what_the_author_accepts_is_not_told_again():
    assert found("Ai muon tien", accepted=["muon"]) == []
    assert found("Dung muon", accepted=["muon"]) == ["dung"]
