"""areas: wards and residential groups."""

from __future__ import annotations

from dispatcher.cli.spoken import Group, option
from dispatcher.cli.surface import Surface
from dispatcher.model import AreaKind
from dispatcher.problems import Say
from dispatcher.store import areas as rows

areas = Group(Say("Phường và tổ dân phố.", "Wards and residential groups."))


@areas.verb(
    "list",
    "Liệt kê phường, hoặc tổ dân phố của một phường.",
    "List wards, or the residential groups of one.",
    "dispatcher areas list --ward 'Máy Tơ'",
)
@option("--ward", vi="chỉ các tổ của phường này", en="the groups of this ward")
def list_areas(surface: Surface, ward: str | None) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        if ward:
            found = rows.listed(tx, AreaKind.RESIDENTIAL_GROUP, rows.ward(tx, ward).id)
        else:
            found = rows.listed(tx, AreaKind.WARD)
    if surface.json:
        surface.emit(
            [
                {
                    "id": a.id,
                    "code": a.code,
                    "kind": a.kind.value,
                    "name": a.name,
                    "aliases": list(a.aliases),
                }
                for a in found
            ]
        )
        return
    surface.table(
        [Say("mã", "code"), Say("tên", "name"), Say("tên khác", "also")],
        [[a.code, a.name, ", ".join(a.aliases)] for a in found],
    )
