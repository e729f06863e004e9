"""How a gateway is, by what one worker hears from it: written down only when it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.domain.lifecycle import PROBE_AFTER_UNKNOWNS
from dispatcher.domain.model import Fault
from dispatcher.domain.outages import State
from dispatcher.gateways.contract import Refused, SendResult

TOO_LATE = "too late"  # our own word for a call that this machine held back
QUIET = timedelta(seconds=10)  # with no good answer for so long, a single trouble counts
IN_A_ROW = 3  # else so many must come one after the other
CALM = timedelta(seconds=5)  # between two things written down about one gateway


@dataclass
class HealthTracker:
    """What the last answers of one gateway say, and what of that stands in the database."""

    state: State | None = None  # None: nothing was heard since somebody else wrote
    since: datetime | None = None
    code: str = ""
    well_at: datetime | None = None  # the last good answer
    trouble: State | None = None  # answers in a row of one kind of trouble
    trouble_at: datetime | None = None  # the first of them
    in_a_row: int = 0
    written: str | None = None
    written_at: datetime | None = None

    def hear(
        self, asked_at: datetime, now: datetime, send_results: Sequence[SendResult | None]
    ) -> None:
        """The answers of one call but its plain acceptances. A good call ends a trouble unless it
        was asked before that; one that says the account is in trouble, or that this machine held
        back, says nothing of it."""
        refused = [v for v in send_results if isinstance(v, Refused)]
        trouble, code = _trouble(refused)
        if trouble is not None:
            self._bad(trouble, code, now)
        elif not any(v.fault in (Fault.ACCOUNT, Fault.BUSY) for v in refused):
            if self.trouble_at is not None and asked_at < self.trouble_at:
                return
            self.well_at, self.trouble, self.trouble_at, self.in_a_row = now, None, None, 0
            if self.state is not State.OK:
                self.state, self.since, self.code = State.OK, now, ""

    def _bad(self, trouble: State, code: str, now: datetime) -> None:
        if self.trouble is not trouble:
            self.trouble, self.trouble_at, self.in_a_row = trouble, now, 0
        self.in_a_row += 1
        quiet = self.well_at is None or now - self.well_at > QUIET
        enough = IN_A_ROW
        if trouble is State.UNREADABLE:  # one lost answer is no outage
            enough = IN_A_ROW if quiet else PROBE_AFTER_UNKNOWNS
        elif quiet:
            enough = 1
        if self.in_a_row >= enough and self.state is not trouble:
            self.state, self.since, self.code = trouble, self.trouble_at, code

    def see(self, written: str | None) -> None:
        """What stands in the database now. Where somebody else wrote it, only what comes after it
        counts: a person who resumed the gateway, another worker."""
        if written != self.written:
            self.written, self.state = written, None

    def to_write(self, now: datetime, at_once: bool) -> tuple[str, datetime, str] | None:
        """What is to be written down: state, since when, the vendor's word. Not too often, so that
        a gateway that says yes and no in turn does not fill the trail."""
        if self.state is None or self.state.value == self.written or self.since is None:
            return None
        calm = self.written_at is None or not timedelta() <= now - self.written_at < CALM
        if not (calm or at_once):
            return None
        self.written, self.written_at = self.state.value, now
        return self.state.value, self.since, self.code


def _trouble(refused: Sequence[Refused]) -> tuple[State | None, str]:
    """The kind of trouble a call tells of, and the vendor's word for it."""
    for send_result in refused:
        if send_result.unreached:
            return State.UNREACHABLE, send_result.code
    for send_result in refused:
        if send_result.fault is Fault.BUSY and send_result.code != TOO_LATE:
            return State.THROTTLED, send_result.code
    for send_result in refused:
        if send_result.fault is Fault.UNKNOWN:
            return State.UNREADABLE, send_result.code
    return None, ""
