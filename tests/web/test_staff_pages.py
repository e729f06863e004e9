"""Pages of people and urgent texts: work handed over, texts saved and submitted later, refusals kept."""

import re
from dataclasses import replace

import pytest
from browser import post, sign_in, token
from conftest import add_people
from walk import get, import_list, number, rows, sheet, write_broadcast

from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Mode, Role
from dispatcher.web.console import all_pages
from dispatcher.web.middleware import Middleware

NIGHT = {"name": "bao", "template": "canh-bao", "ward": "Máy Tơ", "most_people": "100",
         "most_dong": "1000000", "until": "2027-01-31"}  # fmt: skip

SCHEDULE = """title = "X"
template = "canh-bao"
route = "sms"
cron = "0 9 * * mon"
[audience]
wards = ["Máy Tơ"]
"""
FORM = {"name": "x", "reason": "thử", "until": "2026-12-31", "from": "2026-12-01", "hours": "1",
        "day": "2026-12-31", "kind": "off", "what": "stop", "role": "officer", "ward": "Máy Tơ",
        "phone": "0951111111", "sure": "c1", "start": "", "place": "1", "into": "1",
        "most_people": "1", "most_dong": "1", "template": "canh-bao",
        "pasted": "Họ và tên;Số điện thoại\nTrần An;0950000001"}  # fmt: skip


@pytest.fixture
def ward(lite, tmp_path):
    add_people(lite)
    with lite.begin(SYSTEM)() as tx:
        people.add(tx, "ad", "Lê Quản Trị", Role.ADMIN, [])
        people.add(tx, "mai", "Phạm Mai", Role.OFFICER, [])
        people.add(tx, "kt", "Kiểm Tra", Role.AUDITOR, [])
    import_list(lite, sheet(tmp_path / "may-to.csv", [("A", number(1), "Tổ 1", "")]))
    return lite


def refusals(app):
    found = rows(app, "SELECT actor, noun, noun_id, entry FROM trail WHERE act = 'refused'")
    return [(r["actor"], r["noun"], r["noun_id"]) for r in found]


def test_an_admin_hands_work_over_without_disabling_anybody(ward):
    admin, lan, mai = sign_in(ward, "ad"), ward.actor("lan"), ward.actor("mai")
    draft = write_broadcast(ward, lan)
    assert f"/people/{lan.person_id}/handover" in admin.get("/people").text
    for taker in ("kt", "lan"):
        post(admin, f"/people/{lan.person_id}/handover", expect=409 if taker == "lan" else 403,
             to=taker)  # fmt: skip
    assert get(ward, draft).created_by == lan.person_id
    post(admin, f"/people/{lan.person_id}/handover", to="mai")
    assert get(ward, draft).created_by == mai.person_id
    assert ward.actor("lan") == lan
    assert refusals(ward) == [("ad", "person", str(lan.person_id))] * 2


def test_disabling_hands_over_with_the_same_checks_and_does_nothing_where_one_fails(ward):
    admin, lan = sign_in(ward, "ad"), ward.actor("lan")
    draft = write_broadcast(ward, lan)
    post(admin, f"/people/{lan.person_id}/disable", expect=403, anyway="1", to="kt")
    assert ward.actor("lan") == lan
    assert get(ward, draft).created_by == lan.person_id
    post(admin, f"/people/{lan.person_id}/disable", anyway="1", to="mai")
    assert get(ward, draft).created_by == ward.actor("mai").person_id
    assert rows(ward, "SELECT name FROM people WHERE disabled_at IS NOT NULL") == [{"name": "lan"}]


def test_an_urgent_text_is_saved_and_submitted_later(ward):
    officer, leader = sign_in(ward, "lan"), sign_in(ward, "minh", code=True)
    post(officer, "/urgent", **NIGHT)
    assert "/urgent/bao/submit" in officer.get("/urgent").text
    post(leader, "/urgent/bao/approve", expect=409)
    post(officer, "/urgent/bao/submit")
    assert "/urgent/bao/submit" not in officer.get("/urgent").text
    post(leader, "/urgent/bao/approve")
    assert rows(ward, "SELECT state FROM emergencies") == [{"state": "approved"}]


def test_a_page_that_is_not_for_somebodys_role_keeps_the_refusal(ward):
    officer = sign_in(ward, "lan")
    assert officer.get("/people").status_code == 403
    assert officer.get("/deputies").status_code == 403
    assert refusals(ward) == [("lan", "page", "/people"), ("lan", "page", "/deputies")]


@pytest.mark.parametrize("what", ["role", "handover", "disable", "password", "deputies"])
def test_acts_of_admins_want_a_second_step_once_the_site_is_live(ward, what):
    live = replace(ward, site=replace(ward.site, mode=Mode.LIVE))
    lan = ward.actor("lan").person_id
    given = {
        "role": (f"/people/{lan}/role", {"role": "leader"}),
        "handover": (f"/people/{lan}/handover", {"to": "mai"}),
        "disable": (f"/people/{lan}/disable", {"anyway": "1"}),
        "password": (f"/people/{lan}/password", {"password": "bốn từ không liên quan"}),
        "deputies": ("/deputies", {"principal": "minh", "deputy": "mai", "prefix": "KT.",
                                   "document": "15/QĐ", "from": "2026-12-01",
                                   "until": "2026-12-31"}),
    }  # fmt: skip
    path, form = given[what]
    before = rows(ward, "SELECT name, role, disabled_at, password_hash FROM people WHERE id = "
                        f"{lan}")  # fmt: skip
    page = post(sign_in(live, "ad"), path, expect=409, **form)
    assert 'data-code="needs-secret"' in page.text
    assert before == rows(ward, "SELECT name, role, disabled_at, password_hash FROM people "
                                f"WHERE id = {lan}")  # fmt: skip
    assert rows(ward, "SELECT count(*) AS n FROM delegations") == [{"n": 0}]
    assert [r[:2] for r in refusals(ward)] == [("ad", "person")]
    post(sign_in(live, "ad", code=True), path, **form)


def test_forms_that_want_a_code_have_a_place_for_it(ward):
    admin = sign_in(ward, "ad")
    forms = re.findall(r'<form method="post" action="(/people[^"]*)".*?</form>',
                       admin.get("/people").text, re.DOTALL)  # fmt: skip
    with_code = re.findall(r'<form method="post" action="(/people[^"]*)"(?:(?!</form>).)*name="code"',
                           admin.get("/people").text, re.DOTALL)  # fmt: skip
    assert len(forms) > 12
    assert with_code == forms


# What an auditor may send: about themselves, and to look somebody up.
OF_AUDITORS = {"/sign-in", "/first", "/lang", "/sign-out", "/me/password", "/me/totp", "/notices",
               "/contacts", "/why"}  # fmt: skip


def test_no_form_but_those_about_oneself_is_for_an_auditor(ward):
    write_broadcast(ward, ward.actor("lan"))
    auditor = sign_in(ward, "kt")
    word = token(auditor)
    (ward.site.root / "schedules" / "x.toml").write_text(SCHEDULE, encoding="utf-8")
    answers = {}
    for page in all_pages(Middleware(ward, [])):
        if page.method == "POST" and page.path not in OF_AUDITORS:
            path = page.path.replace("{number}", "1").replace("{template}", "canh-bao")
            path = path.replace("{name}", "esms" if "gateways" in path else "x")
            given = {"csrf": word, **FORM}
            answers[page.path] = auditor.post(path, data=given).status_code
    assert len(answers) > 50
    assert list(answers.values()).count(403) > 40
    assert {path: code for path, code in answers.items() if code < 400} == {}


@pytest.mark.parametrize(
    "path", ["/broadcasts/1/approve", "/broadcasts/1/paper", "/schedules/x/approve",
             "/urgent/bao/approve"]
)  # fmt: skip
def test_no_approval_of_a_live_site_without_a_second_step(ward, path):
    live = replace(ward, site=replace(ward.site, mode=Mode.LIVE))
    write_broadcast(ward, ward.actor("lan"))
    (ward.site.root / "schedules" / "x.toml").write_text(SCHEDULE, encoding="utf-8")
    post(sign_in(ward, "lan"), "/urgent", then="submit", **NIGHT)
    given = {"document": "1/TB", "signer": "minh", "day": "2026-12-01"}
    page = post(sign_in(live, "minh"), path, expect=409, **given)
    assert 'data-code="needs-secret"' in page.text
    assert [r[0] for r in refusals(ward)] == ["minh"]
    leader = sign_in(live, "minh", code=True)
    after = leader.post(path, data={"csrf": token(leader), **given})
    assert "needs-" not in after.text
