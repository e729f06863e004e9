"""The stories of officer, leader, admin, auditor and of a resident's call, page by page."""

import re

import pytest
from browser import post, serve, sign_in, token
from conftest import add_people
from walk import counts, get, import_list, number, sheet, work

from dispatcher import app as joined
from dispatcher.model import SYSTEM, BroadcastState, Role
from dispatcher.store import people


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
    assert joined.release(ward, get(ward, number_)) == "running"
    assert "hx-get" in officer.get(where).text
    work(ward, twins)
    page = officer.get(where).text
    assert "hoàn thành" in page
    assert "hx-get" not in page
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
    assert "Trần Mới" in admin.get("/contacts?q=tran moi").text
    past = admin.get("/contacts/import").text
    undo = re.search(r'action="(/imports/\d+/undo)"', past)[1]
    post(admin, undo)
    assert "Trần Mới" not in admin.get("/contacts?q=tran moi").text


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


def test_an_auditor_reads_everything_changes_nothing_and_leaves_a_trace(ward):
    auditor = sign_in(ward, "kt")
    for path in ("/", "/broadcasts", "/contacts", "/log", "/trail", "/schedules", "/budgets"):
        assert auditor.get(path).status_code == 200, path
    post(auditor, "/contacts/1/suppress", expect=403)
    post(auditor, "/broadcasts/new/canh-bao", expect=403, ward="Máy Tơ")
    assert "read" in auditor.get("/trail").text
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
