"""contacts: undo an import or a change by hand; which there were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say, SpelledNumber, pgettext
from dispatcher.usecases import imports


@command(
    Say("Undo an import or a change: the list is exactly as before."),
    "dispatcher contacts undo 3",
)
@argument("import_", required=False)
@option("--list", "listing", is_flag=True, say=Say("recent imports"))
def undo(terminal: TerminalContext, import_: str | None, listing: bool) -> None:
    context = terminal.context()
    if listing or import_ is None:
        _tell_imports(terminal, imports.list_imports(context))
        return
    if not import_.isdigit():
        raise Problem(
            "unknown-import",
            Say("“{import_}” is no import.", import_=import_),
        )
    found = imports.undo(context, int(import_))
    if terminal.json:
        terminal.emit({"import": int(import_), **found})
    terminal.say(
        Say(
            "Import {import_} undone: {removed} removed, {restored} put back.",
            import_=import_,
            removed=SpelledNumber(found["removed"]),
            restored=SpelledNumber(found["restored"]),
        ),
    )


def _tell_imports(terminal: TerminalContext, found: Sequence[Mapping[str, Any]]) -> None:
    told = [
        {
            "id": i["id"],
            "at": i["at"].isoformat(timespec="minutes"),
            "by": i["by"],
            "files": [f["name"] for f in i["files"]],
            **{k: i["counts"].get(k, 0) for k in ("created", "updated")},
            "undone": i["undone_at"] is not None,
        }
        for i in found
    ]
    if terminal.json:
        terminal.emit(told)
        return
    terminal.table(
        [
            Say("id"),
            Say("at"),
            Say("who"),
            Say("files"),
            Say("new"),
            Say("changed"),
            Say("undone"),
        ],
        [
            [
                str(one["id"]),
                one["at"][:16].replace("T", " "),
                one["by"],
                ", ".join(one["files"]) or terminal.text(pgettext("changed", "by hand")),
                one["created"],
                one["updated"],
                one["undone"],
            ]
            for one in told
        ],
        numbers=(4, 5),
    )
