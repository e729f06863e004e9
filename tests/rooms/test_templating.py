"""Templates: a closed list of syntax, and the sample library within its lengths."""

from datetime import date

import pytest
from conftest import ROOT

from dispatcher import templating
from dispatcher.domain.problems import Problem
from dispatcher.domain.sms import measure
from dispatcher.simulators.vendors.residents import WARDS

FOLDER = ROOT / "templates"
NAMES = list(templating.template_files(FOLDER))
LONGEST = max(WARDS, key=len)


def parse(block, head='title = "Thử"', tmp=FOLDER):
    return templating.parse("thu", f"+++\n{head}\n+++\n{block}", tmp)


# The 24 forms of the handbook of 2023, then newer ones (vietnam.md 3.9): the template that warns of each.
FORMS = {
    1: "ve-tour-gia-re", 2: "goi-video-gia-mat", 3: "doa-khoa-sim", 4: "bien-lai-chuyen-tien-gia",
    5: "gia-giao-vien-y-te", 6: "tuyen-mau-nhi-gia", 7: "vay-tien-qua-ung-dung", 8: "co-bac-tin-dung-den",
    9: "gia-trang-co-quan", 10: "tin-nhan-mang-ten-gia", 11: "dau-tu-tien-ao", 12: "viec-nhe-luong-cao",
    13: "chiem-tai-khoan-zalo", 14: "gia-danh-cong-an", 15: "hang-gia-tren-san", 16: "danh-cap-can-cuoc",
    17: "chuyen-nham-tien", 18: "dich-vu-lay-lai-tien", 19: "lay-otp-telegram",
    20: "tin-gia-nghe-may-mat-tien", 21: "dich-vu-lay-lai-facebook", 22: "duong-link-la",
    23: "tinh-cam-buu-kien", 24: "cho-so-lo-de",
}  # fmt: skip
NEWER = ["ung-dung-vneid-gia", "gia-sap-nhap-dia-gioi", "gia-can-bo-thue-dien-luc", "gia-bao-hiem-xa-hoi",
         "qua-tet-qua-le-gia", "gia-bo-doi-dat-hang", "ma-qr-dan-de", "bat-coc-qua-mang",
         "gia-danh-ngan-hang", "gia-nhan-vien-giao-hang", "trung-thuong-gia"]  # fmt: skip
OTHERS = ["bao-lu", "bao-tan", "cat-nuoc", "moi-hop", "dinh-chinh", "thong-bao-noi-bo"]


def test_the_library_warns_of_every_form_of_the_handbook_and_the_newer_ones():
    assert sorted(FORMS) == list(range(1, 25))
    assert len(set(FORMS.values())) == 24
    assert {*FORMS.values(), *NEWER, *OTHERS} <= set(NAMES)
    kinds = {n: templating.load(FOLDER, n).kind.value for n in NAMES}
    assert all(kinds[n] == "warning" for n in (*FORMS.values(), *NEWER))


@pytest.mark.parametrize(
    "name", [n for n in NAMES if n != "thong-bao-noi-bo" and not n.startswith("khung-")]
)
def test_every_text_has_a_script_for_the_loudspeaker_without_digits(name):
    template = templating.load(FOLDER, name)
    block = template.blocks["loudspeaker"]
    assert not any(ch.isdigit() for ch in block.source)
    assert "http" not in block.source
    blanks = dict.fromkeys(template.fields, "tám giờ")
    values = templating.Sample().values(template, blanks)
    text = templating.render(template, block, values).body
    assert text.startswith("Kính thưa bà con. UBND phường Đồng Quốc Bình xin thông báo.")
    assert text.endswith("Xin cảm ơn bà con đã lắng nghe.")


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_template_passes_its_own_check(name):
    house = templating.House(tuple((f"UBND phường {w}", "") for w in WARDS))
    remarks = templating.check(templating.load(FOLDER, name), list(WARDS), house, date(2026, 12, 1))
    assert [(r.rule, r.message.vi) for r in remarks] == []


@pytest.mark.parametrize("name", [n for n in NAMES if not templating.load(FOLDER, n).fields])
def test_every_warning_fits_with_the_longest_ward_name(name):
    template = templating.load(FOLDER, name)
    values = {"ward": {"name": LONGEST}}
    plain = templating.render(template, template.blocks["sms"], values).body
    marked = templating.render(template, template.blocks["sms_accented"], values).body
    assert measure(plain).length <= 160
    assert plain.isascii()
    assert measure(marked).length <= 134
    assert plain.startswith("UBND phuong Dong Quoc Binh: ")
    assert marked.startswith("UBND phường Đồng Quốc Bình: ")


@pytest.mark.parametrize(
    "block",
    ["{{ 7 * 7 }}", "{{ contact.__class__ }}", "{% for a in 'x' %}{% endfor %}", "{% set a = 1 %}",
     "{{ ward['name'] }}", "{{ ''.join }}", "{{ lipsum() }}", "{{ warrd.name }}", "{{ ward.nmae }}",
     "{{ ward.name | upperr }}", "{{ ward.name", "{% macro x() %}{% endmacro %}", "{{ self }}",
     "{% raw %}x{% endraw %}{{ 1 + 1 }}", "{% include '../x' %}", "{% extends 'x' %}",
     "{{ ward.name if 1 else 2 }}", "{{ row._secret }}", "{{ ward.name ~ 'x' }}", "{{ gio }}"],
)  # fmt: skip
def test_anything_outside_the_closed_list_is_refused_with_file_and_line(block):
    with pytest.raises(Problem) as caught:
        parse(f"{{% block sms %}}UBND\n{block}{{% endblock %}}")
    assert caught.value.where.startswith("thu.j2:")


@pytest.mark.parametrize(
    "text",
    ["không có đầu", "+++\ntitle = 'x'\n+++\nchữ ngoài khối", "+++\ntitle = 'x'\n+++\n",
     "+++\ntitle = \n+++\n{% block sms %}x{% endblock %}",
     "+++\ntitle = 'x'\nkind = 'spam'\n+++\n{% block sms %}x{% endblock %}",
     "+++\ntitle = 'x'\nfoo = 1\n+++\n{% block sms %}x{% endblock %}",
     "+++\ntitle = 'x'\n+++\n{% block mail %}x{% endblock %}",
     "+++\ntitle = 'x'\n+++\n{% block sms %}x{% endblock %}{% block sms %}y{% endblock %}",
     "+++\ntitle = 'x'\n+++\n{% block sms %}{% include \"_khong-co.j2\" %}{% endblock %}"],
)  # fmt: skip
def test_a_broken_template_is_a_problem(text):
    with pytest.raises(Problem):
        templating.parse("thu", text, FOLDER)


def test_values_are_data_and_never_rendered_again():
    template = parse("{% block sms %}UBND {{ contact.name }}{% endblock %}")
    evil = "{{ 7*7 }}{% raw %}"
    values = {"contact": {"name": evil, "title": ""}}
    assert templating.render(template, template.blocks["sms"], values).body == f"UBND {evil}"


def test_what_a_text_depends_on_is_found_in_its_syntax():
    assert templating.load(FOLDER, "gia-danh-cong-an").blocks["sms"].scope == "ward"
    meeting = templating.load(FOLDER, "moi-hop")
    assert meeting.blocks["sms"].scope == "group"
    assert meeting.blocks["zalo"].scope == "contact"


def test_blanks_missing_unknown_or_too_long_are_told_by_their_label():
    meeting = templating.load(FOLDER, "moi-hop")
    with pytest.raises(Problem, match="Giờ họp"):
        templating.fill(meeting, {})
    with pytest.raises(Problem, match="giờ"):
        templating.fill(meeting, {"giờ": "8"})
    with pytest.raises(Problem, match="longer"):
        templating.fill(meeting, dict.fromkeys(meeting.fields, "x" * 500))


def test_a_snippet_belongs_to_the_version(tmp_path):
    (tmp_path / "_ky.j2").write_text("UBND\n", encoding="utf-8")
    block = '{% block sms %}{% include "_ky.j2" %} x{% endblock %}'
    first = parse(block, tmp=tmp_path)
    assert templating.render(first, first.blocks["sms"], {}).body == "UBND x"
    (tmp_path / "_ky.j2").write_text("UBND phuong\n", encoding="utf-8")
    assert parse(block, tmp=tmp_path).digest != first.digest


def test_crlf_and_bom_are_fine(tmp_path):
    text = '\ufeff+++\r\ntitle = "x"\r\n+++\r\n{% block sms %}UBND x{% endblock %}\r\n'
    (tmp_path / "a.j2").write_text(text, encoding="utf-8", newline="")
    assert templating.load(tmp_path, "a").title == "x"


@pytest.mark.parametrize(
    "source, shown",
    [("{{ gio | gio }}", "19h30"), ("{{ ngay | ngay }}", "05/12/2026"), ("{{ so | so }}", "1.250"),
     ("{{ so | tien }}", "1.250 đồng"), ("{{ ten | khong_dau | upper }}", "DUONG")],
)  # fmt: skip
def test_filters(source, shown):
    head = 'title = "x"\n[fields]\ngio = {}\nngay = {}\nso = {}\nten = {}'
    template = parse(f"{{% block sms %}}{source}{{% endblock %}}", head)
    values = {"gio": "19:30", "ngay": "2026-12-05", "so": "1250", "ten": "Đường"}
    assert templating.render(template, template.blocks["sms"], values).body == shown


REALISTIC = {
    "bao-lu": {"so_bao": "12", "gio": "20h", "ngay": "2026-12-05"},
    "bao-tan": {"so_bao": "12", "gio": "20h", "ngay": "2026-12-05"},
    "cat-nuoc": {"tu_gio": "22h30", "den_gio": "5h30", "ngay": "2026-12-05"},
    "moi-hop": {"gio": "19:30", "ngay": "2026-12-05", "dia_diem": "nhà văn hóa số 2",
                "noi_dung": "phòng chống lừa đảo"},
    "dinh-chinh": {"ngay": "2026-12-05", "noi_dung": "Cắt nước từ 8h ngày 07/12, không phải 06/12."},
}  # fmt: skip


@pytest.mark.parametrize("name", REALISTIC)
def test_storm_water_meeting_and_correction_fit_with_the_longest_ward_name(name):
    template = templating.load(FOLDER, name)
    values = templating.Sample(LONGEST).values(template, templating.fill(template, REALISTIC[name]))
    plain, marked, zalo = (
        templating.render(template, template.blocks[b], values).body
        for b in ("sms", "sms_accented", "zalo")
    )
    assert measure(plain).parts == 1
    assert plain.isascii()
    assert measure(marked).parts <= 2
    assert len(zalo) > len(marked)
