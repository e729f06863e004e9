"""The nouns of the house, and the words for what can happen to them.

Every state, fault and reason is one word here and means the same in the database, the log,
the API and the pages. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import IntFlag, StrEnum
from zoneinfo import ZoneInfo

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
LONGEST_CALL = timedelta(seconds=25)  # no gateway's `timeout` may be longer


class Channel(StrEnum):
    SMS = "sms"
    ZALO = "zalo"


class AddressKind(StrEnum):
    MOBILE = "mobile"  # a Vietnamese mobile number, E.164
    LANDLINE = "landline"  # kept so that we can say why nothing was sent
    ZALO = "zalo"  # a Zalo user id
    ZALO_GROUP = "zalo_group"


class Kind(StrEnum):
    """What a text is in law (Decree 91/2020 art. 3): only `promotion` is advertising."""

    WARNING = "warning"
    NOTICE = "notice"
    INTERNAL = "internal"
    PROMOTION = "promotion"


class Mode(StrEnum):
    DRILL = "drill"  # nothing leaves the machine
    LIVE = "live"


class Role(StrEnum):
    OFFICER = "officer"
    LEADER = "leader"
    ADMIN = "admin"
    AUDITOR = "auditor"


class AreaKind(StrEnum):
    WARD = "ward"
    RESIDENTIAL_GROUP = "residential_group"


class BroadcastState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    REJECTED = "rejected"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    HELD = "held"  # the system stopped it; a person must look
    DONE = "done"  # nothing queued, sending, or with an open deadline
    STOPPED = "stopped"
    EXPIRED = "expired"
    MISSED = "missed"  # its time passed while the machine was off


class MessageState(StrEnum):
    QUEUED = "queued"  # waiting, perhaps leased; no byte has left
    SENDING = "sending"  # the intent is on disk; bytes may have left
    ACCEPTED = "accepted"  # the gateway said yes; nothing heard from the network yet
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"  # may have been accepted; nobody can tell
    EXPIRED = "expired"
    SKIPPED = "skipped"  # never to be sent; the reason says why
    CANCELLED = "cancelled"


class AttemptState(StrEnum):
    SENDING = "sending"  # intended, on the wire or about to be
    ACCEPTED = "accepted"
    REFUSED = "refused"  # proved not accepted
    DOUBTFUL = "doubtful"  # no readable answer; will be asked again or looked up
    UNCONFIRMED = "unconfirmed"  # doubt that nothing offered by the gateway can settle


class Fault(StrEnum):
    """Named by what we do next, never by what the vendor calls it."""

    BUSY = "busy"  # nothing was accepted; again later
    UNKNOWN = "unknown"  # may have been accepted; never blindly again
    RECIPIENT = "recipient"  # this person cannot be reached this way
    CARRIER = "carrier"  # this gateway cannot reach this network
    CONTENT = "content"  # wording or template refused
    ACCOUNT = "account"  # key, balance, quota, allow-list: the gateway pauses
    LATER = "later"  # the vendor's night or daily quota


class SkipReason(StrEnum):
    NO_NUMBER = "no_number"
    LANDLINE = "landline"
    OPTED_OUT = "opted_out"
    SHARED_PHONE = "shared_phone"  # reached through the person named beside it
    SAME_HOUSEHOLD = "same_household"  # one message per household was asked for
    NO_CHANNEL = "no_channel"  # the route has no step for the addresses we know
    NO_CONSENT = "no_consent"  # advertising: never agreed to it (Decree 91/2020 art. 11)
    DO_NOT_CALL = "do_not_call"  # advertising: on the do-not-call list (art. 7)
    TOO_OFTEN = "too_often"  # advertising: three within 24 hours (art. 13); or the site's own cap
    SAME_WORDS = "same_words"  # their phone got, or gets, exactly these words within a day
    NO_TEXT = "no_text"  # a value their text needs is missing, or the text would be too long
    REMOVED = "removed"  # taken off the list since the release
    FORGOTTEN = "forgotten"  # erased since the release


class Registered(StrEnum):
    """What a vendor or network said to a template."""

    NONE = "none"  # never handed in
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"  # the note says why
    EXPIRED = "expired"
    CHANGED = "changed"  # the template was edited after it was handed in


class HeldReason(StrEnum):
    CONTENT_REFUSED = "content_refused"  # three people, one text, one network
    OVER_CEILING = "over_ceiling"  # more people or money than was approved
    CHANGED = "changed_after_approval"
    OTHER_MODE = "other_mode"  # approved as a drill, the site is live now, or the other way round
    WARD_BUDGET = "ward_budget"  # more than a ward may spend this month, or its contract is worth
    OVER_BUDGET = "over_budget"  # the money approved for a step is spent and no step follows
    RESTORED = "restored"  # the database woke up as a copy
    APPROVER_LEFT = "approver_left"  # whoever approved it may approve no longer


class ReceiptFlags(IntFlag):
    """What receipts have said about one attempt; a set, so that their order cannot matter."""

    NOTHING = 0
    ACCEPTED = 1
    FAILED = 2
    DELIVERED = 4
    READ = 8

    @property
    def contradicts(self) -> bool:
        """True when the network said both yes and no; kept and shown, never averaged away."""
        return bool(self & ReceiptFlags.FAILED) and bool(
            self & (ReceiptFlags.DELIVERED | ReceiptFlags.READ)
        )


@dataclass(frozen=True)
class Actor:
    """Who acts. `wards` is None for the whole site, else the ids of the wards in scope."""

    name: str
    role: Role | None = None
    person_id: int | None = None
    wards: frozenset[int] | None = None
    only_reads: bool = False  # a key that may look and change nothing

    @property
    def is_system(self) -> bool:
        """The worker and its chores: no person, the whole site."""
        return self.person_id is None and self.name == "system"


SYSTEM = Actor("system")


@dataclass(frozen=True)
class Window:
    """Hours of the day, Hanoi time, in which messages may leave; perhaps with a rest at noon."""

    opens: time
    closes: time
    rest: tuple[time, time] | None = None

    @classmethod
    def read(cls, text: str) -> Window:
        """ "07:00-22:00", "00:00-24:00", "07:00-12:00 13:30-22:00"; else raises ValueError."""
        morning, _, afternoon = text.strip().partition(" ")
        if afternoon:
            first, second = cls.read(morning), cls.read(afternoon)
            if not first.opens < first.closes < second.opens < second.closes:
                raise ValueError(text)
            return cls(first.opens, second.closes, (first.closes, second.opens))
        opens, dash, closes = (part.strip() for part in text.partition("-"))
        if not dash:
            raise ValueError(text)
        if (opens, closes) == ("00:00", "24:00"):
            return cls(time(0), time(0))
        found = cls(time.fromisoformat(opens), time.fromisoformat(closes))
        whole = all(c.tzinfo is None and not c.second for c in (found.opens, found.closes))
        if found.opens == found.closes or not whole:
            raise ValueError(text)
        return found

    def resting(self, rest: Window | None) -> Window:
        """This window without the hours of `rest`, where they lie inside it."""
        if rest is None or not self.opens < rest.opens < rest.closes < self.closes:
            return self
        return Window(self.opens, self.closes, (rest.opens, rest.closes))

    def is_open(self, at: datetime) -> bool:
        """True when `at` (aware) falls inside the window."""
        clock = at.astimezone(HANOI).time()
        if self.rest is not None and self.rest[0] <= clock < self.rest[1]:
            return False
        if self.opens == self.closes:
            return True  # the whole day
        if self.opens < self.closes:
            return self.opens <= clock < self.closes
        return clock >= self.opens or clock < self.closes

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself when open, else the next moment the window opens (aware)."""
        if self.is_open(at):
            return at
        return _first(at, [self.opens, *(self.rest or ())[1:]])

    def next_closing(self, at: datetime) -> datetime:
        """When a window that is open at `at` closes next; one that never closes: in a year."""
        if self.opens == self.closes:
            return at + timedelta(days=366)
        return _first(at, [self.closes, *(self.rest or ())[:1]])

    def __str__(self) -> str:
        closes = "24:00" if self.opens == self.closes else f"{self.closes:%H:%M}"
        if self.rest is not None:
            return (
                f"{self.opens:%H:%M}-{self.rest[0]:%H:%M} {self.rest[1]:%H:%M}-{self.closes:%H:%M}"
            )
        return f"{self.opens:%H:%M}-{closes}"


def _first(at: datetime, clocks: Sequence[time]) -> datetime:
    """The first moment after `at` that one of these clock times comes round."""
    local = at.astimezone(HANOI)
    moments = [local.replace(hour=c.hour, minute=c.minute, second=0, microsecond=0) for c in clocks]
    return min(m if m > local else m + timedelta(days=1) for m in moments)


ALL_DAY = Window(time(0), time(0))


@dataclass(frozen=True)
class Step:
    """One step of a route: gateways of one channel, and how long to wait for word there."""

    gateway: str  # the first of them
    channel: Channel
    deadline: timedelta | None = None
    accented: bool = False
    later_goes_on: bool = False  # a vendor's night or quota means the next step, not waiting
    # several gateways share the step: (name, weight); weight 0 is a reserve for the others
    weights: tuple[tuple[str, int], ...] = ()
    window: Window | None = None  # hours of this step, inside those of the broadcast
    budget: int | None = None  # đồng this step may cost a broadcast
    free: tuple[str, ...] = ()  # gateways of the step that cost nothing

    @property
    def gateways(self) -> tuple[str, ...]:
        """Every gateway that may carry this step, the first one first."""
        return tuple(name for name, _ in self.weights) or (self.gateway,)

    def is_open(self, at: datetime) -> bool:
        """True when `at` falls into the hours of this step; without any of its own, always."""
        return self.window is None or self.window.is_open(at)


URGENT, ORDINARY = 0, 1  # priorities of a broadcast: the lower goes first


@dataclass(frozen=True)
class Audience:
    """(wards, narrowed to residential groups inside them) ∪ groups − excluded groups.

    Or, for a follow-up: those people of the broadcast `of` whose message is in one of `states`.
    Or, for a test: the `contacts` themselves.
    """

    wards: tuple[str, ...] = ()
    residential_groups: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    exclude_groups: tuple[str, ...] = ()
    one_per: str = "phone"  # phone | household
    of: int | None = None
    states: tuple[str, ...] = ()
    contacts: tuple[int, ...] = ()

    def as_json(self) -> dict[str, object]:
        """What is stored, approved and shown; the rare fields only where they say something."""
        rare = ("of", "states", "contacts")
        found = {k: list(v) if isinstance(v, tuple) else v for k, v in self.__dict__.items()}
        return {k: v for k, v in found.items() if k not in rare or v}


@dataclass(frozen=True)
class Sender:
    """The organisation that signs in one ward."""

    name: str
    brandname: str = ""
    brandname_until: date | None = None  # when its registration ends (three years, Decree 91)
    contract_until: date | None = None


class Opens(StrEnum):
    """When a vendor takes messages again that says why it does not, but never until when."""

    MORNING = "morning"  # 06:00 in Vietnam
    TOMORROW = "tomorrow"  # midnight in Vietnam
    NEXT_MONTH = "next_month"


@dataclass(frozen=True)
class Receipt:
    """One report from a network, as a gateway's `hear` reads it.

    `part`, `of`: the part of a long text it speaks of, from 1, where the vendor says so.
    """

    reference: str | None
    provider_id: str | None
    to: str | None
    state: ReceiptFlags
    code: str
    part: int | None = None
    of: int | None = None


@dataclass(frozen=True)
class Price:
    """Whole đồng per SMS part or Zalo message. `carrier`, `kind` None: any other.

    `channel`: sms, zalo, or zalo_uid for messages by user id. `valid_from` None: already.
    """

    channel: str
    carrier: str | None
    kind: str | None
    valid_from: date | None
    dong: int


@dataclass(frozen=True)
class Media:
    name: str
    path: str
    content_type: str


@dataclass(frozen=True)
class Text:
    """A template block rendered: what one tuple of used fields gives."""

    body: str
    params: Mapping[str, str] = field(default_factory=dict)
    template_id: str | None = None


def utc(at: datetime) -> datetime:
    """`at` in UTC; a naive time is a bug, not a guess."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(ZoneInfo("UTC"))


def chunks(items: Sequence[int], size: int) -> list[Sequence[int]]:
    """`items` in runs of at most `size`."""
    return [items[i : i + size] for i in range(0, len(items), size)]
