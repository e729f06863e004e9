"""Gateways that share a step: work drifts away from one in trouble, and back when it is well.

Comes from: what the last minute's answers say.   Goes to: the shares, and what waits in the queue.
Never: moves what somebody may have taken, or everything at once.
"""

from __future__ import annotations

from datetime import timedelta

from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.targets import BY_ID, TARGETS_PER_STEP
from dispatcher.db.database import Row, Tx, at
from dispatcher.db.ops import settings as site_facts
from dispatcher.db.queue import gateways, waiting
from dispatcher.domain import lifecycle
from dispatcher.domain.lifecycle import PROBE_AFTER_UNKNOWNS
from dispatcher.domain.model import Mode

EVERY = timedelta(seconds=5)
LOOK_BACK = timedelta(minutes=1)
BAD = 0.15  # of a gateway's answers busy or unreadable: it is in trouble
FEW = 20  # answers that say nothing yet
DROP = 10  # points of share lost or won each time
LEAST = 10  # a trickle, so that a recovery is seen
COUNTED = 20_000  # waiting messages looked at
SLICE = 0.25  # of what waits in a step, moved at once at most
AT_LEAST = 200


def balance(tx: Tx, mode: Mode) -> int:
    """Shares anew, and a slice of what waits moved accordingly; how many messages moved."""
    going = [b for b in broadcasts.running(tx) if b.mode is mode and _shared(b)]
    if not going or not _my_turn(tx):
        return 0
    states = gateways.states(tx)
    names = {name for b in going for _, weights in _shared(b) for name, _ in weights}
    health = {name: _share(tx, name, states[name]) for name in sorted(names) if name in states}
    shut = {name for name in names if name not in states or states[name]["paused_at"] is not None}
    shut |= {n for n in names - shut if states[n]["unknowns"] >= PROBE_AFTER_UNKNOWNS}
    closed = gateways.closed(tx, tx.now)
    moved = 0
    for broadcast in going:
        mine = shut | {name for name, of in closed if of == broadcast.id}
        for step, weights in _shared(broadcast):
            moved += _move(tx, broadcast, step, lifecycle.weights_now(weights, health, mine))
    return moved


def _shared(broadcast: Broadcast) -> list[tuple[int, tuple[tuple[str, int], ...]]]:
    return [(i, step.weights) for i, step in enumerate(broadcast.route) if step.weights]


def _my_turn(tx: Tx) -> bool:
    """One worker at a time, every few seconds."""
    last = site_facts.get(tx, "balanced_at")
    if last is not None and at(tx.now - EVERY) < int(last) <= at(tx.now):
        return False
    site_facts.put(tx, "balanced_at", str(at(tx.now)))
    return True


def _share(tx: Tx, name: str, state: Row) -> int:
    """The share of a gateway after its last answers, ten points up or down."""
    before = int(state["share"])
    answers, bad = gateways.troubles(tx, name, tx.now - LOOK_BACK)
    worse = answers >= FEW and bad > BAD * answers
    after = max(LEAST, before - DROP) if worse else min(100, before + DROP)
    if after != before:
        gateways.set_share(tx, name, after)
    return after


def _move(tx: Tx, broadcast: Broadcast, step: int, shares: dict[str, int]) -> int:
    """From gateways with more than their share of what waits to those with less."""
    whole = sum(shares.values())
    if not whole:
        return 0
    first = step * TARGETS_PER_STEP + BY_ID
    positions = (first, first + TARGETS_PER_STEP)
    waits = {
        name: waiting.at_gateway(tx, broadcast.id, name, positions, COUNTED) for name in shares
    }
    total = sum(waits.values())
    left = max(AT_LEAST, int(total * SLICE))
    surplus = {n: waits[n] - total * s // whole for n, s in shares.items()}
    moved = 0
    for old in sorted((n for n in surplus if surplus[n] > 0), key=lambda n: -surplus[n]):
        if shares[old] and surplus[old] < AT_LEAST // 4:
            continue  # about right: not worth the move
        for new in sorted((n for n in surplus if surplus[n] < 0), key=lambda n: surplus[n]):
            most = min(surplus[old], -surplus[new], left)
            if most <= 0:
                continue
            n = waiting.move_over(tx, broadcast.id, old, new, positions, most)
            if n:
                tx.note("moved", "broadcast", broadcast.id, messages=n, old=old, new=new)
            surplus[old] -= n
            surplus[new] += n
            left -= n
            moved += n
    return moved
