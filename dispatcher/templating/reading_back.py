"""The unaccented text read back as a hurried resident may read it.

Without marks a word can say something else, now and then the opposite: `dung` is đừng and dùng.
Sources: vietnam.md 2.4 and our own reading; the words are data (`ambiguous.toml`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from dispatcher.domain.sms import folded


@dataclass(frozen=True)
class Word:
    word: str
    readings: tuple[str, ...]
    instead: str
    block: bool
    before: frozenset[str]  # words before it that settle the reading
    after: frozenset[str]


@dataclass(frozen=True)
class WordReading:
    """One doubtful place: `excerpt` as written, `meant` by the accented text, if it tells."""

    word: Word
    excerpt: str
    at: int
    meant: str


@lru_cache(maxsize=1)
def words() -> tuple[Word, ...]:
    text = files("dispatcher.templating").joinpath("ambiguous.toml").read_text("utf-8")
    return tuple(
        Word(
            w["word"],
            tuple(w["readings"]),
            w["instead"],
            w.get("block", False),
            frozenset(w.get("unless_before", ())),
            frozenset(w.get("unless_after", ())),
        )
        for w in tomllib.loads(text)["word"]
    )


def read_back(
    text: str, accented: str = "", accepted: frozenset[str] = frozenset()
) -> list[WordReading]:
    """Doubtful words of an unaccented text that its author has not accepted, each once."""
    found = []
    taken: list[range] = []
    for word in sorted(words(), key=lambda w: -len(w.word)):
        for place in _places(word, text):
            if any(place in span for span in taken):
                continue
            taken.append(range(place, place + len(word.word)))
            if word.word not in accepted:
                end = place + len(word.word)
                excerpt = text[max(0, place - 15) : end + 15].strip()
                found.append(WordReading(word, excerpt, place, _meant(word, accented)))
                break
    return sorted(found, key=lambda r: r.at)


def _places(word: Word, text: str) -> Iterator[int]:
    for hit in re.finditer(rf"(?<!\w){re.escape(word.word)}(?!\w)", text, re.I):
        before = re.search(r"(\S+)\s+$", text[: hit.start()])
        after = re.match(r"\s+([\w/]+)", text[hit.end() :])
        left, right = before[1] if before else "", after[1] if after else ""
        settled = {left, left.lower()} & word.before or {right, right.lower()} & word.after
        if not settled:
            yield hit.start()


def _meant(word: Word, accented: str) -> str:
    """Which reading the accented text has, when it has exactly one of them."""
    plain = accented.casefold()
    there = [r for r in word.readings if re.search(rf"(?<!\w){re.escape(r)}(?!\w)", plain)]
    return there[0] if len(there) == 1 and folded(there[0]) == word.word else ""
