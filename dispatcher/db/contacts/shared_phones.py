"""Phones that several people share: one message reaches them all, and they hang on the phone.

Comes from: a release, which writes one target a phone, and here what the others would be sent.
Goes to: the next of them, once whoever held the phone has ended without it.
Never: gives a phone away for which something was accepted, is open or in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple, Protocol, TypeVar

from dispatcher.db.broadcasts import withdrawals
from dispatcher.db.broadcasts.targets import (
    BY_PHONE,
    TARGETS_PER_STEP,
    Shares,
    drawn,
    scope_id,
)
from dispatcher.db.contacts.phone_conditions import (
    DELIVERED_THERE,
    FREE,
    ONWARD,
    TAKEN,
    UNTRIED,
)
from dispatcher.db.contacts.suppression_rules import IS_MOBILE, SuppressionRules
from dispatcher.db.database import Tx, at
from dispatcher.db.rows import on_ids, on_rows
from dispatcher.db.words import (
    FAILED,
    QUEUED,
    RECIPIENT,
    SHARED_PHONE,
    SKIPPED,
)
from dispatcher.domain.model import Step

_ONE_AT_A_TIME = 741_855  # of PostgreSQL's advisory locks: whoever hands phones over, or ends them


def keep_sharers_of_phone(
    tx: Tx,
    broadcast_id: int,
    may: SuppressionRules,
    steps: Sequence[tuple[int, Step, Shares, str]],
    base: int,
) -> None:
    """For whoever of the chunk just planned shares a phone: what it would be sent.

    `steps`: (index, step, shares, scope of its texts) of those that have a text.
    """
    for index, step, shares, scope in steps:
        tx.run(
            "INSERT INTO shared_targets (message_id, position, broadcast_id, step, channel, "
            "gateway, address_id, body_id) SELECT :base + p.n, :by_phone + ca.position, :b, "
            f":step, :channel, {drawn(shares, ':base + p.n')}, ca.address_id, pb.body_id "
            "FROM plan_rows p JOIN contact_addresses ca ON ca.contact_id = p.contact_id "
            f"JOIN addresses a ON a.id = ca.address_id AND {IS_MOBILE} "
            "JOIN plan_bodies pb ON pb.broadcast_id = :b AND pb.step = :step "
            f"AND pb.scope_id = {scope_id(scope, 'p')} "
            f"WHERE p.reason IS NULL AND ca.position < :most AND {may.not_suppressed()} "
            # a look by id for each: as a join, PostgreSQL without statistics of this broadcast
            # walks all who share a phone for each person
            "AND (SELECT m.reason FROM visible_messages m "
            f"WHERE m.id = :base + p.n) = {SHARED_PHONE} "
            "ON CONFLICT DO NOTHING",
            {
                "b": broadcast_id,
                "step": index,
                "channel": step.channel.value,
                "by_phone": index * TARGETS_PER_STEP + BY_PHONE,
                "most": TARGETS_PER_STEP - BY_PHONE,
                "base": base,
            },
            scope=tx.scope,
        )


class _Sharer(NamedTuple):
    address: int
    message: int
    position: int
    step: int
    channel: str
    gateway: str
    body: int
    carrier: str | None
    holder: int | None  # the message whose target it is now
    held_at: int | None
    tried: int | None  # attempts of the holder at that target


def hand_over(tx: Tx, broadcast_id: int) -> int:
    """Give phones of a running broadcast to the next who share them; how many messages moved.

    A phone is free when whoever holds it is over, and nothing was accepted for it, is open or in
    doubt. What its holder tried there was refused: of those channels nothing more is asked. Where
    no other is left, everybody who shares it could not be reached either.
    """
    moved = 0
    one_at_a_time(tx)
    while True:
        _take_up(tx, broadcast_id)
        sharers = _waiting(tx, broadcast_id)
        _hold(tx, sharers)
        if not tx.is_sqlite and sharers:  # as they are now that nobody else can move them
            sharers = _waiting(tx, broadcast_id)
        given = _given(sharers)
        _pass_on(tx, broadcast_id, given)
        next_ones = sorted({s.message for s in given})
        lost = _fail(tx, {s.message for s in sharers} - set(next_ones))
        if not next_ones and not lost:
            return moved
        tx.note("phone_passed", "broadcast", broadcast_id, messages=next_ones, failed=lost)
        withdrawals.look_again(tx, next_ones)
        moved += len(next_ones) + len(lost)


def one_at_a_time(tx: Tx) -> None:
    """Shared phones are handed over, or their broadcasts ended, by one transaction at a time: each
    moves many messages, and two could hold each other up. SQLite has only one."""
    if not tx.is_sqlite:
        tx.run(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")


def _hold(tx: Tx, sharers: Sequence[_Sharer]) -> None:
    """PostgreSQL: a report may put whoever holds a phone back into the queue for it just now."""
    holders = sorted({s.holder for s in sharers if s.holder is not None})
    if not tx.is_sqlite and holders:
        on_ids(
            tx,
            "SELECT id FROM messages WHERE id IN (:ids) "
            "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = messages.id) "
            "ORDER BY id FOR UPDATE",
            holders,
            scope=tx.scope,
        )


def any_free(tx: Tx, broadcast_id: int) -> bool:
    """True when somebody shares phones that are all free: there is something to hand over."""
    return any(
        tx.one(f"SELECT 1 FROM messages m WHERE {which} LIMIT 1", b=broadcast_id, scope=tx.scope)
        for which in (FREE, ONWARD)
    )


def _take_up(tx: Tx, broadcast_id: int) -> None:
    """Whoever failed at one of their shared phones waits for the next one that is free."""
    tx.run(
        f"UPDATE messages SET state = {SKIPPED}, "
        f"reason = {SHARED_PHONE}, code = NULL, changed_at = :now, "
        "through_id = (SELECT MIN(t.message_id) FROM shared_targets s JOIN targets t "
        "ON t.broadcast_id = s.broadcast_id AND t.channel = s.channel "
        "AND t.address_id = s.address_id WHERE s.message_id = messages.id "
        "AND s.position > messages.position) "
        f"WHERE id IN (SELECT m.id FROM messages m WHERE {ONWARD})",
        {"b": broadcast_id, "now": at(tx.now)},
        scope=tx.scope,
    )


def reached_after_all(tx: Tx, attempts: Sequence[int]) -> None:
    """The network delivered what it had said no to: whoever failed for sharing that phone, without
    having been asked for themselves, was reached through it."""
    of_them = (
        "FROM shared_targets s JOIN targets t ON t.broadcast_id = s.broadcast_id "
        "AND t.address_id = s.address_id JOIN attempts r ON r.message_id = t.message_id"
    )
    on_ids(
        tx,
        f"UPDATE messages SET state = {SKIPPED}, reason = {SHARED_PHONE}, "
        f"changed_at = :now, through_id = (SELECT MIN(t.message_id) {of_them} "
        "WHERE s.message_id = messages.id AND r.id IN (:ids)) WHERE id IN (SELECT s.message_id "
        f"{of_them} WHERE r.id IN (:ids) AND {DELIVERED_THERE}) AND state = {FAILED} "
        f"AND reason = {RECIPIENT} AND NOT EXISTS (SELECT 1 FROM attempts x "
        "WHERE x.message_id = messages.id)",
        attempts,
        now=at(tx.now),
    )


def _waiting(tx: Tx, broadcast_id: int) -> list[_Sharer]:
    """What those would be sent whose phones are all free, in the order of the list: whoever has
    another number besides waits for the first to fail, like everybody."""
    hold = "" if tx.is_sqlite else " FOR UPDATE OF m"
    rows = tx.taken(
        "SELECT w.address_id, w.message_id, w.position, w.step, "
        "w.channel, w.gateway, w.body_id, ad.carrier, h.id, t.position, "
        "(SELECT count(*) FROM attempts a WHERE a.message_id = t.message_id "
        "AND a.position = t.position) FROM messages m "
        "JOIN shared_targets w ON w.message_id = m.id JOIN addresses ad ON ad.id = w.address_id "
        "LEFT JOIN targets t ON t.broadcast_id = w.broadcast_id AND t.channel = w.channel "
        "AND t.address_id = w.address_id LEFT JOIN messages h ON h.id = t.message_id "
        f"WHERE {FREE} AND (w.position > m.position OR NOT EXISTS (SELECT 1 FROM attempts x "
        f"WHERE x.message_id = m.id)) ORDER BY w.message_id, w.position{hold}",
        b=broadcast_id,
        scope=tx.scope,
    )
    return [_Sharer(*row) for row in rows]


def _given(sharers: Sequence[_Sharer]) -> list[_Sharer]:
    """Targets that go to the next one of each phone, as at a release: first each their first
    number, then further ones that are nobody's first."""
    wanted = [
        list({s.address: None for s in group if not s.tried})
        for _, group in groupby(sharers, key=lambda s: s.message)
    ]
    messages = list(dict.fromkeys(s.message for s in sharers))
    heirs: dict[int, int] = {}
    for message, phones in zip(messages, wanted, strict=True):
        if phones:
            heirs.setdefault(phones[0], message)
    for message, phones in zip(messages, wanted, strict=True):
        if phones and heirs[phones[0]] == message:
            for phone in phones[1:]:
                heirs.setdefault(phone, message)
    return [s for s in sharers if not s.tried and heirs.get(s.address) == s.message]


def _last_asked(column: str) -> str:
    """SQL: where a message stands whose target was passed on before it was asked for there."""
    return (
        "CASE WHEN EXISTS (SELECT 1 FROM targets t WHERE t.message_id = messages.id "
        f"AND t.position = messages.position) THEN {column} ELSE COALESCE((SELECT a.{column} "
        f"FROM attempts a WHERE a.message_id = messages.id ORDER BY a.id DESC LIMIT 1), {column}) "
        "END"
    )


def _pass_on(tx: Tx, broadcast_id: int, given: Sequence[_Sharer]) -> None:
    """Their targets become those of the next; who held them stands where it was asked for last, and
    is marked as changed, so that a report that is decided at this moment is decided anew."""
    held = [[s.holder, s.held_at] for s in given if s.holder is not None]
    on_rows(
        tx,
        "DELETE FROM targets WHERE (message_id, position) IN (SELECT r.m, r.p FROM :rows r)",
        {"m": "bigint", "p": "int"},
        held,
    )
    on_rows(
        tx,
        "UPDATE messages SET changed_at = CASE WHEN changed_at < :now THEN :now "
        f"ELSE changed_at + 1 END, position = {_last_asked('position')}, "
        f"gateway = {_last_asked('gateway')} "
        "FROM (SELECT DISTINCT r.m FROM :rows r) d "
        "WHERE messages.id = d.m",
        {"m": "bigint"},
        [[m] for m, _ in held],
        now=at(tx.now),
    )
    starts = wait_at(tx, broadcast_id, given)
    heirs = {"m": "bigint", "a": "bigint"}
    on_rows(
        tx,
        "UPDATE messages SET through_id = d.m FROM (SELECT s.message_id AS id, MIN(r.m) AS m "
        "FROM :rows r CROSS JOIN shared_targets s WHERE s.broadcast_id = :b "
        "AND s.address_id = r.a GROUP BY s.message_id) d WHERE messages.id = d.id "
        # found by its id: through an index on those, each heir would walk everybody who waits
        f"AND messages.state || '' = {SKIPPED} AND messages.reason || '' = {SHARED_PHONE}",
        heirs,
        [[s.message, s.address] for s in starts.values()],
        b=broadcast_id,
    )


class LateTarget(Protocol):
    """A target that somebody gets after the release."""

    @property
    def message(self) -> int: ...
    @property
    def position(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def channel(self) -> str: ...
    @property
    def gateway(self) -> str: ...
    @property
    def address(self) -> int: ...
    @property
    def body(self) -> int: ...
    @property
    def carrier(self) -> str | None: ...


G = TypeVar("G", bound=LateTarget)


def wait_at(tx: Tx, broadcast_id: int, given: Sequence[G]) -> dict[int, G]:
    """Write targets of messages that were skipped, and let these wait in the queue at the first of
    theirs: message → that target."""
    columns = {
        "m": "bigint",
        "p": "int",
        "step": "int",
        "c": "text",
        "g": "text",
        "a": "bigint",
        "body": "bigint",
    }
    on_rows(
        tx,
        "INSERT INTO targets (message_id, position, broadcast_id, step, channel, gateway, "
        "address_id, body_id) SELECT r.m, r.p, :b, r.step, r.c, r.g, r.a, r.body FROM :rows r "
        "WHERE 1 = 1",
        columns,
        [[s.message, s.position, s.step, s.channel, s.gateway, s.address, s.body] for s in given],
        b=broadcast_id,
    )
    starts: dict[int, G] = {}
    for s in given:
        if s.message not in starts or s.position < starts[s.message].position:
            starts[s.message] = s
    start = {"m": "bigint", "p": "int", "g": "text", "carrier": "text"}
    on_rows(
        tx,
        f"UPDATE messages SET state = {QUEUED}, reason = NULL, through_id = NULL, position = r.p, "
        "gateway = r.g, carrier = r.carrier, due_at = :now, changed_at = :now "
        f"FROM :rows r WHERE messages.id = r.m AND messages.state = {SKIPPED}",
        start,
        [[m, s.position, s.gateway, s.carrier] for m, s in starts.items()],
        now=at(tx.now),
    )
    return starts


def _fail(tx: Tx, messages: set[int]) -> list[int]:
    """Of messages that share a phone those with no way left: each of their phones was tried by
    whoever held it, and nothing was accepted there. They could not be reached; their ids."""
    rows = on_rows(
        tx,
        f"UPDATE messages SET state = {FAILED}, reason = {RECIPIENT}, "
        "changed_at = :now FROM :rows r WHERE messages.id = r.m "
        f"AND messages.state = {SKIPPED} AND messages.reason = {SHARED_PHONE} AND NOT EXISTS "
        "(SELECT 1 FROM shared_targets s WHERE s.message_id = messages.id "
        f"AND ({UNTRIED} OR {TAKEN})) RETURNING messages.id AS id",
        {"m": "bigint"},
        [[m] for m in sorted(messages)],
        now=at(tx.now),
    )
    return sorted(row["id"] for row in rows)
