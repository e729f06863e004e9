"""areas: wards and residential groups."""

from __future__ import annotations

from dispatcher.cli.spoken import Group, argument, option
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
@option("--ward", vi="chỉ các tổ của phường này", en="the groups of this ward", complete="ward")
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


@areas.verb(
    "show",
    "Hiện một phường: tổ dân phố và số người trong danh bạ.",
    "Show a ward: its residential groups and how many people are on the list.",
    "dispatcher areas show 'Máy Tơ'",
)
@argument("ward", complete="ward")
def show(surface: Surface, ward: str) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        place = rows.ward(tx, ward)
        people = rows.people(tx, place.id)
        groups = rows.listed(tx, AreaKind.RESIDENTIAL_GROUP, place.id)
    told = [{"name": g.name, "people": people.get(g.id, 0)} for g in groups]
    if people.get(None):
        told.append({"name": "", "people": people[None]})
    if surface.json:
        surface.emit(
            {"name": place.name, "code": place.code, "aliases": list(place.aliases),
             "people": sum(people.values()), "residential_groups": told}
        )  # fmt: skip
        return
    surface.say(f"{place.name} ({place.code}): {sum(people.values())} người",
                f"{place.name} ({place.code}): {sum(people.values())} people")  # fmt: skip
    surface.table(
        [Say("tổ dân phố", "residential group"), Say("người", "people")],
        [[t["name"] or "—", t["people"]] for t in told],
        numbers=(1,),
    )
