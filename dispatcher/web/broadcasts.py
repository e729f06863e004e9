"""Broadcasts: looked at, handed in, decided, watched, stopped, corrected."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from msgspec import Struct

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
from dispatcher.usecases.broadcasts import Broadcast, Submit
from dispatcher.usecases.broadcasts_progress import Live
from dispatcher.usecases.broadcasts_views import ALIVE, WRITTEN
from dispatcher.usecases.context import Context
from dispatcher.usecases.inputs import whole
from dispatcher.usecases.reports import COLUMNS
from dispatcher.web import troubles
from dispatcher.web.ask import Answer, Ask, Go, Sent, Shown
from dispatcher.web.forms import BlanksForm, ReasonForm, Upload
from dispatcher.web.guard import Page, button, changes, reads

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


class TestForm(Struct, frozen=True):
    phone: str


def test(ask: Ask, form: TestForm) -> Answer:
    """To one's own phone, now."""
    made = broadcasts.test(ask.context, ask.number(), form.phone)
    return Go(f"/broadcasts/{made.id}")


def submit(ask: Ask, how: Submit) -> Answer:
    """Hand in for approval, with the ceiling its preview gives."""
    broadcasts.submit(ask.context, ask.number(), how)
    return Go(f"/broadcasts/{ask.number()}")


class ApproveForm(Struct, frozen=True):
    """`principal`: whose right is used, empty for one's own; `seen`: a digest of what was looked
    at."""

    principal: str
    seen: str


def approve(ask: Ask, form: ApproveForm) -> Answer:
    """Approve exactly what was seen: a page opened before a change approves nothing."""
    broadcasts_approval.approve(
        ask.context, ask.number(), principal=form.principal, looked_at=form.seen
    )
    return Go(f"/broadcasts/{ask.number()}")


class PaperForm(Struct, frozen=True, kw_only=True):
    """What a leader signed on paper, and a digest of what was looked at (`seen`)."""

    document: str
    signer: str
    day: date
    scan: Upload | None = None
    seen: str


def approve_on_paper(ask: Ask, form: PaperForm) -> Answer:
    """A leader signed on paper: its number, its day, a scan."""
    scan = form.scan.content if form.scan else None
    paper = broadcasts_approval.SignedPaper(form.document, form.signer, form.day, scan)
    broadcasts_approval.approve_on_paper(ask.context, ask.number(), paper, looked_at=form.seen)
    return Go(f"/broadcasts/{ask.number()}")


class WordsForm(BlanksForm, frozen=True, kw_only=True):
    """Blanks, or a phrase: `new` in the place of `old`."""

    old: str = ""
    new: str = ""
    note: str = ""


def correct_words(ask: Ask, form: WordsForm) -> Answer:
    """A leader corrects blanks or a phrase; the author confirms."""
    phrases = [(form.old, form.new)] if form.old else []
    broadcasts_approval.offer(ask.context, ask.number(), form.filled, phrases, form.note)
    return Go(f"/broadcasts/{ask.number()}")


def send_back(ask: Ask, form: ReasonForm) -> Answer:
    broadcasts_approval.send_back(ask.context, ask.number(), form.reason)
    return Go("/inbox")


def reject(ask: Ask, form: ReasonForm) -> Answer:
    broadcasts_approval.reject(ask.context, ask.number(), form.reason)
    return Go("/inbox")


class ScheduleForm(Struct, frozen=True, kw_only=True):
    """`at`: empty for now; `people`: their number, typed; `despite`, `again`: reasons."""

    at: str = ""
    people: int | None = None
    despite: str = ""
    again: str = ""


def schedule(ask: Ask, form: ScheduleForm) -> Answer:
    """Set the time; in live the first and the large want their number typed."""
    broadcasts_sending.schedule(
        ask.context,
        ask.number(),
        form.at or "now",
        despite=form.despite,
        again=form.again,
        people=form.people,
    )
    return Go(f"/broadcasts/{ask.number()}")


class CorrectForm(BlanksForm, frozen=True, kw_only=True):
    template: str = "dinh-chinh"


def correct(ask: Ask, form: CorrectForm) -> Answer:
    made = broadcasts.correct(ask.context, ask.number(), form.filled, form.template)
    return Go(f"/broadcasts/{made.id}/edit")


class ResendForm(Struct, frozen=True):
    """To whose message is in one of these states; to all that are safe where none is chosen."""

    state: tuple[str, ...] = ()


def resend(ask: Ask, form: ResendForm) -> Answer:
    made = broadcasts.resend(ask.context, ask.number(), form.state)
    return Go(f"/broadcasts/{made.id}")


class AttachForm(Struct, frozen=True):
    file: Upload | None = None


def attach(ask: Ask, form: AttachForm) -> Answer:
    if form.file is None:
        raise Problem("no-file", Say("No file was chosen."))
    broadcasts.attach(ask.context, ask.number(), form.file.name, form.file.content)
    return Go(f"/broadcasts/{ask.number()}")


def sheet(ask: Ask) -> Answer:
    """What heads of residential groups pass on, to print or forward."""
    page = printouts.share(ask.context, ask.number())
    return Sent(page, "text/html", f"chuyen-tiep-{ask.number()}.html")


class PassOnForm(Struct, frozen=True):
    """Residential groups, by number."""

    place: tuple[int, ...] = ()


def tick(ask: Ask, form: PassOnForm) -> Answer:
    """A head has passed it on."""
    broadcasts.pass_on(ask.context, ask.number(), ids=form.place)
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


OF = "/broadcasts/{number}"
PAGES: list[Page] = [
    reads("/broadcasts", listed),
    reads("/inbox", inbox),
    reads(OF, show),
    reads(f"{OF}/progress", progress),
    changes(f"{OF}/attach", attach, AttachForm),
    changes(f"{OF}/test", test, TestForm),
    changes(f"{OF}/submit", submit, Submit),
    changes(f"{OF}/approve", approve, ApproveForm),
    changes(f"{OF}/paper", approve_on_paper, PaperForm),
    changes(f"{OF}/words", correct_words, WordsForm),
    button(f"{OF}/confirm", _does(broadcasts_approval.confirm)),
    changes(f"{OF}/return", send_back, ReasonForm),
    changes(f"{OF}/reject", reject, ReasonForm),
    changes(f"{OF}/schedule", schedule, ScheduleForm),
    button(f"{OF}/pause", _does(broadcasts_sending.pause)),
    button(f"{OF}/resume", _does(broadcasts_sending.resume)),
    button(f"{OF}/stop", _does(broadcasts_sending.stop)),
    changes(f"{OF}/correct", correct, CorrectForm),
    changes(f"{OF}/resend", resend, ResendForm),
    reads(f"{OF}/sheet", sheet, (Role.OFFICER, Role.LEADER, Role.ADMIN)),
    changes(f"{OF}/shared", tick, PassOnForm),
    reads(f"{OF}/report", report),
]
