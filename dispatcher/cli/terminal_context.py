"""What every command shares: language, JSON, progress, who acts, and how things are said.

With --json stdout holds exactly one JSON document; words go to stderr.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import Say, Spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatcher.config import Site
    from dispatcher.domain.model import Actor
    from dispatcher.usecases.context import App, Context

VALUED = {"--site": "site", "--lang": "lang", "--as": "person"}
FLAGS = {
    "--json": "json",
    "-q": "quiet",
    "--quiet": "quiet",
    "--no-progress": "no_progress",
    "--dry-run": "dry_run",
    "--yes": "yes",
    "-y": "yes",
}


def split_options(arguments: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Take the options of every command out of `arguments`, wherever they stand.

    Raises ValueError with a sentence when one lacks its value.
    """
    options: dict[str, Any] = {}
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *waiting]
            break
        if name in VALUED:
            if not equals:
                if not waiting:
                    raise ValueError(f"{name}: thiếu giá trị · needs a value")
                value = waiting.pop(0)
            options[VALUED[name]] = value
        elif word in FLAGS:
            options[FLAGS[word]] = True
        else:
            rest.append(word)
    if options.get("lang") not in (None, "vi", "en"):
        raise ValueError("--lang: vi | en")
    return options, rest


@dataclass
class TerminalContext:
    """One run of one command."""

    site: str | None = None
    lang: str | None = None
    person: str | None = None
    json: bool = False
    quiet: bool = False
    no_progress: bool = False
    dry_run: bool = False
    yes: bool = False
    _app: App | None = field(default=None, repr=False)
    hinted: bool = False  # the command said what to do next
    _site: Site | None = field(default=None, repr=False)

    @property
    def language(self) -> str:
        if self.lang:
            return self.lang
        if self._site is not None:
            return self._site.language
        return os.environ.get("DISPATCHER_LANG", "vi")

    def open_site(self) -> Site:
        """The settings of the site; a problem when there is none or they are wrong."""
        if self._site is None:
            from dispatcher.config import load

            self._site = load(Path(self.site) if self.site else None)
        return self._site

    def open_app(self) -> App:
        """The site with its data."""
        if self._app is None:
            from dispatcher.usecases.context import open_app

            self._app = open_app(self.open_site())
            self._app.store.dry = self.dry_run
        return self._app

    def actor(self) -> Actor:
        """The person named by --as, or this machine's operator."""
        return self.open_app().actor(self.person)

    def context(self) -> Context:
        """Who acts on which site, as use cases want it."""
        from dispatcher.usecases.context import Context

        return Context(self.open_app(), self.actor())

    # --- saying -----------------------------------------------------------------------------

    def text(self, words: str | Spoken) -> str:
        """Words in the reader's language."""
        return words if isinstance(words, str) else words.to(self.language)

    def say(self, words: str | Spoken = "") -> None:
        """A line for a person."""
        if not self.quiet:
            self._write(self.text(words))

    def hint(self, words: Spoken) -> None:
        """What to do next, dim."""
        self.hinted = True
        if self.quiet or self.json:
            return
        arrow = "→ " + self.text(words)
        dim = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        self._write(f"\x1b[2m{arrow}\x1b[0m" if dim else arrow, error=True)

    def confirm(self, what: Spoken) -> None:
        """Ask before something that cannot be taken back; refused where nobody can answer."""
        if self.yes or self.dry_run:
            return
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise refused(
                "not-confirmed",
                Say("{what} Nothing was done. Add --yes to confirm.", what=what),
            )
        self._write(self.text(Say("{what} Go on? [y/N]", what=what)), error=True)
        if sys.stdin.readline().strip().casefold() not in ("c", "có", "co", "y", "yes"):
            raise refused("not-confirmed", Say("Nothing was done."))

    def ask_number(self, what: Spoken) -> int | None:
        """A number from the person at the terminal; None where nobody can answer, or it is none."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return None
        given = re.sub(r"[.,\s]", "", self.ask(what))
        return int(given) if given.isdigit() else None

    def ask(self, label: Spoken) -> str:
        """One line from the person at the terminal."""
        self._write(f"{label.to(self.language)}: ", error=True)
        return sys.stdin.readline().strip()

    def warn(self, words: str | Spoken) -> None:
        """A line for a person, apart from results."""
        self._write(self.text(words), error=True)

    def _write(self, line: str, *, error: bool = False) -> None:
        stream = sys.stderr if self.json or error else sys.stdout
        stream.write(_plain(line) + "\n")
        stream.flush()

    def emit(self, value: Any) -> None:
        """The one JSON document."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str, indent=1) + "\n")
        sys.stdout.flush()

    def emit_list(self, values: Iterable[Any]) -> None:
        """A JSON list as one document, written while it is read: memory stays flat."""
        sys.stdout.write("[")
        for number, value in enumerate(values):
            sys.stdout.write(",\n" if number else "\n")
            sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str))
        sys.stdout.write("\n]\n")
        sys.stdout.flush()

    def line(self, text: str) -> None:
        """Raw output: JSON lines, CSV."""
        sys.stdout.write(text)

    def problem(self, problem: Problem) -> int:
        """Tell a problem and what to type next; its exit code."""
        from dispatcher.cli.steps import sentence_and_step

        message = sentence_and_step(problem).to(self.language)
        sys.stderr.write(_plain(message) + "\n")
        if self.json:
            self.emit({"error": {"code": problem.code, "message": message}})
        return problem.exit_code

    def table(
        self, heads: Sequence[Spoken], rows: Iterable[Sequence[Any]], numbers: Sequence[int] = ()
    ) -> None:
        """A table on the terminal, plain when piped."""
        if self.quiet:
            return
        from rich.box import SIMPLE
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
        for index, head in enumerate(heads):
            table.add_column(
                escape(head.to(self.language)),
                overflow="fold",
                justify="right" if index in numbers else "left",
            )
        for row in rows:
            table.add_row(*(escape(_plain(as_text(cell))) for cell in row))
        width = None if sys.stdout.isatty() else 160
        Console(file=sys.stderr if self.json else sys.stdout, width=width, highlight=False).print(
            table
        )

    @contextmanager
    def progress(self, what: Spoken, total: int) -> Iterator[Any]:
        """A bar with rate and time left; silent when piped. Yields `update(done)`."""
        if self.no_progress or self.quiet or self.json or not sys.stderr.isatty():
            yield lambda done, total=None: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(40),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            transient=True,
        )
        with bar:
            per_second = self.text(Say("/s"))
            task = bar.add_task(self.text(what), total=total, rate="")

            def update(done: int, total: int | None = None) -> None:
                speed = bar.tasks[0].speed
                rate = f"{speed:.0f}{per_second}" if speed else ""
                bar.update(task, completed=done, total=total, rate=rate)

            yield update


def as_text(cell: Any) -> str:
    """A cell for people: thousands with dots, nothing for None."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "✓" if cell else ""
    return f"{cell:,}".replace(",", ".") if isinstance(cell, int) else str(cell)


def _plain(text: str) -> str:
    """Control characters that a name or a vendor smuggled in are shown, not obeyed."""
    return "".join(c if c >= " " or c in "\n\t\x1b" else repr(c)[1:-1] for c in text)
