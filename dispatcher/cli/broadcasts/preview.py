"""broadcasts: preview, and a preview in words: who, what it costs, what is to be mended."""

from __future__ import annotations

from collections.abc import Iterable

from dispatcher.cli import steps
from dispatcher.cli.broadcasts.formats import broadcast_id
from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.contacts.typed import whom
from dispatcher.cli.tables import write_page
from dispatcher.cli.templates import bubble
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.model import Mode
from dispatcher.i18n import Say
from dispatcher.usecases import broadcasts_views, preview_lines
from dispatcher.usecases.broadcasts import Broadcast, Preview
from dispatcher.usecases.broadcasts_views import Previewed
from dispatcher.usecases.preview_lines import PROBLEM, WARN, PreviewLine

DRILL = Say("DRILL: nothing leaves this machine.")


@command(
    Say("Preview: how many people, parts and đồng, and who is skipped."),
    "dispatcher broadcasts preview 1",
)
@argument("number_", complete="broadcast")
@option(
    "--recipient",
    say=Say("see one person's message: c12, a phone, or - (stdin)"),
)
@option("--from", "first", default=1, say=Say("start at the n-th dearest"))
@option("--html", say=Say("write an HTML page"))
def preview(
    terminal: TerminalContext, number_: str, recipient: str | None, first: int, html: str | None
) -> None:
    context = terminal.context()
    whose = whom(recipient) if recipient else ""
    seen = broadcasts_views.preview(
        context, broadcast_id(number_), whose=whose, first=first, most=20 if html else 3
    )
    if html:
        write_page(terminal, html, broadcasts_views.as_page(context, seen))
    if terminal.json:
        terminal.emit({"broadcast": seen.broadcast.id, **seen.as_json(terminal.language)})
        return
    tell_preview(terminal, seen)
    terminal.hint(
        Say("Submit: dispatcher broadcasts submit {id} --as NAME", id=seen.broadcast.id),
    )


def say_drill(terminal: TerminalContext, mode: Mode) -> None:
    """Said on every text and report of a drill."""
    if mode is Mode.DRILL:
        terminal.say(DRILL)


def tell_lines(terminal: TerminalContext, found: Iterable[PreviewLine], deep: int = 0) -> None:
    """Lines as a terminal has them; what is to be minded goes to stderr."""
    for line in found:
        tell = terminal.warn if line.look in (WARN, PROBLEM) else terminal.say
        space = "  " * (deep + line.deep)
        tell(space + terminal.text(steps.line(line)))


def tell_preview(terminal: TerminalContext, seen: Previewed) -> None:
    """A preview in words, and some of its texts."""
    say_drill(terminal, seen.broadcast.mode)
    tell_lines(terminal, preview_lines.lines(seen))
    for sample in seen.found.samples[:3]:
        to = f"{sample['channel']} → {sample['contact']} {sample['to']}"
        terminal.say(
            Say(
                "\n{to} ({characters} characters = {parts} parts)",
                to=to,
                characters=sample["characters"],
                parts=sample["parts"],
            ),
        )
        terminal.say(bubble(sample["body"]))


def tell_again(terminal: TerminalContext, broadcast: Broadcast) -> None:
    """The reason that was given for the same words, if any."""
    tell_lines(terminal, preview_lines.again(broadcast.again))


def tell_times(terminal: TerminalContext, found: Preview) -> None:
    """From when until when it is sent; who would be late, and the ways out."""
    tell_lines(terminal, preview_lines.times(found))
