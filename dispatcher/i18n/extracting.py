"""Which sentences the code, the pages and click say; found by Babel, written into the catalogs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from dispatcher.i18n import catalogs

OURS = {"Say": None, "pgettext": ((1, "c"), 2), "t": None, "pt": ((1, "c"), 2)}
CLICKS = {"_": None, "ngettext": (1, 2)}
READ = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
Id = tuple[str | None, str | tuple[str, str]]  # context and sentence, or one and many


def said() -> set[Id]:
    """Every sentence that may be said: ours, and click's own."""
    click = find_spec("click")
    assert click is not None
    assert click.origin is not None
    return _in(catalogs.HERE.parent, OURS) | _in(Path(click.origin).parent, CLICKS)


def catalog(language: str) -> Catalog:
    """A catalog as it stands."""
    with catalogs.own(language).open("rb") as file:
        return read_po(file, locale=language)


def bring_up() -> None:
    """Add new sentences to both catalogs, take out those nobody says."""
    wanted = said()
    for language in catalogs.LANGUAGES:
        found = catalog(language)
        known = {_id(m) for m in found if m.id}
        for context, id in known - wanted:
            found.delete(_first(id), context=context)
        for context, id in wanted - known:
            same = id if language == "en" else ""
            found.add(id, string=same, context=context)
        with catalogs.own(language).open("wb") as file:
            write_po(file, found, width=100, sort_output=True, no_location=True)


def missing(language: str) -> list[str]:
    """The sentences without a translation."""
    return [_first(m.id) for m in catalog(language) if m.id and not _is_translated(m.string)]


def _is_translated(string: object) -> bool:
    parts = string if isinstance(string, tuple | list) else [string]
    return all(parts) and bool(parts)


def _in(folder: Path, keywords: object) -> set[Id]:
    found: set[Id] = set()
    for _, _, id, _, context in extract_from_dir(folder, READ, keywords=keywords):  # type: ignore[arg-type]
        if id:
            found.add((context, id if isinstance(id, str) else (id[0], id[1])))
    return found


def _id(message: object) -> Id:
    id = message.id  # type: ignore[attr-defined]
    return (message.context, id if isinstance(id, str) else (id[0], id[1]))  # type: ignore[attr-defined]


def _first(id: str | Sequence[str]) -> str:
    return id if isinstance(id, str) else id[0]
