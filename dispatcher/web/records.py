"""For whoever checks: the delivery log with filters and export, the trail. Reads are noted."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from msgspec import Struct

from dispatcher.domain import acts
from dispatcher.domain.model import HANOI, MessageState, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.words import STATES, sentence
from dispatcher.i18n import Say, SpelledNumber
from dispatcher.usecases import log as log_acts
from dispatcher.web.forms import FormReader
from dispatcher.web.middleware import PageRoute, reads
from dispatcher.web.request import Answer, Download, Page, PageRequest

NARROWED = (
    "broadcast",
    "ward",
    "state",
    "channel",
    "gateway",
    "carrier",
    "fault",
    "since",
    "until",
)
PAGE, MOST_EXPORTED = 100, 200_000


class LogForm(Struct, frozen=True):
    """What narrows the log; days of Hanoi. `before`: the row to go on after."""

    broadcast: int | None = None
    ward: int | None = None
    state: str = ""
    gateway: str = ""
    channel: str = ""
    carrier: str = ""
    fault: str = ""
    since: date | None = None
    until: date | None = None
    before: str = ""


def _filters(request: PageRequest) -> log_acts.LogFilters:
    given = FormReader(LogForm).read({name: [text] for name, text in request.query.items()})
    return log_acts.LogFilters(
        broadcast=given.broadcast,
        ward=given.ward,
        state=given.state or None,
        gateway=given.gateway or None,
        channel=given.channel or None,
        carrier=given.carrier or None,
        fault=given.fault or None,
        since=_midnight(given.since),
        until=_midnight(given.until, after=timedelta(days=1)),
        before=given.before or None,
    )


def _midnight(day: date | None, after: timedelta = timedelta()) -> datetime | None:
    """Where a day of Hanoi begins, or ends."""
    return datetime.combine(day, time(), HANOI) + after if day else None


def log(request: PageRequest) -> Answer:
    """Messages by filters, a page at a time, or as CSV."""
    filters, columns = _filters(request), log_acts.KINDS["messages"]
    if request.query.get("format") == "csv":
        return _export(request, filters)
    with log_acts.rows(request.context, "messages", filters, limit=PAGE) as rows:
        found = [dict(zip(columns, row, strict=True)) for row in rows]
    return Page(
        "log.html",
        {
            "found": found,
            "wards": log_acts.wards(request.context),
            "chosen": {k: v for k, v in request.query.items() if k in NARROWED},
            "states": [s.value for s in MessageState],
            "STATES": STATES,
            "sentence": sentence,
            "page": PAGE,
        },
    )


def _export(request: PageRequest, filters: log_acts.LogFilters) -> Answer:
    most = MOST_EXPORTED + 1
    with log_acts.rows(request.context, "messages", filters, limit=most, is_export=True) as rows:
        found = list(rows)
        if len(found) > MOST_EXPORTED:
            raise _too_many()
    text = "".join(log_acts.as_csv(found, "messages"))
    return Download(text, "text/csv; charset=utf-8", "nhat-ky.csv")


def _too_many() -> Problem:
    return refused(
        "too-many-rows",
        Say(
            "More than {most_exported} rows for one download.",
            most_exported=SpelledNumber(MOST_EXPORTED),
        ),
    )


def deeds(request: PageRequest) -> Answer:
    """The trail, for those who look after the whole site."""
    noun = request.query.get("noun") or None
    found = log_acts.trail(request.context, noun)
    return Page(
        "trail.html",
        {"found": found, "noun": noun or "", "act": acts.act, "noun_of": acts.noun},
    )


PAGES: list[PageRoute] = [
    reads("/log", log),
    reads("/trail", deeds, (Role.AUDITOR, Role.ADMIN, Role.LEADER)),
]
