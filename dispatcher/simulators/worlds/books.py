"""What our own database must show: the intents of what leaves, and all that stands in it at last.

Comes from: the database, read as somebody who does nothing.   Goes to: judging, reckoning.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from dispatcher.broadcasts.application import App
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.schema import micros
from dispatcher.db.words import APPROVED, HELD, PAUSED, QUEUED, RUNNING, SCHEDULED, SENDING
from dispatcher.domain.model import SYSTEM, HeldReason
from dispatcher.simulators.worlds.facts import BroadcastFacts
from dispatcher.simulators.worlds.invariants import notes_of
from dispatcher.simulators.worlds.world import START

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.vendors import Left, TakenMessage
    from dispatcher.simulators.worlds.world import World

ZERO = micros(START)


class Intent(NamedTuple):
    """An intent as the trail tells it: its entry, and the moment by the clock of the worker."""

    entry: int
    seconds: float


def ask(world: World, sql: str, **given: Any) -> Sequence[Any]:
    """Rows of one look, without the ceremony of a transaction: it is taken after many a step."""
    kept = notes_of(world).kept
    app: App | None
    app, connection = kept.get("eye", (None, None))
    if app is not world.look():
        leave(world)
        app = world.look()
        engine: sa.Engine = app.store._engine
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        kept["eye"] = (app, connection)
    assert connection is not None
    if app.store.is_sqlite:
        raw: Any = connection.connection.dbapi_connection
        found: Sequence[Any] = raw.execute(sql, given).fetchall()
        return found
    rows: Sequence[Any] = connection.execute(sa.text(sql), given).fetchall()
    return rows


def who_waits(world: World) -> set[int]:
    """People whose message waits in the queue, or for an answer."""
    rows = ask(world, f"SELECT contact_id FROM messages WHERE state IN ({QUEUED}, {SENDING})")
    return {c for (c,) in rows}


OPEN = (
    f"messages WHERE state IN ({QUEUED}, {SENDING}) OR deadline_at IS NOT NULL",
    f"broadcasts WHERE state IN ({APPROVED}, {SCHEDULED}, {RUNNING}, {PAUSED}, {HELD})",
    f"schedules WHERE state = {APPROVED} AND next_fire_at IS NOT NULL",
    "receipts WHERE state IN ('new', 'unmatched')",
)


def is_at_rest(world: World) -> bool:
    """True when nothing will happen any more that could change what became of anybody."""
    if world.is_busy:
        return False
    return not any(ask(world, f"SELECT 1 FROM {rows} LIMIT 1") for rows in OPEN)


def last_entry(world: World) -> int:
    """The last entry of the trail."""
    return int(ask(world, "SELECT COALESCE(MAX(id), 0) FROM trail")[0][0])


def intent(world: World, left: Left) -> Intent | None:
    """The intent under which a message has left just now: the newest one its worker wrote; None
    where the database does not know of it."""
    worker = world.workers.get(left.process)
    name = worker[1].name if worker is not None else ""
    names = {left.reference, *(r for (r,) in _of_call(world, left.reference))}
    for entry, at, text in ask(
        world,
        "SELECT id, at, entry FROM trail WHERE act = 'sent' AND noun_id = :w AND entry LIKE :r "
        "ORDER BY id DESC LIMIT 50",
        w=name,
        r=f"%{min(names - {left.reference}, default=left.reference)}%",
    ):
        if any(r in names for _, r in json.loads(text)["facts"].get("asked", ())):
            return Intent(entry, (at - ZERO) / 1e6)
    return None


def _of_call(world: World, call_ref: str) -> Sequence[Any]:
    """The references of the messages of a call of several."""
    return ask(
        world,
        "SELECT reference FROM attempts WHERE call_ref = :c AND call_ref <> reference",
        c=call_ref,
    )


def holder(world: World, left: Left) -> list[str] | None:
    """The workers that hold what has left just now; None: nobody knows an intent of it."""
    rows = ask(
        world,
        "SELECT m.lease_owner FROM attempts a JOIN messages m ON m.id = a.message_id "
        "WHERE a.reference = :r",
        r=left.reference,
    ) or ask(
        world,
        "SELECT m.lease_owner FROM attempts a JOIN messages m ON m.id = a.message_id "
        "WHERE a.call_ref = :r AND a.call_ref <> a.reference",
        r=left.reference,
    )
    return [owner or "" for (owner,) in rows] or None


def held_before(app: App, number: int) -> str | None:
    """Why a broadcast was held when the database was replaced, as the trail tells it."""
    with app.store.read(SYSTEM) as tx:
        for act, entry in tx.taken(
            "SELECT act, entry FROM trail WHERE noun = 'broadcast' AND noun_id = :b "
            f"AND act IN ({HELD}, {RUNNING}, {PAUSED}, {SCHEDULED}) ORDER BY id DESC",
            b=str(number),
        ):
            reason: str | None = json.loads(entry)["facts"].get("reason")
            if reason != HeldReason.RESTORED.value:
                return reason if act == "held" else None
    return None


def leave(world: World) -> None:
    """Nobody looks any more."""
    _, connection = notes_of(world).kept.pop("eye", (None, None))
    if connection is not None:
        connection.invalidate()  # its pool may be gone already, and would keep it open
        connection.close()


# --- all of it, at the end ------------------------------------------------------------------------


class Message(NamedTuple):
    """One row of messages, with what it waits for. Times are microseconds."""

    id: int
    broadcast: int
    state: str
    gateway: str | None
    lease_owner: str | None
    changed_at: int
    due_at: int
    deadline_at: int | None


class Attempt(NamedTuple):
    """One row of attempts, and the number it went to; empty where it was erased."""

    message: int
    step: int
    gateway: str
    reference: str
    call_ref: str
    state: str
    heard: int
    asked_at: int
    answered_at: int | None
    provider_id: str | None
    cost: int
    fault: str | None
    to: str

    @property
    def named(self) -> bool:
        """The vendor gave it an id."""
        return self.provider_id is not None


@dataclass
class Books:
    """What the database says at the end."""

    now: int  # microseconds
    messages: dict[int, Message] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    broadcasts: dict[int, Broadcast] = field(default_factory=dict)
    told: dict[int, BroadcastFacts] = field(default_factory=dict)  # by broadcast
    by_reference: dict[tuple[str, str], list[Attempt]] = field(default_factory=dict)

    def of(self, taken: TakenMessage) -> Attempt | None:
        """The attempt an acceptance is the answer to."""
        found = self.by_reference.get((taken.vendor, taken.reference), ())
        exact = [a for a in found if a.to == taken.to]
        erased = [a for a in found if not a.to]
        return exact[0] if exact else erased[0] if len(erased) == 1 else None

    def attempts_of(self, message: int) -> list[Attempt]:
        return [a for a in self.attempts if a.message == message]


def open_books(world: World) -> Books:
    """Read once, at the end."""
    kept = notes_of(world).kept
    if "books" not in kept:
        kept["books"] = _read(world)
    found: Books = kept["books"]
    return found


def _read(world: World) -> Books:
    books = Books(micros(world.moment()))
    with world.look().store.read(SYSTEM) as tx:
        for row in tx.taken(
            "SELECT id, broadcast_id, state, gateway, lease_owner, changed_at, due_at, deadline_at "
            "FROM messages"
        ):
            books.messages[row[0]] = Message(*row)
        for row in tx.taken(
            "SELECT a.message_id, a.position / 16, a.gateway, a.reference, a.call_ref, a.state, "
            "a.heard, a.asked_at, a.answered_at, a.provider_id, "
            "COALESCE(a.cost, 0), a.fault, d.kind, d.cipher FROM attempts a JOIN targets t "
            "ON t.message_id = a.message_id AND t.position = a.position "
            "JOIN addresses d ON d.id = t.address_id ORDER BY a.id"
        ):
            *said, kind, cipher = row
            to = tx.sealer.open_address(kind, cipher).removeprefix("+") if cipher else ""
            books.attempts.append(Attempt._make([*said, to]))
        for broadcast in broadcasts.list_broadcasts(tx, limit=1_000_000):
            books.broadcasts[broadcast.id] = broadcast
            told = world.facts.told.get(str(broadcast.fields.get("code")))
            if told is not None:
                books.told[broadcast.id] = told
    for attempt in books.attempts:
        for name in {attempt.reference: 0, attempt.call_ref: 0}:
            books.by_reference.setdefault((attempt.gateway, name), []).append(attempt)
    return books


def at(when: datetime | None) -> int | None:
    """A moment as the columns have it."""
    return None if when is None else micros(when)
