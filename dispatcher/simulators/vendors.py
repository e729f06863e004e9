"""Simulated vendors: what they take stands in a ledger of their own, and they misbehave by seed.

A vendor speaks the words of one adapter (its `Speech`); how it behaves is the same for all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import httpx

from dispatcher.gateways.contract import Call
from dispatcher.simulators.network import broken

if TYPE_CHECKING:
    import random

    from dispatcher.simulators.processes import Process
    from dispatcher.simulators.world import World

LAST = {"accepted": False}


class Asked(NamedTuple):
    """One message of a call, as the vendor reads it."""

    to: str  # 84…, or a user id
    reference: str
    body: str


class Taken(NamedTuple):
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

    never_left: bool = False
    out: float = 0.05  # seconds until the vendor has it
    back: float = 0.05  # seconds until its answer is here
    lost_out: bool = False  # the vendor never gets it, the caller hears nothing
    lost_back: bool = False  # the vendor has it, the caller hears nothing
    broken: bool = False  # the connection breaks instead of silence
    odd: str = ""  # the answer is changed in this way
    says: str = ""  # the vendor refuses with this fault


class Speech(Protocol):
    """The words of one vendor's interface."""

    channel: str

    def read(self, request: httpx.Request, body: bytes) -> Sequence[Asked] | None:
        """The messages of a send; None when the call asks something else."""

    def accept(self, asked: Sequence[Asked], ids: Sequence[str]) -> Any:
        """What a send is answered that was taken."""

    def refuse(self, fault: str) -> Any:
        """What a send is answered that was not taken."""

    def other(self, vendor: Vendor, request: httpx.Request, body: bytes) -> httpx.Response:
        """Look-ups, balances, tokens and the like."""

    def report(self, taken: Taken, state: str) -> Call | None:
        """A receipt: state is delivered, failed or accepted; None: this vendor sends none."""


class Habits(NamedTuple):
    """Shares of calls (0 to 1) that go wrong in each way, and how fast the vendor is."""

    never_left: float = 0.0
    lost_out: float = 0.0
    lost_back: float = 0.0
    broken: float = 0.0
    odd: float = 0.0
    refuses: float = 0.0
    slow: float = 0.0
    latency: float = 0.05
    reports: float = 0.9  # messages that are reported at all
    report_late: float = 0.1
    report_twice: float = 0.1
    report_stale: float = 0.1
    report_forged: float = 0.05
    report_early: float = 0.05


ODD = ("html", "empty", "half", "numbers", "huge", "list", "no_code", "surrogate", "status 500",
       "status 502", "twice", "other call")  # fmt: skip


@dataclass
class Vendor:
    """One account at one vendor."""

    world: World
    name: str  # of the gateway
    speech: Speech
    remembers: bool  # a repeated reference is recognised
    habits: Habits
    draw: random.Random
    ledger: list[Taken] = field(default_factory=list)
    sent: list[Left] = field(default_factory=list)  # what workers put on the wire
    known: dict[str, Taken] = field(default_factory=dict)
    count: int = 0
    last_answer: bytes = b"{}"
    closed: str = ""  # refuses everything with this fault

    # --- on the way -------------------------------------------------------------------------

    def fate(self, request: httpx.Request, body: bytes) -> Fate:
        """Drawn once per call."""
        draw, h = self.draw, self.habits
        x = draw.random()
        out = h.latency * draw.uniform(0.2, 1.5)
        if draw.random() < h.slow:
            out *= 100
        fate = {"out": out, "back": h.latency * draw.uniform(0.2, 1.5)}
        kinds = ("never_left", "lost_out", "lost_back")
        for kind in kinds:
            x -= getattr(h, kind)
            if x < 0:
                return Fate(**{**fate, kind: True}, broken=draw.random() < h.broken)  # type: ignore[arg-type]
        x -= h.odd
        if x < 0:
            return Fate(**fate, odd=draw.choice(ODD))  # type: ignore[arg-type]
        x -= h.refuses
        if x < 0:
            faults = ("recipient", "content", "account", "busy", "carrier", "later")
            return Fate(**fate, says=draw.choice(faults))  # type: ignore[arg-type]
        return Fate(**fate)  # type: ignore[arg-type]

    def left(self, request: httpx.Request, body: bytes, process: Process) -> None:
        """Bytes of a call leave a process."""
        asked = self.speech.read(request, body)
        for one in asked or ():
            row = (self.name, self.speech.channel, one.to, one.reference, one.body)
            self.sent.append(Left(self.world.seconds, process.name, *row, False))

    def serve(
        self, request: httpx.Request, body: bytes, fate: Fate
    ) -> httpx.Response | Exception | None:
        """The call has arrived: what goes back, None for silence."""
        if fate.lost_out:
            return broken() if fate.broken else None
        asked = self.speech.read(request, body)
        if asked is None:
            answer = self.speech.other(self, request, body)
        else:
            said = fate.says or self.closed
            content = self.speech.refuse(said) if said else self._take(asked)
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            answer = httpx.Response(200, content=raw, headers={"content-type": "application/json"})
        if fate.lost_back:
            return broken() if fate.broken else None
        if fate.odd:
            return self._odd(fate.odd, answer)
        self.last_answer = answer.content
        return answer

    def _take(self, asked: Sequence[Asked]) -> Any:
        ids = []
        for one in asked:
            again = self.known.get(one.reference) if self.remembers else None
            if again is None:
                self.count += 1
                taken = Taken(self.world.seconds, self.name, self.speech.channel, one.to,
                              one.reference, one.body, f"{self.name}{self.count:08d}")  # fmt: skip
                self.ledger.append(taken)
                self.known[one.reference] = taken
                self.world.tell(f"{self.name} takes {one.reference[:8]} to …{one.to[-3:]}")
                self._report(taken)
                again = taken
            ids.append(again.id)
        return self.speech.accept(asked, ids)

    def _odd(self, how: str, answer: httpx.Response) -> httpx.Response:
        raw = answer.content
        bodies: Mapping[str, bytes] = {
            "html": b"<html>OK</html>", "empty": b"", "half": raw[: len(raw) // 2],
            "huge": raw + b" " * 300_000, "list": b"[1]", "no_code": b'{"ok": true}',
            "surrogate": raw.replace(b'"}', b'\\ud83d\\u0000"}'), "twice": raw + raw,
            "numbers": raw.replace(b'"', b""), "other call": self.last_answer,
        }  # fmt: skip
        if how.startswith("status"):
            return httpx.Response(int(how[-3:]), content=b"trouble")
        return httpx.Response(200, content=bodies[how], headers=answer.headers)

    # --- receipts ---------------------------------------------------------------------------

    def _report(self, taken: Taken) -> None:
        draw, h = self.draw, self.habits
        if draw.random() > h.reports:
            return
        state = "delivered" if draw.random() < 0.9 else "failed"
        wait = 0.0 if draw.random() < h.report_early else draw.uniform(0.1, 5.0)
        if draw.random() < h.report_late:
            wait *= 1000
        told = [(wait, state)]
        if draw.random() < h.report_twice:
            told.append((wait * draw.uniform(0.5, 2.0), state))
        if draw.random() < h.report_stale:
            told.append((wait * draw.uniform(0.5, 2.0), "accepted"))
        for seconds, what in told:
            call = self.speech.report(taken, what)
            if call is not None:
                self.world.after(seconds, self._deliver(call))
        if draw.random() < h.report_forged:
            other = "failed" if state == "delivered" else "delivered"
            call = self.speech.report(taken._replace(to="84959999999"), other)
            if call is not None:
                self.world.after(wait, self._deliver(call))

    def _deliver(self, call: Call, tries: int = 5) -> Callable[[], None]:
        def go() -> None:
            self.world.receive(self.name, call, again)

        def again() -> None:
            if tries > 1:
                self.world.after(30.0 / tries, self._deliver(call, tries - 1))

        return go
