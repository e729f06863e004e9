"""A large preview is counted, not written: it says exactly what a release thrown away says."""

import json

import pytest
from conftest import add_people
from walk import get, import_list, number, rows, sheet, write_broadcast

from dispatcher.broadcasts import application, counting
from dispatcher.db.contacts import areas, contact_lists, groups, suppressions
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Audience, Role

POSTGRESQL_LATER = True

BY_GROUP = """+++
title = "Theo tổ"
kind = "warning"
reviewed = 2999-01-01
+++
{% block sms %}UBND phuong {{ ward.name | khong_dau }}: {{ residential_group.name | khong_dau }} chu y.{% endblock %}
{% block zalo %}UBND phường {{ ward.name }}: bà con chú ý.{% endblock %}
"""
PERSONAL = BY_GROUP.replace("Theo tổ", "Từng người").replace("chu y.", "{{ contact.name }}.")


@pytest.fixture
def crowded(app, tmp_path):
    """Two wards with shared phones, landlines, people without a number, households, opt-outs."""
    for name, text in (("theo-to", BY_GROUP), ("tung-nguoi", PERSONAL)):
        (app.templates / f"{name}.j2").write_text(text, encoding="utf-8")
    for at, ward in ((0, "may-to"), (500, "cau-dat")):
        listed = [(f"Người {i}", number(at * 7 + i * 211 % 900), f"Tổ {i % 4}" if i % 4 else "",
                   f"Hộ {i // 3}" if i % 5 else "") for i in range(90)]  # fmt: skip
        listed += [(f"Chung {i}", number(at * 7 + i * 422 % 900), "Tổ 2", "") for i in range(15)]
        listed += [("Cố Định", "02253123456", "Tổ 1", ""), ("Không Số", "", "Tổ 1", "")]
        listed += [("Hai Số", f"{number(at + 50_000)} ; {number(at * 7)}", "Tổ 1", "")]
        import_list(app, sheet(tmp_path / f"{ward}.csv", listed))
    with app.begin(SYSTEM)() as tx:
        ids = [c["id"] for c in contact_lists.list_contacts(tx, limit=400)]
        for address in suppressions.addresses_of(tx, ids[5:25:3]):
            suppressions.suppress(tx, address, "yêu cầu")
        group = next(iter(groups.ensure(tx, ["Nhóm thử"]).values()))
        groups.join(tx, [(group, c) for c in ids[::4]])
        tx.note("joined", "group", group)
    return app, *add_people(app)


def both(app, actor, made, monkeypatch):
    """The preview by a release thrown away, and the counted one."""
    written = application.preview_broadcast(app, actor, get(app, made)).as_json()
    monkeypatch.setattr(counting, "LARGE", 0)
    asked = []
    real = counting.count
    monkeypatch.setattr("dispatcher.broadcasts.previewing.count",
                        lambda *a, **k: asked.append(real(*a, **k)) or asked[-1])  # fmt: skip
    counted = application.preview_broadcast(app, actor, get(app, made)).as_json()
    return written, counted, asked[0] is not None


CASES = {
    "a ward": {},
    "all wards, Zalo then SMS": {"ward": "all", "route": "zalo-then-sms"},
    "one a household": {"audience": Audience(("all",), one_per="household")},
    "by residential group": {
        "template": "theo-to", "audience": Audience(("all",), ("Tổ 1", "Tổ 2")),
        "route": "zalo-then-sms",
    },
    "some groups of a ward": {"audience": Audience(("Máy Tơ",), ("Tổ 1", "Tổ 2"))},
    "a group, and not it": {"audience": Audience(("Máy Tơ",), (), ("Nhóm thử",))},
    "without a group": {"audience": Audience(("all",), (), (), ("Nhóm thử",))},
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_counted_preview_says_exactly_what_a_release_does(crowded, monkeypatch, case):
    app, officer, _ = crowded
    made = write_broadcast(app, officer, **CASES[case])
    written, counted, used = both(app, officer, made, monkeypatch)
    assert used
    assert written["skipped"]["shared_phone"] > 0
    assert counted == written
    assert rows(app, "SELECT count(*) AS n FROM messages") == [{"n": 0}]


@pytest.mark.parametrize("special", ["personal", "follow-up", "unreachable", "repeat"])
def test_whatever_makes_people_unlike_one_another_is_released_to_know(
    crowded, monkeypatch, special, clock
):
    app, officer, leader = crowded
    from walk import released

    if special == "personal":
        made = write_broadcast(app, officer, template="tung-nguoi", ward="all")
    elif special == "repeat":
        released(app, officer, leader)
        made = write_broadcast(app, officer)
    elif special == "unreachable":
        made = write_broadcast(app, officer, route="zalo-then-sms")
        with app.begin(SYSTEM)() as tx:
            address = tx.value("SELECT min(address_id) FROM contact_addresses")
            tx.run("INSERT INTO reachability (address_id, channel, refused_at, until) "
                   "VALUES (:a, 'zalo', :n, :u)",
                   {"a": address, "n": 0, "u": 4_000_000_000_000_000})  # fmt: skip
    else:
        first = released(app, officer, leader)
        clock.advance(days=2)
        made = write_broadcast(app, officer)
        with app.begin(SYSTEM)() as tx:
            audience = Audience(of=first, states=("queued",)).as_json()
            tx.run("UPDATE broadcasts SET audience = :a WHERE id = :b",
                   {"b": made, "a": json.dumps(audience)})  # fmt: skip
            tx.note("test", "broadcast", made)
    written, counted, used = both(app, officer, made, monkeypatch)
    assert not used
    assert counted == written


def test_whoever_looks_after_one_ward_counts_that_ward(crowded, monkeypatch):
    app, *_ = crowded
    with app.begin(SYSTEM)() as tx:
        mine = areas.ward(tx, "Máy Tơ").id
        people.add(tx, "to", "Cán Bộ Tơ", Role.OFFICER, [mine])
    officer = app.actor("to")
    made = write_broadcast(app, officer)
    written, counted, used = both(app, officer, made, monkeypatch)
    assert used
    assert counted == written
    assert counted["people"] == 108
