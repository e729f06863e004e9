"""Tin khẩn: prepared and approved before the season, sent by the officer on duty in one step.

What was approved is the text with its blanks, the largest area, the most people and đồng, the way
of sending and the last day. The officer fills the blanks and may name a smaller area.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from dispatcher import broadcasts as planning
from dispatcher import templating
from dispatcher.broadcasts import MAY_HAVE_RECEIVED, routes, targeting
from dispatcher.broadcasts.app import App, correct, draft, preview
from dispatcher.db.broadcasts import approvals, broadcasts, texts
from dispatcher.db.broadcasts import emergencies as rows
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.emergencies import Emergency
from dispatcher.db.database import Tx, at
from dispatcher.db.staff import people
from dispatcher.domain.model import HANOI, Actor, Audience, BroadcastState, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.rights import WRITERS, need, need_wards
from dispatcher.templating import Template

EXPIRES = timedelta(hours=3)  # an urgent text that has not gone out by then is no longer true


def prepare(
    app: App,
    tx: Tx,
    name: str,
    *,
    template: Template,
    all_clear: Template | None,
    fields: Mapping[str, str],
    audience: Audience,
    route: str,
    most: tuple[int, int],
    until: date,
    rather_twice: bool,
) -> int:
    """Keep an urgent text for later; its id. `most`: people and đồng it may reach and cost."""
    need(tx.actor, WRITERS, "soạn tin khẩn", "prepare urgent texts")
    today = tx.now.astimezone(HANOI).date()
    if not today <= until <= today + timedelta(days=366):
        raise Problem(
            "bad-date",
            "Ngày hết hạn từ hôm nay tới một năm nữa.",
            "The last day is between today and a year from now.",
        )
    strange = sorted(set(fields) - set(template.fields))
    if strange:
        raise Problem(
            "unknown-field",
            f"Mẫu {template.name} không có ô: {', '.join(strange)}.",
            f"{template.name} has no blank: {', '.join(strange)}.",
        )
    routes.find(app.site, route)
    wards = targeting.wards_of(tx, audience)
    need_wards(tx.actor, [w.id for w in wards], "soạn", "prepare it")
    version = texts.version(tx, template.name, template.digest, template.source)
    clear = None
    if all_clear is not None:
        clear = texts.version(tx, all_clear.name, all_clear.digest, all_clear.source)
    return rows.add(
        tx, name, template.title, (version, clear), fields, audience, route, most, until,
        rather_twice=rather_twice,
    )  # fmt: skip


def _steps_digest(app: App, tx: Tx, emergency: Emergency) -> str:
    _, steps = routes.find(app.site, emergency.route)
    return rows.digest(tx, emergency, steps)


def submit(tx: Tx, emergency: Emergency) -> None:
    """Hand it in for approval."""
    need(tx.actor, WRITERS, "trình duyệt", "submit")
    _in_charge(tx, emergency)
    rows.move(tx, emergency, "submitted", submitted_by=tx.actor.person_id)


def approve(app: App, tx: Tx, emergency: Emergency) -> None:
    """A leader who neither prepared nor submitted it says yes, for all the times it is sent."""
    need(tx.actor, {Role.LEADER}, "phê duyệt", "approve")
    _in_charge(tx, emergency)
    assert tx.actor.person_id is not None
    hands = [p for p in (emergency.created_by, emergency.submitted_by) if p is not None]
    if people.same_person(tx, tx.actor.person_id, hands):
        raise refused(
            "own-work",
            "Người soạn hoặc trình không được tự duyệt; cần người thứ hai.",
            "Whoever prepared or submitted it cannot approve it; a second person must.",
        )
    rows.move(
        tx,
        emergency,
        "approved",
        approved_by=tx.actor.person_id,
        approved_at=at(tx.now),
        approved_digest=_steps_digest(app, tx, emergency),
    )


def send_back(tx: Tx, emergency: Emergency, reason: str) -> None:
    """Return it with a reason."""
    need(tx.actor, {Role.LEADER}, "trả lại", "return")
    _in_charge(tx, emergency)
    rows.move(tx, emergency, "returned", reason=reason)


def end(tx: Tx, emergency: Emergency) -> None:
    """Nobody sends it any more."""
    need(tx.actor, WRITERS, "kết thúc tin khẩn", "end an urgent text")
    _in_charge(tx, emergency)
    rows.move(tx, emergency, "ended")


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
            f"{tx.actor.name} không phụ trách địa bàn của tin khẩn «{emergency.name}».",
            f"{tx.actor.name} is not in charge of the area of “{emergency.name}”.",
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
            f"Tin khẩn «{emergency.name}» không được duyệt cho địa bàn này.",
            f"“{emergency.name}” was not approved for that area.",
        )
    return replace(area, one_per=emergency.audience.one_per)


def _may_send(app: App, tx: Tx, emergency: Emergency) -> None:
    """Refuse unless the actor is on duty and the approval still counts."""
    need(tx.actor, WRITERS, "gửi tin khẩn", "send urgent texts")
    assert tx.actor.person_id is not None
    if not rows.on_duty(tx, tx.actor.person_id, tx.now):
        raise refused(
            "not-on-duty",
            f"{tx.actor.name} không trong ca trực. Xem lịch trực: dispatcher duty list",
            f"{tx.actor.name} is not on duty. The roster: dispatcher duty list",
        )
    over = (
        emergency.state != "approved"
        or tx.now.astimezone(HANOI).date() > emergency.until
        or not rows.approver_acts(tx, emergency)
        or emergency.approved_digest != _steps_digest(app, tx, emergency)
    )
    if over:
        raise refused(
            "not-approved",
            f"Phê duyệt của tin khẩn «{emergency.name}» không còn hiệu lực (hết hạn, đã đổi, hoặc "
            "người duyệt đã thôi). Gửi theo cách thường: dispatcher broadcasts create --urgent",
            f"The approval of “{emergency.name}” does not count (over, changed, or its leader "
            "left). Send the usual way: dispatcher broadcasts create --urgent",
        )


def send(
    app: App,
    actor: Actor,
    name: str,
    fields: Mapping[str, str],
    area: Audience | None = None,
) -> tuple[Broadcast, planning.Preview]:
    """The officer on duty sends a prepared text, now, night or day; (broadcast, what it does)."""
    with app.begin(actor)() as tx:
        emergency = rows.get(tx, name)
        _may_send(app, tx, emergency)
        template = text_of(app, tx, emergency)
        fixed = set(fields) & set(emergency.fields)
        if fixed:
            raise refused(
                "fixed-field",
                f"Ô đã duyệt sẵn, không đổi được: {', '.join(sorted(fixed))}.",
                f"Approved beforehand and fixed: {', '.join(sorted(fixed))}.",
            )
        audience = _narrowed(tx, emergency, area)
        made = draft(
            app,
            tx,
            template=template,
            audience=audience,
            route_name=emergency.route,
            fields={**emergency.fields, **fields},
            title=emergency.title,
            expires_after=EXPIRES,
            rather_twice=emergency.rather_twice,
            urgent=True,
        )
        need_wards(tx.actor, broadcasts.get(tx, made).senders, "gửi", "send it")
        rows.mark(tx, made, emergency.id)
        broadcast = broadcasts.get(tx, made)
    return _sent(app, actor, emergency, broadcast)


def text_of(app: App, tx: Tx, emergency: Emergency) -> Template:
    """The text that was approved."""
    return _template(app, tx, emergency.template_version_id)


def _template(app: App, tx: Tx, version: int) -> Template:
    name, _, source = texts.source_of(tx, version)
    return templating.parse(name, source, app.templates)


def _sent(
    app: App, actor: Actor, emergency: Emergency, broadcast: Broadcast
) -> tuple[Broadcast, planning.Preview]:
    """Looked at, approved as the prepared text was, and due at once; or thrown away."""
    found = preview(app, actor, broadcast)
    blocking = next((r for r in found.remarks if r.severity == "block"), None)
    with app.begin(actor)() as tx:
        if blocking is not None or not found.queued:
            planning.stop(tx, broadcasts.get(tx, broadcast.id))
        else:
            assert emergency.approved_by is not None
            broadcasts.touch(tx, broadcast.id, "submitted")
            planning.system_approve(
                tx, broadcasts.get(tx, broadcast.id), emergency.approved_by, emergency.people,
                emergency.dong,
            )  # fmt: skip
            approvals.record(
                tx, broadcast.id, emergency.approved_by,
                broadcasts.get(tx, broadcast.id).approved_digest or "", "prepared",
            )  # fmt: skip
            planning.schedule(tx, broadcasts.get(tx, broadcast.id), tx.now)
        done = broadcasts.get(tx, broadcast.id)
    if blocking is not None:
        raise refused("text-blocked", blocking.say.vi, blocking.say.en)
    if not found.queued:
        raise refused(
            "nobody",
            "Không có ai nhận được tin này ở địa bàn đã chọn.",
            "Nobody in that area would receive this.",
        )
    return done, found


def all_clear(
    app: App, actor: Actor, original: Broadcast, fields: Mapping[str, str]
) -> tuple[Broadcast, planning.Preview]:
    """The danger is over: what was not sent yet stops, and whoever may have got the warning is
    told, by the text that was approved with it."""
    with app.begin(actor)() as tx:
        if original.emergency_id is None:
            raise refused(
                "no-emergency",
                f"Đợt gửi {original.id} không phải tin khẩn soạn sẵn. Dùng: dispatcher broadcasts "
                f"correct {original.id}",
                f"Broadcast {original.id} is no prepared urgent text. Use: dispatcher broadcasts "
                f"correct {original.id}",
            )
        emergency = rows.of_id(tx, original.emergency_id)
        _may_send(app, tx, emergency)
        need_wards(tx.actor, original.senders, "gửi", "send it")
        if emergency.all_clear_version_id is None:
            raise refused(
                "no-all-clear",
                f"Tin khẩn «{emergency.name}» không kèm tin hết cảnh báo.",
                f"“{emergency.name}” was approved without an all-clear.",
            )
        original = broadcasts.get(tx, original.id)
        running = (BroadcastState.SCHEDULED, BroadcastState.RUNNING, BroadcastState.PAUSED,
                   BroadcastState.HELD)  # fmt: skip
        if original.state in running:
            planning.stop(tx, original)
        template = _template(app, tx, emergency.all_clear_version_id)
        known = {k: v for k, v in original.fields.items() if k in template.fields}
        made = correct(
            app, tx, broadcasts.get(tx, original.id), template=template,
            fields={**known, **fields}, expires_after=timedelta(hours=12), urgent=True,
            title=template.title,
        )  # fmt: skip
        rows.mark(tx, made, emergency.id)
        broadcast = broadcasts.get(tx, made)
    return _sent(app, actor, emergency, broadcast)


def reached(tx: Tx, broadcast: Broadcast) -> int:
    """Who may have received a broadcast so far."""
    found = broadcasts.counts(tx, broadcast.id)
    return sum(found.get(s, 0) for s in MAY_HAVE_RECEIVED)


def loudspeaker(app: App, tx: Tx, emergency: Emergency, ward: str) -> str:
    """What is read out in a ward, with the blanks still open as dots."""
    template = text_of(app, tx, emergency)
    block = template.blocks.get("loudspeaker") or template.blocks.get("sms_accented")
    if block is None:
        return ""
    sample = templating.Sample(ward)
    dots = {name: emergency.fields.get(name, "……") for name in template.fields}
    return templating.render(template, block, sample.values(template, dots)).body
