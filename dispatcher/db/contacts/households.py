"""One message a household: when whoever was to get it may not be told any more, the next one is.

Comes from: a release, which names the message that stands for each household, and here what the
others of it would be sent.   Goes to: the first of them who is still on the lists.
Never: a household of which something was accepted, is open or in doubt; a phone somebody else has.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from dispatcher.db.broadcasts import withdrawals
from dispatcher.db.broadcasts.targets import BY_PHONE, TARGETS_PER_STEP, Shares, drawn, scope_id
from dispatcher.db.contacts import phone_conditions, shared_phones
from dispatcher.db.contacts.suppression_rules import IS_MOBILE, SuppressionRules
from dispatcher.db.database import Tx, at
from dispatcher.db.rows import on_rows
from dispatcher.db.words import SAME_HOUSEHOLD, SHARED_PHONE, SKIPPED, SMS, ZALO, one_of
from dispatcher.domain.model import SkipReason, Step

_WITHDRAWN = one_of(
    (SkipReason.REMOVED, SkipReason.FORGOTTEN, SkipReason.OPTED_OUT, SkipReason.DO_NOT_CALL)
)
# Messages `m` that wait for the one (`h`) of their household, which was taken back with nothing
# accepted, open or in doubt, at its own phone or at one it shared.
_FREE = (
    "FROM messages m JOIN messages h ON h.id = m.through_id "
    "JOIN contacts c ON c.id = m.contact_id AND c.removed_at IS NULL "
    "JOIN shared_targets w ON w.message_id = m.id "
    f"WHERE m.broadcast_id = :b AND m.state = {SKIPPED} AND m.reason = {SAME_HOUSEHOLD} "
    f"AND h.state = {SKIPPED} AND h.reason IN ({_WITHDRAWN}) "
    "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = m.id) "
    "AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.message_id = h.id "
    f"AND {phone_conditions.NOT_REFUSED}) AND NOT EXISTS (SELECT 1 FROM shared_targets s "
    f"WHERE s.message_id = h.id AND {phone_conditions.NOT_FREE})"
)


def keep_sharers_of_household(
    tx: Tx,
    broadcast_id: int,
    may: SuppressionRules,
    steps: Sequence[tuple[int, Step, Shares, str]],
    base: int,
) -> None:
    """For whoever of the chunk just planned is left out for their household: what they would be
    sent. `steps`: (index, step, shares, scope of its texts) of those that have a text."""
    for index, step, shares, scope in steps:
        tx.run(
            "INSERT INTO shared_targets (message_id, position, "
            "broadcast_id, step, channel, gateway, address_id, body_id) SELECT :base + p.n, "
            f":by_phone + ca.position, :b, :step, :channel, {drawn(shares, ':base + p.n')}, "
            "ca.address_id, pb.body_id FROM plan_rows p "
            "JOIN contact_addresses ca ON ca.contact_id = p.contact_id "
            f"JOIN addresses a ON a.id = ca.address_id AND {IS_MOBILE} "
            "JOIN plan_bodies pb ON pb.broadcast_id = :b AND pb.step = :step "
            f"AND pb.scope_id = {scope_id(scope, 'p')} "
            f"WHERE p.reason = {SAME_HOUSEHOLD} AND ca.position < :most "
            f"AND {may.free()} ON CONFLICT DO NOTHING",
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


class _Member(NamedTuple):
    """One target of somebody who waits for their household."""

    through: int  # the message that stood for the household
    message: int
    position: int
    step: int
    channel: str
    gateway: str
    address: int
    body: int
    carrier: str | None
    holder: int | None  # the message of the broadcast that has a target at this phone


def any_free(tx: Tx, broadcast_id: int) -> bool:
    """True when a household waits for somebody who may not be told any more."""
    withdrawn = tx.one(
        "SELECT 1 FROM messages WHERE broadcast_id = :b AND household_id IS NOT NULL "
        f"AND state = {SKIPPED} AND reason IN ({_WITHDRAWN}) LIMIT 1",
        b=broadcast_id,
    )
    if withdrawn is None:  # nearly always, and sooner known than who waits for whom
        return False
    found = tx.one(f"SELECT 1 {_FREE} LIMIT 1", b=broadcast_id, scope=tx.scope)
    return found is not None


def hand_over(tx: Tx, broadcast_id: int) -> int:
    """Give the message of each free household to its next member; how many messages moved.

    One whose phones all are somebody else's hangs on that phone, as at a release.
    """
    moved = 0
    shared_phones.one_at_a_time(tx)
    while any_free(tx, broadcast_id):
        members = _waiting(tx, broadcast_id)
        if not tx.is_sqlite:  # with phones as they are now that nobody else can move these
            members = _waiting(tx, broadcast_id)
        given, sharing = _given(members)
        if not given and not sharing:
            return moved
        _pass_on(tx, broadcast_id, given, sharing)
        heirs = {s.through: s.message for s in given} | {s.through: s.message for s in sharing}
        _wait_for(tx, members, heirs)
        next_ones = sorted({s.message for s in given})
        tx.note("household_passed", "broadcast", broadcast_id, messages=sorted(heirs.values()))
        withdrawals.look_again(tx, next_ones)
        moved += len(heirs)
    return moved


def _waiting(tx: Tx, broadcast_id: int) -> list[_Member]:
    """What the members of free households would be sent, in the order of the list."""
    hold = "" if tx.is_sqlite else " FOR UPDATE OF m"
    rows = tx.taken(
        "SELECT m.through_id, m.id, w.position, w.step, w.channel, "
        "w.gateway, w.address_id, w.body_id, (SELECT x.carrier FROM addresses x "
        "WHERE x.id = w.address_id), (SELECT MIN(k.message_id) FROM targets k "
        f"WHERE k.broadcast_id = :b AND k.channel IN ({SMS}, {ZALO}) "
        f"AND k.address_id = w.address_id) {_FREE} ORDER BY m.id, w.position{hold}",
        b=broadcast_id,
        scope=tx.scope,
    )
    return [_Member(*row) for row in rows]


def _given(members: Sequence[_Member]) -> tuple[list[_Member], list[_Member]]:
    """The targets of the first member of each household; and, of those whose phones are all
    somebody else's, one with its holder."""
    given: list[_Member] = []
    sharing: list[_Member] = []
    taken: dict[int, int] = {}  # phones given just now → the message they went to
    told: set[int] = set()
    for message, group in groupby(members, key=lambda s: s.message):
        mine = list(group)
        if mine[0].through in told:
            continue
        told.add(mine[0].through)
        free = [s for s in mine if s.holder is None and s.address not in taken]
        given += free
        taken.update((s.address, message) for s in free)
        if not free:
            first = mine[0]
            sharing.append(first._replace(holder=first.holder or taken[first.address]))
    return given, sharing


def _pass_on(
    tx: Tx, broadcast_id: int, given: Sequence[_Member], sharing: Sequence[_Member]
) -> None:
    """Their targets are written, and they wait in the queue, or for the phone they share."""
    shared_phones.wait_at(tx, broadcast_id, given)
    on_rows(
        tx,
        f"UPDATE messages SET reason = {SHARED_PHONE}, through_id = r.h, "
        "changed_at = :now FROM :rows r "
        f"WHERE messages.id = r.m AND messages.state = {SKIPPED}",
        {"m": "bigint", "h": "bigint"},
        [[s.message, s.holder] for s in sharing],
        now=at(tx.now),
    )


def _wait_for(tx: Tx, members: Sequence[_Member], heirs: dict[int, int]) -> None:
    """The others of these households wait for whoever stands for them now."""
    others = sorted(
        {(s.message, heirs[s.through]) for s in members} - {(m, m) for m in heirs.values()}
    )
    on_rows(
        tx,
        "UPDATE messages SET through_id = r.h FROM :rows r "
        f"WHERE messages.id = r.m AND messages.reason || '' = {SAME_HOUSEHOLD}",
        {"m": "bigint", "h": "bigint"},
        [list(pair) for pair in others],
    )
