"""areas: wards and residential groups."""

from __future__ import annotations

from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.problems import Say
from dispatcher.usecases import areas as acts

areas = Group(Say("Phường và tổ dân phố.", "Wards and residential groups."))


@areas.verb(
    "list",
    "Liệt kê phường, hoặc tổ dân phố của một phường.",
    "List wards, or the residential groups of one.",
    "dispatcher areas list --ward 'Máy Tơ'",
)
@option("--ward", vi="chỉ các tổ của phường này", en="the groups of this ward", complete="ward")
def list_areas(surface: Surface, ward: str | None) -> None:
    found = acts.listed(surface.context(), ward)
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
    found = acts.shown(surface.context(), ward)
    place, people = found.ward, found.people
    told = [{"name": g.name, "people": people.get(g.id, 0)} for g in found.groups]
    if people.get(None):
        told.append({"name": "", "people": people[None]})
    if surface.json:
        surface.emit(
            {
                "name": place.name,
                "code": place.code,
                "aliases": list(place.aliases),
                "people": sum(people.values()),
                "residential_groups": told,
            }
        )
        return
    surface.say(f"{place.name} ({place.code}): {sum(people.values())} người",
                f"{place.name} ({place.code}): {sum(people.values())} people")  # fmt: skip
    surface.table(
        [Say("tổ dân phố", "residential group"), Say("người", "people")],
        [[t["name"] or "—", t["people"]] for t in told],
        numbers=(1,),
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
    found = acts.rename(surface.context(), ward, group, name)
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
    done = acts.merge(surface.context(), ward, group, into)
    old, new = done.old, done.new
    if surface.json:
        surface.emit({"area": old.id, "into": new.id, "people": done.people, "import": done.change})
    surface.say(f"{old.name} → {new.name}: {done.people} người.",
                f"{old.name} → {new.name}: {done.people} people.")  # fmt: skip
    surface.hint(f"Xem: dispatcher areas show '{ward}'", f"See: dispatcher areas show '{ward}'")
