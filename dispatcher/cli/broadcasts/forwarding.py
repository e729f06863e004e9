"""broadcasts: the sheet to pass on, and which residential groups it was passed on to."""

from __future__ import annotations

from dispatcher.cli.broadcasts.formats import broadcast_id
from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.tables import write_page
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say
from dispatcher.usecases import broadcasts, printouts


@command(
    Say("The sheet to pass on: text, pictures, who looks after which residential group."),
    "dispatcher broadcasts share 1 --html chuyen-tiep.html --as lan",
)
@argument("number_", complete="broadcast")
@option("--html", required=True, say=Say("the page to write"))
def share(terminal: TerminalContext, number_: str, html: str) -> None:
    wanted = broadcast_id(number_)
    write_page(terminal, html, printouts.share(terminal.context(), wanted))
    if terminal.json:
        terminal.emit({"broadcast": wanted, "html": html})
    terminal.hint(
        Say("Tick off: dispatcher broadcasts shared {wanted} --ward … --tdp …", wanted=wanted),
    )


@command(
    Say("Tick off heads who passed it on (it counts in the coverage)."),
    "dispatcher broadcasts shared 1 --ward 'Máy Tơ' --tdp 'Tổ 3' --tdp 'Tổ 5' --as lan",
)
@argument("number_", complete="broadcast")
@option("--ward", required=True, say=Say("ward"), complete="ward")
@option(
    "--residential-group",
    "--tdp",
    "tdp",
    multiple=True,
    required=True,
    say=Say("residential group"),
)
@option("--not", "undo", is_flag=True, say=Say("it was a mistake"))
def shared(
    terminal: TerminalContext, number_: str, ward: str, tdp: tuple[str, ...], undo: bool
) -> None:
    wanted = broadcast_id(number_)
    done = broadcasts.pass_on(terminal.context(), wanted, ward=ward, places=tdp, undo=undo)
    if terminal.json:
        terminal.emit({"broadcast": wanted, "passed_on": done})
    terminal.say(Say("{done} residential groups have it.", done=done))
    terminal.hint(
        Say("Coverage: dispatcher coverage {wanted}", wanted=wanted),
    )
