"""Vietnamese names in the order people look for them: by given name, then family name, then middle.

The alphabet is a ă â b c d đ e ê … o ô ơ … u ư …; tones come after the letters. Pure.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from dispatcher.domain.areas import natural_key

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_PLACE = {letter: chr(48 + place) for place, letter in enumerate(_ALPHABET)}
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}  # à ả ã á ạ


@lru_cache(maxsize=50_000)
def word_key(word: str) -> tuple[str, str]:
    """(its letters by the alphabet, its tones): compares as a Vietnamese dictionary does."""
    letters, tones = [], []
    for char in unicodedata.normalize("NFC", word.casefold()):
        pieces = unicodedata.normalize("NFD", char)
        tone = next((_TONES[c] for c in pieces if c in _TONES), "0")
        base = unicodedata.normalize("NFC", "".join(c for c in pieces if c not in _TONES))
        letters.append(_PLACE.get(base, base))
        tones.append(tone)
    return "".join(letters), "".join(tones)


def order(name: str) -> tuple[tuple[str, str], ...]:
    """The key that sorts “Nguyễn Văn An” before “Trần Thị Bình”."""
    words = name.split()
    if not words:
        return ()
    return tuple(word_key(w) for w in (words[-1], *words[:-1]))


@lru_cache(maxsize=5_000)
def place_order(group: str) -> tuple[tuple[int, str], ...]:
    """The key that sorts “số 2” before “số 10”; no residential group comes last."""
    return natural_key(group) if group else ((1 << 60, ""),)
