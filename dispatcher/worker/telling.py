"""Whoever must act is told: what waits for whom, in one sentence each.

Comes from: broadcasts, gateways, schedules, budgets as they are now.   Goes to: notices.
Never: holds a number, a name of a resident or a link; a sentence says what waits and where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts.budgets import Standing
from dispatcher.db.broadcasts.ending import Ended
from dispatcher.db.contacts import replies
from dispatcher.db.database import Tx
from dispatcher.db.queue import health, receipts
from dispatcher.db.schema import micros, moment
from dispatcher.db.staff import notices
from dispatcher.db.staff.notices import Event
from dispatcher.domain import outages
from dispatcher.domain.model import HANOI, BroadcastState, HeldReason, Role
from dispatcher.domain.outages import Health, State
from dispatcher.domain.periods import clock
from dispatcher.domain.problems import Say

LEADER, ADMIN, OFFICER = (r.value for r in (Role.LEADER, Role.ADMIN, Role.OFFICER))
LATELY = timedelta(days=7)
ENDS_SOON = timedelta(days=14)
NEARLY_SPENT = 80  # per cent

HELD: Mapping[str, Say] = {
    HeldReason.CONTENT_REFUSED: Say("nhà mạng từ chối nội dung", "the network refused the text"),
    HeldReason.OVER_CEILING: Say(
        "vượt số người hoặc số tiền đã duyệt", "more people or money than was approved"
    ),
    HeldReason.CHANGED: Say("đã bị sửa sau khi duyệt", "changed after it was approved"),
    HeldReason.OTHER_MODE: Say("duyệt ở chế độ khác", "approved in another mode"),
    HeldReason.OVER_BUDGET: Say("hết tiền của một kênh", "the money of a step is spent"),
    HeldReason.WARD_BUDGET: Say("vượt ngân sách của phường", "over the budget of its wards"),
    HeldReason.RESTORED: Say(
        "cơ sở dữ liệu vừa được khôi phục hoặc chép sang", "the database was restored or copied"
    ),
    HeldReason.APPROVER_LEFT: Say(
        "người duyệt không còn quyền phê duyệt", "whoever approved it may approve no longer"
    ),
}


@dataclass(frozen=True)
class Ending:
    """A brandname, contract or registration that ends on a day."""

    what: Say
    day: date


def look(
    tx: Tx,
    budgets: Sequence[Standing],
    endings: Sequence[Ending],
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


def _broadcasts(tx: Tx) -> list[Event]:
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
                    f"Đợt gửi {number} «{title}» chờ duyệt.",
                    f"Broadcast {number} “{title}” waits for approval.",
                )
                of = f"{number}@{row['submitted_at']}"
                found.append(
                    Event(
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
                    f"Đợt gửi {number} «{title}» được trả lại: {row['reason'] or ''}",
                    f"Broadcast {number} “{title}” was returned: {row['reason'] or ''}",
                )
                of = f"{number}@{row['submitted_at']}"
                found.append(Event("returned", "broadcast", of, say, people=author))
            case "held":
                why = HELD.get(row["reason"] or "", Say(row["reason"] or "", row["reason"] or ""))
                say = Say(
                    f"Đợt gửi {number} «{title}» bị giữ lại: {why.vi}. Cần lãnh đạo hoặc quản trị "
                    "xem.",
                    f"Broadcast {number} “{title}” is held: {why.en}. A leader or admin must look.",
                )
                of = f"{number}@{row['reason']}"
                found.append(
                    Event(
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
                    f"Đợt gửi {number} «{title}» lỡ giờ, không gửi nữa.",
                    f"Broadcast {number} “{title}” missed its time and was not sent.",
                )
                found.append(
                    Event("missed", "broadcast", str(number), say, (LEADER,), row["wards"], author)
                )
    for row in notices.broadcasts_in(tx, [BroadcastState.DRAFT.value], tx.now - LATELY):
        if row["drafted_by_system"] and row["schedule_id"]:
            say = Say(
                f"Lịch chưa duyệt hoặc đã sửa: đợt gửi {row['id']} «{row['title']}» chỉ là nháp.",
                f"A schedule is not approved or was edited: broadcast {row['id']} "
                f"“{row['title']}” is only a draft.",
            )
            found.append(Event("draft", "broadcast", str(row["id"]), say, (OFFICER,), row["wards"]))
    urgent = [
        BroadcastState.SCHEDULED.value,
        BroadcastState.RUNNING.value,
        BroadcastState.DONE.value,
    ]
    for row in notices.broadcasts_in(tx, urgent, tx.now - timedelta(days=1)):
        if row["emergency_id"]:
            say = Say(
                f"Tin khẩn «{row['title']}» (đợt gửi {row['id']}) đã được cán bộ trực gửi đi.",
                f"The urgent text “{row['title']}” (broadcast {row['id']}) was sent by the officer "
                "on duty.",
            )
            found.append(
                Event(
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


def ended(tx: Tx, over: Sequence[Ended]) -> int:
    """Tell author and approver, once, how many were never sent theirs; how many notices."""
    events = []
    for one in over:
        if not one.expired and one.state != BroadcastState.EXPIRED.value:
            continue
        b = broadcasts.get(tx, one.id)
        people = tuple(p for p in (b.created_by, b.approved_by) if p is not None)
        until = clock(b.expires_at or tx.now)
        n = f"{one.expired:,}".replace(",", ".")
        vi, en = f"{n} người chưa được gửi", f"{one.expired} people were never sent it"
        if b.released_at is None:
            vi, en = "chưa gửi cho ai", "nobody was sent it"
        say = Say(
            f"Đợt gửi {b.id} «{b.title}» hết hạn lúc {until}: {vi}. Nếu vẫn cần, soạn đợt gửi lại.",
            f"Broadcast {b.id} “{b.title}” expired at {until}: {en}. If it is still needed, send "
            "it again to those.",
        )
        roles = () if people else (LEADER,)
        events.append(
            Event("expired", "broadcast", str(b.id), say, roles, frozenset(b.senders), people)
        )
    return notices.put(tx, events)


def _gateways(tx: Tx) -> list[Event]:
    """Each trouble of a gateway once, and once that it is over."""
    found = health.read(tx, tx.now)
    troubled = [s for s in found.values() if outages.is_told(s, tx.now)]
    events = [
        Event("gateway", "gateway", _episode(s), _trouble(s, tx.now), (ADMIN,), by_text=True)
        for s in troubled
    ]
    for episode in notices.last_troubles(tx):
        seen = found.get(episode.partition("@")[0])
        if seen is not None and seen.state is State.OK:
            name = seen.gateway
            well = Say(
                f"Nhà cung cấp {name} nhận tin lại.", f"Gateway {name} takes messages again."
            )
            events.append(Event("gateway-well", "gateway", episode, well, (ADMIN,)))
    return events


def _episode(seen: Health) -> str:
    """One trouble of a gateway: told once, however long it lasts."""
    since = micros(seen.since) if seen.since else 0
    return f"{seen.gateway}@{since}"


def _trouble(seen: Health, now: datetime) -> Say:
    """How it is, and what an admin is to do; short enough for a text."""
    name = seen.gateway
    if seen.state is State.ACCOUNT:
        code = seen.code or "?"
        return Say(
            f"Nhà cung cấp {name} tạm dừng (mã {code}): tin chờ ở đó, không mất. Cần quản trị xem.",
            f"Gateway {name} is paused (code {code}): messages wait there, nothing is lost. An "
            "admin must look.",
        )
    how = outages.described(seen)
    doubt = seen.state is State.UNREADABLE
    then = ("có tin chưa rõ kết quả", "some messages are in doubt") if doubt else (
        "tin chờ ở đó", "messages wait there")  # fmt: skip
    return Say(
        f"Nhà cung cấp {name} {how.vi}: {then[0]}. Cần quản trị xem.",
        f"Gateway {name}, {how.en}: {then[1]}. An admin must look.",
    )


def _odd_reports(gateway: str, since: datetime) -> Event:
    """Once for each time that it begins anew."""
    return Event(
        "odd-reports",
        "gateway",
        f"{gateway}@{since.isoformat()}",
        Say(
            f"Nhà cung cấp {gateway}: nhiều báo nhận không khớp tin nào, sai chữ ký hoặc không đọc "
            "được, nên kết quả gửi có thể thiếu. Cần quản trị xem cấu hình, khóa ở nhà cung cấp và "
            "nhật ký báo nhận.",
            f"Gateway {gateway}: many reports match no message, carry a wrong signature or cannot "
            "be read, so results may be missing. An admin must look at its settings, the keys at "
            "the vendor and the log of receipts.",
        ),
        (ADMIN,),
        by_text=True,
    )


def _schedules(tx: Tx) -> list[Event]:
    found = []
    for row in notices.schedules_ended(tx, tx.now + ENDS_SOON):
        name = row["name"]
        handed_in = (row["submitted_by"],) if row["submitted_by"] else ()
        if row["state"] == "submitted":
            say = Say(f"Lịch «{name}» chờ duyệt.", f"Schedule “{name}” waits for approval.")
            found.append(
                Event(
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
            why = (
                HELD[HeldReason.APPROVER_LEFT] if left else Say("đã nửa năm", "half a year is over")
            )
            say = Say(
                f"Lịch «{name}» hết hiệu lực phê duyệt ({why.vi}), cần trình và duyệt lại.",
                f"The approval of schedule “{name}” has ended ({why.en}); submit it again.",
            )
            found.append(
                Event(
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
                f"Phê duyệt của lịch «{name}» hết hạn ngày {day:%d/%m/%Y}.",
                f"The approval of schedule “{name}” ends on {day:%Y-%m-%d}.",
            )
            found.append(
                Event("ends-soon", "schedule", f"{name}@{row['ends_at']}", say, people=handed_in)
            )
    return found


def _replies(tx: Tx) -> list[Event]:
    """Replies that may be a refusal: for whoever looks after a ward of the person."""
    found = []
    for row in replies.to_look_at(tx):
        say = Say(
            f"Tin trả lời {row['id']} có thể là lời từ chối nhận tin: cần người xem (Tin trả lời).",
            f"Reply {row['id']} may be a wish to get no more texts: somebody must look (Replies).",
        )
        wards: list[frozenset[int] | None] = [frozenset({w}) for w in sorted(row["wards"])]
        found += [
            Event("reply", "reply", str(row["id"]), say, (OFFICER, ADMIN), ward)
            for ward in wards or [None]
        ]
    return found


def _budget(standing: Standing) -> Event:
    share = standing.used * 100 // standing.most
    return Event(
        "budget",
        "budget",
        f"{standing.budget} {standing.period}",
        Say(
            f"Ngân sách «{standing.budget}» {standing.period} đã dùng và giữ {share} %.",
            f"The budget “{standing.budget}” {standing.period} is spent or set aside to {share} %.",
        ),
        (LEADER, ADMIN),
    )


def _ending(ending: Ending) -> Event:
    return Event(
        "ends-soon",
        "registration",
        f"{ending.what.en}@{ending.day}",
        Say(
            f"Sắp hết hạn: {ending.what.vi} ({ending.day:%d/%m/%Y}).",
            f"Ends soon: {ending.what.en} ({ending.day}).",
        ),
        (ADMIN,),
    )
