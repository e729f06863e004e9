"""Our names for what leaves: fixed before the first byte, and they tell nobody a number.

A reference says which attempt of which message it names, and in which epoch of the database it was
made; a keyed check proves that it is ours. A restored database numbers its attempts again, but in
another epoch: no vendor's memory of an old reference can swallow a new text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dispatcher.db.seal import Sealer

# Sixteen letters in the order of the hexadecimal digits: no reference can look like a number.
_DIGITS = "0123456789abcdef"
_IN_LETTERS = str.maketrans(_DIGITS, "abcdefghijklmnop")
_IN_DIGITS = str.maketrans("abcdefghijklmnop", _DIGITS)
_MESSAGE, _ATTEMPT, _EPOCH, _CHECK = 10, 5, 8, 24  # letters of each part: 96 bits are the check
LETTERS = _MESSAGE + _ATTEMPT + _EPOCH + _CHECK
MOST_EPOCHS = 16**_EPOCH

# As SQL: the epoch of the database, evaluated once in a statement that asks for it in every row.
EPOCH = "(SELECT value FROM site WHERE name = 'epoch')"


class Named(NamedTuple):
    """What a reference names: `attempt` counts those of the message before it."""

    message: int
    attempt: int
    epoch: int


def of_message(sealer: Sealer, message: int, attempt: int, epoch: int) -> str:
    """47 letters, the same for the same attempt.

    They begin with the message's own number, so that neighbours lie together in the index.
    """
    check = sealer.mark(f"reference ({message}, {attempt}, {epoch})")
    return f"{message:010x}{attempt:05x}{epoch:08x}{check}".translate(_IN_LETTERS)


def decode(sealer: Sealer, text: str) -> Named | None:
    """What a reference of ours names; None for anything else, also for those made before 0.15."""
    digits = text.translate(_IN_DIGITS)
    if len(text) != LETTERS:
        return None
    try:
        message = int(digits[:_MESSAGE], 16)
        attempt = int(digits[_MESSAGE : _MESSAGE + _ATTEMPT], 16)
        epoch = int(digits[_MESSAGE + _ATTEMPT : LETTERS - _CHECK], 16)
    except ValueError:
        return None
    same = of_message(sealer, message, attempt, epoch) == text
    return Named(message, attempt, epoch) if same else None


def of_call(sealer: Sealer, messages: Sequence[tuple[int, str]]) -> str:
    """The name of one call, from its (message, reference)s: one for all of a batch."""
    first, reference = messages[0]
    if len(messages) == 1:
        return reference
    mark = sealer.mark(" ".join(["call", *(r for _, r in messages)]))
    return f"{first:010x}{mark}".translate(_IN_LETTERS)
