"""A second person says yes or no to a broadcast: in person, for somebody, on paper, by other words.

Comes from: doors.   Goes to: the rules of `dispatcher.broadcasts.approving`.   Never: says yes to
anything but what was looked at, or while the clock is in doubt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dispatcher import broadcasts as planning
from dispatcher.broadcasts import application, message_rendering
from dispatcher.broadcasts.approving import assert_named
from dispatcher.db.broadcasts import broadcasts, files
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.staff import people
from dispatcher.domain.model import HANOI, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.rights import WRITERS, need, need_role
from dispatcher.i18n import Say
from dispatcher.usecases.broadcasts import NOUN, act_on
from dispatcher.usecases.context import Context


def _as_looked_at(tx: Tx, broadcast: Broadcast, looked_at: str | None) -> None:
    """Refuse where it is other than what a page showed; `looked_at`: the digest it showed."""
    if looked_at is not None and looked_at != planning.digest(tx, broadcast):
        raise refused(
            "changed-meanwhile",
            Say("It has changed since you opened the page. Look again."),
        )


def _prove(context: Context, number: int) -> None:
    with context.remembering("approve", NOUN, number):
        need_role(context.actor, WRITERS, Say("approve"))
        context.prove()


def approve(
    context: Context, number: int, *, principal: str = "", looked_at: str | None = None
) -> Broadcast:
    """Approve exactly this. `principal`: in whose name, under a delegation of theirs."""
    _prove(context, number)
    with act_on(context, "approve", number, timed=True) as tx:
        broadcast = broadcasts.get(tx, number)
        assert_named(tx.actor)
        _as_looked_at(tx, broadcast, looked_at)
        of = people.actor(tx, principal).person_id if principal else None
        planning.approve(tx, broadcast, of)
        return broadcasts.get(tx, number)


@dataclass(frozen=True)
class SignedPaper:
    """What a leader signed: number of the document, day (None: today), a scan if there is one."""

    document: str
    signer: str
    day: date | None = None
    scan: bytes | None = None


def approve_on_paper(
    context: Context, number: int, paper: SignedPaper, *, looked_at: str | None = None
) -> Broadcast:
    """Record that a leader has signed on paper."""
    _prove(context, number)
    with act_on(context, "approve", number, timed=True) as tx:
        broadcast = broadcasts.get(tx, number)
        assert_named(tx.actor)
        _as_looked_at(tx, broadcast, looked_at)
        if not paper.signer:
            raise Problem("who-signed", Say("It is not said who signed it."))
        signer = people.actor(tx, paper.signer)
        day = paper.day or tx.now.astimezone(HANOI).date()
        kept = files.put(tx, paper.scan) if paper.scan is not None else None
        planning.approve_on_paper(tx, broadcast, signer, paper.document, day, kept)
        return broadcasts.get(tx, number)


def offer(
    context: Context,
    number: int,
    fields: Mapping[str, str],
    phrases: Sequence[tuple[str, str]] = (),
    note: str = "",
) -> Broadcast:
    """A leader corrects blanks or phrases (old, new); it counts once its author confirms it."""
    with act_on(context, "approve", number, timed=True) as tx:
        broadcast = broadcasts.get(tx, number)
        need(tx.actor, {Role.LEADER}, Say("approve"))
        filled, version = message_rendering.reworded(
            context.app.site, tx, broadcast, fields, phrases
        )
        planning.offer(tx, broadcast, filled, version, note)
        return broadcasts.get(tx, number)


def confirm(context: Context, number: int) -> Broadcast:
    """The author takes over what a leader corrected: submitted and approved in one step."""
    with context.remembering("confirm", NOUN, number):
        context.trust_the_clock()
        with context.read() as tx:
            reworded = application.as_offered(tx, broadcasts.get(tx, number))
        need(context.actor, WRITERS, Say("confirm"))
        found = application.preview_broadcast(context.app, context.actor, reworded)
        with context.begin() as tx:
            planning.confirm(tx, broadcasts.get(tx, number), found)
            return broadcasts.get(tx, number)


def send_back(context: Context, number: int, reason: str) -> Broadcast:
    """Return a broadcast for another try, with a reason its author is told."""
    return _said_no(context, "return", number, reason)


def reject(context: Context, number: int, reason: str) -> Broadcast:
    """Refuse a broadcast for good, with a reason its author is told."""
    return _said_no(context, "reject", number, reason)


def _said_no(context: Context, name: str, number: int, reason: str) -> Broadcast:
    with act_on(context, name, number) as tx:
        broadcast = broadcasts.get(tx, number)
        need(tx.actor, {Role.LEADER}, Say("return"))
        if not reason.strip():
            raise Problem("no-reason", Say("A reason is needed."))
        planning.send_back(tx, broadcast, reason.strip(), for_good=name == "reject")
        return broadcasts.get(tx, number)
