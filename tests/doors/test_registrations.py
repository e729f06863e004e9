"""gateways register, registrations, dossier; contacts do-not-call, as a person types them."""

import json

import openpyxl
import pytest
from conftest import ROOT, run_cli

from dispatcher.domain.problems import OK, USAGE


@pytest.fixture
def site(make_site):
    root = make_site()
    for file in [*(ROOT / "templates").glob("khung-*.j2"), *(ROOT / "templates").glob("_*.j2")]:
        (root / "templates" / file.name).write_text(file.read_text("utf-8"), "utf-8")
    return root


def run(site, *words, stdin=""):
    done = run_cli("--site", str(site), *words, stdin=stdin)
    return done.returncode, done.stdout, done.stderr


def test_what_was_handed_in_is_noted_and_listed(site):
    register = ("gateways", "register", "esms", "khung-canh-bao")
    assert run(site, *register, "--state", "submitted", "--date", "2026-12-01")[0] == OK
    assert (
        run(site, *register, "--state", "approved", "--carrier", "viettel", "--id", "T1")[0] == OK
    )
    rc, out, _ = run(site, "gateways", "registrations", "esms", "--json")
    assert rc == OK
    found = {(r["carrier"], r["state"], r["id"]) for r in json.loads(out)}
    assert found == {("", "submitted", ""), ("Viettel", "approved", "T1")}
    file = site / "templates" / "khung-canh-bao.j2"
    file.write_text(file.read_text("utf-8").replace("CANH BAO:", "CANH BAO GAP:"), "utf-8")
    rc, out, _ = run(site, "gateways", "registrations", "--json")
    assert {r["state"] for r in json.loads(out)} == {"changed"}


@pytest.mark.parametrize(
    "words, hint",
    [(("--state", "rejected"), "note"), (("--state", "approved", "--carrier", "x"), "Viettel"),
     (("--state", "approved", "--date", "mai"), "2026-12-01"),
     (("--state", "approved", "--form", "zalo"), "zalo")],
)  # fmt: skip
def test_what_is_missing_or_wrong_is_said(site, words, hint):
    rc, _, err = run(site, "--lang", "en", "gateways", "register", "esms", "khung-canh-bao", *words)
    assert rc == USAGE
    assert hint in err
    assert "Traceback" not in err


def test_the_dossier_is_a_letter_and_a_list_with_numbered_blanks(site, tmp_path):
    rc, out, _ = run(
        site, "gateways", "dossier", "esms", "--output", str(tmp_path / "ho-so"), "--json"
    )
    assert rc == OK
    assert json.loads(out)["templates"] == 8  # four frames, with and without marks
    letter = (tmp_path / "ho-so" / "cong-van-dang-ky.html").read_text("utf-8")
    for words in ("Độc lập - Tự do - Hạnh phúc", "DỰ THẢO", "{P1,20}", "Kính gửi", "91/2020"):
        assert words in letter
    sheet = openpyxl.load_workbook(tmp_path / "ho-so" / "danh-sach-mau.xlsx").active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][0] == "STT"
    assert len(rows) == 9
    texts = [r[5] for r in rows[1:]]
    assert all("{P1,20}" in t for t in texts)
    assert all("P1: ward.name, ≤ 20" in r[6] for r in rows[1:])


def test_a_do_not_call_list_is_loaded_once(site):
    numbers = "0950000001\n0950000002,x\nkhong phai so\n"
    rc, out, _ = run(site, "contacts", "do-not-call", "-", "--json", stdin=numbers)
    assert rc == OK
    assert json.loads(out) == {"numbers": 2, "new": 2, "unread": 1}
    rc, out, _ = run(site, "contacts", "do-not-call", "-", "--json", stdin=numbers)
    assert json.loads(out)["new"] == 0
    assert run(site, "contacts", "do-not-call", "khong-co.txt")[0] != OK
