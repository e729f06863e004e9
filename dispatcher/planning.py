"""A plan with words: drafted, previewed, approved to the letter, released into rows that wait.

Comes from: an officer's choices or a schedule.   Goes to: messages.
Never: releases what nobody approved, or more people than were approved.

A preview is a release in a transaction that is rolled back: it cannot differ from the real one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from dispatcher.model import (
    Actor,
    Audience,
    BroadcastState,
    HeldReason,
    Kind,
    MessageState,
    Mode,
    Role,
    Sender,
    Step,
    Text,
    Window,
)
from dispatcher.problems import Problem, refused
from dispatcher.store import areas, broadcasts, releases, texts
from dispatcher.store.broadcasts import Broadcast
from dispatcher.store.database import Tx
from dispatcher.store.releases import Reach
from dispatcher.store.schema import micros
from dispatcher.store.trail import canonical

CHUNK = 20_000
Render = Callable[[int, Mapping[str, Any]], Text | None]  # (step, values) → text, None: no block
Resolve = Callable[[Tx, Audience], Reach]


@dataclass(frozen=True)
class Words:
    """What templating hands to planning: one renderer, and what each step's text depends on."""

    render: Render
    scopes: tuple[str | None, ...]  # per step: site, ward, group, contact; None: no text


@dataclass(frozen=True)
class Draft:
    """An officer's choices, checked and resolved."""

    title: str
    mode: Mode
    kind: Kind
    template: tuple[str, str, str]  # name, digest, source
    fields: Mapping[str, str]
    audience: Audience
    route: tuple[Step, ...]
    senders: Mapping[int, Sender]
    window: Window
    expires_after: timedelta
    document: str = ""
    priority: int = 1
    rather_twice: bool = False
    schedule_id: int | None = None


def draft(tx: Tx, plan: Draft) -> int:
    """Store a draft; its id."""
    version = texts.version(tx, *plan.template)
    return broadcasts.create(
        tx,
        title=plan.title,
        mode=plan.mode,
        kind=plan.kind,
        template_version_id=version,
        fields=plan.fields,
        audience=plan.audience,
        route=plan.route,
        senders=plan.senders,
        document=plan.document,
        window=plan.window,
        priority=plan.priority,
        expires_after=plan.expires_after,
        schedule_id=plan.schedule_id,
        rather_twice=plan.rather_twice,
    )


def follow_up(
    tx: Tx, broadcast: Broadcast, audience: Audience, title: str, *, expires_after: timedelta,
    window: Window | None = None,
) -> int:  # fmt: skip
    """A new draft with the frozen words, route and senders of an earlier broadcast; its id."""
    return broadcasts.create(
        tx,
        title=title,
        mode=broadcast.mode,
        kind=broadcast.kind,
        template_version_id=broadcast.template_version_id,
        fields=broadcast.fields,
        audience=audience,
        route=broadcast.route,
        senders=broadcast.senders,
        document=broadcast.document,
        window=window or broadcast.window,
        priority=broadcast.priority,
        expires_after=expires_after,
        rather_twice=broadcast.rather_twice,
    )


RESENT = ("failed", "expired", "cancelled")  # never sent, or refused: no one gets it twice
MOST_TESTS = 5  # numbers a broadcast may be tested on in 24 hours


def resend(tx: Tx, broadcast: Broadcast, states: Sequence[str]) -> int:
    """A draft to those an earlier broadcast did not reach; approved like any other."""
    need(tx.actor, {Role.OFFICER, Role.ADMIN, Role.LEADER}, "gửi lại", "resend")
    if broadcast.released_at is None:
        raise refused(
            "not-released",
            f"Đợt gửi {broadcast.id} chưa gửi cho ai.",
            f"Broadcast {broadcast.id} was sent to nobody yet.",
        )
    counts = broadcasts.counts(tx, broadcast.id)
    if not any(counts.get(s) for s in states):
        raise refused(
            "nobody-left",
            f"Đợt gửi {broadcast.id} không còn ai ở trạng thái này.",
            f"Broadcast {broadcast.id} has nobody in these states.",
        )
    audience = Audience(of=broadcast.id, states=tuple(states))
    made = follow_up(
        tx, broadcast, audience, f"Gửi lại: {broadcast.title}",
        expires_after=broadcast.expires_after,
    )  # fmt: skip
    tx.note("resend", "broadcast", made, of=broadcast.id, states=list(states))
    return made


def test(tx: Tx, broadcast: Broadcast, contact: int) -> int:
    """The same message to one number of ours, now. Needs no second person; its id."""
    need(tx.actor, {Role.OFFICER, Role.ADMIN, Role.LEADER}, "gửi thử", "test")
    done = broadcasts.tests_since(tx, broadcast.id, tx.now - timedelta(days=1))
    if done >= MOST_TESTS:
        raise refused(
            "enough-tests",
            f"Đợt gửi {broadcast.id} đã gửi thử {done} lần trong 24 giờ qua.",
            f"Broadcast {broadcast.id} was tested {done} times within 24 hours.",
        )
    made = follow_up(
        tx, broadcast, Audience(contacts=(contact,)), f"[Thử] {broadcast.title}",
        expires_after=timedelta(minutes=30), window=Window(time(0, 0), time(23, 59)),
    )  # fmt: skip
    tx.note("tested", "broadcast", broadcast.id, test=made)
    assert tx.actor.person_id is not None
    system_approve(tx, broadcasts.get(tx, made), tx.actor.person_id)
    schedule(tx, broadcasts.get(tx, made), tx.now)
    return made


def stop_all(tx: Tx) -> tuple[list[int], int]:
    """Emergency: end everything that runs, waits or is held; (broadcasts, messages cancelled).

    Undone by nobody: what should still go out is resent as a new, approved broadcast.
    """
    need(tx.actor, {Role.OFFICER, Role.ADMIN, Role.LEADER}, "dừng tất cả", "stop everything")
    stopped, cancelled = [], 0
    for broadcast in broadcasts.listed(tx, STOPPABLE, limit=10_000):
        cancelled += stop(tx, broadcast)
        stopped.append(broadcast.id)
    return stopped, cancelled


STOPPABLE = (
    BroadcastState.SCHEDULED,
    BroadcastState.RUNNING,
    BroadcastState.PAUSED,
    BroadcastState.HELD,
)


def digest(tx: Tx, broadcast: Broadcast) -> str:
    """What an approval covers, to the letter."""
    name, version, _ = texts.source_of(tx, broadcast.template_version_id)
    covered = {
        "template": [name, version],
        "fields": dict(broadcast.fields),
        "audience": broadcast.audience.as_json(),
        "kind": broadcast.kind.value,
        "route": [
            [s.gateway, s.channel.value, str(s.deadline), s.accented] for s in broadcast.route
        ],
        "senders": {str(w): [s.name, s.brandname] for w, s in broadcast.senders.items()},
        "window": str(broadcast.window),
        "mode": broadcast.mode.value,
        "expires_after": broadcast.expires_after.total_seconds(),
        "rather_twice": broadcast.rather_twice,
        "document": broadcast.document,
        "ceiling": [broadcast.ceiling_people, broadcast.ceiling_dong],
    }
    return hashlib.sha256(canonical(covered).encode()).hexdigest()


# --- preview and release ----------------------------------------------------------------------


def steps_of_release(
    broadcast: Broadcast, words: Words, resolve: Resolve, start: datetime
) -> Iterator[Callable[[Tx], None]]:
    """A release as a series of small transactions, each safe to run again."""
    state: dict[str, Any] = {}

    def prepare(tx: Tx) -> None:
        state["reach"] = resolve(tx, broadcast.audience)
        state["last"] = releases.last_contact(tx)
        _render_shared(tx, broadcast, words, state["reach"])

    yield prepare
    reach: Reach = state["reach"]
    usable = [i for i, scope in enumerate(words.scopes) if scope]
    due = micros(start)
    start_at = (usable[0] * releases.TARGETS_PER_STEP, broadcast.route[usable[0]].gateway)
    channels = sorted({s.channel.value for s in broadcast.route})

    def each(tx: Tx, add: Callable[..., None], low: int, high: int) -> None:
        for i in usable:
            add(tx, broadcast.id, i, broadcast.route[i], words.scopes[i], low, high)

    for low in range(broadcast.planned_upto or 0, state["last"], CHUNK):
        high = min(low + CHUNK, state["last"])

        def chunk(tx: Tx, low: int = low, high: int = high) -> None:
            _render_people(tx, broadcast, words, reach, low, high)
            made = releases.add_messages(tx, broadcast, reach, start_at, due, low, high)
            each(tx, releases.add_first_targets, *made)
            releases.settle_targets(tx, broadcast.id, channels, *made)
            releases.planned(tx, broadcast.id, high)

        yield chunk
    for low in range(0, state["last"], CHUNK):
        high = min(low + CHUNK, state["last"])
        yield partial(each, add=releases.add_more_targets, low=low, high=high)


def _render_shared(tx: Tx, broadcast: Broadcast, words: Words, reach: Reach) -> None:
    """Texts that depend on ward or residential group only: one rendering each, not one a person."""
    names = areas.names(tx)
    parents = {a.id: a.parent_id for a in areas.listed(tx)}
    for index, scope in enumerate(words.scopes):
        if scope in (None, "contact"):
            continue
        column = "residential_group_id" if scope == "group" else "ward_id"
        ids = [0] if scope == "site" else releases.scope_ids(tx, reach, column)
        rendered: dict[int, Text] = {}
        for scope_id in ids:
            ward = scope_id if scope == "ward" else parents.get(scope_id)
            group = scope_id if scope == "group" else None
            text = words.render(index, _values(broadcast, names, ward, group))
            if text is not None:
                rendered[scope_id] = text
        if rendered:
            bodies = texts.store_bodies(tx, rendered, personal=False)
            releases.put_bodies(tx, broadcast.id, index, bodies)


def _render_people(
    tx: Tx, broadcast: Broadcast, words: Words, reach: Reach, low: int, high: int
) -> None:
    """Texts that name a person: sealed, one per person."""
    steps = [i for i, scope in enumerate(words.scopes) if scope == "contact"]
    if not steps:
        return
    names = areas.names(tx)
    rows = releases.people(tx, reach, low, high)
    for index in steps:
        rendered = {}
        for row in rows:
            values = _values(broadcast, names, row["ward_id"], row["residential_group_id"])
            title = row["title"] or "ông/bà"
            values["contact"] = {"name": tx.sealer.open(row["name_sealed"]), "title": title}
            text = words.render(index, values)
            if text is not None:
                rendered[row["id"]] = text
        if rendered:
            bodies = texts.store_bodies(tx, rendered, personal=True)
            releases.put_bodies(tx, broadcast.id, index, bodies)


def _values(
    broadcast: Broadcast, names: Mapping[int, str], ward: int | None, group: int | None
) -> dict[str, Any]:
    values: dict[str, Any] = {**broadcast.fields, "document": {"number": broadcast.document}}
    if ward:
        sender = broadcast.senders.get(ward)
        values["ward"] = {"name": names[ward]}
        values["sender"] = {"name": sender.name if sender else f"UBND phường {names[ward]}"}
    if group:
        values["residential_group"] = {"name": names[group]}
    return values


@dataclass(frozen=True)
class Preview:
    """What a release would do. Money in whole đồng, parts are billed SMS units."""

    people: int
    queued: int
    skipped: Mapping[str, int]
    parts: Mapping[str, int]  # by channel
    most_parts: Mapping[str, int]
    cost: Mapping[str, int]  # by channel
    households: int = 0
    samples: tuple[Mapping[str, Any], ...] = ()

    @property
    def total(self) -> int:
        """The most it can cost: every step for everybody."""
        return sum(self.cost.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "people": self.people,
            "queued": self.queued,
            "skipped": dict(self.skipped),
            "households": self.households,
            "parts": dict(self.parts),
            "parts_per_person": dict(self.most_parts),
            "cost": {
                **self.cost,
                "total": self.total,
                "per_phone": round(self.total / self.queued) if self.queued else 0,
                "per_household": round(self.total / self.households) if self.households else 0,
            },
            "samples": [dict(s) for s in self.samples],
        }


class _RollBack(Exception):
    pass


def preview(
    begin: Callable[[], AbstractContextManager[Tx]],
    broadcast: Broadcast,
    words: Words,
    resolve: Resolve,
) -> Preview:
    """Release inside a transaction that is thrown away."""
    found: list[Preview] = []
    try:
        with begin() as tx:
            for step in steps_of_release(broadcast, words, resolve, tx.now):
                step(tx)
            found.append(
                replace(
                    _summed(tx, broadcast),
                    households=releases.households(tx, broadcast.id),
                    samples=_samples(tx, broadcast),
                )
            )
            raise _RollBack
    except _RollBack:
        pass
    return found[0]


def _summed(tx: Tx, broadcast: Broadcast) -> Preview:
    summary = releases.sums(tx, broadcast.id)
    prices = texts.price_list(tx)
    queued, skipped = summary["queued"], summary["skipped"]
    parts: dict[str, int] = {}
    most: dict[str, int] = {}
    cost: dict[str, int] = {}
    for row in summary["parts"]:
        channel = row["channel"]
        units = row["messages"] if channel == "zalo" else row["parts"]
        each = texts.price(prices, channel, row["carrier"], broadcast.kind)
        parts[channel] = parts.get(channel, 0) + int(units)
        cost[channel] = cost.get(channel, 0) + int(units) * each
        per_person = 1 if channel == "zalo" else int(row["most_parts"])
        most[channel] = max(most.get(channel, 0), per_person)
    return Preview(queued + sum(skipped.values()), queued, skipped, parts, most, cost)


def _samples(tx: Tx, broadcast: Broadcast) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        {
            "channel": row["channel"],
            "to": row["tail"],
            "carrier": row["carrier"],
            "body": texts.opened(tx, row).body,
            "encoding": row["encoding"],
            "parts": 1 if row["channel"] == "zalo" else row["parts"],
        }
        for row in releases.samples(tx, broadcast.id)
    )


def release(
    begin: Callable[[], AbstractContextManager[Tx]],
    broadcast: Broadcast,
    words: Words,
    resolve: Resolve,
    undo: timedelta,
    mode: Mode,
) -> BroadcastState:
    """Turn an approved broadcast into messages that wait. Resumable; the state it ended in."""
    with begin() as tx:
        now = tx.now
        if broadcast.approved_digest != digest(tx, broadcast):
            broadcasts.move(tx, broadcast, BroadcastState.HELD, reason=HeldReason.CHANGED.value)
            return BroadcastState.HELD
        if broadcast.mode is not mode:
            broadcasts.move(tx, broadcast, BroadcastState.HELD, reason=HeldReason.OTHER_MODE.value)
            return BroadcastState.HELD
        due = broadcast.at or now
        expires = due + broadcast.expires_after
        if expires <= now:
            broadcasts.move(tx, broadcast, BroadcastState.MISSED, reason="too_late")
            return BroadcastState.MISSED
    start = now + undo
    for step in steps_of_release(broadcast, words, resolve, start):
        with begin() as tx:
            state = broadcasts.locked_state(tx, broadcast.id)
            if state is not BroadcastState.SCHEDULED:  # stopped, or another worker was faster
                return state
            step(tx)
    with begin() as tx:
        state = broadcasts.locked_state(tx, broadcast.id)
        if state is not BroadcastState.SCHEDULED:
            return state
        broadcast = broadcasts.get(tx, broadcast.id)
        found = _summed(tx, broadcast)
        releases.clean_up(tx, broadcast.id)
        over = (
            broadcast.ceiling_people is not None and found.people > broadcast.ceiling_people
        ) or (broadcast.ceiling_dong is not None and found.total > broadcast.ceiling_dong)
        to = BroadcastState.HELD if over else BroadcastState.RUNNING
        broadcasts.move(
            tx,
            broadcast,
            to,
            reason=HeldReason.OVER_CEILING.value if over else None,
            released_at=now,
            starts_at=start,
            expires_at=expires,
        )
        tx.note(
            "released",
            "broadcast",
            broadcast.id,
            people=found.people,
            queued=found.queued,
            skipped=dict(found.skipped),
        )
    return to


# --- the people who decide --------------------------------------------------------------------


def submit(tx: Tx, broadcast: Broadcast, found: Preview) -> None:
    """Hand in for approval, with a ceiling of people and money that release must keep."""
    need(tx.actor, {Role.OFFICER, Role.ADMIN, Role.LEADER}, "trình duyệt", "submit")
    if found.queued == 0:
        raise refused(
            "nobody",
            "Không có ai nhận được tin này; kiểm tra người nhận và danh bạ.",
            "Nobody would receive this; check the audience and the list.",
        )
    people = found.people + max(10, found.people // 20)
    dong = found.total + max(10_000, found.total // 10)
    broadcasts.touch(tx, broadcast.id, "submitted")
    broadcasts.move(
        tx,
        broadcast,
        BroadcastState.SUBMITTED,
        submitted_at=tx.now,
        ceiling_people=people,
        ceiling_dong=dong,
    )


def approve(tx: Tx, broadcast: Broadcast) -> None:
    """Approve exactly this; the approver has written, edited and submitted none of it."""
    need(tx.actor, {Role.LEADER}, "phê duyệt", "approve")
    if tx.actor.person_id in broadcasts.hands(tx, broadcast.id):
        raise refused(
            "own-work",
            "Người soạn hoặc trình không được tự duyệt; cần người thứ hai.",
            "Whoever wrote or submitted it cannot approve it; a second person must.",
        )
    broadcasts.move(
        tx,
        broadcast,
        BroadcastState.APPROVED,
        approved_by=tx.actor.person_id,
        approved_at=tx.now,
        approved_digest=digest(tx, broadcast),
    )


def send_back(tx: Tx, broadcast: Broadcast, reason: str, *, for_good: bool = False) -> None:
    """Return for another try, or reject; the reason is told to the author."""
    need(tx.actor, {Role.LEADER}, "trả lại", "return")
    to = BroadcastState.REJECTED if for_good else BroadcastState.RETURNED
    broadcasts.move(tx, broadcast, to, reason=reason)


def schedule(tx: Tx, broadcast: Broadcast, when: datetime) -> datetime:
    """Set the time; the moment it will really start (a closed window moves it)."""
    if when < tx.now - timedelta(minutes=5) and not tx.actor.is_system:
        raise refused(
            "in-the-past",
            "Giờ gửi đã qua. Chọn giờ khác, hoặc bỏ --at để gửi ngay.",
            "That time has passed. Choose another, or leave --at out.",
        )
    broadcasts.move(tx, broadcast, BroadcastState.SCHEDULED, at=when)
    return broadcast.window.next_opening(when)


def pause(tx: Tx, broadcast: Broadcast) -> None:
    """Nothing leaves after this beyond what is on the wire. Never needs a second person."""
    broadcasts.move(tx, broadcast, BroadcastState.PAUSED)


def resume(tx: Tx, broadcast: Broadcast) -> None:
    """Go on with a paused or held broadcast."""
    if broadcast.state is BroadcastState.HELD:
        need(tx.actor, {Role.LEADER, Role.ADMIN}, "cho gửi tiếp", "resume a held broadcast")
    to = BroadcastState.RUNNING if broadcast.released_at else BroadcastState.SCHEDULED
    broadcasts.move(tx, broadcast, to)


def stop(tx: Tx, broadcast: Broadcast) -> int:
    """End it; what has not left is cancelled. How many that are."""
    broadcasts.move(tx, broadcast, BroadcastState.STOPPED, done_at=tx.now)
    cancelled = broadcasts.end_queued(tx, broadcast.id, MessageState.CANCELLED)
    tx.note("cancelled", "broadcast", broadcast.id, messages=cancelled)
    return cancelled


def system_approve(tx: Tx, broadcast: Broadcast, approver: int) -> None:
    """An occurrence runs under its schedule's approval: submitted and approved at once."""
    broadcasts.move(tx, broadcast, BroadcastState.SUBMITTED, submitted_at=tx.now)
    submitted = replace(broadcast, state=BroadcastState.SUBMITTED)
    broadcasts.move(
        tx,
        submitted,
        BroadcastState.APPROVED,
        approved_by=approver,
        approved_at=tx.now,
        approved_digest=digest(tx, submitted),
    )


def need(actor: Actor, roles: set[Role], vi: str, en: str) -> None:
    if actor.person_id is None:
        raise Problem(
            "who-acts",
            f"Cần biết ai {vi}: thêm --as TÊN (xem: dispatcher people list).",
            f"Who is it that wants to {en}? Add --as NAME (see: dispatcher people list).",
            exit_code=4,
        )
    if actor.role not in roles:
        raise refused("role", f"{actor.name} không có quyền {vi}.", f"{actor.name} may not {en}.")
