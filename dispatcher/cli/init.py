"""init: a new site from the sample's templates."""

from __future__ import annotations

import sys
from pathlib import Path

from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.i18n import Say, Spoken
from dispatcher.usecases import new_site
from dispatcher.usecases.new_site import NAMELESS


def _asked(
    surface: Surface, name: str | None, wards: str | None, brandname: str | None
) -> tuple[str, str, str]:
    """The three answers a site needs; asked only where somebody sits at the terminal."""
    asking = sys.stdin.isatty() and sys.stderr.isatty() and not surface.yes and name is None
    if asking:
        name = _ask(surface, Say("Name of the organisation"), NAMELESS)
        wards = wards or _ask(
            surface,
            Say("Wards (separated by commas, or all)"),
            "all",
        )
        brandname = brandname or _ask(surface, Say("SMS brandname (may be empty)"), "")
    return name or NAMELESS, wards or "", brandname or ""


def _ask(surface: Surface, say: Spoken, default: str) -> str:
    sys.stderr.write(f"{surface.text(say)} [{default}]: ")
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
    surface: Surface,
    folder: str,
    name: str | None,
    unit: str | None,
    areas: str | None,
    wards: str | None,
    brandname: str | None,
) -> None:
    root = Path(folder)
    new_site.need_empty(root)
    name, wards, brandname = _asked(surface, name, wards or unit, brandname)
    given = new_site.NewSite(name, wards, brandname, areas, surface.language)
    new_site.make(root, given, dry=surface.dry_run)
    if surface.dry_run:
        surface.say(Say("Would make a site in {root}.", root=root))
        return
    if surface.json:
        surface.emit({"site": str(root.resolve())})
    surface.say(Say("Made a site in {root}.", root=root))
    surface.say(
        Say(
            "The list is encrypted under data/keys/site.key (made at first use). A "
            "lost key is a lost list: back it up apart from the database."
        ),
    )
    surface.hint(
        Say("Next: dispatcher --site {folder} people add NAME --role admin", folder=folder),
    )
