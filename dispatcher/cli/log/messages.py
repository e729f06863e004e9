"""log: messages, attempts, receipts, replies: the delivery log."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from dispatcher.cli.broadcasts.formats import broadcast_id
from dispatcher.cli.click_i18n import Group, option
from dispatcher.cli.tables import write_table, writes
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.problems import Problem
from dispatcher.domain.words import CONFIRMATIONS, LOOKS, WISHES
from dispatcher.i18n import Both, Say, pgettext
from dispatcher.usecases import log as log_acts
from dispatcher.usecases.context import Context

log = Group(Say("The delivery log."))

SHORT = {
    "messages": ("id", "ward", "residential_group", "phone", "channel", "state", "reason"),
    "attempts": ("id", "message", "gateway", "phone", "state", "fault", "code", "asked_at"),
    "receipts": ("id", "gateway", "at", "state", "code", "message", "broadcast"),
}

OUTPUTS = ("table", "json", "jsonl", "csv", "xlsx")


def _filters(function: Any) -> Any:
    for add in (
        option("--out", say=Say("write to a file (xlsx needs one)")),
        option(
            "--output",
            type=click.Choice(OUTPUTS),
            default="table",
            say=Say("output"),
        ),
        option("--before", say=Say("go on after this row")),
        option("--limit", type=int, say=Say("at most (table: 100)")),
        option("--until", say=Say("before this moment")),
        option("--since", say=Say("from, like '2026-12-01'")),
        option("--person", say=Say("one person: c12, or -")),
        option("--carrier", say=Say("carrier")),
        option("--channel", say=Say("channel: sms, zalo")),
        option("--gateway", say=Say("gateway"), complete="gateway"),
        option("--fault", say=Say("fault or reason")),
        option("--state", say=Say("state")),
        option("--residential-group", "--tdp", "tdp", say=Say("residential group")),
        option("--ward", say=Say("ward"), complete="ward"),
        option("--broadcast", say=Say("broadcast"), complete="broadcast"),
    ):
        function = add(function)
    return function


def _chosen(context: Context, given: dict[str, Any]) -> log_acts.LogFilters:
    """The filters as typed."""
    person = sys.stdin.read() if given["person"] == "-" else given["person"]
    since, until = (
        log_acts.typed_moment(context, given[name]) if given[name] else None
        for name in ("since", "until")
    )
    return log_acts.LogFilters(
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


def _show(terminal: TerminalContext, kind: str, given: dict[str, Any]) -> None:
    output = "json" if terminal.json else given["output"]
    out, limit = given["out"], given["limit"]
    if limit is not None and limit < 1:
        raise Problem("limit", Say("--limit must be 1 or more."))
    if output == "xlsx" and not out:
        raise Problem(
            "needs-file",
            Say("xlsx needs a file name: --out log.xlsx"),
        )
    if out:
        writes(Path(out), (f".{output}",) if output in ("csv", "xlsx") else (".csv", ".xlsx"))
    if output == "table" and not out:
        limit = limit or 100
    columns, context = list(log_acts.KINDS[kind]), terminal.context()
    is_export = bool(out) or output in ("csv", "jsonl")
    filters = _chosen(context, given)
    with log_acts.rows(context, kind, filters, limit=limit, is_export=is_export) as rows:
        if out:
            write_table(Path(out), columns, rows)
            terminal.say(Say("Wrote {out}", out=out))
        else:
            _print(terminal, kind, rows, output, limit)


def _print(
    terminal: TerminalContext,
    kind: str,
    rows: Iterable[Sequence[Any]],
    output: str,
    limit: int | None,
) -> None:
    columns = list(log_acts.KINDS[kind])
    match output:
        case "json":
            terminal.emit_list(dict(zip(columns, row, strict=True)) for row in rows)
        case "jsonl":
            for row in rows:
                line = dict(zip(columns, row, strict=True))
                terminal.line(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        case "csv":
            for piece in log_acts.as_csv(rows, kind):
                terminal.line(piece)
        case _:
            short, found = SHORT[kind], [dict(zip(columns, row, strict=True)) for row in rows]
            terminal.table(
                [Both(c, c) for c in short], [[_cell(row[c]) for c in short] for row in found]
            )
            terminal.say(Say("{count} rows.", count=len(found)))
            if limit and len(found) == limit:
                last = found[-1]["id"]
                terminal.hint(Say("There is more: --before {last}", last=last))


def _cell(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


@log.verb(
    "messages",
    Say("Every message, one row per person, newest first."),
    "dispatcher log messages --broadcast 1 --state failed",
)
@_filters
def messages(terminal: TerminalContext, **given: Any) -> None:
    _show(terminal, "messages", given)


@log.verb(
    "replies",
    Say("What people wrote back, newest first. Clear refusals were obeyed at once."),
    "dispatcher log replies --limit 20",
)
@option("--limit", type=click.IntRange(1), default=100, say=Say("at most"))
@option("--waiting", is_flag=True, say=Say("only those that need a look"))
def show_replies(terminal: TerminalContext, limit: int, waiting: bool) -> None:
    found = log_acts.replied(terminal.context(), limit, waiting=waiting)
    if terminal.json:
        terminal.emit(found)
        return
    heads = [
        Say("id"),
        Say("at"),
        Say("phone"),
        Say("contact"),
        Say("wish"),
        pgettext("reply", "done"),
        Say("text"),
    ]
    terminal.table(
        heads,
        [
            [
                r["id"],
                r["at"],
                r["phone"] or "?",
                f"c{r['contact']}" if r["contact"] else "",
                WISHES[r["wish"]].to(terminal.language),
                " · ".join(
                    w
                    for w in (
                        LOOKS[r["look"]].to(terminal.language),
                        CONFIRMATIONS[r["confirmation"]].to(terminal.language),
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
        terminal.hint(
            Say(
                "Needs a look: dispatcher contacts reply {first} --stop (or --dismiss)", first=first
            ),
        )


@log.verb(
    "attempts",
    Say("Every attempt, newest first."),
    "dispatcher log attempts --broadcast 1 --fault busy",
)
@_filters
def attempts(terminal: TerminalContext, **given: Any) -> None:
    _show(terminal, "attempts", given)


@log.verb(
    "receipts",
    Say("Every receipt as the vendor sent it, newest first."),
    "dispatcher log receipts --state unmatched",
)
@_filters
def receipts(terminal: TerminalContext, **given: Any) -> None:
    _show(terminal, "receipts", given)
