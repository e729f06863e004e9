"""people: who may act, and in which role."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.people.words import typed_phone
from dispatcher.cli.spoken import OneOf, argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.model import Role
from dispatcher.domain.words import ROLES
from dispatcher.i18n import Say
from dispatcher.usecases import people as cases
from dispatcher.usecases.people import NewPerson


@command(
    Say("Add a person. --as takes this name."),
    "dispatcher people add lan --role officer --ward 'Máy Tơ' --full-name 'Nguyễn Thị Lan'",
    "add",
)
@argument("name", complete="person")
@option(
    "--role",
    type=OneOf([r.value for r in Role], "bad-role"),
    required=True,
    say=Say("role"),
)
@option("--full-name", default="", say=Say("full name"))
@option("--position", default="", say=Say("position"))
@option("--email", default="", say=Say("e-mail to be told by"))
@option("--phone", default="", say=Say("mobile to be told by, or -"))
@option("--namesake", is_flag=True, say=Say("somebody else of that name"))
@option(
    "--ward",
    "wards",
    multiple=True,
    say=Say("ward in charge of (none: the whole site)"),
)
def add(
    surface: Surface,
    name: str,
    role: str,
    full_name: str,
    position: str,
    email: str,
    phone: str,
    namesake: bool,
    wards: tuple[str, ...],
) -> None:
    made = cases.add(
        surface.context(),
        NewPerson(
            name,
            role,
            full_name,
            position,
            wards,
            email=email,
            phone=typed_phone(phone),
            namesake=namesake,
        ),
    )
    if surface.json:
        surface.emit({"id": made, "name": name, "role": role, "wards": list(wards)})
    surface.say(Say("Added {name} ({roles}).", name=name, roles=ROLES[Role(role)]))
    surface.hint(Say("See everyone: dispatcher people list"))


@command(
    Say("Change a person's role or wards."),
    "dispatcher people role lan --role leader --as quan-tri",
    "role",
)
@argument("name", complete="person")
@option(
    "--role",
    type=OneOf([r.value for r in Role], "bad-role"),
    required=True,
    say=Say("role"),
)
@option("--ward", "wards", multiple=True, say=Say("new wards"))
def set_role(surface: Surface, name: str, role: str, wards: tuple[str, ...]) -> None:
    cases.set_role(surface.context(), name, role, wards or None)
    if surface.json:
        surface.emit({"name": name, "role": role})
    surface.say(Say("{name} is now {roles}.", name=name, roles=ROLES[Role(role)]))


@command(
    Say("Disable a person: no more acts; what was done keeps their name."),
    "dispatcher people disable hoa --as quan-tri",
    "disable",
)
@argument("name", complete="person")
def disable(surface: Surface, name: str) -> None:
    context = surface.context()
    leaving = cases.leaving(context, name)
    found, open_work = leaving.person, leaving.work
    if open_work:
        surface.confirm(
            Say(
                "{name} still has: {surface}. Better first: dispatcher people handover "
                "{name} SOMEBODY.",
                name=found.name,
                surface=_told(surface, open_work),
            ),
        )
    cases.disable(context, name)
    if surface.json:
        surface.emit({"name": found.name, "disabled": True, "open": open_work.__dict__})
    surface.say(Say("{name} is disabled.", name=found.name))
    surface.hint(Say("See: dispatcher people list"))


def _told(surface: Surface, work: Any) -> str:
    """Open work in words."""
    counted = (
        (
            len(work.broadcasts),
            Say("drafts or submitted broadcasts"),
        ),
        (len(work.waiting), Say("approved or running broadcasts")),
        (len(work.schedules), Say("submitted schedules")),
        (
            len(work.approved_schedules),
            Say("schedules under their approval"),
        ),
        (len(work.lists), Say("lists they answer for")),
        (work.duties, Say("duties")),
    )
    return ", ".join(f"{n} {surface.text(what)}" for n, what in counted if n)


@command(
    Say("Give all open work of one person to another."),
    "dispatcher people handover hoa lan --as quan-tri",
    "handover",
)
@argument("old", complete="person")
@argument("new", complete="person")
def handover(surface: Surface, old: str, new: str) -> None:
    done = cases.hand_over(surface.context(), old, new)
    giver, taker, moved, keys = done.giver, done.taker, done.work, done.keys
    if surface.json:
        surface.emit({"from": giver.name, "to": taker.name, **moved.__dict__, "keys": keys})
    told = _told(surface, moved) or surface.text(Say("nothing was open"))
    surface.say(
        Say(
            "{name} to {name2}: {told}.",
            name=giver.name,
            name2=taker.name,
            told=told,
        )
    )
    if moved.approved_schedules:
        names = ", ".join(moved.approved_schedules)
        surface.say(
            Say("Another leader must approve these schedules again: {names}.", names=names),
        )
    if keys:
        surface.say(
            Say(
                "{name} may know these keys; change them at the vendors: {keys}.",
                name=giver.name,
                keys=", ".join(keys),
            ),
        )
    surface.hint(
        Say("Then: dispatcher people disable {name}", name=giver.name),
    )


@command(Say("List everyone."), "dispatcher people list", "list")
def list_people(surface: Surface) -> None:
    found = cases.seen(surface.context())
    if surface.json:
        surface.emit(
            [
                {
                    "id": p["id"],
                    "name": p["name"],
                    "full_name": p["full_name"],
                    "role": p["role"],
                    "wards": p["wards"] or "all",
                    "disabled": p["disabled_at"] is not None,
                }
                for p in found
            ]
        )
        return
    surface.table(
        [
            Say("name"),
            Say("full name"),
            Say("role"),
            Say("wards"),
        ],
        [
            [
                p["name"],
                p["full_name"],
                surface.text(ROLES[Role(p["role"])]),
                ", ".join(p["wards"]) or surface.text(Say("whole site")),
            ]
            for p in found
        ],
    )
