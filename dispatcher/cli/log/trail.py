"""audit: the trail of acts."""

from __future__ import annotations

from dispatcher.cli.spoken import Group, option
from dispatcher.cli.surface import Surface
from dispatcher.domain import acts
from dispatcher.domain.model import HANOI
from dispatcher.i18n import Say
from dispatcher.usecases import log as use

audit = Group(Say("The trail."))


@audit.verb("list", Say("Recent acts."), "dispatcher audit list")
@option("--limit", default=50, say=Say("at most"))
@option("--noun", say=Say("only this noun, like broadcast"))
@option("--id", "noun_id", say=Say("only this id"))
def list_trail(surface: Surface, limit: int, noun: str | None, noun_id: str | None) -> None:
    found = use.trail(surface.context(), noun, noun_id, limit)
    if surface.json:
        surface.emit([e.as_json() for e in found])
        return
    surface.table(
        [Say("at"), Say("who"), Say("act"), Say("on")],
        [
            [
                f"{e.at.astimezone(HANOI):%d/%m/%Y %H:%M:%S}",
                e.who,
                acts.act(e.act).to(surface.language),
                f"{acts.noun(e.noun).to(surface.language)} {e.on}",
            ]
            for e in found
        ],
    )
