"""Who would get the same words twice, looked at before anybody decides.

What is approved and not released yet has no messages: it is released beside the broadcast looked
at, in the same transaction that is thrown away, where its words are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatcher.broadcasts.drafting import BroadcastWords
from dispatcher.broadcasts.one_text import NOTHING, Repeated
from dispatcher.broadcasts.releasing import Resolve, steps_of_release
from dispatcher.broadcasts.writing import TextObserver, write_shared
from dispatcher.db.broadcasts import broadcasts, repeats
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.repeats import Other, Same
from dispatcher.db.database import Tx


@dataclass(frozen=True)
class UpcomingBroadcast:
    """A broadcast that is approved and not released yet."""

    broadcast: Broadcast
    words: BroadcastWords
    resolve: Resolve

    @property
    def names_people(self) -> bool:
        return "contact" in self.words.scopes


def upcoming_broadcasts(
    tx: Tx,
    broadcast: Broadcast,
    now: datetime,
    words: Callable[[Broadcast], BroadcastWords],
    resolve: Callable[[Broadcast], Resolve],
) -> list[UpcomingBroadcast]:
    """What is approved for a start within a day of this one's."""
    start = max(now, broadcast.at or now)
    near = [o for o in repeats.others(tx, broadcast, start, now) if not o.released]
    found = [broadcasts.get(tx, o.id) for o in near]
    return [UpcomingBroadcast(b, words(b), resolve(b)) for b in found]


class Foreseen:
    """Looks for the same words once the texts of a broadcast are written, then for the people."""

    def __init__(
        self,
        broadcast: Broadcast,
        words: BroadcastWords,
        start: datetime,
        beside: Sequence[UpcomingBroadcast],
    ) -> None:
        self._broadcast, self._words, self._start = broadcast, words, start
        self._beside = {c.broadcast.id: c for c in beside}

    def any(self, tx: Tx) -> bool:
        """True when another broadcast has words of this one, whoever gets them."""
        return bool(self._same(tx))

    def _same(self, tx: Tx) -> list[Same]:
        near = [
            o for o in repeats.others(tx, self._broadcast, self._start, tx.now) if self._is_known(o)
        ]
        if not near:
            return []
        for other in near:
            beside = self._beside.get(other.id)
            if beside is not None:
                reach = beside.resolve(tx, beside.broadcast.audience)
                write_shared(tx, beside.broadcast, beside.words, reach, TextObserver())
        naming = {number for number, c in self._beside.items() if c.names_people}
        return repeats.same(
            tx,
            self._broadcast.id,
            near,
            personal="contact" in self._words.scopes,
            naming=naming,
        )

    def _is_known(self, other: Other) -> bool:
        return other.released or other.id in self._beside

    def repeated(self, tx: Tx) -> Repeated:
        """By broadcast, the people of this one, which is planned, who get the same words."""
        found = self._same(tx)
        if not found:
            return NOTHING
        for same in found:
            beside = self._beside.get(same.other.id)
            if beside is not None:
                for step in steps_of_release(
                    beside.broadcast, beside.words, beside.resolve, self._start
                ):
                    step(tx)
        people = {s.other.id: repeats.count(tx, self._broadcast.id, s) for s in found}
        explained = {s.other.id for s in found if s.other.explained}
        return Repeated(
            {number: n for number, n in people.items() if n},
            {number: n for number, n in people.items() if n and number not in explained},
        )
