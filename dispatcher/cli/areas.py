"""areas: wards and residential groups."""

from __future__ import annotations

from dispatcher.cli.changes import group_of
from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.db.contacts import areas as rows
from dispatcher.db.contacts import headcounts
from dispatcher.db.database import Tx
from dispatcher.domain.areas import find
from dispatcher.domain.model import AreaKind
from dispatcher.domain.problems import Say
from dispatcher.usecases.site import merge_groups

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
        people = headcounts.of(tx).get(place.id, {})
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


def group_in(tx: Tx, ward: str, name: str) -> rows.Area:
    """A residential group of a ward by any of its names."""
    place = rows.ward(tx, ward)
    known = rows.groups_of(tx, place.id)
    return find(
        Say("tổ dân phố", "residential group"), name, known, [a.name for a in known.values()]
    )


@areas.verb(
    "rename",
    "Đổi tên một tổ dân phố; danh sách ghi tên cũ vẫn hiểu.",
    "Rename a residential group; lists that say the old name are still understood.",
    "dispatcher areas rename 'Máy Tơ' 'Tổ 5' 'Tổ dân phố Hoa Sen'",
)
@argument("ward", complete="ward")
@argument("group")
@argument("name")
def rename(surface: Surface, ward: str, group: str, name: str) -> None:
    app = surface.open_app()
    with app.begin(surface.actor())() as tx:
        group_of(tx, surface, ward)
        found = group_in(tx, ward, group)
        rows.rename_group(tx, found, name)
    if surface.json:
        surface.emit({"area": found.id, "was": found.name, "name": name})
    surface.say(f"{found.name} → {name}", f"{found.name} → {name}")
    surface.hint(f"Xem: dispatcher areas show '{ward}'", f"See: dispatcher areas show '{ward}'")


@areas.verb(
    "merge",
    "Gộp một tổ dân phố vào tổ khác của cùng phường; người của tổ chuyển theo.",
    "Make one residential group part of another of its ward; its people move along.",
    "dispatcher areas merge 'Máy Tơ' 'Tổ 5 cũ' 'Tổ 5'",
)
@argument("ward", complete="ward")
@argument("group")
@argument("into")
def merge(surface: Surface, ward: str, group: str, into: str) -> None:
    app = surface.open_app()
    with app.begin(surface.actor())() as tx:
        group_of(tx, surface, ward)
        old, new = group_in(tx, ward, group), group_in(tx, ward, into)
        people, change = merge_groups(tx, old, new)
    if surface.json:
        surface.emit({"area": old.id, "into": new.id, "people": people, "import": change})
    surface.say(f"{old.name} → {new.name}: {people} người.",
                f"{old.name} → {new.name}: {people} people.")  # fmt: skip
    surface.hint(f"Xem: dispatcher areas show '{ward}'", f"See: dispatcher areas show '{ward}'")
