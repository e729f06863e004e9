"""For whoever checks: the delivery log with filters and export, the trail. Reads are noted."""

from __future__ import annotations

from typing import Any

from dispatcher import auditing, reporting
from dispatcher.model import SYSTEM, AreaKind, MessageState, Role
from dispatcher.problems import Problem
from dispatcher.store import areas, broadcasts, logbook, trail
from dispatcher.store.logbook import Filters
from dispatcher.web.ask import Answer, Ask, Sent, Shown
from dispatcher.web.guard import Page, reads

PAGE, MOST_EXPORTED = 100, 200_000


def _noted(ask: Ask, what: str, of: object) -> None:
    """An auditor's looking is remembered, as anybody's export is."""
    with ask.app.begin(SYSTEM)() as tx:
        tx.note(what, "log", of, person=ask.person.person_id)


def _filters(ask: Ask) -> Filters:
    given = ask.query
    number = given.get("broadcast", "")
    ward = given.get("ward", "")
    state = given.get("state", "")
    if state and state not in set(MessageState):
        raise Problem("unknown-state", "Không có trạng thái này.", "No such state.")
    with ask.read() as tx:
        if number.isdigit():
            broadcasts.get(tx, int(number))
    return Filters(
        broadcast=int(number) if number.isdigit() else None,
        ward=int(ward) if ward.isdigit() else None,
        state=state or None,
        gateway=given.get("gateway") or None,
        channel=given.get("channel") or None,
    )


def log(ask: Ask) -> Answer:
    filters, columns = _filters(ask), list(logbook.MESSAGES.columns)
    before: tuple[int, int] | None = None
    after = ask.query.get("before", "")
    with ask.read() as tx:
        if after.isdigit():
            place = logbook.place(tx, "messages", int(after))
            before = (place, int(after)) if place is not None else None
        if ask.query.get("format") == "csv":
            rows = logbook.MESSAGES.rows(tx, filters, limit=MOST_EXPORTED)
            text = "".join(reporting.rows_as_csv(rows, columns))
            export: str | None = text
        else:
            export = None
            found = [
                dict(zip(columns, row, strict=True))
                for row in logbook.MESSAGES.rows(tx, filters, before=before, limit=PAGE)
            ]
        wards = [a for a in areas.listed(tx, AreaKind.WARD)
                 if ask.person.wards is None or a.id in ask.person.wards]  # fmt: skip
    if export is not None:
        _noted(ask, "exported", "messages")
        return Sent(export, "text/csv; charset=utf-8", "nhat-ky.csv")
    if ask.person.role is Role.AUDITOR:
        _noted(ask, "read", "messages")
    chosen = {k: v for k, v in ask.query.items() if k in ("broadcast", "ward", "state", "channel")}
    return Shown(
        "log.html",
        {"found": found, "wards": wards, "chosen": chosen,
         "states": [s.value for s in MessageState], "STATES": auditing.STATES,
         "sentence": auditing.sentence, "page": PAGE},
    )  # fmt: skip


def acts(ask: Ask) -> Answer:
    """The trail, for those who look after the whole site."""
    noun = ask.query.get("noun") or None
    if ask.person.wards is not None:
        raise Problem("unknown-page", "Nhật ký thao tác chỉ cho người phụ trách toàn trang.",
                      "The trail is for those in charge of the whole site.")  # fmt: skip
    with ask.read() as tx:
        found: list[dict[str, Any]] = trail.entries(tx, noun=noun, limit=200)
    _noted(ask, "read", "trail")
    return Shown("trail.html", {"found": found, "noun": noun or ""})


PAGES: list[Page] = [
    reads("/log", log),
    reads("/trail", acts, (Role.AUDITOR, Role.ADMIN, Role.LEADER)),
]
