"""Wards and residential groups by the many names people write them under. Pure.

Residential groups are compared by one normal form: "Tổ 5", "TDP số 05" and "tổ dân phố 5" are the
same group, "5A" and "số 1 (Mới)" are others. Forms seen in ward lists, 2023-2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from dispatcher.domain.problems import Problem, unknown
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say, Spoken

T = TypeVar("T")
_UNIT_WORDS = re.compile(r"\b(phuong|xa|dac khu|thi tran|quan|huyen|thi xa|thanh pho)\s+(?=\w)")
_WARD_WORDS = re.compile(r"^(?:ubnd\s+)?(?:phuong|p\.|p\s|xa|dac khu)\s*", re.IGNORECASE)
_ENDS = r"\s*(?:$|[^\w\s]|" + _UNIT_WORDS.pattern + r"|tp\b)"  # after the whole name of a unit
_GROUP_WORDS = re.compile(
    r"^(?:to\s*dan\s*pho|tdp|khu\s*pho|khoi\s*pho|khu\s*dan\s*cu|kdc|kp|to|thon|khom|khu)"
    r"(?:\s*(?:so|:|\.|-)\s*|\s+|(?=\d))+"
)
_NUMBER_WORD = re.compile(r"^(?:so|s\.)\s*(?=\d)")
_ROMAN = {
    "i": 1,
    "ii": 2,
    "iii": 3,
    "iv": 4,
    "v": 5,
    "vi": 6,
    "vii": 7,
    "viii": 8,
    "ix": 9,
    "x": 10,
    "xi": 11,
    "xii": 12,
}


def ward_key(name: str) -> str:
    """The form ward names are compared in: "P. Máy Tơ" and "phường máy tơ" are "may to"."""
    return _WARD_WORDS.sub("", folded(name)).strip()


def group_key(name: str) -> str:
    """The normal form of a residential group: "TDP số 05" → "5", "Tổ 5A" → "5a"."""
    key = _GROUP_WORDS.sub("", folded(name)).strip()
    key = _NUMBER_WORD.sub("", key)
    key = re.sub(r"^0+(?=\d)", "", key)
    key = re.sub(r"^(\d+)\s+([a-z])$", r"\1\2", key)
    return str(_ROMAN[key]) if key in _ROMAN else key


def unit_in(name: str, known: Mapping[str, T]) -> T | None:
    """The unit that the name of an organisation speaks of; None when it is none of `known`.

    `known`: normal forms (see `ward_key`). "Công an phường Máy Tơ" speaks of "may to"; a name
    without a word for a unit may hold it anywhere; where two fit, the longer one is meant.
    """
    plain = folded(name)
    starts = [found.end() for found in _UNIT_WORDS.finditer(plain)]
    for key in sorted(filter(None, known), key=len, reverse=True):
        whole, inside = re.compile(re.escape(key) + _ENDS), rf"(?<!\w){re.escape(key)}(?!\w)"
        if any(whole.match(plain, at) for at in starts) or (
            not starts and re.search(inside, plain)
        ):
            return known[key]
    return None


def looks_like_group(text: str) -> bool:
    """True for a cell or sheet name that names a residential group and nothing else."""
    plain = folded(text)
    return bool(_GROUP_WORDS.match(plain)) and len(group_key(text)) <= 20


def group_name(key_or_name: str) -> str:
    """How a residential group is written: "Tổ dân phố số 3" for anything that means 3."""
    key = group_key(key_or_name)
    if re.fullmatch(r"\d+[a-z]?", key):
        return f"Tổ dân phố số {key.upper()}"
    return " ".join(key_or_name.split())


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Sorts "số 2" before "số 10"."""
    return tuple(
        (int(piece), "") if piece.isdigit() else (0, piece)
        for piece in re.findall(r"\d+|\D+", folded(name))
    )


def find(what: Spoken, name: str, known: Mapping[str, T], display: Iterable[str]) -> T:
    """The one thing called `name` among `known` (normal forms).

    Raises a problem with the nearest `display` names when there is none.
    """
    for key in (folded(name), ward_key(name), group_key(name)):
        if key in known:
            return known[key]
    raise unknown(what, name, display)


def within(parent: str, name: str) -> Problem:
    """A group that is not in the ward it was looked for in."""
    return Problem(
        "unknown-group",
        Say("Ward {parent} has no “{name}”.", parent=parent, name=name),
    )
