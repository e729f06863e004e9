"""Settings changed by a form: what a person wrote in the file stays, and nonsense never gets in."""

import pytest

from dispatcher.config import FILE, changing, parse
from dispatcher.domain.problems import Problem

TEXT = """# Của phường Máy Tơ, đừng xóa dòng này
[site]
name = "Phường thử"   # tên cũ
mode = "drill"
[gateways.esms]
adapter = "esms"
api_key = { env = "ESMS_API_KEY" }
[limits]
per_person = 3                     # theo quy chế
[senders.may-to]
wards = ["Máy Tơ"]
name = "UBND phường Máy Tơ"
[prices]
sms = 500
[[prices.exact]]
carrier = "Viettel"
dong = 450
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / FILE).write_text(TEXT, encoding="utf-8")
    return tmp_path


def test_only_what_was_changed_changes(root):
    text, site = changing.changed(root, changing.current(root))
    assert text == TEXT
    assert site == parse(root)
    text, site = changing.changed(
        root,
        {("limits", "per_person"): "4", ("site", "name"): "Phường mới", ("prices", "sms"): "1.200"},
    )
    expected = TEXT.replace("per_person = 3 ", "per_person = 4 ").replace("sms = 500", "sms = 1200")
    assert text == expected.replace("Phường thử", "Phường mới")
    assert (site.name, site.limits.per_person) == ("Phường mới", 4)
    assert (root / FILE).read_text("utf-8") == TEXT


def test_what_was_not_there_comes_and_what_is_emptied_goes(root):
    given = {
        ("courtesy", "lunch"): "11:30-13:30",
        ("courtesy", "tet"): "no",
        ("trust", "numbers"): "02253000000, 113",
        ("limits", "per_person"): "",
        ("senders", "cau-dat", "name"): "UBND phường Cầu Đất",
        ("senders", "cau-dat", "wards"): "Cầu Đất",
        ("senders", "cau-dat", "brandname_until"): "2027-01-31",
        ("budgets", "nam", "wards"): "all",
        ("budgets", "nam", "month"): "5.000.000",
    }
    text, site = changing.changed(root, given, [("senders", "may-to")])
    assert site.tet is False
    assert site.numbers == ("02253000000", "113")
    assert site.limits.per_person is None
    assert list(site.senders) == ["cau-dat"]
    assert site.budgets["nam"].month == 5_000_000
    assert text.startswith("# Của phường Máy Tơ")
    (root / FILE).write_text(text, encoding="utf-8")
    now = changing.current(root)
    assert {path: now[path] for path in given if given[path]} == {
        **{path: value for path, value in given.items() if value},
        ("budgets", "nam", "month"): "5000000",
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("limits", "per_person"), "nhiều"),
        (("limits", "per_person"), "0"),
        (("site", "undo"), "một phút"),
        (("site", "language"), "fr"),
        (("windows", "default"), "sáng"),
        (("prices", "sms"), "-3"),
        (("senders", "may-to", "brandname"), "TÊN QUÁ DÀI CHO MỘT TIN"),
        (("senders", "may-to", "contract_until"), "31/12"),
        (("senders", "may-to", "name"), ""),
        (("budgets", "nam", "contract_number"), "12/HĐ"),
    ],
)
def test_what_could_not_be_read_is_refused(root, path, value):
    with pytest.raises(Problem):
        changing.changed(root, {path: value})


def test_a_name_cannot_bring_a_section_of_its_own(root):
    wicked = 'x"\n[site]\nmode = "live'
    text, site = changing.changed(root, {("site", "name"): wicked})
    assert site.name == wicked
    assert site.mode == "drill"
    assert parse(root, text) == site
