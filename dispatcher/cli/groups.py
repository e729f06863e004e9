"""groups: list, add, remove."""

from __future__ import annotations

from dispatcher.cli.contacts.typed import whom
from dispatcher.cli.spoken import Group, argument
from dispatcher.cli.surface import Surface
from dispatcher.i18n import Say
from dispatcher.usecases import groups as acts

groups = Group(Say("Groups that are not areas."))


@groups.verb("list", Say("List groups."), "dispatcher groups list")
def list_groups(surface: Surface) -> None:
    found = acts.listed(surface.context())
    if surface.json:
        surface.emit(found)
        return
    surface.table(
        [Say("group"), Say("people")],
        [[g["name"], g["people"]] for g in found],
        numbers=(1,),
    )


@groups.verb(
    "add",
    Say("Add a group, or people to a group."),
    "dispatcher groups add 'Tổ công nghệ số' c12 c13",
)
@argument("name")
@argument("people", nargs=-1)
def add(surface: Surface, name: str, people: tuple[str, ...]) -> None:
    context = surface.context()
    done = (
        acts.join(context, name, [whom(p) for p in people]) if people else acts.add(context, name)
    )
    if surface.json:
        surface.emit({"group": done.group, "created": done.is_new, "joined": done.people})
    surface.say(Say("Group {name}: {people} added.", name=name, people=done.people))
    surface.hint(
        Say(
            "Write to it: dispatcher broadcasts create --template NAME --group '{name}'", name=name
        ),
    )


@groups.verb(
    "remove",
    Say(
        "Take people out of a group; nobody named: remove the group (its people stay in the list)."
    ),
    "dispatcher groups remove 'Tổ công nghệ số' c12",
)
@argument("name")
@argument("people", nargs=-1)
def remove(surface: Surface, name: str, people: tuple[str, ...]) -> None:
    context = surface.context()
    if people:
        left = acts.leave(context, name, [whom(p) for p in people])
        group, size = left.group, left.people
    else:
        found = acts.to_remove(context, name)
        surface.confirm(Say("Remove {name} ({people} people).", name=name, people=found.people))
        acts.remove(context, found.id)
        group, size = found.id, found.people
    if surface.json:
        surface.emit({"group": group, "removed": not people, "left": size})
    surface.say(Say("Group {name}: {size} people fewer.", name=name, size=size))
