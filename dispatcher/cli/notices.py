"""notices: what waits for the acting person; --read ticks it off."""

from __future__ import annotations

from dispatcher.cli.click_i18n import command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.model import HANOI
from dispatcher.i18n import Say
from dispatcher.usecases import notices as notice_acts

__all__ = ["notices"]


@command(
    Say("What waits for you: to approve, to look at, held broadcasts, paused gateways, budgets."),
    "dispatcher notices --as minh",
)
@option("--read", "read_", is_flag=True, say=Say("tick all of it off"))
def notices(terminal: TerminalContext, read_: bool) -> None:
    context = terminal.context()
    found = notice_acts.unread(context)
    if read_ and found:
        notice_acts.tick_off(context, [n["id"] for n in found])
    if terminal.json:
        terminal.emit([{**n, "at": n["at"].astimezone(HANOI).isoformat()} for n in found])
        return
    for notice in found:
        when = notice["at"].astimezone(HANOI)
        terminal.say(f"{when:%H:%M %d/%m}  {notice[terminal.language]}")
    if not found:
        terminal.say(Say("Nothing waits."))
    terminal.hint(Say("Tick it off: dispatcher notices --read"))
