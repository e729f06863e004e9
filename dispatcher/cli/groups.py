"""groups: list, add, remove."""

from __future__ import annotations

from dispatcher.cli.contacts.typed import whom
from dispatcher.cli.spoken import Group, argument
from dispatcher.cli.surface import Surface
from dispatcher.domain.problems import Say
from dispatcher.usecases import groups as acts

groups = Group(Say("Nhóm người nhận ngoài địa bàn.", "Groups that are not areas."))


@groups.verb("list", "Liệt kê nhóm.", "List groups.", "dispatcher groups list")
def list_groups(surface: Surface) -> None:
    found = acts.listed(surface.context())
    if surface.json:
        surface.emit(found)
        return
    surface.table(
        [Say("nhóm", "group"), Say("người", "people")],
        [[g["name"], g["people"]] for g in found],
        numbers=(1,),
    )


@groups.verb(
    "add",
    "Thêm nhóm, hoặc thêm người vào nhóm.",
    "Add a group, or people to a group.",
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
    surface.say(f"Nhóm {name}: thêm {done.people} người.", f"Group {name}: {done.people} added.")
    surface.hint(
        f"Gửi cho nhóm: dispatcher broadcasts create --template TÊN --group '{name}'",
        f"Write to it: dispatcher broadcasts create --template NAME --group '{name}'",
    )


@groups.verb(
    "remove",
    "Bỏ người ra khỏi nhóm; không nêu ai thì bỏ cả nhóm (người vẫn còn trong danh bạ).",
    "Take people out of a group; nobody named: remove the group (its people stay in the list).",
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
        surface.confirm(
            f"Bỏ nhóm {name} ({found.people} người).", f"Remove {name} ({found.people} people)."
        )
        acts.remove(context, found.id)
        group, size = found.id, found.people
    if surface.json:
        surface.emit({"group": group, "removed": not people, "left": size})
    surface.say(f"Nhóm {name}: bớt {size} người.", f"Group {name}: {size} people fewer.")
