"""duty: the roster, arranged beforehand."""

from __future__ import annotations

from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.model import HANOI
from dispatcher.i18n import NOTHING, Say, pgettext
from dispatcher.usecases import urgent_duty


@command(Say("Who is on duty when."), "dispatcher duty list", "list")
def list_duty(terminal: TerminalContext) -> None:
    context = terminal.context()
    found = urgent_duty.roster(context)
    if terminal.json:
        terminal.emit(
            [
                {
                    **d,
                    "starts": d["starts"].astimezone(HANOI).isoformat(),
                    "ends": d["ends"].astimezone(HANOI).isoformat(),
                }
                for d in found
            ]
        )
        return
    terminal.table(
        [Say("id"), Say("who"), Say("from"), Say("until"), NOTHING],
        [
            [
                d["id"],
                d["full_name"],
                f"{d['starts'].astimezone(HANOI):%H:%M %d/%m/%Y}",
                f"{d['ends'].astimezone(HANOI):%H:%M %d/%m/%Y}",
                terminal.text(Say("now")) if d["starts"] <= context.app.clock() else "",
            ]
            for d in found
        ],
        numbers=(0,),
    )
    terminal.hint(
        Say("Add one: dispatcher duty add lan --from 18:00 --hours 12"),
    )


@command(
    Say("Put somebody on duty."),
    "dispatcher duty add lan --from '2026-12-01 18:00' --hours 12 --as quan-tri",
    "add",
)
@argument("name", complete="person")
@option("--from", "start", default="now", say=pgettext("moment", "from"))
@option("--hours", type=int, default=12, say=Say("for how many hours"))
def add(terminal: TerminalContext, name: str, start: str, hours: int) -> None:
    made = urgent_duty.add(terminal.context(), name, start, hours)
    starts, ends = made.starts.astimezone(HANOI), made.ends.astimezone(HANOI)
    if terminal.json:
        terminal.emit({"id": made.id, "name": made.person.name})
    terminal.say(
        Say(
            "{name} is on duty from {starts:%H:%M %d/%m} to {ends:%H:%M %d/%m}.",
            name=made.person.name,
            starts=starts,
            ends=ends,
        ),
    )
    terminal.hint(Say("See: dispatcher duty list"))


@command(Say("Take a duty away."), "dispatcher duty remove 3 --as minh", "remove")
@argument("number_", type=int)
def remove(terminal: TerminalContext, number_: int) -> None:
    urgent_duty.remove(terminal.context(), number_)
    if terminal.json:
        terminal.emit({"id": number_, "removed": True})
    terminal.say(Say("Duty {number} is gone.", number=number_))
    terminal.hint(Say("See: dispatcher duty list"))
