"""A name typed with its marks apart (as some keyboards and phones do) is the same name."""

import json
import unicodedata

import pytest
from conftest import add_people, run_cli

from dispatcher import templating

HEAD = """+++
title = "Mời họp"
kind = "notice"
reviewed = 2999-01-01
[fields]
"{name}" = {{ label = "Giờ", required = true }}
+++
{{% block sms %}}UBND phuong {{{{ ward.name | khong_dau }}}}: hop luc {{{{ {name} }}}}.{{% endblock %}}
"""


def spelled(form, text):
    return unicodedata.normalize(form, text)


@pytest.mark.parametrize("typed", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["NFC", "NFD"])
def test_a_blank_is_found_however_its_name_is_typed(lite, written, typed):
    add_people(lite)
    path = lite.templates / "moi-hop.j2"
    path.write_text(HEAD.format(name=spelled(written, "giờ")), "utf-8")
    loaded = templating.load(lite.templates, "moi-hop")
    name = spelled(typed, "giờ")
    assert templating.fill(loaded, {name: "19:30"}) == {"giờ": "19:30"}
    found = run_cli("--site", str(lite.site.root), "broadcasts", "create", "--template", "moi-hop",
                    "--ward", spelled(typed, "Máy Tơ"), "--set", f"{name}=19:30", "--route", "sms",
                    "--as", "lan", "--json")  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["state"] == "draft"


@pytest.mark.parametrize("typed", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["NFC", "NFD"])
def test_a_column_is_found_however_its_heading_is_typed(lite, tmp_path, written, typed):
    sheet = tmp_path / "may-to.csv"
    rows = "Họ và tên,Máy riêng lạ,Tổ dân phố\nNgười Mẫu,0950001000,Tổ 1\n"
    sheet.write_text(spelled(written, rows), "utf-8")
    found = run_cli("--site", str(lite.site.root), "contacts", "import", str(sheet), "--dry-run",
                    "--rows", "--map", f"phone={spelled(typed, 'Máy riêng lạ')}", "--json")  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["accepted"][0]["phones"] == ["+84950001000"]
