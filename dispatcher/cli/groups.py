"""groups: list, add, remove."""

from __future__ import annotations

from dispatcher.cli.click_i18n import Group, argument
from dispatcher.cli.contacts.typed import whom
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say
from dispatcher.usecases import groups as group_acts

groups = Group(Say("Groups that are not areas."))


@groups.verb("list", Say("List groups."), "dispatcher groups list")
def list_groups(terminal: TerminalContext) -> None:
    found = group_acts.list_groups(terminal.context())
    if terminal.json:
        terminal.emit(found)
        return
    terminal.table(
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
def add(terminal: TerminalContext, name: str, people: tuple[str, ...]) -> None:
    context = terminal.context()
    done = (
        group_acts.join(context, name, [whom(p) for p in people])
        if people
        else group_acts.add(context, name)
    )
    if terminal.json:
        terminal.emit({"group": done.group, "created": done.is_new, "joined": done.people})
    terminal.say(Say("Group {name}: {people} added.", name=name, people=done.people))
    terminal.hint(
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
def remove(terminal: TerminalContext, name: str, people: tuple[str, ...]) -> None:
    context = terminal.context()
    if people:
        left = group_acts.leave(context, name, [whom(p) for p in people])
        group, size = left.group, left.people
    else:
        found = group_acts.to_remove(context, name)
        terminal.confirm(Say("Remove {name} ({people} people).", name=name, people=found.people))
        group_acts.remove(context, found.id)
        group, size = found.id, found.people
    if terminal.json:
        terminal.emit({"group": group, "removed": not people, "left": size})
    terminal.say(Say("Group {name}: {size} people fewer.", name=name, size=size))
