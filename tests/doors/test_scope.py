"""Nobody of one ward sees or changes what belongs to another: every command, every role.

A command that is missing from ASKED fails the first test, so that none can be forgotten.
"""

import io
import json
import shutil
import sqlite3
from contextlib import closing, redirect_stderr, redirect_stdout

import click
import pytest
from conftest import SiteClock, build_site
from walk import import_list, number, released, sheet, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.cli.click_i18n import Group
from dispatcher.cli.entry import root, run
from dispatcher.cli.terminal_context import TerminalContext, split_options
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.contacts import areas, groups
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Role
from dispatcher.gateways.contract import Reply
from dispatcher.usecases.context import open_app
from dispatcher.worker.notifications import deliver
from dispatcher.worker.receiving import answer_back

PHONE = "0951234567"
# What only Cầu Đất may read: names, titles, ends of numbers, what was written back.
SECRETS = ("Bí Mật Xanh", "Kín Đáo Hồng", "Riêng Cầu Đất", "234 567", "1234567", "567")
SCHEDULE = """title = "Lịch Riêng Cầu Đất"
template = "canh-bao"
route = "sms"
cron = "0 9 * * mon"
[audience]
wards = ["Cầu Đất"]
"""
# Each command at something of the other ward's. {…}: made below. None: no ward is in it at all.
ASKED: dict[str, list[str] | None] = {
    "contacts add": ["--name", "Người Mẫu", "--phone", "0951111111", "--ward", "Cầu Đất"],
    "contacts do-not-call": None,
    "contacts edit": ["c{contact}", "--name", "Khác"],
    "contacts export": ["{out}/x.csv", "--ward", "Cầu Đất"],
    "contacts forget": ["c{contact}", "--reason", "thử", "--yes"],
    "contacts import": ["{list}"],
    "contacts list": ["--ward", "Cầu Đất"],
    "contacts move": ["c{contact}", "--ward", "Máy Tơ"],
    "contacts reply": ["{reply}", "--stop"],
    "contacts show": ["c{contact}"],
    "contacts suppress": ["c{contact}", "--reason", "thử"],
    "contacts undo": ["{import}"],
    "contacts unsuppress": ["c{quiet}", "--reason", "thử"],
    "groups add": ["Nhóm chung", "c{contact}"],
    "groups list": [],
    "groups remove": ["Nhóm Riêng Cầu Đất", "--yes"],
    "areas list": ["--ward", "Cầu Đất"],
    "areas merge": ["Cầu Đất", "Tổ 1", "Tổ 2"],
    "areas rename": ["Cầu Đất", "Tổ 1", "Tổ 9"],
    "areas show": ["Cầu Đất"],
    "budgets list": None,
    "broadcasts approve": ["{submitted}"],
    "broadcasts share": ["{draft}", "--html", "{out}/s.html"],
    "broadcasts shared": ["{running}", "--ward", "Cầu Đất", "--tdp", "Tổ 1"],
    "urgent all-clear": ["{urgent}"],
    "urgent approve": ["lu-trinh"],
    "urgent end": ["lu"],
    "urgent list": [],
    "urgent prepare": ["moi", "--template", "canh-bao", "--ward", "Cầu Đất", "--most-people", "9",
                       "--most-dong", "9000", "--until", "31/12/2026"],
    "urgent return": ["lu-trinh", "--reason", "thử"],
    "urgent send": ["lu"],
    "urgent sheet": ["lu", "--html", "{out}/u.html"],
    "urgent submit": ["lu-nhap"],
    "duty add": ["hoa", "--hours", "2"],
    "duty list": [],
    "duty remove": ["1"],
    "broadcasts attach": ["{draft}", "{picture}"],
    "broadcasts confirm": ["{offered}"],
    "broadcasts edit": ["{draft}", "--title", "Khác"],
    "broadcasts correct": ["{sent}", "--template", "canh-bao"],
    "broadcasts create": ["--template", "canh-bao", "--ward", "Cầu Đất", "--route", "sms"],
    "broadcasts list": [],
    "broadcasts pause": ["{running}"],
    "broadcasts preview": ["{draft}"],
    "broadcasts reject": ["{submitted}", "--reason", "thử"],
    "broadcasts resend": ["{stopped}"],
    "broadcasts resume": ["{paused}"],
    "broadcasts return": ["{submitted}", "--reason", "thử"],
    "broadcasts schedule": ["{approved}"],
    "broadcasts show": ["{running}"],
    "broadcasts stop": ["{running}"],
    "broadcasts submit": ["{draft}", "--again", "thử"],
    "broadcasts test": ["{draft}", "--to", "0951111111"],
    "broadcasts watch": ["{running}", "--timeout", "1"],
    "stop-all": [],
    "schedules approve": ["rieng"],
    "schedules check": ["rieng"],
    "schedules list": [],
    "schedules next": ["rieng"],
    "schedules pause": ["rieng-da-duyet"],
    "schedules return": ["rieng", "--reason", "thử"],
    "schedules submit": ["rieng-nhap"],
    "holidays list": None,
    "holidays set": ["31/12/2026", "--name", "Nghỉ"],
    "notices": [],
    "log attempts": [],
    "log messages": [],
    "log receipts": [],
    "log replies": [],
    "why": [PHONE],
    "report": ["{running}"],
    "coverage": ["{running}"],
    "db backup": ["{out}/copy.db"],
    "db check": None,
    "db copy": ["{out}/other.db"],
    "db release": None,
    "db restore": None,
    "db upgrade": None,
    "audit list": [],
    "people add": ["moi", "--role", "officer", "--ward", "Cầu Đất"],
    "people delegate": ["binh", "hoa", "--document", "1/QĐ", "--until", "31/12/2026"],
    "people delegations": [],
    "people disable": ["hoa", "--yes"],
    "people end-delegation": ["1"],
    "people reach": ["hoa", "--email", "a@b.example"],
    "people handover": ["hoa", "x-lan"],
    "people key-add": ["hoa", "--name", "khoa"],
    "people key-revoke": ["khoa-rieng-cau-dat"],
    "people keys": [],
    "people list": [],
    "people password": ["hoa"],
    "people role": ["hoa", "--role", "auditor"],
    "people totp": ["hoa"],
    "gateways pause": ["esms"],
    "gateways resume": ["esms"],
    "gateways register": ["esms", "canh-bao", "--state", "submitted"],
    "gateways callback": ["esms"],
    "gateways login": ["zalo", "--paste"],
    **dict.fromkeys(
        ("demo", "init", "doctor", "run", "web", "templates check", "templates list",
         "templates preview", "templates show", "templates tidy", "templates unaccent",
         "gateways balance", "gateways check", "gateways dossier", "gateways explain",
         "gateways list", "gateways registrations", "gateways templates",
         "gateways verify-webhook", "twin", "chaos", "simulate", "completion", "sms measure",
         "sms unaccent", "phone")
    ),
}  # fmt: skip
# Acts that an admin of one ward may do for the whole site would be a leak; these need all wards.
ROLES = ("lan", "minh", "ad", "kt")
WHOLE = ("x-lan", "x-minh", "x-ad")  # the first two are on duty


def commands(group, path=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, Group):
            yield from commands(found, (*path, name))
        else:
            yield " ".join((*path, name))


def test_every_command_is_asked_here():
    assert set(commands(root())) == set(ASKED)


@pytest.fixture(scope="module")
def two_wards(tmp_path_factory):
    """A site with work of every kind in Cầu Đất, and people of Máy Tơ who want to look."""
    place = tmp_path_factory.mktemp("scope")
    public = ("[phones]", '[web]\npublic_url = "https://canhbao.example"\n[phones]')
    folder = build_site(place / "site", "data/site.db", public)
    warning = (folder / "templates" / "canh-bao.j2").read_text("utf-8")
    warning = warning.replace("Giả danh công an", "Tin Riêng Cầu Đất")
    (folder / "templates" / "rieng.j2").write_text(warning, encoding="utf-8")
    for name in ("rieng", "rieng-nhap", "rieng-da-duyet"):
        (folder / "schedules" / f"{name}.toml").write_text(SCHEDULE, encoding="utf-8")
    app = open_app(parse(folder), SiteClock())
    with app.begin(SYSTEM)() as tx:
        wards = {a.name: a.id for a in areas.wards_named(tx, ["Máy Tơ", "Cầu Đất"])}
        for name, role in (
            ("lan", "officer"),
            ("minh", "leader"),
            ("ad", "admin"),
            ("kt", "auditor"),
        ):
            people.add(tx, name, f"Của Tơ {name}", Role(role), [wards["Máy Tơ"]])
            people.add(tx, f"x-{name}", f"Toàn Trang {name}", Role(role), [])
        people.add(tx, "hoa", "Kín Đáo Hồng", Role.OFFICER, [wards["Cầu Đất"]])
        people.add(tx, "binh", "Bình Riêng Cầu Đất", Role.LEADER, [wards["Cầu Đất"]])
    hoa, binh = app.actor("hoa"), app.actor("binh")
    import_list(app, sheet(place / "may-to.csv", [("Người Mẫu", number(1), "Tổ 1", "")]))
    rows = [("Bí Mật Xanh", PHONE, "Tổ 1", ""), ("Bí Mật Xanh Hai", "0951299567", "Tổ 2", "")]
    (place / "lists").mkdir()
    file = sheet(place / "lists" / "cau-dat.csv", rows)
    import_list(app, file)
    (place / "anh.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    made = {"list": str(file), "out": str(place), "picture": str(place / "anh.png")}
    more = {"ward": "Cầu Đất", "title": "Đợt Riêng Cầu Đất"}
    made["draft"] = write_broadcast(app, hoa, **more)
    for state in ("submitted", "approved", "offered"):
        made[state] = write_broadcast(app, hoa, **more)
        found = application.preview_broadcast(app, hoa, joined_get(app, made[state]))
        with app.begin(hoa)() as tx:
            planning.submit(tx, broadcasts.get(tx, made[state]), found, again="thử")
    with app.begin(binh)() as tx:
        planning.approve(tx, broadcasts.get(tx, made["approved"]))
    made["running"] = released(app, hoa, binh, **more)
    made["paused"] = released(app, hoa, binh, **more)
    made["stopped"] = released(app, hoa, binh, **more)
    made["sent"] = released(app, hoa, binh, **more)
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE messages SET state = 'delivered' WHERE broadcast_id = :b AND state = 'queued'",
               {"b": made["sent"]})  # fmt: skip
    with app.begin(hoa)() as tx:
        planning.stop(tx, broadcasts.get(tx, made["stopped"]))
        planning.pause(tx, broadcasts.get(tx, made["paused"]))
        made["contact"] = tx.value("SELECT min(id) FROM visible_contacts", scope=tx.scope)
        made["quiet"] = made["contact"] + 1
        made["import"] = tx.value("SELECT max(id) FROM imports")
        group = groups.ensure(tx, ["Nhóm Riêng Cầu Đất"])
        groups.join(tx, [(next(iter(group.values())), made["contact"])])
        tx.note("joined", "group", 1)
    app.store.close()
    assert ask(folder, "binh", ["broadcasts", "approve", str(made["offered"]), "--replace",
                                "tien", "tien cho ai"])[0] == 0  # fmt: skip
    assert ask(folder, "binh", ["people", "delegate", "binh", "hoa", "--document", "1/QĐ-RIENG",
                                "--until", "31/12/2026"])[0] == 0  # fmt: skip
    most = ["--most-people", "90", "--most-dong", "900000", "--until", "31/12/2026"]
    for name in ("lu", "lu-trinh", "lu-nhap"):
        words = ["urgent", "prepare", name, "--template", "rieng", "--all-clear", "canh-bao",
                 "--ward", "Cầu Đất", *most]  # fmt: skip
        assert ask(folder, "hoa", words)[0] == 0
        assert name == "lu-nhap" or ask(folder, "hoa", ["urgent", "submit", name])[0] == 0
    assert ask(folder, "binh", ["urgent", "approve", "lu"])[0] == 0
    for person in ("hoa", "lan", "minh", "x-lan", "x-minh"):
        ask(folder, "x-ad", ["duty", "add", person, "--from", "2026-12-01 08:00", "--hours", "20"])
    code, said = ask(folder, "hoa", ["urgent", "send", "lu", "--json"])
    assert code == 0, said
    made["urgent"] = json.loads(said[said.index("{") : said.rindex("}") + 1])["id"]
    app = open_app(parse(folder), SiteClock())
    assert application.release_broadcast(app, joined_get(app, made["urgent"])) == "running"
    with app.begin(SYSTEM)() as tx:
        tx.run("UPDATE messages SET state = 'delivered' WHERE broadcast_id = :b "
               "AND state = 'queued'", {"b": made["urgent"]})  # fmt: skip
        answer_back(tx, "esms", Reply(f"+84{PHONE[1:]}", "Riêng Cầu Đất: đừng gửi nữa"))
        made["reply"] = tx.value("SELECT max(id) FROM replies")
    assert deliver.detect_notices(app) > 0
    app.store.close()
    assert "Riêng Cầu Đất" in ask(folder, "binh", ["notices"])[1]
    ask(folder, "hoa", ["contacts", "suppress", f"c{made['quiet']}", "--reason", "thử"])
    ask(folder, "hoa", ["people", "key-add", "hoa", "--name", "khoa-rieng-cau-dat"])
    for name in ("rieng", "rieng-da-duyet"):
        assert ask(folder, "hoa", ["schedules", "submit", name])[0] == 0
    assert ask(folder, "binh", ["schedules", "approve", "rieng-da-duyet"])[0] == 0
    assert "Riêng" in ask(folder, "hoa", ["schedules", "list"])[1]
    return folder, made


def joined_get(app, number_):
    with app.store.read(SYSTEM) as tx:
        return broadcasts.get(tx, number_)


def ask(folder, person, words):
    """One command as a person; (exit code, everything it printed)."""
    out, err = io.StringIO(), io.StringIO()
    options, rest = split_options(["--site", str(folder), "--as", person, *words])
    terminal = TerminalContext(**options)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("DISPATCHER_CLOCK", "2026-12-01T09:00:00+07:00")
        patch.setattr("sys.stdin", io.StringIO("bốn từ không liên quan nhé\n"))
        code = run(terminal, rest)
    if terminal._app is not None:
        terminal._app.store.close()
    return code, out.getvalue() + err.getvalue()


def state(folder):
    """Every row of the site but the trail, and what may be remembered about an asking person."""
    left_out = {"trail", "checkpoints", "site", "sqlite_sequence"}
    file = f"file:{folder}/data/site.db?mode=ro"
    with closing(sqlite3.connect(file, uri=True)) as base:  # another SQLite than ours: not for long
        tables = [t for (t,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {t: sorted(map(repr, base.execute(f"SELECT * FROM {t}"))) for t in tables
                if t not in left_out}  # fmt: skip


def filled(words, made):
    return [w.format_map(made) if "{" in w else w for w in words]


@pytest.mark.parametrize("command", [c for c, w in ASKED.items() if w is not None])
def test_no_role_of_one_ward_reads_or_changes_what_is_anothers(two_wards, tmp_path, command):
    folder, made = two_wards
    words = filled([*command.split(), *(ASKED[command] or [])], {**made, "out": str(tmp_path)})
    before = state(folder)
    for person in ROLES:
        code, told = ask(folder, person, words)
        typed = " ".join(words)
        leaks = [s for s in SECRETS if s in told and s not in typed]
        assert not leaks, (person, told)
        assert "Traceback" not in told
        assert "Lỗi trong chương trình" not in told, told
        changed = {t for t, rows in state(folder).items() if rows != before[t]}
        assert not changed, (person, code, told, changed)
        for file in tmp_path.rglob("*"):
            assert not any(s in file.read_text("utf-8", "replace") for s in SECRETS[:3]), file


# Commands that must do or show something for people in charge of everything, or the test above
# would also pass for commands that never work.
WORKS = [c for c, w in ASKED.items() if w is not None and c not in
         ("log receipts", "log replies", "gateways login", "stop-all", "db copy")]  # fmt: skip


@pytest.mark.parametrize("command", WORKS)
def test_the_same_words_work_for_those_in_charge_of_all_wards(two_wards, tmp_path, command):
    folder, made = two_wards
    copy = tmp_path / "site"
    shutil.copytree(folder, copy)
    words = filled([*command.split(), *(ASKED[command] or [])], {**made, "out": str(tmp_path)})
    told = []
    for person in WHOLE:
        code, text = ask(copy, person, words)
        told.append((person, code, text))
        if code in (0, 1):
            return
    pytest.fail(json.dumps(told, ensure_ascii=False, indent=1))
