"""What can be told to a person: what is wrong, where, what to do next; two languages, no traceback.

A *problem* is an exception a person can fix. A *fault* (model.Fault) is a value about a message.
Anything else that is raised is a bug and keeps its traceback.
"""

from __future__ import annotations

import difflib
import errno
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# Exit codes of DESIGN section 9.
OK, PARTLY, USAGE, REFUSED, SETTINGS, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


@dataclass(frozen=True)
class Say:
    """One sentence in both languages."""

    vi: str
    en: str

    def to(self, language: str) -> str:
        """The sentence in `language`; anything but "en" reads Vietnamese."""
        return self.en if language == "en" else self.vi


class Problem(Exception):
    """Something a person can fix.

    `code` is stable and machine-readable; `exit_code` is one of DESIGN section 9; `where` names a
    file and line when there is one.
    """

    def __init__(
        self, code: str, vi: str, en: str, *, exit_code: int = USAGE, where: str = ""
    ) -> None:
        super().__init__(en)
        self.code, self.exit_code, self.where = code, exit_code, where
        self.say = Say(f"{where}: {vi}" if where else vi, f"{where}: {en}" if where else en)

    def to(self, language: str) -> str:
        return self.say.to(language)


class Bug(Exception):
    """Our own mistake: a traceback in the log is right."""


def refused(code: str, vi: str, en: str) -> Problem:
    """A rule says no (exit 3)."""
    return Problem(code, vi, en, exit_code=REFUSED)


def settings(code: str, vi: str, en: str, *, where: str = "") -> Problem:
    """Settings or credentials are wrong (exit 4)."""
    return Problem(code, vi, en, exit_code=SETTINGS, where=where)


def shortage(error: BaseException) -> Problem | None:
    """What the machine has run out of, where that is why `error` came: threads or open files.

    It passes when other programs end; whoever meets it waits and tries again.
    """
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return settings(
            "no-thread",
            Say(
                "The machine has no thread left to run in; the worker waits and tries "
                "again by itself. Close some programs, or raise the machine's limit of "
                "threads."
            ),
        )
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return settings(
            "no-descriptor",
            Say(
                "Too many files and connections are open; the worker waits and tries "
                "again by itself. Close some programs, or raise the limit of open "
                "files."
            ),
        )
    return None


def _plain(name: str) -> str:
    """A name without case and diacritics, for comparing what people type."""
    letters = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return "".join(c for c in letters if not unicodedata.combining(c))


def not_among(what: Spoken, name: str, known: Iterable[str]) -> Problem:
    """A word that is not one of a few; they are all named."""
    names = ", ".join(known)
    return Problem(
        "unknown-name",
        Say("No {what} “{name}”. There are: {names}.", what=what, name=name, names=names),
    )


def unknown(
    what: Spoken, name: str, known: Iterable[str], *, hint: Spoken | None = None
) -> Problem:
    """A name that is not known, with the nearest ones: "có phải ý bạn là …"."""
    known = list(known)
    close = difflib.get_close_matches(_plain(name), [_plain(k) for k in known], 3, 0.6)
    names = [k for k in known if _plain(k) in close]
    vi = f"Không tìm thấy {what.vi} «{name}»."
    en = f"No {what.en} called “{name}”."
    if names:
        vi += f" Có phải ý bạn là: {', '.join(names)}?"
        en += f" Did you mean: {', '.join(names)}?"
    elif hint:
        vi, en = f"{vi} {hint.vi}", f"{en} {hint.en}"
    return Problem("unknown-name", vi, en)
