"""A real browser: every link as every role, axe, keys, without JavaScript, at 360 and 1280 px."""

import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import free_port
from conftest import ROOT, SiteClock, build_site
from patience import PATIENCE, ended, until_served
from walk import import_list, number, released, sheet, work, write_broadcast

from dispatcher.config import parse
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Role
from dispatcher.usecases import signing_in
from dispatcher.usecases.context import open_app

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright: see .ci/run")
CHROMIUM = shutil.which("chromium")
AXE = Path(os.environ.get("DISPATCHER_AXE", "/nowhere"))
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (see .ci/run)"),
]
PASSWORD = "mèo xanh ăn sấm chớp"
BAD = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
BLANKS = """+++
title = "Cắt nước"
kind = "notice"
reviewed = 2999-01-01
[fields]
gio = { label = "Giờ cắt nước", required = true }
+++
{% block sms %}UBND phuong {{ ward.name | khong_dau }}: cat nuoc luc {{ gio | khong_dau }}.{% endblock %}
{% block sms_accented %}UBND phường {{ ward.name }}: cắt nước lúc {{ gio }}.{% endblock %}
"""
ROLES = {"lan": Role.OFFICER, "minh": Role.LEADER, "qt": Role.ADMIN, "kt": Role.AUDITOR}


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """`dispatcher web` on a site with work of every kind; a base address."""
    from dispatcher.simulators.vendors.server import VENDORS, start

    place = tmp_path_factory.mktemp("browser")
    folder = build_site(place / "site")
    (folder / "schedules" / "hai.toml").write_text(
        'title = "Thứ hai"\ntemplate = "canh-bao"\nroute = "sms"\ncron = "0 9 * * mon"\n'
        '[audience]\nwards = ["Máy Tơ"]\n', encoding="utf-8")  # fmt: skip
    (folder / "templates" / "co-o-trong.j2").write_text(BLANKS, encoding="utf-8")
    twins = start(VENDORS)
    app = open_app(parse(folder), SiteClock())
    with app.begin(SYSTEM)() as tx:
        for name, role in ROLES.items():
            people.add(tx, name, f"Người {name} {BAD}", role, [])
    for name in ROLES:
        with app.begin(SYSTEM)() as tx:
            signing_in.set_password(tx, app.actor(name), PASSWORD)
    rows = [(f"Người {i} {BAD if i == 3 else ''}", number(i), f"Tổ {i % 3}", "") for i in range(20)]
    import_list(app, sheet(place / "may-to.csv", rows))
    lan, minh = app.actor("lan"), app.actor("minh")
    released(app, lan, minh, title=BAD, document=BAD)
    work(app, twins)
    write_broadcast(app, lan, title=f"Nháp {BAD}")
    released(app, lan, minh, title="Chờ bộ gửi", expires_after=timedelta(hours=9))
    app.store.close()
    twins.stop()
    port = free_port()
    served = subprocess.Popen(
        [sys.executable, "-m", "dispatcher", "--site", str(folder), "web", "--listen",
         f"127.0.0.1:{port}"], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "DISPATCHER_CLOCK": "2026-12-01T09:30:00+07:00"},
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    until_served(f"{base}/sign-in")
    yield base
    served.terminate()
    ended(served)
    served.stdout.close()


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as pw:
        found = pw.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


def enter(chromium, console, name, width=1280, **more):
    """A page of somebody signed in, and everything its console complains of."""
    context = chromium.new_context(viewport={"width": width, "height": 800}, **more)
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.goto(f"{console}/sign-in")
    page.fill("#f-name", name)
    page.fill("#f-password", PASSWORD)
    page.click("form.narrow button.main")
    return page, complaints


def links(page, console):
    found = page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
    return {u.split("#")[0] for u in found if u.startswith(console)}


@pytest.mark.parametrize("name", ROLES)
def test_every_link_opens_for_whoever_sees_it_and_nothing_strange_runs(console, chromium, name):
    page, complaints = enter(chromium, console, name)
    seen, waiting = set(), {f"{console}/"}
    while waiting and len(seen) < 120:
        url = waiting.pop()
        seen.add(url)
        if "format=csv" in url or url.endswith("/sheet") or "from=" in url:
            continue
        answer = page.goto(url)
        assert answer.status == 200, (name, url)
        assert page.title() != "run", url
        assert page.query_selector("h1"), url
        waiting |= links(page, console) - seen
    assert len(seen) > 20
    assert complaints == []
    page.context.close()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (see .ci/run)")
@pytest.mark.parametrize(
    ("width", "language"),
    [(360, "vi"), (360, "en"), (1280, "vi"), pytest.param(1280, "en", marks=pytest.mark.night)],
)
def test_every_page_keeps_wcag_22_aa_and_fits(console, chromium, width, language):
    axe = AXE.read_text("utf-8")
    checked = 0
    for name in ROLES:
        page, _ = enter(chromium, console, name, width)
        page.context.add_cookies([{"name": "lang", "value": language, "url": console}])
        paths = ["/", "/broadcasts", "/broadcasts/1", "/broadcasts/2", "/broadcasts/1/report", "/urgent",
                 "/schedules", "/contacts", "/contacts/1", "/why", "/log", "/budgets", "/areas",
                 "/gateways", "/holidays", "/groups", "/suppressions", "/replies", "/me"]  # fmt: skip
        paths += {"lan": ["/broadcasts/new", "/broadcasts/new/canh-bao", "/broadcasts/2/edit",
                          "/contacts/import", "/contacts/new"], "minh": ["/inbox", "/deputies"],
                  "qt": ["/people", "/settings", "/deputies", "/gateways/esms", "/gateways/new"],
                  "kt": ["/trail"]}[name]  # fmt: skip
        for path in paths:
            assert page.goto(f"{console}{path}").status == 200, path
            page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
            if page.query_selector("#along"):
                page.wait_for_selector("#along > *")  # what is read along is there too
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, (path, over)
            tags = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']"
            found = page.evaluate(f"{axe}; axe.run({{runOnly: {tags}}})")
            wrong = [(v["id"], v["nodes"][0]["html"][:200]) for v in found["violations"]]
            assert wrong == [], (name, path, wrong)
            checked += 1
        page.context.close()
    assert checked > 60


def test_keys_move_search_and_help(console, chromium):
    page, _ = enter(chromium, console, "lan")
    page.goto(f"{console}/contacts")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.eval_on_selector("tr.at", "r => r.rowIndex") == 2
    page.keyboard.press("k")
    assert page.eval_on_selector("tr.at", "r => r.rowIndex") == 1
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.is_visible("#keys")
    page.keyboard.press("Escape")
    page.goto(f"{console}/broadcasts/2")
    first = page.inner_text("figure.phone figcaption")
    page.keyboard.press("n")
    page.wait_for_url(re.compile("from=2"))
    assert page.inner_text("figure.phone figcaption") != first
    page.context.close()


def test_a_text_is_read_along_and_kept_while_it_is_typed(console, chromium):
    page, complaints = enter(chromium, console, "lan", 360)
    page.goto(f"{console}/broadcasts/new/co-o-trong")
    page.wait_for_selector("#along figure")
    assert "[Giờ cắt nước]" in page.inner_text("#along")
    assert "đã được giữ lại" not in page.inner_text("#along")
    page.fill("[name='blank.gio']", "8 giờ sáng mai")
    page.check("input[name=ward][value='Máy Tơ']")
    page.locator("#along", has_text="20 người").wait_for()
    text = page.inner_text("#along")
    for words in ("8 gio sang mai", "8 giờ sáng mai", "đồng/người", "đã được giữ lại"):
        assert words in text
    page.goto(f"{console}/broadcasts/new")
    page.click("section.box a")
    assert page.input_value("[name='blank.gio']") == "8 giờ sáng mai"
    assert page.is_checked("input[name=ward][value='Máy Tơ']")
    page.click("text=Bỏ, làm lại từ đầu")
    assert page.input_value("[name='blank.gio']") == ""
    page.goto(f"{console}/broadcasts/new/co-o-trong")
    assert page.query_selector("text=Đang mở lại") is None
    assert complaints == []
    page.context.close()


def test_a_live_page_looks_again_until_it_is_over(console, chromium):
    page, _ = enter(chromium, console, "lan")
    page.goto(f"{console}/broadcasts/3")
    asked = []
    page.on("request", lambda r: asked.append(r.url) if "/progress" in r.url else None)
    for _ in range(2):
        page.wait_for_event("request", lambda r: "/progress" in r.url)
    assert "was=" in asked[-1]
    page.click("text=Dừng hẳn")
    assert "đã dừng" in page.inner_text("#progress")
    asked.clear()
    page.wait_for_timeout(3000)
    assert asked == []
    page.context.close()


def test_everything_works_without_javascript(console, chromium):
    page, _ = enter(chromium, console, "lan", java_script_enabled=False)
    page.goto(f"{console}/broadcasts/new/canh-bao")
    page.check("input[name=ward][value='Máy Tơ']")
    page.fill("#f-title", "Không cần mã chạy")
    page.select_option("#route", "sms")
    page.click("main form button.main")
    assert "/broadcasts/" in page.url
    assert "20" in page.inner_text(".impact")
    page.fill("#f-again", "thử lại")  # the same text went out today
    page.click("text=Trình lãnh đạo duyệt")
    assert "trình duyệt" in page.inner_text("main")
    where = urlsplit(page.url).path
    page.context.close()
    leader, _ = enter(chromium, console, "minh", 360, java_script_enabled=False)
    leader.goto(f"{console}{where}")
    leader.click("text=Duyệt đúng nội dung này")
    assert "đã duyệt" in leader.inner_text("main")
    leader.context.close()


def test_the_first_load_is_small(console, chromium):
    context = chromium.new_context()
    page, total = context.new_page(), []
    page.on("response", lambda r: total.append(len(r.body())) if r.status == 200 else None)
    page.goto(f"{console}/sign-in", wait_until="networkidle")
    assert sum(total) < 100 * 1024
    context.close()
