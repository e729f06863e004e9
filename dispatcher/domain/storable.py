"""Words from outside become words that any database takes: the one door for bytes.

Comes from: vendors' answers and reports, lists, files.   Goes to: whoever stores or shows them.
Never: fails, or gives two different answers for the same words, so that an id in an answer and the
same id in a report stay equal. What a person types is not mended but refused: see `check_typed`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from dispatcher.domain.problems import Problem
from dispatcher.i18n import NOTHING, Say

# Longest that is kept, in characters.
IDENTIFIER, CODE, DETAIL, REPLY, NAME = 200, 100, 500, 2_000, 300
MOST = 2**31 - 1  # what a database's whole number holds

REPLACED = "\ufffd"
# NUL, control characters that XML and terminals do not take, halves of characters, non-characters
_ODD = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_UNTAKEN = re.compile("[\0\ud800-\udfff]")  # what a database or UTF-8 itself refuses


def words(said: object, most: int = DETAIL) -> str:
    """Valid UTF-8 without NUL, control characters or halves of characters, `most` characters long
    at most. Each odd character becomes U+FFFD; None becomes no words."""
    if type(said) is not str:
        said = _spelled(said)
    if _ODD.search(said):
        said = _mended(said)
    return said if len(said) <= most else said[: most - 1] + "…"


def identifier(said: object, most: int = IDENTIFIER) -> str | None:
    """`words` for what is compared: a long one keeps its beginning and a hash of all of it, so that
    two that begin alike stay two. None and nothing stay as they are."""
    if said is None:
        return None
    if type(said) is not str:
        said = _spelled(said)
    if _ODD.search(said):
        said = _mended(said)
    if len(said) <= most:
        return said
    return f"{said[: most - 17]}…{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def number(said: object, most: int = MOST) -> int | None:
    """A whole number from 0 to `most`; None for anything else."""
    return said if type(said) is int and 0 <= said <= most else None


def _spelled(said: object) -> str:
    """Anything at all as text; what cannot even be spelled is no words."""
    if said is None:
        return ""
    try:
        return str.__str__(said) if isinstance(said, str) else str(said)
    except Exception:
        return ""


def _mended(said: str) -> str:
    """Two halves side by side are one character; what is still odd is replaced."""
    whole = said.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _ODD.sub(REPLACED, whole)


def is_storable(text: str) -> bool:
    """True when both databases take these words as they are."""
    return _UNTAKEN.search(text) is None


def odd_words(where: str = "") -> Problem:
    """Somebody typed, or a program sent, what no database keeps. `where`: of which field."""
    at = Say(" in “{where}”", where=where) if where else NOTHING
    return Problem(
        "odd-characters",
        Say(
            "There is a broken character{at} (NUL, or not UTF-8): delete it, type it again.", at=at
        ),
    )


def check_typed(value: Any, where: str = "") -> None:
    """Refuse what a person typed or a program sent, however deep in it: Problem odd-characters."""
    if isinstance(value, str):
        if not is_storable(value):
            raise odd_words(words(where, 50))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            check_typed(key, where)
            check_typed(each, where or str(key))
    elif isinstance(value, (list, tuple)):
        for each in value:
            check_typed(each, where)
