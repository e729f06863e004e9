"""contacts: words that can stand on standard input, so that no number is in argv."""

from __future__ import annotations

import sys


def whom(text: str) -> str:
    """A person or a number as given; - stands for standard input."""
    return sys.stdin.read().strip() if text == "-" else text.strip()


def lines(words: tuple[str, ...]) -> tuple[str, ...]:
    """Numbers as given; - stands for lines of standard input."""
    found: list[str] = []
    for word in words:
        found += sys.stdin.read().split("\n") if word == "-" else [word]
    return tuple(w.strip() for w in found if w.strip())
