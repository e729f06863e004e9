"""One gateway as a worker uses it, and one call on the wire."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dispatcher.config.pace import Pace
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.queue.messages import QueuedMessage
from dispatcher.domain.lifecycle import PROBE_AFTER_UNKNOWNS, RETRY_AFTER_CAP, Doubt, backoff
from dispatcher.gateways.contract import Gateway, Limits, Outgoing, SendResult
from dispatcher.worker.sending.health_tracker import HealthTracker

BATCH = 500  # messages leased at once
WAITS = 30  # seconds a leased message waits for its turn, at most
MOST = 10_000  # the same, for a gateway that takes many a call
TROUBLED = 3  # answers of `busy` in a row before a gateway gets one probe at a time
REPEATS = 10  # of so many calls one may repeat a refused message while fresh ones wait

# (unknowns, busy, call_window, threshold, eased_at, hold_until, health_tracker) of a queue
Learnt = tuple[int, int, float, float, datetime | None, datetime | None, HealthTracker]


@dataclass
class GatewayCall:
    """One call on the wire, or back from it."""

    queue: GatewayQueue
    call_ref: str
    queued_messages: list[QueuedMessage]
    asked_at: datetime
    leave_by: float  # on the clock that runs while the machine sleeps
    outgoing: list[Outgoing] = field(default_factory=list)
    send_results: Sequence[SendResult | None] = ()  # None: a look-up that found nothing
    was_look_up: bool = False
    turn: float | None = None  # monotonic: when it may leave, where a pace is kept
    lag: float = 0.0  # of its gateway when it got its turn
    odd: str = ""  # why its answer could not be written, where it could not


@dataclass
class GatewayQueue:
    """One gateway as this worker uses it."""

    gateway: Gateway
    pace: Pace
    in_flight: int  # calls this worker may have open
    waiting: deque[QueuedMessage] = field(default_factory=deque)  # leased, nothing has left
    fresh: set[int] = field(default_factory=set)  # of those, put here by the open transaction
    going: frozenset[int] = frozenset()  # broadcasts whose messages may wait here
    flying: int = 0  # calls
    unknowns: int = 0
    busy: int = 0
    call_window: float = 0.0  # calls at once the gateway bears just now, found out by its answers
    threshold: float = 0.0  # at the last trouble: up to there it is tried quickly again
    eased_at: datetime | None = None
    done: int = 0  # messages answered since `since`, while some were waiting
    since: float | None = None  # monotonic
    hold_until: datetime | None = None
    cursors: dict[int, tuple[int, int]] = field(default_factory=dict)
    closed: dict[int, datetime] = field(default_factory=dict)  # broadcasts not taken until then
    rests: dict[int, float] = field(default_factory=dict)  # monotonic: had nothing due, until then
    empty_until: float = 0.0  # monotonic: when to look for due messages again
    doubts_at: float = 0.0  # monotonic: when to look for doubts again
    lag: float = 0.0  # seconds by which calls came later than their turns, all together
    paid: float = 0.0  # the same, of which the turns of all workers know
    health_tracker: HealthTracker = field(
        default_factory=HealthTracker
    )  # how it is, by its answers

    def __post_init__(self) -> None:
        self.call_window = self.threshold = float(self.in_flight)

    @property
    def name(self) -> str:
        return self.gateway.name

    @property
    def learnt(self) -> Learnt:
        """What its answers have taught, as it is just now."""
        known = (
            self.unknowns,
            self.busy,
            self.call_window,
            self.threshold,
            self.eased_at,
            self.hold_until,
        )
        return (*known, replace(self.health_tracker))

    @learnt.setter
    def learnt(self, known: Learnt) -> None:
        self.unknowns, self.busy, self.call_window, self.threshold = known[:4]
        self.eased_at, self.hold_until, self.health_tracker = known[4:]

    @property
    def per_second(self) -> float | None:
        return self.pace.per_second

    def takes(self, broadcast: Broadcast, now: datetime) -> bool:
        """True when messages of a broadcast may go here now: the hours of the broadcast, of the
        step, and the vendor's own."""
        return (
            broadcast.window.is_open(now)
            and self.closed.get(broadcast.id, now) <= now
            and any(self.name in s.gateways and s.is_open(now) for s in broadcast.route)
        )

    @property
    def batch(self) -> int:
        """Messages in one call at most; at a pace, no more than leave in a second."""
        limits = self.gateway.limits
        if self.pace.per_second is None:
            return limits.batch
        return min(limits.batch, max(limits.at_least, int(self.pace.per_second)))

    @property
    def least(self) -> int:
        """Messages in one call at least."""
        return self.gateway.limits.at_least

    def most_with(self, first: QueuedMessage) -> int:
        """Messages in a call that begins with this one: half as many each time it was refused in
        one word with the others of its call, so that whoever the word is about is found."""
        if not first.refused_with_others:
            return self.batch
        return max(self.least, min(self.batch, self.gateway.limits.batch >> first.tries))

    def weight(self, queued_messages: Sequence[QueuedMessage]) -> int:
        """What a call counts at this gateway's pace: messages or parts."""
        return sum(p.parts for p in queued_messages) if self.pace.in_parts else len(queued_messages)

    @property
    def most_claimed(self) -> int:
        """Messages leased at once: for a gateway that takes many a call, enough to fill its calls
        although their texts differ from ward to ward."""
        limits = self.gateway.limits
        fill = max(1, self.in_flight) * self.batch + limits.at_least
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
        probing = self.busy >= TROUBLED or self.unknowns >= PROBE_AFTER_UNKNOWNS
        return (min(1, self.in_flight) if probing else self.open_window) - self.flying

    @property
    def open_window(self) -> int:
        """Calls at once: what is allowed, or less where the gateway was out of breath."""
        return min(self.in_flight, max(1, int(self.call_window)))

    def went_well(self, asked_at: datetime) -> None:
        """A readable answer: no trouble in a row any more, and room grows again. A call from
        before the trouble says nothing of what comes after it."""
        if self.eased_at is not None and asked_at < self.eased_at:
            return
        self.busy = self.unknowns = 0
        self.hold_until = None
        if self.call_window < self.in_flight:
            self.call_window += 1 if self.call_window < self.threshold else 1 / self.call_window

    def was_busy(self, asked_at: datetime, now: datetime, wait: timedelta | None) -> None:
        """Out of breath: half as many at once, and not before `wait`; once per round of calls."""
        self.busy += 1
        if self.call_window > 1 and (self.eased_at is None or asked_at > self.eased_at):
            self.threshold = max(1.0, min(self.call_window, self.in_flight) / 2)
            self.call_window = self.threshold
        self.eased_at = now
        if wait is None and self.busy >= TROUBLED:  # it is down: one probe, later and later
            self.call_window = 1.0
            wait = backoff(self.busy - TROUBLED + 1, self.name, first=0.5, most=60)
        if wait is not None:
            until = now + min(wait, RETRY_AFTER_CAP)
            self.hold_until = max(self.hold_until or until, until)

    def was_unreadable(self, now: datetime) -> None:
        """One more answer that proves nothing; five in a row: one probe, later and later."""
        self.unknowns += 1
        if self.unknowns >= PROBE_AFTER_UNKNOWNS:
            over = self.unknowns - PROBE_AFTER_UNKNOWNS + 1
            self.call_window = 1.0
            self.hold_until = now + backoff(over, self.name, first=0.2, most=30)

    def wait(self, call: GatewayCall, monotonic: float) -> float:
        """Seconds until a call may leave. One that comes late moves those after it: calls never
        leave closer together than their turns, or a limit would be broken after every moment in
        which this process was slow."""
        assert call.turn is not None
        until = call.turn + self.lag - call.lag - monotonic
        if until < 0:
            self.lag -= until
            return 0.0
        return until

    def overdue(self) -> float:
        """Seconds that the next turns must be later, so that nothing catches up; then none."""
        owed, self.paid = self.lag - self.paid, self.lag
        return owed

    def count(self, answered: int, monotonic: float) -> float | None:
        """How fast messages go while some are waiting: now and then a rate, else None."""
        if not self.waiting:
            rate = self._rate(monotonic) if self.done >= 20 else None
            self.since, self.done = None, 0
            return rate
        if self.since is None:
            self.since, self.done = monotonic, 0
            return None
        self.done += answered
        if monotonic - self.since < 5.0:
            return None
        rate = self._rate(monotonic)
        self.since, self.done = monotonic, 0
        return rate

    def _rate(self, monotonic: float) -> float | None:
        took = monotonic - self.since if self.since is not None else 0.0
        return self.done / took if took > 0.05 else None


def spread(queued_messages: Sequence[QueuedMessage]) -> list[QueuedMessage]:
    """Fresh messages first; of ten calls one repeats a message that was refused before, so that a
    gateway in trouble is not kept busy with the same ones. The other repeats come at the end."""
    again = [p for p in queued_messages if p.tries]
    if not again or len(again) == len(queued_messages):
        return list(queued_messages)
    fresh, found = [p for p in queued_messages if not p.tries], list[QueuedMessage]()
    for index, queued_message in enumerate(fresh, 1):
        found.append(queued_message)
        if index % (REPEATS - 1) == 0 and again:
            found.append(again.pop(0))
    return found + again


def in_batches(limits: Limits, queued_messages: list[QueuedMessage]) -> list[QueuedMessage]:
    """What may travel in one call put side by side, else in the order given."""
    if limits.batch == 1:
        return queued_messages

    def key(queued_message: QueuedMessage) -> tuple[int, bool, int, str, str]:
        carrier = queued_message.carrier or "" if limits.one_carrier else ""
        text = queued_message.text.body if limits.same_body else ""
        apart = queued_message.refused_with_others
        return queued_message.broadcast_id, apart, queued_message.ward_id, carrier, text

    return sorted(queued_messages, key=key)


def alike(limits: Limits, first: QueuedMessage, other: QueuedMessage) -> bool:
    """True when both may travel in one call."""
    return (
        other.broadcast_id == first.broadcast_id
        and other.refused_with_others == first.refused_with_others
        and other.ward_id == first.ward_id
        and (not limits.one_carrier or other.carrier == first.carrier)
        and (not limits.same_body or other.text == first.text)
    )


def outgoing(queued_message: QueuedMessage, broadcast: Broadcast) -> Outgoing:
    """All a gateway may know about a message."""
    sender = broadcast.senders.get(queued_message.ward_id)
    assert broadcast.expires_at is not None
    return Outgoing(
        reference=queued_message.reference,
        to=queued_message.to,
        carrier=queued_message.carrier,
        body=queued_message.text.body,
        accented=queued_message.encoding == "UCS-2",
        kind=queued_message.kind,
        sender=(sender.brandname or sender.name) if sender else "",
        template=queued_message.text.template_id,
        params=queued_message.text.params,
        media=(),
        expires_at=broadcast.expires_at,
        repeat=queued_message.asks > 0,
    )
