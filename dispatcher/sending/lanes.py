"""One gateway as a worker uses it, and one call on the wire."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dispatcher.gateways.contract import Gateway, Limits, Outgoing, Verdict
from dispatcher.lifecycle import PROBE_AFTER_UNKNOWNS, Doubt
from dispatcher.store.broadcasts import Broadcast
from dispatcher.store.messages import Parcel

BATCH = 500  # messages leased at once
WAITS = 30  # seconds a leased message waits for its turn, at most
MOST = 10_000  # the same, for a gateway that takes many a call


@dataclass
class Asked:
    """One call on the wire, or back from it."""

    lane: Lane
    call_ref: str
    parcels: list[Parcel]
    asked_at: datetime
    leave_by: float  # on the clock that runs while the machine sleeps
    outgoing: list[Outgoing] = field(default_factory=list)
    verdicts: Sequence[Verdict | None] = ()  # None: a look-up that found nothing
    was_look_up: bool = False


@dataclass
class Lane:
    """One gateway as this worker uses it."""

    gateway: Gateway
    per_second: float | None
    in_flight: int
    waiting: deque[Parcel] = field(default_factory=deque)  # leased, nothing has left
    going: frozenset[int] = frozenset()  # broadcasts whose messages may wait here
    flying: int = 0  # calls
    unknowns: int = 0
    busy: int = 0
    hold_until: datetime | None = None
    cursors: dict[int, tuple[int, int]] = field(default_factory=dict)
    closed: dict[int, datetime] = field(default_factory=dict)  # broadcasts not taken until then
    rests: dict[int, float] = field(default_factory=dict)  # monotonic: had nothing due, until then
    empty_until: float = 0.0  # monotonic: when to look for due messages again
    doubts_at: float = 0.0  # monotonic: when to look for doubts again

    @property
    def name(self) -> str:
        return self.gateway.name

    def takes(self, broadcast: Broadcast, now: datetime) -> bool:
        """True when messages of a broadcast may go here now: its window, and the vendor's own."""
        return broadcast.window.is_open(now) and self.closed.get(broadcast.id, now) <= now

    @property
    def most_claimed(self) -> int:
        """Messages leased at once: for a gateway that takes many a call, enough to fill its calls
        although their texts differ from ward to ward."""
        limits = self.gateway.limits
        fill = self.in_flight * limits.batch + limits.at_least
        most = BATCH if limits.batch == 1 else min(MOST, max(BATCH, fill))
        if self.per_second is not None:  # no more than leave well inside a lease
            most = min(most, max(fill, int(self.per_second * WAITS)))
        return most

    @property
    def doubt(self) -> Doubt:
        limits = self.gateway.limits
        return Doubt(limits.dedup_window, limits.looks_up)

    def room(self, now: datetime) -> int:
        """Calls that may start now. A gateway in doubt or out of breath gets one at a time."""
        if self.hold_until is not None and now < self.hold_until:
            return 0
        probing = self.busy > 0 or self.unknowns >= PROBE_AFTER_UNKNOWNS
        return (1 if probing else self.in_flight) - self.flying


def in_batches(limits: Limits, parcels: list[Parcel]) -> list[Parcel]:
    """What may travel in one call put side by side, else in the order given."""
    if limits.batch == 1:
        return parcels

    def key(parcel: Parcel) -> tuple[int, int, str, str]:
        carrier = parcel.carrier or "" if limits.one_carrier else ""
        text = parcel.text.body if limits.same_body else ""
        return parcel.broadcast_id, parcel.ward_id, carrier, text

    return sorted(parcels, key=key)


def alike(limits: Limits, first: Parcel, other: Parcel) -> bool:
    """True when both may travel in one call."""
    return (
        other.broadcast_id == first.broadcast_id
        and other.ward_id == first.ward_id
        and (not limits.one_carrier or other.carrier == first.carrier)
        and (not limits.same_body or other.text == first.text)
    )


def outgoing(parcel: Parcel, broadcast: Broadcast) -> Outgoing:
    """All a gateway may know about a message."""
    sender = broadcast.senders.get(parcel.ward_id)
    assert broadcast.expires_at is not None
    return Outgoing(
        reference=parcel.reference,
        to=parcel.to,
        carrier=parcel.carrier,
        body=parcel.text.body,
        accented=parcel.encoding == "UCS-2",
        kind=parcel.kind,
        sender=(sender.brandname or sender.name) if sender else "",
        template=parcel.text.template_id,
        params=parcel.text.params,
        media=(),
        expires_at=broadcast.expires_at,
        repeat=parcel.asks > 0,
    )
