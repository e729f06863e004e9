"""How a gateway is, and whether anybody sends: one rule, read by every command, page and notice.

Comes from: what a gateway answered last, who paused it, what workers showed of themselves.
Goes to: lists, checks, forecasts, notices, pages.   Never: asks a gateway, a database or a clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, assert_never

from dispatcher.domain.model import HANOI
from dispatcher.i18n import NOTHING, Joined, Say, Spoken


class State(StrEnum):
    """How a gateway is."""

    OK = "ok"
    PAUSED = "paused"  # by a person
    UNREACHABLE = "unreachable"  # no connection: nothing left this machine
    THROTTLED = "throttled"  # it answers that it takes nothing now
    UNREADABLE = "unreadable"  # its answers prove nothing, several in a row; or its reports do not
    ACCOUNT = "account"  # key, balance, allow-list, sign-in
    UNKNOWN = "unknown"  # never tried, or not since it was resumed


class Level(StrEnum):
    """How much a person is to mind."""

    OK = "ok"
    WARN = "warn"
    ALARM = "alarm"


LONG = timedelta(minutes=10)  # a gateway may be busy for so long before anybody need act
SETTLED = timedelta(minutes=1)  # a trouble this old is told to staff; shorter ones often pass
SILENT = timedelta(seconds=60)  # without a sign of life a worker does not count
STILL = timedelta(seconds=60)  # without a turn of its send loop it does not send

NAMES: Mapping[State, Spoken] = {
    State.OK: Say("ready"),
    State.PAUSED: Say("paused"),
    State.UNREACHABLE: Say("cannot be reached"),
    State.THROTTLED: Say("busy, takes nothing"),
    State.UNREADABLE: Say("its answers cannot be read"),
    State.ACCOUNT: Say("trouble with the account, paused"),
    State.UNKNOWN: Say("not tried yet"),
}
ODD_REPORTS = Say("its reports are of no use")
NO_NAME = "ClientConnectorDNSError"
CODES: Mapping[str, Spoken] = {  # how connecting failed, as the wire names it
    NO_NAME: Say("no host of this name"),
    "ClientConnectorError": Say("the connection was refused"),
    "ConnectionTimeoutError": Say("the host does not answer"),
    "ClientConnectorCertificateError": Say("a wrong TLS certificate"),
    "ClientConnectorSSLError": Say("TLS could not be set up"),
    "reconsent_required": Say("it must be signed in again"),
}


@dataclass(frozen=True)
class Health:
    """How one gateway is. `code`: the vendor's word or how connecting failed, else empty.

    `by_reports`: it takes messages, but too many of its reports are of no use.
    """

    gateway: str
    state: State
    since: datetime | None = None
    code: str = ""
    by_reports: bool = False

    def as_json(self) -> dict[str, Any]:
        since = self.since.isoformat() if self.since else None
        return {"state": self.state.value, "since": since}

    def lasts(self, now: datetime) -> timedelta:
        """How long it has been so; nothing where nobody knows."""
        return max(timedelta(), now - self.since) if self.since else timedelta()


@dataclass(frozen=True)
class Noted:
    """What is written down about one gateway."""

    paused_at: datetime | None = None
    paused_reason: str = ""
    paused_code: str = ""
    heard: str = ""  # ok, unreachable, throttled, unreadable; empty: never tried
    heard_at: datetime | None = None  # since when
    heard_code: str = ""
    sign_in: str = "ok"
    signed_in_until: datetime | None = None  # the access it still has, where sign_in is not ok


def health_of(gateway: str, facts: Noted, now: datetime) -> Health:
    """The one rule: a pause wins, then an account nobody can use, then what was heard last."""
    if facts.paused_at is not None:
        by_person = facts.paused_reason == "person"
        state = State.PAUSED if by_person else State.ACCOUNT
        return Health(gateway, state, facts.paused_at, facts.paused_code)
    until = facts.signed_in_until
    if facts.sign_in != "ok" and until is not None and until <= now:
        return Health(gateway, State.ACCOUNT, until, facts.sign_in)
    if not facts.heard:
        return Health(gateway, State.UNKNOWN)
    return Health(gateway, State(facts.heard), facts.heard_at, facts.heard_code)


def with_odd_reports(found: Health, since: datetime | None) -> Health:
    """A gateway of whose reports too many are of no use; what is worse than that stays so."""
    if found.state not in (State.OK, State.UNKNOWN):
        return found
    return replace(found, state=State.UNREADABLE, since=since, code="", by_reports=True)


def level(found: Health, now: datetime) -> Level:
    """How much to mind it now."""
    match found.state:
        case State.OK | State.UNKNOWN:
            return Level.OK
        case State.PAUSED:
            return Level.WARN
        case State.THROTTLED:
            return Level.ALARM if found.lasts(now) >= LONG else Level.WARN
        case State.UNREACHABLE | State.UNREADABLE | State.ACCOUNT:
            return Level.ALARM
        case other:
            assert_never(other)


def stops(found: Health, now: datetime) -> bool:
    """True while nobody can say when what waits for this gateway will leave."""
    if found.by_reports:
        return False
    match found.state:
        case State.OK | State.UNKNOWN:
            return False
        case State.THROTTLED:
            return found.lasts(now) >= LONG
        case State.PAUSED | State.UNREACHABLE | State.UNREADABLE | State.ACCOUNT:
            return True
        case other:
            assert_never(other)


def is_told(found: Health, now: datetime) -> bool:
    """True when staff are told of it: not what a person did, nor what may pass in a moment. Of odd
    reports they are told apart."""
    if found.by_reports:
        return False
    match found.state:
        case State.OK | State.UNKNOWN | State.PAUSED:
            return False
        case State.ACCOUNT:
            return True
        case State.UNREACHABLE | State.UNREADABLE:
            return found.lasts(now) >= SETTLED
        case State.THROTTLED:
            return found.lasts(now) >= LONG
        case other:
            assert_never(other)


def described(found: Health) -> Spoken:
    """The state in words, with the cause and since when."""
    name, cause = ODD_REPORTS if found.by_reports else NAMES[found.state], _cause(found)
    if found.since is None or found.state is State.OK:
        return name
    since = found.since.astimezone(HANOI)
    return Say(
        "{name}{cause} since {since:%H:%M %d/%m}",
        name=name,
        cause=cause,
        since=since,
    )


def _cause(found: Health) -> Spoken:
    if found.code in CODES:
        words = CODES[found.code]
        return Say(" ({words})", words=words)
    return Say(" (code {code})", code=found.code) if found.code else NOTHING


def remedy(found: Health, now: datetime) -> Spoken:
    """What a person is to do about it; empty where all is well. Where: see `way`."""
    match found.state:
        case State.OK | State.UNKNOWN:
            return NOTHING
        case State.PAUSED:
            return Say("to go on, an admin resumes it")
        case State.UNREACHABLE if found.code == NO_NAME:
            return Say(
                "an admin looks at the address in the settings (base_url) and at the "
                "network of this machine, then tries it",
            )
        case State.UNREACHABLE:
            return Say(
                "an admin looks at the network of this machine and the address "
                "in the settings (base_url), then calls the vendor and tries it",
            )
        case State.THROTTLED if found.lasts(now) < LONG:
            return Say(
                "nothing yet: messages are sent again by themselves",
            )
        case State.THROTTLED:
            return Say(
                "an admin asks the vendor why it takes nothing, lowers per_second, or "
                "adds another gateway",
            )
        case State.UNREADABLE if found.by_reports:
            return Say(
                "messages still leave; an admin looks at the reports in the log, and at "
                "the callback address and the keys at the vendor",
            )
        case State.UNREADABLE:
            return Say(
                "an admin asks the vendor (it may have taken messages; send none again "
                "by hand), then tries it",
            )
        case State.ACCOUNT if found.code == "reconsent_required":
            return Say("an admin signs in again")
        case State.ACCOUNT:
            return Say("an admin tops up or mends the account or key, then resumes it")
        case other:
            assert_never(other)


class Way(StrEnum):
    """Where a door leads a person who does what the remedy says."""

    RESUME = "resume"
    CHECK = "check"
    SIGN_IN = "sign-in"
    REPORTS = "reports"


def way(found: Health) -> Way | None:
    """Where the remedy is done; None where nothing is done here."""
    match found.state:
        case State.OK | State.UNKNOWN | State.THROTTLED:
            return None
        case State.PAUSED:
            return Way.RESUME
        case State.UNREACHABLE:
            return Way.CHECK
        case State.UNREADABLE:
            return Way.REPORTS if found.by_reports else Way.CHECK
        case State.ACCOUNT:
            return Way.SIGN_IN if found.code == "reconsent_required" else Way.RESUME
        case other:
            assert_never(other)


def alarm_sentence(found: Health, then: Spoken) -> Spoken:
    """One sentence for a list of troubles: which gateway, how it is, and `then`: what to do, as a
    door says it."""
    how = described(found)
    said = Joined("; ", [how, then] if then else [how])
    return Say("{gateway}: {said}", gateway=found.gateway, said=said)


# --- does anybody send? -------------------------------------------------------------------------


@dataclass(frozen=True)
class Sign:
    """What one worker showed of itself. `lives`: its process still holds its lock."""

    lives: bool
    seen_at: datetime
    turned_at: datetime | None  # last turn of its send loop; None: it says nothing of that


class Attendance(StrEnum):
    """Whether somebody sends what is due."""

    SENDS = "sends"
    NOBODY = "nobody"  # no worker runs
    STANDS = "stands"  # one runs, but its send loop has stopped turning


@dataclass(frozen=True)
class Work:
    """Whether somebody sends, and since when something due has waited for nobody."""

    attendance: Attendance
    since: datetime | None = None  # an alarm since then; None: nothing is due
    seen_at: datetime | None = None  # the last sign of life of any worker

    @property
    def level(self) -> Level:
        if self.attendance is Attendance.SENDS:
            return Level.OK
        return Level.ALARM if self.since is not None else Level.WARN

    def as_json(self) -> dict[str, Any]:
        since = self.since.isoformat() if self.since else None
        return {"state": self.attendance.value, "level": self.level.value, "since": since}


def attendance(signs: Sequence[Sign], now: datetime) -> Attendance:
    """Whether one of these workers lives and sends."""
    living = [s for s in signs if s.lives and now - s.seen_at < SILENT]
    if any(s.turned_at is None or now - s.turned_at < STILL for s in living):
        return Attendance.SENDS
    return Attendance.STANDS if living else Attendance.NOBODY


def work(signs: Sequence[Sign], due_since: datetime | None, now: datetime) -> Work:
    """`due_since`: since when something has been due that only a worker does."""
    found = attendance(signs, now)
    seen = max((s.seen_at for s in signs), default=None)
    if found is Attendance.SENDS or due_since is None:
        return Work(found, None, seen)
    last = [s.turned_at or s.seen_at for s in signs]
    return Work(found, min(now, max([due_since, *last])), seen)


def work_sentence(found: Work) -> Spoken:
    """What to say of it; empty while somebody sends. What to do is said by the door."""
    if found.attendance is Attendance.SENDS:
        return NOTHING
    since = found.since.astimezone(HANOI) if found.since else None
    if found.attendance is Attendance.STANDS:
        late = NOTHING
        if since:
            late = Say(
                " since {since:%H:%M %d/%m}, due messages wait",
                since=since,
            )
        return Say(
            "A worker runs but stands still{late}",
            late=late,
        )
    if since is None:
        return Say("No worker is running")
    return Say(
        "Messages are due since {since:%H:%M %d/%m} and no worker is running",
        since=since,
    )
