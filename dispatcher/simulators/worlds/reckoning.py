"""What must be true once nothing more happens: log and ledgers agree, and nobody is lost.

Comes from: our database, the vendors' ledgers, the reports the door took, what people did.
Goes to: the verdict. At the end the vendors are fair, one worker and the door have run until
nothing was left to do, and every ordinary time is over (see lives.rest_of).
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.ops import maintenance
from dispatcher.db.schema import micros
from dispatcher.db.words import HELD, PAUSED
from dispatcher.domain.lifecycle import remembered_until
from dispatcher.domain.model import SYSTEM, BroadcastState, MessageState, ReceiptFlags
from dispatcher.gateways.contract import AsksReceipts
from dispatcher.simulators.worlds.books import Attempt, Books, Message, at, open_books
from dispatcher.simulators.worlds.hearsay import read_until, reported
from dispatcher.simulators.worlds.invariants import at_end
from dispatcher.simulators.worlds.world import START

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.vendors import TakenMessage
    from dispatcher.simulators.worlds.world import World

B, M = BroadcastState, MessageState
LONGEST_WAIT = timedelta(seconds=60)  # between two repeats: the next one would come too late
LOOK = 20_000_000  # microseconds in which a worker that is awake has looked at everything
YES = ReceiptFlags.DELIVERED | ReceiptFlags.READ
WAITS = (B.PAUSED, B.HELD)  # a person must look


# --- nobody lost --------------------------------------------------------------------------------


@at_end("a doubt is named in its time")
def doubts_are_named(world: World) -> str | None:
    """A message in doubt is decided, or called unconfirmed, when its broadcast's time is over; and
    before that as soon as somebody can be asked. Judged by the clock."""
    books = open_books(world)
    paused = _paused_gateways(world)
    for m in books.messages.values():
        if m.state != M.SENDING:
            continue
        broadcast = books.broadcasts[m.broadcast]
        waits = broadcast.state in WAITS or m.gateway in paused or m.due_at > books.now - LOOK
        if _is_over(books, broadcast) or not waits:
            return f"{_code(books, m.broadcast)}: message {m.id} is still in doubt"
    return None


@at_end("nobody lost")
def nobody_lost(world: World) -> str | None:
    """Nobody waits without a reason. When its time is over a broadcast has ended and nobody of it
    is queued; before that somebody is queued only while a person has paused it or must look, its
    hours are closed, or its gateway is paused or takes nothing yet. Judged by the clock and by what
    people did: what was given a time is there, and has ended in its time."""
    books, facts = open_books(world), world.facts
    known = {told.code for told in books.told.values()}
    for code, wanted in facts.told.items():
        if wanted.id and not facts.restores and code not in known and wanted.void is None:
            return f"{code}: nothing is known of it"
    paused, closed = _paused_gateways(world), _closures(world)
    queued = Counter(m.broadcast for m in books.messages.values() if m.state == M.QUEUED)
    for number, broadcast in books.broadcasts.items():
        over, code = _is_over(books, broadcast), _code(books, number)
        open_deadline = any(
            m.broadcast == number
            and m.state == M.ACCEPTED
            and m.deadline_at is not None
            and m.deadline_at > books.now - LOOK
            for m in books.messages.values()
        )
        if over and broadcast.state in (B.RUNNING, *WAITS) and not open_deadline:
            return f"{code}: still {broadcast.state} although its time is over"
        told = books.told.get(number)
        late = told is not None and told.expires is not None and not told.repeats
        if (
            late
            and broadcast.state is B.SCHEDULED
            and told is not None
            and ((told.expires or 0) < world.seconds - LOOK / 1e6)
        ):
            return f"{code}: still scheduled although its time is over"
        if not queued[number] or (broadcast.state in WAITS and not over):
            continue
        if over or broadcast.state is not B.RUNNING:
            return f"{code}: {queued[number]} queued although it is {broadcast.state}"
        for m in books.messages.values():
            if (
                m.broadcast == number
                and m.state == M.QUEUED
                and not (
                    _waits(world, books, broadcast, m)
                    or m.gateway in paused
                    or (m.gateway, number) in closed
                )
            ):
                return f"{code}: message {m.id} is queued for no reason"
    return None


def _code(books: Books, broadcast: int) -> str:
    told = books.told.get(broadcast)
    return told.code if told is not None else f"broadcast {broadcast}"


def _is_over(books: Books, broadcast: Broadcast) -> bool:
    expires = at(broadcast.expires_at)
    return expires is not None and expires <= books.now - LOOK


def _waits(world: World, books: Books, broadcast: Broadcast, m: Message) -> bool:
    """True while it is not yet its turn: a later try, or closed hours."""
    now = world.moment() - timedelta(microseconds=LOOK)
    steps = [s for s in broadcast.route if m.gateway in s.gateways]
    opened = broadcast.window.is_open(now) and any(s.is_open(now) for s in steps)
    return m.due_at > books.now - LOOK or not opened


def _paused_gateways(world: World) -> set[str]:
    with world.look().store.read(SYSTEM) as tx:
        return {n for (n,) in tx.taken("SELECT name FROM gateways WHERE paused_at IS NOT NULL")}


def _closures(world: World) -> set[tuple[str, int]]:
    with world.look().store.read(SYSTEM) as tx:
        rows = tx.taken("SELECT gateway, broadcast_id, until FROM closures")
    now = micros(world.moment()) - LOOK
    return {(gateway, broadcast) for gateway, broadcast, until in rows if until > now}


@at_end("everybody of the audience is there")
def everybody_is_there(world: World) -> str | None:
    """Whoever lived in the wards of a broadcast when it was released, and was not changed since,
    has a message in one of its states. Judged by the lists; a clock may have been ahead.
    A restore brings back the lists of the backup: of what was released before, they say nothing."""
    restored = max(world.facts.restores, default=-1.0)
    ahead = timedelta(seconds=max(0.0, *(off for _, off in world.facts.clocks), 0.0))
    with world.look().store.read(SYSTEM) as tx:
        for number, broadcast in open_books(world).broadcasts.items():
            a = broadcast.audience
            rare = (a.residential_groups, a.groups, a.exclude_groups, a.of, a.contacts)
            if broadcast.released_at is None or any(rare) or not a.wards:
                continue
            if broadcast.released_at <= START + timedelta(seconds=restored):
                continue
            missing = tx.value(
                "SELECT count(*) "
                "FROM visible_contacts c WHERE c.ward_id IN (SELECT ward_id FROM broadcast_wards "
                "WHERE broadcast_id = :b) AND c.kind <> 'tester' AND c.updated_at < :r "
                "AND (c.removed_at IS NULL OR c.removed_at > :r) "
                "AND NOT EXISTS (SELECT 1 FROM visible_messages m "
                "WHERE m.broadcast_id = :b AND m.contact_id = c.id)",
                b=number,
                r=micros(broadcast.released_at - ahead),
                scope=tx.scope,
            )
            if missing:
                return f"{_code(open_books(world), number)}: {missing} people are nowhere"
    return None


# --- log and ledgers ----------------------------------------------------------------------------


@at_end("accepted means a yes")
def accepted_means_a_yes(world: World) -> str | None:
    """What our log calls accepted or delivered was taken: by the ledger of the vendor it names."""
    books = open_books(world)
    yes: set[tuple[str, ...]] = set()
    for taken in (t for v in world.vendors.values() for t in v.ledger):
        told = world.facts.of(taken.body)
        for code in (told.code if told else "", ""):  # empty: whatever its text
            yes |= {(taken.vendor, taken.reference, to, code) for to in (taken.to, "")}
    proved = set()
    for a in books.attempts:
        if a.state != "accepted":
            continue
        about = books.told.get(books.messages[a.message].broadcast)
        code = about.code if about is not None and not about.also else ""
        to = a.to if a.to.isdigit() else ""  # a user id may stand for any number
        names = (a.reference, a.call_ref, *(() if a.to.isdigit() else ("",)))
        if a.call_ref != a.reference and _names_no_number(world, a.gateway):
            to = ""  # its report speaks of all of the call, also of those it did not want
        if not any((a.gateway, name, to, code) in yes for name in names):
            return f"attempt {a.reference[:16]} at {a.gateway} was never taken"
        proved.add(a.message)
    for m in books.messages.values():
        if m.state in (M.ACCEPTED, M.DELIVERED, M.READ) and m.id not in proved:
            return f"message {m.id} is {m.state} without an accepted attempt"
    return None


def _names_no_number(world: World, vendor: str) -> bool:
    return getattr(world.vendors[vendor].speech, "leaves_out", "") == "phone"


@at_end("ledger and log agree")
def ledger_and_log_agree(world: World) -> str | None:
    """What a vendor took our log knows of: never as refused; and where the vendor remembers or can
    be asked, as accepted, unless its time was over, people stopped it or the gateway was shut.
    Judged by the ledgers. After a restore a doubt is as good as an acceptance."""
    books = open_books(world)
    restored = max(world.facts.restores, default=-1.0)
    for vendor in world.vendors.values():
        for taken in vendor.ledger:
            told = world.facts.of(taken.body)
            if taken.at <= restored or told is None or taken.to in world.facts.testers:
                continue
            if not taken.reference:  # to a user id: such a call has no word of ours
                continue
            found = books.of(taken)
            if found is None:
                if restored >= 0 or taken.to not in {a.to for a in books.attempts}:
                    continue  # erased since
                return f"{told.code}: nothing is known of what …{taken.to[-3:]} got"
            if found.state == "refused":
                return f"{told.code}: {vendor.name} took what we call refused, …{taken.to[-3:]}"
            if found.state != "accepted" and not _may_doubt(world, books, taken, found):
                return f"{told.code}: {vendor.name} took what is {found.state}, …{taken.to[-3:]}"
    return None


def _may_doubt(world: World, books: Books, taken: TakenMessage, found: Attempt) -> bool:
    """True where a doubt could not be settled although the vendor has taken it."""
    told, m = world.facts.of(taken.body), books.messages[found.message]
    assert told is not None
    limits = _limits(world, taken.vendor)
    if limits is None or limits == (None, None) or told.rather_twice:
        return True
    if told.stopped is not None or told.paused or world.facts.restores:
        return True
    expires = at(books.broadcasts[m.broadcast].expires_at)
    if expires is not None and m.changed_at >= expires:
        return True
    window, _ = limits
    call = books.by_reference[(found.gateway, found.call_ref)]
    if any(a.state == "accepted" for a in call):
        return True  # reports have settled some of it, and a call is repeated whole or not at all
    others = [a for a in books.attempts_of(found.message) if a is not found]
    if any(a.heard & YES for a in others):
        return True  # the network has delivered another attempt: it is not asked once more
    if window is not None:
        asked = datetime.fromtimestamp(found.asked_at / 1e6, UTC)
        if m.changed_at >= micros(remembered_until(asked, window) - LONGEST_WAIT):
            return True
    if taken.to in world.facts.parted or any(no.number == taken.to for no in world.facts.noes):
        return True
    with world.look().store.read(SYSTEM) as tx:
        shut = tx.taken(
            f"SELECT 1 FROM trail WHERE (act = {PAUSED} AND noun = 'gateway' AND noun_id = :g) "
            f"OR (act = {HELD} AND noun = 'broadcast' AND noun_id = :b) LIMIT 1",
            g=taken.vendor,
            b=str(m.broadcast),
        )
    return bool(shut)


def _limits(world: World, vendor: str) -> tuple[timedelta | None, timedelta | None] | None:
    """(memory, settling time) of a gateway as its adapter states it; None: nobody has worked."""
    for _, worker in world.workers.values():
        if vendor in worker.gateways:
            limits = worker.gateways[vendor].limits
            return limits.dedup_window, limits.looks_up
    return None


# --- receipts -----------------------------------------------------------------------------------


def _is_asked(world: World, gateway: str) -> bool:
    """True where reports are pulled, too: those come by no door."""
    found = [w.gateways[gateway] for _, w in world.workers.values() if gateway in w.gateways]
    return any(isinstance(g, AsksReceipts) for g in found)


@at_end("receipts converge")
def receipts_converge(world: World) -> str | None:
    """Whatever their order, reports add up: an attempt has heard what the vendor has said of it,
    and its message is delivered when one of them says so, and only then. Judged by the reports that
    the door took, as far as they are the vendor's own."""
    books = open_books(world)
    restored = max(world.facts.restores, default=-1.0)
    said: dict[str, ReceiptFlags] = {}
    arrived: set[int] = set()
    for _, attempt, receipt in reported(world, -1.0, world.seconds, perhaps=True):
        if receipt.state & YES:
            arrived.add(attempt.message)
    for _, attempt, receipt in reported(world, restored, read_until(world)):
        said[attempt.reference] = said.get(attempt.reference, ReceiptFlags.NOTHING) | receipt.state
    for a in books.attempts:
        bits = said.get(a.reference, ReceiptFlags.NOTHING)
        if ReceiptFlags(a.heard) & bits != bits:
            return f"attempt {a.reference[:16]} has heard {a.heard}, the vendor said {bits.value}"
        m = books.messages[a.message]
        if bits & YES and m.state not in (M.DELIVERED, M.READ):
            return f"message {m.id} is {m.state}, the vendor said it was delivered"
    for m in books.messages.values():
        # pulled, or of a number nobody can compare any more: it was erased
        untold = any(_is_asked(world, a.gateway) or not a.to for a in books.attempts_of(m.id))
        if m.state in (M.DELIVERED, M.READ) and not (m.id in arrived or untold or restored >= 0):
            return f"message {m.id} is {m.state}, no report says so"
        mine = [a for a in books.attempts_of(m.id) if a.state == "accepted"]
        if m.state == M.ACCEPTED and mine and all(a.heard & ReceiptFlags.FAILED for a in mine):
            return f"message {m.id} is accepted, the network said no to all of it"
    return None


# --- money, trail, database ---------------------------------------------------------------------


@at_end("nothing above its budget")
def nothing_above_its_budget(world: World) -> str | None:
    """What was accepted on a step of a broadcast costs no more than the step's budget. Judged by
    the budget as approved and the cost of each acceptance."""
    books = open_books(world)
    spent: Counter[tuple[int, int]] = Counter()
    for a in books.attempts:
        if a.state == "accepted":
            spent[books.messages[a.message].broadcast, a.step] += a.cost
    for (number, step), dong in sorted(spent.items()):
        told, budget = books.told.get(number), books.broadcasts[number].route[step].budget
        if budget is not None and dong > budget and not (told is not None and told.over_budget):
            return f"{_code(books, number)}: {dong} đồng on step {step}, {budget} are allowed"
    return None


@at_end("a trail entry for every change")
def every_change_is_noted(world: World) -> str | None:
    """Each call, each answer to one, and each act of a person stands in the trail. Judged by the
    attempts there are and by what people did; a restore takes entries away with what they tell."""
    books = open_books(world)
    asked: set[str] = set()
    settled: set[str] = set()
    with world.look().store.read(SYSTEM) as tx:
        for (entry,) in tx.taken("SELECT entry FROM trail WHERE act = 'sent'"):
            facts = json.loads(entry)["facts"]
            asked.update(reference for _, reference in facts.get("asked", ()))
            settled.update(row[1] for row in facts.get("settled", ()))
        acts = {
            (act, number)
            for act, number in tx.taken("SELECT act, noun_id FROM trail WHERE noun = 'broadcast'")
        }
    for a in books.attempts:
        if world.facts.restores:
            break  # what was sent by the replaced database is recalled by reports
        if a.reference not in asked:
            return f"no entry tells that {a.reference[:16]} was asked"
        answered = a.state == "refused" or (a.state == "accepted" and a.named)
        if answered and a.reference not in settled:
            return f"no entry tells what {a.reference[:16]} was answered"
    for told in world.facts.told.values():
        if world.facts.restores or not told.id or told.schedule or told.also:
            continue
        for act, done in (("paused", told.paused), ("stopped", told.stopped is not None)):
            if done and (act, str(told.id)) not in acts:
                return f"{told.code}: no entry tells that it was {act}"
    return None


def _findings(world: World) -> list[maintenance.Finding]:
    with world.look().store.read(SYSTEM) as tx:
        return maintenance.check(tx)


@at_end("the trail holds")
def the_trail_holds(world: World) -> str | None:
    """The chain of heads is what its entries make of it. Judged by computing it again."""
    return next(
        (say.en for what, good, say in _findings(world) if what == "trail" and not good), None
    )


@at_end("db check finds nothing")
def db_check_finds_nothing(world: World) -> str | None:
    """`dispatcher db check` finds the database sound. Judged by what an admin would see."""
    return next(
        (say.en for what, good, say in _findings(world) if what != "trail" and not good), None
    )
