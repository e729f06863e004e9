"""Staff are told what waits for them: noticed, then by mail, then by a short text without links.

A drill lets nothing off the machine: mail goes only to a server on it, texts only to twins.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from dispatcher.broadcasts import registrations
from dispatcher.broadcasts.application import App, budgets_of
from dispatcher.db.broadcasts import budgets
from dispatcher.db.database import Row, Tx
from dispatcher.db.staff import notices
from dispatcher.domain.model import HANOI, SYSTEM, Channel, Fault, Kind, Mode
from dispatcher.domain.problems import Problem
from dispatcher.domain.sms import unaccent
from dispatcher.gateways import cleaned, mail
from dispatcher.gateways.contract import Accepted, Gateway, Outgoing, Refused
from dispatcher.i18n import Both, Say
from dispatcher.worker.notifications import detect

log = logging.getLogger("dispatcher.worker.notifications.deliver")

InThread = Callable[[Callable[[], Any]], Awaitable[Any]]
SHORTEST_TEXT = 150  # characters of an event in a text to a phone: one part with the site's name
TEXT_LASTS = timedelta(hours=2)


def detect_notices(app: App) -> int:
    """Notice everything that waits for somebody; how many notices were new."""
    now = app.clock()
    with app.store.read(SYSTEM) as tx:
        purses = budgets.budget_use(tx, budgets_of(app.site, tx), app.site.mode, now)
        ends = registrations.endings(tx, app.site, now.astimezone(HANOI).date())
    with app.begin(SYSTEM)() as tx:
        tx.act = "noticed"
        endings = [detect.ExpiryNotice(e.what, e.day) for e in ends]
        odd_reports = {name: g.odd_reports for name, g in app.site.gateways.items()}
        return detect.keep_notices(tx, list(purses.values()), endings, odd_reports)


async def deliver(app: App, gateways: Mapping[str, Gateway], in_thread: InThread) -> None:
    """Tell what was noticed: mails of one person together, texts one by one."""
    await _mails(app, in_thread)
    await _texts(app, gateways, in_thread)


def _noted(app: App, act: Callable[[Tx], Any]) -> Any:
    with app.begin(SYSTEM)() as tx:
        tx.act = "told staff"
        return act(tx)


async def _mails(app: App, in_thread: InThread) -> None:
    chosen = app.site.staff
    if not chosen.smtp:
        return
    rows = await in_thread(lambda: _noted(app, lambda tx: notices.take(tx, "mail")))
    if not rows:
        return
    if app.site.mode is Mode.DRILL and not chosen.is_here:
        kept = [r["id"] for r in rows]
        await in_thread(lambda: _noted(app, lambda tx: notices.done(tx, "mail", kept, "kept")))
        return
    by_person: dict[int, list[Row]] = {}
    for row in rows:
        by_person.setdefault(row["person_id"], []).append(row)
    try:
        password = chosen.password.fetch() if chosen.password else ""
    except Problem as problem:
        log.error("mail to staff problem=%s", problem.code)
        password = ""
    server = mail.Server(chosen.host, chosen.port, chosen.tls, chosen.user, password)
    letters = [_letter(app, person) for person in by_person.values()]
    outcomes = await asyncio.to_thread(mail.send, server, letters)
    for outcome, person in zip(outcomes, by_person.values(), strict=True):
        await in_thread(partial(_noted, app, partial(_ended, outcome=outcome, rows=person)))


def _ended(tx: Tx, outcome: str, rows: list[Row]) -> None:
    if outcome == mail.NOT_TAKEN:
        notices.later(tx, "mail", rows)
        return
    states = {mail.SENT: "sent", mail.REFUSED: "failed", mail.UNSURE: "unsure"}
    notices.done(tx, "mail", [r["id"] for r in rows], states[outcome])


def _letter(app: App, rows: list[Row]) -> mail.Mail:
    """One mail about everything that waits for one person."""
    language, count = app.site.language, len(rows)
    head = Say("{name}: {count} waiting", name=app.site.name, count=count)
    subject = head.to(language)
    if app.site.mode is Mode.DRILL:
        subject = f"{Say('[DRILL]').to(language)} {subject}"
    greeting = Say("Dear {full_name},", full_name=rows[0]["full_name"])
    end = Say(
        "Open the ward's program to see it. This mail has no links and asks for no password.",
    )
    lines = [f"- {Both(row['vi'], row['en']).to(language)}" for row in rows]
    text = "\n".join([greeting.to(language), "", *lines, "", end.to(language), ""])
    return mail.Mail(app.site.staff.sender, rows[0]["to"], " ".join(subject.split()), text)


async def _texts(app: App, gateways: Mapping[str, Gateway], in_thread: InThread) -> None:
    gateway = gateways.get(app.site.staff.gateway)
    if gateway is None or gateway.channel is not Channel.SMS:
        return
    rows = await in_thread(lambda: _noted(app, lambda tx: notices.take(tx, "text", 20)))
    for row in rows:
        reference = f"staff{row['id']}"
        sender = next((s.brandname or s.name for _, s in app.site.senders.values()), "")
        body = unaccent(f"{app.site.name}: {row['vi']}")[:SHORTEST_TEXT]
        now = app.clock()
        out = Outgoing(
            reference,
            row["to"],
            row["carrier"],
            body,
            False,
            Kind.INTERNAL,
            sender,
            None,
            {},
            (),
            now + TEXT_LASTS,
        )
        try:
            [said] = await gateway.send(reference, [out])
            answer = cleaned.send_result(said)
        except Exception as error:  # of an adapter, which may be anybody's: the others go on
            log.error("gateway=%s text to staff: %s", gateway.name, type(error).__name__)
            answer = Refused(Fault.UNKNOWN, "bug")
        await in_thread(partial(_noted, app, partial(_answered, answer=answer, row=row)))


def _answered(tx: Tx, answer: Any, row: Row) -> None:
    if isinstance(answer, Accepted):
        notices.done(tx, "text", [row["id"]], "sent")
    elif answer.fault in (Fault.BUSY, Fault.LATER, Fault.ACCOUNT):
        notices.later(tx, "text", [row])
    else:
        outcome = "unsure" if answer.fault is Fault.UNKNOWN else "failed"
        notices.done(tx, "text", [row["id"]], outcome)
