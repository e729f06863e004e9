"""Our names for what leaves: fixed before the first byte, and they tell nobody a number."""

from __future__ import annotations

from collections.abc import Sequence

from dispatcher.store.seal import Sealer

# Sixteen letters in the order of the hexadecimal digits: no reference can look like a number.
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def of_message(
    sealer: Sealer, message: int, broadcast: int, contact: int, position: int, generation: int
) -> str:
    """34 letters, the same for the same attempt.

    They begin with the message's own number, so that neighbours lie together in the index.
    """
    mark = sealer.mark(f"reference ({broadcast}, {contact}, {position}, {generation})")
    return f"{message:010x}{mark}".translate(_LETTERS)


def of_call(sealer: Sealer, messages: Sequence[tuple[int, str]]) -> str:
    """The name of one call, from its (message, reference)s: one for all of a batch."""
    first, reference = messages[0]
    if len(messages) == 1:
        return reference
    mark = sealer.mark(" ".join(["call", *(r for _, r in messages)]))
    return f"{first:010x}{mark}".translate(_LETTERS)
