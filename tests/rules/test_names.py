"""Vietnamese order: by given name, letters before tones, numbers by value."""

from dispatcher.domain import names


def test_names_are_sorted_as_vietnamese_lists_are():
    right = ["Nguyễn Văn An", "Trần Thị An", "Lê Ân", "Phạm Bình", "Đặng Dung", "Vũ Đạt", "Lê Ôn",
             "Bùi Ơn", "Hồ Uy", "Hồ Ưng"]  # fmt: skip
    assert sorted(set(right), key=names.order) == right
    tones = ["Ba Ma", "Ba Mà", "Ba Mả", "Ba Mã", "Ba Má", "Ba Mạ"]
    assert sorted(set(tones), key=names.order) == tones
    assert sorted(["Đỗ Hoà", "Đỗ HÒA", ""], key=names.order)[0] == ""


def test_groups_are_sorted_by_value_and_nobody_s_come_last():
    groups = ["Tổ dân phố số 2", "Tổ dân phố số 10", "Tổ dân phố số 10A", ""]
    assert sorted(set(groups), key=names.place_order) == groups
