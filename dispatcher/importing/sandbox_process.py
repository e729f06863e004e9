"""The process that opens files nobody has looked at: it can compute and answer, nothing else.

Its standard input is the file, its first argument the name for messages. It answers in JSON lines:
{"sheet", …} · [[row, [cells]], …] · {"notes"} · at last {"end"} or
{"problem": [code, vi, en]}. It may not open files (but Python's own modules),
start programs or use the network; memory and time are limited.
"""

from __future__ import annotations

import csv
import gc
import json
import sys
from dataclasses import asdict
from typing import Any

from dispatcher.i18n import Say, catalogs

MEMORY = 512 * 1024 * 1024  # bytes of address space
SECONDS = 20  # of computing
BATCH = 400  # rows in a line
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.system",
    "os.startfile",
    "os.remove",
    "os.rename",
    "ctypes.",
    "shutil.",
)


def _limit() -> None:
    """Limits of the system where it has them; Windows gets its own from the parent."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _without_network() -> None:
    """A network namespace of our own holds no network; where that is forbidden the hook does."""
    import ctypes

    try:
        if sys.platform == "linux":
            ctypes.CDLL(None).unshare(0x10000000 | 0x40000000)  # user and network namespaces
    except (OSError, AttributeError):
        pass


def _forbid() -> None:
    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_FORBIDDEN):
            raise PermissionError(event)
        if event == "open" and not str(arguments[0]).endswith((".py", ".pyc")):
            raise PermissionError(event)

    sys.addaudithook(refuse)


def _answer(document: Any) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
    sys.stdout.write("\n")


def main(name: str) -> None:
    """Read standard input, answer on standard output."""
    from dispatcher.domain.problems import Problem
    from dispatcher.importing import formats
    from dispatcher.importing.cleaning import Cleaner

    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")  # type: ignore[union-attr]
    gc.disable()  # a short life without cycles
    catalogs.load()  # no file may be opened later
    _without_network()
    _limit()
    csv.field_size_limit(32_768)  # more than Excel lets a cell hold
    try:
        raw = sys.stdin.buffer.read(formats.MOST_BYTES + 1)
        _forbid()
        if len(raw) > formats.MOST_BYTES:
            raise formats.unreadable(name, Say("the file is larger than 256 MB; split it"))
        for sheet in formats.sheets(name, raw):
            _answer(
                {
                    "sheet": sheet.name,
                    "hidden": sheet.hidden,
                    "hidden_rows": list(sheet.hidden_rows),
                    "count": sheet.count,
                    "comments": list(sheet.comments),
                }
            )
            cleaner = Cleaner(sheet)
            batch = []
            for row in cleaner.rows():
                batch.append(row)
                if len(batch) == BATCH:
                    _answer(batch)
                    batch = []
            if batch:
                _answer(batch)
            _answer({"notes": [asdict(n) for n in cleaner.notes.values()]})
        _answer({"end": True})
    except Problem as problem:
        _answer({"problem": [problem.code, problem.to("vi"), problem.to("en")]})
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
