"""Prints all statements of the code: `python -m dispatcher.db.statements [--dialect D] [NAME]`."""

from __future__ import annotations

import argparse
import sys

from dispatcher.db.statements.layout import laid_out
from dispatcher.db.statements.register import DIALECTS, SQLITE, statements


def main() -> int:
    """Print what is asked for; 1 when there is no statement of that name."""
    parser = argparse.ArgumentParser(prog="python -m dispatcher.db.statements", description=__doc__)
    parser.add_argument("name", nargs="?", default="", help="module.function, or how it begins")
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default=SQLITE)
    asked = parser.parse_args()
    found = [s for s in statements(asked.dialect) if s.name.startswith(asked.name)]
    for statement in found:
        given = ", ".join(f":{name}" for name in statement.parameters) or "none"
        sys.stdout.write(f"-- {statement.name}\n-- parameters: {given}\n")
        sys.stdout.write(f"{laid_out(statement.sql)};\n\n")
    return 0 if found else 1


if __name__ == "__main__":
    raise SystemExit(main())
