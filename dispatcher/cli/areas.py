"""areas: wards and residential groups."""

from __future__ import annotations

from dispatcher.cli.click_i18n import Group, argument, option
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say
from dispatcher.usecases import areas as area_acts

areas = Group(Say("Wards and residential groups."))


@areas.verb(
    "list",
    Say("List wards, or the residential groups of one."),
    "dispatcher areas list --ward 'Máy Tơ'",
)
@option("--ward", say=Say("the groups of this ward"), complete="ward")
def list_areas(terminal: TerminalContext, ward: str | None) -> None:
    found = area_acts.list_areas(terminal.context(), ward)
    if terminal.json:
        terminal.emit(
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
    terminal.table(
        [Say("code"), Say("name"), Say("also")],
        [[a.code, a.name, ", ".join(a.aliases)] for a in found],
    )


@areas.verb(
    "show",
    Say("Show a ward: its residential groups and how many people are on the list."),
    "dispatcher areas show 'Máy Tơ'",
)
@argument("ward", complete="ward")
def show(terminal: TerminalContext, ward: str) -> None:
    found = area_acts.get_ward(terminal.context(), ward)
    place, people = found.ward, found.people
    told = [{"name": g.name, "people": people.get(g.id, 0)} for g in found.groups]
    if people.get(None):
        told.append({"name": "", "people": people[None]})
    if terminal.json:
        terminal.emit(
            {
                "name": place.name,
                "code": place.code,
                "aliases": list(place.aliases),
                "people": sum(people.values()),
                "residential_groups": told,
            }
        )
        return
    terminal.say(
        Say(
            "{name} ({code}): {people} people",
            name=place.name,
            code=place.code,
            people=sum(people.values()),
        )
    )
    terminal.table(
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
def rename(terminal: TerminalContext, ward: str, group: str, name: str) -> None:
    found = area_acts.rename(terminal.context(), ward, group, name)
    if terminal.json:
        terminal.emit({"area": found.id, "was": found.name, "name": name})
    terminal.say(f"{found.name} → {name}")
    terminal.hint(Say("See: dispatcher areas show '{ward}'", ward=ward))


@areas.verb(
    "merge",
    Say("Make one residential group part of another of its ward; its people move along."),
    "dispatcher areas merge 'Máy Tơ' 'Tổ 5 cũ' 'Tổ 5'",
)
@argument("ward", complete="ward")
@argument("group")
@argument("into")
def merge(terminal: TerminalContext, ward: str, group: str, into: str) -> None:
    done = area_acts.merge(terminal.context(), ward, group, into)
    old, new = done.old, done.new
    if terminal.json:
        terminal.emit(
            {"area": old.id, "into": new.id, "people": done.people, "import": done.change}
        )
    terminal.say(
        Say("{name} → {name2}: {people} people.", name=old.name, name2=new.name, people=done.people)
    )
    terminal.hint(Say("See: dispatcher areas show '{ward}'", ward=ward))
