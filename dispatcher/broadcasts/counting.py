"""A preview of a large audience: counted, not written, where nobody's text or way is special.

Everything else is previewed by a release that is thrown away; a test compares both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dispatcher.broadcasts.drafting import BroadcastWords
from dispatcher.broadcasts.releasing import CHUNK, Resolve, anything_known, weights_of
from dispatcher.broadcasts.sums import Sums, sums_of
from dispatcher.broadcasts.text_findings import Looking
from dispatcher.broadcasts.upcoming import Foreseen
from dispatcher.broadcasts.writing import write_shared
from dispatcher.db.broadcasts import counting, releases, texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.counting import Counted
from dispatcher.db.broadcasts.samples import SampleChoice
from dispatcher.db.contacts.audience_filter import AudienceFilter
from dispatcher.db.contacts.suppression_rules import suppression_rules
from dispatcher.db.database import Tx
from dispatcher.db.queue.forecasts import WaitingMessages
from dispatcher.domain.model import HANOI

LARGE = 50_000  # contacts; smaller ones are released and thrown away


class Count(NamedTuple):
    """What a preview needs, without one message written."""

    sums: Sums
    households: int
    samples: Sequence[Mapping[str, Any]]
    waiting: list[WaitingMessages]
    cost_by_ward: Mapping[int, int]


def count(
    tx: Tx,
    broadcast: Broadcast,
    words: BroadcastWords,
    resolve: Resolve,
    looking: Looking,
    look: SampleChoice,
    foreseen: Foreseen,
) -> Count | None:
    """Count an audience; None where it must be released to know."""
    releases.take_stock(tx)
    last = releases.last_contact(tx)
    usable = [i for i, scope in enumerate(words.scopes) if scope]
    if last < LARGE or look.contacts or not usable:
        return None
    if any(words.scopes[i] == "contact" for i in usable) or anything_known(tx, broadcast):
        return None
    reach = resolve(tx, broadcast.audience)
    may = suppression_rules(tx, broadcast, reach)
    if counting.is_special(tx, broadcast, reach, may):
        return None
    write_shared(tx, broadcast, words, reach, looking)
    if looking.found_any or _some_lack(tx, broadcast, words, reach, usable) or foreseen.any(tx):
        return None
    found = _added(tx, broadcast, words, reach, last, usable[0], look)
    prices = texts.price_list(tx, max(tx.now, broadcast.at or tx.now).astimezone(HANOI).date())
    rows = counting.parts_of(tx, broadcast, found, words.scopes)
    summary = {"queued": found.queued, "skipped": dict(found.skipped), "parts": rows}
    return Count(
        sums_of(broadcast, summary, prices),
        found.households,
        counting.samples(found, look),
        _waiting(tx, broadcast, rows, usable[0]),
        counting.cost_by_ward(tx, broadcast, found, words.scopes, prices),
    )


def _some_lack(
    tx: Tx,
    broadcast: Broadcast,
    words: BroadcastWords,
    reach: AudienceFilter,
    usable: Sequence[int],
) -> bool:
    scopes = {i: words.scopes[i] or "" for i in usable}
    needed = {
        s: releases.scope_ids(tx, reach, s) if s != "site" else [0] for s in set(scopes.values())
    }
    return counting.lacks_a_text(tx, broadcast.id, {i: needed[s] for i, s in scopes.items()})


def _added(
    tx: Tx,
    broadcast: Broadcast,
    words: BroadcastWords,
    reach: AudienceFilter,
    last: int,
    first: int,
    look: SampleChoice,
) -> Counted:
    found, may = Counted(), suppression_rules(tx, broadcast, reach)
    scope = "group" if "group" in words.scopes else "ward"
    counting.ready(tx)
    for low in range(0, last, CHUNK):
        counting.add(
            tx,
            found,
            reach,
            may,
            by_household=broadcast.audience.one_per == "household",
            scope=scope,
            low=low,
            high=min(low + CHUNK, last),
        )
        seen = max((len(rows) for rows in found.seen.values()), default=0)
        if seen < look.skip + look.most:
            counting.keep_samples(tx, broadcast, found, first, words.scopes[first] or "", look)
    return found


def _waiting(
    tx: Tx, broadcast: Broadcast, rows: Sequence[Mapping[str, Any]], first: int
) -> list[WaitingMessages]:
    """What would wait at each gateway of the first step, by its share."""
    shares = weights_of(tx, broadcast)[first]
    total = sum(shares.values()) or 1
    found = []
    for row in rows:
        if row["step"] != first:
            continue
        for gateway, share in shares.items():
            n = round(row["messages"] * (share / total if any(shares.values()) else 1))
            found.append(
                WaitingMessages(gateway, first, row["channel"], row["carrier"], n, n * row["parts"])
            )
    return found
