"""contacts: list, show, export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.contacts.typed import whom
from dispatcher.cli.tables import write_table, writes
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.words import SCOPES, why_stopped
from dispatcher.i18n import Say, SpelledNumber, pgettext
from dispatcher.usecases import contacts, contacts_views, suppressions
from dispatcher.usecases.contacts import Narrowed


@command(
    Say("List contacts (numbers masked)."),
    "dispatcher contacts list --ward 'Máy Tơ'",
)
@option("--ward", say=Say("ward"), complete="ward")
@option("--residential-group", "--tdp", "tdp", say=Say("residential group"))
@option("--group", say=Say("group"), complete="group")
@option("--search", default="", say=Say("by name, marks not needed"))
@option("--suppressed", is_flag=True, say=Say("who must not be written to"))
@option("--limit", default=50, say=Say("at most"))
def list_contacts(
    terminal: TerminalContext,
    ward: str | None,
    tdp: str | None,
    group: str | None,
    search: str,
    suppressed: bool,
    limit: int,
) -> None:
    context = terminal.context()
    if suppressed:
        _tell_suppressed(terminal, suppressions.list_suppressions(context))
        return
    within = Narrowed(ward, tdp, group)
    found = contacts_views.list_contacts(context, within, search=search, most=limit + 1)
    if terminal.json:
        terminal.emit(found[:limit])
        return
    terminal.table(
        [
            pgettext("code", "id"),
            pgettext("person", "name"),
            Say("phone"),
            Say("ward"),
            Say("residential group"),
        ],
        [
            [f"c{c['id']}", c["name"], ", ".join(c["phones"]), c["ward"], c["residential_group"]]
            for c in found[:limit]
        ],
    )
    if len(found) > limit:
        terminal.hint(
            Say(
                "There are more: add --limit {limit}, or narrow with --ward, --search.",
                limit=limit * 10,
            ),
        )


def _tell_suppressed(terminal: TerminalContext, found: Sequence[Mapping[str, Any]]) -> None:
    told = [{**s, "at": s["at"].isoformat()} for s in found]
    if terminal.json:
        terminal.emit(told)
        return
    terminal.table(
        [
            Say("phone"),
            Say("what"),
            Say("reason"),
            Say("since"),
            Say("who"),
        ],
        [
            [
                s["phone"],
                SCOPES[s["scope"]].to(terminal.language),
                why_stopped(s["reason"]).to(terminal.language),
                s["at"][:16].replace("T", " "),
                s["by"],
            ]
            for s in told
        ],
    )


@command(
    Say("Show a contact and where it came from."),
    "dispatcher contacts show c12",
)
@argument("contact")
def show(terminal: TerminalContext, contact: str) -> None:
    found = contacts_views.get_contacts(terminal.context(), whom(contact))
    if terminal.json:
        terminal.emit(
            [
                {
                    **s.contact,
                    **s.beside,
                    "reach": [_as_json(r) for r in s.reach],
                    **s.stopped,
                    "suppressed": [_as_json(x) for x in s.stopped["suppressed"]],
                }
                for s in found
            ]
        )
        return
    for s in found:
        _tell_person(terminal, s)


def _as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Moments as ISO text."""
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}


def _tell_person(terminal: TerminalContext, found: contacts_views.ContactShown) -> None:
    c = found.contact
    terminal.say(f"c{c['id']}  {c['name']}  {', '.join(c['phones'])}")
    terminal.say(f"   {c['ward']}, {c['residential_group'] or '—'}  ({c['source']}:{c['row']})")
    for label, text in [*found.beside["notes"].items(), *found.beside["columns"].items()]:
        terminal.say(f"   {label}: {text}")
    for line in found.reach:
        _tell_reach(terminal, line)
    for s in found.stopped["suppressed"]:
        scope, why = SCOPES[s["scope"]], why_stopped(s["reason"])
        terminal.say(f"   {terminal.text(scope)} ({terminal.text(why)}, {s['at']:%Y-%m-%d})")
    names = ", ".join(f"c{o['contact']} {o['name']}" for o in found.stopped["shares"])
    if names:
        terminal.say(Say("   shares the number: {names}", names=names))


def _tell_reach(terminal: TerminalContext, line: Mapping[str, Any]) -> None:
    day = {
        k: f"{line[k]:%d/%m/%Y}" if line[k] else "" for k in ("reached_at", "refused_at", "until")
    }
    where = f"   {line['phone']} {line['channel']}"
    if line["until"]:
        terminal.say(
            Say(
                "{where}: not reached on {refused_at} (code {code}), tried again after {until}",
                where=where,
                refused_at=day["refused_at"],
                code=line["code"],
                until=day["until"],
            ),
        )
    elif line["reached_at"]:
        terminal.say(
            Say("{where}: reached {reached_at}", where=where, reached_at=day["reached_at"])
        )


@command(
    Say("Write the list to a CSV or XLSX file. Full numbers need --reason, which is recorded."),
    "dispatcher contacts export danh-ba.xlsx --ward 'Máy Tơ' --reason 'đối chiếu hộ khẩu'",
)
@argument("file")
@option("--ward", say=Say("ward"), complete="ward")
@option("--residential-group", "--tdp", "tdp", say=Say("residential group"))
@option("--group", say=Say("group"), complete="group")
@option("--reason", default="", say=Say("why full numbers are needed"))
def export(
    terminal: TerminalContext,
    file: str,
    ward: str | None,
    tdp: str | None,
    group: str | None,
    reason: str,
) -> None:
    path = Path(file)
    writes(path, (".csv", ".xlsx"))
    within = Narrowed(ward, tdp, group)
    out = contacts.export(terminal.context(), within, kind=path.suffix, reason=reason)
    heads = ["Họ và tên", "Số điện thoại", "Phường", "Tổ dân phố", "Danh xưng"]
    sheet = [
        [c["name"], " ; ".join(c["phones"]), c["ward"], c["residential_group"] or "", c["title"]]
        for c in out.people
    ]
    if not terminal.dry_run:
        write_table(path, heads, sheet, private=True)
    if terminal.json:
        terminal.emit({"file": file, "people": len(out.people), "numbers": out.has_numbers})
    terminal.say(Say("{count} people → {file}", count=SpelledNumber(len(out.people)), file=file))
    if not out.has_numbers:
        terminal.hint(
            Say("Numbers are masked. For full ones add --reason 'why'."),
        )
