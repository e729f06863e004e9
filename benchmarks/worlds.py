"""How many simulated worlds are lived in a second of one core."""

from __future__ import annotations

import time

from dispatcher.simulators.worlds.lives import live, workshop


def lived(count: int) -> tuple[float, float]:
    """(worlds a second of processor time, steps a world) of worlds 1 to `count`."""
    with workshop() as shop:
        live(1, shop)  # what is made once for many worlds
        began, steps = time.process_time(), 0
        for seed in range(1, count + 1):
            steps += live(seed, shop).steps
        return count / (time.process_time() - began), steps / count
