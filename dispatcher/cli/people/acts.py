"""people: who may act, and in which role."""

from __future__ import annotations

from typing import Any

from dispatcher.cli.click_i18n import OneOf, argument, command, option
from dispatcher.cli.people.words import typed_phone
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.model import Role
from dispatcher.domain.words import ROLES
from dispatcher.i18n import Say
from dispatcher.usecases import people
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
    terminal: TerminalContext,
    name: str,
    role: str,
    full_name: str,
    position: str,
    email: str,
    phone: str,
    namesake: bool,
    wards: tuple[str, ...],
) -> None:
    made = people.add(
        terminal.context(),
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
    if terminal.json:
        terminal.emit({"id": made, "name": name, "role": role, "wards": list(wards)})
    terminal.say(Say("Added {name} ({roles}).", name=name, roles=ROLES[Role(role)]))
    terminal.hint(Say("See everyone: dispatcher people list"))


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
def set_role(terminal: TerminalContext, name: str, role: str, wards: tuple[str, ...]) -> None:
    people.set_role(terminal.context(), name, role, wards or None)
    if terminal.json:
        terminal.emit({"name": name, "role": role})
    terminal.say(Say("{name} is now {roles}.", name=name, roles=ROLES[Role(role)]))


@command(
    Say("Disable a person: no more acts; what was done keeps their name."),
    "dispatcher people disable hoa --as quan-tri",
    "disable",
)
@argument("name", complete="person")
def disable(terminal: TerminalContext, name: str) -> None:
    context = terminal.context()
    leaving = people.leaving(context, name)
    found, open_work = leaving.person, leaving.work
    if open_work:
        terminal.confirm(
            Say(
                "{name} still has: {work}. Better first: dispatcher people handover "
                "{name} SOMEBODY.",
                name=found.name,
                work=_told(terminal, open_work),
            ),
        )
    people.disable(context, name)
    if terminal.json:
        terminal.emit({"name": found.name, "disabled": True, "open": open_work.__dict__})
    terminal.say(Say("{name} is disabled.", name=found.name))
    terminal.hint(Say("See: dispatcher people list"))


def _told(terminal: TerminalContext, work: Any) -> str:
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
    return ", ".join(f"{n} {terminal.text(what)}" for n, what in counted if n)


@command(
    Say("Give all open work of one person to another."),
    "dispatcher people handover hoa lan --as quan-tri",
    "handover",
)
@argument("old", complete="person")
@argument("new", complete="person")
def handover(terminal: TerminalContext, old: str, new: str) -> None:
    done = people.hand_over(terminal.context(), old, new)
    giver, taker, moved, keys = done.giver, done.taker, done.work, done.keys
    if terminal.json:
        terminal.emit({"from": giver.name, "to": taker.name, **moved.__dict__, "keys": keys})
    told = _told(terminal, moved) or terminal.text(Say("nothing was open"))
    terminal.say(
        Say(
            "{name} to {name2}: {told}.",
            name=giver.name,
            name2=taker.name,
            told=told,
        )
    )
    if moved.approved_schedules:
        names = ", ".join(moved.approved_schedules)
        terminal.say(
            Say("Another leader must approve these schedules again: {names}.", names=names),
        )
    if keys:
        terminal.say(
            Say(
                "{name} may know these keys; change them at the vendors: {keys}.",
                name=giver.name,
                keys=", ".join(keys),
            ),
        )
    terminal.hint(
        Say("Then: dispatcher people disable {name}", name=giver.name),
    )


@command(Say("List everyone."), "dispatcher people list", "list")
def list_people(terminal: TerminalContext) -> None:
    found = people.visible_people(terminal.context())
    if terminal.json:
        terminal.emit(
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
    terminal.table(
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
                terminal.text(ROLES[Role(p["role"])]),
                ", ".join(p["wards"]) or terminal.text(Say("whole site")),
            ]
            for p in found
        ],
    )
