"""Wards and residential groups under the many names people give them."""

import pytest

from dispatcher.domain.areas import group_key, group_name, looks_like_group, natural_key, ward_key


@pytest.mark.parametrize(
    "text, key",
    [("Tổ 5", "5"), ("TDP số 05", "5"), ("tổ dân phố 5", "5"), ("TỔ DÂN PHỐ SỐ 3", "3"),
     ("TDP7", "7"), ("Tổ 5A", "5a"), ("số 1 (Mới)", "1 (moi)"), ("Khu phố 3", "3"),
     ("Tổ IV", "4"), ("12", "12")],
)  # fmt: skip
def test_one_normal_form_for_a_residential_group(text, key):
    assert group_key(text) == key


@pytest.mark.parametrize("text", ["Phường Máy Tơ", "P. Máy Tơ", "may to", "UBND phường MÁY TƠ"])
def test_one_normal_form_for_a_ward(text):
    assert ward_key(text) == "may to"


def test_groups_are_written_one_way_and_sorted_like_people_count():
    assert group_name("tdp 05") == "Tổ dân phố số 5"
    names = ["Tổ dân phố số 10", "Tổ dân phố số 2"]
    assert sorted(names, key=natural_key) == names[::-1]


def test_a_title_is_no_residential_group():
    assert looks_like_group("TDP 3")
    assert not looks_like_group("DANH SÁCH NGƯỜI DÂN")
    assert not looks_like_group("Nguyễn Văn Tổ")
