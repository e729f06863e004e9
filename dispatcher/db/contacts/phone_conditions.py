"""Conditions on a phone that several share: who holds it, was anything taken there, is it free."""

from __future__ import annotations

from dispatcher.db.broadcasts.targets import (
    BY_ID,
    BY_PHONE,
    TARGETS_PER_STEP,
)
from dispatcher.db.words import (
    ACCEPTED,
    DELIVERED,
    FAILED,
    QUEUED,
    READ,
    RECIPIENT,
    REFUSED,
    RESTORED,
    SENDING,
    SHARED_PHONE,
    SKIPPED,
    SMS,
    UNCONFIRMED,
    ZALO,
)
from dispatcher.domain.model import ReceiptFlags

# A delivery counts, whatever else was said of that attempt.
NOT_REFUSED = (
    f"((a.state <> {REFUSED} AND a.heard & {ReceiptFlags.FAILED.value} = 0) "
    f"OR a.heard >= {ReceiptFlags.DELIVERED.value})"
)
# An attempt `a` to the phone of a shared target `s`, by whoever held it: to the number, or to the
# user id its owner has, which stands before the first number of a message.
AT_THE_PHONE = (
    "FROM targets o JOIN attempts a ON a.message_id = o.message_id AND (a.position = o.position "
    f"OR (a.position % {TARGETS_PER_STEP} = {BY_ID} "
    f"AND o.position % {TARGETS_PER_STEP} = {BY_PHONE})) "
    "WHERE o.broadcast_id = s.broadcast_id AND o.address_id = s.address_id "
    f"AND o.channel IN ({SMS}, {ZALO})"
)
# Accepted for the phone, on its way there, or in doubt.
TAKEN = f"EXISTS (SELECT 1 {AT_THE_PHONE} AND {NOT_REFUSED})"
DELIVERED_THERE = f"EXISTS (SELECT 1 {AT_THE_PHONE} AND a.heard >= {ReceiptFlags.DELIVERED.value})"
# A restore named a message `h` as a doubt: nobody knows what was tried at which of its phones.
NAMED = f"(h.state = {UNCONFIRMED} AND COALESCE(h.reason, '') = {RESTORED})"
# Messages `h` that will not come back to a phone they hold, by themselves.
OVER = (
    f"((h.state IN ({DELIVERED}, {READ}, {FAILED}, {SKIPPED}, {UNCONFIRMED}) "
    f"OR (h.state = {ACCEPTED} AND h.deadline_at IS NULL)) AND NOT {NAMED})"
)
# Somebody else's turn at the phone of a shared target `s`: it is held, or something was taken.
NOT_FREE = (
    "(EXISTS (SELECT 1 FROM targets k JOIN messages h ON h.id = k.message_id "
    "WHERE k.broadcast_id = s.broadcast_id AND k.address_id = s.address_id "
    f"AND k.channel IN ({SMS}, {ZALO}) AND NOT {OVER}) OR {TAKEN})"
)


# A message `m` whose shared phones are all free.
FREE = (
    f"m.broadcast_id = :b AND m.state = {SKIPPED} AND m.reason = {SHARED_PHONE} "
    "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = m.id) AND EXISTS (SELECT 1 "
    "FROM shared_targets s WHERE s.message_id = m.id) AND NOT EXISTS (SELECT 1 "
    f"FROM shared_targets s WHERE s.message_id = m.id AND {NOT_FREE})"
)
# A message `m` that was asked for at a phone it had taken over and could not be reached, while a
# further one `s` it shares is free and was never asked for: after the last it was asked for at, so
# that nothing is asked for twice.
UNTRIED = (
    "NOT EXISTS (SELECT 1 FROM targets t JOIN attempts a ON a.message_id = t.message_id "
    "AND a.position = t.position WHERE t.broadcast_id = s.broadcast_id "
    "AND t.channel = s.channel AND t.address_id = s.address_id)"
)
ONWARD = (
    f"m.broadcast_id = :b AND m.state = {FAILED} AND m.reason = {RECIPIENT} "
    "AND EXISTS (SELECT 1 FROM visible_messages v WHERE v.id = m.id) AND EXISTS (SELECT 1 "
    "FROM attempts x WHERE x.message_id = m.id) AND EXISTS (SELECT 1 FROM shared_targets s "
    f"WHERE s.message_id = m.id AND s.position > m.position AND {UNTRIED} "
    f"AND NOT {NOT_FREE})"
)


def _of_message(condition: str, otherwise: str) -> str:
    """SQL on a message `m` and the one (`h`) it is reached through: whether the phone it shares
    fulfils a condition; for a household, and where no phone of it is kept (an older release)
    `otherwise`"""
    mine = "shared_targets s WHERE s.message_id = m.id"
    return (
        "(CASE WHEN m.through_id IS NULL THEN 1 = 0 "
        f"WHEN m.reason = {SHARED_PHONE} AND EXISTS (SELECT 1 FROM {mine}) "
        f"THEN EXISTS (SELECT 1 FROM {mine} AND {condition}) ELSE {otherwise} END)"
    )


# Whoever shares a phone was reached through it: something was delivered there.
REACHED = _of_message(DELIVERED_THERE, f"COALESCE(h.state, '') IN ({DELIVERED}, {READ})")
# The same, as far as anybody knows: something is accepted, open or in doubt there.
MAYBE = _of_message(
    f"({TAKEN} OR {NAMED})",
    f"COALESCE(h.state, '') IN ({ACCEPTED}, {SENDING}, {QUEUED}, {UNCONFIRMED})",
)
