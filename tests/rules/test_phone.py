"""Phone numbers as sheets have them: kept, repaired, to be looked at, or refused. Never a guess."""

import pytest

from dispatcher.domain import phone

GOOD = [
    ("0912345678", "+84912345678", []),
    ("912345678", "+84912345678", ["leading_zero"]),
    ("912345678.0", "+84912345678", ["decimal_zero", "leading_zero"]),
    ("84912345678", "+84912345678", []),
    ("+84912345678", "+84912345678", []),
    ("0084912345678", "+84912345678", []),
    ("+840912345678", "+84912345678", ["trunk_zero"]),
    ("+84 (0)912 345 678", "+84912345678", ["trunk_zero"]),
    ("0912.345.678", "+84912345678", []),
    ("(0912) 345-678", "+84912345678", []),
    ("０９１２３４５６７８", "+84912345678", []),
    ("0912\u00a0345\u00a0678", "+84912345678", []),
    ("\u200e0912345678", "+84912345678", []),
    ("'0912345678", "+84912345678", []),
    ("O912345678", "+84912345678", ["letters"]),
    ("09l2345678", "+84912345678", ["letters"]),
    ("0912345678 (Zalo)", "+84912345678", []),
    ("01201234567", "+84701234567", ["old_prefix"]),
    ("1234379518", "+84834379518", ["leading_zero", "old_prefix"]),
    ("+841234379518", "+84834379518", ["old_prefix"]),
    ("9.12345678E+08", "+84912345678", ["scientific", "leading_zero"]),
    ("0559123456", "+84559123456", []),
]


@pytest.mark.parametrize("text, e164, repairs", GOOD)
def test_good_numbers_are_kept_or_repaired_by_name(text, e164, repairs):
    found = phone.read(text)
    assert (found.ok, found.e164, list(found.repairs)) == (True, e164, repairs)
    assert found.needs_review is False


@pytest.mark.parametrize(
    "text, kind, reason",
    [
        ("8412345678", "invalid", "too_short"),
        ("091234567", "invalid", "too_short"),
        ("09123456789", "invalid", "too_long"),
        ("9.12E+08", "invalid", "digits_lost"),
        ("0501234567", "invalid", "unallotted"),
        ("0951234567", "invalid", "unallotted"),
        ("113", "service", "service"),
        ("156", "service", "service"),
        ("5656", "service", "service"),
        ("18001091", "service", "service"),
        ("19001234", "service", "service"),
        ("069.2348560", "service", "service"),
        ("02253836123", "landline", "landline"),
        ("024 3825 1234", "landline", "landline"),
        ("+1 202 555 0143", "foreign", "foreign"),
        ("0086 13800138000", "foreign", "foreign"),
        ("không có", "invalid", "not_a_number"),
        ("", "invalid", "empty"),
    ],
)
def test_what_is_no_mobile_is_refused_with_its_reason(text, kind, reason):
    found = phone.read(text)
    assert (found.ok, found.type.value, found.reason) == (False, kind, reason)
    assert found.certain == ()


@pytest.mark.parametrize(
    "text, suggested",
    [("849123456", "+84849123456"), ("031 3836 123", "+842253836123")],
)
def test_what_can_be_read_two_ways_is_for_a_person(text, suggested):
    found = phone.read(text)
    assert (found.ok, found.needs_review, found.suggested) == (False, True, suggested)


@pytest.mark.parametrize("head", ["0551", "0890", "0521", "0992", "030", "051"])
def test_heads_on_which_sources_differ_are_usable_and_flagged(head):
    found = phone.read(head.ljust(10, "2"))
    assert (found.ok, found.needs_review) == (True, True)


@pytest.mark.parametrize(
    "text",
    ["0912345678 / 0987654321", "0912345678;0987654321", "0912345678 - 0987654321",
     "0912345678 0987654321", "0912345678\n0987654321", "0912345678 & 0987654321", "+84912345678, 987654321",
     "0912345678/0987.654.321 (vợ)", "vợ: 0912345678, chồng: 0987654321", "0912345678 và 0987654321"],
)  # fmt: skip
def test_several_numbers_in_a_cell_are_all_found_and_each_certain_one_is_usable(text):
    found = phone.read(text)
    assert (found.ok, found.needs_review, found.e164) == (False, True, None)
    assert [n.e164 for n in found.certain] == ["+84912345678", "+84987654321"]


def test_the_same_number_twice_is_one_number():
    assert phone.read("0912345678 / 0912 345 678").ok


def test_sample_heads_make_invented_numbers_ordinary_mobiles_with_a_carrier_each():
    carriers = [phone.read(f"095{d}123456", ["095"]).carrier for d in range(10)]
    assert carriers == (["Viettel"] * 5 + ["VinaPhone"] * 2 + ["MobiFone"] * 2 + ["Vietnamobile"])


def test_every_migrated_prefix_lands_in_an_allotted_head():
    for old, new in phone.MIGRATED.items():
        assert phone.read(f"0{old}1234567").e164 == f"+84{new}1234567"


def test_a_masked_number_keeps_three_digits():
    assert phone.masked("+84951234678") == "09xx xxx 678"


def test_a_reading_has_the_shape_of_the_stable_interface():
    assert phone.read("912345678").as_json() == {
        "input": "912345678",
        "numbers": [{"e164": "+84912345678", "type": "mobile", "carrier": "VinaPhone"}],
        "ok": True, "e164": "+84912345678", "type": "mobile", "carrier": "VinaPhone",
        "repairs": ["leading_zero"], "needs_review": False, "suggested": None, "reason": None,
    }  # fmt: skip
