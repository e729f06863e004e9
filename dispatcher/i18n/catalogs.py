"""The catalogs of sentences: gettext's .po files, compiled again when somebody changed one.

The project's own stand beside this file, `vi/LC_MESSAGES/dispatcher.po` and the like. A site may
correct sentences in `sentences/vi.po` of its own folder: only what differs has to stand there.
"""

from __future__ import annotations

import gettext
import io
import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

DOMAIN = "dispatcher"
HERE = Path(__file__).parent
LANGUAGES = ("vi", "en")
_corrections: list[Path] = []


def look_up(id: str, language: str) -> str:
    """The sentence in `language`; English where the catalog lacks it."""
    if not id:
        return ""
    for folder in _corrections:
        found = _of(folder / f"{language}.po").get(id)
        if found:
            return found
    return _of(own(language)).get(id) or without_context(id)


def own(language: str) -> Path:
    """Where the project keeps the catalog of a language."""
    return HERE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def load() -> None:
    """Read the project's own catalogs now, for a process that may open no file later."""
    for language in LANGUAGES:
        _of(own(language))


def without_context(id: str) -> str:
    """The English sentence of an id that may carry a context."""
    return id.rpartition("\x04")[2]


def correct_from(site: Path) -> None:
    """Take the corrections a site has written into its folder `sentences`."""
    folder = site / "sentences"
    _corrections[:] = [folder] if folder.is_dir() else []


def speak(language: str) -> None:
    """Let click, which asks gettext itself, speak `language` from the same catalogs."""
    _of(own(language))
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, str(HERE))
    gettext.textdomain(DOMAIN)


@cache
def _of(path: Path) -> dict[str, str]:
    return read(path)


def read(path: Path) -> dict[str, str]:
    """The sentences of one catalog by id; none where the file is missing."""
    if not path.is_file():
        return {}
    compiled = path.with_suffix(".mo")
    if compiled.is_file() and compiled.stat().st_mtime_ns >= path.stat().st_mtime_ns:
        raw = compiled.read_bytes()
    else:
        raw = _compile(path)
        with suppress(OSError):  # a folder nobody may write to: compiled again next time
            _write(compiled, raw)
    found = gettext.GNUTranslations(io.BytesIO(raw))
    return {k: v for k, v in found._catalog.items() if isinstance(k, str) and k}  # type: ignore[attr-defined]


def _compile(path: Path) -> bytes:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        catalog = read_po(file, charset="utf-8")
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def _write(path: Path, raw: bytes) -> None:
    """In one step, so that another process reads all of it or the one before."""
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        file.write(raw)
    os.replace(name, path)
