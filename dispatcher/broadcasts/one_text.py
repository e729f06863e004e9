"""One text, one time: the same words to the same address within a day need a reason.

Comes from: what other broadcasts said, or are about to.   Goes to: a refusal before approval, or
people left out by name at the release.
Never: holds back those who did not get the words, or an urgent text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.broadcasts.drafting import BroadcastWords
from dispatcher.db.broadcasts import releases, repeats
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.repeats import Same
from dispatcher.db.database import Tx
from dispatcher.domain.model import URGENT, BroadcastState
from dispatcher.domain.problems import Problem, refused
from dispatcher.i18n import Say

CHUNK = 20_000
DECIDED = (BroadcastState.APPROVED, BroadcastState.SCHEDULED)  # nobody is asked for a reason now


@dataclass(frozen=True)
class Repeated:
    """By broadcast, how many people got or get the same words from it: all, and those for whom
    nobody has given a reason."""

    all: Mapping[int, int]
    unexplained: Mapping[int, int]


NOTHING = Repeated({}, {})


def same_words(repeated: Mapping[int, int], *, in_file: bool = False) -> Problem:
    """The refusal while nobody says why they get it again; of a schedule, `in_file`."""
    earlier, people = max(repeated.items(), key=lambda r: r[1])
    return refused(
        "same_words",
        Say(
            "{people} people were sent exactly this within 24 hours, or will be "
            "(broadcast {earlier}).",
            people=people,
            earlier=earlier,
        ),
        step="same-words-of-a-schedule" if in_file else "",
    )


def explain(
    tx: Tx, broadcast: Broadcast, found: Mapping[int, int], again: str, repeated: Mapping[int, int]
) -> None:
    """Keep the reason for the same words, or refuse without one. An urgent text is only told of.

    `found`: for whom nobody has given a reason; `repeated`: everybody it then covers. A reason
    given earlier, which whoever approved has read, covers what is found later.
    """
    reason = again.strip() or broadcast.again
    if found and not reason and broadcast.priority != URGENT:
        raise same_words(found)
    if reason and (again.strip() or found):
        repeats.explain(tx, broadcast, reason, repeated)


# --- at the release -----------------------------------------------------------------------------


def keeps_out(broadcast: Broadcast) -> bool:
    """True where people who got the same words are left out: not of an urgent text or a test."""
    return broadcast.priority != URGENT and not repeats.exempt(broadcast)


def unforeseen(tx: Tx, broadcast: Broadcast, words: BroadcastWords) -> list[Same]:
    """Released broadcasts with words of this one, for which nobody has given a reason."""
    if not keeps_out(broadcast):
        return []
    near = [
        other
        for other in repeats.others(tx, broadcast, tx.now, tx.now)
        if other.released and not other.explained
    ]
    return repeats.same(tx, broadcast.id, near, personal="contact" in words.scopes) if near else []


@dataclass
class RepeatFilter:
    """Leaves out by name whoever got the same words meanwhile, in small steps and once more in
    the transaction of the release."""

    broadcast: Broadcast
    words: BroadcastWords
    looked_at: frozenset[int] = frozenset()

    def steps(self) -> Iterator[Callable[[Tx], None]]:
        """After everybody is planned: a series of small transactions."""
        known: dict[str, Any] = {"last": 0}

        def look(tx: Tx) -> None:
            known["same"] = unforeseen(tx, self.broadcast, self.words)
            known["last"] = releases.last_contact(tx) if known["same"] else 0

        yield look
        for low in range(0, known["last"], CHUNK):

            def leave_out(tx: Tx, low: int = low, high: int = low + CHUNK) -> None:
                repeats.skip(tx, self.broadcast.id, known["same"], low, high)

            yield leave_out
        if known["same"]:
            yield lambda tx: self._told(tx, known["same"])

    def finish(self, tx: Tx) -> None:
        """Those that another release overtook since the steps; and this one's own words."""
        new = [
            same
            for same in unforeseen(tx, self.broadcast, self.words)
            if same.other.id not in self.looked_at
        ]
        if new:
            repeats.skip(tx, self.broadcast.id, new, 0, releases.last_contact(tx))
            self._told(tx, new)
        scopes = self.words.scopes
        shared = [i for i, scope in enumerate(scopes) if scope and scope != "contact"]
        repeats.keep_texts(tx, self.broadcast.id, shared)

    def _told(self, tx: Tx, same: Sequence[Same]) -> None:
        repeats.skip_sharers(tx, self.broadcast.id)
        ids = [s.other.id for s in same]
        self.looked_at |= set(ids)
        tx.note("same_words", "broadcast", self.broadcast.id, of=ids)
