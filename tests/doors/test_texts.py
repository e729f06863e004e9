"""Texts at the command line: typographic punctuation, the unaccented proposal, remarks."""

import json

import pytest
from conftest import run_cli

from dispatcher.domain.problems import OK, USAGE

HEAD = '+++\ntitle = "Thử “một”"\nkind = "notice"\nreviewed = 2999-01-01\n+++\n'


@pytest.fixture
def site(make_site):
    return make_site()


def run(site, *words):
    """(exit code, what was printed)."""
    done = run_cli("--site", str(site), *words)
    return done.returncode, done.stdout


def write(site, body, name="thu"):
    (site / "templates" / f"{name}.j2").write_text(HEAD + body, encoding="utf-8")


def test_punctuation_is_shown_first_and_replaced_on_request(site):
    write(site, "{% block sms %}UBND “phuong” – hop{% endblock %}\n")
    rc, out = run(site, "templates", "tidy", "thu", "--json")
    assert rc == OK
    assert json.loads(out) == [{"template": "thu", "lines": [6],
                                "replaced": {"“": '"', "”": '"', "–": "-"}}]  # fmt: skip
    assert "“phuong”" in (site / "templates" / "thu.j2").read_text("utf-8")
    assert run(site, "templates", "tidy", "thu", "--write")[0] == OK
    text = (site / "templates" / "thu.j2").read_text("utf-8")
    assert 'UBND "phuong" - hop' in text
    assert "Thử “một”" in text  # in the head a straight quote would end the string
    assert json.loads(run(site, "templates", "tidy", "--json")[1]) == []


def test_the_unaccented_text_is_proposed_and_read_back(site):
    write(site, "{% block sms_accented %}UBND {{ ward.name }}: Đừng mượn{% endblock %}\n")
    rc, out = run(site, "templates", "unaccent", "thu", "--json")
    assert rc == OK
    found = json.loads(out)
    assert found["proposed"] == "UBND {{ ward.name | khong_dau }}: Dung muon"
    assert [(d["word"], d["meant"]) for d in found["doubts"]] == [
        ("dung", "đừng"),
        ("muon", "mượn"),
    ]


@pytest.mark.parametrize(
    "body, rule, severity",
    [("{% block sms %}UBND phuong: Dung chuyen tien.{% endblock %}", "ambiguous", "block"),
     ("{% block sms %}UBND phuong: Nguoi la den nha.{% endblock %}", "ambiguous", "warn"),
     ("{% block sms %}UBND phuong: hop “gap”.{% endblock %}", "smart_punctuation", "block"),
     ("{% block sms %}UBND phường: họp.{% endblock %}", "sms_not_plain", "block"),
     ("{% block zalo %}UBND phường: Vui lòng đọc mã OTP.{% endblock %}", "asks_for_codes", "block"),
     ("{% block sms %}UBND phuong: xem bit.ly/abc.{% endblock %}", "short_link", "block"),
     ("{% block sms %}" + "UBND phuong hop to. " * 10 + "{% endblock %}", "too_many_parts", "warn")],
)  # fmt: skip
def test_remarks_have_rule_severity_and_line(site, body, rule, severity):
    write(site, "\n" + body + "\n")
    rc, out = run(site, "templates", "check", "thu", "--json")
    found = {(r["rule"], r["severity"], r["line"]) for r in json.loads(out)}
    assert (rule, severity, 7) in found
    assert rc == (USAGE if severity == "block" else OK)


def test_what_the_author_accepted_is_not_told_again(site):
    accepted = HEAD.replace("reviewed", 'accepted = ["nguoi la"]\nreviewed')
    body = "{% block sms %}UBND phuong: Nguoi la den nha.{% endblock %}\n"
    (site / "templates" / "thu.j2").write_text(accepted + body, encoding="utf-8")
    assert json.loads(run(site, "templates", "check", "thu", "--json")[1]) == []


def test_a_template_nobody_read_for_a_year_is_warned_of(site):
    old = HEAD.replace("2999-01-01", "2020-01-01")
    body = "{% block sms %}UBND phuong: hop.{% endblock %}\n"
    (site / "templates" / "thu.j2").write_text(old + body, encoding="utf-8")
    rc, out = run(site, "templates", "check", "thu", "--json")
    assert [(r["rule"], r["severity"]) for r in json.loads(out)] == [("not_reviewed", "warn")]
    assert rc == OK


def test_any_recipients_message_is_seen_as_their_phone_shows_it(make_site, tmp_path):
    site = make_site()
    (site / "contacts" / "may-to.csv").write_text(
        "Họ tên,SĐT\nNgười Một,0950000001\nNgười Hai Tên Dài,0950000002\n", "utf-8"
    )
    write(site, "{% block sms %}UBND phuong moi {{ contact.name | khong_dau }}{% endblock %}")
    assert run(site, "contacts", "import", str(site / "contacts" / "may-to.csv"))[0] == OK
    assert (
        run(
            site, "broadcasts", "create", "--template", "thu", "--route", "sms", "--ward", "Máy Tơ"
        )[0]
        == OK
    )
    bodies = {}
    for who in ("c1", "c2", "0950000002"):
        rc, out = run(site, "broadcasts", "preview", "1", "--recipient", who, "--json")
        assert rc == OK
        (sample,) = json.loads(out)["samples"]
        bodies[who] = sample["body"]
        assert sample["characters"] == len(sample["body"])
    assert bodies["c1"].endswith("Nguoi Mot")
    assert bodies["c2"] == bodies["0950000002"] == "UBND phuong moi Nguoi Hai Ten Dai"
    second = json.loads(run(site, "broadcasts", "preview", "1", "--from", "2", "--json")[1])[
        "samples"
    ]
    assert [s["contact"] for s in second] == ["c2"]
    page = tmp_path / "xem.html"
    assert run(site, "broadcasts", "preview", "1", "--html", str(page))[0] == OK
    text = page.read_text("utf-8")
    assert "Nguoi Hai Ten Dai" in text
    assert "0950000002" not in text  # numbers stay masked
    assert page.stat().st_mode & 0o077 == 0
