"""The site every case starts from: people of every role, and each thing in each of its states.

Two wards. Whoever is `tam`, `hung` or `dao` looks after Cầu Đất alone; everything there is to
decide about is of Máy Tơ.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from conftest import MIGRATED, NINE, SiteClock, build_site, migrated_file, new_postgresql
from parity.words import Change, Known
from sqlalchemy import text
from walk import get, import_list, number, sheet

from dispatcher import broadcasts as planning
from dispatcher import scheduling, templating
from dispatcher.broadcasts import application, message_rendering
from dispatcher.broadcasts.application import App
from dispatcher.broadcasts.follow_up import MOST_TESTS
from dispatcher.config import parse
from dispatcher.config.site import DEFAULT_WINDOW
from dispatcher.db.broadcasts import broadcasts, schedules
from dispatcher.db.contacts import (
    areas,
    contact_lists,
    contacts,
    groups,
    imports,
    replies,
    suppressions,
    undoing,
)
from dispatcher.db.engines import engine_for
from dispatcher.db.seal import load_key
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Actor, AddressKind, Audience, Role
from dispatcher.domain.opting_out import Wish
from dispatcher.domain.sms import folded
from dispatcher.usecases import delegations, signing_in, urgent, urgent_duty
from dispatcher.usecases.context import Context, open_app
from dispatcher.usecases.delegations import Lending
from dispatcher.usecases.urgent import NewUrgent

MINE, THEIRS = "Máy Tơ", "Cầu Đất"
PASSWORD = "mèo xanh ăn sấm chớp"
STAFF = {
    "lan": (Role.OFFICER, None), "mai": (Role.OFFICER, MINE), "hung-mt": (Role.OFFICER, MINE),
    "hung": (Role.OFFICER, THEIRS),
    "minh": (Role.LEADER, None), "binh": (Role.LEADER, MINE), "tam": (Role.LEADER, THEIRS),
    "quan-tri": (Role.ADMIN, None), "dao": (Role.ADMIN, THEIRS), "kiem": (Role.AUDITOR, None),
}  # fmt: skip
TEXT = """+++
title = "Thông báo"
kind = "warning"
reviewed = 2999-01-01
[fields]
viec = { label = "Việc", required = true }
+++
{% block sms %}UBND phuong {{ ward.name | khong_dau }}: {{ viec }}.{% endblock %}
"""
MONDAYS = """title = "Thứ hai"
template = "thong-bao"
route = "sms"
cron = "0 9 * * mon"
[fields]
viec = "{}"
[audience]
wards = ["Máy Tơ"]
"""
ROUTES = """[routes.urgent]
urgent = true
steps = [ { gateway = "esms" } ]
[routes.early]
steps = [ { gateway = "esms", window = "05:00-06:00" } ]
"""


@dataclass
class Prepared:
    """A site on one path, put back as it was before each act, and what its parts are called."""

    root: Path
    kept: Path
    server: Any = None  # where its database is, when it is no file: PostgreSQL, named as the folder
    ids: dict[Known, int] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    variants: dict[tuple[Change, ...], Path] = field(default_factory=dict)
    before: dict[tuple[Change, ...], Any] = field(default_factory=dict)  # what each holds

    def put_back(self, where: tuple[Change, ...] = ()) -> Path:
        """The site as it was, with these changes; its folder."""
        if where not in self.variants:
            self.copy(self.kept, self.root)
            for change in where:
                change(self.root)
            self.variants[where] = self.kept.with_name(f"kept-{len(self.variants)}")
            self.copy(self.root, self.variants[where])
        self.copy(self.variants[where], self.root)
        return self.root

    def keep(self) -> None:
        """What every case starts from is what stands there now."""
        self.copy(self.root, self.kept)

    def copy(self, source: Path, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
        if self.server is not None:
            self.server.psql(f'DROP DATABASE IF EXISTS "{target.name}";')
            self.server.psql(f'CREATE DATABASE "{target.name}" TEMPLATE "{source.name}";')

    def id_of(self, what: Known) -> int:
        """The number of something; one that nothing has for what is not there."""
        return self.ids.get(what, 999)


def prepare(folder: Path, server: Any = None) -> Prepared:
    """Make the site, once. `server`: the PostgreSQL it is to be on."""
    database = new_postgresql(server, "site", MIGRATED) if server else "data/site.db"
    root = build_site(folder / "site", database, ("[routes.outbox]", f"{ROUTES}[routes.outbox]"))
    (root / "templates" / "thong-bao.j2").write_text(TEXT, encoding="utf-8")
    correction = TEXT.replace("viec", "noi_dung")
    (root / "templates" / "dinh-chinh.j2").write_text(correction, encoding="utf-8")
    for name in ("moi", "cho-duyet", "da-duyet", "nghi", "cua-lanh-dao", "chua-ai-doc", "lap-lai"):
        source = MONDAYS.format("viec running" if name == "lap-lai" else name)
        if name == "lap-lai":
            source = source.replace("0 9 * * mon", "0 10 * * *")
        (root / "schedules" / f"{name}.toml").write_text(source, encoding="utf-8")
    site = parse(root)
    site.data.mkdir(mode=0o700)
    if server is None:
        shutil.copy(migrated_file(), site.data / "site.db")
    load_key(site.key_file, create=True)
    app = open_app(site, SiteClock())
    made = Prepared(root, folder / "kept", server)
    add_staff(app, made)
    add_lists(app, made, folder)
    _broadcasts(app, made)
    _schedules(app)
    _urgent(app, made)
    app.store.close()
    _as_heard(site.database, made)
    made.keep()
    return made


def add_staff(app: App, made: Prepared) -> None:
    with app.begin(SYSTEM)() as tx:
        for name in (MINE, THEIRS):
            made.ids[Known("ward", name)] = areas.ward(tx, name).id
        for name, (role, ward) in STAFF.items():
            wards = [made.ids[Known("ward", ward)]] if ward else []
            made.ids[Known("person", name)] = people.add(tx, name, f"Người {name}", role, wards)
    for name in STAFF:
        actor = app.actor(name)
        with app.begin(SYSTEM)() as tx:
            if name in ("lan", "minh"):
                signing_in.set_password(tx, actor, PASSWORD)
            made.sessions[name] = signing_in.start_session(tx, actor, "thử")
            made.keys[name] = signing_in.new_key(tx, actor, f"k-{name}", "write", timedelta(days=9))
    last = NINE.date() + timedelta(30)
    lent = Lending("minh", "mai", "15/QĐ", last, first=NINE.date())
    made.ids[Known("delegation", "minh")] = delegations.lend(Context(app, app.actor("minh")), lent)


def add_lists(app: App, made: Prepared, folder: Path) -> None:
    import_list(app, sheet(folder / "may-to.csv", [
        ("Trần An", number(1), "Tổ 1", ""), ("Lê Bình", number(2), "Tổ 1", ""),
        ("Phạm Chi", number(3), "Tổ 2", ""), ("Không Số", "", "Tổ 2", ""),
        ("Đỗ Dung", number(4), "Tổ 2", ""),
    ]))  # fmt: skip
    import_list(app, sheet(folder / "cau-dat.csv", [("Bí Mật", number(9), "Tổ 1", "")]))
    with app.begin(SYSTEM)() as tx:
        for row in contact_lists.list_contacts(tx, limit=100):
            made.ids[Known("contact", row["name"])] = row["id"]
        for ward in (MINE, THEIRS):
            for key, area in areas.groups_of(tx, made.ids[Known("ward", ward)]).items():
                made.ids[Known("place", f"{ward}, Tổ {key}")] = area.id
        for name, member in (("Tổ công nghệ", "Trần An"), ("Chung", "Bí Mật"), ("Trống", "")):
            group = groups.ensure(tx, [name])[folded(name)]
            made.ids[Known("group", name)] = group
            joining = [(group, made.ids[Known("contact", member)])] if member else []
            tx.note("joined", "group", group, people=groups.join(tx, joining))
        an, dung = (made.ids[Known("contact", n)] for n in ("Trần An", "Đỗ Dung"))
        for n, name in enumerate((MINE, THEIRS), 1):
            made.ids[Known("import", name)] = n
        made.ids[Known("import", "undone")] = imports.change(tx, [an], title="bà")
        undoing.undo(tx, made.ids[Known("import", "undone")])
        made.ids[Known("import", "later")] = imports.change(tx, [an], title="cô")
        [address] = suppressions.addresses_of(tx, [dung])
        suppressions.suppress(tx, address, "yêu cầu")
        made.ids[Known("suppression", "Đỗ Dung")] = 1
        [address] = suppressions.addresses_of(tx, [an])
        for name, of, look in (("waiting", address, True), ("clear", address, False),
                               ("stranger", None, True)):  # fmt: skip
            made.ids[Known("reply", name)] = replies.put(
                tx, "esms", of, "thoi nhe", wish=Wish.UNCLEAR, look=look, confirm=False
            )
        tx.note("heard", "replies", "")


# --- broadcasts ---------------------------------------------------------------------------------


def _broadcasts(app: App, made: Prepared) -> None:
    """One in each state, each with words of its own."""
    lan, minh = app.actor("lan"), app.actor("minh")

    def step(name: str, actor: Actor, act: Callable[..., Any]) -> None:
        with app.begin(actor)() as tx:
            act(tx, broadcasts.get(tx, made.ids[Known("broadcast", name)]))

    def write(name: str, words: str = "", by: Actor = lan, **more: Any) -> None:
        loaded = templating.load(app.templates, "thong-bao")
        new = planning.NewBroadcast(**{
            "template": "thong-bao", "audience": Audience(wards=(MINE,)), "route": "sms",
            "title": name, "fields": {"viec": words or f"viec {name}"}, **more,
        })  # fmt: skip
        with app.begin(by)() as tx:
            made.ids[Known("broadcast", name)] = application.draft_broadcast(app, tx, loaded, new)

    def submit(name: str, again: str = "") -> None:
        found = application.preview_broadcast(
            app, lan, get(app, made.ids[Known("broadcast", name)])
        )
        step(name, lan, lambda tx, b: planning.submit(tx, b, found, again=again))

    def offer(tx: Any, b: Any) -> None:
        filled, version = message_rendering.reworded(app.site, tx, b, {"viec": "sua lai"}, ())
        planning.offer(tx, b, filled, version, "")

    order = ["draft", "submitted", "returned", "offered", "approved", "scheduled", "running", "paused",
             "sent", "stopped", "held"]  # fmt: skip
    for name in order:
        write(name)
        if name != "draft":
            submit(name)
        if name == "returned":
            step(name, minh, lambda tx, b: planning.send_back(tx, b, "ghi rõ giờ"))
        if name == "offered":
            step(name, minh, offer)
        if order.index(name) >= order.index("approved"):
            step(name, minh, planning.approve)
        if order.index(name) >= order.index("scheduled"):
            later = timedelta(hours=2 if name == "scheduled" else 0)
            step(name, lan, lambda tx, b, at=later: planning.schedule(tx, b, tx.now + at))
        if order.index(name) >= order.index("running"):
            application.release_broadcast(app, get(app, made.ids[Known("broadcast", name)]))
    step("paused", lan, planning.pause)
    step("stopped", lan, planning.stop)
    step("held", lan, planning.pause)
    write("same", "viec running")
    write("same-approved", "viec gap")
    submit("same-approved")
    step("same-approved", minh, planning.approve)
    write("gap", "viec gap")
    submit("gap", "thử")
    step("gap", minh, planning.approve)
    step("gap", lan, lambda tx, b: planning.schedule(tx, b, tx.now))
    application.release_broadcast(app, get(app, made.ids[Known("broadcast", "gap")]))
    write("by-leader", by=minh)
    submit("by-leader")
    write("nobody", audience=Audience(groups=("Trống",)))
    write("never", route="early")
    write("urgent draft", urgent=True)
    write("tested")
    for phone in range(MOST_TESTS):
        key = (AddressKind.MOBILE, f"+84950000{200 + phone}")
        with app.begin(lan)() as tx:
            address = contacts.put_addresses(tx, [key], app.site.sample_heads)[key]
            tester = contacts.tester(tx, address, made.ids[Known("ward", MINE)])
            planning.test(tx, broadcasts.get(tx, made.ids[Known("broadcast", "tested")]), tester)


def _as_heard(database: str, made: Prepared) -> None:
    """The network took two messages and refused the third; one broadcast is held; somebody has
    a notice."""
    engine = engine_for(database)
    with engine.begin() as at:
        for name in ("sent", "urgent"):
            found = at.execute(text(QUEUED), {"b": made.ids[Known("broadcast", name)]})
            states = ("accepted", "delivered", "failed", "read")
            for (message,), state in zip(found.all(), states, strict=False):
                at.execute(text(HEARD), {"m": message, "s": state})
        at.execute(text(HELD), {"b": made.ids[Known("broadcast", "held")]})
        at.execute(text(UNEXPLAINED), {"b": made.ids[Known("broadcast", "gap")]})
        for name in ("lan", "kiem"):
            at.execute(text(NOTICE), {"p": made.ids[Known("person", name)]})
    engine.dispose()


QUEUED = "SELECT id FROM messages WHERE broadcast_id = :b AND state = 'queued' ORDER BY id"
HEARD = "UPDATE messages SET state = :s WHERE id = :m"
HELD = "UPDATE broadcasts SET state = 'held', reason = 'content' WHERE id = :b"
UNEXPLAINED = "UPDATE broadcasts SET again = '', again_of = '[]' WHERE id = :b"
NOTICE = (
    "INSERT INTO notices (person_id, at, code, noun, noun_id, vi, en, mail, text, again_at) "
    "VALUES (:p, 0, 'held', 'broadcast', '1', 'Bị giữ', 'Held', 'none', 'none', 0)"
)


# --- what waits beside them ---------------------------------------------------------------------


def _schedules(app: App) -> None:
    lan, minh = app.actor("lan"), app.actor("minh")
    for name in ("cho-duyet", "da-duyet", "nghi", "cua-lanh-dao"):
        schedule = scheduling.load(app.schedules, name, DEFAULT_WINDOW)
        with app.begin(minh if name == "cua-lanh-dao" else lan)() as tx:
            scheduling.submit(tx, schedule, 100, 10**6)
        if name in ("da-duyet", "nghi"):
            with app.begin(minh)() as tx:
                scheduling.approve(tx, schedule)
    with app.begin(lan)() as tx:
        schedules.move(tx, "nghi", "paused")


def _urgent(app: App, made: Prepared) -> None:
    lan, minh = Context(app, app.actor("lan")), Context(app, app.actor("minh"))
    for name in ("nhap", "cho", "bao", "da-thoi", "cua-lanh-dao"):
        author = minh if name == "cua-lanh-dao" else lan
        wanted = NewUrgent(name, "thong-bao", Audience(wards=(MINE,)), 100, 10**6,
                           date(2026, 12, 31), all_clear="dinh-chinh")  # fmt: skip
        urgent.prepare(author, wanted)
        if name != "nhap":
            urgent.submit(author, name)
        if name in ("bao", "da-thoi"):
            urgent.approve(minh, name)
    urgent.end(lan, "da-thoi")
    made.ids[Known("duty", "lan")] = urgent_duty.add(minh, "lan", "now", 12).id
    sent, _ = urgent.send(lan, "bao", {"viec": "viec urgent"})
    made.ids[Known("broadcast", "urgent")] = sent.id
    application.release_broadcast(app, get(app, sent.id))
