"""From an empty site to a report in a real browser, the worker running: each role does its part.

With DISPATCHER_SCREENS=docs/screens the pictures of the documents are made anew.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyotp
import pytest
from browser import free_port
from conftest import ROOT
from patience import PATIENCE, ended, until_served
from workbooks import xlsx

from dispatcher.domain.clock import site_clock, start_site_clock

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright: see .ci/run")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (see .ci/run)"),
]
PASSWORD = "mèo xanh ăn sấm chớp"
LEFT = ("htmx:afterRequest", "htmx:sendAbort")  # a page was left while it was read along
NINE = "2026-12-01T09:00:00+07:00"
LIST = [
    ["UBND PHƯỜNG MÁY TƠ"],
    ["DANH SÁCH HỘ DÂN NHẬN TIN"],
    [],
    ["STT", "Họ và tên", "Số điện thoại", "Tổ dân phố", "Chủ hộ"],
    *[[i, f"Người Bịa {i}", f"0951{i:06d}" if i % 7 else "", f"Tổ {i % 4 + 1}", f"Hộ Bịa {i // 3}"]
      for i in range(1, 41)],
    [41, "Trần Thị Sai Số", "09510000", "Tổ 2", ""],
]  # fmt: skip


@pytest.fixture
def day(tmp_path):
    """`dispatcher run --web` on a new copy of the sample site: (base address, the first code)."""
    site, port = tmp_path / "site", free_port()
    start_site_clock(NINE)
    for part in ("templates", "schedules"):
        shutil.copytree(ROOT / part, site / part)
    text = (ROOT / "dispatcher.toml").read_text("utf-8").replace('"10s"', '"0s"')
    text += f'\n[web]\nlisten = "127.0.0.1:{port}"\n[budgets.nam]\nwards = "all"\nmonth = 5000000\n'
    (site / "dispatcher.toml").write_text(text, encoding="utf-8")
    served = subprocess.Popen(
        [sys.executable, "-m", "dispatcher", "--site", str(site), "run", "--web"], cwd=ROOT,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert served.stdout
    code = next(m[1] for line in served.stdout if (m := re.search(r"mã một lần (\S+)", line)))
    base = f"http://127.0.0.1:{port}"
    until_served(f"{base}/sign-in")
    yield base, code
    served.terminate()
    ended(served)
    served.stdout.close()


@pytest.fixture
def desk():
    """Opens windows of a real browser; nothing in them may complain."""
    complaints = []
    with playwright.sync_playwright() as pw:
        chromium = pw.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def window(base, name="", width=1280):
            page = chromium.new_context(
                viewport={"width": width, "height": 800}, device_scale_factor=1
            ).new_page()
            page.set_default_timeout(PATIENCE * 1000)
            page.on("console", lambda m: complaints.append(m.text) if m.type == "error"
                    and "401" not in m.text and m.text not in LEFT else None)  # fmt: skip
            page.on("pageerror", lambda e: complaints.append(str(e)))
            page.goto(base)
            if name:
                page.fill("#f-name", name)
                page.fill("#f-password", PASSWORD)
                page.click("form.narrow button.main")
            return page

        yield window
        chromium.close()
    assert complaints == []


@pytest.fixture
def picture(tmp_path):
    """Takes a picture of a page; kept where DISPATCHER_SCREENS says."""
    place = Path(os.environ.get("DISPATCHER_SCREENS", tmp_path))
    place.mkdir(exist_ok=True)

    def take(page, name, *, whole=True):
        page.screenshot(path=place / f"{name}.png", full_page=whole, animations="disabled")

    return take


def test_a_warning_from_an_empty_site_to_the_report(day, desk, picture, tmp_path):
    base, code = day
    admin = first_admin_adds_people(desk(base), base, code, picture)
    admin_brings_in_a_list(admin, base, xlsx(tmp_path / "may-to.xlsx", LIST), picture)
    officer = desk(base, "lan")
    picture(officer, "home")
    where = officer_writes(officer, base, picture)
    leader_approves_on_a_phone(desk(base, "minh", 360), base, where, picture)
    officer_sends(officer, where, picture)
    resident_calls(officer, base, picture)
    auditor_checks(desk(base, "kt"), base, where, picture)
    admin.goto(f"{base}/settings")
    picture(admin, "settings")


def first_admin_adds_people(page, base, code, picture):
    assert page.url == f"{base}/first"
    picture(page, "first")
    for field, text in (("code", code), ("name", "quan-tri"), ("full_name", "Lê Quản Trị"),
                        ("password", PASSWORD)):  # fmt: skip
        page.fill(f"#f-{field}", text)
    page.click("form.narrow button.main")
    for name, full_name, role in (("lan", "Nguyễn Thị Lan", "officer"),
                                  ("minh", "Trần Văn Minh", "leader"),
                                  ("kt", "Võ Kiểm Tra", "auditor")):  # fmt: skip
        page.goto(f"{base}/people")
        page.fill("#f-name", name)
        page.fill("#f-full_name", full_name)
        page.select_option("#role", role)
        page.fill("#f-password", PASSWORD)
        page.click("section.box button.main")
        assert full_name in page.inner_text("main")
    return page


def admin_brings_in_a_list(page, base, workbook, picture):
    page.goto(f"{base}/contacts/import")
    page.set_input_files("#file", workbook)
    page.select_option("#ward", "Máy Tơ")
    page.click("form button.main")
    assert "41 dòng" in page.inner_text(".impact")
    assert "45" in page.inner_text("table")  # Excel's own row number
    picture(page, "import")
    page.fill("table input", "0951000041")
    page.click("text=Đọc lại với các ô đã sửa")
    assert "1 ô đã sửa" in page.inner_text("main")
    page.click("main form > p button.main")
    page.goto(f"{base}/contacts")
    assert page.locator("tr[data-row]").count() == 41
    picture(page, "contacts", whole=False)


def officer_writes(page, base, picture):
    page.click("text=Soạn đợt gửi")
    page.click("text=Giả danh công an")
    page.check("input[name=ward][value='Máy Tơ']")
    page.fill("#f-document", "492/STTTT-TTBCXB")
    page.select_option("#route", "zalo-then-sms")
    page.locator("#along", has_text="41 người").wait_for()
    page.evaluate("scrollTo(0, 0)")
    picture(page, "write", whole=False)
    page.click("form#write button.main")
    assert "36" in page.inner_text(".impact")  # every seventh has no phone
    picture(page, "preview")
    where = page.url
    page.click("text=Trình lãnh đạo duyệt")
    return where


def leader_approves_on_a_phone(page, base, where, picture):
    assert "mã xác thực hai lớp" in page.inner_text("main")
    page.fill("#f-old", PASSWORD)
    page.click("text=Tạo mã mới")
    codes = pyotp.TOTP(page.inner_text(".key").replace(" ", ""))
    assert page.locator("svg.segno path").count() == 2  # black on white, to be scanned
    page.goto(f"{base}/sign-in")
    page.fill("#f-name", "minh")
    page.fill("#f-password", PASSWORD)
    page.click("form.narrow button.main")
    page.fill("#f-name", "minh")
    page.fill("#f-password", PASSWORD)
    page.fill("#f-code", codes.at(site_clock()()))
    page.click("form.narrow button.main")
    assert "Giả danh công an" in page.inner_text("main")
    picture(page, "leader-home-360")
    page.goto(where)
    picture(page, "leader-360")
    page.click("text=Duyệt đúng nội dung này")
    assert "đã duyệt" in page.inner_text("main")


def officer_sends(page, where, picture):
    page.goto(where)
    page.click("text=Phát hành")
    page.locator("#phone figure").first.wait_for(timeout=PATIENCE * 1000)  # nobody reloads the page
    picture(page, "live")
    page.locator("#progress:not([hx-get])").wait_for(timeout=PATIENCE * 1000)
    assert page.locator("text=Tạm dừng").count() == 0
    page.goto(f"{where}/report")
    assert page.locator("svg rect").count() > 2
    assert "CHẠY THỬ" in page.inner_text("main")
    picture(page, "report")


def resident_calls(page, base, picture):
    page.goto(f"{base}/why")
    page.fill("#q", "000010")
    page.click("form.narrow button.main")
    page.click("li[data-row] a")
    assert "Người Bịa 10" in page.inner_text("h1")
    assert "may-to.xlsx:Sheet1, dòng 14" in page.inner_text("main")
    assert "đợt 1" in page.inner_text("main")
    assert "0951000010" not in page.content()  # the number stays masked
    picture(page, "resident")
    page.click("text=Ngừng gửi")
    assert "Không gửi" in page.inner_text("main")


def auditor_checks(page, base, where, picture):
    page.goto(f"{base}/log?state=skipped")
    assert "không có số" in page.inner_text("table")
    page.goto(f"{base}/log?broadcast=1&since=2026-12-01&until=2026-12-01")
    assert page.locator("tr[data-row]").count() == 41
    picture(page, "log", whole=False)
    page.goto(f"{base}/log?until=2026-11-30")
    assert "Không có tin nào như vậy" in page.inner_text("main")
    for path in (where, f"{where}/report", f"{base}/contacts/10"):
        page.goto(path)
        assert page.locator("main form button").count() == 0, path
    page.goto(f"{base}/trail")
    for act in ("nhập danh sách", "duyệt", "phát hành", "ngừng gửi", "xem"):
        assert act in page.inner_text("table"), act
    picture(page, "trail", whole=False)
