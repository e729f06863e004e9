"""What a gateway is: one method, one answer per message, never an exception (DESIGN section 7).

1. One answer per message, in the order given.  2. Whatever the vendor does is an answer.
3. `unknown` whenever the vendor may have taken it, and for every code never seen.
4. No sleeping, retrying, database or clock in an adapter, and no secret in `detail`.
5. A gateway inherits nothing: it is given a wire and, if needed, a token vault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from urllib.parse import parse_qsl

from dispatcher.domain.model import Channel, Fault, Kind, Media, Opens, Receipt

if TYPE_CHECKING:
    from dispatcher.gateways.fields import AnyOptions
    from dispatcher.gateways.wire import Wire

REFERENCE = re.compile(r"[A-Za-z0-9]{1,48}")


@dataclass(frozen=True)
class Outgoing:
    """All a gateway may know about a message."""

    reference: str  # ours, at most 48 of [A-Za-z0-9], never contains the number
    to: str  # E.164, Zalo user id or group id, by channel
    carrier: str | None
    body: str
    accented: bool
    kind: Kind
    sender: str
    template: str | None
    params: Mapping[str, str]
    media: Sequence[Media]
    expires_at: datetime
    repeat: bool = False  # the same reference was on the wire before: "duplicate" is our own


@dataclass(frozen=True)
class Accepted:
    provider_id: str | None = None
    parts: int | None = None
    cost: int | None = None  # whole đồng


@dataclass(frozen=True)
class Refused:
    fault: Fault
    code: str
    detail: str = ""
    retry_after: timedelta | None = None
    opens: Opens | None = None  # of `later`, where the vendor says why but not until when
    unreached: bool = False  # of `busy`: no connection was made, so nothing was ever asked


SendResult = Accepted | Refused


@dataclass(frozen=True)
class Limits:
    batch: int = 1  # most messages in one call
    at_least: int = 1  # fewest
    same_body: bool = True  # a call carries one text
    one_carrier: bool = False  # a call carries numbers of one network
    per_second: float | None = None
    in_flight: int = 8  # calls at once
    dedup_window: timedelta | None = None  # how long the vendor remembers our reference
    looks_up: timedelta | None = None  # settling time before a look-up's "no" is proof


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP, whole and within the cap."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes


@dataclass(frozen=True)
class NoAnswer:
    """Nothing readable came back. `left`: bytes may have reached the vendor."""

    left: bool
    what: str


@dataclass(frozen=True)
class Call:
    """A request a vendor made to us, as it came."""

    method: str
    query: str  # raw
    headers: Mapping[str, str]  # lower-case names
    body: bytes

    def form(self) -> dict[str, str]:
        """Query parameters, the last of each name."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """What a person wrote back."""

    sender: str  # E.164 or Zalo user id, by channel
    text: str


@dataclass(frozen=True)
class Introduced:
    """A person told the account their phone; None: they left, so their user id is of no use."""

    user_id: str
    phone: str | None  # E.164


@dataclass(frozen=True)
class Heard:
    """Receipts in one call. `verified`: None where no secret is configured."""

    receipts: tuple[Receipt, ...]
    verified: bool | None = None
    replies: tuple[Reply, ...] = ()
    introduced: tuple[Introduced, ...] = ()  # believed only from a verified call


@dataclass(frozen=True)
class Sent:
    """An accepted message nothing final was heard of, as a gateway may be asked about it."""

    reference: str
    provider_id: str | None
    to: str
    asked_at: datetime  # when it went on the wire
    body: str = ""  # its text, where the answer was lost and a log may hold it


@dataclass(frozen=True)
class Asks:
    """How reports may be pulled: first after this long, until the vendor forgets, so many at once.

    `every`: how often one message is asked about at most. `by_text`: `ask` may be given messages
    without a provider id, whose outcome nobody knows, and may find them by number and text.
    """

    after: timedelta
    look_back: timedelta
    most: int
    every: timedelta = timedelta(minutes=10)
    by_text: bool = False  # a lost answer can be found in the vendor's log


@dataclass(frozen=True)
class Tokens:
    access: str
    refresh: str
    expires_in: int  # seconds


class TokenVault(Protocol):
    """Rotating credentials, kept outside the adapter."""

    async def current(self) -> Tokens | None: ...
    async def renew(
        self, stale: str, exchange: Callable[[Tokens], Awaitable[Tokens | Refused]]
    ) -> Tokens | None: ...


@dataclass(frozen=True)
class Given:
    """What an adapter is built from."""

    name: str
    options: AnyOptions
    wire: Wire
    vault: TokenVault | None = None
    callback_url: str = ""
    drill: bool = False  # our own twin answers


class Gateway(Protocol):
    name: str
    channel: Channel
    limits: Limits

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[SendResult]: ...


@runtime_checkable
class HearsReceipts(Protocol):
    def hear(self, call: Call) -> Heard: ...


@runtime_checkable
class AsksReceipts(Protocol):
    asks: Asks

    async def ask(self, sent: Sequence[Sent]) -> Sequence[Receipt] | Refused:
        """What the vendor knows of accepted messages; what it says nothing of is left out."""
        ...


@runtime_checkable
class AnswersReplies(Protocol):
    async def answer(self, to: str, text: str) -> SendResult:
        """Free words to somebody who wrote just now (`to`: as their reply named them)."""
        ...


@runtime_checkable
class LooksUp(Protocol):
    async def look_up(self, reference: str) -> SendResult | None:
        """What became of a call, by our reference, or by its `call_ref` where it carried several.

        None: the vendor does not know it.
        """
        ...


@runtime_checkable
class KnowsBalance(Protocol):
    async def balance(self) -> int | Refused: ...


@runtime_checkable
class KnowsSenders(Protocol):
    async def senders(self) -> Sequence[tuple[str, str]] | Refused:
        """(sender name, what it may send), as registered at the vendor."""
        ...


@dataclass(frozen=True)
class VendorTemplate:
    """A text registered at the vendor. `params`: (name, longest value or None, required)."""

    template_id: str
    text: str
    state: str  # enabled, or the vendor's own word
    network: str | None = None
    params: tuple[tuple[str, int | None, bool], ...] = ()
    price: int | None = None  # đồng a message
    price_by_id: int | None = None  # đồng a message, to a user id


@runtime_checkable
class KnowsTemplates(Protocol):
    async def templates(self, sender: str) -> Sequence[VendorTemplate] | Refused:
        """What is registered for a sender, as the vendor knows it now."""
        ...


@runtime_checkable
class KnowsTemplate(Protocol):
    async def template(self, template_id: str) -> VendorTemplate | Refused:
        """One registered template, as the vendor knows it now."""
        ...


@runtime_checkable
class KnowsStanding(Protocol):
    async def standing(self) -> Mapping[str, str] | Refused:
        """Quota, quality and the like, in the vendor's own words."""
        ...


@runtime_checkable
class SignsIn(Protocol):
    def consent_url(self, state: str, verifier: str) -> str: ...
    async def sign_in(self, code: str, verifier: str) -> Tokens | Refused: ...


@runtime_checkable
class RenewsToken(Protocol):
    async def renew(self) -> Refused | None: ...


@dataclass(frozen=True)
class Codes:
    """A vendor's table: code → fault; what it never lists is unknown."""

    accepted: frozenset[str]
    faults: Mapping[str, Fault] = field(default_factory=dict)

    def fault(self, code: str) -> Fault:
        return self.faults.get(code, Fault.UNKNOWN)


def fault_table(**faults: str) -> dict[str, Fault]:
    """A fault table written as fault="code code …"."""
    return {code: Fault(fault) for fault, codes in faults.items() for code in codes.split()}


def facts(*tables: str) -> dict[str, Fault]:
    """A fault table written as lines of "code fault meaning"."""
    lines = (line.split(maxsplit=2) for text in tables for line in text.split("\n"))
    return {line[0]: Fault(line[1]) for line in lines if line}


def http_trouble(answer: Answer | NoAnswer) -> Refused | None:
    """What HTTP alone proves (DESIGN section 5); None when the body should be read."""
    if isinstance(answer, NoAnswer):
        if answer.left:
            return Refused(Fault.UNKNOWN, answer.what)
        return Refused(Fault.BUSY, answer.what, unreached=True)
    if answer.status == 429:
        return Refused(Fault.BUSY, "429", "", retry_after(answer.headers))
    if 300 <= answer.status < 400:
        return Refused(Fault.ACCOUNT, str(answer.status), "redirected; check base_url")
    if answer.status >= 500:
        return Refused(Fault.UNKNOWN, str(answer.status))
    return None


def answered(answer: Answer | NoAnswer) -> dict[str, Any] | Refused:
    """The vendor's JSON object, or what its absence proves."""
    if trouble := http_trouble(answer):
        return trouble
    assert isinstance(answer, Answer)
    found = read_object(answer.body)
    if found is None:
        return Refused(Fault.UNKNOWN, str(answer.status), "not the vendor's JSON")
    return found


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Retry-After as a span; a date counts from the answer's own Date. Nonsense is None."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value), 86_400))
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return wait if wait > timedelta() else None


def read_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in `body`, numbers kept as written; None for anything else."""
    try:
        found = json.loads(
            body.decode("utf-8-sig"),
            parse_int=str,
            parse_float=str,
            parse_constant=lambda _: None,
            object_pairs_hook=_unique,
        )
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def word(value: Any) -> str:
    """A code or id as text: vendors mix strings and numbers."""
    return value.strip() if isinstance(value, str) else ""


def whole(text: str | None) -> int | None:
    """The number written in plain digits; None for anything else: "²" is a digit to Python."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def local(e164: str) -> str:
    """+84951234567 → 84951234567, as most vendors want it."""
    return e164.removeprefix("+")


def e164(number: str) -> str | None:
    """A vendor's way to write a Vietnamese number → +84…; None when it is no number."""
    digits = re.sub(r"[^\d]", "", number)
    if not 9 <= len(digits) <= 15:
        return None
    if digits.startswith("84") and len(digits) >= 11:
        return f"+{digits}"
    return f"+84{digits[1:]}" if digits.startswith("0") else f"+84{digits}"
