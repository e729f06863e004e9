"""When: schedule files, the next moments, and one firing exactly once.

Comes from: schedules/*.toml.   Goes to: a broadcast, released under the schedule's approval.
Never: lets APScheduler hold a truth; it is a cron parser and a clock that wakes us. Its stores lose
late jobs and run some twice; our occurrences are rows with a unique (schedule, fire_at).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from dispatcher.config import Section, read_text, read_toml, take_duration, take_window
from dispatcher.model import HANOI, Audience, Window
from dispatcher.problems import Problem, Say, refused, unknown
from dispatcher.store import schedules
from dispatcher.store.database import Tx
from dispatcher.store.schema import moment

_WEEKDAY_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Schedule:
    """One file, read and checked."""

    name: str
    title: str
    template: str
    route: str
    cron: str | None
    at: datetime | None
    window: Window
    expires_after: timedelta
    fields: Mapping[str, str]
    audience: Audience
    accented: bool
    digest: str
    source: str

    def next_after(self, moment: datetime) -> datetime | None:
        """The first firing after `moment`; None when there is none left."""
        if self.at is not None:
            return self.at if self.at > moment else None
        from apscheduler.triggers.cron import CronTrigger

        trigger = CronTrigger.from_crontab(self.cron, timezone=HANOI)
        found: datetime | None = trigger.get_next_fire_time(
            None, moment + timedelta(microseconds=1)
        )
        return found


def files(folder: Path) -> dict[str, Path]:
    return {p.stem: p for p in sorted(folder.glob("*.toml"))}


def load(folder: Path, name: str, default: Window) -> Schedule:
    """The schedule called `name`."""
    known = files(folder)
    if name.removesuffix(".toml") not in known:
        raise unknown(Say("lịch gửi", "schedule"), name, known)
    return parse(known[name.removesuffix(".toml")], default)


def parse(path: Path, default: Window) -> Schedule:
    """A schedule file. Trouble names file and line."""
    source = read_text(path)
    top = Section(read_toml(path, source), "", path, source)
    title, template = top.required("title", str), top.required("template", str)
    route = top.required("route", str)
    cron = top.take("cron", str)
    when = top.take("at", (datetime, date, str))
    if (cron is None) == (when is None):
        raise top.problem(
            "cron",
            "cần đúng một trong hai mục: cron hoặc at.",
            "give either cron or at, one of the two.",
        )
    if cron is not None:
        check_cron(top, cron)
    audience = _audience(Section(top.take("audience", dict, {}), "audience", path, source))
    values = top.take("fields", dict, {})
    fields = {str(k): str(v) for k, v in values.items()}
    found = Schedule(
        path.stem,
        title,
        template,
        route,
        cron,
        None if when is None else _moment(top, when),
        take_window(top, "window", default),
        take_duration(top, "expires_after", timedelta(hours=6)) or timedelta(hours=6),
        fields,
        audience,
        top.take("accented", bool, False),
        hashlib.sha256(source.encode()).hexdigest(),
        source,
    )
    top.close()
    return found


def _audience(section: Section) -> Audience:
    one_per = section.take("one_per", str, "phone")
    if one_per not in ("phone", "household"):
        raise section.problem(
            "one_per",
            '«one_per» là "phone" hoặc "household".',
            '“one_per” is "phone" or "household".',
        )
    audience = Audience(
        section.strings("wards"),
        section.strings("residential_groups"),
        section.strings("groups"),
        section.strings("exclude_groups"),
        one_per,
    )
    section.close()
    if not audience.wards and not audience.groups:
        raise section.problem(
            None,
            "[audience] chưa có ai: ghi wards hoặc groups.",
            "[audience] names nobody: give wards or groups.",
        )
    return audience


def check_cron(section: Section, cron: str) -> None:
    """Five fields; weekdays by name only, because digits mean different days to different tools."""
    parts = cron.split()
    problem = None
    if len(parts) != 5:
        problem = (
            'cron cần 5 phần, ví dụ "0 9 * * mon".',
            'cron needs 5 fields, like "0 9 * * mon".',
        )
    elif _WEEKDAY_DIGIT.search(parts[4]):
        problem = (
            "thứ trong tuần phải ghi bằng chữ: mon, tue, wed, thu, fri, sat, sun.",
            "weekdays are written by name: mon, tue, wed, thu, fri, sat, sun.",
        )
    else:
        from apscheduler.triggers.cron import CronTrigger

        try:
            CronTrigger.from_crontab(cron, timezone=HANOI)
        except ValueError:
            problem = (
                f'không hiểu cron "{cron}"; ví dụ đúng: "0 9 * * mon".',
                f'cannot read cron "{cron}"; a good one: "0 9 * * mon".',
            )
    if problem:
        raise section.problem("cron", *problem)


def _moment(section: Section, value: Any) -> datetime:
    try:
        return read_moment(value)
    except ValueError:
        raise section.problem(
            "at",
            "«at» phải có cả ngày và giờ, ví dụ 2026-12-01T08:00:00+07:00.",
            "“at” needs date and time, like 2026-12-01T08:00:00+07:00.",
        ) from None


def read_moment(value: datetime | date | str) -> datetime:
    """A moment; without an offset it is Hanoi time. A date alone raises ValueError."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) <= 10:
            raise ValueError(text)
        value = datetime.fromisoformat(text)
    if not isinstance(value, datetime):
        raise ValueError(value)
    return value if value.tzinfo else value.replace(tzinfo=HANOI)


def ask_moment(text: str, now: datetime) -> datetime:
    """What a person types for a time: "2026-12-01 08:00", "08:00" (today or tomorrow), "now"."""
    text = text.strip()
    if text.lower() in ("now", "ngay", "bây giờ"):
        return now
    try:
        if found := re.fullmatch(r"(\d{1,2})[:h](\d{2})", text):
            local = now.astimezone(HANOI).replace(
                hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0
            )
            return local if local >= now else local + timedelta(days=1)
        if found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})\s+(\d{1,2})[:h](\d{2})", text):
            day, month, year, hour, minute = map(int, found.groups())
            return datetime(year, month, day, hour, minute, tzinfo=HANOI)
        return read_moment(text)
    except ValueError:
        raise Problem(
            "bad-time",
            f"Không hiểu thời điểm «{text}». Ví dụ: '2026-12-01 08:00' hoặc '08:00'.",
            f"Cannot read the time “{text}”. Examples: '2026-12-01 08:00' or '08:00'.",
        ) from None


# --- the tick ---------------------------------------------------------------------------------

Fire = Callable[[Tx, Schedule, int, int | None, datetime], int]


def keep_all(tx: Tx, folder: Path, default: Window) -> dict[str, Schedule]:
    """Every schedule file, remembered with its next moment; broken ones are left out."""
    found = {}
    for name in files(folder):
        try:
            found[name] = load(folder, name, default)
        except Problem:
            continue  # `schedules check` says what is wrong; a broken file sends nothing
    held = schedules.listed(tx)
    for name, schedule in found.items():
        row = held.get(name)
        if row is None or row["digest"] != schedule.digest:
            schedules.keep(tx, name, schedule.digest, schedule.source)
            row = schedules.get(tx, name)
        assert row is not None
        upcoming = schedule.next_after(tx.now)
        if row["next_fire_at"] is None and row["state"] != "ended" and upcoming is not None:
            schedules.set_next(tx, row["id"], upcoming)
    return found


def tick(tx: Tx, known: Mapping[str, Schedule], worker: str, fire: Fire) -> list[str]:
    """Fire what is due: each (schedule, moment) once, however many workers tick.

    An approved and unedited schedule releases; any other makes a draft and sends nothing. Too late
    is `missed`, never late; after a gap what is still in time goes out once.
    """
    fired = []
    for row in schedules.due(tx):
        schedule = known.get(row["name"])
        if schedule is None or schedule.digest != row["digest"]:
            continue
        fire_at = moment(row["next_fire_at"])
        occurrence = schedules.fire(tx, row["id"], fire_at, worker)
        late = fire_at + schedule.expires_after <= tx.now
        # after a gap: the first one that is not too late yet, else the first in the future
        schedules.set_next(
            tx,
            row["id"],
            schedule.next_after(max(fire_at, tx.now - schedule.expires_after) if late else tx.now),
        )
        if occurrence is None:
            continue
        approved = row["state"] == "approved" and row["approved_digest"] == schedule.digest
        if late:
            schedules.note_occurrence(tx, occurrence, "missed", None)
            fired.append(f"{row['name']}: missed")
            continue
        approver = row["approved_by"] if approved else None
        broadcast = fire(tx, schedule, row["id"], approver, fire_at)
        schedules.note_occurrence(tx, occurrence, "released" if approved else "draft", broadcast)
        fired.append(f"{row['name']}: {broadcast}")
    return fired


def submit(tx: Tx, schedule: Schedule) -> None:
    """Hand a schedule in for approval as its file stands now."""
    schedules.keep(tx, schedule.name, schedule.digest, schedule.source)
    schedules.move(tx, schedule.name, "submitted", submitted_by=tx.actor.person_id)


def approve(tx: Tx, schedule: Schedule) -> None:
    """Approve the file to the letter; the one who submitted it cannot."""
    row = schedules.get(tx, schedule.name)
    if row is None or row["state"] != "submitted":
        raise refused(
            "not-submitted",
            f"Lịch «{schedule.name}» chưa được trình duyệt.",
            f"Schedule “{schedule.name}” has not been submitted.",
        )
    if row["digest"] != schedule.digest:
        raise refused(
            "edited",
            f"Tệp lịch «{schedule.name}» đã đổi sau khi trình; hãy trình lại.",
            f"“{schedule.name}” was edited after it was submitted; submit it again.",
        )
    if row["submitted_by"] == tx.actor.person_id:
        raise refused(
            "own-work",
            "Người trình không được tự duyệt; cần người thứ hai.",
            "Whoever submitted it cannot approve it; a second person must.",
        )
    schedules.move(
        tx,
        schedule.name,
        "approved",
        approved_by=tx.actor.person_id,
        approved_digest=schedule.digest,
    )
    schedules.set_next(tx, row["id"], schedule.next_after(tx.now))
