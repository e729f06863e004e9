"""Approved = sent = audited: what is frozen, who may decide, and that everybody is counted."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import add_people
from walk import (
    approve_now,
    claimed,
    counts,
    crowd,
    get,
    import_list,
    number,
    released,
    rows,
    sheet,
    write_broadcast,
)

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application, message_rendering
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.contacts import contacts, suppressions
from dispatcher.domain.model import SYSTEM, AddressKind, Audience, BroadcastState, Mode
from dispatcher.domain.problems import Problem
from dispatcher.importing.entries import read_listing
from dispatcher.importing.listing import ImportContext
from dispatcher.importing.merge import merge, store
from dispatcher.importing.sheets import read_sheets

FAMILY = [
    ("An", number(1), "Tổ 1", "An"), ("Bình", number(1), "Tổ 1", "An"), ("Cúc", "", "Tổ 1", "An"),
    ("Dung", number(2), "Tổ 1", "An"), ("Đạt", "02250123456", "Tổ 2", "Đạt"),
    ("Giang", number(3), "Tổ 2", "Đạt"), ("Hoa", number(4), "", ""),
]  # fmt: skip


@pytest.fixture
def ward(app, tmp_path):
    people = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", FAMILY))
    return app, *people


def test_everybody_is_queued_or_skipped_with_a_reason(ward):
    app, officer, leader = ward
    with app.begin(SYSTEM)() as tx:
        address = contacts.address_id(tx, AddressKind.MOBILE, "+84" + number(4)[1:])
        suppressions.suppress(tx, address, "asked")
    broadcast_id = write_broadcast(app, officer)
    preview = application.preview_broadcast(app, officer, get(app, broadcast_id))
    assert preview.people == 7
    assert preview.queued == 3
    assert preview.skipped == {"shared_phone": 1, "no_number": 1, "landline": 1, "opted_out": 1}
    approve_now(app, officer, leader, broadcast_id)
    application.release_broadcast(app, get(app, broadcast_id))
    assert counts(app, broadcast_id) == {"queued": 3, "skipped": 4}


def test_a_preview_stores_nothing(ward):
    app, officer, _ = ward
    broadcast_id = write_broadcast(app, officer)
    application.preview_broadcast(app, officer, get(app, broadcast_id))
    for table in ("messages", "targets", "plan_bodies", "bodies"):
        assert rows(app, f"SELECT count(*) AS n FROM {table}")[0]["n"] == 0


def test_one_message_per_household(ward):
    app, officer, leader = ward
    audience = Audience(wards=("Máy Tơ",), one_per="household")
    released(app, officer, leader, audience=audience)
    found = rows(app, "SELECT reason, count(*) AS n FROM messages GROUP BY reason ORDER BY n")
    assert {r["reason"]: r["n"] for r in found} == {
        None: 3, "same_household": 2, "no_number": 1, "landline": 1}  # fmt: skip


def test_audiences_by_group_and_without(ward, tmp_path):
    app, officer, _ = ward
    offices = tmp_path / "don-vi.csv"
    offices.write_text(f"Nhóm,Tên đơn vị,Điện thoại,Phường\nTrường học,THCS,{number(50)},Máy Tơ\n",
                       encoding="utf-8")  # fmt: skip
    import_list(app, offices)

    def people(**audience):
        broadcast_id = write_broadcast(app, officer, audience=Audience(**audience))
        return application.preview_broadcast(app, officer, get(app, broadcast_id)).people

    assert people(wards=("Máy Tơ",)) == 8
    assert people(wards=("may to",), residential_groups=("Tổ 2",)) == 2
    assert people(groups=("truong hoc",)) == 1
    assert people(wards=("Máy Tơ",), exclude_groups=("Trường học",)) == 7
    assert people(wards=("Máy Tơ",), residential_groups=("TDP 01",), groups=("Trường học",)) == 5
    for wrong in ({}, {"residential_groups": ("Tổ 1",)}, {"wards": ("Sao Hỏa",)},
                  {"wards": ("Máy Tơ",), "residential_groups": ("Tổ 99",)},
                  {"groups": ("Trường hợp",)}):  # fmt: skip
        with pytest.raises(Problem):
            people(**wrong)


def test_the_approver_wrote_edited_and_submitted_none_of_it(ward):
    app, officer, leader = ward
    broadcast_id = write_broadcast(app, leader)  # the leader wrote it, the officer submits
    found = application.preview_broadcast(app, officer, get(app, broadcast_id))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, broadcast_id), found)
    with pytest.raises(Problem, match="second person"), app.begin(leader)() as tx:
        planning.approve(tx, broadcasts.get(tx, broadcast_id))


def test_what_changed_after_approval_is_held_and_not_sent(ward):
    app, officer, leader = ward
    broadcast_id = write_broadcast(app, officer)
    approve_now(app, officer, leader, broadcast_id)
    with app.begin(SYSTEM)() as tx:  # somebody edits the database
        tx.run("UPDATE broadcasts SET expires_after = 99999 WHERE id = :b", {"b": broadcast_id})
        tx.note("test", "broadcast", broadcast_id)
    assert application.release_broadcast(app, get(app, broadcast_id)) == "held"
    assert get(app, broadcast_id).reason == "changed_after_approval"


def test_what_was_approved_as_a_drill_never_goes_out_live(ward):
    app, officer, leader = ward
    broadcast_id = write_broadcast(app, officer)
    approve_now(app, officer, leader, broadcast_id)
    live = replace(app, site=replace(app.site, mode=Mode.LIVE))
    assert application.release_broadcast(live, get(app, broadcast_id)) == "held"
    assert get(app, broadcast_id).reason == "other_mode"


def test_more_people_than_were_approved_hold_the_broadcast(ward, tmp_path):
    app, officer, leader = ward
    broadcast_id = write_broadcast(app, officer)
    approve_now(app, officer, leader, broadcast_id)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(40)))
    assert application.release_broadcast(app, get(app, broadcast_id)) == "held"
    assert get(app, broadcast_id).reason == "over_ceiling"


def test_a_template_edited_after_approval_does_not_change_what_is_sent(ward):
    app, officer, leader = ward
    broadcast_id = write_broadcast(app, officer)
    approve_now(app, officer, leader, broadcast_id)
    path = app.templates / "canh-bao.j2"
    path.write_text(path.read_text("utf-8").replace("KHONG chuyen", "HAY chuyen"), encoding="utf-8")
    application.release_broadcast(app, get(app, broadcast_id))
    bodies = [r["text"] for r in rows(app, "SELECT text FROM bodies")]
    assert bodies == ["UBND phuong May To: KHONG chuyen tien."]


def test_equal_texts_are_stored_once_and_personal_ones_sealed(ward):
    app, officer, leader = ward
    text = ("+++\ntitle = \"Mời\"\n+++\n{% block sms %}UBND: {{ contact.name | khong_dau }}"
            "{% endblock %}")  # fmt: skip
    (app.templates / "moi.j2").write_text(text, encoding="utf-8")
    released(app, officer, leader)
    released(app, officer, leader, template="moi")
    found = rows(app, "SELECT text, sealed FROM bodies ORDER BY id")
    assert [r["text"] for r in found if r["sealed"] is None] == [
        "UBND phuong May To: KHONG chuyen tien."
    ]
    assert all(r["text"] is None for r in found if r["sealed"] is not None)
    assert len(found) == 1 + 7


def test_a_kept_column_stands_in_the_text_of_each_person(ward, tmp_path):
    app, officer, leader = ward
    path = tmp_path / "may-to.csv"
    path.write_text(
        f"Họ tên,SĐT,Đường\nNgười Có,{number(71)},Lạch Tray\nNgười Không,{number(72)},\n", "utf-8"
    )
    with app.begin(SYSTEM)() as tx:
        context = ImportContext({}, "Máy Tơ", None, ("095",), {"row.duong": "Đường"})
        listing = read_listing(read_sheets(path), context)
        store(tx, merge(tx, listing.entries), [], ("095",))
    text = (
        '+++\ntitle = "Mời"\n+++\n{% block sms %}{% if row.duong %}UBND duong: '
        "{{ row.duong | khong_dau }}.{% else %}UBND duong: .{% endif %}{% endblock %}"
    )
    (app.templates / "moi.j2").write_text(text, encoding="utf-8")
    released(app, officer, leader, template="moi")
    with app.store.read(SYSTEM) as tx:
        texts = [
            json.loads(tx.sealer.open(r["sealed"]))[0] for r in tx.rows("SELECT sealed FROM bodies")
        ]
    assert texts.count("UBND duong: Lach Tray.") == 1
    assert set(texts) == {"UBND duong: Lach Tray.", "UBND duong: ."}


def half_released(app, officer, leader, monkeypatch):
    """A broadcast over whose release the machine died; its id."""
    broadcast_id = write_broadcast(app, officer)
    approve_now(app, officer, leader, broadcast_id)
    monkeypatch.setattr("dispatcher.broadcasts.releasing.CHUNK", 2)
    with app.store.read(SYSTEM) as tx:
        words = message_rendering.release_words(app.site, tx, broadcasts.get(tx, broadcast_id))
    steps = planning.steps_of_release(get(app, broadcast_id), words, application.targeting.resolve,
                                      app.clock())  # fmt: skip
    for _ in range(3):  # the machine dies here
        with app.begin(SYSTEM)() as tx:
            next(steps)(tx)
    assert 0 < sum(counts(app, broadcast_id).values()) < 7
    return broadcast_id


def test_a_release_goes_on_where_it_stopped(ward, monkeypatch):
    app, officer, leader = ward
    broadcast_id = half_released(app, officer, leader, monkeypatch)
    assert application.release_broadcast(app, get(app, broadcast_id)) == "running"
    assert counts(app, broadcast_id) == {"queued": 4, "skipped": 3}


def test_a_release_that_broke_off_and_came_too_late_leaves_nobody_waiting(ward, clock, monkeypatch):
    """Found by the simulation: the people who were written already waited for ever."""
    app, officer, leader = ward
    broadcast_id = half_released(app, officer, leader, monkeypatch)
    clock.advance(hours=7)
    assert application.release_broadcast(app, get(app, broadcast_id)) == "missed"
    assert "queued" not in counts(app, broadcast_id)
    assert "expired" in counts(app, broadcast_id)


def edited_and_approved_anew(app, officer, leader, broadcast_id):
    other = [("KHONG chuyen", "KHONG nen chuyen")]
    with app.begin(officer)() as tx:
        found = broadcasts.get(tx, broadcast_id)
        fields, version = message_rendering.reworded(app.site, tx, found, {}, other)
        planning.edit(tx, found, fields=fields, template_version_id=version)
    approve_now(app, officer, leader, broadcast_id)


def leaving(app, broadcast_id):
    """The texts in which a broadcast leaves."""
    sql = "SELECT DISTINCT b.text FROM targets t JOIN bodies b ON b.id = t.body_id"
    return [row["text"] for row in rows(app, f"{sql} WHERE t.broadcast_id = :b", b=broadcast_id)]


def test_words_of_a_release_that_broke_off_do_not_leave_after_an_edit(ward):
    """Found by world 30000384: a worker died after the texts, before the first of the people."""
    app, officer, leader = ward
    broadcast_id = write_broadcast(app, officer)
    approve_now(app, officer, leader, broadcast_id)
    with app.store.read(SYSTEM) as tx:
        words = message_rendering.release_words(app.site, tx, broadcasts.get(tx, broadcast_id))
    steps = planning.steps_of_release(get(app, broadcast_id), words, application.targeting.resolve,
                                      app.clock())  # fmt: skip
    with app.begin(SYSTEM)() as tx:
        next(steps)(tx)  # the machine dies here
    edited_and_approved_anew(app, officer, leader, broadcast_id)
    assert application.release_broadcast(app, get(app, broadcast_id)) == "running"
    assert leaving(app, broadcast_id) == ["UBND phuong May To: KHONG nen chuyen tien."]


def test_a_worker_that_was_frozen_over_an_edit_does_not_release_the_old_words(ward, monkeypatch):
    app, officer, leader = ward
    broadcast_id = write_broadcast(app, officer)
    approve_now(app, officer, leader, broadcast_id)
    steps = planning.steps_of_release

    def frozen(*given):
        monkeypatch.setattr("dispatcher.broadcasts.releasing.steps_of_release", steps)
        edited_and_approved_anew(app, officer, leader, broadcast_id)
        yield from steps(*given)

    monkeypatch.setattr("dispatcher.broadcasts.releasing.steps_of_release", frozen)
    assert application.release_broadcast(app, get(app, broadcast_id)) == "scheduled"
    assert counts(app, broadcast_id) == {}
    assert application.release_broadcast(app, get(app, broadcast_id)) == "running"
    assert leaving(app, broadcast_id) == ["UBND phuong May To: KHONG nen chuyen tien."]


def test_a_broadcast_whose_time_is_over_is_missed(ward, clock):
    app, officer, leader = ward
    broadcast_id = write_broadcast(app, officer)
    approve_now(app, officer, leader, broadcast_id)
    clock.advance(hours=7)
    assert application.release_broadcast(app, get(app, broadcast_id)) == "missed"


def test_the_undo_window_holds_every_message_back(make_site, tmp_path, clock):
    from dispatcher.config import parse
    from dispatcher.usecases.context import open_app

    app = open_app(parse(make_site("data/site.db", ('undo = "0s"', 'undo = "60s"'))), clock)
    officer, leader = add_people(app)
    import_list(app, sheet(tmp_path / "may-to.csv", crowd(3)))
    broadcast_id = released(app, officer, leader)

    def due():
        with app.begin(SYSTEM)() as tx:
            return claimed(tx, "w", broadcast_id, 10, tx.now + timedelta(hours=1))

    assert due() == []
    clock.advance(seconds=61)
    assert len(due()) == 3
    app.store.close()


def test_nobody_may_do_what_their_role_does_not_allow(ward):
    app, officer, leader = ward
    broadcast_id = write_broadcast(app, officer)
    found = application.preview_broadcast(app, officer, get(app, broadcast_id))
    operator = app.actor(None)
    for actor, act in ((operator, planning.submit), (operator, planning.approve),
                       (officer, planning.approve)):  # fmt: skip
        with pytest.raises(Problem), app.begin(actor)() as tx:
            broadcast = broadcasts.get(tx, broadcast_id)
            act(tx, broadcast, found) if act is planning.submit else act(tx, broadcast)
    assert get(app, broadcast_id).state is BroadcastState.DRAFT


def test_a_shared_phone_costs_a_look_and_not_a_walk_on_postgresql(app, tmp_path):
    """By the server's own count of rows read: it once walked the whole broadcast for each of them."""
    if app.store.is_sqlite:
        pytest.skip("SQLite plans by its indexes")
    officer, leader = add_people(app)
    people = 2_000
    everybody = [(f"Người Mẫu {i}", number(1000 + i % 1_600), f"Tổ {i % 6 + 1}", "")
                 for i in range(people)]  # fmt: skip
    import_list(app, sheet(tmp_path / "may-to.csv", everybody))
    made = write_broadcast(app, officer)
    approve_now(app, officer, leader, made)
    before = _rows_read(app)
    assert application.release_broadcast(app, get(app, made)) == "running"
    assert counts(app, made) == {"queued": 1_600, "skipped": 400}
    assert _rows_read(app) - before < 30 * people  # a walk reads a thousand for each


def _rows_read(app):
    with app.store.read(SYSTEM) as tx:
        tx.value("SELECT pg_stat_force_next_flush()")
    with app.store.read(SYSTEM) as tx:
        return int(tx.value("SELECT SUM(COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0)) "
                            "FROM pg_stat_user_tables WHERE relname = 'targets'"))  # fmt: skip
