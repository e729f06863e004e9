"""For whoever checks: the delivery log with filters and export, the trail. Reads are noted."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from dispatcher.db import trail
from dispatcher.db.broadcasts import broadcasts, logbook
from dispatcher.db.broadcasts.logbook import Filters
from dispatcher.db.contacts import areas
from dispatcher.db.schema import micros
from dispatcher.db.staff import people
from dispatcher.domain import acts
from dispatcher.domain.cells import rows_as_csv
from dispatcher.domain.model import HANOI, SYSTEM, MessageState, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.usecases import auditing
from dispatcher.web.ask import Answer, Ask, Sent, Shown, read_date, whole
from dispatcher.web.guard import Page, reads

NARROWED = ("broadcast", "ward", "state", "channel", "gateway", "carrier", "fault", "since",
            "until")  # fmt: skip
PAGE, MOST_EXPORTED = 100, 200_000


def _exported(ask: Ask, of: object) -> None:
    """Anybody's export is remembered."""
    with ask.app.begin(SYSTEM)() as tx:
        tx.note("exported", "log", of, person=ask.person.person_id)


def _filters(ask: Ask) -> Filters:
    given = ask.query
    number, ward = whole(given.get("broadcast", "")), whole(given.get("ward", ""))
    state = given.get("state", "")
    if state and state not in set(MessageState):
        raise Problem("unknown-state", "Không có trạng thái này.", "No such state.")
    with ask.read() as tx:
        if number is not None:
            broadcasts.get(tx, number)
    return Filters(
        broadcast=number,
        ward=ward,
        state=state or None,
        gateway=given.get("gateway") or None,
        channel=given.get("channel") or None,
        carrier=given.get("carrier") or None,
        fault=given.get("fault") or None,
        since=_midnight(given.get("since", "")),
        until=_midnight(given.get("until", ""), after=timedelta(days=1)),
    )


def _midnight(text: str, after: timedelta = timedelta()) -> int | None:
    """Where a day of Hanoi begins, or ends, as the log has its moments."""
    if not text:
        return None
    return micros(datetime.combine(read_date(text), time(), HANOI) + after)


def log(ask: Ask) -> Answer:
    """Messages by filters, a page at a time, or as CSV."""
    filters, columns = _filters(ask), list(logbook.MESSAGES.columns)
    before: tuple[int, int] | None = None
    after = whole(ask.query.get("before", ""))
    with ask.read() as tx:
        if after is not None:
            place = logbook.place(tx, "messages", after)
            before = (place, after) if place is not None else None
        if ask.query.get("format") == "csv":
            rows = list(logbook.MESSAGES.rows(tx, filters, limit=MOST_EXPORTED + 1))
            if len(rows) > MOST_EXPORTED:
                raise _too_many()
            text = "".join(rows_as_csv(rows, columns))
            export: str | None = text
        else:
            export = None
            found = [
                dict(zip(columns, row, strict=True))
                for row in logbook.MESSAGES.rows(tx, filters, before=before, limit=PAGE)
            ]
        wards = areas.seen_wards(tx)
    if export is not None:
        _exported(ask, "messages")
        return Sent(export, "text/csv; charset=utf-8", "nhat-ky.csv")
    ask.noted("read", "log", "messages")
    chosen = {k: v for k, v in ask.query.items() if k in NARROWED}
    return Shown(
        "log.html",
        {"found": found, "wards": wards, "chosen": chosen,
         "states": [s.value for s in MessageState], "STATES": auditing.STATES,
         "sentence": auditing.sentence, "page": PAGE},
    )  # fmt: skip


def _too_many() -> Problem:
    return refused(
        "too-many-rows",
        f"Quá {MOST_EXPORTED:,} dòng cho một lần tải: lọc theo đợt, theo ngày, hoặc trên máy chủ "
        "chạy: dispatcher log messages --output csv.",
        f"More than {MOST_EXPORTED:,} rows for one download: filter by broadcast or day, or run "
        "dispatcher log messages --output csv on the server.",
    )


def deeds(ask: Ask) -> Answer:
    """The trail, for those who look after the whole site."""
    noun = ask.query.get("noun") or None
    if ask.person.wards is not None:
        raise Problem("unknown-page", "Nhật ký thao tác chỉ cho người phụ trách toàn trang.",
                      "The trail is for those in charge of the whole site.")  # fmt: skip
    with ask.read() as tx:
        found: list[dict[str, Any]] = trail.entries(tx, noun=noun, limit=200)
        names = people.names(tx)
    ask.noted("read", "log", "trail")
    for entry in found:  # people by name; what they do at sign-in is written down by the system
        mine = entry["noun_id"] if entry["noun"] == "person" else entry["facts"].get("person", "")
        person = names.get(whole(str(mine)) or 0, "")
        by_system = entry["actor"] == SYSTEM.name and person
        if by_system:
            entry["facts"].pop("person", None)
        entry["who"] = person if by_system else entry["actor"]
        entry["on"] = person if person and entry["noun"] == "person" else entry["noun_id"]
    return Shown("trail.html", {"found": found, "noun": noun or "", "act": acts.act,
                                "noun_of": acts.noun})  # fmt: skip


PAGES: list[Page] = [
    reads("/log", log),
    reads("/trail", deeds, (Role.AUDITOR, Role.ADMIN, Role.LEADER)),
]
