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
from dispatcher.web import alarms
from dispatcher.web.forms import BlanksForm, ReasonForm, Upload
from dispatcher.web.middleware import PageRoute, button, changes, reads
from dispatcher.web.request import Answer, Download, Page, PageRequest, Redirect

JUST_NOW = timedelta(minutes=30)


def broadcasts_page(request: PageRequest) -> Answer:
    found = broadcasts_views.list_broadcasts(request.context, limit=200, counted=50)
    counted = {b.id: counts for b, counts in found[:50]}
    return Page(
        "broadcasts.html", {"found": [b for b, _ in found], "counted": counted, "STATE": STATE}
    )


def inbox(request: PageRequest) -> Answer:
    found, names = broadcasts_views.inbox(request.context)
    return Page("inbox.html", {"found": found, "names": names})


# --- one broadcast ------------------------------------------------------------------------------


def show(request: PageRequest) -> Answer:
    """One broadcast: what will be sent, or how far it has come; and what may be done."""
    first = max(1, whole(request.query.get("from", "1")) or 1)
    found = broadcasts_views.show(request.context, request.number())
    decided = broadcasts_views.to_decide(request.context, request.number(), first)
    broadcast, seen = found.broadcast, decided.preview
    live: dict[str, Any] = {"alarm": _alarm(request, broadcast)}
    if broadcast.released_at:
        live |= _live(request, broadcast)
        live["report"] = reports.report(request.context, broadcast.id).found
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
        "approves": request.person.role is Role.LEADER,
        "decides": request.person.role in DECIDERS,
        "digest": decided.digest,
        "lent": decided.lent,
        "leaders": decided.leaders,
        "today": broadcasts_views.today(request.context),
        "phone": _has_phone(request, broadcast),
        "times": found.period,
        **live,
    }
    return Page("broadcast.html", values)


def _alarm(request: PageRequest, broadcast: Broadcast) -> Any:
    alive = broadcast.state in ALIVE
    return alarms.of_work(broadcasts_progress.work(request.context)) if alive else None


def _has_phone(request: PageRequest, broadcast: Broadcast) -> bool:
    """In a drill the phone of an invented resident stands beside what is or was just under way."""
    if request.app.site.mode is not Mode.DRILL:
        return False
    done = broadcast.done_at
    return broadcast.state in ALIVE or (done is not None and request.app.clock() - done < JUST_NOW)


def _live(request: PageRequest, broadcast: Broadcast) -> dict[str, Any]:
    """How far a released broadcast has come, and how fast since `?was=…&at=…` (done, second)."""
    found, now = broadcasts_progress.live(request.context, broadcast), request.app.clock()
    wait = (broadcast.starts_at - now).total_seconds() if broadcast.starts_at else 0
    later = wait > request.app.site.undo.total_seconds()  # its hours are closed
    undo = 0 if later else max(0, int(wait))
    look = _since(request, found)
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
        **alarms.of_broadcast(found, now),
    }


@dataclass(frozen=True)
class _Look:
    """Where the next look measures from, and the pace since the last: messages a minute."""

    done: int
    second: int
    per_minute: int


def _since(request: PageRequest, found: Live) -> _Look:
    done = found.total - found.left - found.counts.get("skipped", 0)
    now = int(request.app.clock().timestamp())
    was, second = whole(request.query.get("was", "")), whole(request.query.get("at", ""))
    if was is None or second is None or not 0 < now - second < 600 or was > done:
        start = found.broadcast.starts_at
        was, second = 0, int(start.timestamp()) if start else now
    pace = (done - was) * 60 // (now - second) if now > second else 0
    if now - second < 60 and request.query.get("at"):
        return _Look(was, second, pace)  # a minute's worth says more than two seconds
    return _Look(done, now, pace)


def progress(request: PageRequest) -> Answer:
    """The part of a running broadcast's page that is looked at again and again."""
    broadcast = broadcasts.get_broadcast(request.context, request.number())
    was = request.query.get("state", broadcast.state.value)
    if was != broadcast.state.value:  # more than this part changes: buttons, tables, the phone
        return Redirect(f"/broadcasts/{broadcast.id}")
    values: dict[str, Any] = {"b": broadcast, "STATE": STATE, "ALIVE": ALIVE}
    if broadcast.released_at is None:
        alarm = alarms.of_work(broadcasts_progress.work(request.context))
        return Page("progress.html", {**values, "waiting": True, "alarm": alarm})
    return Page("progress.html", {**values, "waiting": False, **_live(request, broadcast)})


# --- acts ---------------------------------------------------------------------------------------


class _Act(Protocol):
    def __call__(self, context: Context, number: int) -> object: ...


def _does(act: _Act) -> Callable[[PageRequest], Answer]:
    """An act that needs the broadcast alone; afterwards its page."""

    def answer(request: PageRequest) -> Answer:
        act(request.context, request.number())
        return Redirect(f"/broadcasts/{request.number()}")

    return answer


class TestForm(Struct, frozen=True):
    phone: str


def test(request: PageRequest, form: TestForm) -> Answer:
    """To one's own phone, now."""
    made = broadcasts.test(request.context, request.number(), form.phone)
    return Redirect(f"/broadcasts/{made.id}")


def submit(request: PageRequest, how: Submit) -> Answer:
    """Hand in for approval, with the ceiling its preview gives."""
    broadcasts.submit(request.context, request.number(), how)
    return Redirect(f"/broadcasts/{request.number()}")


class ApproveForm(Struct, frozen=True):
    """`principal`: whose right is used, empty for one's own; `seen`: a digest of what was looked
    at."""

    principal: str
    seen: str


def approve(request: PageRequest, form: ApproveForm) -> Answer:
    """Approve exactly what was seen: a page opened before a change approves nothing."""
    broadcasts_approval.approve(
        request.context, request.number(), principal=form.principal, looked_at=form.seen
    )
    return Redirect(f"/broadcasts/{request.number()}")


class PaperForm(Struct, frozen=True, kw_only=True):
    """What a leader signed on paper, and a digest of what was looked at (`seen`)."""

    document: str
    signer: str
    day: date
    scan: Upload | None = None
    seen: str


def approve_on_paper(request: PageRequest, form: PaperForm) -> Answer:
    """A leader signed on paper: its number, its day, a scan."""
    scan = form.scan.content if form.scan else None
    paper = broadcasts_approval.SignedPaper(form.document, form.signer, form.day, scan)
    broadcasts_approval.approve_on_paper(
        request.context, request.number(), paper, looked_at=form.seen
    )
    return Redirect(f"/broadcasts/{request.number()}")


class WordsForm(BlanksForm, frozen=True, kw_only=True):
    """Blanks, or a phrase: `new` in the place of `old`."""

    old: str = ""
    new: str = ""
    note: str = ""


def correct_words(request: PageRequest, form: WordsForm) -> Answer:
    """A leader corrects blanks or a phrase; the author confirms."""
    phrases = [(form.old, form.new)] if form.old else []
    broadcasts_approval.offer(request.context, request.number(), form.filled, phrases, form.note)
    return Redirect(f"/broadcasts/{request.number()}")


def send_back(request: PageRequest, form: ReasonForm) -> Answer:
    broadcasts_approval.send_back(request.context, request.number(), form.reason)
    return Redirect("/inbox")


def reject(request: PageRequest, form: ReasonForm) -> Answer:
    broadcasts_approval.reject(request.context, request.number(), form.reason)
    return Redirect("/inbox")


class ScheduleForm(Struct, frozen=True, kw_only=True):
    """`at`: empty for now; `people`: their number, typed; `despite`, `again`: reasons."""

    at: str = ""
    people: int | None = None
    despite: str = ""
    again: str = ""


def schedule(request: PageRequest, form: ScheduleForm) -> Answer:
    """Set the time; in live the first and the large want their number typed."""
    broadcasts_sending.schedule(
        request.context,
        request.number(),
        form.at or "now",
        despite=form.despite,
        again=form.again,
        people=form.people,
    )
    return Redirect(f"/broadcasts/{request.number()}")


class CorrectForm(BlanksForm, frozen=True, kw_only=True):
    template: str = "dinh-chinh"


def correct(request: PageRequest, form: CorrectForm) -> Answer:
    made = broadcasts.correct(request.context, request.number(), form.filled, form.template)
    return Redirect(f"/broadcasts/{made.id}/edit")


class ResendForm(Struct, frozen=True):
    """To whose message is in one of these states; to all that are safe where none is chosen."""

    state: tuple[str, ...] = ()


def resend(request: PageRequest, form: ResendForm) -> Answer:
    made = broadcasts.resend(request.context, request.number(), form.state)
    return Redirect(f"/broadcasts/{made.id}")


class AttachForm(Struct, frozen=True):
    file: Upload | None = None


def attach(request: PageRequest, form: AttachForm) -> Answer:
    if form.file is None:
        raise Problem("no-file", Say("No file was chosen."))
    broadcasts.attach(request.context, request.number(), form.file.name, form.file.content)
    return Redirect(f"/broadcasts/{request.number()}")


def sheet(request: PageRequest) -> Answer:
    """What heads of residential groups pass on, to print or forward."""
    page = printouts.share(request.context, request.number())
    return Download(page, "text/html", f"chuyen-tiep-{request.number()}.html")


class PassOnForm(Struct, frozen=True):
    """Residential groups, by number."""

    place: tuple[int, ...] = ()


def tick(request: PageRequest, form: PassOnForm) -> Answer:
    """A head has passed it on."""
    broadcasts.pass_on(request.context, request.number(), ids=form.place)
    return Redirect(f"/broadcasts/{request.number()}")


def report(request: PageRequest) -> Answer:
    """What became of it, as a page or CSV."""
    found = reports.report(request.context, request.number())
    if request.query.get("format") == "csv":
        text = reports.as_csv(found, request.language)
        return Download(text, "text/csv; charset=utf-8", f"bao-cao-{found.broadcast.id}.csv")
    return Page(
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
PAGES: list[PageRoute] = [
    reads("/broadcasts", broadcasts_page),
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
