"""broadcasts: resend and correct."""

from __future__ import annotations

from dispatcher.cli.broadcasts.formats import broadcast_id, tell_state
from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.templates import pairs
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say
from dispatcher.usecases import broadcasts
from dispatcher.usecases.broadcasts_views import OVER


@command(
    Say("Write a new broadcast to those who were not reached (approved like any other)."),
    "dispatcher broadcasts resend 1 --state failed --as lan",
)
@argument("number_", complete="broadcast")
@option(
    "--state",
    "states",
    multiple=True,
    say=Say(
        "failed, expired, cancelled (all three by default); short: received in "
        "part; unconfirmed may become twice"
    ),
)
def resend(terminal: TerminalContext, number_: str, states: tuple[str, ...]) -> None:
    made = broadcasts.resend(terminal.context(), broadcast_id(number_), states)
    tell_state(
        terminal,
        made,
        Say(
            "Preview: dispatcher broadcasts preview {id}",
            id=made.id,
        ),
    )


@command(
    Say("Correct: to exactly those who received the old broadcast or may have."),
    "dispatcher broadcasts correct 1 --set noi_dung='Cắt nước ngày 07/12.' --as lan",
)
@argument("number_", complete="broadcast")
@option("--template", default="dinh-chinh", say=Say("template"), complete="template")
@option("--set", "fields", multiple=True, say=Say("fill a blank: name=value"))
def correct(
    terminal: TerminalContext, number_: str, template: str, fields: tuple[str, ...]
) -> None:
    context, wanted = terminal.context(), broadcast_id(number_)
    made = broadcasts.correct(context, wanted, pairs(fields), template)
    if broadcasts.get_broadcast(context, wanted).state not in OVER:
        terminal.warn(
            Say(
                "What the old one has not sent still goes; stop it: dispatcher "
                "broadcasts stop {wanted}",
                wanted=wanted,
            ),
        )
    tell_state(terminal, made)
    terminal.hint(
        Say("Preview: dispatcher broadcasts preview {id}", id=made.id),
    )
