"""schedules: submit, approve, return, pause."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.broadcasts.preview import tell_times
from dispatcher.cli.schedules import series
from dispatcher.cli.schedules.words import STATES
from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface, shown
from dispatcher.usecases import schedules
from dispatcher.usecases.schedules import Decided

NEXT = ("starts_at", "expires_at", "late")  # told of the next firing where it is decided


@command(
    "Trình duyệt một lịch.",
    "Submit a schedule.",
    "dispatcher schedules submit canh-bao-thu-hai --as lan",
    "submit",
)
@argument("name", complete="schedule")
def submit(surface: Surface, name: str) -> None:
    done = schedules.submit(surface.context(), name)
    assert done.preview is not None
    surface.say(
        f"Mỗi lần tới {shown(done.preview.queued)} người, nhiều nhất "
        f"{shown(done.preview.total)} đồng; duyệt tới mức {shown(done.people)} người, "
        f"{shown(done.dong)} đồng, trong 6 tháng.",
        f"Each time {done.preview.queued} people, at most {done.preview.total} đồng; the approval "
        f"covers {done.people} people and {done.dong} đồng for six months.",
    )
    _told(surface, done)


@command(
    "Duyệt một lịch đúng như tệp hiện nay.",
    "Approve a schedule as it stands.",
    "dispatcher schedules approve canh-bao-thu-hai --as minh",
    "approve",
)
@argument("name", complete="schedule")
def approve(surface: Surface, name: str) -> None:
    _told(surface, schedules.approve(surface.context(), name))


@command(
    "Trả lại một lịch kèm lý do.",
    "Return a schedule with a reason.",
    "dispatcher schedules return canh-bao-thu-hai --reason 'Đổi giờ' --as minh",
    "return",
)
@argument("name", complete="schedule")
@option("--reason", required=True, vi="lý do", en="reason")
def send_back(surface: Surface, name: str, reason: str) -> None:
    _told(surface, schedules.send_back(surface.context(), name, reason))


@command(
    "Tạm dừng một lịch đã duyệt.",
    "Pause an approved schedule.",
    "dispatcher schedules pause canh-bao-thu-hai",
    "pause",
)
@argument("name", complete="schedule")
def pause(surface: Surface, name: str) -> None:
    _told(surface, schedules.pause(surface.context(), name))


def _told(surface: Surface, done: Decided) -> None:
    schedule, told = done.schedule, dict[str, Any]()
    if done.series is not None and done.preview is not None:
        series.tell(surface, schedule, done.series, done.people, done.dong)
        tell_times(surface, done.preview)
        told["series"] = series.as_json(schedule, done.series, done.people, done.dong)
        told |= {k: done.preview.as_json()[k] for k in NEXT}
    if surface.json:
        surface.emit({"name": schedule.name, "state": done.state, **told})
    surface.say(
        f"Lịch «{schedule.name}»: {STATES[done.state].vi}.",
        f"Schedule “{schedule.name}”: {STATES[done.state].en}.",
    )
    surface.hint(
        f"Các lần gửi tới: dispatcher schedules next {schedule.name}",
        f"Next firings: dispatcher schedules next {schedule.name}",
    )
