"""schedules: submit, approve, return, pause."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.broadcasts.preview import tell_times
from dispatcher.cli.schedules import series
from dispatcher.cli.schedules.words import STATES
from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface, shown
from dispatcher.i18n import Number, Say
from dispatcher.usecases import schedules
from dispatcher.usecases.schedules import Decided

NEXT = ("starts_at", "expires_at", "late")  # told of the next firing where it is decided


@command(
    Say("Submit a schedule."),
    "dispatcher schedules submit canh-bao-thu-hai --as lan",
    "submit",
)
@argument("name", complete="schedule")
def submit(surface: Surface, name: str) -> None:
    done = schedules.submit(surface.context(), name)
    assert done.preview is not None
    surface.say(
        Say(
            "Each time {queued} people, at most {total} đồng; the approval covers "
            "{people} people and {dong} đồng for six months.",
            queued=Number(done.preview.queued),
            total=Number(done.preview.total),
            people=shown(done.people),
            dong=shown(done.dong),
        ),
    )
    _told(surface, done)


@command(
    Say("Approve a schedule as it stands."),
    "dispatcher schedules approve canh-bao-thu-hai --as minh",
    "approve",
)
@argument("name", complete="schedule")
def approve(surface: Surface, name: str) -> None:
    _told(surface, schedules.approve(surface.context(), name))


@command(
    Say("Return a schedule with a reason."),
    "dispatcher schedules return canh-bao-thu-hai --reason 'Đổi giờ' --as minh",
    "return",
)
@argument("name", complete="schedule")
@option("--reason", required=True, say=Say("reason"))
def send_back(surface: Surface, name: str, reason: str) -> None:
    _told(surface, schedules.send_back(surface.context(), name, reason))


@command(
    Say("Pause an approved schedule."),
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
        Say("Schedule “{name}”: {states}.", name=schedule.name, states=STATES[done.state]),
    )
    surface.hint(
        Say("Next firings: dispatcher schedules next {name}", name=schedule.name),
    )
