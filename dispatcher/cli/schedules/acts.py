"""schedules: submit, approve, return, pause."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.broadcasts.preview import tell_times
from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.schedules import series
from dispatcher.cli.schedules.words import STATES
from dispatcher.cli.terminal_context import TerminalContext, as_text
from dispatcher.i18n import Say, SpelledNumber
from dispatcher.usecases import schedules
from dispatcher.usecases.schedules import Decided

NEXT = ("starts_at", "expires_at", "late")  # told of the next firing where it is decided


@command(
    Say("Submit a schedule."),
    "dispatcher schedules submit canh-bao-thu-hai --as lan",
    "submit",
)
@argument("name", complete="schedule")
def submit(terminal: TerminalContext, name: str) -> None:
    done = schedules.submit(terminal.context(), name)
    assert done.preview is not None
    terminal.say(
        Say(
            "Each time {queued} people, at most {total} đồng; the approval covers "
            "{people} people and {dong} đồng for six months.",
            queued=SpelledNumber(done.preview.queued),
            total=SpelledNumber(done.preview.total),
            people=as_text(done.people),
            dong=as_text(done.dong),
        ),
    )
    _told(terminal, done)


@command(
    Say("Approve a schedule as it stands."),
    "dispatcher schedules approve canh-bao-thu-hai --as minh",
    "approve",
)
@argument("name", complete="schedule")
def approve(terminal: TerminalContext, name: str) -> None:
    _told(terminal, schedules.approve(terminal.context(), name))


@command(
    Say("Return a schedule with a reason."),
    "dispatcher schedules return canh-bao-thu-hai --reason 'Đổi giờ' --as minh",
    "return",
)
@argument("name", complete="schedule")
@option("--reason", required=True, say=Say("reason"))
def send_back(terminal: TerminalContext, name: str, reason: str) -> None:
    _told(terminal, schedules.send_back(terminal.context(), name, reason))


@command(
    Say("Pause an approved schedule."),
    "dispatcher schedules pause canh-bao-thu-hai",
    "pause",
)
@argument("name", complete="schedule")
def pause(terminal: TerminalContext, name: str) -> None:
    _told(terminal, schedules.pause(terminal.context(), name))


def _told(terminal: TerminalContext, done: Decided) -> None:
    schedule, told = done.schedule, dict[str, Any]()
    if done.series is not None and done.preview is not None:
        series.tell_series(terminal, schedule, done.series, done.people, done.dong)
        tell_times(terminal, done.preview)
        told["series"] = series.as_json(schedule, done.series, done.people, done.dong)
        told |= {k: done.preview.as_json()[k] for k in NEXT}
    if terminal.json:
        terminal.emit({"name": schedule.name, "state": done.state, **told})
    terminal.say(
        Say("Schedule “{name}”: {states}.", name=schedule.name, states=STATES[done.state]),
    )
    terminal.hint(
        Say("Next firings: dispatcher schedules next {name}", name=schedule.name),
    )
