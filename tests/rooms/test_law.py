"""Legal kinds: what is advertising, and every rule that switches on with it (Decree 91/2020)."""

from dataclasses import replace

import pytest
from conftest import add_people
from walk import approve_now, counts, get, import_list, number, rows, sheet, write_broadcast

from dispatcher import templating
from dispatcher.broadcasts import application
from dispatcher.config import parse
from dispatcher.db.contacts import contacts, groups, suppressions
from dispatcher.domain import law
from dispatcher.domain.model import SYSTEM, AddressKind, Kind, Window
from dispatcher.domain.problems import Problem

DAY, NIGHT = Window.read("07:00-22:00"), Window.read("06:00-22:00")
ADVERT = (
    '+++\ntitle = "Lớp tin học"\nkind = "promotion"\n+++\n{% block sms %}UBND phuong: moi ba con du '
    "lop tin hoc. Tu choi: soan TC gui 5656 hoac goi 156{% endblock %}"
)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("window", [DAY, NIGHT, Window.read("08:00-23:00"), Window.read("22:00-06:00"),
                                    Window.read("00:00-24:00"), Window.read("08:00-12:00")])  # fmt: skip
@pytest.mark.parametrize("urgent", [False, True])
@pytest.mark.parametrize("branded", [False, True])
@pytest.mark.parametrize("consent", [False, True])
def test_the_decision_table_of_advertising(kind, window, urgent, branded, consent):
    in_hours = window in (DAY, Window.read("08:00-12:00"))
    allowed = kind is not Kind.PROMOTION or (in_hours and not urgent and branded and consent)
    try:
        law.check_sending(kind, window, urgent=urgent, branded=branded, consent=consent)
        refused = None
    except Problem as problem:
        refused = problem
    assert (refused is None) == allowed
    if refused is not None:
        article = "13" if urgent or not in_hours or not branded else "11"
        assert refused.exit_code == 3
        assert f"Nghị định 91/2020 điều {article}" in refused.to("vi")
        assert f"art. {article}" in refused.to("en")


@pytest.mark.parametrize(
    "kind, text, shown",
    [(Kind.PROMOTION, "Moi", "[QC] Moi"), (Kind.PROMOTION, "[QC] Moi", "[QC] Moi"),
     (Kind.PROMOTION, "[AD] Moi", "[AD] Moi"), (Kind.WARNING, "Moi", "Moi"), (Kind.NOTICE, "Moi", "Moi"),
     (Kind.INTERNAL, "Moi", "Moi")],
)  # fmt: skip
def test_the_label_is_put_in_front_of_advertising_and_of_nothing_else(kind, text, shown):
    assert law.labelled(text, kind) == shown


@pytest.mark.parametrize(
    "text, lacks",
    [("Moi. Tu choi: soan TC gui 5656 hoac goi 156", []), ("Moi. Tu choi: soan TC gui 5656", ["no_way_out"]),
     ("Moi. Tu choi goi 156", ["no_way_out"]), ("Moi ba con", ["no_way_out"]),
     ("Soan TC gui 5656 hoac goi 156 de tu choi. " + "Moi ba con du lop. " * 8, ["no_way_out"])],
)  # fmt: skip
def test_the_way_out_stands_at_the_end_by_text_and_by_call(text, lacks):
    assert [d.id for d in law.missing(text)] == lacks


@pytest.fixture
def ward(app, tmp_path):
    """Eight people, six of whom agreed to advertising."""
    officer, leader = add_people(app)
    people = [(f"Người {chr(65 + i)}", number(i + 1), "Tổ 1", "") for i in range(8)]
    import_list(app, sheet(tmp_path / "may-to.csv", people))
    file = app.site.root / "dispatcher.toml"
    text = file.read_text("utf-8") + '[promotion]\nconsent = "Đồng ý"\n'
    text += '[senders.moi]\nwards = ["all"]\nname = "UBND phường Máy Tơ"\nbrandname = "UBNDMAYTO"\n'
    file.write_text(text, "utf-8")
    app = replace(app, site=parse(app.site.root))
    (app.templates / "qc.j2").write_text(ADVERT, "utf-8")
    with app.begin(SYSTEM)() as tx:
        agreed = groups.ensure(tx, ["Đồng ý"])["dong y"]
        groups.join(tx, [(agreed, contact) for contact in range(1, 7)])
        tx.note("joined", "group", agreed)
    return app, officer, leader


def advert(app, officer, **more):
    return write_broadcast(app, officer, template="qc", **more)


def test_advertising_is_labelled_and_goes_only_to_those_who_agreed(ward):
    app, officer, _ = ward
    found = application.preview_broadcast(app, officer, get(app, advert(app, officer)))
    assert found.queued == 6
    assert found.skipped == {"no_consent": 2}
    assert all(s["body"].startswith("[QC] UBND phuong") for s in found.samples)


def test_the_do_not_call_list_stops_advertising_and_no_warning(ward):
    app, officer, _ = ward
    with app.begin(SYSTEM)() as tx:
        address = contacts.address_id(tx, AddressKind.MOBILE, "+84" + number(1)[1:])
        assert suppressions.do_not_call(tx, [address]) == 1
        assert suppressions.do_not_call(tx, [address]) == 0
    found = application.preview_broadcast(app, officer, get(app, advert(app, officer)))
    assert found.skipped == {"no_consent": 2, "do_not_call": 1}
    warning = application.preview_broadcast(app, officer, get(app, write_broadcast(app, officer)))
    assert warning.skipped == {}
    with app.begin(SYSTEM)() as tx:  # who asked for nothing at all is left alone by both
        suppressions.suppress(tx, address, "asked")
    assert application.preview_broadcast(
        app, officer, get(app, write_broadcast(app, officer))
    ).skipped == {"opted_out": 1}


def test_nobody_gets_a_fourth_advertisement_within_a_day(ward, clock):
    app, officer, leader = ward
    for _ in range(3):
        made = advert(app, officer)
        approve_now(app, officer, leader, made)
        application.release_broadcast(app, get(app, made))
    found = application.preview_broadcast(app, officer, get(app, advert(app, officer)))
    assert found.skipped == {"no_consent": 2, "too_often": 6}
    assert (
        application.preview_broadcast(app, officer, get(app, write_broadcast(app, officer))).queued
        == 8
    )
    clock.advance(hours=24, minutes=1)
    assert application.preview_broadcast(app, officer, get(app, advert(app, officer))).queued == 6
    assert counts(app, 1)["queued"] == 6
    assert rows(app, "SELECT DISTINCT kind FROM messages")[0]["kind"] == "promotion"


def test_advertising_without_consent_hours_or_brandname_is_refused_with_the_article(ward):
    app, officer, _ = ward
    with pytest.raises(Problem, match="art. 13"):
        advert(app, officer, window=NIGHT)
    with pytest.raises(Problem, match="art. 13"):
        advert(app, officer, urgent=True)
    silent = replace(app, site=replace(app.site, consent=""))
    with pytest.raises(Problem, match="art. 11"):
        advert(silent, officer)


def test_advertising_without_a_way_out_cannot_be_submitted(ward):
    app, officer, leader = ward
    (app.templates / "qc.j2").write_text(ADVERT.replace(" hoac goi 156", ""), "utf-8")
    assert [r.rule for r in templating.check(templating.load(app.templates, "qc"), [])
            if r.severity == "block"] == ["no_way_out"]  # fmt: skip
    with pytest.raises(Problem, match="no_way_out"):
        approve_now(app, officer, leader, advert(app, officer))
