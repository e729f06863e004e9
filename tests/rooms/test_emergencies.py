"""Tin khẩn: approved before the season, sent alone by whoever is on duty, ended by an all-clear."""

from datetime import date, timedelta

import pytest
from conftest import add_people
from walk import counts, get, import_list, number, rows, sheet, work

from dispatcher.broadcasts import application
from dispatcher.db.broadcasts import approvals, forwards
from dispatcher.db.broadcasts import emergencies as kept
from dispatcher.db.contacts import areas, contact_lists, groups
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Audience, BroadcastState, Role
from dispatcher.domain.problems import Problem
from dispatcher.usecases import printouts, urgent
from dispatcher.usecases.context import Context
from dispatcher.usecases.urgent import NewUrgent

POSTGRESQL_LATER = True

FLOOD = """+++
title = "Xả lũ"
kind = "warning"
reviewed = 2999-01-01
[fields]
gio = { label = "Giờ", required = true, most = 5 }
diem = { label = "Điểm sơ tán", required = true, most = 30 }
+++
{% block sms %}UBND phuong {{ ward.name | khong_dau }}: xa lu luc {{ gio | gio }}. So tan ve {{ diem }}.{% endblock %}
{% block sms_accented %}UBND phường {{ ward.name }}: xả lũ lúc {{ gio | gio }}. Sơ tán về {{ diem }}.{% endblock %}
"""
OVER = FLOOD.replace("Xả lũ", "Hết lũ").replace("xa lu", "het lu").replace("xả lũ", "hết lũ")
OVER = OVER.replace('diem = { label = "Điểm sơ tán", required = true, most = 30 }\n', "")
OVER = OVER.replace(" So tan ve {{ diem }}.", " Ba con ve nha duoc.")
OVER = OVER.replace(" Sơ tán về {{ diem }}.", " Bà con về nhà được.")
BLANKS = {"gio": "23h", "diem": "truong THCS"}


@pytest.fixture
def river(app, tmp_path, clock):
    """Two wards on the river; lan on duty tonight; an urgent text that minh approved."""
    officer, leader = add_people(app)
    for name, text in (("xa-lu", FLOOD), ("het-lu", OVER)):
        (app.templates / f"{name}.j2").write_text(text, encoding="utf-8")
    people_of = lambda start: [(f"Người {i}", number(start + i), f"Tổ {i % 2 + 1}", "")  # noqa: E731
                               for i in range(4)]  # fmt: skip
    import_list(app, sheet(tmp_path / "may-to.csv", people_of(0)))
    import_list(app, sheet(tmp_path / "cau-dat.csv", people_of(10)))
    import_list(app, sheet(tmp_path / "cau-tre.csv", people_of(20)))
    prepare(app, officer)
    urgent.submit(Context(app, officer), "lu")
    urgent.approve(Context(app, leader), "lu")
    clock.advance(hours=13)  # ten in the evening
    with app.begin(SYSTEM)() as tx:
        kept.set_duty(tx, officer.person_id, clock(), clock() + timedelta(hours=10))
    return app, officer, leader


def prepare(app, who, name="lu", **more):
    given = {
        "template": "xa-lu", "all_clear": "het-lu", "audience": Audience(("Máy Tơ", "Cầu Đất")),
        "most_people": 10, "most_dong": 10_000, "until": date(2026, 12, 31), "rather_twice": True,
        **more,
    }  # fmt: skip
    urgent.prepare(Context(app, who), NewUrgent(name, **given))


def refusal(act):
    with pytest.raises(Problem) as told:
        act()
    return told.value.code


def test_the_officer_on_duty_sends_alone_at_night_in_one_step(river, twins):
    app, officer, leader = river
    done, found = urgent.send(Context(app, officer), "lu", BLANKS)
    assert (done.state, found.queued) == (BroadcastState.SCHEDULED, 8)
    assert done.approved_by == leader.person_id
    with app.store.read(SYSTEM) as tx:
        assert approvals.latest(tx, done)["manner"] == "prepared"
    assert application.release_broadcast(app, done) == "running"
    work(app, twins)
    assert get(app, done.id).state is BroadcastState.DONE
    [text] = {r["text"] for r in rows(app, "SELECT text FROM bodies WHERE text LIKE '%May To%'")}
    assert text == "UBND phuong May To: xa lu luc 23h. So tan ve truong THCS."


def test_nobody_else_sends_it_and_not_when_the_duty_is_over(river, clock):
    app, officer, leader = river
    assert refusal(lambda: urgent.send(Context(app, leader), "lu", BLANKS)) == "not-on-duty"
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "kt", "Kiểm Tra", Role.AUDITOR, [])
    assert refusal(lambda: urgent.send(Context(app, app.actor("kt")), "lu", BLANKS)) == "role"
    clock.advance(hours=11)
    assert refusal(lambda: urgent.send(Context(app, officer), "lu", BLANKS)) == "not-on-duty"
    assert rows(app, "SELECT count(*) AS n FROM messages") == [{"n": 0}]


def test_a_duty_that_was_taken_away_sends_nothing(river):
    app, officer, _ = river
    with app.begin(SYSTEM)() as tx:
        kept.end_duty(tx, kept.roster(tx, tx.now)[0]["id"])
    assert refusal(lambda: urgent.send(Context(app, officer), "lu", BLANKS)) == "not-on-duty"


@pytest.mark.parametrize("why", ["over", "leader left", "route", "returned", "text"])
def test_an_approval_that_counts_no_longer_sends_nothing(river, clock, why, tmp_path):
    app, officer, leader = river
    with app.begin(SYSTEM)() as tx:
        if why == "over":
            tx.run("UPDATE emergencies SET until = :d", {"d": "2026-11-30" if tx.is_sqlite
                                                         else date(2026, 11, 30)})  # fmt: skip
        elif why == "leader left":
            people.disable(tx, leader.person_id)
        elif why == "route":
            tx.run("UPDATE emergencies SET route = 'zalo-then-sms'")
        elif why == "returned":
            tx.run("UPDATE emergencies SET state = 'returned'")
        else:
            other = tx.value("SELECT max(id) FROM template_versions")
            tx.run("UPDATE emergencies SET template_version_id = :v", {"v": other})
        tx.note("test", "emergency", 1)
    assert refusal(lambda: urgent.send(Context(app, officer), "lu", BLANKS)) == "not-approved"


def test_the_area_may_be_smaller_and_never_larger(river):
    app, officer, _ = river
    small = Audience(("Máy Tơ",), ("Tổ 1",))
    _, found = urgent.send(Context(app, officer), "lu", BLANKS, small)
    assert found.people == 2
    larger = Audience(("Máy Tơ", "Cầu Tre"))
    assert (
        refusal(lambda: urgent.send(Context(app, officer), "lu", BLANKS, larger)) == "outside-area"
    )


def test_blanks_are_checked_and_those_approved_beforehand_are_fixed(river):
    app, officer, leader = river
    assert refusal(lambda: urgent.send(Context(app, officer), "lu", {"gio": "23h"}))
    bad = {**BLANKS, "diem": "bit.ly/x"}
    assert refusal(lambda: urgent.send(Context(app, officer), "lu", bad)) == "text-blocked"
    prepare(app, officer, "lu2", fields={"diem": "truong THCS"})
    urgent.submit(Context(app, officer), "lu2")
    urgent.approve(Context(app, leader), "lu2")
    assert refusal(lambda: urgent.send(Context(app, officer), "lu2", BLANKS)) == "fixed-field"
    urgent.send(Context(app, officer), "lu2", {"gio": "23h"})


def test_more_people_than_were_approved_hold_it(river, tmp_path):
    app, officer, _ = river
    more = [(f"Thêm {i}", number(100 + i), "Tổ 1", "") for i in range(9)]
    import_list(app, sheet(tmp_path / "may-to.csv", more))
    done, _ = urgent.send(Context(app, officer), "lu", BLANKS)
    assert application.release_broadcast(app, done) == "held"


def test_its_author_does_not_approve_it(river):
    app, officer, leader = river
    prepare(app, leader, "lu3")
    urgent.submit(Context(app, leader), "lu3")
    assert refusal(lambda: urgent.approve(Context(app, leader), "lu3")) == "own-work"


def test_the_all_clear_stops_what_waits_and_reaches_exactly_those_who_may_have_been_warned(
    river, twins
):
    app, officer, _ = river
    first, _ = urgent.send(Context(app, officer), "lu", BLANKS)
    application.release_broadcast(app, first)
    with app.begin(SYSTEM)() as tx:  # half of them have it
        tx.run("UPDATE messages SET state = 'delivered' WHERE id % 2 = 0")
    done, found = urgent.all_clear(Context(app, officer), first.id, {"gio": "5h"})
    assert get(app, first.id).state is BroadcastState.STOPPED
    assert counts(app, first.id) == {"delivered": 4, "cancelled": 4}
    assert (found.people, done.correction_of, done.title) == (4, first.id, "Hết lũ")
    application.release_broadcast(app, done)
    work(app, twins)
    assert get(app, done.id).state is BroadcastState.DONE
    assert "Ba con ve nha duoc" in str(
        rows(app, "SELECT text FROM bodies ORDER BY id DESC LIMIT 1")
    )


def test_leaders_are_told_at_once(river):
    from dispatcher.worker.notifications import deliver

    app, officer, leader = river
    urgent.send(Context(app, officer), "lu", BLANKS)
    deliver.detect_notices(app)
    told = rows(app, "SELECT person_id, vi FROM notices WHERE code = 'emergency'")
    assert [r["person_id"] for r in told] == [leader.person_id]
    assert "Xả lũ" in told[0]["vi"]


# --- sheets -------------------------------------------------------------------------------------


@pytest.fixture
def heads(river):
    app, officer, leader = river
    with app.begin(SYSTEM)() as tx:
        ward = areas.ward(tx, "Máy Tơ").id
        first = contact_lists.list_contacts(tx, within=contact_lists.Within(ward=ward), limit=1)[0]
        group = groups.ensure(tx, ["Tổ trưởng tổ dân phố"])
        groups.join(tx, [(next(iter(group.values())), first["id"])])
        tx.note("joined", "group", 1)
    return app, officer, first


def test_the_sheet_for_a_night_without_network_has_the_text_and_the_phones_of_the_heads(heads):
    app, officer, head = heads
    with app.store.read(officer) as tx:
        wards = [w.id for w in areas.wards_named(tx, ["Máy Tơ", "Cầu Đất"])]
        emergency = kept.get(tx, "lu")
    page = printouts.fallback(Context(app, officer), emergency, wards)
    assert "UBND phường Máy Tơ: xả lũ lúc ……" in page
    assert head["name"] in page
    assert "+84950" in page
    assert page.count("Tổ dân phố số") >= 4
    assert "CHẠY THỬ" in page
    assert rows(app, "SELECT count(*) AS n FROM trail WHERE act = 'printed'") == [{"n": 1}]


def test_heads_who_passed_it_on_count_in_the_coverage(heads, twins):
    from dispatcher.db.broadcasts import files
    from dispatcher.reports import reporting

    app, officer, _ = heads
    done, _ = urgent.send(Context(app, officer), "lu", BLANKS)
    application.release_broadcast(app, done)
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE messages SET state = 'failed' WHERE broadcast_id = :b", {"b": done.id})
    picture = b"\x89PNG\r\n\x1a\nx"
    with app.begin(officer)() as tx:
        files.attach(tx, done.id, files.put(tx, picture), "anh.png")
        ward = areas.ward(tx, "Máy Tơ").id
        group = next(iter(areas.groups_of(tx, ward).values()))
        assert forwards.tick(tx, done.id, [group.id]) == 1
        assert forwards.tick(tx, done.id, [group.id]) == 0
        seen = reporting.coverage(tx, done.id, "Máy Tơ", None)
    assert seen.places["Máy Tơ", group.name]["passed_on"] == 2
    assert seen.total["not_reached"] == 2
    page = printouts.share(Context(app, officer), done.id)
    assert page.count("☑") == 1
    assert "data:image/png;base64," in page
    assert "xả lũ lúc 23h" in page
    with app.begin(officer)() as tx:
        forwards.untick(tx, done.id, [group.id])
        assert reporting.coverage(tx, done.id, None, None).total["passed_on"] == 0
