"""Files become sheets of clean cells, read by a harmless process (`sandbox_process`)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from dispatcher.domain import storable
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Both, Say
from dispatcher.importing import sandbox

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".tsv", ".txt")
PASTED = Path("-")  # standard input
PATIENCE = 25.0  # seconds without an answer until a file is given up
Row = tuple[int, Sequence[str]]


@dataclass
class Sheet:
    """`rows`: (number as Excel shows it, cells as NFC text), read once. `name`: "" for text files.

    `notes`, of what was done to the cells, are there when the rows were read.
    """

    file: str
    name: str
    rows: Iterable[Row]
    hidden: bool = False
    hidden_rows: Sequence[int] = ()
    notes: list[Mapping[str, Any]] = field(default_factory=list)
    count: int = 0  # rows there are about
    comments: Sequence[tuple[int, int, str]] = ()  # (row, column, text) with a number in it


@lru_cache(maxsize=1)
def _pasted() -> IO[bytes]:
    kept = tempfile.TemporaryFile()  # noqa: SIM115  (has no name; gone with this process)
    shutil.copyfileobj(sys.stdin.buffer, kept)
    return kept


def pasted() -> IO[bytes]:
    """What came on standard input, from its beginning: it is read again for the report."""
    file = _pasted()
    file.flush()
    file.seek(0)
    return file


def files_in(paths: Sequence[Path]) -> list[Path]:
    """Files and the lists inside folders, in name order; "-" is what comes on standard input."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found.extend(
                sorted(
                    p
                    for p in path.rglob("*")
                    if p.suffix.lower() in SUFFIXES and not p.name.startswith(("~$", "."))
                )
            )
        else:
            found.append(path)
    if not found:
        raise Problem(
            "no-files",
            Say("No list found (xlsx, xls, ods, csv)."),
        )
    return list(dict.fromkeys(found))


def read_sheets(path: Path, name: str = "") -> Iterator[Sheet]:
    """Every sheet of a file, one after the other; rows that nobody reads before the next one comes
    are held in memory.

    `name`: what people call the file, where it lies under another name. A file that cannot be read
    is a problem that says what to do.
    """
    if path == PASTED:
        yield from _read(str(PASTED), pasted())
        return
    if not path.is_file():
        raise Problem(
            "no-file",
            Say("There is no file {path}. Check the name and the folder.", path=path),
        )
    try:
        file = path.open("rb")
    except OSError as error:
        raise Problem(
            "unreadable-file",
            Say(
                "{name} cannot be opened: {strerror}. If Excel has it open, close it.",
                name=path.name,
                strerror=error.strerror,
            ),
        ) from None
    with file:
        yield from _read(name or path.name, file)


def _read(name: str, file: IO[bytes]) -> Iterator[Sheet]:
    name = storable.words(name, storable.NAME)
    python, more = sandbox.interpreter()
    process = subprocess.Popen(
        [python, "-P", "-m", "dispatcher.importing.sandbox_process", name],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment() | more,
        **sandbox.options(),
    )
    sandbox.confine(process)
    assert process.stdout is not None
    answers = _Answers(process.stdout)
    watch = threading.Thread(target=answers.watch, args=(process.kill,), daemon=True)
    watch.start()
    try:
        yield from _sheets(name, answers)
    finally:
        answers.over.set()
        process.kill()
        watch.join()
        process.stdout.close()
        process.wait()


class _Answers:
    """What the reading process says, line by line; it is not waited for without end."""

    def __init__(self, lines: IO[bytes]) -> None:
        self._lines, self._since, self.over = lines, 0.0, threading.Event()

    def __iter__(self) -> Iterator[Any]:
        while True:
            self._since = time.monotonic()
            line = self._lines.readline()
            self._since = 0.0
            if not line.endswith(b"\n"):  # it died in the middle of a word
                return
            yield json.loads(line)

    def watch(self, kill: Callable[[], None]) -> None:
        while not self.over.wait(1.0):
            if self._since and time.monotonic() - self._since > PATIENCE:
                kill()


def _environment() -> dict[str, str]:
    """Nothing of ours but where Python finds its modules."""
    kept = ("PATH", "PYTHONPATH", "SYSTEMROOT", "LANG", "LC_ALL", "VIRTUAL_ENV", "PYTHONHOME")
    return {k: os.environ[k] for k in kept if k in os.environ} | {"PYTHONUTF8": "1"}


def _sheets(name: str, answers: Iterable[Any]) -> Iterator[Sheet]:
    ended = False
    sheet: Sheet | None = None

    def rows() -> Iterator[Row]:
        """The rows of the sheet that was announced last."""
        for said in answers:
            if type(said) is list:
                yield from said
            elif "notes" in said:
                assert sheet is not None
                sheet.notes.extend(said["notes"])
                return
            else:
                raise _problem(said)
        raise _gave_up(name)

    for said in answers:
        if "end" in said:
            ended = True
            break
        if "problem" in said:
            raise _problem(said)
        sheet = Sheet(
            name,
            storable.words(said["sheet"], storable.NAME),
            rows(),
            said["hidden"],
            said["hidden_rows"],
            count=said["count"],
            comments=said["comments"],
        )
        yield sheet
        sheet.rows = list(sheet.rows)  # what nobody has read yet is not lost
    if not ended:
        raise _gave_up(name)


def _problem(said: Mapping[str, Any]) -> Problem:
    code, vi, en = said["problem"]
    return Problem(str(code), Both(str(vi), str(en)))


def _gave_up(name: str) -> Problem:
    """It ran out of memory or time, or its library broke."""
    return Problem(
        "unreadable-file",
        Say(
            "{name}: the file is damaged or of an unusual size and was given up. "
            "Open it in Excel, copy the table into a new file or save it as CSV "
            "and try again.",
            name=name,
        ),
    )
