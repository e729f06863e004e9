"""notices: what waits for the acting person; --read ticks it off."""

from __future__ import annotations

from dispatcher.cli.spoken import command, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.model import HANOI
from dispatcher.i18n import Say
from dispatcher.usecases import notices as cases

__all__ = ["notices"]


@command(
    Say("What waits for you: to approve, to look at, held broadcasts, paused gateways, budgets."),
    "dispatcher notices --as minh",
)
@option("--read", "read_", is_flag=True, say=Say("tick all of it off"))
def notices(surface: Surface, read_: bool) -> None:
    context = surface.context()
    found = cases.unread(context)
    if read_ and found:
        cases.tick_off(context, [n["id"] for n in found])
    if surface.json:
        surface.emit([{**n, "at": n["at"].astimezone(HANOI).isoformat()} for n in found])
        return
    for notice in found:
        when = notice["at"].astimezone(HANOI)
        surface.say(f"{when:%H:%M %d/%m}  {notice[surface.language]}")
    if not found:
        surface.say(Say("Nothing waits."))
    surface.hint(Say("Tick it off: dispatcher notices --read"))
