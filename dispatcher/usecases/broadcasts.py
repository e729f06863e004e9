"""Broadcasts as people write them: written, edited, tested, handed in, corrected, passed on.

Comes from: doors.   Goes to: the rules of `dispatcher.broadcasts`, in a transaction each.
Approving stands in `broadcasts_approval`, setting the time and stopping in `broadcasts_sending`,
looking in `broadcasts_views` and `broadcasts_progress`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import NewBroadcast, Preview, application, hours, message_rendering
from dispatcher.config import Site
from dispatcher.db.broadcasts import broadcasts, files, forwards
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.contacts import areas as area_rows
from dispatcher.db.contacts import contacts
from dispatcher.db.contacts.audience_filter import SHORT
from dispatcher.db.database import Tx
from dispatcher.db.staff import form_drafts, idempotency
from dispatcher.domain.model import URGENT, AddressKind, Audience, MessageState, Window
from dispatcher.domain.phone import read as read_phone
from dispatcher.domain.problems import Problem, not_among, refused, unknown
from dispatcher.domain.rights import WRITERS, need, need_role
from dispatcher.i18n import Say
from dispatcher.usecases import areas
from dispatcher.usecases.context import Context

__all__ = ["Broadcast", "NewBroadcast", "Preview"]

NOUN = "broadcast"
RESENDABLE = (*planning.RESENT, MessageState.UNCONFIRMED.value, SHORT)


def read_times(life: str, window: str) -> tuple[timedelta, Window | None]:
    """An expiry ("6h") and hours ("07:00-21:00") as people type them; None where none are given."""
    return hours.read_times(life, window)


def act_on(
    context: Context, name: str, number: int, *, timed: bool = False
) -> AbstractContextManager[Tx]:
    """One act on one broadcast; `timed`: not while the clock is in doubt."""
    return context.act(name, NOUN, number, timed=timed)


def get_broadcast(context: Context, number: int) -> Broadcast:
    """One broadcast as it is now."""
    with context.read() as tx:
        return broadcasts.get(tx, number)


# --- writing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Once:
    """Whoever asks again under the same `key` gets what was made; `asked`: a digest of the wish."""

    key: str
    asked: str


def create(
    context: Context, new: NewBroadcast, *, form: str = "", once: Once | None = None
) -> Broadcast:
    """Write a draft. Lunch is taken out of its hours unless it is said why not.

    `form`: the page on which it was typed, which need not be kept any more.
    """
    app = context.app
    with context.act("create", NOUN) as tx:
        need_role(tx.actor, WRITERS, Say("write broadcasts"))
        if once is not None and (made := _made_before(tx, once)) is not None:
            return broadcasts.get(tx, made)
        template = templating.load(app.templates, new.template)
        hours_ = _without_lunch(app.site, new)
        made = application.draft_broadcast(app, tx, template, replace(new, window=hours_))
        if new.despite.strip():
            tx.note("despite", NOUN, made, reason=new.despite.strip())
        if once is not None:
            idempotency.keep_answer(tx, once.key, once.asked, made)
        if form:
            form_drafts.forget_draft(tx, tx.actor.person_id or 0, form)
        return broadcasts.get(tx, made)


def _made_before(tx: Tx, once: Once) -> int | None:
    known = idempotency.earlier_answer(tx, once.key)
    if known is None:
        return None
    before, made = known
    if before != once.asked:
        raise refused(
            "key-reused",
            Say("This Idempotency-Key was used for something else."),
        )
    return made


def _without_lunch(site: Site, new: NewBroadcast) -> Window | None:
    """The hours of a new broadcast; None: those of the site."""
    if new.despite.strip():
        return new.window or replace(site.window, rest=None)
    return new.window and new.window.resting(site.lunch)


@dataclass(frozen=True)
class Changes:
    """What is to be other in a broadcast; None, or nothing in it, leaves a thing as it is.

    `audience`: its `one_per` may be empty for the same as before. `paper`: an empty fact goes.
    """

    fields: Mapping[str, str] | None = None
    title: str | None = None
    document: str | None = None
    paper: Mapping[str, str] | None = None
    audience: Audience | None = None
    window: Window | None = None
    expires_after: timedelta | None = None


def edit(context: Context, number: int, wanted: Changes, *, form: str = "") -> Broadcast:
    """Change what was not released yet; what was approved of it is void. Only what differs counts.

    A broadcast that already is as wanted stays as it is, with its approval. `form`: as in `create`.
    """
    with act_on(context, "edit", number) as tx:
        need_role(tx.actor, WRITERS, Say("edit a broadcast"))
        broadcast = broadcasts.get(tx, number)
        changes = _differing(context, tx, broadcast, wanted)
        if changes:
            planning.edit(tx, broadcast, **changes)
        if form:
            form_drafts.forget_draft(tx, tx.actor.person_id or 0, form)
        return broadcasts.get(tx, number)


def _differing(context: Context, tx: Tx, was: Broadcast, wanted: Changes) -> dict[str, Any]:
    """The columns that are to change, with their new values."""
    if wanted == Changes():
        raise Problem("nothing-to-change", Say("Nothing to change."), step="unchanged-broadcast")
    found: dict[str, Any] = {
        "title": wanted.title or was.title,
        "document": was.document if wanted.document is None else wanted.document,
        "expires_after": wanted.expires_after or was.expires_after,
    }
    if wanted.paper is not None:
        found["paper"] = {n: v for n, v in {**was.paper, **wanted.paper}.items() if v}
    window = wanted.window
    if window is not None and window != was.window and was.priority != URGENT:
        found["window"] = window.resting(context.app.site.lunch)
    if wanted.fields is not None:
        filled, version = message_rendering.reworded(context.app.site, tx, was, wanted.fields, ())
        found |= {"fields": filled, "template_version_id": version}
    changes = {name: value for name, value in found.items() if value != getattr(was, name)}
    audience = wanted.audience
    if audience is not None and was.audience.of is None and (audience.wards or audience.groups):
        audience = replace(audience, one_per=audience.one_per or was.audience.one_per)
        if audience != was.audience:
            changes |= {
                "audience": audience,
                "senders": application.senders(context.app, tx, audience),
            }
    return changes


def attach(context: Context, number: int, name: str, content: bytes) -> Broadcast:
    """Let a file go with a broadcast that was not released yet."""
    with act_on(context, "attach", number) as tx:
        broadcast = broadcasts.get(tx, number)
        planning.edit(tx, broadcast, title=broadcast.title)
        files.attach(tx, number, files.put(tx, content), name)
        return broadcasts.get(tx, number)


def detach(context: Context, number: int, name: str) -> Broadcast:
    """Take away a file that goes with a broadcast."""
    with act_on(context, "attach", number) as tx:
        broadcast = broadcasts.get(tx, number)
        found = next((a for a in files.attached(tx, number) if a.name == name), None)
        if found is None:
            raise Problem("no-such-file", Say("No file {name}.", name=name))
        planning.edit(tx, broadcast, title=broadcast.title)
        files.detach(tx, number, found.file_id)
        return broadcasts.get(tx, number)


def test(context: Context, number: int, phone: str) -> Broadcast:
    """Send exactly this to a number of one's own, now; the test is a broadcast of its own."""
    heads = context.app.site.sample_heads
    with act_on(context, "test", number) as tx:
        need_role(tx.actor, WRITERS, Say("test"))
        broadcast, reading = broadcasts.get(tx, number), read_phone(phone, heads)
        if reading.type != "mobile" or reading.e164 is None:
            raise Problem("bad-phone", Say("A test needs a mobile number."))
        key = (AddressKind.MOBILE, reading.e164)
        address = contacts.put_addresses(tx, [key], heads)[key]
        ward = next(iter(sorted(broadcast.senders)))
        made = planning.test(tx, broadcast, contacts.tester(tx, address, ward))
        return broadcasts.get(tx, made)


@dataclass(frozen=True)
class Submitted:
    """A broadcast that waits for approval, and what its preview found."""

    broadcast: Broadcast
    preview: Preview


@dataclass(frozen=True)
class Submit:
    """How a draft is handed in. `leave_out`: without whoever cannot be given a text; `again`,
    `over_budget`: reasons."""

    leave_out: bool = False
    again: str = ""
    over_budget: str = ""


def submit(context: Context, number: int, how: Submit = Submit()) -> Submitted:
    """Hand in for approval, with the ceiling its preview gives."""
    from dispatcher.usecases import vendor_templates  # asks vendors: not loaded for other acts

    with context.remembering("submit", NOUN, number):
        need_role(context.actor, WRITERS, Say("submit"))
        broadcast = get_broadcast(context, number)
        found = application.preview_broadcast(context.app, context.actor, broadcast)
        if not how.leave_out:
            vendor_templates.refuse_what_vendors_refuse(context.app, broadcast, found)
        with context.begin() as tx:
            planning.submit(
                tx,
                broadcasts.get(tx, number),
                found,
                leave_out=how.leave_out,
                again=how.again,
                over_budget=how.over_budget,
            )
            return Submitted(broadcasts.get(tx, number), found)


# --- afterwards ---------------------------------------------------------------------------------


def resend(context: Context, number: int, states: Sequence[str] = ()) -> Broadcast:
    """Write a draft to those a broadcast did not reach. `states`: all that are safe, if none."""
    with act_on(context, "resend", number) as tx:
        need_role(tx.actor, WRITERS, Say("resend"))
        for state in states:
            if state not in RESENDABLE:
                what = Say("state to resend")
                raise not_among(what, state, RESENDABLE)
        made = planning.resend(tx, broadcasts.get(tx, number), tuple(states) or planning.RESENT)
        return broadcasts.get(tx, made)


def correct(
    context: Context, number: int, fields: Mapping[str, str], template: str = "dinh-chinh"
) -> Broadcast:
    """Write a draft that corrects a broadcast, to exactly those who may have received it."""
    with act_on(context, "correct", number) as tx:
        need_role(tx.actor, WRITERS, Say("correct"))
        original = broadcasts.get(tx, number)
        loaded = templating.load(context.app.templates, template)
        made = application.correct_broadcast(
            context.app, tx, original, template=loaded, fields=fields
        )
        return broadcasts.get(tx, made)


def pass_on(
    context: Context,
    number: int,
    *,
    ward: str = "",
    places: Sequence[str] = (),
    ids: Sequence[int] = (),
    undo: bool = False,
) -> int:
    """Tick off residential groups whose heads have passed a broadcast on; how many there are now.

    They are named (`places` of a `ward`) or given by `ids`. `undo`: it was a mistake.
    """
    with act_on(context, "shared", number) as tx:
        need(tx.actor, WRITERS, Say("tick it off"))
        broadcasts.get(tx, number)
        found = _places(tx, ward, places) if ward else _places_of(tx, ids)
        (forwards.untick if undo else forwards.tick)(tx, number, found)
        return len(forwards.passed_on(tx, number))


PLACE = Say("residential group")


def _places(tx: Tx, ward: str, names: Sequence[str]) -> list[int]:
    place = areas.own_ward(tx, ward)
    return [areas.group_in(tx, place, name).id for name in names]


def _places_of(tx: Tx, ids: Sequence[int]) -> list[int]:
    parents = {a.id: a.parent_id or 0 for a in area_rows.by_ids(tx, ids)}
    for wanted in ids:
        mine = tx.actor.wards is None or parents.get(wanted) in tx.actor.wards
        if wanted not in parents or not mine:
            raise unknown(PLACE, str(wanted), ())
    return list(ids)
