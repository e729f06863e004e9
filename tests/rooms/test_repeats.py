"""One text, one time: the same words to the same address within a day need a reason."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from conftest import add_people
from walk import counts, get, import_list, number, rows, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import application, message_rendering, releasing, repeating
from dispatcher.db.broadcasts import broadcasts, repeats
from dispatcher.db.contacts import contact_lists
from dispatcher.db.scope import with_walls
from dispatcher.domain.model import SYSTEM, Audience, BroadcastState
from dispatcher.domain.problems import Problem

PERSONAL = """+++
title = "Từng người"
kind = "warning"
reviewed = 2999-01-01
+++
{% block sms %}UBND phuong: ong/ba {{ contact.name | khong_dau }} chu y.{% endblock %}
"""
COPY = """+++
title = "Bản chép"
kind = "warning"
reviewed = 2999-01-01
+++
{% block sms %}UBND phuong {{ ward.name | khong_dau }}: KHONG chuyen tien.{% endblock %}
"""
OTHER = COPY.replace("KHONG chuyen tien", "tin khac")


@pytest.fixture
def ward(app, tmp_path):
    officer, leader = add_people(app)
    listed = [(f"Người {i}", number(i + 1), f"Tổ {i % 2 + 1}", "") for i in range(5)]
    import_list(app, sheet(tmp_path / "may-to.csv", listed))
    for name, text in (("tung-nguoi", PERSONAL), ("chep", COPY), ("khac", OTHER)):
        (app.templates / f"{name}.j2").write_text(text, encoding="utf-8")
    return SimpleNamespace(app=app, officer=officer, leader=leader)


def preview(ward, made):
    return application.preview_broadcast(ward.app, ward.officer, get(ward.app, made))


def submit(ward, made, **more):
    found = preview(ward, made)
    with ward.app.begin(ward.officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found, **more)


def approve(ward, made):
    with ward.app.begin(ward.leader)() as tx:
        planning.approve(tx, broadcasts.get(tx, made))


def schedule(ward, made, when=None, again=""):
    when = when or ward.app.clock()
    repeated = repeating.unexplained(ward.app, ward.officer, get(ward.app, made), when)
    with ward.app.begin(ward.officer)() as tx:
        planning.schedule(tx, broadcasts.get(tx, made), when, repeated=repeated, again=again)


def approved(ward, **more):
    """A broadcast that is due at once, handed in without a reason."""
    made = write_broadcast(ward.app, ward.officer, **more)
    submit(ward, made)
    approve(ward, made)
    schedule(ward, made)
    return made


def release(ward, made):
    assert (
        application.release_broadcast(ward.app, get(ward.app, made)) == BroadcastState.RUNNING.value
    )
    return made


def sent(ward, **more):
    return release(ward, approved(ward, **more))


def become(ward, made, state, most=99):
    with ward.app.begin(SYSTEM)() as tx:
        tx.run("UPDATE messages SET state = :s WHERE id IN (SELECT id FROM messages "
               "WHERE broadcast_id = :b AND state = 'queued' ORDER BY id LIMIT :n)",
               {"s": state, "b": made, "n": most})  # fmt: skip
        tx.note("test", "broadcast", made)


def skipped(ward, made):
    found = rows(ward.app, "SELECT reason, count(*) AS n FROM messages WHERE broadcast_id = :b "
                 "AND state = 'skipped' GROUP BY reason", b=made)  # fmt: skip
    return {row["reason"]: row["n"] for row in found}


# --- before approval ------------------------------------------------------------------------------


def test_exactly_the_same_text_again_needs_a_reason_that_is_kept(ward):
    first = sent(ward)
    made = write_broadcast(ward.app, ward.officer)
    assert preview(ward, made).repeated == {first: 5}
    with pytest.raises(Problem, match="24 hours") as caught:
        submit(ward, made)
    assert (caught.value.exit_code, caught.value.code) == (3, "same_words")
    submit(ward, made, again="lũ lên nhanh hơn dự kiến")
    found = get(ward.app, made)
    assert (found.again, found.again_of) == ("lũ lên nhanh hơn dự kiến", (first,))
    (note,) = rows(ward.app, "SELECT entry FROM trail WHERE act = 'again' AND noun_id = :b",
                   b=str(made))  # fmt: skip
    assert "lũ lên nhanh" in note["entry"]
    seen = preview(ward, made)  # what whoever approves it looks at
    assert (seen.repeated, seen.unexplained, seen.again) == ({first: 5}, {}, found.again)
    approve(ward, made)
    schedule(ward, made)
    release(ward, made)
    assert counts(ward.app, made) == {"queued": 5}


@pytest.mark.parametrize("template", ["canh-bao", "chep"])
def test_the_words_count_whatever_template_they_come_from(ward, template):
    first = sent(ward)
    made = write_broadcast(ward.app, ward.officer, template=template)
    assert preview(ward, made).repeated == {first: 5}


def test_texts_that_name_people_are_compared_person_by_person(ward):
    first = sent(ward, template="tung-nguoi")
    become(ward, first, "failed", most=2)
    made = write_broadcast(ward.app, ward.officer, template="tung-nguoi")
    assert preview(ward, made).repeated == {first: 3}


def test_another_text_another_day_or_who_never_got_it_is_no_repeat(ward, clock):
    first = sent(ward)
    other = write_broadcast(ward.app, ward.officer, template="khac")
    assert preview(ward, other).repeated == {}
    become(ward, first, "failed", most=1)
    again = write_broadcast(ward.app, ward.officer)
    assert preview(ward, again).repeated == {first: 4}
    clock.advance(hours=24)
    assert preview(ward, write_broadcast(ward.app, ward.officer)).repeated == {}


@pytest.mark.parametrize("state", ["failed", "expired", "cancelled", "skipped"])
def test_what_never_left_is_not_words_somebody_got(ward, state):
    become(ward, sent(ward), state)
    assert preview(ward, write_broadcast(ward.app, ward.officer)).repeated == {}


def test_what_may_have_left_counts(ward):
    first = sent(ward)
    become(ward, first, "unconfirmed")
    assert preview(ward, write_broadcast(ward.app, ward.officer)).repeated == {first: 5}


def test_a_broadcast_still_under_way_after_a_day_counts_with_what_has_not_left(ward, clock):
    made = write_broadcast(ward.app, ward.officer, expires_after=timedelta(hours=48))
    submit(ward, made)
    approve(ward, made)
    schedule(ward, made)
    release(ward, made)
    become(ward, made, "accepted", most=3)
    clock.advance(hours=30)
    assert preview(ward, write_broadcast(ward.app, ward.officer)).repeated == {made: 2}


def test_what_is_approved_and_not_sent_yet_counts_too(ward):
    waiting = write_broadcast(ward.app, ward.officer, audience=Audience(("Máy Tơ",), ("Tổ 1",)))
    submit(ward, waiting)
    made = write_broadcast(ward.app, ward.officer)
    assert preview(ward, made).repeated == {}  # nobody has approved it
    approve(ward, waiting)
    assert preview(ward, made).repeated == {waiting: 3}
    schedule(ward, waiting, ward.app.clock() + timedelta(hours=23))
    assert preview(ward, made).repeated == {waiting: 3}
    with pytest.raises(Problem) as caught:
        submit(ward, made)
    assert caught.value.code == "same_words"
    assert rows(ward.app, "SELECT count(*) AS n FROM messages") == [{"n": 0}]


def test_what_names_people_and_waits_counts_person_by_person(ward):
    audience = Audience(("Máy Tơ",), ("Tổ 2",))
    waiting = approved(ward, template="tung-nguoi", audience=audience)
    made = write_broadcast(ward.app, ward.officer, template="tung-nguoi")
    assert preview(ward, made).repeated == {waiting: 2}


def test_a_start_more_than_a_day_away_is_no_repeat_and_the_chosen_time_decides(ward):
    first = approved(ward)
    made = write_broadcast(ward.app, ward.officer)
    submit(ward, made, again="nhắc lại")
    approve(ward, made)
    now = ward.app.clock()
    other = write_broadcast(ward.app, ward.officer)
    assert preview(ward, other).repeated == {first: 5, made: 5}
    later = get(ward.app, other)
    assert repeating.unexplained(ward.app, ward.officer, later, now + timedelta(hours=25)) == {}


def test_setting_the_time_asks_for_the_reason_that_nobody_was_asked_for_before(ward):
    one, two = (write_broadcast(ward.app, ward.officer) for _ in range(2))
    for made in (one, two):
        submit(ward, made)
    for made in (one, two):
        approve(ward, made)
    with pytest.raises(Problem) as caught:
        schedule(ward, one)
    assert caught.value.code == "same_words"
    assert get(ward.app, one).state is BroadcastState.APPROVED
    schedule(ward, one, again="sáng và chiều")
    schedule(ward, two)  # the reason covers the two of them
    for made in (one, two):
        release(ward, made)
        assert counts(ward.app, made) == {"queued": 5}


def test_a_reason_that_was_given_before_it_was_needed_covers_the_time_that_is_set(ward):
    made = write_broadcast(ward.app, ward.officer)
    submit(ward, made, again="sáng và chiều")
    assert get(ward.app, made).again == "sáng và chiều"
    other = write_broadcast(ward.app, ward.officer)
    submit(ward, other)
    for number_ in (other, made):
        approve(ward, number_)
    with ward.app.begin(ward.officer)() as tx:
        planning.schedule(tx, broadcasts.get(tx, other), ward.app.clock())
    release(ward, other)
    schedule(ward, made)
    assert get(ward.app, made).again_of == (other,)
    release(ward, made)
    assert counts(ward.app, made) == {"queued": 5}


def test_a_correction_with_the_same_words_needs_a_reason(ward):
    first = sent(ward)
    become(ward, first, "delivered")
    with ward.app.begin(ward.officer)() as tx:
        loaded = templating.load(ward.app.templates, "canh-bao")
        made = application.correct_broadcast(
            ward.app, tx, broadcasts.get(tx, first), template=loaded, fields={}
        )  # fmt: skip
    with pytest.raises(Problem) as caught:
        submit(ward, made)
    assert caught.value.code == "same_words"


def test_a_resend_to_those_it_did_not_reach_needs_none_and_to_those_in_doubt_does(ward):
    first = sent(ward)
    become(ward, first, "failed", most=2)
    become(ward, first, "unconfirmed")
    with ward.app.begin(ward.officer)() as tx:
        made = planning.resend(tx, broadcasts.get(tx, first), ("failed",))
        doubtful = planning.resend(tx, broadcasts.get(tx, first), ("unconfirmed",))
    submit(ward, made)
    with pytest.raises(Problem) as caught:
        submit(ward, doubtful)
    assert caught.value.code == "same_words"


def test_an_urgent_text_is_told_and_not_blocked_nor_is_anybody_left_out(ward):
    first = sent(ward)
    made = write_broadcast(ward.app, ward.officer, urgent=True)
    assert preview(ward, made).repeated == {first: 5}
    submit(ward, made)
    approve(ward, made)
    schedule(ward, made)
    release(ward, made)
    assert counts(ward.app, made) == {"queued": 5}


def test_a_test_to_a_phone_of_ours_and_a_drill_before_going_live_do_not_count(ward):
    made = write_broadcast(ward.app, ward.officer)
    with ward.app.begin(SYSTEM)() as tx:
        contact = contact_lists.list_contacts(tx, limit=1)[0]["id"]
    with ward.app.begin(ward.officer)() as tx:
        tested = planning.test(tx, broadcasts.get(tx, made), contact)
    release(ward, tested)
    assert preview(ward, made).repeated == {}
    submit(ward, made)
    first = sent(ward, template="khac")
    with ward.app.begin(SYSTEM)() as tx:
        tx.run("UPDATE broadcasts SET mode = 'live' WHERE id = :b", {"b": first})
        tx.note("test", "broadcast", first)
    assert preview(ward, write_broadcast(ward.app, ward.officer, template="khac")).repeated == {}
    with ward.app.begin(ward.officer)() as tx:
        again = planning.test(tx, broadcasts.get(tx, made), contact)
    release(ward, again)
    assert counts(ward.app, again) == {"queued": 1}


def test_an_edit_takes_the_reason_away(ward):
    sent(ward)
    made = write_broadcast(ward.app, ward.officer)
    submit(ward, made, again="nhắc lại")
    with ward.app.begin(ward.officer)() as tx:
        planning.edit(tx, broadcasts.get(tx, made), title="Khác")
    assert get(ward.app, made).again == ""
    with pytest.raises(Problem):
        submit(ward, made)


# --- at the release -----------------------------------------------------------------------------


def overtaken(ward, **more):
    """(the one that was handed in first, the one that went out before it): both without a reason,
    since neither was approved when the other was handed in."""
    slow = write_broadcast(ward.app, ward.officer)
    quick = write_broadcast(ward.app, ward.officer, **more)
    submit(ward, slow)
    submit(ward, quick)
    approve(ward, slow)
    approve(ward, quick)
    for made in (slow, quick):
        with ward.app.begin(ward.officer)() as tx:
            planning.schedule(tx, broadcasts.get(tx, made), ward.app.clock())
    release(ward, quick)
    return slow, quick


def test_whoever_got_the_words_meanwhile_is_left_out_by_name_and_the_rest_goes(ward):
    slow, quick = overtaken(ward, audience=Audience(("Máy Tơ",), ("Tổ 1",)))
    seen = preview(ward, slow)
    assert (seen.queued, seen.skipped) == (2, {"same_words": 3})
    release(ward, slow)
    assert counts(ward.app, slow) == {"queued": 2, "skipped": 3}
    assert skipped(ward, slow) == {"same_words": 3}
    targets = rows(ward.app, "SELECT count(*) AS n FROM targets WHERE broadcast_id = :b", b=slow)
    assert targets == [{"n": 2}]  # nobody pays for them, and no later step goes to them
    (note,) = rows(ward.app, "SELECT entry FROM trail WHERE act = 'same_words'")
    assert str(quick) in note["entry"]


def test_whoever_was_not_reached_meanwhile_is_written_to(ward):
    slow, quick = overtaken(ward)
    become(ward, quick, "failed", most=2)
    release(ward, slow)
    assert counts(ward.app, slow) == {"queued": 2, "skipped": 3}


def test_everybody_left_out_ends_a_broadcast_and_never_holds_it(ward):
    slow, _ = overtaken(ward)
    release(ward, slow)
    assert skipped(ward, slow) == {"same_words": 5}


def test_whoever_shares_the_phone_of_somebody_left_out_got_the_words_too(ward, tmp_path):
    listed = [("Vợ", number(501), "Tổ 1", ""), ("Chồng", number(501), "Tổ 1", "")]
    import_list(ward.app, sheet(tmp_path / "may-to.csv", listed))
    slow, _ = overtaken(ward)
    release(ward, slow)
    assert skipped(ward, slow) == {"same_words": 7}


def household(ward, tmp_path):
    """(broadcast to a wife whose second number is her husband's, broadcast to him), approved."""
    listed = [("Chồng", number(501), "Tổ 7", ""),
              ("Vợ", f"{number(502)} ; {number(501)}", "Tổ 8", "")]  # fmt: skip
    import_list(ward.app, sheet(tmp_path / "may-to.csv", listed))
    wife = approved(ward, audience=Audience(("Máy Tơ",), ("Tổ 8",)))
    return wife, approved(ward, audience=Audience(("Máy Tơ",), ("Tổ 7",)))


def test_a_second_number_that_was_not_needed_got_no_words(ward, tmp_path):
    wife, husband = household(ward, tmp_path)
    release(ward, wife)
    release(ward, husband)
    assert counts(ward.app, husband) == {"queued": 1}


def test_somebody_elses_phone_that_got_the_words_is_no_second_way_to_a_person(ward, tmp_path):
    wife, husband = household(ward, tmp_path)
    release(ward, husband)
    release(ward, wife)
    assert counts(ward.app, wife) == {"queued": 1}  # her own phone did not get them
    targets = rows(ward.app, "SELECT count(*) AS n FROM targets WHERE broadcast_id = :b", b=wife)
    assert targets == [{"n": 1}]


def test_a_reason_given_by_either_of_two_broadcasts_covers_both(ward):
    slow = approved(ward)
    quick = write_broadcast(ward.app, ward.officer)
    submit(ward, quick, again="lũ lên nhanh")
    approve(ward, quick)
    schedule(ward, quick)
    release(ward, quick)
    release(ward, slow)
    assert counts(ward.app, slow) == {"queued": 5}


def test_a_release_that_ends_while_another_is_planned_is_seen_by_it(ward, monkeypatch):
    slow = write_broadcast(ward.app, ward.officer)
    quick = write_broadcast(ward.app, ward.officer)
    for made in (slow, quick):
        submit(ward, made)
    for made in (slow, quick):
        approve(ward, made)
        with ward.app.begin(ward.officer)() as tx:
            planning.schedule(tx, broadcasts.get(tx, made), ward.app.clock())
    forecast, told = releasing.forecast, []

    def asked(*given, now):  # everybody is planned, and looked at
        told.append("planned")
        return forecast(*given, now=now)

    def begin():
        if told == ["planned"]:
            told.append("overtaken")
            release(ward, quick)
        return ward.app.begin(SYSTEM)()

    monkeypatch.setattr(releasing, "forecast", asked)
    broadcast = get(ward.app, slow)
    with ward.app.store.read(SYSTEM) as tx:
        words, speeds = (
            message_rendering.release_words(ward.app.site, tx, broadcast),
            application.speeds(ward.app.site, tx),
        )
    planning.release(
        begin,
        broadcast,
        words,
        application.resolver(ward.app, broadcast),
        timedelta(),
        ward.app.site.mode,
        speeds,
    )
    assert "overtaken" in told
    assert skipped(ward, slow) == {"same_words": 5}


def test_looking_for_the_same_words_walks_no_table_of_messages(ward):
    first = sent(ward)
    slow = write_broadcast(ward.app, ward.officer)
    found = repeats.Same(repeats.Other(first, True, False, False), frozenset({(1, 2)}))
    with ward.app.begin(SYSTEM)() as tx:
        repeats.by_ids(tx)
        known = {"b": slow, "e": first, "low": 0, "high": 9}
        explain = "EXPLAIN QUERY PLAN" if tx.is_sqlite else "EXPLAIN"
        plan = tx.rows(
            f"{explain} "
            + with_walls(f"SELECT m.id {repeats._hits(found)} AND {repeats._SELF}", True),
            **known,
        )
        told = "\n".join(str(list(row.values())[-1]) for row in plan)
        tx.note("test", "broadcast", slow)
    walk = "SCAN messages", "SCAN t", "SCAN o", "SCAN g", "SCAN s", "Seq Scan"
    assert not any(line.strip().startswith(walk) for line in told.splitlines()), told
    if "SEARCH" in told:  # from the people of a stretch, in this order, to one look per address
        people, _, _, address, *_ = told.splitlines()
        assert "contact_id>? AND contact_id<?" in people
        assert "broadcast_id=? AND channel=? AND address_id=?" in address
