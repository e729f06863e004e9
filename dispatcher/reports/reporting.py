"""What became of a broadcast, added up for people: every person in exactly one column.

Comes from: messages and attempts.   Goes to: terminal, HTML, CSV, JSON.
Never: counts an acceptance as a delivery, or leaves somebody out of the sum.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dispatcher.db.broadcasts import forwards, log_people, totals
from dispatcher.db.broadcasts.totals import Totals
from dispatcher.db.contacts import areas
from dispatcher.db.database import Tx
from dispatcher.domain.amounts import number as number
from dispatcher.domain.areas import group_key, natural_key
from dispatcher.domain.cells import safe_cell
from dispatcher.domain.model import HANOI
from dispatcher.i18n import Say, Spoken, pgettext

PAGES = Path(__file__).parent
# Columns of a report, in the order people ask.
COLUMNS: dict[str, Spoken] = {
    "reached": Say("reached"),
    "short": Say("received in part"),
    "through": Say("reached on a shared phone"),
    "handed_over": Say("handed over, no word"),
    "waiting": Say("not finished"),
    "failed": Say("failed"),
    "unconfirmed": Say("in doubt"),
    "late": Say("expired, stopped"),
    "no_number": Say("no phone number"),
    "not_sent": Say("not sent, with a reason"),
}
_BY_STATE = {
    "delivered": "reached",
    "read": "reached",
    "accepted": "handed_over",
    "queued": "waiting",
    "sending": "waiting",
    "failed": "failed",
    "unconfirmed": "unconfirmed",
    "expired": "late",
    "cancelled": "late",
}


@dataclass(frozen=True)
class ReportLine:
    """One residential group. `counts` has every column; they add up to `people`."""

    ward: str
    residential_group: str
    counts: Mapping[str, int]

    @property
    def people(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Report:
    lines: tuple[ReportLine, ...]
    spent: tuple[Mapping[str, Any], ...]
    reached_twice: int
    twice_cost: int  # đồng that were not needed

    @property
    def total(self) -> ReportLine:
        sums = {c: sum(line.counts[c] for line in self.lines) for c in COLUMNS}
        return ReportLine("", "", sums)

    @property
    def cost(self) -> int:
        return sum(int(s["cost"]) for s in self.spent)

    def as_json(self) -> dict[str, Any]:
        return {
            "people": self.total.people,
            "counts": dict(self.total.counts),
            "cost": self.cost,
            "reached_twice": self.reached_twice,
            "reached_twice_cost": self.twice_cost,
            "channels": [dict(s) for s in self.spent],
            "groups": [
                {
                    "ward": line.ward,
                    "residential_group": line.residential_group,
                    "people": line.people,
                    **line.counts,
                }
                for line in self.lines
            ],
        }


def report(tx: Tx, broadcast_id: int, totalled: Totals | None = None) -> Report:
    """A broadcast as it stands; `totalled`: as it was added up before."""
    totalled = totalled or totals.fresh(tx, broadcast_id)
    named = areas.names(tx)
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for row in totalled.people:
        place = (named[row["ward_id"]], named.get(row["place"], ""))
        counts = sums.setdefault(place, dict.fromkeys(COLUMNS, 0))
        counts[_column(row)] += row["n"]
    for row in totalled.short:
        counts = sums[named[row["ward_id"]], named.get(row["place"], "")]
        _apart(counts, row["n"])
    lines = [ReportLine(ward, group, counts) for (ward, group), counts in sums.items()]
    lines.sort(key=lambda line: (natural_key(line.ward), natural_key(line.residential_group)))
    return Report(
        tuple(lines),
        tuple(_spent(totalled)),
        sum(row["people"] for row in totalled.twice),
        sum(row["cost"] for row in totalled.twice),
    )


def _apart(counts: dict[str, int], n: int) -> None:
    """Count people whose text arrived in part only apart from those who got it whole."""
    n = min(n, counts["reached"])
    counts["reached"] -= n
    counts["short"] += n


def _spent(totalled: Totals) -> list[dict[str, Any]]:
    """Per channel and gateway: accepted attempts, delivered ones, parts and đồng."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in totalled.spent:
        key = row["channel"], row["gateway"]
        line = found.setdefault(key, {"channel": key[0], "gateway": key[1], **_NOTHING_SPENT})
        for name in _NOTHING_SPENT:
            line[name] += row[name]
    return [found[key] for key in sorted(found)]


_NOTHING_SPENT = {"accepted": 0, "delivered": 0, "parts": 0, "cost": 0}


def networks(totalled: Totals) -> list[dict[str, Any]]:
    """Per gateway and network (`carrier`): people in every column of a report."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in totalled.people:
        if row["gateway"] is None:
            continue
        key = row["gateway"], row["carrier"] or ""
        line = found.setdefault(
            key, {"gateway": key[0], "carrier": key[1], "counts": dict.fromkeys(COLUMNS, 0)}
        )
        line["counts"][_column(row)] += row["n"]
    for row in totalled.short:
        key = row["gateway"], row["carrier"] or ""
        if key in found:
            _apart(found[key]["counts"], row["n"])
    return [found[key] for key in sorted(found)]


def faults(totalled: Totals) -> list[dict[str, Any]]:
    """What gateways answered that was no acceptance: gateway, fault, code, n; most first."""
    found: dict[tuple[str, str, str], int] = {}
    for row in totalled.faults:
        key = row["gateway"], row["fault"], row["code"] or ""
        found[key] = found.get(key, 0) + row["n"]
    rows = [
        dict(zip(("gateway", "fault", "code"), key, strict=True), n=n) for key, n in found.items()
    ]
    return sorted(rows, key=lambda row: -int(row["n"]))


def reach(tx: Tx, broadcast_id: int, totalled: Totals) -> dict[str, int]:
    """Households by how far they were reached, over all places."""
    named, passed = areas.names(tx), _passed_on(tx, broadcast_id)
    sums = dict.fromkeys(REACH, 0)
    for row in totalled.homes:
        level = _LEVELS[row["reach"]]
        if level in ("not_reached", "no_contact"):
            place = (named[row["ward_id"]], named.get(row["place"], ""))
            level = "passed_on" if place in passed else level
        sums[level] += row["n"]
    return sums


def _column(row: Mapping[str, Any]) -> str:
    if row["state"] == "skipped":
        if row["reason"] in ("shared_phone", "same_household"):
            return "through" if row["through"] else "not_sent"
        return "no_number" if row["reason"] in ("no_number", "landline") else "not_sent"
    return _BY_STATE[row["state"]]


def as_csv(found: Report, language: str, *, drill: bool = False) -> str:
    """The table as CSV for Excel (BOM, formulas disarmed); a drill says so beside its total."""
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\r\n")
    total = Say("Total (DRILL)") if drill else Say("Total")
    heads = [
        Say("Ward"),
        Say("Residential group"),
        pgettext("how many", "People"),
    ]
    sheet.writerow([h.to(language) for h in [*heads, *COLUMNS.values()]])
    for line in [*found.lines, found.total]:
        sheet.writerow(
            [
                safe_cell(line.ward or total.to(language)),
                safe_cell(line.residential_group),
                line.people,
                *line.counts.values(),
            ]
        )
    return "\ufeff" + out.getvalue()


REACH: dict[str, Spoken] = {
    "reached": Say("reached"),
    "maybe": Say("maybe"),
    "not_reached": Say("not reached"),
    "no_contact": Say("no contact"),
    "passed_on": Say("passed on by the head"),
}
_LEVELS = {3: "reached", 2: "maybe", 1: "not_reached", 0: "no_contact"}


@dataclass(frozen=True)
class Coverage:
    """Households by place and by how far they were reached."""

    places: Mapping[tuple[str, str], Mapping[str, int]]
    rows: tuple[Mapping[str, Any], ...]  # one per household

    @property
    def total(self) -> dict[str, int]:
        return {r: sum(counts[r] for counts in self.places.values()) for r in REACH}

    def as_json(self) -> dict[str, Any]:
        return {
            "households": sum(self.total.values()),
            **self.total,
            "places": [
                {"ward": ward, "residential_group": group, **counts}
                for (ward, group), counts in self.places.items()
            ],
        }


def coverage(tx: Tx, broadcast_id: int, ward: str | None, group: str | None) -> Coverage:
    """How far each household of a broadcast was reached, narrowed to a ward or group by name."""
    chosen = [
        {**row, "reach": _LEVELS[row["reach"]], "residential_group": row["residential_group"] or ""}
        for row in log_people.households(tx, broadcast_id)
        if (ward is None or row["ward"] == ward)
        and (group is None or group_key(row["residential_group"] or "") == group_key(group))
    ]
    passed = _passed_on(tx, broadcast_id)
    for row in chosen:
        place = (row["ward"], row["residential_group"])
        if place in passed and row["reach"] in ("not_reached", "no_contact"):
            row["reach"] = "passed_on"
    chosen.sort(
        key=lambda r: (natural_key(r["ward"]), natural_key(r["residential_group"]), r["contact"])
    )
    places: dict[tuple[str, str], dict[str, int]] = {}
    for row in chosen:
        counts = places.setdefault((row["ward"], row["residential_group"]), dict.fromkeys(REACH, 0))
        counts[row["reach"]] += 1
    return Coverage(places, tuple(chosen))


def _passed_on(tx: Tx, broadcast_id: int) -> set[tuple[str, str]]:
    """(ward, residential group) of those whose heads passed a broadcast on."""
    names = areas.names(tx)
    return {
        (names[area.parent_id or 0], area.name)
        for area in areas.by_ids(tx, forwards.passed_on(tx, broadcast_id))
    }


def doors(tx: Tx, found: Coverage) -> list[dict[str, Any]]:
    """The households somebody has to visit: not reached, or without any number; with a name."""
    rows = [r for r in found.rows if r["reach"] in ("not_reached", "no_contact")]
    names = log_people.contact_names(tx, [r["contact"] for r in rows])
    return [
        {
            "ward": r["ward"],
            "residential_group": r["residential_group"],
            "contact": r["contact"],
            "name": names.get(r["contact"], ""),
            "people": r["people"],
            "reach": r["reach"],
        }
        for r in rows
    ]


def as_html(
    found: Report,
    *,
    title: str,
    site: str,
    when: datetime,
    drill: bool,
    language: str,
    document: str = "",
    approval: Mapping[str, Any] | None = None,
    again: str = "",
) -> str:
    """A page that prints on A4. `approval` as `store.approvals.latest` gives it; `again`: why the
    same words went to the same people within a day."""
    return _page(
        "report.html",
        title=title,
        site=site,
        when=f"{when.astimezone(HANOI):%d/%m/%Y %H:%M}",
        drill=drill,
        document=document,
        approval=approval,
        again=again,
        columns=[c.to(language) for c in COLUMNS.values()],
        lines=found.lines,
        total=found.total,
        spent=found.spent,
        cost=number(found.cost),
        twice=found.reached_twice,
        twice_cost=number(found.twice_cost),
        language=language,
        number=number,
    )


def letter(
    site: str,
    gateway: str,
    year: int,
    senders: Sequence[Mapping[str, str]],
    templates: Sequence[Mapping[str, str]],
) -> str:
    """The draft of a letter to a vendor: brandnames (name, brandname, until) and templates (title,
    form, text), laid out as Decree 30/2020 wants it."""
    return _page(
        "registration.html",
        site=site,
        gateway=gateway,
        year=year,
        senders=senders,
        templates=templates,
    )


def phones(title: str, site: str, samples: Sequence[Mapping[str, Any]], *, drill: bool) -> str:
    """Messages as phones show them (channel, to, body, characters, parts), as a page."""
    return _page("preview.html", title=title, site=site, samples=samples, drill=drill)


def sheet(
    title: str,
    site: str,
    pages: Sequence[Mapping[str, Any]],
    what: Spoken,
    *,
    pictures: Sequence[Mapping[str, str]] = (),
    drill: bool,
    language: str = "vi",
) -> str:
    """A sheet for the heads of residential groups: per ward (ward, text, places: name, heads as
    (name, phone), done), then pictures (name, data address)."""
    return _page(
        "sheet.html",
        title=title,
        site=site,
        pages=pages,
        what=what.to(language),
        pictures=pictures,
        drill=drill,
        language=language,
    )


def _page(name: str, language: str = "vi", **values: Any) -> str:
    import jinja2

    def t(id: str, /, **fields: object) -> str:
        return Say(id, **fields).to(language)

    def pt(context: str, id: str, /, **fields: object) -> str:
        return pgettext(context, id, **fields).to(language)

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string((PAGES / name).read_text("utf-8")).render(
        t=t, pt=pt, language=language, **values
    )
