"""doctor: the health of a site, in plain words."""

from __future__ import annotations

from dispatcher.cli.spoken import command, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.problems import OK, SETTINGS
from dispatcher.i18n import Say


@command(
    Say("Check the site and say what to do."),
    "dispatcher doctor",
)
@option(
    "--clock-is-right",
    "clock_is_right",
    is_flag=True,
    say=Say("I have looked: the clock of this machine is right"),
)
def doctor(surface: Surface, clock_is_right: bool) -> int:
    from dispatcher.usecases import doctor as use

    if clock_is_right:
        use.confirm_clock(surface.context())
    found = use.examined(surface.open_site, surface.open_app)
    if surface.json:
        surface.emit([f.as_json(surface.language) for f in found])
    else:
        for f in found:
            surface.say(f"{f.mark} {surface.text(f.say)}")
    return OK if all(f.ok for f in found) else SETTINGS
