"""broadcasts: preview, and a preview in words: who, what it costs, what is to be mended."""

from __future__ import annotations

from collections.abc import Iterable

from dispatcher.cli import steps
from dispatcher.cli.broadcasts.told import broadcast_id
from dispatcher.cli.contacts.typed import whom
from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.tables import write_page
from dispatcher.cli.templates import bubble
from dispatcher.domain.model import Mode
from dispatcher.i18n import Say
from dispatcher.usecases import broadcasts_views, preview_lines
from dispatcher.usecases.broadcasts import Broadcast, Preview
from dispatcher.usecases.broadcasts_views import Previewed
from dispatcher.usecases.preview_lines import PROBLEM, WARN, Line

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
    surface: Surface, number_: str, recipient: str | None, first: int, html: str | None
) -> None:
    context = surface.context()
    whose = whom(recipient) if recipient else ""
    seen = broadcasts_views.preview(
        context, broadcast_id(number_), whose=whose, first=first, most=20 if html else 3
    )
    if html:
        write_page(surface, html, broadcasts_views.as_page(context, seen))
    if surface.json:
        surface.emit({"broadcast": seen.broadcast.id, **seen.as_json(surface.language)})
        return
    tell_preview(surface, seen)
    surface.hint(
        Say("Submit: dispatcher broadcasts submit {id} --as NAME", id=seen.broadcast.id),
    )


def say_drill(surface: Surface, mode: Mode) -> None:
    """Said on every text and report of a drill."""
    if mode is Mode.DRILL:
        surface.say(DRILL)


def tell_lines(surface: Surface, found: Iterable[Line], deep: int = 0) -> None:
    """Lines as a terminal has them; what is to be minded goes to stderr."""
    for line in found:
        tell = surface.warn if line.look in (WARN, PROBLEM) else surface.say
        space = "  " * (deep + line.deep)
        tell(space + surface.text(steps.line(line)))


def tell_preview(surface: Surface, seen: Previewed) -> None:
    """A preview in words, and some of its texts."""
    say_drill(surface, seen.broadcast.mode)
    tell_lines(surface, preview_lines.lines(seen))
    for sample in seen.found.samples[:3]:
        to = f"{sample['channel']} → {sample['contact']} {sample['to']}"
        surface.say(
            Say(
                "\n{to} ({characters} characters = {parts} parts)",
                to=to,
                characters=sample["characters"],
                parts=sample["parts"],
            ),
        )
        surface.say(bubble(sample["body"]))


def tell_again(surface: Surface, broadcast: Broadcast) -> None:
    """The reason that was given for the same words, if any."""
    tell_lines(surface, preview_lines.again(broadcast.again))


def tell_times(surface: Surface, found: Preview) -> None:
    """From when until when it is sent; who would be late, and the ways out."""
    tell_lines(surface, preview_lines.times(found))
