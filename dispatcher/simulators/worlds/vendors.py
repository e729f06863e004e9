"""Simulated vendors: what they take stands in a ledger of their own, and they misbehave by seed.

A vendor speaks the words of one adapter (its `Speech`); how it behaves is the same for all. What it
does with a message is drawn from the seed, the message and how often it was asked, so that what
happens elsewhere changes nothing of it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import httpx

from dispatcher.gateways.contract import Call
from dispatcher.gateways.lab import SETTLE
from dispatcher.simulators.worlds import oddities, reports
from dispatcher.simulators.worlds.network import broken

if TYPE_CHECKING:
    from dispatcher.simulators.worlds.processes import Process
    from dispatcher.simulators.worlds.world import World

FAULTS = ("recipient", "content", "account", "busy", "carrier", "later", "unknown")
# A no that another moment would not have brought: it says nothing of what was taken before.
OF_THE_MOMENT = ("account", "busy", "later", "unknown", "token")
SHOWN_WITHIN = SETTLE.total_seconds() / 2.1  # of the settling time, for the way and for the list


class AskedMessage(NamedTuple):
    """One message of a call, as the vendor reads it."""

    to: str  # 84…, or a user id
    reference: str  # of the message, or of the whole call
    body: str


class TakenMessage(NamedTuple):
    """One acceptance in a vendor's ledger."""

    at: float  # seconds of the world
    vendor: str
    channel: str
    to: str
    reference: str
    body: str
    id: str


class Left(NamedTuple):
    """One message that left a worker, whatever became of it."""

    at: float
    process: str
    vendor: str
    channel: str
    to: str
    reference: str
    body: str
    is_look_up: bool


@dataclass(frozen=True)
class Fate:
    """What becomes of one call."""

    draw: random.Random  # for what the vendor chooses
    never_left: bool = False
    out: float = 0.05  # seconds until the vendor has it
    back: float = 0.05  # seconds until its answer is here
    lost_out: bool = False  # the vendor never gets it, the caller hears nothing
    lost_back: bool = False  # the vendor has it, the caller hears nothing
    broken: bool = False  # the connection breaks instead of silence
    instead: bool = False  # a server before it answers, and the vendor never sees it
    odd: str = ""  # the answer is changed in this way
    says: str = ""  # the vendor refuses with this fault
    again: float | None = None  # the same bytes come once more after so many seconds


class Speech(Protocol):
    """The words of one vendor's interface."""

    channel: str
    named: bool  # every acceptance has an id of its own

    def read(self, request: httpx.Request, body: bytes) -> Sequence[AskedMessage] | None:
        """The messages of a send; None when the call asks something else."""

    def objects(self, request: httpx.Request, asked: Sequence[AskedMessage]) -> str:
        """The fault of a call that is not as it must be; empty: it is."""

    def accept(self, asked: Sequence[AskedMessage], ids: Sequence[str | None], again: bool) -> Any:
        """What a send is answered that was taken; None: but not for this number."""

    def refuse(self, fault: str, draw: random.Random) -> Any:
        """What a send is answered that was not taken."""

    def other(self, vendor: Vendor, request: httpx.Request, body: bytes) -> Any:
        """Look-ups, balances, tokens and the like."""

    def report(self, taken: TakenMessage, state: str) -> Call | None:
        """A receipt: delivered, failed, accepted or read; None: this vendor sends none such."""

    def apart(self, taken: TakenMessage, state: str, parts: int) -> Sequence[Call]:
        """The same, for each part of a long text; nothing: it has no words for that."""

    def unsigned(self, call: Call) -> Call | None:
        """A receipt with a signature that is wrong; None: this vendor signs nothing."""

    def unknown(self, taken: TakenMessage, serial: int) -> TakenMessage:
        """The same message under ids nobody was given."""


class Habits(NamedTuple):
    """Shares of calls (0 to 1) that go wrong in each way, and how the vendor is."""

    never_left: float = 0.0
    lost_out: float = 0.0
    lost_back: float = 0.0
    broken: float = 0.0
    odd: float = 0.0
    refuses: float = 0.0
    instead: float = 0.0
    slow: float = 0.0  # on the way there
    late: float = 0.0  # on the way back: after nobody waits any more
    again: float = 0.0  # of a vendor that remembers: the same call comes twice
    latency: float = 0.05
    settles: float = 0.0  # seconds until what was taken is on its list
    minds: float = 0.0  # numbers it refuses, always
    reports: float = 0.9  # messages that are reported at all
    report_early: float = 0.05
    report_late: float = 0.1
    report_days: float = 0.02
    report_twice: float = 0.1
    report_stale: float = 0.1
    report_apart: float = 0.1
    report_against: float = 0.03  # first one thing, then its contrary
    report_forged: float = 0.05
    report_unknown: float = 0.03
    fails: float = 0.1  # messages that reach nobody
    report_stuck: float = 0.02  # after the first word nothing more is said
    report_odd: float = 0.0  # beside it one full of what no database takes
    odd_ways: tuple[str, ...] = ()  # see oddities.ODD; none: any of them
    mute: float = 0.0  # look-ups nobody can ever read
    faults: tuple[str, ...] = ()  # it refuses with; none: any of them


@dataclass
class Vendor:
    """One account at one vendor."""

    world: World
    name: str  # of the gateway
    speech: Speech
    remembers: bool  # a repeated reference is recognised
    habits: Habits
    seed: str
    window: float = 86_400.0  # seconds for which it promises to remember
    looks_up: bool = False
    price: int = 0  # đồng a message
    ledger: list[TakenMessage] = field(default_factory=list)
    sent: list[Left] = field(default_factory=list)  # what workers put on the wire
    known: dict[str, list[TakenMessage]] = field(default_factory=dict)  # by reference
    truth: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)  # (id, to)
    count: int = 0
    taken: int = 0
    last_yes: bytes = b""
    balance: int | None = None  # đồng; None: enough
    closed: str = ""  # refuses everything with this fault
    down: tuple[float, str] = (0.0, "")  # until when, and how it is noticed
    slow_until: float = 0.0
    moods: tuple[float, str, float] = (0.0, "", 0.0)  # until, which numbers, how many of them
    _asks: dict[str, int] = field(default_factory=dict)

    def draw(self, purpose: str) -> random.Random:
        """For one purpose, the same whatever else happens."""
        return random.Random(f"{self.seed} {self.name} {purpose}")

    def calm(self) -> None:
        """From here on it does what it should. What it knows it still knows."""
        self.habits = self.habits._replace(
            never_left=0,
            lost_out=0,
            lost_back=0,
            odd=0,
            refuses=0,
            instead=0,
            slow=0,
            late=0,
            again=0,
            minds=0,
        )
        self.closed, self.down, self.slow_until, self.balance = "", (0.0, ""), 0.0, None
        self.moods = (0.0, "", 0.0)

    # --- on the way -------------------------------------------------------------------------

    def fate(self, request: httpx.Request, asked: Sequence[AskedMessage] | None) -> Fate:
        """What becomes of a call: drawn from what it is and how often it was asked."""
        first = asked[0] if asked else None
        key = f"{first.to} {first.body}" if first else request.url.path
        turn = self._asks[key] = self._asks.get(key, 0) + 1
        draw, h = self.draw(f"{key} {turn}"), self.habits
        now = self.world.seconds
        x, slow = draw.random(), draw.random() < h.slow or now < self.slow_until
        out = h.latency * draw.uniform(0.2, 1.5) * (100 if slow else 1)
        back = h.latency * draw.uniform(0.2, 1.5)
        if self.looks_up:  # the promise of a look-up: all that left is on its list by then
            out = min(out, SHOWN_WITHIN)
        elif self.remembers:  # no call of ours comes after the memory of it is over
            out = min(out, self.window / 15)
        if draw.random() < h.late:
            back += draw.uniform(5.0, 90.0)
        again = draw.uniform(0.0, self.window / 15) if draw.random() < h.again else None
        fate = Fate(draw, out=out, back=back, again=again if self.remembers else None)
        is_broken = draw.random() < h.broken
        if now < self.down[0]:
            return _with(fate, **{self.down[1]: True}, broken=is_broken)
        for kind in ("never_left", "lost_out", "lost_back"):
            x -= getattr(h, kind)
            if x < 0:
                return _with(fate, **{kind: True}, broken=is_broken)
        for kind, share, among in (
            ("odd", h.odd, h.odd_ways or oddities.ODD),
            ("says", h.refuses, h.faults or FAULTS),
            ("instead", h.instead, (True,)),
        ):
            x -= share
            if x < 0:
                return _with(fate, **{kind: draw.choice(among)})
        return fate

    def left(self, asked: Sequence[AskedMessage] | None, process: Process) -> None:
        """Bytes of a call leave a process."""
        for one in asked or ():
            row = (self.name, self.speech.channel, one.to, one.reference, one.body)
            self.sent.append(Left(self.world.seconds, process.name, *row, False))

    def serve(
        self, request: httpx.Request, body: bytes, asked: Sequence[AskedMessage] | None, fate: Fate
    ) -> httpx.Response | Exception | None:
        """The call has arrived: what goes back, None for silence."""
        silence = broken(fate.draw) if fate.broken else None
        if fate.lost_out:
            return silence
        if fate.instead:
            return oddities.instead(fate.draw)
        if asked is None:
            answer = response(self.speech.other(self, request, body))
            if self.draw(f"mute {request.url.query!r}").random() < self.habits.mute:
                return oddities.changed("html", answer, b"", fate.draw)
        else:
            answer = response(self._said(request, asked, fate))
            if fate.again is not None:
                self.world.after(fate.again, lambda: self._said(request, asked, fate))
        if fate.lost_back:
            return silence
        if fate.odd:
            return oddities.changed(fate.odd, answer, self.last_yes, fate.draw)
        return answer

    # --- yes or no --------------------------------------------------------------------------

    def _said(self, request: httpx.Request, asked: Sequence[AskedMessage], fate: Fate) -> Any:
        """What a send is answered. A vendor that remembers knows its own yes before it thinks about
        number, text or network: a no to them means that it never took the call."""
        speech, reference = self.speech, asked[0].reference
        says = speech.objects(request, asked) or fate.says or self.closed
        if says in OF_THE_MOMENT:
            return speech.refuse(says, fate.draw)
        if (before := self.remembered(reference)) is not None:
            own = {t.to: t.id for t in before}
            return speech.accept(asked, [own.get(one.to) for one in asked], True)
        unwanted = [self._minds(one.to) for one in asked]
        if all(unwanted) or (any(unwanted) and not speech.named):
            says = says or "recipient"
        if says:
            return speech.refuse(says, fate.draw)
        if self.balance is not None:
            if self.balance < self.price * len(asked):
                return speech.refuse("account", fate.draw)
            self.balance -= self.price * len(asked)
        ids = self._take(asked, unwanted)
        answer = speech.accept(asked, ids, False)
        if speech.named and None not in ids and not (fate.odd or fate.lost_back):
            passing = response(answer).content
            self.world.after(fate.back, lambda: self._passes_by(passing))
        return answer

    def _passes_by(self, answer: bytes) -> None:
        """What stands between vendor and caller remembers an answer it has handed over."""
        self.last_yes = answer

    def remembered(self, reference: str) -> list[TakenMessage] | None:
        """What it took under a reference, where it recognises one."""
        return self.known.get(reference) if self.remembers and reference else None

    def forget(self) -> int:
        """It forgets what it promised to remember until now, and nothing younger: a vendor that
        forgets earlier breaks its word, and no promise of ours could hold."""
        over = [r for r, t in self.known.items() if t[0].at + self.window < self.world.seconds]
        for reference in over:
            del self.known[reference]
        return len(over)

    def found(self, reference: str) -> TakenMessage | None:
        """What a look-up finds: it is on the list only after a while."""
        taken = self.known.get(reference)
        shown = taken and taken[0].at + min(self.habits.settles, SHOWN_WITHIN) <= self.world.seconds
        return taken[0] if taken and shown else None

    def _minds(self, number: str) -> bool:
        until, which, share = self.moods
        if self.world.seconds < until and self.draw(f"{which} {number}").random() < share:
            return True
        return self.habits.minds > 0 and self.draw(f"minds {number}").random() < self.habits.minds

    def _take(self, asked: Sequence[AskedMessage], unwanted: Sequence[bool]) -> list[str | None]:
        """Write a call down in the ledger; it has one id."""
        self.count += 1
        own = f"{self.name}{self.count:08d}"
        ids: list[str | None] = []
        for one, no in zip(asked, unwanted, strict=True):
            ids.append(None if no else own)
            if no:
                continue
            taken = TakenMessage(
                self.world.seconds,
                self.name,
                self.speech.channel,
                one.to,
                one.reference,
                one.body,
                own,
            )
            self.ledger.append(taken)
            self.taken += 1
            self.known.setdefault(one.reference, []).append(taken)
            self.world.tell(f"{self.name} takes {one.reference[:8]} to …{one.to[-3:]}")
            draw = self.draw(f"report {one.to} {one.body} {one.reference}")
            for seconds, call in reports.of(self, taken, draw):
                self.send_report(seconds, call)
        return ids

    # --- receipts ---------------------------------------------------------------------------

    def send_report(self, seconds: float, call: Call, tries: int = 5) -> None:
        """A receipt leaves the vendor after so many seconds, five tries in all."""
        self.world.after(seconds, self._deliver(call, tries))

    def _deliver(self, call: Call, tries: int) -> Callable[[], None]:
        def go() -> None:
            self.world.receive(self.name, call, again)

        def again() -> None:
            if tries > 1:
                self.world.after(30.0 / tries, self._deliver(call, tries - 1))

        return go


def response(said: Any) -> httpx.Response:
    """What a speech says, as an answer over HTTP: an object is JSON, a word is text."""
    if isinstance(said, httpx.Response):
        return said
    if isinstance(said, str):
        return httpx.Response(200, content=said.encode(), headers={"content-type": "text/plain"})
    return httpx.Response(200, content=json.dumps(said).encode(), headers=oddities.JSON)


def _with(fate: Fate, **changes: Any) -> Fate:
    return Fate(**{**fate.__dict__, **changes})
