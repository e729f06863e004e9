"""For whoever checks: the delivery log with filters and export, the trail. Reads are noted."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from msgspec import Struct

from dispatcher.domain import acts
from dispatcher.domain.model import HANOI, MessageState, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.words import STATES, sentence
from dispatcher.i18n import Number, Say
from dispatcher.usecases import log as use
from dispatcher.web.ask import Answer, Ask, Sent, Shown
from dispatcher.web.forms import FormReader
from dispatcher.web.guard import Page, reads

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


def _filters(ask: Ask) -> use.LogFilters:
    given = FormReader(LogForm).read({name: [text] for name, text in ask.query.items()})
    return use.LogFilters(
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


def log(ask: Ask) -> Answer:
    """Messages by filters, a page at a time, or as CSV."""
    filters, columns = _filters(ask), use.KINDS["messages"]
    if ask.query.get("format") == "csv":
        return _export(ask, filters)
    with use.rows(ask.context, "messages", filters, limit=PAGE) as rows:
        found = [dict(zip(columns, row, strict=True)) for row in rows]
    return Shown(
        "log.html",
        {
            "found": found,
            "wards": use.wards(ask.context),
            "chosen": {k: v for k, v in ask.query.items() if k in NARROWED},
            "states": [s.value for s in MessageState],
            "STATES": STATES,
            "sentence": sentence,
            "page": PAGE,
        },
    )


def _export(ask: Ask, filters: use.LogFilters) -> Answer:
    most = MOST_EXPORTED + 1
    with use.rows(ask.context, "messages", filters, limit=most, is_export=True) as rows:
        found = list(rows)
        if len(found) > MOST_EXPORTED:
            raise _too_many()
    text = "".join(use.as_csv(found, "messages"))
    return Sent(text, "text/csv; charset=utf-8", "nhat-ky.csv")


def _too_many() -> Problem:
    return refused(
        "too-many-rows",
        Say(
            "More than {most_exported} rows for one download.",
            most_exported=Number(MOST_EXPORTED),
        ),
    )


def deeds(ask: Ask) -> Answer:
    """The trail, for those who look after the whole site."""
    noun = ask.query.get("noun") or None
    found = use.trail(ask.context, noun)
    return Shown(
        "trail.html",
        {"found": found, "noun": noun or "", "act": acts.act, "noun_of": acts.noun},
    )


PAGES: list[Page] = [
    reads("/log", log),
    reads("/trail", deeds, (Role.AUDITOR, Role.ADMIN, Role.LEADER)),
]
