"""What became of a broadcast, by place and by household, for whoever may see it.

Comes from: messages and attempts, added up.   Goes to: commands, pages, programs, files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.db.broadcasts import approvals, broadcasts, totals
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.contacts import areas
from dispatcher.domain.model import Mode
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say
from dispatcher.reports import reporting
from dispatcher.reports.reporting import COLUMNS, REACH, Coverage, Report
from dispatcher.usecases.areas import group_named
from dispatcher.usecases.context import Context

__all__ = ["COLUMNS", "REACH", "BroadcastReport", "Coverage", "CoverageReport", "Report"]


@dataclass(frozen=True)
class BroadcastReport:
    """A broadcast with what became of it. `reach`: households by how far they were reached;
    `taken_at`: when it was added up, None for just now."""

    broadcast: Broadcast
    found: Report
    approval: Mapping[str, Any] | None
    reach: Mapping[str, int]
    taken_at: datetime | None

    @property
    def is_drill(self) -> bool:
        return self.broadcast.mode is Mode.DRILL

    def as_json(self) -> dict[str, Any]:
        b = self.broadcast
        return {
            "broadcast": b.id,
            "mode": b.mode.value,
            "document": {"number": b.document, **b.paper},
            "approval": self.approval,
            "again": b.again,
            "emergency": b.emergency_id is not None,
            **self.found.as_json(),
        }


def report(context: Context, number: int, *, is_fresh: bool = False) -> BroadcastReport:
    """What became of a broadcast. `is_fresh`: added up now, also where it takes a while."""
    with context.read() as tx:
        broadcast = broadcasts.get(tx, number)
        totalled = totals.fresh(tx, number) if is_fresh else totals.totals_of(tx, number)
        return BroadcastReport(
            broadcast,
            reporting.report(tx, number, totalled),
            approvals.latest(tx, broadcast),
            reporting.reach(tx, number, totalled),
            totalled.at,
        )


def as_csv(found: BroadcastReport, language: str) -> str:
    """The report as a file for a spreadsheet."""
    return reporting.as_csv(found.found, language, drill=found.is_drill)


def as_html(context: Context, found: BroadcastReport, language: str) -> str:
    """The report as a page to print."""
    b = found.broadcast
    return reporting.as_html(
        found.found,
        title=b.title,
        site=context.app.site.name,
        when=context.app.clock(),
        drill=found.is_drill,
        document=" · ".join([b.document, *b.paper.values()]).strip(" ·"),
        approval=found.approval,
        again=b.again,
        language=language,
    )


@dataclass(frozen=True)
class CoverageReport:
    """Households by how far a broadcast reached them. `doors`: those somebody has to visit."""

    broadcast_id: int
    found: Coverage
    doors: Sequence[Mapping[str, Any]]

    def as_json(self) -> dict[str, Any]:
        return {"broadcast": self.broadcast_id, **self.found.as_json()}


def coverage(
    context: Context,
    number: int | None = None,
    *,
    ward: str | None = None,
    residential_group: str | None = None,
    with_doors: bool = False,
) -> CoverageReport:
    """Who was reached by a broadcast, household by household; None: by the newest released one."""
    with context.read() as tx:
        if number is None:
            newest = next((b for b in broadcasts.list_broadcasts(tx) if b.released_at), None)
            if newest is None:
                raise Problem("nothing-sent", Say("No broadcast was sent yet."))
            number = newest.id
        broadcast = broadcasts.get(tx, number)
        place = areas.ward(tx, ward) if ward else None
        if residential_group:
            group_named(tx, ward, residential_group)
        name = place.name if place else None
        found = reporting.coverage(tx, broadcast.id, name, residential_group)
        return CoverageReport(broadcast.id, found, reporting.doors(tx, found) if with_doors else ())
