"""report and coverage: what became of a broadcast, by place and by household."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from dispatcher.cli.broadcasts.formats import broadcast_id
from dispatcher.cli.broadcasts.preview import say_drill, tell_again
from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.tables import write_table, write_text, writes
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say, SpelledNumber, pgettext
from dispatcher.usecases import reports


@command(
    Say("The report of a broadcast by ward and residential group."),
    "dispatcher report 1",
)
@argument("number_", complete="broadcast")
@option(
    "--format",
    "form",
    type=click.Choice(["table", "html", "csv"]),
    default="table",
    say=Say("format"),
)
@option("--out", say=Say("write to a file"))
def report(terminal: TerminalContext, number_: str, form: str, out: str | None) -> None:
    context = terminal.context()
    done = reports.report(context, broadcast_id(number_), is_fresh=True)
    if terminal.json:
        terminal.emit(done.as_json())
        return
    if form == "table":
        _tell(terminal, done)
        return
    if form == "csv":
        text = reports.as_csv(done, terminal.language)
    else:
        text = reports.as_html(context, done, terminal.language)
    if out is None:
        terminal.line(text)
        return
    write_text(Path(out), text)
    terminal.say(Say("Wrote {out}", out=out))


def _tell(terminal: TerminalContext, done: reports.BroadcastReport) -> None:
    say_drill(terminal, done.broadcast.mode)
    tell_report(terminal, done.found)
    tell_again(terminal, done.broadcast)
    if approval := done.approval:
        signed = " / ".join(approval["signature"])
        on_paper = approval["manner"] == "paper"
        how = Say("Approved on paper") if on_paper else Say("Approved")
        terminal.say(f"{terminal.text(how)}: {signed} {approval['document']}")


def tell_report(terminal: TerminalContext, found: reports.Report) -> None:
    """The table; columns nobody is in are left out."""
    used = [c for c in reports.COLUMNS if found.total.counts[c]]
    heads = [
        Say("ward"),
        Say("residential group"),
        Say("people"),
        *(reports.COLUMNS[c] for c in used),
    ]
    rows = [
        [line.ward, line.residential_group or "—", line.people, *(line.counts[c] for c in used)]
        for line in found.lines
    ]
    total = found.total
    rows.append([terminal.text(Say("Total")), "", total.people, *(total.counts[c] for c in used)])
    terminal.table(heads, rows, numbers=range(2, len(heads)))
    for s in found.spent:
        terminal.say(
            Say(
                "{channel} ({gateway}): {accepted} accepted, {delivered} delivered, "
                "{parts} parts, {cost} đồng",
                channel=s["channel"],
                gateway=s["gateway"],
                accepted=SpelledNumber(s["accepted"]),
                delivered=SpelledNumber(s["delivered"]),
                parts=SpelledNumber(s["parts"]),
                cost=SpelledNumber(s["cost"]),
            ),
        )


@command(
    Say(
        "Who was reached, by household: reached, maybe, not reached, no contact; door-to-door list."
    ),
    "dispatcher coverage 1 --door-to-door --out di-tung-nha.xlsx",
)
@argument("number_", required=False, complete="broadcast")
@option("--ward", say=Say("ward"), complete="ward")
@option("--residential-group", "--tdp", "tdp", say=Say("residential group"))
@option("--door-to-door", "doors", is_flag=True, say=Say("whom to visit"))
@option("--out", say=Say("write to a csv or xlsx file"))
def coverage(
    terminal: TerminalContext,
    number_: str | None,
    ward: str | None,
    tdp: str | None,
    doors: bool,
    out: str | None,
) -> None:
    if out:
        writes(Path(out), (".csv", ".xlsx"))
    chosen = broadcast_id(number_) if number_ is not None else None
    done = reports.coverage(
        terminal.context(), chosen, ward=ward, residential_group=tdp, with_doors=doors
    )
    if out:
        _write(terminal, Path(out), done, doors=doors)
    elif terminal.json:
        terminal.emit({**done.as_json(), **({"doors": done.doors} if doors else {})})
    elif doors:
        _tell_doors(terminal, done.doors)
    else:
        _tell_households(terminal, done.found)
        terminal.hint(
            Say(
                "Whom to visit: dispatcher coverage {broadcast_id} --door-to-door",
                broadcast_id=done.broadcast_id,
            ),
        )


def _tell_households(terminal: TerminalContext, found: reports.Coverage) -> None:
    terminal.table(
        [
            Say("ward"),
            Say("residential group"),
            Say("households"),
            *reports.REACH.values(),
        ],
        [
            [ward, group or "—", sum(counts.values()), *counts.values()]
            for (ward, group), counts in found.places.items()
        ]
        + [[terminal.text(Say("Total")), "", sum(found.total.values()), *found.total.values()]],
        numbers=range(2, 7),
    )


def _tell_doors(terminal: TerminalContext, visits: Sequence[Mapping[str, Any]]) -> None:
    terminal.table(
        [
            Say("ward"),
            Say("residential group"),
            pgettext("person", "name"),
            pgettext("household", "people"),
            Say("why"),
        ],
        [
            [
                v["ward"],
                v["residential_group"] or "—",
                v["name"],
                v["people"],
                reports.REACH[v["reach"]].to(terminal.language),
            ]
            for v in visits
        ],
        numbers=(3,),
    )


def _write(
    terminal: TerminalContext, path: Path, done: reports.CoverageReport, *, doors: bool
) -> None:
    words = {name: say.to(terminal.language) for name, say in reports.REACH.items()}
    if not doors:
        heads = [terminal.text(Say("Ward")), terminal.text(Say("Residential group"))]
        rows = [[w, g, *counts.values()] for (w, g), counts in done.found.places.items()]
        write_table(path, [*heads, *words.values()], rows)
    else:
        heads = [
            terminal.text(Say("Ward")),
            terminal.text(Say("Residential group")),
            terminal.text(Say("Full name")),
            terminal.text(Say("People of the household")),
            terminal.text(Say("Why")),
            terminal.text(Say("Visited (date, signature)")),
        ]
        rows = [
            [v["ward"], v["residential_group"], v["name"], v["people"], words[v["reach"]], ""]
            for v in done.doors
        ]
        write_table(path, heads, rows, private=True)
    terminal.say(Say("Wrote {path}", path=path))
