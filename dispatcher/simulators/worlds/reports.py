"""When a vendor reports a message, how often, and what else it says of it.

Comes from: an acceptance.   Goes to: the receipt door, later.
A report that is not the vendor's own can be told by its number, its ids or its signature.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dispatcher.gateways.contract import Call

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.vendors import TakenMessage, Vendor

STRANGER = "84959999999"  # nobody here has this number
HOURS = (3 * 3600.0, 30 * 3600.0, 60 * 3600.0)
CONTRARY = {"delivered": "failed", "failed": "delivered"}


def of(vendor: Vendor, taken: TakenMessage, draw: random.Random) -> Iterator[tuple[float, Call]]:
    """What is reported of a message, and after how many seconds."""
    h, speech = vendor.habits, vendor.speech
    state = "failed" if draw.random() < h.fails else "delivered"
    wait = draw.uniform(0.1, 5.0)
    vendor.truth[(taken.id, taken.to)] = (taken.at + wait, state)
    if draw.random() >= h.reports:
        return
    if draw.random() < h.report_early:
        wait = 0.0
    elif draw.random() < h.report_late:
        wait *= 1000
    elif draw.random() < h.report_days:
        wait = draw.choice(HOURS)

    def about() -> float:
        return wait * draw.uniform(0.5, 2.0)

    told = [(wait, state if draw.random() >= h.report_stuck else "accepted")]
    if draw.random() < h.report_odd and (odd := speech.report(taken, state)) is not None:
        yield about() / 2, broken(odd, draw)
    if draw.random() < h.report_twice:
        told.append((about(), state))
    if draw.random() < h.report_stale:
        told.append((about(), "accepted"))
    if draw.random() < h.report_against:
        told.append((about(), CONTRARY[state]))
    if state == "delivered" and draw.random() < 0.3:
        told.append((about() + 1, "read"))
    apart = draw.random() < h.report_apart
    for seconds, what in told:
        calls = speech.apart(taken, what, draw.choice((2, 3))) if apart else ()
        for call in calls:
            if draw.random() < 0.9:
                yield seconds + draw.uniform(0.0, 3.0), call
        whole = speech.report(taken, what)
        if whole is not None and not calls:
            yield seconds, whole
    if draw.random() < h.report_unknown:
        stray = speech.report(speech.unknown(taken, draw.randrange(10**6)), state)
        if stray is not None:
            yield about(), stray
    if draw.random() < h.report_forged:
        yield from _forged(vendor, taken, state, about(), draw)


def broken(call: Call, draw: random.Random) -> Call:
    """The same with characters in it that no database takes: in its ids, so that it is about
    nobody, or in its last word, so that it says nothing."""
    fields, odd = call.query.split("&") if call.query else [], "%00%ED%A0%BD"
    if draw.random() < 0.5:
        fields, body = (
            [field + odd for field in fields],
            call.body.replace(b'",', b'\\ud83d\\u0000",'),
        )
    else:
        body = call.body
        fields = [f + odd if "tatus" in f else f for f in fields]
    body = body.replace(b'"}', b'\\ud83d\\u0000"}')
    return Call(call.method, "&".join(fields), call.headers, body)


def _forged(
    vendor: Vendor, taken: TakenMessage, state: str, wait: float, draw: random.Random
) -> Iterator[tuple[float, Call]]:
    """Of another number, or not signed by the vendor; with the contrary of what is true."""
    other = vendor.speech.report(taken, CONTRARY[state])
    unsigned = vendor.speech.unsigned(other) if other is not None else None
    if unsigned is not None and draw.random() < 0.5:
        yield wait, unsigned
        return
    wrong = vendor.speech.report(taken._replace(to=STRANGER), CONTRARY[state])
    if wrong is not None and STRANGER.encode() in wrong.query.encode() + wrong.body:
        yield wait, wrong
