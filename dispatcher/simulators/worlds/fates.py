"""What became of each message and of each person, at the end: what it is called must be true, and
whoever could still have been reached was tried.

Comes from: our database, the vendors' ledgers, the reports the door took.   Goes to: the verdict.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dispatcher.db.broadcasts.targets import TARGETS_PER_STEP
from dispatcher.db.words import HELD, PAUSED, SHARED_PHONE, SKIPPED, STOPPED
from dispatcher.domain import parts
from dispatcher.domain.model import SYSTEM, BroadcastState, MessageState, ReceiptFlags
from dispatcher.simulators.worlds.books import ZERO, Attempt, Books, Message, open_books
from dispatcher.simulators.worlds.hearsay import read_until, reported
from dispatcher.simulators.worlds.invariants import at_end
from dispatcher.simulators.worlds.reckoning import LOOK, YES
from dispatcher.simulators.worlds.world import START

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.world import World

B, M = BroadcastState, MessageState
PEACE = 3600.0  # seconds
UNSENT = (M.SKIPPED, M.CANCELLED, M.EXPIRED, M.FAILED)  # of whom nobody waits for anything
MAY_HAVE_LEFT = ("accepted", "unconfirmed", "doubtful", "sending")


def _rows(world: World, sql: str) -> list[Any]:
    with world.look().store.read(SYSTEM) as tx:
        return list(tx.taken(sql))


def _named(books: Books, m: Message) -> str:
    told = books.told.get(m.broadcast)
    return f"{told.code if told else f'broadcast {m.broadcast}'}: message {m.id}"


@at_end("what may have left is not called unsent")
def what_may_have_left(world: World) -> str | None:
    """A message of which something was accepted, or is in doubt, and to which the network said no
    nowhere, is not skipped, cancelled, expired or failed. Judged by its attempts."""
    books = open_books(world)
    for a in books.attempts:
        m = books.messages[a.message]
        if a.state in MAY_HAVE_LEFT and not a.heard & ReceiptFlags.FAILED and m.state in UNSENT:
            return f"{_named(books, m)} is {m.state}, an attempt of it is {a.state}"
    return None


@at_end("a step that is over goes on")
def a_step_that_is_over_goes_on(world: World) -> str | None:
    """Whoever was accepted and silent gets the next step after the deadline of the first, while
    there is time. Judged by the route as approved; not where people paused, stopped or refused."""
    books = open_books(world)
    if world.facts.restores or world.facts.clocks:
        return None
    last = dict(_rows(world, "SELECT message_id, MAX(position) FROM targets GROUP BY message_id"))
    places = dict(_rows(world, "SELECT id, position FROM messages"))
    step = {m: position // TARGETS_PER_STEP for m, position in places.items()}
    refused = {no.number for no in world.facts.noes}
    for m in books.messages.values():
        broadcast, told = books.broadcasts[m.broadcast], books.told.get(m.broadcast)
        wait = broadcast.route[step[m.id]].deadline
        if m.state != M.ACCEPTED or wait is None or told is None or told.paused or told.corrects:
            continue
        if last.get(m.id, 0) // TARGETS_PER_STEP <= step[m.id] or broadcast.state is not B.DONE:
            continue
        mine = books.attempts_of(m.id)
        if any(a.heard & ReceiptFlags.FAILED or not a.to or a.to in refused for a in mine):
            continue
        ends = broadcast.expires_at
        assert ends is not None
        over = m.changed_at + wait.total_seconds() * 1e6 + LOOK
        if over < min((ends.timestamp() * 1e6), books.now):
            return f"{_named(books, m)} waits for ever at step {step[m.id]}"
    return None


@at_end("no step begins although word is here")
def no_step_begins_after_word(world: World) -> str | None:
    """A report that was in our inbox when a step began, on an attempt of a step before that was
    answered by then, is read first: whoever was reached is not tried elsewhere. Judged by when the
    door took it, and when the deadline passed or the intent was written."""
    if world.facts.restores or world.facts.clocks:
        return None
    books = open_books(world)
    heard: dict[int, list[tuple[float, Attempt]]] = defaultdict(list)
    for seconds, attempt, receipt in reported(world, -1.0, world.seconds):
        if receipt.state & YES:
            heard[attempt.message].append((seconds, attempt))
    if not heard:
        return None
    began = [(a.message, a.step, a.asked_at) for a in books.attempts]
    for moment, entry in _rows(world, "SELECT at, entry FROM trail WHERE act = 'deadlines'"):
        moved = json.loads(entry)["facts"]["moved"]
        began += [(m, TARGETS_PER_STEP, moment) for m, gateway in moved if gateway is not None]
    for message, step, moment in began:
        at = (moment - ZERO) / 1e6
        for seconds, first in heard.get(message, ()):
            known = max(seconds, ((first.answered_at or books.now) - ZERO) / 1e6)
            if first.step < step and known < at - 1.0:
                return f"{_named(books, books.messages[message])}: {at - known:.0f} s after word"
    return None


@at_end("who shares a phone is reached through it")
def reached_through_a_phone(world: World) -> str | None:
    """Once a broadcast is over, somebody who is said to be reached through a phone they share has
    one for which the text was accepted, or may have been. Judged by attempts to their numbers."""
    books = open_books(world)
    if world.facts.restores:
        return None
    shared: dict[tuple[int, int], set[str]] = defaultdict(set)
    with world.look().store.read(SYSTEM) as tx:
        for message, broadcast, kind, cipher in tx.taken(
            "SELECT m.id, m.broadcast_id, d.kind, d.cipher FROM messages m JOIN shared_targets s "
            "ON s.message_id = m.id JOIN addresses d ON d.id = s.address_id "
            f"WHERE m.state = {SKIPPED} AND m.reason = {SHARED_PHONE}"
        ):
            number = tx.sealer.open_address(kind, cipher).removeprefix("+") if cipher else ""
            shared[message, broadcast].add(number)
    if not shared:
        return None
    tried = {
        (books.messages[a.message].broadcast, a.to)
        for a in books.attempts
        if a.state in MAY_HAVE_LEFT  # also where the network said no later, after the end
    }
    unclear = {b for b, to in tried if not to.isdigit()}  # to a user id, or to somebody erased
    for (message, of), phones in shared.items():
        over = books.broadcasts[of].state in (B.DONE, B.EXPIRED, B.STOPPED)
        if not over or of in unclear or "" in phones:
            continue
        if not any((of, phone) in tried for phone in phones):
            return f"{_named(books, books.messages[message])} was reached through nobody's phone"
    return None


@at_end("a word about a call is no fact about its numbers")
def a_word_about_a_call(world: World) -> str | None:
    """Where a vendor refuses calls of several in one word, nobody failed who was never asked for
    alone. Judged by the wire."""
    books = open_books(world)
    if world.facts.restores:
        return None
    alone: set[tuple[str, str]] = set()
    several: set[tuple[str, str]] = set()
    for vendor in world.vendors.values():
        least = getattr(vendor.speech, "LEAST", 1)
        calls: dict[tuple[str, float], list[str]] = defaultdict(list)
        for left in vendor.sent:
            calls[left.reference, left.at].append(left.to)
        for (reference, _), numbers in calls.items():
            is_one_word = not vendor.speech.named and len(numbers) > 1 and least == 1
            (several if is_one_word else alone).update((reference, to) for to in numbers)
    for m in books.messages.values():
        mine = [a for a in books.attempts_of(m.id) if a.to]
        calls_of = {(name, a.to) for a in mine for name in (a.reference, a.call_ref)}
        if m.state != M.FAILED or not calls_of & several or calls_of & alone:
            continue
        if all(a.state == "refused" and a.fault == "recipient" for a in mine):
            return f"{_named(books, m)} failed by a word about all of its call"
    return None


@at_end("a part that failed is not forgotten")
def no_part_is_forgotten(world: World) -> str | None:
    """What reports said of each part of a text stands in our log, in whatever order they came.
    Judged by the reports that the door took."""
    restored = max(world.facts.restores, default=-1.0)
    said: dict[str, tuple[int, int]] = {}
    for _, attempt, receipt in reported(world, restored, read_until(world)):
        failed, received = said.get(attempt.reference, (0, 0))
        more = parts.bits(receipt, receipt.state)
        said[attempt.reference] = (failed | more[0], received | more[1])
    for reference, failed, received in _rows(
        world, "SELECT reference, parts_failed, parts_received FROM attempts"
    ):
        bad, good = said.get(reference, (0, 0))
        if failed & bad != bad or received & good != good:
            return f"attempt {reference[:16]}: parts {bad:b} failed, we know of {failed:b}"
    return None


@at_end("nobody is tried further without a reason")
def nobody_is_tried_further(world: World) -> str | None:
    """After an acceptance the next number or gateway of the same step gets the text only where the
    network has said no; the next step only after the deadline. Judged by answers and intents."""
    if world.facts.restores or world.facts.clocks:
        return None
    books = open_books(world)
    by_message: dict[int, list[Attempt]] = defaultdict(list)
    for a in books.attempts:
        by_message[a.message].append(a)
    for message, mine in by_message.items():
        m = books.messages[message]
        broadcast = books.broadcasts[m.broadcast]
        if broadcast.rather_twice:
            continue
        for first, later in itertools.combinations(mine, 2):
            said = first.answered_at
            if (
                first.state != "accepted"
                or first.heard & ReceiptFlags.FAILED
                or not said
                or first.fault
            ):
                continue
            wait = broadcast.route[first.step].deadline
            patient = wait.total_seconds() * 1e6 if wait and later.step > first.step else 0
            goes_on = later.step > first.step and wait is not None
            if said < later.asked_at and not (goes_on and said + patient <= later.asked_at):
                return f"{_named(books, m)} is tried again at step {later.step} by {later.gateway}"
    return None


@at_end("nobody expires who could be sent to")
def nobody_expires_in_peace(world: World) -> str | None:
    """In an hour in which nothing went wrong whoever waited was sent to: nobody of a broadcast that
    nothing held back runs out of time then. Judged by the clock and by what people did."""
    books, calm = open_books(world), world.facts.calm_at
    if calm is None or world.facts.restores or world.facts.clocks:
        return None
    closed = {b for (b,) in _rows(world, "SELECT broadcast_id FROM closures")}
    held = {
        int(n)
        for (n,) in _rows(
            world,
            "SELECT DISTINCT noun_id FROM trail WHERE noun = 'broadcast' "
            f"AND act IN ({HELD}, 'limit', {PAUSED}, {STOPPED})",
        )
    }
    large = {n for n, vendor in world.vendors.items() if hasattr(vendor.speech, "LEAST")}
    # for others, to be many; without a gateway: for somebody with the same phone, who is judged
    waits = {m.id for m in books.messages.values() if m.gateway in large or m.gateway is None}
    paused = _rows(world, f"SELECT 1 FROM trail WHERE noun = 'gateway' AND act = {PAUSED}")
    until = START + timedelta(seconds=calm + PEACE)
    for m in books.messages.values():
        broadcast = books.broadcasts[m.broadcast]
        if m.state != M.EXPIRED or paused or m.broadcast in closed | held or m.id in waits:
            continue
        hours = [broadcast.window, *(s.window for s in broadcast.route if s.window is not None)]
        calmly = START + timedelta(seconds=calm)
        opened = all(w.is_open(calmly) and w.next_closing(calmly) > until for w in hours)
        if opened and broadcast.expires_at is not None and broadcast.expires_at > until:
            return f"{_named(books, m)} ran out of time, nothing was in its way"
    return None
