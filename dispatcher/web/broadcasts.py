"""Broadcasts: looked at, handed in, decided, watched, stopped, corrected."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from dispatcher.domain.model import URGENT, BroadcastState, Mode, Role
from dispatcher.domain.problems import Problem
from dispatcher.domain.rights import DECIDERS
from dispatcher.domain.state_words import STATE
from dispatcher.domain.words import REASONS, STATES
from dispatcher.i18n import Say
from dispatcher.usecases import (
    broadcasts,
    broadcasts_approval,
    broadcasts_progress,
    broadcasts_sending,
    broadcasts_views,
    preview_lines,
    printouts,
    reports,
)
from dispatcher.usecases.broadcasts import Broadcast
from dispatcher.usecases.broadcasts_progress import Live
from dispatcher.usecases.broadcasts_views import ALIVE, WRITTEN
from dispatcher.usecases.context import Context
from dispatcher.usecases.reports import COLUMNS
from dispatcher.web import troubles
from dispatcher.web.ask import Answer, Ask, Go, Sent, Shown, read_date, whole
from dispatcher.web.guard import Page, changes, reads

JUST_NOW = timedelta(minutes=30)


def listed(ask: Ask) -> Answer:
    found = broadcasts_views.listed(ask.context, limit=200, counted=50)
    counted = {b.id: counts for b, counts in found[:50]}
    return Shown(
        "broadcasts.html", {"found": [b for b, _ in found], "counted": counted, "STATE": STATE}
    )


def inbox(ask: Ask) -> Answer:
    found, names = broadcasts_views.inbox(ask.context)
    return Shown("inbox.html", {"found": found, "names": names})


# --- one broadcast ------------------------------------------------------------------------------


def show(ask: Ask) -> Answer:
    """One broadcast: what will be sent, or how far it has come; and what may be done."""
    first = max(1, whole(ask.query.get("from", "1")) or 1)
    found = broadcasts_views.show(ask.context, ask.number())
    decided = broadcasts_views.to_decide(ask.context, ask.number(), first)
    broadcast, seen = found.broadcast, decided.preview
    live: dict[str, Any] = {"alarm": _alarm(ask, broadcast)}
    if broadcast.released_at:
        live |= _live(ask, broadcast)
        live["report"] = reports.report(ask.context, broadcast.id).found
    values = {
        "b": broadcast,
        "names": found.names,
        "approval": found.approval,
        "offered": decided.offered,
        "attached": found.attached,
        "template": decided.template,
        "seen": seen.found if seen else None,
        "blocks": preview_lines.blocks(preview_lines.lines(seen)) if seen else (),
        "first": first,
        "urgent": broadcast.priority == URGENT,
        "STATE": STATE,
        "REASONS": REASONS,
        "HELD": broadcasts_views.HELD,
        "OPEN": WRITTEN,
        "ALIVE": ALIVE,
        "approves": ask.person.role is Role.LEADER,
        "decides": ask.person.role in DECIDERS,
        "digest": decided.digest,
        "lent": decided.lent,
        "leaders": decided.leaders,
        "today": broadcasts_views.today(ask.context),
        "phone": _has_phone(ask, broadcast),
        "times": found.period,
        **live,
    }
    return Shown("broadcast.html", values)


def _alarm(ask: Ask, broadcast: Broadcast) -> Any:
    alive = broadcast.state in ALIVE
    return troubles.of_work(broadcasts_progress.work(ask.context)) if alive else None


def _has_phone(ask: Ask, broadcast: Broadcast) -> bool:
    """In a drill the phone of an invented resident stands beside what is or was just under way."""
    if ask.app.site.mode is not Mode.DRILL:
        return False
    done = broadcast.done_at
    return broadcast.state in ALIVE or (done is not None and ask.app.clock() - done < JUST_NOW)


def _live(ask: Ask, broadcast: Broadcast) -> dict[str, Any]:
    """How far a released broadcast has come, and how fast since `?was=…&at=…` (done, second)."""
    found, now = broadcasts_progress.live(ask.context, broadcast), ask.app.clock()
    wait = (broadcast.starts_at - now).total_seconds() if broadcast.starts_at else 0
    later = wait > ask.app.site.undo.total_seconds()  # its hours are closed
    undo = 0 if later else max(0, int(wait))
    look = _since(ask, found)
    per_minute = look.per_minute if broadcast.state is BroadcastState.RUNNING else 0
    lines, total, left = found.networks, found.total, found.left
    return {
        "counted": found.counts,
        "total": total,
        "left": left,
        "undo": undo,
        "later": later,
        "share": round((total - left) * 100 / total) if total else 100,
        "look": look,
        "rate": per_minute,
        "minutes": math.ceil(left / max(per_minute, 1)),
        "networks": lines if len(lines) > 1 else [],
        "totals": {c: sum(line["counts"][c] for line in lines) for c in COLUMNS},
        "columns": COLUMNS,
        "STATES": STATES,
        "REASONS": REASONS,
        "taken_at": found.taken_at,
        **troubles.of_broadcast(found, now),
    }


@dataclass(frozen=True)
class _Look:
    """Where the next look measures from, and the pace since the last: messages a minute."""

    done: int
    second: int
    per_minute: int


def _since(ask: Ask, found: Live) -> _Look:
    done = found.total - found.left - found.counts.get("skipped", 0)
    now = int(ask.app.clock().timestamp())
    was, second = whole(ask.query.get("was", "")), whole(ask.query.get("at", ""))
    if was is None or second is None or not 0 < now - second < 600 or was > done:
        start = found.broadcast.starts_at
        was, second = 0, int(start.timestamp()) if start else now
    pace = (done - was) * 60 // (now - second) if now > second else 0
    if now - second < 60 and ask.query.get("at"):
        return _Look(was, second, pace)  # a minute's worth says more than two seconds
    return _Look(done, now, pace)


def progress(ask: Ask) -> Answer:
    """The part of a running broadcast's page that is looked at again and again."""
    broadcast = broadcasts.seen(ask.context, ask.number())
    was = ask.query.get("state", broadcast.state.value)
    if was != broadcast.state.value:  # more than this part changes: buttons, tables, the phone
        return Go(f"/broadcasts/{broadcast.id}")
    values: dict[str, Any] = {"b": broadcast, "STATE": STATE, "ALIVE": ALIVE}
    if broadcast.released_at is None:
        alarm = troubles.of_work(broadcasts_progress.work(ask.context))
        return Shown("progress.html", {**values, "waiting": True, "alarm": alarm})
    return Shown("progress.html", {**values, "waiting": False, **_live(ask, broadcast)})


# --- acts ---------------------------------------------------------------------------------------


class _Act(Protocol):
    def __call__(self, context: Context, number: int) -> object: ...


def _does(act: _Act) -> Callable[[Ask], Answer]:
    """An act that needs the broadcast alone; afterwards its page."""

    def answer(ask: Ask) -> Answer:
        act(ask.context, ask.number())
        return Go(f"/broadcasts/{ask.number()}")

    return answer


def test(ask: Ask) -> Answer:
    """To one's own phone, now."""
    made = broadcasts.test(ask.context, ask.number(), ask.one("phone"))
    return Go(f"/broadcasts/{made.id}")


def submit(ask: Ask) -> Answer:
    """Hand in for approval, with the ceiling its preview gives."""
    broadcasts.submit(
        ask.context,
        ask.number(),
        leave_out=bool(ask.one("leave_out")),
        again=ask.one("again"),
        over_budget=ask.one("over_budget"),
    )
    return Go(f"/broadcasts/{ask.number()}")


def approve(ask: Ask) -> Answer:
    """Approve exactly what was seen: a page opened before a change approves nothing."""
    broadcasts_approval.approve(
        ask.context, ask.number(), principal=ask.one("principal"), looked_at=ask.one("seen")
    )
    return Go(f"/broadcasts/{ask.number()}")


def approve_on_paper(ask: Ask) -> Answer:
    """A leader signed on paper: its number, its day, a scan."""
    scan = ask.files.get("scan")
    paper = broadcasts_approval.SignedPaper(
        ask.one("document"),
        ask.one("signer"),
        read_date(ask.one("day")),
        scan.content if scan else None,
    )
    broadcasts_approval.approve_on_paper(
        ask.context, ask.number(), paper, looked_at=ask.one("seen")
    )
    return Go(f"/broadcasts/{ask.number()}")


def correct_words(ask: Ask) -> Answer:
    """A leader corrects blanks or a phrase; the author confirms."""
    phrases = [(ask.one("old"), ask.one("new"))] if ask.one("old") else []
    broadcasts_approval.offer(ask.context, ask.number(), ask.fields(), phrases, ask.one("note"))
    return Go(f"/broadcasts/{ask.number()}")


def send_back(ask: Ask) -> Answer:
    broadcasts_approval.send_back(ask.context, ask.number(), ask.one("reason"))
    return Go("/inbox")


def reject(ask: Ask) -> Answer:
    broadcasts_approval.reject(ask.context, ask.number(), ask.one("reason"))
    return Go("/inbox")


def schedule(ask: Ask) -> Answer:
    """Set the time; in live the first and the large want their number typed."""
    typed = "".join(c for c in ask.one("people") if c.isdigit())
    broadcasts_sending.schedule(
        ask.context,
        ask.number(),
        ask.one("at") or "now",
        despite=ask.one("despite"),
        again=ask.one("again"),
        people=whole(typed),
    )
    return Go(f"/broadcasts/{ask.number()}")


def correct(ask: Ask) -> Answer:
    template = ask.one("template", "dinh-chinh")
    made = broadcasts.correct(ask.context, ask.number(), ask.fields(), template)
    return Go(f"/broadcasts/{made.id}/edit")


def resend(ask: Ask) -> Answer:
    made = broadcasts.resend(ask.context, ask.number(), ask.many("state"))
    return Go(f"/broadcasts/{made.id}")


def attach(ask: Ask) -> Answer:
    upload = ask.files.get("file")
    if upload is None:
        raise Problem("no-file", Say("No file was chosen."))
    broadcasts.attach(ask.context, ask.number(), upload.name, upload.content)
    return Go(f"/broadcasts/{ask.number()}")


def sheet(ask: Ask) -> Answer:
    """What heads of residential groups pass on, to print or forward."""
    page = printouts.share(ask.context, ask.number())
    return Sent(page, "text/html", f"chuyen-tiep-{ask.number()}.html")


def tick(ask: Ask) -> Answer:
    """A head has passed it on."""
    ids = [n for v in ask.many("place") if (n := whole(v)) is not None]
    broadcasts.pass_on(ask.context, ask.number(), ids=ids)
    return Go(f"/broadcasts/{ask.number()}")


def report(ask: Ask) -> Answer:
    """What became of it, as a page or CSV."""
    found = reports.report(ask.context, ask.number())
    if ask.query.get("format") == "csv":
        text = reports.as_csv(found, ask.language)
        return Sent(text, "text/csv; charset=utf-8", f"bao-cao-{found.broadcast.id}.csv")
    return Shown(
        "report.html",
        {
            "b": found.broadcast,
            "report": found.found,
            "approval": found.approval,
            "reach": found.reach,
            "columns": reports.COLUMNS,
            "REACH": reports.REACH,
            "is_drill": found.is_drill,
            "STATE": STATE,
            "taken_at": found.taken_at,
        },
    )


def _acts(path: str, handler: Callable[[Ask], Answer]) -> Page:
    """An act on a broadcast: whoever may not is refused by the act itself, which keeps that."""
    return changes(f"/broadcasts/{{number}}/{path}", handler)


PAGES: list[Page] = [
    reads("/broadcasts", listed),
    reads("/inbox", inbox),
    reads("/broadcasts/{number}", show),
    reads("/broadcasts/{number}/progress", progress),
    _acts("attach", attach),
    _acts("test", test),
    _acts("submit", submit),
    _acts("approve", approve),
    _acts("paper", approve_on_paper),
    _acts("words", correct_words),
    _acts("confirm", _does(broadcasts_approval.confirm)),
    _acts("return", send_back),
    _acts("reject", reject),
    _acts("schedule", schedule),
    _acts("pause", _does(broadcasts_sending.pause)),
    _acts("resume", _does(broadcasts_sending.resume)),
    _acts("stop", _does(broadcasts_sending.stop)),
    _acts("correct", correct),
    _acts("resend", resend),
    reads("/broadcasts/{number}/sheet", sheet, (Role.OFFICER, Role.LEADER, Role.ADMIN)),
    _acts("shared", tick),
    reads("/broadcasts/{number}/report", report),
]
