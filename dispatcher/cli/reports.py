"""report and coverage: what became of a broadcast, by place and by household."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from dispatcher.cli.broadcasts.preview import say_drill, tell_again
from dispatcher.cli.broadcasts.told import broadcast_id
from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.tables import write_table, write_text, writes
from dispatcher.i18n import Number, Say, pgettext
from dispatcher.usecases import reports as use


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
def report(surface: Surface, number_: str, form: str, out: str | None) -> None:
    context = surface.context()
    done = use.report(context, broadcast_id(number_), is_fresh=True)
    if surface.json:
        surface.emit(done.as_json())
        return
    if form == "table":
        _tell(surface, done)
        return
    if form == "csv":
        text = use.as_csv(done, surface.language)
    else:
        text = use.as_html(context, done, surface.language)
    if out is None:
        surface.line(text)
        return
    write_text(Path(out), text)
    surface.say(Say("Wrote {out}", out=out))


def _tell(surface: Surface, done: use.BroadcastReport) -> None:
    say_drill(surface, done.broadcast.mode)
    tell_report(surface, done.found)
    tell_again(surface, done.broadcast)
    if approval := done.approval:
        signed = " / ".join(approval["signature"])
        on_paper = approval["manner"] == "paper"
        how = Say("Approved on paper") if on_paper else Say("Approved")
        surface.say(f"{surface.text(how)}: {signed} {approval['document']}")


def tell_report(surface: Surface, found: use.Report) -> None:
    """The table; columns nobody is in are left out."""
    used = [c for c in use.COLUMNS if found.total.counts[c]]
    heads = [
        Say("ward"),
        Say("residential group"),
        Say("people"),
        *(use.COLUMNS[c] for c in used),
    ]
    rows = [
        [line.ward, line.residential_group or "—", line.people, *(line.counts[c] for c in used)]
        for line in found.lines
    ]
    total = found.total
    rows.append([surface.text(Say("Total")), "", total.people, *(total.counts[c] for c in used)])
    surface.table(heads, rows, numbers=range(2, len(heads)))
    for s in found.spent:
        surface.say(
            Say(
                "{channel} ({gateway}): {accepted} accepted, {delivered} delivered, "
                "{parts} parts, {cost} đồng",
                channel=s["channel"],
                gateway=s["gateway"],
                accepted=Number(s["accepted"]),
                delivered=Number(s["delivered"]),
                parts=Number(s["parts"]),
                cost=Number(s["cost"]),
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
    surface: Surface,
    number_: str | None,
    ward: str | None,
    tdp: str | None,
    doors: bool,
    out: str | None,
) -> None:
    if out:
        writes(Path(out), (".csv", ".xlsx"))
    chosen = broadcast_id(number_) if number_ is not None else None
    done = use.coverage(
        surface.context(), chosen, ward=ward, residential_group=tdp, with_doors=doors
    )
    if out:
        _write(surface, Path(out), done, doors=doors)
    elif surface.json:
        surface.emit({**done.as_json(), **({"doors": done.doors} if doors else {})})
    elif doors:
        _tell_doors(surface, done.doors)
    else:
        _tell_households(surface, done.found)
        surface.hint(
            Say(
                "Whom to visit: dispatcher coverage {broadcast_id} --door-to-door",
                broadcast_id=done.broadcast_id,
            ),
        )


def _tell_households(surface: Surface, found: use.Coverage) -> None:
    surface.table(
        [
            Say("ward"),
            Say("residential group"),
            Say("households"),
            *use.REACH.values(),
        ],
        [
            [ward, group or "—", sum(counts.values()), *counts.values()]
            for (ward, group), counts in found.places.items()
        ]
        + [[surface.text(Say("Total")), "", sum(found.total.values()), *found.total.values()]],
        numbers=range(2, 7),
    )


def _tell_doors(surface: Surface, visits: Sequence[Mapping[str, Any]]) -> None:
    surface.table(
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
                use.REACH[v["reach"]].to(surface.language),
            ]
            for v in visits
        ],
        numbers=(3,),
    )


def _write(surface: Surface, path: Path, done: use.CoverageReport, *, doors: bool) -> None:
    words = {name: say.to(surface.language) for name, say in use.REACH.items()}
    if not doors:
        heads = [surface.text(Say("Ward")), surface.text(Say("Residential group"))]
        rows = [[w, g, *counts.values()] for (w, g), counts in done.found.places.items()]
        write_table(path, [*heads, *words.values()], rows)
    else:
        heads = [
            surface.text(Say("Ward")),
            surface.text(Say("Residential group")),
            surface.text(Say("Full name")),
            surface.text(Say("People of the household")),
            surface.text(Say("Why")),
            surface.text(Say("Visited (date, signature)")),
        ]
        rows = [
            [v["ward"], v["residential_group"], v["name"], v["people"], words[v["reach"]], ""]
            for v in done.doors
        ]
        write_table(path, heads, rows, private=True)
    surface.say(Say("Wrote {path}", path=path))
