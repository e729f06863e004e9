"""contacts: undo an import or a change by hand; which there were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dispatcher.cli.spoken import argument, command, option
from dispatcher.cli.surface import Surface, shown
from dispatcher.domain.problems import Problem, Say
from dispatcher.usecases import imports


@command(
    "Hoàn tác một lần nhập hay sửa: danh bạ trở lại đúng như trước.",
    "Undo an import or a change: the list is exactly as before.",
    "dispatcher contacts undo 3",
)
@argument("import_", required=False)
@option("--list", "listing", is_flag=True, vi="các lần nhập gần đây", en="recent imports")
def undo(surface: Surface, import_: str | None, listing: bool) -> None:
    context = surface.context()
    if listing or import_ is None:
        _tell_imports(surface, imports.listed(context))
        return
    if not import_.isdigit():
        raise Problem(
            "unknown-import",
            f"«{import_}» không phải số lần nhập. Xem: dispatcher contacts undo --list",
            f"“{import_}” is no import. See: dispatcher contacts undo --list",
        )
    found = imports.undo(context, int(import_))
    if surface.json:
        surface.emit({"import": int(import_), **found})
    surface.say(
        f"Đã hoàn tác lần nhập {import_}: bỏ {shown(found['removed'])} người, trả lại như cũ "
        f"{shown(found['restored'])} người.",
        f"Import {import_} undone: {found['removed']} removed, {found['restored']} put back.",
    )


def _tell_imports(surface: Surface, found: Sequence[Mapping[str, Any]]) -> None:
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
    if surface.json:
        surface.emit(told)
        return
    surface.table(
        [
            Say("số", "id"),
            Say("lúc", "at"),
            Say("ai", "who"),
            Say("tệp", "files"),
            Say("mới", "new"),
            Say("sửa", "changed"),
            Say("đã hoàn tác", "undone"),
        ],
        [
            [
                str(t["id"]),
                t["at"][:16].replace("T", " "),
                t["by"],
                ", ".join(t["files"]) or surface.text("sửa tay", "by hand"),
                t["created"],
                t["updated"],
                t["undone"],
            ]
            for t in told
        ],
        numbers=(4, 5),
    )
