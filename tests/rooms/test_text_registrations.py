"""What vendors let through: frames with blanks, what was handed in, what it is worth today."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from conftest import ROOT, add_people
from walk import get, import_list, number, sheet, write_broadcast

from dispatcher import templating
from dispatcher.broadcasts import application
from dispatcher.broadcasts import registrations as text_registrations
from dispatcher.config import parse
from dispatcher.db.broadcasts import registrations
from dispatcher.db.broadcasts.registrations import Registration
from dispatcher.domain.model import SYSTEM, Registered, Sender
from dispatcher.domain.problems import Problem

POSTGRESQL_LATER = True

FOLDER = ROOT / "templates"
FOUR = ("khung-canh-bao", "khung-thien-tai", "khung-moi-hop", "khung-dinh-chinh")
TODAY = date(2026, 12, 1)


def frame(name, form="sms"):
    template = templating.load(FOLDER, name)
    return templating.frame(template, template.blocks[form])


def test_four_frames_are_shipped_and_fit_one_part_with_the_longest_values():
    from dispatcher.domain.sms import measure

    for name in FOUR:
        template = templating.load(FOLDER, name)
        blanks = {f.name: "x" * f.most for f in template.fields.values()}
        values = templating.Sample().values(template, blanks)
        text = templating.render(template, template.blocks["sms"], values).body
        assert measure(text).parts <= (2 if name == "khung-moi-hop" else 1), name


def test_a_frame_numbers_its_blanks_and_says_how_long_each_may_be():
    found = frame("khung-dinh-chinh")
    assert found.text.startswith("UBND phuong {P1,20}: DINH CHINH tin ngay {P2,10}: {P3,72}")
    assert [(b.name, b.longest) for b in found.blanks] == [
        ("ward.name", 20), ("ngay", 10), ("noi_dung", 72)]  # fmt: skip


@pytest.mark.parametrize(
    "template, into",
    [("gia-danh-cong-an", "khung-canh-bao"), ("lay-otp-telegram", "khung-canh-bao"),
     ("bao-lu", "khung-thien-tai"), ("dinh-chinh", "khung-dinh-chinh")],
)  # fmt: skip
def test_the_texts_of_the_library_fit_a_frame(template, into):
    loaded = templating.load(FOLDER, template)
    values = templating.Sample().values(loaded, dict.fromkeys(loaded.fields, "8"))
    text = templating.render(loaded, loaded.blocks["sms"], values).body
    assert frame(into).fits(text)
    assert not frame(into).fits("Quy khach trung thuong")
    assert not frame("khung-dinh-chinh").fits(text) or template == "dinh-chinh"


def test_a_template_that_decides_cannot_be_registered(tmp_path):
    text = '+++\ntitle = "x"\n+++\n{% block sms %}UBND{% if ward.name %} a{% endif %}{% endblock %}'
    template = templating.parse("x", text, tmp_path)
    with pytest.raises(Problem, match="registered"):
        templating.frame(template, template.blocks["sms"])


@pytest.mark.parametrize(
    "state, until, digest, standing",
    [(Registered.APPROVED, None, "d", Registered.APPROVED),
     (Registered.APPROVED, TODAY, "d", Registered.APPROVED),
     (Registered.APPROVED, TODAY - timedelta(days=1), "d", Registered.EXPIRED),
     (Registered.APPROVED, None, "other", Registered.CHANGED),
     (Registered.SUBMITTED, None, "d", Registered.SUBMITTED),
     (Registered.REJECTED, None, "d", Registered.REJECTED)],
)  # fmt: skip
def test_what_a_registration_is_worth_today(state, until, digest, standing):
    found = Registration("esms", "a", "sms", "", "d", state, TODAY, until)
    assert found.standing(digest, TODAY) is standing


@pytest.fixture
def ward(app, tmp_path):
    """Three Viettel phones and one of VinaPhone; a vendor that wants registered texts."""
    people = add_people(app)
    phones = [number(1), number(2), number(3), number(5_000_001)]
    listed = [(f"Người {i}", p, "Tổ 1", "") for i, p in enumerate(phones)]
    import_list(app, sheet(tmp_path / "may-to.csv", listed))
    file = app.site.root / "dispatcher.toml"
    text = file.read_text("utf-8").replace(
        'adapter = "esms"', 'adapter = "esms"\nregistered = true'
    )
    file.write_text(text, "utf-8")
    return (replace(app, site=parse(app.site.root)), *people)


def noted(app, template, state, carrier=""):
    loaded = templating.load(app.templates, template)
    digest = templating.frame(loaded, loaded.blocks["sms"]).digest
    with app.begin(SYSTEM)() as tx:
        registrations.put(
            tx, Registration("esms", template, "sms", carrier, digest, state, TODAY, note="x")
        )


def preview(app, officer):
    return application.preview_broadcast(app, officer, get(app, write_broadcast(app, officer)))


def test_the_preview_says_what_can_go_out_today_and_to_whom(ward):
    app, officer, _ = ward
    found = preview(app, officer)
    assert found.can_go_today == 0
    assert {(s.carrier, s.state, s.people) for s in found.standings} == {
        ("Viettel", Registered.NONE, 3), ("VinaPhone", Registered.NONE, 1)}  # fmt: skip
    noted(app, "canh-bao", Registered.APPROVED, "Viettel")
    noted(app, "canh-bao", Registered.REJECTED, "VinaPhone")
    found = preview(app, officer)
    assert found.can_go_today == 3
    assert found.as_json()["can_go_today"] == 3
    assert ("VinaPhone", Registered.REJECTED) in {(s.carrier, s.state) for s in found.standings}


def test_a_text_that_fits_an_approved_frame_can_go_out(ward):
    app, officer, _ = ward
    frame_text = (
        '+++\ntitle = "Khung"\n[fields]\nnoi_dung = { most = 140 }\n+++\n'
        "{% block sms %}{{ noi_dung }}{% endblock %}"
    )
    (app.templates / "khung-chung.j2").write_text(frame_text, "utf-8")
    noted(app, "khung-chung", Registered.APPROVED)
    found = preview(app, officer)
    assert found.can_go_today == 4
    assert {s.template for s in found.standings} == {"khung-chung"}


def test_a_site_whose_vendors_want_nothing_registered_is_told_nothing(app, tmp_path):
    officer, _ = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", [("A", number(1), "Tổ 1", "")]))
    found = preview(app, officer)
    assert found.can_go_today is None
    assert found.standings == ()


def test_what_ends_within_sixty_days_is_reminded_of(ward):
    app, _, _ = ward
    sender = Sender(
        "UBND phường A", "UBNDA", TODAY + timedelta(days=59), TODAY + timedelta(days=61)
    )
    site = replace(app.site, senders={"a": (("all",), sender)})
    with app.store.read(SYSTEM) as tx:
        (ending,) = text_registrations.endings(tx, site, TODAY)
    assert ending.what.en == "brandname UBNDA"
    with app.store.read(SYSTEM) as tx:
        both = text_registrations.endings(tx, site, TODAY + timedelta(days=2))
    assert [e.what.en for e in both] == ["brandname UBNDA", "contract of UBNDA"]
