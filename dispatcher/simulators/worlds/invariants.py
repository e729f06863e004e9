"""What must hold in every world, each with a name: after every step, and at the end.

Comes from: a world.   Goes to: the verdict.   Never: asks our own log whether it is right; the
vendors' ledgers and what people did tell. The checks themselves: judging, books.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.vendors import Left, TakenMessage
    from dispatcher.simulators.worlds.world import World

T = TypeVar("T")
Check = Callable[["World"], "str | None"]
OfTaken = Callable[["World", "TakenMessage"], "str | None"]
OfLeft = Callable[["World", "Left"], "str | None"]
Broken = tuple[str, str]  # the name of an invariant, and how it was broken

ALWAYS: dict[str, Check] = {}  # cheap: after every step of the world
LEFT: dict[str, OfLeft] = {}  # once for each message that left a worker, when it left
TAKEN: dict[str, OfTaken] = {}  # once for each acceptance in a ledger
AT_END: dict[str, Check] = {}  # once nothing more happens


def always(name: str) -> Callable[[Check], Check]:
    """Register an invariant that is looked at after every event; it answers what is wrong."""

    def keep(check: Check) -> Check:
        ALWAYS[name] = check
        return check

    return keep


def each_left(name: str) -> Callable[[OfLeft], OfLeft]:
    """Register an invariant of every message that leaves: it gets each once, as it leaves."""

    def keep(check: OfLeft) -> OfLeft:
        LEFT[name] = check
        return check

    return keep


def each_taken(name: str) -> Callable[[OfTaken], OfTaken]:
    """Register an invariant of every acceptance: it gets each once, as it is written down."""

    def keep(check: OfTaken) -> OfTaken:
        TAKEN[name] = check
        return check

    return keep


def at_end(name: str) -> Callable[[Check], Check]:
    """Register an invariant that is looked at once, at the end."""

    def keep(check: Check) -> Check:
        AT_END[name] = check
        return check

    return keep


# --- what was seen of a world so far ------------------------------------------------------------


@dataclass
class Notes:
    """How far the checks have come in a world, and what they remember of it.

    `marks`: after something people did, when it was, how many restores there were by then, and the
    last entry of the trail: whatever is written later comes after it, whatever a clock says.
    """

    taken: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    told: int = 0
    acted: int = 0
    acts: object = None
    marks: list[tuple[float, int, int]] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)

    def keep(self, name: str, begin: Callable[[], T]) -> T:
        """What a check remembers under a name."""
        if name not in self.kept:
            self.kept[name] = begin()
        found: T = self.kept[name]
        return found


_NOTES: WeakKeyDictionary[World, Notes] = WeakKeyDictionary()


def notes_of(world: World) -> Notes:
    """The notes about a world."""
    found = _NOTES.get(world)
    if found is None:
        found = _NOTES[world] = Notes()
    return found


def last_entry_by(world: World, at: float) -> int:
    """The last entry of the trail, as it is now, when something that people did at a moment was
    done. What a restore has taken away counts as written before."""
    notes, restores = notes_of(world), len(world.facts.restores)
    index = bisect.bisect_left(notes.marks, (at, -1, -1))
    for _, epoch, entry in notes.marks[index:]:
        if epoch == restores:
            return entry
    return notes.marks[-1][2] if notes.marks else 0


def _notice(world: World, notes: Notes) -> None:
    """Mark the place in the trail where people did something."""
    from dispatcher.simulators.worlds.books import last_entry

    facts = world.facts
    acts = (
        tuple(facts.noes),
        len(facts.restores),
        [(t.approved, t.stopped, t.void, t.due, tuple(t.paused)) for t in facts.told.values()],
    )
    if acts != notes.acts:
        notes.acts = acts
        notes.marks.append((world.seconds, len(facts.restores), last_entry(world)))


# --- looking ------------------------------------------------------------------------------------


def watch(world: World) -> Broken | None:
    """After a step: whatever is new in the ledgers and on the wire, and what holds always."""
    notes = notes_of(world)
    if (world.acts, len(world.trace)) != (notes.acted, notes.told):  # somebody did something
        notes.acted, notes.told = world.acts, len(world.trace)
        _notice(world, notes)
    for name, vendor in world.vendors.items():
        for rows, seen, checks in (
            (vendor.sent, notes.left, LEFT),
            (vendor.ledger, notes.taken, TAKEN),
        ):
            upto = seen.get(name, 0)
            if upto == len(rows):
                continue
            seen[name] = len(rows)
            for row in rows[upto:]:
                if (broken := _first(checks, world, row)) is not None:
                    return broken
    return _first(ALWAYS, world)


def verdict(world: World) -> Broken | None:
    """At the end, when nothing more happens."""
    return watch(world) or _first(AT_END, world)


def _first(checks: Mapping[str, Callable[..., str | None]], *of: object) -> Broken | None:
    for name, check in checks.items():
        if found := check(*of):
            return name, found
    return None
