"""What vendors have reported, and about which of our attempts: by their ledgers, not by our log.

Comes from: the calls the door took.   Goes to: reckoning, fates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dispatcher.db.queue.receipts import REPEATED_FOR
from dispatcher.domain.model import Receipt
from dispatcher.simulators.worlds.books import ZERO, Attempt, Books, is_at_rest, open_books
from dispatcher.worker.adapters import listeners

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.vendors import TakenMessage
    from dispatcher.simulators.worlds.world import World


HOURLY = 2 * 3600.0  # seconds a report that came too early waits for its next look, at most


def read_until(world: World) -> float:
    """Until when whatever came must have been read and believed."""
    return world.seconds if is_at_rest(world) else world.seconds - HOURLY


def reported(
    world: World, since: float, until: float, *, perhaps: bool = False
) -> Iterator[tuple[float, Attempt, Receipt]]:
    """Reports of vendors that the door took, when, and the attempt each is about: by the ledger,
    where the number, the reference and the id it names belong together. An id a vendor gave twice
    means the message it was given last, where we know that it was given to that. `perhaps`: also
    those of which the vendor heard nothing, as the door died."""
    books, listen = open_books(world), listeners(world.look())
    by_name: dict[tuple[str, str], list[TakenMessage]] = {}
    for vendor in world.vendors.values():
        for taken in vendor.ledger:
            for name in {taken.reference: 0, taken.id: 0}:
                by_name.setdefault((vendor.name, name), []).append(taken)
    seen: dict[tuple[str, str, bytes], float] = {}
    for seconds, gateway, call in world.offered if perhaps else world.took:
        if not since < seconds <= until or gateway not in listen:
            continue
        words = (gateway, call.query, call.body)
        is_repeated = seconds - seen.get(words, -HOURLY) < REPEATED_FOR.total_seconds()
        seen[words] = seen[words] if is_repeated else seconds
        heard = listen[gateway](call)
        if heard.verified is False:
            continue
        for r in heard.receipts:
            mine = by_name.get((gateway, r.reference or r.provider_id or ""), [])
            number = (r.to or "").removeprefix("+")
            mine = [t for t in mine if not number or not t.to.isdigit() or t.to == number]
            if not r.reference and is_repeated:
                continue  # the same call once more, whatever the id stands for by now
            about = [mine]
            if not r.reference:
                about = _of_id(books, mine, seconds)
                if len(about) > 1 and not perhaps:
                    continue  # nobody can know
            for alike in about:
                if len(alike) != 1 or (found := books.of(alike[0])) is None:
                    continue
                if perhaps or number or _is_alone(books, found):
                    yield seconds, found, r


def _is_alone(books: Books, attempt: Attempt) -> bool:
    """True when no other number of its call was taken, for all we know: the answer may be lost."""
    of_call = books.by_reference.get((attempt.gateway, attempt.call_ref), ())
    return all(a is attempt or a.state == "refused" for a in of_call)


def _of_id(books: Books, mine: list[TakenMessage], seconds: float) -> list[list[TakenMessage]]:
    """Which acceptances a report may mean that names an id only, by call: those it was given to
    last, if its answer was here by then; else any of them."""
    given = [t for t in mine if t.at <= seconds and _named_by(books, t, books.now)]
    calls: dict[str, list[TakenMessage]] = {}
    for taken in given:
        calls.setdefault(taken.reference, []).append(taken)
    found = list(calls.values())
    known = [t for t in found[-1:] if all(_named_by(books, x, _moment(seconds)) for x in t)]
    return known or found


def _moment(seconds: float) -> int:
    return ZERO + int(seconds * 1e6)


def _named_by(books: Books, taken: TakenMessage, moment: int) -> bool:
    found = books.of(taken)
    if found is None or found.provider_id != taken.id:  # it may have been spoilt on the way
        return False
    return (found.answered_at or moment) <= moment
