"""doctor's looks at what goes wrong while messages go out: gateways, reports, who sends."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatcher.db.queue import gateways as gateway_rows
from dispatcher.db.schema import micros
from dispatcher.db.staff import notices
from dispatcher.domain import outages
from dispatcher.domain.model import SYSTEM, Mode
from dispatcher.domain.outages import Attendance, Health, Level
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Both, Joined, Say
from dispatcher.usecases import alarms
from dispatcher.usecases.checked import Checked, Finding, Opening
from dispatcher.worker.adapters import adapter_options


def gateways(opening: Opening) -> Checked:
    """How every gateway of the settings is, those in trouble by name with what to do."""
    app = opening.open_app()
    now = app.clock()
    with app.store.read(SYSTEM) as tx:
        found = alarms.gateways(app, tx)
        sign_ins = gateway_rows.sign_ins(tx)
    troubled = [
        s for s in found.values() if outages.level(s, now) is not Level.OK and not s.by_reports
    ]
    if troubled:
        return _troubled(troubled, now)
    refused = {n: until for n, (state, until) in sign_ins.items() if state != "ok"}
    if refused:
        name, until = next(iter(refused.items()))
        left = max(0, ((until or 0) - micros(now)) // 3_600_000_000)
        told = Say(
            "“{name}” must be signed in again, it can send for about {left} hours",
            name=name,
            left=left,
        )
        return Checked("gateways", False, told, Level.WARN, step="sign-in")
    if app.site.mode is Mode.LIVE:
        for chosen in app.site.gateways.values():
            try:
                adapter_options(app.site, chosen, None)
            except Problem as problem:
                return Checked("gateways", False, problem.say, Level.ALARM, about=problem)
    many = len(app.site.gateways)
    ready = Say("{many} gateways are ready", many=many)
    return Checked("gateways", True, ready, Level.OK)


def _troubled(troubled: list[Health], now: datetime) -> Checked:
    """What is wrong with which gateway; the worst of them gives the level and the moment."""
    alarming = [s for s in troubled if outages.level(s, now) is Level.ALARM]
    told = Joined(". ", [outages.alarm_sentence(s, outages.remedy(s, now)) for s in troubled])
    since = min((s.since for s in alarming or troubled if s.since), default=None)
    passing = all(s.state is outages.State.THROTTLED for s in troubled) and not alarming
    level = Level.ALARM if alarming else Level.WARN
    return Checked("gateways", passing, told, level, since, about=tuple(troubled))


def worker(opening: Opening) -> Checked:
    """Whether somebody sends what is due."""
    app = opening.open_app()
    with app.store.read(SYSTEM) as tx:
        found = alarms.work(app, tx)
    if found.attendance is Attendance.SENDS:
        assert found.seen_at is not None
        seconds = max(0, int((app.clock() - found.seen_at).total_seconds()))
        fine = Say(
            "The worker was active {seconds} seconds ago",
            seconds=seconds,
        )
        return Checked("worker", True, fine, Level.OK)
    told = outages.work_sentence(found)
    if found.since is not None:
        return Checked("worker", False, told, Level.ALARM, found.since, about=found)
    if found.seen_at is None:  # it was never started, or ended as it should: nothing is due
        return Checked("worker", True, told, Level.OK, about=found)
    return Checked("worker", False, told, Level.WARN, found.seen_at, about=found)


def reports(opening: Opening) -> Checked:
    """Reports that match nothing or cannot be read."""
    app = opening.open_app()
    with app.store.read(SYSTEM) as tx:
        odd = alarms.odd_reports(app, tx)
    if not odd:
        fine = Say("Reports can be read")
        return Checked("reports", True, fine, Level.OK)
    said = {name: alarms.of_no_use(o) for name, o in odd.items()}
    odd_ones = Joined(", ", [Say("{n} ({s})", n=n, s=s) for n, s in said.items()])
    told = Say(
        "Reports of the last hour that match nothing or cannot be read: {odd_ones}.",
        odd_ones=odd_ones,
    )
    known = [datetime.fromisoformat(o["since"]) for o in odd.values() if o["since"]]
    return Checked("reports", False, told, Level.ALARM, min(known, default=None), "reports")


def unsent(opening: Opening) -> Finding:
    """Messages of the last day that expired before anybody sent them."""
    app = opening.open_app()
    with app.store.read(SYSTEM) as tx:
        found = notices.unsent(tx, app.clock() - timedelta(days=1))
    if not found:
        return "unsent", True, Say("Nothing expired unsent")
    return "unsent", False, Joined(" ", [Both(row["vi"], row["en"]) for row in found])
