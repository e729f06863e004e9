"""Our own words as SQL writes them: states, reasons and kinds, each taken from its enum once.

They stand in statements as literals and not as parameters: a partial index on one state serves only
statements that name this state themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from dispatcher.domain.model import (
    AddressKind,
    AreaKind,
    AttemptState,
    BroadcastState,
    Channel,
    Fault,
    HeldReason,
    Kind,
    MessageState,
    Role,
    SkipReason,
)


def literal(*members: StrEnum) -> str:
    """A word as an SQL literal. Several members: one word of several enums, the same in all."""
    (word,) = {member.value for member in members}
    return f"'{word}'"


def one_of(members: Iterable[StrEnum]) -> str:
    """Words as an SQL list without its brackets; none at all matches nothing."""
    return ", ".join(literal(member) for member in members) or "NULL"


QUEUED = literal(MessageState.QUEUED)
SENDING = literal(MessageState.SENDING, AttemptState.SENDING)
ACCEPTED = literal(MessageState.ACCEPTED, AttemptState.ACCEPTED)
DELIVERED = literal(MessageState.DELIVERED)
READ = literal(MessageState.READ)
FAILED = literal(MessageState.FAILED)
UNCONFIRMED = literal(MessageState.UNCONFIRMED, AttemptState.UNCONFIRMED)
EXPIRED = literal(MessageState.EXPIRED, BroadcastState.EXPIRED)
SKIPPED = literal(MessageState.SKIPPED)
CANCELLED = literal(MessageState.CANCELLED)
REFUSED = literal(AttemptState.REFUSED)
DOUBTFUL = literal(AttemptState.DOUBTFUL)
DRAFT = literal(BroadcastState.DRAFT)
SUBMITTED = literal(BroadcastState.SUBMITTED)
RETURNED = literal(BroadcastState.RETURNED)
REJECTED = literal(BroadcastState.REJECTED)
APPROVED = literal(BroadcastState.APPROVED)
SCHEDULED = literal(BroadcastState.SCHEDULED)
RUNNING = literal(BroadcastState.RUNNING)
PAUSED = literal(BroadcastState.PAUSED)
HELD = literal(BroadcastState.HELD)
DONE = literal(BroadcastState.DONE)
STOPPED = literal(BroadcastState.STOPPED)
MISSED = literal(BroadcastState.MISSED)
NO_NUMBER = literal(SkipReason.NO_NUMBER)
LANDLINE = literal(SkipReason.LANDLINE, AddressKind.LANDLINE)
OPTED_OUT = literal(SkipReason.OPTED_OUT)
SHARED_PHONE = literal(SkipReason.SHARED_PHONE)
SAME_HOUSEHOLD = literal(SkipReason.SAME_HOUSEHOLD)
NO_CHANNEL = literal(SkipReason.NO_CHANNEL)
NO_CONSENT = literal(SkipReason.NO_CONSENT)
DO_NOT_CALL = literal(SkipReason.DO_NOT_CALL)
TOO_OFTEN = literal(SkipReason.TOO_OFTEN)
SAME_WORDS = literal(SkipReason.SAME_WORDS)
NO_TEXT = literal(SkipReason.NO_TEXT)
REMOVED = literal(SkipReason.REMOVED)
FORGOTTEN = literal(SkipReason.FORGOTTEN)
RESTORED = literal(HeldReason.RESTORED)
APPROVER_LEFT = literal(HeldReason.APPROVER_LEFT)
BUSY = literal(Fault.BUSY)
UNKNOWN = literal(Fault.UNKNOWN)
RECIPIENT = literal(Fault.RECIPIENT)
CARRIER = literal(Fault.CARRIER)
CONTENT = literal(Fault.CONTENT)
LATER = literal(Fault.LATER)
SMS = literal(Channel.SMS)
ZALO = literal(Channel.ZALO, AddressKind.ZALO)
MOBILE = literal(AddressKind.MOBILE)
WARD = literal(AreaKind.WARD)
PROMOTION = literal(Kind.PROMOTION)
LEADER = literal(Role.LEADER)
