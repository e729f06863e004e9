"""urgent: prepare, submit, approve, return, end."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.days import read_day
from dispatcher.cli.templates import pairs
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.cli.urgent.words import STATES, as_json
from dispatcher.domain.model import Audience
from dispatcher.i18n import Say, pgettext
from dispatcher.usecases import urgent
from dispatcher.usecases.urgent import NewUrgent


@command(
    Say("Prepare an urgent text: blanks left open are filled when it is sent."),
    "dispatcher urgent prepare bao --template bao-lu --all-clear bao-tan --ward all "
    "--most-people 9000 --most-dong 9000000 --until 31/12/2026 --as lan",
    "prepare",
)
@argument("name")
@option("--template", required=True, say=Say("template"), complete="template")
@option("--all-clear", say=Say("template of the all-clear"), complete="template")
@option("--ward", "wards", multiple=True, say=Say("largest area: wards, or all"), complete="ward")
@option("--residential-group", "--tdp", "tdp", multiple=True, say=Say("group of a ward"))
@option("--group", "groups", multiple=True, say=Say("group"), complete="group")
@option("--set", "fields", multiple=True, say=Say("fill a blank beforehand"))
@option("--route", default="urgent", say=Say("route"), complete="route")
@option("--most-people", type=int, required=True, say=pgettext("people", "at most"))
@option("--most-dong", type=int, required=True, say=Say("at most đồng"))
@option("--until", required=True, say=pgettext("use", "last day"))
@option("--rather-twice", is_flag=True, say=Say("rather twice than never"))
def prepare(
    terminal: TerminalContext,
    name: str,
    template: str,
    all_clear: str | None,
    wards: tuple[str, ...],
    tdp: tuple[str, ...],
    groups: tuple[str, ...],
    fields: tuple[str, ...],
    route: str,
    most_people: int,
    most_dong: int,
    until: str,
    rather_twice: bool,
) -> None:
    wanted = NewUrgent(
        name,
        template,
        Audience(wards, tdp, groups),
        most_people,
        most_dong,
        read_day(until),
        all_clear=all_clear or "",
        fields=pairs(fields),
        route=route,
        rather_twice=rather_twice,
    )
    _told(terminal, urgent.prepare(terminal.context(), wanted), f"urgent submit {name}")


def _told(terminal: TerminalContext, found: Any, following: str) -> None:
    if terminal.json:
        terminal.emit(as_json(found))
    state = STATES[found.state]
    terminal.say(Say("“{name}”: {state}.", name=found.name, state=state))
    terminal.hint(Say("Next: dispatcher {following}", following=following))


@command(
    Say("Submit it for approval."),
    "dispatcher urgent submit bao --as lan",
    "submit",
)
@argument("name")
def submit(terminal: TerminalContext, name: str) -> None:
    _told(terminal, urgent.submit(terminal.context(), name), f"urgent approve {name} --as …")


@command(
    Say("Approve beforehand: the officer on duty may send it alone until its last day."),
    "dispatcher urgent approve bao --as minh",
    "approve",
)
@argument("name")
def approve(terminal: TerminalContext, name: str) -> None:
    _told(terminal, urgent.approve(terminal.context(), name), f"urgent send {name} --as …")


@command(
    Say("Return with a reason."),
    "dispatcher urgent return bao --reason 'Thêm điểm sơ tán' --as minh",
    "return",
)
@argument("name")
@option("--reason", required=True, say=Say("reason"))
def send_back(terminal: TerminalContext, name: str, reason: str) -> None:
    _told(terminal, urgent.send_back(terminal.context(), name, reason), "urgent list")


@command(Say("Use a text no more."), "dispatcher urgent end bao --as lan", "end")
@argument("name")
def end(terminal: TerminalContext, name: str) -> None:
    _told(terminal, urgent.end(terminal.context(), name), "urgent list")
