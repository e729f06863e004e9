"""contacts: one person at a time: add, edit, move, forget."""

from __future__ import annotations

from dispatcher.cli.click_i18n import argument, command, option
from dispatcher.cli.contacts.typed import lines, whom
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say, pgettext
from dispatcher.usecases import contacts, contacts_views
from dispatcher.usecases.contacts import ChangedContacts, NewContact


@command(
    Say("Add one person. A phone of - is read from standard input."),
    "dispatcher contacts add --name 'Nguyễn Văn Mẫu' --phone - --ward 'Máy Tơ' --tdp 'Tổ 3'",
)
@option("--name", required=True, say=Say("full name"))
@option("--phone", "numbers", multiple=True, say=Say("phone, or -"))
@option("--ward", required=True, say=Say("ward"), complete="ward")
@option("--residential-group", "--tdp", "tdp", say=Say("residential group"))
@option("--household", default="", say=Say("head of the household"))
@option("--title", default="", say=pgettext("person, like Mr", "title"))
@option("--group", default="", say=Say("group"), complete="group")
def add(
    terminal: TerminalContext,
    name: str,
    numbers: tuple[str, ...],
    ward: str,
    tdp: str | None,
    household: str,
    title: str,
    group: str,
) -> None:
    source = terminal.text(Say("by hand"))
    new = NewContact(name, ward, lines(numbers), tdp or "", household, title, group, source)
    added = contacts.add(terminal.context(), new)
    if terminal.json:
        terminal.emit({"import": added.import_id, "created": added.is_new})
    if added.is_new:
        terminal.say(Say("{name} added.", name=name))
    else:
        terminal.say(Say("{name} updated.", name=name))
    terminal.hint(
        Say("Undo: dispatcher contacts undo {import_id}", import_id=added.import_id),
    )


@command(
    Say("Change the name, title or phones of one person."),
    "dispatcher contacts edit c12 --phone -",
)
@argument("contact")
@option("--name", say=Say("full name"))
@option("--title", say=pgettext("person", "title"))
@option("--phone", "numbers", multiple=True, say=Say("instead, or -"))
def edit(
    terminal: TerminalContext,
    contact: str,
    name: str | None,
    title: str | None,
    numbers: tuple[str, ...],
) -> None:
    if name is None and title is None and not numbers:
        raise Problem(
            "nothing-to-change",
            Say("Nothing to change. Add --name, --title or --phone."),
        )
    context = terminal.context()
    phones = lines(numbers) if numbers else None
    changed = contacts.edit(context, whom(contact), name=name, title=title, phones=phones)
    found = contacts_views.one(context, changed.ids[0])
    _told(terminal, changed)
    terminal.say(f"c{found['id']}  {found['name']}  {', '.join(found['phones'])}")


def _told(terminal: TerminalContext, changed: ChangedContacts) -> None:
    if terminal.json:
        terminal.emit({"import": changed.import_id, "contacts": list(changed.ids)})
    terminal.hint(
        Say("Undo: dispatcher contacts undo {import_id}", import_id=changed.import_id),
    )


@command(
    Say("Move people to another residential group or ward."),
    "dispatcher contacts move c12 c13 --ward 'Máy Tơ' --tdp 'Tổ 5'",
)
@argument("people", nargs=-1, required=True)
@option("--ward", required=True, say=Say("ward"), complete="ward")
@option("--residential-group", "--tdp", "tdp", say=Say("residential group"))
def move(terminal: TerminalContext, people: tuple[str, ...], ward: str, tdp: str | None) -> None:
    changed = contacts.move(terminal.context(), [whom(p) for p in people], ward, tdp or "")
    _told(terminal, changed)
    terminal.say(Say("{count} people moved.", count=len(changed.ids)))


@command(
    Say("Erase a person on request: name, own numbers, texts that name them. Cannot be undone."),
    "dispatcher contacts forget c12 --reason 'đơn ngày 01/12' --yes",
)
@argument("contact")
@option("--reason", required=True, say=Say("reason, document"))
def forget(terminal: TerminalContext, contact: str, reason: str) -> None:
    context = terminal.context()
    one = contacts.to_forget(context, whom(contact), reason)
    terminal.confirm(
        Say("Erase c{one} for good.", one=one),
    )
    found = contacts.forget(context, one, reason)
    if terminal.json:
        terminal.emit({"contact": one, **found})
    terminal.say(
        Say(
            "c{one} erased: {addresses} numbers, {texts} texts with the name.",
            one=one,
            addresses=found["addresses"],
            texts=found["texts"],
        ),
    )
    terminal.hint(
        Say("The ward's own list still has this name: remove it there before the next import."),
    )
