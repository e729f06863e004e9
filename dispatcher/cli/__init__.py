"""The command line: click, one file per noun, loaded only when its command is used."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dispatcher.cli.terminal_context import TerminalContext, split_options

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with a code of DESIGN section 9."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        options, rest = split_options(given)
        terminal = TerminalContext(**options)
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(2)
    from dispatcher.cli.entry import run

    sys.exit(run(terminal, rest))
