"""contacts: who is not written to: suppress, unsuppress, do-not-call, reply."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.contacts.typed import whom
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.config import read_text
from dispatcher.domain.opting_out import Wish
from dispatcher.domain.problems import Problem
from dispatcher.domain.words import LOOKS, SCOPES
from dispatcher.i18n import Say
from dispatcher.usecases import replies, suppressions


@command(
    Say("Never write to this person or number again (with a reason)."),
    "dispatcher contacts suppress c12 --reason 'người dân yêu cầu'",
)
@argument("contact")
@option("--reason", required=True, say=Say("reason"))
@option("--promotion", is_flag=True, say=Say("only advertising"))
@option("--urgent-too", is_flag=True, say=Say("urgent texts neither"))
def suppress(
    terminal: TerminalContext, contact: str, reason: str, promotion: bool, urgent_too: bool
) -> None:
    if promotion and urgent_too:
        raise Problem(
            "one-scope",
            Say("Choose one: --promotion (only advertising) or --urgent-too (urgent texts too)."),
        )
    scope = "promotion" if promotion else "urgent" if urgent_too else "all"
    done = suppressions.suppress(terminal.context(), whom(contact), reason, scope=scope)
    if terminal.json:
        terminal.emit(
            {
                "suppressed": done.numbers,
                "scope": scope,
                "also": list(done.also),
                "others": done.others,
            }
        )
    terminal.say(
        Say("{numbers} numbers: {scopes}.", numbers=done.numbers, scopes=SCOPES[scope]),
    )
    _tell_silenced(terminal, done.also, done.others)
    terminal.hint(
        Say("See: dispatcher contacts list --suppressed · Lift: dispatcher contacts unsuppress"),
    )


def _tell_silenced(terminal: TerminalContext, also: Sequence[dict[str, Any]], others: int) -> None:
    """Who gets nothing any more because they have the same number."""
    names = ", ".join(f"c{c['contact']} {c['name']}" for c in also)
    more = terminal.text(Say("and {others} of other wards", others=others))
    if also or others:
        named = " ".join(n for n in (names, more if others else "") if n)
        terminal.say(Say("Share the number: {named}.", named=named))


@command(
    Say("Write to this person or number again (with a reason)."),
    "dispatcher contacts unsuppress c12 --reason 'người dân đồng ý lại'",
)
@argument("contact")
@option("--reason", required=True, say=Say("reason"))
def unsuppress(terminal: TerminalContext, contact: str, reason: str) -> None:
    done = suppressions.unsuppress(terminal.context(), whom(contact), reason)
    if terminal.json:
        terminal.emit({"unsuppressed": done})
    terminal.say(Say("{done} numbers may be written to again.", done=done))


@command(
    Say("Load a do-not-call list (a number a line): it stops advertising, never warnings."),
    "dispatcher contacts do-not-call danh-sach.txt",
)
@argument("file")
def do_not_call(terminal: TerminalContext, file: str) -> None:
    context = terminal.context()
    text = sys.stdin.read() if file == "-" else read_text(Path(file))
    done = suppressions.do_not_call(context, text.splitlines())
    if terminal.json:
        terminal.emit({"numbers": done.numbers, "new": done.new, "unread": done.unread})
    terminal.say(
        Say(
            "{numbers} numbers on the list, {new} new; {unread} lines could not be read.",
            numbers=done.numbers,
            new=done.new,
            unread=done.unread,
        ),
    )
    terminal.hint(
        Say("Warnings and notices still reach them. See: dispatcher contacts list --suppressed"),
    )


@command(
    Say("Decide about a reply that needs a look (see: dispatcher log replies --waiting)."),
    "dispatcher contacts reply 12 --stop --as lan",
)
@argument("reply")
@option("--stop", is_flag=True, say=Say("a refusal: write no more"))
@option("--stop-urgent", is_flag=True, say=Say("urgent texts are refused too"))
@option("--dismiss", is_flag=True, say=Say("it is no refusal"))
def reply(
    terminal: TerminalContext, reply: str, stop: bool, stop_urgent: bool, dismiss: bool
) -> None:
    if stop + stop_urgent + dismiss != 1:
        raise Problem(
            "one-decision",
            Say("Choose one: --stop, --stop-urgent (urgent texts too) or --dismiss."),
        )
    if not reply.isascii() or not reply.isdigit() or len(reply) > 15:
        raise Problem("unknown-reply", Say("No such reply."))
    wish = Wish.URGENT if stop_urgent else Wish.ALL if stop else Wish.ORDINARY
    found = replies.look_at(terminal.context(), int(reply), wish)
    done = "dismissed" if dismiss else "obeyed"
    if terminal.json:
        terminal.emit({"reply": int(reply), "look": done, "contact": found["contact"]})
    terminal.say(
        Say("Reply {reply}: {looks}.", reply=reply, looks=LOOKS[done]),
    )
