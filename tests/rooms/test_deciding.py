"""A second person's yes in all its forms: for somebody else, on paper, with corrected wording."""

import json
from dataclasses import replace
from datetime import date

import pytest
from conftest import add_people
from walk import get, import_list, number, rows, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application, message_rendering
from dispatcher.broadcasts.approving import approve_on_paper, offer
from dispatcher.db.broadcasts import approvals, broadcasts, files
from dispatcher.db.contacts import areas
from dispatcher.db.staff import delegations, people
from dispatcher.domain.model import SYSTEM, BroadcastState, Role
from dispatcher.domain.problems import Problem
from dispatcher.usecases.context import refusals

POSTGRESQL_LATER = True

TODAY = date(2026, 12, 1)
PDF = b"%PDF-1.4 a scan"


@pytest.fixture
def ward(app, tmp_path):
    officer, leader = add_people(app)
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "mai", "Phạm Thị Mai", Role.OFFICER, [], "Phó Chủ tịch")
        tx.run("UPDATE people SET position = 'Chủ tịch' WHERE name = 'minh'")
    (app.templates / "hen.j2").write_text(
        '+++\ntitle = "Hẹn"\nkind = "notice"\nreviewed = 2999-01-01\n[fields]\n'
        'gio = { label = "Giờ", required = true }\n+++\n{% block sms %}UBND phuong '
        "{{ ward.name | khong_dau }}: moi ba con hop luc {{ gio }}.{% endblock %}\n",
        encoding="utf-8",
    )
    listed = [("A", number(1), "Tổ 1", ""), ("B", number(2), "Tổ 1", "")]
    import_list(app, sheet(tmp_path / "may-to.csv", listed))
    return app, officer, leader, app.actor("mai")


def submitted(app, officer, **more):
    made = write_broadcast(app, officer, **more)
    found = application.preview_broadcast(app, officer, get(app, made))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found, again="thử")
    return made


def approve(app, actor, made, principal=None):
    with app.begin(actor)() as tx:
        planning.approve(tx, broadcasts.get(tx, made), principal)


def refusal(act):
    with pytest.raises(Problem) as told:
        act()
    assert told.value.exit_code == 3
    return told.value.code


def approval(app, made):
    with app.store.read(SYSTEM) as tx:
        return approvals.latest(tx, broadcasts.get(tx, made))


# --- for somebody else --------------------------------------------------------------------------


def delegated(app, leader, deputy, **more):
    given = {"prefix": "KT.", "document": "15/QĐ-UBND", "valid_from": TODAY, "valid_to": TODAY,
             **more}  # fmt: skip
    with app.begin(leader)() as tx:
        return delegations.add(tx, leader.person_id, deputy.person_id, **given)


def test_a_deputy_signs_for_the_head_as_the_document_says(ward):
    app, officer, leader, mai = ward
    made = submitted(app, officer)
    assert refusal(lambda: approve(app, mai, made)) == "role"
    delegated(app, leader, mai)
    approve(app, mai, made)
    signed = approval(app, made)
    assert signed["signature"] == ["KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH", "Phạm Thị Mai"]
    assert (signed["manner"], signed["document"]) == ("delegated", "15/QĐ-UBND")
    assert get(app, made).approved_by == mai.person_id


@pytest.mark.parametrize(
    "limits",
    [{"valid_to": date(2026, 11, 30), "valid_from": date(2026, 11, 1)},
     {"valid_from": date(2026, 12, 2), "valid_to": date(2026, 12, 9)},
     {"most_people": 11}, {"most_dong": 100}],
)  # fmt: skip
def test_a_delegation_holds_between_its_days_and_up_to_its_limits(ward, limits):
    app, officer, leader, mai = ward
    made = submitted(app, officer)
    delegated(app, leader, mai, **limits)
    assert refusal(lambda: approve(app, mai, made)) == "outside-delegation"
    assert get(app, made).state is BroadcastState.SUBMITTED


def test_a_delegation_ends_with_the_leader_or_by_a_word(ward):
    app, officer, leader, mai = ward
    made = submitted(app, officer)
    given = delegated(app, leader, mai)
    with app.begin(leader)() as tx:
        delegations.end(tx, given)
    assert refusal(lambda: approve(app, mai, made)) == "role"
    delegated(app, leader, mai)
    with app.begin(SYSTEM)() as tx:
        people.disable(tx, leader.person_id)
    assert refusal(lambda: approve(app, mai, made)) == "role"


def test_nobody_signs_for_the_author(ward):
    """A leader who wrote it cannot have it approved in their own name."""
    app, _, leader, mai = ward
    made = submitted(app, leader)
    delegated(app, leader, mai)
    assert refusal(lambda: approve(app, mai, made)) == "own-work"
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "ha", "Võ Thị Hà", Role.LEADER, [])
    approve(app, app.actor("ha"), made)


# --- on paper -----------------------------------------------------------------------------------


def on_paper(app, recorder, signer, made, document="21/TB-UBND", day=TODAY, file=None):
    with app.begin(recorder)() as tx:
        approve_on_paper(tx, broadcasts.get(tx, made), signer, document, day, file)


def test_an_approval_on_paper_is_kept_with_its_number_day_and_scan_and_marked_so(ward):
    app, officer, leader, mai = ward
    made = submitted(app, officer)
    with app.begin(mai)() as tx:
        scan = files.put(tx, PDF)
    on_paper(app, mai, leader, made, file=scan)
    signed = approval(app, made)
    assert (signed["manner"], signed["document"], signed["day"]) == (
        "paper", "21/TB-UBND", "2026-12-01")  # fmt: skip
    assert signed["recorded_by"] == "Phạm Thị Mai"
    assert get(app, made).approved_by == leader.person_id
    with app.store.read(SYSTEM) as tx:
        assert files.content(tx, scan) == ("application/pdf", PDF)
        kept = tx.value("SELECT sealed FROM files")
    assert PDF not in bytes(kept)


def test_the_author_does_not_record_a_paper_and_no_one_signs_before_it_was_handed_in(ward):
    app, officer, leader, mai = ward
    made = submitted(app, officer)
    assert refusal(lambda: on_paper(app, officer, leader, made)) == "own-work"
    assert refusal(lambda: on_paper(app, mai, mai, made)) == "role"
    early = date(2026, 11, 30)
    assert refusal(lambda: on_paper(app, mai, leader, made, day=early)) == "bad-paper"
    late = date(2026, 12, 2)
    assert refusal(lambda: on_paper(app, mai, leader, made, day=late)) == "bad-paper"
    assert refusal(lambda: on_paper(app, mai, leader, made, document=" ")) == "bad-paper"
    own = submitted(app, leader)
    assert refusal(lambda: on_paper(app, mai, leader, own)) == "own-work"


def test_only_papers_and_pictures_are_kept(ward):
    app, *_, mai = ward
    for content in (b"MZ\x90 a program", b"<html><script>", b""):
        with pytest.raises(Problem) as told, app.begin(mai)() as tx:
            files.put(tx, content)
        assert told.value.code == "file-kind"
    with pytest.raises(Problem) as told, app.begin(mai)() as tx:
        files.put(tx, PDF + bytes(files.MOST))
    assert told.value.code == "file-size"


# --- corrected wording --------------------------------------------------------------------------


def offered(app, leader, made, fields=(), phrases=()):
    with app.begin(leader)() as tx:
        broadcast = broadcasts.get(tx, made)
        filled, version = message_rendering.reworded(app.site, tx, broadcast, dict(fields), phrases)
        offer(tx, broadcast, filled, version, "")


def confirm(app, actor, made):
    with app.store.read(actor) as tx:
        reworded = application.as_offered(tx, broadcasts.get(tx, made))
    found = application.preview_broadcast(app, actor, reworded)
    with app.begin(actor)() as tx:
        planning.confirm(tx, broadcasts.get(tx, made), found)


def test_a_leaders_wording_counts_when_its_author_confirms_it(ward):
    app, officer, leader, _ = ward
    made = submitted(app, officer, template="hen", fields={"gio": "8h"})
    offered(app, leader, made, {"gio": "9h"}, [("moi ba con", "kinh moi ba con")])
    assert get(app, made).state is BroadcastState.RETURNED
    confirm(app, officer, made)
    done = get(app, made)
    assert (done.state, done.approved_by) == (BroadcastState.APPROVED, leader.person_id)
    assert approval(app, made)["manner"] == "corrected"
    with app.begin(officer)() as tx:
        planning.schedule(tx, done, app.clock())
    assert application.release_broadcast(app, get(app, made)) == "running"
    [text] = {r["text"] for r in rows(app, "SELECT text FROM bodies")}
    assert text == "UBND phuong May To: kinh moi ba con hop luc 9h."


def test_a_leaders_wording_is_not_confirmed_by_the_leader_nor_twice_nor_after_a_new_submission(
    ward,
):
    app, officer, leader, mai = ward
    made = submitted(app, officer, template="hen", fields={"gio": "8h"})
    assert refusal(lambda: confirm(app, officer, made)) == "no-offer"
    offered(app, leader, made, {"gio": "9h"})
    assert refusal(lambda: confirm(app, leader, made)) == "own-work"
    found = application.preview_broadcast(app, officer, get(app, made))
    with app.begin(officer)() as tx:  # the author insists on the old wording
        planning.submit(tx, broadcasts.get(tx, made), found, again="thử")
    assert refusal(lambda: confirm(app, officer, made)) == "no-offer"
    offered(app, leader, made, {"gio": "10h"})
    confirm(app, mai, made)
    assert refusal(lambda: confirm(app, officer, made)) == "no-offer"


def test_what_changed_between_a_correction_and_its_confirmation_voids_it(ward):
    app, officer, leader, _ = ward
    made = submitted(app, officer, template="hen", fields={"gio": "8h"})
    offered(app, leader, made, {"gio": "9h"})
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE broadcasts SET document = '99/UBND' WHERE id = :b", {"b": made})
        tx.note("test", "broadcast", made)
    assert refusal(lambda: confirm(app, officer, made)) == "changed-meanwhile"
    assert get(app, made).state is BroadcastState.RETURNED


def test_a_correction_that_changes_nothing_or_nothing_there_is_refused(ward):
    app, officer, leader, _ = ward
    made = submitted(app, officer, template="hen", fields={"gio": "8h"})
    assert refusal(lambda: offered(app, leader, made, {"gio": "8h"})) == "nothing-changed"
    assert refusal(lambda: offered(app, leader, made, (), [("chữ lạ", "x")])) == "no-such-phrase"


# --- editing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("upto", ["draft", "submitted", "approved", "scheduled"])
def test_an_edit_voids_what_was_approved(ward, upto):
    app, officer, leader, _ = ward
    if upto == "draft":
        made = write_broadcast(app, officer)
    else:
        made = submitted(app, officer)
    if upto in ("approved", "scheduled"):
        approve(app, leader, made)
    if upto == "scheduled":
        with app.begin(officer)() as tx:
            planning.schedule(tx, broadcasts.get(tx, made), app.clock())
    with app.begin(officer)() as tx:
        planning.edit(tx, broadcasts.get(tx, made), document="12/UBND")
    edited = get(app, made)
    assert (edited.state, edited.document) == (BroadcastState.DRAFT, "12/UBND")
    assert not edited.approved_digest
    assert edited.approved_by is None


def test_an_edited_audience_has_the_senders_and_wards_of_its_own(ward):
    app, officer, *_ = ward
    made = write_broadcast(app, officer)
    with app.begin(officer)() as tx:
        audience = replace(broadcasts.get(tx, made).audience, wards=("Cầu Đất",))
        planning.edit(tx, broadcasts.get(tx, made), audience=audience,
                      senders=application.senders(app, tx, audience))  # fmt: skip
        there = areas.ward(tx, "Cầu Đất").id
    assert list(get(app, made).senders) == [there]
    assert [r["ward_id"] for r in rows(app, "SELECT ward_id FROM broadcast_wards")] == [there]


def test_what_was_released_is_not_edited(ward):
    app, officer, leader, _ = ward
    made = submitted(app, officer)
    approve(app, leader, made)
    with app.begin(officer)() as tx:
        planning.schedule(tx, broadcasts.get(tx, made), app.clock())
    application.release_broadcast(app, get(app, made))

    def edit():
        with app.begin(officer)() as tx:
            planning.edit(tx, broadcasts.get(tx, made), document="12/UBND")

    assert refusal(edit) == "already-released"


def test_an_attachment_added_after_the_approval_stops_the_release(ward):
    app, officer, leader, _ = ward
    made = submitted(app, officer)
    approve(app, leader, made)
    with app.begin(officer)() as tx:
        planning.schedule(tx, broadcasts.get(tx, made), app.clock())
        files.attach(tx, made, files.put(tx, PDF), "bai.pdf")
    assert application.release_broadcast(app, get(app, made)) == "held"


# --- refusals are remembered --------------------------------------------------------------------


def test_each_refusal_leaves_an_entry_in_the_trail(ward):
    app, officer, *_ = ward
    made = submitted(app, officer)
    with pytest.raises(Problem), refusals(app.begin(SYSTEM), officer, "approve", "broadcast", made):
        approve(app, officer, made)
    [entry] = rows(app, "SELECT entry FROM trail WHERE act = 'refused'")
    facts = json.loads(entry["entry"])["facts"]
    assert (facts["tried"], facts["rule"], facts["person"]) == (
        "approve", "role", officer.person_id)  # fmt: skip


def test_an_approval_that_is_repeated_or_comes_too_late_is_refused(ward):
    app, officer, leader, _ = ward
    made = submitted(app, officer)
    approve(app, leader, made)
    assert refusal(lambda: approve(app, leader, made)) == "wrong-state"  # replayed
    with app.begin(officer)() as tx:
        planning.edit(tx, broadcasts.get(tx, made), document="9/UBND")
    assert refusal(lambda: approve(app, leader, made)) == "wrong-state"  # edited meanwhile
