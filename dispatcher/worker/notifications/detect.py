"""Whoever must act is told: what waits for whom, in one sentence each.

Comes from: broadcasts, gateways, schedules, budgets as they are now.   Goes to: notices.
Never: holds a number, a name of a resident or a link; a sentence says what waits and where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts.budgets import BudgetUse
from dispatcher.db.broadcasts.ending import Ended
from dispatcher.db.contacts import replies
from dispatcher.db.database import Tx
from dispatcher.db.queue import health, receipts
from dispatcher.db.schema import micros, moment
from dispatcher.db.staff import notices
from dispatcher.db.staff.notices import NoticeEvent
from dispatcher.domain import outages
from dispatcher.domain.model import HANOI, BroadcastState, HeldReason, Role
from dispatcher.domain.outages import Health, State
from dispatcher.domain.periods import clock
from dispatcher.i18n import Both, Say, SpelledNumber, Spoken

LEADER, ADMIN, OFFICER = (r.value for r in (Role.LEADER, Role.ADMIN, Role.OFFICER))
LATELY = timedelta(days=7)
ENDS_SOON = timedelta(days=14)
NEARLY_SPENT = 80  # per cent

HELD: Mapping[str, Spoken] = {
    HeldReason.CONTENT_REFUSED: Say("the network refused the text"),
    HeldReason.OVER_CEILING: Say("more people or money than was approved"),
    HeldReason.CHANGED: Say("changed after it was approved"),
    HeldReason.OTHER_MODE: Say("approved in another mode"),
    HeldReason.OVER_BUDGET: Say("the money of a step is spent"),
    HeldReason.WARD_BUDGET: Say("over the budget of its wards"),
    HeldReason.RESTORED: Say("the database was restored or copied"),
    HeldReason.APPROVER_LEFT: Say("whoever approved it may approve no longer"),
}


@dataclass(frozen=True)
class ExpiryNotice:
    """A brandname, contract or registration that ends on a day."""

    what: Spoken
    day: date


def keep_notices(
    tx: Tx,
    budgets: Sequence[BudgetUse],
    endings: Sequence[ExpiryNotice],
    odd_reports: Mapping[str, int] = {},
) -> int:
    """Keep a notice of everything that waits for somebody; how many were new.

    `odd_reports`: per gateway the per cent of reports that may be of no use.
    """
    notices.withdraw(tx)
    events = [*_broadcasts(tx), *_gateways(tx), *_schedules(tx), *_replies(tx)]
    events += [_odd_reports(name, at) for name, at in receipts.watch(tx, odd_reports).items()]
    events += [_budget(s) for s in budgets if s.used * 100 >= s.most * NEARLY_SPENT]
    events += [_ending(e) for e in endings]
    return notices.put(tx, events)


def _broadcasts(tx: Tx) -> list[NoticeEvent]:
    found = []
    today = tx.now.astimezone(HANOI).date()
    deputies = notices.deputies(tx, today)
    states = [
        s.value
        for s in (
            BroadcastState.SUBMITTED,
            BroadcastState.RETURNED,
            BroadcastState.HELD,
            BroadcastState.MISSED,
        )
    ]
    for row in notices.broadcasts_in(tx, states, tx.now - LATELY):
        number, title = row["id"], row["title"]
        author = (row["created_by"],) if row["created_by"] else ()
        match row["state"]:
            case "submitted":
                standing_in = tuple(
                    d["deputy_id"] for d in deputies if d["deputy_id"] not in row["hands"]
                )
                say = Say(
                    "Broadcast {number} “{title}” waits for approval.",
                    number=number,
                    title=title,
                )
                of = f"{number}@{row['submitted_at']}"
                found.append(
                    NoticeEvent(
                        "approve",
                        "broadcast",
                        of,
                        say,
                        (LEADER,),
                        row["wards"],
                        standing_in,
                        row["hands"],
                        True,
                    )
                )
            case "returned":
                say = Say(
                    "Broadcast {number} “{title}” was returned: {reason}",
                    number=number,
                    title=title,
                    reason=row["reason"] or "",
                )
                of = f"{number}@{row['submitted_at']}"
                found.append(NoticeEvent("returned", "broadcast", of, say, people=author))
            case "held":
                why = HELD.get(row["reason"] or "", Both(row["reason"] or "", row["reason"] or ""))
                say = Say(
                    "Broadcast {number} “{title}” is held: {why}. A leader or admin must look.",
                    number=number,
                    title=title,
                    why=why,
                )
                of = f"{number}@{row['reason']}"
                found.append(
                    NoticeEvent(
                        "held",
                        "broadcast",
                        of,
                        say,
                        (LEADER, ADMIN),
                        row["wards"],
                        author,
                        by_text=True,
                    )
                )
            case "missed":
                say = Say(
                    "Broadcast {number} “{title}” missed its time and was not sent.",
                    number=number,
                    title=title,
                )
                found.append(
                    NoticeEvent(
                        "missed", "broadcast", str(number), say, (LEADER,), row["wards"], author
                    )
                )
    for row in notices.broadcasts_in(tx, [BroadcastState.DRAFT.value], tx.now - LATELY):
        if row["drafted_by_system"] and row["schedule_id"]:
            say = Say(
                "A schedule is not approved or was edited: broadcast {value} “{title}” "
                "is only a draft.",
                value=row["id"],
                title=row["title"],
            )
            found.append(
                NoticeEvent("draft", "broadcast", str(row["id"]), say, (OFFICER,), row["wards"])
            )
    urgent = [
        BroadcastState.SCHEDULED.value,
        BroadcastState.RUNNING.value,
        BroadcastState.DONE.value,
    ]
    for row in notices.broadcasts_in(tx, urgent, tx.now - timedelta(days=1)):
        if row["emergency_id"]:
            say = Say(
                "The urgent text “{title}” (broadcast {value}) was sent by the officer on duty.",
                title=row["title"],
                value=row["id"],
            )
            found.append(
                NoticeEvent(
                    "emergency",
                    "broadcast",
                    str(row["id"]),
                    say,
                    (LEADER,),
                    row["wards"],
                    by_text=True,
                )
            )
    return found


def tell_ended(tx: Tx, over: Sequence[Ended]) -> int:
    """Tell author and approver, once, how many were never sent theirs; how many notices."""
    events = []
    for one in over:
        if not one.expired and one.state != BroadcastState.EXPIRED.value:
            continue
        b = broadcasts.get(tx, one.id)
        people = tuple(p for p in (b.created_by, b.approved_by) if p is not None)
        until = clock(b.expires_at or tx.now)
        whom = Say("{expired} people were never sent it", expired=SpelledNumber(one.expired))
        if b.released_at is None:
            whom = Say("nobody was sent it")
        say = Say(
            "Broadcast {id} “{title}” expired at {until}: {whom}. If it is "
            "still needed, send it again to those.",
            id=b.id,
            title=b.title,
            until=until,
            whom=whom,
        )
        roles = () if people else (LEADER,)
        events.append(
            NoticeEvent("expired", "broadcast", str(b.id), say, roles, frozenset(b.senders), people)
        )
    return notices.put(tx, events)


def _gateways(tx: Tx) -> list[NoticeEvent]:
    """Each trouble of a gateway once, and once that it is over."""
    found = health.read(tx, tx.now)
    troubled = [s for s in found.values() if outages.is_told(s, tx.now)]
    events = [
        NoticeEvent("gateway", "gateway", _episode(s), _trouble(s, tx.now), (ADMIN,), by_text=True)
        for s in troubled
    ]
    for episode in notices.last_troubles(tx):
        seen = found.get(episode.partition("@")[0])
        if seen is not None and seen.state is State.OK:
            name = seen.gateway
            well = Say("Gateway {name} takes messages again.", name=name)
            events.append(NoticeEvent("gateway-well", "gateway", episode, well, (ADMIN,)))
    return events


def _episode(seen: Health) -> str:
    """One trouble of a gateway: told once, however long it lasts."""
    since = micros(seen.since) if seen.since else 0
    return f"{seen.gateway}@{since}"


def _trouble(seen: Health, now: datetime) -> Spoken:
    """How it is, and what an admin is to do; short enough for a text."""
    name = seen.gateway
    if seen.state is State.ACCOUNT:
        code = seen.code or "?"
        return Say(
            "Gateway {name} is paused (code {code}): messages wait there, nothing "
            "is lost. An admin must look.",
            name=name,
            code=code,
        )
    how = outages.described(seen)
    doubt = seen.state is State.UNREADABLE
    then = Say("messages wait there")
    if doubt:
        then = Say("some messages are in doubt")
    return Say(
        "Gateway {name}, {how}: {then}. An admin must look.",
        name=name,
        how=how,
        then=then,
    )


def _odd_reports(gateway: str, since: datetime) -> NoticeEvent:
    """Once for each time that it begins anew."""
    return NoticeEvent(
        "odd-reports",
        "gateway",
        f"{gateway}@{since.isoformat()}",
        Say(
            "Gateway {gateway}: many reports match no message, carry a wrong "
            "signature or cannot be read, so results may be missing. An admin must "
            "look at its settings, the keys at the vendor and the log of receipts.",
            gateway=gateway,
        ),
        (ADMIN,),
        by_text=True,
    )


def _schedules(tx: Tx) -> list[NoticeEvent]:
    found = []
    for row in notices.schedules_ended(tx, tx.now + ENDS_SOON):
        name = row["name"]
        handed_in = (row["submitted_by"],) if row["submitted_by"] else ()
        if row["state"] == "submitted":
            say = Say("Schedule “{name}” waits for approval.", name=name)
            found.append(
                NoticeEvent(
                    "approve",
                    "schedule",
                    f"{name}@{row['digest'][:12]}",
                    say,
                    (LEADER,),
                    but=handed_in,
                )
            )
        elif row["state"] == "ended":
            left = row["reason"] == "approver_left"
            why = HELD[HeldReason.APPROVER_LEFT] if left else Say("half a year is over")
            say = Say(
                "The approval of schedule “{name}” has ended ({why}); submit it again.",
                name=name,
                why=why,
            )
            found.append(
                NoticeEvent(
                    "ended",
                    "schedule",
                    f"{name}@{row['ends_at']}",
                    say,
                    (LEADER, ADMIN),
                    people=handed_in,
                )
            )
        else:
            day = moment(row["ends_at"]).astimezone(HANOI)
            say = Say(
                "The approval of schedule “{name}” ends on {day:%Y-%m-%d}.",
                name=name,
                day=day,
            )
            found.append(
                NoticeEvent(
                    "ends-soon", "schedule", f"{name}@{row['ends_at']}", say, people=handed_in
                )
            )
    return found


def _replies(tx: Tx) -> list[NoticeEvent]:
    """Replies that may be a refusal: for whoever looks after a ward of the person."""
    found = []
    for row in replies.to_look_at(tx):
        say = Say(
            "Reply {value} may be a wish to get no more texts: somebody must look (Replies).",
            value=row["id"],
        )
        wards: list[frozenset[int] | None] = [frozenset({w}) for w in sorted(row["wards"])]
        found += [
            NoticeEvent("reply", "reply", str(row["id"]), say, (OFFICER, ADMIN), ward)
            for ward in wards or [None]
        ]
    return found


def _budget(standing: BudgetUse) -> NoticeEvent:
    share = standing.used * 100 // standing.most
    return NoticeEvent(
        "budget",
        "budget",
        f"{standing.budget} {standing.period}",
        Say(
            "The budget “{budget}” {period} is spent or set aside to {share} %.",
            budget=standing.budget,
            period=standing.period,
            share=share,
        ),
        (LEADER, ADMIN),
    )


def _ending(ending: ExpiryNotice) -> NoticeEvent:
    return NoticeEvent(
        "ends-soon",
        "registration",
        f"{ending.what.en}@{ending.day}",
        Say(
            "Ends soon: {what} ({day}).",
            what=ending.what,
            day=ending.day,
        ),
        (ADMIN,),
    )
