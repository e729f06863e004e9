"""The stories of officer, leader, admin, auditor and of a resident's call, page by page."""

import re

import pytest
from browser import post, serve, sign_in, token
from conftest import add_people
from walk import counts, get, import_list, number, released, sheet, work

from dispatcher.broadcasts import application
from dispatcher.config import parse
from dispatcher.db.contacts import areas
from dispatcher.db.ops import maintenance
from dispatcher.db.staff import people
from dispatcher.db.versions import HEAD
from dispatcher.domain.model import SYSTEM, BroadcastState, Role
from dispatcher.gateways.contract import Reply
from dispatcher.usecases.site import settings_digest
from dispatcher.worker.notifications import deliver
from dispatcher.worker.receiving import answer_back


@pytest.fixture
def ward(lite, tmp_path):
    officer, leader = add_people(lite)
    with lite.begin(SYSTEM)() as tx:
        people.add(tx, "ad", "Lê Quản Trị", Role.ADMIN, [])
        people.add(tx, "kt", "Võ Kiểm Tra", Role.AUDITOR, [])
    rows = [(f"Người {i}", number(i + 10), f"Tổ {i % 3 + 1}", "") for i in range(9)]
    import_list(lite, sheet(tmp_path / "may-to.csv", [*rows, ("Không Số", "", "Tổ 1", "")]))
    return lite


def test_from_a_text_to_a_report_with_an_officer_a_leader_and_the_network(ward, twins):
    officer, leader = sign_in(ward, "lan"), sign_in(ward, "minh", code=True)
    assert "Soạn đợt gửi" in officer.get("/").text
    assert "Giả danh công an" in officer.get("/broadcasts/new").text
    page = officer.get("/broadcasts/new/canh-bao").text
    assert "Máy Tơ (10)" in page
    made = post(officer, "/broadcasts/new/canh-bao", ward="Máy Tơ", route="sms", title="Công an giả",
                document="12/UBND", paper__about="Phòng chống lừa đảo")  # fmt: skip
    where = made.headers["location"]
    page = officer.get(where).text
    assert re.search(r"<strong>9</strong>\s+người", page)
    assert "không có số điện thoại" in page
    assert "UBND phuong May To: KHONG chuyen tien." in page
    assert "CHẠY THỬ" in page
    post(officer, f"{where}/submit")
    post(officer, f"{where}/approve", expect=409, seen="x")
    page = leader.get("/inbox").text
    assert "Công an giả" in page
    page = leader.get(where).text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
    post(leader, f"{where}/approve", expect=409, seen="0" * 64)
    post(leader, f"{where}/approve", seen=seen)
    post(officer, f"{where}/schedule", at="")
    number_ = int(where.rpartition("/")[2])
    assert application.release_broadcast(ward, get(ward, number_)) == "running"
    assert "hx-get" in officer.get(where).text
    work(ward, twins)
    page = officer.get(where).text
    assert "hoàn thành" in page
    assert "/progress?" not in page
    report = officer.get(f"{where}/report")
    assert "<svg" in report.text
    assert "12/UBND" in page
    csv = officer.get(f"{where}/report?format=csv")
    assert csv.headers["content-disposition"].endswith('.csv"')
    assert counts(ward, number_)["skipped"] == 1


def test_a_leader_corrects_the_wording_and_the_author_confirms(ward):
    officer, leader = sign_in(ward, "lan"), sign_in(ward, "minh")
    where = post(officer, "/broadcasts/new/canh-bao", ward="Máy Tơ", route="sms").headers[
        "location"
    ]
    post(officer, f"{where}/submit")
    post(leader, f"{where}/words", old="KHONG chuyen tien", new="KHONG chuyen tien cho ai")
    page = officer.get(where).text
    assert "Lãnh đạo đã sửa câu chữ" in page
    assert "KHONG chuyen tien cho ai" in page
    post(officer, f"{where}/confirm")
    assert get(ward, int(where.rpartition("/")[2])).state is BroadcastState.APPROVED


def test_returning_wants_a_reason_and_the_author_sees_it(ward):
    officer, leader = sign_in(ward, "lan"), sign_in(ward, "minh")
    where = post(officer, "/broadcasts/new/canh-bao", ward="Máy Tơ", route="sms").headers[
        "location"
    ]
    post(officer, f"{where}/submit")
    post(leader, f"{where}/return", expect=400, reason="")
    post(leader, f"{where}/return", reason="Ghi rõ ngày")
    assert "Ghi rõ ngày" in officer.get(where).text
    post(officer, f"{where}/edit", ward="Máy Tơ", title="Tên khác")
    assert "Tên khác" in officer.get(where).text


def test_an_admin_brings_in_a_list_and_takes_it_back(ward):
    admin = sign_in(ward, "ad")
    rows = "Họ và tên\tSố điện thoại\tTổ dân phố\nTrần Mới\t0950007001\tTổ 2\nXấu\tabc\tTổ 2\n"
    page = post(admin, "/contacts/import", expect=200, pasted=rows, ward="Máy Tơ").text
    assert "<strong>2</strong>" in page or "<strong>1</strong>" in page
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    post(admin, "/contacts/import/store", key=key, name="dan-vao.csv", ward="Máy Tơ", partial="1")
    assert "Trần Mới" in post(admin, "/contacts", q="tran moi", expect=200).text
    past = admin.get("/contacts/import").text
    undo = re.search(r'action="(/imports/\d+/undo)"', past)[1]
    post(admin, undo)
    assert "Trần Mới" not in post(admin, "/contacts", q="tran moi", expect=200).text


def test_while_a_resident_is_on_the_line(ward):
    officer = sign_in(ward, "lan")
    found = post(officer, "/why", expect=200, q="012").text
    where = re.search(r'href="(/contacts/\d+)"', found)[1]
    assert "0950000012" not in found
    page = officer.get(where).text
    assert "Câu để nói" in page
    post(officer, f"{where}/suppress", reason="người dân yêu cầu")
    assert "Không gửi" in officer.get(where).text
    post(officer, f"{where}/rename", name="Nguyễn Tên Đúng")
    assert "Nguyễn Tên Đúng" in officer.get(where).text
    assert "Nguyễn Tên Đúng" in post(officer, "/why", expect=200, q="ten dung").text


def test_who_shares_a_phone_is_named_and_urgent_texts_may_be_refused_too(ward, tmp_path):
    two = [("Nhà Một", number(70), "Tổ 1", ""), ("Nhà Hai", number(70), "Tổ 1", "")]
    import_list(ward, sheet(tmp_path / "may-to.csv", two))
    officer = sign_in(ward, "lan")
    found = post(officer, "/contacts", q="nha mot", expect=200).text
    where = re.search(r'href="(/contacts/\d+)"[^>]*>Nhà Một', found)[1]
    page = officer.get(where).text
    assert "Dùng chung số; ngừng gửi là những người này cũng không nhận" in page
    assert "Nhà Hai" in page
    post(officer, f"{where}/suppress", reason="x", scope="urgent")
    page = officer.get(where).text
    assert "không gửi gì, cả tin khẩn" in page
    assert "cũng không nhận" in page
    post(officer, f"{where}/suppress", expect=400, reason="x", scope="never")


def test_a_reply_that_may_be_a_refusal_is_decided_about_in_the_page(ward):
    with ward.begin(SYSTEM)() as tx:
        for text in ("Huy", "Dung", "cảm ơn, đã nhận"):
            answer_back(tx, "esms", Reply("+84" + number(12)[1:], text))
    deliver.detect_notices(ward)
    officer, auditor = sign_in(ward, "lan"), sign_in(ward, "kt")
    assert 'href="/replies"' in officer.get("/").text
    page = officer.get("/replies").text
    assert "cảm ơn, đã nhận" in page
    assert number(12) not in page
    first, second = sorted(set(re.findall(r'action="(/replies/\d+)"', page)))
    assert 'action="/replies/' not in auditor.get("/replies").text
    post(auditor, first, expect=403, what="stop")
    post(officer, first, expect=400, what="x")
    post(officer, first, what="dismiss")
    post(officer, first, expect=409, what="stop")
    assert "Chưa có số nào" in officer.get("/suppressions").text
    post(officer, second, what="urgent")
    assert "nhắn tin từ chối" in officer.get("/suppressions").text
    assert "Không có tin nào cần xem" in officer.get("/replies").text


def test_an_auditor_reads_everything_changes_nothing_and_leaves_a_trace(ward):
    auditor = sign_in(ward, "kt")
    for path in ("/", "/broadcasts", "/contacts", "/log", "/trail", "/schedules", "/budgets"):
        assert auditor.get(path).status_code == 200, path
    post(auditor, "/contacts/1/suppress", expect=403)
    post(auditor, "/broadcasts/new/canh-bao", expect=403, ward="Máy Tơ")
    page = auditor.get("/trail").text
    assert re.search(r"<td>Võ Kiểm Tra</td>\s*<td[^>]*>xem</td>\s*<td>nhật ký", page)
    assert auditor.get("/people").status_code == 403


def test_the_very_first_person_needs_the_code_and_nobody_else_can_be_first(lite):
    client = serve(lite, "mã-một-lần")
    assert client.get("/").headers["location"] == "/sign-in"
    assert client.get("/sign-in").headers["location"] == "/first"
    given = {"name": "qt", "full_name": "Quản Trị", "password": "mèo xanh ăn sấm chớp"}
    wrong = client.post("/first", data={**given, "csrf": token(client, "/first"), "code": "x"})
    assert wrong.status_code == 409
    good = {**given, "csrf": token(client, "/first"), "code": "mã-một-lần"}
    assert client.post("/first", data=good).status_code == 303
    assert client.get("/people").status_code == 200
    other = serve(lite, "mã-một-lần")
    assert other.get("/first").headers["location"] == "/sign-in"


def test_an_admin_adds_people_and_disabling_asks_first(ward):
    admin = sign_in(ward, "ad")
    post(admin, "/people", name="mai", full_name="Phạm Mai", role="officer",
         password="bốn từ không liên quan")  # fmt: skip
    officer = sign_in(ward, "mai")
    post(officer, "/broadcasts/new/canh-bao", ward="Máy Tơ", route="sms")
    number_ = ward.actor("mai").person_id
    page = post(admin, f"/people/{number_}/disable", expect=200).text
    assert "1 đợt đang soạn" in page
    post(admin, f"/people/{number_}/disable", anyway="1", to="lan")
    assert officer.get("/").headers["location"] == "/sign-in"  # signed out at once
    assert get(ward, 1).created_by == ward.actor("lan").person_id


def test_a_bad_cell_is_mended_in_the_page(ward):
    admin = sign_in(ward, "ad")
    listed = ("Họ và tên,Số điện thoại,Tổ dân phố\nTrần Mới,95012,Tổ 1\n"
              f",{number(77)},Tổ 2\nLý Tốt,{number(78)},Tổ 2\n")  # fmt: skip
    page = post(admin, "/contacts/import", pasted=listed, ward="Máy Tơ", expect=200).text
    form = dict(re.findall(r'name="(key|name|ward)" value="([^"]*)"', page))
    cells = re.findall(r'name="(cell[|][^"]+)"', page)
    assert [c.split("|")[2] for c in cells] == ["2", "3"]
    assert 'name="partial"' in page
    csv = post(admin, "/contacts/import/store", expect=200, bad="1", **form).text
    assert "95012" in csv
    given = {**form, cells[0]: number(79), cells[1]: "Mai Sửa"}
    page = post(admin, "/contacts/import/store", expect=200, again="1", **given).text
    assert "2 ô đã sửa" in page
    assert 'name="partial"' not in page
    kept = dict(re.findall(r'name="(cell[|][^"]+)" value="([^"]+)"', page))
    assert set(kept.values()) == {"Mai Sửa", number(79)}
    post(admin, "/contacts/import/store", expect=303, **form, **kept)
    for name, tail in (("Mai Sửa", "77"), ("Trần Mới", "79")):
        found = post(admin, "/contacts", q=name, expect=200).text
        assert f"{tail}</td>" in found, found
    with ward.store.read(SYSTEM) as tx:
        files = tx.value("SELECT files FROM imports ORDER BY id DESC LIMIT 1")
    assert '"mended": 2' in files


def test_a_deputy_signs_within_the_delegation_and_a_paper_is_recorded(ward):
    with ward.begin(SYSTEM)() as tx:
        people.add(tx, "mai", "Phó Thị Mai", Role.OFFICER, [])
    officer, leader = sign_in(ward, "lan"), sign_in(ward, "minh")
    deputy = sign_in(ward, "mai", code=True)
    today = ward.clock().date().isoformat()
    assert sign_in(ward, "kt").get("/deputies").status_code == 403
    given = {"deputy": "mai", "prefix": "KT.", "document": "15/QĐ", "until": today, "from": today}
    post(officer, "/deputies", expect=403, principal="minh", **given)
    post(leader, "/deputies", principal="minh", most_people="50", **given)
    assert "15/QĐ" in leader.get("/deputies").text

    def handed_in(title):
        where = post(officer, "/broadcasts/new/canh-bao", ward="Máy Tơ", route="sms",
                     title=title).headers["location"]  # fmt: skip
        post(officer, f"{where}/submit", again="thử lại")
        return where

    where = handed_in("Ký thay")
    page = deputy.get(where).text
    assert "15/QĐ" in page
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
    post(deputy, f"{where}/approve", seen=seen, principal="minh")
    assert "KT." in officer.get(where).text
    where = handed_in("Trên giấy")
    page = deputy.get(where).text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
    paper = {"signer": "minh", "document": "99/UBND", "seen": seen}
    post(deputy, f"{where}/paper", expect=409, day="2026-11-30", **paper)  # before it was handed in
    post(deputy, f"{where}/paper", expect=409, day=today, **{**paper, "seen": "0" * 64})
    post(deputy, f"{where}/paper", day=today, **paper)
    page = officer.get(where).text
    assert "duyệt trên giấy" in page
    assert "99/UBND" in page
    post(leader, "/deputies/1/end")
    assert "15/QĐ" not in leader.get("/deputies").text


def test_an_urgent_text_is_prepared_arranged_approved_and_sent_alone(ward):
    officer, leader = sign_in(ward, "lan"), sign_in(ward, "minh", code=True)
    given = {"name": "bao", "template": "canh-bao", "ward": "Máy Tơ", "most_people": "100",
             "most_dong": "1000000", "until": "2027-01-31"}  # fmt: skip
    post(officer, "/urgent", expect=400, **{**given, "until": "mai"})
    post(officer, "/urgent", then="submit", **given)
    assert "bao" in officer.get("/urgent").text
    post(officer, "/urgent/bao/send", expect=409)  # nobody approved it
    post(officer, "/urgent/bao/approve", expect=403)
    post(leader, "/urgent/bao/approve")
    with ward.store.read(SYSTEM) as tx:
        lan = tx.value("SELECT id FROM people WHERE name = 'lan'")
    post(officer, "/urgent/bao/send", expect=409)  # not on duty
    post(officer, "/duty", expect=403, who=str(lan), hours="12")
    post(leader, "/duty", expect=400, who=str(lan), hours="4000")
    post(leader, "/duty", who=str(lan), hours="12")
    sent = post(officer, "/urgent/bao/send").headers["location"]
    made = get(ward, int(sent.rpartition("/")[2]))
    assert (made.state, made.emergency_id) == (BroadcastState.SCHEDULED, 1)
    post(officer, "/urgent/bao/end")


def test_an_admin_looks_after_a_gateway(ward):
    admin = sign_in(ward, "ad")
    page = admin.get("/gateways/esms").text
    assert "ESMS_API_KEY" in page
    assert "Địa chỉ từ bên ngoài" in page  # nobody can report back yet
    assert "Cài đặt đủ" in post(admin, "/gateways/esms", expect=200).text
    assert "[gateways.vnpt]" in admin.get("/gateways/new").text
    assert sign_in(ward, "lan").get("/gateways/esms").status_code == 403
    assert admin.get("/gateways/khong-co").status_code == 404


def test_what_is_typed_is_kept_for_whoever_typed_it(ward):
    officer, other = sign_in(ward, "lan"), sign_in(ward, "ad")
    form = "/broadcasts/new/canh-bao"
    same = {"title": "Công an giả danh", "document": "", "window": "07:00-22:00",
            "expires_after": "6h", "one_per": "phone"}  # fmt: skip
    post(officer, f"{form}/along", expect=200, ward="Máy Tơ", **{**same, "title": "Viết dở"})
    page = officer.get(form).text
    assert 'value="Viết dở"' in page
    assert 'value="Máy Tơ" checked' in page
    assert "Viết dở" not in other.get(form).text
    assert "Đang viết dở" in officer.get("/broadcasts/new").text
    with ward.store.read(SYSTEM) as tx:
        assert "Viết dở".encode() not in tx.value("SELECT sealed FROM kept_forms")
    post(officer, form, ward="Máy Tơ", route="sms", title="Viết xong")
    assert "Đang viết dở" not in officer.get("/broadcasts/new").text


def test_a_drill_shows_the_phone_of_an_invented_resident(ward, twins):
    officer = sign_in(ward, "lan", twins=twins.url)
    made = released(ward, ward.actor("lan"), ward.actor("minh"))
    where = f"/broadcasts/{made}"
    assert f'hx-get="{where}/phone"' in officer.get(where).text
    assert "Chưa có tin nào tới" in officer.get(f"{where}/phone").text
    work(ward, twins)
    page = officer.get(f"{where}/phone").text
    assert page.count("<figure") == 3
    assert "KHONG chuyen tien" in page
    assert not re.search(r"\b0?95\d{7}\b", page)  # masked
    assert (
        "không có tin nào tới đây" in sign_in(ward, "kt").get(f"{where}/phone").text
    )  # no twins there


def settings_of(page):
    return dict(re.findall(r'name="(set/[^"]+)" value="([^"]*)"', page))


def test_an_admin_changes_settings_after_seeing_what_would_change(ward):
    admin, file = sign_in(ward, "ad"), ward.site.root / "dispatcher.toml"
    before = file.read_text("utf-8")
    page = admin.get("/settings").text
    wanted = {**settings_of(page), "set/limits/per_person": "3", "set/courtesy/tet": "no",
              "set/senders/*/name": "UBND phường Máy Tơ", "set/senders/*/wards": "Máy Tơ",
              "new/senders": "Máy Tơ"}  # fmt: skip
    page = admin.post("/settings", data={"csrf": token(admin), **wanted}).text
    assert "per_person = 3" in page
    assert "[senders.may-to]" in page
    assert file.read_text("utf-8") == before
    seen = re.search(r'name="digest" value="(\w+)"', page)[1]
    sure = {"csrf": token(admin), **wanted, "sure": "1"}
    assert admin.post("/settings", data={**sure, "digest": "0" * 16}).status_code == 409
    assert admin.post("/settings", data={**sure, "digest": seen}).status_code == 303
    changed = parse(ward.site.root)
    assert changed.limits.per_person == 3
    assert changed.sender_for("Máy Tơ").name == "UBND phường Máy Tơ"
    assert "tắt rồi mở lại" in admin.get("/settings").text
    kept = list((ward.site.data / "settings").glob("*.toml"))
    assert [k.read_text("utf-8") for k in kept] == [before]
    with ward.store.read(SYSTEM) as tx:
        told = tx.rows("SELECT act FROM trail WHERE noun = 'settings' ORDER BY id")
        assert [row["act"] for row in told] == ["refused", "changed"]


def test_settings_that_cannot_be_are_refused_and_nothing_is_written(ward):
    admin, file = sign_in(ward, "ad"), ward.site.root / "dispatcher.toml"
    before = file.read_text("utf-8")
    sure = {"sure": "1", "digest": settings_digest(ward.site.root)}
    for wrong, said in (
        ({"set/windows/default": "cả ngày"}, "07:00-22:00"),
        (
            {"set/senders/*/name": "Ai", "set/senders/*/wards": "Xa Lắc", "new/senders": "a"},
            "Xa Lắc",
        ),
        ({"set/senders/*/name": "Không tên"}, "cần một tên"),
    ):
        answer = admin.post("/settings", data={"csrf": token(admin), **wrong, **sure})
        assert answer.status_code in (400, 404, 409), wrong
        assert said in answer.text
    drop = {"csrf": token(admin), "drop": "gateways/esms", "set/site/mode": "live",
            "set/gateways/esms/adapter": "x", **sure}  # fmt: skip
    admin.post("/settings", data=drop)
    assert file.read_text("utf-8") == before
    assert sign_in(ward, "lan").get("/settings").status_code == 403


def test_an_admin_makes_a_backup_in_the_page(ward):
    admin = sign_in(ward, "ad")
    post(admin, "/settings/backup")
    (made,) = (ward.site.data / "backups").glob("*.db")
    assert maintenance.verify(made)[0] == HEAD
    assert made.stat().st_mode & 0o077 == 0
    assert made.name in admin.get("/settings").text


def test_an_admin_mends_residential_groups(ward):
    admin, officer = sign_in(ward, "ad"), sign_in(ward, "lan")
    page = admin.get("/areas").text
    first, second = re.findall(r'action="/areas/(\d+)/merge"', page)[:2]
    post(officer, f"/areas/{first}/rename", expect=403, name="Khác")
    post(admin, f"/areas/{first}/rename", name="Tổ Hoa Sen")
    post(admin, f"/areas/{first}/rename", expect=400, name="")
    post(admin, f"/areas/{first}/merge", expect=400, into=first)
    post(admin, f"/areas/{first}/merge", expect=404, into="99999")
    post(admin, f"/areas/{second}/merge", into=first)
    page = admin.get("/areas").text
    assert re.search(r"Tổ dân phố Hoa Sen: 7|Tổ Hoa Sen: 7", page)
    assert f"/areas/{second}/merge" not in page
    assert "(10 người)" in page


def test_one_person_is_added_changed_and_erased_by_hand(ward):
    admin, officer = sign_in(ward, "ad"), sign_in(ward, "lan")
    with ward.store.read(SYSTEM) as tx:
        place = areas.ward(tx, "Máy Tơ").id
    given = {"name": "Phạm Thị Mới", "ward": place, "tdp": "Tổ 2", "phones": "0951555001"}
    post(officer, "/contacts/new", **given)
    post(officer, "/contacts/new", expect=409, **given)  # is there already
    post(officer, "/contacts/new", expect=400, **{**given, "name": "Sai", "phones": "12"})
    page = post(officer, "/why", expect=200, q="555001").text
    where = re.search(r'href="(/contacts/\d+)"><strong>Phạm Thị Mới', page)[1]
    post(officer, f"{where}/phones", phones="0951555002\n0951555003")
    post(officer, f"{where}/phones", expect=400, phones="không phải số")
    assert "xxx 002, 09xx xxx 003" in officer.get(where).text
    post(officer, f"{where}/place", ward=place, tdp="Tổ 3")
    post(officer, f"{where}/place", expect=404, ward=place, tdp="Tổ không có")
    in_group = r"Nhóm:\s+Tổ công nghệ số"
    post(officer, f"{where}/join", name="Tổ công nghệ số")
    page = officer.get(where).text
    assert "Tổ dân phố số 3" in page
    assert re.search(in_group, page)
    group = re.search(r'name="group" value="(\d+)"', page)[1]
    assert "Tổ công nghệ số: 1" in officer.get("/groups").text
    post(officer, f"{where}/leave", group=group)
    assert not re.search(in_group, officer.get(where).text)
    post(officer, f"{where}/forget", expect=409, reason="đơn 12", sure="c0")
    post(admin, f"{where}/forget", reason="đơn 12", sure=f"c{where.rpartition('/')[2]}")
    assert "Không thấy ai" in post(officer, "/why", expect=200, q="555002").text


def test_groups_are_made_and_removed_in_the_page(ward):
    officer = sign_in(ward, "lan")
    assert "Chưa có nhóm nào" in officer.get("/groups").text
    post(officer, "/groups", name="Trường học")
    post(officer, "/groups", expect=400, name=" ")
    page = officer.get("/groups").text
    where = re.search(r'action="(/groups/\d+/remove)"', page)[1]
    post(sign_in(ward, "kt"), where, expect=403)
    post(officer, where)
    assert "Chưa có nhóm nào" in officer.get("/groups").text
    post(officer, where, expect=404)


def test_numbers_are_stopped_and_written_to_again_in_the_page(ward):
    officer = sign_in(ward, "lan")
    assert "Chưa có số nào" in officer.get("/suppressions").text
    post(officer, "/suppressions", expect=400, phone="0951555009", reason="")
    post(officer, "/suppressions", phone=number(10), reason="người nhà yêu cầu")
    page = officer.get("/suppressions").text
    assert "người nhà yêu cầu" in page
    assert number(10) not in page
    where = re.search(r'action="(/suppressions/\d+/lift)"', page)[1]
    made = released(ward, ward.actor("lan"), ward.actor("minh"))
    assert counts(ward, made)["skipped"] == 2  # one has no number
    post(officer, where, expect=400, reason="")
    post(officer, where, reason="đồng ý lại")
    assert "Chưa có số nào" in officer.get("/suppressions").text
    post(officer, where, expect=404, reason="lần nữa")
