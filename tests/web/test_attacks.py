"""Attacks on the console: other wards, forged forms, stolen words, scripts in names, old sessions."""

import re

import pytest
from browser import PASSWORD, post, serve, sign_in, token
from conftest import SiteClock, build_site
from walk import get, import_list, number, released, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.contacts import areas, groups, suppressions
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Audience, Role
from dispatcher.gateways.contract import Reply
from dispatcher.usecases import urgent
from dispatcher.usecases.context import Context, open_app
from dispatcher.usecases.urgent import NewUrgent
from dispatcher.web.console import all_pages
from dispatcher.web.middleware import Middleware
from dispatcher.worker.receiving import answer_back

SECRETS = ("Bí Mật Xanh", "Kín Đáo", "Riêng Cầu Đất", "234 567")
SCHEDULE = """title = "Lịch Riêng Cầu Đất"
template = "canh-bao"
route = "sms"
cron = "0 9 * * mon"
[audience]
wards = ["Cầu Đất"]
"""


@pytest.fixture(scope="module")
def two_wards(tmp_path_factory):
    """Work of every kind in Cầu Đất; people of Máy Tơ in every role are signed in."""
    place = tmp_path_factory.mktemp("idor")
    folder = build_site(place / "site")
    (folder / "schedules" / "rieng.toml").write_text(SCHEDULE, encoding="utf-8")
    app = open_app(parse(folder), SiteClock())
    with app.begin(SYSTEM)() as tx:
        mine, other = (areas.ward(tx, w).id for w in ("Máy Tơ", "Cầu Đất"))
        for role in Role:
            people.add(tx, f"to-{role.value}", f"Của Tơ {role.value}", role, [mine])
        people.add(tx, "hoa", "Kín Đáo Hoa", Role.OFFICER, [other])
        people.add(tx, "binh", "Kín Đáo Bình", Role.LEADER, [other])
    hoa, binh = app.actor("hoa"), app.actor("binh")
    rows = [("Bí Mật Xanh", "0951234567", "Tổ 1", "")]
    import_list(app, sheet(place / "cau-dat.csv", rows))
    import_list(app, sheet(place / "may-to.csv", [("Người Tơ", number(1), "Tổ 1", "")]))
    more = {"ward": "Cầu Đất", "title": "Đợt Riêng Cầu Đất"}
    made = {"draft": write_broadcast(app, hoa, **more)}
    made["submitted"] = write_broadcast(app, hoa, **more)
    found = application.preview_broadcast(app, hoa, get(app, made["submitted"]))
    with app.begin(hoa)() as tx:
        planning.submit(tx, broadcasts.get(tx, made["submitted"]), found, again="thử")
    made["running"] = released(app, hoa, binh, **more)
    wanted = NewUrgent("rieng", "canh-bao", Audience(("Cầu Đất",)), 9, 9000, app.clock().date(),
                       all_clear="canh-bao")  # fmt: skip
    urgent.prepare(Context(app, hoa), wanted)
    urgent.submit(Context(app, hoa), "rieng")
    with app.begin(hoa)() as tx:
        contact = tx.value("SELECT min(id) FROM visible_contacts", scope=tx.scope)
        imported = tx.value("SELECT min(id) FROM imports")
        named = groups.ensure(tx, ["Nhóm Riêng Cầu Đất"])["nhom rieng cau dat"]
        groups.join(tx, [(named, contact)])
        suppressions.suppress(
            tx, suppressions.addresses_of(tx, [contact])[0], "Bí Mật Xanh yêu cầu"
        )
        stopped = tx.value("SELECT max(id) FROM suppressions")
        answer_back(tx, "esms", Reply("+84951234567", "Riêng Cầu Đất: đừng gửi nữa"))
        reply = tx.value("SELECT max(id) FROM replies")
        group = tx.value(
            "SELECT min(g.id) FROM areas g JOIN areas w ON w.id = g.parent_id "
            "WHERE w.name = 'Cầu Đất'"
        )
    assert group
    assert named
    assert stopped
    made |= {"contact": contact, "import": imported, "person": hoa.person_id, "group": group,
             "named": named, "stopped": stopped, "reply": reply}  # fmt: skip
    clients = {role: sign_in(app, f"to-{role.value}") for role in Role}
    clients[Role.OFFICER].get("/schedules")  # looked at once: files are remembered
    yield app, made, clients
    app.store.close()


def addresses(page, made):
    """The addresses of a page at things of the other ward."""
    path = page.path.replace("{template}", "canh-bao")
    if "{name}" in path:
        return [path.replace("{name}", "esms" if path.startswith("/gateways") else "rieng")]
    if "{number}" not in path:
        return [path]
    kinds = {"/contacts": ["contact"], "/imports": ["import"], "/people": ["person"],
             "/areas": ["group"], "/groups": ["named"], "/suppressions": ["stopped"],
             "/replies": ["reply"]}  # fmt: skip
    names = next((v for k, v in kinds.items() if path.startswith(k)), None)
    return [path.replace("{number}", str(made[n])) for n in names or
            ("draft", "submitted", "running")]  # fmt: skip


def state(app):
    with app.store.read(SYSTEM) as tx:
        sums = [tx.rows("SELECT id, state, title, created_by FROM broadcasts ORDER BY id")]
        for name in ("contacts", "contact_addresses", "suppressions", "imports", "people_wards",
                     "schedules", "emergencies", "gateways", "days_off", "messages", "approvals",
                     "offers", "attachments", "shares", "replies", "areas", "groups", "group_members"):  # fmt: skip
            sums.append(tx.rows(f"SELECT * FROM {name} ORDER BY 1"))
        sums.append(tx.rows("SELECT id, role, disabled_at, password_hash, full_name FROM people "
                            "WHERE name IN ('hoa', 'binh') ORDER BY id"))  # fmt: skip
    files = [(app.site.root / "dispatcher.toml").read_text("utf-8"),
             *sorted((app.site.data / "backups").glob("*"))]  # fmt: skip
    return [[dict(r) for r in rows] for rows in sums], files


# Pages that make something of the actor's own ward, or of the actor: not about anybody else.
OWN = {"/me/password", "/me/totp", "/sign-out", "/sign-in", "/first", "/lang", "/notices", "/people",
       "/contacts/new", "/groups", "/suppressions", "/contacts/import", "/contacts/import/store", "/broadcasts/new/{template}"}  # fmt: skip
FORM = {"reason": "thử", "ward": "Cầu Đất", "name": "Khác", "password": "bốn từ không liên quan",
        "role": "auditor", "phone": "0951111111", "anyway": "1", "title": "Khác", "seen": "x",
        "day": "2026-12-31", "kind": "off", "old": "tien", "new": "tiền", "place": "1",
        "blank.noi_dung": "Khác", "into": "1", "what": "stop", "set/site/name": "Khác", "sure": "1"}  # fmt: skip


def test_no_address_shows_or_changes_what_is_another_wards(two_wards):
    app, made, clients = two_wards
    before, asked, opened = state(app), 0, 0
    for page in all_pages(Middleware(app, [])):
        for role, client in clients.items():
            if page.path in OWN:
                continue
            for path in addresses(page, made):
                asked += 1
                if page.method == "GET":
                    answer = client.get(path)
                else:
                    given = {**FORM, "csrf": token(client)}
                    answer = client.post(path, data=given)
                assert answer.status_code < 500, (path, answer.text)
                leaks = [s for s in SECRETS if s in answer.text]
                assert not leaks, (role, page.method, path, leaks)
                foreign = "{number}" in page.path
                if foreign:
                    assert answer.status_code in (403, 404, 400), (role, path, answer.status_code)
                opened += answer.status_code == 200
        assert state(app) == before, page
    assert asked > 250
    assert opened > 40


def test_the_same_words_answer_what_is_not_there_and_what_is_anothers(two_wards):
    _, made, clients = two_wards
    client = clients[Role.OFFICER]
    other, nothing = client.get(f"/contacts/{made['contact']}"), client.get("/contacts/999999")
    assert other.status_code == nothing.status_code == 404
    strip = lambda text: re.sub(r"\d+|[0-9a-f]{32}", "", text)  # noqa: E731
    assert strip(other.text) == strip(nothing.text)


async def unsaid_length(content):
    yield content


# --- forms --------------------------------------------------------------------------------------


@pytest.fixture
def ward(lite, tmp_path):
    with lite.begin(SYSTEM)() as tx:
        people.add(tx, "lan", "Nguyễn Thị Lan", Role.OFFICER, [])
        people.add(tx, "minh", "Trần Văn Minh", Role.LEADER, [])
        people.add(tx, "ad", "Lê Quản Trị", Role.ADMIN, [])
    import_list(lite, sheet(tmp_path / "may-to.csv", [("A", number(1), "Tổ 1", "")]))
    return lite


def test_every_change_wants_the_token_of_its_session_and_our_own_page(ward):
    admin, other = sign_in(ward, "ad"), sign_in(ward, "lan")
    good = token(admin)
    tries = 0
    for page in all_pages(Middleware(ward, [])):
        if page.method != "POST":
            continue
        path = page.path.replace("{number}", "1").replace("{name}", "x")
        path = path.replace("{template}", "canh-bao")
        for form, headers in (
            ({}, {}),
            ({"csrf": "0" * 32}, {}),
            ({"csrf": token(other)}, {}),
            ({"csrf": good}, {"Origin": "https://evil.example"}),
            ({"csrf": good}, {"Sec-Fetch-Site": "cross-site"}),
        ):
            answer = admin.post(path, data=form, headers=headers)
            assert answer.status_code == 403, (path, form, headers, answer.status_code)
            tries += 1
    assert tries > 200


def test_a_strange_host_and_huge_forms_are_refused(ward):
    client = sign_in(ward, "lan")
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    huge = {"file": ("a.csv", b"x" * (26 * 1024 * 1024))}
    answer = client.post("/contacts/import", data={"csrf": token(client)}, files=huge)
    assert answer.status_code == 403
    stranger = serve(ward)
    big = {"name": "lan", "password": "x" * 70_000, "csrf": token(stranger, "/sign-in")}
    assert stranger.post("/sign-in", data=big).status_code == 403

    word = token(client).encode()  # a form that does not say how long it is
    unsaid = client.post("/sign-out", content=unsaid_length(b"csrf=" + word),
                         headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert unsaid.status_code == 403


def test_every_answer_says_what_a_browser_may_not_do(ward):
    client = sign_in(ward, "lan")
    for path in ("/", "/sign-in", "/contacts/99", "/khong-co", "/broadcasts"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


# --- scripts ------------------------------------------------------------------------------------

BAD = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def test_nothing_a_stranger_wrote_is_run(ward):
    client = sign_in(ward, "lan")
    admin = sign_in(ward, "ad")
    where = post(client, "/broadcasts/new/canh-bao", ward="Máy Tơ", route="sms", title=BAD,
                 document=BAD, paper__about=BAD).headers["location"]  # fmt: skip
    post(client, "/contacts/1/rename", name=BAD, title=BAD)
    post(client, f"{where}/attach", files={"file": (f"{BAD}.pdf", b"%PDF-1.4")})
    post(admin, "/people", name="xss", full_name=BAD, position=BAD, role="officer")
    post(admin, "/holidays", day="2026-12-31", kind="off", name=BAD)
    post(client, f"{where}/submit")
    pages = [
        "/",
        "/broadcasts",
        where,
        f"{where}/edit",
        "/contacts",
        "/contacts/1",
        "/inbox",
        "/holidays",
    ]
    texts = [client.get(p).text for p in pages] + [admin.get("/people").text]
    leader = sign_in(ward, "minh")
    texts += [leader.get("/inbox").text, leader.get(where).text]
    pasted = f"Họ và tên\tSố điện thoại\tTổ dân phố\n{BAD}\t{BAD}\t{BAD}\n"
    texts.append(post(client, "/contacts/import", expect=200, pasted=pasted, ward="Máy Tơ").text)
    texts.append(post(client, "/why", expect=200, q=BAD).text)
    for text in texts:
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    assert sum("&lt;script&gt;" in text for text in texts) > 8


# --- sessions -----------------------------------------------------------------------------------


def test_a_session_ends_when_signed_out_disabled_demoted_or_old(ward, clock):
    for how in ("out", "disabled", "demoted", "idle", "password"):
        name = f"p-{how}"
        with ward.begin(SYSTEM)() as tx:
            people.add(tx, name, f"Người {how}", Role.OFFICER, [])
        client = sign_in(ward, name)
        stolen = client.cookies["__Host-session"]
        assert client.get("/").status_code == 200
        person = ward.actor(name)
        with ward.begin(SYSTEM)() as tx:
            if how == "disabled":
                people.disable(tx, person.person_id)
            elif how == "demoted":
                people.set_role(tx, person.person_id, Role.AUDITOR, None)
        if how == "out":
            post(client, "/sign-out")
        elif how == "idle":
            clock.advance(minutes=31)
        elif how == "password":
            post(client, "/me/password", old=PASSWORD, new="năm từ khác hẳn nhau nhé")
        thief = serve(ward)
        thief.cookies.set("__Host-session", stolen)
        assert thief.get("/").headers.get("location") == "/sign-in", how


def test_the_word_in_the_cookie_is_new_with_each_sign_in_and_well_kept(ward):
    first, second = sign_in(ward, "lan"), sign_in(ward, "lan")
    assert first.cookies["__Host-session"] != second.cookies["__Host-session"]
    client = serve(ward)
    given = {"name": "lan", "password": PASSWORD, "csrf": token(client, "/sign-in")}
    said = client.post("/sign-in", data=given).headers.get_list("set-cookie")
    [cookie] = [c for c in said if c.startswith("__Host-session")]
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert word.lower() in cookie.lower()
    assert "domain" not in cookie.lower()


def test_a_leader_with_codes_signs_in_with_one_and_a_guess_does_not_do(ward):
    client = sign_in(ward, "minh", code=True)
    assert client.get("/").status_code == 200
    other = serve(ward)
    given = {"name": "minh", "password": PASSWORD, "csrf": token(other, "/sign-in")}
    assert other.post("/sign-in", data=given).status_code == 401
    assert other.post("/sign-in", data={**given, "code": "000000"}).status_code == 401


def test_an_approval_wants_a_code_that_was_given_lately(ward, clock):
    officer, leader = sign_in(ward, "lan"), sign_in(ward, "minh", code=True)
    where = post(officer, "/broadcasts/new/canh-bao", ward="Máy Tơ", route="sms").headers[
        "location"
    ]
    post(officer, f"{where}/submit")
    clock.advance(minutes=15)
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', leader.get(where).text)[1]
    post(leader, f"{where}/approve", expect=409, seen=seen)
    post(leader, f"{where}/approve", expect=409, seen=seen, code="123456")
    post(leader, f"{where}/approve", seen=seen, code=leader.secret.at(clock()))


def test_live_nobody_decides_without_a_second_factor(tmp_path, clock):
    live = open_app(
        parse(build_site(tmp_path / "live", "data/site.db", ('"drill"', '"live"'))), clock
    )
    with live.begin(SYSTEM)() as tx:
        people.add(tx, "ad", "Lê Quản Trị", Role.ADMIN, [])
    new = {"name": "hoa", "full_name": "Trần Thị Hoa", "role": "leader"}
    refused = post(sign_in(live, "ad"), "/people", expect=409, **new)
    assert "mã xác thực hai lớp" in refused.text
    post(sign_in(live, "ad", code=True), "/people", **new)
    live.store.close()


def test_thirty_guesses_from_one_place_are_enough(ward):
    client = serve(ward)
    given = {"name": "khong-co", "password": "x", "csrf": token(client, "/sign-in")}
    codes = [client.post("/sign-in", data=given).text for _ in range(32)]
    assert "Thử quá nhiều lần" not in codes[0]
    assert "Thử quá nhiều lần" in codes[-1]


def test_the_language_switch_goes_nowhere_else(ward):
    client = sign_in(ward, "lan")
    for bad in ("https://evil.example", "//evil.example", "/\\evil.example"):
        assert post(client, "/lang", lang="en", back=bad).headers["location"] == "/"
    assert "Write a broadcast" in client.get("/").text


@pytest.mark.parametrize(
    "odd", ["²", "-1", "1e9", "9" * 30, "%00", "..%2f..", "' OR 1=1 --", "abc"]
)
def test_odd_numbers_and_words_in_addresses_break_nothing(ward, odd):
    client = sign_in(ward, "ad")
    for page in all_pages(Middleware(ward, [])):
        path = re.sub(r"\{\w+\}", odd.replace("/", ""), page.path)
        if page.method == "GET":
            assert client.get(path).status_code in (200, 303, 307, 400, 403, 404), path
            answer = client.get(page.path.split("/{")[0], params=dict.fromkeys(
                ("from", "ward", "group", "before", "broadcast", "state", "q", "format", "noun"), odd))  # fmt: skip
            assert answer.status_code in (200, 303, 400, 404), page.path


def test_no_address_hides_behind_another(two_wards):
    """`/contacts/new` must not be taken for somebody called "new"."""
    seen = []
    for page in all_pages(Middleware(two_wards[0], [])):
        asked = re.sub(r"\{\w+\}", "1", page.path)
        pattern = re.sub(r"\{\w+\}", "[^/]+", page.path)
        hidden = [p for m, p in seen if m == page.method and re.fullmatch(p, asked)]
        assert not hidden, (page.path, hidden)
        seen.append((page.method, pattern))
