"""doctor: the health of a site, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dispatcher.cli import steps
from dispatcher.cli.click_i18n import command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.outages import Work
from dispatcher.domain.problems import OK, SETTINGS, Problem
from dispatcher.i18n import Joined, Say, Spoken

if TYPE_CHECKING:
    from dispatcher.usecases.checked import Checked


# What to do about a finding, by its step; `told` is what was found.
COMMANDS: Mapping[str, Say] = {
    "lists": Say("{told} Import again with --keep-until, or drop."),
    "held": Say("{told}; if it is the only one: dispatcher db release --i-am-the-only-one"),
    "backup": Say("{told}; run: dispatcher db backup FILE"),
    "second_place": Say("{told}: set [backup] second to another"),
    "people": Say("{told}: dispatcher people add NAME --role {role}"),
    "callbacks": Say("{told} Set public_url under [web] in dispatcher.toml."),
    "callbacks-unwell": Say("{told} See the other lines here and the log of dispatcher run."),
    "callbacks-elsewhere": Say("{told} Point that address to dispatcher run --web."),
    "callbacks-closed": Say("{told} Run dispatcher run --web and open the port."),
    "listening": Say(
        "{told} Set [web] listen to 127.0.0.1:8700, or put a TLS server in front and set [web] "
        'public_url = "https://…".'
    ),
    "sign-in": Say("{told}: dispatcher gateways login {name}"),
    "reports": Say(
        "{told} See: dispatcher log receipts; check callback address and keys at the vendor."
    ),
}


def _told(terminal: TerminalContext, found: Checked) -> Spoken:
    """What was found, and what to type."""
    match found.about:
        case Problem():
            return steps.sentence_and_step(found.about)
        case Work():
            return steps.work(found.about)
        case tuple():
            now = terminal.open_app().clock()
            return Joined(". ", [steps.gateway(health, now) for health in found.about])
        case None:
            pass
    command = COMMANDS.get(found.step)
    if command is None:
        return found.say
    fields = found.say.fields if isinstance(found.say, Say) else {}
    return Say(command.id, **{**fields, "told": found.say})


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
def doctor(terminal: TerminalContext, clock_is_right: bool) -> int:
    from dispatcher.usecases import doctor

    if clock_is_right:
        doctor.confirm_clock(terminal.context())
    found = doctor.examined(terminal.open_site, terminal.open_app)
    if terminal.json:
        terminal.emit([f.as_json(terminal.text(_told(terminal, f))) for f in found])
    else:
        for f in found:
            terminal.say(f"{f.mark} {terminal.text(_told(terminal, f))}")
    return OK if all(f.ok for f in found) else SETTINGS
