"""What can be told to a person: what is wrong, where, what to do next; two languages, no traceback.

A *problem* is an exception a person can fix. A *fault* (model.Fault) is a value about a message.
Anything else that is raised is a bug and keeps its traceback.
"""

from __future__ import annotations

import difflib
import errno
import unicodedata
from collections.abc import Iterable

from dispatcher.i18n import Both, Joined, Say, Spoken

# Exit codes of DESIGN section 9.
OK, PARTLY, USAGE, REFUSED, SETTINGS, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


class Problem(Exception):
    """Something a person can fix.

    `code` is stable and machine-readable; `exit_code` is one of DESIGN section 9; `where` names a
    file and line when there is one.
    """

    def __init__(self, code: str, why: Spoken, *, exit_code: int = USAGE, where: str = "") -> None:
        super().__init__(code)
        self.code, self.exit_code, self.where = code, exit_code, where
        self.say: Spoken = Joined(": ", [Both(where, where), why]) if where else why

    def __str__(self) -> str:
        return self.say.en

    def to(self, language: str) -> str:
        """The sentence in `language`."""
        return self.say.to(language)


class Bug(Exception):
    """Our own mistake: a traceback in the log is right."""


def refused(code: str, why: Spoken) -> Problem:
    """A rule says no (exit 3)."""
    return Problem(code, why, exit_code=REFUSED)


def settings(code: str, why: Spoken, *, where: str = "") -> Problem:
    """Settings or credentials are wrong (exit 4)."""
    return Problem(code, why, exit_code=SETTINGS, where=where)


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
    said: list[Spoken] = [Say("No {what} called “{name}”.", what=what, name=name)]
    if names:
        near = ", ".join(names)
        said.append(Say("Did you mean: {near}?", near=near))
    elif hint:
        said.append(hint)
    return Problem("unknown-name", Joined(" ", said))
