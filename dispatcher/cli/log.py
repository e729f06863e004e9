"""The delivery log, one person's story, reports and the trail: log, why, report, audit."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import click

from dispatcher.cli.broadcasts import broadcast_id
from dispatcher.cli.spoken import Group, argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.tables import write_table, writes
from dispatcher.db import trail
from dispatcher.db.broadcasts import broadcasts, logbook
from dispatcher.db.broadcasts.logbook import Filters
from dispatcher.db.contacts import areas, replies
from dispatcher.db.database import Tx
from dispatcher.db.schema import micros, moment
from dispatcher.domain import acts
from dispatcher.domain.cells import rows_as_csv
from dispatcher.domain.model import HANOI, AttemptState, Channel, MessageState
from dispatcher.domain.problems import Problem, Say, not_among
from dispatcher.scheduling import ask_moment
from dispatcher.usecases import auditing
from dispatcher.usecases.areas import group_named

log = Group(Say("Nhật ký gửi tin.", "The delivery log."))
audit = Group(Say("Nhật ký thao tác.", "The trail."))

SHORT = {
    "messages": ("id", "ward", "residential_group", "phone", "channel", "state", "reason"),
    "attempts": ("id", "message", "gateway", "phone", "state", "fault", "code", "asked_at"),
    "receipts": ("id", "gateway", "at", "state", "code", "message", "broadcast"),
}

OUTPUTS = ("table", "json", "jsonl", "csv", "xlsx")
STATES = {
    "messages": [s.value for s in MessageState],
    "attempts": [s.value for s in AttemptState],
    "receipts": ["new", "matched", "unmatched", "refused", "unreadable", "empty", "reply"],
}


def _filters(function: Any) -> Any:
    for add in (
        option("--out", vi="ghi ra tệp (xlsx cần có)", en="write to a file (xlsx needs one)"),
        option(
            "--output",
            type=click.Choice(OUTPUTS),
            default="table",
            vi="dạng in ra",
            en="output",
        ),
        option("--before", vi="tiếp sau dòng này, ví dụ m120", en="go on after this row"),
        option("--limit", type=int, vi="nhiều nhất (bảng: 100)", en="at most (table: 100)"),
        option("--until", vi="trước thời điểm", en="before this moment"),
        option("--since", vi="từ thời điểm, ví dụ '01/12 08:00'", en="from, like '2026-12-01'"),
        option("--person", vi="một người: c12 hoặc - (đầu vào)", en="one person: c12, or -"),
        option("--carrier", vi="nhà mạng", en="carrier"),
        option("--channel", vi="kênh: sms, zalo", en="channel: sms, zalo"),
        option("--gateway", vi="nhà cung cấp", en="gateway", complete="gateway"),
        option("--fault", vi="lỗi hoặc lý do", en="fault or reason"),
        option("--state", vi="trạng thái", en="state"),
        option("--residential-group", "--tdp", "tdp", vi="tổ dân phố", en="residential group"),
        option("--ward", vi="phường", en="ward", complete="ward"),
        option("--broadcast", vi="đợt gửi", en="broadcast", complete="broadcast"),
    ):
        function = add(function)
    return function


def _chosen(surface: Surface, tx: Tx, kind: str, given: dict[str, Any]) -> Filters:
    """The filters as typed, checked: a misspelt one is a problem, never an empty answer."""
    ward = areas.ward(tx, given["ward"]).id if given["ward"] else None
    broadcast = broadcast_id(given["broadcast"]) if given["broadcast"] else None
    if broadcast is not None:
        broadcasts.get(tx, broadcast)
    clock = surface.open_app().clock()
    return Filters(
        broadcast,
        ward,
        group_named(tx, given["ward"], given["tdp"]).id if given["tdp"] else None,
        _one_of(given["state"], STATES[kind], Say("trạng thái", "state")),
        _one_of(given["fault"], list(auditing.REASONS), Say("lỗi", "fault")),
        _one_of(given["gateway"], surface.open_site().gateways, Say("nhà cung cấp", "gateway")),
        _one_of(given["channel"], [c.value for c in Channel], Say("kênh", "channel")),
        given["carrier"],
        contact=_person(surface, tx, given["person"]),
        since=micros(ask_moment(given["since"], clock)) if given["since"] else None,
        until=micros(ask_moment(given["until"], clock)) if given["until"] else None,
    )


def _one_of(word: str | None, known: Iterable[str], what: Say) -> str | None:
    if word is not None and word not in (names := list(known)):
        raise not_among(what, word, names)
    return word


def _person(surface: Surface, tx: Tx, text: str | None) -> int | None:
    if text is None:
        return None
    words = sys.stdin.read() if text == "-" else text
    found = auditing.find(tx, words, surface.open_site().sample_heads)
    if len(found) != 1:
        codes = ", ".join(f"c{i}" for i in found)
        raise Problem(
            "unknown-contact",
            f"Nhiều người dùng số này: {codes}. Chọn một." if found else "Không thấy người này.",
            f"Several people: {codes}. Choose one." if found else "There is no such person.",
        )
    return found[0]


def _before(tx: Tx, kind: str, text: str | None) -> tuple[int, int] | None:
    """Where the next page begins: (broadcast, id) of the last row of this one."""
    if text is None:
        return None
    digits = text.strip().lstrip("mar#")
    if digits.isdigit():
        if kind == "receipts":
            return 0, int(digits)
        found = logbook.place(tx, kind, int(digits))
        if found is not None:
            return found, int(digits)
    raise Problem(
        "unknown-row",
        f"--before: không có dòng «{text}» trong nhật ký.",
        f"--before: the log has no row “{text}”.",
    )


def _show(surface: Surface, kind: str, given: dict[str, Any]) -> None:
    output = "json" if surface.json else given["output"]
    out, limit = given["out"], given["limit"]
    if limit is not None and limit < 1:
        raise Problem("limit", "--limit phải từ 1 trở lên.", "--limit must be 1 or more.")
    if output == "xlsx" and not out:
        raise Problem(
            "needs-file",
            "Dạng xlsx cần tên tệp: --out nhat-ky.xlsx",
            "xlsx needs a file name: --out log.xlsx",
        )
    if out:
        writes(Path(out), (f".{output}",) if output in ("csv", "xlsx") else (".csv", ".xlsx"))
    if output == "table" and not out:
        limit = limit or 100
    app, which = surface.open_app(), logbook.LOGS[kind]
    with app.store.read(surface.actor()) as tx:
        filters = _chosen(surface, tx, kind, given)
        found = which.rows(tx, filters, before=_before(tx, kind, given["before"]), limit=limit)
        rows = timed(found, list(which.columns))
        if out:
            write_table(Path(out), list(which.columns), rows)
            surface.say(f"Đã ghi {out}", f"Wrote {out}")
        else:
            _print(surface, kind, rows, output, limit)


def _print(
    surface: Surface, kind: str, rows: Iterable[Sequence[Any]], output: str, limit: int | None
) -> None:
    columns = list(logbook.LOGS[kind].columns)
    match output:
        case "json":
            surface.emit_list(dict(zip(columns, row, strict=True)) for row in rows)
        case "jsonl":
            for row in rows:
                line = dict(zip(columns, row, strict=True))
                surface.line(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        case "csv":
            for piece in rows_as_csv(rows, columns):
                surface.line(piece)
        case _:
            short, found = SHORT[kind], [dict(zip(columns, row, strict=True)) for row in rows]
            surface.table(
                [Say(c, c) for c in short], [[_cell(row[c]) for c in short] for row in found]
            )
            surface.say(f"{len(found)} dòng.", f"{len(found)} rows.")
            if limit and len(found) == limit:
                last = found[-1]["id"]
                surface.hint(f"Còn nữa: thêm --before {last}", f"There is more: --before {last}")


def _cell(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def timed(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> Iterator[list[Any]]:
    """Rows for people: moments in Hanoi time."""
    moments = [i for i, c in enumerate(columns) if c.endswith("_at") or c == "at"]
    for row in rows:
        shown = list(row)
        for i in moments:
            if shown[i] is not None:
                shown[i] = _in_hanoi(shown[i] // 1_000_000)
        yield shown


@lru_cache(maxsize=10_000)
def _in_hanoi(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, HANOI).isoformat()


@log.verb(
    "messages",
    "Từng tin, mỗi người một dòng, mới nhất trước.",
    "Every message, one row per person, newest first.",
    "dispatcher log messages --broadcast 1 --state failed",
)
@_filters
def messages(surface: Surface, **given: Any) -> None:
    _show(surface, "messages", given)


@log.verb(
    "replies",
    "Người dân trả lời gì, mới nhất trước. Từ chối rõ (TC, DỪNG…) đã được ghi ngay.",
    "What people wrote back, newest first. Clear refusals were obeyed at once.",
    "dispatcher log replies --limit 20",
)
@option("--limit", type=click.IntRange(1), default=100, vi="nhiều nhất", en="at most")
@option("--waiting", is_flag=True, vi="chỉ tin cần người xem", en="only those that need a look")
def show_replies(surface: Surface, limit: int, waiting: bool) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        found = replies.listed(tx, limit, waiting=waiting)
    for row in found:
        row.pop("address")
        for name in ("at", "looked_at"):
            row[name] = _in_hanoi(row[name] // 1_000_000) if row[name] else None
    if surface.json:
        surface.emit(found)
        return
    heads = [Say("số", "id"), Say("lúc", "at"), Say("điện thoại", "phone"),
             Say("người", "contact"), Say("ý", "wish"), Say("xử lý", "done"),
             Say("nội dung", "text")]  # fmt: skip
    surface.table(
        heads,
        [
            [r["id"], r["at"], r["phone"] or "?", f"c{r['contact']}" if r["contact"] else "",
             auditing.WISHES[r["wish"]].to(surface.language),
             " · ".join(w for w in (auditing.LOOKS[r["look"]].to(surface.language),
                                    auditing.CONFIRMATIONS[r["confirmation"]].to(surface.language))
                        if w), r["text"]]
            for r in found
        ],
    )  # fmt: skip
    first = next((r["id"] for r in found if r["look"] == "waiting"), None)
    if first is not None:
        surface.hint(
            f"Cần người xem: dispatcher contacts reply {first} --stop (hoặc --dismiss)",
            f"Needs a look: dispatcher contacts reply {first} --stop (or --dismiss)",
        )


@log.verb(
    "attempts",
    "Từng lần gửi, mới nhất trước.",
    "Every attempt, newest first.",
    "dispatcher log attempts --broadcast 1 --fault busy",
)
@_filters
def attempts(surface: Surface, **given: Any) -> None:
    _show(surface, "attempts", given)


@log.verb(
    "receipts",
    "Từng báo nhận như nhà cung cấp gửi tới, mới nhất trước.",
    "Every receipt as the vendor sent it, newest first.",
    "dispatcher log receipts --state unmatched",
)
@_filters
def receipts(surface: Surface, **given: Any) -> None:
    _show(surface, "receipts", given)


@command(
    "Vì sao một người nhận hay không nhận: số điện thoại, c12, m34 hoặc - (đọc từ đầu vào).",
    "Why somebody did or did not receive it: a phone, c12, m34, or - for stdin.",
    "dispatcher why c12",
)
@argument("who")
def why(surface: Surface, who: str) -> None:
    app = surface.open_app()
    text = sys.stdin.read() if who == "-" else who
    with app.store.read(surface.actor()) as tx:
        ids = auditing.find(tx, text, app.site.sample_heads)
        stories = [auditing.story(tx, i, surface.language) for i in ids]
    if not stories:
        raise Problem(
            "unknown-contact",
            "Không thấy người này trong danh bạ và nhật ký.",
            "This person is neither in the list nor in the log.",
        )
    if surface.json:
        surface.emit(stories)
        return
    for story in stories:
        tell_story(surface, story)


def tell_story(surface: Surface, story: dict[str, Any]) -> None:
    """One person's trail, in words."""
    surface.say(f"c{story['contact']}  {story['name']}")
    if not story["messages"]:
        surface.say("  chưa có tin nào gửi tới người này", "  nothing was ever sent to this person")
    for message in story["messages"]:
        surface.say(
            f"  đợt gửi {message['broadcast']} · m{message['id']} · {message['sentence']}",
            f"  broadcast {message['broadcast']} · m{message['id']} · {message['sentence']}",
        )
        for a in message["attempts"]:
            state = auditing.STATES[a["state"]].to(surface.language)
            fault = auditing.REASONS.get(a["fault"] or "")
            parts = [a["at"], f"{a['channel']} ({a['gateway']})", a["phone"], state]
            if fault:
                parts.append(f"{fault.to(surface.language)} [{a['code']}]")
            if a["heard"]:
                parts.append(
                    f"{a['heard_at']} {surface.text('báo', 'reported')} "
                    f"{auditing.STATES[a['heard']].to(surface.language)}"
                )
            if a["parts_missing"]:
                parts.append(auditing.short(a["parts_missing"]).to(surface.language))
            surface.say("    " + " · ".join(p for p in parts if p))


@audit.verb("list", "Các thao tác gần đây.", "Recent acts.", "dispatcher audit list")
@option("--limit", default=50, vi="nhiều nhất", en="at most")
@option("--noun", vi="chỉ loại này, ví dụ broadcast", en="only this noun, like broadcast")
@option("--id", "noun_id", vi="chỉ mã này", en="only this id")
def list_trail(surface: Surface, limit: int, noun: str | None, noun_id: str | None) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        found = trail.entries(tx, noun=noun, noun_id=noun_id, limit=limit)
    if surface.json:
        surface.emit(
            [
                {
                    **{k: e[k] for k in ("id", "seq", "actor", "act", "noun", "noun_id", "facts")},
                    "at": moment(e["at"]).astimezone(HANOI).isoformat(),
                }
                for e in found
            ]
        )
        return
    surface.table(
        [Say("lúc", "at"), Say("ai", "who"), Say("việc", "act"), Say("đối với", "on")],
        [
            [
                f"{moment(e['at']).astimezone(HANOI):%d/%m/%Y %H:%M:%S}",
                e["actor"],
                acts.act(e["act"]).to(surface.language),
                f"{acts.noun(e['noun']).to(surface.language)} {e['noun_id']}",
            ]
            for e in found
        ],
    )
