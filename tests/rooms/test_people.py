"""Who may act: one account a person, rights that end at once, work handed over, keys and codes."""

import threading
from datetime import timedelta

import pyotp
import pytest
from conftest import add_people
from patience import PATIENCE
from walk import counts, get, import_list, number, released, rows, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.db.broadcasts import broadcasts, schedules
from dispatcher.db.contacts import areas, contact_lists, groups
from dispatcher.db.ops import settings
from dispatcher.db.staff import api_keys, people, sessions
from dispatcher.db.staff.handover import hand_over, in_hand
from dispatcher.domain.model import SYSTEM, Audience, BroadcastState, Role
from dispatcher.domain.problems import Problem
from dispatcher.usecases import people as people_acts
from dispatcher.usecases import signing_in
from dispatcher.usecases.context import Context

POSTGRESQL_LATER = True

GOOD = "mèo xanh ăn sấm chớp"


@pytest.fixture
def three(app, tmp_path):
    officer, leader = add_people(app)
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "ad", "Lê Quản Trị", Role.ADMIN, [], email="ad@phuong.example")
    import_list(app, sheet(tmp_path / "may-to.csv", [("A", number(1), "Tổ 1", "")]))
    return app, officer, leader, app.actor("ad")


def submitted(app, officer):
    made = write_broadcast(app, officer)
    found = application.preview_broadcast(app, officer, get(app, made))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found, again="thử")
    return made


# --- one account a person -----------------------------------------------------------------------


def test_nobody_gets_a_second_account(three):
    app, *_ = three
    with app.begin(SYSTEM)() as tx:
        for full, more in (("Nguyễn Thị Lan", {}), ("Ai Đó", {"email": "AD@phuong.example"})):
            with pytest.raises(Problem) as told:
                people.add(tx, "lan2", full, Role.LEADER, [], **more)
            assert told.value.code == "second-account"
        people.add(tx, "lan3", "nguyen thi lan", Role.LEADER, [], namesake=True)


def test_an_authors_second_account_that_came_in_by_sql_approves_nothing(three):
    app, officer, leader, _ = three
    made = submitted(app, officer)
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE people SET full_name = 'NGUYỄN THỊ LAN' WHERE id = :p",
               {"p": leader.person_id})  # fmt: skip
        tx.note("test", "person", 0)
    with pytest.raises(Problem) as told:
        with app.begin(leader)() as tx:
            planning.approve(tx, broadcasts.get(tx, made))
    assert told.value.code == "own-work"


# --- rights that end at once --------------------------------------------------------------------


@pytest.mark.parametrize("change", ["role", "disable", "wards"])
def test_a_role_taken_away_in_the_middle_approves_nothing(three, change):
    app, officer, leader, _ = three
    made = submitted(app, officer)
    with app.begin(SYSTEM)() as tx:
        if change == "role":
            people.set_role(tx, leader.person_id, Role.OFFICER, None)
        elif change == "disable":
            people.disable(tx, leader.person_id)
        else:
            people.set_role(tx, leader.person_id, Role.LEADER, [areas.ward(tx, "Cầu Đất").id])
    with pytest.raises(Problem) as told:
        with app.begin(leader)() as tx:
            planning.approve(tx, broadcasts.get(tx, made))
    assert told.value.code == "rights-changed"
    assert get(app, made).state is BroadcastState.SUBMITTED


def test_a_role_is_held_still_while_an_approval_is_being_written(three):
    """Whoever takes the role away waits until the approval is in, or is first."""
    app, officer, leader, _ = three
    made, order = submitted(app, officer), []

    def take_away():
        with app.begin(SYSTEM)() as tx:
            people.set_role(tx, leader.person_id, Role.OFFICER, None)
        order.append("taken")

    with app.begin(leader)() as tx:
        thread = threading.Thread(target=take_away)
        thread.start()
        planning.approve(tx, broadcasts.get(tx, made))
        order.append("approved")
    thread.join(PATIENCE)
    assert order == ["approved", "taken"]


def test_disabling_ends_sessions_keys_and_duties(three):
    app, officer, leader, _ = three
    with app.begin(SYSTEM)() as tx:
        word = signing_in.start_session(tx, leader, "Chrome")
        key = signing_in.new_key(tx, leader, "phần mềm", "write", timedelta(days=30))
        assert signing_in.who(tx, word, tx.now)[0] == leader
        assert signing_in.by_key(tx, key, tx.now)[0] == leader
        people.disable(tx, leader.person_id)
        assert signing_in.who(tx, word, tx.now) is None
        assert signing_in.by_key(tx, key, tx.now) is None
        assert tx.value("SELECT count(*) FROM sessions") == 0


# --- handing over -------------------------------------------------------------------------------


def test_handover_moves_drafts_schedules_and_lists_and_ends_what_ran_under_their_approval(three):
    app, officer, leader, _ = three
    draft, waiting = write_broadcast(app, officer), submitted(app, officer)
    with app.begin(SYSTEM)() as tx:
        taker_id = people.add(tx, "mai", "Phạm Thị Mai", Role.OFFICER, [])
        settings.put(tx, "basis:1", '{"officer": "lan", "legal": "Luật 91/2025"}')
        schedules.keep(tx, "thu-hai", "d", "s")
        tx.run("UPDATE schedules SET state = 'approved', submitted_by = :o, approved_by = :l",
               {"o": officer.person_id, "l": leader.person_id})  # fmt: skip
        found = in_hand(tx, officer)
        assert (found.broadcasts, found.schedules, found.lists) == (
            (draft, waiting), ("thu-hai",), (1,))  # fmt: skip
    taker = app.actor("mai")
    with app.begin(SYSTEM)() as tx:
        hand_over(tx, officer, taker)
        assert not in_hand(tx, officer)
        assert in_hand(tx, taker).broadcasts == (draft, waiting)
        assert '"officer": "mai"' in settings.get(tx, "basis:1")
        assert in_hand(tx, leader).approved_schedules == ("thu-hai",)
        hand_over(tx, leader, app.actor("ad"))
        row = schedules.get(tx, "thu-hai")
        assert (row["state"], row["reason"]) == ("ended", "approver_left")
    assert get(app, draft).created_by == taker_id
    with app.store.read(SYSTEM) as tx:
        assert broadcasts.hands(tx, waiting) == {officer.person_id, taker_id}


def test_work_of_a_ward_is_not_handed_to_somebody_of_another(three):
    app, officer, *_ = three
    draft = write_broadcast(app, officer)
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "xa", "Ở Xa", Role.OFFICER, [areas.ward(tx, "Cầu Đất").id])
    with pytest.raises(Problem) as told:
        people_acts.hand_over(Context(app, app.actor("ad")), "lan", "xa")
    assert told.value.code == "not-their-ward"
    assert get(app, draft).created_by == officer.person_id


def test_a_group_never_carries_a_broadcast_into_wards_its_author_does_not_look_after(
    three, tmp_path
):
    app, *_, leader, _ = three
    import_list(app, sheet(tmp_path / "cau-dat.csv", [("B", number(2), "Tổ 1", "")]))
    with app.begin(SYSTEM)() as tx:
        mine = areas.ward(tx, "Máy Tơ").id
        people.add(tx, "to", "Cán Bộ Tơ", Role.OFFICER, [mine])
        both = [c["id"] for c in contact_lists.list_contacts(tx, limit=9)]
        group = next(iter(groups.ensure(tx, ["Tổ công nghệ số"]).values()))
        groups.join(tx, [(group, c) for c in both])
        tx.note("joined", "group", group)
    made = released(app, app.actor("to"), leader, audience=Audience(groups=("Tổ công nghệ số",)))
    assert len(both) == 2
    assert counts(app, made) == {"queued": 1}
    assert {r["ward_id"] for r in rows(app, "SELECT ward_id FROM messages")} == {mine}


# --- proving who one is -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "weak",
    ["ngắn quá", "123456789012", "matkhau123456", "aaaaaaaaaaaaaaa", "Password1234!", "qwertyqwerty12",
     "NguyenThiLan2026", "phuongmayto1", "111111222222333", "vietnamvietnam"],
)  # fmt: skip
def test_passwords_that_are_guessed_first_are_refused(three, weak):
    app, officer, *_ = three
    with pytest.raises(Problem) as told:
        with app.begin(SYSTEM)() as tx:
            signing_in.set_password(tx, officer, weak)
    assert told.value.code == "weak-password"


def test_five_wrong_passwords_lock_for_a_quarter_of_an_hour_and_all_answers_sound_alike(
    three, clock
):
    app, officer, *_ = three
    with app.begin(SYSTEM)() as tx:
        signing_in.set_password(tx, officer, GOOD)
    assert signing_in.check_password(app.begin(SYSTEM), "Lan", GOOD) == officer
    said = set()
    for name, password in [("lan", "x"), ("khong-co", GOOD), *[("lan", "y")] * 4, ("lan", GOOD)]:
        with pytest.raises(Problem) as told:
            signing_in.check_password(app.begin(SYSTEM), name, password)
        said.add(told.value.to("vi"))
    assert len(said) == 1
    clock.advance(minutes=16)
    assert signing_in.check_password(app.begin(SYSTEM), "lan", GOOD) == officer
    with app.store.read(SYSTEM) as tx:
        assert GOOD not in str(tx.rows("SELECT password_hash FROM people"))


def test_a_one_time_code_counts_once_and_only_near_its_half_minute(three, clock):
    app, _, leader, _ = three
    with app.begin(SYSTEM)() as tx:
        address = signing_in.new_totp(tx, leader, "Phường thử")
    totp = pyotp.parse_uri(address)
    code = totp.at(app.clock())
    with app.begin(SYSTEM)() as tx:
        assert signing_in.check_totp(tx, leader, f"{code[:3]} {code[3:]}")
        assert not signing_in.check_totp(tx, leader, code)  # replayed
        assert not signing_in.check_totp(tx, leader, totp.at(app.clock() - timedelta(minutes=2)))
        assert not signing_in.check_totp(tx, leader, "không số")
    clock.advance(seconds=60)
    with app.begin(SYSTEM)() as tx:
        assert signing_in.check_totp(tx, leader, totp.at(app.clock()))


def test_sessions_end_when_idle_when_old_and_with_a_new_password(three, clock):
    app, officer, *_ = three
    with app.begin(SYSTEM)() as tx:
        word = signing_in.start_session(tx, officer, "Firefox")
    for _ in range(25):  # 12 hours and a half, never idle
        clock.advance(minutes=29)
        with app.begin(SYSTEM)() as tx:
            alive = signing_in.who(tx, word, tx.now) is not None
            sessions.keep_alive(tx, signing_in.secret_digest(word))
    assert not alive
    with app.begin(SYSTEM)() as tx:
        idle = signing_in.start_session(tx, officer, "Firefox")
        changed = signing_in.start_session(tx, officer, "Firefox")
    with app.begin(SYSTEM)() as tx:
        signing_in.set_password(tx, officer, GOOD)
        assert signing_in.who(tx, changed, tx.now) is None
        word = signing_in.start_session(tx, officer, "Firefox")
    clock.advance(minutes=31)
    with app.store.read(SYSTEM) as tx:
        assert signing_in.who(tx, idle, app.clock()) is None
        assert signing_in.who(tx, word, app.clock()) is None


def test_a_key_reads_or_writes_ends_by_itself_and_lies_nowhere_in_the_clear(three, clock):
    app, officer, *_ = three
    with app.begin(SYSTEM)() as tx:
        reads = signing_in.new_key(tx, officer, "đọc", "read", timedelta(days=2))
        writes = signing_in.new_key(tx, officer, "ghi", "write", timedelta(days=4000))
        listed = api_keys.list_keys(tx, {officer.person_id})
        assert [k["may"] for k in listed] == ["read", "write"]
        assert listed[1]["expires_at"] <= tx.now + timedelta(days=365)
        actor, _ = signing_in.by_key(tx, reads, tx.now)
        assert actor.only_reads
        assert not signing_in.by_key(tx, writes, tx.now)[0].only_reads
        kept = str(tx.rows("SELECT * FROM api_keys")) + str(tx.rows("SELECT entry FROM trail"))
        assert reads not in kept
        assert writes not in kept
    with pytest.raises(Problem) as told:
        with app.begin(actor)() as tx:
            people.reach(tx, officer.person_id, email="x@y.example", address_id=None)
    assert told.value.code == "read-only"
    clock.advance(days=3)
    with app.store.read(SYSTEM) as tx:
        assert signing_in.by_key(tx, reads, app.clock()) is None
        assert signing_in.by_key(tx, "dsp_forged", app.clock()) is None
