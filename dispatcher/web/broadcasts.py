"""Broadcasts: looked at, handed in, decided, watched, stopped, corrected."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dispatcher import broadcasts as planning
from dispatcher import scheduling, templating
from dispatcher.broadcasts import app as joined
from dispatcher.broadcasts import hours, repeating, wording
from dispatcher.db.broadcasts import approvals, broadcasts, files, shares, tallies
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.samples import Look
from dispatcher.db.contacts import areas, contacts
from dispatcher.db.contacts.reach import SHORT
from dispatcher.db.database import Tx
from dispatcher.db.staff import delegations, people
from dispatcher.domain.model import HANOI, SYSTEM, URGENT, AddressKind, BroadcastState, Mode, Role
from dispatcher.domain.phone import read as read_phone
from dispatcher.domain.problems import Problem, Say, refused
from dispatcher.domain.rights import DECIDERS
from dispatcher.domain.words import REASONS, STATES
from dispatcher.reports import reporting
from dispatcher.usecases import alarms, printouts, reports
from dispatcher.web import troubles
from dispatcher.web.ask import Answer, Ask, Go, Sent, Shown, read_date, whole
from dispatcher.web.guard import Page, changes, reads
from dispatcher.web.signing import prove
from dispatcher.worker import timekeeping
from dispatcher.worker.telling import HELD

STATE = {
    "draft": Say("nháp", "draft"), "submitted": Say("trình duyệt", "submitted"),
    "returned": Say("trả lại", "returned"), "rejected": Say("từ chối", "rejected"),
    "approved": Say("đã duyệt", "approved"), "scheduled": Say("đã lên lịch", "scheduled"),
    "running": Say("đang gửi", "running"), "paused": Say("tạm dừng", "paused"),
    "held": Say("bị giữ lại", "held"), "done": Say("hoàn thành", "done"),
    "stopped": Say("đã dừng phần chưa gửi", "stopped"), "expired": Say("quá hạn gửi", "expired"),
    "missed": Say("lỡ giờ", "missed"),
}  # fmt: skip
OPEN = (BroadcastState.DRAFT, BroadcastState.RETURNED)
JUST_NOW = timedelta(minutes=30)
ALIVE = (BroadcastState.SCHEDULED, BroadcastState.RUNNING, BroadcastState.PAUSED)


def listed(ask: Ask) -> Answer:
    with ask.read() as tx:
        found = broadcasts.listed(tx, limit=200)
        counted = tallies.states(tx, [b.id for b in found[:50]])
    return Shown("broadcasts.html", {"found": found, "counted": counted, "STATE": STATE})


def inbox(ask: Ask) -> Answer:
    with ask.read() as tx:
        found = broadcasts.listed(tx, [BroadcastState.SUBMITTED])
        names = people.names(tx)
    return Shown("inbox.html", {"found": found, "names": names})


# --- one broadcast ------------------------------------------------------------------------------


def _act(ask: Ask, name: str, act: Callable[[Tx, Broadcast], Any]) -> Broadcast:
    number = ask.number()
    with ask.remembering(name, "broadcast", number):
        with ask.begin() as tx:
            act(tx, broadcasts.get(tx, number))
            return broadcasts.get(tx, number)


def show(ask: Ask) -> Answer:
    """One broadcast: what will be sent, or how far it has come; and what may be done."""
    app, first = ask.app, max(1, whole(ask.query.get("from", "1")) or 1)
    with ask.read() as tx:
        broadcast = broadcasts.get(tx, ask.number())
        names = people.names(tx)
        approval = approvals.latest(tx, broadcast)
        offered = approvals.offered(tx, broadcast.id)
        attached = files.attached(tx, broadcast.id)
        template = wording.frozen(app.site, tx, broadcast)
        covered = planning.digest(tx, broadcast)
        lent = delegations.of_deputy(tx, ask.person.person_id or 0)
        alarm = troubles.of_work(alarms.work(app, tx)) if broadcast.state in ALIVE else None
        leaders = [p for p in people.seen(tx) if p["role"] == Role.LEADER.value
                   and p["disabled_at"] is None]  # fmt: skip
    seen = None
    if broadcast.released_at is None and broadcast.state is not BroadcastState.STOPPED:
        reworded = broadcast
        if offered is not None:
            with ask.read() as tx:
                reworded = joined.as_offered(tx, broadcast)
        seen = joined.preview(app, ask.person, reworded, Look((), first - 1, 1))
    live: dict[str, Any] = {"alarm": alarm}
    if broadcast.released_at:
        live |= _live(ask, broadcast)
    if broadcast.released_at:
        with ask.read() as tx:
            live["report"] = reporting.report(tx, broadcast.id, tallies.of(tx, broadcast.id))
    values = {
        "b": broadcast, "names": names, "approval": approval, "offered": offered,
        "attached": attached, "template": template, "seen": seen, "first": first,
        "urgent": broadcast.priority == URGENT,
        "STATE": STATE, "REASONS": REASONS, "HELD": HELD, "OPEN": OPEN, "ALIVE": ALIVE,
        "approves": ask.person.role is Role.LEADER, "decides": ask.person.role in DECIDERS,
        "digest": covered, "lent": lent, "leaders": leaders,
        "today": app.clock().astimezone(HANOI).date(), "phone": _has_phone(ask, broadcast),
        "times": hours.period_of(app.site, broadcast, app.clock()), **live,
    }  # fmt: skip
    return Shown("broadcast.html", values)


def _has_phone(ask: Ask, broadcast: Broadcast) -> bool:
    """In a drill the phone of an invented resident stands beside what is or was just under way."""
    if ask.app.site.mode is not Mode.DRILL:
        return False
    done = broadcast.done_at
    return broadcast.state in ALIVE or (done is not None and ask.app.clock() - done < JUST_NOW)


def _first_live(ask: Ask, broadcast: Broadcast) -> bool:
    if broadcast.mode is not Mode.LIVE:
        return False
    with ask.read() as tx:
        return not broadcasts.any_released(tx, Mode.LIVE)


def _live(ask: Ask, broadcast: Broadcast) -> dict[str, Any]:
    """How far a released broadcast has come, and how fast since `?was=…&at=…` (done, second)."""
    with ask.read() as tx:
        tally = tallies.of(tx, broadcast.id, ("people", "faults"))
        wrong = troubles.of_broadcast(ask.app, tx, broadcast, reporting.faults(tally)[:20])
    counted, now = tally.states, ask.app.clock()
    total = sum(counted.values())
    left = counted.get("queued", 0) + counted.get("sending", 0)
    wait = (broadcast.starts_at - now).total_seconds() if broadcast.starts_at else 0
    later = wait > ask.app.site.undo.total_seconds()  # its hours are closed
    undo = 0 if later else max(0, int(wait))
    lines = reporting.networks(tally)
    look = _since(ask, broadcast, total - left - counted.get("skipped", 0))
    per_minute = look.per_minute if broadcast.state is BroadcastState.RUNNING else 0
    return {
        "counted": counted, "total": total, "left": left, "undo": undo,
        "later": later,
        "share": round((total - left) * 100 / total) if total else 100,
        "look": look, "rate": per_minute, "minutes": math.ceil(left / max(per_minute, 1)),
        "networks": lines if len(lines) > 1 else [],
        "totals": {c: sum(line["counts"][c] for line in lines) for c in reporting.COLUMNS},
        "columns": reporting.COLUMNS, "STATES": STATES, "REASONS": REASONS,
        "taken_at": tally.at, **wrong,
    }  # fmt: skip


@dataclass(frozen=True)
class _Look:
    """Where the next look measures from, and the pace since the last: messages a minute."""

    done: int
    second: int
    per_minute: int


def _since(ask: Ask, broadcast: Broadcast, done: int) -> _Look:
    now = int(ask.app.clock().timestamp())
    was, second = whole(ask.query.get("was", "")), whole(ask.query.get("at", ""))
    if was is None or second is None or not 0 < now - second < 600 or was > done:
        start = broadcast.starts_at
        was, second = 0, int(start.timestamp()) if start else now
    pace = (done - was) * 60 // (now - second) if now > second else 0
    if now - second < 60 and ask.query.get("at"):
        return _Look(was, second, pace)  # a minute's worth says more than two seconds
    return _Look(done, now, pace)


def progress(ask: Ask) -> Answer:
    """The part of a running broadcast's page that is looked at again and again."""
    with ask.read() as tx:
        broadcast = broadcasts.get(tx, ask.number())
        alarm = troubles.of_work(alarms.work(ask.app, tx))
    was = ask.query.get("state", broadcast.state.value)
    if was != broadcast.state.value:  # more than this part changes: buttons, tables, the phone
        return Go(f"/broadcasts/{broadcast.id}")
    if broadcast.released_at is None:
        return Shown("progress.html", {"b": broadcast, "waiting": True, "STATE": STATE,
                                       "ALIVE": ALIVE, "alarm": alarm})  # fmt: skip
    values = {"b": broadcast, "waiting": False, "STATE": STATE, "ALIVE": ALIVE,
              **_live(ask, broadcast)}  # fmt: skip
    return Shown("progress.html", values)


def test(ask: Ask) -> Answer:
    """To one's own phone, now."""
    heads = ask.app.site.sample_heads
    reading = read_phone(ask.one("phone"), heads)
    if not reading.ok or reading.e164 is None:
        raise Problem("bad-phone", "Cần một số di động để gửi thử.", "A test needs a mobile.")
    made = 0

    def act(tx: Tx, broadcast: Broadcast) -> None:
        nonlocal made
        key = (AddressKind.MOBILE, reading.e164 or "")
        address = contacts.put_addresses(tx, [key], heads)[key]
        ward = next(iter(sorted(broadcast.senders)))
        made = planning.test(tx, broadcast, contacts.tester(tx, address, ward))

    _act(ask, "test", act)
    return Go(f"/broadcasts/{made}")


def submit(ask: Ask) -> Answer:
    """Hand in for approval, with the ceiling its preview gives."""
    number = ask.number()
    with ask.read() as tx:
        broadcast = broadcasts.get(tx, number)
    found = joined.preview(ask.app, ask.person, broadcast)
    _act(
        ask,
        "submit",
        lambda tx, b: planning.submit(
            tx, b, found, leave_out=bool(ask.one("leave_out")), again=ask.one("again"),
            over_budget=ask.one("over_budget"),
        ),
    )  # fmt: skip
    return Go(f"/broadcasts/{number}")


def approve(ask: Ask) -> Answer:
    """Approve exactly what was seen: a page opened before a change approves nothing."""
    number = ask.number()
    with ask.remembering("approve", "broadcast", number):
        with ask.app.store.read(SYSTEM) as tx:
            timekeeping.trust(tx, ask.app.clock)
        prove(ask)
    principal = ask.one("principal")

    def act(tx: Tx, broadcast: Broadcast) -> None:
        _as_seen(ask, tx, broadcast)
        of = people.actor(tx, principal).person_id if principal else None
        planning.approve(tx, broadcast, of)

    _act(ask, "approve", act)
    return Go(f"/broadcasts/{number}")


def approve_on_paper(ask: Ask) -> Answer:
    """A leader signed on paper: its number, its day, a scan."""
    scan = ask.files.get("scan")
    day = read_date(ask.one("day"))
    prove(ask)

    def act(tx: Tx, broadcast: Broadcast) -> None:
        _as_seen(ask, tx, broadcast)
        signer = people.actor(tx, ask.one("signer"))
        kept = files.put(tx, scan.content) if scan else None
        planning.approve_on_paper(tx, broadcast, signer, ask.one("document"), day, kept)

    _act(ask, "approve", act)
    return Go(f"/broadcasts/{ask.number()}")


def _as_seen(ask: Ask, tx: Tx, broadcast: Broadcast) -> None:
    if ask.one("seen") != planning.digest(tx, broadcast):
        raise refused(
            "changed-meanwhile",
            "Nội dung đã đổi sau khi ông/bà mở trang. Xem lại rồi duyệt.",
            "It has changed since you opened the page. Look again.",
        )


def correct_words(ask: Ask) -> Answer:
    """A leader corrects blanks or a phrase; the author confirms."""
    number = ask.number()
    phrases = [(ask.one("old"), ask.one("new"))] if ask.one("old") else []

    def act(tx: Tx, broadcast: Broadcast) -> None:
        filled, version = wording.reworded(ask.app.site, tx, broadcast, ask.fields(), phrases)
        planning.offer(tx, broadcast, filled, version, ask.one("note"))

    _act(ask, "correct", act)
    return Go(f"/broadcasts/{number}")


def confirm(ask: Ask) -> Answer:
    number = ask.number()
    with ask.read() as tx:
        reworded = joined.as_offered(tx, broadcasts.get(tx, number))
    found = joined.preview(ask.app, ask.person, reworded)
    _act(ask, "confirm", lambda tx, b: planning.confirm(tx, b, found))
    return Go(f"/broadcasts/{number}")


def _reason(ask: Ask) -> str:
    if not ask.one("reason"):
        raise Problem("no-reason", "Cần nêu lý do.", "A reason is needed.")
    return ask.one("reason")


def send_back(ask: Ask) -> Answer:
    reason = _reason(ask)
    _act(ask, "return", lambda tx, b: planning.send_back(tx, b, reason))
    return Go("/inbox")


def reject(ask: Ask) -> Answer:
    reason = _reason(ask)
    _act(ask, "reject", lambda tx, b: planning.send_back(tx, b, reason, for_good=True))
    return Go("/inbox")


def schedule(ask: Ask) -> Answer:
    """Set the time; in live the first and the large want their number typed."""
    number, site = ask.number(), ask.app.site
    at = scheduling.ask_moment(ask.one("at") or "now", ask.app.clock())
    with ask.read() as tx:
        broadcast = broadcasts.get(tx, number)
    if broadcast.mode is Mode.LIVE:
        found = joined.preview(ask.app, ask.person, broadcast)
        large = found.queued > site.limits.typed_above or _first_live(ask, broadcast)
        typed = "".join(c for c in ask.one("people") if c.isdigit())
        if large and typed != str(found.queued):
            raise refused(
                "not-confirmed",
                f"Gõ lại đúng số người ({found.queued}) để xác nhận. Chưa làm gì.",
                f"Type the number of people ({found.queued}) to confirm. Nothing was done.",
            )
    rules = planning.Courtesy(site.tet, site.limits.per_ward_day, ask.one("despite"))
    repeated, again = repeating.unexplained(ask.app, ask.person, broadcast, at), ask.one("again")
    _act(
        ask,
        "schedule",
        lambda tx, b: planning.schedule(tx, b, at, rules, repeated=repeated, again=again),
    )
    return Go(f"/broadcasts/{number}")


def pause(ask: Ask) -> Answer:
    _act(ask, "pause", planning.pause)
    return Go(f"/broadcasts/{ask.number()}")


def resume(ask: Ask) -> Answer:
    _act(ask, "resume", planning.resume)
    return Go(f"/broadcasts/{ask.number()}")


def stop(ask: Ask) -> Answer:
    _act(ask, "stop", planning.stop)
    return Go(f"/broadcasts/{ask.number()}")


def correct(ask: Ask) -> Answer:
    loaded = templating.load(ask.app.templates, ask.one("template", "dinh-chinh"))
    made = 0

    def act(tx: Tx, original: Broadcast) -> None:
        nonlocal made
        made = joined.correct(ask.app, tx, original, template=loaded, fields=ask.fields())

    _act(ask, "correct", act)
    return Go(f"/broadcasts/{made}/edit")


def resend(ask: Ask) -> Answer:
    made = 0

    def act(tx: Tx, broadcast: Broadcast) -> None:
        nonlocal made
        states = (SHORT,) if ask.one("state") == SHORT else planning.RESENT
        made = planning.resend(tx, broadcast, states)

    _act(ask, "resend", act)
    return Go(f"/broadcasts/{made}")


def attach(ask: Ask) -> Answer:
    upload = ask.files.get("file")
    if upload is None:
        raise Problem("no-file", "Chưa chọn tệp.", "No file was chosen.")

    def act(tx: Tx, broadcast: Broadcast) -> None:
        planning.edit(tx, broadcast, title=broadcast.title)
        files.attach(tx, broadcast.id, files.put(tx, upload.content), upload.name)

    _act(ask, "attach", act)
    return Go(f"/broadcasts/{ask.number()}")


def sheet(ask: Ask) -> Answer:
    """What heads of residential groups pass on, to print or forward."""
    number = ask.number()
    return Sent(printouts.share(ask.context, number), "text/html", f"chuyen-tiep-{number}.html")


def tick(ask: Ask) -> Answer:
    """A head has passed it on."""

    def act(tx: Tx, broadcast: Broadcast) -> None:
        ids = [n for v in ask.many("place") if (n := whole(v)) is not None]
        parents = {a.id: a.parent_id for a in areas.by_ids(tx, ids)}
        mine = ask.person.wards
        if set(parents) != set(ids) or (
            mine is not None and not {p or 0 for p in parents.values()} <= mine
        ):
            raise Problem("unknown-area", "Không có tổ này.", "No such group.")
        shares.tick(tx, broadcast.id, ids)

    _act(ask, "shared", act)
    return Go(f"/broadcasts/{ask.number()}")


def report(ask: Ask) -> Answer:
    """What became of it, as a page or CSV."""
    found = reports.report(ask.context, ask.number())
    if ask.query.get("format") == "csv":
        text = reports.as_csv(found, ask.language)
        return Sent(text, "text/csv; charset=utf-8", f"bao-cao-{found.broadcast.id}.csv")
    return Shown(
        "report.html",
        {"b": found.broadcast, "report": found.found, "approval": found.approval,
         "reach": found.reach, "columns": reports.COLUMNS, "REACH": reports.REACH,
         "is_drill": found.is_drill, "STATE": STATE, "taken_at": found.taken_at},
    )  # fmt: skip


PAGES: list[Page] = [
    reads("/broadcasts", listed),
    reads("/inbox", inbox),
    reads("/broadcasts/{number}", show),
    reads("/broadcasts/{number}/progress", progress),
    changes("/broadcasts/{number}/attach", attach),
    changes("/broadcasts/{number}/test", test),
    changes("/broadcasts/{number}/submit", submit),
    changes("/broadcasts/{number}/approve", approve),
    changes("/broadcasts/{number}/paper", approve_on_paper),
    changes("/broadcasts/{number}/words", correct_words),
    changes("/broadcasts/{number}/confirm", confirm),
    changes("/broadcasts/{number}/return", send_back),
    changes("/broadcasts/{number}/reject", reject),
    changes("/broadcasts/{number}/schedule", schedule),
    changes("/broadcasts/{number}/pause", pause),
    changes("/broadcasts/{number}/resume", resume),
    changes("/broadcasts/{number}/stop", stop),
    changes("/broadcasts/{number}/correct", correct),
    changes("/broadcasts/{number}/resend", resend),
    reads("/broadcasts/{number}/sheet", sheet, (Role.OFFICER, Role.LEADER, Role.ADMIN)),
    changes("/broadcasts/{number}/shared", tick),
    reads("/broadcasts/{number}/report", report),
]
