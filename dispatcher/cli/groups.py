"""groups: list, add, remove."""

from __future__ import annotations

from dispatcher.cli.contacts import who
from dispatcher.cli.spoken import Group, argument
from dispatcher.cli.surface import Surface
from dispatcher.db.contacts import groups as rows
from dispatcher.domain.problems import Problem, Say, refused
from dispatcher.domain.sms import folded

groups = Group(Say("Nhóm người nhận ngoài địa bàn.", "Groups that are not areas."))


@groups.verb("list", "Liệt kê nhóm.", "List groups.", "dispatcher groups list")
def list_groups(surface: Surface) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        found = rows.listed(tx)
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
    if not folded(name):
        raise Problem("bad-name", "Tên nhóm đang trống.", "The name of the group is empty.")
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        fresh = folded(name) not in rows.by_key(tx)
        group = rows.ensure(tx, [name])[folded(name)]
        ids = [i for text in people for i in who(surface, tx, text)]
        joined = rows.join(tx, [(group, i) for i in ids])
        tx.note("joined" if ids else "added", "group", group, people=joined)
    if surface.json:
        surface.emit({"group": group, "created": fresh, "joined": joined})
    surface.say(f"Nhóm {name}: thêm {joined} người.", f"Group {name}: {joined} people added.")
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
    app, actor = surface.open_app(), surface.actor()
    with app.store.read(actor) as tx:
        group = rows.find(tx, name)
        size = next((g["people"] for g in rows.listed(tx) if g["id"] == group), 0)
        if not people and rows.foreign(tx, group):
            raise refused(
                "not-your-ward",
                f"Nhóm {name} có người của phường khác; chỉ bỏ được người của phường mình.",
                f"{name} has people of other wards; only your own can be taken out.",
            )
    if not people:
        surface.confirm(f"Bỏ nhóm {name} ({size} người).", f"Remove {name} ({size} people).")
    with app.begin(actor)() as tx:
        ids = [i for text in people for i in who(surface, tx, text)]
        if people:
            left = rows.leave(tx, group, ids)
        else:
            left = size
            rows.remove(tx, group)
        tx.note("left" if people else "removed", "group", group, people=left)
    if surface.json:
        surface.emit({"group": group, "removed": not people, "left": left})
    surface.say(f"Nhóm {name}: bớt {left} người.", f"Group {name}: {left} people fewer.")
