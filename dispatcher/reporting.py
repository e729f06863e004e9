"""What became of a broadcast, added up for people: every person in exactly one column.

Comes from: messages and attempts.   Goes to: terminal, HTML, CSV, JSON.
Never: counts an acceptance as a delivery, or leaves somebody out of the sum.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.areas import natural_key
from dispatcher.model import HANOI
from dispatcher.problems import Say
from dispatcher.store import logbook
from dispatcher.store.database import Tx

# Columns of a report, in the order people ask.
COLUMNS: dict[str, Say] = {
    "reached": Say("đã nhận", "reached"),
    "through": Say("nhận qua máy chung", "reached on a shared phone"),
    "handed_over": Say("đã chuyển, chưa báo", "handed over, no word"),
    "waiting": Say("chưa gửi xong", "not finished"),
    "failed": Say("không gửi được", "failed"),
    "unconfirmed": Say("chưa rõ", "in doubt"),
    "late": Say("quá hạn, đã dừng", "expired, stopped"),
    "no_number": Say("không có số điện thoại", "no phone number"),
    "not_sent": Say("không gửi (có lý do)", "not sent, with a reason"),
}
_BY_STATE = {
    "delivered": "reached", "read": "reached", "accepted": "handed_over", "queued": "waiting",
    "sending": "waiting", "failed": "failed", "unconfirmed": "unconfirmed", "expired": "late",
    "cancelled": "late",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One residential group. `counts` has every column; they add up to `people`."""

    ward: str
    residential_group: str
    counts: Mapping[str, int]

    @property
    def people(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Report:
    lines: tuple[Line, ...]
    spent: tuple[Mapping[str, Any], ...]
    reached_twice: int

    @property
    def total(self) -> Line:
        sums = {c: sum(line.counts[c] for line in self.lines) for c in COLUMNS}
        return Line("", "", sums)

    @property
    def cost(self) -> int:
        return sum(int(s["cost"]) for s in self.spent)

    def as_json(self) -> dict[str, Any]:
        return {
            "people": self.total.people, "counts": dict(self.total.counts), "cost": self.cost,
            "reached_twice": self.reached_twice, "channels": [dict(s) for s in self.spent],
            "groups": [{"ward": line.ward, "residential_group": line.residential_group,
                        "people": line.people, **line.counts} for line in self.lines],
        }  # fmt: skip


def report(tx: Tx, broadcast_id: int) -> Report:
    """Add up one broadcast."""
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for row in logbook.by_group(tx, broadcast_id):
        place = (row["ward"], row["residential_group"] or "")
        counts = sums.setdefault(place, dict.fromkeys(COLUMNS, 0))
        counts[_column(row)] += row["n"]
    lines = [Line(ward, group, counts) for (ward, group), counts in sums.items()]
    lines.sort(key=lambda line: (natural_key(line.ward), natural_key(line.residential_group)))
    return Report(tuple(lines), tuple(logbook.spent(tx, broadcast_id)),
                  logbook.reached_twice(tx, broadcast_id))  # fmt: skip


def _column(row: Mapping[str, Any]) -> str:
    if row["state"] == "skipped":
        if row["reason"] in ("shared_phone", "same_household"):
            return "through" if row["through"] else "not_sent"
        return "no_number" if row["reason"] in ("no_number", "landline") else "not_sent"
    return _BY_STATE[row["state"]]


def as_csv(found: Report, language: str) -> str:
    """The table as CSV for Excel (BOM, formulas disarmed)."""
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\r\n")
    heads = [Say("Phường", "Ward"), Say("Tổ dân phố", "Residential group"), Say("Số người", "People")]
    sheet.writerow([h.to(language) for h in [*heads, *COLUMNS.values()]])
    for line in [*found.lines, found.total]:
        sheet.writerow([safe_cell(line.ward or Say("Tổng", "Total").to(language)),
                        safe_cell(line.residential_group), line.people,
                        *line.counts.values()])  # fmt: skip
    return "\ufeff" + out.getvalue()


def safe_cell(value: Any) -> Any:
    """A cell no spreadsheet will run as a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "\0"):
        return "'" + value
    return value


def rows_as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterable[str]:
    """Rows of the log as CSV lines, one string per row; memory stays flat."""
    yield "\ufeff" + ",".join(columns) + "\r\n"
    for row in rows:
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerow([safe_cell(row[c]) for c in columns])
        yield out.getvalue()


def as_html(found: Report, *, title: str, site: str, when: datetime, drill: bool,
            language: str) -> str:  # fmt: skip
    """A page that prints on A4."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_PAGE).render(
        title=title, site=site, when=f"{when.astimezone(HANOI):%d/%m/%Y %H:%M}", drill=drill,
        columns=[c.to(language) for c in COLUMNS.values()], lines=found.lines, total=found.total,
        spent=found.spent, cost=number(found.cost), twice=found.reached_twice, vi=language != "en",
        number=number,
    )  # fmt: skip


def number(value: int) -> str:
    """1234567 → 1.234.567"""
    return f"{value:,}".replace(",", ".")


_PAGE = """<!doctype html>
<html lang="{{ 'vi' if vi else 'en' }}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title><style>
body{font:15px/1.5 "Be Vietnam Pro","Segoe UI",system-ui,sans-serif;margin:2rem auto;max-width:1100px;padding:0 1rem;color:#1a1a1a}
h1{font-size:1.5rem;margin:.2rem 0}table{border-collapse:collapse;width:100%;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{border:1px solid #bbb;padding:.3rem .5rem;text-align:right;vertical-align:top}th{background:#f1f4f8}
td:nth-child(-n+2),th:nth-child(-n+2){text-align:left}tfoot td{font-weight:700;background:#f8f8f8}
.drill{background:#fff3cd;border:1px solid #c9a227;padding:.5rem 1rem}.wide{overflow-x:auto}
@media print{body{margin:0;max-width:none}thead{display:table-header-group}tr{break-inside:avoid}}
</style></head><body>
<p>{{ site }}</p><h1>{{ title }}</h1><p>{{ 'Lập lúc' if vi else 'Made at' }} {{ when }}</p>
{% if drill %}<p class="drill">{{ 'CHẠY THỬ: không tin nào gửi ra ngoài, số liệu dưới đây không phải kết quả thật.' if vi else 'DRILL: nothing left this machine; these are not real results.' }}</p>{% endif %}
<div class="wide"><table><thead><tr><th>{{ 'Phường' if vi else 'Ward' }}</th><th>{{ 'Tổ dân phố' if vi else 'Residential group' }}</th><th>{{ 'Số người' if vi else 'People' }}</th>
{% for c in columns %}<th>{{ c }}</th>{% endfor %}</tr></thead><tbody>
{% for line in lines %}<tr><td>{{ line.ward }}</td><td>{{ line.residential_group or '—' }}</td><td>{{ number(line.people) }}</td>{% for n in line.counts.values() %}<td>{{ number(n) }}</td>{% endfor %}</tr>
{% endfor %}</tbody><tfoot><tr><td colspan="2">{{ 'Tổng' if vi else 'Total' }}</td><td>{{ number(total.people) }}</td>{% for n in total.counts.values() %}<td>{{ number(n) }}</td>{% endfor %}</tr></tfoot></table></div>
<table><thead><tr><th>{{ 'Kênh' if vi else 'Channel' }}</th><th>{{ 'Nhà cung cấp' if vi else 'Gateway' }}</th><th>{{ 'Đã chuyển' if vi else 'Accepted' }}</th><th>{{ 'Báo đã nhận' if vi else 'Reported delivered' }}</th><th>{{ 'Tin tính cước' if vi else 'Parts' }}</th><th>{{ 'Đồng (ước tính)' if vi else 'Đồng (estimate)' }}</th></tr></thead><tbody>
{% for s in spent %}<tr><td>{{ s.channel }}</td><td>{{ s.gateway }}</td><td>{{ number(s.accepted) }}</td><td>{{ number(s.delivered) }}</td><td>{{ number(s.parts) }}</td><td>{{ number(s.cost) }}</td></tr>{% endfor %}
</tbody></table>
<p>{{ 'Tổng chi phí ước tính' if vi else 'Estimated cost' }}: {{ cost }} {{ 'đồng' if vi else 'đồng' }}. {{ 'Nhận trên hai kênh' if vi else 'Reached on two channels' }}: {{ twice }}.</p>
</body></html>
"""
