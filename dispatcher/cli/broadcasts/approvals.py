"""broadcasts: submit, approve, confirm, return, reject."""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.cli.broadcasts.forecast import say_times
from dispatcher.cli.broadcasts.formats import broadcast_id, tell_state
from dispatcher.cli.broadcasts.preview import tell_times
from dispatcher.cli.broadcasts.writing import read_file
from dispatcher.cli.click_i18n import argument, command, gathered, option
from dispatcher.cli.days import read_day
from dispatcher.cli.templates import pairs
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say
from dispatcher.usecases import broadcasts, broadcasts_approval
from dispatcher.usecases.broadcasts import Broadcast
from dispatcher.usecases.broadcasts_approval import SignedPaper


@command(Say("Submit for approval."), "dispatcher broadcasts submit 1 --as lan")
@argument("number_", complete="broadcast")
@option(
    "--leave-out",
    is_flag=True,
    say=Say("leave out whoever cannot be given a text"),
)
@option("--again", default="", say=Say("why it goes out again"))
@option("--over-budget", default="", say=Say("why the budget is exceeded"))
def submit(
    terminal: TerminalContext, number_: str, leave_out: bool, again: str, over_budget: str
) -> None:
    how = broadcasts.Submit(leave_out, again, over_budget)
    done = broadcasts.submit(terminal.context(), broadcast_id(number_), how)
    if not terminal.json:
        tell_times(terminal, done.preview)
    number = done.broadcast.id
    tell_state(
        terminal,
        done.broadcast,
        Say(
            "A second person: dispatcher broadcasts approve {number} --as NAME",
            number=number,
        ),
    )


@dataclass(frozen=True)
class _Approve:
    number_: str
    principal: str | None
    paper: str | None
    signed_by: str | None
    day: str | None
    scan: str | None
    fields: tuple[str, ...]
    phrases: tuple[tuple[str, str], ...]
    note: str


@command(
    Say(
        "Approve exactly this; for somebody else: --for; signed on paper: "
        "--paper; with corrected wording: --set, --replace."
    ),
    "dispatcher broadcasts approve 1 --as minh",
)
@argument("number_", complete="broadcast")
@option("--for", "principal", say=Say("for whom (under a delegation)"), complete="person")
@option("--paper", say=Say("number of the document signed on paper"))
@option("--signed-by", say=Say("who signed the paper"), complete="person")
@option("--day", say=Say("day of the signature"))
@option("--scan", say=Say("scan of the signed paper"))
@option("--set", "fields", multiple=True, say=Say("correct a blank"))
@option("--replace", "phrases", nargs=2, multiple=True, say=Say("OLD NEW"))
@option("--note", default="", say=Say("a word to the author"))
@gathered(_Approve)
def approve(terminal: TerminalContext, given: _Approve) -> None:
    done = _approved(terminal, given)
    say_times(terminal, done)
    if given.fields or given.phrases:
        tell_state(
            terminal,
            done,
            Say(
                "Its author confirms: dispatcher broadcasts confirm {id} --as NAME",
                id=done.id,
            ),
        )
        return
    tell_state(
        terminal,
        done,
        Say(
            "Set the time: dispatcher broadcasts schedule {id} [--at 08:00]",
            id=done.id,
        ),
    )


def _approved(terminal: TerminalContext, given: _Approve) -> Broadcast:
    """In one of the ways there are."""
    context, wanted = terminal.context(), broadcast_id(given.number_)
    if given.fields or given.phrases:
        return broadcasts_approval.offer(
            context, wanted, pairs(given.fields), given.phrases, given.note
        )
    if given.paper is not None:
        paper = SignedPaper(
            given.paper,
            given.signed_by or "",
            read_day(given.day) if given.day else None,
            read_file(given.scan) if given.scan else None,
        )
        return broadcasts_approval.approve_on_paper(context, wanted, paper)
    return broadcasts_approval.approve(context, wanted, principal=given.principal or "")


@command(
    Say("Confirm the wording a leader corrected: one step, and it is approved."),
    "dispatcher broadcasts confirm 1 --as lan",
)
@argument("number_", complete="broadcast")
def confirm(terminal: TerminalContext, number_: str) -> None:
    tell_state(terminal, broadcasts_approval.confirm(terminal.context(), broadcast_id(number_)))


@command(
    Say("Return with a reason."),
    "dispatcher broadcasts return 1 --reason 'Ghi rõ giờ' --as minh",
)
@argument("number_", complete="broadcast")
@option("--reason", required=True, say=Say("reason"))
def send_back(terminal: TerminalContext, number_: str, reason: str) -> None:
    tell_state(
        terminal, broadcasts_approval.send_back(terminal.context(), broadcast_id(number_), reason)
    )


@command(
    Say("Reject for good, with a reason."),
    "dispatcher broadcasts reject 1 --reason 'Trùng với thông báo của quận' --as minh",
)
@argument("number_", complete="broadcast")
@option("--reason", required=True, say=Say("reason"))
def reject(terminal: TerminalContext, number_: str, reason: str) -> None:
    tell_state(
        terminal,
        broadcasts_approval.reject(terminal.context(), broadcast_id(number_), reason),
        Say(
            "Write another one: dispatcher broadcasts create",
        ),
    )
