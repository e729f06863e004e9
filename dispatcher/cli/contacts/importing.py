"""contacts: import files: look, say what would be done, do it only then; and undo."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dispatcher.cli import steps
from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.templates import pairs
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.cli.terminal_context import as_text as number
from dispatcher.domain.problems import OK, PARTLY, Problem
from dispatcher.i18n import Joined, Say, SpelledNumber, Spoken
from dispatcher.usecases import imports
from dispatcher.usecases.imports import (
    DROPPED,
    LABELS,
    Finding,
    ListFiles,
    Listing,
    Merge,
    ReadList,
)

SHOWN = 20  # findings of a kind on the terminal


@dataclass(frozen=True)
class Seen:
    """What was found, before and after it is stored. `stop`: bad rows, which stop it."""

    read: ReadList
    plan: Merge
    import_id: int | None = None
    stop: Problem | None = None

    @property
    def listing(self) -> Listing:
        return self.read.listing


@command(
    Say("Import lists from a ward's Excel, ODS or CSV files, or from pasted text (-)."),
    "dispatcher contacts import contacts/ --dry-run",
)
@argument("files", nargs=-1, required=True)
@option("--ward", say=Say("whose list it is"), complete="ward")
@option("--group", say=Say("every row is of this residential group"))
@option(
    "--map",
    "choices",
    multiple=True,
    say=Say("which column: phone='Column', row.street='Street'"),
)
@option("--partial", is_flag=True, say=Say("store the good rows only"))
@option("--report", say=Say("write a report to an XLSX file"))
@option("--rows", is_flag=True, say=Say("add accepted rows to JSON"))
@option("--legal", say=Say("legal basis of the list"))
@option("--document", say=Say("document it rests on"))
@option("--purpose", say=Say("what it may be used for"))
@option("--keep-until", say=Say("kept until (31/12/2027)"))
@option("--officer", say=Say("responsible officer"))
def import_files(
    terminal: TerminalContext,
    files: tuple[str, ...],
    ward: str | None,
    group: str | None,
    choices: tuple[str, ...],
    partial: bool,
    report: str | None,
    rows: bool,
    **said: str | None,
) -> int:
    context = terminal.context()
    gc.disable()  # this process ends when the list is in; a million rows are walked for nothing
    given = ListFiles(
        imports.files_of([Path(f) for f in files]),
        ward=ward,
        residential_group=group,
        columns=pairs(choices, "--map"),
        said=said,
    )
    if report:
        imports.check_report_place(Path(report))
    with terminal.progress(Say("Reading"), 1) as update:
        read = imports.read(context, given, update)
    seen = _stored(terminal, read, partial)
    if report:
        with terminal.progress(Say("Writing the report"), 1) as update:
            imports.write_report(
                context,
                Path(report),
                given,
                seen.read,
                seen.plan,
                terminal.language,
                stored=seen.import_id is not None,
                told=update,
            )
    if terminal.json:
        terminal.emit(_summary(terminal, seen, rows))
    else:
        _tell(terminal, seen, report)
    if seen.stop:
        return seen.stop.exit_code
    return PARTLY if read.listing.rejected else OK


def _stored(terminal: TerminalContext, read: ReadList, partial: bool) -> Seen:
    """Store it, unless bad rows stop it or this is a dry run."""
    context = terminal.context()
    try:
        imports.check_rows(read, partial=partial)
    except Problem as problem:
        return Seen(read, imports.foresee(context, read), stop=problem)
    if terminal.dry_run:
        return Seen(read, imports.foresee(context, read))
    read = imports.answered(read, _asked(terminal, read))
    try:
        with terminal.progress(Say("Storing"), max(len(read.listing.entries), 1)) as update:
            stored = imports.store(context, read, partial=partial, told=update)
    except Problem as problem:
        if problem.code == "basis-missing":
            options = " ".join(f"--{m.replace('_', '-')}" for m in read.basis.missing())
            terminal.hint(Say("Add: {options}", options=options))
        raise
    return Seen(read, stored.plan, stored.import_id)


def _asked(terminal: TerminalContext, read: ReadList) -> dict[str, str]:
    """What the list rests on, asked once from whoever sits there; nothing where nobody does."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()) or terminal.json:
        return {}
    return {name: terminal.ask(LABELS[name]) for name in read.basis.missing()}


def _summary(terminal: TerminalContext, seen: Seen, with_rows: bool) -> dict[str, Any]:
    def told(findings: list[Finding]) -> list[dict[str, object]]:
        return [f.as_json(terminal.language) for f in findings]

    listing, plan = seen.listing, seen.plan
    found: dict[str, Any] = {
        "files": len(seen.read.files),
        "rows": listing.rows,
        "created": len(plan.created),
        "updated": len(plan.updated),
        "unchanged": plan.unchanged,
        "rejected": told(listing.rejected),
        "repaired": told(listing.repaired),
        "needs_review": told(listing.needs_review),
        "duplicates": [d.as_json(terminal.language) for d in plan.doubles],
        "proposed_groups": seen.read.places_of(plan),
        "dropped": dict(listing.dropped),
        "tables": [t.as_json() for t in listing.tables],
        "basis": seen.read.basis.as_json(),
    }
    if with_rows:
        found["accepted"] = [e.as_json() for e in listing.entries]
    if seen.import_id is not None:
        found["import"] = seen.import_id
    if seen.stop is not None and not terminal.dry_run:
        found["error"] = {
            "code": seen.stop.code,
            "message": terminal.text(steps.sentence_and_step(seen.stop)),
        }
    return found


def _tell(terminal: TerminalContext, seen: Seen, report: str | None) -> None:
    listing, plan = seen.listing, seen.plan
    n = number
    terminal.say(
        Say(
            "{rows} rows: {count} new, {count2} changed, {unchanged} known; "
            "{count3} places repaired, {count4} to look at, {count5} bad.",
            rows=n(listing.rows),
            count=n(len(plan.created)),
            count2=n(len(plan.updated)),
            unchanged=n(plan.unchanged),
            count3=n(len(listing.repaired)),
            count4=n(len(listing.needs_review)),
            count5=n(len(listing.rejected)),
        ),
    )
    _tell_columns(terminal, listing)
    _tell_rest(terminal, listing, plan)
    for findings, head in (
        (listing.rejected, Say("Bad rows")),
        (listing.needs_review, Say("To look at")),
    ):
        if findings:
            terminal.say("")
            _tell_findings(terminal, head, findings)
    _tell_next(terminal, seen, report)


def _tell_columns(terminal: TerminalContext, listing: Listing) -> None:
    """How each kind of table was understood, with how sure; a person corrects it with --map."""
    told: dict[str, list[str]] = {}
    for table in listing.tables:
        columns = ", ".join(
            f"{c.heading or c.as_json()['column']} → {c.field} ({c.sure:.0%})"
            for c in table.header.columns
            if c.field
        )
        told.setdefault(columns, []).append(f"{table.file} {table.sheet}".strip())
    for columns, places in list(told.items())[:SHOWN]:
        some = ", ".join(places[:3]) + ("…" if len(places) > 3 else "")
        terminal.say(f"{some}: {columns}")
    if any(c.sure < 0.9 and c.field for t in listing.tables for c in t.header.columns):
        terminal.hint(
            Say(
                "Some columns are unsure. If wrong, point to them with --map, e.g. "
                "--map phone='No'."
            ),
        )


def _tell_rest(terminal: TerminalContext, listing: Listing, plan: Merge) -> None:
    for kind, cells in sorted(listing.dropped.items()):
        say = DROPPED[kind]
        terminal.say(Say("Not stored: {say}, {cells}.", say=say, cells=SpelledNumber(cells)))
    if plan.doubles:
        kinds = {d.code: 0 for d in plan.doubles}
        for double in plan.doubles:
            kinds[double.code] += 1
        words = {
            "same_person": Say("double rows merged"),
            "shared_phone": Say("rows that share a phone"),
            "namesake": Say("namesakes in one group"),
        }
        doubles = Joined(
            ", ", [Joined(" ", [SpelledNumber(c), words[k]]) for k, c in kinds.items()]
        )
        terminal.say(Say("Doubles: {doubles}.", doubles=doubles))
    if plan.proposed:
        terminal.say(
            Say(
                "{count} residential groups are not known yet and will be added.",
                count=SpelledNumber(len(plan.proposed)),
            ),
        )


def _tell_findings(terminal: TerminalContext, head: Spoken, findings: Sequence[Finding]) -> None:
    heads = [head, Say("row"), Say("column"), Say("value"), Say("why")]
    terminal.table(
        heads,
        [
            [
                f"{f.file} {f.sheet}".strip(),
                str(f.row or ""),
                f.column,
                f.value,
                f.message.to(terminal.language),
            ]
            for f in findings[:SHOWN]
        ],
    )
    if len(findings) > SHOWN:
        more = number(len(findings) - SHOWN)
        terminal.say(Say("… and {more} more (see --report).", more=more))


def _tell_next(terminal: TerminalContext, seen: Seen, report: str | None) -> None:
    if report:
        terminal.say(Say("Report: {report}", report=report))
    if seen.stop:
        terminal.warn(
            Say(
                "Nothing was stored because of bad rows. Fix them, or add --partial "
                "for the good ones."
            ),
        )
    elif seen.import_id is None:
        terminal.hint(
            Say("Nothing was stored. If this is right, run it again without --dry-run."),
        )
    else:
        terminal.hint(
            Say(
                "Undo: dispatcher contacts undo {import_id}. Write a broadcast: "
                "dispatcher broadcasts create --template NAME --ward all",
                import_id=seen.import_id,
            ),
        )
