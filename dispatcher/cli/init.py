"""init: a new site from the sample's templates."""

from __future__ import annotations

import sys
from pathlib import Path

from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say, Spoken
from dispatcher.usecases import new_site
from dispatcher.usecases.new_site import NAMELESS


def _asked(
    terminal: TerminalContext, name: str | None, wards: str | None, brandname: str | None
) -> tuple[str, str, str]:
    """The three answers a site needs; asked only where somebody sits at the terminal."""
    asking = sys.stdin.isatty() and sys.stderr.isatty() and not terminal.yes and name is None
    if asking:
        name = _ask(terminal, Say("Name of the organisation"), NAMELESS)
        wards = wards or _ask(
            terminal,
            Say("Wards (separated by commas, or all)"),
            "all",
        )
        brandname = brandname or _ask(terminal, Say("SMS brandname (may be empty)"), "")
    return name or NAMELESS, wards or "", brandname or ""


def _ask(terminal: TerminalContext, say: Spoken, default: str) -> str:
    sys.stderr.write(f"{terminal.text(say)} [{default}]: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() or default


@command(
    Say("Make a new site (settings, templates, folders for lists and schedules)."),
    "dispatcher init phuong-may-to --name 'UBND phường Máy Tơ'",
)
@argument("folder")
@option("--name", say=Say("name of the organisation"))
@option(
    "--unit",
    say=Say("its ward, where the name does not say"),
)
@option("--areas", say=Say("a CSV file with areas of your own"))
@option("--wards", say=Say("wards, or all"))
@option("--brandname", say=Say("registered SMS brandname"))
def init(
    terminal: TerminalContext,
    folder: str,
    name: str | None,
    unit: str | None,
    areas: str | None,
    wards: str | None,
    brandname: str | None,
) -> None:
    root = Path(folder)
    new_site.need_empty(root)
    name, wards, brandname = _asked(terminal, name, wards or unit, brandname)
    given = new_site.NewSite(name, wards, brandname, areas, terminal.language)
    new_site.make(root, given, dry=terminal.dry_run)
    if terminal.dry_run:
        terminal.say(Say("Would make a site in {root}.", root=root))
        return
    if terminal.json:
        terminal.emit({"site": str(root.resolve())})
    terminal.say(Say("Made a site in {root}.", root=root))
    terminal.say(
        Say(
            "The list is encrypted under data/keys/site.key (made at first use). A "
            "lost key is a lost list: back it up apart from the database."
        ),
    )
    terminal.hint(
        Say("Next: dispatcher --site {folder} people add NAME --role admin", folder=folder),
    )
