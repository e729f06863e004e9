from dispatcher.i18n import Say

"""Whoever must act is told in time: noticed once, by a real mail server, by a text to a phone."""

import asyncio
import socket
from datetime import date

import pytest
from aiosmtpd.controller import Controller
from conftest import add_people
from walk import get, import_list, number, rows, sheet, twin_urls, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts, schedules
from dispatcher.db.broadcasts.budgets import BudgetUse
from dispatcher.db.contacts import areas, contacts
from dispatcher.db.queue import gateways
from dispatcher.db.staff import delegations, notices, people
from dispatcher.domain.model import SYSTEM, AddressKind, Role
from dispatcher.domain.problems import Problem
from dispatcher.usecases.context import open_app
from dispatcher.worker.adapters import Doors, build_gateway
from dispatcher.worker.notifications import deliver as delivery
from dispatcher.worker.notifications import detect

POSTGRESQL_LATER = True

LEADERS = "minh@phuong.example"


class Inbox:
    """A mail server that keeps what it takes, and can be told to behave badly."""

    def __init__(self):
        self.mails, self.answer = [], "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answer == "cut":
            server.transport.close()
            return "421 gone"
        if self.answer.startswith("2"):
            self.mails.append((envelope.rcpt_tos, envelope.content.decode("utf-8", "replace")))
        return self.answer


@pytest.fixture
def inbox():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    handler = Inbox()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    handler.port = port
    yield handler
    controller.stop()


@pytest.fixture
def told(make_site, database, clock, inbox, tmp_path):
    """A site whose leader has a mailbox and a phone."""
    more = f'[staff]\nsmtp = "127.0.0.1:{inbox.port}"\ntls = "none"\nfrom = "may@phuong.example"\n' \
           'gateway = "esms"\n[phones]'  # fmt: skip
    app = open_app(parse(make_site(database, ("[phones]", more))), clock)
    import_list(app, sheet(tmp_path / "may-to.csv", [("A", number(1), "Tổ 1", "")]))
    officer, leader = add_people(app)
    with app.begin(SYSTEM)() as tx:
        at = contacts.put_addresses(tx, [(AddressKind.MOBILE, "+84959000111")], ("095",))
        people.reach(tx, leader.person_id, email=LEADERS, address_id=next(iter(at.values())))
    yield app, officer, leader
    app.store.close()


def submitted(app, officer):
    made = write_broadcast(app, officer)
    found = application.preview_broadcast(app, officer, get(app, made))
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found, again="thử")
    return made


def deliver(app, gateways_=None):
    async def in_thread(act):
        return act()

    asyncio.run(delivery.deliver(app, gateways_ or {}, in_thread))


def waiting(app, person):
    with app.store.read(SYSTEM) as tx:
        return [n["code"] for n in notices.unread(tx, person.person_id)]


def way(app, way_="mail"):
    return [r["w"] for r in rows(app, f"SELECT {way_} AS w FROM notices ORDER BY id")]


# --- who is told what ---------------------------------------------------------------------------


def test_a_submission_is_told_once_to_those_who_may_approve_it_and_to_nobody_else(told):
    app, officer, leader = told
    with app.begin(SYSTEM)() as tx:
        there = [areas.ward(tx, "Cầu Đất").id]
        people.add(tx, "xa", "Lãnh Đạo Xa", Role.LEADER, there)
        deputy = people.add(tx, "mai", "Phạm Thị Mai", Role.OFFICER, [])
        delegations.add(tx, leader.person_id, deputy, prefix="KT.", document="1/QĐ",
                        valid_from=date(2026, 12, 1), valid_to=date(2026, 12, 31))  # fmt: skip
    made = submitted(app, officer)
    assert delivery.detect_notices(app) == 2
    assert delivery.detect_notices(app) == 0
    assert waiting(app, leader) == waiting(app, app.actor("mai")) == ["approve"]
    assert waiting(app, app.actor("xa")) == waiting(app, officer) == []
    with app.begin(leader)() as tx:
        planning.send_back(tx, broadcasts.get(tx, made), "ghi rõ giờ")
    delivery.detect_notices(app)
    assert waiting(app, leader) == []  # decided: nothing waits any more
    assert waiting(app, officer) == ["returned"]
    found = application.preview_broadcast(app, officer, get(app, made))
    app.clock.advance(minutes=1)
    with app.begin(officer)() as tx:
        planning.submit(tx, broadcasts.get(tx, made), found, again="thử")
    delivery.detect_notices(app)
    assert waiting(app, leader) == ["approve"]  # handed in again: told again


def test_what_else_must_be_known(told):
    app, officer, leader = told
    made = submitted(app, officer)
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "ad", "Quản Trị", Role.ADMIN, [])
        gateways.pause(tx, "esms", "account", "103")
        tx.run("UPDATE broadcasts SET state = 'held', reason = 'ward_budget' WHERE id = :b",
               {"b": made})  # fmt: skip
        schedules.keep(tx, "thu-hai", "d" * 64, "s")
        schedules.move(tx, "thu-hai", "submitted", submitted_by=officer.person_id)
    purse = [BudgetUse("to", "2026-12", 80, 100), BudgetUse("khac", "2026-12", 79, 100)]
    ends = [detect.ExpiryNotice(Say("brandname X"), date(2027, 1, 1))]
    with app.begin(SYSTEM)() as tx:
        detect.keep_notices(tx, purse, ends)
    assert sorted(waiting(app, leader)) == ["approve", "budget", "held"]
    assert sorted(waiting(app, app.actor("ad"))) == ["budget", "ends-soon", "gateway", "held"]
    assert waiting(app, officer) == ["held"]
    said = " ".join(r["vi"] for r in rows(app, "SELECT vi FROM notices"))
    assert "vượt ngân sách" in said
    assert "http" not in said
    assert "095" not in said


def test_a_person_ticks_off_what_they_have_seen(told):
    app, officer, leader = told
    submitted(app, officer)
    delivery.detect_notices(app)
    with app.begin(leader)() as tx:
        assert notices.read(tx, leader.person_id) == 1
    assert waiting(app, leader) == []
    assert delivery.detect_notices(app) == 0


# --- by mail ------------------------------------------------------------------------------------


def test_one_mail_says_everything_that_waits_and_is_sent_once(told, inbox):
    app, officer, _ = told
    submitted(app, officer)
    submitted(app, officer)
    delivery.detect_notices(app)
    deliver(app)
    deliver(app)
    [(to, text)] = inbox.mails
    assert to == [LEADERS]
    assert text.count("Broadcast") == 0
    assert "http" not in text
    assert "may@phuong.example" in text
    assert way(app) == ["sent", "sent"]


def test_a_server_that_is_away_or_busy_is_asked_again_and_given_up_after_a_while(
    told, inbox, clock
):
    app, officer, _ = told
    submitted(app, officer)
    delivery.detect_notices(app)
    inbox.answer = "451 later"
    for minutes in (0, 1, 5, 30):
        clock.advance(minutes=minutes, seconds=1)
        deliver(app)
    assert way(app) == ["waiting"]
    deliver(app)  # not yet
    assert inbox.mails == []
    clock.advance(hours=2, seconds=1)
    inbox.answer = "250 OK"
    deliver(app)
    assert len(inbox.mails) == 1


def test_a_refused_mail_failed_and_a_cut_line_is_a_doubt_that_is_never_repeated(told, inbox):
    app, officer, _ = told
    submitted(app, officer)
    delivery.detect_notices(app)
    inbox.answer = "550 no such box"
    deliver(app)
    assert way(app) == ["failed"]
    submitted(app, officer)
    delivery.detect_notices(app)
    inbox.answer = "cut"
    deliver(app)
    inbox.answer = "250 OK"
    deliver(app)
    assert way(app) == ["failed", "unsure"]
    assert inbox.mails == []


def test_what_a_dead_worker_was_mailing_is_not_mailed_again(told, inbox, clock):
    app, officer, _ = told
    submitted(app, officer)
    delivery.detect_notices(app)
    with app.begin(SYSTEM)() as tx:
        assert len(notices.take(tx, "mail")) == 1
    clock.advance(minutes=6)
    deliver(app)
    assert (inbox.mails, way(app)) == ([], ["unsure"])


def test_a_drill_mails_nobody_off_this_machine(make_site, clock, tmp_path):
    more = '[staff]\nsmtp = "mail.phuong.example:587"\nfrom = "a@phuong.example"\n[phones]'
    app = open_app(parse(make_site("data/site.db", ("[phones]", more))), clock)
    import_list(app, sheet(tmp_path / "may-to.csv", [("A", number(1), "Tổ 1", "")]))
    officer, leader = add_people(app)
    with app.begin(SYSTEM)() as tx:
        people.reach(tx, leader.person_id, email=LEADERS, address_id=None)
    submitted(app, officer)
    delivery.detect_notices(app)
    deliver(app)
    assert way(app) == ["kept"]
    app.store.close()


@pytest.mark.parametrize(
    "line",
    ['smtp = "mail.phuong.example:25"\ntls = "none"\nfrom = "a@b.example"', 'gateway = "khong"',
     'smtp = "127.0.0.1:25"\ntls = "none"', 'tls = "maybe"'],
)  # fmt: skip
def test_wrong_staff_settings_are_problems_with_a_line(make_site, line):
    with pytest.raises(Problem) as caught:
        parse(make_site("data/site.db", ("[phones]", f"[staff]\n{line}\n[phones]")))
    assert caught.value.where.startswith("dispatcher.toml:")


# --- by text ------------------------------------------------------------------------------------


def test_a_text_without_links_reaches_the_phone_of_whoever_must_act_once(told, twins):
    app, officer, _ = told
    submitted(app, officer)
    delivery.detect_notices(app)
    built = build_gateway(app, "esms", Doors(twin_urls(twins)), None)

    async def both():
        async def in_thread(act):
            return act()

        for _ in range(2):
            await delivery.deliver(app, {"esms": built}, in_thread)
        await built._wire.close()

    asyncio.run(both())
    assert way(app, "text") == ["sent"]
    ledger = twins.ask("/ledger?people")
    assert (ledger["accepted"], len(ledger["acceptances"])) == (1, 1)
    assert "959000111" in str(ledger["acceptances"])
