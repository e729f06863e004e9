"""A correction reaches exactly those who received the original or may have, where it reached them."""

import pytest
from conftest import add_people
from walk import approve_now, get, import_list, number, released, rows, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import application
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.database import at
from dispatcher.domain.model import SYSTEM, BroadcastState, MessageState
from dispatcher.domain.problems import Problem

POSTGRESQL_LATER = True

STATES = [s.value for s in MessageState if s not in (MessageState.SKIPPED, MessageState.QUEUED)]
CORRECTION = (
    '+++\ntitle = "Đính chính"\nkind = "notice"\n[fields]\nngay = { required = true }\n'
    'noi_dung = { label = "Nội dung", required = true }\n+++\n'
    "{% block sms %}UBND phuong: DINH CHINH tin ngay {{ ngay | ngay }}: "
    "{{ noi_dung | khong_dau }}{% endblock %}"
    "{% block zalo %}UBND phường: ĐÍNH CHÍNH tin ngày {{ ngay | ngay }}: {{ noi_dung }}{% endblock %}"
)


@pytest.fixture
def ward(app, tmp_path):
    people = add_people(app)
    everybody = [(f"Người {i}", number(i + 1), "Tổ 1", "") for i in range(len(STATES))]
    import_list(app, sheet(tmp_path / "may-to.csv", everybody))
    (app.templates / "dinh-chinh.j2").write_text(CORRECTION, "utf-8")
    return (app, *people)


def correct(app, officer, of, text="Cắt nước ngày 07/12."):
    template = templating.load(app.templates, "dinh-chinh")
    with app.begin(officer)() as tx:
        return application.correct_broadcast(app, tx, broadcasts.get(tx, of), template=template,
                              fields={"noi_dung": text})  # fmt: skip


def put_states(app, broadcast_id):
    """Each message in another state; who is in which."""
    people = rows(app, "SELECT id, contact_id FROM messages WHERE broadcast_id = :b ORDER BY id",
                  b=broadcast_id)  # fmt: skip
    with app.begin(SYSTEM)() as tx:
        for row, state in zip(people, STATES, strict=True):
            tx.run("UPDATE messages SET state = :s WHERE id = :i", {"s": state, "i": row["id"]})
        tx.note("test", "broadcast", broadcast_id)
    return {state: row["contact_id"] for row, state in zip(people, STATES, strict=True)}


def test_the_people_are_exactly_those_who_may_have_received_it(ward):
    app, officer, leader = ward
    original = released(app, officer, leader)
    who = put_states(app, original)
    made = correct(app, officer, original)
    assert get(app, made).correction_of == original
    approve_now(app, officer, leader, made)
    assert application.release_broadcast(app, get(app, made)) == BroadcastState.RUNNING.value
    found = {r["contact_id"] for r in rows(app, "SELECT contact_id FROM messages "
             "WHERE broadcast_id = :b", b=made)}  # fmt: skip
    assert found == {who[s] for s in planning.MAY_HAVE_RECEIVED}
    assert found == {who[s] for s in ("sending", "accepted", "delivered", "read", "unconfirmed")}


def test_it_opens_with_the_day_of_what_it_corrects(ward):
    app, officer, leader = ward
    original = released(app, officer, leader)
    put_states(app, original)
    sample = application.preview_broadcast(
        app, officer, get(app, correct(app, officer, original))
    ).samples[0]
    assert sample["body"] == "UBND phuong: DINH CHINH tin ngay 01/12/2026: Cat nuoc ngay 07/12."


def test_it_needs_a_second_person_and_covers_what_it_corrects(ward):
    app, officer, leader = ward
    original = released(app, officer, leader)
    put_states(app, original)
    made = correct(app, officer, original)
    other = correct(app, officer, original)
    with app.store.read(SYSTEM) as tx:
        digests = {planning.digest(tx, broadcasts.get(tx, b)) for b in (made, other)}
    assert len(digests) == 1
    with app.begin(SYSTEM)() as tx:
        broadcasts.mark_correction(tx, other, made)
        tx.note("test", "broadcast", other)
    with app.store.read(SYSTEM) as tx:
        assert planning.digest(tx, broadcasts.get(tx, other)) not in digests
    with pytest.raises(Problem):
        approve_now(app, officer, officer, made)


def test_nobody_has_received_anything_yet(ward):
    app, officer, leader = ward
    with pytest.raises(Problem, match="Nobody has received"):
        correct(app, officer, write_broadcast(app, officer))
    with pytest.raises(Problem, match="Nobody has received"):
        correct(app, officer, released(app, officer, leader))


def test_it_goes_first_by_the_channel_that_reached_them(ward):
    app, officer, leader = ward
    original = released(app, officer, leader, route="zalo-then-sms")
    with app.begin(SYSTEM)() as tx:  # every other one was reached by SMS, after Zalo had failed
        for channel, state, which in (("zalo", "refused", "1 = 1"), ("zalo", "accepted", "id % 2 = 1"),
                                      ("sms", "accepted", "id % 2 = 0")):  # fmt: skip
            tx.run(
                "INSERT INTO attempts (message_id, broadcast_id, position, gateway, channel, "
                "reference, call_ref, state, asked_at) SELECT id, broadcast_id, 1, "
                f"'{channel}', '{channel}', '{state}{channel}' || id, 'x', '{state}', :t "
                f"FROM messages WHERE {which}",
                {"t": at(tx.now)},
            )
        tx.run("UPDATE messages SET state = 'delivered', changed_at = :t", {"t": at(tx.now)})
        tx.note("test", "broadcast", original)
    by_channel = {r["contact_id"]: r["channel"] for r in rows(app,
                  "SELECT m.contact_id, a.channel FROM messages m JOIN attempts a "
                  "ON a.message_id = m.id AND a.state = 'accepted' WHERE m.broadcast_id = :b", b=original)}  # fmt: skip
    assert set(by_channel.values()) == {"zalo", "sms"}
    made = correct(app, officer, original)
    approve_now(app, officer, leader, made)
    assert application.release_broadcast(app, get(app, made)) == BroadcastState.RUNNING.value
    starts = {r["contact_id"]: r["channel"] for r in rows(app,
              "SELECT m.contact_id, t.channel FROM messages m JOIN targets t ON t.message_id = m.id "
              "AND t.position = m.position WHERE m.broadcast_id = :b", b=made)}  # fmt: skip
    assert starts == by_channel
