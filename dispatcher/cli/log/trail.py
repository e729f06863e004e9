"""audit: the trail of acts."""

from __future__ import annotations

from dispatcher.cli.spoken import Group, option
from dispatcher.cli.surface import Surface
from dispatcher.domain import acts
from dispatcher.domain.model import HANOI
from dispatcher.domain.problems import Say
from dispatcher.usecases import log as use

audit = Group(Say("Nhật ký thao tác.", "The trail."))


@audit.verb("list", "Các thao tác gần đây.", "Recent acts.", "dispatcher audit list")
@option("--limit", default=50, vi="nhiều nhất", en="at most")
@option("--noun", vi="chỉ loại này, ví dụ broadcast", en="only this noun, like broadcast")
@option("--id", "noun_id", vi="chỉ mã này", en="only this id")
def list_trail(surface: Surface, limit: int, noun: str | None, noun_id: str | None) -> None:
    found = use.trail(surface.context(), noun, noun_id, limit)
    if surface.json:
        surface.emit([e.as_json() for e in found])
        return
    surface.table(
        [Say("lúc", "at"), Say("ai", "who"), Say("việc", "act"), Say("đối với", "on")],
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
