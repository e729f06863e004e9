"""What must hold in every world, each with a name: after every step, and at the end.

Comes from: a world.   Goes to: the verdict.   Never: asks our own log whether it is right; the
vendors' ledgers and what people did tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dispatcher.model import SYSTEM
from dispatcher.store import broadcasts

if TYPE_CHECKING:
    from dispatcher.simulators.world import World

Check = Callable[["World"], "str | None"]
ALWAYS: dict[str, Check] = {}  # cheap: after every step of the world
AT_END: dict[str, Check] = {}  # once nothing more happens


def always(name: str) -> Callable[[Check], Check]:
    """Register an invariant that is looked at after every event; it answers what is wrong."""

    def keep(check: Check) -> Check:
        ALWAYS[name] = check
        return check

    return keep


def at_end(name: str) -> Callable[[Check], Check]:
    """Register an invariant that is looked at once, at the end."""

    def keep(check: Check) -> Check:
        AT_END[name] = check
        return check

    return keep


@always("nobody twice")
def nobody_twice(world: World) -> str | None:
    """On one channel a text reaches a number once, by the vendors' own ledgers; once more for each
    time that people approved the same words again."""
    seen: dict[tuple[str, str, str], int] = {}
    for vendor in world.vendors.values():
        for taken in vendor.ledger:
            key = (taken.channel, taken.to, taken.body)
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > 1:
                told = world.facts.of(taken.body)
                if told is None or (seen[key] > 1 + told.again and not told.rather_twice):
                    return (
                        f"…{taken.to[-3:]} was taken twice on {taken.channel}: {taken.body[-12:]}"
                    )
    return None


@at_end("nobody lost")
def nobody_lost(world: World) -> str | None:
    """Nobody waits for ever once a broadcast is over."""
    app = world.look()
    with app.store.read(SYSTEM) as tx:
        for told in world.facts.told.values():
            if told.due is None or told.id == 0:
                continue
            counts = broadcasts.counts(tx, told.id)
            state = broadcasts.get(tx, told.id).state
            left = {s: n for s, n in counts.items() if s in ("queued", "sending") and n}
            if left and state not in ("held", "paused"):
                return f"{told.code}: {left} although it is {state}"
    return None
