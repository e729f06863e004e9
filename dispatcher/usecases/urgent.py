"""Tin khẩn: prepared and approved before the season, sent by the officer on duty in one step.

What was approved is the text with its blanks, the largest area, the most people and đồng, the way
of sending and the last day. The officer fills the blanks and may name a smaller area.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import Preview, routes, targeting
from dispatcher.broadcasts.application import (
    App,
    correct_broadcast,
    draft_broadcast,
    preview_broadcast,
)
from dispatcher.db.broadcasts import approvals, broadcasts, emergencies, texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.emergencies import Emergency
from dispatcher.db.database import Tx, at
from dispatcher.db.staff import people
from dispatcher.domain.model import HANOI, Audience, BroadcastState, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.rights import WRITERS, need, need_wards
from dispatcher.i18n import Say
from dispatcher.templating import Template
from dispatcher.usecases.context import Context

EXPIRES = timedelta(hours=3)  # an urgent text that has not gone out by then is no longer true


@dataclass(frozen=True)
class NewUrgent:
    """An urgent text for later. `template`, `all_clear`: by name, empty for no all-clear;
    `most_people`, `most_dong`: what one sending may reach and cost; `until`: its last day."""

    name: str
    template: str
    audience: Audience
    most_people: int
    most_dong: int
    until: date
    all_clear: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    route: str = "urgent"
    rather_twice: bool = False


def prepare(context: Context, wanted: NewUrgent) -> Emergency:
    """Keep an urgent text for later."""
    app = context.app
    with context.act("prepare", "emergency", wanted.name) as tx:
        need(tx.actor, WRITERS, Say("prepare urgent texts"))
        _check(tx, wanted)
        template = templating.load(app.templates, wanted.template)
        strange = sorted(set(wanted.fields) - set(template.fields))
        if strange:
            raise Problem(
                "unknown-field",
                Say(
                    "{name} has no blank: {strange}.",
                    name=template.name,
                    strange=", ".join(strange),
                ),
            )
        routes.find(app.site, wanted.route)
        wards = targeting.wards_of(tx, wanted.audience)
        need_wards(tx.actor, [w.id for w in wards], Say("prepare it"))
        version = texts.version(tx, template.name, template.digest, template.source)
        clear = None
        if wanted.all_clear:
            after = templating.load(app.templates, wanted.all_clear)
            clear = texts.version(tx, after.name, after.digest, after.source)
        made = emergencies.add(
            tx,
            wanted.name,
            template.title,
            (version, clear),
            wanted.fields,
            wanted.audience,
            wanted.route,
            (wanted.most_people, wanted.most_dong),
            wanted.until,
            rather_twice=wanted.rather_twice,
        )
        return emergencies.of_id(tx, made)


def _check(tx: Tx, wanted: NewUrgent) -> None:
    if not wanted.name.strip() or wanted.most_people <= 0 or wanted.most_dong <= 0:
        raise Problem(
            "bad-limits",
            Say("A name, and the most people and đồng, are needed."),
        )
    today = tx.now.astimezone(HANOI).date()
    if not today <= wanted.until <= today + timedelta(days=366):
        raise Problem(
            "bad-date",
            Say("The last day is between today and a year from now."),
        )


def submit(context: Context, name: str) -> Emergency:
    """Hand it in for approval."""

    def act(tx: Tx, emergency: Emergency) -> None:
        need(tx.actor, WRITERS, Say("submit"))
        _in_charge(tx, emergency)
        emergencies.move(tx, emergency, "submitted", submitted_by=tx.actor.person_id)

    return _moved(context, "submit", name, act)


def approve(context: Context, name: str) -> Emergency:
    """A leader who neither prepared nor submitted it says yes, for all the times it is sent."""

    def act(tx: Tx, emergency: Emergency) -> None:
        need(tx.actor, {Role.LEADER}, Say("approve"))
        _in_charge(tx, emergency)
        assert tx.actor.person_id is not None
        hands = [p for p in (emergency.created_by, emergency.submitted_by) if p is not None]
        if people.same_person(tx, tx.actor.person_id, hands):
            raise refused(
                "own-work",
                Say("Whoever prepared or submitted it cannot approve it; a second person must."),
            )
        emergencies.move(
            tx,
            emergency,
            "approved",
            approved_by=tx.actor.person_id,
            approved_at=at(tx.now),
            approved_digest=_steps_digest(context.app, tx, emergency),
        )

    with context.remembering("approve", "emergency", name):
        context.trust_the_clock()
        need(context.actor, {Role.LEADER}, Say("approve"))
        context.prove()
    return _moved(context, "approve", name, act)


def send_back(context: Context, name: str, reason: str) -> Emergency:
    """Return it with a reason."""

    def act(tx: Tx, emergency: Emergency) -> None:
        need(tx.actor, {Role.LEADER}, Say("return"))
        _in_charge(tx, emergency)
        emergencies.move(tx, emergency, "returned", reason=reason)

    return _moved(context, "return", name, act)


def end(context: Context, name: str) -> Emergency:
    """Nobody sends it any more."""

    def act(tx: Tx, emergency: Emergency) -> None:
        need(tx.actor, WRITERS, Say("end an urgent text"))
        _in_charge(tx, emergency)
        emergencies.move(tx, emergency, "ended")

    return _moved(context, "end", name, act)


def _moved(
    context: Context, act: str, name: str, move: Callable[[Tx, Emergency], None]
) -> Emergency:
    """A prepared text after a move of its own transaction."""
    with context.act(act, "emergency", name) as tx:
        found = emergencies.get(tx, name)
        move(tx, found)
        return emergencies.of_id(tx, found.id)


def _steps_digest(app: App, tx: Tx, emergency: Emergency) -> str:
    _, steps = routes.find(app.site, emergency.route)
    return emergencies.digest(tx, emergency, steps)


def is_mine(tx: Tx, emergency: Emergency) -> bool:
    """True when the whole of its area is the actor's."""
    if tx.actor.wards is None:
        return True
    try:
        wards = targeting.wards_of(tx, emergency.audience)
    except Problem:
        return False
    everywhere = not emergency.audience.wards or bool(emergency.audience.groups)
    return not everywhere and bool(wards)


def _in_charge(tx: Tx, emergency: Emergency) -> None:
    if not is_mine(tx, emergency):
        raise refused(
            "not-your-ward",
            Say(
                "{name} is not in charge of the area of “{name2}”.",
                name=tx.actor.name,
                name2=emergency.name,
            ),
        )


# --- sending ------------------------------------------------------------------------------------


def _narrowed(tx: Tx, emergency: Emergency, area: Audience | None) -> Audience:
    """The area that was approved, or a smaller one inside it."""
    if area is None:
        return emergency.audience
    largest = {w.id for w in targeting.wards_of(tx, emergency.audience)}
    wanted = {w.id for w in targeting.wards_of(tx, area)}
    approved = targeting.resolve(tx, emergency.audience).residential_groups
    groups = targeting.resolve(tx, area).residential_groups
    inside = approved is None or (groups is not None and set(groups) <= set(approved))
    if not wanted <= largest or not inside:
        raise refused(
            "outside-area",
            Say("“{name}” was not approved for that area.", name=emergency.name),
        )
    return replace(area, one_per=emergency.audience.one_per)


def _may_send(app: App, tx: Tx, emergency: Emergency) -> None:
    """Refuse unless the actor is on duty and the approval still counts."""
    need(tx.actor, WRITERS, Say("send urgent texts"))
    assert tx.actor.person_id is not None
    if not emergencies.on_duty(tx, tx.actor.person_id, tx.now):
        raise refused(
            "not-on-duty",
            Say("{name} is not on duty.", name=tx.actor.name),
        )
    over = (
        emergency.state != "approved"
        or tx.now.astimezone(HANOI).date() > emergency.until
        or not emergencies.approver_acts(tx, emergency)
        or emergency.approved_digest != _steps_digest(app, tx, emergency)
    )
    if over:
        raise refused(
            "not-approved",
            Say(
                "The approval of “{name}” does not count (over, changed, or its leader left).",
                name=emergency.name,
            ),
        )


def send(
    context: Context, name: str, fields: Mapping[str, str], area: Audience | None = None
) -> tuple[Broadcast, Preview]:
    """The officer on duty sends a prepared text, now, night or day; (broadcast, what it does)."""
    with context.remembering("send", "emergency", name):
        emergency, broadcast = _drafted(context, name, fields, area)
        return _sent(context, emergency, broadcast)


def _drafted(
    context: Context, name: str, fields: Mapping[str, str], area: Audience | None
) -> tuple[Emergency, Broadcast]:
    app = context.app
    with context.begin() as tx:
        emergency = emergencies.get(tx, name)
        _may_send(app, tx, emergency)
        template = text_of(app, tx, emergency)
        fixed = set(fields) & set(emergency.fields)
        if fixed:
            raise refused(
                "fixed-field",
                Say("Approved beforehand and fixed: {fixed}.", fixed=", ".join(sorted(fixed))),
            )
        audience = _narrowed(tx, emergency, area)
        new = planning.NewBroadcast(
            template=template.name,
            audience=audience,
            route=emergency.route,
            fields={**emergency.fields, **fields},
            title=emergency.title,
            expires_after=EXPIRES,
            rather_twice=emergency.rather_twice,
            urgent=True,
        )
        made = draft_broadcast(app, tx, template, new)
        need_wards(tx.actor, broadcasts.get(tx, made).senders, Say("send it"))
        emergencies.mark(tx, made, emergency.id)
        return emergency, broadcasts.get(tx, made)


def text_of(app: App, tx: Tx, emergency: Emergency) -> Template:
    """The text that was approved."""
    return _template(app, tx, emergency.template_version_id)


def _template(app: App, tx: Tx, version: int) -> Template:
    name, _, source = texts.source_of(tx, version)
    return templating.parse(name, source, app.templates)


def _sent(
    context: Context, emergency: Emergency, broadcast: Broadcast
) -> tuple[Broadcast, Preview]:
    """Looked at, approved as the prepared text was, and due at once; or thrown away."""
    found = preview_broadcast(context.app, context.actor, broadcast)
    blocking = next((r for r in found.remarks if r.severity == "block"), None)
    with context.begin() as tx:
        if blocking is not None or not found.queued:
            planning.stop(tx, broadcasts.get(tx, broadcast.id))
        else:
            assert emergency.approved_by is not None
            broadcasts.touch(tx, broadcast.id, "submitted")
            planning.system_approve(
                tx,
                broadcasts.get(tx, broadcast.id),
                emergency.approved_by,
                emergency.people,
                emergency.dong,
            )
            approvals.record(
                tx,
                broadcast.id,
                emergency.approved_by,
                broadcasts.get(tx, broadcast.id).approved_digest or "",
                "prepared",
            )
            planning.schedule(tx, broadcasts.get(tx, broadcast.id), tx.now)
        done = broadcasts.get(tx, broadcast.id)
    if blocking is not None:
        raise refused("text-blocked", blocking.say)
    if not found.queued:
        raise refused(
            "nobody",
            Say("Nobody in that area would receive this."),
        )
    return done, found


def all_clear(
    context: Context, number: int, fields: Mapping[str, str]
) -> tuple[Broadcast, Preview]:
    """The danger is over: what was not sent yet stops, and whoever may have got the warning is
    told, by the text that was approved with it."""
    with context.remembering("all-clear", "broadcast", number):
        emergency, broadcast = _called_off(context, number, fields)
        return _sent(context, emergency, broadcast)


def _called_off(
    context: Context, number: int, fields: Mapping[str, str]
) -> tuple[Emergency, Broadcast]:
    """The original is stopped, and its all-clear drafted."""
    app = context.app
    with context.begin() as tx:
        original = broadcasts.get(tx, number)
        if original.emergency_id is None:
            raise refused(
                "no-emergency",
                Say("Broadcast {id} is no prepared urgent text.", id=original.id),
            )
        emergency = emergencies.of_id(tx, original.emergency_id)
        _may_send(app, tx, emergency)
        need_wards(tx.actor, original.senders, Say("send it"))
        if emergency.all_clear_version_id is None:
            raise refused(
                "no-all-clear",
                Say("“{name}” was approved without an all-clear.", name=emergency.name),
            )
        state = BroadcastState
        if original.state in (state.SCHEDULED, state.RUNNING, state.PAUSED, state.HELD):
            planning.stop(tx, original)
        template = _template(app, tx, emergency.all_clear_version_id)
        known = {k: v for k, v in original.fields.items() if k in template.fields}
        made = correct_broadcast(
            app,
            tx,
            broadcasts.get(tx, original.id),
            template=template,
            fields={**known, **fields},
            expires_after=timedelta(hours=12),
            urgent=True,
            title=template.title,
        )
        emergencies.mark(tx, made, emergency.id)
        return emergency, broadcasts.get(tx, made)


def loudspeaker(app: App, tx: Tx, emergency: Emergency, ward: str) -> str:
    """What is read out in a ward, with the blanks still open as dots."""
    template = text_of(app, tx, emergency)
    block = template.blocks.get("loudspeaker") or template.blocks.get("sms_accented")
    if block is None:
        return ""
    sample = templating.Sample(ward)
    dots = {name: emergency.fields.get(name, "……") for name in template.fields}
    return templating.render(template, block, sample.values(template, dots)).body
