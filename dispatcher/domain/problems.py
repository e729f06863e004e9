"""What can be told to a person: what is wrong and where; two languages, no traceback.

What to do next is said by the door, from its own table (`cli/steps.py`, `web/steps.py`,
`api/steps.py`), filled with the problem's fields.

A *problem* is an exception a person can fix. A *fault* (model.Fault) is a value about a message.
Anything else that is raised is a bug and keeps its traceback.
"""

from __future__ import annotations

import difflib
import errno
import unicodedata
from collections.abc import Iterable, Mapping

from dispatcher.i18n import NOTHING, Both, Joined, Say, Spoken

# Exit codes of DESIGN section 9.
OK, PARTLY, USAGE, REFUSED, SETTINGS, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


class Problem(Exception):
    """Something a person can fix.

    `code` is stable and machine-readable; `exit_code` is one of DESIGN section 9; `where` names a
    file and line when there is one. `step`: which next step a door looks up in its table, the code
    where none is named; `fields`: what such a step may name, those of the sentence.
    """

    def __init__(
        self, code: str, why: Spoken, *, exit_code: int = USAGE, where: str = "", step: str = ""
    ) -> None:
        super().__init__(code)
        self.code, self.exit_code, self.where = code, exit_code, where
        self.step = step or code
        self.fields: Mapping[str, object] = why.fields if isinstance(why, Say) else {}
        self.say: Spoken = Joined(": ", [Both(where, where), why]) if where else why

    def __str__(self) -> str:
        return self.say.en

    def to(self, language: str) -> str:
        """The sentence in `language`."""
        return self.say.to(language)


class Bug(Exception):
    """Our own mistake: a traceback in the log is right."""


def refused(code: str, why: Spoken, *, step: str = "") -> Problem:
    """A rule says no (exit 3)."""
    return Problem(code, why, exit_code=REFUSED, step=step)


def settings(code: str, why: Spoken, *, where: str = "", step: str = "") -> Problem:
    """Settings or credentials are wrong (exit 4)."""
    return Problem(code, why, exit_code=SETTINGS, where=where, step=step)


def next_step(problem: Problem, steps: Mapping[str, Say]) -> Spoken:
    """What to do about it by the table of a door; says nothing where the table has no step."""
    found = steps.get(problem.step)
    return Say(found.id, **{**found.fields, **problem.fields}) if found else NOTHING


def with_step(problem: Problem, steps: Mapping[str, Say]) -> Spoken:
    """What is wrong, and behind it what to do about it by the table of a door."""
    step = next_step(problem, steps)
    return Joined(" ", [problem.say, step]) if step else problem.say


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
    what: Spoken, name: str, known: Iterable[str], *, hint: Spoken | None = None, step: str = ""
) -> Problem:
    """A name that is not known, with the nearest ones: "có phải ý bạn là …". Where none is near:
    `hint`, and the door's next step for the word `step`."""
    known = list(known)
    close = difflib.get_close_matches(_plain(name), [_plain(k) for k in known], 3, 0.6)
    names = [k for k in known if _plain(k) in close]
    said: list[Spoken] = [Say("No {what} called “{name}”.", what=what, name=name)]
    if names:
        near = ", ".join(names)
        said.append(Say("Did you mean: {near}?", near=near))
    elif hint:
        said.append(hint)
    return Problem("unknown-name", Joined(" ", said), step="" if names else step)
