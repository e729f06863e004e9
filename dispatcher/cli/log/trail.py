"""audit: the trail of acts."""

from __future__ import annotations

from dispatcher.cli.click_i18n import Group, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain import acts
from dispatcher.domain.model import HANOI
from dispatcher.i18n import Say
from dispatcher.usecases import log

audit = Group(Say("The trail."))


@audit.verb("list", Say("Recent acts."), "dispatcher audit list")
@option("--limit", default=50, say=Say("at most"))
@option("--noun", say=Say("only this noun, like broadcast"))
@option("--id", "noun_id", say=Say("only this id"))
def list_trail(
    terminal: TerminalContext, limit: int, noun: str | None, noun_id: str | None
) -> None:
    found = log.trail(terminal.context(), noun, noun_id, limit)
    if terminal.json:
        terminal.emit([e.as_json() for e in found])
        return
    terminal.table(
        [Say("at"), Say("who"), Say("act"), Say("on")],
        [
            [
                f"{e.at.astimezone(HANOI):%d/%m/%Y %H:%M:%S}",
                e.who,
                acts.act(e.act).to(terminal.language),
                f"{acts.noun(e.noun).to(terminal.language)} {e.on}",
            ]
            for e in found
        ],
    )
