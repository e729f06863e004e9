"""areas: wards and residential groups."""

from __future__ import annotations

from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.i18n import Say
from dispatcher.usecases import areas as acts

areas = Group(Say("Wards and residential groups."))


@areas.verb(
    "list",
    Say("List wards, or the residential groups of one."),
    "dispatcher areas list --ward 'Máy Tơ'",
)
@option("--ward", say=Say("the groups of this ward"), complete="ward")
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
        [Say("code"), Say("name"), Say("also")],
        [[a.code, a.name, ", ".join(a.aliases)] for a in found],
    )


@areas.verb(
    "show",
    Say("Show a ward: its residential groups and how many people are on the list."),
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
    surface.say(
        Say(
            "{name} ({code}): {people} people",
            name=place.name,
            code=place.code,
            people=sum(people.values()),
        )
    )
    surface.table(
        [Say("residential group"), Say("people")],
        [[g["name"] or "—", g["people"]] for g in told],
        numbers=(1,),
    )


@areas.verb(
    "rename",
    Say("Rename a residential group; lists that say the old name are still understood."),
    "dispatcher areas rename 'Máy Tơ' 'Tổ 5' 'Tổ dân phố Hoa Sen'",
)
@argument("ward", complete="ward")
@argument("group")
@argument("name")
def rename(surface: Surface, ward: str, group: str, name: str) -> None:
    found = acts.rename(surface.context(), ward, group, name)
    if surface.json:
        surface.emit({"area": found.id, "was": found.name, "name": name})
    surface.say(f"{found.name} → {name}")
    surface.hint(Say("See: dispatcher areas show '{ward}'", ward=ward))


@areas.verb(
    "merge",
    Say("Make one residential group part of another of its ward; its people move along."),
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
    surface.say(
        Say("{name} → {name2}: {people} people.", name=old.name, name2=new.name, people=done.people)
    )
    surface.hint(Say("See: dispatcher areas show '{ward}'", ward=ward))
