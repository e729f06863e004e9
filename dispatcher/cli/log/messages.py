"""log: messages, attempts, receipts, replies: the delivery log."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from dispatcher.cli.broadcasts.told import broadcast_id
from dispatcher.cli.spoken import Group, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.tables import write_table, writes
from dispatcher.domain.problems import Problem, Say
from dispatcher.domain.words import CONFIRMATIONS, LOOKS, WISHES
from dispatcher.usecases import log as use
from dispatcher.usecases.context import Context

log = Group(Say("Nhật ký gửi tin.", "The delivery log."))

SHORT = {
    "messages": ("id", "ward", "residential_group", "phone", "channel", "state", "reason"),
    "attempts": ("id", "message", "gateway", "phone", "state", "fault", "code", "asked_at"),
    "receipts": ("id", "gateway", "at", "state", "code", "message", "broadcast"),
}

OUTPUTS = ("table", "json", "jsonl", "csv", "xlsx")


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


def _chosen(context: Context, given: dict[str, Any]) -> use.LogFilters:
    """The filters as typed."""
    person = sys.stdin.read() if given["person"] == "-" else given["person"]
    since, until = (
        use.typed_moment(context, given[name]) if given[name] else None
        for name in ("since", "until")
    )
    return use.LogFilters(
        broadcast_id(given["broadcast"]) if given["broadcast"] else None,
        given["ward"] or None,
        given["tdp"],
        given["state"],
        given["fault"],
        given["gateway"],
        given["channel"],
        given["carrier"],
        person,
        since,
        until,
        given["before"],
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
    columns, context = list(use.KINDS[kind]), surface.context()
    is_export = bool(out) or output in ("csv", "jsonl")
    filters = _chosen(context, given)
    with use.rows(context, kind, filters, limit=limit, is_export=is_export) as rows:
        if out:
            write_table(Path(out), columns, rows)
            surface.say(f"Đã ghi {out}", f"Wrote {out}")
        else:
            _print(surface, kind, rows, output, limit)


def _print(
    surface: Surface, kind: str, rows: Iterable[Sequence[Any]], output: str, limit: int | None
) -> None:
    columns = list(use.KINDS[kind])
    match output:
        case "json":
            surface.emit_list(dict(zip(columns, row, strict=True)) for row in rows)
        case "jsonl":
            for row in rows:
                line = dict(zip(columns, row, strict=True))
                surface.line(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        case "csv":
            for piece in use.as_csv(rows, kind):
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
    found = use.replied(surface.context(), limit, waiting=waiting)
    if surface.json:
        surface.emit(found)
        return
    heads = [Say("số", "id"), Say("lúc", "at"), Say("điện thoại", "phone"),
             Say("người", "contact"), Say("ý", "wish"), Say("xử lý", "done"),
             Say("nội dung", "text")]  # fmt: skip
    surface.table(
        heads,
        [
            [
                r["id"],
                r["at"],
                r["phone"] or "?",
                f"c{r['contact']}" if r["contact"] else "",
                WISHES[r["wish"]].to(surface.language),
                " · ".join(
                    w
                    for w in (
                        LOOKS[r["look"]].to(surface.language),
                        CONFIRMATIONS[r["confirmation"]].to(surface.language),
                    )
                    if w
                ),
                r["text"],
            ]
            for r in found
        ],
    )
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
