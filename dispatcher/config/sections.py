"""TOML tables read key by key: a wrong or unknown key is a problem with its line."""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from dispatcher.domain.model import Window
from dispatcher.domain.problems import Problem, settings
from dispatcher.domain.spelled import Duration
from dispatcher.domain.storable import check_typed, odd_words
from dispatcher.i18n import NOTHING, Say, Spoken


def read_toml(path: Path, text: str | None = None, first_line: int = 1) -> dict[str, Any]:
    """TOML that may have CRLF and a BOM; trouble names file and line."""
    if text is None:
        text = read_text(path)
    try:
        found_here = tomllib.loads(composed(text).replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else len(text.splitlines())
        wrong = str(error).split(" (at")[0]
        raise settings(
            "bad-toml",
            Say("not valid TOML ({wrong}). Fix this line.", wrong=wrong),
            where=f"{path.name}:{line + first_line - 1}",
        ) from None
    try:
        check_typed(found_here)
    except Problem:  # written as an escape: \\u0000
        raise _odd(path.name) from None
    return found_here


def read_text(path: Path) -> str:
    """A text file of the site: UTF-8, BOM and CRLF allowed; letters composed, however typed."""
    try:
        text = composed(path.read_text("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        raise settings(
            "not-utf8",
            Say("the file is not UTF-8. Save it as UTF-8 and try again."),
            where=path.name,
        ) from None
    except OSError as error:
        raise settings(
            "unreadable",
            Say(
                "cannot be read ({strerror}). Check the file and its rights.",
                strerror=error.strerror,
            ),
            where=str(path),
        ) from None
    if "\0" in text:
        raise _odd(f"{path.name}:{text.count(chr(10), 0, text.index(chr(0))) + 1}")
    return text


WORDS: dict[type, Spoken] = {
    str: Say("words in quotes"),
    int: Say("a number"),
    float: Say("a number"),
    bool: Say("true or false"),
    list: Say("a list [...]"),
    dict: Say("a table"),
}


def _odd(where: str) -> Problem:
    """A character that no database keeps stands in a file."""
    return settings("odd-characters", odd_words().say, where=where)


def composed(text: str) -> str:
    """Letters with their marks as one (NFC): a name typed in parts is the same name."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


class Section:
    """One TOML table, read key by key, that knows its file and complains about leftovers."""

    def __init__(self, values: Mapping[str, Any], name: str, path: Path, text: str) -> None:
        self.values, self.name, self.path, self.text = dict(values), name, path, text
        self.asked: set[str] = set()

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """The value of `key`; None or the default when absent; a wrong type is a problem."""
        self.asked.add(key)
        if key not in self.values:
            return default
        value = self.values[key]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise self.problem(
                key,
                Say("“{key}” must be {words}.", key=key, words=WORDS[kinds[0]]),
            )
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of strings; a single string is a list of one."""
        value = self.take(key, (list, str), [])
        value = [value] if isinstance(value, str) else value
        if not all(isinstance(v, str) for v in value):
            raise self.problem(key, Say("“{key}” must be a list of strings.", key=key))
        return tuple(value)

    def required(self, key: str, kind: type) -> Any:
        value = self.take(key, kind)
        if value is None or value == "":
            raise self.problem(None, Say("[{name}] lacks “{key}”.", name=self.name, key=key))
        return value

    def close(self, known: Collection[str] = ()) -> None:
        """Refuse keys nobody asked for."""
        for key in self.values:
            if key not in self.asked:
                close = difflib.get_close_matches(key, [*self.asked, *known], 1)
                more = NOTHING
                if close:
                    more = Say(" Did you mean “{close}”?", close=close[0])
                raise self.problem(
                    key,
                    Say(
                        "there is no key “{key}” in [{name}].{more}",
                        key=key,
                        name=self.name,
                        more=more,
                    ),
                )

    def problem(self, key: str | None, say: Spoken) -> Problem:
        return settings("bad-setting", say, where=f"{self.path.name}:{self._line(key)}")

    def _line(self, key: str | None) -> int:
        """Where `key` is written: the first match after this section's own heading."""
        lines = self.text.splitlines()
        start = next(
            (
                i
                for i, line in enumerate(lines)
                if re.match(rf"\s*\[+\s*{re.escape(self.name)}\s*\]+", line)
            ),
            0,
        )
        if key is None:
            return start + 1
        pattern = re.compile(
            rf"""^\s*["']?{re.escape(key)}["']?\s*=|[{{,]\s*{re.escape(key)}\s*="""
        )
        heading = re.compile(rf"^\s*\[+\s*(?:{re.escape(self.name)}\.)?{re.escape(key)}\s*\]+")
        for i, line in enumerate(lines[start:], start + 1):
            if pattern.search(line) or heading.search(line):
                return i
        return start + 1


def duration(text: str) -> timedelta:
    """ "90s", "30m", "6h", "2d" as a time span; anything else raises ValueError."""
    return timedelta(seconds=Duration.spelled(text).total_seconds())


def window(text: str) -> Window:
    """ "07:00-22:00", "00:00-24:00"; anything else raises ValueError."""
    return Window.read(text)


def take_duration(section: Section, key: str, default: timedelta | None) -> timedelta | None:
    """A time span setting of `section`."""
    value = section.take(key, str)
    if value is None:
        return default
    try:
        return duration(value)
    except ValueError:
        raise section.problem(
            key,
            Say('“{key}” must look like "90s", "30m", "6h" or "2d".', key=key),
        ) from None


W = TypeVar("W", Window, None)


def take_window(section: Section, key: str, default: W) -> Window | W:
    """A window setting of `section`."""
    value = section.take(key, str)
    if value is None:
        return default
    try:
        return window(value)
    except ValueError:
        raise section.problem(key, Say('“{key}” must look like "07:00-22:00".', key=key)) from None
