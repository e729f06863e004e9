"""holidays: the table of days off that schedules look at; a person has the last word."""

from __future__ import annotations

from dispatcher.cli.click_i18n import Group, OneOf, argument, option
from dispatcher.cli.days import WEEKDAYS, read_day
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import NOTHING, Say
from dispatcher.usecases import holidays as holiday_acts

holidays = Group(Say("Days off, and days made up for."))
KINDS = {
    "off": Say("off"),
    "work": Say("worked"),
    "tet": Say("Tết, nothing starts"),
}


@holidays.verb("list", Say("Days off and made up."), "dispatcher holidays list")
@option("--year", type=int, say=Say("this year and the next"))
def list_days(terminal: TerminalContext, year: int | None) -> None:
    found = holiday_acts.list_days(terminal.context(), year)
    if terminal.json:
        terminal.emit([{**d, "day": d["day"].isoformat()} for d in found])
        return
    terminal.table(
        [Say("day"), NOTHING, Say("name"), Say("is"), Say("by")],
        [
            [
                f"{d['day']:%d/%m/%Y}",
                WEEKDAYS[d["day"].weekday()].to(terminal.language),
                d["name"],
                KINDS[d["kind"]].to(terminal.language),
                terminal.text(Say("the code")) if d["by"] == "library" else d["by"],
            ]
            for d in found
        ],
    )
    terminal.hint(
        Say("Days swapped by the yearly decision: dispatcher holidays set DAY --name '…'"),
    )


@holidays.verb(
    "set",
    Say("Say that a day is off, or worked: --kind work."),
    "dispatcher holidays set 31/12/2026 --name 'Nghỉ hoán đổi' --as quan-tri",
)
@argument("day")
@option("--name", required=True, say=Say("name, or by which document"))
@option("--kind", type=OneOf(list(KINDS), "bad-kind"), default="off", say=Say("what it is"))
def set_day(terminal: TerminalContext, day: str, name: str, kind: str) -> None:
    on = read_day(day)
    holiday_acts.set_day(terminal.context(), on, kind, name)
    if terminal.json:
        terminal.emit({"day": on.isoformat(), "kind": kind, "name": name})
    terminal.say(
        Say(
            "{on:%Y-%m-%d}: {kinds} ({name}).",
            on=on,
            kinds=KINDS[kind],
            name=name,
        )
    )
    terminal.hint(
        Say("What it changes: dispatcher schedules next SCHEDULE"),
    )
