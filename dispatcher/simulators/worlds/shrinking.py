"""The fewest events with which a seed still breaks the same promise.

Comes from: a life that failed.   Goes to: whoever has to understand why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from dispatcher.simulators.worlds.lives import Life, live

MOST_TRIES = 80


def shrink(found: Life, shop: Path, told: Callable[[int, int], None] | None = None) -> list[int]:
    """Places in the script (from 0) of the events that are needed; at worst all of them.

    `told(tries, events left)` hears how it goes.
    """
    assert found.failed is not None
    name, tries = found.failed[0], 0
    kept = list(range(len(found.script)))

    def still_fails(places: Sequence[int]) -> bool:
        nonlocal tries
        tries += 1
        script = [found.script[i] for i in places]
        again = live(found.seed, shop, script=script, database=found.database)
        if told is not None:
            told(tries, len(kept))
        return again.failed is not None and again.failed[0] == name

    size = max(1, len(kept) // 2)
    while size and tries < MOST_TRIES:
        start, smaller = 0, False
        while start < len(kept) and tries < MOST_TRIES:
            fewer = kept[:start] + kept[start + size :]
            if still_fails(fewer):
                kept, smaller = fewer, True
            else:
                start += size
        if not smaller or size > len(kept):
            size //= 2
    return kept
