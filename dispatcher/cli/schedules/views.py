"""schedules: list, check, next."""

from __future__ import annotations

from typing import Any

from dispatcher.cli import steps
from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.days import WEEKDAYS
from dispatcher.cli.schedules import series
from dispatcher.cli.schedules.words import BROKEN, STATES, iso
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.model import HANOI
from dispatcher.domain.periods import clock
from dispatcher.domain.problems import OK, REFUSED, USAGE
from dispatcher.i18n import Joined, Say, Spoken
from dispatcher.usecases import schedules_views
from dispatcher.usecases.schedules_views import ScheduleFinding


@command(Say("List schedules."), "dispatcher schedules list", "list")
def list_schedules(terminal: TerminalContext) -> None:
    found = [
        {
            "name": one.name,
            "title": one.schedule.title if one.schedule else None,
            "state": one.state,
            "next": iso(one.next),
        }
        for one in schedules_views.list_schedules(terminal.context())
    ]
    if terminal.json:
        terminal.emit(found)
        return
    terminal.table(
        [
            Say("name"),
            Say("title"),
            Say("state"),
            Say("next"),
        ],
        [
            [
                f["name"],
                f["title"],
                terminal.text(STATES.get(str(f["state"]), BROKEN)),
                f["next"],
            ]
            for f in found
        ],
    )


@command(Say("Check schedule files."), "dispatcher schedules check", "check")
@argument("names", nargs=-1)
def check(terminal: TerminalContext, names: tuple[str, ...]) -> int:
    found = schedules_views.check(terminal.context(), names)
    blocked = sum(f.blocks for f in found)
    if terminal.json:
        terminal.emit([_as_json(terminal, f) for f in found])
    else:
        for f in found:
            message = terminal.text(_message(f))
            terminal.say(message if message.startswith(f.file) else f"{f.file}: {message}")
        warned = len(found) - blocked
        said = [Say("{blocked} schedules have problems", blocked=blocked)]
        if warned:
            known = Say("{warned} things to know", warned=warned)
            said = [*said, known] if blocked else [known]
        terminal.say(f"{terminal.text(Joined(', ', said))}.")
    if any(f.broken for f in found):
        return USAGE
    return REFUSED if blocked else OK


def _as_json(terminal: TerminalContext, found: ScheduleFinding) -> dict[str, Any]:
    told: dict[str, Any] = {
        "schedule": found.schedule,
        "file": found.file,
        "code": found.code,
        "severity": "block" if found.blocks else "warn",
    }
    if found.outside is not None:
        first = found.outside.first
        told |= {"fires_at": iso(first.asked), **first.as_json(), "firings": found.outside.firings}
    if found.days is not None:
        told["days"] = {str(day): months for day, months in found.days.items()}
    return {**told, "message": terminal.text(_message(found))}


def _message(found: ScheduleFinding) -> Spoken:
    return steps.sentence_and_step(found.problem) if found.problem is not None else found.say


@command(
    Say("The next firings of a schedule."),
    "dispatcher schedules next canh-bao-thu-hai",
    "next",
)
@argument("name", complete="schedule")
@option("--count", default=10, say=Say("how many"))
def upcoming(terminal: TerminalContext, name: str, count: int) -> None:
    found = schedules_views.upcoming(terminal.context(), name, count)
    if terminal.json:
        terminal.emit(
            [
                {
                    "at": iso(o.at),
                    "sends": o.sends,
                    "why": o.why.to(terminal.language) if o.why else None,
                    "was": o.was.isoformat() if o.was else None,
                    **ahead.as_json(),
                }
                for o, ahead in found.firings
            ]
        )
        return
    for occurrence, ahead in found.firings:
        local = occurrence.at.astimezone(HANOI)
        line = f"{WEEKDAYS[local.weekday()].to(terminal.language)} {local:%d/%m/%Y %H:%M}"
        if not occurrence.sends:
            assert occurrence.why is not None
            line += terminal.text(Say("  skipped: {why}", why=occurrence.why))
        elif occurrence.was and occurrence.why:
            line += terminal.text(
                Say("  moved from {was:%d/%m}: {why}", was=occurrence.was, why=occurrence.why),
            )
        elif ahead.waits:
            line += terminal.text(
                Say(
                    "  outside its hours: sent from {start} to {until}",
                    start=clock(ahead.start),
                    until=clock(ahead.until),
                ),
            )
        terminal.say(line)
    if not found.firings:
        terminal.say(Say("Nothing left to fire."))
        return
    series.tell_series(terminal, found.schedule, found.series, found.people, found.dong)
