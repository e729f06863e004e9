"""contacts: its verbs, in the order of a list's life."""

from __future__ import annotations

from dispatcher.cli.click_i18n import Group
from dispatcher.cli.contacts import changing, importing, looking, stopping, undoing
from dispatcher.i18n import Say

contacts = Group(Say("The list of contacts."))
for _name, _verb in {
    "import": importing.import_files,
    "undo": undoing.undo,
    "list": looking.list_contacts,
    "show": looking.show,
    "export": looking.export,
    "add": changing.add,
    "edit": changing.edit,
    "move": changing.move,
    "forget": changing.forget,
    "suppress": stopping.suppress,
    "unsuppress": stopping.unsuppress,
    "do-not-call": stopping.do_not_call,
    "reply": stopping.reply,
}.items():
    contacts.add_command(_verb, _name)
