"""What a release would do, by doing it in a transaction that is thrown away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from dispatcher.broadcasts.counting import count
from dispatcher.broadcasts.drafting import BroadcastWords
from dispatcher.broadcasts.forecast import Forecast, Speed, forecast, step_loads
from dispatcher.broadcasts.lateness import Late, late, nobody
from dispatcher.broadcasts.one_text import DECIDED, NOTHING, RepeatFilter
from dispatcher.broadcasts.releasing import Resolve, first_step, steps_of_release
from dispatcher.broadcasts.sums import Sums, summed
from dispatcher.broadcasts.text_findings import Looking, Saving, TextFinding
from dispatcher.broadcasts.upcoming import Foreseen, UpcomingBroadcast
from dispatcher.db.broadcasts import budgets, release_sums, texts
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.broadcasts.budgets import Budget, BudgetUse
from dispatcher.db.broadcasts.samples import SampleChoice, samples
from dispatcher.db.contacts.suppression_rules import despite_refusal, suppression_rules
from dispatcher.db.database import Tx
from dispatcher.db.queue import forecasts
from dispatcher.domain import periods
from dispatcher.domain.model import URGENT, Registered, Window
from dispatcher.domain.periods import Period
from dispatcher.domain.sms import measure
from dispatcher.i18n import Spoken


@dataclass(frozen=True)
class Remarked:
    """One thing to say of the text itself, the same for everybody."""

    rule: str
    severity: str  # block | warn
    say: Spoken


class Registrable(Protocol):
    """People on one network, and whether a vendor lets their text through today."""

    @property
    def people(self) -> int: ...
    @property
    def state(self) -> Registered: ...
    def as_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Preview(Sums):
    """What a release would do, and whatever is to be said of its texts before it does it."""

    households: int = 0
    samples: tuple[Mapping[str, Any], ...] = ()
    longest: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # template → value → NFC
    remembered: Mapping[str, int] = field(default_factory=dict)  # channel → lately not reached
    despite_refusal: int = 0  # people who refused ordinary texts and get this urgent one
    forecast: Forecast | None = None
    findings: tuple[TextFinding, ...] = ()
    savings: tuple[Saving, ...] = ()
    repeated: Mapping[int, int] = field(default_factory=dict)  # other broadcast → same words
    unexplained: Mapping[int, int] = field(default_factory=dict)  # of those, without a reason
    again: str = ""  # the reason that was given
    remarks: tuple[Remarked, ...] = ()
    budgets: tuple[BudgetUse, ...] = ()  # of the wards written to, before this broadcast
    over_budget: BudgetUse | None = None  # the first limit that does not allow it
    standings: tuple[Registrable, ...] = ()  # what vendors let through today; empty: not asked
    period: Period | None = None  # from when until when it would be sent, released now
    late: Late | None = None  # who would not be sent theirs in time; None: nobody

    @property
    def can_go_today(self) -> int | None:
        """People whose text a vendor has approved; None where no vendor wants that."""
        if not self.standings:
            return None
        return sum(s.people for s in self.standings if s.state is Registered.APPROVED)

    def as_json(self) -> dict[str, Any]:
        return {
            "people": self.people,
            "queued": self.queued,
            "skipped": dict(self.skipped),
            "households": self.households,
            "parts": dict(self.parts),
            "parts_per_person": dict(self.most_parts),
            "cost": {
                **self.cost,
                "total": self.total,
                "per_phone": round(self.total / self.queued) if self.queued else 0,
                "per_household": round(self.total / self.households) if self.households else 0,
            },
            "samples": [dict(s) for s in self.samples],
            "remembered": dict(self.remembered),
            "despite_refusal": self.despite_refusal,
            "findings": [f.as_json() for f in self.findings],
            "remarks": [
                {"rule": r.rule, "severity": r.severity, "message": r.say.vi} for r in self.remarks
            ],
            "repeated": {str(other): people for other, people in self.repeated.items()},
            "again": self.again,
            "registrations": [s.as_json() for s in self.standings],
            "can_go_today": self.can_go_today,
            "budgets": [s.__dict__ for s in self.budgets],
            "over_budget": self.over_budget.__dict__ if self.over_budget else None,
            "savings": [s.__dict__ for s in self.savings],
            "forecast": self.forecast.as_json() if self.forecast else None,
            **(self.period.as_json() if self.period else {}),
            "late": self.late.as_json() if self.late else None,
        }


class _RollBack(Exception):
    pass


def preview(
    begin: Callable[[], AbstractContextManager[Tx]],
    broadcast: Broadcast,
    words: BroadcastWords,
    resolve: Resolve,
    speeds: Mapping[str, Speed],
    look: SampleChoice | None = None,
    budgets_: Sequence[Budget] = (),
    beside: Sequence[UpcomingBroadcast] = (),
    undo: timedelta = timedelta(),
    vendor_hours: Mapping[str, Window] | None = None,
) -> Preview:
    """What a release would do: counted where nothing is special and the audience large, else by
    releasing inside a transaction that is thrown away. `look`: whose texts to show; `beside`: what
    is approved and not released yet."""
    found: list[Preview] = []
    looking = Looking(words)
    try:
        with begin() as tx:
            look = look or SampleChoice()
            reach = resolve(tx, broadcast.audience)
            refusing = despite_refusal(tx, reach, suppression_rules(tx, broadcast, reach))
            start = max(tx.now, broadcast.at or tx.now)
            foreseen = Foreseen(broadcast, words, start, beside)
            counted = count(tx, broadcast, words, resolve, looking, look, foreseen)
            again = NOTHING
            if counted is None:
                looking = Looking(words)
                for step in steps_of_release(broadcast, words, resolve, tx.now, looking):
                    step(tx)
                again = foreseen.repeated(tx)
                if broadcast.state in DECIDED:
                    for step in RepeatFilter(broadcast, words).steps():
                        step(tx)
            sums = counted.sums if counted else summed(tx, broadcast)
            asked = max(tx.now, broadcast.at or tx.now)
            ahead = periods.of_route(
                asked if broadcast.priority == URGENT else asked + undo,
                broadcast.expires_after,
                broadcast.window,
                broadcast.route,
                first_step(words),
                vendor_hours,
            )
            standing = budgets.budget_use(tx, budgets_, broadcast.mode, tx.now)
            cost = counted.cost_by_ward if counted else None
            over = budgets.reserve(tx, broadcast, budgets_, tx.now, cost)
            waiting = counted.waiting if counted else forecasts.waiting_messages(tx, broadcast.id)
            seen = counted.samples if counted else samples(tx, broadcast.id, look)
            homes = counted.households if counted else release_sums.households(tx, broadcast.id)
            found.append(
                Preview(
                    **sums.__dict__,
                    forecast=forecast(
                        tx,
                        broadcast,
                        speeds,
                        ahead.start,
                        ahead.until,
                        sums.total,
                        waiting,
                        now=tx.now,
                    ),
                    period=ahead,
                    late=late(
                        step_loads(broadcast, speeds, waiting), ahead, broadcast.expires_after
                    ),
                    households=homes,
                    despite_refusal=refusing,
                    samples=_samples(tx, seen),
                    longest=looking.longest,
                    remembered=looking.remembered,
                    repeated=again.all,
                    unexplained=again.unexplained,
                    again=broadcast.again,
                    findings=() if counted else tuple(looking.findings(tx, broadcast)),
                    savings=tuple(looking.savings(broadcast, sums.dearest)),
                    budgets=tuple(standing.values()),
                    over_budget=over,
                )
            )
            raise _RollBack
    except _RollBack:
        pass
    return found[0]


def in_time(broadcast: Broadcast, found: Preview) -> None:
    """Refuse what nobody could receive before it expires. An urgent text is never refused."""
    if found.late is not None and found.late.is_everybody and broadcast.priority != URGENT:
        raise nobody(found.late)


def _samples(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        {
            "contact": f"c{row['contact_id']}",
            "channel": row["channel"],
            "to": row["tail"],
            "carrier": row["carrier"],
            "body": texts.opened(tx, row).body,
            "encoding": row["encoding"],
            "characters": measure(texts.opened(tx, row).body).length,
            "parts": 1 if row["channel"] == "zalo" else row["parts"],
        }
        for row in rows
    )
