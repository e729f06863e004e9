"""What every command about people says or reads."""

from __future__ import annotations

import sys


def typed_phone(word: str) -> str:
    """A phone as given; - is read from standard input, so that none is in argv."""
    return sys.stdin.readline().strip() if word == "-" else word
